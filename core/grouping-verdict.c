/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "core/group.h"
#include "core/grouping-verdict.h"

#define NAMES_MAX 4 /* of functions in one sentence */

/* By itself, whatever is asked for. */
static bool leaves(const struct grouping *g, uint32_t fn)
{
	return group_role(g->m, &g->m->fns.v[fn]) == GROUP_COMES;
}

/* What lies in the slot of what is wanted is wanted as a whole. */
static bool of_slot(const struct grouping *g, uint32_t fn, uint32_t other)
{
	const struct pci_fn *f = &g->m->fns.v[other];

	return bdf_same_slot(g->m->fns.v[fn].bdf, f->bdf) && !fn_is_bridge(f);
}

bool verdict_comes(const struct grouping *g, uint32_t fn, uint32_t other)
{
	return leaves(g, other) || of_slot(g, fn, other);
}

/* Others of its group and its slot that would stay if not for @fn. */
static uint32_t count_of_slot(const struct grouping *g, uint32_t fn, const bool *comes)
{
	uint32_t n = 0, first = fn;

	while (first && bdf_same_slot(g->m->fns.v[first - 1].bdf, g->m->fns.v[fn].bdf))
		first--;
	for (uint32_t i = first;
	     i < g->topology.n && bdf_same_slot(g->m->fns.v[i].bdf, g->m->fns.v[fn].bdf);
	     i++)
		n += i != fn && !comes[i] && g->fns[i].group == g->fns[fn].group &&
		     of_slot(g, fn, i);
	return n;
}

struct verdict_of *grouping_judge(struct grouping *g)
{
	AUTOARENA struct arena *scratch = arena_new();
	size_t room = g->topology.n + 1;
	struct verdict_of *ret = arena_alloc(g->arena, room * sizeof(*ret));
	const struct acpi_reserved **pinned =
		arena_alloc(g->arena, room * sizeof(*pinned));
	bool *comes = arena_alloc(scratch, room);

	if (g->table.table)
		acpi_assign_reserved(g->m, &g->table, scratch, pinned);
	for (uint32_t i = 0; i < g->topology.n; i++)
		comes[i] = leaves(g, i);
	for (uint32_t i = 0; i < g->topology.n; i++)
		ret[i] = (struct verdict_of){ .verdict = fn_is_bridge(&g->m->fns.v[i]) &&
									 !comes[i]
								 ? VERDICT_STAYS
								 : VERDICT_NO_GROUP };
	for (int k = 0; k < g->n_groups; k++) {
		const uint32_t *v = g->members + g->first[k];
		uint32_t n = 0, bad = FN_NONE;

		for (uint32_t i = 0; i < g->size[k]; i++) {
			n += comes[v[i]];
			/* Bridges, too: what stays is still taken out of its domain. */
			if (pinned[v[i]] && bad == FN_NONE)
				bad = v[i];
		}
		for (uint32_t i = 0; i < g->size[k]; i++) {
			struct verdict_of *r = &ret[v[i]];
			uint32_t pin = pinned[v[i]] ? v[i] : bad;

			r->with = n - comes[v[i]] + count_of_slot(g, v[i], comes);
			if (r->verdict == VERDICT_STAYS)
				continue;
			r->verdict = pin != FN_NONE ? VERDICT_PINNED
				     : r->with      ? VERDICT_TOGETHER
						    : VERDICT_ALONE;
			r->pinned_fn = pin;
			r->pinned = pin != FN_NONE ? pinned[pin] : NULL;
		}
	}
	return ret;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_ALONE] = "alone",   [VERDICT_TOGETHER] = "together",
		[VERDICT_STAYS] = "stays",   [VERDICT_PINNED] = "pinned",
		[VERDICT_NO_GROUP] = "none",
	};

	return names[v];
}

/* The others that must come along, as far as they fit a sentence. */
static const char *list_others(struct grouping *g, uint32_t fn, uint32_t n)
{
	const char *text = "";
	int k = g->fns[fn].group;
	uint32_t told = 0;
	char bdf[BDF_SIZE];

	for (uint32_t i = 0; i < g->size[k] && told < NAMES_MAX; i++) {
		uint32_t other = g->members[g->first[k] + i];

		if (other == fn || !verdict_comes(g, fn, other))
			continue;
		text = arena_printf(g->arena, "%s%s%s", text, told++ ? ", " : "",
				    bdf_format(g->m->fns.v[other].bdf, bdf));
	}
	return n > told ? arena_printf(g->arena, "%s and %u more", text, n - told) : text;
}

const char *verdict_text(struct grouping *g, uint32_t fn, const struct verdict_of *v)
{
	char bdf[BDF_SIZE];

	switch (v->verdict) {
	case VERDICT_ALONE:
		return "can be passed through";
	case VERDICT_TOGETHER:
		return arena_printf(g->arena, "only together with %s",
				    list_others(g, fn, v->with));
	case VERDICT_STAYS:
		return "stays with the host: a bridge";
	case VERDICT_PINNED:
		return arena_printf(
			g->arena,
			"cannot be passed through: the firmware uses memory "
			"0x%" PRIx64 "-0x%" PRIx64 " through %s",
			v->pinned->start, v->pinned->end,
			v->pinned_fn == fn
				? "it"
				: bdf_format(g->m->fns.v[v->pinned_fn].bdf, bdf));
	case VERDICT_NO_GROUP:
		return fn_class(&g->m->fns.v[fn]) == CLASS_IOMMU
			       ? "stays with the host: the IOMMU itself"
			       : "cannot be passed through: no IOMMU translates it";
	}
	return "";
}
