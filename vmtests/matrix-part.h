/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix-part - what the two ways to show a matrix have in common. */
#pragma once

#include "vmtests/matrix.h"

/* The rows, sorted. */
cells matrix_rows(const struct matrix *m, struct arena *a);
/* The worst result; NULL: there is none. */
const struct result *matrix_find(const struct matrix *m, const struct cell *cell,
				 const char *part);
/* What took @cell or @part; NULL: any. */
double matrix_seconds(const struct matrix *m, const struct cell *cell, const char *part);

/* "12 s", "3 min 05 s", "1 h 02 min" */
const char *matrix_time(struct arena *a, double seconds);
/* The same in few columns: "12s", "3m05", "1h02" */
const char *matrix_short_time(struct arena *a, double seconds);

/* What is shown with this outcome, in the order of rows and columns. */
matrix_entries matrix_shown(const struct matrix *m, enum result_outcome outcome,
			    struct arena *a);

/* Entries with the same text; several of one cell are one. */
struct matrix_reason {
	const char *text;
	strings cells; /* their names */
	strings parts;
};
typedef VEC(struct matrix_reason) matrix_reasons;
matrix_reasons matrix_skips(const struct matrix *m, struct arena *a);

/* "2 of 96 failed", "All 90 passed" */
const char *matrix_verdict(const struct matrix *m, struct arena *a);
/* "24 cells, 90 passed, 2 failed, 3 skipped, 1 not run" */
const char *matrix_counts(const struct matrix *m, struct arena *a);
/*
 * What all failures have that not all cells and parts have: "boot, topology f". NULL:
 * nothing, or there are not two.
 */
const char *matrix_common(const struct matrix *m, struct arena *a);
