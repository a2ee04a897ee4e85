/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/inventory.h"
#include "core/report.h"
#include "fakesys/rehearse.h"

/* The drivers of all functions at one moment, parallel to machine.fns. */
typedef const char **drivers;

struct rehearsal {
	const struct machine *m;
	const struct kernel_profile *profile;
	const struct request *r;
	struct arena *a;
	struct sim *sim;
	struct host host;
	struct err *e;
	json_t *problems;
	drivers recorded, baseline, after, undone;
};

PRINTF(2, 3)
static void problem(struct rehearsal *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	json_array_append_new(h->problems, report_string(arena_vprintf(h->a, fmt, ap)));
	va_end(ap);
}

static bool same_driver(const char *x, const char *y)
{
	return x && y ? streq(x, y) : x == y;
}

static const char *driver_name(const char *driver)
{
	return driver ? driver : "no driver";
}

static drivers recorded_drivers(struct rehearsal *h)
{
	drivers d = arena_alloc(h->a, (h->m->fns.n + 1) * sizeof(*d));

	for (size_t i = 0; i < h->m->fns.n; i++)
		d[i] = h->m->fns.v[i].driver;
	return d;
}

static drivers booted_drivers(struct rehearsal *h, const struct boot_report *boot)
{
	drivers d = arena_alloc(h->a, (h->m->fns.n + 1) * sizeof(*d));

	for (size_t i = 0; i < boot->fns.n; i++)
		d[i] = arena_strdup(h->a, boot->fns.v[i].driver);
	return d;
}

static bool is_target(const json_t *plan, const char *bdf)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(plan, "targets"), i,
			   item) if (streq(json_string_value(item), bdf)) return true;
	return false;
}

/* What became of every function, by the boot's own words. */
static json_t *changes(struct rehearsal *h, drivers before, drivers after,
		       const struct boot_report *boot, const json_t *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->m->fns.n; i++) {
		const struct pci_fn *fn = &h->m->fns.v[i];
		json_t *c = report_function(fn, NULL);
		char bdf[BDF_SIZE];

		bdf_format(fn->bdf, bdf);
		json_object_set_new(c, "before", report_string(before[i]));
		json_object_set_new(c, "after", report_string(after[i]));
		json_object_set_new(c, "why", report_string(boot->fns.v[i].why));
		json_object_set_new(c, "race", report_string(boot->fns.v[i].race));
		json_object_set_new(c, "target", json_boolean(is_target(plan, bdf)));
		json_array_append_new(list, c);
	}
	return list;
}

static json_t *boot_json(const struct boot_report *boot)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o}", "release", report_string(boot->release),
		"cmdline", report_string(boot->cmdline), "entry",
		report_string(boot->entry), "timeline", report_strings(&boot->timeline),
		"notes", report_strings(&boot->notes));
}

/* What the boot did to functions nobody asked about, and whether chance has a say. */
static void judge_boot(struct rehearsal *h, const struct boot_report *boot,
		       const json_t *plan)
{
	char bdf[BDF_SIZE];

	for (size_t i = 0; i < h->m->fns.n; i++) {
		const char *race = boot->fns.v[i].race;

		bdf_format(h->m->fns.v[i].bdf, bdf);
		if (is_target(plan, bdf)) {
			if (race)
				problem(h, "%s: chance decides: %s", bdf, race);
		} else if (!same_driver(h->baseline[i], h->after[i])) {
			problem(h, "%s was not asked for and goes from %s to %s", bdf,
				driver_name(h->baseline[i]), driver_name(h->after[i]));
		}
	}
}

/* ---- the disk before and after ---- */

struct disk_file {
	const char *path;
	uint64_t sum;
	struct host_stat st;
};
typedef VEC(struct disk_file) disk_files;

struct snapshot_arg {
	struct rehearsal *h;
	disk_files *files;
};

static int add_disk_file(void *arg, const char *path)
{
	struct snapshot_arg *s = arg;
	struct rehearsal *h = s->h;
	struct disk_file *f;

	/* The journal stays; it is the record of what was done. */
	if (after_prefix(path, JOURNAL_DIR))
		return 0;
	f = vec_push(h->a, s->files);
	f->path = arena_strdup(h->a, path);
	f->sum = journal_sum(&h->host, path);
	return disk_stat(sim_disk(h->sim), path, &f->st);
}

static void snapshot(struct rehearsal *h, disk_files *ret)
{
	struct snapshot_arg arg = { h, ret };

	disk_each(sim_disk(h->sim), add_disk_file, &arg);
}

