/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside-tap - results as TAP on stdout, one line a check, written at once: the guest may
 * stop at any moment. A struct tap starts as zeros and belongs to the caller.
 */
#pragma once

#include <stdbool.h>

#include "core/util.h"

struct tap {
	int done, failed;
};

/* A check that holds if @err is no negative errno. Returns whether it holds. */
bool tap_result(struct tap *t, int err, const char *what, ...) PRINTF(3, 4);

/* A check of @got, negative errno or anything else, against the one that is right. */
bool tap_answer(struct tap *t, int got, int right, const char *what, ...) PRINTF(4, 5);

/* A check that holds if @ok; if not, @why tells what there is instead. */
bool tap_check(struct tap *t, bool ok, const char *what, const char *why, ...)
	PRINTF(4, 5);

/* A check that cannot be made here. */
void tap_skip(struct tap *t, const char *what, const char *why);

/* A line for people: evidence that a check has rested on. */
void tap_note(const char *fmt, ...) PRINTF(1, 2);

/* The plan. Returns the exit status: 0, or 1 if a check failed or there was none. */
int tap_done(const struct tap *t);
