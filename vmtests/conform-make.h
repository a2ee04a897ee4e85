/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform-make - operations drawn by a seed, for one machine: every attribute that can be
 * stored to, with good, bad and odd input.
 */
#pragma once

#include "core/machine.h"
#include "vmtests/ops.h"

struct conform_maker {
	const struct machine *m; /* borrowed */
	uint64_t seed;           /* goes on with each draw */
	struct arena *a;
	fn_list fns, ports, pfs; /* that may be touched */
	strings drivers, modules;
};

void conform_maker_init(struct conform_maker *k, const struct machine *m, uint64_t seed,
			struct arena *a);
/* Append at least @n operations; some come together. The same seed and calls give the
 * same. */
void conform_make(struct conform_maker *k, size_t n, ops *ret);
