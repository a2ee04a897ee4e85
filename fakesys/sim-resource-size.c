/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/boot-log.h"
#include "fakesys/config.h"
#include "fakesys/sim-resource-size.h"

/* --- who is there --- */

struct came {
	uint64_t born;
	uint32_t fn;
};

static int by_birth(const void *x, const void *y)
{
	const struct came *a = x, *b = y;

	if (a->born != b->born)
		return a->born < b->born ? -1 : 1;
	return (a->fn > b->fn) - (a->fn < b->fn);
}

void fns_by_birth(const struct sim *s, fn_indices *all)
{
	AUTOARENA struct arena *a = arena_new();
	VEC(struct came) v = { 0 };

	vec_foreach(fn, all)
		*vec_push(a, &v) = (struct came){ s->fns[*fn].born, *fn };
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_birth);
	for (size_t i = 0; i < v.n; i++)
		all->v[i] = v.v[i].fn;
}

fn_indices bus_devices(const struct sim *s, struct arena *a, struct sim_bus b)
{
	fn_indices ret = { 0 };

	for (uint32_t fn = bus_first(s, b); fn != SIM_NONE;
	     fn = s->places[fn].next_sibling)
		if (!s->fns[fn].gone)
			*vec_push(a, &ret) = fn;
	fns_by_birth(s, &ret);
	return ret;
}

/* --- what there is --- */

/* probe.c:pci_register_host_bridge: "[mem 0x000a0000-0x000bffff window]" */
static bool read_range(const char *text, struct pci_resource *ret)
{
	char kind[8];
	int n;

	if (sscanf(text, "[%7[a-z] %" SCNx64 "-%" SCNx64 "%n", kind, &ret->start,
		   &ret->end, &n) != 3)
		return false;
	ret->flags = streq(kind, "io") ? IORESOURCE_IO : streq(kind, "mem") ? RES_MEM : 0;
	if (strstr(text + n, " pref"))
		ret->flags |= RES_PREFETCH;
	return ret->flags;
}

void bus_read_windows(struct sim *s)
{
	for (size_t i = 0; i < s->m->klog.n; i++) {
		const char *p = after_prefix(s->m->klog.v[i], "pci_bus "),
			   *text = p ? strstr(p, ": root bus resource ") : NULL;
		unsigned domain, bus;
		struct pci_resource r;

		if (!text || sscanf(p, "%x:%x", &domain, &bus) != 2 ||
		    !read_range(text + strlen(": root bus resource "), &r))
			continue;
		vec_foreach(root, &s->roots)
			if (root->domain == domain && root->bus == bus)
				*vec_push(s->arena, &root->windows) = r;
	}
}

const struct pci_resource *bus_window(const struct sim *s, struct sim_bus b, unsigned i)
{
	const struct sim_root *r = &s->roots.v[b.root];

	if (b.bridge != SIM_NONE)
		return i < 3 ? &fn_res(s, b.bridge)[RES_WINDOW + i] : NULL;
	return i < r->windows.n ? &r->windows.v[i] : NULL;
}

bool bus_known(const struct sim *s, struct sim_bus b)
{
	return s->roots.v[b.root].windows.n;
}

struct pci_resource *fn_own_res(struct sim *s, uint32_t fn)
{
	if (!s->fns[fn].res)
		s->fns[fn].res = arena_memdup(s->run, s->m->fns.v[fn].res,
					      sizeof(s->m->fns.v[fn].res));
	return s->fns[fn].res;
}

/* --- how large --- */

uint64_t resource_align(const struct sim *s, uint32_t fn, unsigned i)
{
	const struct pci_resource *r = &fn_res(s, fn)[i];
	uint64_t size = r->end - r->start + 1;

	if (i >= RES_WINDOW && s->roots.v[s->places[fn].root].windows.n)
		return r->start;
	if (i >= RES_WINDOW)
		return r->flags & IORESOURCE_IO ? RES_IO_ALIGN : RES_MEM_ALIGN;
	/* iov.c:pci_sriov_resource_alignment: of one virtual function */
	return i > PCI_ROM_RESOURCE && s->m->fns.v[fn].vfs_total
		       ? size / s->m->fns.v[fn].vfs_total
		       : size;
}

