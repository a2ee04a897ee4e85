/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/node.h"
#include "fakesys/sim-resource.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-wakeup.h"

/* sys/bus/pci/devices: every function there is, in order of address. */
static int all_lookup(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret)
{
	uint32_t fn = sim_named_fn(s, name, len);

	if (fn == SIM_NONE)
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_fn, .i = fn });
}

static int all_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg)
{
	char name[BDF_SIZE];
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->m->fns.n; i++)
		if (!s->fns[i].gone)
			r = fn(arg, name_bdf(name, s->m->fns.v[i].bdf));
	return r;
}

static const struct dir_kind dir_pci_devices = {
	.name = "devices",
	.parent = &dir_bus_pci,
	.lookup = all_lookup,
	.each = all_each,
	.each_type = S_IFLNK,
};

static ssize_t show_autoprobe(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	char *p = put_dec(buf, !s->no_autoprobe);

	(void)dir, (void)a;
	*p++ = '\n';
	return p - buf;
}

/* drivers/base/bus.c:drivers_autoprobe_store: only the first character counts. */
static ssize_t store_autoprobe(struct sim *s, const struct node *dir,
			       const struct attr *a, const char *buf, size_t len)
{
	(void)dir, (void)a;
	s->no_autoprobe = buf[0] == '0';
	return (ssize_t)len;
}

/* drivers/base/bus.c:drivers_probe_store: any failure at once becomes EINVAL. */
static ssize_t store_probe(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	uint32_t fn = driver_named_fn(s, buf);

	(void)dir, (void)a;
	if (fn == SIM_NONE)
		return -ENODEV;
	/* Until its driver's remove() returns it has that (bus_rescan_devices_helper). */
	if (!s->fns[fn].driver && !s->fns[fn].leaving && driver_attach_fn(s, fn) < 0)
		return -EINVAL;
	return (ssize_t)len;
}

static ssize_t store_rescan(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len)
{
	uint64_t v;

	(void)dir, (void)a;
	if (store_u64(buf, ULONG_MAX, &v) < 0)
		return -EINVAL;
	if (v && fn_rescan(s, NULL) < 0)
		return -EINPROGRESS;
	return (ssize_t)len;
}

static ssize_t show_alignment(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	(void)dir, (void)a;
	return s->alignment ? snprintf(buf, SIM_PAGE, "%s\n", s->alignment) : 0;
}

/* drivers/pci/pci.c:resource_alignment_store: a newline alone clears. */
static ssize_t store_alignment(struct sim *s, const struct node *dir,
			       const struct attr *a, const char *buf, size_t len)
{
	size_t n = strcspn(buf, "\n");

	(void)dir, (void)a;
	if (len >= SIM_PAGE - 1)
		return -EINVAL;
	s->alignment = n ? arena_strndup(s->run, buf, n) : NULL;
	return (ssize_t)len;
}

/* clang-format off */
static const struct attr bus_pci_rows[] = {
	{ "devices", .mode = S_IFDIR | 0755, .dir = &dir_pci_devices },
	{ "drivers", .mode = S_IFDIR | 0755, .dir = &dir_drivers },
	{ "drivers_autoprobe", .mode = 0644, .show = show_autoprobe, .store = store_autoprobe },
	{ "drivers_probe", .mode = 0200, .store = store_probe },
	{ "rescan", .mode = 0200, .store = store_rescan },
	{ "resource_alignment", .mode = 0644, .show = show_alignment, .store = store_alignment },
	{ "slots", .mode = S_IFDIR | 0755, .dir = &dir_slots },
	{ "uevent", .mode = 0200, .store = store_dir_uevent },
};
/* clang-format on */
const struct dir_kind dir_bus_pci = {
	.name = "pci",
	.parent = &dir_bus,
	.attrs = ATTRS(bus_pci_rows),
};

/* The buses themselves: class pci_bus. Node: i = bridge, or SIM_NONE and j = root bus. */
static struct sim_root bus_number(const struct sim *s, const struct node *dir)
{
	if (dir->i == SIM_NONE)
		return s->roots.v[dir->j];
	return (struct sim_root){
		.domain = s->m->fns.v[dir->i].bdf.domain,
		.bus = cfg_u8(config_now(s, dir->i), PCI_SECONDARY_BUS),
	};
}

static void bus_name(const struct sim *s, const struct node *dir, char *name)
{
	struct sim_root n = bus_number(s, dir);

	snprintf(name, NODE_NAME, "%04x:%02x", n.domain, n.bus);
}

static const struct dir_kind dir_root_buses;

static void bus_where(const struct sim *s, const struct node *dir,
		      struct node *ret_parent, char *name)
{
	bus_name(s, dir, name);
	if (dir->i != SIM_NONE)
		*ret_parent = (struct node){ .kind = &dir_pci_buses, .i = dir->i };
	else
		*ret_parent = (struct node){ .kind = &dir_root_buses, .i = dir->j };
}

static bool bus_device(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s;
	if (dir->i != SIM_NONE)
		*ret = (struct node){ .kind = &dir_fn, .i = dir->i };
	else
		*ret = (struct node){ .kind = &dir_root_bus, .i = dir->j };
	return true;
}

static bool bus_subsystem(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_class, .p = "pci_bus" };
	return true;
}

