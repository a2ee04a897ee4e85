/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-recorded - what a tree says beyond inventory: a canonical one that is imported,
 * or that of a host that is captured as a whole.
 */
#pragma once

#include "core/host.h"
#include "core/machine.h"

/*
 * Add to @m, whose functions are those of the tree @h, what the tree says about
 * attributes without recorded registers and loaded modules, and its opaque parts; to @k
 * (NULL: left out) the built-in drivers. What is not in the tree adds nothing.
 */
void import_note_recorded(struct machine *m, const struct host *h, struct kernel *k);
