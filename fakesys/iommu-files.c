/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "fakesys/iommu-model.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-port.h"

/* --- sys/kernel/iommu_groups/N; node: i = into sim.groups --- */

static ssize_t show_type(struct sim *s, const struct node *dir, const struct attr *a,
			 char buf[static SIM_PAGE])
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "%.64s\n", s->groups.v[dir->i].type);
}

static ssize_t store_type(struct sim *s, const struct node *dir, const struct attr *a,
			  const char *buf, size_t len)
{
	int r = iommu_store_type(s, &s->groups.v[dir->i], buf);

	(void)a;
	return r < 0 ? r : (ssize_t)len;
}

static ssize_t show_reserved(struct sim *s, const struct node *dir, const struct attr *a,
			     char buf[static SIM_PAGE])
{
	const char *text = s->groups.v[dir->i].reserved;
	size_t n = strnlen(text, SIM_PAGE);

	(void)a;
	memcpy(buf, text, n);
	return (ssize_t)n;
}

static int members_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	uint32_t fn = sim_named_fn(s, name, len);

	if (fn == SIM_NONE || s->places[fn].group != dir->i)
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_fn, .i = fn });
}

static int members_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	const struct sim_group *g = &s->groups.v[dir->i];
	char name[BDF_SIZE];
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < g->n; i++) {
		uint32_t m = s->members[g->first + i];

		if (!s->fns[m].gone)
			r = fn(arg, name_bdf(name, s->m->fns.v[m].bdf));
	}
	return r;
}

static const struct dir_kind dir_members = {
	.name = "devices",
	.parent = &dir_group,
	.lookup = members_lookup,
	.each = members_each,
	.each_type = S_IFLNK,
};

/* clang-format off */
static const struct attr group_rows[] = {
	{ "devices", .mode = S_IFDIR | 0755, .dir = &dir_members },
	{ "reserved_regions", .mode = 0444, .show = show_reserved },
	{ "type", .mode = 0644, .show = show_type, .store = store_type },
};
/* clang-format on */

static void group_where(const struct sim *s, const struct node *dir,
			struct node *ret_parent, char *name)
{
	*put_dec(name, (uint64_t)s->groups.v[dir->i].id) = '\0';
	*ret_parent = (struct node){ .kind = &dir_groups };
}

static uint64_t group_birth(const struct sim *s, const struct node *dir)
{
	return s->groups.v[dir->i].born;
}

const struct dir_kind dir_group = {
	.where = group_where,
	.attrs = ATTRS(group_rows),
	.birth = group_birth,
};

uint32_t iommu_named_group(const struct sim *s, const char *name, size_t len)
{
	uint32_t g;
	int id = 0;

	if (!len || len > 9 || (name[0] == '0' && len > 1))
		return SIM_NONE;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return SIM_NONE;
		id = 10 * id + (name[i] - '0');
	}
	g = sim_find_group(s, id);
	return g != SIM_NONE && iommu_group_present(s, &s->groups.v[g]) ? g : SIM_NONE;
}

static int groups_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	uint32_t g = iommu_named_group(s, name, len);

	(void)dir;
	if (g == SIM_NONE)
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_group, .i = g });
}

static int groups_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	char name[16];
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->groups.n; i++) {
		if (!iommu_group_present(s, &s->groups.v[i]))
			continue;
		*put_dec(name, (uint64_t)s->groups.v[i].id) = '\0';
		r = fn(arg, name);
	}
	return r;
}

const struct dir_kind dir_groups = {
	.name = "iommu_groups",
	.parent = &dir_kernel,
	.lookup = groups_lookup,
	.each = groups_each,
	.each_type = S_IFDIR,
};

/* --- the units; node: i = into sim.units --- */

static bool unit_subsystem(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_class, .p = "iommu" };
	return true;
}

static bool unit_device(const struct sim *s, const struct node *dir, struct node *ret)
{
	uint32_t fn = s->units.v[dir->i].fn;

	*ret = (struct node){ .kind = &dir_fn, .i = fn };
	return fn != SIM_NONE;
}

static bool translates(const struct sim *s, uint32_t unit, uint32_t fn)
{
	return !s->fns[fn].gone && s->places[fn].group != SIM_NONE &&
	       s->places[fn].unit == unit;
}

static int served_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	uint32_t fn = sim_named_fn(s, name, len);

	if (fn == SIM_NONE || !translates(s, dir->i, fn))
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_fn, .i = fn });
}

static int served_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	char name[BDF_SIZE];
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < s->m->fns.n; i++)
		if (translates(s, dir->i, i))
			r = fn(arg, name_bdf(name, s->m->fns.v[i].bdf));
	return r;
}

static const struct dir_kind dir_served = {
	.name = "devices",
	.parent = &dir_unit,
	.lookup = served_lookup,
	.each = served_each,
	.each_type = S_IFLNK,
};

static const struct dir_kind dir_unit_power = {
	.name = "power",
	.parent = &dir_unit,
	.attrs = ATTRS(power_idle_rows),
};

