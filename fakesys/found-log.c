/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines about a function that enumeration finds, at boot and at a rescan. */
#include <inttypes.h>

#include <pci/header.h>

#include "fakesys/boot-log.h"

/* include/linux/ioport.h */
#define RES_IO 0x100u
#define RES_MEM 0x200u
#define RES_PREFETCH 0x2000u
#define RES_MEM_64 0x100000u
#define RES_UNSET 0x20000000u
#define RES_ROM_SHADOW 0x2u

/* drivers/pci/probe.c:pci_type_str. */
static const char *port_type(struct blob config)
{
	static const char *const types[] = {
		[PCI_EXP_TYPE_ENDPOINT] = "PCIe Endpoint",
		[PCI_EXP_TYPE_LEG_END] = "PCIe Legacy Endpoint",
		[PCI_EXP_TYPE_ROOT_PORT] = "PCIe Root Port",
		[PCI_EXP_TYPE_UPSTREAM] = "PCIe Switch Upstream Port",
		[PCI_EXP_TYPE_DOWNSTREAM] = "PCIe Switch Downstream Port",
		[PCI_EXP_TYPE_PCI_BRIDGE] = "PCIe to PCI/PCI-X bridge",
		[PCI_EXP_TYPE_PCIE_BRIDGE] = "PCI/PCI-X to PCIe bridge",
		[PCI_EXP_TYPE_ROOT_INT_EP] = "PCIe Root Complex Integrated Endpoint",
		[PCI_EXP_TYPE_ROOT_EC] = "PCIe Root Complex Event Collector",
	};
	int type = cfg_pcie_type(config);

	if (type < 0)
		return cfg_is_bridge(config) ? "conventional PCI bridge"
					     : "conventional PCI endpoint";
	return (size_t)type < ARRAY_SIZE(types) && types[type] ? types[type]
							       : "PCIe unknown";
}

/* lib/vsprintf.c:resource_string; NULL: there is none, or no address was recorded. */
static const char *resource_text(struct arena *a, const struct pci_resource *r)
{
	if (!r->end || (r->flags & RES_UNSET))
		return NULL;
	if (r->flags & RES_IO)
		return arena_printf(a, "[io  %#06" PRIx64 "-%#06" PRIx64 "]", r->start,
				    r->end);
	if (!(r->flags & RES_MEM))
		return NULL;
	return arena_printf(a, "[mem %#010" PRIx64 "-%#010" PRIx64 "%s%s]", r->start,
			    r->end, r->flags & RES_MEM_64 ? " 64bit" : "",
			    r->flags & RES_PREFETCH ? " pref" : "");
}

/* probe.c:pci_read_bases */
static void say_bars(struct sim *s, uint32_t fn, const char *name, strings *ret)
{
	const struct pci_fn *f = &s->m->fns.v[fn];

	for (unsigned i = 0; i <= PCI_ROM_RESOURCE; i++) {
		const struct pci_resource *r = &f->res[i];
		const char *text = resource_text(s->run, r);

		/* A copy in memory hides where its own is. */
		if (!text || (i == PCI_ROM_RESOURCE && (r->flags & RES_ROM_SHADOW)))
			continue;
		*vec_push(s->run, ret) =
			i < PCI_ROM_RESOURCE
				? arena_printf(s->run, "%s: BAR %u %s", name, i, text)
				: arena_printf(s->run, "%s: ROM %s", name, text);
	}
}

/* Is the port type known, where the line names it? */
static bool type_known(const struct sim *s, uint32_t fn)
{
	return !s->profile->log_port_type || !(s->places[fn].traits & FN_PCIE) ||
	       cfg_pcie_type(s->m->fns.v[fn].config) >= 0;
}

static unsigned header_type(const struct sim *s, uint32_t fn)
{
	struct blob config = s->m->fns.v[fn].config;

	if (config.len > PCI_HEADER_TYPE && !s->m->fns.v[fn].is_vf)
		return config.data[PCI_HEADER_TYPE] & 0x7f;
	return s->places[fn].traits & FN_BRIDGE ? 1 : 0;
}

void log_function(struct sim *s, uint32_t fn, strings *ret)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const char *name = sim_fn_name(s, fn, NULL);
	bool typed = s->profile->log_port_type;

	if (type_known(s, fn))
		*vec_push(s->run, ret) = arena_printf(
			s->run, "%s: [%04x:%04x] type %02x class 0x%06x%s%s", name,
			f->id.vendor, f->id.device, header_type(s, fn), f->id.class,
			typed ? " " : "", typed ? port_type(f->config) : "");
	if (!f->is_vf)
		say_bars(s, fn, name, ret);
	log_acs_redir(s, fn, name, ret);
}

void log_shadow_rom(struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const struct pci_resource *r = &f->res[PCI_ROM_RESOURCE];

	if (f->boot_vga && (r->flags & RES_ROM_SHADOW))
		sim_log_fn(s, fn, "Video device with shadowed ROM at %s",
			   resource_text(s->run, r));
}

void log_vga_taken(struct sim *s, uint32_t fn, const char *driver)
{
	const char *name = sim_fn_name(s, fn, driver);

	vec_foreach(l, &s->m->klog) {
		const char *rest = after_prefix(*l, name);

		if (rest && after_prefix(rest, ": vgaarb: "))
			*vec_push(s->run, &s->klog) = *l;
	}
}
