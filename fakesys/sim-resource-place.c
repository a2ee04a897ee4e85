/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "fakesys/sim-resource-size.h"

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

bool resource_find_place(const struct sim *s, struct sim_bus b, struct pci_resource *want,
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
