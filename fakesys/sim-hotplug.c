/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/driver.h"

void fn_state_reset(struct sim *s, uint32_t fn)
{
	s->fns[fn] = (struct fn_state){
		.power = s->profile->fresh_state,
		.resets = s->places[fn].resets,
		.vfio_dev = -1,
		.numa = s->m->fns.v[fn].numa,
		.d3cold_allowed = s->places[fn].traits & FN_PM,
	};
}

/* Is @fn @top or behind it? */
static bool is_below(const struct sim *s, uint32_t fn, uint32_t top)
{
	while (fn != SIM_NONE && fn != top)
		fn = s->places[fn].parent;
	return fn == top;
}

/* remove.c:pci_stop_bus_device, then pci_remove_bus_device: the last child goes first. */
int fn_remove(struct sim *s, uint32_t top)
{
	uint32_t last = (uint32_t)s->m->fns.n;

	for (uint32_t fn = top; fn < last; fn++) {
		uint32_t g = s->places[fn].group;

		if (is_below(s, fn, top) && s->iommu_on && g != SIM_NONE &&
		    s->groups.v[g].claimed)
			return SIM_NOT_MODELLED; /* holds the lock of all rescans
						    meanwhile */
	}
	/* Functions stand in order of address, so children behind their bridge. */
	while (last-- > top) {
		struct fn_state *st = &s->fns[last];

		if (st->gone || !is_below(s, last, top))
			continue;
		if (st->driver)
			(void)driver_unbind(s, last);
		if (s->iommu_on && s->places[last].group != SIM_NONE &&
		    s->profile->logs_group_removal)
			sim_log_fn(s, last, "Removing from iommu group %d",
				   s->groups.v[s->places[last].group].id);
		st->gone = true;
	}
	s->changes++;
	return 0;
}

/* drivers/pci/probe.c:pci_type_str. */
static const char *port_type(struct blob config)
{
	static const char *const types[] = {
		[PCI_EXP_TYPE_ENDPOINT] = "PCIe Endpoint",
		[PCI_EXP_TYPE_LEG_END] = "PCIe Legacy Endpoint",
		[PCI_EXP_TYPE_ROOT_PORT] = "PCIe Root Port",
		[PCI_EXP_TYPE_UPSTREAM] = "PCIe Switch Upstream Port",
		[PCI_EXP_TYPE_DOWNSTREAM] = "PCIe Switch Downstream Port",
		[PCI_EXP_TYPE_PCI_BRIDGE] = "PCIe to PCI/PCI-X bridge",
		[PCI_EXP_TYPE_PCIE_BRIDGE] = "PCI/PCI-X to PCIe bridge",
		[PCI_EXP_TYPE_ROOT_INT_EP] = "PCIe Root Complex Integrated Endpoint",
		[PCI_EXP_TYPE_ROOT_EC] = "PCIe Root Complex Event Collector",
	};
	int type = cfg_pcie_type(config);

	if (type < 0)
		return cfg_is_bridge(config) ? "conventional PCI bridge"
					     : "conventional PCI endpoint";
	return (size_t)type < ARRAY_SIZE(types) && types[type] ? types[type]
							       : "PCIe unknown";
}

static void log_found(struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	bool typed = s->profile->log_port_type;

	sim_log_fn(s, fn, "[%04x:%04x] type %02x class 0x%06x%s%s", f->id.vendor,
		   f->id.device, s->places[fn].traits & FN_BRIDGE ? 1 : 0, f->id.class,
		   typed ? " " : "", typed ? port_type(f->config) : "");
	if (s->iommu_on && s->places[fn].group != SIM_NONE)
		sim_log_fn(s, fn, "Adding to iommu group %d",
			   s->groups.v[s->places[fn].group].id);
}

static bool in_scope(const struct sim *s, uint32_t fn, uint32_t beside)
{
	uint32_t up = beside == SIM_NONE ? SIM_NONE : s->places[beside].parent;

	if (beside == SIM_NONE)
		return true;
	if (up == SIM_NONE)
		return s->places[fn].root == s->places[beside].root;
	return fn != up && is_below(s, fn, up);
}

void fn_rescan(struct sim *s, uint32_t beside)
{
	bool attach = !(s->no_autoprobe && s->profile->autoprobe_on_rescan);

	/* Parents come before their children, so one pass finds whole subtrees. */
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		uint32_t up = s->places[fn].parent;

		if (!s->fns[fn].gone || s->m->fns.v[fn].is_vf ||
		    (up != SIM_NONE && s->fns[up].gone) || !in_scope(s, fn, beside))
			continue;
		fn_state_reset(s, fn);
		s->fns[fn].found = true;
		log_found(s, fn);
		s->changes++;
	}
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		if (!s->fns[fn].found)
			continue;
		s->fns[fn].found = false;
		if (attach)
			(void)driver_attach_fn(s, fn);
	}
}

unsigned vfs_count(const struct sim *s, uint32_t pf)
{
	const struct fn_place *p = &s->places[pf];
	unsigned n = 0;

	for (uint32_t i = 0; i < p->n_vfs; i++)
		n += !s->fns[s->vfs[p->first_vf + i]].gone;
	return n;
}

int vfs_set(struct sim *s, uint32_t pf, unsigned n)
{
	const struct fn_place *p = &s->places[pf];

	if (n > p->n_vfs)
		return SIM_NOT_MODELLED; /* nobody recorded what they would be */
	for (uint32_t i = p->n_vfs; !n && i-- > 0;) {
		int r = s->fns[s->vfs[p->first_vf + i]].gone
				? 0
				: fn_remove(s, s->vfs[p->first_vf + i]);

		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t vf = s->vfs[p->first_vf + i];

		fn_state_reset(s, vf);
		log_found(s, vf);
		s->changes++;
		/* iov.c:sriov_drivers_autoprobe: without it nothing is probed. */
		if (!s->fns[pf].no_vf_autoprobe)
			(void)driver_attach_fn(s, vf);
	}
	return 0;
}
