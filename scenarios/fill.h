/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fill - larger machines for benchmarks, made from recorded ones. */
#pragma once

#include "core/machine.h"

/*
 * More of its network cards, on root buses of their own and each in a group of its own,
 * until @m has @want functions. machine_finish() is left to the caller. -ENOENT: @m has
 * no network card.
 */
int machine_fill(struct machine *m, size_t want);
