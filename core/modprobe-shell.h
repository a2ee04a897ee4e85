/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe-shell - the shell lines of install commands, for modprobe and boot-override.
 */
#pragma once

#include "core/modprobe.h"

/* The words of one simple command of a shell line. */
struct shell_command {
	strings words;
	bool unless; /* stands behind || */
	bool when;   /* stands behind && */
};

/*
 * The first command of @text, which may start with what parts it from the one before: ; &
 * && or ||. Braces and redirections are left out; quoting and substitution make a command
 * one of the unknown ones. Returns how many bytes were taken.
 */
size_t shell_command_next(struct arena *a, const char *text, struct shell_command *ret);

/* What the words of a modprobe call ask for; false: it does not load. */
bool shell_modprobe_args(struct arena *a, const strings *words, strings *ret_names,
			 const char **ret_options, bool *ret_ignore, unsigned *ret_flags);
