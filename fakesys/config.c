/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/sim-resource-size.h"
#include "fakesys/sim-port.h"

/* Registers that software may change, as the PCI and PCI Express specifications say. */
struct reg {
	uint16_t off; /* from the start of the header or capability */
	uint8_t width;
	uint32_t wmask, w1cmask;
};

/* clang-format off */
static const struct reg any_header[] = {
	{ PCI_COMMAND, 2, .wmask = 0x07ff },
	{ PCI_STATUS, 2, .w1cmask = 0xf900 },
	{ PCI_CACHE_LINE_SIZE, 1, .wmask = 0xff },
	{ PCI_LATENCY_TIMER, 1, .wmask = 0xff },
	{ PCI_INTERRUPT_LINE, 1, .wmask = 0xff },
};
static const struct reg bridge_header[] = {
	{ PCI_PRIMARY_BUS, 4, .wmask = 0xffffffff },
	{ PCI_IO_BASE, 2, .wmask = 0xf0f0 },
	{ PCI_SEC_STATUS, 2, .w1cmask = 0xf900 },
	{ PCI_MEMORY_BASE, 4, .wmask = 0xfff0fff0 },
	{ PCI_PREF_MEMORY_BASE, 4, .wmask = 0xfff0fff0 },
	{ PCI_PREF_BASE_UPPER32, 4, .wmask = 0xffffffff },
	{ PCI_PREF_LIMIT_UPPER32, 4, .wmask = 0xffffffff },
	{ PCI_IO_BASE_UPPER16, 4, .wmask = 0xffffffff },
	{ PCI_BRIDGE_CONTROL, 2, .wmask = 0x0fff },
};
static const struct reg cap_pm[] = {
	{ PCI_PM_CTRL, 2, .wmask = 0x1f03, .w1cmask = 0x8000 },
};
static const struct reg cap_msi[] = {
	{ PCI_MSI_FLAGS, 2, .wmask = 0x0071 },
	{ PCI_MSI_ADDRESS_LO, 4, .wmask = 0xfffffffc },
};
static const struct reg cap_msix[] = {
	{ 2, 2, .wmask = 0xc000 }, /* message control */
};
static const struct reg cap_exp[] = {
	{ PCI_EXP_DEVCTL, 2, .wmask = 0x7fff },
	{ PCI_EXP_DEVSTA, 2, .w1cmask = 0x000f },
	{ PCI_EXP_LNKCTL, 2, .wmask = 0x0ffb },
	{ PCI_EXP_LNKSTA, 2, .w1cmask = 0xc000 },
	{ PCI_EXP_SLTCTL, 2, .wmask = 0x1fff },
	{ PCI_EXP_SLTSTA, 2, .w1cmask = 0x011f },
	{ PCI_EXP_RTCTL, 2, .wmask = 0x001f },
	{ PCI_EXP_DEVCTL2, 2, .wmask = 0xf7ff },
	{ PCI_EXP_LNKCTL2, 2, .wmask = 0x1fff },
};
static const struct reg ext_aer[] = {
	{ PCI_ERR_UNCOR_STATUS, 4, .w1cmask = 0xffffffff },
	{ PCI_ERR_UNCOR_MASK, 4, .wmask = 0xffffffff },
	{ PCI_ERR_UNCOR_SEVER, 4, .wmask = 0xffffffff },
	{ PCI_ERR_COR_STATUS, 4, .w1cmask = 0xffffffff },
	{ PCI_ERR_COR_MASK, 4, .wmask = 0xffffffff },
	{ PCI_ERR_CAP, 4, .wmask = 0x00000d40 },
};
static const struct reg ext_acs[] = {
	{ PCI_ACS_CTRL, 2, .wmask = 0x007f },
};

static const struct {
	uint16_t id;
	bool ext;
	const struct reg *regs;
	size_t n;
} caps[] = {
	{ PCI_CAP_ID_PM, false, cap_pm, ARRAY_SIZE(cap_pm) },
	{ PCI_CAP_ID_MSI, false, cap_msi, ARRAY_SIZE(cap_msi) },
	{ PCI_CAP_ID_MSIX, false, cap_msix, ARRAY_SIZE(cap_msix) },
	{ PCI_CAP_ID_EXP, false, cap_exp, ARRAY_SIZE(cap_exp) },
	{ PCI_EXT_CAP_ID_AER, true, ext_aer, ARRAY_SIZE(ext_aer) },
	{ PCI_EXT_CAP_ID_ACS, true, ext_acs, ARRAY_SIZE(ext_acs) },
};
/* clang-format on */

static void put_le(uint8_t *mask, size_t len, size_t off, unsigned width, uint32_t v)
{
	for (unsigned i = 0; i < width && off + i < len; i++)
		mask[off + i] |= (uint8_t)(v >> 8 * i);
}

