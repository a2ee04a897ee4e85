/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ops - operations on a kernel, as text: what conformance plays on a guest and on the
 * model. One a line, words with blanks between them; in a word anything but printable
 * ASCII, '%' and blanks is %XX; an empty word is %.
 *   store PATH [DATA]   one write(2) to a file of /sys
 *   run WORD...         modprobe or rmmod; EBUSY while one before it is blocked: it
 *                       would wait for the same, and nobody for it
 *   claim GROUP         a VM takes the group: group, container, device files
 *   release GROUP       and gives it back
 * and such that only look, which measuring (measure.h) plays:
 *   read PATH           what a file says, or the names in a folder, one a line
 *   stat PATH           is it there? Of a link, the link itself
 *   seek PATH           where SEEK_END is
 *   map PATH            mmap(2) of one page
 *   hold PATH           open it, until the batch ends
 *   links PATH          how many links the held file has
 */
#pragma once

#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"

enum op_kind {
	OP_STORE,
	OP_RUN,
	OP_CLAIM,
	OP_RELEASE,
	OP_READ,
	OP_STAT,
	OP_SEEK,
	OP_MAP,
	OP_HOLD,
	OP_LINKS,
};

struct op {
	enum op_kind kind;
	const char *path;        /* "sys/...", of a store and of those that look */
	struct blob data;        /* of a store */
	int group;               /* of claim and release */
	const char *const *argv; /* of run, NULL-terminated */
};
typedef VEC(struct op) ops;

/*
 * How one ended. Blocked ones are answered later, in what is left of the batch: at the
 * operation that released them.
 */
#define OP_BLOCKED INT32_MIN
struct op_answer {
	unsigned op; /* of a blocked one, by its place in the batch */
	long result;
};
struct op_result {
	long result; /* bytes of a store or read, exit status of run, position of a seek,
			links; 0 of others; or a negative errno */
	const char *text; /* of a read that worked; else NULL */
	strings log;      /* what the kernel said meanwhile */
	VEC(struct op_answer) answers;
};
typedef VEC(struct op_result) op_results;

void op_write(FILE *f, const struct op *op);
/* All of them, malloc'd; NULL: no memory. */
char *ops_text(const ops *o);
/* Every line of @text. -EINVAL with @e "line 3: ...". */
int ops_read(struct arena *a, const char *text, ops *ret, struct err *e);

/*
 * Results as text: "= 5", "= ENODEV", "= blocked", then "< TEXT" of what was read, "+
 * TEXT" for each line of the log and "~ OP RESULT" for each answer.
 */
void op_result_write(FILE *f, const struct op_result *r);
int op_results_read(struct arena *a, const char *text, op_results *ret, struct err *e);
/* "5", "ENODEV", "blocked"; in @buf or constant. */
const char *op_result_word(long result, char buf[32]);
