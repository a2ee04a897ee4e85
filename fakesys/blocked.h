/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocked - stores that the kernel has not answered: who waits for what, and what is done
 * once the wait is over (kernel.md 4.4).
 */
#pragma once

#include "fakesys/attr.h"

/* What a store waits for. */
enum block_until {
	UNTIL_FREE,   /* the old driver of a function has let it go */
	UNTIL_RESCAN, /* the lock that every remove and rescan takes */
};

/*
 * Say what the store under way waits for; always -EINPROGRESS, to be returned by it.
 * @begun: its work is done once the wait is over, else it is tried again then.
 */
int block_until(struct sim *s, enum block_until what, uint32_t fn, bool begun);

/* Put the store that returned -EINPROGRESS into the queue; its ticket, > 0. */
uint64_t blocked_add(struct sim *s, const struct entry *e, bool capable, const char *buf,
		     size_t len, uint64_t off);
/* Something was given back: go on with what waited for it. */
void blocked_wake(struct sim *s);
