/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench - what the lab costs, all in one run, beside plain QEMU. */
#pragma once

#include <stdio.h>

#include "vmtests/rig.h"

/*
 * On a machine that QEMU can save. Lines "WHAT: N s" to @out. Errors of rig_start() and
 * guest_run() with @e; -EIO with @e: plain QEMU did not come up.
 */
int bench(const struct lab *l, struct guests *gs, struct rig *r, FILE *out,
	  struct err *e);
