/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction - what apply.c and undo.c share, and nobody else needs. */
#pragma once

#include "core/apply.h"

/* One call of apply.h at work. */
struct work {
	const struct host *h;
	struct arena *a;
	const struct apply_opts *o;
	struct apply_result *ret;
	struct err *e;
};

void work_say(const struct work *w, const char *fmt, ...) PRINTF(2, 3);

/* One call of apply.h from beginning to end: @fn under the locks, *ret if it succeeds. */
typedef int work_fn(const struct work *w, const void *arg);
int work_locked(const struct host *h, struct arena *a, const struct apply_opts *o,
		work_fn *fn, const void *arg, struct apply_result *ret, struct err *e);

/* Do these two files (NULL: no file) hold the same bytes? 1, 0, negative errno. */
int work_same(const struct work *w, const char *path, const char *other);
/* Put the bytes of @from at @path with these rights, durably, and read them back. */
int work_put(const struct work *w, const char *path, const char *from, mode_t mode,
	     uid_t uid, gid_t gid);
/*
 * Run one command of the journal; -EPROTO with the end of what it said. Where no kernel
 * runs it is left to the first boot.
 */
int work_run(const struct work *w, const strings *argv);

/* Images as they are before commands run that make them. */
struct image_mark {
	const char *path;
	struct host_stat st;
};
typedef VEC(struct image_mark) image_marks;

void work_note_images(const struct work *w, const struct journal *j, image_marks *ret);
/*
 * Afterwards: -EPROTO if one is not new, or has not the modprobe configuration of @j as
 * the disk has it.
 */
int work_check_images(const struct work *w, const struct journal *j,
		      const image_marks *marks);

/* Make what is at @path, or that nothing is there, durable. */
int work_settle(const struct work *w, const char *path);
/* What commands wrote is in the page cache at best: grub-mkconfig syncs nothing. */
int work_sync(const struct work *w, const struct journal *j);

/* -ESTALE: somebody else did @what to @f; names the copies that may be put there. */
int work_foreign(const struct work *w, const struct journal_file *f, const char *what);
/* -EUCLEAN, with what can be done about @j, which is unfinished. */
int work_unfinished(const struct work *w, const struct journal *j);

/*
 * Take a transaction back, whatever came of it; its state ends as undone, or as undoing
 * where commands are left to the first boot.
 */
int work_undo(const struct work *w, struct journal *j);
/* The old state is back: call it undone, and remove what only undoing it needs. */
int work_close(const struct work *w, struct journal *j);
/* The same copies of those whose removal a crash cut short. */
void work_tidy(const struct work *w, const journals *all);

/* What undo will do with one file; decided for all before any is touched. */
enum fate {
	FATE_LEAVE,   /* it is as it was */
	FATE_RESTORE, /* put the saved bytes back */
	FATE_REMOVE,  /* it was not there */
	FATE_MERGE,   /* others edited it: only our lines go */
	FATE_MERGED,  /* an earlier try did that */
	FATE_MAKE,    /* generated, and made anew since: run the commands again */
};

struct verdict {
	enum fate fate;
	char *text; /* FATE_MERGE */
};
/*
 * One verdict for each file of @j; @ret_make: commands have to make some anew. -ESTALE,
 * -EIO and others with @w->e: nothing can be undone.
 */
int undo_judge(const struct work *w, const struct journal *j, struct verdict *v,
	       bool *ret_make);
