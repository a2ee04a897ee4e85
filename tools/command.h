/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command - the commands of pcipass as a table, and what one run of the program knows.
 */
#pragma once

#include "tools/args.h"
#include "tools/print.h"
#include "tools/subject.h"

/* Rows of command_names[] and command_actions[]; bits in the options' table. */
enum command {
	CMD_CHECK,
	CMD_LIST,
	CMD_MAP,
	CMD_PLAN,
	CMD_REHEARSE,
	CMD_APPLY,
	CMD_VERIFY,
	CMD_UNDO,
	CMD_HISTORY,
	CMD_VM,
	CMD_CAPTURE,
	CMD_EXPLAIN,
	N_COMMANDS,
};

/* The options' values as they were typed. */
struct values {
	struct where where;
	const char *colour, *method, *style, *allow, *target, *write, *output;
	bool json, groups, tree, diff, script, yes, resume, keep_ids, whole, list;
};

struct run {
	enum command command;
	const struct values *v;
	const char *const *operands;
	size_t n_operands;
	struct request req;
	struct printer printer;
	struct subject subject;
	json_t *report; /* NULL: nothing to print */
};

/*
 * Carry the command out: a verb's status; VERB_YES and VERB_NO may have a report, all
 * others have @e.
 */
int command_run(struct run *r, struct err *e);
/* Print the report as text. */
void command_print(const struct run *r);

/* Ask for a yes, unless --yes or a simulated copy makes that idle. VERB_NO with @e: no.
 */
int command_ask(const struct run *r, const char *question, struct err *e);

/* vm --write: put the functions into a Proxmox VM's configuration. As command_run(). */
int command_write_conf(struct run *r, struct err *e);

/* map: the topology as a picture. As command_run(). */
int command_map(struct run *r, struct err *e);
