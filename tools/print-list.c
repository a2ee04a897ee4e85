/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/print.h"

static const struct column columns[] = {
	{ "ADDRESS", .tree = true },
	{ "ID" },
	{ "DRIVER" },
	{ "GROUP", .right = true },
	{ "CLASS" },
	{ "NAME", .last = true },
	{ NULL },
};

/* A row while the table is made: its function, and its line once that is made. */
struct row {
	const json_t *fn;
	json_int_t group;
	size_t index;
	struct libscols_line *line;
	bool started; /* on the way to its line; a parent that is too closes a circle */
};

static void fill(struct libscols_line *l, const json_t *fn)
{
	const char *driver = get_text(fn, "driver");
	char id[16], group[24] = "-";

	snprintf(id, sizeof(id), "%.4s:%.4s", get_text(fn, "vendor"),
		 get_text(fn, "device"));
	if (json_is_integer(json_object_get(fn, "group")) && get_int(fn, "group") >= 0)
		snprintf(group, sizeof(group), "%lld", (long long)get_int(fn, "group"));
	table_cell(l, 0, TONE_PLAIN, short_bdf(get_text(fn, "bdf")));
	table_cell(l, 1, TONE_PLAIN, id);
	table_cell(l, 2, streq(driver, "vfio-pci") ? TONE_GOOD : TONE_PLAIN,
		   dash(driver));
	table_cell(l, 3, TONE_PLAIN, group);
	table_cell(l, 4, TONE_PLAIN, get_text(fn, "class_name"));
	table_cell(l, 5, TONE_PLAIN, get_text(fn, "name"));
}

static int by_group(const void *va, const void *vb)
{
	const struct row *a = va, *b = vb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void fill_groups(struct libscols_table *t, struct row *rows, size_t n)
{
	struct libscols_line *head = NULL;

	qsort(rows, n, sizeof(*rows), by_group);
	for (size_t i = 0; i < n; i++) {
		char title[40] = "no group";

		if (i == 0 || rows[i].group != rows[i - 1].group) {
			head = table_line(t, NULL);
			if (rows[i].group >= 0)
				snprintf(title, sizeof(title), "group %lld",
					 (long long)rows[i].group);
			table_cell(head, 0, TONE_BOLD, title);
		}
		fill(table_line(t, head), rows[i].fn);
	}
}

/* The row of the bridge above row @i, or NULL. Reports and machines have the same order.
 */
static struct row *parent_of(struct row *rows, size_t n, size_t i,
			     const struct machine *m)
{
	const struct pci_fn *up;
	struct bdf bdf;
	size_t lo = 0, hi = n;

	if (bdf_parse(get_text(rows[i].fn, "bdf"), &bdf) < 0 || !machine_fn(m, bdf))
		return NULL;
	up = machine_upstream(m, machine_fn(m, bdf));
	while (up && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order;

		if (bdf_parse(get_text(rows[mid].fn, "bdf"), &bdf) < 0)
			return NULL;
		order = bdf_cmp(bdf, up->bdf);
		if (order == 0)
			return &rows[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void fill_tree(struct libscols_table *t, struct row *rows, size_t n, size_t i,
		      const struct machine *m)
{
	struct row *up;

	if (rows[i].started)
		return;
	rows[i].started = true;
	up = parent_of(rows, n, i, m);
	if (up)
		fill_tree(t, rows, n, (size_t)(up - rows), m);
	rows[i].line = table_line(t, up ? up->line : NULL);
	fill(rows[i].line, rows[i].fn);
}

void print_list(const struct printer *p, const json_t *report)
{
	const json_t *fns = json_object_get(report, "functions"), *fn;
	AUTOFREE struct row *rows = NULL;
	struct libscols_table *t = table_new(p, columns);
	static const char *const facts[] = { "functions", "groups" };
	size_t i, n = json_array_size(fns);

	rows = calloc(n + 1, sizeof(*rows));
	if (!rows)
		abort();
	json_array_foreach(fns, i, fn)
	{
		const json_t *group = json_object_get(fn, "group");

		rows[i] = (struct row){ .fn = fn, .index = i };
		rows[i].group = json_is_integer(group) ? json_integer_value(group) : -1;
	}
	if (p->view == VIEW_GROUPS)
		fill_groups(t, rows, n);
	for (i = 0; p->view == VIEW_TREE && i < n; i++)
		fill_tree(t, rows, n, i, p->m);
	for (i = 0; p->view == VIEW_TEXT && i < n; i++)
		fill(table_line(t, NULL), rows[i].fn);
	table_end(t);
	for (i = 0; i < ARRAY_SIZE(facts); i++) {
		const char *why = p->m ? machine_unknown(p->m, "%s", facts[i]) : NULL;

		if (!why)
			continue;
		say(p, TONE_WARN, "The %s of this machine are not known: %s.\n", facts[i],
		    why);
		return;
	}
	if (!get_bool(json_object_get(report, "iommu"), "active"))
		say(p, TONE_WARN, "The IOMMU is not active: there are no groups.\n");
}
