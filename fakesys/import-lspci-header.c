/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first 64 bytes, as lspci tells them. */
#include <pci/header.h>

#include "fakesys/import-lspci-rows.h"
#include "fakesys/import-text.h"

static void put_irq_pin(struct told *t, uint32_t reg, uint64_t pin)
{
	t->config[reg + 1] = (uint8_t)pin;
}

static void put_cache_line(struct told *t, uint32_t reg, uint64_t bytes)
{
	t->config[reg] = (uint8_t)(bytes / 4);
}

/* In quarters of a microsecond. */
static void put_grant(struct told *t, uint32_t reg, uint64_t ns)
{
	(void)reg;
	t->config[PCI_MIN_GNT] = (uint8_t)(ns / 250);
}

static void put_latency(struct told *t, uint32_t reg, uint64_t ns)
{
	(void)reg;
	t->config[PCI_MAX_LAT] = (uint8_t)(ns / 250);
}

static void put_bus(struct told *t, uint32_t reg, uint64_t bus)
{
	t->config[reg] = (uint8_t)bus;
	t->bridge = true;
}

/* clang-format off */
#define STATUS_BITS \
	FLAG("Cap", 0x10), FLAG("66MHz", 0x20), FLAG("UDF", 0x40), FLAG("FastB2B", 0x80), \
	FLAG("ParErr", 0x100), WORD("DEVSEL=%w", 0x600, "fast|medium|slow|??"), \
	FLAG(">TAbort", 0x800), FLAG("<TAbort", 0x1000), FLAG("<MAbort", 0x2000), \
	FLAG(">SERR", 0x4000), FLAG("<SERR", 0x4000), FLAG("<PERR", 0x8000), FLAG("INTx", 8)

const struct cap_row told_header_rows[] = {
	REGISTER("Control:", PCI_COMMAND),
	FLAG("I/O", 1), FLAG("Mem", 2), FLAG("BusMaster", 4), FLAG("SpecCycle", 8),
	FLAG("MemWINV", 0x10), FLAG("VGASnoop", 0x20), FLAG("ParErr", 0x40),
	FLAG("Stepping", 0x80), FLAG("SERR", 0x100), FLAG("FastB2B", 0x200),
	FLAG("DisINTx", 0x400),

	REGISTER("Status:", PCI_STATUS), STATUS_BITS,

	REGISTER("Flags:", PCI_COMMAND),
	CONSTANT("bus master", 4, 1), CONSTANT("66MHz", 0x200000, 1),
	CONSTANT("user-definable features", 0x400000, 1),
	CONSTANT("fast Back2Back", 0x800000, 1),
	WORD("%w devsel", 0x6000000, "fast|medium|slow|??"),
	FIELD_AT("latency %d", PCI_LATENCY_TIMER - PCI_COMMAND, 0xff),
	KNOWN("IRQ %d"), KNOWN("IRQ -%d"), KNOWN("NUMA node %d"), KNOWN("IOMMU group %d"),
	CONSTANT("fast B2B", 0x800000, 1), CONSTANT("stepping", 0x80, 1),

	REGISTER("Latency:", PCI_CACHE_LINE_SIZE),
	FIELD("%d", 0xff00), PUT("%dns min", put_grant), PUT("%dns max", put_latency),
	PUT("Cache Line Size: %d bytes", put_cache_line),

	REGISTER("Interrupt:", PCI_INTERRUPT_LINE),
	PUT_WORD("pin %w", put_irq_pin, "|A|B|C|D"), KNOWN("pin ?"),
	/* The kernel's number: the register has the firmware's. */
	KNOWN("routed to IRQ %d"), KNOWN("routed to IRQ -%d"),

	REGISTER("Bus:", PCI_PRIMARY_BUS),
	PUT("primary=%x", put_bus),
	{ .kind = ROW_FIELD, .text = "secondary=%x", .at = 1, .put = put_bus },
	{ .kind = ROW_FIELD, .text = "subordinate=%x", .at = 2, .put = put_bus },
	FIELD("sec-latency=%d", 0xff000000),

	REGISTER("Secondary status:", PCI_SEC_STATUS), STATUS_BITS,

	REGISTER("BridgeCtl:", PCI_BRIDGE_CONTROL),
	FLAG("Parity", 1), FLAG("SERR", 2), FLAG("NoISA", 4), FLAG("ISA", 4),
	FLAG("VGA", 8), FLAG("VGA16", 0x10), FLAG("MAbort", 0x20), FLAG(">Reset", 0x40),
	FLAG("FastB2B", 0x80), FLAG("PriDiscTmr", 0x100), FLAG("SecDiscTmr", 0x200),
	FLAG("DiscTmrStat", 0x400), FLAG("DiscTmrSERREn", 0x800),
	FLAG("16bInt", 0x80), FLAG("PostWrite", 0x400),

	REGISTER("BIST", PCI_BIST),
	FIELD("result: %x", 0xf), CONSTANT("is running", 0x40, 1),
	END
};
/* clang-format on */

