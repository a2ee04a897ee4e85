/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-kid.h"
#include "fakesys/sim-port.h"

const struct sim_kid *node_kid(const struct sim *s, const struct node *dir)
{
	return dir->kind == &dir_stacked ? &s->kids.v[dir->j]
					 : kid_at(s, dir->i, dir->p, dir->j);
}

static const char *kid_dev(const struct sim_kid *k)
{
	return k->child ? k->child->dev : k->stacked->dev;
}

static bool is_device(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return node_kid(s, dir);
}

static bool has_dev(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const struct sim_kid *k = node_kid(s, dir);

	(void)a;
	return k && kid_dev(k);
}

static bool is_net(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const struct sim_kid *k = node_kid(s, dir);

	(void)a;
	return k && streq(k->class, "net");
}

/* drivers/gpu/drm/drm_sysfs.c: connectors are "card0-HDMI-A-1". */
static bool is_connector(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	const struct sim_kid *k = node_kid(s, dir);

	(void)a;
	return k && k->child && streq(k->class, "drm") && strchr(k->name, '-');
}

static bool is_partition(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	const struct sim_kid *k = node_kid(s, dir);

	(void)a;
	return k && kid_disk(s, k);
}

static bool has_slaves(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const struct sim_kid *k = node_kid(s, dir);

	(void)a;
	return k && k->stacked && streq(k->class, "block") && !kid_disk(s, k);
}

static ssize_t show_dev(struct sim *s, const struct node *dir, const struct attr *a,
			char buf[static SIM_PAGE])
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "%.64s\n", kid_dev(node_kid(s, dir)));
}

static ssize_t show_operstate(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	const struct sim_kid *k = node_kid(s, dir);
	/* net/core/net-sysfs.c; what has no carrier of its own does not know. */
	const char *state = !k->child ? "unknown" : k->child->link_up ? "up" : "down";

	(void)a;
	return snprintf(buf, SIM_PAGE, "%s\n", state);
}

static ssize_t show_status(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	(void)a;
	return snprintf(buf, SIM_PAGE, "%sconnected\n",
			node_kid(s, dir)->child->link_up ? "" : "dis");
}

static ssize_t show_partition(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	const char *name = node_kid(s, dir)->name, *end = name + strlen(name);

	(void)a;
	while (end > name && isdigit((unsigned char)end[-1]))
		end--;
	return snprintf(buf, SIM_PAGE, "%s\n", end);
}

static ssize_t show_uevent(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	const struct sim_kid *k = node_kid(s, dir);
	unsigned major, minor;
	char *p = buf;

	(void)a;
	if (kid_dev(k) && sscanf(kid_dev(k), "%9u:%9u", &major, &minor) == 2)
		p += snprintf(p, 128, "MAJOR=%u\nMINOR=%u\nDEVNAME=%.64s\n", major, minor,
			      k->name);
	if (streq(k->class, "net"))
		p += snprintf(p, 128, "INTERFACE=%.64s\n", k->name);
	else if (streq(k->class, "block"))
		p += snprintf(p, 128, "DEVTYPE=%s\n",
			      kid_disk(s, k) ? "partition" : "disk");
	return p - buf;
}

static bool to_class(const struct sim *s, const struct node *dir, struct node *ret)
{
	const struct sim_kid *k = node_kid(s, dir);

	if (k)
		*ret = (struct node){ .kind = &dir_class, .p = k->class };
	return k;
}

/* The folder above, but for one that only bears the class's name ("net/"). */
static bool to_device(const struct sim *s, const struct node *dir, struct node *ret)
{
	const struct sim_kid *k = node_kid(s, dir);
	char name[NODE_NAME];
	struct node up;

	if (!k || !k->child || kid_disk(s, k))
		return false;
	kid_where(s, dir, &up, name);
	if (up.kind == &dir_kid) {
		struct node above;

		kid_where(s, &up, &above, name);
		if (streq(name, k->class))
			up = above;
	}
	*ret = up;
	return true;
}

/* clang-format off */
const struct attr device_rows[N_DEVICE_ROWS] = {
	{ "dev", .mode = 0444, .visible = has_dev, .show = show_dev },
	{ "device", .mode = S_IFLNK | 0777, .target = to_device },
	{ "operstate", .mode = 0444, .visible = is_net, .show = show_operstate },
	{ "partition", .mode = 0444, .visible = is_partition, .show = show_partition },
	{ "slaves", .mode = S_IFDIR | 0755, .visible = has_slaves, .dir = &dir_slaves },
	{ "status", .mode = 0444, .visible = is_connector, .show = show_status },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_class },
	{ "uevent", .mode = 0644, .visible = is_device, .show = show_uevent,
	  .store = store_dir_uevent },
};
/* clang-format on */

static uint64_t kid_birth(const struct sim *s, const struct node *dir)
{
	return s->fns[dir->i].bound_at;
}

const struct dir_kind dir_kid = {
	.where = kid_where,
	.attrs = ATTRS(device_rows),
	.lookup = kid_lookup,
	.each = kid_each,
	.birth = kid_birth,
};
