/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended capabilities, from byte 256 on: PCI Express 6.0, 7.7 to 7.9. */
#include <pci/header.h>

#include "fakesys/import-lspci-rows.h"
#include "fakesys/import-text.h"

static void put_64(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xffffffff, v);
	told_put(t, reg + 4, 0xffffffff, v >> 32);
}

/* The most significant byte is told first. */
static void put_serial(struct told *t, uint32_t reg, uint64_t byte)
{
	if (t->count < 8)
		told_put(t, reg + 7 - t->count++, 0xff, byte);
}

/* How many further channels there are: the last one's number. */
static void note_channel(struct told *t, uint32_t cap, uint64_t n)
{
	told_put(t, cap + PCI_VC_PORT_REG1, 7, n);
}

static void put_time_slots(struct told *t, uint32_t reg, uint64_t n)
{
	told_put(t, reg, 0x7f0000, n - 1);
}

static void note_link(struct told *t, uint32_t cap, uint64_t n)
{
	told_put(t, cap + 4, 0xff00, n + 1);
}

static void put_groups(struct told *t, uint32_t reg, uint64_t n)
{
	told_put(t, reg, 0x3f, n - 1);
}

static void put_page(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xfffff000, v >> 12);
	told_put(t, reg + 4, 0xffffffff, v >> 32);
}

static void put_cache_line(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xffffffc0, v >> 6);
	told_put(t, reg + 4, 0xffffffff, v >> 32);
}

/* A VF's base address, with its type. */
static void put_bar(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xfffffff0, v >> 4);
	if (v >> 32)
		told_put(t, reg + 4, 0xffffffff, v >> 32);
}

static void put_offset(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xfffffff8, v >> 3);
}

/* The entries of resizable BARs stand in a row; the first one has their number. */
static void start_bar(struct told *t, uint32_t cap, uint64_t bar)
{
	t->each_at = 4 + 8 * (t->count++ % 6);
	told_put(t, cap + t->each_at + 4, 7, bar);
	told_put(t, cap + 8, 0xe0, t->count);
}

static void put_supported(struct told *t, uint32_t reg, uint64_t n)
{
	if (n < 28) /* 128 TB; what follows stands in the other register */
		told_put(t, reg, 1u << (n + 4), 1);
	else
		told_put(t, reg + 4, 1u << (n - 28 + 16), 1);
}

static void put_lane(struct told *t, uint32_t reg, uint64_t lane)
{
	if (lane < 32)
		told_put(t, reg, 1u << lane, 1);
}

/* Ten bits, and how often they are to be multiplied by 32. */
static void put_scaled(struct told *t, uint32_t reg, uint32_t value, uint32_t scale,
		       uint64_t ns)
{
	uint64_t n = 0;

	while (ns && n < 5 && (ns % 32 == 0 || ns > 1023)) {
		ns /= 32;
		n++;
	}
	told_put(t, reg, value, ns);
	told_put(t, reg, scale, n);
}

static void put_latency(struct told *t, uint32_t reg, uint64_t ns)
{
	put_scaled(t, reg, 0x3ff, 0x1c00, ns);
}

static void put_threshold(struct told *t, uint32_t reg, uint64_t ns)
{
	put_scaled(t, reg, 0x3ff0000, 0xe0000000, ns);
}

/* Five bits in units of 2, 10 or 100 us. */
static void put_power_on(struct told *t, uint32_t reg, uint32_t value, uint32_t scale,
			 uint64_t us)
{
	static const unsigned units[] = { 2, 10, 100 };

	for (unsigned i = 3; i-- > 0;) {
		if (us % units[i] || us / units[i] > 31)
			continue;
		told_put(t, reg, value, us / units[i]);
		told_put(t, reg, scale, us ? i : 0);
		return;
	}
}

static void put_port_power_on(struct told *t, uint32_t reg, uint64_t us)
{
	put_power_on(t, reg, 0xf80000, 0x30000, us);
}

