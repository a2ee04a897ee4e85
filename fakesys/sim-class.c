/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/iommu-model.h"
#include "fakesys/node.h"
#include "fakesys/sim-devlink.h"
#include "fakesys/sim-kid.h"
#include "fakesys/sim-wakeup.h"
#include "fakesys/vfio.h"

/* A class is a folder of links: how to find one by name, and all names. */
struct class
{
	const char *name;
	bool (*find)(const struct sim *s, const char *class, const char *name, size_t len,
		     struct node *ret);
	int (*each)(const struct sim *s, const char *class, host_list_fn *fn, void *arg);
};

static bool kid_class_find(const struct sim *s, const char *class, const char *name,
			   size_t len, struct node *ret)
{
	const struct sim_kid *k = kid_find(s, class, name, len);

	if (k)
		*ret = kid_node(s, k);
	return k;
}

static int kid_class_each(const struct sim *s, const char *class, host_list_fn *fn,
			  void *arg)
{
	size_t i, end;
	int r = 0;

	for (kid_class_range(s, class, &i, &end); r >= 0 && i < end; i++) {
		const struct sim_kid *k = &s->kids.v[s->kids_by_name[i]];

		if (kid_present(s, k))
			r = fn(arg, k->name);
	}
	return r;
}

static bool unit_find(const struct sim *s, const char *class, const char *name,
		      size_t len, struct node *ret)
{
	uint32_t u = iommu_named_unit(s, name, len);

	(void)class;
	*ret = (struct node){ .kind = &dir_unit, .i = u };
	return u != SIM_NONE;
}

static int unit_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg)
{
	int r = 0;

	(void)class;
	for (size_t i = 0; r >= 0 && s->iommu_on && i < s->units.n; i++)
		r = fn(arg, s->units.v[i].name);
	return r;
}

static bool bus_find(const struct sim *s, const char *class, const char *name, size_t len,
		     struct node *ret)
{
	char text[NODE_NAME], again[NODE_NAME];
	unsigned domain, bus;
	uint32_t bridge;

	(void)class;
	memcpy(text, name, len);
	text[len] = '\0';
	if (sscanf(text, "%8x:%2x", &domain, &bus) != 2)
		return false;
	snprintf(again, sizeof(again), "%04x:%02x", domain, bus);
	if (!streq(text, again))
		return false;
	bridge = topology_bridge_to(&s->topology, domain, (uint8_t)bus);
	if (bridge != SIM_NONE) {
		*ret = (struct node){ .kind = &dir_pci_bus, .i = bridge };
		return !s->fns[bridge].gone;
	}
	for (uint32_t i = 0; i < s->roots.n; i++) {
		if (s->roots.v[i].domain != domain || s->roots.v[i].bus != bus)
			continue;
		*ret = (struct node){ .kind = &dir_pci_bus, .i = SIM_NONE, .j = i };
		return true;
	}
	return false;
}

static int bus_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg)
{
	char name[NODE_NAME];
	int r = 0;

	(void)class;
	for (uint32_t i = 0; r >= 0 && i < s->roots.n; i++) {
		snprintf(name, sizeof(name), "%04x:%02x", s->roots.v[i].domain,
			 s->roots.v[i].bus);
		r = fn(arg, name);
	}
	for (uint32_t i = 0; r >= 0 && i < s->topology.n_bridges; i++) {
		uint32_t b = s->topology.bridges[i];

		if (s->fns[b].gone)
			continue;
		snprintf(name, sizeof(name), "%04x:%02x", s->m->fns.v[b].bdf.domain,
			 cfg_u8(s->m->fns.v[b].config, PCI_SECONDARY_BUS));
		r = fn(arg, name);
	}
	return r;
}

static bool group_find(const struct sim *s, const char *class, const char *name,
		       size_t len, struct node *ret)
{
	uint32_t g = vfio_named_group(s, name, len);

	(void)class;
	*ret = (struct node){ .kind = &dir_vfio_group, .i = g };
	return g != SIM_NONE;
}

static int group_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg)
{
	(void)class;
	return vfio_each_group(s, fn, arg);
}

static bool vfio_dev_find(const struct sim *s, const char *class, const char *name,
			  size_t len, struct node *ret)
{
	char text[NODE_NAME], again[NODE_NAME];
	unsigned n;

	(void)class;
	memcpy(text, name, len);
	text[len] = '\0';
	if (sscanf(text, "vfio%9u", &n) != 1 || n >= s->vfio_devs.n)
		return false;
	snprintf(again, sizeof(again), "vfio%u", n);
	*ret = (struct node){ .kind = &dir_vfio_one, .i = s->vfio_devs.v[n] };
	return streq(text, again) && vfio_dev_shown(s, ret->i);
}

