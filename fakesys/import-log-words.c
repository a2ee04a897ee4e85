/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include <pci/header.h>

#include "fakesys/import-log.h"

/* IORESOURCE_* with the bits of the register itself, as the kernel has them. */
#define REGION_IO 0x40101u
#define REGION_MEM 0x40200u
#define REGION_PREFETCH 0x2008u
#define REGION_64 0x100004u
#define REGION_ROM 0x46200u
#define REGION_SHADOW 0x212u
#define WINDOW_IO 0x100u
#define WINDOW_MEM 0x200u
#define WINDOW_PREFETCH 0x2200u
#define WINDOW_64 0x100001u
enum { WINDOW_AT_IO = 13, WINDOW_AT_MEM = 14, WINDOW_AT_PREF = 15 };

/* Between "[" and "]": "mem 0xf0000000-0xf00fffff 64bit pref", "io  0xe000-0xe01f". */
struct range {
	uint64_t start, end;
	bool io, wide, prefetch;
	bool none; /* only a size: no place was found yet; or disabled */
	const char *rest;
};

static bool read_range(const char *s, struct range *ret)
{
	const char *close = *s == '[' ? strchr(s, ']') : NULL;
	const char *at;
	int n;

	*ret = (struct range){ 0 };
	if (!close)
		return false;
	ret->rest = close + 1;
	ret->io = after_prefix(s, "[io ") != NULL;
	if (!ret->io && !after_prefix(s, "[mem "))
		return false;
	at = strchr(s, ' ');
	at += strspn(at, " ");
	ret->none = after_prefix(at, "size ") ||
		    memmem(s, (size_t)(close - s), "disabled", 8);
	if (ret->none)
		return true;
	at = after_prefix(at, "0x");
	n = at ? import_number(at, 16, 16, &ret->start) : 0;
	at = n ? after_prefix(at + n, "-0x") : NULL;
	n = at ? import_number(at, 16, 16, &ret->end) : 0;
	if (!n || ret->end < ret->start)
		return false;
	ret->wide = memmem(at, (size_t)(close - at), " 64bit", 6) != NULL;
	ret->prefetch = memmem(at, (size_t)(close - at), " pref", 5) != NULL;
	return true;
}

static void set_region(struct log_line *l, unsigned i, const struct range *r)
{
	uint64_t flags = r->io ? REGION_IO : REGION_MEM;

	if (r->prefetch)
		flags |= REGION_PREFETCH;
	if (r->wide)
		flags |= REGION_64;
	if (i == PCI_ROM_RESOURCE)
		flags = REGION_ROM;
	l->what = LOG_REGION;
	l->region = i;
	l->res = r->none ? (struct pci_resource){ 0 }
			 : (struct pci_resource){ r->start, r->end, flags };
}

static void set_window(struct log_line *l, const struct range *r)
{
	uint64_t flags = r->io ? WINDOW_IO : r->prefetch ? WINDOW_PREFETCH : WINDOW_MEM;

	if (r->wide || (r->io && r->end > 0xffff))
		flags |= r->io ? PCI_IO_RANGE_TYPE_32 : WINDOW_64;
	l->what = LOG_REGION;
	l->region = r->io ? WINDOW_AT_IO : r->prefetch ? WINDOW_AT_PREF : WINDOW_AT_MEM;
	l->res = r->none ? (struct pci_resource){ 0 }
			 : (struct pci_resource){ r->start, r->end, flags };
}

