/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/forecast.h"
#include "core/map-part.h"

#define ROW_GAP 3   /* between functions of one device */
#define GAP 9       /* between devices, and where something is behind a function */
#define ROOT_GAP 26 /* between root buses */
#define DEVICE_PAD 5
#define HULL_PAD 6 /* around whole devices */
#define PART_PAD 4 /* around some of one device's functions, inside its box */
#define FREE_W 220
#define FREE_H 28

/* Lists by parent; those on root buses are returned, all of them in one list. */
static uint32_t list_children(struct layout *l)
{
	const struct topology *t = &l->g->topology;
	uint32_t roots = FN_NONE;

	for (uint32_t i = 0; i < t->n; i++)
		l->child[i] = l->next[i] = FN_NONE;
	for (uint32_t i = t->n; i-- > 0;) {
		uint32_t *head = t->up[i] == FN_NONE ? &roots : &l->child[t->up[i]];

		l->next[i] = *head;
		*head = i;
	}
	return roots;
}

static const struct run *run_from(const struct layout *l, uint32_t fn)
{
	const struct run *r = l->run[fn] == RUN_NONE ? NULL : &l->runs.v[l->run[fn]];

	return r && r->first == fn ? r : NULL;
}

static const struct run *run_to(const struct layout *l, uint32_t fn)
{
	const struct run *r = l->run[fn] == RUN_NONE ? NULL : &l->runs.v[l->run[fn]];

	return r && r->last == fn ? r : NULL;
}

static int hull_pad(const struct run *r)
{
	return r->part ? PART_PAD : HULL_PAD;
}

static int hull_head(const struct run *r)
{
	return hull_pad(r) + (r->cards > 1 ? MAP_HULL_HEAD : 0);
}

/* Is @fn, with @prev before it, in a box of several functions? */
static bool in_box(const struct layout *l, uint32_t prev, uint32_t fn)
{
	return !map_is_edge(l, prev, fn) || !map_is_edge(l, fn, l->next[fn]);
}

/* What its box and its hull take above @fn itself. */
static int own_above(const struct layout *l, uint32_t prev, uint32_t fn)
{
	const struct run *r = run_from(l, fn);
	bool first = map_is_edge(l, prev, fn);

	return (r ? hull_head(r) : 0) + (first && in_box(l, prev, fn) ? DEVICE_PAD : 0);
}

/* The same, or more if the first behind it, which stands as high, takes more. */
static int above(const struct layout *l, uint32_t prev, uint32_t fn)
{
	int most = 0;

	for (; fn != FN_NONE; prev = FN_NONE, fn = l->child[fn]) {
		int own = own_above(l, prev, fn);

		most = own > most ? own : most;
	}
	return most;
}

static int below(const struct layout *l, uint32_t prev, uint32_t fn)
{
	const struct run *r = run_to(l, fn);
	bool last = map_is_edge(l, fn, l->next[fn]);

	return (r ? hull_pad(r) : 0) + (last && in_box(l, prev, fn) ? DEVICE_PAD : 0);
}

static int gap(const struct layout *l, uint32_t prev, uint32_t fn)
{
	if (prev == FN_NONE)
		return 0;
	return map_is_edge(l, prev, fn) || map_has_behind(l, prev) ||
			       map_has_behind(l, fn)
		       ? GAP
		       : ROW_GAP;
}

/* Ports say less than devices do. */
static void find_columns(struct layout *l)
{
	const struct topology *t = &l->g->topology;
	uint8_t *depth = arena_alloc(l->scratch, t->n + 1);
	bool wide[COLUMNS] = { false };

	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t fn = t->order[i], up = t->up[fn];

		if (up != FN_NONE)
			depth[fn] = (uint8_t)(depth[up] + 1);
		wide[depth[fn] + 1] |= !cfg_is_bridge(t->m->fns.v[fn].config);
	}
	l->columns[0] = (struct column){ MAP_MARGIN, MAP_ROOT_W };
	for (unsigned i = 1; i < COLUMNS; i++)
		l->columns[i] = (struct column){ l->columns[i - 1].x +
							 l->columns[i - 1].w + MAP_GUTTER,
						 wide[i] ? MAP_CARD_W : MAP_PORT_W };
}

static size_t add_card(struct layout *l, enum map_kind kind, uint32_t fn,
		       struct map_box box)
{
	*vec_push(l->arena, &l->map->cards) = (struct map_card){ kind, fn, box };
	if (box.x + box.w > l->right)
		l->right = box.x + box.w;
	return l->map->cards.n - 1;
}

