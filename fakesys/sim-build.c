/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/sim-build.h"

#define CAP_REBAR 0x15
#define PM_CAP_PME 0xf800 /* PMC: states from which it can send PME */

/* --- which attributes a function has --- */

/* What the registers would say, of functions of which an attribute said it. */
static uint32_t attribute_traits(const struct pci_fn *fn)
{
	static const struct {
		const char *name, *text; /* NULL: any */
		uint32_t trait;
	} said[] = {
		{ "aer_dev_fatal", NULL, FN_AER },
		{ "aer_rootport_total_err_fatal", NULL, FN_PORT_AER | FN_ROOT_PORT },
		{ "d3cold_allowed", "1", FN_PM },
		{ "max_link_speed", NULL, FN_PCIE },
		{ "power/wakeup", NULL, FN_PME },
		{ "serial_number", NULL, FN_SERIAL },
		{ "vpd", NULL, FN_VPD },
	};
	uint32_t t = 0;

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		const char *text = fn_said(fn, said[i].name);

		if (text && (!said[i].text || streq(text, said[i].text)))
			t |= said[i].trait;
	}
	return t;
}

static uint32_t find_traits(const struct pci_fn *fn)
{
	struct blob c = fn->config;
	uint32_t pm = cfg_find_cap(c, PCI_CAP_ID_PM), t = attribute_traits(fn);
	int type = cfg_pcie_type(c);
	uint8_t serial[8];

	t |= cfg_is_bridge(c) ? FN_BRIDGE : 0;
	t |= type >= 0 ? FN_PCIE : 0;
	t |= !fn->is_vf ? FN_NOT_VF : 0;
	t |= pm ? FN_PM : 0;
	t |= pm && cfg_u16(c, pm + 2) & PM_CAP_PME ? FN_PME : 0;
	t |= type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_ROOT_EC ? FN_ROOT_PORT
									    : 0;
	t |= fn->vfs_total && !fn->is_vf ? FN_SRIOV : 0;
	t |= fn_class(fn) == PCI_CLASS_DISPLAY_VGA ? FN_VGA : 0;
	t |= cfg_find_cap(c, PCI_CAP_ID_VPD) ? FN_VPD : 0;
	t |= cfg_find_ext_cap(c, CAP_REBAR) ? FN_RESIZE : 0;
	t |= cfg_serial(c, serial) ? FN_SERIAL : 0;
	if (cfg_find_ext_cap(c, PCI_EXT_CAP_ID_AER)) {
		t |= FN_AER;
		if (type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_ROOT_EC)
			t |= FN_PORT_AER;
	}
	return t;
}

/*
 * The reset methods where nobody recorded them, as far as the registers tell
 * (drivers/pci/pci.c:pci_reset_fn_methods); `bus` is settled by its caller.
 */
