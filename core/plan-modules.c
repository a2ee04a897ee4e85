/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/cmdline.h"
#include "core/plan-edit.h"
#include "core/plan-override.h"
#include "core/planner.h"

/* The last `options vfio-pci ids=` that modprobe obeys, or NULL. */
static const struct modprobe_line *ids_line(struct planner *p)
{
	const struct modprobe_line *last = NULL;

	vec_foreach(l, &p->j->config.lines)
		if (l->verb == MODPROBE_OPTIONS && streq(l->arg[0], "vfio_pci") &&
		    strstr(l->arg[1], "ids="))
			last = l;
	return last;
}

/* Those of the targets' ids that vfio-pci is not given yet. */
static void missing_ids(struct planner *p, strings *ret)
{
	const vfio_ids *have = &p->j->ids;
	vfio_ids given = { 0 };

	/* A vfio-pci in the kernel never sees modprobe.d. */
	if (p->vfio_builtin) {
		const char *value =
			cmdline_get(p->a, p->j->next_cmdline ? p->j->next_cmdline : "",
				    "vfio-pci.ids");

		if (value)
			vfio_parse_ids(p->a, arena_printf(p->a, "ids=%s", value), &given);
		have = &given;
	}
	vec_foreach(it, &p->plan->targets) {
		const struct pci_ident *id = &(*it)->id;
		bool found = false;

		vec_foreach(h, have)
			found |= !h->bad && pci_id_matches(&h->id, id);
		if (!found)
			planner_add(
				p, ret,
				arena_printf(p->a, "%04x:%04x", id->vendor, id->device));
	}
}

static char *join(struct arena *a, const char *list, const strings *ids)
{
	char *text = arena_strdup(a, list);

	vec_foreach(id, ids)
		text = arena_printf(a, "%s%s%s", text, *text ? "," : "", *id);
	return text;
}

/* The value of vfio-pci.ids= in a word of the command line, without quotes; or NULL. */
static char *word_ids(struct arena *a, const char *word)
{
	const char *value = after_prefix(word, "vfio-pci.ids=");
	size_t len;

	if (!value)
		value = after_prefix(word, "vfio_pci.ids=");
	if (!value)
		return NULL;
	value += *value == '"';
	len = strlen(value);
	return arena_strndup(a, value, len - (len && value[len - 1] == '"'));
}

/* ids= on the command line counts last, so there it must be extended if it is there. */
static void ids_on_cmdline(struct planner *p, const strings *ids, bool there)
{
	strings words = { 0 };
	const char *old = NULL, *value = "";

	cmdline_split(p->a, p->j->next_cmdline ? p->j->next_cmdline : "", &words);
	vec_foreach(w, &words)
		if (word_ids(p->a, *w)) {
			old = *w;
			value = word_ids(p->a, *w);
		}
	if ((there && !old) || strpbrk(value, " \t\"")) {
		planner_refuse(p, NULL,
			       "The kernel command line gives vfio-pci its ids in a form "
			       "that pcipass does not edit; write them as "
			       "vfio-pci.ids=1234:5678,...");
		return;
	}
	if (old)
		planner_add(p, &p->cmdline_remove, old);
	planner_add(p, &p->cmdline_add,
		    arena_printf(p->a, "vfio-pci.ids=%s", join(p->a, value, ids)));
}

void plan_ids(struct planner *p)
{
	const struct modprobe_line *there = ids_line(p);
	const char *why =
		"The host must not use these functions: vfio-pci gets them by their "
		"ids.";
	strings ids = { 0 }, lines = { 0 };
	struct plan_step *s;
	char *text;

	missing_ids(p, &ids);
	if (!ids.n)
		return;
	if (p->vfio_builtin || (there && !there->line)) {
		ids_on_cmdline(p, &ids, there && !there->line);
		return;
	}
	if (!there) {
		s = planner_draft(p, p->files->modprobe, "passing through", why);
		*vec_push(p->a, &lines) = arena_printf(p->a, "options vfio-pci ids=%s",
						       join(p->a, "", &ids));
		planner_add_lines(p, s, &lines);
		return;
	}
	/* Only the last ids= counts, so it must be that one. */
	text = NULL;
	if (after_prefix(there->file, "etc/modprobe.d/")) {
		s = planner_draft(p, there->file, "passing through", why);
		text = s->after ? edit_ids(p->a, s->after, there->line, &ids) : NULL;
		if (text)
			s->after = text;
	}
	if (!text)
		planner_refuse(p, NULL,
			       arena_printf(p->a,
					    "/%s:%u gives vfio-pci its ids and counts "
					    "last, but is not a line that pcipass can "
					    "extend. Move it to /etc/modprobe.d.",
					    there->file, there->line));
}

static bool has_vfio(const strings *list)
{
	return strings_have(list, "vfio_pci") || strings_have(list, "vfio-pci");
}

static char *add_words(struct arena *a, char *text, const strings *words)
{
	vec_foreach(w, words)
		text = arena_printf(a, "%s %s", text, *w);
	return text;
}

