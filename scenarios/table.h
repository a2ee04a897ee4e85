/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table - tables for terminals and logs, by libsmartcols. */
#pragma once

#include <stdio.h>

#include "core/util.h"

enum tone { TONE_PLAIN, TONE_BOLD, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_NOTE };

struct libscols_table;
struct libscols_line;
struct column {
	const char *title; /* NULL ends the list */
	bool right, tree;
	bool last; /* cut at the edge of a terminal */
};
struct libscols_table *table_new(FILE *out, bool utf8, bool colour,
				 const struct column *columns);
struct libscols_line *table_line(struct libscols_table *t, struct libscols_line *parent);
void table_cell(struct libscols_line *l, size_t column, enum tone t, const char *text);
/* Give a cell the @n-th colour of a palette that repeats, whose neighbours differ. */
void table_colour(struct libscols_line *l, size_t column, size_t n);
/* Print and free. */
void table_end(struct libscols_table *t);
