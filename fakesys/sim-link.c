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

/* States of a link, by their files. */
enum {
	L0S = 0x01,
	L1 = 0x02, /* these two as in LNKCTL */
	SUBSTATES = 0x3c,
	CLOCK = 0x40,
};

static uint32_t link_reg(struct blob c, uint32_t reg)
{
	uint32_t pos = cfg_find_cap(c, PCI_CAP_ID_EXP);

	return pos ? cfg_u32(c, pos + reg) : 0;
}

/* What a link can be in, by the LNKCAP of one of its ends. */
static uint32_t able(struct blob c)
{
	uint32_t cap = link_reg(c, PCI_EXP_LNKCAP);

	return (cap >> 10 & (L0S | L1)) | (cap & PCI_EXP_LNKCAP_CLOCKPM ? CLOCK : 0);
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
	both = able(c) & (able(config_now(s, up)) | CLOCK);
	return both & (uint32_t)a->arg;
}

/* Substates stand in a capability of their own; only seen where an attribute said so. */
static bool has_said(const struct sim *s, const struct node *dir, const struct attr *a)
{
	return said(s, dir, a);
}

/* As the firmware left it: Debian's policy is `default`. */
static bool by_firmware(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const char *text = said(s, dir, a);
	uint32_t ctl = link_reg(node_fn(s, dir)->config, PCI_EXP_LNKCTL);

	if (text)
		return streq(text, "1");
	return a->arg == CLOCK ? ctl & PCI_EXP_LNKCTL_CLOCK : ctl & (uint32_t)a->arg;
}

static ssize_t show_state(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	uint32_t up = s->places[dir->i].parent;
	unsigned off = up == SIM_NONE ? 0 : s->fns[up].link_off;

	if ((off & L1) && (a->arg & SUBSTATES))
		off = SUBSTATES;
	return put_str(buf, by_firmware(s, dir, a) && !(off & (unsigned)a->arg) ? "1\n"
										: "0\n") -
	       buf;
}

/* LNKCTL of one end: what the firmware had on and nobody has switched off. */
static void control(struct sim *s, uint32_t fn, unsigned off, uint32_t mask)
{
	struct blob now = config_now(s, fn);
	uint32_t pos = cfg_find_cap(now, PCI_CAP_ID_EXP);
	uint32_t was = link_reg(s->m->fns.v[fn].config, PCI_EXP_LNKCTL) & mask;
	uint16_t v;

	if (!pos)
		return;
	was &= ~(off & (L0S | L1));
	if (off & CLOCK)
		was &= ~(uint32_t)PCI_EXP_LNKCTL_CLOCK;
	v = (uint16_t)((cfg_u16(now, pos + PCI_EXP_LNKCTL) & ~mask) | was);
	(void)config_write(s, fn, &v, sizeof(v), pos + PCI_EXP_LNKCTL);
}

/* aspm.c:aspm_attr_store_common, clkpm_store: of the link, whichever function is asked.
 */
static ssize_t store_state(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	uint32_t up = s->places[dir->i].parent;
	unsigned bit = (unsigned)a->arg, *off;
	bool on;

	if (store_bool(s->profile, buf, &on) < 0)
		return -EINVAL;
	if (up == SIM_NONE)
		return (ssize_t)len;
	off = &s->fns[up].link_off;
	if (on)
		*off &= ~(bit | (bit & SUBSTATES ? L1 : 0u));
	else
		*off |= bit | (bit == L1 ? SUBSTATES : 0u);
	for (uint32_t fn = s->places[up].first_child; fn != SIM_NONE;
	     fn = s->places[fn].next_sibling)
		if (!s->fns[fn].gone)
			control(s, fn, *off, L0S | L1 | PCI_EXP_LNKCTL_CLOCK);
	control(s, up, *off, L0S | L1);
	return (ssize_t)len;
}

/* clang-format off */
static const struct attr link_rows[] = {
	{ "clkpm", .mode = 0644, .visible = can, .show = show_state, .store = store_state, .arg = CLOCK },
	{ "l0s_aspm", .mode = 0644, .visible = can, .show = show_state, .store = store_state, .arg = L0S },
	{ "l1_1_aspm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state, .arg = 0x04 },
	{ "l1_1_pcipm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state, .arg = 0x08 },
	{ "l1_2_aspm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state, .arg = 0x10 },
	{ "l1_2_pcipm", .mode = 0644, .visible = has_said, .show = show_state, .store = store_state, .arg = 0x20 },
	{ "l1_aspm", .mode = 0644, .visible = can, .show = show_state, .store = store_state, .arg = L1 },
};
/* clang-format on */
const struct dir_kind dir_fn_link = {
	.name = "link",
	.parent = &dir_fn,
	.attrs = ATTRS(link_rows),
};