#define BAR_END(t) ((t)->bridge ? 2 : (t)->cardbus ? 1 : 6)

static void put_64(struct told *t, uint32_t reg, uint64_t value)
{
	told_put(t, reg, 0xffffffff, value);
	told_put(t, reg + 4, 0xffffffff, value >> 32);
}

/* No text follows that would go on with these. */
static void start_registers(struct told *t)
{
	t->header = true;
	t->cap = 0;
	t->rows = NULL;
}

/* Before pciutils 3.6 the word stands in front of the line. */
static bool is_kernels(const struct told *t, const char *s)
{
	return t->kernels || strstr(s, "[virtual]");
}

void told_region(struct told *t, int i, const char *s)
{
	const char *io = after_prefix(s, "I/O ports at ");
	const char *mem = after_prefix(s, "Memory at ");
	uint32_t reg = PCI_BASE_ADDRESS_0 + 4 * (uint32_t)(i < 0 ? 0 : i);
	uint64_t address = 0;

	if (!io && !mem)
		return;
	start_registers(t);
	if (!strstr(s, "[disabled]") && !is_kernels(t, s))
		t->config[PCI_COMMAND] |= io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
	/* Without "Region 2:" nobody knows where it stands. */
	if (i < 0 || i >= 6 || is_kernels(t, s) || strstr(s, "[enhanced]"))
		return;
	import_number(io ? io : mem, 16, 16, &address);
	if (io) {
		told_put(t, reg, 0xffffffff, address | PCI_BASE_ADDRESS_SPACE_IO);
		return;
	}
	address &= ~UINT64_C(15);
	if (strstr(s, "(64-bit"))
		put_64(t, reg, address | PCI_BASE_ADDRESS_MEM_TYPE_64);
	else
		told_put(t, reg, 0xffffffff, address);
	if (strstr(s, "(low-1M"))
		t->config[reg] |= PCI_BASE_ADDRESS_MEM_TYPE_1M;
	if (strstr(s, ", prefetchable)"))
		t->config[reg] |= PCI_BASE_ADDRESS_MEM_PREFETCH;
}

void told_rom(struct told *t, const char *s)
{
	uint32_t reg = t->bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS;
	uint64_t address = 0;

	start_registers(t);
	if (is_kernels(t, s) || !import_number(s, 16, 16, &address))
		return;
	told_put(t, reg, 0xffffffff, address & ~UINT64_C(0x7ff));
	if (!strstr(s, "[disabled]"))
		t->config[reg] |= PCI_ROM_ADDRESS_ENABLE;
}

/* Where a window's registers are; what lies beyond 32 bits (I/O: 16) follows in others.
 */
