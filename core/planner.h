/* SPDX-License-Identifier: GPL-2.0-or-later */
/* planner - a plan under construction; shared by the plan-*.c files and nobody else. */
#pragma once

#include "core/plan.h"

#define OWN_HEADER "# Written by pcipass; `pcipass undo` takes it back.\n"

#define OWN_MODPROBE "etc/modprobe.d/00-pcipass.conf"

/* Where a style puts things. */
struct style_files {
	const char *modprobe, *blacklist, *modules, *grub;
};

struct planner {
	const struct judged *j;
	const struct plan_request *req;
	struct plan *plan;
	struct arena *a;
	const struct style_files *files;
	const struct kernel *kernel; /* the next boot's, or any; NULL: none is there */
	findings found;              /* of judge() for what was asked */
	strings natives;             /* modules that may claim a target */
	bool vfio_builtin;
	bool modprobe_changed, cmdline_changed;
	strings cmdline_add, cmdline_remove;
};

/* The first reason counts; @rule may be NULL. */
void planner_refuse(struct planner *p, const char *rule, const char *why);
void planner_note(struct planner *p, const char *text);
/* Add @s unless it is there. */
void planner_add(struct planner *p, strings *list, const char *s);
/* The step that changes @path, begun with the file as it is; borrowed until the next one.
 * Where the file must not be touched the plan is refused.
 */
struct plan_step *planner_draft(struct planner *p, const char *path, const char *guide,
				const char *why);
void planner_add_lines(struct planner *p, struct plan_step *s, const strings *lines);

/* plan-modules.c: files that decide who gets the functions */
void plan_ids(struct planner *p);
void plan_softdeps(struct planner *p);
void plan_blacklist(struct planner *p);
void plan_override(struct planner *p);
void plan_modules(struct planner *p);

/* plan-cmdline.c: the kernel command line */
void plan_iommu(struct planner *p);   /* collects words */
void plan_cmdline(struct planner *p); /* edits the loader's files */
