/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/acs.h"
#include "core/test-topology.h"

/* "off control 4", "on quirk AMD southbridge", "off absent assumed" */
static const char *format(struct arena *a, const struct acs_state *s)
{
	static const char *const why[] = { "control", "absent",  "single", "bridge",
					   "legacy",  "no-need", "quirk",  "override" };
	const char *text = arena_printf(a, "%s %s", s->on ? "on" : "off", why[s->why]);

	if (s->missing)
		text = arena_printf(a, "%s %x", text, s->missing);
	if (s->quirk)
		text = arena_printf(a, "%s %s", text, s->quirk);
	return s->assumed ? arena_printf(a, "%s assumed", text) : text;
}

/* ---- the table: which ids a rule is for ---- */

struct ids_case {
	const char *name;
	unsigned vendor;
	const char *fn;   /* words of test-topology.h */
	const char *more; /* lines beside it */
	const char *ids;  /* that isolate by a quirk: "10c6 10f7-10fc"; "*": all */
	bool never;       /* all others do not, by a quirk as well */
};

static bool listed(const char *ids, unsigned id)
{
	unsigned first, last;
	int n;

	if (streq(ids, "*"))
		return true;
	for (; sscanf(ids, " %x%n", &first, &n) == 1; ids += n) {
		ids += n;
		last = first;
		n = 0;
		if (*ids == '-')
			sscanf(ids, "-%x%n", &last, &n);
		if (first <= id && id <= last)
			return true;
	}
	return false;
}

/* Every id there is: those of the list, and no other. */
static void test_ids(void **state)
{
	const struct ids_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(arena_printf(
		a, "00:05.0 %s id=%x:0;%s", c->fn, c->vendor, c->more ? c->more : ""));
	uint32_t fn = t_find(m, "00:05.0");
	struct topology t;
	struct acs acs;

	topology_build(m, a, &t);
	acs_init(&acs, &t, &(struct acs_kernel){ 0 }, "", ACS_AS_RECORDED, a);
	for (unsigned id = 0; id <= 0xffff; id++) {
		bool is_listed = listed(c->ids, id);
		struct acs_state s;

		m->fns.v[fn].id.device = (uint16_t)id;
		s = acs_of(&acs, fn);
		if (s.on != is_listed || (s.why == ACS_QUIRK) != (is_listed || c->never))
			fail_msg("%04x:%04x: %s", c->vendor, id, format(a, &s));
	}
	machine_free(m);
}

/* kernel.md 3.3. Functions of several in a device, and ports, without ACS: so nothing but
 * a quirk can isolate. */
#define INTEL_MF                                                                         \
	"10c6 10db 10dd 10e1 10f1 10f7-10fc 1507 1514 151c 1529 152a 154d 154f 1551 "    \
	"1558 1509 150e-1511 1516 1527 10c9 10e6-10e8 150a 150d 1518 1526 10a7 10a9 "    \
	"10d6 1521-1524 105e 105f 1060 10d9 15b7 15b8"
#define INTEL_PCH                                                                        \
	"3b42-3b51 1c10-1c1f 1e10-1e1f 8c10-8c1f 9c10-9c1b 9c90-9c9b 1d10 1d12 1d14 "    \
	"1d16 1d18 1d1a 1d1c 1d1e 8d10-8d1e 8c90 8c92 8c94 8c96 8c98 8c9a 8c9c 8c9e"
#define INTEL_SPT "a110-a11f a167-a16a a290-a29f a2e7-a2ee 9d10-9d1b"
#define ZX_MF "3038 3104 9083"
#define CAVIUM_MF "a026 a059 a060"
#define BRCM "16d7 1750-1752 1760-1763 d714"
#define ATI_SB "4385 439c 4383 439d 4384 4399"
#define NXP                                                                              \
	"8d80-8d83 8d88-8d8b 8d90-8d93 8d98-8d9b 8da0 8da1 8da8 8da9 8db0 8db1 8db8 "    \
	"8db9"
#define QCOM "0400 0401 0115 0111 0120"
#define FAILED "klog pci 0000:00:1c.0: Failed to enable Intel PCH ACS quirk;"
#define IVRS "ivhd 00:00.2 00:00.0-ff:1f.7;"

