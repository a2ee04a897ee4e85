/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/node.h"
#include "fakesys/sim-devlink.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-irq.h"
#include "fakesys/sim-port.h"
#include "fakesys/vfio.h"
#include "fakesys/sim-wakeup.h"

/* include/linux/ioport.h */
#define IORESOURCE_MEM 0x00000200
#define IORESOURCE_PREFETCH 0x00002000
#define CAP_REBAR 0x15

static bool has_aer_dir(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return s->profile->serial_number_attr;
}

static bool is_vf(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return node_fn(s, dir)->is_vf;
}

/* iov.c:sriov_vf_msix_count_store: no driver here has sriov_set_msix_vec_count. */
static ssize_t store_msix_count(struct sim *s, const struct node *dir,
				const struct attr *a, const char *buf, size_t len)
{
	int v;

	(void)s, (void)dir, (void)len, (void)a;
	return store_int(buf, &v) < 0 || v < 0 ? -EINVAL : -EOPNOTSUPP;
}

static const char *fn_node(const struct sim *s, const struct node *dir)
{
	return s->places[dir->i].firmware_node;
}

static bool has_node(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return fn_node(s, dir);
}

/* drivers/base/core.c:device_links_driver_bound takes the file away for good. */
static bool is_waiting(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return has_node(s, dir, a) && !node_state(s, dir)->bound_at;
}

static bool has_irqs(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return irq_folder_present(s, dir->i);
}

static bool has_wakeup(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return wakeup_present(s, dir->i);
}

/* Decided when the function is found; an emptied reset_method keeps its file. */
static bool has_reset(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return node_state(s, dir)->found_resets;
}

static bool has_bar(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return node_fn(s, dir)->res[a->arg].end;
}

static bool has_bar_wc(const struct sim *s, const struct node *dir, const struct attr *a)
{
	uint64_t both = IORESOURCE_MEM | IORESOURCE_PREFETCH;

	return has_bar(s, dir, a) && (node_fn(s, dir)->res[a->arg].flags & both) == both;
}

static bool has_rom(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return node_fn(s, dir)->res[PCI_ROM_RESOURCE].end || node_fn(s, dir)->rom.len;
}

/* fs/kernfs/dir.c:kernfs_remove_self: it goes before anything else of the function does.
 */
static bool not_removing(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	(void)a;
	return s->removing != dir->i;
}

static bool has_vfio_dev(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	(void)a;
	return vfio_dev_shown(s, dir->i);
}

/* The capability register for BAR a->arg, 0: it cannot be resized. */
static uint32_t rebar_sizes(const struct sim *s, const struct node *dir, int bar)
{
	struct blob config = config_now(s, dir->i);
	uint32_t pos = cfg_find_ext_cap(config, CAP_REBAR);
	unsigned n = pos ? cfg_u32(config, pos + 8) >> 5 & 7 : 0;

	for (unsigned i = 0; i < n; i++)
		if ((int)(cfg_u32(config, pos + 8 + 8 * i) & 7) == bar)
			return cfg_u32(config, pos + 4 + 8 * i);
	return 0;
}

static bool has_resize(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return rebar_sizes(s, dir, a->arg);
}

static ssize_t show_resize(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	return snprintf(buf, SIM_PAGE, "%016x\n", rebar_sizes(s, dir, a->arg) >> 4);
}

/* pci-sysfs.c:__resource_resize_store; the bridges above have no room that was recorded.
 */
static ssize_t store_resize(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len)
{
	const struct pci_fn *fn = node_fn(s, dir);
	uint64_t size;

	(void)len;
	if (s->profile->resize_needs_admin && !s->capable)
		return -EPERM;
	if (store_u64(buf, ULONG_MAX, &size) < 0)
		return -EINVAL;
	if (node_state(s, dir)->driver || (fn->vfs_total && vfs_count(s, dir->i)))
		return -EBUSY;
	return size < 32 && (rebar_sizes(s, dir, a->arg) >> 4) >> size & 1 ? -ENOSPC
									   : -EINVAL;
}

static bool to_driver(const struct sim *s, const struct node *dir, struct node *ret)
{
	const struct sim_driver *drv = node_state(s, dir)->driver;

	*ret = (struct node){ .kind = &dir_driver, .p = drv };
	return drv;
}

