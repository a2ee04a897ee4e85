/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/grouping-why.h"

static const char *name(const struct grouping *g, uint32_t fn)
{
	char bdf[BDF_SIZE];

	return arena_strdup(g->arena, bdf_format(g->m->fns.v[fn].bdf, bdf));
}

static const char *lacks(struct grouping *g, uint32_t fn)
{
	return acs_clause(g->arena, &g->isolation[fn]);
}

/* "0000:01:00.0", or "0000:02:00.0, above 0000:03:01.0," where a bridge stands for it. */
static const char *stand_in(struct grouping *g, uint32_t fn)
{
	uint32_t via = g->fns[fn].via;

	if (via == FN_NONE)
		return name(g, fn);
	return arena_printf(g->arena, "%s, above %s,", name(g, via), name(g, fn));
}

/* What the ports above @fn rest on, where it is not their registers. */
static const char *isolation_rests_on(const struct grouping *g, uint32_t fn)
{
	const char *text = "";

	for (uint32_t up = g->topology.up[fn]; up != FN_NONE; up = g->topology.up[up]) {
		if (g->isolation[up].why == ACS_OVERRIDE)
			return ", as pcie_acs_override= says and nobody checked";
		if (g->isolation[up].assumed)
			text = " (assumed)";
	}
	return text;
}

static const char *new_group(struct grouping *g, uint32_t fn)
{
	uint32_t up = g->topology.up[fn];
	bool alone = g->size[g->fns[fn].group] == 1;
	const char *end = alone ? "its group is its own" : "it is the first of its group";

	if (up == FN_NONE)
		return arena_printf(g->arena, "%s is on a root bus%s: %s.", name(g, fn),
				    grouping_is_stray(g, fn) ? " (assumed)" : "", end);
	if (g->blocked[up] == FN_NONE)
		return arena_printf(g->arena,
				    "%s is behind ports that isolate%s, the first of "
				    "them %s: %s.",
				    name(g, fn), isolation_rests_on(g, fn), name(g, up),
				    end);
	return arena_printf(g->arena, "%s is the first of its group.", name(g, fn));
}

static const char *no_group(struct grouping *g, uint32_t fn)
{
	if (fn_class(&g->m->fns.v[fn]) == CLASS_IOMMU)
		return arena_printf(g->arena, "%s is an IOMMU itself: it has no group.",
				    name(g, fn));
	return arena_printf(g->arena,
			    "%s is translated by no IOMMU that the firmware's tables "
			    "describe: it has no group.",
			    name(g, fn));
}

const char *grouping_why_fn(struct grouping *g, uint32_t fn)
{
	const struct grouping_fn *f = &g->fns[fn];
	struct arena *a = g->arena;
	const char *with = f->with == FN_NONE ? "" : name(g, f->with);
	uint32_t self = f->via == FN_NONE ? fn : f->via;

	switch (f->join) {
	case JOIN_NONE:
		return no_group(g, fn);
	case JOIN_NEW:
		return new_group(g, fn);
	case JOIN_BRIDGE:
		return arena_printf(a,
				    "%s is behind %s, a bridge to conventional PCI: the "
				    "IOMMU sees its requests as that bridge's.",
				    name(g, fn), name(g, f->via));
	case JOIN_DMA:
		return arena_printf(a,
				    "%s is behind the Volume Management Device %s: the "
				    "IOMMU sees its requests as that device's.",
				    name(g, fn), with);
	case JOIN_PORT:
		if (f->via == f->with)
			return arena_printf(
				a,
				"%s is behind %s, which %s: what is behind it "
				"is not kept apart.",
				name(g, fn), with, lacks(g, f->via));
		return arena_printf(
			a,
			"%s is behind %s, and %s above that %s: what is behind "
			"it is not kept apart.",
			name(g, fn), with, name(g, f->via), lacks(g, f->via));
	case JOIN_ALIAS:
		return arena_printf(a, "%s and %s may use each other's address (%s).",
				    stand_in(g, fn), with,
				    g->aliases.mask[self] ? g->aliases.mask[self]->why
				    : g->aliases.mask[f->with]
					    ? g->aliases.mask[f->with]->why
					    : "a DMA alias");
	case JOIN_FUNCTION:
		return arena_printf(a,
				    "%s and %s are functions of one device that are not "
				    "kept apart: %s %s.",
				    stand_in(g, fn), with, name(g, self), lacks(g, self));
	}
	return "";
}

/* The members that led to @fn's group, from @fn to the one that made it. */
static uint32_t chain(const struct grouping *g, uint32_t fn, uint32_t *ret)
{
	uint32_t n = 0;

	/* Each joined one that was there before it, so the walk ends. */
	for (; fn != FN_NONE; fn = g->fns[fn].with)
		ret[n++] = fn;
	return n;
}

void grouping_why_pair(struct grouping *g, uint32_t x, uint32_t y, strings *ret)
{
	AUTOARENA struct arena *scratch = arena_new();
	uint32_t *cx, *cy, nx, ny;

	if (g->fns[x].group == GROUP_NONE || g->fns[y].group == GROUP_NONE) {
		*vec_push(g->arena, ret) =
			grouping_why_fn(g, g->fns[x].group == GROUP_NONE ? x : y);
		return;
	}
	if (g->fns[x].group != g->fns[y].group) {
		*vec_push(g->arena, ret) =
			arena_printf(g->arena, "%s and %s are in different groups.",
				     name(g, x), name(g, y));
		*vec_push(g->arena, ret) = grouping_why_fn(g, x);
		*vec_push(g->arena, ret) = grouping_why_fn(g, y);
		return;
	}
	cx = arena_alloc(scratch, (g->topology.n + 1) * sizeof(*cx));
	cy = arena_alloc(scratch, (g->topology.n + 1) * sizeof(*cy));
	nx = chain(g, x, cx);
	ny = chain(g, y, cy);
	/* What both came by says nothing about the two of them. */
	while (nx && ny && cx[nx - 1] == cy[ny - 1])
		nx--, ny--;
	for (uint32_t i = 0; i < nx; i++)
		*vec_push(g->arena, ret) = grouping_why_fn(g, cx[i]);
	while (ny--)
		*vec_push(g->arena, ret) = grouping_why_fn(g, cy[ny]);
}