static int middle(const struct map_box *b)
{
	return b->y + b->h / 2;
}

/* @from: index of a card, whose place in memory may change. */
static void add_link(struct layout *l, size_t from, const struct map_box *to, int x2)
{
	const struct map_box *b = &l->map->cards.v[from].box;

	*vec_push(l->arena, &l->map->links) =
		(struct map_link){ b->x + b->w, middle(b), to->x - MAP_GUTTER / 2,
				   middle(to), x2 };
}

/* A hull while its run is being placed. */
struct open_hull {
	const struct run *run; /* NULL: none is open */
	int x, top, right, bottom;
	int card_right; /* of the column the run is in */
};

static void open_hull(struct layout *l, struct open_hull *h, const struct run *r,
		      const struct map_box *card, bool boxed)
{
	int side = r->part ? PART_PAD - 1 : HULL_PAD + DEVICE_PAD;
	int top = r->part ? 0 : boxed ? DEVICE_PAD : 0;

	*h = (struct open_hull){ r, card->x - side,   card->y - top - hull_head(r), 0,
				 0, card->x + card->w };
	if (l->colour[r->group] < 0)
		l->colour[r->group] = (int8_t)(l->n_coloured++ % MAP_COLOURS);
}

static void close_hull(struct layout *l, const struct open_hull *h, bool boxed)
{
	const struct run *r = h->run;
	bool narrow = r->part && h->right == h->card_right;
	int side = narrow ? PART_PAD - 1 : HULL_PAD + DEVICE_PAD;
	int bottom = h->bottom + hull_pad(r) + (boxed && !r->part ? DEVICE_PAD : 0);

	*vec_push(l->arena, &l->map->hulls) = (struct map_hull){
		.group = r->group,
		.cards = r->cards,
		.labelled = r->cards > 1,
		.box = { h->x, h->top, h->right + side - h->x, bottom - h->top },
	};
}

static void stretch_hull(struct open_hull *h, int right, int bottom)
{
	if (right > h->right)
		h->right = right;
	if (bottom > h->bottom)
		h->bottom = bottom;
}

/* What was placed of a branch. */
struct extent {
	int right, bottom;
};

static struct extent place_free(struct layout *l, size_t from, uint32_t fn,
				unsigned column)
{
	const struct map_box *b = &l->map->cards.v[from].box;
	struct map_box box = { l->columns[column + 1].x, b->y + (MAP_CARD_H - FREE_H) / 2,
			       FREE_W, FREE_H };

	add_link(l, from, &box, box.x);
	add_card(l, MAP_FREE, fn, box);
	return (struct extent){ box.x + box.w, box.y + box.h };
}

static void end_device(struct layout *l, uint32_t fn, const struct map_box *first,
		       const struct map_box *last)
{
	/* A hull around a part of it, with its label, is inside. */
	const struct run *from = run_from(l, fn);
	int top = first->y - DEVICE_PAD - (from && from->part ? hull_head(from) : 0);
	int bottom = last->y + last->h + DEVICE_PAD;

	*vec_push(l->arena, &l->map->devices) = (struct map_device){
		.fn = fn,
		.box = { first->x - DEVICE_PAD, top, first->w + 2 * DEVICE_PAD,
			 bottom - top },
	};
}

/*
 * Siblings from @fn on, those on its bus if @parent is a root bus, below @y. As deep as
 * bridges are, 255 at most: each has a bus of a higher number behind it.
 */
