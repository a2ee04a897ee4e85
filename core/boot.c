/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/boot-override.h"
#include "core/boot.h"

const char *boot_phase_name(enum boot_phase p)
{
	static const char *const names[BOOT_PHASES] = {
		[BOOT_BUILTIN] = "kernel",
		[BOOT_INITRAMFS_TOP] = "initramfs, before udev",
		[BOOT_INITRAMFS_UDEV] = "initramfs, udev",
		[BOOT_INITRAMFS_MODULES] = "initramfs, conf/modules",
		[BOOT_ROOT] = "system start",
	};

	return names[p];
}

/* What one phase works with, and the sequence under construction. */
struct builder {
	const struct machine *m;
	struct arena *a;
	struct boot *boot;
	struct modprobe_config config;
	const strings *available; /* NULL: every module of the kernel */
	boot_overrides overrides; /* of udev rules */
	const char **override_files;
	strings loaded; /* in earlier phases */
	enum boot_phase phase;
	unsigned request;
};

static void add_note(struct builder *b, const char *who, const char *note)
{
	if (note)
		*vec_push(b->a, &b->boot->notes) = arena_printf(
			b->a, "%s: %s: %s", boot_phase_name(b->phase), who, note);
}

/* One request for @name; @options are those of the request itself, "" for none. */
static void add_request(struct builder *b, const char *name, const char *options,
			unsigned flags, const char *why)
{
	modprobe_loads loads = { 0 };
	const char *note = NULL;
	char *wanted = module_normalize(b->a, name);

	/* An image holds what it holds: that udev finds no module there is no news. */
	if ((flags & MODPROBE_RESOLVED) && b->available &&
	    !strings_have(b->available, wanted))
		return;
	modprobe_request(&b->config, b->boot->kernel, b->available, b->a, name, flags,
			 &loads, &note);
	add_note(b, why, note);
	vec_foreach(l, &loads) {
		bool top = streq(l->mod->name, wanted);
		struct boot_step *s;

		if (strings_have(&b->loaded, l->mod->name))
			continue;
		s = vec_push(b->a, &b->boot->steps);
		*s = (struct boot_step){ .phase = b->phase,
					 .request = b->request,
					 .mod = l->mod,
					 .options = l->options,
					 .why = top ? why : l->why };
		if (top && *options)
			s->options = arena_printf(b->a, "%s%s%s", l->options,
						  *l->options ? " " : "", options);
	}
}

static void add_override(struct builder *b, const struct boot_override *o, struct bdf bdf,
			 const char *file)
{
	*vec_push(b->a, &b->boot->steps) =
		(struct boot_step){ .phase = b->phase,
				    .request = b->request,
				    .options = "",
				    .bdf = bdf,
				    .override = o->driver,
				    .match = o->match,
				    .serial = o->serial,
				    .why = arena_printf(b->a, "%s:%u", file, o->line) };
}

/* Modules of this phase count as loaded for the next. */
static void end_phase(struct builder *b)
{
	vec_foreach(s, &b->boot->steps)
		if (s->phase == b->phase && s->mod &&
		    !strings_have(&b->loaded, s->mod->name))
			*vec_push(b->a, &b->loaded) = s->mod->name;
}

/* The configuration that requests from now on obey, and no other. */
static void read_config(struct builder *b, const struct machine_file *files, size_t n)
{
	b->config = (struct modprobe_config){ 0 };
	modprobe_read(b->a, files, n, b->boot->cmdline, &b->config);
}

static void begin_phase(struct builder *b, enum boot_phase phase)
{
	b->phase = phase;
	b->request++;
}

static void builtin_phase(struct builder *b)
{
	/* Only the command line reaches a driver that is part of the kernel. */
	begin_phase(b, BOOT_BUILTIN);
	read_config(b, NULL, 0);
	vec_foreach(mod, &b->boot->kernel->modules)
		if (!mod->file)
			*vec_push(b->a, &b->boot->steps) = (struct boot_step){
				.phase = BOOT_BUILTIN,
				.request = b->request,
				.mod = mod,
				.options = modprobe_options(&b->config, b->a, mod->name),
				.why = "part of the kernel"
			};
	end_phase(b);
}

