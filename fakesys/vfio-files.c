/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "fakesys/iommu-model.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/vfio.h"

static bool to_class(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s;
	*ret = (struct node){ .kind = &dir_class,
			      .p = dir->kind == &dir_vfio_one ? "vfio-dev" : "vfio" };
	return true;
}

static bool to_fn(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s;
	*ret = (struct node){ .kind = &dir_fn, .i = dir->i };
	return true;
}

/* --- BDF/vfio-dev/vfioN; node: i = function --- */

static const struct dir_kind dir_one_power = {
	.name = "power",
	.parent = &dir_vfio_one,
	.attrs = ATTRS(power_idle_rows),
};
static const struct attr one_rows[] = {
	{ "device", .mode = S_IFLNK | 0777, .target = to_fn },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_one_power },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_class },
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },
};

static void one_where(const struct sim *s, const struct node *dir,
		      struct node *ret_parent, char *name)
{
	snprintf(name, NODE_NAME, "vfio%d", s->fns[dir->i].vfio_dev);
	*ret_parent = (struct node){ .kind = &dir_vfio_dev, .i = dir->i };
}

const struct dir_kind dir_vfio_one = { .where = one_where, .attrs = ATTRS(one_rows) };

static int dev_lookup(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret)
{
	struct node one = { .kind = &dir_vfio_one, .i = dir->i }, up;
	char have[NODE_NAME];

	one_where(s, &one, &up, have);
	return name_is(name, len, have) ? node_found_dir(ret, one) : -ENOENT;
}

static int dev_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg)
{
	struct node up;
	char name[NODE_NAME];

	one_where(s, dir, &up, name);
	return fn(arg, name);
}

static uint64_t dev_birth(const struct sim *s, const struct node *dir)
{
	return s->fns[dir->i].bound_at;
}

const struct dir_kind dir_vfio_dev = {
	.name = "vfio-dev",
	.parent = &dir_fn,
	.lookup = dev_lookup,
	.each = dev_each,
	.each_type = S_IFDIR,
	.birth = dev_birth,
};

/* --- sys/devices/virtual/vfio/GROUP; node: i = into sim.groups --- */

static ssize_t show_dev(struct sim *s, const struct node *dir, const struct attr *a,
			char buf[static SIM_PAGE])
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "%d:%u\n", s->vfio_major,
			s->groups.v[dir->i].vfio_minor);
}

static ssize_t show_uevent(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "MAJOR=%d\nMINOR=%u\nDEVNAME=vfio/%d\n",
			s->vfio_major, s->groups.v[dir->i].vfio_minor,
			s->groups.v[dir->i].id);
}

static const struct dir_kind dir_group_power = {
	.name = "power",
	.parent = &dir_vfio_group,
	.attrs = ATTRS(power_idle_rows),
};
static const struct attr group_rows[] = {
	{ "dev", .mode = 0444, .show = show_dev },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_group_power },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_class },
	{ "uevent", .mode = 0644, .show = show_uevent, .store = store_dir_uevent },
};

static void group_where(const struct sim *s, const struct node *dir,
			struct node *ret_parent, char *name)
{
	snprintf(name, NODE_NAME, "%d", s->groups.v[dir->i].id);
	*ret_parent = (struct node){ .kind = &dir_virtual_vfio };
}

static uint64_t group_birth(const struct sim *s, const struct node *dir)
{
	return s->groups.v[dir->i].vfio_born;
}

const struct dir_kind dir_vfio_group = {
	.where = group_where,
	.attrs = ATTRS(group_rows),
	.birth = group_birth,
};

uint32_t vfio_named_group(const struct sim *s, const char *name, size_t len)
{
	uint32_t g = iommu_named_group(s, name, len);

	return g != SIM_NONE && vfio_group_has_node(s, &s->groups.v[g]) ? g : SIM_NONE;
}

static int virtual_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	uint32_t g = vfio_named_group(s, name, len);

	(void)dir;
	if (g == SIM_NONE)
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_vfio_group, .i = g });
}

int vfio_each_group(const struct sim *s, host_list_fn *fn, void *arg)
{
	char name[16];
	int r = 0;

	for (size_t i = 0; r >= 0 && s->iommu_on && i < s->groups.n; i++) {
		if (!vfio_group_has_node(s, &s->groups.v[i]))
			continue;
		snprintf(name, sizeof(name), "%d", s->groups.v[i].id);
		r = fn(arg, name);
	}
	return r;
}

static int groups_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	(void)dir;
	return vfio_each_group(s, fn, arg);
}

const struct dir_kind dir_virtual_vfio = {
	.name = "vfio",
	.parent = &dir_virtual,
	.lookup = virtual_lookup,
	.each = groups_each,
};

/* --- sys/devices/virtual/misc/vfio (drivers/vfio/container.c:vfio_dev) --- */

