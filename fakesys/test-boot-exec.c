/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot makes of the simulated machine: drivers, reasons, races, the IOMMU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/test-sim.h"

struct file {
	const char *path, *text;
};

struct exec_case {
	const char *name;
	const char *cmdline;
	struct file files[4];
	bool update;        /* update-initramfs -u -k all before the boot */
	const char *bdf;    /* of this function: */
	const char *driver; /* NULL: none */
	const char *why;    /* part of it; NULL: whatever */
	const char *race;   /* part of it; NULL: none */
};

#define IMAGE "boot/initrd.img-6.12.107+deb13-amd64"

static void put(struct sim *s, const char *path, const char *text)
{
	struct blob data = { (const uint8_t *)text, strlen(text) };
	mode_t mode = strstr(path, "init-top") ? 0755 : 0644;

	assert_int_equal(disk_put(sim_disk(s), path, data, S_IFREG | mode, 0, 0, 0), 0);
}

static void put_loader(struct sim *s, const struct machine *m, const char *cmdline)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "set default=\"0\"\nmenuentry 'Debian' {\n"
		 "\tlinux\t/boot/vmlinuz-%s root=/dev/nvme0n1 ro %s\n}\n",
		 m->release, cmdline ? cmdline : "");
	put(s, "boot/grub/grub.cfg", text);
}

static void run(struct sim *s, const char *const argv[])
{
	struct host_output out = { 0 };
	struct host h = sim_host(s);

	assert_int_equal(h.ops->run(h.ctx, argv, &out), 0);
	assert_int_equal(out.status, 0);
	free(out.text);
}

static const struct boot_result *result_of(const struct boot_report *report,
					   const char *name)
{
	char bdf[BDF_SIZE];

	vec_foreach(f, &report->fns)
		if (strstr(bdf_format(f->bdf, bdf), name))
			return f;
	fail_msg("no function %s", name);
	return NULL;
}

static void expect_part(const char *what, const char *text, const char *part)
{
	if (!part != !text || (part && !strstr(text, part)))
		fail_msg("%s is \"%s\", expected \"%s\"", what, text ? text : "nothing",
			 part ? part : "nothing");
}

static void test_exec(void **state)
{
	const struct exec_case *c = *state;
	static const char *const update[] = { "update-initramfs", "-u", "-k", "all",
					      NULL };
	struct machine *m = test_machine(true);
	const struct boot_report *report;
	const struct boot_result *r;
	struct sim *s;
	struct err e;

	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	put_loader(s, m, c->cmdline);
	for (size_t i = 0; i < ARRAY_SIZE(c->files) && c->files[i].path; i++)
		put(s, c->files[i].path, c->files[i].text);
	if (c->update)
		run(s, update);
	assert_int_equal(sim_reboot(s, &report, &e), 0);
	assert_int_equal(report->fns.n, m->fns.n);
	r = result_of(report, c->bdf);
	expect_part("driver", r->driver, c->driver);
	expect_part("why", r->why, c->why ? c->why : r->why);
	expect_part("race", r->race, c->race);
	sim_free(s);
	machine_free(m);
}

#define VFIO_D "etc/modprobe.d/vfio.conf"
#define IDS "options vfio-pci ids=8086:10d3\n"
#define SOFTDEP "softdep e1000e pre: vfio-pci\n"
#define LIST                                                                             \
	{                                                                                \
		"etc/initramfs-tools/initramfs.conf", "# x\nMODULES=list\n"              \
	}
#define RULES "etc/udev/rules.d/59-x.rules"
/* mkinitramfs does not copy this one. */
#define LIB_RULES "usr/lib/udev/rules.d/59-x.rules"
#define RULE(cond)                                                                       \
	"SUBSYSTEM==\"pci\", " cond ", ATTR{driver_override}=\"vfio-pci\", "             \
	"RUN{builtin}+=\"kmod load vfio-pci\"\n"
#define EARLY "etc/initramfs-tools/scripts/init-top/early"
#define ECHO "echo vfio-pci > /sys/bus/pci/devices/0000:01:00.0/driver_override\n"

