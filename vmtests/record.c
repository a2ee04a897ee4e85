/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmtests/conform-make.h"
#include "vmtests/conform.h"
#include "vmtests/record.h"
#include "vmtests/transcript.h"

int record(const struct lab *l, struct guests *gs, struct rig *rig, size_t n,
	   size_t every, uint64_t seed, const char *path, struct err *e)
{
	struct transcript t = { .rig = rig->name };
	struct arena *a = l->arena;
	struct conform_maker maker;
	struct conform c;
	size_t done = 0;
	ops batch = { 0 };
	int r = conform_open(l, gs, rig, &c, e);

	if (r < 0)
		return r;
	t.fixture = c.fixture;
	conform_maker_init(&maker, c.model.machine, seed, a);
	do {
		r = conform_ask(&c, a, &batch, true, vec_push(a, &t.batches), e);
		done += batch.n;
		batch = (ops){ 0 };
		if (done < n)
			conform_make(&maker, n - done < every ? n - done : every, &batch);
	} while (r == 0 && batch.n);
	if (r < 0) {
		rig_fail(rig, c.guest);
		c.guest = NULL;
	}
	conform_close(&c);
	return r < 0 ? r : transcript_save(&t, path, e);
}
