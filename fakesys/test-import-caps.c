/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space from what lspci says in words: text written for the test, values
 * from the specifications (PCI 3.0, PCI Express 6.0, the capabilities' own).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "core/names.h"
#include "fakesys/import.h"

static struct machine *import_text(const char *text, struct import_stats *ret)
{
	struct machine *m = machine_new();
	struct blob b = { (const uint8_t *)text, strlen(text) };
	struct err e = { "" };

	if (import_add(m, "L", b, ret, &e) < 0 || import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

/* ---- registers ---- */

struct told_case {
	const char *name;
	const char *text; /* below a heading, each line behind a tab */
	const char *want; /* "OFFSET:BYTES=VALUE ...", all hexadecimal but BYTES */
	unsigned odd;
	const char *heading;
};

/* The registers that @want names, as @want has them. */
static const char *registers(struct machine *m, const struct pci_fn *fn, const char *want)
{
	const char *got = "";
	unsigned off, size, value;
	int n;

	for (; sscanf(want, " %x:%u=%x%n", &off, &size, &value, &n) == 3; want += n) {
		uint32_t v = size == 4   ? cfg_u32(fn->config, off)
			     : size == 2 ? cfg_u16(fn->config, off)
					 : cfg_u8(fn->config, off);

		got = arena_printf(m->arena, "%s%s%x:%u=%x", got, *got ? " " : "", off,
				   size, v);
	}
	return got;
}

static void test_told(void **state)
{
	const struct told_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	const char *text = arena_printf(
		a, "%s\n%s", c->heading ? c->heading : "00:1c.0 0604: 8086:a290",
		c->text);
	struct import_stats stats = { 0 };
	AUTOMACHINE struct machine *m = import_text(text, &stats), *again = NULL;
	char *first = NULL, *second = NULL;
	struct err e = { "" };

	assert_string_equal(registers(m, &m->fns.v[0], c->want), c->want);
	assert_int_equal(stats.not_understood, c->odd);

	assert_int_equal(machine_to_json(m, &first), 0);
	if (machine_from_json(first, strlen(first), "L", &again, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(machine_to_json(again, &second), 0);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

#define EXPRESS "\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00\n"
#define BUS "\tBus: primary=00, secondary=01, subordinate=03, sec-latency=0\n"
#define EXT(cap) EXPRESS "\tCapabilities: [100 v1] " cap "\n"
static struct told_case told_cases[] = {
	/* clang-format off */
	{ "ids and class", "\tControl: I/O-\n", "0:2=8086 2:2=a290 8:4=6040000" },
	{ "command", "\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr+ Stepping- "
	  "SERR+ FastB2B- DisINTx+\n", "4:2=547" },
	{ "status", "\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=medium >TAbort- <TAbort- "
	  "<MAbort+ >SERR- <PERR- INTx+\n", "6:2=2218" },
	{ "latency and cache line", "\tLatency: 60 (2000ns min, 14000ns max), Cache Line Size: 16 bytes\n",
	  "c:1=4 d:1=3c 3e:1=8 3f:1=38" },
	{ "interrupt pin; its line is the firmware's", "\tInterrupt: pin B routed to IRQ 16\n",
	  "3c:1=0 3d:1=2" },
	{ "a bridge's header", BUS, "e:1=1 18:4=30100" },
	{ "BridgeCtl", BUS "\tBridgeCtl: Parity- SERR+ NoISA- VGA+ VGA16+ MAbort- >Reset- FastB2B-\n"
	  "\t\tPriDiscTmr- SecDiscTmr- DiscTmrStat- DiscTmrSERREn+\n", "3e:2=81a" },
	{ "secondary status", BUS "\tSecondary status: 66MHz- FastB2B- ParErr- DEVSEL=fast >TAbort- "
	  "<TAbort- <MAbort+ <SERR+ <PERR-\n", "1e:2=6000" },
	{ "windows", BUS "\tI/O behind bridge: e000-efff [size=4K] [16-bit]\n"
	  "\tMemory behind bridge: dc000000-de0fffff [size=33M] [32-bit]\n"
	  "\tPrefetchable memory behind bridge: 383c00000000-383dffffffff [size=8G] [64-bit]\n",
	  "1c:2=e0e0 20:4=de00dc00 24:4=fff10001 28:4=383c 2c:4=383d" },
	{ "closed windows", BUS "\tI/O behind bridge: [disabled] [16-bit]\n"
	  "\tMemory behind bridge: None\n\tPrefetchable memory behind bridge: [disabled] [64-bit]\n",
	  "1c:2=f0 20:4=fff0 24:4=1fff1" },
	{ "base addresses", "\tRegion 0: Memory at dc000000 (32-bit, non-prefetchable) [size=32M]\n"
	  "\tRegion 1: Memory at 383c00000000 (64-bit, prefetchable) [size=8G]\n"
	  "\tRegion 3: I/O ports at e000 [size=128]\n"
	  "\tRegion 5: Memory at 000a0000 (low-1M, non-prefetchable) [size=4K]\n",
	  "10:4=dc000000 14:4=c 18:4=383c 1c:4=e001 24:4=a0002", .heading = "00:02.0 0300: 10de:1b81" },
	{ "a region that is the kernel's alone", "\tRegion 0: Memory at dc000000 (32-bit, non-prefetchable) "
	  "[virtual] [size=32M]\n", "10:4=0", .heading = "00:02.0 0300: 10de:1b81" },
	{ "the same before pciutils 3.6", "\t[virtual] Region 0: Memory at dc000000 (32-bit, non-prefetchable) "
	  "[size=32M]\n\t[virtual] Expansion ROM at 000c0000 [disabled] [size=128K]\n", "10:4=0 30:4=0",
	  .heading = "00:02.0 0300: 10de:1b81" },
	{ "the firmware's copy of a ROM", "\tControl: I/O-\n\tExpansion ROM at 000c0000 [disabled] [size=128K]\n", "30:4=0",
	  .heading = "00:02.0 0300: 10de:1b81" },
	{ "ROM", "\tExpansion ROM at fbc00000 [disabled] [size=128K]\n", "30:4=fbc00000",
	  .heading = "00:02.0 0300: 10de:1b81" },
	{ "subsystem", "\tSubsystem: 1043:8694\n\tControl: I/O-\n", "2c:2=1043 2e:2=8694",
	  .heading = "00:02.0 0300: 10de:1b81" },
	{ "a bridge's subsystem", "\tSubsystem: 1043:8694\n" BUS
	  "\tCapabilities: [90] Subsystem: ASUSTeK Computer Inc. Device [1043:8694]\n",
	  "34:1=90 90:2=d 94:2=1043 96:2=8694" },
	{ "lspci -v", "\tFlags: bus master, fast Back2Back, 66MHz, medium devsel, latency 64, IRQ 17\n"
	  "\tMemory at fe000000 (32-bit, non-prefetchable) [size=128K]\n"
	  "\tI/O ports at e000 [disabled] [size=64]\n\tCapabilities: [40] Express Endpoint, MSI 00\n",
	  "4:2=6 6:2=2b0 d:1=40 34:1=40 40:4=10" , .heading = "00:02.0 0300: 10de:1b81" },
	{ "a chain", "\tCapabilities: [80] Power Management version 3\n"
	  "\tCapabilities: [50] MSI: Enable- Count=1/1 Maskable- 64bit-\n",
	  "6:2=10 34:1=80 80:2=5001 50:2=5" },
	{ "Power Management", "\tCapabilities: [80] Power Management version 3\n"
	  "\t\tFlags: PMEClk- DSI+ D1+ D2- AuxCurrent=375mA PME(D0+,D1-,D2-,D3hot+,D3cold+)\n"
	  "\t\tStatus: D3 NoSoftRst+ PME-Enable+ DSel=0 DScale=1 PME-\n", "82:2=cbe3 84:2=210b" },
	{ "MSI with 64 bits and mask", "\tCapabilities: [50] MSI: Enable+ Count=2/8 Maskable+ 64bit+\n"
	  "\t\tAddress: 00000001fee03000  Data: 4021\n\t\tMasking: 000000fe  Pending: 00000001\n",
	  "52:2=197 54:4=fee03000 58:4=1 5c:2=4021 60:4=fe 64:4=1" },
	{ "MSI with 32 bits", "\tCapabilities: [50] MSI: Enable- Count=1/1 Maskable- 64bit-\n"
	  "\t\tAddress: fee03000  Data: 4021\n", "52:2=0 54:4=fee03000 58:2=4021" },
	{ "MSI-X", "\tCapabilities: [b0] MSI-X: Enable+ Count=32 Masked-\n"
	  "\t\tVector table: BAR=2 offset=00001000\n\t\tPBA: BAR=4 offset=00000200\n",
	  "b0:2=11 b2:2=801f b4:4=1002 b8:4=204" },
	{ "Vendor specific", "\tCapabilities: [b4] Vendor Specific Information: Len=14 <?>\n",
	  "b4:2=9 b6:1=14" },
	{ "HyperTransport", "\tCapabilities: [c8] HyperTransport: MSI Mapping Enable+ Fixed+\n",
	  "c8:4=a8030008" },
	{ "Advanced Features", "\tCapabilities: [98] PCI Advanced Features\n\t\tAFCap: TP+ FLR+\n"
	  "\t\tAFCtrl: FLR-\n\t\tAFStatus: TP-\n", "98:1=13 9b:1=3 9c:2=0" },
	{ "SATA", "\tCapabilities: [a8] SATA HBA v1.0 BAR4 Offset=00000004\n", "a8:4=100012 ac:4=48" },
	{ "Debug port", "\tCapabilities: [58] Debug port: BAR=1 offset=00a0\n", "58:4=20a0000a" },
	{ "PCI-X", "\tCapabilities: [e4] PCI-X non-bridge device\n\t\tCommand: DPERE- ERO+ RBC=512 OST=1\n"
	  "\t\tStatus: Dev=ff:1f.7 64bit+ 133MHz+ SCD- USC- DC=simple DMMRBC=2048 DMOST=1 DMCRS=16 "
	  "RSCEM- 266MHz- 533MHz-\n", "e6:2=2 e8:4=443ffff" },
	{ "Enhanced Allocation", "\tCapabilities: [9c] Enhanced Allocation (EA): NumEntries=2\n"
	  "\t\tEntry 0: Enable+ Writable- EntrySize=3\n\t\t\t BAR Equivalent Indicator: BAR 2\n"
	  "\t\t\t PrimaryProperties: memory space, prefetchable\n\t\t\t SecondaryProperties: memory space, "
	  "non-prefetchable\n\t\t\t Base: 1f8160000\n\t\t\t MaxOffset: 0000ffff\n\t\tEntry 1: Enable- Writable+ "
	  "EntrySize=2\n\t\t\t BAR Equivalent Indicator: VF-BAR 0\n\t\t\t Base: f8000000\n",
	  "9c:4=20014 a0:4=80000123 a4:4=f8160002 a8:4=fffc ac:4=1 b0:4=40000092 b4:4=f8000000",
	  .heading = "00:02.0 0200: 10de:1b81" },
	{ "an unnamed capability", "\tCapabilities: [40] Capability ID 0x15 [0102]\n", "40:4=1020015" },
	{ "an unnamed capability before pciutils 3.6", "\tCapabilities: [40] #12 [0102]\n", "40:4=1020012" },
	{ "a capability of tomorrow keeps its place", "\tCapabilities: [40] Quantum foo\n"
	  "\tCapabilities: [50] MSI: Enable- Count=1/1 Maskable- 64bit-\n",
	  "34:1=40 40:2=5000 50:2=5", .odd = 1 },
	{ "Express", EXPRESS, "40:2=10 42:2=142" },
	{ "Express types", "\tCapabilities: [40] Express (v1) PCI/PCI-X to PCI-Express Bridge, MSI 03\n",
	  "42:2=681" },
	{ "the interrupt's number since pciutils 3.11", "\tCapabilities: [40] Express (v2) Downstream Port "
	  "(Slot-), IntMsgNum 5\n", "42:2=a62" },
	{ "DevCap, DevCtl, DevSta", EXPRESS "\t\tDevCap:\tMaxPayload 256 bytes, PhantFunc 0, Latency L0s "
	  "<128ns, L1 unlimited\n\t\t\tExtTag+ AttnBtn- AttnInd- PwrInd- RBE+ FLReset+ SlotPowerLimit "
	  "25.500W\n\t\tDevCtl:\tCorrErr+ NonFatalErr- FatalErr+ UnsupReq-\n\t\t\tRlxdOrd+ ExtTag- "
	  "PhantFunc- AuxPwr- NoSnoop+ FLReset-\n\t\t\tMaxPayload 128 bytes, MaxReadReq 4096 bytes\n"
	  "\t\tDevSta:\tCorrErr+ NonFatalErr- FatalErr- UnsupReq+ AuxPwr+ TransPend-\n",
	  "44:4=17fc8e61 48:2=5815 4a:2=19" },
	{ "DevCtl before pciutils 3.6", EXPRESS "\t\tDevCtl:\tReport errors: Correctable+ Non-Fatal- Fatal+ "
	  "Unsupported-\n", "48:2=5" },
	{ "LnkCap, LnkCtl, LnkSta", EXPRESS "\t\tLnkCap:\tPort #3, Speed 8GT/s, Width x16, ASPM L0s L1, Exit "
	  "Latency L0s <1us, L1 <8us\n\t\t\tClockPM- Surprise- LLActRep+ BwNot+ ASPMOptComp+\n"
	  "\t\tLnkCtl:\tASPM L1 Enabled; RCB 64 bytes, Disabled- CommClk+\n\t\t\tExtSynch- ClockPM+ "
	  "AutWidDis- BWInt- AutBWInt-\n\t\tLnkSta:\tSpeed 2.5GT/s (downgraded), Width x8 (ok)\n"
	  "\t\t\tTrErr- Train- SlotClk+ DLActive+ BWMgmt- ABWMgmt-\n",
	  "4c:4=371cd03 50:2=142 52:2=3081" },
	{ "slot", EXPRESS "\t\tSltCap:\tAttnBtn+ PwrCtrl- MRL- AttnInd- PwrInd- HotPlug+ Surprise+\n"
	  "\t\t\tSlot #7, PowerLimit 75.000W; Interlock- NoCompl+\n\t\tSltCtl:\tEnable: AttnBtn+ PwrFlt- "
	  "MRL- PresDet+ CmdCplt- HPIrq+ LinkChg+\n\t\t\tControl: AttnInd Off, PwrInd Blink, Power- "
	  "Interlock-\n\t\tSltSta:\tStatus: AttnBtn- PowerFlt- MRL- CmdCplt- PresDet+ Interlock-\n"
	  "\t\t\tChanged: MRL- PresDet+ LinkState+\n", "54:4=3c25e1 58:2=12e9 5a:2=148" },
	{ "a power limit beyond 239 W", EXPRESS "\t\tSltCap:\tSlot #0, PowerLimit 300W\n", "54:4=7900" },
	{ "root port", EXPRESS "\t\tRootCap: CRSVisible+\n\t\tRootCtl: ErrCorrectable+ ErrNon-Fatal+ "
	  "ErrFatal- PMEIntEna+ CRSVisible+\n\t\tRootSta: PME ReqID 0100, PMEStatus+ PMEPending-\n",
	  "5c:2=1b 5e:2=1 60:4=10100" },
	{ "DevCap2, DevCtl2", EXPRESS "\t\tDevCap2: Completion Timeout: Range ABC, TimeoutDis+ NROPrPrP- LTR+\n"
	  "\t\t\t 10BitTagComp- 10BitTagReq- OBFF Via WAKE#, ExtFmt- EETLPPrefix+, MaxEETLPPrefixes 2\n"
	  "\t\t\t FRS- ARIFwd+\n\t\t\t AtomicOpsCap: Routing+ 32bit+ 64bit- 128bitCAS-\n\t\tDevCtl2: "
	  "Completion Timeout: 50us to 100us, TimeoutDis- ARIFwd+\n\t\t\t AtomicOpsCtl: ReqEn+ "
	  "EgressBlck-\n\t\t\t IDOReq- IDOCompl- LTR+ EmergencyPowerReductionReq-\n", "64:4=a808f7 68:2=461" },
	{ "LnkCap2, LnkCtl2, LnkSta2", EXPRESS "\t\tLnkCap2: Supported Link Speeds: 2.5-16GT/s, Crosslink- "
	  "Retimer+ 2Retimers+ DRS-\n\t\tLnkCtl2: Target Link Speed: 16GT/s, EnterCompliance- SpeedDis+\n"
	  "\t\t\t Transmit Margin: Normal Operating Range, EnterModifiedCompliance- ComplianceSOS-\n"
	  "\t\t\t Compliance Preset/De-emphasis: -3.5dB de-emphasis, 3.5dB preshoot\n\t\tLnkSta2: Current "
	  "De-emphasis Level: -3.5dB, EqualizationComplete+ EqualizationPhase1+\n", "6c:4=180001e 70:2=8024 72:2=7" },
	{ "an extended chain", EXPRESS "\tCapabilities: [100 v2] Advanced Error Reporting\n"
	  "\tCapabilities: [148 v1] Extended Capability ID 0x2f\n\tCapabilities: [1c0 v1] #19\n",
	  "100:4=14820001 148:4=1c01002f 1c0:4=10019" },
	{ "an extended capability of tomorrow", EXT("Quantum foo") "\tCapabilities: [200 v1] Access Control "
	  "Services\n", "100:4=20010000 200:4=1000d", .odd = 1 },
	{ "ACS", EXT("Access Control Services") "\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ "
	  "UpstreamFwd+ EgressCtrl- DirectTrans+\n\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ "
	  "UpstreamFwd+ EgressCtrl- DirectTrans-\n", "100:4=1000d 104:2=5f 106:2=1d" },
	{ "AER", EXT("Advanced Error Reporting") "\t\tUESta:\tDLP- SDES- TLP- FCP- CmpltTO- CmpltAbrt- UnxCmplt- "
	  "RxOF- MalfTLP- ECRC- UnsupReq+ ACSViol-\n\t\tUEMsk:\tDLP- SDES- TLP- FCP- CmpltTO+ CmpltAbrt- "
	  "UnxCmplt- RxOF- MalfTLP- ECRC- UnsupReq- ACSViol+\n\t\tUESvrt:\tDLP+ SDES+ TLP- FCP+\n"
	  "\t\tCESta:\tRxErr+ BadTLP- BadDLLP- Rollover- Timeout- AdvNonFatalErr+\n\t\tCEMsk:\tRxErr- "
	  "NonFatalErr+\n\t\tAERCap:\tFirst Error Pointer: 14, ECRCGenCap+ ECRCGenEn- ECRCChkCap+ ECRCChkEn-\n"
	  "\t\tHeaderLog: 04000001 0000220f 01070000 ab48ffc5\n\t\tRootCmd: CERptEn+ NFERptEn- FERptEn+\n"
	  "\t\tRootSta: CERcvd+ MultCERcvd- UERcvd- MultUERcvd-\n\t\t\t FirstFatal- NonFatalMsg- FatalMsg- "
	  "IntMsg 2\n\t\tErrorSrc: ERR_COR: 0100 ERR_FATAL/NONFATAL: 0200\n",
	  "104:4=100000 108:4=204000 10c:4=2030 110:4=2001 114:4=2000 118:4=b4 11c:4=4000001 128:4=ab48ffc5 "
	  "12c:4=5 130:4=10000001 134:4=2000100" },
	{ "serial number", EXT("Device Serial Number 00-11-22-ff-fe-33-44-55"), "104:4=fe334455 108:4=1122ff" },
	{ "ARI", EXT("Alternative Routing-ID Interpretation (ARI)") "\t\tARICap:\tMFVC- ACS+, Next Function: 2\n"
	  "\t\tARICtl:\tMFVC- ACS-, Function Group: 1\n", "100:4=1000e 104:2=202 106:2=10" },
	{ "SR-IOV", EXT("Single Root I/O Virtualization (SR-IOV)") "\t\tIOVCap:\tMigration-, Interrupt Message "
	  "Number: 001\n\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy-\n\t\tIOVSta:\tMigration-\n"
	  "\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: 2, Function Dependency Link: 00\n"
	  "\t\tVF offset: 128, stride: 2, Device ID: 10ca\n\t\tSupported Page Size: 00000553, System Page Size: "
	  "00000001\n\t\tRegion 0: Memory at 00000001e0820000 (64-bit, prefetchable)\n"
	  "\t\tVF Migration: offset: 00000018, BIR: 3\n",
	  "104:4=200000 108:2=9 10c:2=8 10e:2=8 110:2=2 114:2=80 116:2=2 11a:2=10ca 11c:4=553 120:4=1 "
	  "124:4=e082000c 128:4=1 13c:4=1b" },
	{ "ATS, PRI, PASID", EXT("Address Translation Service (ATS)") "\t\tATSCap:\tInvalidate Queue Depth: 10\n"
	  "\t\tATSCtl:\tEnable+, Smallest Translation Unit: 01\n\tCapabilities: [200 v1] Page Request Interface "
	  "(PRI)\n\t\tPRICtl: Enable+ Reset-\n\t\tPRISta: RF- UPRGI- Stopped+ PASID+\n\t\tPage Request Capacity: "
	  "00000100, Page Request Allocation: 00000020\n\tCapabilities: [300 v1] Process Address Space ID (PASID)\n"
	  "\t\tPASIDCap: Exec+ Priv+, Max PASID Width: 14\n\t\tPASIDCtl: Enable+ Exec- Priv-\n",
	  "104:2=10 106:2=8001 204:2=1 206:2=8100 208:4=100 20c:4=20 304:2=1406 306:2=1" },
	{ "Resizable BAR", EXT("Physical Resizable BAR") "\t\tBAR 0: current size: 256MB, supported: 256MB 512MB 1GB\n"
	  "\t\tBAR 2: current size: 2MB, supported: 2MB 4MB\n", "100:4=10015 104:4=7000 108:4=840 10c:4=60 110:4=102" },
	{ "L1 PM Substates", EXT("L1 PM Substates") "\t\tL1SubCap: PCI-PM_L1.2+ PCI-PM_L1.1+ ASPM_L1.2- ASPM_L1.1+ "
	  "L1_PM_Substates+\n\t\t\t  PortCommonModeRestoreTime=60us PortTPowerOnTime=150us\n\t\tL1SubCtl1: "
	  "PCI-PM_L1.2+ PCI-PM_L1.1- ASPM_L1.2- ASPM_L1.1-\n\t\t\t   T_CommonMode=10us LTR1.2_Threshold=32768ns\n"
	  "\t\tL1SubCtl2: T_PwrOn=10us\n", "104:4=793c1b 108:4=60010a01 10c:4=9" },
	{ "LTR", EXT("Latency Tolerance Reporting") "\t\tMax snoop latency: 3145728ns\n\t\tMax no snoop latency: "
	  "71680ns\n", "104:2=1003 106:2=846" },
	{ "DPC", EXT("Downstream Port Containment") "\t\tDpcCap:\tINT Msg #1, RPExt+ PoisonedTLP+ SwTrigger- RP PIO "
	  "Log 4, DL_ActiveErr+\n\t\tDpcCtl:\tTrigger:1 Cmpl- INT+ ErrCor- PoisonedTLP- SwTrigger- DL_ActiveErr-\n"
	  "\t\tDpcSta:\tTrigger- Reason:01 INT- RPBusy- TriggerExt:00 RP PIO ErrPtr:1f\n\t\tSource:\t0100\n",
	  "104:2=1461 106:2=9 108:2=1f02 10a:2=100" },
	{ "PTM", EXT("Precision Time Measurement") "\t\tPTMCap: Requester:- Responder:+ Root:+\n"
	  "\t\tPTMClockGranularity: 4ns\n\t\tPTMControl: Enabled:+ RootSelected:-\n\t\tPTMEffectiveGranularity: "
	  "Unknown\n", "104:4=406 108:4=1" },
	{ "Virtual Channel", EXT("Virtual Channel") "\t\tCaps:\tLPEVC=0 RefClk=100ns PATEntryBits=8\n\t\tArb:\tFixed+ "
	  "WRR32- WRR64- WRR128-\n\t\tCtrl:\tArbSelect=Fixed\n\t\tStatus:\tInProgress-\n\t\tVC0:\tCaps:\t"
	  "PATOffset=03 MaxTimeSlots=1 RejSnoopTrans-\n\t\t\tArb:\tFixed- WRR32- WRR64+ WRR128- TWRR128- WRR256-\n"
	  "\t\t\tCtrl:\tEnable+ ID=0 ArbSelect=WRR64 TC/VC=ff\n\t\t\tStatus:\tNegoPending+ InProgress-\n"
	  "\t\t\tPort Arbitration Table <?>\n\t\tVC1:\tCaps:\tPATOffset=00 MaxTimeSlots=64 RejSnoopTrans+\n"
	  "\t\t\tCtrl:\tEnable- ID=1 ArbSelect=Fixed TC/VC=00\n",
	  "104:4=c01 108:4=1 10c:2=0 110:4=3000004 114:4=800400ff 11a:2=2 11c:4=3f8000 120:4=1000000" },
	{ "Secondary PCI Express", EXT("Secondary PCI Express") "\t\tLnkCtl3: LnkEquIntrruptEn- PerformEqu+\n"
	  "\t\tLaneErrStat: LaneErr at lane: 3 6 7\n", "104:4=1 108:4=c8" },
	{ "Multicast", EXT("Multicast") "\t\tMcastCap: MaxGroups 64, ECRCRegen-\n\t\tMcastCtl: NumGroups 1, Enable-\n"
	  "\t\tMcastBAR: IndexPos 12, BaseAddr 0000000100001000\n\t\tMcastBlockAllVec:     00000000000000ff\n",
	  "104:2=3f 106:2=0 108:4=100c 10c:4=1 118:4=ff" },
	{ "vendors' own", EXT("Vendor Specific Information: ID=0001 Rev=2 Len=024 <?>") "\tCapabilities: [200 v1] "
	  "Designated Vendor-Specific: Vendor=8086 ID=0003 Rev=1 Len=36 <?>\n",
	  "104:4=2420001 204:4=2418086 208:2=3" },
	{ "TPH, margining, 16 GT/s", EXT("Transaction Processing Hints") "\t\tDevice specific mode supported\n"
	  "\t\tSteering table in TPH capability structure\n\tCapabilities: [200 v1] Physical Layer 16.0 GT/s\n"
	  "\t\tPhy16Sta: EquComplete+ EquPhase1+ EquPhase2- EquPhase3- LinkEquRequest-\n\tCapabilities: [300 v1] "
	  "Lane Margining at the Receiver\n\t\tPortCap: Uses Driver+\n\t\tPortSta: MargReady- MargSoftReady+\n",
	  "104:4=204 20c:4=3 304:2=1 306:2=2" },
	{ "Root Complex Link", EXT("Root Complex Link") "\t\tDesc:\tPortNumber=02 ComponentID=01 EltType=Config\n"
	  "\t\tLink0:\tDesc:\tTargetPort=00 TargetComponent=01 AssocRCRB- LinkType=MemMapped LinkValid+\n"
	  "\t\t\tAddr:\t00000000fed19000\n", "104:4=2010100 110:4=10001 118:4=fed19000" },
	{ "a word of tomorrow inside a register", EXPRESS "\t\tDevCtl:\tCorrErr+ Quantum+ FatalErr+\n",
	  "48:2=5", .odd = 1 },
	{ "broken by a mail program", "        Control: I/O- Mem+ BusMaster- SpecCycle- MemWINV- VGASnoop-\nParErr- "
	  "Stepping- SERR+ FastB2B- DisINTx-\n        Capabilities: [80] Power Management version 3\n"
	  "                Flags: PMEClk- DSI- D1+ D2- AuxCurrent=0mA\nPME(D0+,D1+,D2-,D3hot+,D3cold-)\n"
	  "                Status: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-\n", "4:2=102 82:2=5a03 84:2=8" },
	{ "broken before a word that looks quoted", "        Status: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=medium\n"
	  ">TAbort+ <TAbort- <MAbort- >SERR- <PERR- INTx-\n", "6:2=a10" },
	{ "quoted in a mail", ">         Control: I/O- Mem+ BusMaster+ SpecCycle-\n>         Capabilities: [40] Express (v2) "
	  "Endpoint, MSI 00\n>                 DevCtl: CorrErr+\n", "4:2=6 42:2=2 48:2=1",
	  .heading = "> 01:00.0 0200: 8086:10d3" },
	{ "bytes are more than words", EXPRESS "\t\tDevCtl:\tCorrErr+\n"
	  "00: 86 80 d3 10 07 04 10 00 01 00 00 02 10 00 00 00\n10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
	  "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n",
	  "2:2=10d3 4:2=407 34:1=40 40:2=10 48:2=1" },
	{ "resizable BARs that lspci takes for broken", EXT("Physical Resizable BAR")
	  "\t\t<error in resizable BAR: num_bars=0 is out of specification>\n", "100:4=10015 108:4=0" },
	{ "product data is not in the space", "\tCapabilities: [d0] Vital Product Data\n\t\tProduct Name: Foo\n"
	  "\t\tRead-only fields:\n\t\t\t[PN] Part number: 1\n\t\tEnd\n", "d0:2=3" },
	{ "offsets that cannot be", "\tCapabilities: [20] MSI: Enable+\n\tCapabilities: [41] MSI: Enable+\n"
	  "\tControl: I/O+\n", "4:2=1 34:1=0", .odd = 2 },
	/* clang-format on */
};

/* ---- what is known, and what not ---- */

struct known_case {
	const char *name, *text;
	const char *want; /* "BDF vendor:device class len/size" of each, joined by ", " */
	const char *unknown, *why; /* why: a part of it; NULL: not unknown */
	unsigned odd;
	bool needs_names;
};

static bool names_known; /* pci.ids is installed */

static void test_known(void **state)
{
	const struct known_case *c = *state;
	struct import_stats stats = { 0 };
	AUTOMACHINE struct machine *m = NULL;
	const char *got = "", *why;
	char bdf[BDF_SIZE];

	if (c->needs_names && !names_known)
		skip();
	m = import_text(c->text, &stats);
	vec_foreach(fn, &m->fns)
		got = arena_printf(m->arena, "%s%s%s %04x:%04x %06x %zu/%u", got,
				   *got ? ", " : "", bdf_format(fn->bdf, bdf),
				   fn->id.vendor, fn->id.device, fn->id.class,
				   fn->config.len, fn->config_size);
	assert_string_equal(got, c->want);
	assert_int_equal(stats.not_understood, c->odd);
	why = c->unknown ? machine_unknown(m, "%s", c->unknown) : NULL;
	assert_int_equal(why != NULL, c->why != NULL);
	if (c->why && !strstr(why, c->why))
		fail_msg("%s", why);
}

#define PM "\tCapabilities: [80] Power Management version 3\n"
static struct known_case known_cases[] = {
	/* clang-format off */
	{ "without capabilities", "00:00.0 0600: 8086:1234\n\tControl: I/O+\n\tStatus: Cap-\n",
	  "0000:00:00.0 8086:1234 060000 256/256", "functions/0000:00:00.0/config" },
	{ "PCI Express", "01:00.0 0200: 8086:10d3\n\tCapabilities: [40] Express (v2) Endpoint, MSI 00\n",
	  "0000:01:00.0 8086:10d3 020000 4096/4096", "functions/0000:01:00.0/config" },
	{ "not as root", "01:00.0 0200: 8086:10d3\n\tControl: I/O+\n\tCapabilities: <access denied>\n",
	  "0000:01:00.0 8086:10d3 020000 64/256", "functions/0000:01:00.0/config", "not run as root" },
	{ "not as root, then as root", "01:00.0 0200: 8086:10d3\n\tControl: I/O+\n\tCapabilities: <access denied>\n\n"
	  "01:00.0 0200: 8086:10d3\n\tControl: I/O+\n" PM, "0000:01:00.0 8086:10d3 020000 256/256",
	  "functions/0000:01:00.0/config" },
	{ "lspci -v does not number regions", "01:00.0 0200: 8086:10d3\n\tFlags: fast devsel\n"
	  "\tMemory at fe000000 (32-bit, non-prefetchable) [size=128K]\n" PM,
	  "0000:01:00.0 8086:10d3 020000 256/256", "functions/0000:01:00.0/resources", "-vv does" },
	{ "powered off", "01:00.0 0200: 8086:10d3 (rev ff) (prog-if ff)\n\t!!! Unknown header type 7f\n",
	  "0000:01:00.0 8086:10d3 020000 0/256", "functions/0000:01:00.0/config", "powered off" },
	{ "several functions", "01:00.0 0200: 8086:10d3\n\tControl: I/O+\n\n01:00.1 0200: 8086:10d3\n\tControl: I/O+\n",
	  "0000:01:00.0 8086:10d3 020000 256/256, 0000:01:00.1 8086:10d3 020000 256/256", NULL },
	{ "names", "01:00.0 VGA compatible controller: NVIDIA Corporation GP104 [GeForce GTX 1070] (rev a1) "
	  "(prog-if 00 [VGA controller])\n\tControl: I/O+\n", "0000:01:00.0 10de:1b81 030000 256/256",
	  "functions/0000:01:00.0/id", .needs_names = true },
	{ "a device without name", "01:00.0 VGA compatible controller: NVIDIA Corporation Device fffe (rev a1)\n",
	  "0000:01:00.0 10de:fffe 030000 0/256", "functions/0000:01:00.0/id", .needs_names = true },
	{ "a name that is not in the list", "01:00.0 VGA compatible controller: NVIDIA Corporation Quantum 9000\n",
	  "0000:01:00.0 10de:0000 030000 0/256", "functions/0000:01:00.0/id", "does not have", .needs_names = true },
	{ "a vendor that is not in the list", "01:00.0 VGA compatible controller: Quantum Inc 9000\n",
	  "0000:01:00.0 0000:0000 030000 0/256", "functions/0000:01:00.0/id", "\"Quantum Inc 9000\"",
	  .needs_names = true },
	{ "names, then numbers", "01:00.0 VGA compatible controller: Quantum Inc 9000\n\tControl: I/O+\n\n"
	  "01:00.0 0300: 10de:1b81\n", "0000:01:00.0 10de:1b81 030000 256/256", "functions/0000:01:00.0/id",
	  .needs_names = true },
	{ "a name that a mail program broke", "00:00.0 VGA compatible controller: NVIDIA Corporation GP104\n"
	  "[GeForce GTX 1070] (rev a1)\n\tControl: I/O+\n", "0000:00:00.0 10de:1b81 030000 256/256", NULL,
	  .needs_names = true },
	{ "a tree alone", "-[0000:00]-+-00.0\n           +-01.0-[01-03]----00.0-[02-03]--+-00.0\n"
	  "           |                               \\-01.0-[03]--\n           \\-1f.3\n",
	  "0000:00:00.0 0000:0000 000000 0/256, 0000:00:01.0 0000:0000 060400 64/256, "
	  "0000:00:1f.3 0000:0000 000000 0/256, 0000:01:00.0 0000:0000 060400 64/256, "
	  "0000:02:00.0 0000:0000 000000 0/256, 0000:02:01.0 0000:0000 060400 64/256",
	  "functions/0000:00:01.0/config", "only its buses" },
	{ "a tree of several domains", "-+-[10000:e0]-+-06.0-[e1]----00.0\n |            \\-17.0\n"
	  " \\-[0000:00]---00.0\n", "0000:00:00.0 0000:0000 000000 0/256, 10000:e0:06.0 0000:0000 060400 64/256, "
	  "10000:e0:17.0 0000:0000 000000 0/256, 10000:e1:00.0 0000:0000 000000 0/256",
	  "functions/0000:00:00.0/id", "lspci -t" },
	{ "a tree with a line that was moved", "-[0000:00]-+-00.0\n         \\-17.0\n",
	  "0000:00:00.0 0000:0000 000000 0/256", NULL, .odd = 1 },
	{ "a tree with names", "-[0000:00]-+-00.0  NVIDIA Corporation GP104 [GeForce GTX 1070]\n"
	  "           \\-02.0  Intel Corporation Device [8086:1234]\n",
	  "0000:00:00.0 10de:1b81 000000 0/256, 0000:00:02.0 8086:1234 000000 0/256",
	  "functions/0000:00:00.0/id", .needs_names = true },
	{ "a tree and a list", "-[0000:00]-+-00.0\n           \\-01.0-[01]----00.0\n\n"
	  "00:00.0 0600: 8086:1\n00:01.0 0604: 8086:2000\n01:00.0 0300: 10de:1b81\n",
	  "0000:00:00.0 0000:0000 060000 0/256, 0000:00:01.0 8086:2000 060400 64/256, "
	  "0000:01:00.0 10de:1b81 030000 0/256", NULL },
	{ "a report with a log", "Here you are:\n00:00.0 0600: 8086:1234\n00:01.0 0600: 8086:1235\n00:02.0 0600: 8086:1235\n"
	  "00:03.0 0600: 8086:1235\n00:04.0 0600: 8086:1235\n\tIOMMU group: 3\n"
	  "[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n[    0.1] a\n[    0.1] b\n[    0.1] c\n[    0.1] d\n"
	  "[    0.1] e\n[    0.2] pci 0000:00:04.0: Adding to iommu group 3\n",
	  "0000:00:00.0 8086:1234 060000 0/256, 0000:00:01.0 8086:1235 060000 0/256, 0000:00:02.0 8086:1235 060000 "
	  "0/256, 0000:00:03.0 8086:1235 060000 0/256, 0000:00:04.0 8086:1235 060000 0/256", "klog", .odd = 1 },
	/* clang-format on */
};

static void test_topology(void **state)
{
	AUTOMACHINE struct machine *m =
		import_text("-[0000:00]---01.0-[01-13]----00.0\n", NULL);

	(void)state;
	assert_int_equal(cfg_u32(m->fns.v[0].config, 0x18), 0x130100);
	assert_ptr_equal(machine_upstream(m, &m->fns.v[1]), &m->fns.v[0]);
}

/* A function 0 beside others has the bit that makes the kernel look for them. */
static void test_multifunction(void **state)
{
	AUTOMACHINE struct machine *m =
		import_text("01:00.0 0200: 8086:1\n\tControl: I/O+\n\n"
			    "01:00.1 0200: 8086:1\n\tControl: I/O+\n\n"
			    "02:00.0 0200: 8086:1\n\tControl: I/O+\n",
			    NULL);

	(void)state;
	assert_int_equal(cfg_u8(m->fns.v[0].config, 0xe), 0x80);
	assert_int_equal(cfg_u8(m->fns.v[1].config, 0xe), 0);
	assert_int_equal(cfg_u8(m->fns.v[2].config, 0xe), 0);
}

static void test_source(void **state)
{
	AUTOMACHINE struct machine *m =
		import_text("01:00.0 0200: 8086:1\n\tControl: I/O+\n", NULL);

	(void)state;
	assert_string_equal(m->source, "imported from L (registers as lspci tells them)");
}

/* Whatever comes first, bytes are more than words, which tell what lies behind. */
static void test_two_files(void **state)
{
	static const char words[] = "01:00.0 0200: 8086:10d3\n\tControl: I/O+\n" EXPRESS
				    "\t\tDevCtl:\tCorrErr+\n"
				    "\tCapabilities: [100 v1] Access Control Services\n";
	static const char bytes[] =
		"01:00.0 0200: 8086:10d3\n"
		"00: 86 80 d3 10 06 00 10 00 00 00 00 02 00 00 00 00\n"
		"10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
		"20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
		"30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n";
	const char *const both[2][2] = { { words, bytes }, { bytes, words } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		AUTOMACHINE struct machine *m = machine_new();
		struct blob config;

		assert_int_equal(import_lspci(m, "a", both[i][0], NULL, NULL), 0);
		assert_int_equal(import_lspci(m, "b", both[i][1], NULL, NULL), 0);
		assert_int_equal(import_finish(m, NULL), 0);
		config = m->fns.v[0].config;
		assert_int_equal(config.len, 4096);
		assert_int_equal(cfg_u16(config, 4), 6);
		assert_int_equal(cfg_u16(config, 0x48), 1);
		assert_int_equal(cfg_u32(config, 0x100), 0x1000d);
	}
}

/* VFs are told by their place; lspci shows sysfs's ids for them. */
static void test_vfs(void **state)
{
	AUTOMACHINE struct machine *m = import_text(
		"01:00.0 0200: 8086:10c9\n\tControl: I/O+\n"
		"\tCapabilities: [40] Express (v2) Endpoint, MSI 00\n"
		"\tCapabilities: [100 v1] Single Root I/O Virtualization (SR-IOV)\n"
		"\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy-\n"
		"\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: 1\n"
		"\t\tVF offset: 128, stride: 2, Device ID: 10ca\n\n"
		"01:10.0 0200: 8086:10ca\n\tControl: I/O-\n\n"
		"01:10.1 0200: 8086:10ca\n\tControl: I/O-\n",
		NULL);

	(void)state;
	assert_true(m->fns.v[1].is_vf);
	assert_int_equal(cfg_u32(m->fns.v[1].config, 0), 0xffffffff);
	assert_int_equal(m->fns.v[1].id.device, 0x10ca);
	assert_false(m->fns.v[2].is_vf);
	assert_int_equal(m->fns.v[0].vfs_now, 1);
}

#define ROWS(cases, func)                                                                \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].name, .test_func = (func),                   \
			.initial_state = &(cases)[i_]                                    \
		}

int main(void)
{
	static const struct CMUnitTest single[] = {
		{ "buses of a tree", test_topology, NULL, NULL, NULL },
		{ "the multifunction bit", test_multifunction, NULL, NULL, NULL },
		{ "source says that registers are words", test_source, NULL, NULL, NULL },
		{ "words and bytes in two files", test_two_files, NULL, NULL, NULL },
		{ "virtual functions", test_vfs, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[200];
	struct names *names = names_open();
	size_t n = 0;

	names_known = names_find_class(names, "VGA compatible controller", 25) >= 0;
	names_close(names);
	ROWS(told_cases, test_told);
	ROWS(known_cases, test_known);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	return _cmocka_run_group_tests("lspci in words", tests, n, NULL, NULL);
}
