/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/boot-log.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/iommu-model.h"
#include "fakesys/sim-power.h"
#include "fakesys/sim-reset.h"
#include "fakesys/sim-resource.h"
#include "fakesys/sim-slot.h"
#include "fakesys/sim-wakeup.h"
#include "fakesys/udev.h"

void fn_state_reset(struct sim *s, uint32_t fn)
{
	uint64_t now = sim_changed_fn(s, fn);

	s->fns[fn] = (struct fn_state){
		.born = now,
		.changed = now,
		.power = s->profile->fresh_state,
		.resets = s->places[fn].resets,
		.found_resets = s->places[fn].resets,
		.vfio_dev = -1,
		.numa = s->m->fns.v[fn].numa,
		.d3cold_allowed = s->places[fn].traits & FN_PM,
		.aer_limits = { 10, 1250, 10, 1250 },
		.dma_bits = 32,
	};
	/* drivers/pci/pci-acpi.c:pci_acpi_setup: of bridges that can idle in D3. */
	if (s->places[fn].traits & FN_BRIDGE)
		wakeup_set(s, fn, fn_was_wakeup(&s->m->fns.v[fn]));
}

/* remove.c:pci_stop_bus_device: drivers go first, those of the last child before all. */
static bool stop_all(struct sim *s, uint32_t top)
{
	/* Functions stand in order of address, so children behind their bridge. */
	for (uint32_t fn = (uint32_t)s->m->fns.n; fn-- > top;)
		if (!s->fns[fn].gone && fn_is_below(s, fn, top) &&
		    (s->fns[fn].leaving ||
		     (s->fns[fn].driver && driver_unbind(s, fn) == -EINPROGRESS)))
			return false;
	return true;
}

/* remove.c:pci_remove_bus, and what hangs on it (pcibios_remove_bus). */
static void log_bus_gone(struct sim *s, uint32_t bridge)
{
	struct blob config = config_now(s, bridge);
	char range[16];

	sim_log(s, "pci_bus %04x:%02x: busn_res: %s is released",
		s->m->fns.v[bridge].bdf.domain, cfg_u8(config, PCI_SECONDARY_BUS),
		log_bus_range(config, range));
	slot_log_all(s, bridge, "unregistered");
}

/* remove.c:pci_remove_bus_device: what is behind it first, then the bus, then itself. */
static void destroy(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	AUTOARENA struct arena *a = NULL;
	fn_indices kids = { 0 };

	if (st->gone)
		return;
	if (s->places[fn].first_child != SIM_NONE) {
		a = arena_new();
		kids = bus_devices(s, a, (struct sim_bus){ s->places[fn].root, fn });
	}
	vec_foreach(c, &kids)
		destroy(s, *c);
	if (s->places[fn].traits & FN_BRIDGE)
		log_bus_gone(s, fn);
	if (s->iommu_on && s->places[fn].group != SIM_NONE &&
	    s->profile->logs_group_removal)
		sim_log_fn(s, fn, "Removing from iommu group %d",
			   s->groups.v[s->places[fn].group].id);
	wakeup_set(s, fn, false);
	st->gone = true;
	if (s->places[fn].parent != SIM_NONE)
		pm_settle(s, s->places[fn].parent);
}

static void destroy_all(struct sim *s, uint32_t top)
{
	destroy(s, top);
	/* Device links to them go from other folders (base/core.c:device_links_purge). */
	(void)sim_changed(s);
}

int fn_remove(struct sim *s, uint32_t top)
{
	if (s->removing != SIM_NONE && s->removing != top)
		return block_until(s, UNTIL_RESCAN, top, false);
	if (!stop_all(s, top)) {
		s->removing = top;
		(void)sim_changed_fn(s, top); /* its file `remove` goes first */
		return block_until(s, UNTIL_RESCAN, top, true);
	}
	destroy_all(s, top);
	return 0;
}

void fn_remove_go_on(struct sim *s)
{
	uint32_t top = s->removing;

	if (top == SIM_NONE || !stop_all(s, top))
		return;
	s->removing = SIM_NONE;
	destroy_all(s, top);
}

/* probe.c:pci_setup_device and what its notifiers say; @asleep: the bridge above is. */
static void log_found(struct sim *s, uint32_t fn, bool asleep)
{
	char bdf[2][BDF_SIZE];

	log_function(s, fn, &s->klog);
	/* probe.c:pci_read_bridge_windows */
	if ((s->places[fn].traits & FN_BRIDGE) && s->profile->windows_at_setup)
		resources_log_bridge(s, fn, true, false);
	/* pci_pm_init; base/power/runtime.c:__pm_runtime_set_status */
	if (asleep)
		sim_log_fn(s, fn,
			   "runtime PM trying to activate child device %s but parent "
			   "(%s) is not active",
			   bdf_format(s->m->fns.v[fn].bdf, bdf[0]),
			   bdf_format(s->m->fns.v[s->places[fn].parent].bdf, bdf[1]));
	if (s->iommu_on && s->places[fn].group != SIM_NONE)
		sim_log_fn(s, fn, "Adding to iommu group %d",
			   s->groups.v[s->places[fn].group].id);
	/* vgaarb.c:pci_notify */
	if (s->places[fn].traits & FN_VGA)
		log_vga_taken(s, fn, NULL);
}

