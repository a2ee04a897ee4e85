/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/dma-alias.h"

#define ANY PCI_ID_ANY
#define DEVFN(dev, fn) ((uint8_t)((dev) << 3 | (fn)))
#define VMD_DOMAIN 0x10000 /* drivers/pci/controller/vmd.c:vmd_find_free_domain */

enum alias_rule {
	TO_FUNCTION, /* arg: of its own device, which need not be there */
	TO_DEVFN,    /* arg: on its bus */
	TO_SLOTS,    /* the first arg functions of every device on its bus */
	TO_ALL,      /* all of its bus */
};

static const struct alias_quirk {
	uint16_t vendor, device;
	uint32_t subvendor, subdevice;
	enum alias_rule rule;
	uint8_t arg;
} quirks[] = {
/* clang-format off */
#define FUNC0(v, d) { v, d, ANY, ANY, TO_FUNCTION, 0 }
#define FUNC1(v, d) { v, d, ANY, ANY, TO_FUNCTION, 1 }
	FUNC0(0x1180, 0xe832), FUNC0(0x1180, 0xe476), FUNC0(0x6766, 0x3d40),
	FUNC0(0x6766, 0x3d41),
	FUNC1(0x1b4b, 0x9120), FUNC1(0x1b4b, 0x9123), FUNC1(0x1b4b, 0x9125),
	FUNC1(0x1b4b, 0x9128), FUNC1(0x1b4b, 0x9130), FUNC1(0x1b4b, 0x9170),
	FUNC1(0x1b4b, 0x9172), FUNC1(0x1b4b, 0x917a), FUNC1(0x1b4b, 0x9182),
	FUNC1(0x1b4b, 0x9183), FUNC1(0x1b4b, 0x91a0), FUNC1(0x1b4b, 0x9215),
	FUNC1(0x1b4b, 0x9220), FUNC1(0x1b4b, 0x9230), FUNC1(0x1b4b, 0x9235),
	FUNC1(0x1103, 0x0642), FUNC1(0x1103, 0x0645), FUNC1(0x197b, 0x2392),
	FUNC1(0x1c28, 0x0122),
	{ 0x9005, 0x0285, 0x9005, 0x02bb, TO_DEVFN, DEVFN(1, 0) },
	{ 0x9005, 0x0285, 0x9005, 0x02bc, TO_DEVFN, DEVFN(1, 0) },
#define MIC(d) \
	{ 0x8086, d, ANY, ANY, TO_DEVFN, DEVFN(0x10, 0) }, \
	{ 0x8086, d, ANY, ANY, TO_DEVFN, DEVFN(0x11, 0) }, \
	{ 0x8086, d, ANY, ANY, TO_DEVFN, DEVFN(0x12, 3) }
	MIC(0x2260), MIC(0x2264),
#define VCA(d) { 0x8086, d, ANY, ANY, TO_SLOTS, 5 }
	VCA(0x2954), VCA(0x2955), VCA(0x2956), VCA(0x2958), VCA(0x2959), VCA(0x295a),
	{ 0x10b5, 0x87b0, ANY, ANY, TO_ALL, 0 }, { 0x10b5, 0x87b1, ANY, ANY, TO_ALL, 0 },
	/* clang-format on */
};

static void set_bit(struct alias_mask *m, uint8_t devfn)
{
	m->bits[devfn / 64] |= UINT64_C(1) << devfn % 64;
}

static bool has_bit(const struct alias_mask *m, uint8_t devfn)
{
	return m && m->bits[devfn / 64] >> devfn % 64 & 1;
}

static uint8_t devfn_of(const struct pci_fn *f)
{
	return DEVFN(f->bdf.dev, f->bdf.fn);
}

static void apply(const struct alias_quirk *q, const struct pci_fn *f,
		  struct alias_mask *m)
{
	switch (q->rule) {
	case TO_FUNCTION:
		if (f->bdf.fn != q->arg)
			set_bit(m, DEVFN(f->bdf.dev, q->arg));
		break;
	case TO_DEVFN:
		set_bit(m, q->arg);
		break;
	case TO_SLOTS:
		for (unsigned i = 0; i < 32u * 8; i++)
			if (i % 8 < q->arg)
				set_bit(m, (uint8_t)i);
		break;
	case TO_ALL:
		memset(m->bits, 0xff, sizeof(m->bits));
		break;
	}
}

/* NULL: none, the rule. */
static const struct alias_mask *find_mask(const struct pci_fn *f, struct arena *a)
{
	struct alias_mask m = { .why = "a DMA alias that the kernel knows of" };
	bool any = false;

	for (const struct alias_quirk *q = quirks; q < quirks + ARRAY_SIZE(quirks); q++)
		if (q->vendor == f->id.vendor && q->device == f->id.device &&
		    (q->subvendor == ANY || q->subvendor == f->id.subvendor) &&
		    (q->subdevice == ANY || q->subdevice == f->id.subdevice)) {
			apply(q, f, &m);
			any = true;
		}
	return any ? arena_memdup(a, &m, sizeof(m)) : NULL;
}

/* Intel's Volume Management Devices: their class is RAID, their ids are few. */
static bool is_vmd(const struct pci_fn *f)
{
	static const uint16_t ids[] = { 0x201d, 0x28c0, 0x467f, 0x4c3d, 0x7d0b,
					0x9a0b, 0xa77f, 0xad0b, 0xb06f, 0xb60b };

	for (size_t i = 0; f->id.vendor == 0x8086 && i < ARRAY_SIZE(ids); i++)
		if (f->id.device == ids[i])
			return true;
	return false;
}