/* clang-format off */
static struct ids_case ids_cases[] = {
	{ "ids: ATI southbridge, multifunction, with IVRS", 0x1002, "mf", IVRS, ATI_SB },
	{ "ids: AMD southbridge, multifunction, with IVRS", 0x1022, "mf", IVRS, "780f 7809" },
	{ "ids: ATI southbridge, without IVRS", 0x1002, "mf", NULL, "" },
	{ "ids: ATI southbridge, one function", 0x1002, "", IVRS, "" },
	{ "ids: Solarflare", 0x1924, "endpoint mf", NULL, "0903 0923 0a03" },
	{ "ids: Intel, endpoint", 0x8086, "endpoint mf", NULL, INTEL_MF },
	{ "ids: Intel, integrated endpoint", 0x8086, "rciep mf", NULL, "*" },
	{ "ids: Intel, root port", 0x8086, "root", NULL, INTEL_MF " " INTEL_PCH },
	{ "ids: Intel, root port with ACS as Sunrise Point has it", 0x8086, "root acs=1f/0 spt=1f/1d",
	  NULL, INTEL_MF " " INTEL_PCH " " INTEL_SPT },
	{ "ids: Intel, downstream port", 0x8086, "down", NULL, INTEL_MF },
	{ "ids: Qualcomm", 0x17cb, "root", NULL, QCOM },
	{ "ids: HXT", 0x1dbf, "root", NULL, "0401" },
	{ "ids: ServerEngines", 0x19a2, "endpoint mf", NULL, "0710" },
	{ "ids: Emulex", 0x10df, "endpoint mf", NULL, "0720" },
	{ "ids: Cavium, root port", 0x177d, "root", NULL, "a000-a7ff af84 b884" },
	{ "ids: Cavium, endpoint", 0x177d, "endpoint mf", NULL, CAVIUM_MF },
	{ "ids: Cavium, downstream port", 0x177d, "down", NULL, CAVIUM_MF },
	{ "ids: APM X-Gene", 0x10e8, "root", NULL, "e004" },
	{ "ids: Ampere", 0x1def, "root", NULL, "e005-e00c" },
	{ "ids: Broadcom, endpoint", 0x14e4, "endpoint mf", NULL, BRCM },
	{ "ids: Broadcom, root port", 0x14e4, "root", NULL, BRCM },
	{ "ids: Loongson", 0x0014, "root", NULL, "3c09 3c19 3c29 7a09 7a19 7a29 7a39 7a49 7a59 7a69" },
	{ "ids: Annapurna, root port", 0x1c36, "root", NULL, "0031" },
	{ "ids: Annapurna, endpoint", 0x1c36, "endpoint mf", NULL, "" },
	{ "ids: Zhaoxin, endpoint", 0x1d17, "endpoint mf", NULL, ZX_MF },
	{ "ids: Zhaoxin, root port", 0x1d17, "root", NULL, "0710-071e 0721 0723-0752 " ZX_MF, true },
	{ "ids: Zhaoxin, downstream port", 0x1d17, "down", NULL, "0710-071e 0721 0723-0752 " ZX_MF, true },
	{ "ids: Zhaoxin, root port with ACS on", 0x1d17, "root acs=1d/1d", NULL,
	  "0710-071e 0721 0723-0752 " ZX_MF, true },
	{ "ids: NXP", 0x1957, "root", NULL, NXP },
	{ "ids: Wangxun", 0x8088, "endpoint mf", NULL,
	  "0100-010f 1001 2001 5010 5025 5040 5110 5125 5140", true },
	{ "ids: a vendor without any", 0x10de, "endpoint mf", NULL, "" },
};
/* clang-format on */

/* ---- one function, in its place ---- */

struct state_case {
	const char *name, *lines;
	const char *fn;      /* NULL: 00:01.0 */
	const char *cmdline; /* NULL: "" */
	struct acs_kernel kernel;
	enum acs_registers registers;
	const char *want;
	const char *clause; /* NULL: not looked at */
	unsigned control;   /* what acs_control() says; 0: not looked at */
};

static bool has_acs(const struct machine *m, uint32_t fn)
{
	return cfg_find_ext_cap(m->fns.v[fn].config, PCI_EXT_CAP_ID_ACS);
}

static void test_state(void **state)
{
	const struct state_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	uint32_t fn = t_find(m, c->fn ? c->fn : "00:01.0");
	struct topology t;
	struct acs_state s;
	struct acs acs;
	uint16_t control = 0;

	topology_build(m, a, &t);
	acs_init(&acs, &t, &c->kernel, c->cmdline ? c->cmdline : "", c->registers, a);
	s = acs_of(&acs, fn);
	assert_string_equal(format(a, &s), c->want);
	if (c->clause)
		assert_string_equal(acs_clause(a, &s), c->clause);
	assert_int_equal(acs_control(&acs, fn, &control) > 0, has_acs(m, fn));
	if (c->control)
		assert_int_equal(control, c->control);
	machine_free(m);
}

