/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuse-server - a simulated host as a mounted file system, for programs that know nothing
 * of it. Its root holds sys, proc and dev from the model and all other folders from the
 * simulated disk.
 *
 * One thread owns the model and serves; another one, without state, tells the kernel
 * which names it must forget and sends the answer to whoever changed them afterwards. A
 * store that blocks keeps its request and is answered later, others go on.
 *
 * What FUSE cannot carry: the ioctls of VFIO, mmap of resourceN, inotify, and SEEK_END of
 * a file that says 0 there (F16).
 */
#pragma once

#include "fakesys/sim.h"

struct fuse_server;

/*
 * Mount @s at @dir. @s is borrowed and owned by the thread that calls fuse_server_serve()
 * until fuse_server_close(). @caller_etc: an open folder whose files show below etc where
 * the machine has none, read-only; -1: none. Errors with @e: -ENOENT, -EACCES, -ENODEV
 * (no FUSE here; @e says what is missing), -EPERM (no right to mount), and those of @dir.
 */
int fuse_server_open(struct sim *s, const char *dir, int caller_etc,
		     struct fuse_server **ret, struct err *e);
/*
 * Serve until @stop_fd (-1: none) becomes readable or somebody unmounts it. 0: stopped;
 * 1: unmounted; negative errno.
 */
int fuse_server_serve(struct fuse_server *f, int stop_fd);
/* Unmounts, answers what waits with -ENODEV, ends the thread. Takes NULL. */
void fuse_server_close(struct fuse_server *f);