/* The n-th domain beyond those of ACPI is that of the n-th VMD. */
static void find_real(struct dma_aliases *d, struct arena *scratch)
{
	const struct machine *m = d->t->m;
	uint32_t *vmds = arena_alloc(scratch, (d->t->n + 1) * sizeof(*vmds)), n = 0;
	uint32_t domain = 0, nth = 0;

	for (uint32_t i = 0; i < d->t->n; i++) {
		const struct pci_fn *f = &m->fns.v[i];

		d->real[i] = i;
		/* Without its driver it hides nothing. */
		if (is_vmd(f) && f->bdf.domain < VMD_DOMAIN &&
		    (!f->driver || streq(f->driver, "vmd")))
			vmds[n++] = i;
		if (f->bdf.domain < VMD_DOMAIN)
			continue;
		/* Functions are sorted, so those of all lower domains have been seen. */
		if (domain && domain != f->bdf.domain)
			nth++;
		domain = f->bdf.domain;
		if (nth < n)
			d->real[i] = vmds[nth];
	}
}

/* drivers/iommu/amd/iommu.c:setup_aliases: one of the same bus is an alias to PCI, too.
 */
static void add_ivrs_alias(struct dma_aliases *d, uint16_t alias, uint32_t fn,
			   struct arena *a)
{
	const struct pci_fn *f = &d->t->m->fns.v[fn];
	uint16_t self = (uint16_t)(f->bdf.bus << 8 | devfn_of(f));
	struct alias_mask *m;

	if (alias == self || alias >> 8 != f->bdf.bus)
		return;
	m = arena_alloc(a, sizeof(*m));
	if (d->mask[fn])
		*m = *d->mask[fn];
	else
		m->why = "an alias that table IVRS gives";
	set_bit(m, (uint8_t)alias);
	d->mask[fn] = m;
}

void dma_aliases_build(const struct acs *acs, const struct acpi_iommu *ivrs,
		       struct arena *a, struct dma_aliases *ret)
{
	AUTOARENA struct arena *scratch = arena_new();
	const struct topology *t = acs->t;
	uint16_t *aliases = arena_alloc(scratch, (t->n + 1) * sizeof(*aliases));

	if (ivrs)
		acpi_assign_aliases(t->m, ivrs, scratch, aliases);
	ret->t = t;
	ret->acs = acs;
	ret->mask = arena_alloc(a, (t->n + 1) * sizeof(*ret->mask));
	ret->real = arena_alloc(a, (t->n + 1) * sizeof(*ret->real));
	ret->bus_has = arena_alloc(a, (t->n + 1) * sizeof(*ret->bus_has));
	find_real(ret, scratch);
	for (uint32_t i = 0; i < t->n; i++) {
		ret->mask[i] = find_mask(&t->m->fns.v[i], a);
		if (ivrs)
			add_ivrs_alias(ret, aliases[i], i, a);
		if (ret->mask[i] || ret->real[i] != i)
			ret->bus_has[t->bus_first[i]] = true;
	}
}

bool dma_aliases_share(const struct dma_aliases *d, uint32_t x, uint32_t y)
{
	const struct pci_fn *fx = &d->t->m->fns.v[x], *fy = &d->t->m->fns.v[y];

	return has_bit(d->mask[x], devfn_of(fy)) || has_bit(d->mask[y], devfn_of(fx)) ||
	       d->real[x] == y || d->real[y] == x;
}

enum visit { PASSES, VISITS, ENDS };

/* What the walk does at a bridge above. */
static enum visit at_bridge(const struct dma_aliases *d, uint32_t bridge)
{
	const struct pci_fn *f = &d->t->m->fns.v[bridge];

	/* Broadcom Vulcan: what is above translates (PCI_DEV_FLAGS_BRIDGE_XLATE_ROOT). */
	if (f->id.vendor == 0x14e4 && (f->id.device == 0x9000 || f->id.device == 0x9084))
		return ENDS;
	switch (acs_port_type(d->acs, bridge)) {
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_UPSTREAM:
	case PCI_EXP_TYPE_DOWNSTREAM:
		return PASSES;
	case PCI_EXP_TYPE_PCI_BRIDGE:
		/* Aspeed's BMC (PCI_DEV_FLAGS_PCI_BRIDGE_NO_ALIAS) */
		return d->acs->kernel.ast_no_alias && f->id.vendor == 0x1a03 &&
				       f->id.device == 0x1150
			       ? PASSES
			       : VISITS;
	case PCI_EXP_TYPE_PCIE_BRIDGE:
	case -1:
		return VISITS;
	default:
		return PASSES;
	}
}

uint32_t dma_aliases_visit(const struct dma_aliases *d, uint32_t fn,
			   uint32_t ret[static DMA_ALIAS_MAX])
{
	uint32_t n = 0;

	ret[n++] = fn = d->real[fn];
	while ((fn = d->t->up[fn]) != FN_NONE && n < DMA_ALIAS_MAX) {
		enum visit v = at_bridge(d, fn);

		if (v == ENDS)
			break;
		if (v == VISITS)
			ret[n++] = fn;
	}
	return n;
}