static struct extent place(struct layout *l, size_t parent, uint32_t fn, unsigned column,
			   int y)
{
	bool root = l->map->cards.v[parent].kind == MAP_ROOT;
	struct extent all = { 0, y };
	struct open_hull hull = { NULL };
	struct map_box first = { 0 }; /* card of the device's first function */
	uint32_t start = fn, head = fn, prev = FN_NONE;

	for (; fn != FN_NONE && !(root && !map_same_bus(l, start, fn));
	     fn = l->next[fn]) {
		struct map_box box = { l->columns[column].x, 0, l->columns[column].w,
				       MAP_CARD_H };
		bool begins = map_is_edge(l, prev, fn), boxed = in_box(l, prev, fn);
		bool ends = map_is_edge(l, fn, l->next[fn]);
		struct extent e;
		size_t card;

		box.y = all.bottom + gap(l, prev, fn) + above(l, prev, fn);
		if (run_from(l, fn))
			open_hull(l, &hull, run_from(l, fn), &box, boxed);
		if (begins) {
			head = fn;
			first = box;
			add_link(l, parent, &box, box.x - (boxed ? DEVICE_PAD : 0));
		}
		card = add_card(l, MAP_FUNCTION, fn, box);
		e = (struct extent){ box.x + box.w, box.y + box.h };
		if (l->child[fn] != FN_NONE)
			e = place(l, card, l->child[fn], column + 1,
				  box.y - above(l, FN_NONE, l->child[fn]));
		else if (l->map->free[fn])
			e = place_free(l, card, fn, column);
		if (e.bottom < box.y + box.h)
			e.bottom = box.y + box.h;
		if (hull.run && hull.run->branch)
			stretch_hull(&hull, e.right, e.bottom);
		else if (hull.run)
			stretch_hull(&hull, box.x + box.w, box.y + box.h);
		if (run_to(l, fn)) {
			close_hull(l, &hull, boxed);
			hull.run = NULL;
		}
		if (ends && boxed)
			end_device(l, head, &first, &box);
		if (e.right > all.right)
			all.right = e.right;
		all.bottom = e.bottom + below(l, prev, fn);
		prev = fn;
	}
	return all;
}

static void place_all(struct layout *l, uint32_t fn)
{
	struct map *map = l->map;
	int y = MAP_MARGIN;

	while (fn != FN_NONE) {
		int top = y + above(l, FN_NONE, fn);
		uint32_t bus = fn;
		size_t card = add_card(l, MAP_ROOT, fn,
				       (struct map_box){ l->columns[0].x, top,
							 l->columns[0].w, MAP_CARD_H });

		y = place(l, card, fn, 1, y).bottom + ROOT_GAP;
		while (fn != FN_NONE && map_same_bus(l, bus, fn))
			fn = l->next[fn];
	}
	map->width = l->right + HULL_PAD + DEVICE_PAD + MAP_MARGIN;
	map->height = map->cards.n ? y - ROOT_GAP + MAP_MARGIN : 2 * MAP_MARGIN;
}

static void find_free(struct map *map, struct arena *a)
{
	bool *is_free = arena_alloc(a, map->groups.g.topology.n + 1);
	fn_indices list = { 0 };

	forecast_free_slots(&map->groups.g.topology, a, &list);
	vec_foreach(it, &list)
		is_free[*it] = true;
	map->free = is_free;
}

static void find_uses(const struct machine *m, struct map *map, struct arena *a)
{
	uint32_t *first = arena_alloc(a, (m->fns.n + 1) * sizeof(*first));

	guard_find(m, a, &map->uses);
	for (size_t i = map->uses.n; i-- > 0;)
		first[map->uses.v[i].fn - m->fns.v] = (uint32_t)i + 1;
	map->first_use = first;
}

const struct guard_use *map_use(const struct map *map, uint32_t fn, size_t i)
{
	const struct pci_fn *f = &map->groups.g.m->fns.v[fn];
	size_t at = map->first_use[fn] + i;

	if (!map->first_use[fn] || at > map->uses.n || map->uses.v[at - 1].fn != f)
		return NULL;
	return &map->uses.v[at - 1];
}

void map_make(const struct machine *m, struct arena *a, struct map *ret)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct layout l = {
		.map = ret, .arena = a, .scratch = scratch, .g = &ret->groups.g
	};
	size_t n = m->fns.n + 1;
	uint32_t roots;

	*ret = (struct map){ 0 };
	machine_groups_get(m, a, &ret->groups);
	ret->verdicts = grouping_judge(&ret->groups.g);
	find_free(ret, a);
	find_uses(m, ret, a);
	l.child = arena_alloc(scratch, n * sizeof(*l.child));
	l.next = arena_alloc(scratch, n * sizeof(*l.next));
	l.whole = arena_alloc(scratch, n);
	l.cards = arena_alloc(scratch, n * sizeof(*l.cards));
	l.covered = arena_alloc(scratch, n);
	l.run = arena_alloc(scratch, n * sizeof(*l.run));
	l.colour = arena_alloc(a, (size_t)l.g->n_groups + 1);
	memset(l.colour, -1, (size_t)l.g->n_groups + 1);
	ret->colour = l.colour;
	roots = list_children(&l);
	map_find_runs(&l, roots);
	find_columns(&l);
	place_all(&l, roots);
}
