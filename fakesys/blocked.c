/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/blocked.h"
#include "fakesys/driver.h"

int block_until(struct sim *s, enum block_until what, uint32_t fn, bool begun)
{
	s->wait = (struct sim_wait){ .what = what, .fn = fn, .begun = begun };
	return -EINPROGRESS;
}

uint64_t blocked_add(struct sim *s, const struct entry *e, bool capable, const char *buf,
		     size_t len, uint64_t off)
{
	struct sim_blocked *b = vec_push(s->run, &s->blocked);

	*b = (struct sim_blocked){
		.ticket = ++s->tickets,
		.wait = s->wait,
		.e = arena_memdup(s->run, e, sizeof(*e)),
		.capable = capable,
		.buf = arena_memdup(s->run, buf, len),
		.len = len,
		.off = off,
	};
	return b->ticket;
}

static bool waits(const struct sim *s, const struct sim_wait *w)
{
	return w->what == UNTIL_FREE ? s->fns[w->fn].leaving != NULL
				     : s->removing != SIM_NONE;
}

void blocked_wake(struct sim *s)
{
	/* From the front: who waited first goes on first, and may free others. */
	for (size_t i = 0; i < s->blocked.n;) {
		struct sim_blocked b = s->blocked.v[i];
		ssize_t r = (ssize_t)b.len;

		if (waits(s, &b.wait)) {
			i++;
			continue;
		}
		if (!b.wait.begun)
			r = entry_store(s, b.e, b.capable, b.buf, b.len, b.off);
		else if (b.wait.attach &&
			 driver_attach_or_wait(s, b.wait.attach, b.wait.fn) < 0)
			r = -EINPROGRESS;
		if (r == -EINPROGRESS) {
			s->blocked.v[i++].wait = s->wait;
			continue;
		}
		memmove(&s->blocked.v[i], &s->blocked.v[i + 1],
			(--s->blocked.n - i) * sizeof(b));
		*vec_push(s->run, &s->answers) =
			(struct sim_answer){ .ticket = b.ticket, .result = r };
		i = 0;
	}
}

bool sim_take_answer(struct sim *s, uint64_t *ret_ticket, ssize_t *ret_result)
{
	if (!s->answers.n)
		return false;
	*ret_ticket = s->answers.v[0].ticket;
	*ret_result = s->answers.v[0].result;
	memmove(&s->answers.v[0], &s->answers.v[1],
		--s->answers.n * sizeof(s->answers.v[0]));
	return true;
}
