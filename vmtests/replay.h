/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay - operations that once showed a difference, played again (conform-found.h). */
#pragma once

#include "scenarios/results.h"
#include "vmtests/guest.h"

/*
 * Play the file @path on its rig and on the model, and compare. Strings of *ret are in
 * the lab's arena. -EINVAL, -ENOENT with @e: the file is none; all else is a result.
 */
int replay(const struct lab *l, struct guests *gs, const char *path, struct result *ret,
	   struct err *e);
