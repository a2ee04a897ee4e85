/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include <pci/header.h>

#include "core/machine-json.h"
#include "fakesys/lint.h"

/* A good fixture, one thing spoilt, and the one note that must come of it. */
struct lint_case {
	const char *name;
	void (*spoil)(struct machine *m);
	bool error;
	const char *want;
};

static const char *folder; /* of the fixtures */

static struct machine *load(const char *path)
{
	struct machine *m = NULL;
	struct err e = { 0 };

	if (machine_load(path, &m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static struct pci_fn *fn_of(struct machine *m, const char *bdf)
{
	char buf[BDF_SIZE];

	vec_foreach(fn, &m->fns)
		if (streq(bdf_format(fn->bdf, buf), bdf))
			return fn;
	fail_msg("no %s", bdf);
	return NULL;
}

static struct module *module_of(struct machine *m, const char *name)
{
	vec_foreach(mod, &m->kernels.v[0].modules)
		if (streq(mod->name, name))
			return mod;
	fail_msg("no module %s", name);
	return NULL;
}

static uint8_t *config_of(struct machine *m, struct pci_fn *fn)
{
	uint8_t *copy = arena_memdup(m->arena, fn->config.data, fn->config.len);

	fn->config.data = copy;
	return copy;
}

static void put_file(struct machine *m, const char *path, const char *text)
{
	*vec_push(m->arena, &m->files) = (struct machine_file){
		.path = path,
		.mode = S_IFREG | 0644,
		.data = { (const uint8_t *)text, strlen(text) },
	};
	assert_int_equal(machine_finish(m, NULL), 0);
}

static void drop_fn(struct machine *m, const char *bdf)
{
	struct pci_fn *fn = fn_of(m, bdf);
	size_t i = (size_t)(fn - m->fns.v);

	memmove(fn, fn + 1, (m->fns.n - i - 1) * sizeof(*fn));
	m->fns.n--;
}

static void no_name(struct machine *m)
{
	m->name = "";
}
static void no_about(struct machine *m)
{
	m->about = "";
}
static void no_cpu(struct machine *m)
{
	m->cpu_vendor = "";
}
static void group_unlisted(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->group = 99;
	m->groups.v[11].id = 12; /* 02:00.0 was alone in 11 */
	m->groups.n--;
}
static void group_missing(struct machine *m)
{
	fn_of(m, "0000:00:14.2")->group = GROUP_NONE;
}
static void group_empty(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->group = 12;
}
static void no_units(struct machine *m)
{
	m->units.n = 0;
}
static void no_units_unknown(struct machine *m)
{
	no_units(m);
	machine_set_unknown(m, "no boot log", "units");
	no_name(m);
}
static void resource_elsewhere(struct machine *m)
{
	struct pci_fn *fn = fn_of(m, "0000:01:00.0");

	fn->res[0].start += 0x1000000;
	fn->res[0].end += 0x1000000;
}
static void ports_for_memory(struct machine *m)
{
	fn_of(m, "0000:01:00.0")->res[0].flags = 0x40101;
}
static void other_driver(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->driver = "nouveau";
}
static void two_boot_vgas(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->boot_vga = true;
}
static void intel_with_svm(struct machine *m)
{
	*vec_push(m->arena, &m->cpu_flags) = "svm";
}
static void guest_with_svm(struct machine *m)
{
	intel_with_svm(m);
	*vec_push(m->arena, &m->cpu_flags) = "hypervisor";
	no_name(m);
}
static void amd_with_vmx(struct machine *m)
{
	m->cpu_vendor = "AuthenticAMD";
}
static void no_bridge(struct machine *m)
{
	drop_fn(m, "0000:00:1b.0");
	m->groups.v[7].id = 8; /* the port's own group goes with it */
	memmove(&m->groups.v[7], &m->groups.v[8],
		(m->groups.n - 8) * sizeof(*m->groups.v));
	m->groups.n--;
}
static void short_config(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->config.len = 256;
}
static void no_reset(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->reset = NULL;
}
static void vfs_without(struct machine *m)
{
	fn_of(m, "0000:02:00.0")->vfs_now = 2;
}
static void bad_checksum(struct machine *m)
{
	uint8_t *t =
		arena_memdup(m->arena, m->acpi.v[0].data.data, m->acpi.v[0].data.len);

	t[9]++;
	m->acpi.v[0].data.data = t;
}
static void no_dmar(struct machine *m)
{
	m->acpi.n = 0;
	m->units.n = 1;
}
static void other_kernel(struct machine *m)
{
	m->release = "6.1.0-1-amd64";
}
static void no_driver_module(struct machine *m)
{
	module_of(m, "nouveau")->driver = NULL;
}
static void not_loaded(struct machine *m)
{
	for (size_t i = 0; i < m->loaded.n; i++)
		if (streq(m->loaded.v[i], "nouveau"))
			m->loaded.v[i] = "nouvelle";
}
static void no_dependency(struct machine *m)
{
	module_of(m, "mei")->name = "mei_too";
}
static void no_vfio_pci(struct machine *m)
{
	module_of(m, "vfio_pci")->name = "vfio_pcx";
}
static void module_twice(struct machine *m)
{
	module_of(m, "vfat")->name = "fat";
}
static void no_initramfs(struct machine *m)
{
	m->kernels.v[0].initramfs.path = NULL;
}
static void no_entry(struct machine *m)
{
	vec_foreach(f, &m->files)
		if (ends_with(f->path, "grub.cfg"))
			f->data = (struct blob){ (const uint8_t *)"", 0 };
}
static void useless_file(struct machine *m)
{
	put_file(m, "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
}
static void no_mounts(struct machine *m)
{
	vec_foreach(f, &m->files)
		if (streq(f->path, "proc/self/mountinfo"))
			f->path = "proc/fb";
}
static void no_mounts_unknown(struct machine *m)
{
	no_mounts(m);
	machine_set_unknown(m, "needs root", "files/proc/self/mountinfo");
	no_name(m);
}
static void no_reset_unknown(struct machine *m)
{
	no_reset(m);
	machine_set_unknown(m, "needs root", "functions/0000:02:00.0/reset");
	no_name(m);
}
static void no_reset_at_all(struct machine *m)
{
	vec_foreach(fn, &m->fns)
		fn->reset = NULL;
	machine_set_unknown(m, "lspci does not record it", "reset");
	no_name(m);
}
static void useless_image_file(struct machine *m)
{
	*vec_push(m->arena, &m->kernels.v[0].initramfs.files) =
		(struct machine_file){ .path = "bin/sh",
				       .data = { (const uint8_t *)"", 0 } };
}
static void uuid(struct machine *m)
{
	m->cmdline = "root=UUID=ba8ec4fd-31ff-4c01-9c03-cd042defc190 ro";
}
static void mac(struct machine *m)
{
	m->klog.v[0] = "e1000e 0000:00:1f.6 eth0: (PCI Express) 8c:16:45:aa:bb:cc";
}
static void mac_made_up(struct machine *m)
{
	m->klog.v[0] = "eth0: 02:00:00:aa:bb:cc, 00:00:00:00:00:00";
	no_name(m);
}
static void no_mac(struct machine *m)
{
	m->klog.v[0] = "IPv6 fe80:16:45:aa:bb:cc:dd:ee, 1aa:bb:cc:dd:ee:ff";
	no_name(m);
}
static void machine_id(struct machine *m)
{
	put_file(m, "etc/kernel/entry-token", "3b0f5a2c9d6e4f708192a3b4c5d6e7f8\n");
}
static void by_id(struct machine *m)
{
	put_file(m, "etc/crypttab",
		 "c /dev/disk/by-id/nvme-Samsung_SSD_970_S5H9NX0N123456Z none\n");
}
static void by_id_made_up(struct machine *m)
{
	put_file(m, "etc/crypttab", "c /dev/disk/by-id/id-SCRUBBED0001-part3 none\n");
	no_name(m);
}
static void usb_serial(struct machine *m)
{
	m->klog.v[0] = "usb 1-3: SerialNumber: 4C530001230512115472";
}
static void mac_in_name(struct machine *m)
{
	m->klog.v[0] = "e1000e 0000:00:1f.6 enx8c1645aabbcc: renamed from eth0";
}
static void wireless_child(struct machine *m)
{
	struct pci_fn *fn = fn_of(m, "0000:02:00.0");

	*vec_push(m->arena, &fn->children) =
		(struct child){ .class = "net", .path = "net/wlx001122334455" };
}
static void wireless_bridge(struct machine *m)
{
	struct stacked *s = vec_push(m->arena, &m->stacked);

	*s = (struct stacked){ .class = "net", .name = "vmbr9" };
	*vec_push(m->arena, &s->lower) = "wlx001122334455";
}
static void mac_before_colon(struct machine *m)
{
	m->klog.v[0] = "8c:16:45:aa:bb:cc: link up";
}
static void password(struct machine *m)
{
	put_file(m, "etc/fstab", "//nas/x /x cifs user=a,password=secret,rw 0 0\n");
}
static void short_password(struct machine *m)
{
	put_file(m, "etc/fstab", "//nas/x /x cifs user=a,pass=secret,rw 0 0\n");
}
static void disk_signature_path(struct machine *m)
{
	put_file(m, "etc/fstab", "/dev/disk/by-partuuid/deadbeef-01 /srv ext4\n");
}
static void uuid_behind_colon(struct machine *m)
{
	put_file(m, "etc/fstab", "uuid:1b2c3d4e-2fa1-11d2-883f-0016d3cca427\n");
}
static void grub_password(struct machine *m)
{
	put_file(m, "etc/default/grub.d/x.cfg", "# grub.pbkdf2.sha512.10000.0A1B.2C3D\n");
}
static void disk_signature(struct machine *m)
{
	m->cmdline = "root=PARTUUID=1a2b3c4d-02 ro";
}
static void fat_serial(struct machine *m)
{
	put_file(m, "etc/crypttab", "x 1a2b-3c4d\ny UUID=A1B2-C3D4\n");
}
static void host_in_log(struct machine *m)
{
	m->klog.v[0] = "systemd[1]: Hostname set to <tulip>.";
}
static void hostname(struct machine *m)
{
	put_file(m, "etc/hostname", "tulip\n");
}
static void host_in_mapper(struct machine *m)
{
	m->cmdline = "root=/dev/mapper/my--box--vg-root ro";
}
static void hostname_plain(struct machine *m)
{
	put_file(m, "etc/hostname", "pve.example.org\n");
	no_name(m);
}
static void serial(struct machine *m)
{
	struct pci_fn *fn = fn_of(m, "0000:02:00.0");
	uint32_t at = cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_DSN);

	assert_true(at > 0);
	memcpy(config_of(m, fn) + at + 4, "\x12\x34\x56\xff\xff\xd7\x8a\x80", 8);
}
static void serial_made_up(struct machine *m)
{
	struct pci_fn *fn = fn_of(m, "0000:02:00.0");

	config_of(m, fn)[cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_DSN) + 4] = 7;
	no_name(m);
}

/* clang-format off */
static struct lint_case cases[] = {
	{ "no name", no_name, true, "name: empty" },
	{ "nothing about it", no_about, false,
	  "about: say in one sentence what this machine is good for" },
	{ "no CPU", no_cpu, true, "cpu.vendor: missing, and not among unknown" },
	{ "group not listed", group_unlisted, true,
	  "functions[0000:02:00.0]: group 99 is not listed in groups" },
	{ "one function without group", group_missing, false,
	  "functions[0000:00:14.2]: no group, but others have one\n"
	  "groups: 0000:00:14.0 was recorded in group 4 without 0000:00:14.2; computed, they share one" },
	{ "group without function", group_empty, false, "groups[11]: no function is in it\n"
	  "groups: 0000:02:00.0 and 0000:03:00.0 were recorded in group 12; computed, they do not share one" },
	{ "groups without IOMMU", no_units, true, "iommu.units: none, but there are groups" },
	{ "groups, and it is said why the IOMMU is not known", no_units_unknown, true,
	  "name: empty" },
	{ "resource that the BAR denies", resource_elsewhere, true,
	  "functions[0000:01:00.0].resources: 0 is at 0xdf000000, but the BAR in config says "
	  "0xde000000 (32-bit memory)" },
	{ "ports where the BAR has memory", ports_for_memory, true,
	  "functions[0000:01:00.0].resources: 0 is at 0xde000000, but the BAR in config says "
	  "0xde000000 (32-bit memory)" },
	{ "driver of other devices", other_driver, true,
	  "functions[0000:02:00.0].driver: no id of nouveau matches it" },
	{ "two boot VGAs", two_boot_vgas, true,
	  "functions[0000:02:00.0].boot_vga: 0000:00:02.0 has it already" },
	{ "Intel with AMD's virtualization", intel_with_svm, true,
	  "cpu.flags: no processor of GenuineIntel has svm" },
	{ "Intel with AMD's, as QEMU makes it", guest_with_svm, true, "name: empty" },
	{ "AMD with Intel's virtualization", amd_with_vmx, true,
	  "cpu.flags: no processor of AuthenticAMD has vmx" },
	{ "bridge missing", no_bridge, true,
	  "functions[0000:02:00.0]: an endpoint, but no bridge leads to bus 02" },
	{ "config cut", short_config, true,
	  "functions[0000:02:00.0].config: 256 of 4096 bytes, and not among unknown" },
	{ "reset methods not said", no_reset, false,
	  "functions[0000:02:00.0].reset: missing; \"\" says that there is none" },
	{ "VFs not there", vfs_without, true,
	  "functions[0000:02:00.0].vfs_now: 2, but 0 are there" },
	{ "ACPI checksum", bad_checksum, true, NULL },
	{ "no DMAR", no_dmar, true, "iommu.units[dmar0]: there is no table DMAR" },
	{ "running kernel not installed", other_kernel, true,
	  "kernel.release: \"6.1.0-1-amd64\" is not among kernels" },
	{ "no module for a driver", no_driver_module, true,
	  "functions[0000:01:00.0].driver: no built-in or loaded module of 6.1.0-56-amd64 "
	  "registers nouveau" },
	{ "module of a driver not loaded", not_loaded, true,
	  "functions[0000:01:00.0].driver: no built-in or loaded module of 6.1.0-56-amd64 "
	  "registers nouveau" },
	{ "dependency missing", no_dependency, true,
	  "kernels[6.1.0-56-amd64].modules[mei_me]: depends on mei, which is not there" },
	{ "no vfio-pci", no_vfio_pci, true,
	  "kernels[6.1.0-56-amd64].modules: vfio_pci is missing" },
	{ "module twice", module_twice, true, "kernels[6.1.0-56-amd64].modules[fat]: twice" },
	{ "no initramfs", no_initramfs, false, "kernels[6.1.0-56-amd64].initramfs: none" },
	{ "no boot entry", no_entry, true, NULL },
	{ "file nobody reads", useless_file, false, "files[etc/passwd]: nothing reads it" },
	{ "file in the image nobody reads", useless_image_file, false,
	  "kernels[6.1.0-56-amd64].initramfs.files[bin/sh]: nothing reads it" },
	{ "no mounts", no_mounts, false,
	  "files: proc/self/mountinfo is missing, and not among unknown" },
	{ "no mounts, and it is said why", no_mounts_unknown, true, "name: empty" },
	{ "reset methods of all unknown", no_reset_at_all, true, "name: empty" },
	{ "reset methods unknown", no_reset_unknown, true, "name: empty" },
	{ "UUID", uuid, true, "kernel.cmdline: a UUID that does not look made up: "
	  "ba8ec4fd-31ff-4c01-9c03-cd042defc190 ro" },
	{ "MAC address", mac, true, "klog[0]: a MAC address that does not look made up: "
	  "8c:16:45:aa:bb:cc" },
	{ "MAC addresses made up", mac_made_up, true, "name: empty" },
	{ "no MAC address", no_mac, true, "name: empty" },
	{ "machine id", machine_id, true, "files[etc/kernel/entry-token]: a machine id that "
	  "does not look made up: 3b0f5a2c9d6e4f708192a3b4c5d6e7f8" },
	{ "by-id name", by_id, true, "files[etc/crypttab]: a serial number that does not look "
	  "made up: /dev/disk/by-id/nvme-Samsung_SSD_970_S5H9NX0N123456Z none" },
	{ "by-id name made up", by_id_made_up, true, "name: empty" },
	{ "serial number of a stick", usb_serial, true, "klog[0]: a serial number that does "
	  "not look made up: SerialNumber: 4C530001230512115472" },
	{ "MAC address as a name", mac_in_name, true, "klog[0]: a MAC address that does not "
	  "look made up: enx8c1645aabbcc: renamed from eth0" },
	{ "MAC address before a colon", mac_before_colon, true, "klog[0]: a MAC address that "
	  "does not look made up: 8c:16:45:aa:bb:cc: link up" },
	{ "password of a mount", password, true, "files[etc/fstab]: a password that does not "
	  "look made up: password=secret,rw 0 0" },
	{ "password of a mount by its short name", short_password, true, "files[etc/fstab]: a "
	  "password that does not look made up: pass=secret,rw 0 0" },
	{ "disk signature in a path", disk_signature_path, true, "files[etc/fstab]: a disk "
	  "signature that does not look made up: /dev/disk/by-partuuid/deadbeef-01 /srv ext4" },
	{ "UUID behind a colon", uuid_behind_colon, true, "files[etc/fstab]: a UUID that does "
	  "not look made up: 1b2c3d4e-2fa1-11d2-883f-0016d3cca427" },
	{ "interface named after its MAC address", wireless_child, true,
	  "functions[0000:02:00.0].children: a MAC address that does not look made up: "
	  "wlx001122334455" },
	{ "interface named after its MAC address in a bridge", wireless_bridge, true,
	  "stacked[vmbr9]: a MAC address that does not look made up: wlx001122334455" },
	{ "password of GRUB", grub_password, true, "files[etc/default/grub.d/x.cfg]: a password "
	  "that does not look made up: grub.pbkdf2.sha512.10000.0A1B.2C3D" },
	{ "disk signature", disk_signature, true, "kernel.cmdline: a disk signature that does "
	  "not look made up: PARTUUID=1a2b3c4d-02 ro" },
	{ "FAT serial number, in the line that speaks of UUIDs", fat_serial, true,
	  "files[etc/crypttab]: a FAT serial number that does not look made up: A1B2-C3D4" },
	{ "host name in the log", host_in_log, true, "klog[0]: a host name that does not look "
	  "made up: tulip>." },
	{ "host name", hostname, true, "files[etc/hostname]: a host name that does not look "
	  "made up: tulip" },
	{ "host name with a hyphen in a device-mapper name", host_in_mapper, true,
	  "kernel.cmdline: a host name that does not look made up: my--box--vg-root ro" },
	{ "host name of the installer", hostname_plain, true, "name: empty" },
	{ "device serial number", serial, true, "functions[0000:02:00.0].config: a device "
	  "serial number that does not look made up" },
	{ "device serial number made up", serial_made_up, true, "name: empty" },
};
/* clang-format on */

static void test_lint(void **state)
{
	const struct lint_case *c = *state;
	struct arena *a = arena_new();
	struct machine *m = load(arena_printf(a, "%s/intel-desktop-gpu.json", folder));
	lint_notes notes = { 0 };
	const char *all = "";

	c->spoil(m);
	lint_machine(m, a, &notes);
	if (!notes.n)
		fail_msg("no notes");
	vec_foreach(n, &notes)
		all = arena_printf(a, "%s%s%s", all, *all ? "\n" : "", n->text);
	if (c->want)
		assert_string_equal(all, c->want);
	assert_int_equal(notes.v[0].error, c->error);
	machine_free(m);
	arena_free(a);
}

/* What the project itself ships is fit to ship. */
static void test_fixture(void **state)
{
	struct machine *m = load(*state);
	struct arena *a = arena_new();
	lint_notes notes = { 0 };

	lint_machine(m, a, &notes);
	vec_foreach(n, &notes)
		print_error("%s\n", n->text);
	assert_int_equal(notes.n, 0);
	machine_free(m);
	arena_free(a);
}

/* argv[1]: the folder of fixtures. */
int main(int argc, char **argv)
{
	struct CMUnitTest tests[256];
	AUTOARENA struct arena *a = arena_new();
	size_t n = 0;
	DIR *dir;

	folder = argc > 1 ? argv[1] : "fakesys/fixtures";
	dir = opendir(folder);
	if (!dir) {
		printf("1..0 # SKIP no fixtures in %s\n", folder);
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_lint,
						  .initial_state = &cases[i] };
	for (struct dirent *d; (d = readdir(dir)) && n < ARRAY_SIZE(tests);)
		if (ends_with(d->d_name, ".json") && !streq(d->d_name, "schema.json"))
			tests[n++] = (struct CMUnitTest){
				.name = arena_strdup(a, d->d_name),
				.test_func = test_fixture,
				.initial_state =
					arena_printf(a, "%s/%s", folder, d->d_name),
			};
	closedir(dir);
	return _cmocka_run_group_tests("lint", tests, n, NULL, NULL);
}
