/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree - the canonical listing of a host's tree, and the differences of two. */
#pragma once

#include "core/host.h"

/*
 * List everything below each of @roots (NULL-terminated: "sys/devices", ...), sorted by
 * path, in the format of fakesys/fixtures/FORMAT.md; *ret is malloc'd. What cannot be
 * read is no error but stands in the listing with its errno. -ENOMEM.
 */
int tree_write(const struct host *h, const char *const roots[], char **ret);

/* What a listing of a machine covers when nobody says otherwise. */
extern const char *const tree_roots[];

/*
 * Lines only in one of two listings, as "-LINE" and "+LINE" in path order; "" if they are
 * the same. *ret is malloc'd. Neither has to be in the format. -ENOMEM.
 */
int tree_diff(const char *a, const char *b, char **ret);
