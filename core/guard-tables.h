/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard-tables - inside of guard: the tables of /proc that say what the host uses.
 * Readers return NULL, or why the table is not known; a machine without the file uses
 * nothing.
 */
#pragma once

#include "core/machine.h"

struct guard_mount {
	const char *dev;   /* "259:2"; major 0: of no block device */
	const char *point; /* "/boot" */
	const char *fstype, *source;
	const char *options; /* of the superblock */
};
typedef VEC(struct guard_mount) guard_mounts;

const char *guard_read_mounts(const struct machine *m, struct arena *a,
			      guard_mounts *ret);
/* The mount that @path lies on, NULL if there is none. */
const struct guard_mount *guard_mount_of(const guard_mounts *mounts, const char *path);
/* All layers of an overlay are named by paths that the mounts here explain. */
bool guard_overlay_visible(const struct guard_mount *mnt);

/* Names of files and devices in use as swap. */
const char *guard_read_swaps(const struct machine *m, struct arena *a, strings *ret);
/* Interfaces of the default routes with the lowest metric, IPv4's and IPv6's. */
const char *guard_read_routes(const struct machine *m, struct arena *a, strings *ret);
