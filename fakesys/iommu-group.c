/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which groups a boot makes: those recorded, as long as nothing that decides them has
 * changed; else those that the kernel would form.
 */
#include "core/grouping.h"
#include "fakesys/iommu-model.h"

/* A hostile fixture's number does not make a table of gigabytes. */
#define GROUP_ID_MAX 1000000
#define MSI_WINDOW "0x00000000fee00000 0x00000000feefffff msi\n"

/* What a group's reserved_regions hold where nobody recorded any. */
static const struct {
	const char *kind, *text;
} reserved_by_kind[] = {
	{ "intel", MSI_WINDOW },
	{ "amd", MSI_WINDOW "0x000000fd00000000 0x000000ffffffffff reserved\n" },
	{ "virtio", "0x0000000008000000 0x00000000080fffff msi\n" },
};

static const char *type_of(const struct iommu_group *g)
{
	return g->type;
}

static const char *reserved_of(const struct iommu_group *g)
{
	return g->reserved;
}

static const char *default_reserved(const struct sim *s)
{
	const char *usual = groups_usual(s->m, reserved_of);

	if (usual)
		return usual;
	for (size_t i = 0; s->units.n && i < ARRAY_SIZE(reserved_by_kind); i++)
		if (streq(reserved_by_kind[i].kind, s->units.v[0].kind))
			return reserved_by_kind[i].text;
	return "";
}

static int cmp_int(const void *x, const void *y)
{
	int a = *(const int *)x, b = *(const int *)y;

	return (a > b) - (a < b);
}

/* Every number that the machine names, once, in order. */
static void find_recorded(struct sim *s)
{
	const struct machine *m = s->m;
	int *ids = arena_alloc(s->arena, (m->groups.n + m->fns.n + 1) * sizeof(*ids));
	size_t n = 0;

	vec_foreach(g, &m->groups)
		ids[n++] = g->id;
	vec_foreach(fn, &m->fns)
		if (fn->group >= 0)
			ids[n++] = fn->group;
	if (n)
		qsort(ids, n, sizeof(*ids), cmp_int);
	s->recorded_groups = ids;
	for (size_t i = 0; i < n; i++)
		if (ids[i] >= 0 && ids[i] <= GROUP_ID_MAX &&
		    (!s->n_recorded_groups || ids[s->n_recorded_groups - 1] != ids[i]))
			ids[s->n_recorded_groups++] = ids[i];
}

void groups_build(struct sim *s)
{
	size_t most;

	find_recorded(s);
	s->usual_type = groups_usual(s->m, type_of);
	s->members = arena_alloc(s->arena, (s->m->fns.n + 1) * sizeof(*s->members));
	/* At most one for each function, beside those of which nobody knows members. */
	most = s->n_recorded_groups + s->m->fns.n;
	for (size_t i = 0; i < most; i++)
		*vec_push(s->arena, &s->groups) =
			(struct sim_group){ .id = GROUP_NONE, .recorded_id = GROUP_NONE };
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->places[fn].group = SIM_NONE;
}

/* The place in s->groups of recorded number @id, SIM_NONE without. */
static uint32_t recorded_place(const struct sim *s, int id)
{
	const int *at = s->n_recorded_groups
				? bsearch(&id, s->recorded_groups, s->n_recorded_groups,
					  sizeof(id), cmp_int)
				: NULL;

	return at ? (uint32_t)(at - s->recorded_groups) : SIM_NONE;
}

static struct grouping_want want_of(const struct sim *s, bool forecast)
{
	struct grouping_want want =
		grouping_want_of(&s->profile->grouping, s->release, &s->m->klog);

	want.cmdline = s->cmdline;
	want.forecast = forecast;
	return want;
}

static void compute(const struct sim *s, struct arena *a, bool forecast,
		    struct grouping *ret)
{
	struct grouping_want want = want_of(s, forecast);

	grouping_compute(s->m, &want, a, ret);
}

/*
 * The recorded group of @fn. A virtual function that nobody recorded has that of its
 * physical one where the port above is in it, too: that port does not isolate.
 */
static int like_recorded(const struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	uint32_t up = s->places[fn].parent, pf;

	if (!(s->places[fn].traits & FN_UNRECORDED) || up == SIM_NONE)
		return f->group;
	pf = sim_find_fn(s, f->physfn);
	return s->m->fns.v[up].group == s->m->fns.v[pf].group ? s->m->fns.v[pf].group
							      : f->group;
}

