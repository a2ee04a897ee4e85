/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results - how tests ended, for programs that run them: a list, and what is written of
 * it as TAP, JUnit XML and JSON. Nothing is judged here.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"

enum result_outcome { RESULT_PASSED, RESULT_FAILED, RESULT_SKIPPED };
/* "passed", "failed", "skipped" */
const char *result_word(enum result_outcome outcome);

struct result {
	const char *group; /* what it belongs to, a ground or a cell; may be NULL */
	const char *name;
	const char *file; /* where it stands; may be NULL */
	enum result_outcome outcome;
	const char *text;     /* one line: why it failed or was skipped; may be NULL */
	const char *evidence; /* lines that show why, as of a console; may be NULL */
	double seconds;
};
typedef VEC(struct result) results;

/* A copy in @a whose strings are clean (core/text.h), so that no writer has to do it. */
struct result result_clean(struct arena *a, const struct result *r);
/* Append that copy. The result is valid until the next is added. */
const struct result *results_add(struct arena *a, results *all, const struct result *r);
size_t results_count(const results *all, enum result_outcome outcome);

/* The line of one result, with comments that explain a failure; flushed. */
void results_tap(FILE *out, size_t number, const struct result *r);
/*
 * @group stands for the group of results that have none. Errors, with @e naming @path: a
 * negative errno.
 */
int results_junit(const results *all, const char *group, const char *path, struct err *e);
/*
 * [{"name": ..., "file": ..., "result": "passed", "text": null, "seconds": 0.01}], with
 * "group" and "evidence" where there are any. The caller owns it.
 */
json_t *results_json(const results *all);
