/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sequence of a boot. What is expected follows initramfs-tools 0.142 (init,
 * scripts/functions, scripts/init-top), systemd 252 (modules-load, udev), kmod 30 and the
 * kernel; rows named "measured" were booted on Debian 12 for the four boots that decide.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/boot.h"
#include "core/test-machine.h"

struct file {
	const char *path, *text;
};

struct boot_case {
	const char *name;
	const char *cmdline; /* behind root=... */
	const char *image;   /* modules inside, by blanks; NULL: no image */
	const char *load;    /* its conf/modules, by ';' */
	struct file inside[4], disk[5];
	const char *builtin; /* a module that is part of the kernel */
	/*
	 * A line for each request: phase (Kernel, Top, Udev, Modules, Root), then modules
	 * with (options), or bdf=driver.
	 */
	const char *want;
	const char *note; /* part of one; NULL: there is none of the words below */
	int ret;
};

static struct module *add_module(struct machine *m, struct kernel *k, const char *name,
				 const char *driver, const char *depends,
				 const char *alias)
{
	struct module *mod = vec_push(m->arena, &k->modules);

	*mod = (struct module){ .name = name,
				.file = arena_printf(m->arena, "kernel/%s.ko", name),
				.driver = driver };
	if (depends)
		*vec_push(m->arena, &mod->depends) = depends;
	if (alias)
		assert_int_equal(pci_id_parse_alias(alias, vec_push(m->arena, &mod->ids)),
				 0);
	return mod;
}

static void add_words(struct machine *m, strings *ret, const char *text, const char *by)
{
	char *words = arena_strdup(m->arena, text), *save = NULL;

	for (char *w = text ? strtok_r(words, by, &save) : NULL; w;
	     w = strtok_r(NULL, by, &save))
		*vec_push(m->arena, ret) = w;
}

static void put_file(struct machine *m, const struct file *f, struct machine_file *ret)
{
	/* "-> TARGET" is a link */
	const char *target = after_prefix(f->text, "-> ");
	const char *text = target ? target : f->text;

	*ret = (struct machine_file){ .path = arena_strdup(m->arena, f->path),
				      .mode = target ? S_IFLNK | 0777 : S_IFREG | 0644,
				      .data = { (const uint8_t *)text, strlen(text) } };
}

static const char init_order[] =
	"/scripts/init-top/all_generic_ide \"$@\"\n"
	"[ -e /conf/param.conf ] && . /conf/param.conf\n"
	"/scripts/init-top/early \"$@\"\n/scripts/init-top/udev \"$@\"\n"
	"/scripts/init-top/zlate \"$@\"\n";

static struct machine *machine_of(const struct boot_case *c)
{
	struct machine *m = machine_new();
	struct kernel *k = vec_push(m->arena, &m->kernels);
	struct module *mod;
	struct file grub = { "boot/grub/grub.cfg", NULL };

	m->release = k->release = "6.1.0-49-amd64";
	m->cmdline = "BOOT_IMAGE=/boot/vmlinuz-6.1.0-49-amd64";
	add_fn(m, "0000:01:00.0", 0x10de, 0x1b81, PCI_CLASS_DISPLAY_VGA, 1, NULL);
	add_fn(m, "0000:01:00.1", 0x10de, 0x10f0, 0x0403, 1, NULL);
	add_fn(m, "0000:02:00.0", 0x8086, 0x10d3, PCI_CLASS_NETWORK_ETHERNET, 2, NULL);
	add_fn(m, "0000:03:00.0", 0x8086, 0x10d3, PCI_CLASS_NETWORK_ETHERNET, 3, NULL);

	add_module(m, k, "drm", NULL, NULL, NULL);
	add_module(m, k, "nouveau", "nouveau", "drm", "pci:v000010DEd*sv*sd*bc03sc*i*");
	add_module(m, k, "snd_hda_intel", "snd_hda_intel", NULL,
		   "pci:v000010DEd*sv*sd*bc04sc03i*");
	add_module(m, k, "e1000e", "e1000e", NULL,
		   "pci:v00008086d000010D3sv*sd*bc*sc*i*");
	add_module(m, k, "kvm", NULL, NULL, NULL);
	add_module(m, k, "vfio", NULL, NULL, NULL);
	add_module(m, k, "vfio_iommu_type1", NULL, "vfio", NULL);
	mod = add_module(m, k, "vfio_pci", "vfio-pci", "vfio",
			 "vfio_pci:v*d*sv*sd*bc*sc*i*");
	mod->ids.v[0].override_only = true;
	vec_foreach(it, &k->modules)
		if (c->builtin && streq(it->name, c->builtin))
			it->file = NULL;