static void put_link_power_on(struct told *t, uint32_t reg, uint64_t us)
{
	put_power_on(t, reg, 0xf8, 3, us);
}

/* clang-format off */
static const struct cap_row uncorrectable[] = {
	FLAG("DLP", 0x10), FLAG("SDES", 0x20), FLAG("TLP", 0x1000), FLAG("FCP", 0x2000),
	FLAG("CmpltTO", 0x4000), FLAG("CmpltAbrt", 0x8000), FLAG("UnxCmplt", 0x10000),
	FLAG("RxOF", 0x20000), FLAG("MalfTLP", 0x40000), FLAG("ECRC", 0x80000),
	FLAG("UnsupReq", 0x100000), FLAG("ACSViol", 0x200000), FLAG("UncorrIntErr", 0x400000),
	FLAG("BlockedTLP", 0x800000), FLAG("AtomicOpBlocked", 0x1000000),
	FLAG("TLPBlockedErr", 0x2000000), FLAG("PoisonTLPBlocked", 0x4000000),
	FLAG("DMWrReqBlocked", 0x8000000), FLAG("IDECheck", 0x10000000),
	FLAG("MisIDETLP", 0x20000000), FLAG("PCRC_CHECK", 0x40000000),
	FLAG("TLPXlatBlocked", 0x80000000),
	END
};

static const struct cap_row correctable[] = {
	FLAG("RxErr", 1), FLAG("BadTLP", 0x40), FLAG("BadDLLP", 0x80), FLAG("Rollover", 0x100),
	FLAG("Timeout", 0x1000), FLAG("AdvNonFatalErr", 0x2000), FLAG("NonFatalErr", 0x2000),
	FLAG("CorrIntErr", 0x4000), FLAG("HeaderOF", 0x8000),
	END
};

static const struct cap_row aer[] = {
	REGISTER("", 0),
	REGISTER_OF("UESta:", 4, uncorrectable), REGISTER_OF("UEMsk:", 8, uncorrectable),
	REGISTER_OF("UESvrt:", 0xc, uncorrectable), REGISTER_OF("CESta:", 0x10, correctable),
	REGISTER_OF("CEMsk:", 0x14, correctable),
	REGISTER("AERCap:", 0x18),
	FIELD("First Error Pointer: %x", 0x1f), FLAG("ECRCGenCap", 0x20), FLAG("GenCap", 0x20),
	FLAG("ECRCGenEn", 0x40), FLAG("CGenEn", 0x40), FLAG("ECRCChkCap", 0x80),
	FLAG("ChkCap", 0x80), FLAG("ECRCChkEn", 0x100), FLAG("ChkEn", 0x100),
	FLAG("MultHdrRecCap", 0x200), FLAG("MultHdrRecEn", 0x400), FLAG("TLPPfxPres", 0x800),
	FLAG("HdrLogCap", 0x1000),
	REGISTER("HeaderLog:", 0x1c), FIELD("%x %x %x %x", 0xffffffff),
	REGISTER("RootCmd:", 0x2c), FLAG("CERptEn", 1), FLAG("NFERptEn", 2), FLAG("FERptEn", 4),
	REGISTER("RootSta:", 0x30), FLAG("CERcvd", 1), FLAG("MultCERcvd", 2), FLAG("UERcvd", 4),
	FLAG("MultUERcvd", 8), FLAG("FirstFatal", 0x10), FLAG("NonFatalMsg", 0x20),
	FLAG("FatalMsg", 0x40), FIELD("IntMsg %d", 0xf8000000), FIELD("IntMsgNum %d", 0xf8000000),
	REGISTER("ErrorSrc:", 0x34), FIELD("ERR_COR: %x", 0xffff),
	FIELD("ERR_FATAL/NONFATAL: %x", 0xffff0000),
	END
};

