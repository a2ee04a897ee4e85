/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/initramfs.h"
#include "core/modprobe.h"
#include "fakesys/initramfs-make.h"

struct maker {
	struct arena *a;
	const struct machine *recorded; /* the fixture */
	const struct machine *now;      /* its disk today */
};

static void add_closure(struct maker *c, const struct modprobe_config *config,
			const struct kernel *k, const char *name, strings *ret)
{
	const struct module *mod = kernel_module(k, name);
	const struct modprobe_line *line;
	const strings *pre, *post;

	if (!mod || !mod->file || strings_have(ret, mod->name))
		return;
	*vec_push(c->a, ret) = mod->name;
	vec_foreach(dep, &mod->depends)
		add_closure(c, config, k, module_normalize(c->a, *dep), ret);
	if (!modprobe_softdep(config, mod, &line, &pre, &post))
		return;
	vec_foreach(dep, pre)
		add_closure(c, config, k, module_normalize(c->a, *dep), ret);
	vec_foreach(dep, post)
		add_closure(c, config, k, module_normalize(c->a, *dep), ret);
}

static void add_named(struct maker *c, const struct modprobe_config *config,
		      const struct kernel *k, const strings *lines, strings *ret)
{
	vec_foreach(line, lines) {
		size_t len = strcspn(*line, " \t");
		char *name = arena_strndup(c->a, *line, len);

		add_closure(c, config, k, module_normalize(c->a, name), ret);
	}
}

/*
 * What the recorded image holds beyond what its configuration explains was put there by
 * the distribution (MODULES=most, hooks), and will be again.
 */
static void distribution_modules(struct maker *c, const struct kernel *kernel,
				 strings *ret)
{
	const struct initramfs *image = &kernel->initramfs;
	struct modprobe_config config = { 0 };
	strings explained = { 0 };

	modprobe_read(c->a, image->files.v, image->files.n, "", &config);
	add_named(c, &config, kernel, &image->load, &explained);
	vec_foreach(l, &config.lines) {
		if (l->verb != MODPROBE_SOFTDEP)
			continue;
		add_named(c, &config, kernel, &l->pre, &explained);
		add_named(c, &config, kernel, &l->post, &explained);
	}
	vec_foreach(name, &image->modules)
		if (!strings_have(&explained, *name))
			*vec_push(c->a, ret) = *name;
}

static void config_lines(struct maker *c, const struct machine *m, strings *ret)
{
	const struct machine_file *f = machine_file(m, "etc/initramfs-tools/modules");

	if (f && f->data.data)
		modules_load_parse(c->a, (const char *)f->data.data, ret);
}

#define SCRIPTS "etc/initramfs-tools/scripts/"
#define INIT_TOP "scripts/init-top/"

static void add_image_file(struct maker *c, struct initramfs *image, const char *path,
			   const struct machine_file *from)
{
	struct machine_file *f = vec_push(c->a, &image->files);

	*f = *from;
	f->path = path;
	f->uid = 0;
	f->gid = 0;
	f->mtime = 0;
}

static bool copied_from_disk(const char *path)
{
	return after_prefix(path, "etc/modprobe.d/") ||
	       after_prefix(path, "lib/modprobe.d/") ||
	       after_prefix(path, "usr/lib/modprobe.d/") ||
	       after_prefix(path, "run/modprobe.d/");
}

static int cmp_file(const void *x, const void *y)
{
	return strcmp(((const struct machine_file *)x)->path,
		      ((const struct machine_file *)y)->path);
}

/* hook-functions:cache_run_scripts: names in order of tsort, which keeps them by name. */
static void add_order(struct maker *c, struct initramfs *image)
{
	struct machine_file order = { .path = INIT_TOP "ORDER", .mode = S_IFREG | 0644 };
	char *text = arena_strdup(c->a, "");

	vec_foreach(f, &image->files)
		if (after_prefix(f->path, INIT_TOP))
			text = arena_printf(c->a, "%s/%s \"$@\"\n", text, f->path);
	order.data = (struct blob){ (const uint8_t *)text, strlen(text) };
	add_image_file(c, image, order.path, &order);
}

/* hooks/udev copies etc/udev/rules.d into lib/udev/rules.d of the image. */
static bool from_etc_rules(struct maker *c, const char *path)
{
	const char *name = after_prefix(path, "lib/udev/rules.d/");

	return after_prefix(path, "etc/udev/rules.d/") ||
	       (name && machine_file(c->recorded,
				     arena_printf(c->a, "etc/udev/rules.d/%s", name)));
}

void initramfs_make(struct arena *a, const struct machine *recorded,
		    const struct machine *now, const struct kernel *kernel,
		    struct initramfs *ret)
{
	struct maker maker = { a, recorded, now }, *c = &maker;
	const struct initramfs *old = &kernel->initramfs;
	struct modprobe_config config = { 0 };
	struct initramfs image = { 0 };
	strings base = { 0 }, lines = { 0 }, was = { 0 };

	modprobe_read(c->a, c->now->files.v, c->now->files.n, "", &config);
	distribution_modules(c, kernel, &base);
	config_lines(c, c->now, &lines);
	config_lines(c, c->recorded, &was);
	vec_foreach(line, &old->load)
		if (!strings_have(&was, *line))
			*vec_push(c->a, &image.load) = *line; /* a hook's */
	vec_foreach(line, &lines)
		*vec_push(c->a, &image.load) = *line;
	add_named(c, &config, kernel, &base, &image.modules);
	add_named(c, &config, kernel, &image.load, &image.modules);

	vec_foreach(f, &old->files)
		if (!copied_from_disk(f->path) &&
		    !after_prefix(f->path, "conf/modules") &&
		    !from_etc_rules(c, f->path) && !streq(f->path, INIT_TOP "ORDER") &&
		    !machine_file(c->recorded,
				  arena_printf(c->a, "etc/initramfs-tools/%s", f->path)))
			add_image_file(c, &image, f->path, f);
	vec_foreach(f, &c->now->files) {
		const char *script = after_prefix(f->path, SCRIPTS);

		if (copied_from_disk(f->path))
			add_image_file(c, &image, f->path, f);
		else if (after_prefix(f->path, "etc/udev/rules.d/") &&
			 initramfs_keeps(f)) /* hooks/udev */
			add_image_file(c, &image,
				       arena_printf(c->a, "lib/%s", f->path + 4), f);
		else if (script && (f->mode & 0111)) /* others are not run */
			add_image_file(c, &image,
				       arena_printf(c->a, "scripts/%s", script), f);
	}
	if (image.files.n)
		qsort(image.files.v, image.files.n, sizeof(*image.files.v), cmp_file);
	add_order(c, &image);
	*ret = image;
}