static int vfio_dev_each(const struct sim *s, const char *class, host_list_fn *fn,
			 void *arg)
{
	char name[NODE_NAME];
	int r = 0;

	(void)class;
	for (size_t i = 0; r >= 0 && i < s->vfio_devs.n; i++) {
		if (!vfio_dev_shown(s, s->vfio_devs.v[i]))
			continue;
		snprintf(name, sizeof(name), "vfio%zu", i);
		r = fn(arg, name);
	}
	return r;
}

/* Of misc devices the model has /dev/vfio/vfio. */
static bool misc_find(const struct sim *s, const char *class, const char *name,
		      size_t len, struct node *ret)
{
	(void)class;
	*ret = (struct node){ .kind = &dir_misc_vfio };
	return name_is(name, len, "vfio") && sim_find_module(s, "vfio");
}

static int misc_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg)
{
	(void)class;
	return sim_find_module(s, "vfio") ? fn(arg, "vfio") : 0;
}

/* Those that are always there, and two that the module vfio brings. */
static const struct class fixed[] = {
	{ "block", kid_class_find, kid_class_each },
	{ "devlink", devlink_find, devlink_each },
	{ "iommu", unit_find, unit_each },
	{ "misc", misc_find, misc_each },
	{ "net", kid_class_find, kid_class_each },
	{ "pci_bus", bus_find, bus_each },
	{ "vfio", group_find, group_each },
	{ "vfio-dev", vfio_dev_find, vfio_dev_each },
	{ "wakeup", wakeup_find, wakeup_each },
};

static bool class_there(const struct sim *s, const struct class *c)
{
	return !after_prefix(c->name, "vfio") || sim_find_module(s, "vfio");
}

static const struct class *find_class(const char *name)
{
	static const struct class by_kids = { NULL, kid_class_find, kid_class_each };

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (streq(fixed[i].name, name))
			return &fixed[i];
	return &by_kids;
}

/* --- sys/class/NAME; node: p = the name --- */

static void class_where(const struct sim *s, const struct node *dir,
			struct node *ret_parent, char *name)
{
	(void)s;
	name_copy(name, dir->p);
	*ret_parent = (struct node){ .kind = &dir_classes };
}

static int class_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	struct node target;

	if (!find_class(dir->p)->find(s, dir->p, name, len, &target))
		return -ENOENT;
	return node_found_link(ret, dir, target);
}

static int class_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	return find_class(dir->p)->each(s, dir->p, fn, arg);
}

const struct dir_kind dir_class = {
	.where = class_where,
	.lookup = class_lookup,
	.each = class_each,
	.each_type = S_IFLNK,
};

static int classes_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	char text[NODE_NAME];
	const struct class *c;
	const char *known = NULL;
	size_t from, to;

	(void)dir;
	memcpy(text, name, len);
	text[len] = '\0';
	c = find_class(text);
	kid_class_range(s, text, &from, &to);
	if (c->name && class_there(s, c))
		known = c->name;
	else if (!c->name && from < to)
		known = s->kids.v[s->kids_by_name[from]].class;
	if (!known)
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_class, .p = known });
}

static int classes_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	size_t i = 0, from;
	int r = 0;

	(void)dir;
	for (size_t c = 0; r >= 0 && c < ARRAY_SIZE(fixed); c++)
		if (class_there(s, &fixed[c]))
			r = fn(arg, fixed[c].name);
	while (r >= 0 && i < s->kids.n) {
		const char *name = s->kids.v[s->kids_by_name[i]].class;

		if (!find_class(name)->name)
			r = fn(arg, name);
		kid_class_range(s, name, &from, &i);
	}
	return r;
}

const struct dir_kind dir_classes = {
	.name = "class",
	.parent = &dir_sys,
	.lookup = classes_lookup,
	.each = classes_each,
	.each_type = S_IFDIR,
};

/* --- sys/block: disks without their partitions --- */

static int block_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	const struct sim_kid *k = kid_find(s, "block", name, len);

	if (!k || kid_disk(s, k))
		return -ENOENT;
	return node_found_link(ret, dir, kid_node(s, k));
}

static int block_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	size_t i, end;
	int r = 0;

	(void)dir;
	for (kid_class_range(s, "block", &i, &end); r >= 0 && i < end; i++) {
		const struct sim_kid *k = &s->kids.v[s->kids_by_name[i]];

		if (kid_present(s, k) && !kid_disk(s, k))
			r = fn(arg, k->name);
	}
	return r;
}

const struct dir_kind dir_block = {
	.name = "block",
	.parent = &dir_sys,
	.lookup = block_lookup,
	.each = block_each,
	.each_type = S_IFLNK,
};
