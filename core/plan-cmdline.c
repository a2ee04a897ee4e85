/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/cmdline.h"
#include "core/planner.h"

void plan_iommu(struct planner *p)
{
	const struct machine *m = p->j->m;
	struct iommu_request now, next;
	bool active = m->units.n > 0;

	cmdline_iommu(p->a, m->cmdline, &now);
	cmdline_iommu(p->a, p->j->next_cmdline ? p->j->next_cmdline : m->cmdline, &next);
	vec_foreach(w, &next.off_words)
		planner_add(p, &p->cmdline_remove, *w);
	/* Never amd_iommu=on: the kernel does not know it, and is on by default. */
	if (machine_acpi(m, "DMAR") && next.intel != 1 && (!active || now.intel == 1))
		planner_add(p, &p->cmdline_add, "intel_iommu=on");
}

static const char guide_step[] = "command line";
static const char normal_words[] = "GRUB_CMDLINE_LINUX_DEFAULT";

static bool is_grub_default(const char *path)
{
	return streq(path, "etc/default/grub") ||
	       (after_prefix(path, "etc/default/grub.d/") && ends_with(path, ".cfg"));
}

static void edit_words(struct planner *p, struct plan_step *s, const char *name,
		       const strings *add, const strings *remove)
{
	struct err e = { "" };
	char *text;

	if (grub_default_edit(p->a, s->path, s->after ? s->after : "", name, add, remove,
			      &text, &e) < 0)
		planner_refuse(p, NULL, arena_strdup(p->a, e.text));
	else
		s->after = text;
}

/* Take @word out wherever a file of GRUB's has it. */
static void remove_grub_word(struct planner *p, const char *word)
{
	static const char *const names[] = { normal_words, "GRUB_CMDLINE_LINUX" };
	strings remove = { .v = &word, .n = 1 }, none = { 0 };

	vec_foreach(f, &p->j->m->files) {
		struct plan_step *s;

		if (!is_grub_default(f->path) || !S_ISREG(f->mode) || !f->data.len ||
		    !strstr((const char *)f->data.data, word))
			continue;
		s = planner_draft(
			p, f->path, guide_step,
			arena_printf(p->a, "%s must go from the command line.", word));
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (strstr(s->after, names[i]))
				edit_words(p, s, names[i], &none, &remove);
	}
}

/* Files of grub.d are read after etc/default/grub, so the last that assigns has its way.
 */
static const char *guide_grub_file(struct planner *p)
{
	const char *last = p->files->grub;

	vec_foreach(f, &p->j->m->files)
		if (is_grub_default(f->path) && f->data.len &&
		    strstr((const char *)f->data.data, normal_words))
			last = streq(f->path, "etc/default/grub") ? last : f->path;
	return last;
}

/* @words: not empty. */
static const char *why_words(struct planner *p, const strings *words)
{
	const char *text = "The next boot's command line must have";

	vec_foreach(w, words)
		text = arena_printf(p->a, "%s %s", text, *w);
	return arena_printf(p->a, "%s.", text);
}

static void edit_grub(struct planner *p)
{
	const char *there = grub_cmdline(p->j->m, p->a);
	const strings none = { 0 };
	strings missing = { 0 };
	struct plan_step *s;

	vec_foreach(w, &p->cmdline_remove)
		remove_grub_word(p, *w);
	vec_foreach(w, &p->cmdline_add)
		if (!there || !cmdline_has_word(there, *w))
			*vec_push(p->a, &missing) = *w;
	p->cmdline_changed = true; /* even if only update-grub was forgotten */
	if (!missing.n)
		return;
	s = planner_draft(
		p, p->req->style == PLAN_GUIDE ? guide_grub_file(p) : p->files->grub,
		guide_step, why_words(p, &missing));
	if (p->req->style == PLAN_DROPIN && !s->after)
		s->after = OWN_HEADER "GRUB_CMDLINE_LINUX_DEFAULT="
				      "\"$GRUB_CMDLINE_LINUX_DEFAULT\"\n";
	edit_words(p, s, normal_words, &missing, &none);
}

static void edit_kernel_cmdline(struct planner *p)
{
	const strings *words = p->cmdline_add.n ? &p->cmdline_add : &p->cmdline_remove;
	const char *why =
		p->cmdline_add.n ? why_words(p, words)
				 : arena_printf(p->a, "%s must go from the command line.",
						words->v[0]);
	struct plan_step *s = planner_draft(p, "etc/kernel/cmdline", guide_step, why);
	const char *before = s->before ? s->before : "";
	size_t len = strcspn(before, "\n");

	if (!s->before) {
		planner_refuse(p, NULL,
			       "/etc/kernel/cmdline is not there, so it is unclear where "
			       "this host keeps its command line.");
		return;
	}
	s->after = arena_printf(p->a, "%s%s",
				cmdline_edit(p->a, arena_strndup(p->a, before, len),
					     &p->cmdline_add, &p->cmdline_remove),
				before + len);
}

void plan_cmdline(struct planner *p)
{
	const struct loader *l = &p->j->loader;

	if (!p->cmdline_add.n && !p->cmdline_remove.n)
		return;
	if (l->kind == LOADER_GRUB)
		edit_grub(p);
	else if (l->kind == LOADER_SYSTEMD_BOOT && l->proxmox_tool)
		edit_kernel_cmdline(p);
	else if (l->kind == LOADER_SYSTEMD_BOOT)
		planner_refuse(
			p, "unknown-loader",
			"The kernel command line must change, and this host boots by "
			"systemd-boot without proxmox-boot-tool, which pcipass cannot "
			"refresh. "
			"Add the words by hand to /etc/kernel/cmdline, run "
			"kernel-install "
			"for "
			"each kernel, reboot and try again.");
	else
		planner_refuse(
			p, "unknown-loader",
			arena_printf(
				p->a,
				"The kernel command line must change, but how this host "
				"boots is not known: %s.",
				l->evidence));
}