#define ROOT(words) "00:01.0 root bus=1 " words ";"
#define MF2 "00:01.1 endpoint;"
/* A switch on a port. */
#define SWITCH                                                                           \
	"00:01.0 root bus=1-3 acs=1d/0; 01:00.0 up bus=2-3 acs=1d/0;"                    \
	"02:03.0 down bus=3 acs=1d/0 id=10b5:8747 sub=10b5:1234; 03:00.0 endpoint;"
#define NEW_KERNEL                                                                       \
	{                                                                                \
		.config_acs = true                                                       \
	}
#define PATCHED                                                                          \
	{                                                                                \
		.override = true                                                         \
	}
#define OFF ACS_OF_FIRMWARE
#define ELSE ACS_OF_ANOTHER

/* clang-format off */
static struct state_case state_cases[] = {
	/* kernel.md 3.2, acs_enabled(), by type. */
	{ "type: root port with all", ROOT("acs=1d/1d"), .want = "on control", .clause = "has ACS, which is on" },
	{ "type: root port without", ROOT(""), .want = "off absent", .clause = "has no ACS" },
	{ "type: upstream port, alone", "00:01.0 up bus=1;", .want = "on single",
	  .clause = "is the only function of its device" },
	{ "type: upstream port, one of several", "00:01.0 up mf bus=1;", .want = "off absent" },
	{ "type: downstream port without", "00:01.0 down bus=1;", .want = "off absent" },
	{ "type: downstream port is judged by ACS though alone", "00:01.0 down bus=1 acs=1d/5;", .want = "off control 18" },
	{ "type: endpoint, alone", "00:01.0 endpoint;", .want = "on single" },
	{ "type: endpoint, alone: its ACS does not matter", "00:01.0 endpoint acs=1d/0;", .want = "on single" },
	{ "type: endpoint, one of several", "00:01.0 endpoint mf;", .want = "off absent" },
	{ "type: endpoint, one of several with ACS", "00:01.0 endpoint mf acs=c/c;", .want = "on control" },
	{ "type: legacy endpoint, alone", "00:01.0 legacy;", .want = "on single" },
	{ "type: legacy endpoint, one of several", "00:01.0 legacy mf;", .want = "off absent" },
	{ "type: integrated endpoint, alone", "00:01.0 rciep;", .want = "on single" },
	{ "type: integrated endpoint, one of several", "00:01.0 rciep mf;", .want = "off absent" },
	{ "type: event collector: never", "00:01.0 rcec acs=1d/1d;", .want = "off bridge" },
	{ "type: PCIe to PCI bridge: never", "00:01.0 pcie-pci bus=1 acs=1d/1d;", .want = "off bridge",
	  .clause = "is a bridge between PCI Express and PCI, which ACS does not cover" },
	{ "type: PCI to PCIe bridge: never", "00:01.0 pci-pcie bus=1 acs=1d/1d;", .want = "off bridge" },
	{ "type: conventional", "00:01.0;", .want = "off legacy",
	  .clause = "is conventional PCI, which has no ACS" },
	{ "type: conventional, what looks like ACS", "00:01.0 acs=1d/1d;", .want = "off legacy" },
	{ "type: conventional bridge", "00:01.0 bridge bus=1;", .want = "off legacy" },

	/* flags_enabled(): what hardware has not counts as on. */
	{ "flags: nothing implemented", ROOT("acs=0/0"), .want = "on control" },
	{ "flags: only what is there must be on", ROOT("acs=5/5"), .want = "on control" },
	{ "flags: source validation off", ROOT("acs=1f/1c"), .want = "off control 1",
	  .clause = "has ACS with SrcValid off" },
	{ "flags: request redirect off", ROOT("acs=1f/19"), .want = "off control 4" },
	{ "flags: completion redirect off", ROOT("acs=1f/15"), .want = "off control 8" },
	{ "flags: upstream forwarding off", ROOT("acs=1f/d"), .want = "off control 10" },
	{ "flags: all off", ROOT("acs=1f/0"), .want = "off control 1d",
	  .clause = "has ACS with SrcValid, ReqRedir, CmpltRedir, UpstreamFwd off" },
	{ "flags: translation blocking is not asked for", ROOT("acs=1f/1d"), .want = "on control" },
	{ "flags: egress control is not asked for", ROOT("acs=7f/1d"), .want = "on control" },
	{ "flags: function beside another, redirects off", "00:01.0 endpoint mf acs=c/0;", .want = "off control c" },