/*
 * A function comes: as enumeration leaves it, in a group of those that are there. @top:
 * the bridge whose bus is scanned as such; others have been woken up before.
 */
static void fn_found(struct sim *s, uint32_t fn, uint32_t top)
{
	uint32_t up = s->places[fn].parent;
	struct fn_state old = s->fns[fn];
	bool asleep;

	fn_state_reset(s, fn);
	/* What is in its registers is in them still. */
	s->fns[fn].config = old.config;
	s->fns[fn].own_registers = old.own_registers;
	s->fns[fn].master = old.master;
	s->fns[fn].decodes = old.decodes;
	s->fns[fn].resumed = old.resumed;
	s->fns[fn].res = old.res;
	/* base/core.c:device_add */
	if (s->fns[fn].numa < 0 && up != SIM_NONE)
		s->fns[fn].numa = s->fns[up].numa;
	if (!s->m->fns.v[fn].is_vf)
		resources_found(s, fn);
	s->fns[fn].found_resets = reset_methods(s, fn, true);
	if (s->fns[fn].found_resets && !*s->fns[fn].found_resets)
		s->fns[fn].found_resets = NULL;
	s->fns[fn].resets = s->fns[fn].found_resets;
	/* aspm.c:pcie_aspm_exit_link_state: a link is its first function's. */
	if (up != SIM_NONE && s->places[up].first_child == fn)
		s->fns[up].link_off = 0;
	s->all_changed = s->changes; /* device links come with it, in other folders */
	asleep = up != SIM_NONE && up == top && s->fns[up].suspended;
	if (up != SIM_NONE)
		pm_settle(s, up);
	iommu_fn_comes(s, fn);
	log_found(s, fn, asleep);
}

static bool type_is_known(const struct sim *s, uint32_t fn, int type)
{
	return type >= 0 || !(s->places[fn].traits & FN_PCIE);
}

/*
 * probe.c:pci_alloc_child_bus: behind a bridge to conventional PCI nobody reaches
 * extended configuration space, but through a fast PCI-X one.
 */
static void log_bus_made(struct sim *s, uint32_t bridge)
{
	struct blob config = config_now(s, bridge);
	int type = cfg_pcie_type(config);
	uint32_t pcix = cfg_find_cap(config, PCI_CAP_ID_PCIX);

	if (config.len <= PCI_SUBORDINATE_BUS || !type_is_known(s, bridge, type) ||
	    type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_UPSTREAM ||
	    type == PCI_EXP_TYPE_DOWNSTREAM ||
	    (pcix && cfg_u32(config, pcix + PCI_PCIX_STATUS) &
			     (PCI_PCIX_STATUS_266MHZ | PCI_PCIX_STATUS_533MHZ)))
		return;
	sim_log(s, "pci_bus %04x:%02x: extended config space not accessible",
		s->m->fns.v[bridge].bdf.domain, cfg_u8(config, PCI_SECONDARY_BUS));
}

struct scan {
	struct arena *a;
	/* Is it looked for @fn? */
	bool (*in_reach)(const struct sim *s, uint32_t fn, uint32_t arg);
	uint32_t arg;
	uint32_t top;    /* the bridge above all of it; or SIM_NONE */
	uint32_t resize; /* a bridge that had nothing behind it; or SIM_NONE */
	VEC(uint32_t) found;
};

/* probe.c:pci_scan_child_bus: all of a bus, and then what is behind its bridges. */
static void scan_bus(struct sim *s, struct scan *c, struct sim_bus b)
{
	fn_indices all;

	for (uint32_t fn = bus_first(s, b); fn != SIM_NONE;
	     fn = s->places[fn].next_sibling) {
		if (!s->fns[fn].gone || s->m->fns.v[fn].is_vf ||
		    !c->in_reach(s, fn, c->arg) || slot_dark(s, fn))
			continue;
		fn_found(s, fn, c->top);
		s->fns[fn].fresh = s->fns[fn].again = true;
		*vec_push(c->a, &c->found) = fn;
	}
	/* pcibios_fixup_bus, of a new bus */
	if (b.bridge != SIM_NONE && s->fns[b.bridge].fresh)
		resources_log_bridge(s, b.bridge, !s->profile->windows_at_setup, true);
	all = bus_devices(s, c->a, b);
	vec_foreach(fn, &all) {
		if (!(s->places[*fn].traits & FN_BRIDGE))
			continue;
		pm_touch(s, *fn); /* pci_scan_bridge_extend() */
		if (s->fns[*fn].fresh) {
			log_bus_made(s, *fn);
			slot_log_all(s, *fn, "registered");
		}
		scan_bus(s, c, (struct sim_bus){ b.root, *fn });
	}
}

