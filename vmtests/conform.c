/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/conform.h"
#include "vmtests/ops-guest.h"

#define BATCH_MS 600000
#define TREE_MS 60000

int conform_open(const struct lab *l, struct guests *gs, struct rig *rig,
		 struct conform *ret, struct err *e)
{
	struct conform c = { .gs = gs, .rig = rig };
	int r = rig_start(gs, rig, &c.guest, e);

	if (r < 0)
		return r;
	rig_start_ahead(gs, rig); /* for the next guest's worth, or to shrink with */
	r = lab_read(l, rig->fixture, &c.fixture, e);
	if (r == 0)
		r = compare_open(c.fixture, rig->fixture, &c.model, e);
	if (r < 0) {
		conform_close(&c);
		return err_prefix(e, -EIO, "%s", rig->name);
	}
	*ret = c;
	return 0;
}

void conform_close(struct conform *c)
{
	guest_end(c->guest);
	compare_close(&c->model);
	*c = (struct conform){ 0 };
}

static int take_tree(struct conform *c, struct arena *a, const char **ret, struct err *e)
{
	struct guest_output o;
	strings argv = { 0 };
	int r;

	*vec_push(a, &argv) = "/usr/bin/lab-inside";
	*vec_push(a, &argv) = "tree";
	for (const char *const *root = compare_roots; *root; root++)
		*vec_push(a, &argv) = *root;
	*vec_push(a, &argv) = NULL;
	r = guest_run(c->guest, argv.v, (struct blob){ 0 }, TREE_MS, &o, e);
	if (r < 0)
		return r;
	if (o.status)
		r = err_set(e, -EIO, "lab-inside tree: exit status %d: %s", o.status,
			    o.err);
	else
		*ret = arena_strdup(a, o.out);
	guest_output_done(&o);
	return r;
}

int conform_ask(struct conform *c, struct arena *a, const ops *batch, bool tree,
		struct kernel_batch *ret, struct err *e)
{
	struct kernel_batch b = { .ops = *batch };
	double start = lab_now(), played;
	int r = batch->n ? ops_guest_play(c->guest, a, batch, BATCH_MS, &b.results, e)
			 : 0;

	played = lab_now();
	if (r == 0 && tree)
		r = take_tree(c, a, &b.tree, e);
	c->guest_s += played - start;
	c->tree_s += lab_now() - played;
	if (r == 0)
		*ret = b;
	return r;
}

int conform_play(struct conform *c, struct arena *a, const ops *batch, bool trees,
		 divergences *ret, struct err *e)
{
	AUTOARENA struct arena *scratch = arena_new();
	struct kernel_batch kernel;
	double start;
	int r = conform_ask(c, scratch, batch, trees, &kernel, e);

	if (r < 0)
		return r;
	start = lab_now();
	r = compare_batch(&c->model, a, &kernel, ret);
	c->model_s += lab_now() - start;
	return r;
}
