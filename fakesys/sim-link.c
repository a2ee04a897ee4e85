/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BDF/link (drivers/pci/pcie/aspm.c:aspm_ctrl_attr_group). Node: i = function. */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/config.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"

#define DEVCAP_RBER 0x8000 /* of PCIe 1.1 on: earlier devices get no ASPM */

static const char *said(const struct sim *s, const struct node *dir, const struct attr *a)
{
	char name[32] = "link/";

	strncat(name, a->name, sizeof(name) - sizeof("link/"));
	return fn_said(node_fn(s, dir), name);
}

/* FADT: then Linux controls no link at all. */
static bool forbidden(const struct sim *s)
{
	for (size_t i = 0; i < s->m->klog.n; i++)
		if (strstr(s->m->klog.v[i], "the system doesn't support PCIe ASPM"))
			return true;
	return false;
}

static uint32_t link_reg(struct blob c, uint32_t reg)
{
	uint32_t pos = cfg_find_cap(c, PCI_CAP_ID_EXP);

	return pos ? cfg_u32(c, pos + reg) : 0;
}

/* Both ends must be able to, and only the lower one has the files. */
static bool can(const struct sim *s, const struct node *dir, const struct attr *a)
{
	uint32_t up = s->places[dir->i].parent, both;
	struct blob c = config_now(s, dir->i);
	int type;

	if (said(s, dir, a))
		return true;
	type = up == SIM_NONE ? -1 : cfg_pcie_type(config_now(s, up));
	if ((type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM) ||
	    !(link_reg(c, PCI_EXP_DEVCAP) & DEVCAP_RBER) || forbidden(s))
		return false;
	both = link_reg(c, PCI_EXP_LNKCAP);
	if (a->arg & PCI_EXP_LNKCAP_ASPM)
		both &= link_reg(config_now(s, up), PCI_EXP_LNKCAP);
	return both & (uint32_t)a->arg;
}

/* Substates stand in a capability of their own; only seen where an attribute said so. */
static bool has_said(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return said(s, dir, a);
}

static ssize_t show_state(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	const char *text = said(s, dir, a);
	uint32_t now = link_reg(config_now(s, dir->i), PCI_EXP_LNKCTL);
	/* LNKCTL has ASPM in bits 0 and 1, LNKCAP in 10 and 11; clock power is bit 8. */
	uint32_t bit = a->arg & PCI_EXP_LNKCAP_ASPM ? (uint32_t)a->arg >> 10 : 0x100;
	char *p = text ? put_str(buf, text) : put_dec(buf, (now & bit) != 0);

	*p++ = '\n';
	return p - buf;
}

/* aspm_attr_store_common, up to the link itself. */
static ssize_t store_state(struct sim *s, const struct node *dir, const char *buf,
			   size_t len)
{
	bool on;

	(void)dir, (void)len;
	return store_bool(s->profile, buf, &on) < 0 ? -EINVAL : SIM_NOT_MODELLED;
}

/* clang-format off */
static const struct attr link_rows[] = {
	{ "clkpm", .mode = 0644, .visible = can, .show = show_state, .store = store_state, .arg = 0x40000 },
	{ "l0s_aspm", .mode = 0644, .visible = can, .show = show_state, .store = store_state, .arg = 0x400 },
	{ "l1_1_aspm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state },
	{ "l1_1_pcipm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state },
	{ "l1_2_aspm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state },
	{ "l1_2_pcipm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state },
	{ "l1_aspm", .mode = 0644, .visible = can, .show = show_state, .store = store_state, .arg = 0x800 },
};
/* clang-format on */
const struct dir_kind dir_fn_link = {
	.name = "link",
	.parent = &dir_fn,
	.attrs = ATTRS(link_rows),
};