static const struct machine_file *find_file(const struct machine_file *files, size_t n,
					    const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (streq(files[i].path, path))
			return &files[i];
	return NULL;
}

static const char *file_text(const struct machine_file *f)
{
	return f && f->data.data ? (const char *)f->data.data : "";
}

/* The rules files among @files, a name in etc/ hiding the same one in lib/. */
static void read_rules(struct builder *b, const struct machine_file *files, size_t n)
{
	unsigned odd = 0;

	b->overrides = (boot_overrides){ 0 };
	b->override_files = NULL;
	for (size_t i = 0, cap = 0; i < n; i++) {
		size_t before = b->overrides.n;

		if (!strstr(files[i].path, "udev/rules.d/") ||
		    !ends_with(files[i].path, ".rules") || S_ISLNK(files[i].mode))
			continue;
		override_parse_rules(b->a, file_text(&files[i]), &b->overrides, &odd);
		for (size_t k = before; k < b->overrides.n; k++) {
			b->override_files = arena_grow(b->a, b->override_files, k, &cap,
						       sizeof(*b->override_files));
			b->override_files[k] = files[i].path;
		}
		if (odd) {
			add_note(b, files[i].path,
				 "a rule that gives drivers to PCI functions was not "
				 "understood, what it does is left out");
			odd = 0;
		}
	}
}

/* udev reads driver_override rules while it handles a function's own event. */
static void add_rule_steps(struct builder *b, const struct pci_fn *fn)
{
	bool any = false;

	for (size_t i = 0; i < b->overrides.n; i++) {
		const struct boot_override *o = &b->overrides.v[i];

		if (!override_matches(o, fn->bdf, &fn->id, fn->config))
			continue;
		b->request += !any;
		any = true;
		if (o->driver)
			add_override(b, o, fn->bdf, b->override_files[i]);
		if (o->load)
			add_request(b, o->load, "", MODPROBE_USE_BLACKLIST,
				    arena_printf(b->a, "udev rule %s:%u",
						 b->override_files[i], o->line));
	}
}

static int cmp_ident(const struct pci_ident *x, const struct pci_ident *y)
{
	return memcmp(x, y, sizeof(*x));
}

static int cmp_fn_ident(const void *x, const void *y)
{
	const struct pci_fn *f = *(const struct pci_fn *const *)x;
	const struct pci_fn *g = *(const struct pci_fn *const *)y;
	int r = cmp_ident(&f->id, &g->id);

	return r ? r : bdf_cmp(f->bdf, g->bdf);
}

/* Functions with the same ids ask for the same modules, in whatever order: one request.
 */
struct coldplug {
	const struct pci_fn *first;
	size_t more;
};

static int cmp_coldplug(const void *x, const void *y)
{
	return bdf_cmp(((const struct coldplug *)x)->first->bdf,
		       ((const struct coldplug *)y)->first->bdf);
}

static size_t group_by_ident(struct builder *b, struct coldplug **ret)
{
	const struct machine *m = b->m;
	const struct pci_fn **fns = arena_alloc(b->a, (m->fns.n + 1) * sizeof(*fns));
	struct coldplug *groups = arena_alloc(b->a, (m->fns.n + 1) * sizeof(*groups));
	size_t n = 0, n_groups = 0;

	/* Virtual functions come later: nothing enables them during a boot. */
	vec_foreach(fn, &m->fns)
		if (!fn->is_vf)
			fns[n++] = fn;
	if (n)
		qsort(fns, n, sizeof(*fns), cmp_fn_ident);
	for (size_t i = 0; i < n; i++) {
		if (n_groups && !cmp_ident(&fns[i]->id, &groups[n_groups - 1].first->id))
			groups[n_groups - 1].more++;
		else
			groups[n_groups++].first = fns[i];
	}
	if (n_groups)
		qsort(groups, n_groups, sizeof(*groups), cmp_coldplug);
	*ret = groups;
	return n_groups;
}

