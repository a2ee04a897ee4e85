/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/boot-part.h"
#include "core/cmdline.h"

const char *boot_phase_name(enum boot_phase p)
{
	static const char *const names[BOOT_PHASES] = {
		[BOOT_BUILTIN] = "kernel",
		[BOOT_INITRAMFS_TOP] = "initramfs before udev",
		[BOOT_INITRAMFS_UDEV] = "initramfs",
		[BOOT_INITRAMFS_MODULES] = "initramfs after udev",
		[BOOT_ROOT] = "system start",
	};

	return names[p];
}

void boot_note(struct boot_builder *b, const char *who, const char *note)
{
	*vec_push(b->a, &b->boot->notes) =
		arena_printf(b->a, "%s: %s: %s", boot_phase_name(b->phase), who, note);
}

static unsigned *loaded_by(struct boot_builder *b, const struct module *mod)
{
	return &b->loaded[mod - b->boot->kernel->modules.v];
}

void boot_load(struct boot_builder *b, const char *name, const char *options,
	       unsigned flags, const char *why)
{
	modprobe_loads loads = { 0 };
	const char *note = NULL;
	const char *wanted = module_normalize(b->a, name);

	modprobe_request(&b->config, b->boot->kernel, b->available, b->a, name, flags,
			 &loads, &note);
	if (note)
		boot_note(b, why, note);
	vec_foreach(l, &loads) {
		bool top = streq(l->mod->name, wanted);
		struct boot_step *s;

		if (*loaded_by(b, l->mod) == LOADED_BEFORE ||
		    *loaded_by(b, l->mod) == b->request)
			continue;
		*loaded_by(b, l->mod) = b->request;
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

void boot_store(struct boot_builder *b, const struct boot_override *o, struct bdf bdf,
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

static void begin_phase(struct boot_builder *b, enum boot_phase phase)
{
	/* Modules of one phase count as loaded for the next. */
	vec_foreach(s, &b->boot->steps)
		if (s->mod)
			*loaded_by(b, s->mod) = LOADED_BEFORE;
	b->phase = phase;
	b->request++;
}

const char *boot_file_text(const struct machine_file *f)
{
	return f && f->data.data ? (const char *)f->data.data : "";
}

static int cmp_boot_file(const void *x, const void *y)
{
	const struct boot_file *f = x, *g = y;
	int r = strcmp(f->name, g->name);

	return r ? r : (f->folder > g->folder) - (f->folder < g->folder);
}

void boot_folder(struct arena *a, const struct machine_file *files, size_t n,
		 const char *below, const char *tail, boot_files *ret)
{
	static const char *const folders[] = { "etc/", "run/", "usr/local/lib/",
					       "usr/lib/", "lib/" };
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t d = 0; d < ARRAY_SIZE(folders); d++) {
			const char *name = after_prefix(files[i].path, folders[d]);

			name = name ? after_prefix(name, below) : NULL;
			if (name && !strchr(name, '/') && ends_with(name, tail))
				*vec_push(a, ret) =
					(struct boot_file){ name, d, &files[i] };
		}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_boot_file);
	for (size_t i = 0; i < ret->n; i++)
		if (!i || !streq(ret->v[i].name, ret->v[used - 1].name))
			ret->v[used++] = ret->v[i];
	ret->n = used;
}

/* ---- scripts of the initramfs ---- */

#define INIT_TOP "scripts/init-top/"

static void run_script(struct boot_builder *b, const struct machine_file *f)
{
	boot_overrides list = { 0 };
	unsigned odd = 0;

	override_parse_script(b->a, boot_file_text(f), &list, &odd);
	vec_foreach(o, &list) {
		if (o->driver)
			boot_store(b, o, o->bdf, f->path);
		/* init has set MODPROBE_OPTIONS=-qb */
		if (o->load)
			boot_load(b, o->load, o->options,
				  o->flags | MODPROBE_USE_BLACKLIST,
				  arena_printf(b->a, "%s:%u", f->path, o->line));
	}
	if (odd)
		boot_note(b, f->path,
			  "it gives drivers to PCI functions in a way that was not "
			  "understood, what it does is left out");
}

static const struct machine_file *find_script(const struct initramfs *i, const char *name,
					      size_t len)
{
	vec_foreach(f, &i->files) {
		const char *rest = after_prefix(f->path, INIT_TOP);

		if (rest && strlen(rest) == len && memcmp(rest, name, len) == 0)
			return f;
	}
	return NULL;
}

/* The name in a line "/scripts/init-top/NAME ..." of ORDER, or NULL. */
static const char *order_name(const char *line, size_t *ret_len)
{
	const char *name = after_prefix(line, "/" INIT_TOP);

	*ret_len = name ? strcspn(name, " \t\n") : 0;
	return *ret_len ? name : NULL;
}

/*
 * The scripts of init-top in their order: those before `udev`, or those behind it, which
 * run when coldplug is over (scripts/init-top/udev settles).
 */
static void run_scripts(struct boot_builder *b, bool after_udev)
{
	const struct initramfs *i = &b->boot->kernel->initramfs;
	const struct machine_file *order = find_script(i, "ORDER", strlen("ORDER")), *f;
	bool past = false;

	/* Without an ORDER this is no image of initramfs-tools, or a damaged one. */
	for (const char *p = boot_file_text(order); *p; p += *p == '\n') {
		size_t len;
		const char *name = order_name(p, &len);

		if (name && len == strlen("udev") && !memcmp(name, "udev", len))
			past = true;
		else if (name && past == after_udev && (f = find_script(i, name, len)))
			run_script(b, f);
		p += strcspn(p, "\n");
	}
}

/* ---- the phases ---- */

static void builtin_phase(struct boot_builder *b)
{
	/* Only the command line reaches a driver that is part of the kernel. */
	begin_phase(b, BOOT_BUILTIN);
	modprobe_read(b->a, NULL, 0, b->boot->cmdline, &b->config);
	vec_foreach(mod, &b->boot->kernel->modules)
		if (!mod->file)
			*vec_push(b->a, &b->boot->steps) = (struct boot_step){
				.phase = BOOT_BUILTIN,
				.request = b->request,
				.mod = mod,
				.options = modprobe_options(&b->config, b->a, mod->name),
				.why = "part of the kernel"
			};
}

/*
 * scripts/init-top/blacklist: the names of the initramfs's own blacklist= become lines of
 * etc/modprobe.d/initramfs.conf, in its own file system alone.
 */
static void initramfs_blacklist(struct boot_builder *b)
{
	char *names =
		arena_strdup(b->a, cmdline_get(b->a, b->boot->cmdline, "blacklist"));

	for (char *name; (name = strsep(&names, ","));)
		if (*name)
			modprobe_parse(b->a, "blacklist= of the kernel command line",
				       arena_printf(b->a, "blacklist %s\n", name),
				       &b->config);
}

/* init:load_modules: `modprobe $line` with MODPROBE_OPTIONS=-qb. */
static void load_conf_modules(struct boot_builder *b, const strings *lines)
{
	vec_foreach(line, lines) {
		size_t len = strcspn(*line, " \t");
		const char *options = *line + len + strspn(*line + len, " \t");

		if (len)
			boot_load(b, arena_strndup(b->a, *line, len), options,
				  MODPROBE_USE_BLACKLIST,
				  "etc/initramfs-tools/modules, or a hook");
	}
}

static void initramfs_phases(struct boot_builder *b)
{
	const struct initramfs *i = &b->boot->kernel->initramfs;

	if (!i->path)
		return;
	b->available = &i->modules;
	b->config = (struct modprobe_config){ 0 };
	modprobe_read(b->a, i->files.v, i->files.n, b->boot->cmdline, &b->config);
	initramfs_blacklist(b);

	begin_phase(b, BOOT_INITRAMFS_TOP);
	run_scripts(b, false);
	begin_phase(b, BOOT_INITRAMFS_UDEV);
	boot_coldplug(b, i->files.v, i->files.n);
	begin_phase(b, BOOT_INITRAMFS_MODULES);
	run_scripts(b, true);
	load_conf_modules(b, &i->load);
}

/* systemd's modules-load.c:parse_proc_cmdline_item; rd.modules-load= is for systemd in an
 * initramfs, where Debian has none. */
static void load_cmdline_modules(struct boot_builder *b)
{
	strings words = { 0 };

	cmdline_split(b->a, b->boot->cmdline, &words);
	vec_foreach(word, &words) {
		const char *value =
			after_prefix(module_normalize(b->a, *word), "modules_load=");
		char *names = value ? arena_strdup(b->a, value) : NULL;

		for (char *name; (name = strsep(&names, ","));)
			if (*name)
				boot_load(b, name, "", MODPROBE_USE_BLACKLIST,
					  "modules-load= of the kernel command line");
	}
}

/*
 * systemd-modules-load: one module after the other. Debian links
 * etc/modules-load.d/modules.conf to ../modules; a machine that was recorded without the
 * link has etc/modules all the same.
 */
static void modules_load(struct boot_builder *b)
{
	const struct machine *m = b->m;
	const struct machine_file *modules = machine_file(m, "etc/modules");
	struct boot_file link = { "modules.conf", 0, modules };
	boot_files found = { 0 };
	bool has_link = false;

	load_cmdline_modules(b);
	boot_folder(b->a, m->files.v, m->files.n, "modules-load.d/", ".conf", &found);
	vec_foreach(f, &found)
		has_link |= streq(f->name, link.name);
	if (modules && !has_link) {
		*vec_push(b->a, &found) = link;
		qsort(found.v, found.n, sizeof(*found.v), cmp_boot_file);
	}
	vec_foreach(f, &found) {
		const struct machine_file *file = f->file;
		strings lines = { 0 };

		/* Any other link is to dev/null, which switches a name off. */
		if (S_ISLNK(file->mode))
			file = streq(path_name(boot_file_text(file)), "modules") ? modules
										 : NULL;
		modules_load_parse(b->a, boot_file_text(file), &lines);
		vec_foreach(line, &lines)
			boot_load(b, *line, "", MODPROBE_USE_BLACKLIST, file->path);
	}
}

static void begin_root(struct boot_builder *b)
{
	b->available = NULL;
	b->config = (struct modprobe_config){ 0 };
	modprobe_read(b->a, b->m->files.v, b->m->files.n, b->boot->cmdline, &b->config);
	begin_phase(b, BOOT_ROOT);
}

static void root_phase(struct boot_builder *b)
{
	begin_root(b);
	modules_load(b);
	boot_coldplug(b, b->m->files.v, b->m->files.n);
}

static unsigned *new_loaded(struct arena *a, const struct kernel *k)
{
	return arena_alloc(a, (k->modules.n + 1) * sizeof(unsigned));
}

int boot_sequence(const struct machine *m, struct arena *a, struct boot *ret,
		  struct err *e)
{
	struct boot boot = { 0 };
	struct boot_builder b = { .m = m, .a = a, .boot = &boot };
	loader_entries entries = { 0 };
	const struct loader_entry *entry;
	const struct pci_fn **fns;

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

	/* Virtual functions come later: nothing enables them during a boot. */
	b.plugged = fns = arena_alloc(a, (m->fns.n + 1) * sizeof(*fns));
	vec_foreach(fn, &m->fns)
		if (!fn->is_vf)
			fns[b.n_plugged++] = fn;
	b.loaded = new_loaded(a, boot.kernel);
	builtin_phase(&b);
	initramfs_phases(&b);
	root_phase(&b);
	*ret = boot;
	return 0;
}

void boot_hotplug(const struct machine *m, struct arena *a, const struct kernel *kernel,
		  const char *cmdline, const struct pci_fn *const fns[], size_t n,
		  struct boot *ret)
{
	struct boot_builder b = {
		.m = m, .a = a, .boot = ret, .plugged = fns, .n_plugged = n
	};

	*ret = (struct boot){ .kernel = kernel, .cmdline = cmdline, .entry = "" };
	b.loaded = new_loaded(a, kernel);
	begin_root(&b);
	boot_coldplug(&b, m->files.v, m->files.n);
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
	if (!boot_parallel(x->phase))
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