static void put_regs(const struct reg *regs, size_t n, uint32_t base, size_t len,
		     uint8_t *wmask, uint8_t *w1cmask)
{
	for (size_t i = 0; i < n; i++) {
		put_le(wmask, len, base + regs[i].off, regs[i].width, regs[i].wmask);
		put_le(w1cmask, len, base + regs[i].off, regs[i].width, regs[i].w1cmask);
	}
}

/* A BAR takes the address bits above its size, so that writing ones tells the size. */
static void put_bar(size_t off, const struct pci_resource *r, uint32_t flags_mask,
		    bool wide, size_t len, uint8_t *wmask)
{
	uint64_t mask = ~(r->end - r->start);

	if (!r->end)
		return;
	put_le(wmask, len, off, 4, (uint32_t)mask & ~flags_mask);
	if (wide)
		put_le(wmask, len, off + 4, 4, (uint32_t)(mask >> 32));
}

void config_masks(struct blob config, const struct pci_resource res[static PCI_RESOURCES],
		  uint8_t *ret_wmask, uint8_t *ret_w1cmask)
{
	bool bridge = cfg_is_bridge(config);
	uint32_t rom = bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
	size_t len = config.len;

	memset(ret_wmask, 0, len);
	memset(ret_w1cmask, 0, len);
	put_regs(any_header, ARRAY_SIZE(any_header), 0, len, ret_wmask, ret_w1cmask);
	/* PCI Express base specification 6.0, 7.5.1.1.3: of PCI's time, hard-wired to 0
	 */
	if (cfg_pcie_type(config) >= 0 && len > PCI_COMMAND + 1) {
		ret_wmask[PCI_COMMAND] &= (uint8_t)~0xb8;
		ret_wmask[PCI_COMMAND + 1] &= (uint8_t)~0x02;
	}
	if (bridge)
		put_regs(bridge_header, ARRAY_SIZE(bridge_header), 0, len, ret_wmask,
			 ret_w1cmask);
	for (unsigned i = 0; i < (bridge ? 2u : 6u); i++) {
		uint32_t off = PCI_BASE_ADDRESS_0 + 4 * i, bar = cfg_u32(config, off);
		bool io = bar & PCI_BASE_ADDRESS_SPACE_IO;
		bool wide = !io && (bar & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
					   PCI_BASE_ADDRESS_MEM_TYPE_64;

		put_bar(off, &res[i], io ? 3 : 0xf, wide, len, ret_wmask);
	}
	if (res[PCI_ROM_RESOURCE].end && cfg_u32(config, rom)) {
		put_bar(rom, &res[PCI_ROM_RESOURCE], 0x7ff, false, len, ret_wmask);
		put_le(ret_wmask, len, rom, 4, PCI_ROM_ADDRESS_ENABLE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		uint32_t pos = caps[i].ext ? cfg_find_ext_cap(config, caps[i].id)
					   : cfg_find_cap(config, (uint8_t)caps[i].id);

		if (pos)
			put_regs(caps[i].regs, caps[i].n, pos, len, ret_wmask,
				 ret_w1cmask);
	}
}

unsigned config_decodes(const struct sim *s, uint32_t fn)
{
	const struct pci_resource *res = fn_res(s, fn);
	unsigned bits = 0;

	for (unsigned i = 0; i < PCI_RESOURCES; i++)
		if (res[i].end && (i < PCI_ROM_RESOURCE || i >= RES_WINDOW))
			bits |= res[i].flags & IORESOURCE_IO ? PCI_COMMAND_IO
							     : PCI_COMMAND_MEMORY;
	return bits;
}

struct blob config_now(const struct sim *s, uint32_t fn)
{
	struct blob b = s->m->fns.v[fn].config;

	if (s->fns[fn].config)
		b.data = s->fns[fn].config;
	return b;
}

/*
 * Bits of a 16-bit register that are not as they were recorded. Those of a function
 * without a driver are: the kernel itself has switched them, or nobody.
 */
struct patch {
	uint32_t off;
	unsigned clear, set;
};
#define PATCHES 21 /* the command, ACS, PM and MSI-X: 4; SR-IOV: 2; MSI: 7; ports: 4 */

/* Of drivers only the recorded one is known to use MSI. */
static bool has_recorded_driver(const struct sim *s, uint32_t fn)
{
	const struct sim_driver *drv = s->fns[fn].driver;
	const char *recorded = s->m->fns.v[fn].driver;

	return drv && recorded && streq(drv->name, recorded);
}

/* As recorded, unless msi_bus said no when it came. */
static bool uses_msi(const struct sim *s, uint32_t fn)
{
	return has_recorded_driver(s, fn) && (!s->places[fn].irqs || s->fns[fn].n_irqs);
}

/* pci.c:pci_set_master, do_pci_disable_device, pci_intx;
 * setup-res.c:pci_enable_resources.
 */
static struct patch command_patch(const struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const struct fn_state *st = &s->fns[fn];
	struct patch p = { .off = PCI_COMMAND };

	if (has_recorded_driver(s, fn)) {
		if (!uses_msi(s, fn))
			p.clear = PCI_COMMAND_DISABLE_INTx;
		if (st->master == MASTER_OFF)
			p.clear |= PCI_COMMAND_MASTER;
		return p;
	}
	if (st->master == MASTER_ON)
		p.set = PCI_COMMAND_MASTER;
	else if (st->master == MASTER_OFF || f->driver)
		p.clear = PCI_COMMAND_MASTER;
	if (f->driver)
		p.clear |= PCI_COMMAND_DISABLE_INTx;
	if (st->decodes)
		p.set |= config_decodes(s, fn);
	return p;
}

/* kernel/irq/msi.c:msi_domain_deactivate writes an empty message. */
static size_t msi_patches(const struct pci_fn *f, uint32_t msi, struct patch *ret)
{
	unsigned flags = cfg_u16(f->config, msi + PCI_MSI_FLAGS);
	bool wide = flags & PCI_MSI_FLAGS_64BIT;
	uint32_t end = wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32;
	uint32_t mask = wide ? PCI_MSI_MASK_BIT_64 : PCI_MSI_MASK_BIT_32;
	size_t n = 0;

	ret[n++] = (struct patch){ msi + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 0 };
	for (uint32_t off = PCI_MSI_ADDRESS_LO; off <= end; off += 2)
		ret[n++] = (struct patch){ msi + off, 0xffff, 0 };
	if (flags & PCI_MSI_FLAGS_MASK_BIT) /* msi.c:pci_msi_shutdown: unmasked */
		for (uint32_t off = 0; off < 4; off += 2)
			ret[n++] = (struct patch){ msi + mask + off, 0xffff, 0 };
	return n;
}

#define ERROR_REPORTS 0xf /* in PCI_EXP_DEVCTL */

/*
 * aer.c:set_downstream_devices_error_reporting, on kernels where that follows the
 * service: the root port and the ports of switches behind it.
 */
static bool reports_off(const struct sim *s, uint32_t fn)
{
	uint32_t root = fn;

	if (!s->profile->aer_switches_reports || !(s->places[fn].traits & FN_BRIDGE))
		return false;
	while (root != SIM_NONE && !(s->places[root].traits & FN_ROOT_PORT))
		root = s->places[root].parent;
	return root != SIM_NONE && s->m->fns.v[root].driver &&
	       cfg_find_ext_cap(s->m->fns.v[root].config, PCI_EXT_CAP_ID_AER) &&
	       !port_served(s, root, SERVICE_AER);
}

/* pcie/pme.c:pcie_pme_remove, pcie/aer.c:aer_disable_rootport: no reports any more. */
static size_t port_patches(const struct sim *s, uint32_t fn, struct patch *ret)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	uint32_t exp = cfg_find_cap(f->config, PCI_CAP_ID_EXP);
	uint32_t aer = cfg_find_ext_cap(f->config, PCI_EXT_CAP_ID_AER);
	size_t n = 0;

	if (exp && reports_off(s, fn))
		ret[n++] = (struct patch){ exp + PCI_EXP_DEVCTL, ERROR_REPORTS, 0 };
	if (!f->driver || !(s->places[fn].traits & FN_ROOT_PORT))
		return n;
	/* pci.c:pci_restore_pcie_state: a command of the slot, which is told completed.
	 */
	if (exp && s->fns[fn].resumed &&
	    cfg_u16(f->config, exp + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT)
		ret[n++] = (struct patch){ exp + PCI_EXP_SLTSTA, 0, PCI_EXP_SLTSTA_CMDC };
	if (exp && !port_served(s, fn, SERVICE_PME))
		ret[n++] = (struct patch){ exp + PCI_EXP_RTCTL, PCI_EXP_RTCTL_PMEIE, 0 };
	if (aer && !port_served(s, fn, SERVICE_AER))
		ret[n++] = (struct patch){ aer + PCI_ERR_ROOT_COMMAND, 7, 0 };
	return n;
}

/* iov.c:sriov_enable, sriov_disable */
static size_t iov_patches(const struct sim *s, uint32_t fn, struct patch *ret)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	uint32_t iov =
		f->vfs_total ? cfg_find_ext_cap(f->config, PCI_EXT_CAP_ID_SRIOV) : 0;
	unsigned on = PCI_IOV_CTRL_VFE | PCI_IOV_CTRL_MSE, n = iov ? vfs_count(s, fn) : 0;

	if (!iov)
		return 0;
	ret[0] = (struct patch){ iov + PCI_IOV_CTRL, on, n ? on : 0 };
	ret[1] = (struct patch){ iov + PCI_IOV_NUMVF, 0xffff, n };
	return 2;
}

static size_t patches(const struct sim *s, uint32_t fn, struct patch ret[static PATCHES])
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const char *power = s->fns[fn].power;
	uint32_t pm = cfg_find_cap(f->config, PCI_CAP_ID_PM),
		 msi = cfg_find_cap(f->config, PCI_CAP_ID_MSI),
		 msix = cfg_find_cap(f->config, PCI_CAP_ID_MSIX);
	size_t n = 0;

	n += iov_patches(s, fn, ret);
	if (s->fns[fn].own_registers)
		return n;
	ret[n++] = command_patch(s, fn);
	if (msi && f->driver && !uses_msi(s, fn))
		n += msi_patches(f, msi, ret + n);
	n += port_patches(s, fn, ret + n);
	if (msix && f->driver && !uses_msi(s, fn))
		ret[n++] = (struct patch){ msix + PCI_MSI_FLAGS, PCI_MSIX_ENABLE, 0 };
	if (s->places[fn].acs_at)
		ret[n++] =
			(struct patch){ s->places[fn].acs_at, 0xffff, s->places[fn].acs };
	if (pm && (f->driver || s->fns[fn].driver))
		ret[n++] = (struct patch){ pm + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK,
					   streq(power, "D3hot") ? 3 : 0 };
	assert(n <= PATCHES);
	return n;
}