static void udev_coldplug(struct builder *b)
{
	struct coldplug *groups;
	size_t n = group_by_ident(b, &groups);
	char bdf[BDF_SIZE];

	if (b->overrides.n)
		vec_foreach(fn, &b->m->fns)
			if (!fn->is_vf)
				add_rule_steps(b, fn);
	for (size_t i = 0; i < n; i++) {
		strings names = { 0 };
		const char *why;

		modprobe_resolve_fn(&b->config, b->boot->kernel, &groups[i].first->id,
				    b->a, &names);
		if (!names.n)
			continue;
		bdf_format(groups[i].first->bdf, bdf);
		why = groups[i].more ? arena_printf(b->a, "udev, for %s and %zu like it",
						    bdf, groups[i].more)
				     : arena_printf(b->a, "udev, for %s", bdf);
		b->request++;
		vec_foreach(name, &names)
			add_request(b, *name, "",
				    MODPROBE_USE_BLACKLIST | MODPROBE_RESOLVED, why);
	}
}

/* One init-top script: its overrides and loads, in order. */
static void run_script(struct builder *b, const struct machine_file *f)
{
	boot_overrides list = { 0 };
	unsigned odd = 0;

	override_parse_script(b->a, file_text(f), &list, &odd);
	vec_foreach(o, &list) {
		if (o->driver)
			add_override(b, o, o->bdf, f->path);
		if (o->load)
			add_request(b, o->load, "", 0,
				    arena_printf(b->a, "%s:%u", f->path, o->line));
	}
	if (odd)
		add_note(b, f->path,
			 "it stores driver_override in a way that was not understood, "
			 "what "
			 "it does is left out");
}

#define INIT_TOP "scripts/init-top/"

/*
 * The scripts of init-top in the order of the image's own ORDER file, else by name; those
 * behind `udev` come only when coldplug is over (scripts/init-top/udev settles).
 */
static void run_scripts(struct builder *b, bool after_udev)
{
	const struct initramfs *i = &b->boot->kernel->initramfs;
	const struct machine_file *order =
		find_file(i->files.v, i->files.n, INIT_TOP "ORDER");
	bool past = false;

	if (!order) {
		vec_foreach(f, &i->files) {
			const char *name = after_prefix(f->path, INIT_TOP);

			if (name && (strcmp(name, "udev") > 0) == after_udev)
				run_script(b, f);
		}
		return;
	}
	for (const char *p = file_text(order); *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n"), word = strcspn(p, " \n");
		const struct machine_file *f = NULL;

		if (*p == '/')
			f = find_file(i->files.v, i->files.n,
				      arena_strndup(b->a, p + 1, word - 1));
		if (f && past == after_udev)
			run_script(b, f);
		if (f && streq(f->path, INIT_TOP "udev"))
			past = true;
		p += len;
	}
}

static void initramfs_phases(struct builder *b)
{
	const struct initramfs *i = &b->boot->kernel->initramfs;

	if (!i->path)
		return;
	b->available = &i->modules;
	read_config(b, i->files.v, i->files.n);

	begin_phase(b, BOOT_INITRAMFS_TOP);
	run_scripts(b, false);
	end_phase(b);

	begin_phase(b, BOOT_INITRAMFS_UDEV);
	read_rules(b, i->files.v, i->files.n);
	udev_coldplug(b);
	end_phase(b);

	begin_phase(b, BOOT_INITRAMFS_MODULES);
	run_scripts(b, true);
	vec_foreach(line, &i->load) {
		size_t len = strcspn(*line, " \t");
		const char *options = *line + len + strspn(*line + len, " \t");

		add_request(b, arena_strndup(b->a, *line, len), options, 0,
			    "etc/initramfs-tools/modules");
	}
	end_phase(b);
}

static const char *const modules_load_dirs[] = {
	"etc/modules-load.d/", "run/modules-load.d/", "usr/local/lib/modules-load.d/",
	"usr/lib/modules-load.d/", "lib/modules-load.d/"
};

static int cmp_by_name(const void *x, const void *y)
{
	const struct machine_file *f = *(const struct machine_file *const *)x;
	const struct machine_file *g = *(const struct machine_file *const *)y;

	return strcmp(path_name(f->path), path_name(g->path));
}

