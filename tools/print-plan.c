/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "core/diff.h"
#include "tools/print.h"

/* "update-initramfs -u -k all" */
static void say_words(const struct printer *p, const json_t *words)
{
	const json_t *w;
	size_t i;

	json_array_foreach(words, i, w)
		say(p, TONE_BOLD, "%s%s", i ? " " : "", json_string_value(w));
}

static void print_step_file(const struct printer *p, const json_t *s)
{
	bool fresh = json_is_null(json_object_get(s, "before"));

	say(p, TONE_BOLD, "%s /%s\n", fresh ? "write" : "edit", get_text(s, "path"));
}

static void print_step_run(const struct printer *p, const json_t *s)
{
	say(p, TONE_PLAIN, "run ");
	say_words(p, json_object_get(s, "argv"));
	fputc('\n', p->out);
}

static void print_step_reboot(const struct printer *p, const json_t *s)
{
	(void)s;
	say(p, TONE_BOLD, "reboot");
	say(p, TONE_PLAIN, " (yours to do: pcipass never reboots a host)\n");
}

static const struct {
	const char *kind;
	void (*print)(const struct printer *p, const json_t *step);
} kinds[] = {
	{ "file", print_step_file },
	{ "run", print_step_run },
	{ "reboot", print_step_reboot },
};

static void print_steps(const struct printer *p, const json_t *steps, bool diffs)
{
	AUTOARENA struct arena *a = arena_new();
	const json_t *s;
	size_t i;

	json_array_foreach(steps, i, s)
	{
		const char *kind = get_text(s, "kind");

		say(p, TONE_PLAIN, "%3zu. ", i + 1);
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (streq(kind, kinds[k].kind))
				kinds[k].print(p, s);
		if (!diffs)
			continue;
		if (*get_text(s, "why"))
			say_para(p, TONE_PLAIN, "", 5, get_text(s, "why"));
		if (streq(kind, "file"))
			say_diff(p, "     ",
				 diff_unified(
					 a, get_text(s, "path"),
					 json_string_value(json_object_get(s, "before")),
					 get_text(s, "after")));
	}
}

static void print_list_of(const struct printer *p, enum tone t, const char *title,
			  const json_t *list)
{
	const json_t *line;
	size_t i;

	if (json_array_size(list))
		say_heading(p, title);
	json_array_foreach(list, i, line)
		say_para(p, t, "  -", 4, json_string_value(line));
}

static void print_method(const struct printer *p, const json_t *plan)
{
	const json_t *targets = json_object_get(plan, "targets"), *t;
	size_t i;

	say_para(p, TONE_PLAIN, "method", 9, get_text(plan, "method"));
	if (*get_text(plan, "reason"))
		say_para(p, TONE_DIM, "", 9, get_text(plan, "reason"));
	say(p, TONE_PLAIN, "for      ");
	json_array_foreach(targets, i, t)
		say(p, TONE_BOLD, "%s%s", i ? ", " : "", short_bdf(json_string_value(t)));
	fputc('\n', p->out);
}

static void print_refused(const struct printer *p, const json_t *plan)
{
	say_para(p, TONE_BAD, "Refused:", 9, get_text(plan, "refused"));
	if (*get_text(plan, "refused_rule"))
		say(p, TONE_PLAIN, "  `pcipass explain %s` tells more.\n",
		    get_text(plan, "refused_rule"));
}

static bool is_refused(const json_t *plan)
{
	return json_is_string(json_object_get(plan, "refused"));
}

static bool is_empty(const json_t *plan)
{
	return json_array_size(json_object_get(plan, "steps")) == 0;
}