/* Those the machine had, by number; what was not there then is computed. */
static void take_recorded(struct sim *s)
{
	AUTOARENA struct arena *scratch = arena_new();
	uint32_t next = (uint32_t)s->n_recorded_groups;
	struct grouping g = { .m = NULL };
	uint32_t *made = NULL; /* by computed group: the new place of one */

	for (size_t i = 0; i < s->n_recorded_groups; i++)
		s->groups.v[i].recorded_id = s->recorded_groups[i];
	vec_foreach(r, &s->m->groups) {
		uint32_t at = recorded_place(s, r->id);

		if (at == SIM_NONE)
			continue;
		s->groups.v[at].recorded_type = r->type;
		s->groups.v[at].reserved = r->reserved;
	}
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		const struct pci_fn *f = &s->m->fns.v[fn];
		int k = like_recorded(s, fn);

		s->places[fn].group = recorded_place(s, k);
		if (k != GROUP_NONE || !(s->places[fn].traits & FN_UNRECORDED) ||
		    s->m->fns.v[sim_find_fn(s, f->physfn)].group == GROUP_NONE)
			continue;
		if (!g.m) {
			compute(s, scratch, false, &g);
			made = arena_alloc(scratch,
					   ((size_t)g.n_groups + 1) * sizeof(*made));
			memset(made, 0xff, ((size_t)g.n_groups + 1) * sizeof(*made));
		}
		k = g.fns[fn].group;
		for (uint32_t i = 0; k != GROUP_NONE && i < g.size[k]; i++) {
			int other = s->m->fns.v[g.members[g.first[k] + i]].group;

			if (other != GROUP_NONE)
				made[k] = recorded_place(s, other);
		}
		if (k != GROUP_NONE && made[k] == SIM_NONE)
			made[k] = next++;
		s->places[fn].group = k == GROUP_NONE ? SIM_NONE : made[k];
	}
}

/* What the kernel forms; virtual functions get theirs when they come. */
static void take_computed(struct sim *s, bool forecast)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct grouping g;
	uint32_t at = 0;

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->places[fn].group = SIM_NONE;
	if (!s->units.n) /* no table, or one that its driver refuses */
		return;
	compute(s, scratch, forecast, &g);
	for (int k = 0; k < g.n_groups; k++) {
		bool there = false;

		for (uint32_t i = 0; i < g.size[k]; i++) {
			uint32_t fn = g.members[g.first[k] + i];

			s->places[fn].group = at;
			there |= !(s->places[fn].traits & FN_UNRECORDED);
		}
		if (there)
			s->groups.v[at].recorded_id = k;
		at += g.size[k] > 0;
	}
	/* Of other members only the number counts; a log can name any number of them. */
	for (size_t i = 0; i < g.others.n && at < s->groups.n; i++)
		s->groups.v[at++].recorded_id = g.others.v[i].group;
	/* pci.c:pci_enable_acs, with the groups it makes */
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->places[fn].acs_at = acs_control(&g.acs, fn, &s->places[fn].acs);
}

/* By what places say: functions of a group stand together in sim.members. */
static void list_members(struct sim *s)
{
	uint32_t at = 0;

	vec_foreach(g, &s->groups)
		g->n = 0;
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		if (s->places[fn].group != SIM_NONE)
			s->groups.v[s->places[fn].group].n++;
	vec_foreach(g, &s->groups) {
		g->first = at;
		at += g->n;
		g->n = 0;
	}
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		struct sim_group *g;

		if (s->places[fn].group == SIM_NONE)
			continue;
		g = &s->groups.v[s->places[fn].group];
		s->members[g->first + g->n++] = fn;
	}
}

/* Does the command line say of ACS what it said in the recorded boot? */
static bool same_acs(const struct sim *s)
{
	AUTOARENA struct arena *scratch = arena_new();

	return streq(acs_words(scratch, s->m->cmdline),
		     acs_words(scratch, s->cmdline ? s->cmdline : ""));
}

void groups_form(struct sim *s)
{
	const char *reserved;

	vec_foreach(g, &s->groups) {
		g->recorded_id = GROUP_NONE;
		g->recorded_type = g->reserved = NULL;
		g->n = 0;
	}
	if (s->n_recorded_groups && same_acs(s))
		take_recorded(s);
	else
		take_computed(s, s->n_recorded_groups > 0);
	list_members(s);
	reserved = default_reserved(s);
	vec_foreach(g, &s->groups)
		if (!g->reserved)
			g->reserved = reserved;
	s->joining = NULL;
}

/* --- functions that come later --- */