static bool to_group(const struct sim *s, const struct node *dir, struct node *ret)
{
	uint32_t group = s->places[dir->i].group;

	*ret = (struct node){ .kind = &dir_group, .i = group };
	return s->iommu_on && group != SIM_NONE;
}

static bool to_physfn(const struct sim *s, const struct node *dir, struct node *ret)
{
	const struct pci_fn *fn = node_fn(s, dir);
	uint32_t pf = fn->is_vf ? sim_find_fn(s, fn->physfn) : SIM_NONE;

	*ret = (struct node){ .kind = &dir_fn, .i = pf };
	return pf != SIM_NONE && !s->fns[pf].gone &&
	       s->fns[dir->i].born > s->fns[pf].born;
}

static bool to_bus_pci(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_bus_pci };
	return true;
}

/* drivers/pci/pcie/aer.c: aer_ratelimit_burst_attr and the like; what they limit is never
 * said here. */
static ssize_t show_limit(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	return snprintf(buf, SIM_PAGE, "%d\n", node_state(s, dir)->aer_limits[a->arg]);
}

static ssize_t store_limit(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	int v;

	if (!s->capable)
		return -EPERM;
	if (store_int(buf, &v) < 0)
		return -EINVAL;
	node_state(s, dir)->aer_limits[a->arg] = v;
	return (ssize_t)len;
}

/*
 * mm/dmapool.c:pools_show: there while the driver has pools. How many blocks are taken is
 * said as it was recorded; virtual functions have what their physical function has.
 */
static const char *pools_of(const struct sim *s, const struct node *dir)
{
	const struct pci_fn *fn = node_fn(s, dir);
	const struct sim_driver *drv = node_state(s, dir)->driver;

	if (s->places[dir->i].traits & FN_UNRECORDED)
		fn = machine_fn(s->m, fn->physfn);
	return drv && fn && fn->driver && streq(fn->driver, drv->name)
		       ? fn_attribute(fn, "pools")
		       : NULL;
}

static bool has_pools(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return pools_of(s, dir);
}

static ssize_t show_pools(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "%.4000s\n", pools_of(s, dir));
}

static const struct attr aer_rows[] = {
	{ "correctable_ratelimit_burst", .mode = 0644, .needs = FN_AER,
	  .show = show_limit, .store = store_limit, .arg = 0 },
	{ "correctable_ratelimit_interval_ms", .mode = 0644, .needs = FN_AER,
	  .show = show_limit, .store = store_limit, .arg = 1 },
	{ "nonfatal_ratelimit_burst", .mode = 0644, .needs = FN_AER, .show = show_limit,
	  .store = store_limit, .arg = 2 },
	{ "nonfatal_ratelimit_interval_ms", .mode = 0644, .needs = FN_AER,
	  .show = show_limit, .store = store_limit, .arg = 3 },
};
static const struct dir_kind dir_fn_aer = {
	.name = "aer",
	.parent = &dir_fn,
	.attrs = ATTRS(aer_rows),
};

#define DATA(field)                                                                      \
	.offset = offsetof(struct pci_fn, field),                                        \
	.size = sizeof(((struct pci_fn *)0)->field)

