/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grub - reading grub.cfg with what grubenv adds. For loader.c; others use loader.h. */
#pragma once

#include "core/loader.h"

/*
 * The entries of a grub.cfg in order. *@ret_default is the index of the one that its
 * `set default` boots; without one the entry that @fallback names (a number, "1>2", a
 * title or an id; NULL: the first). @env is the text of grubenv, or NULL.
 */
void grub_read_cfg(struct arena *a, const char *path, const char *text, const char *env,
		   const char *fallback, loader_entries *ret, size_t *ret_default);
