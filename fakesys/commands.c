/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guide's commands, as far as a simulated host has them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/cmdline.h"
#include "core/initramfs.h"
#include "fakesys/boot-view.h"
#include "fakesys/initramfs-make.h"

/* One command at work. */
struct command {
	struct sim *s;
	struct arena *a;
	const char *const *argv;
	struct machine view; /* the machine as its disk has it now */
	FILE *out;
};

PRINTF(2, 3)
static int fail(struct command *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(c->out, "%s: ", c->argv[0]);
	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
	fputc('\n', c->out);
	return 1;
}

/* As the real tools do: nothing is synced, so a power cut may lose it. */
static int write_over(struct command *c, const char *path, const void *data, size_t len)
{
	struct disk *d = c->s->disk;
	int r;

	(void)disk_unlink(d, path);
	r = disk_create(d, path, 0644, 0, 0);
	if (!r && len)
		r = disk_append(d, path, data, len);
	return r < 0 ? fail(c, "cannot write /%s: %s", path, strerror(-r)) : 0;
}

/* ---- update-grub ---- */

/* 10_linux writes "linux IMAGE root=... ro ARGS", or "ro single ARGS" for recovery. */
static void rewrite_linux_line(FILE *f, const char *line, size_t len, const char *normal,
			       const char *recovery)
{
	const char *p = memmem(line, len, " ro ", 4), *rest;

	if (!p)
		p = memmem(line, len, " rw ", 4);
	if (!p && len > 3 && (memcmp(line + len - 3, " ro", 3) == 0))
		p = line + len - 3;
	rest = p ? p + 3 + strspn(p + 3, " ") : NULL;
	if (!p)
		fwrite(line, 1, len, f);
	else if (after_prefix(rest, "single"))
		fprintf(f, "%.*s ro single %s", (int)(p - line), line, recovery);
	else
		fprintf(f, "%.*s ro %s", (int)(p - line), line, normal);
}

static bool is_linux_line(const char *line, size_t len)
{
	size_t lead = strspn(line, " \t");

	return lead + 5 < len && strncmp(line + lead, "linux", 5) == 0 &&
	       strcspn(line + lead, " \t") < len - lead;
}

static int update_grub(struct command *c)
{
	static const char path[] = "boot/grub/grub.cfg";
	const char *plain = grub_default_get(&c->view, c->a, "GRUB_CMDLINE_LINUX", NULL);
	const char *extra =
		grub_default_get(&c->view, c->a, "GRUB_CMDLINE_LINUX_DEFAULT", NULL);
	const struct machine_file *cfg = machine_file(&c->view, path);
	AUTOFREE char *text = NULL;
	const char *normal;
	size_t size;
	FILE *f;

	if (!cfg || !cfg->data.data)
		return fail(c, "/%s is not there", path);
	plain = plain ? plain : "";
	normal = arena_printf(c->a, "%s %s", plain, extra ? extra : "");
	f = open_memstream(&text, &size);
	if (!f)
		abort();
	for (const char *p = (const char *)cfg->data.data; *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (is_linux_line(p, len))
			rewrite_linux_line(f, p, len, normal, plain);
		else
			fwrite(p, 1, len, f);
		p += len;
		if (*p)
			fputc('\n', f);
	}
	fclose(f);
	fprintf(c->out, "Generating grub configuration file ...\ndone\n");
	return write_over(c, path, text, size);
}

/* ---- proxmox-boot-tool ---- */

static int boot_tool_refresh(struct command *c)
{
	const struct machine_file *source = machine_file(&c->view, "etc/kernel/cmdline");
	const char *line =
		source && source->data.data ? (const char *)source->data.data : "";
	int status = 0;

	if (!machine_file(&c->view, "etc/kernel/proxmox-boot-uuids"))
		return fail(c, "/etc/kernel/proxmox-boot-uuids is not there");
	vec_foreach(file, &c->view.files) {
		const char *text, *p;

		if (!strstr(file->path, "loader/entries/") ||
		    !ends_with(file->path, ".conf") || !file->data.data)
			continue;
		text = (const char *)file->data.data;
		p = strstr(text, "options");
		if (!p)
			continue;
		p += strcspn(p, " \t\n");
		p += strspn(p, " \t");
		text = arena_printf(c->a, "%.*s%.*s%s", (int)(p - text), text,
				    (int)strcspn(line, "\n"), line, p + strcspn(p, "\n"));
		status |= write_over(c, file->path, text, strlen(text));
	}
	if (machine_file(&c->view, "boot/grub/grub.cfg"))
		status |= update_grub(c);
	fprintf(c->out,
		"Copying kernels and boot entries to the EFI system partitions\n");
	return status;
}

static int proxmox_boot_tool(struct command *c)
{
	if (!c->argv[1] || !streq(c->argv[1], "refresh"))
		return fail(c, "only `refresh` is simulated");
	return boot_tool_refresh(c);
}

/* ---- update-initramfs ---- */

