/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guide's commands, as far as a simulated host has them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/initramfs.h"
#include "core/modprobe-shell.h"
#include "fakesys/commands-part.h"
#include "fakesys/initramfs-make.h"

int command_fail(struct command *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(c->out, "%s: ", c->argv[0]);
	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
	fputc('\n', c->out);
	return 1;
}

int command_write(struct command *c, const char *path, const void *data, size_t len)
{
	struct disk *d = c->s->disk;
	struct host_stat st = { .mode = 0644 };
	int r;

	(void)disk_stat(d, path, &st);
	(void)disk_unlink(d, path);
	r = disk_create(d, path, st.mode & 07777, st.uid, st.gid);
	if (!r && len)
		r = disk_append(d, path, data, len);
	return r < 0 ? command_fail(c, "cannot write /%s: %s", path, strerror(-r)) : 0;
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
		return command_fail(c, "cannot build /%s: %s", path, strerror(-r));
	if (command_write(c, fresh, bytes, len))
		return 1;
	r = disk_rename(c->s->disk, fresh, path);
	if (r < 0)
		return command_fail(c, "cannot rename /%s: %s", fresh, strerror(-r));
	/* generate_initramfs: "Guard against an unclean shutdown" */
	(void)disk_sync(c->s->disk, path);
	return 0;
}

/* What update-initramfs is asked for. */
struct initramfs_call {
	char mode;           /* 'u', 'c', 'd'; 0: not said */
	const char *release; /* NULL: not said */
};

/* As getopt(1) takes "k:cudvtb:h?" apart; 2: the usage error. */
static int initramfs_options(struct command *c, struct initramfs_call *ret)
{
	for (size_t i = 1; c->argv[i]; i++) {
		const char *p = c->argv[i];

		if (*p != '-')
			return command_fail(c, "Extra argument '%s'", p), 2;
		for (p++; *p; p++) {
			if (strchr("cud", *p)) {
				ret->mode = *p;
			} else if (*p == 'k' && (p[1] || c->argv[i + 1])) {
				ret->release = p[1] ? p + 1 : c->argv[++i];
				break;
			} else if (!strchr("vt", *p)) {
				return command_fail(c, "invalid option -- '%c'", *p), 2;
			}
		}
	}
	if (!ret->mode)
		return command_fail(c, "You must specify at least one of -c, -u, or -d."),
		       2;
	if (ret->mode != 'u' && !ret->release)
		return command_fail(c, "%s mode requires a version argument",
				    ret->mode == 'c' ? "Create" : "Delete"),
		       2;
	return 0;
}

/* A damaged image is one, too: only its name counts. */
static bool has_image(struct command *c, const struct kernel *k)
{
	struct host_stat st;

	return !disk_stat(c->s->disk,
			  arena_printf(c->a, "boot/initrd.img-%s", k->release), &st);
}

static const struct kernel *newest_with_image(struct command *c)
{
	const struct kernel *best = NULL;

	vec_foreach(k, &c->s->m->kernels)
		if (has_image(c, k) &&
		    (!best || strverscmp(k->release, best->release) > 0))
			best = k;
	return best;
}

static int treat_image(struct command *c, char mode, const struct kernel *k)
{
	const char *path = arena_printf(c->a, "boot/initrd.img-%s", k->release);

	if (mode != 'd')
		return make_initramfs(c, k);
	fprintf(c->out, "update-initramfs: Deleting /%s\n", path);
	(void)disk_unlink(c->s->disk, path);
	return 0;
}

/* update-initramfs of initramfs-tools 0.142 */
static int update_initramfs(struct command *c)
{
	struct initramfs_call call = { 0 };
	const struct kernel *newest;
	int status = initramfs_options(c, &call), made = 0;
	bool all;

	if (status)
		return status;
	newest = newest_with_image(c);
	all = call.release && streq(call.release, "all");
	vec_foreach(k, &c->s->m->kernels) {
		if (all            ? call.mode != 'c' && !has_image(c, k)
		    : call.release ? !streq(call.release, k->release)
				   : k != newest)
			continue;
		status |= treat_image(c, call.mode, k);
		made++;
	}
	if (!made && call.release && !all)
		return command_fail(c, "no kernel %s is installed", call.release);
	/* Proxmox's etc/initramfs/post-update.d hook copies the images at once. */
	if (made && !status && call.mode != 'd' &&
	    machine_file(&c->view, "etc/kernel/proxmox-boot-uuids"))
		status = command_refresh(c);
	return status;
}

