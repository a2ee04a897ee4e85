/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys/bus/pci_express: the services of ports and their drivers. */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-port.h"

/* In the order of their names; @bit: the service that it takes. */
static const struct express_driver {
	const char *name;
	unsigned bit;
	bool new; /* only where the profile has it */
} drivers[] = {
	{ "aer", SERVICE_AER, false },
	{ "dpc", SERVICE_DPC, false },
	{ "pcie_bwctrl", SERVICE_BANDWIDTH, true },
	{ "pcie_pme", SERVICE_PME, false },
	{ "pciehp", SERVICE_HOTPLUG, false },
};

static bool exists(const struct sim *s, const struct express_driver *d)
{
	return !d->new || s->profile->bwctrl;
}

/* drivers/pci/pcie/portdrv.c:pcie_port_bus_match: AER's only wants root ports. */
static const struct express_driver *driver_of(const struct sim *s, uint32_t fn,
					      unsigned bit)
{
	if (bit == SERVICE_AER && !(s->places[fn].traits & FN_ROOT_PORT))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (drivers[i].bit == bit && exists(s, &drivers[i]))
			return &drivers[i];
	return NULL;
}

/* The one that has it now. */
static const struct express_driver *bound_to(const struct sim *s, uint32_t fn,
					     unsigned bit)
{
	return s->fns[fn].idle_services & bit ? NULL : driver_of(s, fn, bit);
}

const char *port_driver(const struct sim *s, uint32_t fn, unsigned bit)
{
	const struct express_driver *d = bound_to(s, fn, bit);

	return d ? d->name : NULL;
}

/* --- services as links: all, or those of the driver in p --- */

static int links_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	struct entry e;
	struct bdf bdf;
	size_t n = parse_bdf(name, len, &bdf);
	uint32_t fn = n ? sim_named_fn(s, name, n) : SIM_NONE;

	if (fn == SIM_NONE ||
	    port_lookup(s, &(struct node){ .kind = &dir_fn, .i = fn }, name + n, len - n,
			&e) < 0 ||
	    (dir->p && bound_to(s, fn, e.dir.j) != dir->p))
		return -ENOENT;
	return node_found_link(ret, dir, e.dir);
}

/* Hands those on that the folder has. */
struct filter {
	const struct sim *s;
	const struct node *dir;
	host_list_fn *fn;
	void *arg;
};

static int filtered(void *arg, const char *name)
{
	const struct filter *f = arg;
	struct entry e;

	return links_lookup(f->s, f->dir, name, strlen(name), &e) < 0
		       ? 0
		       : f->fn(f->arg, name);
}

static int links_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	struct filter f = { s, dir, fn, arg };
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < s->m->fns.n; i++)
		if (!s->fns[i].gone)
			r = port_each(s, &(struct node){ .kind = &dir_fn, .i = i },
				      filtered, &f);
	return r;
}

static const struct dir_kind dir_express_devices = {
	.name = "devices",
	.parent = &dir_express,
	.lookup = links_lookup,
	.each = links_each,
	.each_type = S_IFLNK,
};

/* --- drivers --- */

static void driver_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name);

/* The service of that name (base/bus.c:bus_find_device_by_name), or -ENODEV. */
static int find_service(const struct sim *s, const char *buf, struct node *ret)
{
	struct entry e;

	if (links_lookup(s, &(struct node){ .kind = &dir_express_devices }, buf,
			 store_name_len(buf), &e) < 0)
		return -ENODEV;
	*ret = e.target;
	return 0;
}

/* base/bus.c:unbind_store, bind_store; these drivers take every service of their kind. */
static ssize_t store_unbind(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len)
{
	struct node port;

	(void)a;
	if (find_service(s, buf, &port) < 0 || bound_to(s, port.i, port.j) != dir->p)
		return -ENODEV;
	s->fns[port.i].idle_services |= (uint8_t)port.j;
	(void)sim_changed_fn(s, port.i);
	return (ssize_t)len;
}

static ssize_t store_bind(struct sim *s, const struct node *dir, const struct attr *a,
			  const char *buf, size_t len)
{
	struct node port;

	(void)a;
	if (find_service(s, buf, &port) < 0 || driver_of(s, port.i, port.j) != dir->p)
		return -ENODEV;
	if (bound_to(s, port.i, port.j))
		return -EBUSY;
	s->fns[port.i].idle_services &= (uint8_t)~port.j;
	(void)sim_changed_fn(s, port.i);
	return (ssize_t)len;
}

static const struct attr driver_rows[] = {
	{ "bind", .mode = 0200, .store = store_bind },
	{ "uevent", .mode = 0200, .store = store_dir_uevent },
	{ "unbind", .mode = 0200, .store = store_unbind },
};
const struct dir_kind dir_express_driver = {
	.where = driver_where,
	.attrs = ATTRS(driver_rows),
	.lookup = links_lookup,
	.each = links_each,
	.each_type = S_IFLNK,
};

static int drivers_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	(void)dir;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (exists(s, &drivers[i]) && name_is(name, len, drivers[i].name))
			return node_found_dir(ret,
					      (struct node){ .kind = &dir_express_driver,
							     .p = &drivers[i] });
	return -ENOENT;
}

static int drivers_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(drivers); i++)
		if (exists(s, &drivers[i]))
			r = fn(arg, drivers[i].name);
	return r;
}

static const struct dir_kind dir_express_drivers = {
	.name = "drivers",
	.parent = &dir_express,
	.lookup = drivers_lookup,
	.each = drivers_each,
	.each_type = S_IFDIR,
};

static void driver_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name)
{
	(void)s;
	name_copy(name, ((const struct express_driver *)dir->p)->name);
	*ret_parent = (struct node){ .kind = &dir_express_drivers };
}

bool port_to_driver(const struct sim *s, const struct node *dir, struct node *ret)
{
	*ret = (struct node){ .kind = &dir_express_driver,
			      .p = bound_to(s, dir->i, dir->j) };
	return ret->p;
}

/* base/bus.c:drivers_probe_store; to find no driver is no error. */
static ssize_t store_probe(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	struct node port;

	(void)dir, (void)a;
	if (find_service(s, buf, &port) < 0)
		return -ENODEV;
	s->fns[port.i].idle_services &= (uint8_t)~port.j;
	(void)sim_changed_fn(s, port.i);
	return (ssize_t)len;
}

static ssize_t store_autoprobe(struct sim *s, const struct node *dir,
			       const struct attr *a, const char *buf, size_t len)
{
	(void)dir, (void)a;
	s->no_express_autoprobe = buf[0] == '0';
	return (ssize_t)len;
}

static ssize_t show_autoprobe(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	(void)dir, (void)a;
	return put_str(buf, s->no_express_autoprobe ? "0\n" : "1\n") - buf;
}

/* clang-format off */
static const struct attr express_rows[] = {
	{ "devices", .mode = S_IFDIR | 0755, .dir = &dir_express_devices },
	{ "drivers", .mode = S_IFDIR | 0755, .dir = &dir_express_drivers },
	{ "drivers_autoprobe", .mode = 0644, .show = show_autoprobe, .store = store_autoprobe },
	{ "drivers_probe", .mode = 0200, .store = store_probe },
	{ "uevent", .mode = 0200, .store = store_dir_uevent },
};
/* clang-format on */
const struct dir_kind dir_express = {
	.name = "pci_express",
	.parent = &dir_bus,
	.attrs = ATTRS(express_rows),
};
