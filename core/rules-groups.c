/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/forecast.h"
#include "core/grouping-why.h"
#include "core/rules.h"

static int by_group(const void *a, const void *b)
{
	const struct group_member *x = a, *y = b;

	if (x->group != y->group)
		return (x->group > y->group) - (x->group < y->group);
	return (x->fn > y->fn) - (x->fn < y->fn);
}

/* Why the two share, in a sentence or two with a blank before; "" where nobody knows. */
static const char *why_shared(const struct judged *j, const struct pci_fn *asked,
			      const struct pci_fn *other)
{
	struct grouping *g = j->grouping;
	uint32_t x = (uint32_t)(asked - j->m->fns.v), y = (uint32_t)(other - j->m->fns.v);
	strings why = { 0 };
	const char *text = "";

	/* The kernel that made the groups knew more than what was read here. */
	if (!g || g->fns[x].group == GROUP_NONE || g->fns[x].group != g->fns[y].group)
		return "";
	grouping_why_pair(g, x, y, &why);
	for (size_t i = 0; i < why.n && i < 2; i++)
		text = arena_printf(j->arena, "%s %s", text, why.v[i]);
	return g->fns[x].assumed || g->fns[y].assumed
		       ? arena_printf(j->arena,
				      "%s (Assumed: its ACS could not be read.)", text)
		       : text;
}

/* What else than taking them along, with "; " before; "". */
static const char *other_slot(const struct judged *j, const struct pci_fn *asked)
{
	const struct topology *t = j->grouping ? &j->grouping->topology : NULL;
	fn_indices slots = { 0 };
	const char *text = "";
	char bdf[BDF_SIZE];

	if (!t || forecast_slot_of(t, (uint32_t)(asked - j->m->fns.v)) == FN_NONE)
		return "";
	forecast_free_slots(t, j->arena, &slots);
	vec_foreach(it, &slots)
		if (j->grouping->blocked[*it] == FN_NONE)
			text = arena_printf(j->arena, "%s%s%s", text, *text ? ", " : "",
					    bdf_format(j->m->fns.v[*it].bdf, bdf));
	if (!*text)
		return "; no free slot of this machine keeps it apart";
	return arena_printf(
		j->arena,
		"; or move the card: in the slot of %s it shares with nothing "
		"else",
		text);
}

void check_group_shared(const struct rule *r, const struct judged *j, findings *ret)
{
	size_t n = j->members.n, first = 0;
	struct group_member *v;

	if (!n)
		return;
	v = arena_memdup(j->arena, j->members.v, n * sizeof(*v));
	qsort(v, n, sizeof(*v), by_group);
	for (size_t i = 0; i < n; i = first) {
		struct name_list come = { .arena = j->arena },
				 stay = { .arena = j->arena };
		const struct pci_fn *asked = NULL, *comes = NULL;

		for (first = i; first < n && v[first].group == v[i].group; first++) {
			if (v[first].role == GROUP_COMES && !comes)
				comes = v[first].fn;
			if (v[first].role == GROUP_ASKED)
				asked = asked ? asked : v[first].fn;
			else
				name_list_add(v[first].role == GROUP_COMES ? &come
									   : &stay,
					      rule_name(j, v[first].fn));
		}
		if (!asked || v[i].group == GROUP_NONE || !come.names.n)
			continue;
		finding_add(j, ret, r, asked,
			    arena_printf(j->arena, "pcipass apply takes them along%s.",
					 other_slot(j, asked)),
			    "IOMMU group %d of %s%s also holds %s: a VM gets them all or "
			    "none%s%s%s.%s",
			    v[i].group, rule_name(j, asked),
			    j->computed ? " (computed: the IOMMU is not on)" : "",
			    name_list_text(&come), stay.names.n ? "; " : "",
			    name_list_text(&stay),
			    stay.names.n ? " may stay with the host" : "",
			    why_shared(j, asked, comes));
	}
}

void check_group_missing(const struct rule *r, const struct judged *j, findings *ret)
{
	bool lazy = j->m->units.n && streq(j->m->units.v[0].kind, "virtio");

	if (!rule_is_running(j) || !j->iommu_active || machine_unknown(j->m, "groups"))
		return;
	vec_foreach(it, &j->asked) {
		/* Some kernels make a group only when a first driver probes
		 * (virtio-iommu). */
		if ((*it)->group != GROUP_NONE || (lazy && !(*it)->driver))
			continue;
		finding_add(
			j, ret, r, *it,
			"See dmesg | grep -i iommu for the reason; a device behind no "
			"IOMMU cannot be passed through.",
			"The IOMMU is on and %s has no IOMMU group.", rule_name(j, *it));
	}
}