	/* F28 */
	{ "IDT 80b5: source validation is masked", ROOT("acs=1d/1c id=111d:80b5"), .kernel = { .idt_no_sv = true }, .want = "on control" },
	{ "IDT 8090: source validation is masked", ROOT("acs=1d/1c id=111d:8090"), .kernel = { .idt_no_sv = true }, .want = "on control" },
	{ "IDT 80b5: not in older kernels", ROOT("acs=1d/1c id=111d:80b5"), .want = "off control 1" },
	{ "IDT 8061: no such port", ROOT("acs=1d/1c id=111d:8061"), .kernel = { .idt_no_sv = true }, .want = "off control 1" },
	{ "IDT 80b5: what a boot switches on", ROOT("acs=1d/0 id=111d:80b5"), .kernel = { .idt_no_sv = true }, .registers = OFF,
	  .want = "on control", .control = 0x1c },

	/* dev->multifunction is a function's own bit, for function 0. */
	{ "bit 7: function 1 has none and is one of several", "00:01.0 endpoint mf; " MF2, "00:01.1", .want = "off absent" },
	{ "bit 7: function 0 without, beside function 1", "00:01.0 endpoint; " MF2, .want = "on single" },
	{ "bit 7: function 0 with, alone", "00:01.0 endpoint mf;", .want = "off absent" },
	{ "bit 7: not recorded, a neighbour tells", "00:01.0 endpoint mf len=8; 00:01.1 endpoint len=8; 00:02.0 root bus=1;", .want = "off legacy assumed" },
	{ "a virtual function is alone", "00:02.0 endpoint mf sriov=8/8/1/10ca; 00:03.0 endpoint mf vf=00:02.0;", "00:03.0", .want = "on single" },
	{ "a virtual function at function 1 is alone", "00:02.0 endpoint mf sriov=8/1/1/10ca; 00:02.1 endpoint vf=00:02.0;", "00:02.1", .want = "on single" },
	{ "a virtual function without its own registers", "00:02.0 endpoint sriov=8/8/1/10ca; 00:03.0 vf=00:02.0;", "00:03.0", .want = "on single" },

