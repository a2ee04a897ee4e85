/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The importers on texts written for the test, in the forms of lspci, dmesg and /proc. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/scrub.h"
#include "core/test-captures.h"
#include "fakesys/import.h"

static struct blob text_blob(const char *text)
{
	return (struct blob){ (const uint8_t *)text, strlen(text) };
}

/* ---- recognition ---- */

struct kind_case {
	const char *name, *text;
	enum import_kind want;
};

static void test_kind(void **state)
{
	const struct kind_case *c = *state;

	assert_string_equal(import_kind_name(import_recognise(text_blob(c->text))),
			    import_kind_name(c->want));
}

static struct kind_case kind_cases[] = {
	/* clang-format off */
	{ "lspci", "00:00.0 Host bridge: Intel Corporation Device 1234\n", IMPORT_LSPCI },
	{ "lspci -n", "00:00.0 0600: 8086:1234 (rev 07)\n", IMPORT_LSPCI },
	{ "lspci -D of VMD", "10000:e1:00.0 Non-Volatile memory controller: X\n", IMPORT_LSPCI },
	{ "lspci in a mail", "Hello,\nhere it is:\n> 00:00.0 Host bridge: X\nBye\n", IMPORT_LSPCI },
	{ "dmesg", "[    0.000000] x86/fpu: x87\n", IMPORT_DMESG },
	{ "dmesg -T", "[Sun Nov 22 10:00:00 2026] x86/fpu: x87\n", IMPORT_DMESG },
	{ "dmesg -d", "[    1.625659 <    0.000275>] x86/fpu: x87\n", IMPORT_DMESG },
	{ "dmesg with callers", "[    0.000000][    T0] x86/fpu: x87\n", IMPORT_DMESG },
	{ "dmesg -r", "<6>[    0.000000] x86/fpu: x87\n", IMPORT_DMESG },
	{ "syslog", "Nov 22 10:00:00 host kernel: [    0.000000] x86/fpu: x87\n", IMPORT_DMESG },
	{ "cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n", IMPORT_CPUINFO },
	{ "ioports", "0000-0cf7 : PCI Bus 0000:00\n  0000-001f : dma1\n", IMPORT_IOPORTS },
	{ "umockdev", "P: /devices/pci0000:00/0000:00:03.0\nE: SUBSYSTEM=pci\nA: class=0x020000\\n\n",
	  IMPORT_UMOCKDEV },
	{ "a report with a log in it",
	  "2026-11-22 10:00:00,496 DEBUG:\tpci 0000:00:00.0: [1022:14e8] type 00 class 0x060000\n", IMPORT_DMESG },
	{ "a tree", "D /sys/bus/pci 755 nl=5\nL /sys/a -> ../b sz=0\n", IMPORT_LISTING },
	{ "prose", "Nothing of that kind.\n", IMPORT_UNKNOWN },
	{ "empty", "", IMPORT_UNKNOWN },
	/* clang-format on */
};

static void test_acpi_tables(void **state)
{
	static const uint8_t mcfg[36] = "MCFG\x24\0\0\0", dmar[20] = "DMAR\x70\0\0\0";
	AUTOMACHINE struct machine *m = machine_new();
	struct import_stats stats = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(import_add(m, "MCFG.dat", (struct blob){ mcfg, 36 }, NULL, &e),
			 0);
	assert_int_equal(m->acpi.n, 0); /* known, and nothing that matters */
	assert_string_equal(m->source, "");
	assert_int_equal(import_add(m, "ioports.log",
				    text_blob("0000-0cf7 : PCI Bus 0000:00\n"), &stats,
				    &e),
			 0);
	assert_true(stats.unused);
	assert_string_equal(m->source, "");
	assert_int_equal(import_add(m, "DMAR.dat", (struct blob){ dmar, 20 }, NULL, &e),
			 -EINVAL);
	assert_string_equal(e.text, "DMAR.dat: offset 0x14: DMAR ends within its header");
}

static void test_second_table(void **state)
{
	uint8_t dmar[48] = "DMAR\x30\0\0\0\x01", sum = 0;
	AUTOMACHINE struct machine *m = machine_new();
	struct blob b = { dmar, sizeof(dmar) };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(dmar); i++)
		sum = (uint8_t)(sum + dmar[i]);
	dmar[9] = (uint8_t)-sum;
	assert_int_equal(import_add(m, "a.dat", b, NULL, &e), 0);
	assert_int_equal(m->acpi.n, 1);
	assert_int_equal(import_add(m, "b.dat", b, NULL, &e), -EINVAL);
	assert_string_equal(e.text, "b.dat: a second DMAR table");
	assert_string_equal(m->source, "imported from a.dat");
}

/* ---- lspci ---- */

/* What was read, in one line: easier to write down than a struct. */
static const char *describe(struct machine *m, const struct pci_fn *fn)
{
	char bdf[BDF_SIZE];

	return arena_printf(
		m->arena, "%s %04x:%04x/%04x:%04x %06x r%02x g%d n%d i%u c%zu/%u %s%s",
		bdf_format(fn->bdf, bdf), fn->id.vendor, fn->id.device, fn->id.subvendor,
		fn->id.subdevice, fn->id.class, fn->revision, fn->group, fn->numa,
		fn->irq, fn->config.len, fn->config_size, fn->driver ? fn->driver : "-",
		fn->boot_vga ? " boot" : "");
}

struct lspci_case {
	const char *name, *text;
	const char *want[4]; /* describe() of each function, or the error */
	unsigned odd;
	const char *unknown, *why; /* after import_finish() */
};

static void test_lspci(void **state)
{
	const struct lspci_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	struct import_stats stats = { 0 };
	struct err e = { "" };
	int r = import_add(m, "L", text_blob(c->text), &stats, &e);

	if (r >= 0)
		r = import_finish(m, &e);
	if (r < 0) {
		assert_string_equal(e.text, c->want[0]);
		assert_int_equal(r, -EINVAL);
		return;
	}
	for (size_t i = 0; i < m->fns.n; i++)
		assert_string_equal(describe(m, &m->fns.v[i]),
				    c->want[i] ? c->want[i] : "-");
	assert_null(c->want[m->fns.n]);
	assert_int_equal(stats.not_understood, c->odd);
	assert_true(!c->odd == !stats.first);
	if (c->unknown)
		assert_non_null(machine_unknown(m, "%s", c->unknown));
	if (c->unknown && c->why)
		assert_string_equal(machine_unknown(m, "%s", c->unknown), c->why);
}

#define NIC                                                                              \
	"01:00.0 Ethernet controller [0200]: Intel Corporation 82574L [8086:10d3] (rev " \
	"01)\n"
