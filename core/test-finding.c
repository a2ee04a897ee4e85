/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/plan-override.h"
#include "core/finding.h"
#include "core/test-machine.h"

#define RELEASE "6.1.0-49-amd64"
#define CONF "etc/modprobe.d/vfio.conf"
#define IDS "options vfio-pci ids=10de:1b81,10de:10f0\n"
#define SOFTDEPS "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n"

/*
 * A desktop under Debian 12: NVIDIA card in group 2, root on NVMe, default route through
 * one of two network cards. The IOMMU is on, nothing is configured yet.
 */
static struct module *add_module(struct machine *m, struct kernel *k, const char *name,
				 const char *driver, uint32_t vendor, uint32_t class)
{
	struct module *mod = vec_push(m->arena, &k->modules);

	*mod = (struct module){ .name = name,
				.driver = driver,
				.file = arena_printf(m->arena, "kernel/%s.ko", name) };
	if (class)
		*vec_push(m->arena, &mod->ids) =
			(struct pci_id){ vendor,     PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY,
					 class << 8, 0xffff00,   false };
	return mod;
}

static void add_kernel(struct machine *m, const char *release)
{
	static const char *const inside[] = { "e1000e", "nvme", "xhci_pci" };
	struct kernel *k = vec_push(m->arena, &m->kernels);
	struct module *vfio;

	k->release = release;
	add_module(m, k, "vfio", NULL, 0, 0);
	add_module(m, k, "vfio_iommu_type1", NULL, 0, 0);
	add_module(m, k, "vfio_virqfd", NULL, 0, 0);
	vfio = add_module(m, k, "vfio_pci", "vfio-pci", 0, 0);
	*vec_push(m->arena, &vfio->depends) = "vfio";
	add_module(m, k, "nouveau", "nouveau", 0x10de, 0x0300);
	add_module(m, k, "snd_hda_intel", "snd_hda_intel", PCI_ID_ANY, 0x0403);
	add_module(m, k, "e1000e", "e1000e", 0x8086, 0x0200);
	add_module(m, k, "nvme", "nvme", PCI_ID_ANY, 0x0108);
	add_module(m, k, "xhci_pci", "xhci_hcd", PCI_ID_ANY, 0x0c03);
	k->initramfs.path = arena_printf(m->arena, "boot/initrd.img-%s", release);
	k->initramfs.mtime = 1000;
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		*vec_push(m->arena, &k->initramfs.modules) = inside[i];
}

/* A DMAR table with one unit for all; RMRRs for the functions at @devfns of bus 0. */
static void add_dmar(struct machine *m, uint8_t flags, const uint8_t *devfns, size_t n)
{
	size_t len = 48 + 16 + n * 32;
	uint8_t *t = arena_alloc(m->arena, len), *p = t + 48, sum = 0;

	memcpy(t, "DMAR", 4);
	t[4] = (uint8_t)len;
	t[8] = 1;
	t[36] = 38;
	t[37] = flags;
	p[2] = 16;
	p[4] = 1; /* include all */
	memcpy(p + 8, "\0\0\xd9\xfe", 4);
	p += 16;
	for (size_t i = 0; i < n; i++, p += 32) {
		p[0] = 1;
		p[2] = 32;
		memcpy(p + 8, "\0\0\0\x7c\0\0\0\0\xff\xff\x7f\x7c", 12);
		p[24] = 1; /* endpoint */
		p[25] = 8;
		p[30] = devfns[i] >> 3;
		p[31] = devfns[i] & 7;
	}
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + t[i]);
	t[9] = (uint8_t)-sum;
	m->acpi.n = 0;
	*vec_push(m->arena, &m->acpi) = (struct acpi_table){ "DMAR", { t, len } };
}

static char *grub_cfg(struct machine *m, const char *words)
{
	return arena_printf(m->arena,
			    "set default=\"0\"\nmenuentry 'Debian GNU/Linux' {\n"
			    "\tlinux\t/boot/vmlinuz-" RELEASE
			    " root=UUID=1 ro quiet%s%s\n"
			    "\tinitrd\t/boot/initrd.img-" RELEASE "\n}\n",
			    *words ? " " : "", words);
}

static struct pci_fn *fn_at(struct machine *m, const char *bdf)
{
	struct bdf b;

	assert_int_equal(bdf_parse(bdf, &b), (int)strlen(bdf));
	vec_foreach(fn, &m->fns)
		if (!bdf_cmp(fn->bdf, b))
			return fn;
	fail_msg("no function %s", bdf);
	return NULL;
}

static struct machine_file *file_at(struct machine *m, const char *path)
{
	vec_foreach(f, &m->files)
		if (streq(f->path, path))
			return f;
	add_file(m, path, "");
	return &m->files.v[m->files.n - 1];
}

static void set_file(struct machine *m, const char *path, const char *text)
{
	file_at(m, path)->data = (struct blob){ (const uint8_t *)text, strlen(text) };
}

static struct machine *desktop(void)
{
	struct machine *m = machine_new();
	struct pci_fn *fn;

	m->cpu_vendor = "GenuineIntel";
	m->cpu_model = "Intel(R) Core(TM) i7-8700";
	*vec_push(m->arena, &m->cpu_flags) = "vmx";
	m->release = RELEASE;
	m->kernel_version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1";
	m->cmdline = "BOOT_IMAGE=/boot/vmlinuz-" RELEASE " root=UUID=1 ro quiet";
	m->interrupt_remapping = true;
	add_dmar(m, 1, NULL, 0);
	*vec_push(m->arena, &m->units) = (struct iommu_unit){ "dmar0", "intel" };
	for (int i = 0; i < 10; i++)
		*vec_push(m->arena, &m->groups) = (struct iommu_group){
			i, "DMA-FQ", "0x00000000fee00000 0x00000000feefffff msi\n"
		};

