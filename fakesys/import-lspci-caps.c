/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities below byte 256, but for PCI Express. */
#include <pci/header.h>

#include "fakesys/import-lspci-rows.h"

static bool is_64bit(const struct told *t)
{
	return t->config[t->cap + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT;
}

static void put_msi_address(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xffffffff, v);
	if (is_64bit(t))
		told_put(t, reg + 4, 0xffffffff, v >> 32);
}

/* Data, mask and pending bits stand further down with an address of 64 bits. */
static void put_msi(struct told *t, uint32_t reg, uint32_t mask, uint64_t v)
{
	told_put(t, reg + (is_64bit(t) ? 4 : 0), mask, v);
}

static void put_msi_data(struct told *t, uint32_t reg, uint64_t v)
{
	put_msi(t, reg + 4, 0xffff, v);
}

static void put_msi_mask(struct told *t, uint32_t reg, uint64_t v)
{
	put_msi(t, reg + 8, 0xffffffff, v);
}

static void put_msi_pending(struct told *t, uint32_t reg, uint64_t v)
{
	put_msi(t, reg + 12, 0xffffffff, v);
}

static void put_msix_count(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, PCI_MSIX_TABSIZE, v - 1);
}

static void put_msix_offset(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xfffffff8, v >> 3);
}

static void put_64(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xffffffff, v);
	told_put(t, reg + 4, 0xffffffff, v >> 32);
}

static void put_sata_bar(struct told *t, uint32_t reg, uint64_t bar)
{
	told_put(t, reg, 0xf, bar + 4);
}

static void put_sata_offset(struct told *t, uint32_t reg, uint64_t offset)
{
	told_put(t, reg, 0xfffff0, offset);
}

/*
 * Entries of Enhanced Allocation follow each other, by their size in words beyond the
 * first: base, greatest offset, then the upper half of each that has one.
 */
static void start_entry(struct told *t, uint32_t cap, uint64_t n)
{
	(void)cap;
	t->each_at = n ? t->count : t->bridge ? 8 : 4;
	t->count = t->each_at + 4;
}

static void put_entry_size(struct told *t, uint32_t reg, uint64_t n)
{
	told_put(t, reg, 7, n);
	t->count = t->each_at + 4 * ((unsigned)n & 7) + 4;
}

static void put_entry_base(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg + 4, 0xfffffffc, v >> 2);
	if (!(v >> 32))
		return;
	told_put(t, reg + 4, 2, 1);
	told_put(t, reg + 12, 0xffffffff, v >> 32);
}

/* Its two lowest bits are ones. */
static void put_entry_end(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg + 8, 0xfffffffc, v >> 2);
}

/* clang-format off */
static const struct cap_row power[] = {
	REGISTER("", PCI_CAP_FLAGS), FIELD("version %d", 7),
	REGISTER("Flags:", PCI_CAP_FLAGS),
	FLAG("PMEClk", 8), FLAG("DSI", 0x20), FLAG("D1", 0x200), FLAG("D2", 0x400),
	WORD("AuxCurrent=%w", 0x1c0, "0mA|55mA|100mA|160mA|220mA|270mA|320mA|375mA"),
	REGISTER("PME(", PCI_CAP_FLAGS),
	FLAG("D0", 0x800), FLAG("D1", 0x1000), FLAG("D2", 0x2000), FLAG("D3hot", 0x4000),
	FLAG("D3cold", 0x8000),
	REGISTER("Status:", PCI_PM_CTRL),
	WORD("%w", 3, "D0|D1|D2|D3"), FLAG("NoSoftRst", 8), FLAG("PME-Enable", 0x100),
	FIELD("DSel=%d", 0x1e00), FIELD("DScale=%d", 0x6000), FLAG("PME", 0x8000),
	REGISTER("Bridge:", PCI_PM_PPB_EXTENSIONS), FLAG("PM", 0x80), FIELD("B3%n", 0x40),
	END
};

#define POWERS "1|2|4|8|16|32|64|128"
static const struct cap_row msi[] = {
	REGISTER("", PCI_MSI_FLAGS),
	FLAG("Enable", 1), WORD("Count=%w", 0x70, POWERS), WORD("/%w", 0xe, POWERS),
	FLAG("Maskable", 0x100), FLAG("64bit", 0x80),
	REGISTER("Address:", PCI_MSI_ADDRESS_LO), PUT("%x", put_msi_address),
	PUT("Data: %x", put_msi_data),
	REGISTER("Masking:", PCI_MSI_ADDRESS_LO), PUT("%x", put_msi_mask),
	PUT("Pending: %x", put_msi_pending),
	END
};

