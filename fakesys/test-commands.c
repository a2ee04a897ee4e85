/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of the simulated host. What is expected follows Debian 12's own:
 * update-initramfs and mkinitramfs 0.142, grub-mkconfig 2.06, modprobe of kmod 30; the
 * order of init-top was taken from tsort(1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/initramfs.h"
#include "fakesys/test-sim.h"

struct file {
	const char *path, *text;
};

struct command_case {
	const char *name;
	struct file files[4]; /* "+x TEXT": executable; "-> TARGET": a link; NULL text:
				 gone */
	const char *argv[6];
	int status;
	const char *says; /* part of the output, or NULL */
	/* A file afterwards. For the image: its list, see describe(). */
	const char *path, *want;
};

#define RELEASE "6.12.107+deb13-amd64"
#define IMAGE "boot/initrd.img-" RELEASE
#define CFG "boot/grub/grub.cfg"
#define DFLT "etc/default/grub"

static void put(struct sim *s, const struct file *f)
{
	const char *script = f->text ? after_prefix(f->text, "+x ") : NULL;
	const char *target = f->text ? after_prefix(f->text, "-> ") : NULL;
	const char *text = script ? script : target ? target : f->text;
	mode_t mode = target ? S_IFLNK | 0777 : S_IFREG | (script ? 0755 : 0600);

	if (!f->text)
		assert_int_equal(disk_unlink(sim_disk(s), f->path), 0);
	else
		assert_int_equal(
			disk_put(sim_disk(s), f->path,
				 (struct blob){ (const uint8_t *)text, strlen(text) },
				 mode, 0, 0, 0),
			0);
}

/* "modules | lines of conf/modules | files; ORDER as the names it runs" */
static char *describe(struct arena *a, struct blob image)
{
	struct initramfs i = { 0 };
	char *text = arena_strdup(a, "");
	struct err e;

	assert_int_equal(initramfs_parse(a, image, "image", &i, &e), 0);
	vec_foreach(m, &i.modules)
		text = arena_printf(a, "%s%s ", text, *m);
	text = arena_printf(a, "%s|", text);
	vec_foreach(l, &i.load)
		text = arena_printf(a, "%s %s;", text, *l);
	text = arena_printf(a, "%s |", text);
	vec_foreach(f, &i.files) {
		const char *p = (const char *)f->data.data;

		text = arena_printf(a, "%s %s", text, f->path);
		if (!ends_with(f->path, "/ORDER"))
			continue;
		for (; *p; p += strcspn(p, "\n"), p += *p == '\n') {
			const char *name = after_prefix(p, "/scripts/init-top/");

			if (name)
				text = arena_printf(a, "%s:%.*s", text,
						    (int)strcspn(name, " "), name);
		}
	}
	return text;
}

static void test_command(void **state)
{
	const struct command_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_machine(true);
	struct host_output out = { 0 };
	struct blob got = { 0 };
	struct host_stat st;
	struct host h;
	struct sim *s;
	struct err e;
	int r;

	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(c->files) && c->files[i].path; i++)
		put(s, &c->files[i]);
	h = sim_host(s);
	assert_int_equal(h.ops->run(h.ctx, c->argv, &out), 0);
	if (out.status != c->status || (c->says && !strstr(out.text, c->says)))
		fail_msg("status %d, expected %d: %s", out.status, c->status, out.text);
	free(out.text);
	r = c->path ? host_read(&h, a, c->path, HOST_FILE_MAX, &got) : 0;
	if (c->path && !c->want)
		assert_int_equal(r, -ENOENT);
	else if (c->path && streq(c->path, IMAGE))
		assert_string_equal(describe(a, got), c->want);
	else if (c->path)
		assert_string_equal(got.data, c->want);
	if (c->path && streq(c->path, CFG)) {
		assert_int_equal(disk_stat(sim_disk(s), CFG, &st), 0);
		assert_int_equal(st.mode & 07777, 0600);
	}
	sim_free(s);
	machine_free(m);
}