static const char *find_resets(const struct pci_fn *fn, bool alone)
{
	uint32_t exp = cfg_find_cap(fn->config, PCI_CAP_ID_EXP);
	uint32_t pm = cfg_find_cap(fn->config, PCI_CAP_ID_PM);
	bool flr = exp &&
		   (cfg_u32(fn->config, exp + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLRESET);
	bool soft =
		pm && !(cfg_u16(fn->config, pm + PCI_PM_CTRL) & PCI_PM_CTRL_NO_SOFT_RST);
	static const char *const words[2][2][2] = {
		{ { NULL, "bus" }, { "pm", "pm bus" } },
		{ { "flr", "flr bus" }, { "flr pm", "flr pm bus" } },
	};

	return words[flr][soft][alone];
}

/* --- how they hang together --- */

static bool bdf_before(struct bdf a, struct bdf b)
{
	return bdf_cmp(a, b) < 0;
}

uint32_t sim_find_fn(const struct sim *s, struct bdf bdf)
{
	size_t lo = 0, hi = s->m->fns.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (bdf_before(s->m->fns.v[mid].bdf, bdf))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->m->fns.n && !bdf_cmp(s->m->fns.v[lo].bdf, bdf) ? (uint32_t)lo
								      : SIM_NONE;
}

static uint32_t root_of(struct sim *s, struct bdf bdf)
{
	/* Functions come in order of address, and so do their root buses. */
	if (!s->roots.n || s->roots.v[s->roots.n - 1].domain != bdf.domain ||
	    s->roots.v[s->roots.n - 1].bus != bdf.bus)
		*vec_push(s->arena, &s->roots) = (struct sim_root){
			.domain = bdf.domain, .bus = bdf.bus, .first_child = SIM_NONE
		};
	return (uint32_t)s->roots.n - 1;
}

/* drivers/pci/iov.c:pci_iov_add_virtfn: a VF stands beside its physical function. */
static void find_parents(struct sim *s)
{
	for (uint32_t i = 0; i < s->m->fns.n; i++) {
		const struct pci_fn *fn = &s->m->fns.v[i];
		struct fn_place *p = &s->places[i];

		p->first_child = p->next_sibling = p->root = SIM_NONE;
		p->parent = s->topology.up[i];
		if (fn->is_vf)
			continue;
		p->root = p->parent == SIM_NONE ? root_of(s, fn->bdf)
						: s->places[p->parent].root;
	}
	for (uint32_t i = 0; i < s->m->fns.n; i++) {
		uint32_t pf;

		if (!s->m->fns.v[i].is_vf)
			continue;
		pf = sim_find_fn(s, s->m->fns.v[i].physfn);
		/* machine_finish() lets none through without. */
		s->places[i].root =
			pf != SIM_NONE && !s->m->fns.v[pf].is_vf ? s->places[pf].root : 0;
	}
}

static void link_children(struct sim *s)
{
	/* From the last to the first, so that each list begins with the lowest address.
	 */
	for (uint32_t i = (uint32_t)s->m->fns.n; i-- > 0;) {
		struct fn_place *p = &s->places[i];
		uint32_t *head = p->parent != SIM_NONE ? &s->places[p->parent].first_child
						       : &s->roots.v[p->root].first_child;

		p->next_sibling = *head;
		*head = i;
	}
}

static int vf_cmp(const void *x, const void *y, void *arg)
{
	const struct sim *s = arg;
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	int c = bdf_cmp(s->m->fns.v[i].physfn, s->m->fns.v[k].physfn);

	return c ? c : (i > k) - (i < k);
}

static void find_vfs(struct sim *s)
{
	size_t n = 0;

	s->vfs = arena_alloc(s->arena, (s->m->fns.n + 1) * sizeof(*s->vfs));
	for (uint32_t i = 0; i < s->m->fns.n; i++)
		if (s->m->fns.v[i].is_vf)
			s->vfs[n++] = i;
	if (n)
		qsort_r(s->vfs, n, sizeof(*s->vfs), vf_cmp, s);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t pf = sim_find_fn(s, s->m->fns.v[s->vfs[i]].physfn);

		if (pf != SIM_NONE && !s->places[pf].n_vfs++)
			s->places[pf].first_vf = i;
	}
}

void places_build(struct sim *s, const struct machine *recorded)
{
	uint32_t n = (uint32_t)s->m->fns.n;

	s->places = arena_alloc(s->arena, (n + 1) * sizeof(*s->places));
	topology_build(s->m, s->arena, &s->topology);
	find_parents(s);
	link_children(s);
	find_vfs(s);
	for (uint32_t i = 0; i < n; i++) {
		const struct pci_fn *fn = &s->m->fns.v[i];
		struct fn_place *p = &s->places[i];
		/* Asked when the function comes: what follows is not there yet. */
		bool alone = p->parent != SIM_NONE && !fn->is_vf &&
			     s->places[p->parent].first_child == i;

		p->traits = find_traits(fn) |
			    (machine_fn(recorded, fn->bdf) ? 0 : FN_UNRECORDED);
		p->resets = fn->reset ? fn->reset : find_resets(fn, alone);
		if (p->resets && !*p->resets)
			p->resets = NULL;
	}
}
