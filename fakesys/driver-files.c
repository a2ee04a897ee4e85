/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/blocked.h"
#include "fakesys/driver.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"

/* sys/bus/pci/drivers/NAME. Node: p = struct sim_driver, which lives as long as s->run.
 */
static struct sim_driver *node_driver(const struct sim *s, const struct node *dir)
{
	const struct sim_driver *want = dir->p;

	return driver_find(s, want->name, strlen(want->name));
}

/* drivers/base/bus.c:bind_store: match comes before the question who has it. */
static ssize_t store_bind(struct sim *s, const struct node *dir, const struct attr *a,
			  const char *buf, size_t len)
{
	struct sim_driver *drv = node_driver(s, dir);
	uint32_t fn = driver_named_fn(s, buf);
	int r;

	(void)a;
	if (fn == SIM_NONE || !driver_matches(s, drv, fn))
		return -ENODEV;
	r = driver_bind(s, drv, fn);
	/* dd.c:device_driver_attach: a failed probe's errno is for the writer, too. */
	return r > 0 ? -r : r < 0 ? r : (ssize_t)len;
}

static ssize_t store_unbind(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len)
{
	struct sim_driver *drv = node_driver(s, dir);
	uint32_t fn = driver_named_fn(s, buf);
	int r;

	(void)a;
	/* Somebody else's unbind is under way: it waits for that, and finds nothing to
	 * do. */
	if (fn != SIM_NONE && s->fns[fn].leaving == drv)
		return block_until(s, UNTIL_FREE, fn, true);
	if (fn == SIM_NONE || s->fns[fn].driver != drv)
		return -ENODEV;
	r = driver_unbind(s, fn);
	return r < 0 ? r : (ssize_t)len;
}

static ssize_t store_new_id(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len)
{
	int r = driver_store_new_id(s, node_driver(s, dir), buf);

	(void)a;
	return r < 0 ? r : (ssize_t)len;
}

static ssize_t store_remove_id(struct sim *s, const struct node *dir,
			       const struct attr *a, const char *buf, size_t len)
{
	int r = driver_store_remove_id(s, node_driver(s, dir), buf);

	(void)a;
	return r < 0 ? r : (ssize_t)len;
}

/* base/module.c:module_add_driver: a built-in one has a link on some kernels (F12). */
static bool to_module(const struct sim *s, const struct node *dir, struct node *ret)
{
	const struct sim_driver *drv = dir->p;
	const struct sim_module *mod =
		drv->module ? sim_find_module(s, drv->module) : NULL;

	*ret = (struct node){ .kind = &dir_module, .p = mod };
	return mod && (!mod->builtin || s->profile->builtin_module_link);
}

/* clang-format off */
static const struct attr driver_rows[] = {
	{ "bind", .mode = 0200, .store = store_bind },
	{ "module", .mode = S_IFLNK | 0777, .target = to_module },
	{ "new_id", .mode = 0200, .store = store_new_id },
	{ "remove_id", .mode = 0200, .store = store_remove_id },
	{ "uevent", .mode = 0200, .store = store_dir_uevent },
	{ "unbind", .mode = 0200, .store = store_unbind },
};
/* clang-format on */

static void driver_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name)
{
	const struct sim_driver *drv = dir->p;

	(void)s;
	name_copy(name, drv->name);
	*ret_parent = (struct node){ .kind = &dir_drivers };
}

static int driver_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	uint32_t fn = sim_named_fn(s, name, len);

	if (fn == SIM_NONE || s->fns[fn].driver != dir->p)
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_fn, .i = fn });
}

static int driver_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	char name[BDF_SIZE];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < s->m->fns.n; i++)
		if (s->fns[i].driver == dir->p)
			r = fn(arg, name_bdf(name, s->m->fns.v[i].bdf));
	return r;
}

static uint64_t driver_birth(const struct sim *s, const struct node *dir)
{
	(void)s;
	return ((const struct sim_driver *)dir->p)->born;
}

const struct dir_kind dir_driver = {
	.where = driver_where,
	.attrs = ATTRS(driver_rows),
	.lookup = driver_lookup,
	.each = driver_each,
	.each_type = S_IFLNK,
	.birth = driver_birth,
};

static int drivers_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	const struct sim_driver *drv = driver_find(s, name, len);

	(void)dir;
	if (!drv)
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_driver, .p = drv });
}

static int drivers_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->drivers.n; i++)
		r = fn(arg, s->drivers.v[i]->name);
	return r;
}

const struct dir_kind dir_drivers = {
	.name = "drivers",
	.parent = &dir_bus_pci,
	.lookup = drivers_lookup,
	.each = drivers_each,
	.each_type = S_IFDIR,
};
