/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot log tells of functions: lines in the forms that drivers/pci of Linux 3.2 to
 * 7.1 prints, and the headers that follow from them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <pci/header.h>

#include "fakesys/import-log.h"

/* ---- lines ---- */

struct line_case {
	const char *name, *line, *want;
};

static const char *describe(struct arena *a, const struct log_line *l)
{
	static const char *const plain[] = {
		[LOG_OTHER] = "other",     [LOG_ODD] = "odd",   [LOG_KNOWN] = "known",
		[LOG_EXPRESS] = "express", [LOG_PORT] = "port",
	};
	char bdf[BDF_SIZE];

	switch (l->what) {
	case LOG_FOUND:
		return arena_printf(a, "%s %04x:%04x %06x header %u port %d",
				    bdf_format(l->bdf, bdf), l->id.vendor, l->id.device,
				    l->id.class, l->header, l->port);
	case LOG_BUSES:
		return arena_printf(a, "%s buses %02x-%02x", bdf_format(l->bdf, bdf),
				    l->secondary, l->subordinate);
	case LOG_REGION:
		return arena_printf(
			a, "%s region %u %llx-%llx %llx", bdf_format(l->bdf, bdf),
			l->region, (unsigned long long)l->res.start,
			(unsigned long long)l->res.end, (unsigned long long)l->res.flags);
	case LOG_ROOT_BUS:
		return arena_printf(a, "root %04x:%02x", l->bdf.domain, l->bdf.bus);
	default:
		return plain[l->what];
	}
}

static void test_line(void **state)
{
	const struct line_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct log_line l;

	import_log_read(c->line, &l);
	assert_string_equal(describe(a, &l), c->want);
}