static ssize_t show_misc_dev(struct sim *s, const struct node *dir, const struct attr *a,
			     char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	return put_str(buf, "10:196\n") - buf;
}

static ssize_t show_misc_uevent(struct sim *s, const struct node *dir,
				const struct attr *a, char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	return put_str(buf, "MAJOR=10\nMINOR=196\nDEVNAME=vfio/vfio\nDEVMODE=0666\n") -
	       buf;
}

static bool to_misc(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_class, .p = "misc" };
	return true;
}

static const struct dir_kind dir_misc_power = {
	.name = "power",
	.parent = &dir_misc_vfio,
	.attrs = ATTRS(power_idle_rows),
};
static const struct attr misc_rows[] = {
	{ "dev", .mode = 0444, .show = show_misc_dev },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_misc_power },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_misc },
	{ "uevent", .mode = 0644, .show = show_misc_uevent, .store = store_dir_uevent },
};
const struct dir_kind dir_misc_vfio = {
	.name = "vfio",
	.parent = &dir_virtual_misc,
	.attrs = ATTRS(misc_rows),
};

static bool has_module(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return sim_find_module(s, "vfio");
}

static const struct attr virtual_misc_rows[] = {
	{ "vfio", .mode = S_IFDIR | 0755, .visible = has_module, .dir = &dir_misc_vfio },
};
const struct dir_kind dir_virtual_misc = {
	.name = "misc",
	.parent = &dir_virtual,
	.attrs = ATTRS(virtual_misc_rows),
};

/* --- dev/vfio --- */

static ssize_t no_read(struct sim *s, const struct node *dir, const struct attr *a,
		       char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a, (void)buf;
	return -EINVAL; /* vfio.c: its files have no read, only ioctl */
}

static bool has_container(const struct sim *s, const struct node *dir,
			  const struct attr *a)
{
	(void)dir, (void)a;
	/* devname:vfio/vfio: the node is made before anybody loads the module. */
	return sim_find_module(s, "vfio") ||
	       (s->kernel && kernel_module(s->kernel, "vfio"));
}

static const struct attr group_node = { .mode = 0600, .show = no_read };
static const struct attr dev_vfio_rows[] = {
	{ "vfio", .mode = S_IFCHR | 0666, .visible = has_container, .show = no_read },
};

static int dev_vfio_lookup(const struct sim *s, const struct node *dir, const char *name,
			   size_t len, struct entry *ret)
{
	uint32_t g = vfio_named_group(s, name, len);

	if (g == SIM_NONE)
		return -ENOENT;
	node_found_file(ret, dir, &group_node);
	ret->mode = S_IFCHR | 0600;
	return 0;
}

static const struct dir_kind dir_dev_vfio = {
	.name = "vfio",
	.parent = &dir_dev,
	.attrs = ATTRS(dev_vfio_rows),
	.lookup = dev_vfio_lookup,
	.each = groups_each,
};

/* Documentation/ABI/testing/dev-kmsg, as one text: PRIORITY,SEQUENCE,MICROSECONDS,-;LINE
 */
static ssize_t kmsg_read(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf, size_t len, uint64_t off)
{
	char line[2048];
	uint64_t at = 0;
	size_t n = 0;

	(void)dir, (void)a;
	for (size_t i = 0; i < s->klog.n && n < len; i++) {
		int k = snprintf(line, sizeof(line), "6,%zu,%zu,-;%.1900s\n", i, i * 1000,
				 s->klog.v[i]);
		size_t from = off > at ? (size_t)(off - at) : 0;

		at += (uint64_t)k;
		if (from >= (size_t)k)
			continue;
		k -= (int)from;
		if ((size_t)k > len - n)
			k = (int)(len - n);
		memcpy(buf + n, line + from, (size_t)k);
		n += (size_t)k;
		off += (uint64_t)k;
	}
	return (ssize_t)n;
}

static uint64_t kmsg_size(const struct sim *s, const struct node *dir,
			  const struct attr *a)
{
	(void)s, (void)dir, (void)a;
	return 0; /* grows */
}

static const struct attr_bin kmsg = { .size = kmsg_size, .read = kmsg_read };

static const struct attr dev_rows[] = {
	{ "kmsg", .mode = 0644, .bin = &kmsg },
	{ "vfio", .mode = S_IFDIR | 0755, .dir = &dir_dev_vfio },
};
const struct dir_kind dir_dev = { .name = "dev",
				  .parent = &dir_root,
				  .attrs = ATTRS(dev_rows) };

void node_device(const struct sim *s, const struct entry *e, const char *name,
		 uint32_t *ret_major, uint32_t *ret_minor)
{
	if (e->attr != &group_node) {
		*ret_major = 10; /* drivers/vfio/container.c: misc device 196 */
		*ret_minor = 196;
		return;
	}
	*ret_major = s->vfio_major;
	*ret_minor = s->groups.v[vfio_named_group(s, name, strlen(name))].vfio_minor;
}