	add_fn(m, "0000:00:00.0", 0x8086, 0x3ec2, 0x0600, 0, NULL);
	add_fn(m, "0000:00:01.0", 0x8086, 0x1901, 0x0604, 1, "pcieport");
	fn = add_fn(m, "0000:00:14.0", 0x8086, 0xa36d, 0x0c03, 3, "xhci_hcd");
	add_child(m, fn, "input", "usb1/1-1/1-1:1.0/input/input3", NULL);
	fn = add_fn(m, "0000:00:1f.6", 0x8086, 0x15bb, 0x0200, 8, "e1000e");
	add_child(m, fn, "net", "net/eno1", NULL);
	fn = add_fn(m, "0000:01:00.0", 0x10de, 0x1b81, 0x0300, 2, "nouveau");
	add_child(m, fn, "drm", "drm/card0", "226:0");
	add_fn(m, "0000:01:00.1", 0x10de, 0x10f0, 0x0403, 2, "snd_hda_intel");
	fn = add_fn(m, "0000:02:00.0", 0x144d, 0xa808, 0x0108, 4, "nvme");
	add_child(m, fn, "block", "nvme/nvme0/nvme0n1", "259:0");
	fn = add_fn(m, "0000:03:00.0", 0x8086, 0x10d3, 0x0200, 5, "e1000e");
	add_child(m, fn, "net", "net/enp3s0", NULL);

