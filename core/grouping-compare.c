/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/grouping.h"

/* Functions of one recorded group, in order of address. */
struct row {
	int recorded;
	uint32_t fn;
};

static int cmp_row(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	if (a->recorded != b->recorded)
		return (a->recorded > b->recorded) - (a->recorded < b->recorded);
	return (a->fn > b->fn) - (a->fn < b->fn);
}

static const char *name(const struct grouping *g, uint32_t fn)
{
	char bdf[BDF_SIZE];

	return arena_strdup(g->arena, bdf_format(g->m->fns.v[fn].bdf, bdf));
}

/* A function that is computed into @group and was recorded elsewhere. */
static uint32_t find_stranger(const struct grouping *g, int group, int recorded)
{
	for (uint32_t i = 0; i < g->size[group]; i++) {
		uint32_t fn = g->members[g->first[group] + i];

		if (g->m->fns.v[fn].group != recorded)
			return fn;
	}
	return FN_NONE;
}

/* What differs for the @n functions of one recorded group; NULL: nothing. */
static const char *difference(const struct grouping *g, const struct row *v, size_t n)
{
	int want = g->fns[v[0].fn].group;

	if (want == GROUP_NONE)
		return arena_printf(g->arena,
				    "%s was recorded in group %d; computed, no IOMMU "
				    "translates it",
				    name(g, v[0].fn), v[0].recorded);
	for (size_t i = 1; i < n; i++)
		if (g->fns[v[i].fn].group != want)
			return arena_printf(
				g->arena,
				"%s and %s were recorded in group %d; computed, "
				"they do not share one",
				name(g, v[0].fn), name(g, v[i].fn), v[0].recorded);
	if (g->size[want] != n)
		return arena_printf(g->arena,
				    "%s was recorded in group %d without %s; computed, "
				    "they share one",
				    name(g, v[0].fn), v[0].recorded,
				    name(g, find_stranger(g, want, v[0].recorded)));
	return NULL;
}

void grouping_compare(struct grouping *g, struct grouping_match *ret)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct row *rows = arena_alloc(scratch, (g->topology.n + 1) * sizeof(*rows));
	size_t n = 0;

	*ret = (struct grouping_match){ 0 };
	for (uint32_t i = 0; i < g->topology.n; i++)
		if (g->m->fns.v[i].group != GROUP_NONE)
			rows[n++] = (struct row){ g->m->fns.v[i].group, i };
	if (n)
		qsort(rows, n, sizeof(*rows), cmp_row);
	for (size_t i = 0, end; i < n; i = end) {
		const char *why;

		for (end = i; end < n && rows[end].recorded == rows[i].recorded;)
			end++;
		why = difference(g, rows + i, end - i);
		ret->groups++;
		if (why) {
			*vec_push(g->arena, &ret->differences) = why;
			continue;
		}
		ret->matched++;
		ret->numbered += rows[i].recorded == g->fns[rows[i].fn].group;
	}
}
