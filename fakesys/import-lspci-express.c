/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI Express capability: PCI Express 6.0, 7.5.3; words of pciutils 3.5 to 3.14. */
#include <pci/header.h>

#include "fakesys/import-lspci-rows.h"

/* A power limit has 8 bits and a scale of 1, 1/10, 1/100 or 1/1000 W. */
static void put_power(struct told *t, uint32_t reg, uint64_t mw, uint32_t value,
		      uint32_t scale)
{
	/* Beyond 239 W at scale 1: 250, 275 and 300. */
	static const unsigned large[] = { 250, 275, 300 };
	uint64_t step = 1000, n = 0;

	for (; n < 3 && (mw % step || mw / step > 255); n++)
		step /= 10;
	told_put(t, reg, value, mw / step);
	told_put(t, reg, scale, n);
	for (unsigned i = 0; i < ARRAY_SIZE(large); i++) {
		if (mw == large[i] * UINT64_C(1000)) {
			told_put(t, reg, value, 0xf0 + i);
			told_put(t, reg, scale, 0);
		}
	}
}

static void put_port_power(struct told *t, uint32_t reg, uint64_t mw)
{
	put_power(t, reg, mw, PCI_EXP_DEVCAP_PWR_VAL, PCI_EXP_DEVCAP_PWR_SCL);
}

static void put_slot_power(struct told *t, uint32_t reg, uint64_t mw)
{
	put_power(t, reg, mw, 0x7f80, 0x18000);
}

/* clang-format off */
#define L0S "<64ns|<128ns|<256ns|<512ns|<1us|<2us|<4us|unlimited"
#define L1 "<1us|<2us|<4us|<8us|<16us|<32us|<64us|unlimited"
#define PAYLOAD "128|256|512|1024|2048|4096"
#define SPEED "unknown|2.5GT/s|5GT/s|8GT/s|16GT/s|32GT/s|64GT/s"
#define TIMEOUTS "50us to 50ms|50us to 100us|1ms to 10ms|||16ms to 55ms|65ms to 210ms|||" \
	"260ms to 900ms|1s to 3.5s|||4s to 13s|17s to 64s"
#define RANGES "Not Supported|Range A|Range B|Range AB|||Range BC|Range ABC|||||||" \
	"Range BCD|Range ABCD"
#define PRESETS "-6dB de-emphasis, 0dB preshoot|-3.5dB de-emphasis, 0dB preshoot|" \
	"-4.4dB de-emphasis, 0dB preshoot|-2.5dB de-emphasis, 0dB preshoot|" \
	"0dB de-emphasis, 0dB preshoot|0dB de-emphasis, 1.9dB preshoot|" \
	"0dB de-emphasis, 2.5dB preshoot|-6.0dB de-emphasis, 3.5dB preshoot|" \
	"-3.5dB de-emphasis, 3.5dB preshoot|0dB de-emphasis, 3.5dB preshoot"