	/* The order of the table. */
	{ "order: integrated endpoint before chipset port", "00:01.0 rciep mf id=8086:9d10;" FAILED, .want = "on quirk Intel integrated endpoint" },
	{ "order: integrated endpoint with an id of a chipset port", "00:01.0 rciep mf id=8086:1c10;" FAILED, .want = "on quirk Intel integrated endpoint" },
	{ "order: network card before integrated endpoint", "00:01.0 rciep mf id=8086:15b8;", .want = "on quirk functions without peer-to-peer" },
	{ "order: Zhaoxin functions before its ports", ROOT("id=1d17:3104"), .want = "on quirk functions without peer-to-peer" },
	{ "PCH: switched on", ROOT("id=8086:1c10"), .want = "on quirk Intel PCH root port",
	  .clause = "isolates without ACS, as the kernel knows (quirk: Intel PCH root port)" },
	{ "PCH: failed at boot, definitely not", ROOT("id=8086:1c10") FAILED, .want = "off quirk Intel PCH root port",
	  .clause = "does not isolate, whatever its ACS says (quirk: Intel PCH root port)" },
	{ "PCH: failed, no override helps", ROOT("id=8086:1c10") FAILED, .cmdline = "pcie_acs_override=downstream,id:8086:1c10",
	  .kernel = PATCHED, .want = "off quirk Intel PCH root port" },
	{ "PCH: failed, its ACS does not matter", ROOT("id=8086:1c10 acs=1d/1d") FAILED, .want = "off quirk Intel PCH root port" },
	{ "PCH: an endpoint of this id", "00:01.0 endpoint mf id=8086:1c10;", .want = "off absent" },
	{ "PCH: not every failure is its", ROOT("id=8086:1c10") "klog pci 0000:00:1c.0: Failed to enable ACS;", .want = "on quirk Intel PCH root port" },
	{ "SPT: control is 8 bytes on, not 6", ROOT("id=8086:a110 spt=1f/1d"), .want = "on quirk Intel SPT PCH root port" },
	{ "SPT: what stands 6 bytes on does not count", ROOT("id=8086:a110 acs=1f/1d spt=1f/4"), .want = "off quirk 19 Intel SPT PCH root port",
	  .clause = "has ACS with SrcValid, CmpltRedir, UpstreamFwd off" },
	{ "SPT: never recorded", ROOT("id=8086:a110 spt=1f/0"), .want = "on quirk Intel SPT PCH root port assumed" },
	{ "SPT: a boot switches it on", ROOT("id=8086:a110 spt=1f/0"), .registers = OFF, .want = "on quirk Intel SPT PCH root port" },
	{ "SPT: without ACS no opinion", ROOT("id=8086:a110"), .want = "off absent" },
	{ "SPT: without ACS the override is asked", ROOT("id=8086:a110"), .cmdline = "pcie_acs_override=downstream", .kernel = PATCHED, .want = "on override" },
	{ "SPT: disable_acs_redir", ROOT("id=8086:a110 spt=1f/0"), .registers = OFF, .cmdline = "pci=disable_acs_redir=00:01.0", .want = "off quirk c Intel SPT PCH root port" },
	{ "SPT: config_acs does no more than that", ROOT("id=8086:a110 spt=1f/0"), .registers = OFF, .cmdline = "pci=config_acs=0011111@00:01.0",
	  .kernel = NEW_KERNEL, .want = "off quirk c Intel SPT PCH root port" },
	{ "Zhaoxin: definitely not, with ACS on", ROOT("id=1d17:0700 acs=1d/1d"), .want = "off quirk Zhaoxin port" },
	{ "Zhaoxin: no override helps", ROOT("id=1d17:0700"), .cmdline = "pcie_acs_override=downstream", .kernel = PATCHED, .want = "off quirk Zhaoxin port" },
	{ "Zhaoxin: an upstream port has no quirk", "00:01.0 up mf bus=1 id=1d17:0700;", .want = "off absent" },
	{ "Zhaoxin: conventional has no quirk", "00:01.0 id=1d17:0700;", .want = "off legacy" },
	{ "Wangxun: another device, though alone", "00:01.0 endpoint id=8088:0200;", .want = "off quirk Wangxun device" },
	{ "Wangxun: no override helps", "00:01.0 endpoint mf id=8088:0200;", .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "off quirk Wangxun device" },
	{ "a quirk before missing bits", "00:01.0 endpoint mf id=8086:10c9 acs=c/0;", .want = "on quirk functions without peer-to-peer" },
	{ "southbridge: function 1 counts as one of several", "00:01.0 mf; 00:01.1 id=1002:4385;" IVRS, "00:01.1", .want = "on quirk AMD southbridge" },
	{ "southbridge: behind a bridge", ROOT("acs=1d/1d") "01:00.0 mf id=1002:4385;" IVRS, "01:00.0", .want = "off legacy" },
	{ "southbridge: alone", "00:01.0 id=1022:780f;" IVRS, .want = "off legacy" },
	{ "southbridge: no IVRS", "00:01.0 mf id=1022:780f;", .want = "off legacy" },

	/* Registers that were not recorded. */
	{ "unrecorded: a chipset's bridge to PCI by its ids", "00:1e.0 bridge bus=1 len=40 id=8086:244e;", "00:1e.0", .want = "off legacy assumed" },
	{ "unrecorded: a bridge known by its ids", ROOT("len=40") "01:00.0 bridge bus=2 len=40 id=1b21:1080;", "01:00.0", .want = "off bridge assumed" },
	{ "unrecorded: a port is taken to have ACS", ROOT("len=100"), .want = "on control assumed" },
	{ "unrecorded: a function of several to have none", "00:01.0 endpoint mf len=100;", .want = "off absent assumed",
	  .clause = "has no ACS (assumed)" },
	{ "unrecorded: header only, bridge on a root bus", ROOT("len=40"), .want = "on control assumed" },
	{ "unrecorded: header only, below a port", ROOT("len=40") "01:00.0 endpoint len=40;", "01:00.0", .want = "on single assumed" },
	{ "unrecorded: nothing", "00:01.0 root len=0;", .want = "off legacy assumed" },

	/* What a boot sets: pci_std_enable_acs(). */
	{ "boot: with IOMMU all is on", ROOT("acs=1f/0"), .registers = OFF, .want = "on control", .control = 0x1d },
	{ "boot: only what is there", ROOT("acs=5/0"), .registers = OFF, .want = "on control", .control = 0x5 },
	{ "boot: more than firmware had set", ROOT("acs=7f/62"), .registers = OFF, .want = "on control", .control = 0x7f },
	{ "boot: recorded is recorded", ROOT("acs=1f/4"), .want = "off control 19", .control = 0x4 },
	{ "boot: another one", ROOT("acs=1f/4"), .registers = ELSE, .want = "on control", .control = 0x1d },