#define NIC_HEX                                                                          \
	"00: 86 80 d3 10 07 04 10 00 01 00 00 02 10 00 00 00\n"                          \
	"10: 00 00 00 fe 00 00 00 00 00 00 00 00 00 00 00 00\n"                          \
	"20: 00 00 00 00 00 00 00 00 00 00 00 00 86 80 00 00\n"                          \
	"30: 00 00 00 00 00 00 00 00 00 00 00 00 0b 01 00 00\n"
#define ONES "ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff\n"
static struct lspci_case lspci_cases[] = {
	/* clang-format off */
	{ "everything", NIC
	  "\tSubsystem: Intel Corporation Device [8086:0001]\n"
	  "\tInterrupt: pin A routed to IRQ 16\n"
	  "\tNUMA node: 1\n"
	  "\tIOMMU group: 12\n"
	  "\tCapabilities: [c8] Power Management version 2\n"
	  "\t\tFlags: PMEClk- DSI+\n"
	  "\tKernel driver in use: e1000e\n"
	  "\tKernel modules: e1000e\n" NIC_HEX,
	  { "0000:01:00.0 8086:10d3/8086:0000 020000 r01 g12 n1 i16 c256/256 e1000e" } },
	{ "without hex", NIC "\tSubsystem: Intel Corporation Device [8086:0001]\n",
	  { "0000:01:00.0 8086:10d3/8086:0001 020000 r01 g-1 n-1 i0 c0/256 -" },
	  .unknown = "functions/0000:01:00.0/config",
	  .why = "lspci was run without -vv and -xxx" },
	{ "64 bytes", NIC NIC_HEX,
	  { "0000:01:00.0 8086:10d3/8086:0000 020000 r01 g-1 n-1 i0 c64/256 -" },
	  .unknown = "functions/0000:01:00.0/config",
	  .why = "only its first 64 bytes were recorded (lspci -x, or not as root)" },
	{ "names without ids", "01:00.0 Quantum controller: Tomorrow Inc. Q1 (rev a1)\n",
	  { "0000:01:00.0 0000:0000/0000:0000 000000 ra1 g-1 n-1 i0 c0/256 -" },
	  .unknown = "functions/0000:01:00.0/id", .why = NULL },
	{ "names, and hex", "01:00.0 Ethernet controller: Intel Corporation 82574L\n" NIC_HEX,
	  { "0000:01:00.0 8086:10d3/8086:0000 020000 r01 g-1 n-1 i0 c64/256 -" } },
	{ "-n", "01:00.0 0c03: 8086:a2af (rev 10) (prog-if 30 [XHCI])\n\tSubsystem: 1019:a55d\n",
	  { "0000:01:00.0 8086:a2af/1019:a55d 0c0330 r10 g-1 n-1 i0 c0/256 -" } },
	{ "old style class", "01:00.0 Class 0604: Device 8086:9d10 (rev f1)\n",
	  { "0000:01:00.0 8086:9d10/0000:0000 060400 rf1 g-1 n-1 i0 c0/256 -" } },
	{ "a domain of five digits", "10000:e1:00.0 0108: 8086:f1a8 (prog-if 02 [NVM Express])\n",
	  { "10000:e1:00.0 8086:f1a8/0000:0000 010802 r00 g-1 n-1 i0 c0/256 -" } },
	{ "-v", NIC "\tFlags: bus master, fast devsel, latency 0, IRQ 17, NUMA node 0, IOMMU group 3\n"
	  "\tMemory at fe000000 (32-bit, non-prefetchable) [size=128K]\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g3 n0 i17 c256/256 -" } },
	{ "extended capabilities in the text", NIC "\tCapabilities: [100 v1] Advanced Error Reporting\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/4096 -" } },
	{ "CR LF", "01:00.0 0200: 8086:10d3\r\n\tIOMMU group: 4\r\n\r\n02:00.0 0200: 8086:10d3\r\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r00 g4 n-1 i0 c0/256 -",
	    "0000:02:00.0 8086:10d3/0000:0000 020000 r00 g-1 n-1 i0 c0/256 -" } },
	{ "blanks for tabs", NIC "        IOMMU group: 4\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g4 n-1 i0 c0/256 -" } },
	{ "in a mail", "Hello,\n\n> " NIC "> \tIOMMU group: 4\n\nBye\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g4 n-1 i0 c0/256 -" }, .odd = 2 },
	{ "a label of tomorrow", NIC "\tQuantum entanglement: on\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/256 -" }, .odd = 1 },
	{ "in any order", "02:00.0 0200: 8086:10d3\n\n01:00.0 0200: 8086:10d3\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r00 g-1 n-1 i0 c0/256 -",
	    "0000:02:00.0 8086:10d3/0000:0000 020000 r00 g-1 n-1 i0 c0/256 -" } },
	{ "-vvv, then -xxx", NIC "\tIOMMU group: 4\n\tKernel driver in use: e1000e\n\n" NIC NIC_HEX,
	  { "0000:01:00.0 8086:10d3/8086:0000 020000 r01 g4 n-1 i0 c64/256 e1000e" } },
	{ "two machines", NIC "\n01:00.0 0200: 10ec:8168\n",
	  { "L:3: 0000:01:00.0 is [10ec:8168] here and [8086:10d3] before: these are two machines" } },
	{ "powered off", "01:00.0 Audio device [0403]: NVIDIA [10de:0bea] (rev ff) (prog-if ff)\n"
	  "00: " ONES "10: " ONES "20: " ONES "30: " ONES,
	  { "0000:01:00.0 10de:0bea/0000:0000 040300 r00 g-1 n-1 i0 c0/256 -" },
	  .unknown = "functions/0000:01:00.0/config",
	  .why = "it read all ones: the function was powered off" },
	{ "libpci complains in between",
	  "01:00.0 Quantum controller: X\n00: 86 80 d3 10 07 04 pcilib: sysfs_read_vpd: read failed\n"
	  "10 00 01 00 00 02 10 00 00 00\n",
	  { "0000:01:00.0 0000:0000/0000:0000 000000 r00 g-1 n-1 i0 c16/256 -" }, .odd = 1 },
	{ "a row is missing", NIC "00: " ONES "20: " ONES,
	  { "L:3: bytes at 0x20 of the configuration space follow 0x10" } },
	{ "beyond 4096 bytes", NIC "00: 86\nfff: 00 00\n",
	  { "L:3: bytes at 0xfff of the configuration space follow 0x1" } },
	{ "a driver's name with a slash", NIC "\tKernel driver in use: ../../etc\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/256 -" }, .odd = 1 },
	{ "a driver's name with a blank", NIC "\tKernel driver in use: intel ips\n",
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/256 intel ips" } },
	{ "the only VGA is the boot VGA", "01:00.0 0300: 10de:1244\n02:00.0 0302: 10de:1244\n",
	  { "0000:01:00.0 10de:1244/0000:0000 030000 r00 g-1 n-1 i0 c0/256 - boot",
	    "0000:02:00.0 10de:1244/0000:0000 030200 r00 g-1 n-1 i0 c0/256 -" } },
	{ "the shadow ROM tells the boot VGA", "01:00.0 0300: 10de:1244\n\n02:00.0 0300: 10de:1244\n"
	  "\tExpansion ROM at 000c0000 [virtual] [disabled] [size=128K]\n",
	  { "0000:01:00.0 10de:1244/0000:0000 030000 r00 g-1 n-1 i0 c0/256 -",
	    "0000:02:00.0 10de:1244/0000:0000 030000 r00 g-1 n-1 i0 c0/256 - boot" } },
	{ "two VGAs, nothing tells", "01:00.0 0300: 10de:1244\n02:00.0 0300: 10de:1244\n",
	  { "0000:01:00.0 10de:1244/0000:0000 030000 r00 g-1 n-1 i0 c0/256 -",
	    "0000:02:00.0 10de:1244/0000:0000 030000 r00 g-1 n-1 i0 c0/256 -" },
	  .unknown = "functions/0000:01:00.0/boot_vga",
	  .why = "no boot log tells which display is the boot VGA" },
	{ "no log, no interrupt remapping to be known", NIC,
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/256 -" },
	  .unknown = "iommu/interrupt_remapping",
	  .why = "no boot log that reaches back to the boot was given" },
	{ "reset methods", NIC,
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/256 -" },
	  .unknown = "functions/0000:01:00.0/reset", .why = "neither lspci nor a boot log tells it" },
	{ "no groups, no log", NIC,
	  { "0000:01:00.0 8086:10d3/0000:0000 020000 r01 g-1 n-1 i0 c0/256 -" },
	  .unknown = "groups", .why = "none is shown and there is no boot log: the IOMMU was "
	  "off, or what recorded this does not show groups" },
	/* clang-format on */
};