/* Paths (both lists are sorted) that are not the same in @x and @y. */
static json_t *differences(const disk_files *x, const disk_files *y)
{
	json_t *list = json_array();
	size_t i = 0, k = 0;

	while (i < x->n || k < y->n) {
		const struct disk_file *f = i < x->n ? &x->v[i] : NULL;
		const struct disk_file *g = k < y->n ? &y->v[k] : NULL;
		int order = !f ? 1 : !g ? -1 : strcmp(f->path, g->path);

		if (order || f->sum != g->sum || f->st.mode != g->st.mode ||
		    f->st.uid != g->st.uid || f->st.gid != g->st.gid)
			json_array_append_new(
				list, report_string(order <= 0 ? f->path : g->path));
		i += order <= 0;
		k += order >= 0;
	}
	return list;
}

/* ---- the acts ---- */

static int verify(struct rehearsal *h, json_t **ret)
{
	AUTOMACHINE struct machine *now = NULL;
	const json_t *device;
	size_t i;
	int r = inventory_read(&h->host, INV_FUNCTIONS | INV_FACTS, &now, h->e);

	if (r < 0)
		return r;
	r = verb_verify(now, h->r, ret, h->e);
	if (r == VERB_NO)
		json_array_foreach(
			json_object_get(*ret, "devices"), i,
			device) if (!json_is_true(json_object_get(device, "ready")))
			problem(h, "%s is not ready: %s",
				json_string_value(json_object_get(device, "bdf")),
				json_string_value(json_object_get(device, "why")));
	return r;
}

/* The machine as it was recorded, running. */
static int fresh_copy(struct rehearsal *h)
{
	sim_free(h->sim);
	h->sim = NULL;
	if (sim_new(h->m, h->profile, &h->sim, h->e) < 0)
		return -VERB_INPUT; /* what was recorded makes no machine */
	h->host = sim_host(h->sim);
	return 0;
}

/* The boot of the unchanged twin, against what was recorded: how far to trust the rest.
 */
static int play_baseline(struct rehearsal *h, json_t **ret)
{
	const struct boot_report *boot;
	int r = sim_reboot(h->sim, &boot, h->e);

	if (r < 0)
		return err_prefix(h->e, -EIO,
				  "the simulated copy does not boot even unchanged");
	h->baseline = booted_drivers(h, boot);
	*ret = json_array();
	for (size_t i = 0; i < h->m->fns.n; i++) {
		char bdf[BDF_SIZE];

		/* Virtual functions come later in the life of a host than a boot. */
		if (h->m->fns.v[i].is_vf || same_driver(h->recorded[i], h->baseline[i]))
			continue;
		json_array_append_new(
			*ret,
			report_string(arena_printf(
				h->a,
				"%s: recorded with %s, the simulated boot gives it %s "
				"(%s)",
				bdf_format(h->m->fns.v[i].bdf, bdf),
				driver_name(h->recorded[i]), driver_name(h->baseline[i]),
				boot->fns.v[i].why)));
	}
	return 0;
}

static int play_undo(struct rehearsal *h, bool applied, const disk_files *before,
		     const json_t *plan, json_t **ret)
{
	const struct boot_report *boot;
	disk_files now = { 0 };
	json_t *undo = NULL, *left;
	int r = applied ? verb_undo(&h->host, h->r, &undo, h->e) : 0;

	json_decref(undo);
	if (r)
		return -EIO;
	snapshot(h, &now);
	left = differences(before, &now);
	r = sim_reboot(h->sim, &boot, h->e);
	if (r < 0) {
		json_decref(left);
		return err_prefix(h->e, -EIO, "after undo the machine does not boot");
	}
	h->undone = booted_drivers(h, boot);
	for (size_t i = 0; i < h->m->fns.n; i++)
		if (!same_driver(h->baseline[i], h->undone[i])) {
			problem(h, "undo does not bring all drivers back");
			break;
		}
	if (json_array_size(left))
		problem(h, "undo leaves %s changed",
			json_string_value(json_array_get(left, 0)));
	*ret = json_pack("{s:b, s:o, s:o}", "clean", json_array_size(left) == 0, "left",
			 left, "functions", changes(h, h->after, h->undone, boot, plan));
	return 0;
}

/*
 * Is there anything to rehearse? The copy lacks what was not recorded, so the plan is
 * made of the machine itself first. 1: it is refused, as reported. A need of the host
 * that could not be traced is no reason not to show what would happen: *ret_note says so.
 */
