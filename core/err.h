/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * err - one line that tells a person what went wrong: place and reason. The library fills
 * it, a program prints it; the negative errno beside it is for callers that act on it.
 */
#pragma once

#include "core/util.h"

struct err {
	char text[768]; /* no newline; empty if nothing was said */
};

/* Set the line and return @code (a negative errno value). @e may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);

/* Put "@fmt: " in front of what @e says already; returns @code. */
int err_prefix(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);
