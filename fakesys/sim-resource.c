/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/boot-log.h"
#include "fakesys/config.h"
#include "fakesys/sim-resource.h"
#include "fakesys/sim-resource-size.h"

#define CLASS_TRANSPARENT                                                                \
	0x060401 /* a bridge to PCI that passes on what nobody else takes */

/* --- registers --- */

static void put_register(struct sim *s, uint32_t fn, uint32_t off, uint32_t v,
			 uint32_t mask)
{
	uint32_t old = cfg_u32(config_now(s, fn), off);

	config_poke(s, fn, off, (old & ~mask) | (v & mask), 4);
}

/* setup-res.c:pci_std_update_resource; a ROM's register stays as it is. */
static void write_bar(struct sim *s, uint32_t fn, unsigned i)
{
	const struct pci_resource *r = &fn_res(s, fn)[i];
	uint32_t off = PCI_BASE_ADDRESS_0 + 4 * i, iov;

	if (i > PCI_ROM_RESOURCE && i < RES_WINDOW) { /* iov.c:pci_iov_update_resource */
		iov = cfg_find_ext_cap(config_now(s, fn), PCI_EXT_CAP_ID_SRIOV);
		off = iov + PCI_IOV_BAR_BASE + 4 * (i - PCI_ROM_RESOURCE - 1);
		if (!iov)
			return;
	} else if (i >= PCI_ROM_RESOURCE) {
		return;
	}
	put_register(s, fn, off, (uint32_t)r->start,
		     r->flags & IORESOURCE_IO ? ~3u : ~0xfu);
	if (r->flags & RES_MEM_64)
		put_register(s, fn, off + 4, (uint32_t)(r->start >> 32), ~0u);
}

/* setup-bus.c:pci_setup_bridge_io, ..._mmio, ..._mmio_pref */
static void write_windows(struct sim *s, uint32_t fn)
{
	const struct pci_resource *io = &fn_res(s, fn)[RES_WINDOW], *mem = io + 1,
				  *pref = io + 2;
	bool wide = pref->flags & RES_MEM_64;
	uint32_t v = 0xf0;

	if (io->end)
		v = (uint32_t)((io->start >> 8 & 0xf0) | (io->end & 0xf000));
	put_register(s, fn, PCI_IO_BASE, v, 0xf0f0);
	v = io->end ? (uint32_t)((io->end & 0xffff0000) | io->start >> 16) : 0;
	put_register(s, fn, PCI_IO_BASE_UPPER16, v, ~0u);
	v = 0xfff0;
	if (mem->end)
		v = (uint32_t)((mem->start >> 16 & 0xfff0) | (mem->end & 0xfff00000));
	put_register(s, fn, PCI_MEMORY_BASE, v, 0xfff0fff0);
	v = 0xfff0;
	if (pref->end)
		v = (uint32_t)((pref->start >> 16 & 0xfff0) | (pref->end & 0xfff00000));
	put_register(s, fn, PCI_PREF_MEMORY_BASE, v, 0xfff0fff0);
	put_register(s, fn, PCI_PREF_BASE_UPPER32,
		     wide ? (uint32_t)(pref->start >> 32) : 0, ~0u);
	put_register(s, fn, PCI_PREF_LIMIT_UPPER32,
		     wide ? (uint32_t)(pref->end >> 32) : 0, ~0u);
}

/* --- assigning --- */

struct wanted {
	uint32_t fn;
	unsigned i;
	uint64_t align;
	struct pci_resource was; /* before any place was looked for */
	bool placed, settled;
};
typedef VEC(struct wanted) wanted_list;

/* setup-bus.c:pdev_sort_resources: greater alignment first, then as they come. */
static wanted_list sort(const struct sim *s, struct arena *a, struct sim_bus b)
{
	fn_indices all = bus_devices(s, a, b);
	wanted_list ret = { 0 };

	vec_foreach(fn, &all) {
		unsigned class = fn_class(&s->m->fns.v[*fn]);

		if (!class || class == PCI_CLASS_BRIDGE_HOST)
			continue;
		for (unsigned i = 0; i < PCI_RESOURCES; i++) {
			struct wanted w = { .fn = *fn, .i = i };
			size_t at;

			if (!(s->fns[*fn].unassigned & 1u << i))
				continue;
			w.align = resource_align(s, *fn, i);
			w.was = fn_res(s, *fn)[i];
			*vec_push(a, &ret) = w;
			for (at = ret.n - 1; at && ret.v[at - 1].align < w.align; at--)
				ret.v[at] = ret.v[at - 1];
			ret.v[at] = w;
		}
	}
	return ret;
}

