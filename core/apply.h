/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply - carry a plan out as one transaction, take it back, and finish what a crash cut
 * short. Every function here holds pcipass's lock while it works and waits up to
 * APPLY_DPKG_MS for dpkg's.
 */
#pragma once

#include "core/journal.h"

#define APPLY_DPKG_MS 60000

/* Told before each thing that happens, for people; may be NULL. */
typedef void apply_progress(void *arg, const char *what);

struct apply_opts {
	int64_t now; /* seconds since 1970, for the journal */
	apply_progress *progress;
	void *arg;
};

/*
 * All of these return 0, or with @e set:
 *   -EACCES, -EPERM, -EROFS  no right to change this host
 *   -EAGAIN    another pcipass, or dpkg, has its lock
 *   -EUCLEAN   an unfinished transaction waits (apply_plan only)
 *   -ESTALE    a file changed since the plan was made, nothing done (apply_plan);
 * somebody else's edit stands in the way (apply_undo): *what* is named, the rest is not
 * touched -EPROTO    a command failed, or its effect did not arrive in what boots else
 * the errno of the operation that failed apply_plan: on failure the old state is restored
 * before it returns; if that fails as well
 * @e says what is left, and the journal stays prepared.
 */
int apply_plan(const struct host *h, const struct machine *m, const struct plan *p,
	       const struct apply_opts *o, struct err *e);
/* Finish the transaction that is prepared. -ENOENT: there is none. */
int apply_resume(const struct host *h, const struct apply_opts *o, struct err *e);
/*
 * Take transaction @number back; 0: the newest that is not undone. -ENOENT: there is
 * none. -EBUSY: a later one that is still applied changes the same file. *ret_reboot: the
 * running kernel still lives by what was undone.
 */
int apply_undo(const struct host *h, unsigned number, const struct apply_opts *o,
	       bool *ret_reboot, struct err *e);
