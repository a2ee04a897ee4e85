/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-host - simulated hosts of any size, and their mounts, for benchmarks. */
#pragma once

#include "core/machine.h"
#include "fakesys/sim.h"
#include "tools/bench-null-fuse.h"

/* A machine, and the simulated host made from it. */
struct model {
	struct machine *m;
	struct sim *s;
};

/* @fixture filled up to @functions (scenarios/fill.h). Negative errno with @e. */
int model_make(const char *fixture, size_t functions, struct model *ret, struct err *e);
void model_free(struct model *o);

/* A file system served by a process of its own. */
struct server {
	pid_t pid;
	int fd; /* closed for writing: it is to end; then it says its peak memory */
};

/*
 * Mount @n at @dir, or if that is NULL @s, in a new process, and wait until it is there.
 * Negative errno with @e, as of fuse_server_open(); then there is nothing to stop.
 */
int server_start(struct sim *s, struct null_fuse *n, const char *dir, struct server *ret,
		 struct err *e);
/* Unmount and end it. Its peak memory in MiB; -1: it failed. */
double server_stop(struct server *v);
