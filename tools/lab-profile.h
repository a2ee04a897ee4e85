/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab-profile - "pcipass-lab profile": vmtests/measure-lab.h, printed. */
#pragma once

#include "vmtests/measure-lab.h"

/*
 * 1: its own profile is there and agrees with all that was measured; 0: not. Errors of
 * measure_lab() with @e; what the guest said is on stderr then.
 */
int lab_profile(struct guests *gs, const struct lab *lab, const struct rig_want *want,
		bool json, struct err *e);
