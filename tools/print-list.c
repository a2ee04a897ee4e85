/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/print.h"

/* In this order they come, as far as a view has them. */
enum column_name { ADDRESS, ID, DRIVER, GROUP, USED_FOR, CLASS, NAME, N_COLUMNS };
static const struct column columns[] = {
	/* clang-format off */
	[ADDRESS]  = { "ADDRESS", .tree = true },
	[ID]       = { "ID" },
	[DRIVER]   = { "DRIVER" },
	[GROUP]    = { "GROUP", .right = true },
	[USED_FOR] = { "USED FOR" },
	[CLASS]    = { "CLASS" },
	[NAME]     = { "NAME", .last = true },
	/* clang-format on */
};

struct list {
	const struct printer *p;
	struct libscols_table *table;
	struct row *rows;
	size_t n;
	bool computed;           /* so are the groups */
	size_t place[N_COLUMNS]; /* of each column in the table */
};

/* A row while the table is made: its function, and its line once that is made. */
struct row {
	const json_t *fn;
	json_int_t group; /* -1: none */
	size_t index;
	struct libscols_line *line;
	bool started; /* on the way to its line; a parent that is too closes a circle */
};

static bool has_column(const struct printer *p, enum column_name c)
{
	return c != USED_FOR || p->view == VIEW_TREE;
}

static struct libscols_table *start(struct list *l)
{
	struct column shown[N_COLUMNS + 1] = { { NULL } };
	size_t n = 0;

	for (enum column_name c = 0; c < N_COLUMNS; c++) {
		if (!has_column(l->p, c))
			continue;
		l->place[c] = n;
		shown[n++] = columns[c];
	}
	return table_new(l->p->out, l->p->utf8, l->p->colour, shown);
}

static void join_uses(const json_t *fn, char *text, size_t size)
{
	const json_t *use;
	size_t i, used = 0;

	*text = '\0';
	json_array_foreach(json_object_get(fn, "used_for"), i, use)
	{
		snprintf(text + used, size - used, "%s%s", i ? ", " : "",
			 json_string_value(use));
		used += strlen(text + used);
	}
}

static void fill(const struct list *list, struct libscols_line *l, const struct row *row)
{
	const json_t *fn = row->fn;
	const char *driver = get_text(fn, "driver");
	char id[16], group[24] = "-", uses[128];
	const size_t *at = list->place;

	snprintf(id, sizeof(id), "%.4s:%.4s", get_text(fn, "vendor"),
		 get_text(fn, "device"));
	if (row->group >= 0)
		snprintf(group, sizeof(group), "%lld%s", (long long)row->group,
			 list->computed ? "*" : "");
	table_cell(l, at[ADDRESS], TONE_PLAIN, short_bdf(get_text(fn, "bdf")));
	table_cell(l, at[ID], TONE_PLAIN, id);
	table_cell(l, at[DRIVER], streq(driver, "vfio-pci") ? TONE_GOOD : TONE_PLAIN,
		   dash(driver));
	table_cell(l, at[GROUP], TONE_PLAIN, group);
	if (has_column(list->p, USED_FOR)) {
		join_uses(fn, uses, sizeof(uses));
		table_cell(l, at[USED_FOR], *uses ? TONE_WARN : TONE_PLAIN, uses);
	}
	if (list->p->view != VIEW_TEXT && row->group >= 0) {
		table_colour(l, at[ADDRESS], (size_t)row->group);
		table_colour(l, at[GROUP], (size_t)row->group);
	}
	table_cell(l, at[CLASS], TONE_PLAIN, get_text(fn, "class_name"));
	table_cell(l, at[NAME], TONE_PLAIN, get_text(fn, "name"));
}

static int by_group(const void *va, const void *vb)
{
	const struct row *a = va, *b = vb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void fill_groups(struct list *l)
{
	struct libscols_line *head = NULL;

	qsort(l->rows, l->n, sizeof(*l->rows), by_group);
	for (size_t i = 0; i < l->n; i++) {
		const struct row *row = &l->rows[i];
		char title[40] = "no group";

		if (i == 0 || row->group != row[-1].group) {
			head = table_line(l->table, NULL);
			if (row->group >= 0)
				snprintf(title, sizeof(title), "group %lld%s",
					 (long long)row->group, l->computed ? "*" : "");
			table_cell(head, l->place[ADDRESS], TONE_BOLD, title);
		}
		fill(l, table_line(l->table, head), row);
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

	if (!m || bdf_parse(get_text(rows[i].fn, "bdf"), &bdf) < 0 || !machine_fn(m, bdf))
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

static void fill_tree(struct list *l, size_t i)
{
	struct row *row = &l->rows[i], *up;

	if (row->started)
		return;
	row->started = true;
	up = parent_of(l->rows, l->n, i, l->p->m);
	if (up)
		fill_tree(l, (size_t)(up - l->rows));
	row->line = table_line(l->table, up ? up->line : NULL);
	fill(l, row->line, row);
}

static void make_rows(struct list *l, const json_t *fns)
{
	const char *key = l->computed ? "computed_group" : "group";
	const json_t *fn;
	size_t i;

	json_array_foreach(fns, i, fn)
	{
		const json_t *group = json_object_get(fn, key);

		l->rows[i] = (struct row){ .fn = fn, .index = i };
		l->rows[i].group =
			json_is_integer(group) && json_integer_value(group) >= 0
				? json_integer_value(group)
				: -1;
	}
}

/* What is not known, or not so, of that table. */
static void print_caveat(const struct list *l, const json_t *report)
{
	const struct printer *p = l->p;
	const char *why = p->m ? machine_unknown(p->m, "functions") : NULL;

	if (why) {
		say(p, TONE_WARN, "The functions of this machine are not known: %s.\n",
		    why);
		return;
	}
	why = p->m ? machine_unknown(p->m, "groups") : NULL;
	if (why)
		say(p, TONE_WARN, "The groups of this machine are not known: %s.\n", why);
	if (l->computed && why)
		say(p, TONE_WARN, "* These groups are computed from topology.\n");
	else if (l->computed)
		say(p, TONE_WARN,
		    "* The IOMMU is not active: these groups are computed from "
		    "topology.\n");
	else if (!why && !streq(get_text(report, "groups"), "recorded") &&
		 !get_bool(json_object_get(report, "iommu"), "active"))
		say(p, TONE_WARN, "The IOMMU is not active: there are no groups.\n");
}

void print_list(const struct printer *p, const json_t *report)
{
	const json_t *fns = json_object_get(report, "functions");
	struct list l = { .p = p,
			  .n = json_array_size(fns),
			  .computed = streq(get_text(report, "groups"), "computed") };
	AUTOFREE struct row *rows = calloc(l.n + 1, sizeof(*rows));

	if (!rows)
		abort();
	l.rows = rows;
	l.table = start(&l);
	make_rows(&l, fns);
	if (p->view == VIEW_GROUPS)
		fill_groups(&l);
	for (size_t i = 0; p->view == VIEW_TREE && i < l.n; i++)
		fill_tree(&l, i);
	for (size_t i = 0; p->view == VIEW_TEXT && i < l.n; i++)
		fill(&l, table_line(l.table, NULL), &rows[i]);
	table_end(l.table);
	print_caveat(&l, report);
}
