/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * campaign - many cells, some at once: parts of each in order, every result told as it
 * comes and kept for reports.
 */
#pragma once

#include "vmtests/matrix.h"
#include "vmtests/part.h"

struct campaign_cell {
	struct cell cell;
	unsigned parts;    /* bit N: lab_parts[N] */
	const char *inner; /* firmware of nested's inner guest; NULL: seabios */
};

struct campaign {
	/* Set by the caller. */
	const struct lab *lab; /* its cache; each job has an arena of its own */
	struct guests *gs;
	VEC(struct campaign_cell) cells;
	const struct rig_want *want; /* of all cells; NULL: what their names say */
	struct part_options o;
	unsigned jobs;        /* cells at once */
	FILE *out, *terminal; /* TAP; a progress line */

	/* What came of it; strings in @arena. */
	struct arena *arena;
	results results; /* in the order in which they ended */
	struct matrix matrix;
};

/* How many parts it has. */
size_t campaign_size(const struct campaign *c);
/* Run all; true: none failed. TAP's plan comes first. */
bool campaign_run(struct campaign *c);
