/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/boot-log.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/iommu-model.h"
#include "fakesys/sim-slot.h"
#include "fakesys/sim-wakeup.h"
#include "fakesys/udev.h"

/* pci.c:pci_parent_bus_reset: only what is alone on its bus can be reset by that. */
static bool alone_on_bus(const struct sim *s, uint32_t fn, bool coming)
{
	const struct fn_place *p = &s->places[fn];

	/* A bridge that comes has no bus yet. */
	if (p->parent == SIM_NONE || s->m->fns.v[fn].is_vf ||
	    (!coming && p->traits & FN_BRIDGE))
		return false;
	for (uint32_t c = s->places[p->parent].first_child; c != SIM_NONE;
	     c = s->places[c].next_sibling)
		if (c != fn && !s->fns[c].gone)
			return false;
	return true;
}

const char *reset_methods(struct sim *s, uint32_t fn, bool coming)
{
	const struct fn_place *p = &s->places[fn];
	const char *have = p->resets ? p->resets : "", *bus = strstr(have, "bus");
	const char *tail = strstr(have, "cxl_bus");
	bool first = p->parent != SIM_NONE && s->places[p->parent].first_child == fn;
	bool alone = alone_on_bus(s, fn, coming);
	size_t n = strlen(have);

	bus = bus && bus == (tail ? tail + strlen("cxl_") : NULL) ? NULL : bus;
	/* The first one was alone when it was recorded: a quirk keeps it from that. */
	if (alone == (bus != NULL) || (alone && first))
		return p->resets;
	if (alone)
		return tail ? arena_printf(s->run, "%.*sbus %s", (int)(tail - have), have,
					   tail)
			    : arena_printf(s->run, "%s%sbus", have, n ? " " : "");
	n = (size_t)(bus - have);
	return tail ? arena_printf(s->run, "%.*s%s", (int)n, have, tail)
		    : arena_strndup(s->run, have, n ? n - 1 : 0);
}

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

/* Is @fn @top or behind it? */
static bool is_below(const struct sim *s, uint32_t fn, uint32_t top)
{
	while (fn != SIM_NONE && fn != top)
		fn = s->places[fn].parent;
	return fn == top;
}

/* remove.c:pci_stop_bus_device: drivers go first, those of the last child before all. */
static bool stop_all(struct sim *s, uint32_t top)
{
	/* Functions stand in order of address, so children behind their bridge. */
	for (uint32_t fn = (uint32_t)s->m->fns.n; fn-- > top;)
		if (!s->fns[fn].gone && is_below(s, fn, top) &&
		    (s->fns[fn].leaving ||
		     (s->fns[fn].driver && driver_unbind(s, fn) == -EINPROGRESS)))
			return false;
	return true;
}

/* probe.c:pci_bus_release_busn_res, then what hangs on the bus (pcibios_remove_bus). */
static void destroy_bus(struct sim *s, uint32_t bridge)
{
	struct blob config = config_now(s, bridge);
	unsigned from = cfg_u8(config, PCI_SECONDARY_BUS);
	unsigned to = cfg_u8(config, PCI_SUBORDINATE_BUS);
	unsigned domain = s->m->fns.v[bridge].bdf.domain;
	char range[16];

	snprintf(range, sizeof(range), from == to ? "%02x" : "%02x-%02x", from, to);
	sim_log(s, "pci_bus %04x:%02x: busn_res: [bus %s] is released", domain, from,
		range);
	slots_bus_comes(s, bridge, false);
}

/* The bus that @first is the lowest function of, in the order of bus->devices. */
typedef VEC(uint32_t) fn_order;
static void list_bus(const struct sim *s, struct arena *a, uint32_t first, fn_order *ret)
{
	for (uint32_t i = 0; first != SIM_NONE && i < s->m->fns.n; i++) {
		uint32_t fn = s->bus_order[i];

		if (s->places[fn].parent == s->places[first].parent &&
		    s->places[fn].root == s->places[first].root && !s->fns[fn].gone)
			*vec_push(a, ret) = fn;
	}
}