/* clang-format off */
static struct exec_case cases[] = {
	{ "nothing set", NULL, { { NULL } }, false, "01:00.0", "e1000e", "loaded in initramfs (udev event of 0000:00:03.0 and 2 like it); its ids match", NULL },
	{ "part of the kernel", NULL, { { NULL } }, false, "00:04.0", "pcieport", "part of the kernel", NULL },
	{ "nothing drives it", NULL, { { NULL } }, false, "00:09.0", NULL, "no driver of this kernel matches it", NULL },
	{ "a virtual function", NULL, { { NULL } }, false, "0a:00.1", NULL, "nothing has enabled it", NULL },
	{ "the guide on MODULES=most: too late", NULL, { { VFIO_D, IDS }, { "etc/modules", "vfio_pci\n" } }, true,
	  "01:00.0", "e1000e", "loaded in initramfs (udev event of ", NULL },
	{ "the guide with softdep: in the image", NULL, { { VFIO_D, IDS SOFTDEP }, { "etc/modules", "vfio_pci\n" } }, true,
	  "01:00.0", "vfio-pci", "(softdep of e1000e (etc/modprobe.d/vfio.conf:2)); ids=8086:10d3", NULL },
	{ "the softdep forgotten in the image", NULL, { { VFIO_D, IDS SOFTDEP }, { "etc/modules", "vfio_pci\n" } }, false,
	  "01:00.0", "e1000e", "loaded in initramfs (udev event of ", NULL },
	{ "the guide on MODULES=list: chance", NULL, { { VFIO_D, IDS }, { "etc/modules", "vfio_pci\n" }, LIST }, true,
	  "01:00.0", "vfio-pci", "loaded in system start (etc/modules); ids=8086:10d3", "e1000e may get it: vfio_pci and e1000e are loaded side by side" },
	{ "the guide on MODULES=list with softdep", NULL, { { VFIO_D, IDS SOFTDEP }, { "etc/modules", "vfio_pci\n" }, LIST }, true,
	  "01:00.0", "vfio-pci", "system start", NULL },
	{ "ids= of another device", NULL, { { VFIO_D, "options vfio-pci ids=8086:1533\n" SOFTDEP } }, true, "01:00.0", "e1000e", "its ids match", NULL },
	{ "listed for the initramfs: behind udev", NULL, { { VFIO_D, IDS }, { "etc/initramfs-tools/modules", "vfio_pci\n" } }, true,
	  "01:00.0", "e1000e", "loaded in initramfs (udev event of ", NULL },
	{ "override before udev", NULL, { { EARLY, ECHO "modprobe vfio-pci\n" }, { "etc/initramfs-tools/modules", "vfio_pci\n" } }, true,
	  "01:00.0", "vfio-pci", "overridden by scripts/init-top/early:1", NULL },
	{ "override before udev, its twin", NULL, { { EARLY, ECHO "modprobe vfio-pci\n" }, { "etc/initramfs-tools/modules", "vfio_pci\n" } }, true,
	  "01:00.1", "e1000e", "its ids match", NULL },
	{ "override behind udev", NULL, { { EARLY, "PREREQ=\"udev\"\n" ECHO }, { "etc/initramfs-tools/modules", "vfio_pci\n" } }, true,
	  "01:00.0", "e1000e", "its ids match", NULL },
	{ "override of a driver that looked before", NULL, { { EARLY, "modprobe vfio-pci\n" ECHO }, { "etc/initramfs-tools/modules", "vfio_pci\n" } }, true,
	  "01:00.0", NULL, "which was loaded before and does not look again", NULL },
	{ "override with a driver that never comes", NULL, { { EARLY, ECHO } }, true, "01:00.0", NULL, "which was not loaded", NULL },
	{ "rule in the image: long before the driver", NULL, { { RULES, RULE("KERNEL==\"0000:01:00.0\"") }, LIST }, true,
	  "01:00.0", "vfio-pci", "overridden by lib/udev/rules.d/59-x.rules:1", NULL },
	{ "rule in the root, before a twin's event", NULL, { { LIB_RULES, RULE("KERNEL==\"0000:00:03.0\"") }, LIST }, true,
	  "00:03.0", "vfio-pci", NULL, "e1000e may get it: e1000e is loaded for another request" },
	{ "rule in the root, behind a twin's event", NULL, { { LIB_RULES, RULE("KERNEL==\"0000:01:00.0\"") }, LIST }, true,
	  "01:00.0", "e1000e", NULL, "vfio-pci may get it: e1000e is loaded for another request" },
	{ "rule in the root, for all of one kind", NULL, { { LIB_RULES, RULE("ATTR{vendor}==\"0x8086\", ATTR{device}==\"0x10d3\"") }, LIST }, true,
	  "00:03.0", "vfio-pci", NULL, "e1000e may get it" },
	{ "rule in the root, for the only one of its kind", NULL, { { LIB_RULES, RULE("KERNEL==\"0000:0a:00.0\"") }, LIST }, true,
	  "0a:00.0", "vfio-pci", "overridden by usr/lib/udev/rules.d/59-x.rules:1", NULL },
	{ "rule without update-initramfs, driver in the image", NULL, { { RULES, RULE("KERNEL==\"0000:01:00.0\"") } }, false,
	  "01:00.0", "e1000e", "its ids match", NULL },
	{ "blacklisted", NULL, { { "etc/modprobe.d/a.conf", "# x\nblacklist e1000e\n" } }, true, "01:00.0", NULL, "e1000e is blacklisted (etc/modprobe.d/a.conf:2)", NULL },
	{ "blacklisted on the command line", "modprobe.blacklist=e1000e", { { NULL } }, false, "01:00.0", NULL, "e1000e is blacklisted (kernel command line", NULL },
	{ "refused by the kernel", "module_blacklist=e1000e", { { NULL } }, false, "01:00.0", NULL, "refused by module_blacklist=", NULL },
	{ "installed as nothing", NULL, { { "etc/modprobe.d/a.conf", "install e1000e /bin/false\n" } }, true,
	  "01:00.0", NULL, "its install line says so (etc/modprobe.d/a.conf:1)", NULL },
};
/* clang-format on */

