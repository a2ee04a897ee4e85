/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform-found - what is kept of a difference: the operations, as a file that `conform
 * --replay` plays again, and as a scenario that says what the kernel did.
 */
#pragma once

#include "vmtests/conform.h"

/*
 * Write NAME.ops and NAME.json to the cache's folder "found"; *ret_name is their path
 * without its ending. Errors with @e.
 */
int conform_keep(const struct lab *l, const struct conform *c, uint64_t seed,
		 const struct kernel_batch *kernel, const char **ret_name, struct err *e);
/* The operations of such a file, comments left out; "rig" of its head. Errors with @e. */
int conform_load(const struct lab *l, const char *path, ops *ret,
		 struct rig_want *ret_rig, struct err *e);
