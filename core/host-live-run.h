/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-live-run - what host-live asks of the machine besides files: a command, its log.
 */
#pragma once

#include "core/host.h"

/* How long a command may take: update-initramfs for ten kernels on a slow disk does not.
 */
#define RUN_MS (30 * 60 * 1000)

/* More output than this is cut off at its end. */
#define RUN_OUTPUT_MAX ((size_t)4 << 20)

/*
 * As host_ops.run, for the machine this program runs on. A command that fails is no
 * error: ret->status says so. The command keeps @lock (-1: none), a descriptor with a
 * flock(2), so that the lock outlives this program if the command does. After
 * @deadline_ms it is killed with all it started in its process group: -ETIMEDOUT.
 * -ENOENT: no such command; -ENAMETOOLONG; -EACCES, -ENOEXEC, -E2BIG, -EAGAIN and others
 * of starting one; -EMFILE, -ENFILE of pipe(2); -ENOMEM.
 */
int live_run(const char *const argv[], int lock, int deadline_ms,
	     struct host_output *ret);
/*
 * As host_ops.klog. -EPERM, -EACCES: the kernel gives it to root only; -ENOSYS: it has no
 * log; -ENOMEM.
 */
int live_klog(char **ret_text);
