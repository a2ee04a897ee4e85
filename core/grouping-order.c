/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is translated, and in which order they come for their groups. */
#include "core/grouping-part.h"

void grouping_read_table(struct grouping *g)
{
	static const char *const names[] = { "DMAR", "IVRS", "VIOT" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct acpi_table *t = machine_acpi(g->m, names[i]);

		if (t &&
		    acpi_parse_iommu(g->arena, t->name, t->data, &g->table, NULL) >= 0)
			return;
	}
}

#define GUESSED_UNITS 2

static bool is_table_unknown(const struct machine *m)
{
	static const char *const tables[] = { "acpi/DMAR", "acpi/IVRS", "acpi/VIOT" };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (machine_unknown(m, "%s", tables[i]))
			return true;
	return false;
}

/*
 * Without a table: Intel's processors have an IOMMU of its own for their graphics,
 * listed first, and one for all else. AMD's are functions of the device that the host
 * bridge belongs to; nearly no table seen so far names that device.
 */
static void guess_units(struct grouping *g, uint32_t *units)
{
	bool intel = g->topology.n && g->m->fns.v[0].id.vendor == 0x8086;
	const struct pci_fn *amd = NULL;

	for (uint32_t i = 0; i < g->topology.n && !amd; i++)
		if (fn_class(&g->m->fns.v[i]) == CLASS_IOMMU)
			amd = &g->m->fns.v[i];
	for (uint32_t i = 0; i < g->topology.n; i++) {
		const struct pci_fn *f = &g->m->fns.v[i];
		bool graphics = f->bdf.bus == 0 && fn_is_display(f);

		units[i] = amd && bdf_same_slot(amd->bdf, f->bdf) ? ACPI_UNIT_NONE
			   : intel && !graphics                   ? 1
								  : 0;
	}
	*vec_push(g->arena, &g->assumptions) =
		is_table_unknown(g->m)
			? "Which functions an IOMMU translates was not recorded (no "
			  "table "
			  "DMAR, IVRS or VIOT): all are taken to be, but for the host "
			  "bridge beside an IOMMU of AMD."
			: "The firmware describes no IOMMU (it is switched off in its "
			  "setup, or there is none): these groups are those of a "
			  "firmware "
			  "that does.";
}

/*
 * When each unit registers. The drivers of Intel, AMD and virtio leave alone what belongs
 * to a unit that is still to come (amd_iommu_probe_device: "Not registered yet?").
 */
static uint32_t *rank_units(const struct grouping *g, struct arena *a)
{
	size_t n = g->table.table ? g->table.units.n : GUESSED_UNITS;
	uint32_t *order = arena_alloc(a, (n + 1) * sizeof(*order));
	uint32_t *rank = arena_alloc(a, (n + 1) * sizeof(*rank));

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	if (g->table.table)
		acpi_unit_order(&g->table, order);
	for (uint32_t i = 0; i < n; i++)
		rank[order[i]] = i;
	return rank;
}

static const char *added(const char *line)
{
	return strstr(line, ": Adding to iommu group ");
}

/* What stands before the blank before @end: "0000:01:00.0", "INT33C4:00". */
static const char *added_name(const char *line, const char *end)
{
	while (end > line && end[-1] != ' ')
		end--;
	return end;
}

/*
 * By function: which one it was that a driver's probe put into a group, as the log tells;
 * FN_NONE: none did. Where groups come without a driver the log says "pci".
 */
static uint32_t *find_probed(const struct grouping *g, struct arena *a)
{
	uint32_t *ret = arena_alloc(a, (g->topology.n + 1) * sizeof(*ret)), n = 0;

	for (uint32_t i = 0; i < g->topology.n; i++)
		ret[i] = FN_NONE;
	vec_foreach(line, &g->m->klog) {
		const char *end = added(*line), *name;
		struct bdf bdf;
		uint32_t fn;

		if (!end || after_prefix(*line, "pci "))
			continue;
		name = added_name(*line, end);
		if (bdf_parse(name, &bdf) != end - name)
			continue;
		fn = topology_find(&g->topology, bdf);
		if (fn != FN_NONE && ret[fn] == FN_NONE)
			ret[fn] = n++;
	}
	return ret;
}

