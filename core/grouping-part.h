/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grouping-part - who comes for a group, and when (grouping-order.c). */
#pragma once

#include "core/grouping.h"

struct arrival {
	uint32_t rank;  /* of its unit; virtual functions come when all are there */
	bool pci;       /* the bus of platform devices is walked before that of PCI */
	uint32_t place; /* in the bus's order */
	uint32_t fn;
	const char *other; /* no function, but this */
	bool shares;       /* `other`, with the one before it */
};
typedef VEC(struct arrival) arrivals;

/* Parse the machine's table into g->table. */
void grouping_read_table(struct grouping *g);

/*
 * All that some unit translates, in the order in which they come, in @a; g->fns gets its
 * units.
 */
void grouping_arrive(struct grouping *g, const struct grouping_want *want,
		     struct arena *a, arrivals *ret);
