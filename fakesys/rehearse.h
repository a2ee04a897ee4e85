/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rehearse - run a request on a twin of a machine: plan, apply, reboot, verify, undo,
 * reboot again, and report the driver of every function before and after.
 */
#pragma once

#include "core/verbs.h"
#include "fakesys/sim.h"

/* As the verbs of core/verbs.h. @profile NULL: the one nearest to the machine's kernel.
 */
int rehearse(const struct machine *m, const struct kernel_profile *profile,
	     const struct request *r, json_t **ret_report, struct err *e);
