/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-null-fuse - a file system that does nothing: it answers each request from a table
 * that was prepared before, with the entries, attributes, contents, timeouts and
 * direct_io that the simulated host's answers have. What remains is FUSE's own price.
 */
#pragma once

#include "core/err.h"
#include "fakesys/kernfs.h"

struct null_fuse;

/* All of @top as it is now, under the name @name of the root. 0, negative errno. */
int null_fuse_new(struct kernfs *k, struct knode *top, const char *name,
		  struct null_fuse **ret);
void null_fuse_free(struct null_fuse *n); /* takes NULL */
/* Mount at @dir; errors with @e. */
int null_fuse_mount(struct null_fuse *n, const char *dir, struct err *e);
/* Until @stop_fd becomes readable; unmounts. */
int null_fuse_serve(struct null_fuse *n, int stop_fd);
