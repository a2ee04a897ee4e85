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
	/*
	 * Asked between the steps of apply: true ends it there, with everything put back;
	 * and while dpkg has its lock. NULL: never. Undo, once begun, is not stopped.
	 */
	bool (*stop)(void *arg);
	void *arg;
};

/* What was done; lives in the arena of the call. */
struct apply_result {
	unsigned number;
	enum journal_state state; /* that it ended in */
	bool reboot;              /* the kernel still lives by what was before */
	/*
	 * On a host that does not run: commands that are left to its first boot, in
	 * order.
	 */
	VEC(strings) pending;
};

/*
 * All of these return 0 with *ret, or with @e set:
 *   -EACCES, -EPERM, -EROFS  no right to change this host
 *   -EAGAIN    another pcipass, or dpkg, has its lock
 *   -EUCLEAN   an unfinished transaction stands in the way
 *   -ESTALE    a file changed, or a kernel came or went, since the plan was made, nothing
 * was done (apply_plan); somebody else's edit stands in the way, it is named and nothing
 * was done (apply_resume, apply_undo) -EINTR     opts->stop asked for it -EPROTO    a
 * command failed, or its effect did not arrive in what boots else the errno of the
 * operation that failed apply_plan on failure restores the old state before it returns;
 * if that fails as well,
 * @e says what is left, and the journal stays unfinished.
 */
int apply_plan(const struct host *h, struct arena *a, const struct machine *m,
	       const struct plan *p, const struct apply_opts *o, struct apply_result *ret,
	       struct err *e);
/* Finish the transaction that is prepared. -ESRCH: there is none. */
int apply_resume(const struct host *h, struct arena *a, const struct apply_opts *o,
		 struct apply_result *ret, struct err *e);
/*
 * Take transaction @number back; 0: the unfinished one, else the newest
 * that is not undone. Where commands are
 * left to the first boot (ret->pending) it stays undoing, with all that was saved, until
 * undo runs them there. -ESRCH: there is none. -EBADMSG: its journal cannot be read.
 * -EBUSY: a later one that is still applied changes the same file.
 */
int apply_undo(const struct host *h, struct arena *a, unsigned number,
	       const struct apply_opts *o, struct apply_result *ret, struct err *e);