#define UPDATE                                                                           \
	{                                                                                \
		"update-initramfs", "-u"                                                 \
	}
#define STD "all_generic_ide:blacklist:keymap"
#define ORDER_STD "| scripts/init-top/ORDER:" STD ":udev"
#define TOP "etc/initramfs-tools/scripts/init-top/"
#define ENTRY(args)                                                                      \
	"menuentry 'a' {\n\tlinux\t/boot/vmlinuz root=/dev/sda1 ro " args "\n}\n"
#define MODPROBE(...)                                                                    \
	{                                                                                \
		"modprobe", __VA_ARGS__                                                  \
	}

/* clang-format off */
static struct command_case cases[] = {
	{ "initramfs: -u makes the newest anew", { { NULL } }, UPDATE, 0, "Generating /" IMAGE, IMAGE, "e1000e nvme | " ORDER_STD },
	{ "initramfs: -uk all", { { NULL } }, { "update-initramfs", "-uk", "all" }, 0, "Generating", IMAGE, "e1000e nvme | " ORDER_STD },
	{ "initramfs: -u -kRELEASE", { { NULL } }, { "update-initramfs", "-v", "-u", "-k" RELEASE }, 0, "Generating", IMAGE, "e1000e nvme | " ORDER_STD },
	{ "initramfs: -u makes a damaged one anew", { { IMAGE, "junk" } }, UPDATE, 0, "Generating", IMAGE, "e1000e nvme | " ORDER_STD },
	{ "initramfs: -u -k all makes none that is not there", { { IMAGE, NULL } }, { "update-initramfs", "-u", "-k", "all" }, 0, NULL, IMAGE, NULL },
	{ "initramfs: -u makes none that is not there", { { IMAGE, NULL } }, UPDATE, 0, NULL, IMAGE, NULL },
	{ "initramfs: -u -k RELEASE makes it", { { IMAGE, NULL } }, { "update-initramfs", "-u", "-k", RELEASE }, 0, "Generating", IMAGE, "e1000e nvme | " ORDER_STD },
	{ "initramfs: -c -k all makes it", { { IMAGE, NULL } }, { "update-initramfs", "-c", "-k", "all" }, 0, "Generating", IMAGE, "e1000e nvme | " ORDER_STD },
	{ "initramfs: -c wants a version", { { NULL } }, { "update-initramfs", "-c" }, 2, "Create mode requires a version argument", NULL, NULL },
	{ "initramfs: -d deletes", { { NULL } }, { "update-initramfs", "-d", "-k", RELEASE }, 0, "Deleting /" IMAGE, IMAGE, NULL },
	{ "initramfs: no mode", { { NULL } }, { "update-initramfs", "-k", "all" }, 2, "at least one of -c, -u, or -d", NULL, NULL },
	{ "initramfs: an unknown option", { { NULL } }, { "update-initramfs", "-u", "-x" }, 2, "invalid option -- 'x'", NULL, NULL },
	{ "initramfs: a kernel that is not there", { { NULL } }, { "update-initramfs", "-u", "-k", "5.10" }, 1, "no kernel 5.10", NULL, NULL },
	{ "image: modules with options, and what they need", { { "etc/initramfs-tools/modules", "# x\nvfio_pci ids=8086:10d3\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e irqbypass nvme vfio vfio_pci | vfio_pci ids=8086:10d3; " ORDER_STD },
	{ "image: MODULES=list", { { "etc/initramfs-tools/initramfs.conf", "MODULES=list\n" }, { "etc/initramfs-tools/modules", "vfio\n" } }, UPDATE, 0, NULL,
	  IMAGE, "vfio | vfio; " ORDER_STD },
	{ "image: MODULES= of conf.d comes later", { { "etc/initramfs-tools/initramfs.conf", "MODULES=list\n" }, { "etc/initramfs-tools/conf.d/x", "MODULES=most\n" } },
	  UPDATE, 0, NULL, IMAGE, "e1000e nvme | " ORDER_STD },
	{ "image: a softdep brings its module along", { { "etc/modprobe.d/a.conf", "softdep e1000e pre: vfio-pci\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e irqbypass nvme vfio vfio_pci | | etc/modprobe.d/a.conf scripts/init-top/ORDER:" STD ":udev" },
	{ "image: a softdep of a module outside", { { "etc/modprobe.d/a.conf", "softdep pci_stub pre: vfio-pci\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | etc/modprobe.d/a.conf scripts/init-top/ORDER:" STD ":udev" },
	{ "image: what modprobe.d files are copied", { { "etc/modprobe.d/a.conf", "# x\n" }, { "etc/modprobe.d/b.bak", "# x\n" },
	    { "etc/modprobe.d/c.conf", "-> /dev/null" }, { "run/modprobe.d/d.conf", "# x\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | etc/modprobe.d/a.conf scripts/init-top/ORDER:" STD ":udev" },
	{ "image: an own hook", { { "etc/initramfs-tools/hooks/mine", "+x #!/bin/sh\n. /usr/share/initramfs-tools/hook-functions\nmanual_add_modules vfio_iommu_type1\nforce_load vfio x=1\n" } },
	  UPDATE, 0, NULL, IMAGE, "e1000e nvme vfio vfio_iommu_type1 | vfio x=1; " ORDER_STD },
	{ "image: a hook that is not executable", { { "etc/initramfs-tools/hooks/mine", "manual_add_modules vfio\n" } }, UPDATE, 0, NULL, IMAGE, "e1000e nvme | " ORDER_STD },
	{ "image: a rule of udev", { { "etc/udev/rules.d/59-x.rules", "ATTR{driver_override}=\"vfio-pci\"\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | lib/udev/rules.d/59-x.rules scripts/init-top/ORDER:" STD ":udev" },
	{ "image: a rule that stands for one of lib stays outside", { { "etc/udev/rules.d/59-x.rules", "ATTR{driver_override}=\"vfio-pci\"\n" }, { "usr/lib/udev/rules.d/59-x.rules", "" } },
	  UPDATE, 0, NULL, IMAGE, "e1000e nvme | " ORDER_STD },
	{ "order: a script by its name", { { TOP "pcipass", "+x PREREQ=\"\"\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | scripts/init-top/ORDER:" STD ":pcipass:udev scripts/init-top/pcipass" },
	{ "order: PREREQ puts it behind", { { TOP "a", "+x PREREQ=\"udev\"\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | scripts/init-top/ORDER:" STD ":udev:a scripts/init-top/a" },
	{ "order: two behind one come last first", { { TOP "x", "+x PREREQS=udev\n" }, { TOP "y", "+x PREREQS=udev\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | scripts/init-top/ORDER:" STD ":udev:y:x scripts/init-top/x scripts/init-top/y" },
	{ "order: PREREQ of what is not there", { { TOP "b", "+x PREREQ=zz\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | scripts/init-top/ORDER:" STD ":udev:b scripts/init-top/b" },
	{ "order: two that wait for each other", { { TOP "x", "+x PREREQ=y\n" }, { TOP "y", "+x PREREQ=x\n" } }, UPDATE, 0, NULL,
	  IMAGE, "e1000e nvme | | scripts/init-top/ORDER:" STD ":udev:x:y scripts/init-top/x scripts/init-top/y" },
	{ "order: not executable, or an odd name", { { TOP "mine", "PREREQ=\n" }, { TOP "mine~", "+x PREREQ=\n" } }, UPDATE, 0, NULL, IMAGE, "e1000e nvme | " ORDER_STD },

	{ "grub: the command line is written anew", { { CFG, ENTRY("quiet old") }, { DFLT, "GRUB_CMDLINE_LINUX=\"a=1\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet b\"\n" } },
	  { "update-grub" }, 0, "done", CFG, ENTRY("a=1 quiet b") },
	{ "grub: quotes go through", { { CFG, ENTRY("") }, { DFLT, "GRUB_CMDLINE_LINUX='dyndbg=\"file x +p\"'\n" } }, { "update-grub" }, 0, NULL,
	  CFG, ENTRY("dyndbg=\"file x +p\" ") },
	{ "grub: a recovery entry has its own words", { { CFG, ENTRY("single dis_ucode_ldr old") }, { DFLT, "GRUB_CMDLINE_LINUX=\"a\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n" } },
	  { "update-grub" }, 0, NULL, CFG, ENTRY("single dis_ucode_ldr a") },
	{ "grub: GRUB_CMDLINE_LINUX_RECOVERY", { { CFG, ENTRY("single x") }, { DFLT, "GRUB_CMDLINE_LINUX_RECOVERY=\"single nomodeset\"\n" } },
	  { "update-grub" }, 0, NULL, CFG, ENTRY("single nomodeset ") },
	{ "grub: a word that only begins like recovery's", { { CFG, ENTRY("singleton") }, { DFLT, "GRUB_CMDLINE_LINUX=b\n" } }, { "update-grub" }, 0, NULL, CFG, ENTRY("b ") },
	{ "grub: GRUB_DEFAULT", { { CFG, "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\nelse\n   set default=\"0\"\nfi\n" }, { DFLT, "GRUB_DEFAULT=\"1>2\"\n" } },
	  { "update-grub" }, 0, NULL, CFG, "if [ \"${next_entry}\" ] ; then\n   set default=\"${next_entry}\"\nelse\n   set default=\"1>2\"\nfi\n" },
	{ "grub: GRUB_DEFAULT=saved", { { CFG, "set default=\"0\"\n" }, { DFLT, "GRUB_DEFAULT=saved\n" } }, { "update-grub" }, 0, NULL, CFG, "set default=\"${saved_entry}\"\n" },
	{ "grub: drop-ins come later", { { CFG, ENTRY("") }, { DFLT, "GRUB_CMDLINE_LINUX=\"a\"\n" }, { "etc/default/grub.d/x.cfg", "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX b\"\n" } },
	  { "update-grub" }, 0, NULL, CFG, ENTRY("a b ") },
	{ "grub: no grub.cfg", { { NULL } }, { "update-grub" }, 1, "is not there", NULL, NULL },

	{ "proxmox: not its host", { { NULL } }, { "proxmox-boot-tool", "refresh" }, 1, "is not there", NULL, NULL },
	{ "proxmox: refresh", { { "etc/kernel/proxmox-boot-uuids", "AB\n" }, { "etc/kernel/cmdline", "a b\n" }, { "boot/efi/loader/entries/x.conf", "title my options\noptions  old\nlinux /x\n" } },
	  { "proxmox-boot-tool", "refresh" }, 0, NULL, "boot/efi/loader/entries/x.conf", "title my options\noptions  a b\nlinux /x\n" },
	{ "proxmox: update-initramfs refreshes", { { "etc/kernel/proxmox-boot-uuids", "AB\n" }, { "etc/kernel/cmdline", "a" }, { "efi/loader/entries/x.conf", "options\told" } },
	  UPDATE, 0, "Copying", "efi/loader/entries/x.conf", "options\ta" },
	{ "proxmox: another subcommand", { { NULL } }, { "proxmox-boot-tool", "status" }, 1, "only `refresh`", NULL, NULL },

	{ "modprobe: loaded already", { { NULL } }, MODPROBE("vfio-pci"), 0, NULL, NULL, NULL },
	{ "modprobe: unknown", { { NULL } }, MODPROBE("nosuch"), 1, "FATAL: Module nosuch not found in directory /lib/modules/6.12.107+deb13-amd64", NULL, NULL },
	{ "modprobe: the second word is an option", { { NULL } }, MODPROBE("vfio", "nosuch"), 0, NULL, NULL, NULL },
	{ "modprobe: -a takes modules", { { NULL } }, MODPROBE("-a", "vfio", "nosuch"), 1, "FATAL: Module nosuch not found in directory /lib/modules/6.12.107+deb13-amd64", NULL, NULL },
	{ "modprobe: no module", { { NULL } }, MODPROBE("-v"), 1, "no module is named", NULL, NULL },
	{ "modprobe: -r of one in use", { { NULL } }, MODPROBE("-r", "vfio"), 1, "in use", NULL, NULL },
	{ "modprobe: -r", { { NULL } }, MODPROBE("-r", "vfio_pci"), 0, NULL, NULL, NULL },
	{ "rmmod: not loaded", { { NULL } }, { "rmmod", "nosuch" }, 1, "not currently loaded", NULL, NULL },
};
/* clang-format on */

/* update-initramfs syncs what it has made (sync -f), update-grub does not. */
static void test_power(void **state)
{
	static const char *const initramfs[] = { "update-initramfs", "-u", NULL };
	static const char *const grub[] = { "update-grub", NULL };
	struct machine *m = test_machine(true);
	struct host_output out = { 0 };
	struct blob image, cfg;
	struct host h;
	struct sim *s;
	struct err e;
	size_t len;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	put(s, &(struct file){ "etc/initramfs-tools/modules", "vfio_pci\n" });
	put(s, &(struct file){ CFG, ENTRY("old") });
	h = sim_host(s);
	assert_int_equal(h.ops->run(h.ctx, initramfs, &out), 0);
	free(out.text);
	assert_int_equal(disk_get(sim_disk(s), IMAGE, &image), 0);
	len = image.len;
	assert_int_equal(h.ops->run(h.ctx, grub, &out), 0);
	free(out.text);
	sim_power_cut(s, 0);
	assert_int_equal(disk_get(sim_disk(s), IMAGE, &image), 0);
	assert_int_equal(image.len, len);
	assert_int_equal(disk_get(sim_disk(s), CFG, &cfg), 0);
	assert_string_equal(cfg.data, ENTRY("old"));
	sim_free(s);
	machine_free(m);
}

/* update-initramfs sorts with linux-version(1): 6.9 < 6.12 < 6.100. */
static void test_newest(void **state)
{
	static const char *const argv[] = { "update-initramfs", "-u", NULL };
	static const char *const others[] = { "6.9.0-1-amd64", "6.100.0-1-amd64" };
	const struct file image = { *state, "-" };
	const char *newest = path_name(*state) + strlen("initrd.img-");
	struct machine *m = test_machine(true);
	struct host_output out = { 0 };
	struct host h;
	struct sim *s;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct kernel k = m->kernels.v[0];

		k.release = others[i];
		k.initramfs.path = NULL;
		*vec_push(m->arena, &m->kernels) = k;
	}
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	put(s, &image);
	h = sim_host(s);
	assert_int_equal(h.ops->run(h.ctx, argv, &out), 0);
	if (!strstr(out.text, streq(newest, others[1]) ? newest : RELEASE))
		fail_msg("%s", out.text);
	free(out.text);
	sim_free(s);
	machine_free(m);
}

int main(void)
{
	static char older[] = "boot/initrd.img-6.9.0-1-amd64";
	static char newer[] = "boot/initrd.img-6.100.0-1-amd64";
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_command,
						  .initial_state = &cases[i] };
	tests[n++] = (struct CMUnitTest){ .name = "initramfs: 6.12 is newer than 6.9",
					  .test_func = test_newest,
					  .initial_state = older };
	tests[n++] = (struct CMUnitTest){ .name = "initramfs: 6.100 is newer than 6.12",
					  .test_func = test_newest,
					  .initial_state = newer };
	tests[n++] = (struct CMUnitTest){ .name = "power cut after the commands",
					  .test_func = test_power };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
