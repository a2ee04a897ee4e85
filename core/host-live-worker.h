/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host-live-worker - the operations of host-live that may meet a kernel that never
 * answers, done in this process or in a worker process that can be left behind. Used by
 * host-live.c and its test only.
 */
#pragma once

#include "core/host.h"

enum live_op { LIVE_READ, LIVE_READLINK, LIVE_LIST, LIVE_STAT, LIVE_STORE };

struct live_request {
	enum live_op op;
	const char *path;
	uint64_t off; /* READ: offset; LIST: 0, then as the last call left it */
	char *buf; /* READ, READLINK, STORE: the bytes; LIST: names, each with its NUL */
	size_t len;
	struct host_stat *stat; /* STAT */
};

/* An openat2(2) file descriptor that cannot leave the tree below @root_fd. */
int live_openat(int root_fd, const char *path, int flags, mode_t mode);

/*
 * Do it here and now. Returns bytes in buf (LIST: 0 after the last name), 0 for STAT and
 * STORE, negative errno. A read comes short only at the end of the file.
 */
ssize_t live_do(int root_fd, struct live_request *r);

/* One process at a time, started when first needed. Zeroed memory, pid 0: none yet. */
struct live_worker {
	pid_t pid;
	int sock;
	struct live_shared *shared; /* a mapping of both processes */
};

/*
 * The same in the worker. When it has not answered after @deadline_ms it is left to the
 * kernel, the next call starts another, and this one returns -EINPROGRESS for LIVE_STORE,
 * -ETIMEDOUT for the rest. -EIO: it died.
 */
ssize_t live_worker_do(struct live_worker *w, int root_fd, struct live_request *r,
		       int deadline_ms);
/* End the process if it is idle. */
void live_worker_stop(struct live_worker *w);