#define ARBITERS "Fixed|WRR32|WRR64|WRR128|TWRR128|WRR256"
static const struct cap_row virtual_channel[] = {
	REGISTER("", 0),
	REGISTER("Caps:", PCI_VC_PORT_REG1), FIELD("LPEVC=%d", 0x70),
	WORD("RefClk=%w", 0x300, "100ns"), WORD("PATEntryBits=%w", 0xc00, "1|2|4|8"),
	REGISTER("Arb:", PCI_VC_PORT_REG2), FLAG("Fixed", 1), FLAG("WRR32", 2), FLAG("WRR64", 4),
	FLAG("WRR128", 8), FIELD("TableOffset=%x", 0xff000000),
	REGISTER("Ctrl:", PCI_VC_PORT_CTRL), WORD("ArbSelect=%w", 0xe, ARBITERS),
	REGISTER("Status:", PCI_VC_PORT_STATUS), FLAG("InProgress", 1),
	KNOWN("VC Arbitration Table"),
	EACH("VC%d:", PCI_VC_RES_CAP, 0xc, note_channel),
	PART("Caps:", 0), FIELD("PATOffset=%x", 0xff000000), PUT("MaxTimeSlots=%d", put_time_slots),
	FLAG("RejSnoopTrans", 0x8000),
	PART("Arb:", 0), FLAG("Fixed", 1), FLAG("WRR32", 2), FLAG("WRR64", 4), FLAG("WRR128", 8),
	FLAG("TWRR128", 0x10), FLAG("WRR256", 0x20),
	PART("Ctrl:", 4), FLAG("Enable", 0x80000000), FIELD("ID=%d", 0x7000000),
	WORD("ArbSelect=%w", 0xe0000, ARBITERS), FIELD("TC/VC=%x", 0xff),
	PART("Status:", 0xa), FLAG("NegoPending", 2), FLAG("InProgress", 1),
	KNOWN("Port Arbitration Table"),
	END
};

static const struct cap_row serial[] = {
	REGISTER("", 4), PUT("%x", put_serial), PUT("-%x", put_serial), END
};

static const struct cap_row root_complex_link[] = {
	REGISTER("", 0),
	REGISTER("Desc:", 4), FIELD("PortNumber=%x", 0xff000000), FIELD("ComponentID=%x", 0xff0000),
	WORD("EltType=%w", 0xf, "Config|Egress|Int"),
	EACH("Link%d:", 0x10, 0x10, note_link),
	PART("Desc:", 0), FIELD("TargetPort=%x", 0xff000000), FIELD("TargetComponent=%x", 0xff0000),
	FLAG("AssocRCRB", 4), WORD("LinkType=%w", 2, "MemMapped|Config"), FLAG("LinkValid", 1),
	PART("Addr:", 8), PUT("%x", put_64),
	END
};

static const struct cap_row vendor_specific[] = {
	REGISTER("", PCI_EVNDR_HEADER), FIELD("ID=%x", 0xffff), FIELD("Rev=%d", 0xf0000),
	FIELD("Len=%x", 0xfff00000), END
};

static const struct cap_row designated[] = {
	REGISTER("", 4), FIELD("Vendor=%x", 0xffff), FIELD("Rev=%d", 0xf0000),
	FIELD("Len=%d", 0xfff00000), FIELD_AT("ID=%x", 4, 0xffff), KNOWN("CXL"), END
};

static const struct cap_row acs_bits[] = {
	FLAG("SrcValid", PCI_ACS_CAP_VALID), FLAG("TransBlk", PCI_ACS_CAP_BLOCK),
	FLAG("ReqRedir", PCI_ACS_CAP_REQ_RED), FLAG("CmpltRedir", PCI_ACS_CAP_CMPLT_RED),
	FLAG("UpstreamFwd", PCI_ACS_CAP_FORWARD), FLAG("EgressCtrl", PCI_ACS_CAP_EGRESS),
	FLAG("DirectTrans", PCI_ACS_CAP_TRANS), END
};

