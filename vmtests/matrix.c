/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmtests/matrix-part.h"

static bool has_cell(const cells *list, const struct cell *cell)
{
	vec_foreach(c, list)
		if (cell_same(c, cell))
			return true;
	return false;
}

static void add_string(struct arena *a, strings *list, const char *s)
{
	vec_foreach(there, list)
		if (streq(*there, s))
			return;
	*vec_push(a, list) = s;
}

void matrix_add(struct arena *a, struct matrix *m, const struct cell *cell,
		const char *part, const struct result *r)
{
	if (!has_cell(&m->cells, cell))
		*vec_push(a, &m->cells) = *cell;
	add_string(a, &m->parts, part);
	*vec_push(a, &m->entries) =
		(struct matrix_entry){ *cell, part, result_clean(a, r) };
}

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	int r = strverscmp(x->kernel, y->kernel); /* 6.1 before 6.12 */

	for (enum cell_axis axis = CELL_KERNEL + 1; !r && axis < CELL_AXES; axis++)
		r = strcmp(cell_value(x, axis), cell_value(y, axis));
	return r;
}

cells matrix_rows(const struct matrix *m, struct arena *a)
{
	cells rows = { 0 };

	vec_foreach(c, &m->cells)
		*vec_push(a, &rows) = *c;
	if (rows.n)
		qsort(rows.v, rows.n, sizeof(*rows.v), compare_cells);
	return rows;
}

static bool is_worse(enum result_outcome x, enum result_outcome than)
{
	static const int badness[] = {
		[RESULT_SKIPPED] = 0,
		[RESULT_PASSED] = 1,
		[RESULT_FAILED] = 2,
	};

	return badness[x] > badness[than];
}

const struct result *matrix_find(const struct matrix *m, const struct cell *cell,
				 const char *part)
{
	const struct result *found = NULL;

	vec_foreach(e, &m->entries)
		if (streq(e->part, part) && cell_same(&e->cell, cell) &&
		    (!found || is_worse(e->r.outcome, found->outcome)))
			found = &e->r;
	return found;
}

double matrix_seconds(const struct matrix *m, const struct cell *cell, const char *part)
{
	double sum = 0;

	vec_foreach(e, &m->entries)
		if ((!cell || cell_same(&e->cell, cell)) &&
		    (!part || streq(e->part, part)))
			sum += e->r.seconds;
	return sum;
}

matrix_entries matrix_shown(const struct matrix *m, enum result_outcome outcome,
			    struct arena *a)
{
	cells rows = matrix_rows(m, a);
	matrix_entries shown = { 0 };

	vec_foreach(cell, &rows)
		vec_foreach(part, &m->parts) {
			const struct result *r = matrix_find(m, cell, *part);

			if (r && r->outcome == outcome)
				*vec_push(a, &shown) =
					(struct matrix_entry){ *cell, *part, *r };
		}
	return shown;
}

matrix_reasons matrix_skips(const struct matrix *m, struct arena *a)
{
	matrix_entries skipped = matrix_shown(m, RESULT_SKIPPED, a);
	matrix_reasons reasons = { 0 };

	vec_foreach(e, &skipped) {
		const char *text = e->r.text ? e->r.text : "no reason given";
		struct matrix_reason *found = NULL;

		vec_foreach(reason, &reasons)
			if (streq(reason->text, text))
				found = reason;
		if (!found) {
			found = vec_push(a, &reasons);
			found->text = text;
		}
		add_string(a, &found->cells, cell_name(a, &e->cell));
		add_string(a, &found->parts, e->part);
	}
	return reasons;
}

struct matrix_totals matrix_totals(const struct matrix *m)
{
	AUTOARENA struct arena *a = arena_new();
	struct matrix_totals t = {
		.cells = m->cells.n,
		.passed = matrix_shown(m, RESULT_PASSED, a).n,
		.failed = matrix_shown(m, RESULT_FAILED, a).n,
		.skipped = matrix_shown(m, RESULT_SKIPPED, a).n,
	};

	t.not_run = m->cells.n * m->parts.n - t.passed - t.failed - t.skipped;
	return t;
}

const char *matrix_verdict(const struct matrix *m, struct arena *a)
{
	struct matrix_totals t = matrix_totals(m);

	if (t.failed)
		return arena_printf(a, "%zu of %zu failed", t.failed,
				    t.passed + t.failed);
	if (!t.passed)
		return "Nothing was run";
	return arena_printf(a, "All %zu passed", t.passed);
}

const char *matrix_counts(const struct matrix *m, struct arena *a)
{
	struct matrix_totals t = matrix_totals(m);

	return arena_printf(
		a, "%zu cell%s: %zu passed, %zu failed, %zu skipped, %zu not run",
		t.cells, t.cells == 1 ? "" : "s", t.passed, t.failed, t.skipped,
		t.not_run);
}

static bool all_have(const cells *list, enum cell_axis axis, const char *value)
{
	vec_foreach(c, list)
		if (!streq(cell_value(c, axis), value))
			return false;
	return true;
}

const char *matrix_common(const struct matrix *m, struct arena *a)
{
	static const char *const axes[CELL_AXES] = { "kernel", "IOMMU", "firmware",
						     "topology" };
	matrix_entries failed = matrix_shown(m, RESULT_FAILED, a);
	const char *text = NULL;
	strings parts = { 0 };
	cells where = { 0 };

	if (failed.n < 2)
		return NULL;
	vec_foreach(e, &failed) {
		*vec_push(a, &where) = e->cell;
		add_string(a, &parts, e->part);
	}
	if (parts.n == 1 && m->parts.n > 1)
		text = parts.v[0];
	for (enum cell_axis x = 0; x < CELL_AXES; x++) {
		const char *value = cell_value(&where.v[0], x);

		if (all_have(&where, x, value) && !all_have(&m->cells, x, value))
			text = arena_printf(a, "%s%s%s %s", text ? text : "",
					    text ? ", " : "", axes[x], value);
	}
	return text;
}

const char *matrix_time(struct arena *a, double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (s < 60)
		return arena_printf(a, "%lu s", s);
	if (s < 3600)
		return arena_printf(a, "%lu min %02lu s", s / 60, s % 60);
	return arena_printf(a, "%lu h %02lu min", s / 3600, s % 3600 / 60);
}

const char *matrix_short_time(struct arena *a, double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (s < 60)
		return arena_printf(a, "%lus", s);
	if (s < 3600)
		return arena_printf(a, "%lum%02lu", s / 60, s % 60);
	return arena_printf(a, "%luh%02lu", s / 3600, s % 3600 / 60);
}
