/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel log of a boot. What a boot with an unchanged command line says is compared
 * with recorded boots, where PCIPASS_TREES (tree-V-a.txt, dmesg-V-a.txt) and
 * PCIPASS_CAPTURES (machines/NAME) name folders that have some.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-acpi.h"
#include "core/test-captures.h"
#include "fakesys/import.h"
#include "fakesys/test-sim.h"

/* --- logs as text: what enumeration says has tests of its own --- */

static bool is_owned(const char *line)
{
	static const char *const others[] = { "Linux version ",
					      "Command line: ", "Kernel command line: " };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (after_prefix(line, others[i]))
			return false;
	return !strstr(line, "] type ") && !strstr(line, ": BAR ") &&
	       !strstr(line, ": ROM ") && !strstr(line, "bridge window");
}

static strings log_of(struct arena *a, struct sim *s)
{
	struct host h = sim_host(s);
	char *log, *save = NULL;
	strings ret = { 0 };

	assert_int_equal(h.ops->klog(h.ctx, &log), 0);
	for (char *l = strtok_r(log, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		*vec_push(a, &ret) = arena_strdup(a, l);
	free(log);
	return ret;
}

static void put_loader(struct sim *s, const struct machine *m, const char *cmdline)
{
	char text[1024];
	int n = snprintf(
		text, sizeof(text),
		"set default=\"0\"\nmenuentry 'Debian' {\n"
		"\tlinux\t/boot/vmlinuz-%s %s\n\tinitrd\t/boot/initrd.img-%s\n}\n",
		m->release, cmdline, m->release);
	struct blob data = { (const uint8_t *)text, (size_t)n };

	assert_int_equal(disk_put(sim_disk(s), "boot/grub/grub.cfg", data, S_IFREG | 0644,
				  0, 0, 0),
			 0);
}

/* The log of @m after a boot with @cmdline. */
static strings reboot_log(struct machine *m, const char *profile, const char *cmdline)
{
	const struct boot_report *report;
	struct err e = { "" };
	struct sim *s;
	strings ret;

	if (sim_new(m, profile_find(profile), &s, &e) < 0)
		fail_msg("%s", e.text);
	put_loader(s, m, cmdline);
	if (sim_reboot(s, &report, &e) < 0)
		fail_msg("%s", e.text);
	ret = log_of(m->arena, s);
	sim_free(s);
	return ret;
}

/* --- every line of a small machine --- */

struct boot_case {
	const char *name;
	const char *recorded; /* command line of the recorded boot */
	const char *klog;     /* what it said; NULL: unknown */
	const char *cmdline;  /* of the boot that follows */
	const char *want;
	const char *profile; /* NULL: 6.12.107 */
	bool off;            /* the IOMMU was off */
	bool amd;
	bool acs;    /* 0a:00.0 has ACS */
	bool native; /* a driver takes the boot VGA */
};

#define TABLE                                                                            \
	"DMAR: Host address width 39\nDMAR: DRHD base: 0x000000fed90000 flags: 0x1\n"    \
	"DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c ecap f00f4a\n"           \
	"DMAR: RMRR base: 0x00000000100000 end: 0x000000001fffff\n"
#define DERIVED                                                                          \
	"DMAR: Host address width 39\nDMAR: DRHD base: 0x000000fed90000 flags: 0x1\n"    \
	"DMAR: RMRR base: 0x00000000100000 end: 0x000000001fffff\n"
#define IR                                                                               \
	"DMAR-IR: IOAPIC id 2 under DRHD base  0xfed90000 IOMMU 0\n"                     \
	"DMAR-IR: HPET id 0 under DRHD base 0xfed90000\n"
#define QUEUE                                                                            \
	"DMAR-IR: Queued invalidation will be enabled to support x2apic and "            \
	"Intr-remapping.\n"
#define MODE "DMAR-IR: Enabled IRQ remapping in x2apic mode\n"
#define LAZY                                                                             \
	"iommu: Default domain type: Translated\n"                                       \
	"iommu: DMA domain TLB invalidation policy: lazy mode\n"
#define VGA                                                                              \
	"pci 0000:00:02.0: vgaarb: setting as boot VGA device\n"                         \
	"pci 0000:00:02.0: vgaarb: bridge control possible\nvgaarb: loaded\n"
#define NONE "DMAR: No ATSR found\nDMAR: No SATC found\n"
#define QI "DMAR: dmar0: Using Queued invalidation\n"
#define VTD "DMAR: Intel(R) Virtualization Technology for Directed I/O\n"
#define SCREEN "efifb: probing for efifb\n"
#define HEAD "Linux version 6.12.107+deb13-amd64 (gcc)\nCommand line: \n"
/* Users came later. */
#define TAIL                                                                             \
	"DMAR: DRHD: handling fault status reg 2\nusb 1-1: iommu is not my name\n"       \
	"vfio_pci: add [8086:10d3[ffffffff:ffffffff]] class 0x000000/00000000\n"         \
	"pci 0000:0a:00.1: Adding to iommu group 19\n"
#define FAULT "DMAR: DRHD: handling fault status reg 2\n"
#define USB "usb 1-1: iommu is not my name\n"
#define INTEL HEAD TABLE IR QUEUE MODE LAZY VGA NONE QI VTD SCREEN TAIL
#define INTEL_OFF HEAD TABLE IR QUEUE MODE LAZY VGA SCREEN USB
#define AMD                                                                              \
	HEAD "AMD-Vi: Using global IVHD EFR:0x1, EFR2:0x0\n" LAZY VGA                    \
	     "pci 0000:00:00.2: AMD-Vi: IOMMU performance counters supported\n"          \
	     "pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40\n"                          \
	     "AMD-Vi: Extended features (0x1, 0x0): PPR NX\n"                            \
	     "AMD-Vi: Interrupt remapping enabled\nAMD-Vi: Virtual APIC enabled\n"       \
	     "perf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).\n"

/* One unit for all with an IOAPIC and an HPET, and one RMRR. */
static uint8_t dmar[48 + 32 + 24] = "DMAR\x68\0\0\0\1";

static void make_dmar(void)
{
	static const uint8_t rest[] = {
		38,   1,    0,    0, 0, 0,    0,    0, 0, 0, 0,    0, /* width, flags:
									 remaps */
		0,    0,    32,   0, 1, 0,    0,    0, 0, 0, 0xd9, 0xfe, 0,
		0,    0,    0, /* DRHD */
		3,    8,    0,    0, 2, 0xf0, 0x1f, 0, 4, 8, 0,    0,    0,
		0,    0x1f, 0, /* its scopes */
		1,    0,    24,   0, 0, 0,    0,    0, 0, 0, 0x10, 0,    0,
		0,    0,    0, /* RMRR */
		0xff, 0xff, 0x1f, 0, 0, 0,    0,    0,
	};
	uint8_t sum = 0;

	memcpy(dmar + 36, rest, sizeof(rest));
	dmar[9] = 0;
	for (size_t i = 0; i < sizeof(dmar); i++)
		sum += dmar[i];
	dmar[9] = (uint8_t)-sum;
}

static void set_klog(struct machine *m, const char *text)
{
	char *save = NULL;

	m->klog.n = 0;
	if (!text)
		machine_set_unknown(m, "nobody looked", "klog");
	else
		for (char *l = strtok_r(arena_strdup(m->arena, text), "\n", &save); l;
		     l = strtok_r(NULL, "\n", &save))
			*vec_push(m->arena, &m->klog) = l;
}

static struct machine *machine_of(const struct boot_case *c)
{
	struct machine *m = test_machine(!c->off);

	*vec_push(m->arena, &m->acpi) =
		(struct acpi_table){ c->amd ? "IVRS" : "DMAR", { dmar, sizeof(dmar) } };
	if (c->amd)
		m->units.v[0] = (struct iommu_unit){ "ivhd0", "amd" };
	if (c->off)
		m->interrupt_remapping = c->klog && strstr(c->klog, MODE);
	if (c->acs) /* instead of SR-IOV */
		memcpy(test_cfg(&m->fns.v[m->fns.n - 2]) + 0x100, "\x0d\x00\x01\x00", 4);
	if (c->native) {
		m->fns.v[1].id.vendor = 0x8086;
		m->fns.v[1].id.device = 0x10d3;
	}
	m->cmdline = c->recorded;
	set_klog(m, c->klog);
	return m;
}

/* Groups as one line, but those that a driver's name stands before. */
static char *as_text(struct arena *a, const strings *lines)
{
	char *text = NULL, *ret;
	bool groups = false;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	vec_foreach(l, lines) {
		bool joins = after_prefix(*l, "pci ") &&
			     strstr(*l, ": Adding to iommu group ");

		if (joins && !groups)
			fputs("(groups)\n", f);
		groups = joins;
		if (!joins && is_owned(*l))
			fprintf(f, "%s\n", *l);
	}
	fclose(f);
	ret = arena_strdup(a, text);
	free(text);
	return ret;
}

static void test_boot(void **state)
{
	const struct boot_case *c = *state;
	AUTOMACHINE struct machine *m = machine_of(c);
	strings log = reboot_log(m, c->profile ? c->profile : "6.12.107", c->cmdline);

	assert_string_equal(as_text(m->arena, &log), c->want);
}

/* clang-format off */
static struct boot_case boots[] = {
	{ "nothing changes", "", INTEL, "", TABLE IR QUEUE MODE LAZY VGA NONE QI "(groups)\n" VTD SCREEN FAULT USB },
	{ "intel_iommu=off: interrupts are remapped all the same", "", INTEL, "intel_iommu=off",
	  "DMAR: IOMMU disabled\n" TABLE IR QUEUE MODE LAZY VGA SCREEN USB },
	{ "intremap=off: the table is read later", "", INTEL, "intremap=off",
	  LAZY VGA TABLE NONE QI "(groups)\n" VTD SCREEN FAULT USB },
	{ "both off: the table is still read", "", INTEL, "intremap=off intel_iommu=off",
	  "DMAR: IOMMU disabled\n" LAZY VGA TABLE SCREEN USB },
	{ "iommu=pt: nothing to invalidate", "", INTEL, "iommu=pt",
	  TABLE IR QUEUE MODE "iommu: Default domain type: Passthrough (set via kernel command line)\n" VGA NONE QI "(groups)\n" VTD SCREEN FAULT USB },
	{ "iommu.strict=1", "", INTEL, "iommu.strict=1",
	  TABLE IR QUEUE MODE "iommu: Default domain type: Translated\n"
	  "iommu: DMA domain TLB invalidation policy: strict mode (set via kernel command line)\n" VGA NONE QI "(groups)\n" VTD SCREEN FAULT USB },
	{ "words of intel_iommu=, each with its line", "", INTEL, "intel_iommu=strict,foo,on",
	  "DMAR: intel_iommu=strict deprecated; use iommu.strict=1 instead\nDMAR: Unknown option - 'foo,on'\nDMAR: IOMMU enabled\n"
	  TABLE IR QUEUE MODE "iommu: Default domain type: Translated\n"
	  "iommu: DMA domain TLB invalidation policy: strict mode\n" VGA NONE QI "(groups)\n" VTD SCREEN FAULT USB },
	{ "a word before one that was said, and one behind it", "intel_iommu=on", HEAD "DMAR: IOMMU enabled\n" LAZY, "intel_iommu=igfx_off,on,foo",
	  "DMAR: Disable GFX device mapping\nDMAR: IOMMU enabled\nDMAR: Unknown option - 'foo'\n" MODE LAZY "(groups)\n" },
	{ "told before, by default now, on 6.1", "iommu=nopt iommu.strict=1",
	  HEAD "iommu: Default domain type: Translated (set via kernel command line)\n"
	  "iommu: DMA domain TLB invalidation policy: strict mode (set via kernel command line)\n" VGA, "",
	  MODE "iommu: Default domain type: Translated \niommu: DMA domain TLB invalidation policy: lazy mode \n" VGA "(groups)\n", "6.1" },
	{ "a kernel whose default is passthrough", "", HEAD "iommu: Default domain type: Passthrough\n" VGA, "",
	  MODE "iommu: Default domain type: Passthrough\n" VGA "(groups)\n" },
	{ "switched on: what the table implies", "intel_iommu=off intremap=off", HEAD LAZY VGA TABLE, "",
	  TABLE IR MODE LAZY VGA NONE QI "(groups)\n" VTD, .off = true },
	{ "no log: what the machine implies", "", NULL, "",
	  DERIVED IR MODE LAZY "pci 0000:00:02.0: vgaarb: setting as boot VGA device\n" NONE QI "(groups)\n" VTD },
	{ "no frame buffer", "", INTEL, "initcall_blacklist=foo,sysfb_init",
	  "blacklisting initcall foo\nblacklisting initcall sysfb_init\n"
	  TABLE IR QUEUE MODE LAZY VGA NONE QI "(groups)\n" VTD "initcall sysfb_init blacklisted\n" FAULT USB },
	{ "pci= on 6.12", "intel_iommu=off", INTEL_OFF, "intel_iommu=off pci=noats,config_acs=xx1@00:01.0,nonsense",
	  "PCI: Unknown option `nonsense'\nDMAR: IOMMU disabled\n" TABLE IR QUEUE MODE LAZY VGA SCREEN USB, .off = true },
	{ "pci= on 6.1", "intel_iommu=off", INTEL_OFF, "intel_iommu=off pci=noats,config_acs=xx1@00:01.0,nonsense",
	  "PCI: Unknown option `config_acs=xx1@00:01.0'\nPCI: Unknown option `nonsense'\nDMAR: IOMMU disabled\n"
	  TABLE IR QUEUE MODE "iommu: Default domain type: Translated\niommu: DMA domain TLB invalidation policy: lazy mode\n"
	  VGA SCREEN USB, "6.1", .off = true },
	{ "words of nobody, arguments before the environment", "intel_iommu=off", INTEL_OFF,
	  "intel_iommu=off pcie_acs_override=downstream quiet vfio-pci.ids=1:2 splash",
	  "DMAR: IOMMU disabled\nUnknown kernel command line parameters \"splash pcie_acs_override=downstream\", will be passed to user space.\n"
	  TABLE IR QUEUE MODE LAZY VGA SCREEN USB, .off = true },
	{ "a word that was unknown before is again", "intel_iommu=off root=x",
	  HEAD "Unknown kernel command line parameters \"odd=1\", will be passed to user space.\n" LAZY, "intel_iommu=off odd=2 root=x odd=3",
	  "DMAR: IOMMU disabled\nUnknown kernel command line parameters \"odd=3\", will be passed to user space.\n" IR MODE LAZY, .off = true },
	{ "a function that joined when its driver came", "", HEAD "e1000e 0000:00:03.0: Adding to iommu group 2\n" LAZY, "",
	  MODE "(groups)\ne1000e 0000:00:03.0: Adding to iommu group 2\n(groups)\n" LAZY },
	{ "the driver of the boot VGA", "intel_iommu=off", HEAD LAZY VGA "e1000e 0000:00:02.0: vgaarb: deactivate vga console\n"
	  "e1000e 0000:00:03.0: vgaarb: not of that function\n" USB, "intel_iommu=off",
	  "DMAR: IOMMU disabled\n" IR MODE LAZY VGA "e1000e 0000:00:03.0: vgaarb: not of that function\n" USB
	  "e1000e 0000:00:02.0: vgaarb: deactivate vga console\n", .off = true, .native = true },
	{ "pci=disable_acs_redir= on 6.1", "intel_iommu=off", HEAD LAZY, "intel_iommu=off \"pci=disable_acs_redir=pci:8086:29c0;0a:00.0;00:04.0/0.1;00:04.0/0.2\"",
	  "DMAR: IOMMU disabled\n" IR MODE
	  "pci 0000:00:00.0: cannot disable ACS redirect for this hardware as it does not have ACS capabilities\n"
	  "pci 0000:01:00.1: cannot disable ACS redirect for this hardware as it does not have ACS capabilities\n"
	  "pci 0000:0a:00.0: disabled ACS redirect\n" LAZY, "6.1", .off = true, .acs = true },
	{ "pci=disable_acs_redir= on 6.12: the register is not known", "intel_iommu=off", HEAD LAZY, "intel_iommu=off pci=disable_acs_redir=00:00.0",
	  "DMAR: IOMMU disabled\n" IR MODE LAZY, .off = true, .acs = true },
	{ "AMD: nothing changes", "", AMD, "",
	  "AMD-Vi: Using global IVHD EFR:0x1, EFR2:0x0\n" LAZY VGA "pci 0000:00:00.2: AMD-Vi: IOMMU performance counters supported\n(groups)\n"
	  "pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40\nAMD-Vi: Extended features (0x1, 0x0): PPR NX\n"
	  "AMD-Vi: Interrupt remapping enabled\nAMD-Vi: Virtual APIC enabled\nperf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).\n", .amd = true },
	{ "amd_iommu=off", "", AMD, "amd_iommu=off", LAZY VGA, .amd = true },
	{ "amd_iommu=on is no option; intremap=off", "", AMD, "amd_iommu=on intremap=off",
	  "AMD-Vi: Unknown option - 'on'\n" LAZY VGA "AMD-Vi: Using global IVHD EFR:0x1, EFR2:0x0\n"
	  "pci 0000:00:00.2: AMD-Vi: IOMMU performance counters supported\n(groups)\n"
	  "pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40\nAMD-Vi: Extended features (0x1, 0x0): PPR NX\n"
	  "perf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).\n", .amd = true },
};
/* clang-format on */

/* --- a function that comes again --- */

struct rescan_case {
	const char *name, *profile, *want;
	const char *const *windows; /* what the root bus has to give; NULL: unknown */
	const char *remove;         /* NULL: 0000:00:03.0 */
};

/* Its bridge's windows are where the firmware put them. */
static void open_windows(struct machine *m, const char *const *windows)
{
	struct pci_fn *port = &m->fns.v[3], *nic = &m->fns.v[6];

	for (; *windows; windows++)
		*vec_push(m->arena, &m->klog) = *windows;
	port->res[14] = (struct pci_resource){ 0xfe800000, 0xfe9fffff, 0x200 };
	nic->res[0] = (struct pci_resource){ 0xfe800000, 0xfe81ffff, 0x40200 };
	nic->res[1] = (struct pci_resource){ 0xfe840000, 0xfe843fff, 0x40200 };
	m->fns.v[7].res[0] = (struct pci_resource){ 0xfe820000, 0xfe83ffff, 0x40200 };
	test_cfg(nic)[PCI_HEADER_TYPE] |= 0x80;
	test_cfg(&m->fns.v[7])[PCI_HEADER_TYPE] |= 0x80;
	test_cfg(port)[0x40 + PCI_EXP_FLAGS + 1] |= PCI_EXP_FLAGS_SLOT >> 8;
	test_cfg(port)[0x40 + PCI_EXP_SLTCAP] = PCI_EXP_SLTCAP_HPC;
	*vec_push(m->arena, &m->slots) = (struct pci_slot){ .name = "4",
							    .address = "0000:01:00",
							    .driver = "acpiphp" };
}

static void test_rescan(void **state)
{
	const struct rescan_case *c = *state;
	AUTOMACHINE struct machine *m = test_machine(true);
	char *text = NULL;
	strings log;
	struct err e = { "" };
	struct sim *s;
	size_t n, len;
	FILE *f;

	if (c->windows)
		open_windows(m, c->windows);
	assert_int_equal(sim_new(m, profile_find(c->profile), &s, &e), 0);
	n = c->remove ? log_of(m->arena, s).n : 0;
	assert_int_equal(sim_store(s,
				   arena_printf(m->arena, "sys/bus/pci/devices/%s/remove",
						c->remove ? c->remove : "0000:00:03.0"),
				   "1", 1),
			 1);
	n = n ? n : log_of(m->arena, s).n;
	assert_int_equal(sim_store(s, "sys/bus/pci/rescan", "1", 1), 1);
	log = log_of(m->arena, s);
	sim_free(s);
	f = open_memstream(&text, &len);
	for (size_t i = n; i < log.n; i++)
		fprintf(f, "%s\n", log.v[i]);
	fclose(f);
	if (strcmp(text, c->want) != 0)
		print_message("got %s", text);
	n = (size_t)strcmp(text, c->want);
	free(text);
	assert_int_equal(n, 0);
}

#define BARS                                                                             \
	"pci 0000:00:03.0: BAR 0 [mem 0xfeb40000-0xfeb5ffff]\n"                          \
	"pci 0000:00:03.0: BAR 2 [io  0x7140-0x715f]\n"                                  \
	"pci 0000:00:03.0: Adding to iommu group 2\n"                                    \
	"pci 0000:00:03.0: BAR 0 [mem 0xfeb40000-0xfeb5ffff]: assigned\n"                \
	"pci 0000:00:03.0: BAR 2 [io  0x7140-0x715f]: assigned\n"                        \
	"e1000e 0000:00:03.0: enabling device (0000 -> 0003)\n"

/* Once nobody claims it, it goes where there is room first. */
static const char *const windows[] = {
	"pci_bus 0000:00: root bus resource [io  0x0000-0x0cf7 window]",
	"pci_bus 0000:00: root bus resource [io  0x0d00-0xffff window]",
	"pci_bus 0000:00: root bus resource [mem 0x000a0000-0x000bffff window]",
	"pci_bus 0000:00: root bus resource [mem 0x20000000-0xafffffff window]",
	NULL,
};

#define PORT_FOUND                                                                       \
	"pci_bus 0000:01: busn_res: [bus 01] is released\n"                              \
	"acpiphp: Slot [4] unregistered\n"                                               \
	"pci 0000:00:04.0: [1b36:000c] type 01 class 0x060400 PCIe Root Port\n"          \
	"pci 0000:00:04.0: PCI bridge to [bus 01]\n"                                     \
	"pci 0000:00:04.0:   bridge window [mem 0xfe800000-0xfe9fffff]\n"                \
	"pci 0000:00:04.0: Adding to iommu group 3\n"                                    \
	"acpiphp: Slot [4] registered\n"                                                 \
	"pci 0000:01:00.0: [8086:10d3] type 00 class 0x020000 conventional PCI "         \
	"endpoint\n"                                                                     \
	"pci 0000:01:00.0: BAR 0 [mem 0xfe800000-0xfe81ffff]\n"                          \
	"pci 0000:01:00.0: BAR 1 [mem 0xfe840000-0xfe843fff]\n"                          \
	"pci 0000:01:00.0: Adding to iommu group 4\n"                                    \
	"pci 0000:01:00.1: [8086:10d3] type 00 class 0x020000 conventional PCI "         \
	"endpoint\n"                                                                     \
	"pci 0000:01:00.1: BAR 0 [mem 0xfe820000-0xfe83ffff]\n"                          \
	"pci 0000:01:00.1: Adding to iommu group 4\n"                                    \
	"pci 0000:00:04.0: PCI bridge to [bus 01]\n"
#define PORT_ASSIGNED                                                                    \
	"pci 0000:01:00.0: BAR 0 [mem 0x20000000-0x2001ffff]: assigned\n"                \
	"pci 0000:01:00.1: BAR 0 [mem 0x20020000-0x2003ffff]: assigned\n"                \
	"pci 0000:01:00.0: BAR 1 [mem 0x20040000-0x20043fff]: assigned\n"                \
	"pci 0000:00:04.0: PCI bridge to [bus 01]\n"                                     \
	"pci 0000:00:04.0:   bridge window [mem 0x20000000-0x201fffff]\n"                \
	"pcieport 0000:00:04.0: enabling device (0000 -> 0002)\n"                        \
	"pcieport 0000:00:04.0: PME: Signaling with IRQ 11\n"                            \
	"e1000e 0000:01:00.0: enabling device (0000 -> 0002)\n"                          \
	"e1000e 0000:01:00.1: enabling device (0000 -> 0002)\n"

static struct rescan_case rescans[] = {
	{ "found again on 6.1", "6.1",
	  "pci 0000:00:03.0: [8086:10d3] type 00 class 0x020000\n" BARS },
	{ "found again on 7.3", "7.3",
	  "pci 0000:00:03.0: [8086:10d3] type 00 class 0x020000 conventional PCI "
	  "endpoint\n" BARS },
	{ "a port found again: its window is as large as it was", "6.12",
	  PORT_FOUND "pci 0000:00:04.0: bridge window [mem 0x20000000-0x201fffff]: "
		     "assigned\n" PORT_ASSIGNED,
	  windows, "0000:00:04.0" },
	{ "a port found again: there is room for what may be plugged in", "7.3",
	  PORT_FOUND
	  "pci 0000:00:04.0: bridge window [mem 0x00100000-0x001fffff] to [bus 01] "
	  "add_size 100000 add_align 100000\n"
	  "pci 0000:00:04.0: bridge window [mem 0x20000000-0x201fffff]: "
	  "assigned\n" PORT_ASSIGNED,
	  windows, "0000:00:04.0" },
};

/* --- recorded boots --- */

struct recorded_case {
	const char *name;
	const char *const *files; /* NULL-terminated */
	const char *folder;       /* a variable of the environment */
	const char *profile, *log;
	size_t lines; /* at least as many are compared */
	size_t found; /* and of enumeration */
};

/* What the task's prefixes own: all that an unchanged boot must give back. */
static bool is_promised(const char *line)
{
	static const char *const words[] = { "DMAR: ",  "DMAR-IR: ",       "AMD-Vi",
					     "iommu: ", "to iommu group ", "vgaarb: " };

	/* Drivers say these when they come. */
	if (strstr(line, "deactivate vga console") || strstr(line, "VGA decodes"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static struct machine *import_case(const struct recorded_case *c)
{
	const char *dir = getenv(c->folder);
	struct err e = { "" };
	struct machine *m;

	if (!dir || !*dir) {
		print_message("# %s names no folder\n", c->folder);
		skip();
	}
	m = machine_new();
	for (size_t i = 0; c->files[i]; i++) {
		const char *path = arena_printf(m->arena, "%s/%s", dir, c->files[i]);
		struct blob b = read_capture(m->arena, path);

		if (!b.data || import_add(m, path, b, NULL, &e) < 0)
			fail_msg("%s: %s", path, e.text);
	}
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

/* The text of the recorded log itself, without stamps: the importers drop lines. */
static strings recorded_lines(struct machine *m, const struct recorded_case *c)
{
	struct blob b = read_capture(
		m->arena, arena_printf(m->arena, "%s/%s", getenv(c->folder), c->log));
	char *save = NULL;
	strings ret = { 0 };

	assert_non_null(b.data);
	for (char *l =
		     strtok_r(arena_strdup(m->arena, (const char *)b.data), "\n", &save);
	     l; l = strtok_r(NULL, "\n", &save)) {
		const char *end = strstr(l, "] ");

		*vec_push(m->arena, &ret) = end ? end + 2 : l;
	}
	return ret;
}

static void pick(struct arena *a, const strings *from, bool (*want)(const char *line),
		 strings *ret)
{
	vec_foreach(l, from) {
		size_t n = strlen(*l);

		/* Import takes blanks from the end of lines. */
		while (n && (*l)[n - 1] == ' ')
			n--;
		if (want(*l))
			*vec_push(a, ret) = arena_strndup(a, *l, n);
	}
}

static void test_recorded(void **state)
{
	const struct recorded_case *c = *state;
	AUTOMACHINE struct machine *m = import_case(c);
	strings raw = recorded_lines(m, c), log = reboot_log(m, c->profile, m->cmdline);
	strings want = { 0 }, got = { 0 };

	pick(m->arena, &raw, is_promised, &want);
	pick(m->arena, &log, is_promised, &got);
	for (size_t i = 0; i < want.n && i < got.n; i++)
		assert_string_equal(got.v[i], want.v[i]);
	assert_int_equal(got.n, want.n);
	print_message("# %s: lines %zu\n", c->name, want.n);
	assert_true(want.n >= c->lines);
}

/* The same log without what is said anew: it is put where the kernel put it. */
static void test_forgotten(void **state)
{
	const struct recorded_case *c = *state;
	AUTOMACHINE struct machine *m = import_case(c);
	strings raw = recorded_lines(m, c), log, want = { 0 }, got = { 0 };
	size_t n = 0;

	vec_foreach(l, &m->klog)
		if (!strstr(*l, "to iommu group ") && !strstr(*l, "DMAR: IOMMU enabled"))
			m->klog.v[n++] = *l;
	m->klog.n = n;
	log = reboot_log(m, c->profile, m->cmdline);
	pick(m->arena, &raw, is_promised, &want);
	pick(m->arena, &log, is_promised, &got);
	for (size_t i = 0; i < want.n && i < got.n; i++)
		assert_string_equal(got.v[i], want.v[i]);
	assert_int_equal(got.n, want.n);
}

static bool is_found(const char *line)
{
	const char *at = after_prefix(line, "pci ") ? strstr(line, ": ") : NULL;

	return at &&
	       (strstr(at, "] type ") || after_prefix(at, ": BAR ") ||
		after_prefix(at, ": ROM ")) &&
	       !strstr(line, "assigned");
}

/* Every line of enumeration that is said was said, in this order. */
static void test_found(void **state)
{
	const struct recorded_case *c = *state;
	AUTOMACHINE struct machine *m = import_case(c);
	strings raw = recorded_lines(m, c), log = reboot_log(m, c->profile, m->cmdline);
	strings want = { 0 }, got = { 0 };
	size_t k = 0;

	pick(m->arena, &raw, is_found, &want);
	pick(m->arena, &log, is_found, &got);
	for (size_t i = 0; i < got.n; i++, k++) {
		while (k < want.n && !streq(want.v[k], got.v[i]))
			print_message("# not said: %s\n", want.v[k++]);
		if (k == want.n)
			fail_msg("said, and not recorded: %s", got.v[i]);
	}
	print_message("# %s: lines %zu of %zu\n", c->name, got.n, want.n);
	assert_true(got.n >= c->found);
}

#define TREE_FILES(v)                                                                    \
	(const char *const[])                                                            \
	{                                                                                \
		"tree-" v "-a.txt", "dmesg-" v "-a.txt", NULL                            \
	}
#define MACHINE_FILES(n, table)                                                          \
	(const char *const[])                                                            \
	{                                                                                \
		"machines/" n "/lspci.log", "machines/" n "/dmesg.log",                  \
			"machines/" n "/cpuinfo.log", "machines/" n "/" table, NULL      \
	}
/* clang-format off */
static struct recorded_case recordings[] = {
	{ "6.1", TREE_FILES("6.1"), "PCIPASS_TREES", "6.1", "dmesg-6.1-a.txt", 40, 82 },
	{ "6.12", TREE_FILES("6.12"), "PCIPASS_TREES", "6.12", "dmesg-6.12-a.txt", 40, 50 },
	{ "7.3", TREE_FILES("7.3"), "PCIPASS_TREES", "7.3", "dmesg-7.3-a.txt", 40, 50 },
	{ "an Intel desktop", MACHINE_FILES("h310ch5", "DMAR.dat"), "PCIPASS_CAPTURES", "6.1", "machines/h310ch5/dmesg.log", 20 },
	{ "an AMD desktop", MACHINE_FILES("ms7721-fm2", "IVRS.dat"), "PCIPASS_CAPTURES", "6.1", "machines/ms7721-fm2/dmesg.log", 10 },
};
/* clang-format on */
#define N_TREES 3

/*
 * dmar.c:dmar_register_drhd_unit: of the units that are not for all the last in the table
 * registers first, and takes its functions then.
 */
static void test_three_units(void **state)
{
	AUTOMACHINE struct machine *m = test_machine(true);
	struct blob t = make_table(
		m->arena, "DMAR",
		DMAR_HEAD DRHD("2000", "0000") ENDPOINT_SCOPE(
			"0200") "03 08 0000 01 f0 1f00" DRHD("2000", "0010")
			BRIDGE_SCOPE("0800") "03 08 0000 02 f0 1f01"
					     "0000 1000 01 00 0000 0020d9fe00000000");
	char *text = arena_strdup(m->arena, "");
	strings log;

	(void)state;
	*vec_push(m->arena, &m->acpi) = (struct acpi_table){ "DMAR", t };
	m->units.n = 0;
	for (int i = 0; i < 3; i++)
		*vec_push(m->arena, &m->units) =
			(struct iommu_unit){ arena_printf(m->arena, "dmar%d", i),
					     "intel" };
	set_klog(m, NULL);
	log = reboot_log(m, "6.12.107", "");
	vec_foreach(l, &log) {
		const char *p = after_prefix(*l, "pci 0000:");

		if (p && strstr(p, ": Adding to iommu group "))
			text = arena_printf(m->arena, "%s %.7s", text, p);
		p = after_prefix(*l, "DMAR-IR: IOAPIC id ");
		if (p)
			text = arena_printf(m->arena, "%s ioapic%.1s", text, p);
	}
	assert_string_equal(text, " ioapic2 ioapic1 00:08.0 0a:00.0 00:02.0 00:00.0 "
				  "00:03.0 00:04.0 00:09.0 01:00.0 01:00.1");
}

int main(void)
{
	struct CMUnitTest tests[1 + ARRAY_SIZE(boots) + ARRAY_SIZE(rescans) +
				ARRAY_SIZE(recordings) + 2 * N_TREES];
	size_t n = 0;

	make_dmar();
	tests[n++] = (struct CMUnitTest){ .name = "three units register",
					  .test_func = test_three_units };
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++)
		tests[n++] = (struct CMUnitTest){ .name = boots[i].name,
						  .test_func = test_boot,
						  .initial_state = &boots[i] };
	for (size_t i = 0; i < ARRAY_SIZE(rescans); i++)
		tests[n++] = (struct CMUnitTest){ .name = rescans[i].name,
						  .test_func = test_rescan,
						  .initial_state = &rescans[i] };
	for (size_t i = 0; i < ARRAY_SIZE(recordings); i++)
		tests[n++] = (struct CMUnitTest){ .name = recordings[i].name,
						  .test_func = test_recorded,
						  .initial_state = &recordings[i] };
	for (size_t i = 0; i < N_TREES; i++) {
		tests[n++] = (struct CMUnitTest){ .name = "lines said anew",
						  .test_func = test_forgotten,
						  .initial_state = &recordings[i] };
		tests[n++] = (struct CMUnitTest){ .name = "lines of enumeration",
						  .test_func = test_found,
						  .initial_state = &recordings[i] };
	}
	return cmocka_run_group_tests_name("the log of a boot", tests, NULL, NULL);
}