static const struct cap_row msix[] = {
	REGISTER("", PCI_CAP_FLAGS),
	FLAG("Enable", 0x8000), FLAG("Masked", 0x4000), PUT("Count=%d", put_msix_count),
	PUT("TabSize=%d", put_msix_count),
	REGISTER("Vector table:", PCI_MSIX_TABLE), FIELD("BAR=%d", 7),
	PUT("offset=%x", put_msix_offset),
	REGISTER("PBA:", PCI_MSIX_PBA), FIELD("BAR=%d", 7), PUT("offset=%x", put_msix_offset),
	END
};

static const struct cap_row hypertransport[] = {
	REGISTER("", PCI_HT_CMD),
	CONSTANT("Slave or Primary Interface", 0xe000, 0),
	CONSTANT("Host or Secondary Interface", 0xe000, 1), CONSTANT("Switch", 0xf800, 0x8),
	CONSTANT("Interrupt Discovery and Configuration", 0xf800, 0x10),
	CONSTANT("UnitID Clumping", 0xf800, 0x12),
	CONSTANT("Extended Configuration Space Access", 0xf800, 0x13),
	CONSTANT("Address Mapping", 0xf800, 0x14), CONSTANT("MSI Mapping", 0xf800, 0x15),
	CONSTANT("DirectRoute", 0xf800, 0x16), CONSTANT("VCSet", 0xf800, 0x17),
	CONSTANT("Retry Mode", 0xf800, 0x18), CONSTANT("X86 (reserved)", 0xf800, 0x19),
	FLAG("Enable", 1), FLAG("Fixed", 2),
	REGISTER("Mapping Address Base:", 4), PUT("%x", put_64),
	END
};

static const struct cap_row vendor_specific[] = {
	REGISTER("", PCI_CAP_FLAGS), FIELD("Len=%x", 0xff),
	WORD("VirtIO: %w", 0xff00, "|CommonCfg|Notify|ISR|DeviceCfg"),
	REGISTER("BAR=", 4), FIELD("%d", 0xff), FIELD_AT("offset=%x", 4, 0xffffffff),
	FIELD_AT("size=%x", 8, 0xffffffff), FIELD_AT("multiplier=%x", 12, 0xffffffff),
	END
};

static const struct cap_row debug_port[] = {
	REGISTER("", PCI_CAP_FLAGS), FIELD("BAR=%d", 0xe000), FIELD("offset=%x", 0x1fff), END
};

static const struct cap_row sata[] = {
	REGISTER("", PCI_CAP_FLAGS), FIELD("HBA v%d", 0xf0), FIELD(".%d", 0xf),
	{ .kind = ROW_FIELD, .text = "BAR%d", .at = 2, .put = put_sata_bar },
	{ .kind = ROW_FIELD, .text = "Offset=%x", .at = 2, .put = put_sata_offset },
	{ .kind = ROW_FIELD, .text = "InCfgSpace", .at = 2, .mask = 0xf, .value = 0xf },
	END
};

static const struct cap_row advanced_features[] = {
	REGISTER("", PCI_CAP_FLAGS),
	REGISTER("AFCap:", PCI_AF_CAP), FLAG("TP", 1), FLAG("FLR", 2),
	REGISTER("AFCtrl:", PCI_AF_CTRL), FLAG("FLR", 1),
	REGISTER("AFStatus:", PCI_AF_STATUS), FLAG("TP", 1),
	END
};

#define PROPERTIES "memory space, non-prefetchable|memory space, prefetchable|I/O space|" \
	"VF memory space, prefetchable|VF memory space, non-prefetchable|" \
	"allocation behind bridge, non-prefetchable memory|" \
	"allocation behind bridge, prefetchable memory|allocation behind bridge, I/O space"
static const struct cap_row enhanced_allocation[] = {
	REGISTER("", PCI_CAP_FLAGS), FIELD("NumEntries=%d", 0x3f),
	EACH("Entry %d:", 4, 0, start_entry),
	FLAG("Enable", 0x80000000), FLAG("Writable", 0x40000000),
	PUT("EntrySize=%d", put_entry_size),
	FIELD("BAR Equivalent Indicator: BAR %d", 0xf0),
	WORD("BAR Equivalent Indicator: VF-BAR %w", 0xf0, "|||||||||0|1|2|3|4|5"),
	WORD("BAR Equivalent Indicator: %w", 0xf0,
	     "||||||resource behind function|not indicated|expansion ROM"),
	WORD("PrimaryProperties: %w", 0xff00, PROPERTIES),
	WORD("SecondaryProperties: %w", 0xff0000, PROPERTIES),
	CONSTANT("SecondaryProperties: entry unavailable for use, PrimaryProperties should be used",
		 0xff0000, 0xff),
	CONSTANT("PrimaryProperties: entry unavailable for use, PrimaryProperties should be used",
		 0xff00, 0xff),
	PUT("Base: %x", put_entry_base), PUT("MaxOffset: %x", put_entry_end),
	END
};

