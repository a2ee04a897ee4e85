/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host-live - a real directory tree as a host: "/" for this machine, or an installed
 * image or copied tree below some directory. The one file that opens system paths; all of
 * them by openat2(RESOLVE_IN_ROOT), so an absolute link inside an image stays inside it.
 */
#pragma once

#include "core/host.h"

struct host_live;

/*
 * The tree below @root. For "/" what may block in sys/ and proc/ goes through a worker
 * process, so that a store or a read that the kernel never answers costs a deadline, not
 * the program; the worker is ended with the host (one that hangs in the kernel is left to
 * it). Any other root has running = false: its commands are not run (-EOPNOTSUPP).
 * -ENOENT, -ENOTDIR, -EACCES, -ENOMEM, -ENOSYS (a kernel before 5.6 has no openat2) with
 * @e.
 */
int host_live_open(const char *root, struct host_live **ret, struct err *e);
/*
 * The same where @sys is a copied /sys: "sys/..." is below it, no other path is there,
 * and every change is -EROFS. running = false.
 */
int host_live_open_sys(const char *sys, struct host_live **ret, struct err *e);

/*
 * The tree is that of a running machine beside this one: how its commands are run and its
 * log is read. Returns as host_ops.run and .klog do.
 */
struct host_live_guest {
	int (*run)(void *arg, const char *const argv[], struct host_output *ret);
	int (*klog)(void *arg, char **ret_text);
	void *arg;
};
/* @g is borrowed until close; the host counts as running from now on. */
void host_live_set_guest(struct host_live *l, const struct host_live_guest *g);
void host_live_close(struct host_live *l); /* takes NULL; gives locks back */
/* Borrowed; valid until close. */
struct host host_live_get(struct host_live *l);
