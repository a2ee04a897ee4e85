/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print - reports (scenarios/README.md) as text for people. Everything is printed from
 * the report's JSON; nothing is judged here.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "core/machine.h"
#include "scenarios/table.h"

enum view { VIEW_TEXT, VIEW_GROUPS, VIEW_TREE, VIEW_DIFF, VIEW_SCRIPT };

struct printer {
	FILE *out;
	enum view view;
	const struct machine *m; /* the topology for VIEW_TREE; may be NULL otherwise */
	bool terminal;
	bool colour;
	bool utf8;           /* else plain ASCII */
	unsigned width;      /* columns to wrap text at */
	bool twin;           /* what was done was done to a simulated copy */
	const char *again;   /* how this machine is named: "pcipass --fixture FILE" */
	const char *sudo;    /* "sudo " where changing needs it, else "" */
	const char *devices; /* as the user typed them: "01:00 02:00.0"; "" if none */
};

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
/* After setlocale(). */
void printer_init(struct printer *p, FILE *out, enum colour_when when);

/* Give every function of @m that @report names its "name" and "class_name". */
void report_add_names(json_t *report, const struct machine *m);
/*
 * Replace what must not reach a terminal: control characters in any string, and
 * characters beyond ASCII where @p cannot show them. Only for text; --json prints what
 * was reported.
 */
void report_clean(json_t *report, const struct printer *p);

/* "0000:" before an address goes, where all functions of @m are in that domain. */
void report_shorten(json_t *report, const struct machine *m);
/* The same in place, whatever the machine; returns @text. */
char *shorten_addresses(char *text);
/* Are all functions in domain 0? */
bool has_one_domain(const struct machine *m);

void print_list(const struct printer *p, const json_t *report);
void print_check(const struct printer *p, const json_t *report);
void print_verify(const struct printer *p, const json_t *report);
void print_explain(const struct printer *p, const json_t *report);
void print_plan(const struct printer *p, const json_t *report);
void print_rehearse(const struct printer *p, const json_t *report);
void print_apply(const struct printer *p, const json_t *report);
void print_undo(const struct printer *p, const json_t *report);
void print_history(const struct printer *p, const json_t *report);
void print_vm(const struct printer *p, const json_t *report);
void print_groups(const struct printer *p, const json_t *report);

/* The following is for the print-*.c files. */

void say(const struct printer *p, enum tone t, const char *fmt, ...) PRINTF(3, 4);
/*
 * A paragraph: @lead, padded to @indent columns, then @text wrapped there. Text that is
 * indented by at least two blanks keeps its line breaks.
 */
void say_para(const struct printer *p, enum tone t, const char *lead, unsigned indent,
	      const char *text);
/* A heading with an empty line before it. */
void say_heading(const struct printer *p, const char *title);
/* A unified diff, its lines coloured. */
void say_diff(const struct printer *p, const char *indent, const char *diff);

/* Members of an object: "" and 0 where it is null or not there. */
const char *get_text(const json_t *o, const char *key);
bool get_bool(const json_t *o, const char *key);
json_int_t get_int(const json_t *o, const char *key);
/* An address without the domain that nearly all have. */
const char *short_bdf(const char *bdf);
const char *dash(const char *s); /* "-" for "" */
