/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/cmdline.h"
#include "core/grouping-part.h"

/* Devices and functions of a bus that a search has been to: bit devfn. */
struct seen {
	uint64_t bits[4];
};

static bool see(struct seen *s, struct bdf b)
{
	unsigned devfn = b.dev * 8u + b.fn;
	uint64_t bit = UINT64_C(1) << devfn % 64, *word = &s->bits[devfn / 64 % 4];
	bool before = *word & bit;

	*word |= bit;
	return before;
}

static bool has_group(const struct grouping *g, uint32_t fn)
{
	return g->fns[fn].group != GROUP_NONE;
}

static uint32_t find_by_function(struct grouping *g, uint32_t p, struct seen *seen);

/*
 * Of a function that is just being added only its own header says so:
 * probe.c:pci_scan_slot sets the bit once pci_scan_single_device() has added it.
 */
static bool is_multifunction(const struct grouping *g, uint32_t p)
{
	const struct blob *config = &g->m->fns.v[p].config;

	if (g->adding && g->adding - 1 == p && config->len > PCI_HEADER_TYPE)
		return config->data[PCI_HEADER_TYPE] & 0x80;
	return topology_is_multifunction(&g->topology, p);
}

/*
 * iommu.c:get_pci_alias_group: a member of the group that @p must be in because requests
 * of its bus may be taken for one another's; FN_NONE: there is none.
 */
static uint32_t find_by_alias(struct grouping *g, uint32_t p, struct seen *seen)
{
	const struct topology *t = &g->topology;

	if (see(seen, g->m->fns.v[p].bdf))
		return FN_NONE;
	if (has_group(g, p))
		return p;
	if (!g->aliases.bus_has[t->bus_first[p]])
		return FN_NONE;
	for (uint32_t i = t->bus_first[p]; i < t->n && topology_same_bus(t, i, p); i++) {
		uint32_t found;

		if (i == p || !dma_aliases_share(&g->aliases, p, i))
			continue;
		found = find_by_alias(g, i, seen);
		if (found == FN_NONE)
			found = find_by_function(g, i, seen);
		if (found != FN_NONE)
			return found;
	}
	return FN_NONE;
}

static void note_assumed(struct grouping *g, uint32_t fn, uint32_t for_fn)
{
	g->fns[for_fn].assumed |= g->isolation[fn].assumed;
}

/* iommu.c:get_pci_function_alias_group: functions of one device that none keeps apart. */
static uint32_t find_by_function(struct grouping *g, uint32_t p, struct seen *seen)
{
	const struct topology *t = &g->topology;
	const struct pci_fn *f = &g->m->fns.v[p];
	uint32_t first = p;

	if (!is_multifunction(g, p) || g->isolation[p].on)
		return FN_NONE;
	while (first && bdf_same_slot(g->m->fns.v[first - 1].bdf, f->bdf))
		first--;
	for (uint32_t i = first; i < t->n && bdf_same_slot(g->m->fns.v[i].bdf, f->bdf);
	     i++) {
		uint32_t found = i == p || g->isolation[i].on ? FN_NONE
							      : find_by_alias(g, i, seen);

		if (found != FN_NONE)
			return found;
	}
	return FN_NONE;
}

static void join(struct grouping *g, uint32_t fn, enum grouping_join how, uint32_t with,
		 uint32_t via)
{
	struct grouping_fn *f = &g->fns[fn];

	f->join = how;
	f->with = with;
	f->via = via == fn ? FN_NONE : via;
	f->group = with == FN_NONE ? g->n_groups++ : g->fns[with].group;
}

/* iommu.c:pci_device_group */
static void give_group(struct grouping *g, uint32_t fn)
{
	uint32_t visited[DMA_ALIAS_MAX], n, p, found;
	struct seen seen = { 0 };

	n = dma_aliases_visit(&g->aliases, fn, visited);
	for (uint32_t i = 0; i < n; i++)
		if (has_group(g, visited[i])) {
			join(g, fn,
			     visited[i] == g->aliases.real[fn] ? JOIN_DMA : JOIN_BRIDGE,
			     visited[i], visited[i]);
			return;
		}
	p = visited[n - 1];
	for (uint32_t up = g->topology.up[p]; up != FN_NONE; up = g->topology.up[up]) {
		if (g->blocked[up] == FN_NONE) {
			note_assumed(g, up, fn);
			break;
		}
		note_assumed(g, g->blocked[up], fn);
		p = up;
		if (has_group(g, up)) {
			join(g, fn, JOIN_PORT, up, g->blocked[up]);
			return;
		}
	}
	if (topology_is_multifunction(&g->topology, p))
		note_assumed(g, p, fn);
	found = find_by_alias(g, p, &seen);
	if (found != FN_NONE) {
		join(g, fn, JOIN_ALIAS, found, p);
		return;
	}
	found = find_by_function(g, p, &seen);
	join(g, fn, found != FN_NONE ? JOIN_FUNCTION : JOIN_NEW, found, p);
}