static const struct cap_row acs[] = {
	REGISTER("", 0), REGISTER_OF("ACSCap:", PCI_ACS_CAP, acs_bits),
	REGISTER_OF("ACSCtl:", PCI_ACS_CTRL, acs_bits), END
};

static const struct cap_row ari[] = {
	REGISTER("", 0),
	REGISTER("ARICap:", PCI_ARI_CAP), FLAG("MFVC", 1), FLAG("ACS", 2),
	FIELD("Next Function: %d", 0xff00),
	REGISTER("ARICtl:", PCI_ARI_CTRL), FLAG("MFVC", 1), FLAG("ACS", 2),
	FIELD("Function Group: %d", 0x70),
	END
};

static const struct cap_row ats[] = {
	REGISTER("", 0), REGISTER("ATSCap:", PCI_ATS_CAP), FIELD("Invalidate Queue Depth: %x", 0x1f),
	REGISTER("ATSCtl:", PCI_ATS_CTRL), FLAG("Enable", 0x8000),
	FIELD("Smallest Translation Unit: %x", 0x1f), END
};

static const struct cap_row sriov[] = {
	REGISTER("", 0),
	REGISTER("IOVCap:", PCI_IOV_CAP), FLAG("Migration", 1), FLAG("10BitTagReq", 4),
	FIELD("Interrupt Message Number: %x", 0xffe00000), FIELD("IntMsgNum %d", 0xffe00000),
	REGISTER("IOVCtl:", PCI_IOV_CTRL), FLAG("Enable", 1), FLAG("Migration", 2),
	FLAG("Interrupt", 4), FLAG("MSE", 8), FLAG("ARIHierarchy", 0x10), FLAG("10BitTagReq", 0x20),
	REGISTER("IOVSta:", PCI_IOV_STATUS), FLAG("Migration", 1),
	REGISTER("Initial VFs:", PCI_IOV_INITIALVF), FIELD("%d", 0xffff),
	FIELD_AT("Total VFs: %d", 2, 0xffff), FIELD_AT("Number of VFs: %d", 4, 0xffff),
	FIELD_AT("Function Dependency Link: %x", 6, 0xff),
	REGISTER("VF offset:", PCI_IOV_OFFSET), FIELD("%d", 0xffff), FIELD_AT("stride: %d", 2, 0xffff),
	FIELD_AT("Device ID: %x", 6, 0xffff),
	REGISTER("Supported Page Size:", PCI_IOV_SUPPS), FIELD("%x", 0xffffffff),
	FIELD_AT("System Page Size: %x", 4, 0xffffffff),
	REGISTER("VF Migration:", PCI_IOV_MSAO), PUT("offset: %x", put_offset),
	FIELD("BIR: %x", 7),
	EACH("Region %d:", PCI_IOV_BAR_BASE, 4, NULL), PUT("Memory at %x", put_bar),
	KNOWN("32-bit"), CONSTANT("64-bit", 6, 2), CONSTANT("prefetchable", 8, 1),
	KNOWN("non-prefetchable"),
	END
};

static const struct cap_row multicast[] = {
	REGISTER("", 0),
	REGISTER("McastCap:", 4), PUT("MaxGroups %d", put_groups), FLAG("ECRCRegen", 0x8000),
	FIELD("WindowSz %d", 0x3f00), KNOWN("%d bytes"),
	REGISTER("McastCtl:", 6), PUT("NumGroups %d", put_groups), FLAG("Enable", 0x8000),
	REGISTER("McastBAR:", 8), FIELD("IndexPos %d", 0x3f), PUT("BaseAddr %x", put_page),
	REGISTER("McastReceiveVec:", 0x10), PUT("%x", put_64),
	REGISTER("McastBlockAllVec:", 0x18), PUT("%x", put_64),
	REGISTER("McastBlockUntransVec:", 0x20), PUT("%x", put_64),
	REGISTER("McastOverlayBAR:", 0x28), FIELD("OverlaySize %d", 0x3f), KNOWN("disabled"),
	KNOWN("%d bytes"), PUT("BaseAddr %x", put_cache_line),
	END
};

