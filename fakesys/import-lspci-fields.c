/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "fakesys/import-lspci.h"

/* include/linux/ioport.h */
#define RES_IO 0x101u /* IORESOURCE_IO and PCI_BASE_ADDRESS_SPACE_IO */
#define RES_MEM 0x200u
#define RES_PREFETCH 0x2008u /* with PCI_BASE_ADDRESS_MEM_PREFETCH */
#define RES_64 0x100004u     /* with PCI_BASE_ADDRESS_MEM_TYPE_64 */
#define RES_1M 0x2u          /* PCI_BASE_ADDRESS_MEM_TYPE_1M */
#define RES_SIZEALIGN 0x40000u
#define RES_ROM 0x46200u
#define RES_ROM_SHADOW 0x212u
/* Bridge windows have no base address bits but those of the window's own register. */
#define WINDOW_IO 0x100u
#define WINDOW_PREFETCH 0x2200u
#define WINDOW_64 0x100001u
enum { RES_WINDOW_IO = 13, RES_WINDOW_MEM = 14, RES_WINDOW_PREF = 15 };

void lspci_single_blanks(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (!isspace((unsigned char)*s))
			*to++ = *s;
		else if (s[1] && !isspace((unsigned char)s[1]))
			*to++ = ' ';
	*to = '\0';
}

size_t lspci_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n = *s == '\t' ? (n | 7) + 1 : n + 1;
	return n;
}

static bool is_word_end(char c)
{
	return !isalnum((unsigned char)c);
}

/* The last "8086:10d3" in @s, alone or in brackets. */
bool lspci_find_ids(const char *s, uint32_t *ret_vendor, uint32_t *ret_device)
{
	uint64_t v, d;
	bool found = false;

	for (const char *c = s; (c = strchr(c, ':')); c++) {
		if (c - s < 4 || (c - s > 4 && !is_word_end(c[-5])))
			continue;
		if (import_number(c - 4, 16, 4, &v) != 4 ||
		    import_number(c + 1, 16, 4, &d) != 4 || !is_word_end(c[5]))
			continue;
		*ret_vendor = (uint32_t)v;
		*ret_device = (uint32_t)d;
		found = true;
	}
	return found;
}

/* The number behind @label in @s, as in "(rev 07)". */
bool lspci_find_number(const char *s, const char *label, unsigned base, int digits,
		       uint64_t *ret)
{
	const char *at = strstr(s, label);

	return at && import_number(at + strlen(label), base, digits, ret);
}

/* Base class and subclass at the end of "PCI bridge [0604]", "Class 0604" or "0604". */
bool lspci_find_class(const char *s, const char *end, uint32_t *ret)
{
	uint64_t class;

	if (end > s && end[-1] == ']')
		end--;
	if (end - s < 4 || (end - s > 4 && !strchr("[ ", end[-5])) ||
	    import_number(end - 4, 16, 4, &class) != 4)
		return false;
	*ret = (uint32_t) class << 8;
	return true;
}

/* "[size=16M]", the number of bytes; 0 without it. */
static uint64_t find_size(const char *s)
{
	static const char units[] = "KMGT";
	const char *at = strstr(s, "[size="), *unit;
	uint64_t size;
	int n;

	if (!at)
		return 0;
	at += strlen("[size=");
	n = import_number(at, 10, 9, &size);
	if (!n)
		return 0;
	unit = at[n] ? strchr(units, at[n]) : NULL;
	return unit ? size << 10 * (unit - units + 1) : size;
}

static void set_resource(struct listed *f, unsigned i, const char *address,
			 uint64_t flags)
{
	uint64_t start, size = find_size(address);

	if (!import_number(address, 16, 16, &start))
		return; /* <unassigned>, <ignored>: the kernel has none either */
	if (size && start + size > start)
		f->fn.res[i] = (struct pci_resource){ start, start + size - 1, flags };
}

/* "0: Memory at f000 (64-bit, prefetchable) [size=16K]", "4: I/O ports at e000 [size=64]"
 */