/* kernel.md 1.2 has these flags from real kernels; windows: drivers/pci/probe.c. */
struct resource_case {
	const char *name, *line;
	unsigned i;
	uint64_t start, end, flags;
};

static void test_resource(void **state)
{
	const struct resource_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const char *text =
		arena_printf(m->arena, "00:00.0 0600: 8086:1234\n\t%s\n", c->line);
	struct import_stats stats;

	assert_int_equal(import_add(m, "L", text_blob(text), &stats, NULL), 0);
	assert_int_equal(stats.not_understood, 0);
	for (unsigned i = 0; i < PCI_RESOURCES; i++) {
		const struct pci_resource *r = &m->fns.v[0].res[i];

		assert_int_equal(r->start, i == c->i ? c->start : 0);
		assert_int_equal(r->end, i == c->i ? c->end : 0);
		assert_int_equal(r->flags, i == c->i ? c->flags : 0);
	}
}

static struct resource_case resource_cases[] = {
	/* clang-format off */
	{ "32-bit memory", "Region 0: Memory at dc000000 (32-bit, non-prefetchable) [size=32M]",
	  0, 0xdc000000, 0xddffffff, 0x40200 },
	{ "32-bit prefetchable", "Region 2: Memory at dc000000 (32-bit, prefetchable) [size=4K]",
	  2, 0xdc000000, 0xdc000fff, 0x42208 },
	{ "64-bit memory", "Region 4: Memory at 383c00000000 (64-bit, non-prefetchable) [size=8G]",
	  4, 0x383c00000000, 0x383dffffffff, 0x140204 },
	{ "64-bit prefetchable", "Region 1: Memory at d0000000 (64-bit, prefetchable) [size=256]",
	  1, 0xd0000000, 0xd00000ff, 0x14220c },
	{ "disabled memory", "Region 0: Memory at dc000000 (32-bit, non-prefetchable) [disabled] [size=1M]",
	  0, 0xdc000000, 0xdc0fffff, 0x40200 },
	{ "ports", "Region 5: I/O ports at e000 [size=128]", 5, 0xe000, 0xe07f, 0x40101 },
	{ "unassigned ports", "Region 5: I/O ports at <unassigned> [disabled]" },
	{ "region without size", "Region 5: I/O ports at e000" },
	{ "region that wraps", "Region 0: Memory at ffffffffffffff00 (64-bit, prefetchable) [size=4K]" },
	{ "ROM", "Expansion ROM at fbc00000 [disabled] [size=128K]",
	  6, 0xfbc00000, 0xfbc1ffff, 0x46200 },
	{ "shadow ROM", "Expansion ROM at 000c0000 [virtual] [disabled] [size=128K]",
	  6, 0xc0000, 0xdffff, 0x212 },
	{ "shadow ROM before pciutils 3.6", "[virtual] Expansion ROM at 000c0000 [disabled] [size=128K]",
	  6, 0xc0000, 0xdffff, 0x212 },
	{ "I/O window", "I/O behind bridge: e000-efff [size=4K] [16-bit]", 13, 0xe000, 0xefff, 0x100 },
	{ "32-bit I/O window", "I/O behind bridge: 0000e000-0000efff [size=4K] [32-bit]",
	  13, 0xe000, 0xefff, 0x101 },
	{ "memory window", "Memory behind bridge: dc000000-de0fffff [size=33M] [32-bit]",
	  14, 0xdc000000, 0xde0fffff, 0x200 },
	{ "prefetchable window", "Prefetchable memory behind bridge: d0000000-dbffffff [size=192M] [32-bit]",
	  15, 0xd0000000, 0xdbffffff, 0x2200 },
	{ "64-bit prefetchable window", "Prefetchable memory behind bridge: 00000000d0000000-00000000dbffffff",
	  15, 0xd0000000, 0xdbffffff, 0x102201 },
	{ "disabled window", "I/O behind bridge: 0000f000-00000fff [disabled] [32-bit]" },
	{ "no window", "I/O behind bridge: None" },
	/* clang-format on */
};

/* ---- boot log ---- */

struct dmesg_case {
	const char *name, *log;
	const char *
		want; /* release|cmdline|efi secure remapping|groups and displays|units */
};

static void test_dmesg(void **state)
{
	const struct dmesg_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const char *got, *fns = "", *units = "";
	struct err e = { "" };

	/* The log may come before or after the functions. */
	assert_int_equal(import_dmesg(m, "D", c->log, NULL, &e), 0);
	assert_int_equal(
		import_lspci(m, "L",
			     "00:02.0 0300: 8086:0001\n\n01:00.0 0300: 10de:0001\n", NULL,
			     &e),
		0);
	if (import_finish(m, &e) < 0) {
		assert_string_equal(e.text, c->want);
		return;
	}
	vec_foreach(fn, &m->fns)
		fns = arena_printf(m->arena, "%s%s%d%s", fns, *fns ? " " : "", fn->group,
				   fn->boot_vga ? "*" : "");
	vec_foreach(u, &m->units)
		units = arena_printf(m->arena, "%s%s ", units, u->name);
	got = arena_printf(m->arena, "%s|%s|%d%d%d|%s|%s",
			   machine_unknown(m, "release") ? "" : m->release,
			   machine_unknown(m, "cmdline") ? "" : m->cmdline, m->efi,
			   m->secure_boot, m->interrupt_remapping, fns, units);
	assert_string_equal(got, c->want);
}