/* A group without members, not even such as are gone; else one that nobody is in now. */
static uint32_t free_place(const struct sim *s)
{
	uint32_t found = SIM_NONE;

	for (uint32_t i = 0; i < s->groups.n; i++) {
		const struct sim_group *g = &s->groups.v[i];

		if (iommu_group_present(s, g))
			continue;
		if (!g->n)
			return i;
		found = i;
	}
	return found;
}

/* The groups of all that may be translated, to ask which one somebody joins. */
static struct grouping *joining(struct sim *s)
{
	struct grouping_want want;

	if (s->joining)
		return s->joining;
	want = want_of(s, s->n_recorded_groups && !same_acs(s));
	want.virtio_lazy = false; /* also those that nobody has wanted yet */
	s->joining = arena_alloc(s->run, sizeof(*s->joining));
	grouping_compute(s->m, &want, s->run, s->joining);
	s->joining_at_boot = arena_alloc(s->run, (s->m->fns.n + 1) * sizeof(int));
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->joining_at_boot[fn] = s->joining->fns[fn].group;
	return s->joining;
}

/*
 * Was @fn's group recorded as it would not have been computed, since registers are
 * missing or assumed? Then the computation does not tell which one it joins, either.
 */
static bool recorded_otherwise(const struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = s->m->fns.v;

	if (!s->n_recorded_groups || f[fn].group == GROUP_NONE || !same_acs(s))
		return false;
	for (uint32_t i = 0; i < s->m->fns.n; i++)
		if (!f[i].is_vf && f[i].group != GROUP_NONE &&
		    (f[i].group == f[fn].group) !=
			    (s->joining_at_boot[i] == s->joining_at_boot[fn]))
			return true;
	return false;
}

/* F23: a group is for those that a driver wants. */
static bool is_lazy(const struct sim *s)
{
	return s->profile->grouping.virtio_lazy && s->units.n &&
	       streq(s->units.v[0].kind, "virtio");
}

/* The group it joins, or where its own one shall be. */
static uint32_t place_for(struct sim *s, uint32_t fn)
{
	uint32_t old = s->places[fn].group, with;
	struct grouping *g = joining(s);

	if (old != SIM_NONE && recorded_otherwise(s, fn))
		return old;
	for (uint32_t i = 0; i < s->m->fns.n; i++)
		g->fns[i].group =
			s->fns[i].gone || i == fn || s->places[i].group == SIM_NONE
				? GROUP_NONE
				: (int)s->places[i].group;
	with = grouping_joins(g, fn, !is_lazy(s));
	if (with != FN_NONE)
		return s->places[with].group;
	for (uint32_t i = 0; old != SIM_NONE && i < s->groups.v[old].n; i++) {
		uint32_t other = s->members[s->groups.v[old].first + i];

		if (other != fn && !s->fns[other].gone)
			return free_place(s);
	}
	return old == SIM_NONE ? free_place(s) : old;
}

/* Into the group at @at, which may have to be made; SIM_NONE: into none. */
static void put(struct sim *s, uint32_t fn, uint32_t at)
{
	uint32_t old = s->places[fn].group;

	s->fns[fn].gone = true; /* is anybody else in it? */
	if (at != old) {
		s->places[fn].group = at;
		list_members(s);
		if (old != SIM_NONE && !s->groups.v[old].n)
			s->groups.v[old].recorded_id = GROUP_NONE;
	}
	if (at != SIM_NONE && !iommu_group_present(s, &s->groups.v[at]))
		iommu_group_made(s, &s->groups.v[at]);
	s->fns[fn].gone = false;
	(void)sim_changed(s);
}

void iommu_fn_comes(struct sim *s, uint32_t fn)
{
	uint32_t old = s->places[fn].group;

	if (!s->iommu_on || old == SIM_NONE)
		return;
	put(s, fn,
	    is_lazy(s)              ? SIM_NONE
	    : s->m->fns.v[fn].is_vf ? old
				    : place_for(s, fn));
}

/*
 * viot.c:viot_pci_iommu_init gives the unit every address that requests may come from. It
 * knows none of a bridge to conventional PCI, and then takes none at all.
 */
static bool has_aliases(struct sim *s, uint32_t fn)
{
	uint32_t visited[DMA_ALIAS_MAX];
	uint32_t n = dma_aliases_visit(&joining(s)->aliases, fn, visited);

	return n != 1 || visited[0] != fn;
}

bool iommu_fn_wanted(struct sim *s, uint32_t fn)
{
	if (!s->iommu_on || s->places[fn].group != SIM_NONE || !is_lazy(s) ||
	    joining(s)->fns[fn].unit == ACPI_UNIT_NONE || has_aliases(s, fn))
		return false;
	put(s, fn, place_for(s, fn));
	return true;
}
