/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab - where the VM lab finds what it is made of, and keeps what it made. */
#pragma once

#include "core/arena.h"
#include "core/err.h"

struct lab {
	struct arena *arena;
	const char *cache; /* kernels, images, saved guests; may be deleted at any time */
	const char *data;  /* topologies/, guest/, lab-kernels, lab-inside */
	const char *programs; /* pcipass */
};

/*
 * @cache NULL: pcipass-lab in $XDG_CACHE_HOME or ~/.cache. The rest lies where this
 * program does, built or installed. -ENOENT with @e: a part of the lab is not there.
 * lab_close() frees all that is in the arena.
 */
int lab_open(struct lab *ret, const char *cache, struct err *e);
void lab_close(struct lab *l);
/* The cache's folder; before anything is kept there. The errno of mkdir(2) with @e. */
int lab_make_cache(const struct lab *l, struct err *e);

/* A file of the cache, "DIR/NAME"; the folder is made. */
const char *lab_file(const struct lab *l, const char *dir, const char *fmt, ...)
	PRINTF(3, 4);

/*
 * Run argv[0] and have its output, with its last newline cut off, in the arena.
 * -ECHILD with @e, which has what it said last: it failed; errors of live_run(), with @e.
 */
int lab_run(const struct lab *l, const char *const argv[], int deadline_ms,
	    const char **ret_output, struct err *e);

/* A whole file of this machine. Errno of open(2) and read(2), with @e naming it. */
int lab_read(const struct lab *l, const char *path, struct blob *ret, struct err *e);

/* Seconds since some point in the past. */
double lab_now(void);