#define LINUX                                                                            \
	"[    0.000000] Linux version 6.1.0-20-amd64 (a@b) (gcc-12) #1 SMP Debian "      \
	"6.1.85-1\n"
#define JOIN                                                                             \
	"[    0.2] pci 0000:00:02.0: Adding to iommu group 0\n"                          \
	"[    0.2] pci 0000:01:00.0: Adding to iommu group 12\n"
static struct dmesg_case dmesg_cases[] = {
	/* clang-format off */
	{ "nothing", "", "||000|-1 -1|" },
	{ "version and command line", LINUX "[    0.000000] Command line: BOOT_IMAGE=/x ro quiet\n",
	  "6.1.0-20-amd64|BOOT_IMAGE=/x ro quiet|000|-1 -1|" },
	{ "EFI with Secure Boot", LINUX "[    0.0] efi: EFI v2.70 by X\n[    0.0] secureboot: Secure boot enabled\n",
	  "6.1.0-20-amd64||110|-1 -1|" },
	{ "EFI without Secure Boot", LINUX "[    0.0] efi: EFI v2.70 by X\n[    0.0] secureboot: Secure boot disabled\n",
	  "6.1.0-20-amd64||100|-1 -1|" },
	{ "Intel", LINUX "[    0.1] DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1 ecap 2\n"
	  "[    0.1] DMAR: dmar1: reg_base_addr fed91000 ver 1:0 cap 1 ecap 2\n"
	  "[    0.1] DMAR-IR: Enabled IRQ remapping in x2apic mode\n" JOIN,
	  "6.1.0-20-amd64||001|0 12|dmar0 dmar1 " },
	{ "Intel, IOMMU off", LINUX "[    0.1] DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1 ecap 2\n",
	  "6.1.0-20-amd64||000|-1 -1|" },
	{ "AMD", LINUX "[    0.1] pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40\n"
	  "[    0.1] AMD-Vi: Interrupt remapping enabled\n" JOIN,
	  "6.1.0-20-amd64||001|0 12|ivhd0 " },
	{ "before 5.2", LINUX "[    0.1] AMD-Vi: Found IOMMU at 0000:00:00.2 cap 0x40\n"
	  "[    0.1] iommu: Adding device 0000:00:02.0 to group 3\n",
	  "6.1.0-20-amd64||000|3 -1|ivhd0 " },
	{ "a group is left and another joined", LINUX JOIN "[    9.0] pci 0000:01:00.0: Removing from iommu group 12\n"
	  "[    9.1] e1000e 0000:01:00.0: Adding to iommu group 7\n[    9.2] pci 0000:00:02.0: Removing from iommu group 0\n",
	  "6.1.0-20-amd64||000|-1 7|" },
	{ "boot VGA", LINUX "[    0.1] pci 0000:01:00.0: vgaarb: setting as boot VGA device\n",
	  "6.1.0-20-amd64||000|-1 -1*|" },
	{ "boot VGA, overridden", LINUX "[    0.1] pci 0000:01:00.0: vgaarb: setting as boot VGA device\n"
	  "[    0.1] pci 0000:00:02.0: vgaarb: setting as boot VGA device (overriding previous)\n",
	  "6.1.0-20-amd64||000|-1* -1|" },
	{ "boot VGA before 5.8", LINUX "[    0.1] vgaarb: setting as boot device: PCI:0000:00:02.0\n",
	  "6.1.0-20-amd64||000|-1* -1|" },
	{ "two boots", LINUX "[    0.0] efi: EFI v2\n" JOIN "[    0.000000] Linux version 6.12.1 (a) #2 SMP\n",
	  "6.12.1||000|-1 -1|" },
	{ "a release that is a path", "[    0.000000] Linux version ../../etc/x (a) #1\n", "||000|-1 -1|" },
	{ "a group of a function that is not there", LINUX "[    0.1] pci 0000:09:00.0: Adding to iommu group 1\n",
	  "6.1.0-20-amd64||000|-1 -1|" },
	/* clang-format on */
};

static void test_other_boot(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	(void)state;
	assert_int_equal(import_lspci(m, "L",
				      "00:02.0 0300: 8086:0001\n\tIOMMU group: 2\n", NULL,
				      &e),
			 0);
	assert_int_equal(import_dmesg(m, "D", LINUX JOIN, NULL, &e), 0);
	assert_int_equal(import_finish(m, &e), -EINVAL);
	assert_string_equal(e.text,
			    "0000:00:02.0 is in group 2 by lspci and 0 by the boot "
			    "log: these are not of one boot");
}

static void test_log_alone(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	(void)state;
	assert_int_equal(import_dmesg(m, "D",
				      LINUX
				      "[    0.1] pci 0000:01:00.0: [10de:1244] type 00 "
				      "class 0x030000\n" JOIN,
				      NULL, &e),
			 0);
	assert_int_equal(import_finish(m, &e), 0);
	assert_int_equal(m->fns.n, 1);
	assert_string_equal(describe(m, &m->fns.v[0]),
			    "0000:01:00.0 10de:1244/0000:0000 030000 "
			    "r00 g12 n-1 i0 c64/256 - boot");
	assert_int_equal(m->groups.n, 1);
}

static void test_nothing(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	(void)state;
	assert_int_equal(import_finish(m, &e), -EINVAL);
	assert_string_equal(e.text,
			    "no PCI function in what was given: lspci text or a boot "
			    "log is needed");
}

struct type_case {
	const char *name, *log;
	const char *want;
};

static void test_domain_type(void **state)
{
	const struct type_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const char *log = arena_printf(m->arena, LINUX "%s" JOIN, c->log);

	assert_int_equal(import_dmesg(m, "D", log, NULL, NULL), 0);
	assert_int_equal(import_lspci(m, "L", "00:02.0 0300: 8086:0001\n", NULL, NULL),
			 0);
	assert_int_equal(import_finish(m, NULL), 0);
	assert_int_equal(m->groups.n, 1);
	assert_string_equal(m->groups.v[0].type ? m->groups.v[0].type : "-", c->want);
}

static struct type_case type_cases[] = {
	/* clang-format off */
	{ "lazy", "iommu: Default domain type: Translated\n"
	  "iommu: DMA domain TLB invalidation policy: lazy mode\n", "DMA-FQ" },
	{ "strict", "iommu: Default domain type: Translated\n"
	  "iommu: DMA domain TLB invalidation policy: strict mode\n", "DMA" },
	{ "passthrough", "iommu: Default domain type: Passthrough (set via kernel command line)\n",
	  "identity" },
	{ "policy not told, as before 5.15", "iommu: Default domain type: Translated\n", "-" },
	{ "type not told", "", "-" },
	/* clang-format on */
};

