/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "fakesys/driver.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-module.h"
#include "fakesys/sim-opaque.h"

/* sys/module/NAME. Node: p = struct sim_module. */
static bool is_loaded(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const struct sim_module *m = dir->p;

	(void)s, (void)a;
	return !m->builtin;
}

static const struct sim_driver *driver_of(const struct sim *s, const struct sim_module *m)
{
	if (!m->mod || !m->mod->driver ||
	    (m->builtin && !s->profile->builtin_module_link))
		return NULL;
	return driver_find(s, m->mod->driver, strlen(m->mod->driver));
}

/* Without it recorded, what most are. */
static bool has_no_size(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return is_loaded(s, dir, a) && !opaque_has(s, dir, a->name);
}

static bool has_driver(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return driver_of(s, dir->p);
}

static bool has_params(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const struct sim_module *m = dir->p;

	(void)s, (void)a;
	for (size_t i = 0; i < n_module_params; i++)
		if (streq(module_params[i].module, m->name))
			return true;
	return false;
}

static ssize_t show_state(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	return put_str(buf, "live\n") - buf;
}

static ssize_t show_refcnt(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	const struct sim_module *m = dir->p;
	char *p = put_dec(buf, sim_module_refs(s, m));

	(void)a;
	*p++ = '\n';
	return p - buf;
}

static ssize_t show_newline(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	*buf = '\n';
	return 1;
}

/* "drivers/pci:NAME" */
static int drivers_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	const struct sim_driver *drv = driver_of(s, dir->p);

	if (!drv || len < 4 || strncmp(name, "pci:", 4) != 0 ||
	    !name_is(name + 4, len - 4, drv->name))
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_driver, .p = drv });
}

static int drivers_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	const struct sim_driver *drv = driver_of(s, dir->p);
	char name[NODE_NAME];

	if (!drv)
		return 0;
	snprintf(name, sizeof(name), "pci:%s", drv->name);
	return fn(arg, name);
}

static int holders_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	const struct sim_module *m = dir->p;

	(void)s;
	for (size_t i = 0; i < m->users.n; i++)
		if (name_is(name, len, m->users.v[i]->name))
			return node_found_link(
				ret, dir,
				(struct node){ .kind = &dir_module, .p = m->users.v[i] });
	return -ENOENT;
}

static int holders_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	const struct sim_module *m = dir->p;
	int r = 0;

	(void)s;
	for (size_t i = 0; r >= 0 && i < m->users.n; i++)
		r = fn(arg, m->users.v[i]->name);
	return r;
}

static ssize_t show_param(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	const struct sim_module *m = dir->p;
	const struct module_param *p = &module_params[dir->i];

	(void)s, (void)a;
	if (p->number)
		return snprintf(buf, SIM_PAGE, "%u\n", m->params[p->slot]);
	return put_str(buf, m->params[p->slot] ? "Y\n" : "N\n") - buf;
}

/* kernel/params.c:param_set_bool, param_set_uint. */
static ssize_t store_param(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	const struct module_param *p = &module_params[dir->i];
	struct sim_module *m = sim_find_module(s, p->module);
	uint64_t number;
	bool on;

	(void)a;
	if (p->number) {
		if (store_u64(buf, UINT_MAX, &number) < 0)
			return -EINVAL;
		m->params[p->slot] = (unsigned)number;
	} else {
		if (store_bool(s->profile, buf, &on) < 0)
			return -EINVAL;
		m->params[p->slot] = on;
	}
	return (ssize_t)len;
}

/* The node handed to show and store has the parameter's row in i. */
static const struct attr param_ro = { .mode = 0444, .show = show_param };
static const struct attr param_rw = { .mode = 0644,
				      .show = show_param,
				      .store = store_param };

static int params_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	const struct sim_module *m = dir->p;
	struct node n = *dir;

	(void)s;
	for (uint32_t i = 0; i < n_module_params; i++) {
		const struct module_param *p = &module_params[i];

		if (!streq(p->module, m->name) || !name_is(name, len, p->name))
			continue;
		n.i = i;
		return node_found_file(ret, &n, p->mode & 0200 ? &param_rw : &param_ro);
	}
	return -ENOENT;
}

static int params_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	const struct sim_module *m = dir->p;
	int r = 0;

	(void)s;
	for (size_t i = 0; r >= 0 && i < n_module_params; i++)
		if (streq(module_params[i].module, m->name))
			r = fn(arg, module_params[i].name);
	return r;
}

static const struct dir_kind dir_mod_drivers = {
	.name = "drivers",
	.parent = &dir_module,
	.lookup = drivers_lookup,
	.each = drivers_each,
	.each_type = S_IFLNK,
};
static const struct dir_kind dir_holders = {
	.name = "holders",
	.parent = &dir_module,
	.lookup = holders_lookup,
	.each = holders_each,
	.each_type = S_IFLNK,
};
static const struct dir_kind dir_params = {
	.name = "parameters",
	.parent = &dir_module,
	.lookup = params_lookup,
	.each = params_each,
};

/* clang-format off */
static const struct attr module_rows[] = {
	{ "coresize", .mode = 0444, .visible = has_no_size, .show = attr_show_arg, .arg = 16384 },
	{ "drivers", .mode = S_IFDIR | 0755, .visible = has_driver, .dir = &dir_mod_drivers },
	{ "holders", .mode = S_IFDIR | 0755, .visible = is_loaded, .dir = &dir_holders },
	{ "initsize", .mode = 0444, .visible = is_loaded, .show = attr_show_arg },
	{ "initstate", .mode = 0444, .visible = is_loaded, .show = show_state },
	{ "parameters", .mode = S_IFDIR | 0755, .visible = has_params, .dir = &dir_params },
	{ "refcnt", .mode = 0444, .visible = is_loaded, .show = show_refcnt },
	{ "taint", .mode = 0444, .visible = is_loaded, .show = show_newline },
	{ "uevent", .mode = 0200, .store = store_dir_uevent },
};
/* clang-format on */

static void module_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name)
{
	const struct sim_module *m = dir->p;

	(void)s;
	name_copy(name, m->name);
	*ret_parent = (struct node){ .kind = &dir_modules };
}

static uint64_t module_birth(const struct sim *s, const struct node *dir)
{
	(void)s;
	return ((const struct sim_module *)dir->p)->born;
}

const struct dir_kind dir_module = {
	.where = module_where,
	.attrs = ATTRS(module_rows),
	.birth = module_birth,
};

/* A built-in module has a folder only for what it shows: parameters, its driver. */
static bool is_shown(const struct sim *s, const struct sim_module *m)
{
	struct node n = { .p = m };

	return !m->builtin || has_driver(s, &n, NULL) || has_params(s, &n, NULL);
}

static int modules_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	char text[NODE_NAME];
	const struct sim_module *m;

	(void)dir;
	memcpy(text, name, len);
	text[len] = '\0';
	m = sim_find_module(s, text);
	if (!m || !is_shown(s, m))
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_module, .p = m });
}

static int modules_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->modules.n; i++)
		if (is_shown(s, s->modules.v[i]))
			r = fn(arg, s->modules.v[i]->name);
	return r;
}

const struct dir_kind dir_modules = {
	.name = "module",
	.parent = &dir_sys,
	.lookup = modules_lookup,
	.each = modules_each,
	.each_type = S_IFDIR,
};
