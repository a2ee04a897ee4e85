/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan - what to change on a machine so that functions can be passed through after a
 * reboot: a pure function of the facts and the request, as ordered steps, each with its
 * inverse.
 */
#pragma once

#include "core/finding.h"

enum plan_method {
	PLAN_AUTO,
	PLAN_IDS,       /* options vfio-pci ids=..., and softdeps */
	PLAN_BLACKLIST, /* blacklist the native driver */
	PLAN_OVERRIDE,  /* driver_override for these functions alone, set before udev */
};
enum plan_style {
	PLAN_DROPIN, /* own files beside the distribution's */
	PLAN_GUIDE,  /* the files that the guide names */
};
int plan_method_parse(const char *s, enum plan_method *ret); /* -EINVAL */
int plan_style_parse(const char *s, enum plan_style *ret);
const char *plan_method_name(enum plan_method m);
const char *plan_style_name(enum plan_style s);

struct plan_request {
	fn_list fns; /* what the user named */
	enum plan_method method;
	enum plan_style style;
	const char
		*allow; /* guard findings' ids the user overrides, by commas; or NULL */
};

enum plan_kind {
	PLAN_FILE,   /* put `after` at `path` */
	PLAN_RUN,    /* run argv; it regenerates the files in `makes` */
	PLAN_REBOOT, /* the user's to do; nothing comes after it */
};

struct plan_step {
	enum plan_kind kind;
	const char *why;   /* one sentence */
	const char *guide; /* step of the guide it belongs to */
	/* PLAN_FILE */
	const char *path;
	const char *before; /* NULL: there is no such file */
	const char *after;
	mode_t mode; /* permissions of a new file */
	/* PLAN_RUN; the inverse is the same command, after the files are back */
	strings argv;
	strings makes; /* paths saved before and given back by undo */
	bool renames;  /* it replaces them by rename, so a hard link keeps the old one */
	/*
	 * Proof that the change arrived in what boots: after the command (update-grub),
	 * the default boot entry has the words of proof and none of gone. Both empty:
	 * nothing to prove.
	 */
	strings proof, gone;
};

struct plan {
	enum plan_method method; /* never PLAN_AUTO */
	enum plan_style style;
	const char *reason; /* why this method */
	const char
		*refused; /* NULL, or why nothing can be planned; steps is empty then */
	const char *refused_rule; /* id of the finding that refuses, or NULL */
	fn_list targets; /* functions that shall get vfio-pci, companions included */
	VEC(struct plan_step) steps; /* empty: it is so already */
	strings notes; /* what the user should know: companions taken along, ... */
	bool reboot;   /* steps end with one */
};

/*
 * Never fails: what cannot be planned is a plan with `refused`. @j must hold the
 * requested functions as j->asked.
 */
void plan_make(const struct judged *j, const struct plan_request *req, struct plan *ret);

/* For people: the steps as unified diffs and commands, or as a shell script. */
char *plan_diff(const struct plan *p, struct arena *a);
char *plan_script(const struct plan *p, struct arena *a);
/* @word as one word of a shell: in single quotes, each ' in it as '\''. */
char *shell_quoted(struct arena *a, const char *word);
