/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/grouping-why.h"
#include "core/machine-json.h"
#include "core/report-groups.h"
#include "core/report.h"
#include "fakesys/profile.h"
#include "tools/groups.h"
#include "tools/print.h"
#include "tools/subject.h"

struct groups_run {
	const struct groups_options *o;
	struct machine *m;
	struct forecast_want want;
	struct forecast forecast;
	const struct kernel_profile *profile; /* of the kernel in question */
	bool proven;
	json_t *report;
};

/* "LEFT=RIGHT"; the left part in @a. */
static int split(struct arena *a, const char *option, const char *text, const char *what,
		 const char **ret_left, const char **ret_right, struct err *e)
{
	const char *at = strchr(text, '=');

	if (!at || at == text || !at[1])
		return err_set(e, -EINVAL, "--%s=%s: it takes %s", option, text, what);
	*ret_left = arena_strndup(a, text, (size_t)(at - text));
	*ret_right = at + 1;
	return 0;
}

static int read_vfs(struct groups_run *r, struct err *e)
{
	const char *number;
	char *end;
	int code = split(r->m->arena, "vfs", r->o->vfs, "DEVICE=NUMBER", &r->want.pf,
			 &number, e);

	if (code < 0)
		return code;
	r->want.vfs = (unsigned)strtoul(number, &end, 10);
	if (*end || *number < '0' || *number > '9' || r->want.vfs > 65535)
		return err_set(e, -EINVAL, "--vfs=%s: %s is no number of functions",
			       r->o->vfs, number);
	return 0;
}

static int read_options(struct groups_run *r, struct err *e)
{
	const struct groups_options *o = r->o;
	const struct kernel_profile *now, *then;
	struct arena *a = r->m->arena;
	int code = 0;

	now = then = profile_for(r->m, &r->proven);
	if (o->kernel && subject_profile(o->kernel, &then, e) != VERB_YES)
		return -EINVAL;
	r->proven |= o->kernel != NULL;
	r->profile = then;
	r->want.now = grouping_want_of(&now->grouping, r->m->release, &r->m->klog);
	r->want.then = grouping_want_of(&then->grouping, r->m->release, &r->m->klog);
	if (o->acs_override || o->cmdline) {
		r->want.added = arena_printf(a, "%s%s%s", o->cmdline ? o->cmdline : "",
					     o->acs_override ? " pcie_acs_override=" : "",
					     o->acs_override ? o->acs_override : "");
		r->want.then.cmdline =
			arena_printf(a, "%s %s", r->m->cmdline, r->want.added);
	}
	r->want.then.kernel.override |= o->acs_override != NULL;
	if (o->move)
		code = split(a, "move", o->move, "DEVICE=PORT", &r->want.card,
			     &r->want.slot, e);
	if (code >= 0 && o->vfs)
		code = read_vfs(r, e);
	return code;
}

/*
 * The functions that @text means, by the address they have now or will have; about
 * bridges, too, somebody may ask.
 */
static int find_fns(struct groups_run *r, const char *text, fn_list *ret, struct err *e)
{
	const struct grouping *now = &r->forecast.now, *then = &r->forecast.then;
	const struct pci_fn *fn;
	struct bdf bdf;
	int n = bdf_parse(text, &bdf);

	if (n <= 0 || text[n])
		return machine_find(then->m, r->m->arena, text, ret, e);
	fn = machine_fn(now->m, bdf);
	if (fn)
		fn = &then->m->fns.v[r->forecast.then_fn[fn - now->m->fns.v]];
	else
		fn = machine_fn(then->m, bdf);
	if (!fn)
		return err_set(e, -ENODEV, "%s: there is no such function", text);
	*vec_push(r->m->arena, ret) = fn;
	return 0;
}

/* --why: one function, or why two share their group. */
static int explain(struct groups_run *r, struct err *e)
{
	struct grouping *g = &r->forecast.then;
	char *save = NULL, *words = arena_strdup(r->m->arena, r->o->why);
	json_t *asked = json_array();
	fn_list list = { 0 };
	strings why = { 0 };

	json_object_set_new(r->report, "asked", asked);
	for (char *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		int code = find_fns(r, w, &list, e);

		if (code < 0)
			return code;
	}
	if (!list.n)
		return err_set(e, -EINVAL, "--why=%s: it takes DEVICE[,DEVICE]",
			       r->o->why);
	vec_foreach(it, &list)
		json_array_append_new(asked,
				      report_group_of(g, (uint32_t)(*it - g->m->fns.v)));
	if (list.n == 2) {
		grouping_why_pair(g, (uint32_t)(list.v[0] - g->m->fns.v),
				  (uint32_t)(list.v[1] - g->m->fns.v), &why);
		json_object_set_new(r->report, "pair", report_strings(&why));
	}
	return 0;
}

static int make_report(struct groups_run *r, struct err *e)
{
	const struct groups_options *o = r->o;
	int code = read_options(r, e);

	if (code >= 0)
		code = forecast_make(r->m, &r->want, r->m->arena, &r->forecast, e);
	if (code < 0)
		return code;
	r->report = report_groups(&r->forecast.then);
	json_object_set_new(r->report, "machine", report_string(r->m->name));
	json_object_set_new(r->report, "profile", json_string(r->profile->name));
	json_object_set_new(r->report, "proven", json_boolean(r->proven));
	if (o->kernel || o->acs_override || o->cmdline || o->move || o->vfs)
		json_object_set_new(r->report, "forecast", report_forecast(&r->forecast));
	return o->why ? explain(r, e) : 0;
}

int groups_command(const char *fixture, const struct groups_options *o, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	struct groups_run r = { .o = o };
	struct printer p;
	int status = VERB_YES;

	if (machine_load(fixture, &m, e) < 0)
		return VERB_INPUT;
	r.m = m;
	if (make_report(&r, e) < 0) {
		status = VERB_INPUT;
	} else if (o->json) {
		json_dumpf(r.report, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printer_init(&p, stdout, COLOUR_AUTO);
		report_add_names(r.report, r.forecast.then.m);
		report_shorten(r.report, r.forecast.then.m);
		report_clean(r.report, &p);
		print_groups(&p, r.report);
	}
	json_decref(r.report);
	return status;
}
