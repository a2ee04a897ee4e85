/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/node.h"
#include "fakesys/sim-devlink.h"
#include "fakesys/sim-fn.h"

#define VENDOR_ATI 0x1002
#define VENDOR_AMD 0x1022
#define VENDOR_NVIDIA 0x10de
#define CLASS_HD_AUDIO 0x0403
#define CLASS_SERIAL_OTHER 0x0c80

/* quirk_gpu_hda, quirk_gpu_usb, quirk_gpu_usb_typec_ucsi */
static const struct {
	uint32_t vendor;
	unsigned function, class;
} consumers[] = {
	{ VENDOR_ATI, 1, CLASS_HD_AUDIO },
	{ VENDOR_AMD, 1, CLASS_HD_AUDIO },
	{ VENDOR_NVIDIA, 1, CLASS_HD_AUDIO },
	{ VENDOR_NVIDIA, 2, PCI_CLASS_SERIAL_USB },
	{ VENDOR_ATI, 2, PCI_CLASS_SERIAL_USB },
	{ VENDOR_NVIDIA, 3, CLASS_SERIAL_OTHER },
	{ VENDOR_ATI, 3, CLASS_SERIAL_OTHER },
};

static bool is_there(const struct sim *s, uint32_t fn)
{
	return fn != SIM_NONE && !s->fns[fn].gone;
}

/* The display function that @fn depends on; SIM_NONE: it is none of these. */
static uint32_t supplier_of(const struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	struct bdf bdf = f->bdf;
	uint32_t sup;

	for (size_t i = 0; i < ARRAY_SIZE(consumers); i++) {
		if (f->id.vendor != consumers[i].vendor ||
		    bdf.fn != consumers[i].function || fn_class(f) != consumers[i].class)
			continue;
		bdf.fn = 0;
		sup = sim_find_fn(s, bdf);
		return is_there(s, fn) && is_there(s, sup) &&
				       fn_is_display(&s->m->fns.v[sup])
			       ? sup
			       : SIM_NONE;
	}
	return SIM_NONE;
}

static void link_name(const struct sim *s, uint32_t consumer, char *name)
{
	char sup[BDF_SIZE], con[BDF_SIZE];

	snprintf(name, NODE_NAME, "pci:%s--pci:%s",
		 name_bdf(sup, s->m->fns.v[supplier_of(s, consumer)].bdf),
		 name_bdf(con, s->m->fns.v[consumer].bdf));
}

/* --- sys/devices/virtual/devlink/NAME (drivers/base/core.c); node: i = consumer --- */

static bool to_consumer(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s;
	*ret = (struct node){ .kind = &dir_fn, .i = dir->i };
	return true;
}

static bool to_supplier(const struct sim *s, const struct node *dir, struct node *ret)
{
	*ret = (struct node){ .kind = &dir_fn, .i = supplier_of(s, dir->i) };
	return ret->i != SIM_NONE;
}

static bool to_class(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_class, .p = "devlink" };
	return true;
}

/* DL_FLAG_STATELESS | DL_FLAG_PM_RUNTIME */
static ssize_t show_never(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	return put_str(buf, "never\n") - buf;
}

static ssize_t show_status(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	return put_str(buf, "not tracked\n") - buf;
}

/* clang-format off */
static const struct attr link_rows[] = {
	{ "auto_remove_on", .mode = 0444, .show = show_never },
	{ "consumer", .mode = S_IFLNK | 0777, .target = to_consumer },
	{ "runtime_pm", .mode = 0444, .show = attr_show_arg, .arg = 1 },
	{ "status", .mode = 0444, .show = show_status },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_class },
	{ "supplier", .mode = S_IFLNK | 0777, .target = to_supplier },
	{ "sync_state_only", .mode = 0444, .show = attr_show_arg },
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },
};
/* clang-format on */

static void link_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	link_name(s, dir->i, name);
	*ret_parent = (struct node){ .kind = &dir_virtual_devlink };
}

static const struct dir_kind dir_devlink = { .where = link_where,
					     .attrs = ATTRS(link_rows) };

bool devlink_find(const struct sim *s, const char *class, const char *name, size_t len,
		  struct node *ret)
{
	char have[NODE_NAME];

	(void)class;
	for (uint32_t i = 0; i < s->m->fns.n; i++) {
		if (supplier_of(s, i) == SIM_NONE)
			continue;
		link_name(s, i, have);
		*ret = (struct node){ .kind = &dir_devlink, .i = i };
		if (name_is(name, len, have))
			return true;
	}
	return false;
}

int devlink_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg)
{
	char name[NODE_NAME];
	int r = 0;

	(void)class;
	for (uint32_t i = 0; r >= 0 && i < s->m->fns.n; i++) {
		if (supplier_of(s, i) == SIM_NONE)
			continue;
		link_name(s, i, name);
		r = fn(arg, name);
	}
	return r;
}

static int virtual_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	struct node n;

	(void)dir;
	return devlink_find(s, NULL, name, len, &n) ? node_found_dir(ret, n) : -ENOENT;
}

static int virtual_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	(void)dir;
	return devlink_each(s, NULL, fn, arg);
}

const struct dir_kind dir_virtual_devlink = {
	.name = "devlink",
	.parent = &dir_virtual,
	.lookup = virtual_lookup,
	.each = virtual_each,
	.each_type = S_IFDIR,
};

/* --- in the folders of both --- */

/* Calls @cb for each function that depends on @sup. */
static int each_consumer(const struct sim *s, uint32_t sup, host_list_fn *fn, void *arg)
{
	struct bdf bdf = s->m->fns.v[sup].bdf;
	char name[NODE_NAME], text[BDF_SIZE];
	int r = 0;

	for (unsigned i = 1; r >= 0 && !s->m->fns.v[sup].bdf.fn && i <= 3; i++) {
		uint32_t con;

		bdf.fn = (uint8_t)i;
		con = sim_find_fn(s, bdf);
		if (con == SIM_NONE || supplier_of(s, con) != sup)
			continue;
		snprintf(name, sizeof(name), "consumer:pci:%s", name_bdf(text, bdf));
		r = fn(arg, name);
	}
	return r;
}

int devlink_fn_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg)
{
	uint32_t sup = supplier_of(s, dir->i);
	char name[NODE_NAME], text[BDF_SIZE];

	if (sup == SIM_NONE)
		return fn_is_display(node_fn(s, dir)) ? each_consumer(s, dir->i, fn, arg)
						      : 0;
	snprintf(name, sizeof(name), "supplier:pci:%s",
		 name_bdf(text, s->m->fns.v[sup].bdf));
	return fn(arg, name);
}

int devlink_fn_lookup(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret)
{
	static const char supplier[] = "supplier:pci:", consumer[] = "consumer:pci:";
	size_t n = sizeof(supplier) - 1;
	bool down = len > n && !strncmp(name, consumer, n);
	uint32_t other, con;

	if (len <= n || (!down && strncmp(name, supplier, n) != 0))
		return -ENOENT;
	other = sim_named_fn(s, name + n, len - n);
	con = down ? other : dir->i;
	if (other == SIM_NONE || supplier_of(s, con) != (down ? dir->i : other))
		return -ENOENT;
	return node_found_link(ret, dir, (struct node){ .kind = &dir_devlink, .i = con });
}
