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

/* --- ranges --- */

static bool claims(const struct sim *s, uint32_t fn, unsigned i)
{
	const struct pci_resource *r = &fn_res(s, fn)[i];

	return r->end && !(r->flags & (RES_UNSET | RES_ROM_SHADOW)) &&
	       !(s->fns[fn].unassigned & 1u << i);
}

/* kernel/resource.c:__find_resource_space: the first gap; @start: where to begin. */
static bool find_gap(const struct sim *s, struct sim_bus b, const struct pci_resource *w,
		     const struct pci_resource *want, uint64_t align, uint64_t *start,
		     uint64_t end)
{
	uint64_t size = want->end - want->start + 1, at = *start;
	bool again = true;

	while (again) {
		at = (at + align - 1) & ~(align - 1);
		/* arch/x86/pci/i386.c:pcibios_align_resource */
		if (want->flags & IORESOURCE_IO)
			at = at & 0x300 ? (at + 0x3ff) & ~0x3ffull : at;
		else if (at < 0x100000)
			at = 0x100000;
		if (at < *start || at > end || end - at < size - 1)
			return false;
		again = false;
		for (uint32_t fn = bus_first(s, b); fn != SIM_NONE;
		     fn = s->places[fn].next_sibling)
			for (unsigned i = 0; !s->fns[fn].gone && i < PCI_RESOURCES; i++) {
				const struct pci_resource *r = &fn_res(s, fn)[i];

				if (!claims(s, fn, i) || r->start > at + size - 1 ||
				    r->end < at ||
				    ((r->flags ^ w->flags) & IORESOURCE_IO))
					continue;
				at = r->end + 1;
				again = true;
			}
	}
	*start = at;
	return true;
}

/* bus.c:pci_bus_alloc_from_region */
static bool from_region(const struct sim *s, struct sim_bus b, struct pci_resource *want,
			uint64_t align, uint64_t mask, uint64_t lo, uint64_t hi)
{
	const struct pci_resource *w;

	mask |= RES_TYPES;
	for (unsigned i = 0; (w = bus_window(s, b, i)); i++) {
		uint64_t start = w->start > lo ? w->start : lo,
			 end = w->end < hi ? w->end : hi;

		if (!w->end || start > end || ((want->flags ^ w->flags) & mask) ||
		    ((w->flags & RES_PREFETCH) && !(want->flags & RES_PREFETCH)))
			continue;
		if (!start) /* PCIBIOS_MIN_IO */
			start = want->flags & IORESOURCE_IO ? 0x1000 : 0x100000;
		if (!find_gap(s, b, w, want, align, &start, end))
			continue;
		want->end = start + (want->end - want->start);
		want->start = start;
		return true;
	}
	return false;
}

/* setup-res.c:__pci_assign_resource: windows of its own kind before others. */
static bool find_place(const struct sim *s, struct sim_bus b, struct pci_resource *want,
		       uint64_t align)
{
	static const uint64_t masks[] = { RES_PREFETCH | RES_MEM_64, RES_PREFETCH, 0 };
	const uint64_t both = want->flags & masks[0];

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		if ((i == 1 && both != masks[0]) || (i == 2 && !both))
			continue;
		/* bus.c:pci_bus_alloc_resource */
		if ((want->flags & RES_MEM_64) &&
		    (from_region(s, b, want, align, masks[i], 1ull << 32, UINT64_MAX) ||
		     from_region(s, b, want, align, masks[i], 0, UINT64_MAX)))
			return true;
		if (!(want->flags & RES_MEM_64) &&
		    from_region(s, b, want, align, masks[i], 0, UINT32_MAX))
			return true;
	}
	return false;
}

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
			struct wanted w = { *fn, i, 0 };
			size_t at;

			if (!(s->fns[*fn].unassigned & 1u << i))
				continue;
			w.align = resource_align(s, *fn, i);
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
	const char *size =
		arena_printf(a, "[%s size %#0*" PRIx64 "%s%s]",
			     r->flags & IORESOURCE_IO ? "io " : "mem",
			     r->flags & IORESOURCE_IO ? 6 : 10, r->end - r->start + 1,
			     r->flags & RES_MEM_64 ? " 64bit" : "",
			     r->flags & RES_PREFETCH ? " pref" : "");

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

/* setup-res.c:pci_assign_resource; setup-bus.c:__assign_resources_sorted */
static void assign(struct sim *s, struct arena *a, struct sim_bus b,
		   const struct wanted *w)
{
	struct pci_resource *r = &fn_own_res(s, w->fn)[w->i];
	bool known = bus_known(s, b), placed = !known || find_place(s, b, r, w->align);
	const char *name = name_of(a, w->i), *text;
	uint64_t less = placed ? 0 : optional(s, w);

	s->fns[w->fn].unassigned &= ~(1u << w->i);
	if (!placed)
		log_no_space(s, a, w);
	if (less) { /* without that it may fit */
		r->end -= less;
		placed = r->end + 1 > r->start && find_place(s, b, r, w->align);
	}
	if (!placed) {
		*r = (struct pci_resource){ 0 };
		return;
	}
	if (known)
		r->flags &= ~(uint64_t)RES_UNSET;
	text = log_resource(a, r);
	if (!text)
		return; /* where that would be nobody knows */
	sim_log_fn(s, w->fn, "%s %s: assigned", name, text);
	if (less) {
		sim_log_fn(s, w->fn, "%s %s: failed to expand by 0x%" PRIx64, name, text,
			   less);
		sim_log_fn(s, w->fn, "%s %s: failed to add optional %" PRIx64, name, text,
			   less);
		/* setup-bus.c:reassign_resources_sorted: set for a try, and left. */
		r->flags |= RES_STARTALIGN;
	}
	write_bar(s, w->fn, w->i);
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

	vec_foreach(w, &wanted)
		assign(s, a, b, w);
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
