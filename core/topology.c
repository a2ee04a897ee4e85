/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include <pci/header.h>

#include "core/topology.h"

#define MULTIFUNCTION 0x80 /* of PCI_HEADER_TYPE */

uint32_t topology_find(const struct topology *t, struct bdf bdf)
{
	const struct pci_fn *fn = machine_fn(t->m, bdf);

	return fn ? (uint32_t)(fn - t->m->fns.v) : FN_NONE;
}

static uint64_t bus_behind(const struct topology *t, uint32_t bridge)
{
	const struct pci_fn *fn = &t->m->fns.v[bridge];

	return (uint64_t)fn->bdf.domain << 8 | cfg_u8(fn->config, PCI_SECONDARY_BUS);
}

static int cmp_bridge(const void *x, const void *y, void *arg)
{
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	uint64_t a = bus_behind(arg, i), b = bus_behind(arg, k);

	return a != b ? (a > b) - (a < b) : (i > k) - (i < k);
}

uint32_t topology_bridge_to(const struct topology *t, uint32_t domain, uint8_t bus)
{
	uint64_t want = (uint64_t)domain << 8 | bus;
	size_t lo = 0, hi = t->n_bridges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (bus_behind(t, t->bridges[mid]) < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n_bridges && bus_behind(t, t->bridges[lo]) == want ? t->bridges[lo]
									  : FN_NONE;
}

static void find_bridges(struct topology *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		struct blob c = t->m->fns.v[i].config;

		/*
		 * Only a bus above its own, and never behind a virtual function, which
		 * hangs elsewhere: what claims otherwise could be a circle.
		 */
		if (cfg_is_bridge(c) && c.len > PCI_SECONDARY_BUS &&
		    !t->m->fns.v[i].is_vf &&
		    cfg_u8(c, PCI_SECONDARY_BUS) > t->m->fns.v[i].bdf.bus)
			t->bridges[t->n_bridges++] = i;
	}
	if (t->n_bridges)
		qsort_r(t->bridges, t->n_bridges, sizeof(*t->bridges), cmp_bridge, t);
}

static void find_parents(struct topology *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct pci_fn *fn = &t->m->fns.v[i];
		struct bdf at = fn->is_vf ? fn->physfn : fn->bdf;

		t->up[i] = topology_bridge_to(t, at.domain, at.bus);
		t->bus_first[i] = i && fn[-1].bdf.domain == fn->bdf.domain &&
						  fn[-1].bdf.bus == fn->bdf.bus
					  ? t->bus_first[i - 1]
					  : i;
	}
}

/* Lists of what is below each bridge, and on root buses, by address. */
struct below {
	uint32_t *first, *next;
};

static void find_order(struct topology *t, struct arena *scratch)
{
	struct below b = { arena_alloc(scratch, (t->n + 1) * sizeof(uint32_t)),
			   arena_alloc(scratch, (t->n + 1) * sizeof(uint32_t)) };
	uint32_t *buses = arena_alloc(scratch, (t->n + 1) * sizeof(*buses));
	uint32_t n = 0, n_buses = 0;

	for (uint32_t i = 0; i <= t->n; i++)
		b.first[i] = b.next[i] = FN_NONE;
	/* From last to first, so that each list begins with the lowest address. */
	for (uint32_t i = t->n; i-- > 0;) {
		uint32_t *head = &b.first[t->up[i] == FN_NONE ? t->n : t->up[i]];

		if (t->m->fns.v[i].is_vf)
			continue;
		b.next[i] = *head;
		*head = i;
	}
	/*
	 * Root buses come one after the other, each with all below it; a stack of the
	 * bridges still to be looked behind keeps the next one on top.
	 */
	for (uint32_t root = b.first[t->n]; root != FN_NONE || n_buses;) {
		uint32_t from = n, at;

		if (n_buses) {
			for (at = b.first[buses[--n_buses]]; at != FN_NONE;
			     at = b.next[at])
				t->order[n++] = at;
		} else {
			for (at = root; root != FN_NONE && topology_same_bus(t, root, at);
			     root = b.next[root])
				t->order[n++] = root;
		}
		for (uint32_t i = n; i-- > from;)
			if (b.first[t->order[i]] != FN_NONE)
				buses[n_buses++] = t->order[i];
	}
	for (uint32_t i = 0; i < t->n; i++)
		if (t->m->fns.v[i].is_vf)
			t->order[n++] = i;
}

void topology_build(const struct machine *m, struct arena *a, struct topology *ret)
{
	AUTOARENA struct arena *scratch = arena_new();
	uint32_t **all[] = { &ret->up, &ret->bus_first, &ret->order, &ret->bridges };

	ret->m = m;
	ret->n = (uint32_t)m->fns.n;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		*all[i] = arena_alloc(a, (ret->n + 1) * sizeof(**all[i]));
	ret->n_bridges = 0;
	find_bridges(ret);
	find_parents(ret);
	find_order(ret, scratch);
}

bool topology_same_bus(const struct topology *t, uint32_t x, uint32_t y)
{
	return t->bus_first[x] == t->bus_first[y];
}

bool topology_is_below(const struct topology *t, uint32_t fn, uint32_t bridge)
{
	while (fn != FN_NONE && (fn = t->up[fn]) != FN_NONE)
		if (fn == bridge)
			return true;
	return false;
}

static bool has_neighbour(const struct topology *t, uint32_t fn)
{
	const struct pci_fn *f = &t->m->fns.v[fn], *next = f + 1;

	return fn + 1 < t->n && !next->is_vf && bdf_same_slot(f->bdf, next->bdf);
}

bool topology_is_multifunction(const struct topology *t, uint32_t fn)
{
	const struct pci_fn *f = &t->m->fns.v[fn];

	if (f->is_vf)
		return false;
	if (f->bdf.fn)
		return true;
	if (f->config.len > PCI_HEADER_TYPE)
		return cfg_u8(f->config, PCI_HEADER_TYPE) & MULTIFUNCTION;
	return has_neighbour(t, fn);
}
