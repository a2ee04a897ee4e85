/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot-shell - the commands of a shell script that needs no running machine to be
 * understood: words, quotes, variables, `for` loops over words. Conditions are taken to
 * hold, functions are read where they stand.
 */
#pragma once

#include "core/arena.h"

#define SCRIPT_LOOPS_MAX 4

struct script_variable {
	const char *name, *value;
};

struct script_loop {
	struct script_variable *var;
	strings values;
	size_t next;      /* of values */
	const char *body; /* where it begins, and... */
	unsigned line;    /* ...its line */
};

/* To be filled with arena, p and line (1); the rest is for script_next(). */
struct script {
	struct arena *arena;
	const char *p; /* what is left of the script */
	unsigned line;
	unsigned work;
	VEC(struct script_variable) variables;
	struct script_loop loops[SCRIPT_LOOPS_MAX];
	size_t depth;
};

/*
 * The words of the next command (at least one), ">" standing for a redirection to the
 * file that follows; @ret_line is where it begins. What cannot be expanded keeps its '$'.
 * false: the end, or more to do than a script about devices has.
 */
bool script_next(struct script *s, strings *ret, unsigned *ret_line);