	/* pci=disable_acs_redir= */
	{ "redir: by address", SWITCH, "02:03.0", "pci=disable_acs_redir=02:03.0", .registers = OFF, .want = "off control c", .control = 0x11 },
	{ "redir: by address with domain", SWITCH, "02:03.0", "pci=disable_acs_redir=0000:02:03.0", .registers = OFF, .want = "off control c" },
	{ "redir: by path", SWITCH, "02:03.0", "pci=disable_acs_redir=00:01.0/00.0/03.0", .registers = OFF, .want = "off control c" },
	{ "redir: by path from the middle", SWITCH, "02:03.0", "pci=disable_acs_redir=01:00.0/03.0", .registers = OFF, .want = "off control c" },
	{ "redir: another path", SWITCH, "02:03.0", "pci=disable_acs_redir=00:02.0/00.0/03.0", .registers = OFF, .want = "on control" },
	{ "redir: a path that goes on", SWITCH, "02:03.0", "pci=disable_acs_redir=00:01.0/00.0", .registers = OFF, .want = "on control" },
	{ "redir: a path above the root", SWITCH, "00:01.0", "pci=disable_acs_redir=00:00.0/01.0", .registers = OFF, .want = "on control" },
	{ "redir: by ids", SWITCH, "02:03.0", "pci=disable_acs_redir=pci:10b5:8747", .registers = OFF, .want = "off control c" },
	{ "redir: by other ids", SWITCH, "02:03.0", "pci=disable_acs_redir=pci:10b5:8748", .registers = OFF, .want = "on control" },
	{ "redir: 0 is any vendor", SWITCH, "02:03.0", "pci=disable_acs_redir=pci:0:8747", .registers = OFF, .want = "off control c" },
	{ "redir: 0 is any device", SWITCH, "01:00.0", "pci=disable_acs_redir=pci:1af4:0", .registers = OFF, .want = "on single", .control = 0x11 },
	{ "redir: by subsystem ids", ROOT("acs=1d/0") "00:02.0 endpoint mf acs=c/0 sub=1028:85a;", "00:02.0", "pci=disable_acs_redir=pci:0:0:1028:85a", .registers = OFF, .want = "off control c" },
	{ "redir: by other subsystem ids", ROOT("acs=1d/0") "00:02.0 endpoint mf acs=c/0 sub=1028:85a;", "00:02.0", "pci=disable_acs_redir=pci:0:0:1028:85b", .registers = OFF, .want = "on control" },
	{ "redir: three ids are two", ROOT("acs=1d/0") "00:02.0 endpoint mf acs=c/0 sub=1028:85a;", "00:02.0", "pci=disable_acs_redir=pci:0:0:1043", .registers = OFF, .want = "off control c" },
	{ "redir: one id is none", ROOT("acs=1d/0"), .cmdline = "pci=disable_acs_redir=pci:1af4;00:01.0", .registers = OFF, .want = "on control" },
	{ "redir: the first of several", SWITCH, "02:03.0", "pci=disable_acs_redir=02:03.0;01:00.0", .registers = OFF, .want = "off control c" },
	{ "redir: the last of several", SWITCH, "02:03.0", "pci=disable_acs_redir=01:00.0;pci:1:2;02:03.0", .registers = OFF, .want = "off control c" },
	{ "redir: nothing behind what is no device", SWITCH, "02:03.0", "pci=disable_acs_redir=junk;02:03.0", .registers = OFF, .want = "on control" },
	{ "redir: an empty one ends it", SWITCH, "02:03.0", "pci=disable_acs_redir=;02:03.0", .registers = OFF, .want = "on control" },
	{ "redir: but what stands before it holds", SWITCH, "02:03.0", "pci=disable_acs_redir=02:03.0;junk", .registers = OFF, .want = "off control c" },
	{ "redir: among other options", SWITCH, "02:03.0", "quiet pci=noaer,disable_acs_redir=02:03.0,nomsi ro", .registers = OFF, .want = "off control c" },
	{ "redir: the last word counts", SWITCH, "02:03.0", "pci=disable_acs_redir=02:03.0 pci=disable_acs_redir=01:00.0", .registers = OFF, .want = "on control" },
	{ "redir: two options pci=", SWITCH, "02:03.0", "pci=disable_acs_redir=02:03.0 pci=noaer", .registers = OFF, .want = "off control c" },
	{ "redir: without redirects nothing changes", ROOT("acs=11/0"), .cmdline = "pci=disable_acs_redir=00:01.0", .registers = OFF, .want = "on control", .control = 0x11 },
	{ "redir: later kernels leave the rest to firmware", SWITCH, "02:03.0", "pci=disable_acs_redir=02:03.0", NEW_KERNEL, OFF, .want = "off control 1d" },
	{ "redir: which had set some", ROOT("acs=1d/1"), .cmdline = "pci=disable_acs_redir=00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 1c", .control = 1 },
	{ "redir: recorded under it", ROOT("acs=1d/11"), .cmdline = "pci=disable_acs_redir=00:01.0", .want = "off control c", .control = 0x11 },

