/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops-guest - operations (ops.h) played by lab-inside in a guest. */
#pragma once

#include "vmtests/guest.h"
#include "vmtests/ops.h"

/*
 * One batch; as many results, which are in @a. Errors of guest_run(); -EIO with @e:
 * lab-inside failed, or answered otherwise.
 */
int ops_guest_play(struct guest *g, struct arena *a, const ops *batch, int deadline_ms,
		   op_results *ret, struct err *e);
