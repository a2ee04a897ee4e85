/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops-sim - operations (ops.h) played on the model, as lab-inside plays them on a kernel.
 */
#pragma once

#include "fakesys/sim.h"
#include "vmtests/ops.h"

struct ops_sim {
	struct sim *sim;  /* borrowed */
	uint64_t tickets; /* of blocked stores so far; 0 at first */
	size_t log;       /* bytes of the kernel's log that were seen */
};

/* One batch. At its end every group is given back. */
void ops_sim_play(struct ops_sim *p, struct arena *a, const ops *batch, op_results *ret);
/* What its log says from now on counts. */
void ops_sim_begin(struct ops_sim *p, struct sim *s);