static void find_units(struct grouping *g, const uint32_t *probed)
{
	uint32_t *units = arena_alloc(g->arena, (g->topology.n + 1) * sizeof(*units));

	if (g->table.table)
		acpi_assign_units(g->m, &g->table, g->arena, units);
	else
		guess_units(g, units);
	for (uint32_t i = 0; i < g->topology.n; i++) {
		bool idle = probed && probed[i] == FN_NONE && !g->m->fns.v[i].driver;

		/* What VMD hides comes to the IOMMU as VMD's own. */
		g->fns[i].unit = idle ? ACPI_UNIT_NONE : units[g->aliases.real[i]];
	}
}

static int cmp_arrival(const void *x, const void *y)
{
	const struct arrival *a = x, *b = y;

	if (a->rank != b->rank)
		return (a->rank > b->rank) - (a->rank < b->rank);
	if (a->pci != b->pci)
		return a->pci ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

/*
 * iommu.c:generic_device_group, amd/iommu.c:acpihid_device_group: platform devices that
 * the table names, before any PCI function, or that drivers made later of PCI functions.
 * Whether there are any only the log tells.
 */
static void add_others(struct grouping *g, const uint32_t *rank, struct arena *a,
		       arrivals *to)
{
	bool ivrs = g->table.table && streq(g->table.table, "IVRS");
	const struct acpi_device *last = NULL;
	bool late = false;
	uint32_t n = 0;

	vec_foreach(line, &g->m->klog) {
		const char *end = added(*line), *name;
		const struct acpi_device *dev = NULL;
		struct bdf bdf;

		if (!end)
			continue;
		name = added_name(*line, end);
		if (bdf_parse(name, &bdf) == end - name) {
			late = true;
			continue;
		}
		if (!late && g->table.devices.n)
			dev = &g->table.devices.v[n < g->table.devices.n
							  ? n
							  : g->table.devices.n - 1];
		if (!dev || dev->unit != ACPI_UNIT_NONE)
			*vec_push(a, to) = (struct arrival){
				.rank = late ? UINT32_MAX : rank[dev ? dev->unit : 0],
				.place = n,
				.other = arena_strndup(g->arena, name,
						       (size_t)(end - name)),
				.shares = ivrs && last && dev &&
					  last->unit == dev->unit &&
					  last->source == dev->source,
			};
		last = dev;
		n++;
	}
}

/* Those that a driver has probed come in that order, all others in the bus's: @place. */
static uint32_t place_of(const struct grouping *g, const uint32_t *probed, uint32_t fn,
			 uint32_t place)
{
	if (!probed)
		return place;
	return probed[fn] != FN_NONE ? probed[fn] : g->topology.n + place;
}

void grouping_arrive(struct grouping *g, const struct grouping_want *want,
		     struct arena *a, arrivals *ret)
{
	bool lazy = want->virtio_lazy && g->table.table && streq(g->table.table, "VIOT");
	const uint32_t *probed = lazy ? find_probed(g, a) : NULL;
	const uint32_t *rank = rank_units(g, a);

	find_units(g, probed);
	add_others(g, rank, a, ret);
	for (uint32_t i = 0; i < g->topology.n; i++) {
		uint32_t fn = g->topology.order[i];

		if (g->fns[fn].unit != ACPI_UNIT_NONE)
			*vec_push(a, ret) = (struct arrival){
				.rank = g->m->fns.v[fn].is_vf ? UINT32_MAX
							      : rank[g->fns[fn].unit],
				.pci = true,
				.place = place_of(g, probed, fn, i),
				.fn = fn,
			};
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_arrival);
}