/* On @len bytes that stand for those at @at. */
static void apply(const struct patch *p, size_t n, uint32_t at, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < 2; k++) {
			uint32_t off = p[i].off + k;

			if (off < at || off - at >= len)
				continue;
			buf[off - at] &= (uint8_t) ~(p[i].clear >> 8 * k);
			buf[off - at] |= (uint8_t)(p[i].set >> 8 * k);
		}
}

void config_copy(const struct sim *s, uint32_t fn, uint32_t off, void *buf, size_t len)
{
	struct patch p[PATCHES];

	memcpy(buf, config_now(s, fn).data + off, len);
	apply(p, patches(s, fn, p), off, buf, len);
}

bool config_msi_on(const struct sim *s, uint32_t fn)
{
	struct blob c = config_now(s, fn);
	uint32_t msi = cfg_find_cap(c, PCI_CAP_ID_MSI);

	return msi && (cfg_u16(c, msi + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE) &&
	       (s->fns[fn].own_registers || !s->m->fns.v[fn].driver || uses_msi(s, fn));
}

static void own_config(struct sim *s, uint32_t fn)
{
	struct blob now = s->m->fns.v[fn].config;

	if (!s->fns[fn].config)
		s->fns[fn].config = arena_memdup(s->run, now.data, now.len);
}

void config_poke(struct sim *s, uint32_t fn, uint32_t off, uint32_t v, unsigned width)
{
	if (off + width > s->m->fns.v[fn].config.len)
		return;
	own_config(s, fn);
	for (unsigned i = 0; i < width; i++)
		s->fns[fn].config[off + i] = (uint8_t)(v >> 8 * i);
}

ssize_t config_write(struct sim *s, uint32_t fn, const void *buf, size_t len,
		     uint32_t off)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	struct fn_state *st = &s->fns[fn];
	const uint8_t *in = buf;
	uint8_t wmask[4096], w1cmask[4096];
	struct blob now = config_now(s, fn);

	if (off >= f->config_size)
		return -EFBIG;
	if (!now.len)
		return (ssize_t)len;
	if (now.len > sizeof(wmask))
		now.len = sizeof(wmask);
	config_masks(now, f->res, wmask, w1cmask);
	own_config(s, fn);
	if (!st->own_registers) {
		struct patch p[PATCHES];

		apply(p, patches(s, fn, p), 0, st->config, now.len);
		st->own_registers = true;
		st->decodes = false;
	}
	for (size_t i = 0; i < len && off + i < now.len; i++) {
		uint8_t *p = &st->config[off + i], w = wmask[off + i];

		*p = (uint8_t)((*p & ~w) | (in[i] & w));
		*p &= (uint8_t) ~(in[i] & w1cmask[off + i]);
	}
	if (now.len > PCI_COMMAND)
		st->master = st->config[PCI_COMMAND] & PCI_COMMAND_MASTER ? MASTER_ON
									  : MASTER_OFF;
	return (ssize_t)len;
}
