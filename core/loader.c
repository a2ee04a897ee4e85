/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>

#include "core/cmdline.h"
#include "core/grub.h"

#define GRUB_CFG "boot/grub/grub.cfg"
#define GRUB_ENV "boot/grub/grubenv"
#define KERNEL_CMDLINE "etc/kernel/cmdline"

/* Where an ESP or XBOOTLDR partition is mounted. */
static const char *const boot_folders[] = { "boot/efi/", "efi/", "boot/" };

static char *file_text(struct arena *a, const struct machine_file *f)
{
	return f ? arena_strndup(a, (const char *)f->data.data, f->data.len) : NULL;
}

/* The name below loader/entries/ of one of boot_folders, or NULL. */
static const char *entry_name(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(boot_folders); i++) {
		const char *rest = after_prefix(path, boot_folders[i]);
		const char *name = rest ? after_prefix(rest, "loader/entries/") : NULL;

		if (name && ends_with(name, ".conf") && !strchr(name, '/'))
			return name;
	}
	return NULL;
}

static bool has_entry_files(const struct machine *m)
{
	vec_foreach(f, &m->files)
		if (entry_name(f->path))
			return true;
	return false;
}

/* Nothing booted here: only what lies in the image can tell. */
static void detect_offline(const struct machine *m, struct loader *ret)
{
	bool grub = machine_file(m, GRUB_CFG);
	bool sd = machine_file(m, KERNEL_CMDLINE) || has_entry_files(m);

	if (grub && !sd) {
		ret->kind = LOADER_GRUB;
		ret->evidence = "this image did not boot, and has only /" GRUB_CFG;
	} else if (sd && !grub) {
		ret->kind = LOADER_SYSTEMD_BOOT;
		ret->evidence = "this image did not boot, and has only /" KERNEL_CMDLINE
				" or systemd-boot entries";
	} else {
		ret->evidence =
			grub ? "this image did not boot, and has the files of both "
			       "GRUB and systemd-boot"
			     : "this image did not boot, and has the files of neither "
			       "GRUB nor systemd-boot";
	}
}

void loader_detect(const struct machine *m, struct arena *a, struct loader *ret)
{
	const char *info = m->loader_info ? m->loader_info : "";
	const char *image, *initrd;

	*ret = (struct loader){ .proxmox_tool = machine_file(
					m, "etc/kernel/proxmox-boot-uuids") };
	if (machine_unknown(m, "cmdline") || !m->cmdline || !*m->cmdline) {
		detect_offline(m, ret);
		return;
	}
	image = cmdline_get(a, m->cmdline, "BOOT_IMAGE");
	initrd = cmdline_get(a, m->cmdline, "initrd");
	if (image && (machine_file(m, GRUB_CFG) || after_prefix(info, "GRUB"))) {
		ret->kind = LOADER_GRUB;
		ret->evidence =
			after_prefix(info, "GRUB")
				? arena_printf(a, "the firmware was told \"%s\"", info)
				: "this kernel's command line has BOOT_IMAGE=, and "
				  "/" GRUB_CFG " is there";
	} else if (after_prefix(info, "systemd-boot")) {
		ret->kind = LOADER_SYSTEMD_BOOT;
		ret->evidence = arena_printf(a, "the firmware was told \"%s\"", info);
	} else if (initrd && *initrd == '\\') {
		ret->kind = LOADER_SYSTEMD_BOOT;
		ret->evidence = "this kernel's command line has initrd=\\...";
	} else if (image) {
		ret->evidence =
			"this kernel's command line has BOOT_IMAGE=, but there is no "
			"/" GRUB_CFG;
	} else {
		ret->evidence = "this kernel's command line has neither BOOT_IMAGE= nor "
				"initrd=\\..., and the firmware names no loader";
	}
}

/* A systemd-boot entry and what it is sorted by. */
struct entry_file {
	struct loader_entry entry;
	const char *name, *version;
	bool matches; /* loader.conf's default */
};

typedef VEC(struct entry_file) entry_files;

/* Default first, then the newest; boot.c:config_entry_compare. */
static int cmp_entry_file(const void *a, const void *b)
{
	const struct entry_file *x = a, *y = b;
	int r;

	if (x->matches != y->matches)
		return y->matches - x->matches;
	r = strverscmp(y->version, x->version);
	return r ? r : strverscmp(y->name, x->name);
}

/* The value of `KEY value` on a line at @p, or NULL. */
static char *line_value(struct arena *a, const char *p, const char *key)
{
	const char *v = after_prefix(p, key);
	size_t n;

	if (!v || (*v != ' ' && *v != '\t'))
		return NULL;
	v += strspn(v, " \t");
	n = strcspn(v, "\r\n");
	while (n && (v[n - 1] == ' ' || v[n - 1] == '\t'))
		n--;
	return arena_strndup(a, v, n);
}

/* "initrd=\\EFI\\x ": what systemd-boot puts before the options (config_entry_add_type1).
 */
static char *initrd_option(struct arena *a, const char *path)
{
	char *option = arena_printf(a, "initrd=%s", path);

	for (char *s = option; (s = strchr(s, '/'));)
		*s = '\\';
	return option;
}

/* How many initrd and options lines one entry may have. */
#define ENTRY_PARTS_MAX 64