static void test_fault_storm(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	char *log = NULL;
	size_t size;
	FILE *f = open_memstream(&log, &size);

	(void)state;
	for (int i = 0; i < 1000; i++)
		fprintf(f,
			"[    1.5] DMAR: [DMA Read] Request device [01:00.0] fault addr "
			"%x\n",
			i);
	fprintf(f,
		"[    1.6] DMAR: Intel(R) Virtualization Technology for Directed I/O\n");
	fclose(f);
	assert_int_equal(import_dmesg(m, "D", log, NULL, NULL), 0);
	free(log);
	assert_int_equal(m->klog.n, 21); /* some of them, and what came after */
}

struct host_case {
	const char *name, *log;
	const char *want; /* etc/hostname; NULL: not there */
};

static void test_hostname(void **state)
{
	const struct host_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new(), *scrubbed = NULL;
	const struct machine_file *f;
	const char *text = arena_printf(
		m->arena, "%s[    0.1] Command line: root=/dev/mapper/my--box-x ro\n",
		c->log);

	assert_int_equal(import_dmesg(m, "D", text, NULL, NULL), 0);
	assert_int_equal(import_lspci(m, "L", "01:00.0 0200: 8086:0001\n", NULL, NULL),
			 0);
	assert_int_equal(import_finish(m, NULL), 0);
	f = machine_file(m, "etc/hostname");
	assert_int_equal(f != NULL, c->want != NULL);
	if (!f)
		return;
	assert_string_equal((const char *)f->data.data, c->want);
	assert_int_equal(machine_scrub(m, &scrubbed, NULL), 0);
	assert_string_equal(scrubbed->cmdline, "root=/dev/mapper/host-x ro");
}

static struct host_case host_cases[] = {
	/* clang-format off */
	{ "host name of syslog", "Nov 22 10:00:00 my-box kernel: [    0.0] x\n", "my-box\n" },
	{ "host name of journalctl -o short-iso",
	  "2026-11-22T10:00:00+0100 my-box.example kernel: x\n", "my-box\n" },
	{ "host name that systemd sets", "[    3.5] systemd[1]: Hostname set to <my-box>.\n",
	  "my-box\n" },
	{ "host name that systemd before 248 sets",
	  "[    3.5] systemd[1]: Set hostname to <my-box.example>.\n", "my-box\n" },
	{ "journalctl without host names", "Nov 22 10:00:00 kernel: x\n", NULL },
	{ "no host name", "[    3.5] x kernel: y\nLoading my kernel: z\n", NULL },
	/* clang-format on */
};

static void test_inputs(void **state)
{
	static const char lspci[] = "00:14.0 0c03: 8086:0001\n"
				    "\tKernel driver in use: xhci_hcd\n\n"
				    "00:15.0 0c03: 8086:0001\n"
				    "\tKernel driver in use: vfio-pci\n";
	AUTOMACHINE struct machine *m = machine_new(), *silent = machine_new();

	(void)state;
	assert_int_equal(
		import_dmesg(m, "D",
			     "[    1.0] input: Power Button as "
			     "/devices/LNXSYSTM:00/LNXPWRBN:00/input/input2\n"
			     "[    2.1] input: A as B as "
			     "/devices/pci0000:00/0000:00:14.0/usb1/input/input3\n"
			     "[    2.1] input: Keys as "
			     "/devices/pci0000:00/0000:00:14.0/usb1/input/input3\n"
			     "[    2.2] input: Keys as "
			     "/devices/pci0000:00/0000:00:15.0/usb2/input/input4\n",
			     NULL, NULL),
		0);
	assert_int_equal(import_lspci(m, "L", lspci, NULL, NULL), 0);
	assert_int_equal(import_finish(m, NULL), 0);
	assert_null(machine_unknown(m, "children"));
	assert_int_equal(m->klog.n, 0);
	assert_int_equal(m->fns.v[0].children.n, 1);
	assert_string_equal(m->fns.v[0].children.v[0].class, "input");
	assert_string_equal(m->fns.v[0].children.v[0].path, "usb1/input/input3");
	assert_int_equal(m->fns.v[1].children.n, 0);

	assert_int_equal(import_lspci(silent, "L", lspci, NULL, NULL), 0);
	assert_int_equal(import_finish(silent, NULL), 0);
	assert_non_null(machine_unknown(silent, "children"));
}

/* ---- several files, virtual functions ---- */

static void test_merge(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();

	(void)state;
	assert_int_equal(import_lspci(m, "a", "01:00.0 0200: 8086:0001\n", NULL, NULL),
			 0);
	assert_int_equal(
		import_lspci(m, "b",
			     "01:00.0 Ethernet controller: X\n"
			     "\tInterrupt: pin A routed to IRQ 17\n"
			     "\tNUMA node: 1\n\tIOMMU group: 3\n"
			     "\tRegion 0: I/O ports at e000 [size=64]\n"
			     "\tKernel driver in use: igb\n\tKernel modules: igb\n",
			     NULL, NULL),
		0);
	assert_int_equal(import_lspci(m, "c", "01:00.0 0200: 8086:0001\n", NULL, NULL),
			 0);
	assert_int_equal(import_finish(m, NULL), 0);
	assert_int_equal(m->fns.n, 1);
	assert_string_equal(describe(m, &m->fns.v[0]),
			    "0000:01:00.0 8086:0001/0000:0000 020000 "
			    "r00 g3 n1 i17 c256/256 igb");
	assert_int_equal(m->fns.v[0].res[0].start, 0xe000);
	assert_non_null(kernel_module(&m->kernels.v[0], "igb"));
}

/* A function's heading and its first @len bytes as lspci -xxxx prints them. */
static void print_function(FILE *f, const char *bdf, const uint8_t *config, unsigned len)
{
	fprintf(f, "%s 0200: 8086:10ca", bdf);
	for (unsigned i = 0; i < len; i++) {
		if (i % 16 == 0)
			fprintf(f, "\n%02x:", i);
		fprintf(f, " %02x", config[i]);
	}
	fputs("\n\n", f);
}

