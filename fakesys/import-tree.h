/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import-tree - a recorded tree, in whatever form, that inventory can read as a host. */
#pragma once

#include "core/host.h"
#include "fakesys/import.h"

/*
 * Add what the tree @h says; @ret counts its functions, and those that could not be read.
 * -EINVAL with @e: it has no function, or is of another machine or boot than what was
 * added before.
 */
int import_tree(struct machine *m, const char *name, const struct host *h,
		struct import_stats *ret, struct err *e);
