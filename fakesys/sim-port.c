/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-port.h"

/*
 * Port services (drivers/pci/pcie/portdrv.c:get_port_device_capability). Hot plug is left
 * out: who serves it is agreed with the firmware, which nobody recorded.
 */
enum {
	SERVICE_PME = 0x01,
	SERVICE_AER = 0x02,
	SERVICE_DPC = 0x08,
	SERVICE_BANDWIDTH = 0x10
};

static unsigned services(const struct sim *s, uint32_t fn)
{
	const struct sim_driver *drv = s->fns[fn].driver;
	struct blob config = config_now(s, fn);
	uint32_t exp = cfg_find_cap(config, PCI_CAP_ID_EXP);
	int type = cfg_pcie_type(config);
	unsigned all = 0;

	if (!drv || !streq(drv->name, "pcieport") || !exp)
		return 0;
	if (type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_ROOT_EC)
		all |= SERVICE_PME;
	if (s->places[fn].traits & FN_AER)
		all |= SERVICE_AER;
	if ((all & SERVICE_AER) && cfg_find_ext_cap(config, PCI_EXT_CAP_ID_DPC))
		all |= SERVICE_DPC;
	if ((type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM) &&
	    (cfg_u32(config, exp + PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_LBNC))
		all |= SERVICE_BANDWIDTH;
	return all;
}

/* ":pcieNNN": the port's type above the service's bit. */
static unsigned service_number(const struct sim *s, uint32_t fn, unsigned bit)
{
	return ((unsigned)cfg_pcie_type(config_now(s, fn)) - PCI_EXP_TYPE_ROOT_PORT)
		       << 8 |
	       bit;
}

static void port_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	char bdf[BDF_SIZE];

	snprintf(name, NODE_NAME, "%s:pcie%03x", bdf_format(s->m->fns.v[dir->i].bdf, bdf),
		 service_number(s, dir->i, dir->j));
	*ret_parent = (struct node){ .kind = &dir_fn, .i = dir->i };
}

static const struct attr port_rows[] = {
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },
};
static uint64_t port_birth(const struct sim *s, const struct node *dir)
{
	return s->fns[dir->i].bound_at;
}

static const struct dir_kind dir_port = {
	.where = port_where,
	.attrs = ATTRS(port_rows),
	.birth = port_birth,
};

int port_lookup(const struct sim *s, const struct node *dir, const char *name, size_t len,
		struct entry *ret)
{
	unsigned all = services(s, dir->i);
	char text[16];

	for (unsigned bit = 1; bit <= all; bit <<= 1) {
		snprintf(text, sizeof(text), ":pcie%03x", service_number(s, dir->i, bit));
		if ((all & bit) && name_is(name, len, text))
			return node_found_dir(ret, (struct node){ .kind = &dir_port,
								  .i = dir->i,
								  .j = bit });
	}
	return -ENOENT;
}

int port_each(const struct sim *s, const struct node *dir, host_list_fn *fn, void *arg)
{
	unsigned all = services(s, dir->i);
	char name[NODE_NAME];
	struct node up;
	int r = 0;

	for (unsigned bit = 1; r >= 0 && bit <= all; bit <<= 1) {
		if (!(all & bit))
			continue;
		port_where(s, &(struct node){ .i = dir->i, .j = bit }, &up, name);
		r = fn(arg, name);
	}
	return r;
}
