/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nested - passthrough itself: a lab guest hands a network card and a disk to a guest of
 * its own, configured by what `pcipass vm` says in there, and gets them back. The work is
 * done by guest/nested, inside the guest.
 */
#pragma once

#include "vmtests/rig.h"
#include "vmtests/tap.h"

/* A rig for it: a kernel as in struct rig_want, the outer guest's IOMMU, not "none". */
struct rig_want nested_rig(const char *kernel, const char *iommu);

struct nested_result {
	struct tap tap;
	const char *text; /* what guest/nested said, in the lab's arena */
	double boot, run; /* seconds: power-on to the agent; guest/nested */
};

/*
 * Do it once in a guest of @r, in minutes; every wait is bounded. @firmware of the inner
 * guest: "seabios" or "ovmf"; @by, who starts it: "qemu" or "libvirt". 0: it came to its
 * end, and what was not ok is in @ret. -EPROTO with @e: what it said is no TAP with a
 * plan, or it gave up; errors of rig_boot() and guest_run().
 */
int nested_run(const struct lab *l, struct guests *gs, struct rig *r,
	       const char *firmware, const char *by, struct nested_result *ret,
	       struct err *e);