struct iommu_case {
	const char *name;
	const char *recorded, *cmdline;
	const char *release, *version; /* of the kernel; NULL: Debian's */
	bool off;                      /* recorded so */
	const char *type;              /* of group 12; NULL: there is none */
	bool remaps_interrupts;
	bool amd; /* its unit and table, not Intel's */
};

static void test_iommu(void **state)
{
	const struct iommu_case *c = *state;
	struct machine *m = test_machine(!c->off);
	static uint8_t dmar[48] = { 'D', 'M', 'A', 'R', 48, [36] = 38, 1 };
	const struct boot_report *report;
	char type[32] = "";
	bool logged = false;
	struct host h;
	struct sim *s;
	struct err e;
	ssize_t n;
	char *log;

	dmar[9] = 0;
	for (size_t i = 0; i < sizeof(dmar); i++)
		dmar[9] = (uint8_t)(dmar[9] - dmar[i] * (i != 9));
	*vec_push(m->arena, &m->acpi) =
		(struct acpi_table){ c->amd ? "IVRS" : "DMAR", { dmar, sizeof(dmar) } };
	if (c->amd)
		m->units.v[0] = (struct iommu_unit){ "ivhd0", "amd" };
	m->cmdline = c->recorded;
	if (c->release) {
		m->release = m->kernels.v[0].release = c->release;
		m->kernel_version = c->version;
		m->kernels.v[0].initramfs.path =
			arena_printf(m->arena, "boot/initrd.img-%s", c->release);
	}
	assert_int_equal(sim_new(m, profile_find("6.12.107"), &s, &e), 0);
	put_loader(s, m, c->cmdline);
	assert_int_equal(sim_reboot(s, &report, &e), 0);
	h = sim_host(s);
	n = h.ops->read(h.ctx, "sys/kernel/iommu_groups/12/type", type, sizeof(type) - 1,
			0);
	type[strcspn(type, "\n")] = '\0';
	expect_part("type", n < 0 ? NULL : type, c->type);
	assert_int_equal(h.ops->klog(h.ctx, &log), 0);
	logged = strstr(log, c->amd ? "AMD-Vi: Interrupt remapping enabled"
				    : "DMAR-IR: Enabled IRQ remapping");
	free(log);
	assert_int_equal(logged, c->remaps_interrupts);
	sim_free(s);
	machine_free(m);
}

#define PMX "#1 SMP PREEMPT_DYNAMIC PMX"

