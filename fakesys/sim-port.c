/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-irq.h"
#include "fakesys/sim-port.h"

/* The numbers in the names of recorded services; 0: the registers tell. */
static unsigned said_services(const struct sim *s, uint32_t fn, unsigned *ret_type)
{
	const char *text = fn_said(&s->m->fns.v[fn], "port_services");
	unsigned all = 0, n;
	int len;

	for (; text && sscanf(text, "%3x%n", &n, &len) == 1; text += len) {
		all |= n & 0xff;
		*ret_type = n >> 8;
	}
	return all;
}

static bool is_root(const struct sim *s, uint32_t fn)
{
	return s->places[fn].traits & FN_ROOT_PORT;
}

/*
 * Port services (drivers/pci/pcie/portdrv.c:get_port_device_capability). Hot plug is left
 * out: who serves it is agreed with the firmware, which nobody recorded.
 */

unsigned port_services(const struct sim *s, uint32_t fn)
{
	const struct sim_driver *drv = s->fns[fn].driver;
	struct blob config = config_now(s, fn);
	uint32_t exp = cfg_find_cap(config, PCI_CAP_ID_EXP);
	int type = cfg_pcie_type(config);
	unsigned all, port;

	if (!drv || !streq(drv->name, "pcieport"))
		return 0;
	all = said_services(s, fn, &port);
	if (!is_root(s, fn) && !s->profile->aer_any_port)
		all &= ~(unsigned)SERVICE_AER;
	if (all || !exp)
		return all;
	if (is_root(s, fn))
		all |= SERVICE_PME;
	if ((s->places[fn].traits & FN_AER) &&
	    (is_root(s, fn) || s->profile->aer_any_port))
		all |= SERVICE_AER;
	if ((all & SERVICE_AER) && cfg_find_ext_cap(config, PCI_EXT_CAP_ID_DPC))
		all |= SERVICE_DPC;
	if ((type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM) &&
	    (cfg_u32(config, exp + PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_LBNC))
		all |= SERVICE_BANDWIDTH;
	return all;
}

bool port_served(const struct sim *s, uint32_t fn, unsigned bit)
{
	return (port_services(s, fn) & bit) && port_driver(s, fn, bit);
}

void port_log_services(struct sim *s, uint32_t fn)
{
	unsigned irq = irq_number(s, fn, 0);

	if (!irq_known(s, fn))
		return;
	if (port_served(s, fn, SERVICE_PME))
		sim_log_fn(s, fn, "PME: Signaling with IRQ %u", irq);
	if (port_served(s, fn, SERVICE_AER))
		sim_log_fn(s, fn, "AER: enabled with IRQ %u", irq);
}

/* ":pcieNNN": the port's type above the service's bit. */
static unsigned service_number(const struct sim *s, uint32_t fn, unsigned bit)
{
	unsigned type =
		(unsigned)cfg_pcie_type(config_now(s, fn)) - PCI_EXP_TYPE_ROOT_PORT;

	(void)said_services(s, fn, &type);
	return type << 8 | bit;
}

static void port_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	char bdf[BDF_SIZE];

	snprintf(name, NODE_NAME, "%s:pcie%03x", bdf_format(s->m->fns.v[dir->i].bdf, bdf),
		 service_number(s, dir->i, dir->j));
	*ret_parent = (struct node){ .kind = &dir_fn, .i = dir->i };
}

static bool to_bus(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_express };
	return true;
}

static ssize_t show_uevent(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	const char *driver = port_driver(s, dir->i, dir->j);

	(void)a;
	return driver ? snprintf(buf, SIM_PAGE, "DRIVER=%s\n", driver) : 0;
}

static const struct dir_kind dir_port, dir_port_power = {
	.name = "power",
	.parent = &dir_port,
	.attrs = ATTRS(power_port_rows),
};

static const struct attr port_rows[] = {
	{ "driver", .mode = S_IFLNK | 0777, .target = port_to_driver },
	{ "power", .mode = S_IFDIR | 0755, .dir = &dir_port_power },
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_bus },
	{ "uevent", .mode = 0644, .show = show_uevent, .store = store_dir_uevent },
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
	unsigned all = port_services(s, dir->i);
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
	unsigned all = port_services(s, dir->i);
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
