/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform - does the model do what the kernel does? The same operations are played on a
 * guest and on the simulated host built from that guest's own capture, and compared
 * (compare.h).
 */
#pragma once

#include "vmtests/compare.h"
#include "vmtests/rig.h"

/* A guest and its model, at the same point. */
struct conform {
	struct guests *gs;
	struct rig *rig;
	struct guest *guest;
	struct blob fixture; /* the guest's capture, in the lab's arena */
	struct compare_model model;
	double guest_s, model_s, tree_s; /* seconds spent in each */
};

/* Errors of rig_start(); -EIO with @e: the capture is none. conform_close() ends all. */
int conform_open(const struct lab *l, struct guests *gs, struct rig *rig,
		 struct conform *ret, struct err *e);
void conform_close(struct conform *c);

/*
 * Play a batch on the kernel, alone; with @tree, have its tree as well. What *ret has is
 * in @a. Negative errno with @e: the guest was lost.
 */
int conform_ask(struct conform *c, struct arena *a, const ops *batch, bool tree,
		struct kernel_batch *ret, struct err *e);
/* On both, and compare; with @trees the trees, too. As compare_batch(), errors as before.
 */
int conform_play(struct conform *c, struct arena *a, const ops *batch, bool trees,
		 divergences *ret, struct err *e);
