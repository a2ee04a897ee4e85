/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host-fault - a wrapper around any host that counts operations and makes one of them
 * fail.
 */
#pragma once

#include "core/host.h"

enum fault_kind {
	FAULT_NONE,  /* count only */
	FAULT_ERROR, /* the k-th operation fails with `error` and does nothing */
	FAULT_CUT,   /* -EIO from the k-th on, reads too: the power is gone */
	/* The k-th is done, and lost in the page cache as the disk sees fit; then the
	 * power goes: a command has written all or part of what it makes. */
	FAULT_CUT_BEHIND,
	FAULT_HANG, /* the k-th store (only stores count) does nothing: -EINPROGRESS */
};

struct host_fault {
	const struct host *inner; /* borrowed */
	enum fault_kind kind;
	int error;        /* negative errno, for FAULT_ERROR */
	unsigned at;      /* k, from 1 */
	const char *path; /* count only operations on this path (rename, link: onto it;
			     run: the command's name); NULL: all */
	unsigned count; /* changing operations seen: store, create, append, sync, rename,
			   unlink, link, mkdir, rmdir, run; reads are not counted */
	char last[128]; /* "rename etc/default/grub": the one struck */
};

/* The wrapped host; @f is the caller's and outlives it. */
struct host host_fault_get(struct host_fault *f);
