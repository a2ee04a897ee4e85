/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cells - the combinations of kernel, IOMMU, firmware and topology that the lab boots:
 * all that can be, or few that have every pair of values that can be. The strings are
 * borrowed from the axes.
 */
#pragma once

#include "core/arena.h"

enum cell_axis { CELL_KERNEL, CELL_IOMMU, CELL_FIRMWARE, CELL_TOPOLOGY, CELL_AXES };

struct cell {
	const char *kernel;   /* "6.12" */
	const char *iommu;    /* "intel", "amd", "virtio", "none" */
	const char *firmware; /* "seabios", "ovmf" */
	const char *topology; /* "d" */
};
typedef VEC(struct cell) cells;

const char *cell_value(const struct cell *c, enum cell_axis axis);
bool cell_same(const struct cell *a, const struct cell *b);
/* "6.12 amd ovmf d" */
const char *cell_name(struct arena *a, const struct cell *c);

/* What cannot be: the members of @match that are not NULL, together. */
struct cell_rule {
	struct cell match;
	const char *reason; /* NULL ends a table */
};
/* What the lab cannot boot. */
extern const struct cell_rule cell_rules[];
/* Why @c cannot be; NULL: it can. */
const char *cell_impossible(const struct cell_rule *rules, const struct cell *c);

struct cell_axes {
	strings values[CELL_AXES]; /* each once */
	const struct cell_rule *rules;
};

/* Every cell that can be, the topology changing fastest. Appended. */
void cells_all(const struct cell_axes *axes, struct arena *a, cells *ret);
/*
 * A small set in which every pair of values of any two axes is that is in any cell that
 * can be. The same axes and @seed give the same set on every machine. Appended.
 */
void cells_pairs(const struct cell_axes *axes, uint64_t seed, struct arena *a,
		 cells *ret);

struct cells_cover {
	size_t pairs;   /* that can be */
	size_t covered; /* of them in the set */
	size_t least;   /* no set of fewer cells has all */
};
/* @set has values of @axes only. */
struct cells_cover cells_cover(const struct cell_axes *axes, const cells *set);
