/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record - a transcript of a guest: the operations that conformance would play. */
#pragma once

#include "vmtests/rig.h"

/*
 * Play @n operations drawn by @seed on a guest and write the transcript to @path; trees
 * are taken at rest and after each @every operations. Errors of rig_start() and of the
 * guest, which is rig_fail()ed; of transcript_save(). @e.
 */
int record(const struct lab *l, struct guests *gs, struct rig *rig, size_t n,
	   size_t every, uint64_t seed, const char *path, struct err *e);