	add_kernel(m, RELEASE);
	add_file(m, "etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
	add_file(m, "boot/grub/grub.cfg", grub_cfg(m, ""));
	add_file(m, "etc/modules", "# modules\n");
	add_file(m, "proc/self/mountinfo",
		 "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n");
	add_file(m, "proc/net/route",
		 "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		 "eno1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
	return m;
}

/* The same file on the disk and in every initramfs. */
static void configure(struct machine *m, const char *path, const char *text)
{
	struct machine_file f = { .path = path, .mode = S_IFREG | 0644 };

	set_file(m, path, text);
	f.data = file_at(m, path)->data;
	vec_foreach(k, &m->kernels)
		*vec_push(m->arena, &k->initramfs.files) = f;
}

/* --- what rows change --- */

static void iommu_off(struct machine *m)
{
	m->units.n = m->groups.n = 0;
	m->interrupt_remapping = false;
	vec_foreach(fn, &m->fns)
		fn->group = GROUP_NONE;
}

static void no_table(struct machine *m)
{
	iommu_off(m);
	m->acpi.n = 0;
}

static void units_unknown(struct machine *m)
{
	m->units.n = 0;
	m->groups.n = 0;
	vec_foreach(fn, &m->fns)
		fn->group = GROUP_NONE;
	machine_set_unknown(m, "no boot log was given", "units");
}

static void no_functions(struct machine *m)
{
	m->fns.n = 0;
}

static void no_vmx(struct machine *m)
{
	m->cpu_flags.n = 0;
}

static void cpu_unknown(struct machine *m)
{
	no_vmx(m);
	machine_set_unknown(m, "/proc/cpuinfo was not given", "cpu");
}

static void svm(struct machine *m)
{
	m->cpu_flags.v[0] = "svm";
}

static void acpi_unreadable(struct machine *m)
{
	no_table(m);
	machine_set_unknown(m, "needs root", "acpi/DMAR");
}

static void dmar_damaged(struct machine *m)
{
	m->acpi.v[0].data.len--;
}

static void opt_in(struct machine *m)
{
	add_dmar(m, 1 | 4, NULL, 0);
}

static void rmrr(struct machine *m)
{
	static const uint8_t nic = 0x1f << 3 | 6;

	add_dmar(m, 1, &nic, 1);
}

static void rmrr_usb(struct machine *m)
{
	static const uint8_t xhci = 0x14 << 3;

	add_dmar(m, 1, &xhci, 1);
}

static void direct_region(struct machine *m)
{
	m->groups.v[5].reserved = "0x000000007c000000 0x000000007c7fffff direct\n";
}

static void relaxable_region(struct machine *m)
{
	m->groups.v[5].reserved =
		"0x000000007c000000 0x000000007c7fffff direct-relaxable\n";
}

static void no_remapping(struct machine *m)
{
	m->interrupt_remapping = false;
}

static void remapping_unknown(struct machine *m)
{
	no_remapping(m);
	machine_set_unknown(m, "no log", "iommu/interrupt_remapping");
}

static void unsafe(struct machine *m)
{
	no_remapping(m);
	configure(m, CONF, "options vfio_iommu_type1 allow_unsafe_interrupts=1\n");
}

static void unsafe_no(struct machine *m)
{
	no_remapping(m);
	configure(m, CONF, "options vfio_iommu_type1 allow_unsafe_interrupts=0\n");
}

static void no_reset(struct machine *m)
{
	fn_at(m, "0000:01:00.0")->reset = "";
	fn_at(m, "0000:01:00.1")->reset = "";
}

static void no_reset_of_one(struct machine *m)
{
	fn_at(m, "0000:01:00.1")->reset = "";
}

static void reset_unknown(struct machine *m)
{
	fn_at(m, "0000:01:00.0")->reset = NULL;
}

static void quickassist(struct machine *m)
{
	struct pci_fn *fn = add_fn(m, "0000:09:00.0", 0x8086, 0x37c8, 0x0b40, 9, NULL);

	fn->numa = -1;
}

static void quickassist_allowed(struct machine *m)
{
	quickassist(m);
	configure(m, CONF, "options vfio-pci disable_denylist=1\n");
}

static void vfs_on(struct machine *m)
{
	fn_at(m, "0000:03:00.0")->vfs_now = 2;
}

static void is_virtual(struct machine *m)
{
	struct pci_fn *vf = fn_at(m, "0000:03:00.0");

	vf->is_vf = true;
	vf->physfn = fn_at(m, "0000:01:00.0")->bdf;
}

static void secure_boot(struct machine *m)
{
	m->secure_boot = m->efi = true;
}

static void fact_unknown(struct machine *m)
{
	machine_set_unknown(m, "needs root", "functions/0000:01:00.0/config");
}

/* A reason that the tables have as well. */
static void fact_and_table_unknown(struct machine *m)
{
	acpi_unreadable(m);
	fact_unknown(m);
}

static void ask_next(struct machine *m, const char *words)
{
	set_file(m, "etc/default/grub",
		 arena_printf(m->arena, "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet %s\"\n",
			      words));
	set_file(m, "boot/grub/grub.cfg", grub_cfg(m, words));
}

static void ask_now(struct machine *m, const char *words)
{
	ask_next(m, words);
	m->cmdline = arena_printf(m->arena, "%s %s", m->cmdline, words);
}

static void off_by_word(struct machine *m)
{
	iommu_off(m);
	ask_now(m, "intel_iommu=off");
}

static void off_but_asked(struct machine *m)
{
	iommu_off(m);
	ask_now(m, "intel_iommu=on");
}

static void amd_off(struct machine *m)
{
	iommu_off(m);
	m->acpi.v[0].name = "IVRS";
}

static void virtio_off(struct machine *m)
{
	iommu_off(m);
	m->acpi.v[0].name = "VIOT";
}

static void virtio_module(struct machine *m)
{
	virtio_off(m);
	add_module(m, &m->kernels.v[0], "virtio_iommu", NULL, 0, 0);
}

static void on_at_next_boot(struct machine *m)
{
	iommu_off(m);
	ask_next(m, "intel_iommu=on iommu=pt");
}

static void iommu_unknown(struct machine *m)
{
	iommu_off(m);
	machine_set_unknown(m, "no kernel runs here", "iommu");
}

static void image(struct machine *m)
{
	no_table(m);
	m->release = m->cmdline = "";
}

static void not_refreshed(struct machine *m)
{
	set_file(m, "etc/default/grub",
		 "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet intel_iommu=on\"\n");
}

static void off_left(struct machine *m)
{
	off_by_word(m);
	set_file(m, "etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
}

static void guide_amd(struct machine *m)
{
	ask_now(m, "amd_iommu=on");
}

static void guide_intel(struct machine *m)
{
	ask_now(m, "intel_iommu=on");
}

static void acs_override(struct machine *m)
{
	ask_now(m, "pcie_acs_override=downstream,multifunction");
}

static void acs_override_pve(struct machine *m)
{
	acs_override(m);
	m->release = "6.8.12-4-pve";
	m->kernels.n = 0;
}

static void no_loader(struct machine *m)
{
	iommu_off(m);
	m->cmdline = "root=/dev/nvme0n1p2 ro";
	m->files.n = 0;
}

static void no_loader_on(struct machine *m)
{
	m->cmdline = "root=/dev/nvme0n1p2 ro";
	m->files.n = 0;
}

static void kernel_gone(struct machine *m)
{
	set_file(m, "boot/grub/grub.cfg",
		 "menuentry 'x' {\n\tlinux /boot/vmlinuz-9.9.9 root=/dev/sda1\n}\n");
}

static struct module *module_at(struct machine *m, const char *name)
{
	vec_foreach(mod, &m->kernels.v[0].modules)
		if (streq(mod->name, name))
			return mod;
	fail_msg("no module %s", name);
	return NULL;
}

static void no_vfio(struct machine *m)
{
	module_at(m, "vfio_pci")->name = "other";
}

static void vfio_builtin(struct machine *m)
{
	module_at(m, "vfio_pci")->file = NULL;
	configure(m, CONF, IDS);
}

static void vfio_builtin_cmdline(struct machine *m)
{
	module_at(m, "vfio_pci")->file = NULL;
	ask_now(m, "vfio-pci.ids=10de:1b81,10de:10f0");
}

static void native_builtin(struct machine *m)
{
	module_at(m, "nouveau")->file = NULL;
}

static void both_builtin(struct machine *m)
{
	native_builtin(m);
	module_at(m, "vfio_pci")->file = NULL;
}

static void ids_right(struct machine *m)
{
	configure(m, CONF, IDS SOFTDEPS);
	vec_foreach(k, &m->kernels) {
		*vec_push(m->arena, &k->initramfs.modules) = "vfio";
		*vec_push(m->arena, &k->initramfs.modules) = "vfio_pci";
	}
}

static void ids_comma(struct machine *m)
{
	configure(m, CONF, "# my card\noptions vfio-pci ids=10de,1b81\n");
}

static void ids_semicolon(struct machine *m)
{
	configure(m, CONF, "options vfio-pci ids=10de:1b81;10de:10f0\n");
}

/* Its driver needs no word, so where it is not there firmware keeps it away. */
static void amd_unreadable(struct machine *m)
{
	acpi_unreadable(m);
	m->cpu_vendor = "AuthenticAMD";
}

static void option_typo(struct machine *m)
{
	configure(m, CONF, "options vfio-pci id=10de:1b81\n");
}

static void ids_blank(struct machine *m)
{
	configure(m, CONF, "options vfio-pci ids=10de:1b81, 10de:10f0\n");
}

static void line_bad(struct machine *m)
{
	configure(m, CONF, "optoins vfio-pci ids=10de:1b81\n");
}

static void file_name(struct machine *m)
{
	add_file(m, "etc/modprobe.d/vfio", IDS);
}

static void file_backup(struct machine *m)
{
	add_file(m, "etc/modprobe.d/vfio.conf.dpkg-old", IDS);
	add_file(m, "etc/modprobe.d/README", "nothing of interest\n");
}

static void ids_twice(struct machine *m)
{
	configure(m, CONF, IDS);
	configure(m, "etc/modprobe.d/zz-more.conf", "options vfio-pci ids=8086:10d3\n");
}

static void ids_again(struct machine *m)
{
	configure(m, CONF, "options vfio-pci disable_vga=1\n" IDS);
}

static void vfio_blacklisted(struct machine *m)
{
	configure(m, CONF, "blacklist vfio-pci\n");
}

static void vfio_install(struct machine *m)
{
	configure(m, CONF, "install vfio-pci /bin/false\n");
}

static void softdep_backwards(struct machine *m)
{
	configure(m, CONF, IDS "softdep vfio-pci pre: nouveau\n");
}

static void both_methods(struct machine *m)
{
	configure(m, CONF, IDS "blacklist nouveau\n");
}

static void virqfd(struct machine *m)
{
	module_at(m, "vfio_virqfd")->name = "other";
	set_file(m, "etc/modules",
		 "# guide\nvfio\nvfio_iommu_type1\nvfio-pci\nvfio_virqfd\n");
}

static void virqfd_there(struct machine *m)
{
	set_file(m, "etc/modules", "vfio_virqfd\n");
}

static void virqfd_comment(struct machine *m)
{
	module_at(m, "vfio_virqfd")->name = "other";
	set_file(m, "etc/modules", "# vfio_virqfd is not needed\nvfio\n");
}

static void not_in_image(struct machine *m)
{
	add_file(m, CONF, IDS);
}

static void older_in_image(struct machine *m)
{
	configure(m, CONF, IDS);
	set_file(m, CONF, IDS SOFTDEPS);
}

static void gone_from_disk(struct machine *m)
{
	configure(m, CONF, IDS);
	m->files.n--;
}

static void list_not_in_image(struct machine *m)
{
	add_file(m, "etc/initramfs-tools/modules", "vfio-pci\n");
}

static void list_in_image(struct machine *m)
{
	list_not_in_image(m);
	*vec_push(m->arena, &m->kernels.v[0].initramfs.load) = "vfio_pci";
}

static void image_unread(struct machine *m)
{
	add_file(m, CONF, IDS);
	m->files.v[m->files.n - 1].mtime = 2000;
	m->kernels.v[0].initramfs.modules.n = 0;
}

static void image_unread_newer(struct machine *m)
{
	image_unread(m);
	m->kernels.v[0].initramfs.mtime = 3000;
}

static void native_early(struct machine *m)
{
	configure(m, CONF, IDS);
	*vec_push(m->arena, &m->kernels.v[0].initramfs.modules) = "nouveau";
}

static void add_script(struct machine *m, const char *name, const char *text)
{
	*vec_push(m->arena, &m->kernels.v[0].initramfs.files) = (struct machine_file){
		.path = arena_printf(m->arena, "scripts/init-top/%s", name),
		.mode = S_IFREG | 0755,
		.data = { (const uint8_t *)text, strlen(text) },
	};
}

/* A script of pcipass with these lines behind its head. */
static char *own_script(struct machine *m, const char *lines)
{
	fn_list none = { 0 };

	return arena_printf(m->arena, "%s%s", override_script(m->arena, &none, NULL),
			    lines);
}

static void sleeping_ids(struct machine *m)
{
	add_file(m, "etc/modprobe.d/vfio.conf", "options vfio-pci ids=144d:a808\n");
}

static void native_early_override(struct machine *m)
{
	native_early(m);
	add_script(m, "ORDER", "/scripts/init-top/pcipass \"$@\"\n");
	add_script(m, "pcipass",
		   own_script(m, "override 0000:01:00.0 0x10de 0x1b81 0x0000 0x0000 "
				 "vfio-pci - 0\n"
				 "override 0000:01:00.1 0x10de 0x10f0 0x0000 0x0000 "
				 "vfio-pci - 0\n"));
}

/* It is not the card that the script means. */
static void native_early_other(struct machine *m)
{
	native_early(m);
	add_script(m, "ORDER", "/scripts/init-top/pcipass \"$@\"\n");
	add_script(m, "pcipass",
		   own_script(m, "override 0000:01:00.0 0x10de 0x1b82 0x0000 0x0000 "
				 "vfio-pci - 0\n"));
}

static void native_early_softdep(struct machine *m)
{
	native_early(m);
	m->kernels.v[0].initramfs.files.n = 0;
	m->files.n--;
	ids_right(m);
}

static void ids_only(struct machine *m)
{
	configure(m, CONF, IDS);
	set_file(m, "etc/modules", "vfio-pci\n");
}

static void two_kernels(struct machine *m)
{
	add_kernel(m, "6.1.0-48-amd64");
	ids_right(m);
}

static void kernel_without_image(struct machine *m)
{
	two_kernels(m);
	m->kernels.v[1].initramfs.path = NULL;
}

static void left_out(struct machine *m)
{
	two_kernels(m);
	m->kernels.v[1].initramfs.files.n = 0;
}

static void left_out_vfio(struct machine *m)
{
	two_kernels(m);
	m->kernels.v[1].initramfs.modules.n--;
}

static void no_group(struct machine *m)
{
	fn_at(m, "0000:03:00.0")->group = GROUP_NONE;
}

static void no_group_lazy(struct machine *m)
{
	no_group(m);
	m->units.v[0].kind = "virtio";
	fn_at(m, "0000:03:00.0")->driver = NULL;
}

static void port_shares(struct machine *m)
{
	fn_at(m, "0000:00:01.0")->group = 2;
}

/* A ROM with one image: code type 0 is for a PC BIOS, 3 for EFI. */
static void set_rom(struct machine *m, uint8_t code)
{
	uint8_t *rom = arena_alloc(m->arena, 512);

	memcpy(rom, "\x55\xaa\x01", 3);
	rom[0x18] = 0x40;
	memcpy(rom + 0x40, "PCIR\xde\x10\x81\x1b", 8);
	rom[0x40 + 0x0a] = 0x1c;
	rom[0x40 + 0x10] = 1;
	rom[0x40 + 0x14] = code;
	rom[0x40 + 0x15] = 0x80;
	if (code == 3) {
		memcpy(rom + 4, "\xf1\x0e\0\0", 4);
		memcpy(rom + 0x0a, "\x64\x86", 2);
	}
	fn_at(m, "0000:01:00.0")->rom = (struct blob){ rom, 512 };
}

static void rom_legacy(struct machine *m)
{
	set_rom(m, 0);
}

static void rom_efi(struct machine *m)
{
	set_rom(m, 3);
}

static void boot_vga(struct machine *m)
{
	fn_at(m, "0000:01:00.0")->boot_vga = true;
}

static void efifb(struct machine *m)
{
	boot_vga(m);
	*vec_push(m->arena, &m->klog) = "efifb: probing for efifb";
}

static void efifb_off(struct machine *m)
{
	efifb(m);
	ask_now(m, "initcall_blacklist=sysfb_init");
}

static void given(struct machine *m)
{
	fn_at(m, "0000:01:00.0")->driver = "vfio-pci";
	fn_at(m, "0000:01:00.0")->children.n = 0;
	fn_at(m, "0000:01:00.1")->driver = "vfio-pci";
}

static void given_boot_vga(struct machine *m)
{
	given(m);
	efifb(m);
}

static void half_given(struct machine *m)
{
	given(m);
	fn_at(m, "0000:01:00.1")->driver = "snd_hda_intel";
}

static void driverless(struct machine *m)
{
	given(m);
	fn_at(m, "0000:01:00.0")->driver = NULL;
	fn_at(m, "0000:01:00.1")->driver = NULL;
}

static void big_bar(struct machine *m)
{
	fn_at(m, "0000:01:00.0")->res[1] =
		(struct pci_resource){ 0x6000000000, 0x63ffffffff, 0x14220c };
}

static void rebar(struct machine *m)
{
	struct pci_fn *fn = fn_at(m, "0000:01:00.0");
	uint8_t *cfg = arena_alloc(m->arena, 4096);

	memcpy(cfg, fn->config.data, fn->config.len);
	/* sizes 256 MiB to 16 GiB; BAR 1, now 256 MiB (2^8 MiB) */
	memcpy(cfg + 0x100, "\x15\0\1\0\0\xf0\7\0\x21\x08\0\0", 12);
	fn->config = (struct blob){ cfg, 4096 };
	fn->config_size = 4096;
}

static void twin(struct machine *m)
{
	add_fn(m, "0000:04:00.0", 0x8086, 0x10d3, 0x0200, 6, "e1000e");
}

static void twin_audio_blacklisted(struct machine *m)
{
	add_fn(m, "0000:00:1f.3", 0x8086, 0xa348, 0x0403, 7, "snd_hda_intel");
	configure(m, CONF, "blacklist snd_hda_intel\n");
}

static void swap_only(struct machine *m)
{
	set_file(m, "proc/self/mountinfo", "");
	add_file(m, "proc/swaps", "Filename Type\n/dev/nvme0n1p3 partition 1 0 -2\n");
}

static void zfs_root(struct machine *m)
{
	set_file(m, "proc/self/mountinfo",
		 "22 1 0:27 / / rw - zfs rpool/ROOT/pve-1 rw\n");
}

static void disk_in_group(struct machine *m)
{
	fn_at(m, "0000:02:00.0")->group = 2;
}

/* --- rows --- */

struct finding_case {
	const char *name;
	const char *rule;
	void (*change)(struct machine *m);
	const char *asked; /* NULL: 01:00; addresses joined by blanks */
	const char *want;  /* part of the first finding's text; NULL: no such finding */
	const char *file;  /* ... and its place */
	unsigned line;
};

static struct machine *build(const struct finding_case *c, struct judged *ret)
{
	struct machine *m = desktop();
	char *words, *save = NULL;
	fn_list asked = { 0 };
	struct err e = { "" };

	if (c->change)
		c->change(m);
	if (machine_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	words = arena_strdup(m->arena, c->asked ? c->asked : "01:00");
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (machine_find(m, m->arena, w, &asked, &e) < 0)
			fail_msg("%s", e.text);
	judge_prepare(m, m->arena, &asked, ret);
	return m;
}

static void test_rule(void **state)
{
	const struct finding_case *c = *state;
	struct judged j;
	struct machine *m = build(c, &j);
	const struct finding *found = NULL;
	findings all = { 0 };

	assert_non_null(rule_find(c->rule));
	judge(&j, &all);
	for (size_t i = all.n; i-- > 0;)
		if (streq(all.v[i].rule->id, c->rule))
			found = &all.v[i];
	if (!c->want && found)
		fail_msg("found: %s", found->text);
	if (c->want && !found)
		fail_msg("not found");
	if (c->want && !strstr(found->text, c->want))
		fail_msg("text is: %s", found->text);
	if (c->file) {
		assert_non_null(found->file);
		assert_string_equal(found->file, c->file);
		assert_int_equal(found->line, c->line);
	}
	machine_free(m);
}

/* clang-format off */
static struct finding_case cases[] = {
	{ "no functions", "no-functions", no_functions, .asked = "", .want = "No PCI function" },
	{ "functions", "no-functions" },
	{ "units not recorded", "iommu-unknown", units_unknown, .want = "no boot log" },
	{ "units", "iommu-unknown" },
	{ "no vmx", "no-virtualization", no_vmx, .want = "i7-8700" },
	{ "vmx", "no-virtualization" },
	{ "svm", "no-virtualization", svm },
	{ "flags not known", "no-virtualization", cpu_unknown },
	{ "no DMAR", "no-iommu-table", no_table, .want = "DMAR" },
	{ "DMAR", "no-iommu-table" },
	{ "DMAR not readable is not absent", "no-iommu-table", acpi_unreadable },
	{ "AMD, nothing readable and nothing there", "no-iommu-table", amd_unreadable, .want = "no IOMMU" },
	{ "an image has no firmware", "no-iommu-table", image },
	{ "DMAR not readable", "iommu-table-unreadable", acpi_unreadable, .want = "needs root" },
	{ "DMAR readable", "iommu-table-unreadable" },
	{ "DMAR cut", "iommu-table-damaged", dmar_damaged, .want = "DMAR: " },
	{ "DMAR whole", "iommu-table-damaged" },
	{ "opt in", "dma-opt-in", opt_in, .want = "OPT_IN" },
	{ "no opt in", "dma-opt-in" },
	{ "RMRR", "rmrr-on-device", rmrr, "00:1f.6", "0x7c000000-0x7c7fffff" },
	{ "RMRR of another function", "rmrr-on-device", rmrr, "03:00.0" },
	{ "RMRR of a USB controller", "rmrr-on-device", rmrr_usb, "00:14.0" },
	{ "direct region of the group", "rmrr-on-device", direct_region, "03:00.0", "group 5" },
	{ "relaxable region of the group", "rmrr-on-device", relaxable_region, "03:00.0" },
	{ "RMRR of a USB controller", "rmrr-relaxable", rmrr_usb, "00:14.0", "USB" },
	{ "RMRR of a network card", "rmrr-relaxable", rmrr, "00:1f.6" },
	{ "no remapping", "no-interrupt-remapping", no_remapping, .want = "EPERM" },
	{ "remapping", "no-interrupt-remapping" },
	{ "remapping not known", "no-interrupt-remapping", remapping_unknown },
	{ "no remapping because the IOMMU is off", "no-interrupt-remapping", iommu_off },
	{ "no remapping, accepted", "no-interrupt-remapping", unsafe },
	{ "no remapping, option says no", "no-interrupt-remapping", unsafe_no, .want = "EPERM" },
	{ "no remapping, accepted", "unsafe-interrupts", unsafe, .want = "allow_unsafe" },
	{ "no remapping, not accepted", "unsafe-interrupts", no_remapping },
	{ "no reset method", "reset-missing", no_reset, .want = "01:00.0" },
	{ "reset methods", "reset-missing" },
	{ "the other function resets the device", "reset-missing", no_reset_of_one },
	{ "reset methods not known", "reset-missing", reset_unknown },
	{ "an endpoint", "not-endpoint" },
	{ "QuickAssist", "vfio-denylist", quickassist, "09:00.0", "8086:37c8" },
	{ "QuickAssist, list off", "vfio-denylist", quickassist_allowed, "09:00.0" },
	{ "another device", "vfio-denylist", quickassist },
	{ "VFs on", "vfs-enabled", vfs_on, "03:00.0", "2 virtual functions" },
	{ "a virtual function", "vf-not-at-boot", is_virtual, "03:00.0",
	  "is a virtual function of 0000:01:00.0" },
	{ "a physical one", "vf-not-at-boot", .asked = "03:00.0" },
	{ "VFs off", "vfs-enabled", .asked = "03:00.0" },
	{ "Secure Boot", "secure-boot-lockdown", secure_boot, .want = "locked down" },
	{ "no Secure Boot", "secure-boot-lockdown" },
	{ "config unread", "facts-unknown", fact_unknown, .want = "0000:01:00.0/config" },
	{ "config unread for the reason the tables have", "facts-unknown", fact_and_table_unknown,
	  .want = "functions/0000:01:00.0/config is not known: needs root" },
	{ "all known", "facts-unknown" },
	{ "the tables have a rule of their own", "facts-unknown", acpi_unreadable },

	{ "off without a word", "iommu-off", iommu_off, .want = "table DMAR" },
	{ "off by a word", "iommu-off", off_by_word, .want = "intel_iommu=off" },
	{ "on", "iommu-off" },
	{ "on, asked for", "iommu-off", guide_intel },
	{ "not known", "iommu-off", iommu_unknown },
	{ "off, table unreadable", "iommu-off", acpi_unreadable, .want = "off" },
	{ "AMD waits for no word", "iommu-off", amd_unreadable },
	{ "absent is not off", "iommu-off", no_table },
	{ "asked for and off", "iommu-failed", off_but_asked, .want = "DMAR" },
	{ "AMD's is on by default", "iommu-failed", amd_off, .want = "IVRS" },
	{ "off by a word", "iommu-failed", off_by_word },
	{ "Intel's default differs by kernel", "iommu-failed", iommu_off },
	{ "on", "iommu-failed" },
	{ "virtio IOMMU without driver", "iommu-no-driver", virtio_off, .want = RELEASE },
	{ "virtio IOMMU with driver", "iommu-no-driver", virtio_module },
	{ "Intel", "iommu-no-driver", iommu_off },
	{ "words stand in the entry", "iommu-not-active-yet", on_at_next_boot, .want = "quiet",
	  .file = "boot/grub/grub.cfg", .line = 3 },
	{ "words are nowhere", "iommu-not-active-yet", iommu_off },
	{ "on", "iommu-not-active-yet", guide_intel },
	{ "a reboot is enough", "iommu-off", on_at_next_boot },
	{ "update-grub forgotten", "loader-not-refreshed", not_refreshed, .want = "intel_iommu=on",
	  .file = "etc/default/grub" },
	{ "word taken out, update-grub forgotten", "loader-not-refreshed", off_left,
	  .want = "intel_iommu=off" },
	{ "refreshed", "loader-not-refreshed", guide_intel },
	{ "nothing asked", "loader-not-refreshed" },
	{ "intel_iommu=off", "option-turns-off", off_by_word, .want = "intel_iommu=off" },
	{ "intel_iommu=on", "option-turns-off", guide_intel },
	{ "amd_iommu=on", "option-useless", guide_amd, .want = "amd_iommu=on",
	  .file = "boot/grub/grub.cfg", .line = 3 },
	{ "intel_iommu=on", "option-useless", guide_intel },
	{ "override on Debian", "acs-override-ignored", acs_override, .want = RELEASE },
	{ "override on Proxmox", "acs-override-ignored", acs_override_pve },
	{ "no override", "acs-override-ignored" },
	{ "override on Proxmox", "acs-override-used", acs_override_pve, .want = "smaller" },
	{ "override on Debian", "acs-override-used", acs_override },
	{ "no loader, IOMMU off", "unknown-loader", no_loader, .want = "not known" },
	{ "no loader, nothing to change", "unknown-loader", no_loader_on },
	{ "GRUB", "unknown-loader", iommu_off },
	{ "the entry's kernel is gone", "next-boot-unknown", kernel_gone, .want = "9.9.9" },
	{ "a boot entry", "next-boot-unknown" },
	{ "on", "iommu-on", .want = "by default (dmar0); domain types: DMA-FQ" },
	{ "on, asked for", "iommu-on", guide_intel, .want = "as the command line asks" },
	{ "off", "iommu-on", iommu_off },

	{ "no vfio_pci", "vfio-missing", no_vfio, .want = RELEASE },
	{ "vfio_pci", "vfio-missing" },
	{ "nouveau in the kernel", "driver-builtin", native_builtin, .want = "nouveau" },
	{ "vfio-pci in the kernel, too", "driver-builtin", both_builtin },
	{ "a module", "driver-builtin" },
	{ "options for a built-in", "vfio-builtin", vfio_builtin, .want = "modprobe.d",
	  .file = CONF, .line = 1 },
	{ "built-in, by command line", "vfio-builtin", vfio_builtin_cmdline },
	{ "options for a module", "vfio-builtin", ids_right },
	{ "comma for a colon", "vfio-ids-malformed", ids_comma, .want = "\"10de\"",
	  .file = CONF, .line = 2 },
	{ "a semicolon for a comma", "vfio-ids-malformed", ids_semicolon,
	  .want = "drops \";10de:10f0\"", .file = CONF, .line = 1 },
	{ "ids as they should be", "vfio-ids-malformed", ids_right },
	{ "id= for ids=", "vfio-option-unknown", option_typo, .want = "\"id=10de:1b81\"",
	  .file = CONF, .line = 1 },
	{ "a blank in the list", "vfio-option-unknown", ids_blank, .want = "\"10de:10f0\"" },
	{ "options as they should be", "vfio-option-unknown", ids_again },
	{ "typo in the verb", "modprobe-line-bad", line_bad, .want = "ignores",
	  .file = CONF, .line = 1 },
	{ "lines as they should be", "modprobe-line-bad", ids_right },
	{ "no .conf", "modprobe-file-ignored", file_name, .want = "etc/modprobe.d/vfio ",
	  .file = "etc/modprobe.d/vfio" },
	{ "left by dpkg", "modprobe-file-ignored", file_backup },
	{ ".conf", "modprobe-file-ignored", ids_right },
	{ "ids= in two files", "vfio-contradiction", ids_twice, .want = "10de:1b81 and 10de:10f0",
	  .file = CONF, .line = 1 },
	{ "two options lines, ids= in one", "vfio-contradiction", ids_again },
	{ "vfio-pci blacklisted", "vfio-contradiction", vfio_blacklisted, .want = "blacklisted",
	  .file = CONF, .line = 1 },
	{ "vfio-pci replaced", "vfio-kept-out", vfio_install, .want = "/bin/false" },
	{ "softdep the wrong way round", "vfio-kept-out", softdep_backwards,
	  .want = "nouveau before vfio-pci", .file = CONF, .line = 2 },
	{ "softdep the right way", "vfio-kept-out", ids_right },
	{ "ids of the host's disk, not obeyed", "ids-take-others", sleeping_ids,
	  .want = "its driver nvme loses it" },
	{ "ids that are obeyed anyway", "ids-take-others", ids_right },
	{ "ids and blacklist", "both-methods", both_methods, .want = "nouveau",
	  .file = CONF, .line = 2 },
	{ "ids only", "both-methods", ids_right },
	{ "vfio_virqfd gone", "virqfd-gone", virqfd, .want = "vfio_virqfd",
	  .file = "etc/modules", .line = 5 },
	{ "vfio_virqfd there", "virqfd-gone", virqfd_there },
	{ "vfio_virqfd in a comment", "virqfd-gone", virqfd_comment },

	{ "file not in the image", "initramfs-stale", not_in_image, .want = "no copy of /" CONF,
	  .file = CONF },
	{ "older copy in the image", "initramfs-stale", older_in_image, .want = "older" },
	{ "file gone from the disk", "initramfs-stale", gone_from_disk, .want = "gone" },
	{ "list not in the image", "initramfs-stale", list_not_in_image, .want = "vfio-pci" },
	{ "list in the image", "initramfs-stale", list_in_image },
	{ "image unread and older", "initramfs-stale", image_unread, .want = "1000 seconds" },
	{ "image unread and newer", "initramfs-stale", image_unread_newer },
	{ "same as the disk", "initramfs-stale", ids_right },
	{ "nothing configured", "initramfs-stale" },
	{ "nouveau inside, no softdep", "native-in-initramfs", native_early,
	  .want = "nouveau, the driver of 0000:01:00.0" },
	{ "nouveau inside, softdep", "native-in-initramfs", native_early_softdep },
	{ "nouveau inside, overridden by address", "native-in-initramfs",
	  native_early_override },
	{ "nouveau inside, another overridden", "native-in-initramfs",
	  native_early_other, .want = "nouveau, the driver of 0000:01:00.0" },
	{ "nouveau not inside", "native-in-initramfs", ids_only },
	{ "nothing configured", "native-in-initramfs" },
	{ "modules-load against udev", "boot-race", ids_only, .want = "who is first" },
	{ "softdep", "boot-race", ids_right },
	{ "blacklisted", "boot-race", both_methods, .want = "snd_hda_intel" },
	{ "nothing configured", "boot-race" },
	{ "one kernel without", "kernel-without-initramfs", kernel_without_image,
	  .want = "6.1.0-48" },
	{ "all with", "kernel-without-initramfs", two_kernels },
	{ "older configuration", "kernel-left-out", left_out, .want = "6.1.0-48-amd64 was left" },
	{ "no vfio-pci inside", "kernel-left-out", left_out_vfio, .want = "no vfio-pci" },
	{ "both the same", "kernel-left-out", two_kernels },

	{ "no group", "group-missing", no_group, "03:00.0", "03:00.0" },
	{ "a group", "group-missing", .asked = "03:00.0" },
	{ "no group yet (virtio)", "group-missing", no_group_lazy, "03:00.0" },
	{ "no groups at all", "group-missing", iommu_off, "03:00.0" },
	{ "audio shares", "group-shared", .asked = "01:00.0", .want = "01:00.1" },
	{ "all asked for", "group-shared" },
	{ "the port may stay", "group-shared", port_shares, "01:00.0", "01.0 (8086:1901) may stay" },
	{ "alone", "group-shared", .asked = "03:00.0" },
	{ "alone with its port", "group-shared", port_shares },

	{ "audio forgotten", "companion-forgotten", .asked = "01:00.0", .want = "01:00.1" },
	{ "all asked for", "companion-forgotten" },
	{ "BIOS image only", "gpu-no-efi-rom", rom_legacy, .want = "OVMF" },
	{ "EFI image", "gpu-no-efi-rom", rom_efi },
	{ "ROM not known", "gpu-no-efi-rom" },
	{ "no ROM", "gpu-rom-unknown", .want = "not known" },
	{ "EFI image", "gpu-rom-unknown", rom_efi },
	{ "no GPU", "gpu-rom-unknown", .asked = "03:00.0" },
	{ "boot VGA", "boot-vga", boot_vga, .want = "booted on" },
	{ "another card", "boot-vga" },
	{ "efifb on it", "framebuffer-holds-bar", efifb, .want = "efifb" },
	{ "efifb switched off", "framebuffer-holds-bar", efifb_off },
	{ "no efifb", "framebuffer-holds-bar", boot_vga },
	{ "vfio-pci has it already", "framebuffer-holds-bar", given_boot_vga },
	{ "GPU", "console-not-visible", .want = "noVNC" },
	{ "no GPU", "console-not-visible", .asked = "03:00.0" },
	{ "EFI image", "vm-advice", rom_efi, .want = "q35, OVMF" },
	{ "BIOS image", "vm-advice", rom_legacy, .want = "q35, SeaBIOS" },
	{ "no GPU", "vm-advice", .asked = "03:00.0" },
	{ "16 GiB", "big-bar", big_bar, .want = "BAR 1 of 0000:01:00.0 (10de:1b81) has 16 GiB" },
	{ "small BARs", "big-bar" },
	{ "resizable", "resizable-bar", rebar, .want = "now 256 MiB, up to 16384 MiB" },
	{ "not resizable", "resizable-bar" },

	{ "root disk", "host-disk", .asked = "02:00.0", .want = "/ -> ext4 on nvme0n1p2" },
	{ "swap", "host-disk", swap_only, "02:00.0", "swap on nvme0n1p3" },
	{ "root disk in the group", "host-disk", disk_in_group, .want = "02:00.0" },
	{ "ZFS", "host-disk", zfs_root, "02:00.0", "could not be traced" },
	{ "no disk", "host-disk" },
	{ "default route", "host-network", .asked = "00:1f.6", .want = "eno1" },
	{ "the other card", "host-network", .asked = "03:00.0" },
	{ "boot VGA", "host-console", boot_vga, .want = "boot VGA" },
	{ "another card", "host-console" },
	{ "vfio-pci has it already", "host-console", given_boot_vga },
	{ "keyboard", "host-keyboard", .asked = "00:14.0", .want = "input3" },
	{ "no keyboard", "host-keyboard" },
	{ "two alike", "identical-ids", twin, "03:00.0", "04:00.0" },
	{ "both asked for", "identical-ids", twin, "03:00.0 04:00.0" },
	{ "one of a kind", "identical-ids", .asked = "03:00.0" },
	{ "driver of another card, too", "blacklist-takes-others", .asked = "03:00.0",
	  .want = "00:1f.6" },
	{ "blacklisted, and needed", "blacklist-takes-others", twin_audio_blacklisted,
	  .want = "snd_hda_intel, is blacklisted", .file = CONF, .line = 1 },
	{ "one of a kind", "blacklist-takes-others" },
	{ "nouveau", "driver-in-use", .want = "nouveau for drm card0" },
	{ "vfio-pci", "driver-in-use", given },
	{ "none", "driver-in-use", driverless },

	{ "nouveau", "ready-driver", .want = "\"Kernel driver in use: nouveau\"" },
	{ "vfio-pci", "ready-driver", given },
	{ "none", "ready-driver", driverless },
	{ "audio still the host's", "ready-group", half_given, "01:00.0", "snd_hda_intel" },
	{ "all given", "ready-group", given },
	{ "no node", "ready-node", driverless, .want = "/dev/vfio/2" },
	{ "node", "ready-node", given },
	{ "all given", "ready", given, .want = "vfio-pci, group 2 is viable" },
	{ "driverless", "ready", driverless },
	{ "half given", "ready", half_given, "01:00.0" },
};
/* clang-format on */

/* machine_find() refuses bridges; a caller with its own list still gets an answer. */
static void test_bridge(void **state)
{
	struct machine *m = desktop();
	fn_list asked = { 0 };
	findings all = { 0 };
	struct judged j;
	bool found = false;

	(void)state;
	assert_int_equal(machine_finish(m, NULL), 0);
	*vec_push(m->arena, &asked) = fn_at(m, "0000:00:01.0");
	judge_prepare(m, m->arena, &asked, &j);
	judge(&j, &all);
	vec_foreach(f, &all)
		found |= streq(f->rule->id, "not-endpoint");
	assert_true(found);
	assert_false(findings_pass(&all));
	machine_free(m);
}

static void test_every_rule_has_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_rules; i++) {
		bool yes = streq(rules[i].id, "not-endpoint"), no = false;

		for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
			if (!streq(cases[k].rule, rules[i].id))
				continue;
			yes |= cases[k].want != NULL;
			no |= cases[k].want == NULL;
		}
		if (!yes || !no)
			fail_msg("%s has no row that %s it", rules[i].id,
				 yes ? "does not raise" : "raises");
	}
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_rules; i++) {
		const struct rule *r = &rules[i];

		assert_ptr_equal(rule_find(r->id), r); /* so no id stands twice */
		assert_int_equal(strspn(r->id, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(r->id));
		assert_true(strlen(r->summary) < 80 && !ends_with(r->summary, "."));
		assert_true(ends_with(r->text, "."));
		assert_true(severity_name(r->severity)[0] && *r->step);
	}
	assert_null(rule_find("no-such-rule"));
}

/* Every text is one line that ends a sentence; so are the remedies. */
static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		findings all = { 0 };
		struct judged j;
		struct machine *m = build(&cases[i], &j);