/*
 * systemd-modules-load: files by name, one name in an earlier folder hiding it in later
 * ones. Debian links etc/modules-load.d/modules.conf to ../modules; a machine that was
 * recorded without the link has etc/modules all the same.
 */
static size_t modules_load_files(struct builder *b, const struct machine_file ***ret)
{
	const struct machine *m = b->m;
	const struct machine_file **list =
		arena_alloc(b->a, (m->files.n + 1) * sizeof(*list));
	const struct machine_file *modules = machine_file(m, "etc/modules");
	size_t n = 0;

	for (size_t d = 0; d < ARRAY_SIZE(modules_load_dirs); d++)
		vec_foreach(f, &m->files) {
			const char *name = after_prefix(f->path, modules_load_dirs[d]);
			bool hidden = false;

			if (!name || strchr(name, '/') || !ends_with(name, ".conf"))
				continue;
			if (S_ISLNK(f->mode) && modules && streq(name, "modules.conf"))
				continue; /* etc/modules itself, added below */
			for (size_t i = 0; i < n; i++)
				hidden |= streq(path_name(list[i]->path), name);
			if (!hidden)
				list[n++] = f;
		}
	if (n)
		qsort(list, n, sizeof(*list), cmp_by_name);
	if (modules)
		list[n++] = modules;
	*ret = list;
	return n;
}

static void root_phase(struct builder *b)
{
	const struct machine_file **files;
	size_t n = modules_load_files(b, &files);

	b->available = NULL;
	read_config(b, b->m->files.v, b->m->files.n);
	begin_phase(b, BOOT_ROOT);
	read_rules(b, b->m->files.v, b->m->files.n);
	for (size_t i = 0; i < n; i++) {
		strings lines = { 0 };

		modules_load_parse(b->a, file_text(files[i]), &lines);
		vec_foreach(line, &lines)
			add_request(b, *line, "", MODPROBE_USE_BLACKLIST, files[i]->path);
	}
	udev_coldplug(b);
	end_phase(b);
}

int boot_sequence(const struct machine *m, struct arena *a, struct boot *ret,
		  struct err *e)
{
	struct boot boot = { 0 };
	struct builder b = { .m = m, .a = a, .boot = &boot };
	loader_entries entries = { 0 };
	const struct loader_entry *entry;

	loader_entries_read(m, a, &entries);
	if (!entries.n)
		return err_set(
			e, -ENOENT,
			"no boot entry was found (looked for boot/grub/grub.cfg and "
			"loader/entries/*.conf on the EFI system partition)");
	entry = &entries.v[0];
	boot.cmdline = entry->cmdline;
	boot.entry = arena_printf(a, "%s:%u", entry->file, entry->line);
	if (entry->release)
		boot.kernel = machine_kernel(m, entry->release);
	if (!boot.kernel)
		return err_set(
			e, -ENOENT, "%s: its kernel %s is not installed", boot.entry,
			entry->release ? entry->release : "(no version in its name)");

	builtin_phase(&b);
	initramfs_phases(&b);
	root_phase(&b);
	*ret = boot;
	return 0;
}

static const struct boot_step *first_step(const struct boot *b, const struct module *mod)
{
	vec_foreach(s, &b->steps)
		if (s->mod == mod)
			return s;
	return NULL;
}

bool boot_ordered(const struct boot *b, const struct module *first,
		  const struct module *second)
{
	const struct boot_step *x = first_step(b, first), *y = first_step(b, second);
	const struct boot_step *seen = NULL;

	if (!x || !y || x->phase != y->phase)
		return x && (!y || x->phase < y->phase);
	if (x->phase != BOOT_INITRAMFS_UDEV && x->phase != BOOT_ROOT)
		return x < y;
	vec_foreach(s, &b->steps) {
		if (s->phase != x->phase)
			continue;
		if (s->mod == first)
			seen = s;
		if (s->mod == second && !(seen && seen->request == s->request))
			return false;
	}
	return true;
}
