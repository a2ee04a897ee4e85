/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario - what must hold, as one JSON file a case, and the runner that plays it on a
 * ground. The format is in scenarios/README.md.
 */
#pragma once

#include <jansson.h>

#include "core/host.h"
#include "core/verbs.h"
#include "fakesys/sim.h"

/*
 * Where a scenario plays. A ground is the host, and what only a test bed can do to it.
 * All take the ground's context; errors as the functions of sim.h.
 */
struct ground_ops {
	const char *name; /* "sim" */
	int (*start)(void *ctx, const struct machine *m, const struct kernel_profile *p,
		     struct err *e);
	struct host (*host)(void *ctx);
	int (*reboot)(void *ctx, const struct boot_report **ret, struct err *e);
	void (*power_cut)(void *ctx, uint64_t seed);
	ssize_t (*store)(void *ctx, const char *path, const char *buf, size_t len);
	int (*claim)(void *ctx, int group, bool take);
	void (*stop)(void *ctx);
};
struct ground {
	const struct ground_ops *ops;
	void *ctx;
};
/* *slot holds the state, NULL at first. */
struct ground ground_sim(void **slot);
/*
 * The model behind a FUSE mount: every access of the engine is a system call. Its `start`
 * gives 77 with @e where there is no FUSE.
 */
struct ground ground_mount(void **slot);

struct scenario {
	json_t *root;
	const char *file, *name, *about;
};

/* -EINVAL with @e "FILE: steps[2].store: ...". scenario_free() drops it. */
int scenario_load(const char *path, struct scenario *ret, struct err *e);
void scenario_free(struct scenario *s);

/*
 * Play every step. 0: all expectations held. 1 with @e: one failed ("steps[4].drivers:
 * 0000:01:00.0 is nouveau, expected vfio-pci"). 77 with @e: this ground lacks something.
 * Negative errno with @e: the scenario itself is at fault. @fixtures is the folder that
 * its `fixture` is relative to.
 */
int scenario_play(const struct scenario *s, const struct ground *g, const char *fixtures,
		  struct err *e);