		judge(&j, &all);
		vec_foreach(f, &all) {
			if (strchr(f->text, '\n') || !ends_with(f->text, ".") ||
			    (f->remedy && strchr(f->remedy, '\n')))
				fail_msg("%s: %s", f->rule->id, f->text);
		}
		machine_free(m);
	}
}

/* What apply leaves behind after the reboot has nothing left to do. */
static void test_done(void **state)
{
	static void (*const changes[])(struct machine *) = { ids_right, guide_intel,
							     given };
	struct machine *m = desktop();
	fn_list asked = { 0 };
	findings all = { 0 };
	struct judged j;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		changes[i](m);
	assert_int_equal(machine_finish(m, NULL), 0);
	assert_int_equal(machine_find(m, m->arena, "01:00", &asked, NULL), 0);
	judge_prepare(m, m->arena, &asked, &j);
	judge(&j, &all);
	vec_foreach(f, &all)
		if (f->rule->severity != SEV_INFO)
			fail_msg("%s: %s", f->rule->id, f->text);
	assert_true(findings_pass(&all));
	machine_free(m);
}

/* Thousands of functions, all asked for and alike: what is quadratic takes minutes here.
 */
static void test_large(void **state)
{
	struct machine *m = desktop();
	fn_list asked = { 0 };
	findings all = { 0 };
	struct judged j;
	char bdf[BDF_SIZE];

	(void)state;
	ids_right(m);
	for (unsigned i = 0; i < 10000; i++) {
		struct bdf b = { 1 + i / 4096, i / 256 % 16, i / 8 % 32, i % 8 };
		struct pci_fn *fn = add_fn(m, bdf_format(b, bdf), 0x10de, 0x1b81, 0x0300,
					   i % 2 ? 2 : 100 + (int)i, "nouveau");

		add_child(m, fn, "net", arena_printf(m->arena, "net/eth%u", i), NULL);
		*vec_push(m->arena, &m->groups) = (struct iommu_group){ 100 + (int)i };
	}
	assert_int_equal(machine_finish(m, NULL), 0);
	vec_foreach(fn, &m->fns)
		*vec_push(m->arena, &asked) = fn;
	judge_prepare(m, m->arena, &asked, &j);
	judge(&j, &all);
	assert_true(all.n > 10000);
	machine_free(m);
}

/* Only the host is judged. */
static void test_nothing_asked(void **state)
{
	struct machine *m = desktop();
	fn_list asked = { 0 };
	findings all = { 0 };
	struct judged j;

	(void)state;
	assert_int_equal(machine_finish(m, NULL), 0);
	judge_prepare(m, m->arena, &asked, &j);
	judge(&j, &all);
	vec_foreach(f, &all)
		assert_null(f->fn);
	machine_free(m);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_bridge), cmocka_unit_test(test_every_rule_has_rows),
		cmocka_unit_test(test_table),  cmocka_unit_test(test_texts),
		cmocka_unit_test(test_done),   cmocka_unit_test(test_nothing_asked),
		cmocka_unit_test(test_large),
	};
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(others)];
	AUTOARENA struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){
			.name = arena_printf(a, "%s: %s", cases[i].rule, cases[i].name),
			.test_func = test_rule,
			.initial_state = &cases[i]
		};
	memcpy(tests + ARRAY_SIZE(cases), others, sizeof(others));
	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