	/* pci=config_acs= */
	{ "config: all bits that matter", ROOT("acs=5f/0"), .cmdline = "pci=config_acs=0011101@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control", .control = 0x1d },
	{ "config: the last digit is the lowest bit", ROOT("acs=5f/0"), .cmdline = "pci=config_acs=11110@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 1", .control = 0x1e },
	{ "config: the first digit is the highest", ROOT("acs=5f/0"), .cmdline = "pci=config_acs=1011101@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control", .control = 0x5d },
	{ "config: x is what firmware had", ROOT("acs=1d/14"), .cmdline = "pci=config_acs=x1xx1@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control", .control = 0x1d },
	{ "config: x is not what the kernel had set", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=x1xx1@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 14", .control = 9 },
	{ "config: bits not named are as x", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=1@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 1c", .control = 1 },
	{ "config: X is x", ROOT("acs=1d/1d"), .cmdline = "pci=config_acs=XX0XX@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 4", .control = 0x19 },
	{ "config: firmware unknown, x is taken as off", ROOT("acs=1d/1d"), .cmdline = "pci=config_acs=xx1xx@00:01.0", .kernel = NEW_KERNEL, .registers = ELSE, .want = "off control 19", .control = 4 },
	{ "config: recorded under it, x is as recorded", ROOT("acs=1d/1d"), .cmdline = "pci=config_acs=xx1xx@00:01.0", .kernel = NEW_KERNEL, .want = "on control", .control = 0x1d },
	{ "config: older kernels do not know it", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=0000000@00:01.0", .registers = OFF, .want = "on control", .control = 0x1d },
	{ "config: another digit: passed over", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=00200@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control" },
	{ "config: and all behind it", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=2@01:00.0;00000@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control" },
	{ "config: no bits", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control" },
	{ "config: a bit that has no name", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=10000000@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control" },
	{ "config: an x where no bit has a name", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=xx0000000@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 1d" },
	{ "config: several, the second", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=0011101@01:00.0;0000000@00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "off control 1d" },
	{ "config: several, the first that matches", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=0011101@00:01.0;0000000@pci:0:0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control", .control = 0x1d },
	{ "config: it comes after disable_acs_redir", ROOT("acs=1d/0"), .cmdline = "pci=config_acs=0011101@00:01.0,disable_acs_redir=00:01.0", .kernel = NEW_KERNEL, .registers = OFF, .want = "on control", .control = 0x1d },

	/* pcie_acs_override=, kernel.md 3.7 */
	{ "override: downstream, root port", ROOT(""), .cmdline = "pcie_acs_override=downstream", .kernel = PATCHED, .want = "on override",
	  .clause = "is taken to isolate because pcie_acs_override= says so" },
	{ "override: downstream, downstream port", "00:01.0 down bus=1;", .cmdline = "pcie_acs_override=downstream", .kernel = PATCHED, .want = "on override" },
	{ "override: downstream is not for endpoints", "00:01.0 endpoint mf;", .cmdline = "pcie_acs_override=downstream", .kernel = PATCHED, .want = "off absent" },
	{ "override: downstream is not for upstream ports", "00:01.0 up mf bus=1;", .cmdline = "pcie_acs_override=downstream", .kernel = PATCHED, .want = "off absent" },
	{ "override: multifunction, endpoint", "00:01.0 endpoint mf;", .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "on override" },
	{ "override: multifunction, upstream port", "00:01.0 up mf bus=1;", .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "on override" },
	{ "override: multifunction, legacy endpoint", "00:01.0 legacy mf;", .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "on override" },
	{ "override: multifunction, integrated endpoint", "00:01.0 rciep mf;", .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "on override" },
	{ "override: multifunction is not for ports", ROOT("mf"), .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "off absent" },
	{ "override: multifunction needs several", "00:01.0 endpoint;", .cmdline = "pcie_acs_override=multifunction", .kernel = PATCHED, .want = "on single" },
	{ "override: both", ROOT(""), .cmdline = "pcie_acs_override=downstream,multifunction", .kernel = PATCHED, .want = "on override" },
	{ "override: both, the other way round", ROOT(""), .cmdline = "pcie_acs_override=multifunction,downstream", .kernel = PATCHED, .want = "on override" },
	{ "override: by id", ROOT("id=10de:1e84"), .cmdline = "pcie_acs_override=id:10de:1e84", .kernel = PATCHED, .want = "on override" },
	{ "override: by id, whatever its type", "00:01.0 pcie-pci bus=1 id=10de:1e84;", .cmdline = "pcie_acs_override=id:10de:1e84", .kernel = PATCHED, .want = "on override" },
	{ "override: by another id", ROOT("id=10de:1e85"), .cmdline = "pcie_acs_override=id:10de:1e84", .kernel = PATCHED, .want = "off absent" },
	{ "override: 0 is not any device", ROOT("id=10de:1e84"), .cmdline = "pcie_acs_override=id:10de:0000", .kernel = PATCHED, .want = "off absent" },
	{ "override: not for conventional ones", "00:01.0 id=10de:1e84;", .cmdline = "pcie_acs_override=downstream,multifunction,id:10de:1e84", .kernel = PATCHED, .want = "off legacy" },
	{ "override: not over a capability", ROOT("acs=1d/0 id=10de:1e84"), .cmdline = "pcie_acs_override=downstream,id:10de:1e84", .kernel = PATCHED, .want = "off control 1d" },
	{ "override: a kernel without the patch", ROOT(""), .cmdline = "pcie_acs_override=downstream", .want = "off absent" },
	{ "override: the 15th id", ROOT("id=10de:000f"), .kernel = PATCHED, .want = "on override", .cmdline = "pcie_acs_override="
	  "id:10de:0001,id:10de:0002,id:10de:0003,id:10de:0004,id:10de:0005,id:10de:0006,id:10de:0007,id:10de:0008,"
	  "id:10de:0009,id:10de:000a,id:10de:000b,id:10de:000c,id:10de:000d,id:10de:000e,id:10de:000f" },
	{ "override: the 16th is one too many", ROOT("id=10de:0010"), .kernel = PATCHED, .want = "off absent", .cmdline = "pcie_acs_override="
	  "id:10de:0001,id:10de:0002,id:10de:0003,id:10de:0004,id:10de:0005,id:10de:0006,id:10de:0007,id:10de:0008,"
	  "id:10de:0009,id:10de:000a,id:10de:000b,id:10de:000c,id:10de:000d,id:10de:000e,id:10de:000f,id:10de:0010" },
	{ "override: an id of three digits", ROOT("id=10de:01e8"), .cmdline = "pcie_acs_override=id:10de:1e8,multifunction", .kernel = PATCHED, .want = "off absent" },
	{ "override: an id that is none", ROOT("id=10de:1e84"), .cmdline = "pcie_acs_override=id:10deg1e84", .kernel = PATCHED, .want = "off absent" },
	{ "override: a bad id does not harm the next", ROOT("id=10de:1e84"), .cmdline = "pcie_acs_override=id:zz,id:10de:1e84", .kernel = PATCHED, .want = "on override" },
	{ "override: without value", ROOT(""), .cmdline = "pcie_acs_override", .kernel = PATCHED, .want = "off absent" },
	{ "override: another word", ROOT(""), .cmdline = "pcie_acs_override=upstream", .kernel = PATCHED, .want = "off absent" },
	{ "override: twice, both count", ROOT("id=10de:1e84"), .cmdline = "pcie_acs_override=id:10de:1e84 pcie_acs_override=multifunction", .kernel = PATCHED, .want = "on override" },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(ids_cases) + ARRAY_SIZE(state_cases)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ids_cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = ids_cases[i].name,
						  .test_func = test_ids,
						  .initial_state = &ids_cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(state_cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = state_cases[i].name,
						  .test_func = test_state,
						  .initial_state = &state_cases[i] };
	return cmocka_run_group_tests_name("acs", tests, NULL, NULL);
}
