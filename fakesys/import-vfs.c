/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions are virtual ones, by what their physical function says. */
#include <pci/header.h>

#include "fakesys/import-text.h"

static unsigned rid(struct bdf b)
{
	return (unsigned)b.bus << 8 | (unsigned)b.dev << 3 | b.fn;
}

/*
 * drivers/pci/iov.c:pci_iov_add_virtfn: a VF's own id registers read ffff. A listing in
 * words has sysfs's ids instead.
 */
static bool may_be_vf(struct machine *m, const struct pci_fn *pf, struct pci_fn *fn)
{
	uint32_t cap = cfg_find_ext_cap(pf->config, PCI_EXT_CAP_ID_SRIOV);
	uint8_t *config;

	if (cfg_u16(fn->config, PCI_VENDOR_ID) == 0xffff)
		return true;
	if (fn->id.vendor != pf->id.vendor ||
	    fn->id.device != cfg_u16(pf->config, cap + PCI_IOV_DID))
		return false;
	if (fn->config.len >= 4) {
		config = arena_memdup(m->arena, fn->config.data, fn->config.len);
		memset(config, 0xff, 4);
		fn->config.data = config;
	}
	return true;
}

/* PCI Express 6.0, 9.2.1.2: VF n has the PF's routing id + offset + n * stride. */
static void link_vfs(struct machine *m, struct pci_fn *pf)
{
	uint32_t cap = cfg_find_ext_cap(pf->config, PCI_EXT_CAP_ID_SRIOV);
	unsigned first, stride;

	if (!cap || cap + 0x40 > pf->config.len)
		return;
	/* A tree told what the driver lets through (drivers/pci/iov.c:sriov_totalvfs). */
	if (!pf->vfs_total)
		pf->vfs_total = cfg_u16(pf->config, cap + PCI_IOV_TOTALVF);
	if (!(cfg_u16(pf->config, cap + PCI_IOV_CTRL) & PCI_IOV_CTRL_VFE))
		return;
	pf->vfs_now = cfg_u16(pf->config, cap + PCI_IOV_NUMVF);
	first = rid(pf->bdf) + cfg_u16(pf->config, cap + PCI_IOV_OFFSET);
	stride = cfg_u16(pf->config, cap + PCI_IOV_STRIDE);
	vec_foreach(fn, &m->fns) {
		unsigned id = rid(fn->bdf), n;

		if (fn->bdf.domain != pf->bdf.domain || id < first || fn->is_vf)
			continue;
		n = stride ? (id - first) / stride : id - first;
		if (n >= pf->vfs_now || first + n * stride != id || !may_be_vf(m, pf, fn))
			continue;
		fn->is_vf = true;
		fn->physfn = pf->bdf;
	}
}

void import_link_vfs(struct machine *m)
{
	vec_foreach(fn, &m->fns)
		link_vfs(m, fn);
}