	if (c->image) {
		struct file order = { "scripts/init-top/ORDER", init_order };

		k->initramfs.path = "boot/initrd.img-6.1.0-49-amd64";
		add_words(m, &k->initramfs.modules, c->image, " ");
		add_words(m, &k->initramfs.load, c->load, ";");
		put_file(m, &order, vec_push(m->arena, &k->initramfs.files));
	}
	for (size_t i = 0; i < ARRAY_SIZE(c->inside) && c->inside[i].path; i++)
		put_file(m, &c->inside[i], vec_push(m->arena, &k->initramfs.files));
	for (size_t i = 0; i < ARRAY_SIZE(c->disk) && c->disk[i].path; i++)
		put_file(m, &c->disk[i], vec_push(m->arena, &m->files));
	grub.text = arena_printf(
		m->arena,
		"menuentry 'Debian' {\n\tlinux\t/boot/vmlinuz-%s root=/dev/sda1 ro %s\n"
		"\tinitrd\t/boot/initrd.img-6.1.0-49-amd64\n}\n",
		c->ret ? "6.1.0-50-amd64" : m->release, c->cmdline ? c->cmdline : "");
	put_file(m, &grub, vec_push(m->arena, &m->files));
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

static void describe(const struct boot *b, char *out, size_t size)
{
	unsigned request = 0;
	char bdf[BDF_SIZE];

	*out = '\0';
	vec_foreach(s, &b->steps) {
		size_t used = strlen(out);

		if (s->request != request)
			used += (size_t)snprintf(out + used, size - used, "%s%c",
						 used ? "\n" : "", "KTUMR"[s->phase]);
		request = s->request;
		if (!s->mod)
			snprintf(out + used, size - used, " %s=%s",
				 bdf_format(s->bdf, bdf), s->override);
		else if (*s->options)
			snprintf(out + used, size - used, " %s(%s)", s->mod->name,
				 s->options);
		else
			snprintf(out + used, size - used, " %s", s->mod->name);
	}
}

static void test_boot(void **state)
{
	const struct boot_case *c = *state;
	struct machine *m = machine_of(c);
	struct boot b = { 0 };
	struct err e = { "" };
	bool noted = !c->note;
	char got[2048];

	assert_int_equal(boot_sequence(m, m->arena, &b, &e), c->ret);
	assert_int_equal(*e.text != '\0', c->ret != 0);
	describe(&b, got, sizeof(got));
	assert_string_equal(got, c->want);
	vec_foreach(note, &b.notes)
		noted |= c->note && strstr(*note, c->note);
	if (!noted)
		fail_msg("no note says \"%s\"", c->note);
	machine_free(m);
}

#define GUIDE "options vfio-pci ids=8086:10d3\n"
#define MODULES "vfio\nvfio_iommu_type1\nvfio_pci\n"
#define SOFTDEP "softdep e1000e pre: vfio-pci\n"
#define ROOT_GUIDE "R vfio vfio_iommu_type1 vfio_pci(ids=8086:10d3)\n"
#define ROOT_REST "R drm nouveau\nR snd_hda_intel"
#define ROOT_ALL ROOT_REST "\nR e1000e"
#define ROOT_MIDDLE ROOT_REST "\n"
#define VFIO_D "etc/modprobe.d/vfio.conf"
#define RULE(bdf)                                                                        \
	"SUBSYSTEM==\"pci\", KERNEL==\"" bdf "\", ATTR{driver_override}=\"vfio-pci\""
#define KMOD ", RUN{builtin}+=\"kmod load vfio-pci\"\n"
#define ECHO(bdf) "echo vfio-pci > /sys/bus/pci/devices/" bdf "/driver_override\n"

/* clang-format off */
static struct boot_case cases[] = {
	{ .name = "nothing set", .image = "e1000e", .want = "U e1000e\n" ROOT_REST },
	{ .name = "no image at all", .want = ROOT_ALL },
	{ .name = "measured: the guide, image without the driver", .image = "", .inside = { { VFIO_D, GUIDE } },
	  .disk = { { VFIO_D, GUIDE }, { "etc/modules", MODULES } }, .want = ROOT_GUIDE ROOT_ALL },
	{ .name = "measured: the guide with softdep, image without the driver", .image = "",
	  .inside = { { VFIO_D, GUIDE SOFTDEP } }, .disk = { { VFIO_D, GUIDE SOFTDEP }, { "etc/modules", MODULES } },
	  .want = ROOT_GUIDE ROOT_MIDDLE "R vfio vfio_pci(ids=8086:10d3) e1000e" },
	{ .name = "measured: the guide, image with the driver", .image = "e1000e", .inside = { { VFIO_D, GUIDE } },
	  .disk = { { VFIO_D, GUIDE }, { "etc/modules", MODULES } }, .want = "U e1000e\n" ROOT_GUIDE ROOT_REST },
	{ .name = "measured: the guide with softdep, image with both", .image = "e1000e vfio vfio_pci",
	  .inside = { { VFIO_D, GUIDE SOFTDEP } }, .disk = { { VFIO_D, GUIDE SOFTDEP }, { "etc/modules", MODULES } },
	  .want = "U vfio vfio_pci(ids=8086:10d3) e1000e\nR vfio_iommu_type1\n" ROOT_REST },
	{ .name = "softdep whose module is not in the image", .image = "e1000e", .inside = { { VFIO_D, SOFTDEP } },
	  .want = "U e1000e\n" ROOT_REST },
	{ .name = "conf/modules comes after udev", .image = "e1000e vfio vfio_pci", .load = "vfio_pci ids=8086:10d3;kvm",
	  .want = "U e1000e\nM vfio vfio_pci(ids=8086:10d3)\n" ROOT_REST, .note = "kvm is not there" },
	{ .name = "conf/modules obeys a blacklist (MODPROBE_OPTIONS=-qb)", .image = "e1000e kvm", .load = "kvm",
	  .inside = { { "etc/modprobe.d/a.conf", "blacklist kvm\n" } },
	  .want = "U e1000e\n" ROOT_REST, .note = "kvm is blacklisted (etc/modprobe.d/a.conf:1)" },
	{ .name = "configuration newer than the image", .image = "e1000e", .disk = { { "etc/modprobe.d/a.conf", "blacklist e1000e\n" } },
	  .want = "U e1000e\n" ROOT_REST },
	{ .name = "configuration in the image alone", .image = "e1000e", .inside = { { "etc/modprobe.d/a.conf", "blacklist e1000e\n" } },
	  .want = ROOT_ALL, .note = "e1000e is blacklisted" },
	{ .name = "blacklist= is the initramfs's own", .cmdline = "blacklist=kvm,e1000e", .image = "e1000e",
	  .want = ROOT_ALL, .note = "blacklisted (blacklist= of the kernel command line" },
	{ .name = "modprobe.blacklist= holds everywhere", .cmdline = "modprobe.blacklist=e1000e", .image = "e1000e",
	  .want = ROOT_REST },
	{ .name = "module_blacklist= makes the kernel refuse", .cmdline = "module_blacklist=vfio,e1000e", .image = "e1000e",
	  .disk = { { "etc/modules", "vfio_pci\n" } }, .want = ROOT_REST, .note = "vfio_pci needs vfio, which is refused" },
	{ .name = "module_blacklist= knows one spelling", .cmdline = "module_blacklist=snd-hda-intel", .image = "",
	  .want = ROOT_ALL },
	{ .name = "modules-load= comes before the files", .cmdline = "modules-load=kvm,vfio modules_load=drm", .image = "",
	  .disk = { { "etc/modules", "vfio_pci\n" } }, .want = "R kvm vfio drm vfio_pci\nR drm nouveau\nR snd_hda_intel\nR e1000e" },
	{ .name = "rd.modules-load= is for another initramfs", .cmdline = "rd.modules-load=kvm", .image = "kvm", .want = ROOT_ALL },
	{ .name = "an option on the command line", .cmdline = "vfio-pci.ids=8086:10d3", .image = "", .disk = { { "etc/modules", "vfio-pci\n" } },
	  .want = "R vfio vfio_pci(ids=8086:10d3)\n" ROOT_ALL },
	{ .name = "built in: the command line alone reaches it", .cmdline = "vfio-pci.ids=8086:10d3", .builtin = "vfio_pci", .image = "e1000e",
	  .disk = { { VFIO_D, "options vfio-pci disable_vga=1\n" } }, .want = "K vfio_pci(ids=8086:10d3)\nU e1000e\n" ROOT_REST },
	{ .name = "modules-load.d in order of names", .image = "",
	  .disk = { { "etc/modules-load.d/zz.conf", "kvm" }, { "usr/lib/modules-load.d/aa.conf", "drm\n" },
		    { "etc/modules-load.d/modules.conf", "-> ../modules" }, { "etc/modules", "# x\nvfio\n" } },
	  .want = "R drm vfio kvm\nR drm nouveau\nR snd_hda_intel\nR e1000e" },
	{ .name = "modules-load.d: etc hides usr/lib", .image = "",
	  .disk = { { "etc/modules-load.d/a.conf", "-> /dev/null" }, { "usr/lib/modules-load.d/a.conf", "kvm\n" } }, .want = ROOT_ALL },
	{ .name = "modules-load.d: etc/modules without its link", .image = "",
	  .disk = { { "etc/modules-load.d/modules.conf", "-> /dev/null" }, { "etc/modules", "kvm\n" } }, .want = ROOT_ALL },
	{ .name = "etc/modules takes no options", .image = "", .disk = { { "etc/modules", "vfio_pci ids=8086:10d3\n" } },
	  .want = ROOT_ALL, .note = "no module vfio_pci ids=8086:10d3" },
	{ .name = "a blacklisted name in etc/modules", .image = "", .disk = { { "etc/modules", "kvm\n" }, { "etc/modprobe.d/a.conf", "blacklist kvm\n" } },
	  .want = ROOT_ALL, .note = "kvm is blacklisted" },
	{ .name = "softdep with two sides", .image = "", .disk = { { "etc/modprobe.d/a.conf", "softdep nouveau pre: vfio kvm post: vfio-pci\n" } },
	  .want = "R drm vfio kvm nouveau vfio_pci\nR snd_hda_intel\nR e1000e" },
	{ .name = "an install line in its place", .image = "", .disk = { { "etc/modprobe.d/a.conf", "install nouveau /sbin/modprobe vfio-pci\n" } },
	  .want = "R drm vfio vfio_pci\nR snd_hda_intel\nR e1000e" },
	{ .name = "an install line to nothing", .image = "", .disk = { { "etc/modprobe.d/a.conf", "install nouveau /bin/false\n" } },
	  .want = "R drm\nR snd_hda_intel\nR e1000e", .note = "nouveau is switched off by an install line" },
	{ .name = "init-top before udev", .image = "e1000e vfio vfio_pci", .inside = { { "scripts/init-top/early", ECHO("0000:02:00.0") "modprobe vfio-pci\n" } },
	  .want = "T 0000:02:00.0=vfio-pci vfio vfio_pci\nU e1000e\n" ROOT_REST },
	{ .name = "init-top: modprobe -i passes over an install line", .image = "vfio vfio_pci", .inside = { { "scripts/init-top/early", "modprobe -i vfio-pci\n" }, { "etc/modprobe.d/a.conf", "install vfio_pci /bin/false\n" } },
	  .want = "T vfio vfio_pci\n" ROOT_ALL },
	{ .name = "init-top: modprobe obeys one, and a blacklist", .image = "kvm vfio vfio_pci", .inside = { { "scripts/init-top/early", "modprobe vfio-pci\nmodprobe kvm\n" }, { "etc/modprobe.d/a.conf", "install vfio_pci /bin/false\nblacklist kvm\n" } },
	  .want = "T vfio\n" ROOT_ALL, .note = "kvm is blacklisted" },
	{ .name = "init-top behind udev", .image = "e1000e", .inside = { { "scripts/init-top/zlate", ECHO("0000:02:00.0") } },
	  .want = "U e1000e\nM 0000:02:00.0=vfio-pci\n" ROOT_REST },
	{ .name = "init-top: a script that ORDER does not name", .image = "e1000e", .inside = { { "scripts/init-top/alone", ECHO("0000:02:00.0") } },
	  .want = "U e1000e\n" ROOT_REST },
	{ .name = "init-top: not understood", .image = "", .inside = { { "scripts/init-top/early", "echo vfio-pci > $(find /sys)/driver_override\n" } },
	  .want = ROOT_ALL, .note = "was not understood" },
	{ .name = "rule: its function's event does it all", .image = "", .disk = { { "etc/udev/rules.d/59-x.rules", RULE("0000:02:00.0") KMOD } },
	  .want = ROOT_MIDDLE "R 0000:02:00.0=vfio-pci vfio vfio_pci e1000e\nR e1000e" },
	{ .name = "rule: behind 80-drivers its load is late", .image = "", .disk = { { "etc/udev/rules.d/90-x.rules", RULE("0000:02:00.0") KMOD } },
	  .want = ROOT_MIDDLE "R 0000:02:00.0=vfio-pci e1000e vfio vfio_pci\nR e1000e" },
	{ .name = "rule: inside the image", .image = "e1000e vfio vfio_pci", .inside = { { "lib/udev/rules.d/59-x.rules", RULE("0000:02:00.0") KMOD } },
	  .want = "U 0000:02:00.0=vfio-pci vfio vfio_pci e1000e\nU e1000e\n" ROOT_REST },
	{ .name = "rule: etc hides lib", .image = "", .disk = { { "etc/udev/rules.d/59-x.rules", "-> /dev/null" }, { "lib/udev/rules.d/59-x.rules", RULE("0000:02:00.0") KMOD } },
	  .want = ROOT_ALL },
	{ .name = "rule: of a function that is not there", .image = "", .disk = { { "etc/udev/rules.d/59-x.rules", RULE("0000:09:00.0") KMOD } }, .want = ROOT_ALL },
	{ .name = "rule: not understood", .image = "", .disk = { { "etc/udev/rules.d/59-x.rules", "SUBSYSTEM==\"pci\", ATTRS{x}==\"y\", ATTR{driver_override}=\"vfio-pci\"\n" } },
	  .want = ROOT_ALL, .note = "was not understood" },
	{ .name = "the kernel is not installed", .image = "", .want = "", .ret = -ENOENT },
};

struct order_case {
	const char *name;
	const char *first, *second;
	struct boot_case boot;
	bool want;
};

static struct order_case orders[] = {
	{ "order: by softdep in every request", "vfio_pci", "e1000e",
	  { .image = "", .disk = { { VFIO_D, SOFTDEP }, { "etc/modules", MODULES } } }, true },
	{ "order: modules-load beside coldplug", "vfio_pci", "e1000e", { .image = "", .disk = { { "etc/modules", MODULES } } }, false },
	{ "order: an earlier phase", "vfio_pci", "e1000e", { .image = "vfio vfio_pci", .load = "vfio_pci" }, true },
	{ "order: a later phase", "vfio_pci", "e1000e", { .image = "e1000e vfio vfio_pci", .load = "vfio_pci" }, false },
	{ "order: init-top", "vfio_pci", "e1000e", { .image = "e1000e vfio vfio_pci", .inside = { { "scripts/init-top/early", "modprobe vfio-pci" } } }, true },
	{ "order: the other never comes", "e1000e", "vfio_pci", { .image = "" }, true },
	{ "order: the one never comes", "vfio_pci", "e1000e", { .image = "" }, false },
	{ "order: in one card's event, not in its twin's", "vfio_pci", "e1000e",
	  { .image = "", .disk = { { "etc/udev/rules.d/59-x.rules", RULE("0000:02:00.0") KMOD } } }, false },
	{ "order: within modules-load", "vfio_pci", "kvm", { .image = "", .disk = { { "etc/modules", "vfio_pci\nkvm\n" } } }, true },
	{ "order: within modules-load, the other way", "kvm", "vfio_pci", { .image = "", .disk = { { "etc/modules", "vfio_pci\nkvm\n" } } }, false },
};
/* clang-format on */

static void test_order(void **state)
{
	const struct order_case *c = *state;
	struct machine *m = machine_of(&c->boot);
	struct boot b = { 0 };

	assert_int_equal(boot_sequence(m, m->arena, &b, NULL), 0);
	assert_int_equal(boot_ordered(&b, kernel_module(b.kernel, c->first),
				      kernel_module(b.kernel, c->second)),
			 c->want);
	machine_free(m);
}

static void test_no_entry(void **state)
{
	struct machine *m = machine_new();
	struct boot b = { .entry = "untouched" };
	struct err e = { "" };

	(void)state;
	assert_int_equal(boot_sequence(m, m->arena, &b, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no boot entry"));
	assert_string_equal(b.entry, "untouched");
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(orders) + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_boot,
						  .initial_state = &cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		tests[n++] = (struct CMUnitTest){ .name = orders[i].name,
						  .test_func = test_order,
						  .initial_state = &orders[i] };
	tests[n++] = (struct CMUnitTest){ .name = "no boot entry at all",
					  .test_func = test_no_entry };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
