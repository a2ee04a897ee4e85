/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accel - does KVM work here? That /dev/kvm opens says nothing. */
#pragma once

#include "vmtests/lab.h"

struct accel {
	bool kvm;
	const char *why;     /* "a tiny guest hung under KVM" */
	const char *version; /* of QEMU, in its own words */
};

/*
 * Run a guest of a few instructions under KVM for some seconds at most; the verdict is
 * remembered until the next boot or another QEMU. -ENOENT with @e: no QEMU, or one that
 * cannot run that guest without KVM either.
 */
int accel_probe(const struct lab *l, struct accel *ret, struct err *e);