static struct line_case line_cases[] = {
	/* clang-format off */
	{ "found, 3.3 to 6.9", "pci 0000:00:00.0: [8086:3ec4] type 00 class 0x060000",
	  "0000:00:00.0 8086:3ec4 060000 header 0 port -1" },
	{ "found, before 3.3", "pci 0000:00:00.0: [8086:2a40] type 0 class 0x000600",
	  "0000:00:00.0 8086:2a40 060000 header 0 port -1" },
	{ "found, a class without meaning", "pci 0000:00:09.0: [1af4:1110] type 00 class 0x00ff00",
	  "0000:00:09.0 1af4:1110 00ff00 header 0 port -1" },
	{ "found, a root port", "pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port",
	  "0000:00:01.0 8086:1901 060400 header 1 port 4" },
	{ "found, an endpoint", "pci 0000:01:00.0: [10de:1244] type 00 class 0x030000 PCIe Endpoint",
	  "0000:01:00.0 10de:1244 030000 header 0 port 0" },
	{ "found, a legacy endpoint", "pci 0000:01:00.0: [10de:1244] type 00 class 0x030000 PCIe Legacy Endpoint",
	  "0000:01:00.0 10de:1244 030000 header 0 port 1" },
	{ "found, an upstream port", "pci 0000:02:00.0: [1022:43f4] type 01 class 0x060400 PCIe Switch Upstream Port",
	  "0000:02:00.0 1022:43f4 060400 header 1 port 5" },
	{ "found, a downstream port", "pci 0000:03:08.0: [1022:43f5] type 01 class 0x060400 PCIe Switch Downstream Port",
	  "0000:03:08.0 1022:43f5 060400 header 1 port 6" },
	{ "found, a bridge to PCI", "pci 0000:05:00.0: [1b21:1080] type 01 class 0x060401 PCIe to PCI/PCI-X bridge",
	  "0000:05:00.0 1b21:1080 060401 header 1 port 7" },
	{ "found, an integrated endpoint",
	  "pci 0000:00:14.3: [8086:7af0] type 00 class 0x028000 PCIe Root Complex Integrated Endpoint",
	  "0000:00:14.3 8086:7af0 028000 header 0 port 9" },
	{ "found, an event collector",
	  "pci 0000:00:00.4: [8086:0b23] type 00 class 0x080700 PCIe Root Complex Event Collector",
	  "0000:00:00.4 8086:0b23 080700 header 0 port 10" },
	{ "found, conventional", "pci 0000:00:1f.0: [8086:7a04] type 00 class 0x060100 conventional PCI endpoint",
	  "0000:00:1f.0 8086:7a04 060100 header 0 port -2" },
	{ "found, in a domain of five digits", "pci 10000:e0:1d.0: [8086:a2e9] type 01 class 0x060400",
	  "10000:e0:1d.0 8086:a2e9 060400 header 1 port -1" },
	{ "found, but damaged", "pci 0000:00:00.0: [8086:3ec] type 00 class 0x060000", "odd" },
	{ "one bus", "pci 0000:00:01.0: PCI bridge to [bus 01]", "0000:00:01.0 buses 01-01" },
	{ "several buses", "pci 0000:00:01.0: PCI bridge to [bus 0a-1f]", "0000:00:01.0 buses 0a-1f" },
	{ "buses that a driver's bridge has", "pcieport 0000:00:1c.0: PCI bridge to [bus 03-3c]",
	  "0000:00:1c.0 buses 03-3c" },
	{ "subtractive decode", "pci 0000:00:1e.0: PCI bridge to [bus 04] (subtractive decode)",
	  "0000:00:1e.0 buses 04-04" },
	{ "buses backwards", "pci 0000:00:01.0: PCI bridge to [bus 02-01]", "odd" },
	{ "I/O window", "pci 0000:00:01.0:   bridge window [io  0xe000-0xefff]",
	  "0000:00:01.0 region 13 e000-efff 100" },
	{ "memory window", "pci 0000:00:01.0:   bridge window [mem 0xdc000000-0xde0fffff]",
	  "0000:00:01.0 region 14 dc000000-de0fffff 200" },
	{ "prefetchable window", "pci 0000:00:01.0:   bridge window [mem 0xd0000000-0xdbffffff pref]",
	  "0000:00:01.0 region 15 d0000000-dbffffff 2200" },
	{ "64-bit prefetchable window",
	  "pci 0000:00:01.0:   bridge window [mem 0x4000000000-0x40ffffffff 64bit pref]",
	  "0000:00:01.0 region 15 4000000000-40ffffffff 102201" },
	{ "window, assigned", "pci 0000:00:1c.4: bridge window [mem 0xdf000000-0xdf0fffff]: assigned",
	  "0000:00:1c.4 region 14 df000000-df0fffff 200" },
	{ "window, assigned before 6.9", "pci 0000:00:1c.4: BAR 15: assigned [mem 0xa0000000-0xa01fffff 64bit pref]",
	  "0000:00:1c.4 region 15 a0000000-a01fffff 102201" },
	{ "window, released", "pcieport 0000:00:1c.4: bridge window [mem 0xdf000000-0xdf0fffff]: releasing",
	  "0000:00:1c.4 region 14 0-0 0" },
	{ "window that is a wish", "pci 0000:00:1c.0: bridge window [io  0x1000-0x0fff] to [bus 02] add_size 1000",
	  "known" },
	{ "window without a place", "pci 0000:00:1c.0: bridge window [io  size 0x1000]: can't assign; no space", "known" },
	{ "window of the bus above", "pci 0000:00:1e.0:   bridge window [mem 0x000a0000-0x000bffff] (subtractive decode)",
	  "known" },
	{ "register", "pci 0000:00:02.0: reg 0x10: [mem 0xde000000-0xdeffffff 64bit]",
	  "0000:00:02.0 region 0 de000000-deffffff 140204" },
	{ "register, before 3.9", "pci 0000:00:02.0: reg 18: [mem 0xd0000000-0xdfffffff 64bit pref]",
	  "0000:00:02.0 region 2 d0000000-dfffffff 14220c" },
	{ "register of ports", "pci 0000:00:02.0: reg 0x20: [io  0xf000-0xf03f]",
	  "0000:00:02.0 region 4 f000-f03f 40101" },
	{ "register of the ROM", "pci 0000:01:00.0: reg 0x30: [mem 0xfff80000-0xffffffff pref]",
	  "0000:01:00.0 region 6 fff80000-ffffffff 46200" },
	{ "register of a bridge's ROM", "pci 0000:01:00.0: reg 0x38: [mem 0xfff80000-0xffffffff pref]",
	  "0000:01:00.0 region 6 fff80000-ffffffff 46200" },
	{ "register of virtual functions", "pci 0000:0a:00.0: reg 0x184: [mem 0xfe204000-0xfe207fff 64bit]", "known" },
	{ "BAR, from 6.9 on", "pci 0000:00:02.0: BAR 0 [mem 0x6000000000-0x6000ffffff 64bit]",
	  "0000:00:02.0 region 0 6000000000-6000ffffff 140204" },
	{ "BAR, assigned from 6.9 on", "pci 0000:00:02.0: BAR 0 [mem 0xde000000-0xdeffffff]: assigned",
	  "0000:00:02.0 region 0 de000000-deffffff 40200" },
	{ "BAR, assigned before", "pci 0000:00:02.0: BAR 6: assigned [mem 0x000c0000-0x000dffff pref]",
	  "0000:00:02.0 region 6 c0000-dffff 46200" },
	{ "BAR, released", "pci 0000:00:02.0: BAR 0: releasing [mem 0xde000000-0xdeffffff]",
	  "0000:00:02.0 region 0 0-0 0" },
	{ "BAR without a place", "pci 0000:00:02.0: BAR 0 [mem size 0x01000000]: failed to assign", "known" },
	{ "BAR that nothing claims", "pci 0000:00:02.0: BAR 0 [mem 0xde000000-0xdeffffff]: can't claim; no compatible bridge window",
	  "known" },
	{ "BAR of the frame buffer", "pci 0000:00:02.0: BAR 2: assigned to efifb", "known" },
	{ "BAR that ends before it starts", "pci 0000:00:02.0: BAR 0 [mem 0xdeffffff-0xde000000]", "known" },
	{ "BAR 17", "pci 0000:00:02.0: BAR 17 [mem 0xde000000-0xdeffffff]", "known" },
	{ "ROM, from 6.9 on", "pci 0000:01:00.0: ROM [mem 0xfff80000-0xffffffff pref]",
	  "0000:01:00.0 region 6 fff80000-ffffffff 46200" },
	{ "shadowed ROM", "pci 0000:00:02.0: Video device with shadowed ROM at [mem 0x000c0000-0x000dffff]",
	  "0000:00:02.0 region 6 c0000-dffff 212" },
	{ "region of all virtual functions, before 6.9",
	  "pci 0000:0a:00.0: VF(n) BAR0 space: [mem 0xfe204000-0xfe213fff 64bit] (contains BAR0 for 4 VFs)",
	  "0000:0a:00.0 region 7 fe204000-fe213fff 140204" },
	{ "region of all virtual functions, from 6.9 on",
	  "pci 0000:0a:00.0: VF BAR 0 [mem 0xfe204000-0xfe213fff 64bit]: contains BAR 0 for 4 VFs",
	  "0000:0a:00.0 region 7 fe204000-fe213fff 140204" },
	{ "region of one virtual function", "pci 0000:0a:00.0: VF BAR 0 [mem 0xfe204000-0xfe207fff 64bit]", "express" },
	{ "a range without end", "pci 0000:00:02.0: reg 0x10: [mem ", "odd" },
	{ "port driver", "pcieport 0000:00:1c.0: PME: Signaling with IRQ 122", "port" },
	{ "port driver of 4.x", "pcieport 0000:00:1c.0: Signaling PME through PCIe PME interrupt", "port" },
	{ "port driver's service", "pcie_pme 0000:00:1c.0:pcie001: service driver pcie_pme loaded", "port" },
	{ "hot-plug slot", "pcieport 0000:00:1c.0: pciehp: Slot #3 AttnBtn- PwrCtrl-", "port" },
	{ "extended tags", "pci 0000:01:00.0: enabling Extended Tags", "express" },
	{ "bandwidth", "pci 0000:01:00.0: 8.000 Gb/s available PCIe bandwidth, limited by 5.0 GT/s PCIe x2 link at 0000:00:1c.0",
	  "express" },
	{ "ACS quirk", "pci 0000:00:1c.0: Intel SPT PCH root port ACS workaround enabled", "express" },
	{ "ACS quirk that failed", "pci 0000:00:1c.0: Failed to enable Intel PCH ACS quirk", "express" },
	{ "DMA alias", "pci 0000:05:00.0: Enabling fixed DMA alias to 00.0", "known" },
	{ "power states", "pci 0000:00:02.0: supports D1 D2", "known" },
	{ "PME", "pci 0000:00:02.0: PME# supported from D0 D3hot D3cold", "known" },
	{ "group", "pci 0000:00:02.0: Adding to iommu group 0", "known" },
	{ "root bus", "pci_bus 0000:00: root bus resource [bus 00-fe]", "root 0000:00" },
	{ "a bus below", "pci_bus 0000:01: resource 0 [io  0xe000-0xefff]", "other" },
	{ "words of tomorrow", "pci 0000:00:02.0: entangled with 0000:00:03.0", "odd" },
	{ "words of a driver", "e1000e 0000:00:1f.6: rejoiced", "other" },
	{ "no function", "usb 1-1: new device", "other" },
	{ "nothing", "", "other" },
	/* clang-format on */
};