/* ---- modprobe, rmmod ---- */

static int load_module(struct command *c, const char *name, const char *options,
		       unsigned flags)
{
	struct modprobe_config config = { 0 };
	modprobe_loads loads = { 0 };
	const char *note = NULL;
	int r = 0;

	if (!c->s->kernel)
		return command_fail(c, "the running kernel has no modules folder");
	/* libkmod-module.c:kmod_module_probe_insert_module: not even what it depends on
	 */
	if (sim_module_loaded(c->s, module_normalize(c->a, name)))
		return 0;
	modprobe_read(c->a, c->view.files.v, c->view.files.n, c->s->cmdline, &config);
	modprobe_request(&config, c->s->kernel, NULL, c->a, name, flags, &loads, &note);
	vec_foreach(l, &loads) {
		bool top = streq(l->mod->name, name) && *options;

		r = sim_load_module(c->s, l->mod,
				    top ? arena_printf(c->a, "%s %s", l->options, options)
					: l->options);
		if (r < 0)
			return command_fail(c, "ERROR: could not insert '%s': %s",
					    l->mod->name, strerror(-r));
	}
	if (note && !loads.n && after_prefix(note, "no module "))
		return command_fail(c,
				    "FATAL: Module %s not found in directory "
				    "/lib/modules/%s",
				    name, c->s->kernel->release);
	if (note && !loads.n)
		return command_fail(c, "%s", note);
	return 0;
}

/* @word: how bad kmod's programs find it, "FATAL" or "ERROR". */
static int unload_module(struct command *c, const char *word, const char *name)
{
	const char *known = module_normalize(c->a, name);
	const struct sim_module *m = sim_find_module(c->s, known);
	const char *users = "";
	int r = sim_unload_module(c->s, known);

	if (r == -ENOENT)
		return command_fail(c, "%s: Module %s is not currently loaded", word,
				    name);
	if (r < 0 && m->builtin)
		return command_fail(c, "%s: Module %s is builtin.", word, name);
	if (r < 0 && m->users.n && streq(word, "ERROR")) {
		for (size_t i = 0; i < m->users.n; i++)
			users = arena_printf(c->a, "%s %s", users, m->users.v[i]->name);
		return command_fail(c, "%s: Module %s is in use by:%s", word, name,
				    users);
	}
	return r < 0 ? command_fail(c, "%s: Module %s is in use.", word, name) : 0;
}

/* "modprobe MODULE OPTION..." loads one, "modprobe -a MODULE..." several. */
static int modprobe(struct command *c)
{
	strings words = { 0 }, names = { 0 };
	const char *options;
	bool unload = false, ignore = false;
	unsigned flags = 0;
	int status = 0;

	for (size_t i = 0; c->argv[i]; i++) {
		if (streq(c->argv[i], "-r"))
			unload = true;
		else
			*vec_push(c->a, &words) = c->argv[i];
	}
	if (unload) {
		for (size_t i = 1; i < words.n; i++)
			status |= unload_module(c, "FATAL", words.v[i]);
		return status;
	}
	if (!shell_modprobe_args(c->a, &words, &names, &options, &ignore, &flags))
		return command_fail(
			c, "these options are not simulated, or no module is named");
	flags |= ignore ? MODPROBE_IGNORE_INSTALL : 0;
	vec_foreach(name, &names)
		status |= load_module(c, *name, options, flags);
	return status;
}

static int rmmod(struct command *c)
{
	int status = 0;

	if (!c->argv[1])
		return command_fail(c, "ERROR: missing module name.");
	for (size_t i = 1; c->argv[i]; i++)
		status |= unload_module(c, "ERROR", c->argv[i]);
	return status;
}

int sim_run_command(struct sim *s, const char *const argv[], struct host_output *ret)
{
	static const struct {
		const char *name;
		int (*run)(struct command *c);
	} commands[] = {
		{ "update-grub", command_update_grub },
		{ "update-initramfs", update_initramfs },
		{ "proxmox-boot-tool", command_proxmox_boot_tool },
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
