/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress - a line on a terminal that says what goes on, and is replaced in place. Where
 * there is no terminal nothing is written.
 */
#pragma once

#include <stdio.h>

#include "core/util.h"

struct progress {
	FILE *out; /* borrowed */
	bool terminal;
	size_t total;
	unsigned width; /* of the terminal; 0: it is asked */
	char *shown;    /* what stands there now; NULL: nothing */
};

/* @total things will be done. @out is stderr, mostly. */
void progress_init(struct progress *p, FILE *out, size_t total);
/* "[ 7/24] TEXT, 34 s", cut at the edge; @seconds: since what @number stands for began.
 */
void progress_show(struct progress *p, size_t number, double seconds, const char *fmt,
		   ...) PRINTF(4, 5);
/* Take the line away: before other output, and at the end. */
void progress_clear(struct progress *p);
