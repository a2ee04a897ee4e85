/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * map - a machine's topology as a picture: where root buses, functions, free slots, the
 * lines between them and the hulls around groups lie on a page, in px. Nothing is drawn
 * here; writers give the boxes their shape and words.
 *
 * Root buses stand left, what is behind a bridge to the right of it, one below the other
 * by address. A function and all that is behind it have a band of the page to themselves,
 * so nothing overlaps, and what a whole branch shares is one rectangle.
 */
#pragma once

#include "core/guard.h"
#include "core/grouping-verdict.h"
#include "core/machine-groups.h"

#define MAP_CARD_W 340
#define MAP_PORT_W 286 /* in columns that have nothing but bridges */
#define MAP_CARD_H 44
#define MAP_ROOT_W 104
#define MAP_GUTTER 60    /* between columns */
#define MAP_MARGIN 20    /* around all */
#define MAP_HULL_HEAD 18 /* of a hull with a label: over its first card */
#define MAP_COLOURS 8

struct map_box {
	int x, y, w, h;
};

enum map_kind {
	MAP_ROOT,     /* a root bus */
	MAP_FUNCTION, /* ports and bridges, too */
	MAP_FREE,     /* the empty slot behind a port */
};

struct map_card {
	enum map_kind kind;
	uint32_t fn; /* itself; the first on the root bus; the port before the slot */
	struct map_box box;
};

/* The box around the functions of one device, if they are several. */
struct map_device {
	uint32_t fn; /* the first of them */
	struct map_box box;
};

/* From a card right to x1, there to the height y2, and right to what hangs below it. */
struct map_link {
	int x0, y0, x1, y1, x2;
};

/*
 * Around cards of one group that has several members. A group whose members are scattered
 * has several hulls. Only cards of its members are inside, and free slots whose card
 * would become one.
 */
struct map_hull {
	int group; /* of g */
	uint32_t cards;
	bool labelled; /* there is room for a line of text at its top */
	struct map_box box;
};

struct map {
	struct machine_groups groups;
	const struct verdict_of *verdicts; /* by function */
	guard_uses uses;
	const uint32_t *first_use; /* by function, see map_use() */
	const bool *free;          /* by function: a port with a slot and nothing in it */
	VEC(struct map_card) cards; /* from top to bottom */
	VEC(struct map_device) devices;
	VEC(struct map_link) links;
	VEC(struct map_hull) hulls;
	/* By group: 0 to MAP_COLOURS - 1, neighbours on the page differ; -1: it has one
	 * member, and needs no colour. */
	const int8_t *colour;
	int width, height; /* of the page, margins included */
};

/* All of @ret lives in @a and borrows the machine; it stays where it was filled. */
void map_make(const struct machine *m, struct arena *a, struct map *ret);

/* The @i-th use that the host makes of @fn; NULL: it has no more. */
const struct guard_use *map_use(const struct map *map, uint32_t fn, size_t i);
