/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-build - what of a simulated host is derived from the machine once. */
#pragma once

#include "fakesys/sim-internal.h"

/*
 * Fill sim.places, roots, bridges and vfs: how the functions hang together. What is not
 * in
 * @recorded was never seen.
 */
void places_build(struct sim *s, const struct machine *recorded);
/* The running system as the machine was when it was recorded. */
void adopt_recorded(struct sim *s);
