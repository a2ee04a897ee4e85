/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map-part - a map while it is made, for the files of map.h. */
#pragma once

#include "core/map.h"

#define RUN_NONE UINT32_MAX
#define COLUMNS 258 /* root buses, their functions, behind 255 bridges, a free slot */

/* Neighbours in one column that one hull goes around. */
struct run {
	int group;
	bool branch; /* with all that is behind its functions */
	bool part;   /* some functions of one device, not whole devices */
	uint32_t first, last;
	uint32_t cards;
};

struct column {
	int x, w;
};

struct layout {
	struct map *map;
	struct arena *arena, *scratch;
	const struct grouping *g;
	uint32_t *child, *next; /* below a function; its siblings; by address */
	bool *whole;            /* all behind it is of its own, shared group */
	uint32_t *cards;        /* it, and all behind it */
	bool *covered;          /* inside the hull of a branch */
	uint32_t *run;          /* index of `runs` */
	VEC(struct run) runs;
	int8_t *colour;
	int n_coloured;
	int right; /* edge of all that was placed so far */
	struct column columns[COLUMNS];
};

/* Does @next begin another device than its sibling before it, @fn? Either may be none. */
bool map_is_edge(const struct layout *l, uint32_t fn, uint32_t next);
/* @y may be none. */
bool map_same_bus(const struct layout *l, uint32_t x, uint32_t y);
/* A function, or a free slot. */
bool map_has_behind(const struct layout *l, uint32_t fn);

/*
 * Which hulls there will be: fills cards, covered, run and runs from the lists of
 * siblings; @roots is the first of those on root buses.
 */
void map_find_runs(struct layout *l, uint32_t roots);
