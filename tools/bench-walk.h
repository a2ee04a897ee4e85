/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-walk - the same walk of a simulated sys through every door: each name listed,
 * each object asked for its attributes, each file read to its end, each link read. */
#pragma once

#include "core/host.h"
#include "fakesys/kernfs.h"

struct walk_sum {
	size_t folders, files, links;
	uint64_t bytes; /* of files and links */
};

/* A folder of the computer's, as a program does it that knows paths alone. 0, -errno. */
int walk_path(const char *dir, struct walk_sum *sum);
/* The same without reading: as ls -lR. */
int walk_names(const char *dir, struct walk_sum *sum);
int walk_host(const struct host *h, const char *dir, struct walk_sum *sum);
int walk_kernfs(struct kernfs *k, struct knode *dir, struct walk_sum *sum);

/* Milliseconds of a clock that only goes on. */
double bench_now(void);
/* Not getrusage(2): that counts what our parent had before it started us. */
double bench_peak_mib(void);
