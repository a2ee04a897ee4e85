/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/grouping-verdict.h"
#include "core/grouping-why.h"
#include "core/report-groups.h"
#include "core/report.h"

static json_t *bdf_string(const struct grouping *g, uint32_t fn)
{
	char bdf[BDF_SIZE];

	return json_string(bdf_format(g->m->fns.v[fn].bdf, bdf));
}

static json_t *hex(unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x", value);
	return json_string(text);
}

static json_t *member(struct grouping *g, uint32_t fn, const struct verdict_of *v)
{
	const struct pci_fn *f = &g->m->fns.v[fn];

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:b}", "bdf",
			 bdf_string(g, fn), "vendor", hex(f->id.vendor), "device",
			 hex(f->id.device), "class", hex(fn_class(f)), "driver",
			 report_string(f->driver), "verdict", verdict_name(v->verdict),
			 "text", verdict_text(g, fn, v), "why", grouping_why_fn(g, fn),
			 "assumed", g->fns[fn].assumed || grouping_is_stray(g, fn));
}

static json_t *groups(struct grouping *g, const struct verdict_of *v)
{
	json_t *all = json_array();

	for (int k = 0; k < g->n_groups; k++) {
		json_t *devices = json_array(), *members = json_array();

		for (uint32_t i = 0; i < g->size[k]; i++) {
			uint32_t fn = g->members[g->first[k] + i];

			json_array_append_new(devices, bdf_string(g, fn));
			json_array_append_new(members, member(g, fn, &v[fn]));
		}
		json_array_append_new(all,
				      json_pack("{s:i, s:o, s:o}", "id", k, "devices",
						devices, "members", members));
	}
	return all;
}

static json_t *groupless(struct grouping *g, const struct verdict_of *v)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < g->topology.n; i++)
		if (g->fns[i].group == GROUP_NONE)
			json_array_append_new(all, member(g, i, &v[i]));
	return all;
}

/* What a card in a free slot would share. */
static json_t *slots(struct grouping *g)
{
	json_t *all = json_array();
	fn_indices free_ones = { 0 };
	char bdf[BDF_SIZE], port[BDF_SIZE];

	forecast_free_slots(&g->topology, g->arena, &free_ones);
	vec_foreach(it, &free_ones) {
		uint32_t bad = g->blocked[*it];
		const char *text = "a card here shares its group with nothing else";

		if (g->fns[*it].group == GROUP_NONE)
			text = "no IOMMU translates what is here";
		else if (bad != FN_NONE)
			text = arena_printf(
				g->arena, "a card here joins group %d: %s %s",
				g->fns[*it].group,
				bad == *it ? "this port"
					   : bdf_format(g->m->fns.v[bad].bdf, bdf),
				acs_clause(g->arena, &g->isolation[bad]));
		json_array_append_new(
			all, json_pack("{s:s, s:b, s:s}", "bdf",
				       bdf_format(g->m->fns.v[*it].bdf, port), "alone",
				       bad == FN_NONE && g->fns[*it].group != GROUP_NONE,
				       "text", text));
	}
	return all;
}

static json_t *compared(struct grouping *g)
{
	struct grouping_match m;

	grouping_compare(g, &m);
	if (!m.groups)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:o}", "groups", (int)m.groups, "matched",
			 (int)m.matched, "numbered", (int)m.numbered, "differences",
			 report_strings(&m.differences));
}

json_t *report_groups(struct grouping *g)
{
	const struct verdict_of *v = grouping_judge(g);
	json_t *others = json_array();

	vec_foreach(o, &g->others)
		json_array_append_new(others,
				      json_pack("{s:o, s:i}", "name",
						report_string(o->name), "id", o->group));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "groups", groups(g, v), "none",
			 groupless(g, v), "slots", slots(g), "others", others,
			 "assumptions", report_strings(&g->assumptions), "recorded",
			 compared(g));
}

json_t *report_forecast(const struct forecast *f)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "moves", report_strings(&f->moves),
			 "changes", report_strings(&f->changes), "costs",
			 report_strings(&f->costs), "idle", report_strings(&f->idle));
}

/* Why the host may go on using @fn when others of its group are given away. */
static const char *stays_because(const struct pci_fn *fn)
{
	if (cfg_is_bridge(fn->config))
		return "may stay with the host: a bridge, whose driver does no DMA";
	if (fn_is_bridge(fn))
		return "may stay with the host: a bridge without driver does no DMA";
	return "may stay with the host: no driver comes for it";
}

json_t *report_group_of(struct grouping *g, uint32_t fn)
{
	const struct verdict_of *v = grouping_judge(g);
	json_t *with = json_array(), *own;
	int k = g->fns[fn].group;

	for (uint32_t i = 0; k != GROUP_NONE && i < g->size[k]; i++) {
		uint32_t other = g->members[g->first[k] + i];
		bool comes = verdict_comes(g, fn, other);
		strings why = { 0 };

		if (other == fn)
			continue;
		grouping_why_pair(g, fn, other, &why);
		json_array_append_new(
			with,
			json_pack("{s:o, s:s, s:s, s:o}", "bdf", bdf_string(g, other),
				  "role", comes ? "comes" : "stays", "text",
				  comes ? "must come along"
					: stays_because(&g->m->fns.v[other]),
				  "why", report_strings(&why)));
	}
	own = member(g, fn, &v[fn]);
	json_object_set_new(own, "group",
			    k == GROUP_NONE ? json_null() : json_integer(k));
	json_object_set_new(own, "with", with);
	return own;
}
