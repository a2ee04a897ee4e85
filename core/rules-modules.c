/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

/* A kernel whose modules were recorded at all. */
static const struct kernel *known_kernel(const struct judged *j)
{
	return j->kernel && j->kernel->modules.n ? j->kernel : NULL;
}

void check_vfio_missing(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct kernel *k = known_kernel(j);

	if (k && !kernel_module(k, "vfio_pci"))
		finding_add(j, ret, r, NULL,
			    "Install the kernel package that has them (Debian: "
			    "linux-image-amd64, not the cloud flavour).",
			    "Kernel %s has no module vfio_pci.", k->release);
}

/* Lists of modules to load at boot, one a line. */
static bool is_module_list(const char *path)
{
	return streq(path, "etc/modules") || streq(path, "etc/initramfs-tools/modules") ||
	       (after_prefix(path, "etc/modules-load.d/") && ends_with(path, ".conf"));
}

void check_virqfd_gone(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct kernel *k = known_kernel(j);

	if (!k || kernel_module(k, "vfio_virqfd"))
		return;
	vec_foreach(f, &j->m->files) {
		char *text, *next;
		unsigned line = 1;

		if (!is_module_list(f->path) || !strstr(rule_file_text(f), "virqfd"))
			continue;
		text = arena_strdup(j->arena, rule_file_text(f));
		for (; text; text = next, line++) {
			strings words = { 0 };
			struct finding *found;

			next = strchr(text, '\n');
			if (next)
				*next++ = '\0';
			modules_load_parse(j->arena, text, &words);
			if (!words.n ||
			    !streq(module_normalize(j->arena, words.v[0]), "vfio_virqfd"))
				continue;
			found = finding_add(
				j, ret, r, NULL, "Take the line away.",
				"/%s asks for vfio_virqfd, which kernel %s has "
				"no more: it became a part of vfio.",
				f->path, k->release);
			found->file = f->path;
			found->line = line;
		}
	}
}

void check_vfio_builtin(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct kernel *k = known_kernel(j);
	const struct module *vfio = k ? kernel_module(k, "vfio_pci") : NULL;

	if (!vfio || vfio->file)
		return;
	vec_foreach(l, &j->config.lines) {
		struct finding *f;

		if (l->verb != MODPROBE_OPTIONS || !streq(l->arg[0], "vfio_pci") ||
		    !l->line)
			continue;
		f = finding_add(
			j, ret, r, NULL,
			"Put vfio-pci.ids=... on the kernel command line instead "
			"(pcipass apply does).",
			"vfio-pci is a part of kernel %s, so options in modprobe.d "
			"never reach it.",
			k->release);
		f->file = l->file;
		f->line = l->line;
	}
}

static bool is_vfio_options(const struct modprobe_line *l)
{
	return l->verb == MODPROBE_OPTIONS && streq(l->arg[0], "vfio_pci");
}

static struct finding *at_line(struct finding *f, const struct modprobe_line *l)
{
	f->file = l->file;
	f->line = l->line;
	return f;
}

void check_ids_malformed(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(l, &j->config.lines) {
		vfio_ids ids = { 0 };

		if (!is_vfio_options(l))
			continue;
		vfio_parse_ids(j->arena, l->arg[1], &ids);
		vec_foreach(id, &ids)
			if (id->bad)
				at_line(finding_add(
						j, ret, r, NULL,
						"Write ids=1234:5678,4321:8765: a colon "
						"inside an id, a comma between ids, no "
						"blanks.",
						"ids= has \"%s\", which vfio-pci does "
						"not take: %s.",
						id->text, id->bad),
					l);
			else if (id->ignored)
				at_line(finding_add(j, ret, r, NULL,
						    "Join ids by commas: ids=1234:5678,"
						    "4321:8765.",
						    "ids= has \"%s\", of which vfio-pci "
						    "drops "
						    "\"%s\" without a word.",
						    id->text, id->ignored),
					l);
	}
}

/* drivers/vfio/pci/vfio_pci.c and vfio_pci_core.c: module_param*() */
static bool is_vfio_option(const char *word)
{
	static const char *const names[] = { "ids",          "nointxmask",
					     "disable_vga",  "disable_idle_d3",
					     "enable_sriov", "disable_denylist",
					     "dyndbg" };
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == n && strncmp(word, names[i], n) == 0)
			return true;
	return false;
}

void check_vfio_option_unknown(const struct rule *r, const struct judged *j,
			       findings *ret)
{
	vec_foreach(l, &j->config.lines) {
		strings words = { 0 };

		if (!is_vfio_options(l))
			continue;
		cmdline_split(j->arena, l->arg[1], &words);
		vec_foreach(w, &words)
			if (!is_vfio_option(*w))
				at_line(finding_add(
						j, ret, r, NULL,
						"The guide's form is: options vfio-pci "
						"ids=1234:5678,4321:8765",
						"vfio-pci has no option \"%s\" and "
						"ignores "
						"it.",
						*w),
					l);
	}
}

void check_modprobe_line_bad(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(l, &j->config.lines)
		if (l->verb == MODPROBE_BAD)
			at_line(finding_add(j, ret, r, NULL,
					    "Correct the line, see man modprobe.d.",
					    "modprobe ignores a line of its "
					    "configuration: %s.",
					    l->arg[0]),
				l);
}