void print_plan(const struct printer *p, const json_t *report)
{
	if (p->view == VIEW_DIFF && !is_refused(report)) {
		say_diff(p, "", get_text(report, "diff"));
		return;
	}
	if (p->view == VIEW_SCRIPT && !is_refused(report)) {
		fputs(get_text(report, "script"), p->out);
		return;
	}
	if (is_refused(report)) {
		print_refused(p, report);
		print_list_of(p, TONE_PLAIN, "Note", json_object_get(report, "notes"));
		return;
	}
	print_method(p, report);
	if (is_empty(report)) {
		say(p, TONE_GOOD, "Nothing to do: it is so already.\n");
	} else {
		say_heading(p, "Steps");
		print_steps(p, json_object_get(report, "steps"), true);
	}
	print_list_of(p, TONE_PLAIN, "Note", json_object_get(report, "notes"));
}

/* Commands that an image cannot run; the words of one stand behind each other. */
static void print_pending(const struct printer *p, const json_t *report)
{
	const json_t *pending = json_object_get(report, "pending"), *argv, *word;
	size_t i, k;

	if (!json_array_size(pending))
		return;
	say(p, TONE_WARN, "Still to be run on the system itself, at its first boot:\n");
	json_array_foreach(pending, i, argv)
	{
		say(p, TONE_PLAIN, " ");
		json_array_foreach(argv, k, word)
			say(p, TONE_PLAIN, " %s", json_string_value(word));
		say(p, TONE_PLAIN, "\n");
	}
}

void print_apply(const struct printer *p, const json_t *report)
{
	const json_t *plan = json_object_get(report, "plan");

	if (json_is_object(plan) && is_refused(plan)) {
		print_refused(p, plan);
		return;
	}
	if (json_is_null(json_object_get(report, "number"))) {
		say(p, TONE_GOOD, "Nothing to do: it is so already.\n");
		return;
	}
	say(p, TONE_GOOD, "Done");
	say(p, TONE_PLAIN, " as transaction %lld; `pcipass undo %lld` takes it back.\n",
	    (long long)get_int(report, "number"), (long long)get_int(report, "number"));
	print_pending(p, report);
	if (get_bool(report, "reboot") && !p->twin)
		say(p, TONE_PLAIN, "Next: reboot, then `pcipass verify %s`\n",
		    *p->devices ? p->devices : "DEVICE");
}

void print_undo(const struct printer *p, const json_t *report)
{
	say(p, streq(get_text(report, "state"), "undone") ? TONE_GOOD : TONE_WARN,
	    "Transaction %lld is %s.\n", (long long)get_int(report, "number"),
	    get_text(report, "state"));
	print_pending(p, report);
	if (get_bool(report, "reboot"))
		say(p, TONE_PLAIN,
		    "Next: reboot; until then the running kernel lives by what was "
		    "undone.\n");
}

static const struct column history_columns[] = {
	{ "NUMBER", .right = true }, { "STATE" }, { "TIME" }, { "METHOD" }, { "DEVICES" },
	{ "FILES", .last = true },   { NULL },
};

static const char *join(struct arena *a, const json_t *list)
{
	const char *all = "";
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s) all =
		arena_printf(a, "%s%s%s", all, i ? ", " : "", json_string_value(s));
	return all;
}

void print_history(const struct printer *p, const json_t *report)
{
	const json_t *list = json_object_get(report, "transactions"), *x;
	AUTOARENA struct arena *a = arena_new();
	struct libscols_table *t;
	size_t i;

	if (json_array_size(list) == 0) {
		say(p, TONE_PLAIN, "pcipass has changed nothing on this host.\n");
		return;
	}
	t = table_new(p->out, p->utf8, p->colour, history_columns);
	json_array_foreach(list, i, x)
	{
		struct libscols_line *l = table_line(t, NULL);
		time_t when = (time_t)get_int(x, "time");
		char text[32] = "-";
		struct tm tm;

		if (localtime_r(&when, &tm))
			strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
		table_cell(l, 0, TONE_PLAIN,
			   arena_printf(a, "%lld", (long long)get_int(x, "number")));
		table_cell(l, 1,
			   streq(get_text(x, "state"), "undone") ? TONE_DIM : TONE_BOLD,
			   get_text(x, "state"));
		table_cell(l, 2, TONE_PLAIN, text);
		table_cell(l, 3, TONE_PLAIN, get_text(x, "method"));
		table_cell(l, 4, TONE_PLAIN, join(a, json_object_get(x, "devices")));
		table_cell(l, 5, TONE_PLAIN, join(a, json_object_get(x, "files")));
	}
	table_end(t);
	json_array_foreach(list, i, x) if (json_object_get(x, "why"))
		say(p, TONE_WARN, "%s; undo.sh beside it takes it back\n",
		    get_text(x, "why"));
}