/* setup-bus.c:calculate_mem_align */
static uint64_t window_align(const uint64_t aligns[44], unsigned n)
{
	uint64_t align = 0, min = 0;

	for (unsigned order = 0; order < n; order++) {
		uint64_t one = 1ull << (order + 20);

		if (!align)
			min = one;
		else if (((align + min + min - 1) & ~(min - 1)) < one)
			min = one >> 1;
		align += aligns[order];
	}
	return min > RES_MEM_ALIGN ? min : RES_MEM_ALIGN;
}

/* Which of a bridge's three windows is for it. */
static unsigned window_for(const struct sim *s, uint32_t bridge,
			   const struct pci_resource *r)
{
	const struct pci_resource *w = fn_res(s, bridge) + RES_WINDOW;
	uint64_t need =
		w[2].flags & RES_MEM_64 ? RES_PREFETCH | RES_MEM_64 : RES_PREFETCH;

	if (r->flags & IORESOURCE_IO)
		return 0;
	return w[2].flags && (r->flags & need) == need ? 2 : 1;
}

struct need {
	uint64_t size, add, align;
	uint64_t small; /* of size: what is below SZ_1K */
};

/* setup-bus.c:pbus_size_io, pbus_size_mem */
static struct need needed(const struct sim *s, struct sim_bus b, unsigned window)
{
	uint64_t aligns[44] = { 0 }, add = 0;
	unsigned orders = 1;
	struct need ret = { 0 };

	for (uint32_t fn = bus_first(s, b); fn != SIM_NONE;
	     fn = s->places[fn].next_sibling)
		for (unsigned i = 0; !s->fns[fn].gone && i < PCI_RESOURCES; i++) {
			const struct pci_resource *r = &fn_res(s, fn)[i];
			uint64_t size = r->end - r->start + 1, align;
			unsigned order = 0;

			if (!(s->fns[fn].unassigned & 1u << i) ||
			    window_for(s, b.bridge, r) != window)
				continue;
			align = resource_align(s, fn, i);
			if (i > PCI_ROM_RESOURCE && i < RES_WINDOW) {
				add += size; /* of virtual functions: not needed */
				continue;
			}
			if (i >= RES_WINDOW) {
				add += s->fns[fn].window_add[i - RES_WINDOW];
				size -= s->fns[fn].window_add[i - RES_WINDOW];
			}
			ret.size += size;
			ret.small += size < 0x400 ? size : 0;
			while (order < 43 && align >> (order + 21))
				order++;
			if (size <= align)
				aligns[order] += align;
			orders = order + 1 > orders ? order + 1 : orders;
		}
	ret.align = window ? window_align(aligns, orders) : RES_IO_ALIGN;
	ret.add = add;
	return ret;
}

static uint64_t align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