/* clang-format off */
static const struct attr fn_rows[] = {
	{ "aer", .mode = S_IFDIR | 0755, .visible = has_aer_dir, .dir = &dir_fn_aer },
	{ "aer_dev_correctable", .mode = 0444, .needs = FN_AER, .show = fn_show_aer,
	  .arg = 0 },
	{ "aer_dev_fatal", .mode = 0444, .needs = FN_AER, .show = fn_show_aer, .arg = 1 },
	{ "aer_dev_nonfatal", .mode = 0444, .needs = FN_AER, .show = fn_show_aer,
	  .arg = 2 },
	{ "aer_rootport_total_err_cor", .mode = 0444, .needs = FN_PORT_AER,
	  .show = attr_show_arg },
	{ "aer_rootport_total_err_fatal", .mode = 0444, .needs = FN_PORT_AER,
	  .show = attr_show_arg },
	{ "aer_rootport_total_err_nonfatal", .mode = 0444, .needs = FN_PORT_AER,
	  .show = attr_show_arg },
	{ "ari_enabled", .mode = 0444, .show = fn_show_ari },
	{ "boot_vga", .mode = 0444, .needs = FN_VGA, .show = fn_show_boot_vga },
	{ "broken_parity_status", .mode = 0644, .show = fn_show_flag,
	  .arg = FN_FLAG_PARITY, .store = fn_store_parity },
	{ "class", .mode = 0444, DATA(id.class), .digits = 6 },
	{ "config", .mode = 0644, .bin = &fn_bin_config },
	{ "consistent_dma_mask_bits", .mode = 0444, .show = fn_show_dma_bits },
	{ "current_link_speed", .mode = 0444, .needs = FN_PCIE,
	  .show = fn_show_link_speed },
	{ "current_link_width", .mode = 0444, .needs = FN_PCIE,
	  .show = fn_show_link_width },
	{ "d3cold_allowed", .mode = 0644, .show = fn_show_flag, .arg = FN_FLAG_D3COLD,
	  .store = fn_store_d3cold },
	{ "device", .mode = 0444, DATA(id.device), .digits = 4 },
	{ "dma_mask_bits", .mode = 0444, .show = fn_show_dma_bits },
	{ "driver", .mode = S_IFLNK | 0777, .target = to_driver },
	{ "driver_override", .mode = 0644, .show = fn_show_override,
	  .store = fn_store_override },
	{ "enable", .mode = 0644, .show = fn_show_enable, .store = fn_store_enable },
	{ "firmware_node", .mode = S_IFLNK | 0777, .visible = has_node, .path = fn_node },
	{ "iommu_group", .mode = S_IFLNK | 0777, .target = to_group },
	{ "irq", .mode = 0444, .show = fn_show_irq },
	{ "link", .mode = S_IFDIR | 0755, .dir = &dir_fn_link },
	{ "local_cpulist", .mode = 0444, .show = fn_show_cpulist },
	{ "local_cpus", .mode = 0444, .show = fn_show_cpus },
	{ "max_link_speed", .mode = 0444, .needs = FN_PCIE, .show = fn_show_link_speed,
	  .arg = 1 },
	{ "max_link_width", .mode = 0444, .needs = FN_PCIE, .show = fn_show_link_width,
	  .arg = 1 },
	{ "modalias", .mode = 0444, .show = fn_show_modalias },
	{ "msi_bus", .mode = 0644, .show = fn_show_msi_bus, .store = fn_store_msi_bus },
	{ "msi_irqs", .mode = S_IFDIR | 0755, .visible = has_irqs, .dir = &dir_msi_irqs },
	{ "numa_node", .mode = 0644, .show = fn_show_numa, .store = fn_store_numa },
	{ "pci_bus", .mode = S_IFDIR | 0755, .needs = FN_BRIDGE, .dir = &dir_pci_buses },
	{ "physfn", .mode = S_IFLNK | 0777, .target = to_physfn },
	{ "pools", .mode = 0444, .visible = has_pools, .show = show_pools },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_fn_power },
	{ "power_state", .mode = 0444, .show = fn_show_power_state },
	{ "remove", .mode = 0220, .needs = FN_NOT_VF, .visible = not_removing,
	  .store = fn_store_remove },
	{ "rescan", .mode = 0200, .needs = FN_NOT_VF, .store = fn_store_rescan },
	{ "reset", .mode = 0200, .visible = has_reset, .store = fn_store_reset },
	{ "reset_method", .mode = 0644, .visible = has_reset,
	  .show = fn_show_reset_method, .store = fn_store_reset_method },
	{ "reset_subordinate", .mode = 0200, .needs = FN_BRIDGE,
	  .store = fn_store_reset_subordinate },
	{ "resource", .mode = 0444, .show = fn_show_resource },
	{ "resource0", .mode = 0600, .visible = has_bar, .bin = &fn_bin_resource,
	  .arg = 0 },
	{ "resource0_resize", .mode = 0644, .needs = FN_RESIZE, .visible = has_resize,
	  .show = show_resize, .store = store_resize, .arg = 0 },
	{ "resource0_wc", .mode = 0600, .visible = has_bar_wc, .bin = &fn_bin_resource,
	  .arg = 0 },
	{ "resource1", .mode = 0600, .visible = has_bar, .bin = &fn_bin_resource,
	  .arg = 1 },
	{ "resource1_resize", .mode = 0644, .needs = FN_RESIZE, .visible = has_resize,
	  .show = show_resize, .store = store_resize, .arg = 1 },
	{ "resource1_wc", .mode = 0600, .visible = has_bar_wc, .bin = &fn_bin_resource,
	  .arg = 1 },
	{ "resource2", .mode = 0600, .visible = has_bar, .bin = &fn_bin_resource,
	  .arg = 2 },
	{ "resource2_resize", .mode = 0644, .needs = FN_RESIZE, .visible = has_resize,
	  .show = show_resize, .store = store_resize, .arg = 2 },
	{ "resource2_wc", .mode = 0600, .visible = has_bar_wc, .bin = &fn_bin_resource,
	  .arg = 2 },
	{ "resource3", .mode = 0600, .visible = has_bar, .bin = &fn_bin_resource,
	  .arg = 3 },
	{ "resource3_resize", .mode = 0644, .needs = FN_RESIZE, .visible = has_resize,
	  .show = show_resize, .store = store_resize, .arg = 3 },
	{ "resource3_wc", .mode = 0600, .visible = has_bar_wc, .bin = &fn_bin_resource,
	  .arg = 3 },
	{ "resource4", .mode = 0600, .visible = has_bar, .bin = &fn_bin_resource,
	  .arg = 4 },
	{ "resource4_resize", .mode = 0644, .needs = FN_RESIZE, .visible = has_resize,
	  .show = show_resize, .store = store_resize, .arg = 4 },
	{ "resource4_wc", .mode = 0600, .visible = has_bar_wc, .bin = &fn_bin_resource,
	  .arg = 4 },
	{ "resource5", .mode = 0600, .visible = has_bar, .bin = &fn_bin_resource,
	  .arg = 5 },
	{ "resource5_resize", .mode = 0644, .needs = FN_RESIZE, .visible = has_resize,
	  .show = show_resize, .store = store_resize, .arg = 5 },
	{ "resource5_wc", .mode = 0600, .visible = has_bar_wc, .bin = &fn_bin_resource,
	  .arg = 5 },
	{ "revision", .mode = 0444, DATA(revision), .digits = 2 },
	{ "rom", .mode = 0600, .needs = FN_NOT_VF, .visible = has_rom,
	  .bin = &fn_bin_rom },
	{ "secondary_bus_number", .mode = 0444, .needs = FN_BRIDGE,
	  .show = fn_show_bus_number, .arg = PCI_SECONDARY_BUS },
	{ "serial_number", .mode = 0400, .needs = FN_SERIAL, .visible = has_aer_dir,
	  .show = fn_show_serial },
	{ "sriov_drivers_autoprobe", .mode = 0644, .needs = FN_SRIOV,
	  .show = fn_show_flag, .arg = FN_FLAG_SRIOV_AUTOPROBE, .store = fn_store_sriov_autoprobe },
	{ "sriov_numvfs", .mode = 0644, .needs = FN_SRIOV, .show = fn_show_sriov,
	  .store = fn_store_numvfs },
	{ "sriov_offset", .mode = 0444, .needs = FN_SRIOV, .show = fn_show_sriov,
	  .arg = PCI_IOV_OFFSET },
	{ "sriov_stride", .mode = 0444, .needs = FN_SRIOV, .show = fn_show_sriov,
	  .arg = PCI_IOV_STRIDE },
	{ "sriov_totalvfs", .mode = 0444, .needs = FN_SRIOV, .show = fn_show_sriov,
	  .arg = PCI_IOV_TOTALVF },
	{ "sriov_vf_device", .mode = 0444, .needs = FN_SRIOV, .show = fn_show_sriov,
	  .arg = PCI_IOV_DID },
	{ "sriov_vf_msix_count", .mode = 0200, .visible = is_vf, .store = store_msix_count },
	{ "sriov_vf_total_msix", .mode = 0444, .needs = FN_SRIOV, .show = fn_show_sriov,
	  .arg = -1 },
	{ "subordinate_bus_number", .mode = 0444, .needs = FN_BRIDGE,
	  .show = fn_show_bus_number, .arg = PCI_SUBORDINATE_BUS },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_bus_pci },
	{ "subsystem_device", .mode = 0444, DATA(id.subdevice), .digits = 4 },
	{ "subsystem_vendor", .mode = 0444, DATA(id.subvendor), .digits = 4 },
	{ "uevent", .mode = 0644, .show = fn_show_uevent, .store = fn_store_uevent },
	{ "vendor", .mode = 0444, DATA(id.vendor), .digits = 4 },
	{ "vfio-dev", .mode = S_IFDIR | 0755, .visible = has_vfio_dev,
	  .dir = &dir_vfio_dev },
	{ "vpd", .mode = 0600, .needs = FN_VPD, .bin = &fn_bin_vpd },
	{ "waiting_for_supplier", .mode = 0444, .visible = is_waiting,
	  .show = attr_show_arg },
	{ "wakeup", .mode = S_IFDIR | 0755, .visible = has_wakeup, .dir = &dir_fn_wakeup },
};
/* clang-format on */