/* "PCIe Root Port": drivers/pci/probe.c:pci_type_str, from Linux 6.10 on. */
static int port_of(const char *s)
{
	static const struct {
		const char *words;
		int port;
	} types[] = {
		{ "PCIe Endpoint", PCI_EXP_TYPE_ENDPOINT },
		{ "PCIe Legacy Endpoint", PCI_EXP_TYPE_LEG_END },
		{ "PCIe Root Port", PCI_EXP_TYPE_ROOT_PORT },
		{ "PCIe Switch Upstream Port", PCI_EXP_TYPE_UPSTREAM },
		{ "PCIe Switch Downstream Port", PCI_EXP_TYPE_DOWNSTREAM },
		{ "PCIe to PCI/PCI-X bridge", PCI_EXP_TYPE_PCI_BRIDGE },
		{ "PCI/PCI-X to PCIe bridge", PCI_EXP_TYPE_PCIE_BRIDGE },
		{ "PCIe Root Complex Integrated Endpoint", PCI_EXP_TYPE_ROOT_INT_EP },
		{ "PCIe Root Complex Event Collector", PCI_EXP_TYPE_ROOT_EC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(s, types[i].words))
			return types[i].port;
	return after_prefix(s, "conventional PCI") || after_prefix(s, "CardBus ")
		       ? PORT_CONVENTIONAL
		       : PORT_UNKNOWN;
}

/* "[8086:1901] type 01 class 0x060400 PCIe Root Port" */
static bool read_found(const char *s, struct log_line *l)
{
	const char *type = strstr(s, "] type "), *class = strstr(s, " class 0x");
	uint64_t vendor, device, header, c;
	int n, digits;

	if (!type || !class || import_number(s + 1, 16, 4, &vendor) != 4 || s[5] != ':' ||
	    import_number(s + 6, 16, 4, &device) != 4)
		return false;
	digits = import_number(type + strlen("] type "), 16, 2, &header);
	if (!digits)
		return false;
	class += strlen(" class 0x");
	n = import_number(class, 16, 6, &c);
	if (n != 6)
		return false;
	/* Before 3.3, "type 0 class 0x000600": without its interface. */
	if (digits == 1)
		c = c << 8 & 0xffffff;
	l->what = LOG_FOUND;
	l->id = (struct pci_ident){ .vendor = (uint32_t)vendor,
				    .device = (uint32_t)device,
				    .class = (uint32_t)c };
	l->header = (unsigned)header;
	l->port = class[n] == ' ' ? port_of(class + n + 1) : PORT_UNKNOWN;
	return true;
}

/* "PCI bridge to [bus 02-03] (subtractive decode)", "[bus 02]" */
static bool read_buses(const char *s, struct log_line *l)
{
	uint64_t from, to;
	int n;

	n = import_number(s, 16, 2, &from);
	to = from;
	if (!n || (s[n] == '-' && import_number(s + n + 1, 16, 2, &to) != 2) || to < from)
		return false;
	l->what = LOG_BUSES;
	l->secondary = (uint8_t)from;
	l->subordinate = (uint8_t)to;
	return true;
}

/* "  bridge window [mem 0xdc000000-0xde0fffff]", "bridge window [...]: assigned" */
static bool read_window(const char *s, struct log_line *l)
{
	struct range r;

	l->what = LOG_KNOWN;
	/* Of the bridge above, which this one passes on; or a wish. */
	if (read_range(s, &r) && (!*r.rest || after_prefix(r.rest, ": assigned") ||
				  after_prefix(r.rest, ": releasing")))
		set_window(l, &r);
	if (l->what == LOG_REGION && after_prefix(r.rest, ": rel"))
		l->res = (struct pci_resource){ 0 };
	return true;
}

/* "reg 0x10: [mem 0xfe000000-0xfe01ffff 64bit]", "reg 10: ..." before 3.9 */
static bool read_register(const char *s, struct log_line *l)
{
	const char *hex = after_prefix(s, "0x");
	struct range r;
	uint64_t at;
	int n;

	s = hex ? hex : s;
	n = import_number(s, 16, 4, &at);
	if (!n || s[n] != ':' || s[n + 1] != ' ' || !read_range(s + n + 2, &r))
		return false;
	l->what = LOG_KNOWN; /* of virtual functions: where their capability is, is not
				told */
	if (at >= PCI_BASE_ADDRESS_0 && at <= PCI_BASE_ADDRESS_5)
		set_region(l, (unsigned)(at - PCI_BASE_ADDRESS_0) / 4, &r);
	else if (at == PCI_ROM_ADDRESS || at == PCI_ROM_ADDRESS1)
		set_region(l, PCI_ROM_RESOURCE, &r);
	return true;
}

/*
 * "BAR 0 [mem ...]", "BAR 0 [mem ...]: assigned" from 6.9 on, "BAR 14: assigned [mem
 * ...]" before, where 13 to 15 are a bridge's windows.
 */
static bool read_bar(const char *s, struct log_line *l)
{
	const char *old;
	struct range r;
	uint64_t i;
	int n = import_number(s, 10, 2, &i);

	if (!n)
		return false;
	l->what = LOG_KNOWN;
	s += n;
	old = after_prefix(s, ": assigned ");
	if (!old)
		old = after_prefix(s, ": releasing ");
	if (!read_range(old ? old : s + (*s == ' '), &r) || i >= PCI_RESOURCES)
		return true;
	if (!old && *r.rest && !after_prefix(r.rest, ": assigned") &&
	    !after_prefix(r.rest, ": releasing"))
		return true;
	if (i >= WINDOW_AT_IO)
		set_window(l, &r);
	else
		set_region(l, (unsigned)i, &r);
	if (after_prefix(s, ": rel") || after_prefix(r.rest, ": rel"))
		l->res = (struct pci_resource){ 0 };
	return true;
}

static bool read_rom(const char *s, struct log_line *l)
{
	struct range r;

	l->what = LOG_KNOWN;
	if (read_range(s, &r) && (!*r.rest || after_prefix(r.rest, ": assigned")))
		set_region(l, PCI_ROM_RESOURCE, &r);
	return true;
}

/*
 * "VF BAR 0 [mem ...]: contains BAR 0 for 8 VFs", "VF(n) BAR0 space: [mem ...] (contains
 * BAR0 for 8 VFs)" before 6.9: the regions of all virtual functions together.
 */
static bool read_vf_bar(const char *s, struct log_line *l)
{
	const char *range = strchr(s, '[');
	struct range r;
	uint64_t i;

	l->what = LOG_EXPRESS; /* it has an extended capability */
	if (import_number(s, 10, 1, &i) != 1 || i > 5 || !range || !read_range(range, &r))
		return true;
	if (after_prefix(r.rest, ": contains ") || after_prefix(r.rest, ": assigned") ||
	    after_prefix(r.rest, " (contains "))
		set_region(l, PCI_ROM_RESOURCE + 1 + (unsigned)i, &r);
	return true;
}

/* arch/x86/pci/fixup.c:pci_fixup_video */
static bool read_shadow(const char *s, struct log_line *l)
{
	struct range r;

	l->what = LOG_KNOWN;
	if (!read_range(s, &r))
		return true;
	l->what = LOG_REGION;
	l->region = PCI_ROM_RESOURCE;
	l->res = (struct pci_resource){ r.start, r.end, REGION_SHADOW };
	return true;
}

static bool read_express(const char *s, struct log_line *l)
{
	(void)s;
	l->what = LOG_EXPRESS;
	return true;
}

static bool read_known(const char *s, struct log_line *l)
{
	(void)s;
	l->what = LOG_KNOWN;
	return true;
}

/* What may follow a function's name. Rows without blank at their end match inside words.
 */
static const struct {
	const char *words;
	bool (*read)(const char *rest, struct log_line *l);
} forms[] = {
	/* clang-format off */
	{ "PCI bridge to [bus ", read_buses },
	{ "CardBus bridge to [bus ", read_buses },
	{ "  bridge window ", read_window },
	{ "bridge window ", read_window },
	{ "reg ", read_register },
	{ "BAR ", read_bar },
	{ "ROM ", read_rom },
	{ "Video device with shadowed ROM at ", read_shadow },
	/* drivers/pci/probe.c:pci_configure_extended_tags, pci_configure_mps */
	{ "enabling Extended Tags", read_express },
	{ "Max Payload Size set to ", read_express },
	{ "PTM enabled", read_express },
	{ "VF BAR ", read_vf_bar },
	{ "VF(n) BAR", read_vf_bar },
	{ "DPC: ", read_express },
	{ "Intel PCH root port ACS workaround enabled", read_express },
	{ "Intel SPT PCH root port ACS workaround enabled", read_express },
	{ "Failed to enable Intel PCH ACS quirk", read_express },
	{ "disabling ATS", read_express },
	{ "Adding to iommu group ", read_known },
	{ "Removing from iommu group ", read_known },
	{ "Enabling fixed DMA alias to ", read_known },
	{ "PME# ", read_known },
	{ "supports D", read_known },
	{ "bridge configuration invalid ", read_known },
	{ "Primary bus is hard wired to ", read_known },
	{ "scanning [bus ", read_known },
	{ "working around ", read_known },
	{ "vgaarb: ", read_known },
	{ "EDR: ", read_known },
	{ "AMD-Vi: ", read_known },
	{ "DMAR: ", read_known },
	{ "iommu: ", read_known },
	{ "PCI INT ", read_known },
	{ "can't claim BAR ", read_known },
	{ "can't derive routing for PCI INT ", read_known },
	{ "enabling device (", read_known },
	{ "D3", read_known },
	{ "D0 power state depends on ", read_known },
	{ "extending delay after power-on ", read_known },
	{ "legacy IDE quirk: ", read_known },
	{ "quirk", read_known },
	{ "Quirks: ", read_known },
	{ "calc_l1ss_pwron", read_known },
	{ "saving config space at ", read_known },
	{ "restoring config space at ", read_known },
	{ "save config ", read_known },
	{ "restore config ", read_known },
	{ "disabling ASPM on pre-1.1 PCIe device", read_known },
	{ "ASPM: ", read_known },
	{ "CLS mismatch ", read_known },
	{ "disabled boot interrupts on device ", read_known },
	{ "Enabling HDA controller", read_known },
	{ "Enabling MPC IRBNCE", read_known },
	{ "resource ", read_known },
	{ "calling ", read_known },
	{ "[Firmware Bug]: ", read_known },
	{ "power state changed by ACPI ", read_known },
	{ "Setting to D3", read_known },
	{ "System wakeup disabled by ACPI", read_known },
	{ "set SATA to AHCI mode", read_known },
	{ "pme_poll = ", read_known },
	{ "Upstream bridge's Max Payload Size ", read_known },
	{ "broken device, retraining ", read_known },
	{ "deferred probe pending", read_known },
	{ "Don't support SR-IOV ", read_known },
	{ "fixup", read_known },
	/* clang-format on */
};

/* "2.000 Gb/s available PCIe bandwidth, limited by ..." */
static bool tells_bandwidth(const char *s)
{
	return isdigit((unsigned char)*s) && strstr(s, "available PCIe bandwidth");
}

static void read_rest(const char *s, struct log_line *ret)
{
	if (*s == '[' && read_found(s, ret))
		return;
	if (tells_bandwidth(s)) {
		ret->what = LOG_EXPRESS;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *rest = after_prefix(s, forms[i].words);

		if (rest && forms[i].read(rest, ret))
			return;
	}
}

/* "pcieport 0000:00:1c.0: PME: Signaling with IRQ 122"; by its service before 4.17:
 * "pcie_pme 0000:00:1c.0:pcie001: service driver pcie_pme loaded" */
static bool is_port_driver(const char *s, const char *rest)
{
	return (after_prefix(s, "pcieport ") &&
		(after_prefix(rest, ": PME: Signaling") ||
		 after_prefix(rest, ": Signaling PME") ||
		 after_prefix(rest, ": AER: enabled") || after_prefix(rest, ": DPC: ") ||
		 after_prefix(rest, ": pciehp: Slot") ||
		 after_prefix(rest, ": bwctrl: enabled"))) ||
	       after_prefix(rest, ":pcie");
}

/* "pci_bus 0000:00: root bus resource [bus 00-fe]" */
static bool read_root_bus(const char *s, struct log_line *ret)
{
	const char *at = after_prefix(s, "pci_bus ");
	uint64_t domain, bus;
	int n;

	n = at ? import_number(at, 16, 8, &domain) : 0;
	if (n < 4 || at[n] != ':' || import_number(at + n + 1, 16, 2, &bus) != 2 ||
	    !after_prefix(at + n + 3, ": root bus resource "))
		return false;
	ret->what = LOG_ROOT_BUS;
	ret->bdf = (struct bdf){ .domain = (uint32_t)domain, .bus = (uint8_t)bus };
	return true;
}

void import_log_read(const char *s, struct log_line *ret)
{
	const char *name = strchr(s, ' '), *rest;
	int n;

	*ret = (struct log_line){ .port = PORT_UNKNOWN };
	if (!name || read_root_bus(s, ret))
		return;
	n = bdf_parse(name + 1, &ret->bdf);
	if (n <= 0)
		return;
	rest = name + 1 + n;
	if (is_port_driver(s, rest)) {
		ret->what = LOG_PORT;
		return;
	}
	rest = after_prefix(rest, ": ");
	if (!rest)
		return;
	read_rest(rest, ret);
	/* Without a driver the line is one of the PCI core's own. */
	if (ret->what == LOG_OTHER && after_prefix(s, "pci "))
		ret->what = LOG_ODD;
}
