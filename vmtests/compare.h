/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare - does the model do what a kernel did? Results of operations, the lines of the
 * log that the model owns, and whole trees must be equal. What is not compared stands in
 * compare.c with the reason.
 */
#pragma once

#include "vmtests/ops-sim.h"

/* The simulated host of a kernel's own capture. */
struct compare_model {
	struct machine *machine;
	struct sim *sim;
	struct ops_sim player;
};

/*
 * Of a fixture's text; @name is its file, for @e. Errors of machine_from_json() and
 * sim_new(). The model has no udev, as guests of the lab have none (guest/lab-init).
 */
int compare_open(struct blob fixture, const char *name, struct compare_model *ret,
		 struct err *e);
void compare_close(struct compare_model *m);

/* Operations, and what a kernel made of them. */
struct kernel_batch {
	ops ops;
	op_results results; /* as many */
	const char *tree; /* compare_roots afterwards (fakesys/tree.h); NULL: not taken */
};

/* What differed; text in the arena it was asked with. */
struct divergence {
	size_t op;  /* index in what was played; where trees differ: its last */
	bool trees; /* they differ */
	/* Lines: the operation, what the kernel did, what the model did. */
	const char *text;
};

typedef VEC(struct divergence) divergences;

/* What trees are made of; NULL-terminated. */
extern const char *const compare_roots[];

/*
 * Play the same on the model. 0: the same. 1: *ret, in @a, has all that differs, what
 * came first first. -ENOMEM.
 */
int compare_batch(struct compare_model *m, struct arena *a,
		  const struct kernel_batch *kernel, divergences *ret);