/* ---- machines ---- */

struct header_case {
	const char *name, *log;
	/* bytes of config/its size, header type, port type (-1: none), buses, of each */
	const char *want[5];
	const char *why; /* part of why the first one's config is unknown */
};

static struct machine *import(const char *log)
{
	struct machine *m = machine_new();
	struct err e = { "" };

	if (import_dmesg(m, "D", log, NULL, &e) < 0 || import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static void test_header(void **state)
{
	const struct header_case *c = *state;
	AUTOMACHINE struct machine *m = import(c->log);
	char bdf[BDF_SIZE];

	for (size_t i = 0; i < m->fns.n; i++) {
		const struct pci_fn *fn = &m->fns.v[i];

		assert_non_null(c->want[i]);
		assert_string_equal(
			arena_printf(m->arena, "%s %zu/%u %02x %d %02x-%02x-%02x",
				     bdf_format(fn->bdf, bdf) + 5, fn->config.len,
				     fn->config_size, cfg_u8(fn->config, PCI_HEADER_TYPE),
				     cfg_pcie_type(fn->config),
				     cfg_u8(fn->config, PCI_PRIMARY_BUS),
				     cfg_u8(fn->config, PCI_SECONDARY_BUS),
				     cfg_u8(fn->config, PCI_SUBORDINATE_BUS)),
			c->want[i]);
		assert_int_equal(cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_ACS), 0);
		assert_non_null(machine_unknown(m, "functions/%s/config", bdf));
	}
	assert_null(c->want[m->fns.n]);
	bdf_format(m->fns.v[0].bdf, bdf);
	if (!strstr(machine_unknown(m, "functions/%s/config", bdf), c->why))
		fail_msg("%s", machine_unknown(m, "functions/%s/config", bdf));
}

#define ROOT "[    0.1] pci_bus 0000:00: root bus resource [bus 00-fe]\n"
#define PORT(bdf) "[    0.1] pci 0000:" bdf ": [8086:1901] type 01 class 0x060400\n"
#define BUSES(bdf, buses) "[    0.1] pci 0000:" bdf ": PCI bridge to [bus " buses "]\n"
#define PME(bdf) "[    0.5] pcieport 0000:" bdf ": PME: Signaling with IRQ 122\n"
#define CARD(bdf) "[    0.1] pci 0000:" bdf ": [10de:1244] type 00 class 0x030000\n"
#define TOLD "the type of port, but no other capability: whether it has ACS is not known"
#define OLD "neither whether this function is PCI Express nor any capability"
static struct header_case header_cases[] = {
	/* clang-format off */
	{ "the log tells the type", ROOT
	  "[    0.1] pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port\n" BUSES("00:01.0", "01")
	  "[    0.1] pci 0000:01:00.0: [10de:1244] type 00 class 0x030000 PCIe Endpoint\n",
	  { "00:01.0 256/4096 01 4 00-01-01", "01:00.0 256/4096 00 0 00-00-00" }, TOLD },
	{ "conventional", ROOT
	  "[    0.1] pci 0000:00:1f.0: [8086:7a04] type 00 class 0x060100 conventional PCI endpoint\n",
	  { "00:1f.0 64/256 00 -1 00-00-00" }, "conventional PCI function" },
	{ "an old log tells nothing", ROOT CARD("00:02.0"), { "00:02.0 64/256 00 -1 00-00-00" }, OLD },
	{ "a bridge without port driver", ROOT PORT("00:01.0") BUSES("00:01.0", "01") CARD("01:00.0"),
	  { "00:01.0 64/256 01 -1 00-01-01", "01:00.0 64/256 00 -1 00-00-00" }, OLD },
	{ "the port driver has a bridge of a root bus", ROOT PORT("00:01.0") BUSES("00:01.0", "01") CARD("01:00.0")
	  PME("00:01.0"),
	  { "00:01.0 256/4096 01 4 00-01-01", "01:00.0 64/4096 00 -1 00-00-00" }, TOLD },
	{ "the same where no root bus is told", PORT("00:01.0") BUSES("00:01.0", "01") PME("00:01.0"),
	  { "00:01.0 64/4096 01 -1 00-01-01" }, OLD },
	{ "a switch", ROOT PORT("00:01.0") BUSES("00:01.0", "01-03") PORT("01:00.0") BUSES("01:00.0", "02-03")
	  PORT("02:08.0") BUSES("02:08.0", "03") CARD("03:00.0") PME("00:01.0") PME("01:00.0") PME("02:08.0"),
	  { "00:01.0 256/4096 01 4 00-01-03", "01:00.0 256/4096 01 5 01-02-03", "02:08.0 256/4096 01 6 02-03-03",
	    "03:00.0 64/4096 00 -1 00-00-00" }, TOLD },
	{ "an event collector that the port driver has", ROOT
	  "[    0.1] pci 0000:00:00.4: [8086:0b23] type 00 class 0x080700\n" PME("00:00.4"),
	  { "00:00.4 64/4096 00 -1 00-00-00" }, OLD },
	{ "several functions of a device", ROOT CARD("00:02.0") CARD("00:02.1") CARD("00:02.2"),
	  { "00:02.0 64/256 80 -1 00-00-00", "00:02.1 64/256 00 -1 00-00-00",
	    "00:02.2 64/256 00 -1 00-00-00" }, OLD },
	{ "buses are given anew", ROOT PORT("00:01.0") BUSES("00:01.0", "01") BUSES("00:01.0", "05-1f"),
	  { "00:01.0 64/256 01 -1 00-05-1f" }, OLD },
	{ "another device at the address, later", ROOT
	  "[    0.1] pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port\n" BUSES("00:01.0", "01")
	  CARD("00:01.0"),
	  { "00:01.0 64/256 00 -1 00-00-00" }, OLD },
	{ "a function that does not answer is none", ROOT CARD("00:02.0")
	  "[    0.1] pci 0000:01:00.0: [10de:1244] type 7f class 0xffffff\n",
	  { "00:02.0 64/256 00 -1 00-00-00" }, OLD },
	/* clang-format on */
};

struct bytes_case {
	const char *name, *log;
	unsigned at, len;
	const char *want; /* of the only function's registers */
};

static void test_bytes(void **state)
{
	const struct bytes_case *c = *state;
	AUTOMACHINE struct machine *m = import(c->log);
	const char *got = "";

	assert_int_equal(m->fns.n, 1);
	for (unsigned i = 0; i < c->len; i++)
		got = arena_printf(m->arena, "%s%s%02x", got, i ? " " : "",
				   cfg_u8(m->fns.v[0].config, c->at + i));
	assert_string_equal(got, c->want);
}

#define REG(text) "[    0.1] pci 0000:00:02.0: " text "\n"
#define WINDOW(text) "[    0.1] pci 0000:00:01.0:   bridge window " text "\n"
/* PCI Express 6.0, 7.5.1: the registers of types 0 and 1. */
static struct bytes_case bytes_cases[] = {
	/* clang-format off */
	{ "ids and class", CARD("00:02.0"), 0, 16, "de 10 44 12 00 00 00 00 00 00 00 03 00 00 00 00" },
	{ "32-bit and 64-bit regions, and ports", CARD("00:02.0") REG("BAR 0 [mem 0xde000000-0xdeffffff]")
	  REG("BAR 1 [mem 0x4010000000-0x401fffffff 64bit pref]") REG("BAR 3 [io  0xe000-0xe07f]"),
	  0x10, 24, "00 00 00 de 0c 00 00 10 40 00 00 00 01 e0 00 00 00 00 00 00 00 00 00 00" },
	{ "ROM", CARD("00:02.0") REG("ROM [mem 0xfff80000-0xffffffff pref]"), 0x30, 4, "00 00 f8 ff" },
	{ "a shadow is no ROM of the register's", CARD("00:02.0")
	  REG("Video device with shadowed ROM at [mem 0x000c0000-0x000dffff]"), 0x30, 4, "00 00 00 00" },
	{ "a region that was moved", CARD("00:02.0") REG("BAR 0 [mem 0xde000000-0xdeffffff]")
	  REG("BAR 0 [mem 0xdf000000-0xdfffffff]: assigned"), 0x10, 4, "00 00 00 df" },
	{ "windows", PORT("00:01.0") WINDOW("[io  0xe000-0xefff]") WINDOW("[mem 0xdc000000-0xde0fffff]")
	  WINDOW("[mem 0x4000000000-0x40ffffffff 64bit pref]"),
	  0x1c, 24, "e0 e0 00 00 00 dc 00 de 01 00 f1 ff 40 00 00 00 40 00 00 00 00 00 00 00" },
	{ "closed windows", PORT("00:01.0"), 0x1c, 12, "f0 00 00 00 f0 ff 00 00 f0 ff 00 00" },
	{ "a root port's only capability", "[    0.1] pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port\n",
	  0x40, 4, "10 00 42 00" },
	/* clang-format on */
};

/* ---- with other files ---- */

struct merge_case {
	const char *name, *lspci, *log;
	const char *want; /* the error, or bytes of config and why these are not all */
};

static void test_merge(void **state)
{
	const struct merge_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const char *why;
	struct err e = { "" };

	assert_int_equal(import_dmesg(m, "D", c->log, NULL, &e), 0);
	assert_int_equal(import_lspci(m, "L", c->lspci, NULL, &e), 0);
	if (import_finish(m, &e) < 0) {
		assert_string_equal(e.text, c->want);
		return;
	}
	assert_int_equal(m->fns.n, 1);
	why = machine_unknown(m, "functions/0000:00:02.0/config");
	assert_string_equal(arena_printf(m->arena, "%zu %04x:%04x/%04x:%04x r%02x %.20s",
					 m->fns.v[0].config.len, m->fns.v[0].id.vendor,
					 m->fns.v[0].id.device, m->fns.v[0].id.subvendor,
					 m->fns.v[0].id.subdevice, m->fns.v[0].revision,
					 why ? why : "-"),
			    c->want);
}

#define HEX                                                                              \
	"00: de 10 44 12 00 00 00 00 00 00 00 03 00 00 00 00\n"                          \
	"10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"                          \
	"20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"                          \
	"30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
static struct merge_case merge_cases[] = {
	/* clang-format off */
	{ "lspci without hex, and the log", "00:02.0 0300: 10de:1244\n", CARD("00:02.0"),
	  "64 10de:1244/0000:0000 r00 a boot log of this k" },
	{ "lspci with hex, and the log", "00:02.0 0300: 10de:1244\n" HEX, CARD("00:02.0"),
	  "64 10de:1244/0000:0000 r00 only its first 64 by" },
	{ "lspci knows revision and subsystem", "00:02.0 0300: 10de:1244 (rev a1)\n\tSubsystem: 1043:837a\n",
	  CARD("00:02.0"), "64 10de:1244/1043:837a ra1 a boot log of this k" },
	{ "lspci knows names alone", "00:02.0 VGA compatible controller: NVIDIA Corporation Device that is not listed\n",
	  CARD("00:02.0"), "64 10de:1244/0000:0000 r00 a boot log of this k" },
	{ "a log of other functions", "00:02.0 0300: 10de:1244\n", CARD("00:03.0"),
	  "0 10de:1244/0000:0000 r00 lspci was run withou" },
	{ "a log of another machine", "00:02.0 0300: 10de:1245\n", CARD("00:02.0"),
	  "0000:00:02.0 is [10de:1244] in the boot log and [10de:1245] in what else was given: "
	  "these are two machines" },
	/* clang-format on */
};

/* Counted and shown: what stands in the log about functions and is not understood. */
static void test_odd(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct import_stats stats = { 0 };

	(void)state;
	assert_int_equal(
		import_dmesg(
			m, "D",
			CARD("00:02.0") REG("entangled")
				REG("enchanted") "[    0.2] usb 1-1: new device\nHello\n",
			&stats, NULL),
		0);
	assert_int_equal(stats.lines, 5);
	assert_int_equal(stats.not_understood, 3);
	assert_string_equal(stats.first, "[    0.1] pci 0000:00:02.0: entangled");
}

static void test_other_kernel(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	(void)state;
	assert_int_equal(
		import_dmesg(m, "a", "[    0.0] Linux version 6.1.0 (x) #1\n", NULL, &e),
		0);
	assert_int_equal(
		import_dmesg(m, "b", "[    0.0] Linux version 6.1.0 (x) #1\n", NULL, &e),
		0);
	assert_int_equal(
		import_dmesg(m, "c", "[    0.0] Linux version 6.12.1 (x) #1\n", NULL, &e),
		-EINVAL);
	assert_string_equal(e.text,
			    "c: of kernel 6.12.1 here and of 6.1.0 before: these are "
			    "not of one boot");
}

/* Lines that tell quirks stay in the machine; those that became facts do not. */
static void test_kept(void **state)
{
	AUTOMACHINE struct machine *m = import(
		CARD("00:02.0") REG("Enabling fixed DMA alias to 00.0") REG(
			"Intel SPT PCH root port ACS workaround enabled")
			REG("BAR 0 [mem 0xde000000-0xdeffffff]") "[    0.1] DMAR: RMRR "
								 "base: 0x000000be000000 "
								 "end: "
								 "0x000000be01ffff\n");

	(void)state;
	assert_int_equal(m->klog.n, 3);
	assert_string_equal(m->klog.v[0],
			    "pci 0000:00:02.0: Enabling fixed DMA alias to 00.0");
	assert_string_equal(m->klog.v[1], "pci 0000:00:02.0: Intel SPT PCH root port ACS "
					  "workaround enabled");
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
		{ "what is not understood", test_odd, NULL, NULL, NULL },
		{ "logs of two kernels", test_other_kernel, NULL, NULL, NULL },
		{ "which lines stay", test_kept, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[200];
	size_t n = 0;

	ROWS(line_cases, test_line);
	ROWS(header_cases, test_header);
	ROWS(bytes_cases, test_bytes);
	ROWS(merge_cases, test_merge);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	return _cmocka_run_group_tests("functions of a boot log", tests, n, NULL, NULL);
}