static void test_sriov(void **state)
{
	static const struct {
		const char *bdf;
		bool vf;
	} rows[] = {
		{ "02:10.0", true },  { "02:10.1", false }, { "02:10.2", true },
		{ "02:10.4", false }, { "03:00.0", false },
	};
	AUTOMACHINE struct machine *m = machine_new();
	uint8_t pf[0x150] = { 0x86, 0x80, 0xc9, 0x10 },
		vf[64] = { 0xff, 0xff, 0xff, 0xff };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	pf[0x100] = 0x10; /* SR-IOV */
	pf[0x102] = 0x01;
	pf[0x108] = 0x01; /* VF Enable */
	pf[0x10e] = 7;    /* TotalVFs */
	pf[0x110] = 2;    /* NumVFs */
	pf[0x114] = 0x80; /* First VF Offset */
	pf[0x116] = 2;    /* VF Stride */
	pf[0x11a] = 0xca; /* VF Device ID */
	pf[0x11b] = 0x10;
	print_function(f, "02:00.0", pf, sizeof(pf));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		print_function(f, rows[i].bdf, vf, sizeof(vf));
	fclose(f);
	assert_int_equal(import_lspci(m, "L", text, NULL, NULL), 0);
	free(text);
	assert_int_equal(import_finish(m, NULL), 0);
	assert_int_equal(m->fns.n, 1 + ARRAY_SIZE(rows));
	assert_int_equal(m->fns.v[0].vfs_total, 7);
	assert_int_equal(m->fns.v[0].vfs_now, 2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pci_fn *fn = &m->fns.v[i + 1];

		assert_int_equal(fn->is_vf, rows[i].vf);
		if (fn->is_vf)
			assert_int_equal(bdf_cmp(fn->physfn, m->fns.v[0].bdf), 0);
		if (fn->is_vf)
			assert_int_equal(fn->id.device, 0x10ca);
	}
}

/* ---- modules and files ---- */

struct module_case {
	const char *name, *text, *release;
	const char
		*want; /* name:driver:file or "built-in":number of ids, of those named */
};

static void test_modules(void **state)
{
	const struct module_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const struct kernel *k;
	const char *got = "";

	m->release = c->release ? c->release : "6.1.0-20-amd64";
	assert_int_equal(import_lspci(m, "L", c->text, NULL, NULL), 0);
	assert_int_equal(import_finish(m, NULL), 0);
	assert_int_equal(m->kernels.n, 1);
	k = &m->kernels.v[0];
	vec_foreach(mod, &k->modules)
		if (mod->ids.n && !mod->ids.v[0].override_only &&
		    !streq(mod->name, "pcieportdrv"))
			got = arena_printf(
				m->arena, "%s%s:%s:%s:%zu%s ", got, mod->name,
				mod->driver ? mod->driver : "-",
				mod->file ? path_name(mod->file) : "built-in", mod->ids.n,
				strings_have(&m->loaded, mod->name) ? "+" : "");
	assert_string_equal(got, c->want);
}

static struct module_case module_cases[] = {
	/* clang-format off */
	{ "module and driver differ in name", "00:14.0 0c03: 8086:0001\n\tKernel driver in use: xhci_hcd\n"
	  "\tKernel modules: xhci_pci\n", .want = "xhci_pci:xhci_hcd:xhci_pci.ko:1+ " },
	{ "module in a second listing", "00:14.0 0c03: 8086:0001\n\n00:14.0 0c03: 8086:0001\n"
	  "\tKernel driver in use: xhci_hcd\n\tKernel modules: xhci_pci\n",
	  .want = "xhci_pci:xhci_hcd:xhci_pci.ko:1+ " },
	{ "the module that is alike", "00:14.0 0c05: 1022:0001\n\tKernel driver in use: piix4_smbus\n"
	  "\tKernel modules: sp5100_tco, i2c_piix4\n",
	  .want = "sp5100_tco:-:sp5100_tco.ko:1 i2c_piix4:piix4_smbus:i2c_piix4.ko:1+ " },
	{ "none is alike", "00:00.0 0600: 8086:0001\n\tKernel driver in use: skl_uncore\n"
	  "\tKernel modules: ie31200_edac\n",
	  .want = "skl_uncore:skl_uncore:built-in:1 ie31200_edac:-:ie31200_edac.ko:1 " },
	{ "two functions of one driver", "01:00.0 0200: 8086:0001\n\tKernel driver in use: igb\n\tKernel modules: igb\n"
	  "\n02:00.0 0200: 8086:0002\n\tKernel driver in use: igb\n\tKernel modules: igb\n",
	  .want = "igb:igb:igb.ko:2+ " },
	{ "bound to vfio-pci", "01:00.0 0300: 10de:0001\n\tKernel driver in use: vfio-pci\n"
	  "\tKernel modules: nouveau\n", .want = "nouveau:nouveau:nouveau.ko:1 " },
	{ "beside pcieport", "00:1c.0 0604: 8086:0001\n\tKernel driver in use: pcieport\n"
	  "\tKernel modules: shpchp\n", .want = "shpchp:-:shpchp.ko:1 " },
	{ "no driver, no module", "00:08.0 0880: 8086:0001\n", .want = "" },
	{ "lspci found no modules at all", "01:00.0 0200: 8086:0001\n\tKernel driver in use: igb\n",
	  .want = "igb:igb:igb.ko:1+ " },
	/* clang-format on */
};