static const struct window {
	uint16_t base, limit, base_upper, limit_upper;
	unsigned granularity; /* bits of the address that are not kept */
	unsigned wide;        /* type that says: there are upper registers */
} windows[] = {
	[TOLD_IO] = { PCI_IO_BASE, PCI_IO_LIMIT, PCI_IO_BASE_UPPER16,
		      PCI_IO_LIMIT_UPPER16, 12, PCI_IO_RANGE_TYPE_32 },
	[TOLD_MEMORY] = { PCI_MEMORY_BASE, PCI_MEMORY_LIMIT, 0, 0, 20, 0 },
	[TOLD_PREFETCHABLE] = { PCI_PREF_MEMORY_BASE, PCI_PREF_MEMORY_LIMIT,
				PCI_PREF_BASE_UPPER32, PCI_PREF_LIMIT_UPPER32, 20,
				PCI_PREF_RANGE_TYPE_64 },
};

static void put_end(struct told *t, enum told_window window, bool limit, uint64_t address,
		    bool wide)
{
	const struct window *w = &windows[window];
	uint16_t reg = limit ? w->limit : w->base;
	uint16_t upper = limit ? w->limit_upper : w->base_upper;
	uint32_t type = wide ? w->wide : 0;

	if (window == TOLD_IO)
		told_put(t, reg, 0xff, (address >> 8 & 0xf0) | type);
	else
		told_put(t, reg, 0xffff, (address >> 16 & 0xfff0) | type);
	if (upper && wide)
		told_put(t, upper, window == TOLD_IO ? 0xffff : 0xffffffff,
			 address >> (window == TOLD_IO ? 16 : 32));
}

void told_window(struct told *t, enum told_window w, const char *s)
{
	uint64_t base, limit;
	int n = import_number(s, 16, 16, &base);
	bool wide,
		closed = !n || s[n] != '-' || !import_number(s + n + 1, 16, 16, &limit);

	start_registers(t);
	t->bridge = true;
	wide = strstr(s, w == TOLD_IO ? "[32-bit]" : "[64-bit]") || n > 8 ||
	       (!closed && (base | limit) >> (w == TOLD_IO ? 16 : 32));
	if (closed) { /* a window is off while it starts behind its end */
		base = w == TOLD_IO ? 0xf000 : 0xfff00000;
		limit = 0;
	}
	put_end(t, w, false, base, wide);
	put_end(t, w, true, limit, wide);
}

uint32_t told_finish(struct told *t, const struct pci_ident *id, uint8_t revision)
{
	struct blob all = { t->config, TOLD_SIZE };
	uint32_t subsystem;
	bool pcie;

	if (!t->header && !t->last && !t->denied)
		return 0;
	t->cap = 0;
	told_put(t, PCI_VENDOR_ID, 0xffff, id->vendor);
	told_put(t, PCI_DEVICE_ID, 0xffff, id->device);
	told_put(t, PCI_CLASS_REVISION, 0xffffff00, id->class);
	t->config[PCI_REVISION_ID] = revision;
	t->config[PCI_HEADER_TYPE] = t->bridge && !t->cardbus ? PCI_HEADER_TYPE_BRIDGE
				     : t->cardbus             ? PCI_HEADER_TYPE_CARDBUS
							      : PCI_HEADER_TYPE_NORMAL;
	if (t->denied || t->last) /* lspci -v does not show the bit */
		t->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	subsystem = t->bridge || t->cardbus ? t->ssvid : PCI_SUBSYSTEM_VENDOR_ID;
	if (t->bridge && t->ssvid)
		subsystem += PCI_SSVID_VENDOR;
	if (subsystem) {
		told_put(t, subsystem, 0xffff, id->subvendor);
		told_put(t, subsystem + 2, 0xffff, id->subdevice);
	}
	if (t->denied)
		return TOLD_HEADER;
	pcie = t->last_ext || cfg_find_cap(all, PCI_CAP_ID_EXP);
	return pcie ? TOLD_SIZE : 256;
}
