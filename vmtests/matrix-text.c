/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "scenarios/table.h"
#include "vmtests/matrix-part.h"

#define EVIDENCE_LINES 8 /* the last; the page has all */
#define CELLS_NAMED 4
#define FIRST_PART CELL_AXES

struct view {
	FILE *out;
	bool utf8, colour;
};

static void put_head(const struct view *v, const struct matrix *m)
{
	const char *const words[] = { m->title, m->date };
	const char *gap = "";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i]) {
			fprintf(v->out, "%s%s", gap, words[i]);
			gap = "  ";
		}
	if (m->seed)
		fprintf(v->out, "%sseed %s", gap, m->seed);
	if (*gap || m->seed)
		fputs("\n\n", v->out);
}

static const char *upper(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *c = copy; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return copy;
}

static const struct column *columns_of(const struct matrix *m, struct arena *a)
{
	static const char *const axes[CELL_AXES] = { "KERNEL", "IOMMU", "FIRMWARE",
						     "TOPOLOGY" };
	VEC(struct column) columns = { 0 };

	for (enum cell_axis x = 0; x < CELL_AXES; x++)
		*vec_push(a, &columns) = (struct column){ .title = axes[x] };
	vec_foreach(part, &m->parts)
		*vec_push(a, &columns) = (struct column){ .title = upper(a, *part) };
	*vec_push(a, &columns) = (struct column){ .title = "TIME", .right = true };
	(void)vec_push(a, &columns);
	return columns.v;
}

static void put_result(struct libscols_line *line, size_t column, const struct result *r,
		       struct arena *a)
{
	if (!r)
		table_cell(line, column, TONE_DIM, "-");
	else if (r->outcome == RESULT_SKIPPED)
		table_cell(line, column, TONE_WARN, "skipped");
	else if (r->outcome == RESULT_FAILED)
		table_cell(line, column, TONE_BAD, "FAILED");
	else
		table_cell(line, column, TONE_GOOD,
			   arena_printf(a, "ok %s", matrix_short_time(a, r->seconds)));
}

static void put_table(const struct view *v, const struct matrix *m, struct arena *a)
{
	struct libscols_table *t =
		table_new(v->out, v->utf8, v->colour, columns_of(m, a));
	cells rows = matrix_rows(m, a);

	vec_foreach(cell, &rows) {
		struct libscols_line *line = table_line(t, NULL);
		size_t column = FIRST_PART;

		for (enum cell_axis x = 0; x < CELL_AXES; x++)
			table_cell(line, x, TONE_PLAIN, cell_value(cell, x));
		vec_foreach(part, &m->parts)
			put_result(line, column++, matrix_find(m, cell, *part), a);
		table_cell(line, column, TONE_PLAIN,
			   matrix_short_time(a, matrix_seconds(m, cell, NULL)));
	}
	table_end(t);
	fputs("ok 12s: passed, in 12 seconds   -: not run\n", v->out);
}

/* The last lines of @text. */
static const char *tail(const char *text)
{
	const char *at = text + strlen(text);

	for (unsigned lines = 0; at > text; at--)
		if (at[-1] == '\n' && ++lines == EVIDENCE_LINES)
			break;
	return at;
}

static void put_evidence(const struct view *v, const char *text)
{
	const char *line = tail(text);

	if (line > text)
		fputs("    | ...\n", v->out);
	while (*line) {
		size_t n = strcspn(line, "\n");

		fprintf(v->out, "    | %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

static void put_heading(const struct view *v, const char *colour, const char *text)
{
	fprintf(v->out, "\n%s%s%s\n", v->colour ? colour : "", text,
		v->colour ? "\033[0m" : "");
}

static void put_failures(const struct view *v, const struct matrix *m, struct arena *a)
{
	matrix_entries failed = matrix_shown(m, RESULT_FAILED, a);

	const char *common = matrix_common(m, a);

	if (failed.n)
		put_heading(v, "\033[1;31m", "FAILED");
	if (common)
		fprintf(v->out, "  all of them: %s\n", common);
	vec_foreach(e, &failed) {
		fprintf(v->out, "  %s: %s, after %s\n", cell_name(a, &e->cell), e->part,
			matrix_time(a, e->r.seconds));
		fprintf(v->out, "    %s\n", e->r.text ? e->r.text : "no reason given");
		if (e->r.evidence)
			put_evidence(v, e->r.evidence);
	}
}

static void put_skips(const struct view *v, const struct matrix *m, struct arena *a)
{
	matrix_reasons reasons = matrix_skips(m, a);

	if (reasons.n)
		put_heading(v, "\033[1m", "Skipped");
	vec_foreach(reason, &reasons) {
		const char *gap = "";

		fprintf(v->out, "  %s\n    ", reason->text);
		vec_foreach(part, &reason->parts) {
			fprintf(v->out, "%s%s", gap, *part);
			gap = ", ";
		}
		gap = " in ";
		for (size_t i = 0; i < reason->cells.n && i < CELLS_NAMED; i++) {
			fprintf(v->out, "%s%s", gap, reason->cells.v[i]);
			gap = ", ";
		}
		if (reason->cells.n > CELLS_NAMED)
			fprintf(v->out, " and %zu more", reason->cells.n - CELLS_NAMED);
		fputc('\n', v->out);
	}
}

void matrix_print(FILE *out, const struct matrix *m, bool utf8, bool colour)
{
	AUTOARENA struct arena *a = arena_new();
	const struct view v = { out, utf8, colour };

	put_head(&v, m);
	put_table(&v, m, a);
	put_failures(&v, m, a);
	put_skips(&v, m, a);
	fprintf(out, "\n%s", matrix_counts(m, a));
	if (m->seconds > 0)
		fprintf(out, "; %s", matrix_time(a, m->seconds));
	fputs(".\n", out);
	if (m->again)
		fprintf(out, "Again: %s\n", m->again);
}