static void fn_where(const struct sim *s, const struct node *dir, struct node *ret_parent,
		     char *name)
{
	const struct fn_place *p = &s->places[dir->i];

	*put_bdf(name, node_fn(s, dir)->bdf) = '\0';
	if (p->parent != SIM_NONE)
		*ret_parent = (struct node){ .kind = &dir_fn, .i = p->parent };
	else
		*ret_parent = (struct node){ .kind = &dir_root_bus, .i = p->root };
}

/* The function called @name if it is there; *ret_rest is what follows the address. */
static uint32_t named_fn(const struct sim *s, const char *name, size_t len,
			 size_t *ret_rest)
{
	struct bdf bdf;
	size_t n = parse_bdf(name, len, &bdf);
	uint32_t fn = n ? sim_find_fn(s, bdf) : SIM_NONE;

	*ret_rest = n;
	return fn == SIM_NONE || s->fns[fn].gone ? SIM_NONE : fn;
}

uint32_t sim_named_fn(const struct sim *s, const char *name, size_t len)
{
	size_t rest;
	uint32_t fn = named_fn(s, name, len, &rest);

	return fn != SIM_NONE && rest == len ? fn : SIM_NONE;
}

static int virtfn_lookup(const struct sim *s, const struct node *dir, const char *digits,
			 size_t len, struct entry *ret)
{
	const struct fn_place *p = &s->places[dir->i];
	uint32_t n = 0, vf;

	if (!len || len > 5 || (digits[0] == '0' && len > 1))
		return -ENOENT;
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return -ENOENT;
		n = 10 * n + (uint32_t)(digits[i] - '0');
	}
	if (n >= p->n_vfs)
		return -ENOENT;
	vf = s->vfs[p->first_vf + n];
	if (!vf_present(s, dir->i, n))
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_fn, .i = vf });
}