static const char *name_of(struct arena *a, unsigned i)
{
	if (i == PCI_ROM_RESOURCE)
		return "ROM";
	if (i >= RES_WINDOW)
		return "bridge window";
	return i < PCI_ROM_RESOURCE ? arena_printf(a, "BAR %u", i)
				    : arena_printf(a, "VF BAR %u", i - 7);
}

static void log_no_space(struct sim *s, struct arena *a, const struct wanted *w)
{
	const struct pci_resource *r = &fn_res(s, w->fn)[w->i];
	const char *name = name_of(a, w->i);
	const char *size = log_resource_size(a, r);

	sim_log_fn(s, w->fn, "%s %s: can't assign; no space", name, size);
	sim_log_fn(s, w->fn, "%s %s: failed to assign", name, size);
}

/* Of a window: what it has room for beyond what is needed. */
static uint64_t optional(const struct sim *s, const struct wanted *w)
{
	return s->profile->windows_shrink && w->i >= RES_WINDOW
		       ? s->fns[w->fn].window_add[w->i - RES_WINDOW]
		       : 0;
}

/* setup-res.c:pci_assign_resource */
static bool place(struct sim *s, struct arena *a, struct sim_bus b, struct wanted *w)
{
	struct pci_resource *r = &fn_own_res(s, w->fn)[w->i];
	bool known = bus_known(s, b);
	const char *text;

	w->placed = !known || resource_find_place(s, b, r, w->align);
	if (!w->placed) {
		log_no_space(s, a, w);
		return false;
	}
	s->fns[w->fn].unassigned &= ~(1u << w->i);
	if (known)
		r->flags &= ~(uint64_t)RES_UNSET;
	text = log_resource(a, r);
	if (!text)
		return true; /* where that would be nobody knows */
	sim_log_fn(s, w->fn, "%s %s: assigned", name_of(a, w->i), text);
	write_bar(s, w->fn, w->i);
	return true;
}

static void give_up(struct sim *s, const struct wanted *w)
{
	s->fns[w->fn].unassigned &= ~(1u << w->i);
	fn_own_res(s, w->fn)[w->i] = (struct pci_resource){ 0 };
}

/* setup-bus.c:pci_need_to_release: does it stand in the way of one with @failed? */
static bool stands_in_the_way(const struct pci_resource *r, uint64_t failed)
{
	return r->flags &
	       (r->flags & IORESOURCE_IO  ? IORESOURCE_IO
		: r->flags & RES_PREFETCH ? RES_PREFETCH
					  : RES_MEM) &
	       failed;
}

/* The same without optional room: what it was, and to be placed again. */
static void take_back(struct sim *s, struct arena *a, struct wanted *w)
{
	struct pci_resource *r = &fn_own_res(s, w->fn)[w->i];

	if (w->placed)
		sim_log_fn(s, w->fn, "%s %s: releasing", name_of(a, w->i),
			   log_resource(a, r));
	s->fns[w->fn].unassigned |= 1u << w->i;
	*r = w->was;
	r->end -= optional(s, w);
}

/* setup-bus.c:reassign_resources_sorted; setup-res.c:pci_reassign_resource */
static void expand(struct sim *s, struct arena *a, struct sim_bus b,
		   const struct wanted *w)
{
	struct pci_resource *r = &fn_own_res(s, w->fn)[w->i], more = *r;
	uint64_t room = optional(s, w);
	const char *name = name_of(a, w->i), *text = log_resource(a, r);
	bool fits;

	s->fns[w->fn].unassigned |= 1u << w->i; /* its own place is free for it */
	more.end += room;
	fits = resource_find_place(s, b, &more, w->align);
	s->fns[w->fn].unassigned &= ~(1u << w->i);
	if (fits) {
		*r = more;
		sim_log_fn(s, w->fn, "%s %s: reassigned; expanded by 0x%" PRIx64, name,
			   log_resource(a, r), room);
		write_bar(s, w->fn, w->i);
		return;
	}
	sim_log_fn(s, w->fn, "%s %s: failed to expand by 0x%" PRIx64, name, text, room);
	sim_log_fn(s, w->fn, "%s %s: failed to add optional %" PRIx64, name, text, room);
	r->flags |= RES_STARTALIGN; /* set for a try, and left */
}

