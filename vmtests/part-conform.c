/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/conform-make.h"
#include "vmtests/conform.h"
#include "vmtests/part.h"

#define BATCH 100  /* operations between two comparisons of trees */
#define LENGTH 500 /* operations in one guest, where guests are cheap */

struct figures {
	size_t ops;
	double guest, model, trees;
};

static const char *print_ops(struct arena *a, const ops *o, size_t n)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; f && i < n; i++)
		op_write(f, &o->v[i]);
	if (f)
		(void)fclose(f);
	return arena_strdup(a, text ? text : "");
}

/* One guest's worth. RESULT_PASSED: go on. */
static enum result_outcome run_guest(struct part_run *p, uint64_t seed, size_t n,
				     struct figures *f)
{
	struct arena *a = p->lab->arena;
	struct conform_maker maker;
	struct divergence d;
	struct conform c;
	struct err e = { "" };
	enum result_outcome ret = RESULT_PASSED;
	size_t done = 0;
	int r = conform_open(p->gs, p->rig, &c, &e);

	if (r < 0)
		return part_lost(p, &e);
	conform_maker_init(&maker, c.machine, seed, a);
	r = conform_play(&c, a, &(ops){ 0 }, true, &d, &e);
	while (r == 0 && done < n) {
		ops batch = { 0 };

		p->tell(p->arg,
			arena_printf(a, "conform %zu/%zu ops", f->ops + done, p->o.ops));
		conform_make(&maker, n - done < BATCH ? n - done : BATCH, &batch);
		r = conform_play(&c, a, &batch, true, &d, &e);
		if (r == 1)
			d.text = arena_printf(a, "%s\nthe batch until then:\n%s", d.text,
					      print_ops(a, &batch, d.op + 1));
		done += batch.n;
	}
	if (r == 1)
		ret = part_failed(
			p, d.text,
			"seed %llu: kernel and model differ after %zu operations",
			(unsigned long long)seed, done);
	if (r < 0) {
		rig_fail(p->rig, c.guest);
		c.guest = NULL;
		ret = part_lost(p, &e);
	}
	f->ops += done;
	f->guest += c.guest_s;
	f->model += c.model_s;
	f->trees += c.tree_s;
	conform_close(&c);
	return ret;
}

enum result_outcome part_conform(struct part_run *p)
{
	bool cheap = topology_saves(&p->rig->topology);
	enum result_outcome ret = RESULT_PASSED;
	struct figures f = { 0 };

	/* Each guest has a seed of its own, so that it can be played alone. */
	for (uint64_t k = 0; ret == RESULT_PASSED && f.ops < p->o.ops; k++) {
		size_t n = p->o.ops - f.ops;

		ret = run_guest(p, p->o.seed + k, cheap && n > LENGTH ? LENGTH : n, &f);
	}
	p->note = arena_printf(p->lab->arena,
			       "%zu operations, %.0f a second on the kernel, %.0f on the "
			       "model; %.0f s for trees",
			       f.ops, f.guest > 0 ? (double)f.ops / f.guest : 0,
			       f.model > 0 ? (double)f.ops / f.model : 0, f.trees);
	return ret;
}
