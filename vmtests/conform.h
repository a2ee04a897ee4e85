/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform - does the model do what the kernel does? The same operations are played on a
 * guest and on the simulated host built from that guest's own capture; results, the lines
 * of the log that the model owns, and whole trees must be equal.
 */
#pragma once

#include "vmtests/ops-sim.h"
#include "vmtests/rig.h"

/* A guest and its model, at the same point. */
struct conform {
	struct guests *gs;
	struct rig *rig;
	struct guest *guest;
	struct machine *machine;
	struct sim *sim;
	struct ops_sim player;
	const char *profile;             /* its name */
	bool proven;                     /* the profile is of this very package */
	double guest_s, model_s, tree_s; /* seconds spent in each */
};

/* What differed first; text in the arena it was asked with. */
struct divergence {
	size_t op;  /* index in what was played; where trees differ: its last */
	bool trees; /* they differ, and all results were the same */
	/* Lines: the operation, what the kernel did, what the model did. */
	const char *text;
};

typedef VEC(struct divergence) divergences;

/* Errors of rig_start(); -EIO with @e: the capture is none. conform_close() ends all. */
int conform_open(struct guests *gs, struct rig *rig, struct conform *ret, struct err *e);
void conform_close(struct conform *c);

/* The kernel's results of a batch, alone. As conform_play(). */
int conform_play_guest(struct conform *c, struct arena *a, const ops *batch,
		       op_results *ret, struct err *e);
/*
 * Play a batch on both and compare; with @trees the trees, too. 0: the same. 1: *ret, in
 * @a, has all that differs, what came first first. Negative errno with @e: the guest was
 * lost.
 */
int conform_play(struct conform *c, struct arena *a, const ops *batch, bool trees,
		 divergences *ret, struct err *e);