const struct cap_row told_express_rows[] = {
	REGISTER("", PCI_EXP_FLAGS),
	FIELD("v%d", 0xf),
	WORD("%w", 0xf0, "Endpoint|Legacy Endpoint|||Root Port|Upstream Port|Downstream Port|"
	     "PCI-Express to PCI/PCI-X Bridge|PCI/PCI-X to PCI-Express Bridge|"
	     "Root Complex Integrated Endpoint|Root Complex Event Collector"),
	FIELD("Unknown type %d", 0xf0), FLAG("Slot", 0x100),
	FIELD("MSI %x", 0x3e00), FIELD("IntMsgNum %d", 0x3e00),

	REGISTER("DevCap:", PCI_EXP_DEVCAP),
	WORD("MaxPayload %w bytes", 7, PAYLOAD), WORD("PhantFunc %w", 0x18, "0|1|3|7"),
	WORD("Latency L0s %w", 0x1c0, L0S), WORD("L1 %w", 0xe00, L1),
	FLAG("ExtTag", 0x20), FLAG("AttnBtn", 0x1000), FLAG("AttnInd", 0x2000),
	FLAG("PwrInd", 0x4000), FLAG("RBE", 0x8000), FLAG("FLReset", 0x10000000),
	FLAG("TEE-IO", 0x40000000), PUT("SlotPowerLimit %rW", put_port_power),
	PUT("SlotPowerLimit %r W", put_port_power),

	REGISTER("DevCtl:", PCI_EXP_DEVCTL),
	FLAG("CorrErr", 1), FLAG("NonFatalErr", 2), FLAG("FatalErr", 4), FLAG("UnsupReq", 8),
	KNOWN("Report errors:"), FLAG("Correctable", 1), FLAG("Non-Fatal", 2),
	FLAG("Fatal", 4), FLAG("Unsupported", 8),
	FLAG("RlxdOrd", 0x10), FLAG("ExtTag", 0x100), FLAG("PhantFunc", 0x200),
	FLAG("AuxPwr", 0x400), FLAG("NoSnoop", 0x800), FLAG("FLReset", 0x8000),
	FLAG("BrConfRtry", 0x8000), WORD("MaxPayload %w bytes", 0xe0, PAYLOAD),
	WORD("MaxReadReq %w bytes", 0x7000, PAYLOAD),

	REGISTER("DevSta:", PCI_EXP_DEVSTA),
	FLAG("CorrErr", 1), FLAG("NonFatalErr", 2), FLAG("UncorrErr", 2), FLAG("FatalErr", 4),
	FLAG("UnsupReq", 8), FLAG("UnsuppReq", 8), FLAG("AuxPwr", 0x10), FLAG("TransPend", 0x20),

	REGISTER("LnkCap:", PCI_EXP_LNKCAP),
	FIELD("Port #%d", 0xff000000), WORD("Speed %w", 0xf, SPEED), FIELD("Width x%d", 0x3f0),
	WORD("ASPM %w", 0xc00, "not supported|L0s|L1|L0s L1"), KNOWN("Exit Latency"),
	WORD("L0s %w", 0x7000, L0S), WORD("L1 %w", 0x38000, L1),
	FLAG("ClockPM", 0x40000), FLAG("Surprise", 0x80000), FLAG("LLActRep", 0x100000),
	FLAG("BwNot", 0x200000), FLAG("ASPMOptComp", 0x400000),

	REGISTER("LnkCtl:", PCI_EXP_LNKCTL),
	WORD("ASPM %w", 3, "Disabled|L0s Enabled|L1 Enabled|L0s L1 Enabled"),
	WORD("RCB %w bytes", 8, "64|128"), FLAG("Disabled", 0x10), FLAG("LnkDisable", 0x10),
	FLAG("CommClk", 0x40), FLAG("ExtSynch", 0x80), FLAG("ClockPM", 0x100),
	FLAG("AutWidDis", 0x200), FLAG("BWInt", 0x400), FLAG("AutBWInt", 0x800),
	FLAG("FltModeDis", 0x2000),

	REGISTER("LnkSta:", PCI_EXP_LNKSTA),
	WORD("Speed %w", 0xf, SPEED), FIELD("Width x%d", 0x3f0), KNOWN("ok"),
	KNOWN("downgraded"), KNOWN("strange"), KNOWN("overdriven"), FLAG("TrErr", 0x400),
	FLAG("Train", 0x800), FLAG("SlotClk", 0x1000), FLAG("DLActive", 0x2000),
	FLAG("BWMgmt", 0x4000), FLAG("ABWMgmt", 0x8000),

	REGISTER("SltCap:", PCI_EXP_SLTCAP),
	FLAG("AttnBtn", 1), FLAG("PwrCtrl", 2), FLAG("MRL", 4), FLAG("AttnInd", 8),
	FLAG("PwrInd", 0x10), FLAG("Surprise", 0x20), FLAG("HotPlug", 0x40),
	FIELD("Slot #%d", 0xfff80000), PUT("PowerLimit %rW", put_slot_power),
	PUT("PowerLimit %r W", put_slot_power), FLAG("Interlock", 0x20000),
	FLAG("NoCompl", 0x40000),

	REGISTER("SltCtl:", PCI_EXP_SLTCTL),
	KNOWN("Enable:"), FLAG("AttnBtn", 1), FLAG("PwrFlt", 2), FLAG("MRL", 4),
	FLAG("PresDet", 8), FLAG("CmdCplt", 0x10), FLAG("HPIrq", 0x20), FLAG("LinkChg", 0x1000),
	KNOWN("Control:"), WORD("AttnInd %w", 0xc0, "Unknown|On|Blink|Off"),
	WORD("PwrInd %w", 0x300, "Unknown|On|Blink|Off"), FLAG("Power", 0x400),
	FLAG("Interlock", 0x800),

	REGISTER("SltSta:", PCI_EXP_SLTSTA),
	KNOWN("Status:"), FLAG("AttnBtn", 1), FLAG("PowerFlt", 2), FLAG("MRL", 0x20),
	FLAG("CmdCplt", 0x10), FLAG("PresDet", 0x40), FLAG("Interlock", 0x80),
	/* The same names again, of other bits. */
	REGISTER("Changed:", PCI_EXP_SLTSTA),
	FLAG("MRL", 4), FLAG("PresDet", 8), FLAG("LinkState", 0x100),

	REGISTER("RootCtl:", PCI_EXP_RTCTL),
	FLAG("ErrCorrectable", 1), FLAG("ErrNon-Fatal", 2), FLAG("ErrFatal", 4),
	FLAG("PMEIntEna", 8), FLAG("CRSVisible", 0x10),
	REGISTER("RootCap:", PCI_EXP_RTCAP),
	FLAG("CRSVisible", 1),
	REGISTER("RootSta:", PCI_EXP_RTSTA),
	FIELD("PME ReqID %x", 0xffff), FLAG("PMEStatus", 0x10000), FLAG("PMEPending", 0x20000),

	REGISTER("DevCap2:", PCI_EXP_DEVCAP2),
	WORD("Completion Timeout: %w", 0xf, RANGES), FLAG("TimeoutDis", 0x10),
	FLAG("ARIFwd", 0x20), KNOWN("AtomicOpsCap:"), FLAG("Routing", 0x40),
	FLAG("32bit", 0x80), FLAG("64bit", 0x100), FLAG("128bitCAS", 0x200),
	FLAG("NROPrPrP", 0x400), FLAG("LTR", 0x800), FLAG("TPHComp", 0x1000),
	FLAG("ExtTPHComp", 0x2000),
	WORD("LN System CLS %w", 0xc000, "Not Supported|64byte cachelines|128byte cachelines"),
	FLAG("10BitTagComp", 0x10000), FLAG("10BitTagReq", 0x20000),
	WORD("OBFF %w", 0xc0000, "Not Supported|Via message|Via WAKE#|Via message/WAKE#"),
	FLAG("ExtFmt", 0x100000), FLAG("EETLPPrefix", 0x200000),
	WORD("MaxEETLPPrefixes %w", 0xc00000, "4|1|2|3"),
	WORD("EmergencyPowerReduction %w", 0x3000000, "Not Supported|Form Factor Dev Specific|"
	     "Form Factor or Dev Specific"),
	FLAG("EmergencyPowerReductionInit", 0x4000000), FLAG("FRS", 0x80000000),

	REGISTER("DevCtl2:", PCI_EXP_DEVCTL2),
	WORD("Completion Timeout: %w", 0xf, TIMEOUTS), FLAG("TimeoutDis", 0x10),
	FLAG("ARIFwd", 0x20), KNOWN("AtomicOpsCtl:"), FLAG("ReqEn", 0x40),
	FLAG("EgressBlck", 0x80), FLAG("IDOReq", 0x100), FLAG("IDOCompl", 0x200),
	FLAG("LTR", 0x400), FLAG("EmergencyPowerReductionReq", 0x800),
	FLAG("10BitTagReq", 0x1000),
	WORD("OBFF %w", 0x6000, "Disabled|Via message A|Via message B|Via WAKE#"),
	FLAG("EETLPPrefixBlk", 0x8000),

	REGISTER("LnkCap2:", PCI_EXP_LNKCAP2),
	CONSTANT("Supported Link Speeds: 2.5GT/s", 0xfe, 1),
	CONSTANT("Supported Link Speeds: 2.5-5GT/s", 0xfe, 3),
	CONSTANT("Supported Link Speeds: 2.5-8GT/s", 0xfe, 7),
	CONSTANT("Supported Link Speeds: 2.5-16GT/s", 0xfe, 0xf),
	CONSTANT("Supported Link Speeds: 2.5-32GT/s", 0xfe, 0x1f),
	CONSTANT("Supported Link Speeds: 2.5-64GT/s", 0xfe, 0x3f),
	KNOWN("Supported Link Speeds: RsvdP"), KNOWN("Supported Link Speeds: Unknown"),
	FLAG("Crosslink", 0x100), FLAG("Retimer", 0x800000), FLAG("2Retimers", 0x1000000),
	FLAG("DRS", 0x80000000),

	REGISTER("LnkCtl2:", PCI_EXP_LNKCTL2),
	WORD("Target Link Speed: %w", 0xf, SPEED "|RsvdP|RsvdP"), KNOWN("Target Link Speed: Unknown"),
	FLAG("EnterCompliance", 0x10), FLAG("SpeedDis", 0x20),
	WORD("Selectable De-emphasis: %w", 0x40, "-6dB|-3.5dB"),
	WORD("Transmit Margin: %w", 0x380, "Normal Operating Range|"
	     "800-1200mV(full-swing)/400-700mV(half-swing)|"
	     "200-400mV(full-swing)/100-200mV(half-swing)"),
	FLAG("EnterModifiedCompliance", 0x400), FLAG("ComplianceSOS", 0x800),
	WORD("Compliance De-emphasis: %w", 0xf000, "-6dB|-3.5dB"),
	WORD("Compliance Preset/De-emphasis: %w", 0xf000, PRESETS),

	REGISTER("LnkSta2:", PCI_EXP_LNKSTA2),
	WORD("Current De-emphasis Level: %w", 1, "-6dB|-3.5dB"),
	FLAG("EqualizationComplete", 2), FLAG("EqualizationPhase1", 4),
	FLAG("EqualizationPhase2", 8), FLAG("EqualizationPhase3", 0x10),
	FLAG("LinkEqualizationRequest", 0x20), FLAG("Retimer", 0x40), FLAG("2Retimers", 0x80),
	WORD("CrosslinkRes: %w", 0x300, "unsupported|Upstream Port|Downstream Port|incomplete"),
	FLAG("FltMode", 0x400),
	WORD("DownstreamComp: %w", 0x7000, "Link Down - Not Determined|Link Down - Not Present|"
	     "Link Down - Present||Link Up - Present|Link Up - Present and DRS Received"),
	FLAG("DRS", 0x8000),
	END
};
/* clang-format on */
