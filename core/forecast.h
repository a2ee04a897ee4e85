/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forecast - the groups of the same machine, changed: a card in another slot, another
 * kernel, other options, virtual functions enabled; and what the change costs.
 */
#pragma once

#include "core/grouping.h"

struct forecast_want {
	struct grouping_want now, then; /* of both .forecast is set as it needs to be */
	const char *added; /* the words that then.cmdline has more; NULL: none */
	const char *card;  /* an address as machine_find() takes it; NULL: none moves */
	const char *slot;  /* the port (root or downstream) below which it goes */
	const char *pf;    /* enable its virtual functions; NULL: of none */
	unsigned vfs;      /* that many */
};

struct forecast {
	struct grouping now, then;
	uint32_t *then_fn; /* by function of `now`: the same one in `then` */
	/* Sentences, in the arena that was given. */
	strings changes; /* what is grouped otherwise, by group of `now` */
	strings costs;   /* what is promised and not checked, or lost */
	strings idle;    /* what was asked for and changes nothing, and why */
	strings moves;   /* "0000:01:00.0 becomes 0000:06:00.0" */
};

/*
 * All of @ret in @a. Errors, with @e naming the device: as machine_find(); -EINVAL the
 * slot is no port, or lies below the card; -EBUSY something is in it; -EOPNOTSUPP the
 * card is in no slot, the function has no SR-IOV or not so many virtual functions;
 * -ENOSPC no bus numbers are left.
 */
int forecast_make(const struct machine *m, const struct forecast_want *want,
		  struct arena *a, struct forecast *ret, struct err *e);

/* The port whose slot a card is in: the next one above @fn; FN_NONE: it is in none. */
uint32_t forecast_slot_of(const struct topology *t, uint32_t fn);

/*
 * Ports that could take a card: root and downstream ports with nothing behind them and a
 * slot in their PCI Express capability; appended to @ret as indices of @t.
 */
typedef VEC(uint32_t) fn_indices;
void forecast_free_slots(const struct topology *t, struct arena *a, fn_indices *ret);