static bool read_region(struct listed *f, const char *s)
{
	const char *io, *mem;
	uint64_t i, flags = RES_MEM | RES_SIZEALIGN;

	if (import_number(s, 10, 1, &i) != 1 || i > 5 || s[1] != ':')
		return false;
	io = after_prefix(s + 2, " I/O ports at ");
	mem = after_prefix(s + 2, " Memory at ");
	if (!io && !mem)
		return after_prefix(s + 2, " ") !=
		       NULL; /* [virtual] variants without address */
	if (io)
		flags = RES_IO | RES_SIZEALIGN;
	if (mem && strstr(mem, "(64-bit"))
		flags |= RES_64;
	if (mem && strstr(mem, "(low-1M"))
		flags |= RES_1M;
	if (mem && strstr(mem, ", prefetchable)"))
		flags |= RES_PREFETCH;
	set_resource(f, (unsigned)i, io ? io : mem, flags);
	told_region(f->told, (int)i, s + 3);
	return true;
}

static bool read_rom(struct listed *f, const char *s)
{
	/*
	 * arch/x86/pci/fixup.c:pci_fixup_video: the boot display's ROM is the copy that
	 * the firmware left at c0000; no other function has it.
	 */
	bool shadow = after_prefix(s, "000c0000 ") != NULL;

	set_resource(f, PCI_ROM_RESOURCE, s, shadow ? RES_ROM_SHADOW : RES_ROM);
	f->fn.boot_vga |= shadow;
	if (!shadow)
		told_rom(f->told, s);
	return true;
}

/* "e000-efff [size=4K] [16-bit]"; "None", "[disabled]" and inverted ranges: no window. */
static bool read_window(struct listed *f, unsigned i, const char *s, uint64_t flags)
{
	uint64_t start, end;
	int n = import_number(s, 16, 16, &start);

	if (!n || s[n] != '-' || !import_number(s + n + 1, 16, 16, &end))
		return *s == '[' || after_prefix(s, "None");
	if (start <= end && !strstr(s, "[disabled]"))
		f->fn.res[i] = (struct pci_resource){ start, end, flags };
	return true;
}

static bool read_io_window(struct listed *f, const char *s)
{
	told_window(f->told, TOLD_IO, s);
	return read_window(f, RES_WINDOW_IO, s,
			   strstr(s, "[32-bit]") ? RES_IO : WINDOW_IO);
}

static bool read_mem_window(struct listed *f, const char *s)
{
	told_window(f->told, TOLD_MEMORY, s);
	return read_window(f, RES_WINDOW_MEM, s, RES_MEM);
}

static bool read_pref_window(struct listed *f, const char *s)
{
	bool wide = strstr(s, "[64-bit]") || strcspn(s, "-") > 8;

	told_window(f->told, TOLD_PREFETCHABLE, s);
	return read_window(f, RES_WINDOW_PREF, s,
			   WINDOW_PREFETCH | (wide ? WINDOW_64 : 0));
}

static bool read_subsystem(struct listed *f, const char *s)
{
	if (!lspci_find_ids(s, &f->fn.id.subvendor, &f->fn.id.subdevice))
		snprintf(f->subsystem, sizeof(f->subsystem), "%s", s);
	return true;
}

static bool read_irq(struct listed *f, const char *s)
{
	uint64_t irq;

	if (lspci_find_number(s, "routed to IRQ ", 10, 9, &irq))
		f->fn.irq = (unsigned)irq;
	return strstr(s, "routed to IRQ ") != NULL; /* "-2147483648": not connected */
}

static bool read_numa(struct listed *f, const char *s)
{
	uint64_t node;

	if (!import_number(s, 10, 4, &node))
		return false;
	f->fn.numa = (int)node;
	return true;
}

static bool read_group(struct listed *f, const char *s)
{
	uint64_t group;

	if (!import_number(s, 10, 6, &group))
		return *s == '-'; /* no-iommu mode has none to share */
	f->fn.group = (int)group;
	return true;
}

/* "bus master, fast devsel, latency 0, IRQ 16, NUMA node 0, IOMMU group 1" of lspci -v */
static bool read_flags(struct listed *f, const char *s)
{
	uint64_t number;

	if (lspci_find_number(s, "IRQ ", 10, 9, &number))
		f->fn.irq = (unsigned)number;
	if (lspci_find_number(s, "NUMA node ", 10, 4, &number))
		f->fn.numa = (int)number;
	if (lspci_find_number(s, "IOMMU group ", 10, 6, &number))
		f->fn.group = (int)number;
	return true;
}