static ssize_t store_bus_rescan(struct sim *s, const struct node *dir,
				const struct attr *a, const char *buf, size_t len)
{
	struct sim_bus b = { dir->i == SIM_NONE ? dir->j : s->places[dir->i].root,
			     dir->i };
	uint64_t v;

	(void)a;
	if (store_u64(buf, ULONG_MAX, &v) < 0)
		return -EINVAL;
	if (v && fn_rescan(s, &b) < 0)
		return -EINPROGRESS;
	return (ssize_t)len;
}

static const struct dir_kind dir_pci_bus_power = {
	.name = "power",
	.parent = &dir_pci_bus,
	.attrs = ATTRS(power_idle_rows),
};

/* clang-format off */
static const struct attr pci_bus_rows[] = {
	{ "cpuaffinity", .mode = 0444, .show = fn_show_cpus },
	{ "cpulistaffinity", .mode = 0444, .show = fn_show_cpulist },
	{ "device", .mode = S_IFLNK | 0777, .target = bus_device },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_pci_bus_power },
	{ "rescan", .mode = 0200, .store = store_bus_rescan },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = bus_subsystem },
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },
};
/* clang-format on */
const struct dir_kind dir_pci_bus = { .where = bus_where, .attrs = ATTRS(pci_bus_rows) };

/* "pci_bus" below a bridge or a root bus: holds that one bus. */
static int one_bus_lookup(const struct sim *s, struct node bus, const char *name,
			  size_t len, struct entry *ret)
{
	char text[NODE_NAME];

	bus_name(s, &bus, text);
	return name_is(name, len, text) ? node_found_dir(ret, bus) : -ENOENT;
}

static int one_bus_each(const struct sim *s, struct node bus, host_list_fn *fn, void *arg)
{
	char text[NODE_NAME];

	bus_name(s, &bus, text);
	return fn(arg, text);
}

static struct node bridge_bus(const struct node *dir)
{
	return (struct node){ .kind = &dir_pci_bus, .i = dir->i };
}

static struct node root_bus(const struct node *dir)
{
	return (struct node){ .kind = &dir_pci_bus, .i = SIM_NONE, .j = dir->i };
}

static int buses_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	return one_bus_lookup(s, bridge_bus(dir), name, len, ret);
}

static int buses_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	return one_bus_each(s, bridge_bus(dir), fn, arg);
}

static int root_buses_lookup(const struct sim *s, const struct node *dir,
			     const char *name, size_t len, struct entry *ret)
{
	return one_bus_lookup(s, root_bus(dir), name, len, ret);
}

static int root_buses_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			   void *arg)
{
	return one_bus_each(s, root_bus(dir), fn, arg);
}

const struct dir_kind dir_pci_buses = {
	.name = "pci_bus",
	.parent = &dir_fn,
	.lookup = buses_lookup,
	.each = buses_each,
	.each_type = S_IFDIR,
};
static const struct dir_kind dir_root_buses = {
	.name = "pci_bus",
	.parent = &dir_root_bus,
	.lookup = root_buses_lookup,
	.each = root_buses_each,
	.each_type = S_IFDIR,
};

/* sys/devices/pciDDDD:BB: the functions of a root bus. Node: i = into sim.roots. */
static void root_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	name_root(name, &s->roots.v[dir->i]);
	*ret_parent = (struct node){ .kind = &dir_devices };
}

static int root_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	uint32_t fn = sim_named_fn(s, name, len);

	if (fn == SIM_NONE || s->places[fn].parent != SIM_NONE ||
	    s->places[fn].root != dir->i)
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_fn, .i = fn });
}

static int root_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		     void *arg)
{
	uint32_t c = s->roots.v[dir->i].first_child;
	char name[BDF_SIZE];
	int r = 0;

	for (; r >= 0 && c != SIM_NONE; c = s->places[c].next_sibling)
		if (!s->fns[c].gone)
			r = fn(arg, name_bdf(name, s->m->fns.v[c].bdf));
	return r;
}

static bool has_streams(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return s->profile->secure_streams;
}

static const char *root_node(const struct sim *s, const struct node *dir)
{
	return s->roots.v[dir->i].firmware_node;
}

static bool root_has_node(const struct sim *s, const struct node *dir,
			  const struct attr *a)
{
	(void)a;
	return root_node(s, dir);
}

static bool root_wakes(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return s->profile->acpi_wakeup && root_has_node(s, dir, a);
}

/* clang-format off */
static const struct attr root_rows[] = {
	/* drivers/pci/ide.c: as many as the hardware could have */
	{ "available_secure_streams", .mode = 0444, .visible = has_streams, .show = attr_show_arg, .arg = 256 },
	{ "firmware_node", .mode = S_IFLNK | 0777, .visible = root_has_node, .path = root_node },
	{ "pci_bus", .mode = S_IFDIR | 0755, .dir = &dir_root_buses },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_root_power },
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },
	{ "waiting_for_supplier", .mode = 0444, .visible = root_has_node, .show = attr_show_arg },
	{ "wakeup", .mode = S_IFDIR | 0755, .visible = root_wakes, .dir = &dir_root_wakeup },
};
/* clang-format on */
const struct dir_kind dir_root_bus = {
	.where = root_where,
	.attrs = ATTRS(root_rows),
	.lookup = root_lookup,
	.each = root_each,
	.each_type = S_IFDIR,
};
