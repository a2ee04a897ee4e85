/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/acpi.h"
#include "fakesys/attr.h"
#include "fakesys/blocked.h"
#include "fakesys/iommu-model.h"

/* Debian: CONFIG_IOMMU_DEFAULT_DMA_LAZY */
#define TYPE_DEFAULT "DMA-FQ"

const char *groups_usual(const struct machine *m,
			 const char *of(const struct iommu_group *g))
{
	const char *best = NULL;
	size_t most = 0;

	vec_foreach(g, &m->groups) {
		const char *text = of(g);
		size_t n = 0;

		if (!text || (best && streq(text, best)))
			continue;
		vec_foreach(other, &m->groups)
			n += of(other) && streq(of(other), text);
		if (n > most) {
			best = text;
			most = n;
		}
	}
	return best;
}

/* The boot's own: where nobody says, that of most recorded groups. */
static const char *default_type(const struct sim *s)
{
	if (s->domain_type)
		return s->domain_type;
	return s->usual_type ? s->usual_type : TYPE_DEFAULT;
}

/* What a group gets when it is made. */
static const char *group_type(const struct sim *s, const struct sim_group *g)
{
	return !s->domain_type && g->recorded_type ? g->recorded_type : default_type(s);
}

uint32_t sim_find_group(const struct sim *s, int id)
{
	return id >= 0 && (size_t)id < s->group_ids.n ? s->group_ids.v[id] : SIM_NONE;
}

/* The number @id leads to the group at @at. */
static void take_id(struct sim *s, int id, uint32_t at)
{
	while (s->group_ids.n <= (size_t)id)
		*vec_push(s->arena, &s->group_ids) = SIM_NONE;
	s->group_ids.v[id] = at;
	s->groups.v[at].id = id;
}

void iommu_group_made(struct sim *s, struct sim_group *g)
{
	uint32_t at = (uint32_t)(g - s->groups.v), other;
	int id = 0;

	/* lib/idr.c:ida_alloc: what nobody has now, who had it before or not. */
	if (sim_find_group(s, g->id) == at)
		s->group_ids.v[g->id] = SIM_NONE;
	while ((other = sim_find_group(s, id)) != SIM_NONE &&
	       iommu_group_present(s, &s->groups.v[other]))
		id++;
	take_id(s, id, at);
	g->type = group_type(s, g);
	g->born = s->changes;
	g->claimed = false;
}

static void add_unit(struct sim *s, const char *name, const char *kind)
{
	*vec_push(s->arena, &s->units) =
		(struct sim_unit){ .name = name, .kind = kind, .fn = SIM_NONE };
}

/* The firmware's tables, and the units that a kernel makes of them; a virtio unit is
 * named after its function. */
static const struct unit_table {
	const char *table, *kind, *form;
} unit_tables[] = {
	{ "DMAR", "intel", "dmar" },
	{ "IVRS", "amd", "ivhd" },
	{ "VIOT", "virtio", NULL },
};

static bool read_units(const struct sim *s, const struct unit_table *k,
		       struct acpi_iommu *ret)
{
	const struct acpi_table *t = machine_acpi(s->m, k->table);

	return t && !acpi_parse_iommu(s->arena, t->name, t->data, ret, NULL);
}

/* A machine recorded with its IOMMU off has the units its tables describe. */
static void units_from_tables(struct sim *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_tables); i++) {
		const struct unit_table *k = &unit_tables[i];
		struct acpi_iommu parsed;

		if (!k->form || !read_units(s, k, &parsed))
			continue;
		for (size_t u = 0; u < parsed.units.n; u++)
			add_unit(s, arena_printf(s->arena, "%s%zu", k->form, u), k->kind);
	}
}

/* AMD's units are functions of their own, in order; a virtio one is named after its. */
static void place_units(struct sim *s)
{
	uint32_t next = 0;

	vec_foreach(u, &s->units) {
		const char *name = u->name;

		if (streq(u->kind, "virtio"))
			u->fn = sim_named_fn(s, name, strlen(name));
		if (!streq(u->kind, "amd"))
			continue;
		while (next < s->m->fns.n && fn_class(&s->m->fns.v[next]) != CLASS_IOMMU)
			next++;
		if (next < s->m->fns.n)
			u->fn = next++;
	}
}

/* The @at-th unit of the table: dmarN and ivhdN are numbered so. */
static uint32_t find_unit(const struct sim *s, const struct unit_table *k,
			  const struct acpi_unit *u, uint32_t at)
{
	if (k->form)
		return at < s->units.n && streq(s->units.v[at].kind, k->kind) ? at
									      : SIM_NONE;
	for (uint32_t i = 0; u->is_fn && i < s->units.n; i++) {
		const struct pci_fn *fn = s->units.v[i].fn == SIM_NONE
						  ? NULL
						  : &s->m->fns.v[s->units.v[i].fn];

		if (fn && fn->bdf.domain == u->segment && fn->bdf.bus == u->devid >> 8 &&
		    (fn->bdf.dev << 3 | fn->bdf.fn) == (u->devid & 0xff))
			return i;
	}
	return SIM_NONE;
}