/* pci.c:set_pcie_hotplug_bridge */
static bool is_hotplug_port(const struct sim *s, uint32_t fn)
{
	struct blob config = config_now(s, fn);
	uint32_t exp = cfg_find_cap(config, PCI_CAP_ID_EXP);

	return exp && cfg_u16(config, exp + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT &&
	       cfg_u32(config, exp + PCI_EXP_SLTCAP) & PCI_EXP_SLTCAP_HPC;
}

/*
 * calculate_iosize, calculate_memsize: how large it has to be, and with room for what may
 * be plugged in (pci_hotplug_io_size, ..._mmio_size) and what is not needed behind it.
 * Before pbus_size_mem() was reworked, no window became smaller than it was; now it is
 * one for ports that does not.
 */
static void sizes(const struct sim *s, const struct need *n, bool io, uint64_t old,
		  uint64_t plug, uint64_t *ret_size, uint64_t *ret_most)
{
	bool shrinks = s->profile->windows_shrink;
	uint64_t size = n->size, most = size > plug ? size : plug;

	if (!shrinks || io)
		size = size > old ? size : old;
	*ret_size = align_up(size, n->align);
	if (!shrinks)
		most = most + n->add > old ? most + n->add : old;
	else if (io)
		/* pbus_size_io() counts what it has rounded up beside the small ones. */
		most = (n->small + *ret_size > plug ? n->small + *ret_size : plug) +
		       n->add;
	else
		most = n->size + n->add > plug ? n->size + n->add : plug;
	*ret_most = align_up(most, n->align);
}

static bool is_disabled(const struct sim *s, uint32_t bridge, unsigned window)
{
	const struct pci_resource *off = s->fns[bridge].windows_off;

	return off && off[window].end;
}

/*
 * Nothing behind the bridge needs it. Newer kernels keep what it was, and say so each
 * time (IORESOURCE_DISABLED).
 */
static void disable_window(struct sim *s, uint32_t bridge, unsigned window)
{
	struct pci_resource *r = &fn_own_res(s, bridge)[RES_WINDOW + window];
	struct pci_resource **off = &s->fns[bridge].windows_off, was = *r;
	char bus[16];

	if (is_disabled(s, bridge, window))
		was = (*off)[window];
	if (was.end)
		sim_log_fn(s, bridge, "disabling bridge window %s to %s (unused)",
			   log_resource(s->run, &was),
			   log_bus_range(config_now(s, bridge), bus));
	r->start = r->end = 0;
	s->fns[bridge].unassigned &= ~(1u << (RES_WINDOW + window));
	if (!was.end || !s->profile->windows_shrink)
		return;
	if (!*off)
		*off = arena_alloc(s->run, 3 * sizeof(**off));
	was.flags |= RES_DISABLED;
	(*off)[window] = was;
}

static void size_window(struct sim *s, struct sim_bus b, unsigned window)
{
	struct pci_resource *r = &fn_own_res(s, b.bridge)[RES_WINDOW + window];
	struct need n = needed(s, b, window);
	uint64_t old = r->end ? r->end - r->start + 1 : 0,
		 plug = !is_hotplug_port(s, b.bridge) ? 0
			: window                      ? 0x200000
						      : 0x100,
		 size, most, add;
	char bus[16];

	r->flags &= ~(uint64_t)RES_STARTALIGN;
	sizes(s, &n, !window, old, plug, &size, &most);
	add = plug || n.add ? most - size : 0;
	if (!(size + add)) {
		disable_window(s, b.bridge, window);
		return;
	}
	if (s->fns[b.bridge].windows_off)
		s->fns[b.bridge].windows_off[window].end = 0;
	s->fns[b.bridge].unassigned |= 1u << (RES_WINDOW + window);
	s->fns[b.bridge].window_add[window] = add;
	r->start = n.align;
	r->end = r->start + size - 1;
	if (add)
		sim_log_fn(s, b.bridge, "bridge window %s to %s add_size %" PRIx64 "%s",
			   log_resource(s->run, r),
			   log_bus_range(config_now(s, b.bridge), bus), add,
			   window ? arena_printf(s->run, " add_align %" PRIx64, n.align)
				  : "");
	r->end += add;
}

/*
 * Of a bridge found again: its window for prefetchable memory, which has nothing to pass
 * on. Newer kernels keep it, as one of no size (probe.c:pci_read_bridge_mmio_pref).
 */
static void log_unused(struct sim *s, uint32_t bridge)
{
	uint32_t reg = cfg_u32(config_now(s, bridge), PCI_PREF_MEMORY_BASE);
	const struct pci_resource none = {
		.start = 1,
		.flags = RES_MEM | RES_PREFETCH | RES_DISABLED |
			 (reg & PCI_PREF_RANGE_TYPE_MASK ? RES_MEM_64 : 0),
	};
	char bus[16];

	if (s->profile->windows_shrink && s->fns[bridge].again && reg &&
	    !fn_res(s, bridge)[RES_WINDOW + 2].flags)
		sim_log_fn(s, bridge, "disabling bridge window %s to %s (unused)",
			   log_resource_size(s->run, &none),
			   log_bus_range(config_now(s, bridge), bus));
}

void resources_size(struct sim *s, struct sim_bus b)
{
	AUTOARENA struct arena *a = arena_new();
	fn_indices all = bus_devices(s, a, b);
	static const unsigned order[] = { 0, 2, 1 };
	const struct pci_resource *r = fn_res(s, b.bridge) + RES_WINDOW;

	vec_foreach(fn, &all)
		if (s->places[*fn].traits & FN_BRIDGE)
			resources_size(s, (struct sim_bus){ b.root, *fn });
	/* What has its addresses keeps them. */
	for (size_t i = 0; bus_known(s, b) && i < ARRAY_SIZE(order); i++) {
		if (r[order[i]].flags &&
		    (s->fns[b.bridge].fresh || is_disabled(s, b.bridge, order[i])))
			size_window(s, b, order[i]);
		if (order[i] == 2)
			log_unused(s, b.bridge);
	}
}
