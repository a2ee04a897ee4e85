/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "core/boot-override.h"
#include "core/plan-override.h"
#include "core/rules.h"

static bool is_modprobe_conf(const char *path)
{
	return after_prefix(path, "etc/modprobe.d/") && ends_with(path, ".conf");
}

static bool is_known(const struct initramfs *i)
{
	return i->path && (i->modules.n || i->files.n);
}

static const struct machine_file *find_inside(const struct initramfs *i, const char *path)
{
	vec_foreach(f, &i->files)
		if (streq(f->path, path))
			return f;
	return NULL;
}

static bool same_data(const struct machine_file *a, const struct machine_file *b)
{
	return a->data.len == b->data.len &&
	       (!a->data.len || memcmp(a->data.data, b->data.data, a->data.len) == 0);
}

/* The names at the beginning of lines, as conf/modules and etc/modules have them. */
static bool loads(const struct judged *j, const strings *lines, const char *wanted)
{
	char *name = module_normalize(j->arena, wanted);

	name[strcspn(name, " \t")] = '\0';
	vec_foreach(l, lines) {
		char *line = module_normalize(j->arena, *l);

		line[strcspn(line, " \t")] = '\0';
		if (streq(line, name))
			return true;
	}
	return false;
}

/*
 * How the image differs from what update-initramfs would put into it today, as a clause;
 * or NULL. An image that could not be read is judged by its time.
 */
static const char *difference(const struct judged *j, const struct kernel *k,
			      const char **ret_file)
{
	const struct initramfs *i = &k->initramfs;
	const char *list = "etc/initramfs-tools/modules";
	strings wanted = { 0 };

	if (!i->path)
		return NULL;
	if (!is_known(i)) {
		vec_foreach(f, &j->m->files)
			if ((is_modprobe_conf(f->path) || streq(f->path, list)) &&
			    i->mtime && f->mtime > i->mtime) {
				*ret_file = f->path;
				return arena_printf(j->arena,
						    "/%s is newer than the image "
						    "by %" PRId64 " seconds",
						    f->path, f->mtime - i->mtime);
			}
		return NULL;
	}
	vec_foreach(f, &j->m->files) {
		const struct machine_file *in;

		if (!is_modprobe_conf(f->path) || !S_ISREG(f->mode))
			continue;
		in = find_inside(i, f->path);
		if (in && same_data(in, f))
			continue;
		*ret_file = f->path;
		return arena_printf(j->arena,
				    in ? "its copy of /%s is an older one"
				       : "it has no copy of /%s",
				    f->path);
	}
	vec_foreach(in, &i->files)
		if (is_modprobe_conf(in->path) && !machine_file(j->m, in->path)) {
			*ret_file = in->path;
			return arena_printf(
				j->arena, "it still has /%s, which is gone from the disk",
				in->path);
		}
	vec_foreach(f, &j->m->files) {
		const char *script =
			after_prefix(f->path, "etc/initramfs-tools/scripts/");
		const struct machine_file *in;

		if (!script || !S_ISREG(f->mode))
			continue;
		in = find_inside(i, arena_printf(j->arena, "scripts/%s", script));
		if (in && same_data(in, f))
			continue;
		*ret_file = f->path;
		return arena_printf(j->arena,
				    in ? "its copy of /%s is an older one"
				       : "it has no copy of /%s",
				    f->path);
	}
	if (!machine_file(j->m, OVERRIDE_SCRIPT) &&
	    find_inside(i, after_prefix(OVERRIDE_SCRIPT, "etc/initramfs-tools/"))) {
		*ret_file = OVERRIDE_SCRIPT;
		return "it still has /" OVERRIDE_SCRIPT ", which is gone from the disk";
	}
	modules_load_parse(j->arena, rule_file_text(machine_file(j->m, list)), &wanted);
	vec_foreach(w, &wanted)
		if (!loads(j, &i->load, *w)) {
			*ret_file = list;
			return arena_printf(j->arena,
					    "it does not load %s, which /%s asks for", *w,
					    list);
		}
	return NULL;
}

void check_initramfs_stale(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *file = NULL,
		   *why = j->kernel ? difference(j, j->kernel, &file) : NULL;

	if (why)
		finding_add(j, ret, r, NULL, "Run update-initramfs -u -k all.",
			    "The initramfs of kernel %s is not made from today's "
			    "configuration: %s.",
			    j->kernel->release, why)
			->file = file;
}

/* When the next boot loads @name; BOOT_PHASES: it does not. */
static enum boot_phase load_phase(const struct judged *j, const char *name)
{
	vec_foreach(s, &j->boot.steps)
		if (s->mod && streq(s->mod->name, name))
			return s->phase;
	return BOOT_PHASES;
}

static bool is_before(const struct judged *j, const char *native)
{
	const struct module *vfio = kernel_module(j->boot.kernel, "vfio_pci");
	const struct module *mod = kernel_module(j->boot.kernel, native);

	return vfio && mod && load_phase(j, "vfio_pci") != BOOT_PHASES &&
	       boot_ordered(&j->boot, vfio, mod);
}

