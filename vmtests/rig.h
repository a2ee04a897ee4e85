/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig - one kernel on one machine, from which guests are started. What is slow is done
 * once and kept in the cache: its boot, and the fixture that pcipass captured in it.
 */
#pragma once

#include "vmtests/accel.h"
#include "vmtests/guest.h"

struct rig_want {
	const char *kernel;            /* a name of lab_kernel_names; or NULL and ... */
	const char *vmlinuz, *modules; /* ... another kernel */
	const char *topology;          /* as topology_load() */
	const char *iommu, *firmware;  /* NULL: the topology's */
	const char *cmdline;           /* further kernel options; NULL: none */
	const char *share;             /* as in struct domain: cold starts only */
	unsigned mib, cpus;            /* 0: 512, 1 */
};

struct rig {
	struct lab_kernel kernel;
	struct lab_topology topology;
	struct lab_image image;
	struct accel accel;
	struct domain domain;
	const char *name;    /* "6.12-intel-seabios-a" */
	const char *state;   /* the saved guest; may be missing */
	const char *fixture; /* what was captured in it; missing if state is */
	char *evidence;      /* what the guest said that failed last; NULL: none did */
	struct rig_ahead *ahead; /* the guest that waits for the next rig_start() */
	double cold, save; /* seconds that the boot and saving took; 0: not done now */
};

/* -ENOENT, -EINVAL with @e, and errors of what it is made of. */
int rig_make(const struct lab *l, const struct rig_want *w, struct rig *ret,
	     struct err *e);

void rig_done(struct rig *r);
/* What @g, a guest of @r, says for itself becomes @r's evidence; it is ended. */
void rig_fail(struct rig *r, struct guest *g);

/* A cold start: power on until the agent answers. Errors of guest_start(). */
int rig_boot(struct guests *gs, struct rig *r, struct guest **ret, struct err *e);
/*
 * Have rig.state and rig.fixture, by a cold start if they are not there. -EOPNOTSUPP with
 * @e: QEMU cannot save this machine; errors of rig_boot(), guest_save(); -EIO with @e:
 * pcipass could not capture there.
 */
int rig_save(struct guests *gs, struct rig *r, struct err *e);
/*
 * A guest that is as rig.fixture says: a saved one, in a second, the first time with the
 * boot before it; or a cold one where QEMU cannot save it. One that waits is taken.
 */
int rig_start(struct guests *gs, struct rig *r, struct guest **ret, struct err *e);
/*
 * Start the guest for the next rig_start() now, beside what the caller does; rig_done()
 * ends it if nobody takes it. Not for machines that QEMU cannot save.
 */
void rig_start_ahead(struct guests *gs, struct rig *r);