#define PCIX_SIZES "512|1024|2048|4096"
#define PCIX_COUNTS "1|2|3|4|8|12|16|32"
#define PCIX_PLACE FIELD("Dev=%x", 0xff00), FIELD(":%x", 0xf8), FIELD(".%d", 7), \
	FLAG("64bit", 0x10000), FLAG("133MHz", 0x20000), FLAG("SCD", 0x40000), \
	FLAG("USC", 0x80000)
static const struct cap_row pcix[] = {
	REGISTER("", PCI_CAP_FLAGS),
	REGISTER("Command:", PCI_PCIX_COMMAND), FLAG("DPERE", 1), FLAG("ERO", 2),
	WORD("RBC=%w", 0xc, PCIX_SIZES), WORD("OST=%w", 0x70, PCIX_COUNTS),
	REGISTER("Status:", PCI_PCIX_STATUS), PCIX_PLACE, WORD("DC=%w", 0x100000, "simple|bridge"),
	WORD("DMMRBC=%w", 0x600000, PCIX_SIZES), WORD("DMOST=%w", 0x3800000, PCIX_COUNTS),
	WORD("DMCRS=%w", 0x1c000000, "8|16|32|64|128|256|512|1024"),
	FLAG("RSCEM", 0x20000000), FLAG("266MHz", 0x40000000), FLAG("533MHz", 0x80000000),
	END
};

static const struct cap_row pcix_bridge[] = {
	REGISTER("", PCI_CAP_FLAGS),
	REGISTER("Secondary Status:", PCI_PCIX_BRIDGE_SEC_STATUS),
	FLAG("64bit", 1), FLAG("133MHz", 2), FLAG("SCD", 4), FLAG("USC", 8), FLAG("SCO", 0x10),
	FLAG("SRD", 0x20), WORD("Freq=%w", 0x1c0, "conv|66MHz|100MHz|133MHz"),
	REGISTER("Status:", PCI_PCIX_BRIDGE_STATUS), PCIX_PLACE,
	FLAG("SCO", 0x100000), FLAG("SRD", 0x200000),
	REGISTER("Upstream:", PCI_PCIX_BRIDGE_UPSTREAM_SPLIT_TRANS_CTRL),
	FIELD("Capacity=%d", 0xffff), FIELD("CommitmentLimit=%d", 0xffff0000),
	REGISTER("Downstream:", PCI_PCIX_BRIDGE_DOWNSTREAM_SPLIT_TRANS_CTRL),
	FIELD("Capacity=%d", 0xffff), FIELD("CommitmentLimit=%d", 0xffff0000),
	END
};

static const struct cap_row slot_id[] = {
	REGISTER("", PCI_SID_ESR), FIELD("%d slots", 0x1f), FLAG("First", 0x20),
	FIELD("chassis %x", 0xff00), END
};

static const struct cap_row agp[] = {
	REGISTER("", PCI_AGP_VERSION), FIELD("version %d", 0xf0), FIELD(".%d", 0xf), END
};

/* What stands below it is not in the configuration space. */
static const struct cap_row vital_product_data[] = {
	REGISTER("", PCI_CAP_FLAGS), KNOWN("%s"), END
};

const struct cap_name told_caps[] = {
	{ "Power Management", PCI_CAP_ID_PM, power },
	{ "AGP version", PCI_CAP_ID_AGP, agp },
	{ "Vital Product Data", PCI_CAP_ID_VPD, vital_product_data },
	{ "Slot ID:", PCI_CAP_ID_SLOTID, slot_id },
	{ "MSI:", PCI_CAP_ID_MSI, msi },
	{ "CompactPCI hot-swap", PCI_CAP_ID_CHSWP, NULL },
	{ "PCI-X bridge device", PCI_CAP_ID_PCIX, pcix_bridge },
	{ "PCI-X non-bridge device", PCI_CAP_ID_PCIX, pcix },
	{ "HyperTransport:", PCI_CAP_ID_HT, hypertransport },
	{ "Vendor Specific Information:", PCI_CAP_ID_VNDR, vendor_specific },
	{ "Debug port:", PCI_CAP_ID_DBG, debug_port },
	{ "CompactPCI central resource control", PCI_CAP_ID_CCRC, NULL },
	{ "Hot-plug capable", PCI_CAP_ID_HOTPLUG, NULL },
	{ "Subsystem:", PCI_CAP_ID_SSVID, NULL },
	{ "AGP3", PCI_CAP_ID_AGP3, NULL },
	{ "Secure device", PCI_CAP_ID_SECURE, NULL },
	{ "Express", PCI_CAP_ID_EXP, told_express_rows },
	{ "MSI-X:", PCI_CAP_ID_MSIX, msix },
	{ "SATA", PCI_CAP_ID_SATA, sata },
	{ "PCI Advanced Features", PCI_CAP_ID_AF, advanced_features },
	{ "Enhanced Allocation", PCI_CAP_ID_EA, enhanced_allocation },
	{ "Null", PCI_CAP_ID_NULL, NULL },
	{ NULL, 0, NULL },
};
/* clang-format on */
