/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/print.h"

#define FACT_INDENT 11

static void fact(const struct printer *p, const char *name, enum tone t, const char *text)
{
	char lead[32];

	snprintf(lead, sizeof(lead), "  %s", name);
	say_para(p, t, lead, FACT_INDENT, text);
}

/* "FACT, FACT and 3 more: WHY", one entry for each reason. */
static void print_unknown(const struct printer *p, const json_t *unknown)
{
	enum { NAMED = 4 };
	json_auto_t *reasons = json_object();
	AUTOARENA struct arena *a = arena_new();
	const char *why, *lead = "unknown";
	const json_t *u;
	json_t *facts;
	size_t i;

	json_array_foreach(unknown, i, u)
	{
		why = get_text(u, "why");
		if (!json_object_get(reasons, why))
			json_object_set_new(reasons, why, json_array());
		json_array_append(json_object_get(reasons, why),
				  json_object_get(u, "fact"));
	}
	json_object_foreach(reasons, why, facts)
	{
		size_t n = json_array_size(facts);
		const char *text = "";

		for (i = 0; i < n && i < NAMED; i++)
			text = arena_printf(a, "%s%s%s", text, i ? ", " : "",
					    json_string_value(json_array_get(facts, i)));
		if (n > NAMED)
			text = arena_printf(a, "%s and %zu more", text, n - NAMED);
		fact(p, lead, TONE_DIM, arena_printf(a, "%s: %s", text, why));
		lead = "";
	}
}

/* The fact itself, or the whole that it is part of. */
static bool is_unknown(const json_t *host, const char *fact)
{
	const json_t *all = json_object_get(host, "unknown"), *u;
	size_t i;

	json_array_foreach(all, i, u)
	{
		const char *part = after_prefix(fact, get_text(u, "fact"));

		if (part && (!*part || *part == '/'))
			return true;
	}
	return false;
}

static void print_host(const struct printer *p, const json_t *h)
{
	AUTOARENA struct arena *a = arena_new();
	bool active = get_bool(h, "iommu_active"),
	     remap = get_bool(h, "interrupt_remapping");

	say(p, TONE_BOLD, "%s\n", get_text(h, "name"));
	fact(p, "cpu", TONE_PLAIN, dash(get_text(h, "cpu")));
	fact(p, "kernel", TONE_PLAIN, dash(get_text(h, "kernel")));
	fact(p, "cmdline", TONE_PLAIN, dash(get_text(h, "cmdline")));
	fact(p, "loader", TONE_PLAIN,
	     arena_printf(a, "%s: %s", get_text(h, "loader"),
			  get_text(h, "loader_evidence")));
	fact(p, "IOMMU", active ? TONE_GOOD : TONE_WARN,
	     arena_printf(a, "%s, interrupt remapping %s",
			  active                         ? "active"
			  : is_unknown(h, "iommu/units") ? "not known"
							 : "not active",
			  remap                                        ? "on"
			  : is_unknown(h, "iommu/interrupt_remapping") ? "not known"
								       : "off"));
	print_unknown(p, json_object_get(h, "unknown"));
}

static const struct {
	const char *role, *text;
} roles[] = {
	{ "asked", "asked for" },
	{ "comes", "must come along" },
	{ "stays", "stays with the host" },
};

static const char *role_text(const char *role)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (streq(roles[i].role, role))
			return roles[i].text;
	return role;
}

static const struct column columns[] = {
	{ "ADDRESS" }, { "ID" },
	{ "DRIVER" },  { "GROUP", .right = true },
	{ "ROLE" },    { "NAME", .last = true },
	{ NULL },
};

static void print_member(struct libscols_table *t, const json_t *m)
{
	struct libscols_line *l = table_line(t, NULL);
	const char *role = get_text(m, "role");
	char id[16], group[24] = "-";

	snprintf(id, sizeof(id), "%.4s:%.4s", get_text(m, "vendor"),
		 get_text(m, "device"));
	if (get_int(m, "group") >= 0 && json_is_integer(json_object_get(m, "group")))
		snprintf(group, sizeof(group), "%lld", (long long)get_int(m, "group"));
	else if (json_is_integer(json_object_get(m, "computed_group")))
		snprintf(group, sizeof(group), "%lld*",
			 (long long)get_int(m, "computed_group"));
	table_cell(l, 0, TONE_PLAIN, short_bdf(get_text(m, "bdf")));
	table_cell(l, 1, TONE_PLAIN, id);
	table_cell(l, 2, TONE_PLAIN, dash(get_text(m, "driver")));
	table_cell(l, 3, TONE_PLAIN, group);
	table_cell(l, 4, streq(role, "stays") ? TONE_DIM : TONE_BOLD, role_text(role));
	table_cell(l, 5, TONE_PLAIN, get_text(m, "name"));
}

