/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard - what the host itself needs a function for: the disk with a mounted file system
 * or swap, the network interface of the default route, the screen it boots on. Traces
 * from the mount or route down to the function, through device-mapper, md, bridges, bonds
 * and VLANs as recorded in machine.stacked.
 */
#pragma once

#include "core/machine.h"

enum guard_kind {
	GUARD_DISK, /* a file system the host runs from */
	GUARD_SWAP,
	GUARD_NETWORK, /* the default route */
	GUARD_CONSOLE, /* boot VGA: text console and boot messages */
};

struct guard_use {
	const struct pci_fn *fn;
	enum guard_kind kind;
	bool certain;      /* false: could not be traced, this one may be it */
	const char *chain; /* "/ -> ext4 on nvme0n1p2 -> nvme0n1 -> 0000:03:00.0" */
	/* "/" or another mount, "swap", "route", "console"; uncertain: "/?", "disk?" */
	const char *word;
};
typedef VEC(struct guard_use) guard_uses;

/*
 * Every use the host makes of any function, one for each kind, in order of address. Where
 * a mount, swap or route cannot be traced (ZFS, a table that could not be read), every
 * function with disks (or network interfaces) is an uncertain use.
 */
void guard_find(const struct machine *m, struct arena *a, guard_uses *ret);