/*
 * setup-bus.c:__assign_resources_sorted: all with optional room; where that fails, first
 * what is needed, then the room, in the opposite order.
 */
static void assign_sorted(struct sim *s, struct arena *a, struct sim_bus b,
			  wanted_list *all)
{
	uint64_t failed = 0, room = 0;

	vec_foreach(w, all) {
		room |= optional(s, w);
		if (!place(s, a, b, w))
			failed |= w->was.flags;
	}
	vec_foreach(w, all) {
		w->settled =
			w->placed ? !room || !stands_in_the_way(&w->was, failed) : !room;
		if (!w->settled)
			take_back(s, a, w);
		else if (!w->placed)
			give_up(s, w);
	}
	vec_foreach(w, all)
		if (!w->settled && !place(s, a, b, w))
			give_up(s, w);
	for (size_t i = all->n; i--;)
		if (!all->v[i].settled && all->v[i].placed && optional(s, &all->v[i]))
			expand(s, a, b, &all->v[i]);
}

static void log_windows(struct sim *s, uint32_t fn)
{
	AUTOARENA struct arena *a = arena_new();

	for (unsigned i = 0; i < 3; i++) {
		const char *text = log_resource(a, fn_res(s, fn) + RES_WINDOW + i);

		if (text)
			sim_log_fn(s, fn, "  bridge window %s", text);
	}
}

void resources_log_setup(struct sim *s, uint32_t fn)
{
	char bus[16];

	sim_log_fn(s, fn, "PCI bridge to %s", log_bus_range(config_now(s, fn), bus));
	log_windows(s, fn);
}

void resources_log_bridge(struct sim *s, uint32_t fn, bool own, bool above)
{
	AUTOARENA struct arena *a = arena_new();
	bool all = s->m->fns.v[fn].id.class == CLASS_TRANSPARENT;
	const struct pci_resource *r;
	char bus[16];

	sim_log_fn(s, fn, "PCI bridge to %s%s", log_bus_range(config_now(s, fn), bus),
		   all ? " (subtractive decode)" : "");
	if (own)
		log_windows(s, fn);
	for (unsigned i = 0; all && above && (r = bus_window(s, bus_of(s, fn), i)); i++) {
		const char *text = log_resource(a, r);

		if (text)
			sim_log_fn(s, fn, "  bridge window %.*s%s] (subtractive decode)",
				   (int)strlen(text) - 1, text,
				   s->places[fn].parent == SIM_NONE ? " window" : "");
	}
}

/* setup-bus.c:__pci_bus_assign_resources */
static void assign_bus(struct sim *s, struct arena *a, struct sim_bus b)
{
	wanted_list wanted = sort(s, a, b);
	fn_indices all = bus_devices(s, a, b);

	assign_sorted(s, a, b, &wanted);
	vec_foreach(fn, &all) {
		if (!(s->places[*fn].traits & FN_BRIDGE))
			continue;
		assign_bus(s, a, (struct sim_bus){ b.root, *fn });
		if (s->fns[*fn].enable)
			continue;
		write_windows(s, *fn);
		resources_log_setup(s, *fn);
	}
}

void resources_found(struct sim *s, uint32_t fn)
{
	const struct pci_resource *had = s->m->fns.v[fn].res;
	struct pci_resource *r = fn_own_res(s, fn);

	for (unsigned i = 0; i < PCI_RESOURCES; i++) {
		/* What there was no place for is asked for again. */
		if (!r[i].flags && had[i].flags)
			r[i] = had[i];
		if (r[i].end && !(r[i].flags & RES_ROM_SHADOW))
			s->fns[fn].unassigned |= 1u << i;
	}
}

void resources_assign(struct sim *s, struct sim_bus b)
{
	AUTOARENA struct arena *a = arena_new();
	fn_indices all = bus_devices(s, a, b);

	vec_foreach(fn, &all)
		if (s->places[*fn].traits & FN_BRIDGE)
			resources_size(s, (struct sim_bus){ b.root, *fn });
	assign_bus(s, a, b);
}