static void test_vfio(void **state)
{
	static const struct {
		const char *release;
		bool virqfd, core;
	} kernels[] = {
		{ "4.19.0-27-amd64", true, false },
		{ "6.1.0-49-amd64", true, true },
		{ "6.12.107+deb13-amd64", false, true },
		{ "odd", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		AUTOMACHINE struct machine *m = machine_new();
		const struct module *vfio_pci;
		const struct kernel *k;

		m->release = kernels[i].release;
		assert_int_equal(import_lspci(m, "L",
					      "01:00.0 0300: 10de:0001\n"
					      "\tKernel driver in use: vfio-pci\n",
					      NULL, NULL),
				 0);
		assert_int_equal(import_finish(m, NULL), 0);
		k = &m->kernels.v[0];
		vfio_pci = kernel_module(k, "vfio_pci");
		assert_non_null(vfio_pci);
		assert_int_equal(kernel_module(k, "vfio_virqfd") != NULL,
				 kernels[i].virqfd);
		assert_int_equal(kernel_module(k, "vfio_pci_core") != NULL,
				 kernels[i].core);
		for (size_t d = 0; d < vfio_pci->depends.n; d++)
			assert_non_null(kernel_module(k, vfio_pci->depends.v[d]));
		assert_int_equal(vfio_pci->ids.n, 1);
		assert_true(vfio_pci->ids.v[0].override_only);
		/* Bound, so all of the family but pci_stub is loaded. */
		assert_int_equal(m->loaded.n, 4 + kernels[i].virqfd + kernels[i].core);
		assert_false(strings_have(&k->initramfs.modules, "vfio_pci"));
	}
}

static void test_initramfs(void **state)
{
	static const char text[] =
		"00:01.0 0108: 8086:0001\n\tKernel driver in use: nvme\n\tKernel "
		"modules: "
		"nvme\n\n"
		"00:02.0 0300: 8086:0002\n\tKernel driver in use: i915\n\tKernel "
		"modules: "
		"i915\n\n"
		"00:03.0 0403: 8086:0003\n\tKernel driver in use: snd_hda_intel\n"
		"\tKernel modules: snd_hda_intel\n\n"
		"00:04.0 0200: 8086:0004\n\tKernel driver in use: e1000e\n\tKernel "
		"modules: "
		"e1000e\n\n"
		"00:05.0 0280: 8086:0005\n\tKernel driver in use: iwlwifi\n\tKernel "
		"modules: iwlwifi\n\n"
		"00:06.0 0c03: 8086:0006\n\tKernel driver in use: xhci_hcd\n\tKernel "
		"modules: xhci_pci\n";
	AUTOMACHINE struct machine *m = machine_new();
	const char *got = "";

	(void)state;
	assert_int_equal(import_lspci(m, "L", text, NULL, NULL), 0);
	assert_int_equal(import_finish(m, NULL), 0);
	vec_foreach(mod, &m->kernels.v[0].initramfs.modules)
		got = arena_printf(m->arena, "%s%s ", got, *mod);
	assert_string_equal(got, "e1000e nvme xhci_pci ");
}

struct grub_case {
	const char *name, *cmdline;
	const char *linux_line, *assignment; /* in grub.cfg and in etc/default/grub */
};

static void test_grub(void **state)
{
	const struct grub_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const struct machine_file *cfg, *def;

	m->release = "6.1.0-20-amd64";
	m->cmdline = c->cmdline;
	assert_int_equal(import_lspci(m, "L", "01:00.0 0200: 8086:0001\n", NULL, NULL),
			 0);
	assert_int_equal(import_finish(m, NULL), 0);
	cfg = machine_file(m, "boot/grub/grub.cfg");
	def = machine_file(m, "etc/default/grub");
	assert_non_null(cfg);
	assert_non_null(def);
	assert_non_null(strstr((const char *)cfg->data.data, c->linux_line));
	assert_non_null(strstr((const char *)def->data.data, c->assignment));
	assert_non_null(machine_file(m, "boot/vmlinuz-6.1.0-20-amd64"));
	assert_non_null(machine_unknown(m, "files"));
	assert_non_null(machine_unknown(m, "mounts"));
}

#define DEFAULT "\nGRUB_CMDLINE_LINUX_DEFAULT="
static struct grub_case grub_cases[] = {
	/* clang-format off */
	{ "usual", "BOOT_IMAGE=/boot/vmlinuz-6.1.0-20-amd64 root=UUID=x ro quiet splash",
	  "\tlinux\t/boot/vmlinuz-6.1.0-20-amd64 root=UUID=x ro quiet splash\n", DEFAULT "\"quiet splash\"\n" },
	{ "own /boot, rw", "BOOT_IMAGE=/vmlinuz-6.1.0-20-amd64 root=/dev/sda1 rw a=b",
	  "\tlinux\t/vmlinuz-6.1.0-20-amd64 root=/dev/sda1 rw a=b\n\tinitrd\t/initrd.img-6.1.0-20-amd64\n",
	  DEFAULT "\"a=b\"\n" },
	{ "disk of GRUB", "BOOT_IMAGE=(hd0,gpt2)/boot/vmlinuz-6.1.0-20-amd64 root=/dev/sda1 ro",
	  "\tlinux\t/boot/vmlinuz-6.1.0-20-amd64 root=/dev/sda1 ro\n", DEFAULT "\"\"\n" },
	{ "kernel of another name", "BOOT_IMAGE=/boot/vmlinuz-linux root=/dev/sda1 rw quiet",
	  "\tlinux\t/boot/vmlinuz-6.1.0-20-amd64 root=/dev/sda1 rw quiet\n", DEFAULT "\"quiet\"\n" },
	{ "words a shell would read", "BOOT_IMAGE=/x root=/dev/sda1 ro dyndbg=\"file a +p\" b=$c",
	  " ro dyndbg=\"file a +p\" b=$c\n", DEFAULT "'dyndbg=\"file a +p\" b=$c'\n" },
	{ "all quotes", "BOOT_IMAGE=/x root=/dev/sda1 ro a='b\"`",
	  " ro a='b\"`\n", DEFAULT "\"a='b\\\"\\`\"\n" },
	/* clang-format on */
};

/* ---- a tree ---- */

#define NIC_AT "/sys/devices/pci0000:00/0000:00:03.0"
static const char nic_tree[] =
	"D /sys/bus/pci/devices 755 nl=2\n"
	"L /sys/bus/pci/devices/0000:00:03.0 -> "
	"../../../devices/pci0000:00/0000:00:03.0 sz=0\n"
	"D " NIC_AT " 755 nl=5\n"
	"F " NIC_AT "/config 644 sz=256 64:\""
	"\\x86\\x80\\xd3\\x10\\x07\\x04\\x10\\x00\\x01\\x00\\x00\\x02\\x10\\x00\\x00\\x00"
	"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x86\\x80\\x00\\x00"
	"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	"\"\n"
	"F " NIC_AT "/vendor 444 sz=4096 7:\"0x8086\\n\"\n"
	"F " NIC_AT "/device 444 sz=4096 7:\"0x10d3\\n\"\n"
	"F " NIC_AT "/class 444 sz=4096 9:\"0x020000\\n\"\n"
	"F " NIC_AT "/reset_method 644 sz=4096 7:\"flr pm\\n\"\n"
	"L " NIC_AT "/driver -> ../../../bus/pci/drivers/e1000e sz=0\n"
	"L " NIC_AT "/iommu_group -> ../../../kernel/iommu_groups/2 sz=0\n"
	"L /sys/bus/pci/drivers/e1000e/module -> ../../../../module/e1000e sz=0\n"
	"F /sys/module/e1000e/initstate 444 sz=4096 5:\"live\\n\"\n"
	"F /sys/kernel/iommu_groups/2/type 644 sz=4096 7:\"DMA-FQ\\n\"\n";

static bool tree_first = false, log_first = true;

/* The log comes first or last: it is the same machine. */
static void test_tree(void **state)
{
	static const char log[] =
		LINUX "[    0.1] DMAR: dmar0: reg_base_addr fed90000 ver 1:0\n"
		      "[    0.2] pci 0000:00:03.0: Adding to iommu group 2\n";
	const bool *is_first = *state;
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	for (int i = 0; i < 2; i++)
		assert_int_equal(
			import_add(m, "x",
				   text_blob((i == 0) == *is_first ? log : nic_tree),
				   NULL, &e),
			0);
	assert_int_equal(import_finish(m, &e), 0);
	assert_int_equal(m->fns.n, 1);
	assert_string_equal(describe(m, &m->fns.v[0]),
			    "0000:00:03.0 8086:10d3/8086:0000 020000 "
			    "r01 g2 n-1 i0 c64/256 e1000e");
	assert_string_equal(m->fns.v[0].reset, "flr pm");
	assert_null(machine_unknown(m, "reset"));
	assert_int_equal(m->groups.n, 1);
	assert_string_equal(m->groups.v[0].type, "DMA-FQ");
	assert_int_equal(m->units.n, 1);
	assert_string_equal(m->release, "6.1.0-20-amd64");
	assert_true(strings_have(&m->loaded, "e1000e"));
}

static void test_bad_tree(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	(void)state;
	assert_int_equal(import_add(m, "T", text_blob("D /sys 755 nl=2\nF /sys/x 644\n"),
				    NULL, &e),
			 -EINVAL);
	assert_non_null(after_prefix(e.text, "T:2: "));
	assert_int_equal(import_add(m, "T", text_blob("D /sys 755 nl=2\n"), NULL, &e),
			 -EINVAL);
	assert_string_equal(e.text, "T: no PCI function below sys/bus/pci/devices in "
				    "this tree");
}

/* ---- two machines ---- */

struct maker_case {
	const char *name, *bridge, *cpu, *table;
	const char *want; /* the error; NULL: none */
};

/* A table of that name with a good checksum and nothing in it. */
static void add_table(struct machine *m, const char *name)
{
	uint8_t t[48] = { [4] = sizeof(t), [8] = 1 }, sum = 0;

	memcpy(t, name, 4);
	for (size_t i = 0; i < sizeof(t); i++)
		sum = (uint8_t)(sum + t[i]);
	t[9] = (uint8_t)-sum;
	assert_int_equal(import_add(m, name, (struct blob){ t, sizeof(t) }, NULL, NULL),
			 0);
}

static void test_makers(void **state)
{
	const struct maker_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	if (c->table)
		add_table(m, c->table);
	if (c->cpu)
		assert_int_equal(
			import_cpuinfo(m, "C",
				       arena_printf(m->arena,
						    "processor\t: 0\nvendor_id\t: %s\n",
						    c->cpu),
				       NULL, NULL),
			0);
	assert_int_equal(
		import_lspci(m, "L",
			     arena_printf(m->arena, "00:00.0 0600: %s\n", c->bridge),
			     NULL, NULL),
		0);
	assert_int_equal(import_finish(m, &e), c->want ? -EINVAL : 0);
	assert_string_equal(e.text, c->want ? c->want : "");
}

static struct maker_case maker_cases[] = {
	/* clang-format off */
	{ "Intel throughout", "8086:1234", "GenuineIntel", "DMAR", NULL },
	{ "AMD throughout", "1022:1234", "AuthenticAMD", "IVRS", NULL },
	{ "AMD's older chipsets", "1002:1234", "AuthenticAMD", "IVRS", NULL },
	{ "a bridge of another's", "10de:1234", "AuthenticAMD", "IVRS", NULL },
	{ "QEMU has Intel's bridge for all",
	  "8086:29c0\n\tSubsystem: 1af4:1100", "AuthenticAMD", "IVRS", NULL },
	{ "Intel's board, AMD's processor and table", "8086:1234", "AuthenticAMD", "IVRS",
	  "lspci shows a host bridge of Intel, /proc/cpuinfo a processor of AMD: these are two "
	  "machines" },
	{ "Intel's board, AMD's table", "8086:1234", NULL, "IVRS",
	  "lspci shows a host bridge of Intel, whose machines have no table IVRS: these are two "
	  "machines" },
	{ "AMD's board, Intel's table", "1022:1234", "AuthenticAMD", "DMAR",
	  "lspci shows a host bridge of AMD, whose machines have no table DMAR: these are two "
	  "machines" },
	/* clang-format on */
};

/* ---- processors ---- */

static void test_cpuinfo(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();

	(void)state;
	assert_int_equal(
		import_cpuinfo(
			m, "C",
			"processor\t: 0\nvendor_id\t: AuthenticAMD\n"
			"model name\t: AMD A8\nflags\t\t: fpu svm lm\n"
			"power management:\n\nprocessor\t: 1\nflags\t\t: fpu svm\n",
			NULL, NULL),
		0);
	assert_int_equal(m->cpus, 2);
	assert_string_equal(m->cpu_vendor, "AuthenticAMD");
	assert_string_equal(m->cpu_model, "AMD A8");
	assert_int_equal(m->cpu_flags.n, 1);
	assert_string_equal(m->cpu_flags.v[0], "svm");
}

static void test_two_processors(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct err e = { "" };

	(void)state;
	assert_int_equal(import_cpuinfo(m, "C", "model name\t: AMD A8\n", NULL, &e), 0);
	assert_int_equal(import_cpuinfo(m, "C", "model name\t: AMD A8\n", NULL, &e), 0);
	assert_int_equal(import_cpuinfo(m, "D", "model name\t: Xeon\n", NULL, &e),
			 -EINVAL);
	assert_string_equal(e.text,
			    "D: the processor is a \"Xeon\" here and a \"AMD A8\" "
			    "before: these are two machines");
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
		{ "ACPI tables", test_acpi_tables, NULL, NULL, NULL },
		{ "a second table", test_second_table, NULL, NULL, NULL },
		{ "a storm of faults", test_fault_storm, NULL, NULL, NULL },
		{ "three files of one function", test_merge, NULL, NULL, NULL },
		{ "virtual functions", test_sriov, NULL, NULL, NULL },
		{ "log and lspci of two boots", test_other_boot, NULL, NULL, NULL },
		{ "input devices of a log", test_inputs, NULL, NULL, NULL },
		{ "a log alone", test_log_alone, NULL, NULL, NULL },
		{ "nothing at all", test_nothing, NULL, NULL, NULL },
		{ "VFIO of each kernel", test_vfio, NULL, NULL, NULL },
		{ "a tree, then the log", test_tree, NULL, NULL, &tree_first },
		{ "the log, then a tree", test_tree, NULL, NULL, &log_first },
		{ "a tree that is damaged, or has no functions", test_bad_tree, NULL,
		  NULL, NULL },
		{ "what MODULES=most takes", test_initramfs, NULL, NULL, NULL },
		{ "cpuinfo", test_cpuinfo, NULL, NULL, NULL },
		{ "cpuinfo of two machines", test_two_processors, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[200];
	size_t n = 0;

	ROWS(kind_cases, test_kind);
	ROWS(lspci_cases, test_lspci);
	ROWS(resource_cases, test_resource);
	ROWS(dmesg_cases, test_dmesg);
	ROWS(type_cases, test_domain_type);
	ROWS(host_cases, test_hostname);
	ROWS(module_cases, test_modules);
	ROWS(grub_cases, test_grub);
	ROWS(maker_cases, test_makers);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	return _cmocka_run_group_tests("import", tests, n, NULL, NULL);
}
