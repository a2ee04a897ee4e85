/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables mean on a machine. Its functions are sorted by address, so what a
 * scope, device entry or range names is one row of them, from an index to another. Rows
 * are painted in order of precedence, and what has a colour keeps it: a function is
 * touched once, however often a hostile table names it.
 */
#include <pci/header.h>

#include "core/acpi-part.h"

void acpi_unit_order(const struct acpi_iommu *t, uint32_t *ret)
{
	bool dmar = streq(t->table, "DMAR");
	size_t n = 0;

	for (size_t i = t->units.n; dmar && i-- > 0;)
		if (!t->units.v[i].include_all)
			ret[n++] = (uint32_t)i;
	for (size_t i = 0; i < t->units.n; i++)
		if (!dmar || t->units.v[i].include_all)
			ret[n++] = (uint32_t)i;
}

struct row {
	uint32_t from, to; /* to: behind the last */
};

static uint32_t fn_devid(const struct pci_fn *fn)
{
	return (uint32_t)fn->bdf.bus << 8 | fn->bdf.dev << 3 | fn->bdf.fn;
}

/* The first function at or behind this address; @devid may be 0x10000. */
static uint32_t lower_bound(const struct machine *m, uint32_t domain, uint32_t devid)
{
	size_t lo = 0, hi = m->fns.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct pci_fn *fn = &m->fns.v[mid];

		if (fn->bdf.domain < domain ||
		    (fn->bdf.domain == domain && fn_devid(fn) < devid))
			lo = mid + 1;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

static struct row row_of(const struct machine *m, uint32_t domain, uint32_t first,
			 uint32_t last)
{
	struct row row = { lower_bound(m, domain, first), 0 };

	row.to = last < first ? row.from : lower_bound(m, domain, last + 1);
	return row;
}

static struct row row_of_fn(const struct machine *m, const struct pci_fn *fn)
{
	uint32_t at = (uint32_t)(fn - m->fns.v);

	return (struct row){ at, at + 1 };
}

static struct row row_of_segment(const struct machine *m, uint32_t segment)
{
	return row_of(m, segment, 0, 0xffff);
}

/* drivers/iommu/intel/iommu.c:is_downstream_to_pci_bridge goes by bus numbers. */
static struct row row_below(const struct machine *m, const struct pci_fn *bridge)
{
	uint32_t first = cfg_u8(bridge->config, PCI_SECONDARY_BUS);
	uint32_t last = cfg_u8(bridge->config, PCI_SUBORDINATE_BUS);

	/* One that firmware left without buses has none below. */
	if (first <= bridge->bdf.bus)
		return (struct row){ 0, 0 };
	return row_of(m, bridge->bdf.domain, first << 8, last << 8 | 0xff);
}

/* drivers/iommu/intel/dmar.c:dmar_insert_dev_scope: other bridges (NTB) pass as such. */
static bool scope_fits(const struct acpi_scope *s, const struct pci_fn *fn)
{
	bool bridge = cfg_is_bridge(fn->config);

	if (s->type == ACPI_SCOPE_ENDPOINT)
		return !bridge;
	return s->type == ACPI_SCOPE_BRIDGE &&
	       (bridge || fn->id.class >> 16 == PCI_BASE_CLASS_BRIDGE);
}

const struct pci_fn *acpi_scope_fn(const struct machine *m, uint16_t segment,
				   const struct acpi_scope *s)
{
	const struct pci_fn *fn = NULL;
	struct bdf b = { .domain = segment, .bus = s->bus };

	for (unsigned i = 0; i < s->n_hops; i++) {
		if (fn && !cfg_is_bridge(fn->config))
			return NULL;
		if (fn)
			b.bus = cfg_u8(fn->config, PCI_SECONDARY_BUS);
		if (s->hops[i][0] > 0x1f || s->hops[i][1] > 7)
			return NULL;
		b.dev = s->hops[i][0];
		b.fn = s->hops[i][1];
		fn = machine_fn(m, b);
		if (!fn || fn->is_vf)
			return NULL;
	}
	return fn && scope_fits(s, fn) ? fn : NULL;
}

/* The rows that a scope names: the function, and what is below it if it is a bridge. */
static unsigned scope_rows(const struct machine *m, uint16_t segment,
			   const struct acpi_scope *s, struct row ret[2])
{
	const struct pci_fn *fn = acpi_scope_fn(m, segment, s);

	if (!fn)
		return 0;
	ret[0] = row_of_fn(m, fn);
	if (!cfg_is_bridge(fn->config))
		return 1;
	ret[1] = row_below(m, fn);
	return 2;
}

static bool scopes_name(const struct machine *m, uint16_t segment,
			const acpi_scopes *scopes, const struct pci_fn *fn)
{
	uint32_t at = (uint32_t)(fn - m->fns.v);
	struct row rows[2];

	vec_foreach(s, scopes)
		for (unsigned n = scope_rows(m, segment, s, rows); n-- > 0;)
			if (rows[n].from <= at && at < rows[n].to)
				return true;
	return false;
}

struct painter {
	const struct machine *m;
	uint32_t *next;   /* of each function: it or one behind that may lack a colour */
	uint32_t *colour; /* ACPI_UNIT_NONE: none yet */
};

static struct painter painter_new(const struct machine *m, struct arena *a,
				  uint32_t *colour)
{
	struct painter p = { m, arena_alloc(a, (m->fns.n + 1) * sizeof(*p.next)),
			     colour };

	for (size_t i = 0; i <= m->fns.n; i++)
		p.next[i] = (uint32_t)i;
	for (size_t i = 0; i < m->fns.n; i++)
		colour[i] = ACPI_UNIT_NONE;
	return p;
}

static uint32_t unpainted(struct painter *p, uint32_t at)
{
	while (p->next[at] != at) {
		p->next[at] = p->next[p->next[at]];
		at = p->next[at];
	}
	return at;
}

static void paint(struct painter *p, struct row row, uint32_t colour)
{
	for (uint32_t at = row.from; at < row.to && (at = unpainted(p, at)) < row.to;
	     at++) {
		p->colour[at] = colour;
		p->next[at] = at + 1;
	}
}

static void paint_scopes(struct painter *p, uint16_t segment, const acpi_scopes *scopes,
			 uint32_t colour)
{
	struct row rows[2];

	vec_foreach(s, scopes)
		for (unsigned n = scope_rows(p->m, segment, s, rows); n-- > 0;)
			paint(p, rows[n], colour);
}

/* vmd.c: a VMD's children have a domain of their own and its requester id. */
static uint32_t vmd_unit(const struct machine *m, const uint32_t *units)
{
	uint32_t unit = ACPI_UNIT_NONE;
	unsigned n = 0;

	for (size_t i = 0; i < m->fns.n; i++)
		if (m->fns.v[i].driver && streq(m->fns.v[i].driver, "vmd")) {
			unit = units[i];
			n++;
		}
	return n == 1 ? unit : ACPI_UNIT_NONE;
}

/*
 * drivers/iommu/intel/iommu.c:device_lookup_iommu: the first unit that has the function
 * or a bridge above it. The scopes of a unit for all never name anything.
 */
static void assign_dmar(struct painter *p, const struct acpi_iommu *t, struct arena *a)
{
	uint32_t *order = arena_alloc(a, (t->units.n + 1) * sizeof(*order));
	const struct machine *m = p->m;
	uint32_t vmd;

	acpi_unit_order(t, order);
	for (size_t i = 0; i < t->units.n; i++) {
		const struct acpi_unit *u = &t->units.v[order[i]];

		if (u->include_all)
			paint(p, row_of_segment(m, u->segment), order[i]);
		else
			paint_scopes(p, u->segment, &u->scopes, order[i]);
	}
	vmd = vmd_unit(m, p->colour);
	for (size_t i = 0; i < m->fns.n; i++) {
		const struct pci_fn *fn = &m->fns.v[i], *pf;

		if (fn->bdf.domain > UINT16_MAX)
			p->colour[i] = vmd;
		else if (fn->is_vf && (pf = machine_fn(m, fn->physfn)))
			p->colour[i] = p->colour[pf - m->fns.v];
	}
}

/* drivers/iommu/amd/init.c:init_iommu_from_acpi: a later entry replaces an earlier. */
static void assign_ivrs(struct painter *p, const struct acpi_iommu *t)
{
	/* init_iommu_one_late, after all entries: nothing translates itself. */
	vec_foreach(u, &t->units)
		paint(p, row_of(p->m, u->segment, u->devid, u->devid), ACPI_UNIT_NONE);
	for (size_t i = t->units.n; i-- > 0;) {
		const struct acpi_unit *u = &t->units.v[i];

		for (size_t k = u->entries.n; k-- > 0;) {
			const struct acpi_entry *e = &u->entries.v[k];

			paint(p, row_of(p->m, u->segment, e->first, e->last),
			      (uint32_t)i);
			if (e->aliased)
				paint(p, row_of(p->m, u->segment, e->alias, e->alias),
				      (uint32_t)i);
		}
	}
}

/* viot.c:viot_pci_dev_iommu_init: the last range is at the head of the list. */
static void assign_viot(struct painter *p, const struct acpi_iommu *t)
{
	const struct machine *m = p->m;

	vec_foreach(u, &t->units)
		if (u->is_fn)
			paint(p, row_of(m, u->segment, u->devid, u->devid),
			      ACPI_UNIT_NONE);
	for (size_t i = t->ranges.n; i-- > 0;) {
		const struct acpi_range *range = &t->ranges.v[i];
		uint32_t at = lower_bound(m, range->first_segment, 0);

		while (at < m->fns.n && m->fns.v[at].bdf.domain <= range->last_segment) {
			uint32_t segment = m->fns.v[at].bdf.domain;

			paint(p, row_of(m, segment, range->first, range->last),
			      range->unit);
			at = row_of_segment(m, segment).to;
		}
	}
}

void acpi_assign_units(const struct machine *m, const struct acpi_iommu *t,
		       struct arena *a, uint32_t *ret)
{
	struct painter p = painter_new(m, a, ret);

	if (t->refused)
		return;
	if (streq(t->table, "DMAR"))
		assign_dmar(&p, t, a);
	else if (streq(t->table, "IVRS"))
		assign_ivrs(&p, t);
	else
		assign_viot(&p, t);
}

void acpi_assign_aliases(const struct machine *m, const struct acpi_iommu *t,
			 struct arena *a, uint16_t *ret)
{
	uint32_t *alias = arena_alloc(a, (m->fns.n + 1) * sizeof(*alias));
	struct painter p = painter_new(m, a, alias);

	for (size_t i = t->units.n; i-- > 0;) {
		const struct acpi_unit *u = &t->units.v[i];

		for (size_t k = u->entries.n; k-- > 0;) {
			const struct acpi_entry *e = &u->entries.v[k];

			if (e->aliased)
				paint(&p, row_of(m, u->segment, e->first, e->last),
				      e->alias);
		}
	}
	for (size_t i = 0; i < m->fns.n; i++)
		ret[i] = (uint16_t)(alias[i] == ACPI_UNIT_NONE ? fn_devid(&m->fns.v[i])
							       : alias[i]);
}

/* drivers/iommu/intel/iommu.c:device_rmrr_is_relaxable */
static bool is_relaxable(const struct pci_fn *fn)
{
	return fn_is_display(fn) || fn_class(fn) == PCI_CLASS_SERIAL_USB;
}

/* drivers/iommu/amd/init.c:init_memory_definitions */
static bool is_ivmd(const struct acpi_iommu *t, const struct acpi_reserved *v)
{
	return streq(t->table, "IVRS") && (v->unity || v->exclusion);
}

void acpi_assign_reserved(const struct machine *m, const struct acpi_iommu *t,
			  struct arena *a, const struct acpi_reserved **ret)
{
	uint32_t *which = arena_alloc(a, (m->fns.n + 1) * sizeof(*which));
	struct painter p = painter_new(m, a, which);
	bool dmar = streq(t->table, "DMAR");

	for (size_t i = 0; i < t->reserved.n; i++) {
		const struct acpi_reserved *v = &t->reserved.v[i];

		if (dmar)
			paint_scopes(&p, v->segment, &v->scopes, (uint32_t)i);
		else if (is_ivmd(t, v))
			paint(&p, row_of(m, v->segment, v->first, v->last), (uint32_t)i);
	}
	for (size_t i = 0; i < m->fns.n; i++)
		ret[i] =
			which[i] == ACPI_UNIT_NONE || (dmar && is_relaxable(&m->fns.v[i]))
				? NULL
				: &t->reserved.v[which[i]];
}

const struct acpi_reserved *acpi_reserved_for(const struct machine *m,
					      const struct acpi_iommu *t,
					      const struct pci_fn *fn)
{
	bool dmar = streq(t->table, "DMAR");
	uint32_t devid = fn_devid(fn);

	vec_foreach(v, &t->reserved)
		if (dmar ? !is_relaxable(fn) && scopes_name(m, v->segment, &v->scopes, fn)
			 : is_ivmd(t, v) && fn->bdf.domain == v->segment &&
				    v->first <= devid && devid <= v->last)
			return v;
	return NULL;
}

bool acpi_scoped_names(const struct machine *m, const struct acpi_scoped *s,
		       const struct pci_fn *fn)
{
	return scopes_name(m, s->segment, &s->scopes, fn);
}