static void assign_units(struct sim *s)
{
	uint32_t *of = arena_alloc(s->arena, (s->m->fns.n + 1) * sizeof(*of));

	for (size_t i = 0; i < ARRAY_SIZE(unit_tables); i++) {
		const struct unit_table *k = &unit_tables[i];
		struct acpi_iommu parsed;
		uint32_t *ours;

		if (!read_units(s, k, &parsed))
			continue;
		ours = arena_alloc(s->arena, (parsed.units.n + 1) * sizeof(*ours));
		for (uint32_t u = 0; u < parsed.units.n; u++)
			ours[u] = find_unit(s, k, &parsed.units.v[u], u);
		acpi_assign_units(s->m, &parsed, s->arena, of);
		for (size_t fn = 0; fn < s->m->fns.n; fn++)
			if (of[fn] != ACPI_UNIT_NONE && ours[of[fn]] != SIM_NONE)
				s->places[fn].unit = ours[of[fn]];
	}
}

void iommu_build(struct sim *s)
{
	vec_foreach(u, &s->m->units)
		add_unit(s, u->name, u->kind);
	if (!s->units.n)
		units_from_tables(s);
	place_units(s);
	groups_build(s);
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->places[fn].unit = SIM_NONE;
	if (!s->units.n)
		return;
	assign_units(s);
	/* What was recorded in a group has a unit, though its table is not there. */
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		if (s->places[fn].unit == SIM_NONE && s->m->fns.v[fn].group != GROUP_NONE)
			s->places[fn].unit = (uint32_t)s->units.n - 1;
}

void sim_set_iommu(struct sim *s, bool on, bool interrupt_remapping, const char *type)
{
	s->iommu_on = on;
	s->interrupt_remapping = interrupt_remapping;
	s->domain_type = type ? arena_strdup(s->run, type) : NULL;
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->places[fn].acs_at = 0;
	if (on)
		groups_form(s);
	for (size_t i = 0; i < s->group_ids.n; i++)
		s->group_ids.v[i] = SIM_NONE;
	vec_foreach(g, &s->groups) {
		g->id = GROUP_NONE;
		if (g->recorded_id != GROUP_NONE)
			take_id(s, g->recorded_id, (uint32_t)(g - s->groups.v));
		g->type = group_type(s, g);
		g->claimed = false;
		g->owners = 0;
	}
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		s->fns[fn].owns_dma = false;
	(void)sim_changed(s);
	vec_foreach(g, &s->groups)
		g->born = s->changes;
}

bool iommu_group_present(const struct sim *s, const struct sim_group *g)
{
	for (uint32_t i = 0; s->iommu_on && i < g->n; i++)
		if (!s->fns[s->members[g->first + i]].gone)
			return true;
	/* Members that are no PCI functions are not simulated. */
	return s->iommu_on && !g->n && g->recorded_id != GROUP_NONE;
}

static uint32_t count_members(const struct sim *s, const struct sim_group *g,
			      uint32_t *ret_last)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t fn = s->members[g->first + i];

		if (s->fns[fn].gone)
			continue;
		*ret_last = fn;
		n++;
	}
	return n;
}

/* 6.1: one function, unbound, unless only the flushing becomes lazy. */
static int check_single(struct sim *s, const struct sim_group *g, bool to_lazy)
{
	uint32_t only = SIM_NONE;

	if (count_members(s, g, &only) != 1) {
		sim_log(s, "iommu: Cannot change default domain: Group has more than one "
			   "device");
		return -EINVAL;
	}
	if (s->fns[only].leaving) /* wants the lock of the device */
		return block_until(s, UNTIL_FREE, only, false);
	if (s->fns[only].driver && !to_lazy) {
		sim_log(s, "iommu: Device is still bound to driver");
		return -EBUSY;
	}
	if (g->claimed) {
		sim_log(s, "iommu: Group not assigned to default domain");
		return -EBUSY;
	}
	return 0;
}

int iommu_store_type(struct sim *s, struct sim_group *g, const char *buf)
{
	static const struct {
		const char *word, *type;
	} types[] = { { "identity", "identity" },
		      { "DMA", "DMA" },
		      { "DMA-FQ", "DMA-FQ" },
		      { "auto", NULL } };
	const char *type;
	uint32_t last;
	size_t i = 0;
	bool to_lazy;
	int r = 0;

	if (!s->capable)
		return -EACCES;

	while (i < ARRAY_SIZE(types) && !store_is(buf, types[i].word))
		i++;
	if (i == ARRAY_SIZE(types))
		return -EINVAL;
	type = types[i].type ? types[i].type : default_type(s);
	/* Asked for by name: "auto" does not count. */
	to_lazy = streq(g->type, "DMA") && streq(types[i].word, "DMA-FQ");
	if (!s->profile->type_multi)
		r = check_single(s, g, to_lazy);
	else if (!to_lazy && (!count_members(s, g, &last) || g->owners || g->claimed))
		r = -EPERM;
	if (r >= 0)
		g->type = type;
	return r;
}
