/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended capabilities of links and virtual channels: PCI Express 6.0, 7.7 to 7.9. */
#include <pci/header.h>

#include "fakesys/import-lspci-rows.h"

static void put_64(struct told *t, uint32_t reg, uint64_t v)
{
	told_put(t, reg, 0xffffffff, v);
	told_put(t, reg + 4, 0xffffffff, v >> 32);
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
#define ARBITERS "Fixed|WRR32|WRR64|WRR128|TWRR128|WRR256"
const struct cap_row told_vc_rows[] = {
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

const struct cap_row told_rclink_rows[] = {
	REGISTER("", 0),
	REGISTER("Desc:", 4), FIELD("PortNumber=%x", 0xff000000), FIELD("ComponentID=%x", 0xff0000),
	WORD("EltType=%w", 0xf, "Config|Egress|Int"),
	EACH("Link%d:", 0x10, 0x10, note_link),
	PART("Desc:", 0), FIELD("TargetPort=%x", 0xff000000), FIELD("TargetComponent=%x", 0xff0000),
	FLAG("AssocRCRB", 4), WORD("LinkType=%w", 2, "MemMapped|Config"), FLAG("LinkValid", 1),
	PART("Addr:", 8), PUT("%x", put_64),
	END
};

const struct cap_row told_ltr_rows[] = {
	REGISTER("", 4), PUT("Max snoop latency: %dns", put_latency),
	{ .kind = ROW_FIELD, .text = "Max no snoop latency: %dns", .at = 2, .put = put_latency },
	END
};

const struct cap_row told_secondary_rows[] = {
	REGISTER("", 0),
	REGISTER("LnkCtl3:", 4), FLAG("LnkEquIntrruptEn", 2), FLAG("PerformEqu", 1),
	REGISTER("LaneErrStat: 0", 8), REGISTER("LaneErrStat:", 8), KNOWN("LaneErr at lane:"),
	PUT("%d", put_lane),
	END
};

#define SUBSTATES FLAG("PCI-PM_L1.2", 1), FLAG("PCI-PM_L1.1", 2), FLAG("ASPM_L1.2", 4), \
	FLAG("ASPM_L1.1", 8)
const struct cap_row told_l1ss_rows[] = {
	REGISTER("", 0),
	REGISTER("L1SubCap:", 4), SUBSTATES, FLAG("L1_PM_Substates", 0x10),
	FIELD("PortCommonModeRestoreTime=%dus", 0xff00),
	PUT("PortTPowerOnTime=%dus", put_port_power_on),
	REGISTER("L1SubCtl1:", 8), SUBSTATES, FIELD("T_CommonMode=%dus", 0xff00),
	PUT("LTR1.2_Threshold=%dns", put_threshold),
	REGISTER("L1SubCtl2:", 0xc), PUT("T_PwrOn=%dus", put_link_power_on),
	END
};

const struct cap_row told_ptm_rows[] = {
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

const struct cap_row told_phy16_rows[] = {
	REGISTER("", 0), REGISTER_OF("Phy16Sta:", 0xc, equalization), END
};

const struct cap_row told_phy32_rows[] = {
	REGISTER("", 0), REGISTER_OF("Phy32Sta:", 0xc, equalization), END
};

const struct cap_row told_margining_rows[] = {
	REGISTER("", 0), REGISTER("PortCap:", 4), FLAG("Uses Driver", 1),
	REGISTER("PortSta:", 6), FLAG("MargReady", 1), FLAG("MargSoftReady", 2), END
};
/* clang-format on */