static const struct column change_columns[] = {
	{ "" },   { "ADDRESS" }, { "BEFORE" }, { "AFTER" }, { "NAME", .last = true },
	{ NULL },
};

static bool changed(const json_t *c)
{
	return !streq(get_text(c, "before"), get_text(c, "after"));
}

/* The driver of every function before and after; below it why, where it matters. */
static void print_changes(const struct printer *p, const json_t *changes)
{
	struct libscols_table *t = table_new(p->out, p->utf8, p->colour, change_columns);
	const json_t *c;
	size_t i;

	json_array_foreach(changes, i, c)
	{
		struct libscols_line *l = table_line(t, NULL);
		bool target = get_bool(c, "target");
		enum tone tone = !changed(c) ? TONE_PLAIN
				 : target    ? TONE_GOOD
					     : TONE_WARN;

		table_cell(l, 0, tone, target ? "*" : changed(c) ? "!" : "");
		table_cell(l, 1, tone, short_bdf(get_text(c, "bdf")));
		table_cell(l, 2, TONE_PLAIN, dash(get_text(c, "before")));
		table_cell(l, 3, tone, dash(get_text(c, "after")));
		table_cell(l, 4, TONE_PLAIN, get_text(c, "name"));
	}
	table_end(t);
	json_array_foreach(changes, i, c)
	{
		char lead[48];

		snprintf(lead, sizeof(lead), "  %s", short_bdf(get_text(c, "bdf")));
		if ((changed(c) || get_bool(c, "target")) && *get_text(c, "why"))
			say_para(p, TONE_DIM, lead, (unsigned)strlen(lead) + 2,
				 get_text(c, "why"));
		if (*get_text(c, "race"))
			say_para(p, TONE_WARN, lead, (unsigned)strlen(lead) + 2,
				 get_text(c, "race"));
	}
}

/* The steps that gave a function its driver; all others are in the JSON report. */
static void print_timeline(const struct printer *p, const json_t *list)
{
	size_t i, hidden = 0;
	const json_t *line;

	json_array_foreach(list, i, line)
	{
		const char *text = json_string_value(line);
		const char *next = json_string_value(json_array_get(list, i + 1));

		if (*text == ' ')
			say_para(p, TONE_PLAIN, "", 4, text);
		else if (next && *next == ' ')
			say_para(p, TONE_DIM, "", 4, text);
		else
			hidden++;
	}
	if (hidden)
		say(p, TONE_DIM,
		    "    (and %zu steps that gave no function a driver: --json)\n",
		    hidden);
}

static void print_boot(const struct printer *p, const json_t *boot)
{
	const json_t *notes = json_object_get(boot, "notes"), *note;
	size_t i;

	say_heading(p, "Boot");
	say_para(p, TONE_PLAIN, "  kernel", 11, get_text(boot, "release"));
	say_para(p, TONE_PLAIN, "  entry", 11, get_text(boot, "entry"));
	say_para(p, TONE_PLAIN, "  cmdline", 11, get_text(boot, "cmdline"));
	print_timeline(p, json_object_get(boot, "timeline"));
	json_array_foreach(notes, i, note)
		say_para(p, TONE_DIM, "  -", 4, json_string_value(note));
}