static int fn_lookup(const struct sim *s, const struct node *dir, const char *name,
		     size_t len, struct entry *ret)
{
	size_t rest;
	uint32_t fn;

	if (iommu_fn_lookup(s, dir, name, len, ret) >= 0 ||
	    devlink_fn_lookup(s, dir, name, len, ret) >= 0)
		return 0;
	if (len > 6 && strncmp(name, "virtfn", 6) == 0)
		return virtfn_lookup(s, dir, name + 6, len - 6, ret);
	fn = named_fn(s, name, len, &rest);
	if (fn == dir->i && rest < len)
		return port_lookup(s, dir, name + rest, len - rest, ret);
	if (fn != SIM_NONE && rest == len && s->places[fn].parent == dir->i)
		return node_found_dir(ret, (struct node){ .kind = &dir_fn, .i = fn });
	return kid_lookup(s, dir, name, len, ret);
}

static int fn_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		   void *arg)
{
	const struct fn_place *p = &s->places[dir->i];
	char name[NODE_NAME];
	int r = iommu_fn_each(s, dir, fn, arg);

	for (uint32_t i = 0; r >= 0 && i < p->n_vfs; i++) {
		if (!vf_present(s, dir->i, i))
			continue;
		snprintf(name, sizeof(name), "virtfn%u", i);
		r = fn(arg, name);
	}
	for (uint32_t c = p->first_child; r >= 0 && c != SIM_NONE;
	     c = s->places[c].next_sibling)
		if (!s->fns[c].gone)
			r = fn(arg, name_bdf(name, s->m->fns.v[c].bdf));
	if (r >= 0)
		r = port_each(s, dir, fn, arg);
	if (r >= 0)
		r = devlink_fn_each(s, dir, fn, arg);
	return r < 0 ? r : kid_each(s, dir, fn, arg);
}

static uint64_t fn_birth(const struct sim *s, const struct node *dir)
{
	return node_state(s, dir)->born;
}

const struct dir_kind dir_fn = {
	.where = fn_where,
	.attrs = ATTRS(fn_rows),
	.lookup = fn_lookup,
	.each = fn_each,
	.birth = fn_birth,
};
