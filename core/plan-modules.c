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

/* ids= on the command line counts last, so there it must be extended if it is there. */
static void ids_on_cmdline(struct planner *p, const strings *ids)
{
	strings words = { 0 };
	const char *old = NULL, *value = "";

	cmdline_split(p->a, p->j->next_cmdline ? p->j->next_cmdline : "", &words);
	vec_foreach(w, &words)
		if (after_prefix(*w, "vfio-pci.ids=") ||
		    after_prefix(*w, "vfio_pci.ids="))
			old = *w;
	if (old)
		value = strchr(old, '=') + 1;
	for (size_t i = 0; i < ids->n; i++)
		if (!strcasestr(value, ids->v[i]))
			value = *value ? arena_printf(p->a, "%s,%s", value, ids->v[i])
				       : ids->v[i];
	if (old && streq(value, strchr(old, '=') + 1))
		return;
	if (old)
		planner_add(p, &p->cmdline_remove, old);
	planner_add(p, &p->cmdline_add, arena_printf(p->a, "vfio-pci.ids=%s", value));
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

	vec_foreach(it, &p->plan->targets)
		planner_add(p, &ids,
			    arena_printf(p->a, "%04x:%04x", (*it)->id.vendor,
					 (*it)->id.device));
	if (p->vfio_builtin || (there && !there->line)) {
		ids_on_cmdline(p, &ids);
		return;
	}
	if (there && after_prefix(there->file, "etc/modprobe.d/")) {
		s = planner_draft(p, there->file, "passing through", why);
		text = edit_ids(p->a, s->after, there->line, &ids);
		if (text) {
			s->after = text;
			return;
		}
	}
	s = planner_draft(p, p->files->modprobe, "passing through", why);
	text = NULL;
	vec_foreach(id, &ids)
		text = text ? arena_printf(p->a, "%s,%s", text, *id)
			    : arena_printf(p->a, "options vfio-pci ids=%s", *id);
	*vec_push(p->a, &lines) = text;
	planner_add_lines(p, s, &lines);
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
	const struct kernel *k = machine_kernel(p->j->m, p->j->m->release);

	vec_foreach(name, &p->natives) {
		const struct module *mod = k ? kernel_module(k, *name) : NULL;
		const struct modprobe_line *there = NULL;
		const strings none = { 0 }, *pre = &none, *post = &none;
		const char *file = p->files->modprobe;
		bool own =
			mod && modprobe_softdep(&p->j->config, mod, &there, &pre, &post);
		strings line = { 0 };
		struct plan_step *s;
		char *text;

		if (own && has_vfio(pre))
			continue;
		if (there && there->line &&
		    after_prefix(there->file, "etc/modprobe.d/")) {
			s = planner_draft(p, there->file, "passing through", why);
			s->after = edit_softdep(p->a, s->after, there->line);
			continue;
		}
		text = arena_printf(p->a, "softdep %s pre: vfio-pci", *name);
		text = add_words(p->a, text, pre);
		if (post->n)
			text = add_words(p->a, arena_printf(p->a, "%s post:", text),
					 post);
		*vec_push(p->a, &line) = text;
		if (own)
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

void plan_override(struct planner *p)
{
	const char *guide = "passing through";
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
	s = planner_draft(
		p, OVERRIDE_SCRIPT, guide,
		"Gives these functions to vfio-pci in the initramfs, before any driver.");
	s->after = override_script(p->a, &fns, s->after);
	s->mode = 0755;
	s = planner_draft(p, OVERRIDE_HOOK, guide,
			  "Brings what that script needs into the initramfs.");
	s->after = override_hook();
	s->mode = 0755;
	s = planner_draft(p, OVERRIDE_RULES, guide,
			  "The same for functions that come later.");
	s->after = override_rules(p->a, &p->plan->targets, s->after);
}

/* What the guide puts into /etc/modules. */
void plan_modules(struct planner *p)
{
	static const char *const names[] = { "vfio", "vfio_iommu_type1", "vfio_pci",
					     "vfio_virqfd" };
	const struct kernel *k = machine_kernel(p->j->m, p->j->m->release);
	strings lines = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct module *mod = k ? kernel_module(k, names[i]) : NULL;

		if (!mod || !mod->file)
			continue; /* vfio_virqfd is gone since 6.2; built-ins need no load
				   */
		if (p->req->style == PLAN_GUIDE || streq(names[i], "vfio_pci"))
			*vec_push(p->a, &lines) = names[i];
	}
	if (lines.n)
		planner_add_lines(p,
				  planner_draft(p, p->files->modules, "modules",
						"vfio-pci is loaded at every start."),
				  &lines);
}