static int refused_beforehand(struct rehearsal *h, json_t *report, const char **ret_note)
{
	json_t *plan = NULL;
	const char *rule, *why;
	int r = verb_plan(h->m, h->r, &plan, h->e);

	if (r != VERB_NO) {
		json_decref(plan);
		return r == VERB_YES ? 0 : -r;
	}
	rule = json_string_value(json_object_get(plan, "refused_rule"));
	why = json_string_value(json_object_get(plan, "refused"));
	if (rule && after_prefix(rule, "host-") && machine_unknown(h->m, "mounts")) {
		json_object_set(report, "refused_rule",
				json_object_get(plan, "refused_rule"));
		*ret_note =
			arena_printf(h->a,
				     "This is what would happen; on what is known of "
				     "the machine itself plan and apply refuse it: %s",
				     why);
		json_decref(plan);
		return 0;
	}
	json_object_set_new(report, "plan", plan);
	problem(h, "%s", why);
	return 1;
}

static int play(struct rehearsal *h, json_t *report)
{
	json_t *baseline = NULL, *applied = NULL, *verified = NULL, *undo = NULL;
	const struct boot_report *boot;
	disk_files before = { 0 };
	const char *note = NULL;
	const json_t *plan;
	int r;

	h->recorded = recorded_drivers(h);
	r = refused_beforehand(h, report, &note);
	if (r)
		return r < 0 ? r : 0;
	r = play_baseline(h, &baseline);
	if (r < 0)
		return r;
	json_object_set_new(report, "baseline", baseline);
	/* apply works on the machine as it is now, not as a boot would leave it. */
	r = fresh_copy(h);
	if (r < 0)
		return r;
	snapshot(h, &before);

	r = verb_apply(&h->host, h->r, &applied, h->e);
	if (!applied)
		return r > 0 ? -r : -EIO;
	json_object_set_new(report, "plan",
			    json_incref(json_object_get(applied, "plan")));
	if (note)
		json_array_append_new(
			json_object_get(json_object_get(report, "plan"), "notes"),
			report_string(note));
	plan = json_object_get(report, "plan");
	json_object_set_new(report, "number",
			    json_incref(json_object_get(applied, "number")));
	json_decref(applied);
	if (r == VERB_NO) {
		problem(h, "%s", json_string_value(json_object_get(plan, "refused")));
		return 0;
	}

	r = sim_reboot(h->sim, &boot, h->e);
	if (r < 0) {
		problem(h, "after the change the machine does not boot: %s", h->e->text);
		return 0;
	}
	h->after = booted_drivers(h, boot);
	json_object_set_new(report, "boot", boot_json(boot));
	json_object_set_new(report, "functions",
			    changes(h, h->recorded, h->after, boot, plan));
	judge_boot(h, boot, plan);
	if (!h->m->groups.n)
		json_array_append_new(
			json_object_get(plan, "notes"),
			json_string("No IOMMU groups were recorded: those of the copy "
				    "are computed from the machine's topology."));
	r = verify(h, &verified);
	if (!verified)
		return r > 0 ? -r : r;
	json_object_set_new(report, "verify", verified);
	r = play_undo(h, !json_is_null(json_object_get(report, "number")), &before, plan,
		      &undo);
	if (r < 0)
		return r;
	json_object_set_new(report, "undo", undo);
	return 0;
}

int rehearse(const struct machine *m, const struct kernel_profile *profile,
	     const struct request *r, json_t **ret_report, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct err local = { "" };
	struct rehearsal h = {
		.m = m, .r = r, .a = a, .e = e ? e : &local, .problems = json_array()
	};
	bool proven = true;
	json_t *report;
	int code;

	if (!profile)
		profile = profile_for(m, &proven);
	report = json_pack("{s:s, s:b, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:o}",
			   "profile", profile->name, "proven", proven, "plan",
			   "refused_rule", "number", "boot", "functions", "verify",
			   "undo", "baseline", "problems", h.problems);
	h.profile = profile;
	code = fresh_copy(&h);
	if (!code)
		code = play(&h, report);
	sim_free(h.sim);
	if (code < 0) {
		json_decref(report);
		/* A verb inside has its own exit status, a host that is off does not. */
		return code >= -VERB_UNFINISHED ? -code : (int)VERB_REFUSED;
	}
	*ret_report = report;
	return json_array_size(h.problems) ? VERB_NO : VERB_YES;
}
