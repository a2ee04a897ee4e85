/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/initramfs.h"
#include "core/inventory-parts.h"
#include "core/modprobe.h"

/* Names of modules that a text may hold, of whatever form the text is. */
static void add_words(struct inventory *v, const char *text, strings *ret)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (const char *s = text; *s;) {
		size_t n = strspn(s, letters);

		if (n)
			*vec_push(v->tmp, ret) = arena_strndup(v->tmp, s, n);
		s += n + !!s[n];
	}
}

/* The first word of each line that modules-load or initramfs-tools would load. */
static void add_lines(struct inventory *v, const struct machine_file *f, strings *ret)
{
	strings lines = { 0 };

	modules_load_parse(v->tmp, (const char *)f->data.data, &lines);
	for (size_t i = 0; i < lines.n; i++)
		*vec_push(v->tmp, ret) =
			arena_strndup(v->tmp, lines.v[i], strcspn(lines.v[i], " \t"));
}

static bool lists_modules(const char *path)
{
	return streq(path, "etc/modules") || streq(path, "etc/initramfs-tools/modules") ||
	       (strstr(path, "/modules-load.d/") && ends_with(path, ".conf"));
}

/* Modules that the configuration of modprobe, modules-load and initramfs-tools names. */
static void configured_modules(struct inventory *v, strings *ret)
{
	struct modprobe_config config = { 0 };
	const struct machine *m = v->m;

	modprobe_read(v->tmp, m->files.v, m->files.n, m->cmdline, &config);
	vec_foreach(line, &config.lines) {
		if (line->verb == MODPROBE_BAD)
			continue;
		*vec_push(v->tmp, ret) = line->arg[line->verb == MODPROBE_ALIAS];
		/* An install line may call modprobe for others. */
		if (line->verb == MODPROBE_INSTALL)
			add_words(v, line->arg[1], ret);
		for (size_t i = 0; i < line->pre.n; i++)
			*vec_push(v->tmp, ret) = line->pre.v[i];
		for (size_t i = 0; i < line->post.n; i++)
			*vec_push(v->tmp, ret) = line->post.v[i];
	}
	vec_foreach(f, &m->files)
		if (S_ISREG(f->mode) && lists_modules(f->path))
			add_lines(v, f, ret);
}

/* boot/initrd.img-RELEASE as Debian names it, or as dracut does. */
static bool find_initramfs(struct inventory *v, const char *release,
			   struct initramfs *ret)
{
	static const char *const forms[][2] = { { "boot/initrd.img-", "" },
						{ "boot/initramfs-", ".img" } };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *path =
			arena_printf(v->a, "%s%s%s", forms[i][0], release, forms[i][1]);
		struct host_stat st;

		if (v->h->ops->stat(v->h->ctx, path, &st) < 0)
			continue;
		ret->path = path;
		ret->mtime = st.mtime;
		return true;
	}
	return false;
}

static void read_initramfs(struct inventory *v, struct kernel *k)
{
	AUTOARENA struct arena *image = arena_new();
	struct initramfs found = { 0 };
	const char *why = NULL;
	struct blob data;
	struct err e;
	int r;

	if (!find_initramfs(v, k->release, &found))
		return;
	k->initramfs = found;
	if (!(v->parts & INV_INITRAMFS)) {
		machine_set_unknown(v->m, "not read", "kernels/%s/initramfs", k->release);
		return;
	}
	r = host_read(v->h, image, found.path, HOST_IMAGE_MAX, &data);
	if (r < 0)
		why = inventory_why(v, r);
	else if (initramfs_parse(v->a, data, found.path, &found, &e) < 0)
		why = e.text;
	else
		k->initramfs = found;
	if (why)
		machine_set_unknown(v->m, why, "kernels/%s/initramfs", k->release);
}

/* Releases that have modules below @base and were not found before. */
static void list_kernels(struct inventory *v, const char *base, strings *ret_dirs)
{
	struct machine *m = v->m;
	strings names;

	if (host_list(v->h, v->tmp, base, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		char *dir = arena_printf(v->tmp, "%s/%s", base, names.v[i]);

		/* A folder that a removed kernel left has no index of modules. */
		if (machine_kernel(m, names.v[i]) ||
		    !host_exists(v->h, arena_printf(v->tmp, "%s/modules.dep", dir)))
			continue;
		vec_push(v->a, &m->kernels)->release = arena_strdup(v->a, names.v[i]);
		*vec_push(v->tmp, ret_dirs) = dir;
	}
}

void inventory_kernels(struct inventory *v)
{
	driver_modules live = { 0 };
	strings configured = { 0 }, dirs = { 0 };

	list_kernels(v, "lib/modules", &dirs);
	list_kernels(v, "usr/lib/modules", &dirs);
	if (!dirs.n)
		return;
	inventory_drivers(v, &live);
	configured_modules(v, &configured);
	for (size_t i = 0; i < dirs.n; i++) {
		AUTOARENA struct arena *tmp = arena_new();
		struct inventory one = *v;

		/* Some megabytes of text for each kernel need not be kept for all. */
		one.tmp = tmp;
		inventory_modules(&one, dirs.v[i], &live, &configured,
				  &v->m->kernels.v[i]);
		read_initramfs(&one, &v->m->kernels.v[i]);
	}
}