static void read_entry(struct arena *a, const struct machine_file *f,
		       struct entry_file *ret)
{
	const char *text = file_text(a, f), *options = "", *initrd = "", *image = "", *v;
	unsigned line = 1, parts = 0;

	*ret = (struct entry_file){ .name = entry_name(f->path), .version = "" };
	ret->entry.file = f->path;
	ret->entry.title = ret->name;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n', line++) {
		p += strspn(p, " \t");
		if ((v = line_value(a, p, "title"))) {
			ret->entry.title = v;
		} else if ((v = line_value(a, p, "version"))) {
			ret->version = v;
		} else if ((v = line_value(a, p, "linux")) ||
			   (v = line_value(a, p, "efi"))) {
			image = v;
		} else if ((v = line_value(a, p, "initrd")) &&
			   parts++ < ENTRY_PARTS_MAX) {
			initrd = arena_printf(a, "%s%s ", initrd, initrd_option(a, v));
		} else if ((v = line_value(a, p, "options")) &&
			   parts++ < ENTRY_PARTS_MAX) {
			options = arena_printf(a, "%s%s%s", options, *options ? " " : "",
					       v);
			ret->entry.line = line;
		}
	}
	ret->entry.release = after_prefix(path_name(image), "vmlinuz-");
	if (!ret->entry.release && *ret->version)
		ret->entry.release = ret->version;
	if (!*ret->version && ret->entry.release)
		ret->version = ret->entry.release;
	ret->entry.cmdline = arena_printf(a, "%s%s", initrd, options);
}

/* loader.conf's pattern for the default, or NULL. */
static const char *default_pattern(const struct machine *m, struct arena *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(boot_folders); i++) {
		const char *path =
			arena_printf(a, "%sloader/loader.conf", boot_folders[i]);
		const char *p = file_text(a, machine_file(m, path)), *v;

		for (; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
			if ((v = line_value(a, p + strspn(p, " \t"), "default")))
				return v;
	}
	return NULL;
}

static void read_entry_files(const struct machine *m, struct arena *a,
			     loader_entries *ret)
{
	const char *pattern = default_pattern(m, a);
	entry_files found = { 0 };

	vec_foreach(f, &m->files) {
		struct entry_file *e;

		if (!entry_name(f->path) || !S_ISREG(f->mode))
			continue;
		e = vec_push(a, &found);
		read_entry(a, f, e);
		/* Before version 250 the pattern went without ".conf". */
		e->matches = pattern && (fnmatch(pattern, e->name, FNM_CASEFOLD) == 0 ||
					 fnmatch(arena_printf(a, "%s.conf", pattern),
						 e->name, FNM_CASEFOLD) == 0);
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), cmp_entry_file);
	vec_foreach(e, &found)
		*vec_push(a, ret) = e->entry;
}

static int newest_first(const void *a, const void *b)
{
	const struct loader_entry *x = a, *y = b;

	return strverscmp(y->release, x->release);
}

/*
 * Proxmox mounts its EFI system partitions only while proxmox-boot-tool works on them.
 * What its refresh writes there: an entry for each kernel, with the words of
 * etc/kernel/cmdline.
 */
static void derive_entries(const struct machine *m, struct arena *a, loader_entries *ret)
{
	const char *text = file_text(a, machine_file(m, KERNEL_CMDLINE));

	if (!text)
		return;
	vec_foreach(k, &m->kernels)
		*vec_push(a, ret) = (struct loader_entry){
			.title = arena_printf(a, "proxmox-%s.conf", k->release),
			.release = k->release,
			.cmdline = arena_printf(
				a, "initrd=\\EFI\\proxmox\\%s\\initrd.img-%s %s",
				k->release, k->release,
				arena_strndup(a, text, strcspn(text, "\n"))),
			.file = KERNEL_CMDLINE,
			.line = 1,
		};
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), newest_first);
}

static void read_grub(const struct machine *m, struct arena *a, loader_entries *ret)
{
	const struct machine_file *cfg = machine_file(m, GRUB_CFG);
	loader_entries found = { 0 };
	size_t dflt = 0;

	if (!cfg)
		return;
	grub_read_cfg(a, cfg->path, file_text(a, cfg),
		      file_text(a, machine_file(m, GRUB_ENV)),
		      grub_default_get(m, a, "GRUB_DEFAULT", NULL), &found, &dflt);
	if (dflt < found.n)
		*vec_push(a, ret) = found.v[dflt];
	for (size_t i = 0; i < found.n; i++)
		if (i != dflt)
			*vec_push(a, ret) = found.v[i];
}

void loader_entries_read(const struct machine *m, struct arena *a, loader_entries *ret)
{
	struct loader l;

	loader_detect(m, a, &l);
	if (l.kind == LOADER_GRUB)
		read_grub(m, a, ret);
	else if (l.kind == LOADER_SYSTEMD_BOOT && l.proxmox_tool && !has_entry_files(m))
		derive_entries(m, a, ret);
	else if (l.kind == LOADER_SYSTEMD_BOOT)
		read_entry_files(m, a, ret);
	else if (machine_file(m, GRUB_CFG))
		read_grub(m, a, ret);
	else
		read_entry_files(m, a, ret);
}