static bool read_memory(struct listed *f, const char *s)
{
	f->unnumbered = true;
	told_region(f->told, -1, s - strlen("Memory at "));
	return true;
}

static bool read_ports(struct listed *f, const char *s)
{
	f->unnumbered = true;
	told_region(f->told, -1, s - strlen("I/O ports at "));
	return true;
}

/* Of a bridge that is not read as root, or was read before pciutils 3.6. */
static void read_bridges_subsystem(struct listed *f, const char *s)
{
	const char *name = strstr(s, "] Subsystem: ");

	if (name && !*f->subsystem && !f->fn.id.subvendor)
		read_subsystem(f, name + strlen("] Subsystem: "));
}

static bool read_no_answer(struct listed *f, const char *s)
{
	/* All ones: powered off. */
	if (after_prefix(s, "Unknown header type 7f"))
		f->told->off = true;
	return true;
}

static bool is_known(struct listed *f, const char *s)
{
	(void)f;
	(void)s;
	return true;
}

static const struct label {
	const char *text;
	bool (*read)(struct listed *f, const char *rest); /* false: not understood */
} labels[] = {
	/* clang-format off */
	{ "Subsystem: ", read_subsystem },
	{ "Region ", read_region },
	{ "Expansion ROM at ", read_rom },
	{ "I/O behind bridge: ", read_io_window },
	{ "Memory behind bridge: ", read_mem_window },
	{ "Prefetchable memory behind bridge: ", read_pref_window },
	{ "NUMA node: ", read_numa },
	{ "IOMMU group: ", read_group },
	{ "!!! ", read_no_answer },
	{ "Memory at ", read_memory }, /* of lspci -v: not numbered */
	{ "I/O ports at ", read_ports },
	{ "DeviceName: ", is_known },	{ "Physical Slot: ", is_known },
	{ "Device tree node: ", is_known },
	{ "Memory window ", is_known },	{ "I/O window ", is_known },
	{ "16-bit legacy interface", is_known },
	{ "Kernel driver in use:", is_known }, { "Kernel modules:", is_known },
	/* clang-format on */
};

/* Registers of the header, and what else these lines tell. */
static const struct label registers[] = {
	/* clang-format off */
	{ "Flags: ", read_flags },	{ "Interrupt: ", read_irq },
	{ "Control: ", is_known },	{ "Status: ", is_known },
	{ "Bus: ", is_known },		{ "BridgeCtl: ", is_known },
	{ "Secondary status: ", is_known }, { "Latency: ", is_known },
	{ "BIST ", is_known },
	/* clang-format on */
};

static enum lspci_answer read_registers(struct listed *f, const char *s)
{
	const char *rest = after_prefix(s, "Capabilities: ");
	uint64_t at;

	if (rest) {
		f->wide |=
			*rest == '[' && import_number(rest + 1, 16, 4, &at) && at >= 256;
		read_bridges_subsystem(f, rest);
		return told_capability(f->told, rest) ? LSPCI_UNDERSTOOD
						      : LSPCI_REGISTERS;
	}
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		rest = after_prefix(s, registers[i].text);
		if (!rest)
			continue;
		if (!registers[i].read(f, rest))
			return LSPCI_UNKNOWN;
		return told_header(f->told, s) ? LSPCI_UNDERSTOOD : LSPCI_REGISTERS;
	}
	return LSPCI_UNKNOWN;
}

enum lspci_answer lspci_read_label(struct listed *f, const char *s)
{
	const char *rest = after_prefix(s, "[virtual] "); /* pciutils before 3.6 */
	enum lspci_answer answer = read_registers(f, s);

	if (answer != LSPCI_UNKNOWN)
		return answer;
	f->told->kernels = rest != NULL;
	s = rest ? rest : s;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		rest = after_prefix(s, labels[i].text);
		if (rest)
			return labels[i].read(f, rest) ? LSPCI_UNDERSTOOD : LSPCI_UNKNOWN;
	}
	return LSPCI_UNKNOWN;
}