/* clang-format off */
static struct iommu_case iommus[] = {
	{ "Debian: on without a word", "", "", NULL, NULL, false, "DMA-FQ", true },
	{ "intel_iommu=off; interrupts are remapped all the same", "", "intel_iommu=off", NULL, NULL, false, NULL, true },
	{ "intel_iommu=on after off", "intel_iommu=off", "intel_iommu=on", NULL, NULL, false, "DMA-FQ", true },
	{ "iommu=off", "", "intel_iommu=on iommu=off", NULL, NULL, false, NULL, true },
	{ "iommu=pt", "", "intel_iommu=on iommu=pt", NULL, NULL, false, "identity", true },
	{ "intremap=off", "", "intremap=off", NULL, NULL, false, "DMA-FQ", false },
	{ "old Proxmox: off without a word", "intel_iommu=on", "", "6.5.13-5-pve", PMX, false, NULL, true },
	{ "old Proxmox: on when told", "intel_iommu=on", "intel_iommu=on", "6.5.13-5-pve", PMX, false, "DMA-FQ", true },
	{ "new Proxmox: on without a word", "intel_iommu=on", "", "6.8.12-4-pve", PMX, false, "DMA-FQ", true },
	{ "another kernel, recorded on without a word", "", "quiet", "6.9.0-custom", "#1 SMP", false, "DMA-FQ", true },
	/* drivers/iommu/amd/init.c:amd_iommu_prepare fails without the IOMMU */
	{ "AMD: on without a word", "", "", NULL, NULL, false, "DMA-FQ", true, .amd = true },
	{ "amd_iommu=off; interrupts are not remapped either", "", "amd_iommu=off", NULL, NULL, false, NULL, false, .amd = true },
	{ "another kernel, recorded on when told", "intel_iommu=on", "", "6.9.0-custom", "#1 SMP", false, NULL, true },
};
/* clang-format on */

struct off_case {
	const char *name;
	const char *path; /* what is wrong with this file: */
	const char *text; /* its text; NULL: gone */
	const char *want; /* part of the reason */
};

static void test_off(void **state)
{
	const struct off_case *c = *state;
	struct machine *m = test_machine(true);
	const struct boot_report *report = NULL;
	struct host h;
	struct sim *s;
	struct err e = { "" };
	char buf[8];

	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	put_loader(s, m, "");
	if (c->text)
		put(s, c->path, c->text);
	else
		assert_int_equal(disk_unlink(sim_disk(s), c->path), 0);
	assert_int_equal(sim_reboot(s, &report, &e), -ENOENT);
	assert_null(report);
	if (!strstr(e.text, c->want))
		fail_msg("says \"%s\", expected \"%s\"", e.text, c->want);
	h = sim_host(s);
	assert_int_equal(h.ops->read(h.ctx, "proc/cmdline", buf, sizeof(buf), 0), -EIO);

	/* Repaired from a rescue system, it comes up again. */
	if (!streq(c->path, IMAGE)) {
		put_loader(s, m, "");
		assert_int_equal(sim_reboot(s, &report, &e), 0);
		assert_true(h.ops->read(h.ctx, "proc/cmdline", buf, sizeof(buf), 0) > 0);
	}
	sim_free(s);
	machine_free(m);
}

/* clang-format off */
static struct off_case offs[] = {
	{ "off: no grub.cfg", "boot/grub/grub.cfg", NULL, "no boot entry" },
	{ "off: an empty grub.cfg", "boot/grub/grub.cfg", "", "no boot entry" },
	{ "off: grub.cfg cut in the middle", "boot/grub/grub.cfg", "set default=\"0\"\nmenuentry 'Debian' {\n\tlin", "no boot entry" },
	{ "off: an entry of a kernel that is gone", "boot/grub/grub.cfg", "menuentry 'x' {\n\tlinux /boot/vmlinuz-6.0 ro\n}\n", "its kernel 6.0 is not installed" },
	{ "off: no image", IMAGE, NULL, "missing or damaged" },
	{ "off: an image cut in the middle", IMAGE, "070701", "missing or damaged" },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(cases) + ARRAY_SIZE(iommus) + ARRAY_SIZE(offs)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_exec,
						  .initial_state = &cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(iommus); i++)
		tests[n++] = (struct CMUnitTest){ .name = iommus[i].name,
						  .test_func = test_iommu,
						  .initial_state = &iommus[i] };
	for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
		tests[n++] = (struct CMUnitTest){ .name = offs[i].name,
						  .test_func = test_off,
						  .initial_state = &offs[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
