/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udev - what the simulated host's user space does when functions come. */
#pragma once

#include "fakesys/sim-internal.h"

/*
 * The kernel has said `add` of these: overrides of rules are stored and modules loaded,
 * as the disk has them now. In the real host that takes a moment; here it is done at
 * once.
 */
void udev_add(struct sim *s, const uint32_t fns[], size_t n);
