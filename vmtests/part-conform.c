/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/conform-found.h"
#include "vmtests/conform-make.h"
#include "vmtests/conform-shrink.h"
#include "vmtests/part.h"

#define LENGTH 500   /* operations in one guest, where guests are cheap */
#define TRIES 40     /* guests to shrink a difference with; fewer ... */
#define TRIES_COLD 6 /* ... where each has to boot */

struct figures {
	size_t ops;
	double guest, model, trees;
};

/* A guest's worth of operations, and how they went. */
struct sequence {
	struct part_run *p;
	uint64_t seed;
	ops all;
	divergences found;   /* in the last batch */
	struct divergence d; /* the first of them */
	unsigned tried;
	const char *differences; /* so far, where the run goes on; NULL: none */
};

/* In a guest of its own: does this differ, too? */
static int differs(void *arg, const ops *candidate)
{
	struct sequence *s = arg;
	struct arena *a = s->p->lab->arena;
	divergences found;
	struct conform c;
	struct err e = { "" };
	int r = conform_open(s->p->lab, s->p->gs, s->p->rig, &c, &e);

	if (r < 0)
		return r;
	s->p->tell(s->p->arg, arena_printf(a, "conform: shrinking, try %u, %zu ops",
					   ++s->tried, candidate->n));
	r = conform_play(&c, a, candidate, s->d.trees, &found, &e);
	conform_close(&c);
	return r;
}

/* What the kernel does with the few that are left, for whoever mends the model. */
static const char *keep(struct sequence *s, const ops *few)
{
	const struct part_run *p = s->p;
	struct kernel_batch kernel;
	const char *name = NULL;
	struct conform c;
	struct err e = { "" };

	if (conform_open(p->lab, p->gs, p->rig, &c, &e) < 0)
		return NULL;
	if (conform_ask(&c, p->lab->arena, few, false, &kernel, &e) == 0)
		(void)conform_keep(p->lab, &c, s->seed, &kernel, &name, &e);
	conform_close(&c);
	return name;
}

static enum result_outcome tell_difference(struct sequence *s, size_t done)
{
	struct part_run *p = s->p;
	struct arena *a = p->lab->arena;
	bool cheap = topology_saves(&p->rig->topology);
	AUTOFREE char *text = NULL;
	const char *name;
	ops few = s->all;

	if (few.n)
		conform_shrink(a, &s->all, differs, s, cheap ? TRIES : TRIES_COLD, &few);
	name = few.n ? keep(s, &few) : NULL;
	text = ops_text(&few);
	return part_failed(p,
			   arena_printf(a, "%s\n%zu operations that show it%s%s:\n%s",
					s->d.text, few.n, name ? ", kept as " : "",
					name ? name : "", text ? text : ""),
			   "seed %llu: kernel and model differ after %zu operations",
			   (unsigned long long)s->seed, done);
}

/* As conform_play(). Where all is wanted, it is told, and only trees that differ are an
 * end: nothing behind that is worth a comparison. */
static int play(struct conform *c, struct sequence *s, const ops *batch, struct err *e)
{
	struct part_run *p = s->p;
	struct arena *a = p->lab->arena;
	int r = conform_play(c, a, batch, true, &s->found, e);

	if (r != 1)
		return r;
	s->d = s->found.v[0];
	if (!p->o.keep_going)
		return 1;
	vec_foreach(d, &s->found) {
		s->differences = arena_printf(
			a, "%s%s\n", s->differences ? s->differences : "", d->text);
		s->d = *d;
	}
	return s->d.trees;
}

/* One guest's worth. RESULT_PASSED: go on. */
static enum result_outcome run_guest(struct part_run *p, uint64_t seed, size_t n,
				     struct figures *f)
{
	struct arena *a = p->lab->arena;
	struct sequence s = { .p = p, .seed = seed };
	enum result_outcome ret = RESULT_PASSED;
	struct conform_maker maker;
	struct conform c;
	struct err e = { "" };
	int r = conform_open(p->lab, p->gs, p->rig, &c, &e);

	if (r < 0)
		return part_lost(p, &e);
	conform_maker_init(&maker, c.model.machine, seed, a);
	r = play(&c, &s, &(ops){ 0 }, &e);
	while (r == 0 && s.all.n < n) {
		ops batch = { 0 };

		p->tell(p->arg, arena_printf(a, "conform %zu/%zu ops", f->ops + s.all.n,
					     p->o.ops));
		conform_make(&maker, n - s.all.n < p->o.every ? n - s.all.n : p->o.every,
			     &batch);
		r = play(&c, &s, &batch, &e);
		vec_foreach(op, &batch)
			if (r == 0 || op <= &batch.v[s.d.op])
				*vec_push(a, &s.all) = *op;
	}
	if (r < 0) {
		rig_fail(p->rig, c.guest);
		c.guest = NULL;
		ret = part_lost(p, &e);
	}
	f->ops += s.all.n;
	f->guest += c.guest_s;
	f->model += c.model_s;
	f->trees += c.tree_s;
	conform_close(&c);
	if (s.differences)
		return part_failed(p, s.differences, "seed %llu: kernel and model differ",
				   (unsigned long long)seed);
	return r == 1 ? tell_difference(&s, f->ops) : ret;
}

enum result_outcome part_conform(struct part_run *p)
{
	bool cheap = topology_saves(&p->rig->topology);
	enum result_outcome ret = RESULT_PASSED;
	struct figures f = { 0 };

	/* Each guest has a seed of its own, so that it can be played alone. The first one
	 * compares trees as they are at rest, also where no operations are wanted. */
	for (uint64_t k = 0; ret == RESULT_PASSED && (!k || f.ops < p->o.ops); k++) {
		size_t n = p->o.ops - f.ops;

		ret = run_guest(p, p->o.seed + k, cheap && n > LENGTH ? LENGTH : n, &f);
	}
	if (!f.ops) {
		p->note = "trees at rest";
		return ret;
	}
	p->note = arena_printf(p->lab->arena,
			       "%zu operations, %.0f a second on the kernel, %.0f on the "
			       "model; %.0f s for trees",
			       f.ops, f.guest > 0 ? (double)f.ops / f.guest : 0,
			       f.model > 0 ? (double)f.ops / f.model : 0, f.trees);
	return ret;
}
