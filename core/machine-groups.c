/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/loader.h"
#include "core/machine-groups.h"

const char *groups_from_name(enum groups_from f)
{
	static const char *const names[] = { [GROUPS_NONE] = "none",
					     [GROUPS_RECORDED] = "recorded",
					     [GROUPS_COMPUTED] = "computed" };

	return names[f];
}

bool machine_iommu_active(const struct machine *m)
{
	return m->units.n || m->groups.n || machine_has_groups(m);
}

enum groups_from machine_groups_from(const struct machine *m)
{
	if (!m->fns.n)
		return GROUPS_NONE;
	return machine_iommu_active(m) ? GROUPS_RECORDED : GROUPS_COMPUTED;
}

void machine_groups_compute(const struct machine *m, const char *cmdline, struct arena *a,
			    struct grouping *ret)
{
	static const struct grouping_kernel newest = { .acs.config_acs = true };
	struct grouping_want want = grouping_want_of(
		m->grouping_kernel ? m->grouping_kernel : &newest, m->release, &m->klog);

	want.cmdline = cmdline;
	grouping_compute(m, &want, a, ret);
}

void machine_groups_next(const struct machine *m, struct arena *a, struct grouping *ret)
{
	loader_entries entries = { 0 };

	loader_entries_read(m, a, &entries);
	machine_groups_compute(m, entries.n ? entries.v[0].cmdline : NULL, a, ret);
}

/* A function and the number of its recorded group. */
struct numbered {
	int id;
	uint32_t fn;
};

static int by_number(const void *va, const void *vb)
{
	const struct numbered *a = va, *b = vb;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->fn > b->fn) - (a->fn < b->fn);
}

/* Is the recorded group in @v, of @n members, a computed one? */
static bool is_alike(const struct grouping *g, const struct numbered *v, uint32_t n)
{
	int k = g->fns[v[0].fn].group;

	for (uint32_t i = 1; i < n; i++)
		if (g->fns[v[i].fn].group != k)
			return false;
	return k != GROUP_NONE && g->size[k] == n;
}

/* The recorded groups take the place of the computed ones in ret->g. */
static void take_recorded(const struct machine *m, struct arena *a,
			  struct machine_groups *ret)
{
	struct grouping *g = &ret->g;
	struct numbered *v = arena_alloc(a, (m->fns.n + 1) * sizeof(*v));
	int *ids = arena_alloc(a, (m->fns.n + 1) * sizeof(*ids));
	bool *alike = arena_alloc(a, m->fns.n + 1);
	uint32_t *members = arena_alloc(a, (m->fns.n + 1) * sizeof(*members));
	uint32_t *first = arena_alloc(a, (m->fns.n + 1) * sizeof(*first));
	uint32_t *size = arena_alloc(a, (m->fns.n + 1) * sizeof(*size));
	uint32_t n = 0;
	int k = 0;

	for (uint32_t i = 0; i < m->fns.n; i++) {
		if (m->fns.v[i].group != GROUP_NONE)
			v[n++] = (struct numbered){ m->fns.v[i].group, i };
		else
			alike[i] = g->fns[i].group == GROUP_NONE;
	}
	qsort(v, n, sizeof(*v), by_number);
	for (uint32_t i = 0; i < n; i += size[k++]) {
		bool same;

		while (i + size[k] < n && v[i + size[k]].id == v[i].id)
			size[k]++;
		ids[k] = v[i].id;
		first[k] = i;
		same = is_alike(g, &v[i], size[k]);
		for (uint32_t j = i; j < i + size[k]; j++) {
			alike[v[j].fn] = same;
			members[j] = v[j].fn;
		}
	}
	for (uint32_t i = 0; i < m->fns.n; i++)
		g->fns[i].group = GROUP_NONE;
	for (int j = 0; j < k; j++)
		for (uint32_t i = 0; i < size[j]; i++)
			g->fns[members[first[j] + i]].group = j;
	g->n_groups = k;
	g->first = first;
	g->size = size;
	g->members = members;
	/* Their numbers were computed ones. */
	g->others.n = 0;
	ret->ids = ids;
	ret->alike = alike;
}

void machine_groups_get(const struct machine *m, struct arena *a,
			struct machine_groups *ret)
{
	int *ids;
	bool *alike;

	*ret = (struct machine_groups){ .from = machine_groups_from(m) };
	if (ret->from == GROUPS_RECORDED) {
		machine_groups_compute(m, NULL, a, &ret->g);
		grouping_compare(&ret->g, &ret->match);
		take_recorded(m, a, ret);
		return;
	}
	machine_groups_next(m, a, &ret->g);
	ids = arena_alloc(a, ((size_t)ret->g.n_groups + 1) * sizeof(*ids));
	alike = arena_alloc(a, m->fns.n + 1);
	for (int k = 0; k < ret->g.n_groups; k++)
		ids[k] = k;
	memset(alike, true, m->fns.n);
	ret->ids = ids;
	ret->alike = alike;
}
