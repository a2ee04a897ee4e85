/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plain Debian for a machine of which only hardware and kernel were recorded. */
#include <sys/stat.h>

#include "fakesys/import-text.h"

/* The kernel of a Debian 12 (fakesys/profile.c knows how it behaves). */
#define DEFAULT_RELEASE "6.1.0-56-amd64"
#define DEFAULT_VERSION "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
#define DEFAULT_ROOT "root=LABEL=root ro quiet"

static void add_file(struct machine *m, const char *path, char *text)
{
	struct machine_file *f;

	vec_foreach(it, &m->files)
		if (streq(it->path, path)) /* a tree has it */
			return;
	f = vec_push(m->arena, &m->files);
	f->path = path;
	f->mode = S_IFREG | 0644;
	f->data.data = (const uint8_t *)text;
	f->data.len = strlen(text);
}

/* The words that update-grub would take from GRUB_CMDLINE_LINUX_DEFAULT. */
static const char *default_words(const char *cmdline)
{
	static const char *const before[] = { " ro ", " rw " };

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		const char *at = strstr(cmdline, before[i]);

		if (at)
			return at + strlen(before[i]);
	}
	return "";
}

/* @s as one word of a shell, as people write it in /etc/default/grub. */
static char *shell_quote(struct arena *a, const char *s)
{
	char *quoted, *q;

	if (!strpbrk(s, "\"$`\\"))
		return arena_printf(a, "\"%s\"", s);
	if (!strchr(s, '\''))
		return arena_printf(a, "'%s'", s);
	q = quoted = arena_alloc(a, 2 * strlen(s) + 3);
	*q++ = '"';
	for (; *s; *q++ = *s++)
		if (strchr("\"$`\\", *s))
			*q++ = '\\';
	*q = '"';
	return quoted;
}

static void add_grub(struct machine *m, const char *release)
{
	const char *image = after_prefix(m->cmdline, "BOOT_IMAGE="), *words = m->cmdline;
	struct arena *a = m->arena;
	size_t folder = 0;

	if (image) {
		words = image + strcspn(image, " ");
		words += strspn(words, " ");
		image = arena_strndup(a, image, strcspn(image, " "));
		if (*image == '(' && strchr(image, ')')) /* GRUB names its disk, too */
			image = strchr(image, ')') + 1;
	}
	if (!image || *image != '/' ||
	    !streq(path_name(image), arena_printf(a, "vmlinuz-%s", release)))
		image = arena_printf(a, "/boot/vmlinuz-%s", release);
	folder = (size_t)(path_name(image) - image);

	add_file(m, "etc/default/grub",
		 arena_printf(a,
			      "GRUB_DEFAULT=0\n"
			      "GRUB_TIMEOUT=5\n"
			      "GRUB_DISTRIBUTOR=Debian\n"
			      "GRUB_CMDLINE_LINUX_DEFAULT=%s\n"
			      "GRUB_CMDLINE_LINUX=\"\"\n",
			      shell_quote(a, default_words(m->cmdline))));
	add_file(m, "boot/grub/grub.cfg",
		 arena_printf(a,
			      "set default=\"0\"\n"
			      "set timeout=5\n"
			      "menuentry 'Debian GNU/Linux' --class debian {\n"
			      "\tlinux\t%s %s\n"
			      "\tinitrd\t%.*sinitrd.img-%s\n"
			      "}\n",
			      image, words, (int)folder, image, release));
	add_file(m, arena_printf(a, "boot/vmlinuz-%s", release), arena_strdup(a, ""));
}

/* "initrd=\\...": systemd-boot put them in front of the words that its entry has. */
static const char *skip_initrds(const char *cmdline)
{
	while (after_prefix(cmdline, "initrd=\\")) {
		cmdline += strcspn(cmdline, " ");
		cmdline += strspn(cmdline, " ");
	}
	return cmdline;
}

static void add_systemd_boot(struct machine *m, const char *release)
{
	const char *words = skip_initrds(m->cmdline);
	struct arena *a = m->arena;

	add_file(m, "etc/kernel/cmdline", arena_printf(a, "%s\n", words));
	add_file(m, arena_printf(a, "boot/efi/loader/entries/debian-%s.conf", release),
		 arena_printf(a,
			      "title Debian GNU/Linux\n"
			      "version %s\n"
			      "linux /debian/%s/linux\n"
			      "initrd /debian/%s/initrd.img-%s\n"
			      "options %s\n",
			      release, release, release, release, words));
	add_file(m, arena_printf(a, "boot/vmlinuz-%s", release), arena_strdup(a, ""));
}

