/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-umockdev - the peer's figure: umockdev's testbed of the same PCI functions. */
#pragma once

#include "core/machine.h"
#include "fakesys/sim.h"

/*
 * Describe the functions of @s (attributes and links of each, as umockdev-record writes
 * them), let umockdev-run make its testbed from that, and print how long that took and
 * how long @self takes to walk and read it. 0, also where umockdev-run is not installed,
 * which is said; negative errno with @e.
 */
int bench_umockdev(const struct machine *m, struct sim *s, const char *self,
		   struct err *e);
