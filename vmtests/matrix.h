/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * matrix - how the parts of a test (boot, vfio, conform, nested) ended in each cell, as a
 * table for a terminal or a log, and as a page. Rows are sorted: kernels by version, the
 * rest by name.
 */
#pragma once

#include "scenarios/results.h"
#include "vmtests/cells.h"

struct matrix_entry {
	struct cell cell;
	const char *part;
	struct result r; /* its name and group are not shown */
};

typedef VEC(struct matrix_entry) matrix_entries;

struct matrix {
	/* The head: what ran, when, and how to run it again. All may be NULL. */
	const char *title, *date, *seed, *again;
	double seconds; /* from the begin to the end; 0: not known */
	/*
	 * Rows, and columns from left to right. matrix_add() adds what is new; what is
	 * known from the start may be pushed before, and shows as not run until it has a
	 * result.
	 */
	cells cells;
	strings parts;
	matrix_entries entries;
};

/*
 * The strings of @cell and @part are borrowed, those of @r are copied. Of several results
 * of one part in one cell the worst is shown.
 */
void matrix_add(struct arena *a, struct matrix *m, const struct cell *cell,
		const char *part, const struct result *r);

struct matrix_totals {
	size_t cells, passed, failed, skipped, not_run;
};
struct matrix_totals matrix_totals(const struct matrix *m);

/*
 * The table, why parts failed or were skipped, and a line of totals. For 80 columns, if
 * there are five parts or fewer with names of at most seven letters.
 */
void matrix_print(FILE *out, const struct matrix *m, bool utf8, bool colour);
/* One HTML file that needs nothing else, in light or dark. */
void matrix_html(FILE *out, const struct matrix *m);