uint32_t grouping_joins(struct grouping *g, uint32_t fn, bool found)
{
	struct grouping_fn was = g->fns[fn];
	int n_groups = g->n_groups;
	uint32_t with;

	g->adding = found ? fn + 1 : 0;
	g->fns[fn].group = GROUP_NONE;
	give_group(g, fn);
	with = g->fns[fn].with;
	g->fns[fn] = was;
	g->n_groups = n_groups; /* a new one is the caller's to make */
	g->adding = 0;
	return with;
}

/* What keeps apart, and the first port at or above each function that does not. */
static void find_isolation(struct grouping *g)
{
	const struct topology *t = &g->topology;

	g->isolation = arena_alloc(g->arena, (t->n + 1) * sizeof(*g->isolation));
	g->blocked = arena_alloc(g->arena, (t->n + 1) * sizeof(*g->blocked));
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t fn = t->order[i];

		g->isolation[fn] = acs_of(&g->acs, fn);
		g->blocked[fn] = !g->isolation[fn].on   ? fn
				 : t->up[fn] == FN_NONE ? FN_NONE
							: g->blocked[t->up[fn]];
	}
}

/* ---- all of them ---- */

static void give_other(struct grouping *g, const struct arrival *it)
{
	bool shares = it->shares && g->others.n;
	int group = shares ? g->others.v[g->others.n - 1].group : g->n_groups++;

	*vec_push(g->arena, &g->others) = (struct grouping_other){ it->other, group };
}

/* drivers/iommu/iommu.c:iommu_device_register: each IOMMU as it comes takes its own. */
static void walk(struct grouping *g, const struct grouping_want *want)
{
	AUTOARENA struct arena *scratch = arena_new();
	arrivals all = { 0 };

	grouping_arrive(g, want, scratch, &all);
	vec_foreach(it, &all)
		if (it->other)
			give_other(g, it);
		else
			give_group(g, it->fn);
}

static void list_members(struct grouping *g)
{
	size_t n = (size_t)g->n_groups + 1;
	uint32_t at = 0;

	g->first = arena_alloc(g->arena, n * sizeof(*g->first));
	g->size = arena_alloc(g->arena, n * sizeof(*g->size));
	g->members = arena_alloc(g->arena, (g->topology.n + 1) * sizeof(*g->members));
	for (uint32_t i = 0; i < g->topology.n; i++)
		if (g->fns[i].group != GROUP_NONE)
			g->size[g->fns[i].group]++;
	for (int k = 0; k < g->n_groups; k++) {
		g->first[k] = at;
		at += g->size[k];
		g->size[k] = 0;
	}
	for (uint32_t i = 0; i < g->topology.n; i++) {
		int k = g->fns[i].group;

		if (k != GROUP_NONE)
			g->members[g->first[k] + g->size[k]++] = i;
	}
}

struct grouping_want grouping_want_of(const struct grouping_kernel *kernel,
				      const char *release, const strings *klog)
{
	struct grouping_want want = { .kernel = kernel->acs,
				      .virtio_lazy = kernel->virtio_lazy };

	want.kernel.override = cmdline_acs_known(release, klog);
	return want;
}

static void assume(struct grouping *g, const char *sentence)
{
	*vec_push(g->arena, &g->assumptions) = sentence;
}

bool grouping_is_stray(const struct grouping *g, uint32_t fn)
{
	const struct pci_fn *f = &g->m->fns.v[fn];

	return g->topology.up[fn] == FN_NONE && f->bdf.bus && !f->is_vf &&
	       g->blind_domain && g->blind_domain - 1 == f->bdf.domain;
}

/* A bridge of which nobody recorded where it leads: that domain, and 1; 0: there is none.
 */