void check_modprobe_file_ignored(const struct rule *r, const struct judged *j,
				 findings *ret)
{
	/* What editors and dpkg leave behind is meant to be ignored. */
	static const char *const leftovers[] = { "~",          ".bak",      ".dpkg-old",
						 ".dpkg-dist", ".dpkg-new", ".dpkg-bak",
						 ".ucf-dist",  ".swp",      ".save",
						 ".orig" };

	vec_foreach(f, &j->m->files) {
		const char *name = after_prefix(f->path, "etc/modprobe.d/");
		bool left = false;

		if (!name || ends_with(name, ".conf"))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(leftovers); i++)
			left |= ends_with(name, leftovers[i]);
		if (left || !(strstr(rule_file_text(f), "vfio") ||
			      strstr(rule_file_text(f), "blacklist")))
			continue;
		finding_add(
			j, ret, r, NULL,
			arena_printf(j->arena, "Rename it to /%s.conf.", f->path),
			"modprobe reads only files whose name ends with .conf; /%s is "
			"ignored.",
			f->path)
			->file = f->path;
	}
}

static bool same_id(const struct pci_id *a, const struct pci_id *b)
{
	return a->vendor == b->vendor && a->device == b->device &&
	       a->subvendor == b->subvendor && a->subdevice == b->subdevice &&
	       a->class == b->class && a->class_mask == b->class_mask;
}

/* Ids of earlier ids= that the last one, which alone counts, does not have. */
static void find_lost_ids(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(l, &j->config.lines) {
		struct name_list lost = { .arena = j->arena };
		vfio_ids ids = { 0 };

		if (!is_vfio_options(l))
			continue;
		vfio_parse_ids(j->arena, l->arg[1], &ids);
		vec_foreach(id, &ids) {
			bool kept = id->bad;

			vec_foreach(k, &j->ids)
				kept |= !k->bad && same_id(&k->id, &id->id);
			if (!kept)
				name_list_add(&lost, id->text);
		}
		if (lost.names.n)
			at_line(finding_add(j, ret, r, NULL,
					    "Put all ids into one ids= list.",
					    "ids= is given more than once and the kernel "
					    "keeps only the last: %s here has no effect.",
					    name_list_text(&lost)),
				l);
	}
}

/* "softdep vfio_pci pre: nouveau" loads the wrong one first. */
static void find_backward_softdep(const struct rule *r, const struct judged *j,
				  findings *ret)
{
	strings natives = { 0 };

	vec_foreach(l, &j->config.lines) {
		if (l->verb != MODPROBE_SOFTDEP || !streq(l->arg[0], "vfio_pci") ||
		    !l->pre.n)
			continue;
		if (!natives.n)
			vec_foreach(it, &j->taken)
				rule_natives(j, *it, &natives);
		vec_foreach(pre, &l->pre)
			if (strings_have(&natives, module_normalize(j->arena, *pre)))
				at_line(finding_add(
						j, ret, r, NULL,
						arena_printf(j->arena,
							     "Turn it round: softdep %s "
							     "pre: vfio-pci",
							     *pre),
						"softdep loads %s before vfio-pci, so %s "
						"takes the device.",
						*pre, *pre),
					l);
	}
}

void check_vfio_contradiction(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct modprobe_line *l = modprobe_blacklisted(&j->config, "vfio_pci");

	find_lost_ids(r, j, ret);
	if (l)
		at_line(finding_add(
				j, ret, r, NULL, "Take the line away.",
				"vfio-pci itself is blacklisted: /etc/modules does not "
				"load it then."),
			l);
}

void check_vfio_kept_out(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct modprobe_line *l = modprobe_install(&j->config, "vfio_pci");

	find_backward_softdep(r, j, ret);
	if (l && !strstr(l->arg[1], "modprobe"))
		at_line(finding_add(
				j, ret, r, NULL, "Take the line away.",
				"An install line replaces loading vfio-pci by \"%s\".",
				l->arg[1]),
			l);
}

void check_ids_take_others(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(fn, &j->m->fns) {
		const struct vfio_id *id = rule_vfio_id(j, fn);

		/* What the next boot does anyway is no news. */
		if (!id || !rule_host_driven(fn) || rule_is_taken(j, fn) ||
		    cfg_is_bridge(fn->config) || rule_vfio_first(j, fn))
			continue;
		finding_add(j, ret, r, fn,
			    arena_printf(j->arena,
					 "Take %s out of ids=, or ask for this device, "
					 "too.",
					 id->text),
			    "ids= has %s, which is %s: its driver %s loses it as soon as "
			    "vfio-pci is loaded before that.",
			    id->text, rule_name(j, fn), fn->driver);
	}
}

void check_both_methods(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->asked) {
		strings natives = { 0 };

		if (!rule_vfio_id(j, *it))
			continue;
		rule_natives(j, *it, &natives);
		vec_foreach(name, &natives) {
			const struct modprobe_line *l =
				modprobe_blacklisted(&j->config, *name);

			if (l)
				at_line(finding_add(
						j, ret, r, *it, NULL,
						"%s has its ids with vfio-pci and its "
						"driver %s blacklisted: one of the "
						"guide's "
						"two methods is enough.",
						rule_name(j, *it), *name),
					l);
		}
	}
}

void check_driver_builtin(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct kernel *k = known_kernel(j);
	const struct module *vfio = k ? kernel_module(k, "vfio_pci") : NULL;

	if (!k || (vfio && !vfio->file))
		return;
	vec_foreach(it, &j->taken) {
		strings natives = { 0 };

		if (rule_has_vfio(*it))
			continue;
		rule_natives(j, *it, &natives);
		vec_foreach(name, &natives) {
			const struct module *mod = kernel_module(k, *name);

			if (!mod || mod->file)
				continue;
			finding_add(
				j, ret, r, *it,
				"Boot a kernel that has this driver as a module.",
				"The driver of %s, %s, is a part of kernel %s: it takes "
				"the function before any module is loaded.",
				rule_name(j, *it), *name, k->release);
			break;
		}
	}
}
