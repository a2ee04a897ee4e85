/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines about a function that enumeration finds, at boot and at a rescan. */
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/boot-log.h"
#include "fakesys/sim-resource-size.h"

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

/* What lib/vsprintf.c:resource_string says after the numbers. */
static const char *kind_words(struct arena *a, const struct pci_resource *r)
{
	return arena_printf(a, "%s%s%s", r->flags & RES_MEM_64 ? " 64bit" : "",
			    r->flags & RES_PREFETCH ? " pref" : "",
			    r->flags & RES_DISABLED ? " disabled" : "");
}

const char *log_resource(struct arena *a, const struct pci_resource *r)
{
	if (!r->end || (r->flags & RES_UNSET))
		return NULL;
	if (r->flags & IORESOURCE_IO)
		return arena_printf(a, "[io  0x%04" PRIx64 "-0x%04" PRIx64 "%s]",
				    r->start, r->end, kind_words(a, r));
	if (!(r->flags & RES_MEM))
		return NULL;
	return arena_printf(a, "[mem 0x%08" PRIx64 "-0x%08" PRIx64 "%s]", r->start,
			    r->end, kind_words(a, r));
}

const char *log_resource_size(struct arena *a, const struct pci_resource *r)
{
	bool io = r->flags & IORESOURCE_IO;

	return arena_printf(a, "[%s size 0x%0*" PRIx64 "%s]", io ? "io " : "mem",
			    io ? 4 : 8, r->end - r->start + 1, kind_words(a, r));
}

const char *log_bus_range(struct blob config, char buf[static 16])
{
	unsigned from = cfg_u8(config, PCI_SECONDARY_BUS),
		 to = cfg_u8(config, PCI_SUBORDINATE_BUS);

	if (to > from)
		snprintf(buf, 16, "[bus %02x-%02x]", from, to);
	else
		snprintf(buf, 16, "[bus %02x]", from);
	return buf;
}

/* What the kernel was recorded to say of @fn, as @driver's, from @words on. */
static void say_recorded(struct sim *s, uint32_t fn, const char *driver,
			 const char *words, strings *ret)
{
	const char *name = sim_fn_name(s, fn, driver);

	vec_foreach(l, &s->m->klog) {
		const char *rest = after_prefix(*l, name);

		if (rest && after_prefix(rest, ": ") && after_prefix(rest + 2, words))
			*vec_push(s->run, ret) = *l;
	}
}

/* probe.c:pci_read_bases */
static void say_bars(struct sim *s, uint32_t fn, const char *name, strings *ret)
{
	for (unsigned i = 0; i <= PCI_ROM_RESOURCE; i++) {
		const struct pci_resource *r = &fn_res(s, fn)[i];
		const char *text = log_resource(s->run, r);

		/* A copy in memory hides where its own is; arch/x86/pci/fixup.c:
		 * pci_fixup_video. */
		if (i == PCI_ROM_RESOURCE && (r->flags & RES_ROM_SHADOW)) {
			say_recorded(s, fn, NULL, "ROM [", ret);
			if (text)
				*vec_push(s->run, ret) = arena_printf(
					s->run,
					"%s: Video device with shadowed ROM at %s", name,
					text);
		}
		if (!text || (i == PCI_ROM_RESOURCE && (r->flags & RES_ROM_SHADOW)))
			continue;
		*vec_push(s->run, ret) =
			i < PCI_ROM_RESOURCE
				? arena_printf(s->run, "%s: BAR %u %s", name, i, text)
				: arena_printf(s->run, "%s: ROM %s", name, text);
	}
}

/* iov.c:sriov_init: first of one virtual function, then of all. */
static void say_vf_bars(struct sim *s, uint32_t fn, const char *name, strings *ret)
{
	unsigned total = s->m->fns.v[fn].vfs_total;

	for (unsigned i = PCI_ROM_RESOURCE + 1; total && i < RES_WINDOW; i++) {
		const struct pci_resource *r = &fn_res(s, fn)[i];
		struct pci_resource one = *r;
		unsigned bar = i - PCI_ROM_RESOURCE - 1;

		if (!log_resource(s->run, r))
			continue;
		one.end = r->start + (r->end - r->start + 1) / total - 1;
		*vec_push(s->run, ret) = arena_printf(s->run, "%s: VF BAR %u %s", name,
						      bar, log_resource(s->run, &one));
		*vec_push(s->run, ret) = arena_printf(
			s->run, "%s: VF BAR %u %s: contains BAR %u for %u VFs", name, bar,
			log_resource(s->run, r), bar, total);
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
	if (!f->is_vf) {
		say_bars(s, fn, name, ret);
		say_vf_bars(s, fn, name, ret);
	}
	log_acs_redir(s, fn, name, ret);
}

void log_vga_taken(struct sim *s, uint32_t fn, const char *driver)
{
	say_recorded(s, fn, driver, "vgaarb: ", &s->klog);
}
