/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts that cannot be true together. */
#include <inttypes.h>

#include <pci/header.h>

#include "fakesys/lint-part.h"

/* include/linux/ioport.h */
#define IORESOURCE_PCI_FIXED 0x10ull
#define IORESOURCE_MEM 0x200ull
#define IORESOURCE_MEM_64 0x100000ull
#define IORESOURCE_UNSET 0x20000000ull

/* ---- resources ---- */

/* drivers/pci/probe.c:__pci_read_base */
struct bar {
	uint64_t address;
	uint64_t flags; /* IORESOURCE_IO, _MEM, _MEM_64 */
};

static struct bar read_bar(struct blob config, unsigned i)
{
	uint32_t at = PCI_BASE_ADDRESS_0 + 4 * i, low = cfg_u32(config, at);

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return (struct bar){ low & ~3u, IORESOURCE_IO };
	if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) != PCI_BASE_ADDRESS_MEM_TYPE_64)
		return (struct bar){ low & ~15u, IORESOURCE_MEM };
	return (struct bar){ (uint64_t)cfg_u32(config, at + 4) << 32 | (low & ~15u),
			     IORESOURCE_MEM | IORESOURCE_MEM_64 };
}

/*
 * Addresses that firmware's tables fix (legacy IDE, Enhanced Allocation) stand in no BAR.
 * A register of zeros was lost with power, or is the kernel's to set.
 */
static bool bar_agrees(const struct pci_resource *res, const struct bar *bar)
{
	const uint64_t kinds = IORESOURCE_IO | IORESOURCE_MEM | IORESOURCE_MEM_64;

	if (!res->flags || !bar->address ||
	    res->flags & (IORESOURCE_PCI_FIXED | IORESOURCE_UNSET))
		return true;
	return res->start == bar->address && (res->flags & kinds) == bar->flags;
}

static void check_bars(struct lint *l, const struct pci_fn *fn)
{
	unsigned n = cfg_is_bridge(fn->config) ? 2 : 6;
	char bdf[BDF_SIZE];

	/* A VF's are in its physical function; a function without power reads ones. */
	if (fn->config.len < 64 || fn->is_vf ||
	    cfg_u32(fn->config, PCI_VENDOR_ID) == UINT32_MAX)
		return;
	for (unsigned i = 0; i < n; i++) {
		struct bar bar = read_bar(fn->config, i);

		if (!bar_agrees(&fn->res[i], &bar))
			lint_error(l,
				   "functions[%s].resources: %u is at 0x%" PRIx64
				   ", but the BAR in config says 0x%" PRIx64 " (%s)",
				   bdf_format(fn->bdf, bdf), i, fn->res[i].start,
				   bar.address,
				   bar.flags & IORESOURCE_IO       ? "ports"
				   : bar.flags & IORESOURCE_MEM_64 ? "64-bit memory"
								   : "32-bit memory");
		i += (bar.flags & IORESOURCE_MEM_64) != 0;
	}
}

/* ---- drivers ---- */

/* These have no ids of their own, and take what they are told. */
static bool takes_any(const struct pci_fn *fn)
{
	static const char *const stubs[] = { "pci-stub", "uio_pci_generic" };

	for (size_t i = 0; i < ARRAY_SIZE(stubs); i++)
		if (streq(fn->driver, stubs[i]))
			return true;
	return fn->override && streq(fn->override, fn->driver);
}

static void check_driver(struct lint *l, const struct pci_fn *fn)
{
	const struct kernel *k = machine_kernel(l->m, l->m->release);
	const struct module *its = NULL;
	char bdf[BDF_SIZE];

	if (!k || !fn->driver || takes_any(fn))
		return;
	vec_foreach(mod, &k->modules) {
		if (!mod->driver || !streq(mod->driver, fn->driver))
			continue;
		its = mod;
		/* vfio-pci's own ids are for overrides only; others come by new_id. */
		vec_foreach(id, &mod->ids)
			if (pci_id_matches(id, &fn->id))
				return;
	}
	if (its)
		lint_error(l, "functions[%s].driver: no id of %s matches it",
			   bdf_format(fn->bdf, bdf), its->name);
}

/* ---- the whole machine ---- */

static void check_boot_vga(struct lint *l)
{
	const struct pci_fn *first = NULL;
	char bdf[BDF_SIZE], other[BDF_SIZE];

	vec_foreach(fn, &l->m->fns) {
		if (fn->boot_vga && first)
			lint_error(l, "functions[%s].boot_vga: %s has it already",
				   bdf_format(fn->bdf, bdf),
				   bdf_format(first->bdf, other));
		if (fn->boot_vga && !first)
			first = fn;
	}
}

/* Of real processors: QEMU gives its own whatever flags it can do. */
static void check_cpu(struct lint *l)
{
	static const struct {
		const char *vendor, *flag;
	} impossible[] = {
		{ "GenuineIntel", "svm" },
		{ "AuthenticAMD", "vmx" },
		{ "HygonGenuine", "vmx" },
	};

	if (strings_have(&l->m->cpu_flags, "hypervisor"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++)
		if (streq(l->m->cpu_vendor, impossible[i].vendor) &&
		    strings_have(&l->m->cpu_flags, impossible[i].flag))
			lint_error(l, "cpu.flags: no processor of %s has %s",
				   impossible[i].vendor, impossible[i].flag);
}

void lint_facts(struct lint *l)
{
	vec_foreach(fn, &l->m->fns) {
		check_bars(l, fn);
		check_driver(l, fn);
	}
	check_boot_vga(l);
	check_cpu(l);
}