static void print_uses(const struct printer *p, const json_t *m)
{
	const json_t *uses = json_object_get(m, "uses"), *u;
	char lead[48];
	size_t i;

	json_array_foreach(uses, i, u)
	{
		snprintf(lead, sizeof(lead), "  %s carries",
			 short_bdf(get_text(m, "bdf")));
		say_para(p, TONE_WARN, lead, (unsigned)strlen(lead) + 1,
			 json_string_value(u) ? json_string_value(u) : "");
	}
}

/* Functions asked for and what shares their groups, each once though groups repeat. */
static void print_devices(const struct printer *p, const json_t *devices)
{
	json_auto_t *seen = json_object();
	const json_t *d, *m;
	struct libscols_table *t;
	size_t i, k;

	if (json_array_size(devices) == 0)
		return;
	say_heading(p, "Devices, and what shares their IOMMU groups");
	t = table_new(p->out, p->utf8, p->colour, columns);
	json_array_foreach(devices, i, d)
	{
		json_array_foreach(json_object_get(d, "members"), k, m)
		{
			if (json_object_get(seen, get_text(m, "bdf")))
				continue;
			json_object_set_new(seen, get_text(m, "bdf"), json_true());
			print_member(t, m);
		}
	}
	table_end(t);
	if (json_object_get(json_array_get(devices, 0), "computed_group"))
		say(p, TONE_WARN,
		    "* The IOMMU is not active: these groups are computed from "
		    "topology.\n");
	json_object_clear(seen);
	json_array_foreach(devices, i, d)
	{
		json_array_foreach(json_object_get(d, "members"), k, m)
		{
			if (json_object_get(seen, get_text(m, "bdf")))
				continue;
			json_object_set_new(seen, get_text(m, "bdf"), json_true());
			print_uses(p, m);
		}
	}
}

static const struct {
	const char *name;
	enum tone tone;
} severities[] = {
	{ "block", TONE_BAD },
	{ "todo", TONE_NOTE },
	{ "warn", TONE_WARN },
	{ "info", TONE_DIM },
};

static void print_finding(const struct printer *p, const json_t *f, enum tone t)
{
	const char *device = get_text(f, "device"), *file = get_text(f, "file");
	char lead[16];

	snprintf(lead, sizeof(lead), "  %-6s", get_text(f, "severity"));
	say(p, t, "%s", lead);
	say(p, TONE_BOLD, "%s", get_text(f, "rule"));
	if (*device)
		say(p, TONE_PLAIN, "  %s", short_bdf(device));
	say(p, TONE_DIM, "  (guide: %s)\n", get_text(f, "step"));
	say_para(p, TONE_PLAIN, "", 8, get_text(f, "text"));
	if (*file && get_int(f, "line"))
		say(p, TONE_DIM, "        in %s, line %lld\n", file,
		    (long long)get_int(f, "line"));
	else if (*file)
		say(p, TONE_DIM, "        in %s\n", file);
	if (*get_text(f, "remedy"))
		say_para(p, TONE_PLAIN, p->utf8 ? "      →" : "     ->", 8,
			 get_text(f, "remedy"));
}

/* The worst first. Returns how many there are of each severity in @count. */
static void print_findings(const struct printer *p, const json_t *findings,
			   size_t count[ARRAY_SIZE(severities)])
{
	const json_t *f;
	size_t i;

	if (json_array_size(findings))
		say_heading(p, "Findings");
	for (size_t s = 0; s < ARRAY_SIZE(severities); s++) {
		count[s] = 0;
		json_array_foreach(findings, i, f)
		{
			if (!streq(get_text(f, "severity"), severities[s].name))
				continue;
			print_finding(p, f, severities[s].tone);
			/* "ready" says again what other findings are the cause of. */
			count[s] += !streq(get_text(f, "step"), "ready") ||
				    json_array_size(findings) == 1;
		}
	}
	if (json_array_size(findings))
		say(p, TONE_DIM, "  `pcipass explain RULE` tells more of each.\n");
}