static const struct cap_row pri[] = {
	REGISTER("", 0), REGISTER("PRICtl:", PCI_PRI_CTRL), FLAG("Enable", 1), FLAG("Reset", 2),
	REGISTER("PRISta:", PCI_PRI_STATUS), FLAG("RF", 1), FLAG("UPRGI", 2),
	FLAG("Stopped", 0x100), FLAG("PASID", 0x8000),
	REGISTER("Page Request Capacity:", PCI_PRI_MAX_REQ), FIELD("%x", 0xffffffff),
	FIELD_AT("Page Request Allocation: %x", 4, 0xffffffff), END
};

#define SIZES "1MB|2MB|4MB|8MB|16MB|32MB|64MB|128MB|256MB|512MB|1GB|2GB|4GB|8GB|16GB|32GB|" \
	"64GB|128GB|256GB|512GB|1TB|2TB|4TB|8TB|16TB|32TB|64TB|128TB|256TB|512TB|1PB|2PB|4PB|" \
	"8PB|16PB|32PB|64PB|128PB|256PB|512PB|1EB|2EB|4EB|8EB"
static const struct cap_row resizable[] = {
	REGISTER("", 0),
	FIELD_AT("<error in resizable BAR: num_bars=%d", 8, 0xe0), KNOWN("is out of specification>"),
	EACH("BAR %d:", 4, 0, start_bar),
	{ .kind = ROW_FIELD, .text = "current size: %w", .at = 4, .mask = 0x3f00, .words = SIZES },
	KNOWN("supported:"), PUT_WORD("%w", put_supported, SIZES),
	END
};

static const struct cap_row tph[] = {
	REGISTER("", 4),
	CONSTANT("No steering table available", 0x600, 0),
	CONSTANT("Interrupt vector mode supported", 2, 1),
	CONSTANT("Device specific mode supported", 4, 1),
	CONSTANT("Extended requester support", 0x100, 1),
	CONSTANT("Steering table in TPH capability structure", 0x600, 1),
	CONSTANT("Steering table in MSI-X table", 0x600, 2),
	END
};

static const struct cap_row ltr[] = {
	REGISTER("", 4), PUT("Max snoop latency: %dns", put_latency),
	{ .kind = ROW_FIELD, .text = "Max no snoop latency: %dns", .at = 2, .put = put_latency },
	END
};

static const struct cap_row secondary[] = {
	REGISTER("", 0),
	REGISTER("LnkCtl3:", 4), FLAG("LnkEquIntrruptEn", 2), FLAG("PerformEqu", 1),
	REGISTER("LaneErrStat: 0", 8), REGISTER("LaneErrStat:", 8), KNOWN("LaneErr at lane:"),
	PUT("%d", put_lane),
	END
};

static const struct cap_row pasid[] = {
	REGISTER("", 0), REGISTER("PASIDCap:", 4), FLAG("Exec", 2), FLAG("Priv", 4),
	FIELD("Max PASID Width: %x", 0x1f00),
	REGISTER("PASIDCtl:", 6), FLAG("Enable", 1), FLAG("Exec", 2), FLAG("Priv", 4), END
};

