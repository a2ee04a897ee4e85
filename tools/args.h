/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * args - the command line of our programs, as tables: commands, options, what goes with
 * what. --help and --version come from the tables; so do the messages for what is not in
 * them.
 */
#pragma once

#include <stddef.h>

#include "core/util.h"

enum arg_kind {
	ARG_FLAG,  /* --json: a bool */
	ARG_TEXT,  /* --root DIR: a const char * */
	ARG_MAYBE, /* --write[=FILE]: a const char *, "" without a value */
};

struct arg_option {
	const char *name;
	char letter; /* or 0 */
	enum arg_kind kind;
	size_t offset;     /* of the bool or const char * in the caller's struct */
	unsigned commands; /* bit N: command N takes it; 0: all do */
	const char *value; /* "FILE", for --help */
	const char *help;
};

struct arg_command {
	const char *name;
	const char *operands; /* "DEVICE...", for --help */
	int min, max;         /* operands; max -1: any number */
	const char *help;     /* one line */
};

struct arg_program {
	const char *name;
	const char *about;
	const struct arg_command
		*commands; /* one with a NULL name: the program has none */
	size_t n_commands;
	const struct arg_option *options; /* --help and --version are not listed */
	size_t n_options;
	const char *epilog; /* printed at the end of --help */
};

struct args {
	int command; /* index */
	int n_operands;
	const char *const *operands;
};

/*
 * Fill @values and @ret. False: the program is done and exits with *ret_status, after
 * --help or --version (0) or a wrong command line (2).
 */
bool args_parse(const struct arg_program *p, int argc, char **argv, void *values,
		struct args *ret, int *ret_status);

/* One line on stderr, "NAME: ..."; returns @status. */
int args_fail(const struct arg_program *p, int status, const char *fmt, ...) PRINTF(3, 4);

/* The last thing a program does: @status, or 3 with a line if stdout could not be
 * written. */
int args_finish(const struct arg_program *p, int status);
