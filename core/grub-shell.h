/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grub-shell - the statements of a file that grub-mkconfig reads with the shell, as far
 * as they are assignments. For grub-default.c and grub-edit.c only.
 */
#pragma once

#include "core/util.h"

/* One NAME=VALUE; a statement of another kind has name NULL, `export NAME` an empty one.
 */
struct shell_stmt {
	const char *name, *value, *end; /* value: as written, up to end */
	size_t name_len;
	unsigned line;
	bool computed;  /* `...` or $(...) in it */
	bool continued; /* a backslash before a newline */
	bool open;      /* a quote that nothing closes */
};

struct shell_scan {
	const char *p;
	unsigned line;
};

/* The next statement; false: the end. */
bool shell_next(struct shell_scan *sc, struct shell_stmt *ret);
/* Behind the quoted text that starts at @p; sets what @s has to say about it. */
const char *shell_skip_quoted(const char *p, struct shell_stmt *s);
/* May @c stand in a variable's name? */
bool shell_is_name(char c);