/* probe.c:pci_rescan_bus */
static void rescan_bus(struct sim *s, struct scan *c, struct sim_bus b)
{
	c->found.n = 0;
	c->top = b.bridge;
	scan_bus(s, c, b);
	resources_assign(s, b);
	/* setup-bus.c:pci_assign_unassigned_bridge_resources */
	if (c->resize != SIM_NONE) {
		resources_log_setup(s, c->resize);
		s->fns[c->resize].master = MASTER_ON;
	}
	vec_foreach(fn, &c->found) {
		s->fns[*fn].fresh = false;
		driver_attach_new(s, *fn);
	}
	udev_add(s, c->found.v, c->found.n);
}

/* @b NULL: all buses. */
static int rescan(struct sim *s, struct scan *c, const struct sim_bus *b)
{
	AUTOARENA struct arena *a = arena_new();

	c->a = a;
	if (s->removing != SIM_NONE)
		return block_until(s, UNTIL_RESCAN, SIM_NONE, false);
	if (b)
		rescan_bus(s, c, *b);
	for (uint32_t root = 0; !b && root < s->roots.n; root++)
		rescan_bus(s, c, (struct sim_bus){ root, SIM_NONE });
	return 0;
}

static bool has_kids(const struct sim *s, uint32_t bridge)
{
	for (uint32_t fn = s->places[bridge].first_child; fn != SIM_NONE;
	     fn = s->places[fn].next_sibling)
		if (!s->fns[fn].gone)
			return true;
	return false;
}

static bool everywhere(const struct sim *s, uint32_t fn, uint32_t arg)
{
	(void)s, (void)fn, (void)arg;
	return true;
}

int fn_rescan(struct sim *s, const struct sim_bus *b)
{
	struct scan c = { .in_reach = everywhere, .resize = SIM_NONE };

	/* pci-sysfs.c:bus_rescan_store, dev_rescan_store do so of an empty bus only. */
	if (b && b->bridge != SIM_NONE && !has_kids(s, b->bridge))
		c.resize = b->bridge;
	return rescan(s, &c, b);
}

static bool in_slot(const struct sim *s, uint32_t fn, uint32_t slot)
{
	return slot_holds(s, slot, fn);
}

int fn_rescan_slot(struct sim *s, uint32_t slot)
{
	return rescan(
		s, &(struct scan){ .in_reach = in_slot, .arg = slot, .resize = SIM_NONE },
		NULL);
}

bool vf_present(const struct sim *s, uint32_t pf, uint32_t i)
{
	uint32_t vf = s->vfs[s->places[pf].first_vf + i];

	/* Those of an object that was removed stay behind as orphans. */
	return !s->fns[vf].gone && s->fns[vf].born > s->fns[pf].born;
}

unsigned vfs_count(const struct sim *s, uint32_t pf)
{
	const struct fn_place *p = &s->places[pf];
	unsigned n = 0;

	for (uint32_t i = 0; i < p->n_vfs; i++)
		n += vf_present(s, pf, i);
	return n;
}

/* iov.c:sriov_enable: they reach beyond the buses that the bridge leads to. */
static int vfs_out_of_range(struct sim *s, uint32_t pf, unsigned n)
{
	struct blob c = config_now(s, pf),
		    up = s->places[pf].parent == SIM_NONE
				 ? (struct blob){ 0 }
				 : config_now(s, s->places[pf].parent);
	uint32_t cap = cfg_find_ext_cap(c, PCI_EXT_CAP_ID_SRIOV);
	struct bdf b = s->m->fns.v[pf].bdf;

	if (cap)
		sim_log_fn(
			s, pf,
			"can't enable %u VFs (bus %02x out of range of [bus %02x-%02x])",
			n,
			(((unsigned)b.bus << 8 | b.dev << 3 | b.fn) +
			 cfg_u16(c, cap + PCI_IOV_OFFSET) +
			 cfg_u16(c, cap + PCI_IOV_STRIDE) * (n - 1)) >>
				8,
			b.bus, up.len ? cfg_u8(up, PCI_SUBORDINATE_BUS) : 0xff);
	return -ENOMEM;
}

int vfs_set(struct sim *s, uint32_t pf, unsigned n, const char *override)
{
	const struct fn_place *p = &s->places[pf];
	char bdf[BDF_SIZE];

	if (n > p->n_vfs)
		return vfs_out_of_range(s, pf, n);
	for (uint32_t i = p->n_vfs; !n && i-- > 0;) {
		int r = vf_present(s, pf, i) ? fn_remove(s, s->vfs[p->first_vf + i]) : 0;

		if (r < 0) {
			s->wait.begun = false; /* those before it are still to go */
			return r;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t vf = s->vfs[p->first_vf + i];

		fn_found(s, vf, SIM_NONE);
		if (override)
			s->fns[vf].override = override;
		if (override)
			sim_log_fn(s, pf, "Captured SR-IOV VF %s driver_override",
				   bdf_format(s->m->fns.v[vf].bdf, bdf));
		/* bus.c:pci_bus_add_device */
		if (!(s->no_autoprobe && s->profile->autoprobe_on_rescan))
			driver_attach_new(s, vf);
	}
	udev_add(s, s->vfs + p->first_vf, n);
	return 0;
}