static const struct cap_row dpc[] = {
	REGISTER("", 0),
	REGISTER("DpcCap:", 4), FIELD("INT Msg #%d", 0x1f), FIELD("IntMsgNum %d", 0x1f),
	FLAG("RPExt", 0x20), FLAG("PoisonedTLP", 0x40), FLAG("SwTrigger", 0x80),
	FIELD("RP PIO Log %d", 0xf00), FLAG("DL_ActiveErr", 0x1000),
	REGISTER("DpcCtl:", 6), FIELD("Trigger:%x", 3), FLAG("Cmpl", 4), FLAG("INT", 8),
	FLAG("ErrCor", 0x10), FLAG("PoisonedTLP", 0x20), FLAG("SwTrigger", 0x40),
	FLAG("DL_ActiveErr", 0x80),
	REGISTER("DpcSta:", 8), FLAG("Trigger", 1), FIELD("Reason:%x", 6), FLAG("INT", 8),
	FLAG("RPBusy", 0x10), FIELD("TriggerExt:%x", 0x60), FIELD("RP PIO ErrPtr:%x", 0x1f00),
	REGISTER("Source:", 0xa), FIELD("%x", 0xffff),
	END
};

#define SUBSTATES FLAG("PCI-PM_L1.2", 1), FLAG("PCI-PM_L1.1", 2), FLAG("ASPM_L1.2", 4), \
	FLAG("ASPM_L1.1", 8)
static const struct cap_row l1_substates[] = {
	REGISTER("", 0),
	REGISTER("L1SubCap:", 4), SUBSTATES, FLAG("L1_PM_Substates", 0x10),
	FIELD("PortCommonModeRestoreTime=%dus", 0xff00),
	PUT("PortTPowerOnTime=%dus", put_port_power_on),
	REGISTER("L1SubCtl1:", 8), SUBSTATES, FIELD("T_CommonMode=%dus", 0xff00),
	PUT("LTR1.2_Threshold=%dns", put_threshold),
	REGISTER("L1SubCtl2:", 0xc), PUT("T_PwrOn=%dus", put_link_power_on),
	END
};

static const struct cap_row ptm[] = {
	REGISTER("", 0),
	REGISTER("PTMCap:", 4), FLAG("Requester", 1), FLAG("Requester:", 1), FLAG("Responder", 2),
	FLAG("Responder:", 2), FLAG("Root", 4), FLAG("Root:", 4),
	REGISTER("PTMClockGranularity:", 4), CONSTANT("Unimplemented", 0xff00, 0),
	FIELD("%dns", 0xff00), CONSTANT("Greater than 254ns", 0xff00, 0xff),
	REGISTER("PTMControl:", 8), FLAG("Enabled", 1), FLAG("Enabled:", 1),
	FLAG("RootSelected", 2), FLAG("RootSelected:", 2),
	REGISTER("PTMEffectiveGranularity:", 8), CONSTANT("Unknown", 0xff00, 0),
	FIELD("%dns", 0xff00), CONSTANT("Greater than 254ns", 0xff00, 0xff),
	END
};

static const struct cap_row equalization[] = {
	FLAG("EquComplete", 1), FLAG("EquPhase1", 2), FLAG("EquPhase2", 4), FLAG("EquPhase3", 8),
	FLAG("LinkEquRequest", 0x10), END
};

static const struct cap_row physical_16[] = {
	REGISTER("", 0), REGISTER_OF("Phy16Sta:", 0xc, equalization), END
};

static const struct cap_row physical_32[] = {
	REGISTER("", 0), REGISTER_OF("Phy32Sta:", 0xc, equalization), END
};

static const struct cap_row margining[] = {
	REGISTER("", 0), REGISTER("PortCap:", 4), FLAG("Uses Driver", 1),
	REGISTER("PortSta:", 6), FLAG("MargReady", 1), FLAG("MargSoftReady", 2), END
};

static const struct cap_row data_exchange[] = {
	REGISTER("", 0), REGISTER("DOECap:", 4), FLAG("IntSup", 1),
	FIELD("Interrupt Message Number %x", 0xffe), FIELD("IntMsgNum %d", 0xffe),
	REGISTER("DOECtl:", 8), FLAG("IntEn", 2),
	REGISTER("DOESta:", 0xc), FLAG("Busy", 1), FLAG("IntSta", 2), FLAG("Error", 4),
	FLAG("ObjectReady", 0x80000000), END
};

