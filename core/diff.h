/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff - differences of two texts by line: unified output, and taking a change back out.
 */
#pragma once

#include "core/arena.h"

/* As `diff -u` prints it, three lines of context, with "--- a/PATH" headers; "" if equal.
 */
char *diff_unified(struct arena *a, const char *path, const char *before,
		   const char *after);

/*
 * @current is @after with later changes by others. Give @current with the change from
 * @before to @after taken back out: each changed run of lines must still stand there
 * exactly once. -EEXIST: it does not, nothing is decided.
 */
int diff_revert(struct arena *a, const char *before, const char *after,
		const char *current, char **ret);
