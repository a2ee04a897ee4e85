/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal-part - what the files of the journal share, and nobody else needs. */
#pragma once

#include <jansson.h>

#include "core/journal.h"

/* journal-json.c: NULL when memory ends; -EINVAL with the reason in *ret_why. */
json_t *journal_to_json(const struct journal *j);
int journal_from_json(struct arena *a, json_t *root, struct journal *ret,
		      const char **ret_why);

/* journal.c: replace journal.json durably. */
int journal_write(const struct host *h, struct arena *a, const struct journal *j,
		  struct err *e);
/* The number of a transaction's folder, 0 if @name is no such folder's. */
unsigned journal_folder_number(const char *name);