const struct cap_name told_ext_caps[] = {
	{ "Advanced Error Reporting", PCI_EXT_CAP_ID_AER, aer },
	{ "Virtual Channel", PCI_EXT_CAP_ID_VC, virtual_channel },
	{ "Device Serial Number", PCI_EXT_CAP_ID_DSN, serial },
	{ "Power Budgeting", PCI_EXT_CAP_ID_PB, NULL },
	{ "Root Complex Link", PCI_EXT_CAP_ID_RCLINK, root_complex_link },
	{ "Root Complex Internal Link", PCI_EXT_CAP_ID_RCILINK, NULL },
	{ "Root Complex Event Collector", PCI_EXT_CAP_ID_RCEC, NULL },
	{ "Multi-Function Virtual Channel", PCI_EXT_CAP_ID_MFVC, NULL },
	{ "Root Bridge Control Block", 0xa, NULL },
	{ "RCRB Header", 0xa, NULL },
	{ "Vendor Specific Information:", PCI_EXT_CAP_ID_VNDR, vendor_specific },
	{ "Access Control Services", PCI_EXT_CAP_ID_ACS, acs },
	{ "Alternative Routing-ID Interpretation (ARI)", PCI_EXT_CAP_ID_ARI, ari },
	{ "Address Translation Service (ATS)", PCI_EXT_CAP_ID_ATS, ats },
	{ "Single Root I/O Virtualization (SR-IOV)", PCI_EXT_CAP_ID_SRIOV, sriov },
	{ "Multi-Root I/O Virtualization (MR-IOV)", 0x11, NULL },
	{ "Multicast", 0x12, multicast },
	{ "Page Request Interface (PRI)", PCI_EXT_CAP_ID_PRI, pri },
	{ "Physical Resizable BAR", 0x15, resizable },
	{ "Resizable BAR", 0x15, resizable },
	{ "Dynamic Power Allocation", 0x16, NULL },
	{ "Transaction Processing Hints", 0x17, tph },
	{ "Latency Tolerance Reporting", 0x18, ltr },
	{ "Secondary PCI Express", 0x19, secondary },
	{ "Protocol Multiplexing", 0x1a, NULL },
	{ "Process Address Space ID (PASID)", 0x1b, pasid },
	{ "LN Requester", 0x1c, NULL },
	{ "Downstream Port Containment", 0x1d, dpc },
	{ "L1 PM Substates", 0x1e, l1_substates },
	{ "Precision Time Measurement", 0x1f, ptm },
	{ "PCI Express over M_PHY", 0x20, NULL },
	{ "FRS Queueing", 0x21, NULL },
	{ "Readiness Time Reporting", 0x22, NULL },
	{ "Designated Vendor-Specific:", 0x23, designated },
	{ "Virtual Resizable BAR", 0x24, resizable },
	{ "Data Link Feature", 0x25, NULL },
	{ "Physical Layer 16.0 GT/s", 0x26, physical_16 },
	{ "Lane Margining at the Receiver", 0x27, margining },
	{ "Hierarchy ID", 0x28, NULL },
	{ "Native PCIe Enclosure Management", 0x29, NULL },
	{ "Physical Layer 32.0 GT/s", 0x2a, physical_32 },
	{ "Alternate Protocol", 0x2b, NULL },
	{ "System Firmware Intermediary", 0x2c, NULL },
	{ "Data Object Exchange", 0x2e, data_exchange },
	{ "Device 3", 0x2f, NULL },
	{ "Integrity & Data Encryption", 0x30, NULL },
	{ "Physical Layer 64.0 GT/s", 0x31, NULL },
	{ "Flit Logging", 0x32, NULL },
	{ "Null", 0, NULL },
	{ NULL, 0, NULL },
};
/* clang-format on */