/* remove.c:pci_remove_bus_device: what is behind it first, then the bus, then itself. */
static void destroy(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	AUTOARENA struct arena *a = NULL;
	fn_order kids = { 0 };

	if (st->gone)
		return;
	if (s->places[fn].first_child != SIM_NONE) {
		a = arena_new();
		list_bus(s, a, s->places[fn].first_child, &kids);
	}
	vec_foreach(c, &kids)
		destroy(s, *c);
	if (s->places[fn].traits & FN_BRIDGE)
		destroy_bus(s, fn);
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

/* probe.c:pci_setup_device and what its notifiers say. */
static void log_found(struct sim *s, uint32_t fn)
{
	log_function(s, fn, &s->klog);
	log_shadow_rom(s, fn);
	if (s->iommu_on && s->places[fn].group != SIM_NONE)
		sim_log_fn(s, fn, "Adding to iommu group %d",
			   s->groups.v[s->places[fn].group].id);
	if (s->places[fn].traits & FN_VGA)
		log_vga_taken(s, fn, NULL); /* vgaarb.c:vga_arbiter_add_pci_device */
}

/* base/bus.c:bus_add_device: at the end of the bus's list. */
static void put_last(struct sim *s, uint32_t fn)
{
	uint32_t n = (uint32_t)s->m->fns.n, at = 0;

	while (s->bus_order[at] != fn)
		at++;
	memmove(&s->bus_order[at], &s->bus_order[at + 1],
		(n - 1 - at) * sizeof(*s->bus_order));
	s->bus_order[n - 1] = fn;
}

/* A function comes: as enumeration leaves it, in a group of those that are there. */
static void fn_found(struct sim *s, uint32_t fn)
{
	uint32_t up = s->places[fn].parent;
	struct fn_state was = s->fns[fn];

	fn_state_reset(s, fn);
	s->fns[fn].found_resets = reset_methods(s, fn, true);
	if (s->fns[fn].found_resets && !*s->fns[fn].found_resets)
		s->fns[fn].found_resets = NULL;
	s->fns[fn].resets = s->fns[fn].found_resets;
	/* The registers are as they were. */
	s->fns[fn].switched = was.switched;
	s->fns[fn].master = was.master;
	s->fns[fn].decodes = was.decodes;
	/* aspm.c:pcie_aspm_exit_link_state: a link is its first function's. */
	if (up != SIM_NONE && s->places[up].first_child == fn)
		s->fns[up].link_off = 0;
	s->all_changed = s->changes; /* device links come with it, in other folders */
	put_last(s, fn);
	if (up != SIM_NONE)
		pm_settle(s, up);
	iommu_fn_comes(s, fn);
	log_found(s, fn);
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

struct scan {
	bool (*in_reach)(const struct sim *s, uint32_t fn, uint32_t arg);
	uint32_t arg;
	struct arena *a;
	VEC(uint32_t) found;
};

/*
 * probe.c:pci_scan_child_bus: all functions of the bus that begins with @first, then what
 * is behind each of its bridges.
 */
static void scan_bus(struct sim *s, struct scan *scan, uint32_t first)
{
	uint64_t since = s->changes;
	fn_order bus = { 0 };

	for (uint32_t c = first; c != SIM_NONE; c = s->places[c].next_sibling) {
		if (!s->fns[c].gone || s->m->fns.v[c].is_vf ||
		    !scan->in_reach(s, c, scan->arg) || slot_dark(s, c))
			continue;
		fn_found(s, c);
		*vec_push(scan->a, &scan->found) = c;
	}
	list_bus(s, scan->a, first, &bus);
	vec_foreach(c, &bus) {
		if (!(s->places[*c].traits & FN_BRIDGE))
			continue;
		if (s->fns[*c].born > since)
			slots_bus_comes(s, *c, true);
		scan_bus(s, scan, s->places[*c].first_child);
	}
}

/* Find what @in_reach(@s, function, @arg) reaches. */
static int rescan(struct sim *s,
		  bool (*in_reach)(const struct sim *s, uint32_t fn, uint32_t arg),
		  uint32_t arg)
{
	bool attach = !(s->no_autoprobe && s->profile->autoprobe_on_rescan);
	AUTOARENA struct arena *a = arena_new();
	struct scan scan = { .in_reach = in_reach, .arg = arg, .a = a };

	if (s->removing != SIM_NONE)
		return block_until(s, UNTIL_RESCAN, SIM_NONE, false);
	vec_foreach(root, &s->roots)
		scan_bus(s, &scan, root->first_child);
	vec_foreach(fn, &scan.found)
		if (attach)
			(void)driver_attach_fn(s, *fn);
	udev_add(s, scan.found.v, scan.found.n);
	return 0;
}

int fn_rescan(struct sim *s, uint32_t beside)
{
	return rescan(s, in_scope, beside);
}

static bool in_slot(const struct sim *s, uint32_t fn, uint32_t slot)
{
	return slot_holds(s, slot, fn);
}

int fn_rescan_slot(struct sim *s, uint32_t slot)
{
	return rescan(s, in_slot, slot);
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

		fn_found(s, vf);
		if (override)
			s->fns[vf].override = override;
		if (override)
			sim_log_fn(s, pf, "Captured SR-IOV VF %s driver_override",
				   bdf_format(s->m->fns.v[vf].bdf, bdf));
		/* bus.c:pci_bus_add_device */
		if (!(s->no_autoprobe && s->profile->autoprobe_on_rescan))
			(void)driver_attach_fn(s, vf);
	}
	udev_add(s, s->vfs + p->first_vf, n);
	return 0;
}
