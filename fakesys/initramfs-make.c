/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "core/boot-shell.h"
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
				 const strings *added, strings *ret)
{
	const struct initramfs *image = &kernel->initramfs;
	struct modprobe_config config = { 0 };
	strings explained = { 0 };

	modprobe_read(c->a, image->files.v, image->files.n, "", &config);
	add_named(c, &config, kernel, &image->load, &explained);
	add_named(c, &config, kernel, added, &explained);
	vec_foreach(l, &config.lines) {
		if (l->verb != MODPROBE_SOFTDEP ||
		    !strings_have(&image->modules, l->arg[0]))
			continue;
		add_named(c, &config, kernel, &l->pre, &explained);
		add_named(c, &config, kernel, &l->post, &explained);
	}
	vec_foreach(name, &image->modules)
		if (!strings_have(&explained, *name))
			*vec_push(c->a, ret) = *name;
}

/*
 * What the administrator's own hooks add, as far as plain lines of hook-functions say it:
 * "manual_add_modules NAME...", "force_load NAME [OPTION...]".
 */
static void hook_lines(struct maker *c, const struct machine_file *f, strings *ret_add,
		       strings *ret_load)
{
	struct script s = { .arena = c->a, .p = (const char *)f->data.data, .line = 1 };
	strings words = { 0 };
	unsigned line;

	while (script_next(&s, &words, &line)) {
		char *rest = arena_strdup(c->a, "");
		bool add = streq(words.v[0], "manual_add_modules");

		for (size_t i = 1; i < words.n; i++) {
			if (add)
				*vec_push(c->a, ret_add) = words.v[i];
			else
				rest = arena_printf(c->a, "%s%s%s", rest,
						    *rest ? " " : "", words.v[i]);
		}
		if (streq(words.v[0], "force_load") && *rest)
			*vec_push(c->a, ret_load) = rest;
	}
}

/* mkinitramfs and set_initlist leave out names with other characters. */
static bool runs(const struct machine_file *f)
{
	const char *name = path_name(f->path);

	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return false;
	return *name != '.' && (f->mode & 0111) && S_ISREG(f->mode) && f->data.data;
}

/* What @m asks for: modules to add, and lines of conf/modules, which are added, too. */
static void config_lines(struct maker *c, const struct machine *m, strings *ret_add,
			 strings *ret_load)
{
	const struct machine_file *f = machine_file(m, "etc/initramfs-tools/modules");

	if (f && f->data.data)
		modules_load_parse(c->a, (const char *)f->data.data, ret_load);
	vec_foreach(hook, &m->files)
		if (after_prefix(hook->path, "etc/initramfs-tools/hooks/") && runs(hook))
			hook_lines(c, hook, ret_add, ret_load);
}