/*
 * Without the softdep a driver that the initramfs carries is there first, and the guide
 * fails on Debian's default. kmod obeys the first softdep line it reads for a module, the
 * module's own counting as a file named "modules.softdep": so a line that counts is
 * extended, and one of ours that must come before the module's own repeats that.
 */
void plan_softdeps(struct planner *p)
{
	const char *why =
		"vfio-pci must be loaded before the drivers that would take these "
		"functions.";
	const struct kernel *k = p->kernel;

	if (p->vfio_builtin)
		return; /* it is there before every module */
	vec_foreach(name, &p->natives) {
		const struct module *mod = k ? kernel_module(k, *name) : NULL;
		const struct modprobe_line *there = NULL;
		const strings none = { 0 }, *pre = &none, *post = &none;
		const char *file = p->files->modprobe;
		bool some =
			mod && modprobe_softdep(&p->j->config, mod, &there, &pre, &post);
		strings line = { 0 };
		struct plan_step *s;
		char *text;

		if (some && has_vfio(pre))
			continue;
		if (there && there->line &&
		    after_prefix(there->file, "etc/modprobe.d/")) {
			s = planner_draft(p, there->file, "passing through", why);
			if (s->after)
				s->after = edit_softdep(p->a, s->after, there->line);
			continue;
		}
		if (there &&
		    strcmp(path_name(there->file), path_name(OWN_MODPROBE)) <= 0) {
			planner_refuse(
				p, NULL,
				arena_printf(p->a,
					     "/%s:%u is the softdep that counts for %s, "
					     "before any that pcipass could write. Copy "
					     "that file to /etc/modprobe.d.",
					     there->file, there->line, *name));
			return;
		}
		text = arena_printf(p->a, "softdep %s pre: vfio-pci", *name);
		text = add_words(p->a, text, pre);
		if (post->n)
			text = add_words(p->a, arena_printf(p->a, "%s post:", text),
					 post);
		*vec_push(p->a, &line) = text;
		if (some)
			file = OWN_MODPROBE; /* sorts before what counts now */
		planner_add_lines(p, planner_draft(p, file, "passing through", why),
				  &line);
	}
}

void plan_blacklist(struct planner *p)
{
	strings lines = { 0 };

	vec_foreach(name, &p->natives)
		if (!modprobe_blacklisted(&p->j->config, *name))
			*vec_push(p->a, &lines) =
				arena_printf(p->a, "blacklist %s", *name);
	if (lines.n)
		planner_add_lines(p,
				  planner_draft(p, p->files->blacklist, "passing through",
						"The host must not use these functions: "
						"their drivers are "
						"never loaded by udev."),
				  &lines);
}

static void override_at_boot(struct planner *p, const fn_list *fns)
{
	struct plan_step *s = planner_draft(
		p, OVERRIDE_SCRIPT, "passing through",
		"Gives these functions to vfio-pci in the initramfs, before any driver.");

	s->after = override_script(p->a, fns, s->after);
	s->mode = 0755;
	s = planner_draft(p, OVERRIDE_HOOK, "passing through",
			  "Brings what that script needs into the initramfs.");
	s->after = override_hook();
	s->mode = 0755;
}

void plan_override(struct planner *p)
{
	struct plan_step *s;
	fn_list fns = { 0 };

	vec_foreach(it, &p->plan->targets)
		if ((*it)->is_vf)
			planner_note(
				p,
				"Virtual functions do not exist while the host boots; a "
				"udev rule gives them to vfio-pci when they appear.");
		else
			*vec_push(p->a, &fns) = *it;
	if (fns.n)
		override_at_boot(p, &fns);
	s = planner_draft(p, OVERRIDE_RULES, "passing through",
			  "The same for functions that come later.");
	s->after = override_rules(p->a, &p->plan->targets, s->after);
}

/* Does systemd-modules-load load @name already, whoever asked for it? */
static bool is_listed(struct planner *p, const char *name)
{
	vec_foreach(f, &p->j->m->files) {
		strings lines = { 0 };

		if (!S_ISREG(f->mode) || !f->data.len ||
		    !(streq(f->path, "etc/modules") ||
		      (strstr(f->path, "modules-load.d/") &&
		       ends_with(f->path, ".conf"))))
			continue;
		modules_load_parse(p->a, (const char *)f->data.data, &lines);
		vec_foreach(l, &lines)
			if (streq(module_normalize(p->a, *l), name))
				return true;
	}
	return false;
}

/* What the guide puts into /etc/modules. */
void plan_modules(struct planner *p)
{
	static const char *const names[] = { "vfio", "vfio_iommu_type1", "vfio_pci",
					     "vfio_virqfd" };
	const struct kernel *k = p->kernel;
	strings lines = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct module *mod = k ? kernel_module(k, names[i]) : NULL;

		/* vfio_virqfd is gone since 6.2; built-ins need no load. */
		if (!mod || !mod->file || is_listed(p, names[i]))
			continue;
		if (p->req->style == PLAN_GUIDE || streq(names[i], "vfio_pci"))
			*vec_push(p->a, &lines) = names[i];
	}
	if (lines.n)
		planner_add_lines(p,
				  planner_draft(p, p->files->modules, "modules",
						"vfio-pci is loaded at every start."),
				  &lines);
}