/* clang-format off */
static const struct attr unit_rows[] = {
	{ "amd-iommu", .mode = S_IFDIR | 0755, .visible = iommu_amd_known, .dir = &dir_unit_amd },
	{ "device", .mode = S_IFLNK | 0777, .target = unit_device },
	{ "devices", .mode = S_IFDIR | 0755, .dir = &dir_served },
	{ "intel-iommu", .mode = S_IFDIR | 0755, .visible = iommu_unit_known, .dir = &dir_unit_intel },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_unit_power },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = unit_subsystem },
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },
};
/* clang-format on */

static const struct dir_kind dir_fn_iommu, dir_virtio, dir_virtio_iommu;

static void unit_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	const struct sim_unit *u = &s->units.v[dir->i];

	name_copy(name, u->name);
	if (u->fn == SIM_NONE)
		*ret_parent = (struct node){ .kind = &dir_virtual_iommu };
	else
		*ret_parent = (struct node){
			.kind = streq(u->kind, "virtio") ? &dir_virtio_iommu
							 : &dir_fn_iommu,
			.i = u->fn,
		};
}

const struct dir_kind dir_unit = { .where = unit_where, .attrs = ATTRS(unit_rows) };

uint32_t iommu_named_unit(const struct sim *s, const char *name, size_t len)
{
	for (uint32_t i = 0; s->iommu_on && i < s->units.n; i++)
		if (name_is(name, len, s->units.v[i].name))
			return i;
	return SIM_NONE;
}

/* The units of one function, or of none. */
static int units_lookup(const struct sim *s, uint32_t fn, const char *name, size_t len,
			struct entry *ret)
{
	uint32_t u = iommu_named_unit(s, name, len);

	if (u == SIM_NONE || s->units.v[u].fn != fn)
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_unit, .i = u });
}

static int units_each(const struct sim *s, uint32_t fn, host_list_fn *cb, void *arg)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && s->iommu_on && i < s->units.n; i++)
		if (s->units.v[i].fn == fn)
			r = cb(arg, s->units.v[i].name);
	return r;
}

static int virtual_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	(void)dir;
	return units_lookup(s, SIM_NONE, name, len, ret);
}

static int virtual_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	(void)dir;
	return units_each(s, SIM_NONE, fn, arg);
}

static int own_lookup(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret)
{
	return units_lookup(s, dir->i, name, len, ret);
}

static int own_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg)
{
	return units_each(s, dir->i, fn, arg);
}

const struct dir_kind dir_virtual_iommu = {
	.name = "iommu",
	.parent = &dir_virtual,
	.lookup = virtual_lookup,
	.each = virtual_each,
	.each_type = S_IFDIR,
};
static const struct dir_kind dir_fn_iommu = {
	.name = "iommu",
	.parent = &dir_fn,
	.lookup = own_lookup,
	.each = own_each,
	.each_type = S_IFDIR,
};
static const struct dir_kind dir_virtio_iommu = {
	.name = "iommu",
	.parent = &dir_virtio,
	.lookup = own_lookup,
	.each = own_each,
	.each_type = S_IFDIR,
};
static const struct attr virtio_rows[] = {
	{ "iommu", .mode = S_IFDIR | 0755, .dir = &dir_virtio_iommu },
};
static const struct dir_kind dir_virtio = {
	.name = "virtio0",
	.parent = &dir_fn,
	.attrs = ATTRS(virtio_rows),
};

/* --- in the directory of a function --- */

/* What the function itself is: NULL, or the kind of its unit. */
static const char *own_unit(const struct sim *s, uint32_t fn)
{
	for (uint32_t i = 0; s->iommu_on && i < s->units.n; i++)
		if (s->units.v[i].fn == fn)
			return s->units.v[i].kind;
	return NULL;
}

int iommu_fn_lookup(const struct sim *s, const struct node *dir, const char *name,
		    size_t len, struct entry *ret)
{
	const struct fn_place *p = &s->places[dir->i];
	struct node own = { .i = dir->i };
	const char *kind;

	if (name_is(name, len, "iommu")) {
		kind = own_unit(s, dir->i);
		if (kind && streq(kind, "amd")) {
			own.kind = &dir_fn_iommu;
			return node_found_dir(ret, own);
		}
		if (!s->iommu_on || p->group == SIM_NONE || p->unit == SIM_NONE)
			return -ENOENT;
		return node_found_link(ret, dir,
				       (struct node){ .kind = &dir_unit, .i = p->unit });
	}
	if (!name_is(name, len, dir_virtio.name))
		return -ENOENT;
	kind = own_unit(s, dir->i);
	if (!kind || !streq(kind, "virtio"))
		return -ENOENT;
	own.kind = &dir_virtio;
	return node_found_dir(ret, own);
}

int iommu_fn_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		  void *arg)
{
	static const char *const names[] = { "iommu", "virtio0" };
	struct entry e;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		if (iommu_fn_lookup(s, dir, names[i], strlen(names[i]), &e) >= 0)
			r = fn(arg, names[i]);
	return r;
}
