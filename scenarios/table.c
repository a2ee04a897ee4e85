/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that knows libsmartcols. As with arenas, when memory ends so do we. */
#include <libsmartcols/libsmartcols.h>

#include "scenarios/table.h"

static const char *const colours[] = {
	[TONE_BOLD] = "bold",  [TONE_DIM] = "halfbright", [TONE_GOOD] = "green",
	[TONE_WARN] = "brown", [TONE_BAD] = "red",        [TONE_NOTE] = "cyan",
};

struct libscols_table *table_new(FILE *out, bool utf8, bool colour,
				 const struct column *columns)
{
	struct libscols_table *t = scols_new_table();

	if (!t)
		abort();
	scols_table_set_stream(t, out);
	scols_table_enable_ascii(t, !utf8);
	scols_table_enable_colors(t, colour);
	for (const struct column *c = columns; c->title; c++) {
		int flags = (c->right ? SCOLS_FL_RIGHT : 0) |
			    (c->tree ? SCOLS_FL_TREE : 0) |
			    (c->last ? SCOLS_FL_TRUNC : 0);

		if (!scols_table_new_column(t, c->title, 0, flags))
			abort();
	}
	return t;
}

struct libscols_line *table_line(struct libscols_table *t, struct libscols_line *parent)
{
	struct libscols_line *l = scols_table_new_line(t, parent);

	if (!l)
		abort();
	return l;
}

void table_cell(struct libscols_line *l, size_t column, enum tone t, const char *text)
{
	struct libscols_cell *c = scols_line_get_cell(l, column);

	if (!c || scols_cell_set_data(c, text) < 0)
		abort();
	if (t != TONE_PLAIN)
		scols_cell_set_color(c, colours[t]);
}

/* Neither red, which says that something is bad, nor black and white. */
static const char *const palette[] = {
	"cyan",      "magenta", "brown",        "green",      "blue",
	"lightcyan", "yellow",  "lightmagenta", "lightgreen", "lightblue",
};

void table_colour(struct libscols_line *l, size_t column, size_t n)
{
	scols_cell_set_color(scols_line_get_cell(l, column),
			     palette[n % ARRAY_SIZE(palette)]);
}

void table_end(struct libscols_table *t)
{
	scols_print_table(t);
	scols_unref_table(t);
}
