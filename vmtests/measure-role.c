/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/pci.h"
#include "vmtests/measure.h"

static unsigned group_size(const struct machine *m, int group)
{
	unsigned n = 0;

	vec_foreach(fn, &m->fns)
		n += fn->group == group;
	return n;
}

static bool is_any_nic(const struct machine *m, const struct pci_fn *fn)
{
	(void)m;
	return fn->driver && streq(fn->driver, "e1000e") && fn->bdf.bus;
}

static bool is_nic(const struct machine *m, const struct pci_fn *fn)
{
	return is_any_nic(m, fn) && group_size(m, fn->group) == 1;
}

static bool is_edu(const struct machine *m, const struct pci_fn *fn)
{
	return fn->id.vendor == 0x1234 && fn->id.device == 0x11e8 && !fn->bdf.bus &&
	       (fn->group == GROUP_NONE || group_size(m, fn->group) == 1);
}

static bool is_vga(const struct machine *m, const struct pci_fn *fn)
{
	(void)m;
	return fn->boot_vga;
}

/* The one with a device right behind it. */
static bool is_port(const struct machine *m, const struct pci_fn *fn)
{
	vec_foreach(below, &m->fns)
		if (machine_upstream(m, below) == fn && !cfg_is_bridge(below->config))
			return cfg_pcie_type(fn->config) == PCI_EXP_TYPE_ROOT_PORT;
	return false;
}

static bool is_up(const struct machine *m, const struct pci_fn *fn)
{
	(void)m;
	return cfg_pcie_type(fn->config) == PCI_EXP_TYPE_UPSTREAM;
}

/* To conventional PCI, with something behind. */
static bool is_bridge(const struct machine *m, const struct pci_fn *fn)
{
	if (!cfg_is_bridge(fn->config) || (fn->driver && streq(fn->driver, "pcieport")))
		return false;
	vec_foreach(below, &m->fns)
		if (machine_upstream(m, below) == fn)
			return true;
	return false;
}

static const struct {
	const char *name;
	bool (*is)(const struct machine *m, const struct pci_fn *fn);
} roles[] = {
	{ "bridge", is_bridge }, { "edu", is_edu },   { "nic", is_nic },
	{ "nic", is_any_nic },   { "port", is_port }, { "up", is_up },
	{ "vga", is_vga },
};

static const struct pci_fn *find(const struct machine *m, const char *role)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		vec_foreach(fn, &m->fns)
			if (streq(roles[i].name, role) && roles[i].is(m, fn))
				return fn;
	return NULL;
}

static const char *name_of(struct arena *a, const struct pci_fn *fn)
{
	char bdf[BDF_SIZE];

	return fn ? arena_strdup(a, bdf_format(fn->bdf, bdf)) : NULL;
}

static const char *group_of(struct arena *a, const struct pci_fn *fn)
{
	return fn && fn->group != GROUP_NONE ? arena_printf(a, "%d", fn->group) : NULL;
}

/* A group of several functions. */
static const char *wide_group(struct arena *a, const struct machine *m)
{
	vec_foreach(fn, &m->fns)
		if (fn->group != GROUP_NONE && group_size(m, fn->group) > 1)
			return group_of(a, fn);
	return NULL;
}

/* Which acpiphp can switch. */
static const char *slot(const struct machine *m)
{
	vec_foreach(s, &m->slots)
		if (s->driver && streq(s->driver, "acpiphp"))
			return s->name;
	return NULL;
}

const char *measure_role(struct arena *a, const struct machine *m, const char *role)
{
	const struct pci_fn *bridge = find(m, "bridge");

	if (streq(role, "above"))
		return name_of(a, bridge ? machine_upstream(m, bridge) : NULL);
	if (streq(role, "edu-group"))
		return group_of(a, find(m, "edu"));
	if (streq(role, "wide-group"))
		return wide_group(a, m);
	if (streq(role, "slot"))
		return slot(m);
	return name_of(a, find(m, role));
}