static const char *things(size_t n)
{
	return n == 1 ? "thing" : "things";
}

void print_check(const struct printer *p, const json_t *report)
{
	const json_t *devices = json_object_get(report, "devices");
	size_t count[ARRAY_SIZE(severities)];
	const char *what = json_array_size(devices) ? "can be passed through"
						    : "the host can pass devices through";

	print_host(p, json_object_get(report, "host"));
	print_devices(p, devices);
	print_findings(p, json_object_get(report, "findings"), count);
	say_heading(p, "Verdict");
	if (!streq(get_text(report, "verdict"), "yes")) {
		say(p, TONE_BAD, "  no");
		say(p, TONE_PLAIN,
		    ": %zu %s of severity `block` above must be solved first.\n",
		    count[0], things(count[0]));
		return;
	}
	say(p, TONE_GOOD, "  yes");
	if (count[1] == 0) {
		say(p, TONE_PLAIN, ": %s%s.\n", what,
		    json_array_size(devices) ? ", and nothing is left to do" : "");
		if (*p->devices)
			say(p, TONE_PLAIN, "  Next: %s verify %s\n", p->again,
			    p->devices);
		return;
	}
	say(p, TONE_PLAIN, ": %s once %zu %s done that `apply` does.\n", what, count[1],
	    count[1] == 1 ? "thing is" : "things are");
	if (*p->devices)
		say(p, TONE_PLAIN, "  Next: %s rehearse %s   (changes nothing)\n",
		    p->again, p->devices);
}

void print_verify(const struct printer *p, const json_t *report)
{
	const json_t *devices = json_object_get(report, "devices"), *d;
	bool ready = get_bool(report, "ready");
	size_t i;

	json_array_foreach(devices, i, d)
	{
		bool ok = get_bool(d, "ready");
		char lead[48];

		snprintf(lead, sizeof(lead), "  %s", short_bdf(get_text(d, "bdf")));
		say(p, TONE_BOLD, "%s", lead);
		say(p, TONE_PLAIN, "  %s\n", get_text(d, "name"));
		say(p, ok ? TONE_GOOD : TONE_BAD, "    %s", ok ? "ready" : "not ready");
		say(p, TONE_PLAIN, ": driver %s", dash(get_text(d, "driver")));
		if (*get_text(d, "node"))
			say(p, TONE_PLAIN, ", %s", get_text(d, "node"));
		fputc('\n', p->out);
		if (*get_text(d, "why"))
			say_para(p, TONE_PLAIN, "", 4, get_text(d, "why"));
	}
	if (ready)
		say(p, TONE_GOOD, "Ready to be passed through.\n");
	else
		say(p, TONE_BAD, "Not ready.\n");
}

static const struct column rule_columns[] = {
	{ "RULE" }, { "SEVERITY" }, { "STEP" }, { "SUMMARY", .last = true }, { NULL },
};

static void print_rules(const struct printer *p, const json_t *list)
{
	static const char *const keys[] = { "rule", "severity", "step", "summary" };
	struct libscols_table *t = table_new(p->out, p->utf8, p->colour, rule_columns);
	const json_t *rule;
	size_t i;

	json_array_foreach(list, i, rule)
	{
		struct libscols_line *l = table_line(t, NULL);

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			table_cell(l, k, TONE_PLAIN, get_text(rule, keys[k]));
	}
	table_end(t);
}

void print_explain(const struct printer *p, const json_t *report)
{
	if (json_object_get(report, "rules")) {
		print_rules(p, json_object_get(report, "rules"));
		return;
	}
	say(p, TONE_BOLD, "%s", get_text(report, "rule"));
	say(p, TONE_PLAIN, "  severity %s, guide: %s\n", get_text(report, "severity"),
	    get_text(report, "step"));
	say_para(p, TONE_BOLD, "", 0, get_text(report, "summary"));
	fputc('\n', p->out);
	say_para(p, TONE_PLAIN, "", 0, get_text(report, "text"));
}

/* The configuration alone, its reasons in comments: it is there to be put into a file. */
void print_vm(const struct printer *p, const json_t *report)
{
	const json_t *all = json_object_get(report, "obstacles"), *o;
	size_t i;

	fputs(get_text(report, "text"), p->out);
	/* Beside the configuration, which may go into a file. */
	fflush(p->out);
	json_array_foreach(all, i, o)
		fprintf(stderr, "pcipass: such a VM does not start yet: %s\n",
			json_string_value(o));
}