/* @fns: before and after the change, @undone: after the change and after the undo. */
static void print_way_back(const struct printer *p, const json_t *undo, const json_t *fns)
{
	const json_t *left = json_object_get(undo, "left"), *c;
	const json_t *undone = json_object_get(undo, "functions");
	size_t i, n = json_array_size(fns), same = 0;

	say_heading(p, "Undone, and booted again");
	json_array_foreach(fns, i, c) same += streq(
		get_text(c, "before"), get_text(json_array_get(undone, i), "after"));
	if (get_bool(undo, "clean"))
		say(p, TONE_GOOD, "  every file is as it was, byte for byte\n");
	else
		say(p, TONE_BAD, "  something is left behind:\n");
	json_array_foreach(left, i, c)
		say(p, TONE_PLAIN, "    /%s\n", json_string_value(c));
	say(p, same == n ? TONE_GOOD : TONE_WARN,
	    "  %zu of %zu functions have the driver they had\n", same, n);
}

/* Has the copy no IOMMU either, because nothing that was recorded makes it one? */
static bool no_groups(const struct printer *p, const json_t *verified)
{
	const json_t *fn = json_array_get(json_object_get(verified, "devices"), 0);

	return p->m && !p->m->groups.n && !machine_unknown(p->m, "groups") &&
	       json_is_null(json_object_get(fn, "group"));
}

void print_rehearse(const struct printer *p, const json_t *report)
{
	const json_t *plan = json_object_get(report, "plan");
	const json_t *problems = json_object_get(report, "problems");
	const json_t *fns = json_object_get(report, "functions");

	say(p, TONE_BOLD, "Rehearsed on a simulated copy, kernel profile %s%s\n",
	    get_text(report, "profile"),
	    get_bool(report, "proven") ? ""
				       : " (the nearest one; this kernel is unproven)");
	if (is_refused(plan)) {
		print_refused(p, plan);
		return;
	}
	print_list_of(p, TONE_WARN, "The copy does not boot quite like the machine",
		      json_object_get(report, "baseline"));
	say_heading(p, "Applied");
	if (is_empty(plan))
		say(p, TONE_GOOD, "  nothing to do: it is so already\n");
	print_steps(p, json_object_get(plan, "steps"), false);
	if (json_is_object(json_object_get(report, "boot")))
		print_boot(p, json_object_get(report, "boot"));
	if (json_is_array(fns)) {
		say_heading(p, "Drivers before and after (* asked for, ! changed too)");
		print_changes(p, fns);
	}
	if (json_is_object(json_object_get(report, "verify"))) {
		say_heading(p, "Verified");
		print_verify(p, json_object_get(report, "verify"));
	}
	if (json_is_object(json_object_get(report, "undo")))
		print_way_back(p, json_object_get(report, "undo"), fns);
	print_list_of(p, TONE_DIM, "Notes", json_object_get(plan, "notes"));
	print_list_of(p, TONE_BAD, "Problems", problems);
	if (json_array_size(problems) && no_groups(p, json_object_get(report, "verify")))
		say(p, TONE_WARN,
		    "\nOnly half of it can be rehearsed. Next: %s%s apply %s, reboot, "
		    "and "
		    "rehearse again.\n",
		    p->sudo, p->again, p->devices);
	else if (json_array_size(problems))
		say(p, TONE_BAD, "\nNot safe to apply as it is.\n");
	else if (is_empty(plan))
		return;
	else if (*get_text(report, "refused_rule"))
		say(p, TONE_WARN,
		    "\nNext: %s%s apply %s\nIt will refuse by rule %s; if you know "
		    "better, --allow %s says so.\n",
		    p->sudo, p->again, p->devices, get_text(report, "refused_rule"),
		    get_text(report, "refused_rule"));
	else
		say(p, TONE_PLAIN, "\nNext: %s%s apply %s\n", p->sudo, p->again,
		    p->devices);
}
