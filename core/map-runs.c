/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/map-part.h"

static bool is_shared(const struct grouping *g, uint32_t fn)
{
	int k = g->fns[fn].group;

	return k != GROUP_NONE && g->size[k] > 1;
}

static bool same_device(const struct layout *l, uint32_t x, uint32_t y)
{
	return bdf_same_slot(l->g->m->fns.v[x].bdf, l->g->m->fns.v[y].bdf);
}

bool map_is_edge(const struct layout *l, uint32_t fn, uint32_t next)
{
	return fn == FN_NONE || next == FN_NONE || !same_device(l, fn, next);
}

bool map_same_bus(const struct layout *l, uint32_t x, uint32_t y)
{
	return y != FN_NONE && topology_same_bus(&l->g->topology, x, y);
}

bool map_has_behind(const struct layout *l, uint32_t fn)
{
	return l->child[fn] != FN_NONE || l->map->free[fn];
}

/* What is behind comes after it in the kernel's order, so from the end of that on. */
static void find_whole(struct layout *l)
{
	const struct topology *t = &l->g->topology;

	for (uint32_t i = 0; i < t->n; i++) {
		l->cards[i] = 1;
		/* A card there would be alone, so the place is not of the group. */
		l->whole[i] = is_shared(l->g, i) &&
			      !(l->map->free[i] && l->g->blocked[i] == FN_NONE);
	}
	for (uint32_t i = t->n; i-- > 0;) {
		uint32_t fn = t->order[i], up = t->up[fn];

		if (up == FN_NONE)
			continue;
		l->cards[up] += l->cards[fn];
		if (!l->whole[fn] || l->g->fns[fn].group != l->g->fns[up].group)
			l->whole[up] = false;
	}
}

/* How a hull goes around a function: with what is behind it, or around it alone. */
enum reach {
	REACH_ANY, /* nothing is behind it */
	REACH_BRANCH,
	REACH_CARD,
};

static enum reach reach_of(const struct layout *l, uint32_t fn)
{
	return !map_has_behind(l, fn) ? REACH_ANY
	       : l->whole[fn]         ? REACH_BRANCH
				      : REACH_CARD;
}

/* May @fn be in one hull with @like, where the others of it reach as far as @*reach? */
static bool goes_with(const struct layout *l, uint32_t like, uint32_t fn,
		      enum reach *reach)
{
	enum reach own = reach_of(l, fn);

	if (l->g->fns[like].group != l->g->fns[fn].group ||
	    (own != REACH_ANY && *reach != REACH_ANY && own != *reach))
		return false;
	if (*reach == REACH_ANY)
		*reach = own;
	return true;
}

/*
 * The last function of the device that begins with @fn. *ret_whole: one hull goes around
 * all of it, which reaches as far as *ret_reach.
 */
static uint32_t device_end(const struct layout *l, uint32_t fn, bool *ret_whole,
			   enum reach *ret_reach)
{
	uint32_t last = fn;

	*ret_whole = is_shared(l->g, fn);
	*ret_reach = reach_of(l, fn);
	while (!map_is_edge(l, last, l->next[last])) {
		last = l->next[last];
		*ret_whole = *ret_whole && goes_with(l, fn, last, ret_reach);
	}
	return last;
}

static void join_run(struct layout *l, uint32_t at, uint32_t fn)
{
	struct run *r = &l->runs.v[at];
	bool branch = reach_of(l, fn) == REACH_BRANCH;

	r->last = fn;
	r->branch |= branch;
	r->cards += branch ? l->cards[fn] : 1;
	l->run[fn] = at;
	l->covered[fn] = branch;
}

static uint32_t new_run(struct layout *l, uint32_t fn, bool part)
{
	struct run *r = vec_push(l->arena, &l->runs);

	*r = (struct run){ .group = l->g->fns[fn].group, .part = part, .first = fn };
	return (uint32_t)(l->runs.n - 1);
}

/* The runs of a device, from @fn to before @end, that no one hull goes around. */
static void find_parts(struct layout *l, uint32_t fn, uint32_t end)
{
	enum reach reach = REACH_ANY;
	uint32_t open = RUN_NONE, start = fn;

	for (; fn != end; fn = l->next[fn]) {
		if (!is_shared(l->g, fn)) {
			open = RUN_NONE;
			continue;
		}
		if (open == RUN_NONE || !goes_with(l, start, fn, &reach)) {
			open = new_run(l, fn, true);
			start = fn;
			reach = reach_of(l, fn);
		}
		join_run(l, open, fn);
	}
}

/* The runs among siblings from @fn on; those on root buses do not go past one. */
static void find_runs(struct layout *l, uint32_t fn, bool root)
{
	enum reach reach = REACH_ANY, own;
	uint32_t open = RUN_NONE, start = fn; /* a run of whole devices; where it began */

	while (fn != FN_NONE) {
		bool whole;
		uint32_t end = l->next[device_end(l, fn, &whole, &own)];

		if (!whole) {
			find_parts(l, fn, end);
			open = RUN_NONE;
			fn = end;
			continue;
		}
		if (open != RUN_NONE &&
		    ((root && !map_same_bus(l, start, fn)) ||
		     l->runs.v[open].group != l->g->fns[fn].group ||
		     (own != REACH_ANY && reach != REACH_ANY && own != reach)))
			open = RUN_NONE;
		if (open == RUN_NONE) {
			open = new_run(l, fn, false);
			start = fn;
			reach = REACH_ANY;
		}
		if (reach == REACH_ANY)
			reach = own;
		for (; fn != end; fn = l->next[fn])
			join_run(l, open, fn);
	}
}

void map_find_runs(struct layout *l, uint32_t roots)
{
	const struct topology *t = &l->g->topology;

	find_whole(l);
	for (uint32_t i = 0; i < t->n; i++)
		l->run[i] = RUN_NONE;
	find_runs(l, roots, true);
	/* Parents come first in this order, so what covers is known. */
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t fn = t->order[i];

		if (!l->covered[fn])
			find_runs(l, l->child[fn], false);
		else
			for (uint32_t k = l->child[fn]; k != FN_NONE; k = l->next[k])
				l->covered[k] = true;
	}
}