static void add_files(struct machine *m, const char *release)
{
	struct arena *a = m->arena;
	bool systemd_boot = skip_initrds(m->cmdline) != m->cmdline;

	if (systemd_boot)
		add_systemd_boot(m, release);
	else
		add_grub(m, release);
	add_file(m, "etc/initramfs-tools/initramfs.conf",
		 arena_strdup(a, "MODULES=most\nBUSYBOX=auto\nCOMPRESS=zstd\n"));
	add_file(m, "etc/initramfs-tools/modules",
		 arena_strdup(a, "# Modules for the initramfs, one a line.\n"));
	add_file(m, "etc/modules",
		 arena_strdup(a, "# Modules to load at boot, one a line.\n"));
	machine_set_unknown(
		m,
		systemd_boot
			? "assumed: a plain Debian with systemd-boot and "
			  "initramfs-tools, whose configuration files have the usual "
			  "contents"
			: "assumed: a plain Debian with GRUB and initramfs-tools, "
			  "whose configuration files have the usual contents",
		"files");
}

void import_add_pcieport(struct machine *m, struct kernel *k)
{
	static const uint32_t classes[] = { 0x060400, 0x080700 };
	struct module *mod = vec_push(m->arena, &k->modules);

	mod->name = "pcieportdrv";
	mod->driver = "pcieport";
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		*vec_push(m->arena, &mod->ids) =
			(struct pci_id){ .vendor = PCI_ID_ANY,
					 .device = PCI_ID_ANY,
					 .subvendor = PCI_ID_ANY,
					 .subdevice = PCI_ID_ANY,
					 .class = classes[i],
					 .class_mask = 0xffff00 };
}

static void load(struct machine *m, const struct kernel *k, const char *name)
{
	const struct module *mod = kernel_module(k, name);

	if (!mod || !mod->file || strings_have(&m->loaded, name))
		return;
	*vec_push(m->arena, &m->loaded) = mod->name;
	for (size_t i = 0; i < mod->depends.n; i++)
		load(m, k, mod->depends.v[i]);
	for (size_t i = 0; i < mod->post.n; i++)
		load(m, k, mod->post.v[i]);
}

static void load_bound(struct machine *m, const struct kernel *k)
{
	vec_foreach(mod, &k->modules) {
		bool bound = false;

		if (!mod->driver)
			continue;
		vec_foreach(fn, &m->fns)
			bound |= fn->driver && streq(fn->driver, mod->driver);
		if (bound)
			load(m, k, mod->name);
	}
}

static void make_kernel(struct machine *m)
{
	struct kernel named = m->kernels.n ? m->kernels.v[0] : (struct kernel){ 0 };
	struct kernel k = { .release = m->release };

	k.initramfs.path = arena_printf(m->arena, "boot/initrd.img-%s", m->release);
	import_add_pcieport(m, &k);
	/* Built-in drivers first, as the kernel registers them. */
	for (int file = 0; file <= 1; file++)
		vec_foreach(mod, &named.modules)
			if ((mod->file != NULL) == file &&
			    !streq(mod->name, "pcieportdrv"))
				*vec_push(m->arena, &k.modules) = *mod;
	import_fill_initramfs(m, &k);
	import_add_vfio(m, &k);
	load_bound(m, &k);
	m->kernels.n = 0;
	*vec_push(m->arena, &m->kernels) = k;
	machine_set_unknown(
		m,
		"assumed: the modules that lspci names, those of VFIO, and an "
		"initramfs made with MODULES=most",
		"modules");
}

static void assume_kernel(struct machine *m)
{
	if (!*m->release) {
		m->release = DEFAULT_RELEASE;
		m->kernel_version = DEFAULT_VERSION;
		machine_set_unknown(m, "assumed: the kernel of a Debian 12", "release");
	}
	if (!*m->cmdline) {
		m->cmdline = arena_printf(m->arena, "BOOT_IMAGE=/boot/vmlinuz-%s %s",
					  m->release, DEFAULT_ROOT);
		machine_set_unknown(m, "assumed: the command line of a plain Debian",
				    "cmdline");
	}
}

void import_assume_debian(struct machine *m)
{
	assume_kernel(m);
	make_kernel(m);
	add_files(m, m->release);
}