/* The last MODULES= of initramfs.conf and conf.d says "list": the configuration alone. */
static bool only_listed(struct maker *c, const struct machine *m)
{
	const char *modules = "most";

	/* "conf.d/" sorts before "initramfs.conf", which mkinitramfs reads first. */
	for (int drop_ins = 0; drop_ins < 2; drop_ins++)
		vec_foreach(f, &m->files) {
			const char *name = after_prefix(f->path, "etc/initramfs-tools/");
			struct script s = { .arena = c->a,
					    .p = (const char *)f->data.data,
					    .line = 1 };
			strings words = { 0 };
			unsigned line;

			if (!name || !s.p ||
			    (drop_ins ? !after_prefix(name, "conf.d/")
				      : !streq(name, "initramfs.conf")))
				continue;
			while (script_next(&s, &words, &line))
				;
			vec_foreach(v, &s.variables)
				if (streq(v->name, "MODULES"))
					modules = v->value;
		}
	return streq(modules, "list");
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

/* mkinitramfs, hooks/kmod; a link to dev/null is no file that could be copied. */
static bool copied_from_disk(const struct machine_file *f)
{
	if (S_ISLNK(f->mode) && f->data.data &&
	    ends_with((const char *)f->data.data, "dev/null"))
		return false;
	return (after_prefix(f->path, "etc/modprobe.d/") &&
		ends_with(f->path, ".conf")) ||
	       after_prefix(f->path, "lib/modprobe.d/") ||
	       after_prefix(f->path, "usr/lib/modprobe.d/");
}

static int cmp_file(const void *x, const void *y)
{
	return strcmp(((const struct machine_file *)x)->path,
		      ((const struct machine_file *)y)->path);
}

/* ---- the order of init-top ---- */

/* The scripts that an ORDER runs, in its order; those it names are all that can be known
 * of an image whose scripts were not recorded. */
static void order_names(struct maker *c, const struct initramfs *image, strings *ret)
{
	vec_foreach(f, &image->files) {
		const char *p = (const char *)f->data.data;

		if (!streq(f->path, INIT_TOP "ORDER"))
			continue;
		for (; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
			const char *name = after_prefix(p, "/" INIT_TOP);

			if (name)
				*vec_push(c->a, ret) =
					arena_strndup(c->a, name, strcspn(name, " \n"));
		}
	}
}

/* hook-functions:cache_run_scripts, get_prereq_pairs */
static void add_order(struct maker *c, const struct initramfs *old,
		      struct initramfs *image)
{
	static const char *const debian[] = { "all_generic_ide", "blacklist", "keymap",
					      "udev" };
	struct machine_file order = { .path = INIT_TOP "ORDER", .mode = S_IFREG | 0644 };
	char *text = arena_strdup(c->a, "");
	strings scripts = { 0 }, names = { 0 }, sorted = { 0 };

	/* Those of the distribution, then the administrator's. */
	order_names(c, old, &names);
	for (size_t i = 0; !names.n && i < ARRAY_SIZE(debian); i++)
		*vec_push(c->a, &scripts) = debian[i];
	vec_foreach(name, &names)
		if (!machine_file(c->recorded,
				  arena_printf(c->a, SCRIPTS "init-top/%s", *name)))
			*vec_push(c->a, &scripts) = *name;
	vec_foreach(f, &image->files) {
		const char *name = after_prefix(f->path, INIT_TOP);

		if (name && !strings_have(&scripts, name))
			*vec_push(c->a, &scripts) = name;
	}
	initramfs_order(c->a, &scripts, image, &sorted);
	vec_foreach(name, &sorted)
		if (strings_have(&scripts, *name))
			text = arena_printf(c->a, "%s/" INIT_TOP "%s \"$@\"\n", text,
					    *name);
	order.data = (struct blob){ (const uint8_t *)text, strlen(text) };
	add_image_file(c, image, order.path, &order);
}

/* ---- the image ---- */

/* hooks/udev copies etc/udev/rules.d into lib/udev/rules.d of the image. */
static bool from_etc_rules(struct maker *c, const char *path)
{
	const char *name = after_prefix(path, "lib/udev/rules.d/");

	return after_prefix(path, "etc/udev/rules.d/") ||
	       (name && machine_file(c->recorded,
				     arena_printf(c->a, "etc/udev/rules.d/%s", name)));
}

/* hooks/udev leaves out files of etc that stand for one of lib, but for its own few. */
static bool distribution_rules(struct maker *c, const char *name)
{
	static const char *const own[] = { "50-firmware.rules",
					   "50-udev-default.rules",
					   "60-block.rules",
					   "60-persistent-storage.rules",
					   "61-persistent-storage-android.rules",
					   "71-seat.rules",
					   "73-special-net-names.rules",
					   "75-net-description.rules",
					   "80-net-setup-link.rules",
					   "80-drivers.rules" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (streq(name, own[i]))
			return false;
	return machine_file(c->now, arena_printf(c->a, "lib/udev/rules.d/%s", name)) ||
	       machine_file(c->now, arena_printf(c->a, "usr/lib/udev/rules.d/%s", name));
}

void initramfs_make(struct arena *a, const struct machine *recorded,
		    const struct machine *now, const struct kernel *kernel,
		    struct initramfs *ret)
{
	struct maker maker = { a, recorded, now }, *c = &maker;
	const struct initramfs *old = &kernel->initramfs;
	struct modprobe_config config = { 0 };
	struct initramfs image = { 0 };
	strings base = { 0 }, add = { 0 }, was = { 0 }, was_add = { 0 };

	modprobe_read(c->a, c->now->files.v, c->now->files.n, "", &config);
	config_lines(c, c->now, &add, &image.load);
	config_lines(c, c->recorded, &was_add, &was);
	/* MODULES=list takes away what MODULES=most brought, not what is not known. */
	if (!only_listed(c, c->now) || only_listed(c, c->recorded))
		distribution_modules(c, kernel, &was_add, &base);
	vec_foreach(line, &old->load)
		if (!strings_have(&was, *line))
			*vec_push(c->a, &image.load) = *line; /* a hook's of a package */
	add_named(c, &config, kernel, &base, &image.modules);
	add_named(c, &config, kernel, &add, &image.modules);
	add_named(c, &config, kernel, &image.load, &image.modules);

	vec_foreach(f, &old->files)
		if (!copied_from_disk(f) && !after_prefix(f->path, "conf/modules") &&
		    !from_etc_rules(c, f->path) && !streq(f->path, INIT_TOP "ORDER") &&
		    !machine_file(c->recorded,
				  arena_printf(c->a, "etc/initramfs-tools/%s", f->path)))
			add_image_file(c, &image, f->path, f);
	vec_foreach(f, &c->now->files) {
		const char *script = after_prefix(f->path, SCRIPTS);
		const char *rules = after_prefix(f->path, "etc/udev/rules.d/");

		if (copied_from_disk(f))
			add_image_file(c, &image, f->path, f);
		else if (rules && initramfs_keeps(f) && !distribution_rules(c, rules))
			add_image_file(c, &image,
				       arena_printf(c->a, "lib/%s", f->path + 4), f);
		else if (script && runs(f))
			add_image_file(c, &image,
				       arena_printf(c->a, "scripts/%s", script), f);
	}
	if (image.files.n)
		qsort(image.files.v, image.files.n, sizeof(*image.files.v), cmp_file);
	add_order(c, old, &image);
	*ret = image;
}
