/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual functions that a physical one can enable and nobody recorded. Where they are
 * and what they hold is in its SR-IOV capability, and what is not there the specification
 * gives (PCI Express base specification 6.0, chapter 9).
 */
#include <pci/header.h>

#include "core/topology.h"
#include "core/vf.h"

#define CONFIG_SIZE 4096
#define FIRST_IOV 7      /* of machine.fns.res: the six of the SR-IOV capability */
#define MOST 65536       /* addresses of a domain: nobody asks for more of them */
#define EXPRESS_LEN 0x3c /* of the PCI Express capability, version 2 */
#define VERSION_1_LEN 0x14

static void put_u16(uint8_t *c, uint32_t off, uint32_t v)
{
	c[off] = (uint8_t)v;
	c[off + 1] = (uint8_t)(v >> 8);
}

/*
 * All virtual functions of one physical one are alike. Of the capabilities only those are
 * sure that every virtual function has: PCI Express, with function level reset, and ARI.
 */
static struct blob vf_config(struct arena *a, const struct pci_fn *pf,
			     const struct pci_fn *like)
{
	uint32_t exp = cfg_find_cap(pf->config, PCI_CAP_ID_EXP), len;
	uint8_t *c;

	if (like)
		return like->config;
	c = arena_alloc(a, CONFIG_SIZE);
	memset(c, 0xff, 4); /* its own ids read as nobody's */
	c[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	memcpy(c + PCI_REVISION_ID, pf->config.data + PCI_REVISION_ID, 4);
	memcpy(c + PCI_SUBSYSTEM_VENDOR_ID, pf->config.data + PCI_SUBSYSTEM_VENDOR_ID, 4);
	if (exp) {
		len = (cfg_u16(pf->config, exp + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS) > 1
			      ? EXPRESS_LEN
			      : VERSION_1_LEN;
		c[PCI_CAPABILITY_LIST] = (uint8_t)exp;
		for (uint32_t i = 0; i < len; i++)
			c[exp + i] = cfg_u8(pf->config, exp + i);
		c[exp + PCI_CAP_LIST_NEXT] = 0;
		c[exp + PCI_EXP_DEVCAP + 3] |= PCI_EXP_DEVCAP_FLRESET >> 24;
		/* Control and status: none of the physical function's choices. */
		put_u16(c, exp + PCI_EXP_DEVCTL, 0);
		put_u16(c, exp + PCI_EXP_DEVSTA, 0);
		put_u16(c, exp + PCI_EXP_LNKCTL, 0);
		put_u16(c, exp + PCI_EXP_LNKSTA, 0);
	}
	if (cfg_find_ext_cap(pf->config, PCI_EXT_CAP_ID_ARI)) {
		put_u16(c, 0x100, PCI_EXT_CAP_ID_ARI);
		put_u16(c, 0x102, 1);
	}
	return (struct blob){ c, CONFIG_SIZE };
}

/* What a machine tells of its physical functions, each by index. */
struct around {
	struct topology topology;
	const struct pci_fn **vf; /* a recorded one with its registers; NULL: none */
};

static void look_around(const struct machine *m, struct arena *a, struct around *ret)
{
	topology_build(m, a, &ret->topology);
	ret->vf = arena_alloc(a, (m->fns.n + 1) * sizeof(*ret->vf));
	vec_foreach(fn, &m->fns) {
		uint32_t pf = fn->is_vf && fn->config.len >= 256
				      ? topology_find(&ret->topology, fn->physfn)
				      : FN_NONE;

		if (pf != FN_NONE && !ret->vf[pf])
			ret->vf[pf] = fn;
	}
}

/* The last bus that functions of its bus may reach to. */
static unsigned last_bus(const struct around *at, uint32_t pf)
{
	uint32_t up = at->topology.up[pf];

	return up == FN_NONE
		       ? 0xff
		       : cfg_u8(at->topology.m->fns.v[up].config, PCI_SUBORDINATE_BUS);
}

static void add(struct machine *to, const struct around *at, const struct pci_fn *pf,
		unsigned n, struct arena *a)
{
	const struct machine *m = at->topology.m;
	uint32_t index = (uint32_t)(pf - m->fns.v);
	uint32_t cap = cfg_find_ext_cap(pf->config, PCI_EXT_CAP_ID_SRIOV);
	uint32_t rid = (uint32_t)pf->bdf.bus << 8 | (uint32_t)pf->bdf.dev << 3 |
		       (uint32_t)pf->bdf.fn;
	uint32_t stride = cfg_u16(pf->config, cap + PCI_IOV_STRIDE), last;
	struct pci_fn vf = {
		.config_size = CONFIG_SIZE,
		.id = pf->id,
		.revision = pf->revision,
		.group = GROUP_NONE,
		.numa = pf->numa,
		.physfn = pf->bdf,
		.is_vf = true,
	};

	if (!pf->vfs_total || pf->is_vf || !cap || pf->config.len < 256)
		return;
	rid += cfg_u16(pf->config, cap + PCI_IOV_OFFSET);
	last = (last_bus(at, index) << 8) + 0xff;
	vf.config = vf_config(a, pf, at->vf[index]);
	vf.id.device = cfg_u16(pf->config, cap + PCI_IOV_DID);
	for (unsigned i = 0; i < n && rid <= last; i++, rid += stride) {
		vf.bdf = (struct bdf){ .domain = pf->bdf.domain,
				       .bus = (uint8_t)(rid >> 8),
				       .dev = rid >> 3 & 0x1f,
				       .fn = rid & 7 };
		/* iov.c:pci_iov_add_virtfn: each has its part of the whole. */
		for (unsigned k = 0; k < 6; k++) {
			const struct pci_resource *all = &pf->res[FIRST_IOV + k];
			uint64_t size = (all->end - all->start + 1) / pf->vfs_total;

			if (all->end)
				vf.res[k] = (struct pci_resource){
					all->start + i * size,
					all->start + (i + 1) * size - 1, all->flags
				};
		}
		if (to->fns.n == MOST || (!stride && i))
			return;
		if (!machine_fn(m, vf.bdf))
			*vec_push(a, &to->fns) = vf;
	}
}

void vf_add(struct machine *to, const struct machine *m, const struct pci_fn *pf,
	    unsigned n, struct arena *a)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct around at;

	look_around(m, scratch, &at);
	add(to, &at, pf, n, a);
}

static int fn_cmp(const void *x, const void *y)
{
	return bdf_cmp(((const struct pci_fn *)x)->bdf, ((const struct pci_fn *)y)->bdf);
}

const struct machine *vf_complete(const struct machine *m, struct arena *a)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct machine *ret = arena_memdup(a, m, sizeof(*m));
	struct around at;
	bool any = false;

	vec_foreach(fn, &m->fns)
		any |= fn->vfs_total;
	if (!any)
		return m;
	look_around(m, scratch, &at);
	ret->fns.v = NULL;
	ret->fns.n = ret->fns.cap = 0;
	vec_foreach(fn, &m->fns)
		add(ret, &at, fn, fn->vfs_total, a);
	if (!ret->fns.n)
		return m;
	vec_foreach(fn, &m->fns)
		*vec_push(a, &ret->fns) = *fn;
	qsort(ret->fns.v, ret->fns.n, sizeof(*ret->fns.v), fn_cmp);
	return ret;
}