static int make_initramfs(struct command *c, const struct kernel *recorded)
{
	char *path = arena_printf(c->a, "boot/initrd.img-%s", recorded->release);
	char *fresh = arena_printf(c->a, "%s.new", path);
	AUTOFREE char *bytes = NULL;
	struct initramfs image;
	size_t len = 0;
	int r;

	fprintf(c->out, "update-initramfs: Generating /%s\n", path);
	initramfs_make(c->a, c->s->m, &c->view, recorded, &image);
	r = initramfs_build(&image, recorded->release, &bytes, &len);
	if (r < 0)
		return fail(c, "cannot build /%s: %s", path, strerror(-r));
	if (write_over(c, fresh, bytes, len))
		return 1;
	r = disk_rename(c->s->disk, fresh, path);
	return r < 0 ? fail(c, "cannot rename /%s: %s", fresh, strerror(-r)) : 0;
}

/* update-initramfs -u|-c [-k RELEASE|all]; without -k the newest kernel. */
static int update_initramfs(struct command *c)
{
	const char *release = NULL;
	bool create = false, update = false;
	int status = 0, made = 0;

	for (size_t i = 1; c->argv[i]; i++) {
		if (streq(c->argv[i], "-k") && c->argv[i + 1])
			release = c->argv[++i];
		else if (streq(c->argv[i], "-u"))
			update = true;
		else if (streq(c->argv[i], "-c"))
			create = true;
		else if (!streq(c->argv[i], "-v"))
			return fail(c, "unknown option %s", c->argv[i]);
	}
	if (create == update)
		return fail(c, "say -u or -c");
	vec_foreach(k, &c->s->m->kernels) {
		bool newest = k == &c->s->m->kernels.v[c->s->m->kernels.n - 1];
		const struct kernel *now = machine_kernel(&c->view, k->release);

		/* -u renews what is there, -c makes what is not. */
		if (release ? !streq(release, "all") && !streq(release, k->release)
			    : !newest)
			continue;
		if (update && !now->initramfs.path &&
		    streq(release ? release : "", "all"))
			continue;
		status |= make_initramfs(c, k);
		made++;
	}
	if (!made)
		return fail(c, "no kernel %s is installed", release ? release : "");
	/* Proxmox's etc/initramfs/post-update.d hook copies the images at once. */
	if (!status && machine_file(&c->view, "etc/kernel/proxmox-boot-uuids"))
		status = boot_tool_refresh(c);
	return status;
}

/* ---- modprobe, rmmod ---- */

static int load_module(struct command *c, const char *name)
{
	struct modprobe_config config = { 0 };
	modprobe_loads loads = { 0 };
	const char *note = NULL;

	if (!c->s->kernel)
		return fail(c, "the running kernel has no modules folder");
	modprobe_read(c->a, c->view.files.v, c->view.files.n, c->s->cmdline, &config);
	modprobe_request(&config, c->s->kernel, NULL, c->a, name, 0, &loads, &note);
	vec_foreach(l, &loads)
		(void)sim_load_module(c->s, l->mod, l->options);
	if (note && !loads.n)
		return fail(c, "%s", note);
	return 0;
}

static int unload_module(struct command *c, const char *name)
{
	int r = sim_unload_module(c->s, module_normalize(c->a, name));

	if (r == -ENOENT)
		return fail(c, "FATAL: Module %s is not currently loaded", name);
	return r < 0 ? fail(c, "FATAL: Module %s is in use.", name) : 0;
}

static int modprobe(struct command *c)
{
	bool unload = false;
	int status = 0;

	for (size_t i = 1; c->argv[i]; i++) {
		if (streq(c->argv[i], "-r"))
			unload = true;
		else if (c->argv[i][0] == '-')
			return fail(c, "option %s is not simulated", c->argv[i]);
		else
			status |= (unload ? unload_module : load_module)(c, c->argv[i]);
	}
	return status;
}

static int rmmod(struct command *c)
{
	int status = 0;

	for (size_t i = 1; c->argv[i]; i++)
		status |= unload_module(c, c->argv[i]);
	return status;
}

int sim_run_command(struct sim *s, const char *const argv[], struct host_output *ret)
{
	static const struct {
		const char *name;
		int (*run)(struct command *c);
	} commands[] = {
		{ "update-grub", update_grub },
		{ "update-initramfs", update_initramfs },
		{ "proxmox-boot-tool", proxmox_boot_tool },
		{ "modprobe", modprobe },
		{ "rmmod", rmmod },
	};
	AUTOARENA struct arena *a = arena_new();
	struct command c = { .s = s, .a = a, .argv = argv };
	AUTOFREE char *text = NULL;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!streq(path_name(argv[0]), commands[i].name))
			continue;
		c.out = open_memstream(&text, &len);
		if (!c.out)
			return -ENOMEM;
		boot_view(s, a, &c.view);
		ret->status = commands[i].run(&c);
		fclose(c.out);
		ret->text = TAKE(text);
		return 0;
	}
	return -ENOENT;
}
