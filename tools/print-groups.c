/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/print.h"

static const struct column columns[] = {
	{ "GROUP", .right = true }, { "ADDRESS" }, { "CLASS" }, { "VERDICT" },
	{ "NAME", .last = true },   { NULL },
};

static enum tone tone_of(const char *verdict)
{
	static const struct {
		const char *verdict;
		enum tone tone;
	} tones[] = { { "alone", TONE_GOOD },
		      { "together", TONE_WARN },
		      { "stays", TONE_DIM },
		      { "pinned", TONE_BAD },
		      { "none", TONE_BAD } };

	for (size_t i = 0; i < ARRAY_SIZE(tones); i++)
		if (streq(verdict, tones[i].verdict))
			return tones[i].tone;
	return TONE_PLAIN;
}

static void fill(struct libscols_line *l, const json_t *member)
{
	const char *verdict = get_text(member, "verdict");
	char text[256];

	table_cell(l, 1, TONE_PLAIN, short_bdf(get_text(member, "bdf")));
	table_cell(l, 2, TONE_PLAIN, get_text(member, "class_name"));
	snprintf(text, sizeof(text), "%.200s%s", get_text(member, "text"),
		 get_bool(member, "assumed") && !streq(verdict, "stays") ? " (assumed)"
									 : "");
	table_cell(l, 3, tone_of(verdict), text);
	table_cell(l, 4, TONE_PLAIN, get_text(member, "name"));
}

static void print_table(const struct printer *p, const json_t *report)
{
	struct libscols_table *t = table_new(p->out, p->utf8, p->colour, columns);
	const json_t *group, *m;
	size_t i, k;

	json_array_foreach(json_object_get(report, "groups"), i, group)
	{
		char id[24];

		snprintf(id, sizeof(id), "%lld", (long long)get_int(group, "id"));
		json_array_foreach(json_object_get(group, "members"), k, m)
		{
			struct libscols_line *l = table_line(t, NULL);

			fill(l, m);
			table_cell(l, 0, TONE_PLAIN, k ? "" : id);
		}
	}
	json_array_foreach(json_object_get(report, "none"), i, m)
	{
		struct libscols_line *l = table_line(t, NULL);

		fill(l, m);
		table_cell(l, 0, TONE_PLAIN, "-");
	}
	table_end(t);
}

static void print_all(const struct printer *p, enum tone tone, const char *lead,
		      const json_t *list)
{
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
		say_para(p, tone, lead, 4, json_string_value(text));
}

static void print_section(const struct printer *p, enum tone tone, const char *title,
			  const json_t *list)
{
	if (!json_array_size(list))
		return;
	say_heading(p, title);
	print_all(p, tone, "  - ", list);
}

/* Reasons of groups with several members that a person may want apart, once each. */
static void print_reasons(const struct printer *p, const json_t *report)
{
	const json_t *group, *m;
	bool headed = false;
	size_t i, k;

	json_array_foreach(json_object_get(report, "groups"), i, group)
	{
		const json_t *members = json_object_get(group, "members");
		bool wanted = false;
		char lead[40];

		json_array_foreach(members, k, m) wanted |=
			streq(get_text(m, "verdict"), "together");
		if (!wanted || json_array_size(members) < 2)
			continue;
		if (!headed)
			say_heading(p, "Why they share a group");
		headed = true;
		snprintf(lead, sizeof(lead), "  group %lld",
			 (long long)get_int(group, "id"));
		say(p, TONE_BOLD, "%s\n", lead);
		json_array_foreach(members, k, m)
		{
			/* The first has made the group. */
			if (k)
				say_para(p, TONE_PLAIN, "    ", 4, get_text(m, "why"));
		}
	}
}

static void print_slots(const struct printer *p, const json_t *report)
{
	const json_t *slots = json_object_get(report, "slots"), *s;
	char lead[64];
	size_t i;

	if (!json_array_size(slots))
		return;
	say_heading(p, "Free slots");
	json_array_foreach(slots, i, s)
	{
		snprintf(lead, sizeof(lead), "  %s  ", short_bdf(get_text(s, "bdf")));
		say_para(p, get_bool(s, "alone") ? TONE_GOOD : TONE_WARN, lead, 11,
			 get_text(s, "text"));
	}
}

static void print_asked(const struct printer *p, const json_t *report)
{
	const json_t *asked = json_object_get(report, "asked"), *a, *w;
	size_t i, k;

	json_array_foreach(asked, i, a)
	{
		say(p, TONE_BOLD, "%s%s %s\n", i ? "\n" : "",
		    short_bdf(get_text(a, "bdf")), get_text(a, "name"));
		if (json_is_integer(json_object_get(a, "group")))
			say(p, TONE_PLAIN,
			    "  group %lld: ", (long long)get_int(a, "group"));
		else
			say(p, TONE_PLAIN, "  ");
		say(p, tone_of(get_text(a, "verdict")), "%s\n", get_text(a, "text"));
		say_para(p, TONE_PLAIN, "  ", 2, get_text(a, "why"));
		json_array_foreach(json_object_get(a, "with"), k, w)
		{
			bool comes = streq(get_text(w, "role"), "comes");

			say(p, comes ? TONE_WARN : TONE_DIM, "\n  %s %s: %s\n",
			    short_bdf(get_text(w, "bdf")), get_text(w, "name"),
			    get_text(w, "text"));
			print_all(p, TONE_PLAIN, "    ", json_object_get(w, "why"));
		}
	}
	if (json_array_size(json_object_get(report, "pair"))) {
		say_heading(p, "The two of them");
		print_all(p, TONE_PLAIN, "    ", json_object_get(report, "pair"));
	}
}

static void print_recorded(const struct printer *p, const json_t *report)
{
	const json_t *r = json_object_get(report, "recorded");

	if (!json_is_object(r))
		return;
	if (get_int(r, "matched") == get_int(r, "groups")) {
		say(p, TONE_GOOD, "\nAll %lld recorded groups are as computed here.\n",
		    (long long)get_int(r, "groups"));
		return;
	}
	say(p, TONE_WARN, "\n%lld of %lld recorded groups are as computed here.\n",
	    (long long)get_int(r, "matched"), (long long)get_int(r, "groups"));
	print_all(p, TONE_WARN, "  - ", json_object_get(r, "differences"));
}

void print_groups(const struct printer *p, const json_t *report)
{
	const json_t *forecast = json_object_get(report, "forecast");

	if (json_object_get(report, "asked")) {
		print_asked(p, report);
	} else {
		print_table(p, report);
		print_reasons(p, report);
		print_slots(p, report);
	}
	if (forecast) {
		print_section(p, TONE_PLAIN, "Addresses",
			      json_object_get(forecast, "moves"));
		print_section(p, TONE_PLAIN, "Changes",
			      json_object_get(forecast, "changes"));
		if (!json_array_size(json_object_get(forecast, "changes")))
			say(p, TONE_PLAIN, "\nThe groups do not change.\n");
		print_section(p, TONE_WARN, "Without effect",
			      json_object_get(forecast, "idle"));
		print_section(p, TONE_BAD, "What it costs",
			      json_object_get(forecast, "costs"));
	} else {
		print_recorded(p, report);
	}
	print_section(p, TONE_WARN, "Assumed", json_object_get(report, "assumptions"));
	if (!get_bool(report, "proven"))
		say(p, TONE_WARN,
		    "\nThis kernel has no profile: groups are formed as %s forms them, "
		    "the "
		    "nearest one (unproven).\n",
		    get_text(report, "profile"));
}