static uint32_t find_blind_domain(const struct machine *m)
{
	vec_foreach(f, &m->fns)
		if (fn_class(f) == PCI_CLASS_BRIDGE_PCI &&
		    f->config.len <= PCI_SECONDARY_BUS)
			return f->bdf.domain + 1;
	return 0;
}

/* Why the first of what was assumed had to be. */
static void assume_reason(struct grouping *g, uint32_t fn)
{
	char bdf[BDF_SIZE];
	const char *name = bdf_format(g->m->fns.v[fn].bdf, bdf);
	const char *why = machine_unknown(g->m, "functions/%s/config", name);

	if (why)
		assume(g, arena_printf(g->arena,
				       "The reason, for the first of them, %s: %s.", name,
				       why));
}

static void note_assumptions(struct grouping *g)
{
	static const char *const sentences[] = {
		[ACS_CONTROL] = "The ACS of some ports, or of functions of AMD, was not "
				"recorded: they are taken to have it, switched on.",
		[ACS_ABSENT] =
			"The ACS of some ports and devices was not recorded: they "
			"are taken to have none, as those of such ids have not, or "
			"as devices with several functions have not as a rule.",
		[ACS_QUIRK] =
			"The registers of the chipset's ports were not recorded: the "
			"kernel is taken to have switched their isolation on.",
		[ACS_LEGACY] = "Whether some functions are PCI Express was not recorded: "
			       "they are taken to be conventional PCI.",
		[ACS_OVERRIDE] =
			"Whether what pcie_acs_override= speaks of has ACS of its "
			"own was not recorded: it is taken to have none.",
	};
	bool said[ARRAY_SIZE(sentences)] = { false };
	uint32_t first = FN_NONE, stray = FN_NONE;
	bool switchtec = false;

	for (uint32_t i = 0; i < g->topology.n; i++) {
		const struct acs_state *s = &g->isolation[i];

		/* drivers/pci/quirks.c:quirk_switchtec_ntb_dma_alias */
		switchtec |= g->m->fns.v[i].id.vendor == 0x11f8 &&
			     fn_class(&g->m->fns.v[i]) == PCI_CLASS_BRIDGE_OTHER;

		if (grouping_is_stray(g, i) && stray == FN_NONE)
			stray = i;
		if (!s->assumed || s->why >= ARRAY_SIZE(sentences) || !sentences[s->why])
			continue;
		first = first == FN_NONE ? i : first;
		if (!said[s->why])
			assume(g, sentences[s->why]);
		said[s->why] = true;
	}
	if (switchtec)
		assume(g,
		       "Under which addresses a Switchtec bridge between hosts sends its "
		       "requests stands in memory that nobody records: it is taken to "
		       "send them under its own.");
	if (stray != FN_NONE)
		assume(g, "Which buses the bridges lead to was not recorded: what is "
			  "behind them is taken to be on buses of its own, as if no port "
			  "were above it.");
	if (first != FN_NONE || stray != FN_NONE)
		assume_reason(g, first != FN_NONE ? first : stray);
	if (g->acs.registers == ACS_OF_ANOTHER && g->acs.options)
		assume(g, "What the firmware had set of ACS is not known: bits that the "
			  "options leave alone are taken to be off.");
}

void grouping_compute(const struct machine *m, const struct grouping_want *want,
		      struct arena *a, struct grouping *ret)
{
	const char *cmdline = want->cmdline ? want->cmdline : m->cmdline;

	*ret = (struct grouping){ .m = m, .arena = a };
	topology_build(m, a, &ret->topology);
	acs_init(&ret->acs, &ret->topology, &want->kernel, cmdline,
		 !machine_has_groups(m) ? ACS_OF_FIRMWARE
		 : want->forecast       ? ACS_OF_ANOTHER
					: ACS_AS_RECORDED,
		 a);
	grouping_read_table(ret);
	dma_aliases_build(&ret->acs, ret->table.table ? &ret->table : NULL, a,
			  &ret->aliases);
	ret->fns = arena_alloc(a, (ret->topology.n + 1) * sizeof(*ret->fns));
	for (uint32_t i = 0; i < ret->topology.n; i++)
		ret->fns[i] = (struct grouping_fn){ .group = GROUP_NONE,
						    .with = FN_NONE,
						    .via = FN_NONE,
						    .unit = ACPI_UNIT_NONE };
	ret->blind_domain = find_blind_domain(m);
	find_isolation(ret);
	walk(ret, want);
	list_members(ret);
	note_assumptions(ret);
}