bool rule_vfio_first(const struct judged *j, const struct pci_fn *fn)
{
	strings natives = { 0 };

	if (!j->boot.kernel || load_phase(j, "vfio_pci") == BOOT_PHASES)
		return false;
	rule_natives(j, fn, &natives);
	vec_foreach(name, &natives)
		if (load_phase(j, *name) != BOOT_PHASES && !is_before(j, *name))
			return false;
	return true;
}

bool rule_native_early(const struct judged *j, const struct pci_fn *fn)
{
	strings natives = { 0 };

	rule_natives(j, fn, &natives);
	vec_foreach(name, &natives)
		if (load_phase(j, *name) < BOOT_ROOT)
			return true;
	return false;
}

/* Is @fn given to a driver by its address before @phase? Then no ids count. */
static bool overridden_before(const struct judged *j, const struct pci_fn *fn,
			      enum boot_phase phase)
{
	vec_foreach(s, &j->boot.steps) {
		const struct boot_override o = { .bdf = s->bdf,
						 .match = s->match,
						 .serial = s->serial };

		if (!s->mod && s->phase < phase &&
		    override_matches(&o, fn->bdf, &fn->id, fn->config))
			return true;
	}
	return false;
}

/*
 * Functions whose ids vfio-pci gets and whose own driver may come first; @early: in the
 * initramfs, else later. Each module is named once, with all its functions.
 */
static void check_order(const struct rule *r, const struct judged *j, bool early,
			findings *ret)
{
	strings modules = { 0 };
	VEC(struct name_list) owners = { 0 };

	if (!j->boot.kernel || !j->ids.n)
		return;
	vec_foreach(it, &j->taken) {
		strings natives = { 0 };

		if (!rule_vfio_id(j, *it))
			continue;
		rule_natives(j, *it, &natives);
		vec_foreach(name, &natives) {
			size_t i = 0;

			if (overridden_before(j, *it, load_phase(j, *name)))
				continue;
			while (i < modules.n && !streq(modules.v[i], *name))
				i++;
			if (i == modules.n) {
				*vec_push(j->arena, &modules) = *name;
				vec_push(j->arena, &owners)->arena = j->arena;
			}
			name_list_add(&owners.v[i], rule_name(j, *it));
		}
	}
	for (size_t i = 0; i < modules.n; i++) {
		const char *name = modules.v[i];
		enum boot_phase phase = load_phase(j, name);

		if (phase == BOOT_PHASES || phase == BOOT_BUILTIN ||
		    (phase < BOOT_ROOT) != early || is_before(j, name))
			continue;
		finding_add(
			j, ret, r, NULL,
			arena_printf(j->arena,
				     "Put the line softdep %s pre: vfio-pci beside "
				     "ids= and run update-initramfs -u -k all; pcipass "
				     "apply does both.",
				     name),
			"%s %s, the driver of %s, %s.",
			early ? "The initramfs loads" : "The boot loads", name,
			name_list_text(&owners.v[i]),
			early ? "and does not load vfio-pci before it: ids= comes too "
				"late"
			      : "and vfio-pci at the same time: who is first gets the "
				"device");
	}
}

void check_native_in_initramfs(const struct rule *r, const struct judged *j,
			       findings *ret)
{
	check_order(r, j, true, ret);
}

void check_boot_race(const struct rule *r, const struct judged *j, findings *ret)
{
	check_order(r, j, false, ret);
}

void check_no_initramfs(const struct rule *r, const struct judged *j, findings *ret)
{
	size_t with = 0;

	vec_foreach(k, &j->m->kernels)
		with += k->initramfs.path != NULL;
	if (!with)
		return;
	vec_foreach(k, &j->m->kernels)
		if (!k->initramfs.path)
			finding_add(
				j, ret, r, NULL,
				arena_printf(j->arena,
					     "Run update-initramfs -c -k %s, or remove "
					     "that kernel.",
					     k->release),
				"Kernel %s is installed without an initramfs, unlike "
				"%zu other kernel%s.",
				k->release, with, with == 1 ? "" : "s");
}

/* One of vfio's modules in the image; the kernel may have it built in. */
static bool carries_vfio(const struct kernel *k)
{
	const struct module *vfio = kernel_module(k, "vfio_pci");

	return !vfio || !vfio->file || strings_have(&k->initramfs.modules, "vfio_pci");
}

void check_kernel_left_out(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *file = NULL, *why;

	if (!j->kernel || !is_known(&j->kernel->initramfs) ||
	    difference(j, j->kernel, &file))
		return; /* all are to be made anew: a finding of its own */
	vec_foreach(k, &j->m->kernels) {
		if (k == j->kernel || !k->initramfs.path)
			continue;
		why = difference(j, k, &file);
		if (!why && is_known(&k->initramfs) && carries_vfio(j->kernel) &&
		    !carries_vfio(k))
			why = "it has no vfio-pci inside";
		if (why)
			finding_add(
				j, ret, r, NULL, "Run update-initramfs -u -k all.",
				"The initramfs of kernel %s was left out when that of "
				"%s was made: %s.",
				k->release, j->kernel->release, why);
	}
}
