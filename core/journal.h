/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal - transactions that outlive a power cut: what was there before is on disk
 * before anything changes.
 *
 * var/lib/pcipass/NNNN/ holds one transaction: journal.json (schema pcipass-journal), the
 * changed files as they were and as they shall be (before.K, after.K), undo.sh, which
 * takes it back on a host without pcipass, and merged.K, what undo makes of a file that
 * others edited. A folder without journal.json is the rest of a transaction that had not
 * begun. Once undone, saved images and undo.sh are gone.
 *
 *	prepared  the old state is saved; steps may have been taken      -> undo or resume
 *	applied   all steps were taken
 *	undoing   steps are being taken back                             -> undo
 *	undone    the old state is back
 *
 * Steps are safe to repeat, so no step has a mark of its own.
 */
#pragma once

#include "core/host.h"
#include "core/plan.h"

#define JOURNAL_DIR "var/lib/pcipass"
#define JOURNAL_SCHEMA "pcipass-journal"
#define JOURNAL_VERSION 1

enum journal_state {
	JOURNAL_PREPARED,
	JOURNAL_APPLIED,
	JOURNAL_UNDOING,
	JOURNAL_UNDONE,
	JOURNAL_UNREADABLE, /* of journal_list() only: nothing but number and why is known
			     */
};
const char *journal_state_name(enum journal_state s);

/* A file that the transaction changes, or that a command of it regenerates. */
struct journal_file {
	const char *path;
	bool generated; /* by a command; restored only if nobody made it anew since */
	bool existed;   /* before */
	mode_t mode;    /* permissions before; of a new file, those it gets */
	uid_t uid;
	gid_t gid;
	const char *before; /* path of the copy of what was there; NULL if nothing was */
	const char *after;  /* path of what shall be there; NULL for generated ones */
	uint64_t sum;       /* generated: of the content after apply; 0: not known */
};

struct journal {
	unsigned number; /* from 1 */
	enum journal_state state;
	const char *why;     /* of an unreadable one, with the file's name; else NULL */
	int64_t time;        /* of apply, seconds since 1970 */
	const char *release; /* kernel that ran */
	strings kernels;     /* installed then: initramfs images are theirs */
	strings devices;     /* "0000:01:00.0 10de:1b81" */
	const char *method, *style;
	VEC(struct journal_file) files;
	VEC(strings) commands; /* argv of each, in order */
	strings proof, gone;   /* words the default boot entry must (not) have then */
	strings created_dirs;  /* made on the way, removed by undo if empty */
};
typedef VEC(struct journal) journals;

/*
 * All transactions by number; a journal that is damaged or of a newer pcipass is listed
 * as unreadable. -EACCES and others with @e, which names the file.
 */
int journal_list(const struct host *h, struct arena *a, journals *ret, struct err *e);
/* The one that is prepared or undoing, NULL: none is. */
struct journal *journal_unfinished(const journals *all);

/* FNV-1a of a file's content, 64 bits, never 0; 0: it cannot be read. */
uint64_t journal_sum(const struct host *h, const char *path);

/*
 * Save what is there before and write the journal, state prepared; *ret lives in @a.
 * With @e: -ENOSPC not enough room; -EOPNOTSUPP something to be saved is no regular file;
 * -EILSEQ a name that is not UTF-8; or the errno of the operation that failed. The
 * started folder is removed then, at the latest when the next one begins; -EUCLEAN: its
 * journal could not be, so that the transaction counts as prepared.
 */
int journal_begin(const struct host *h, struct arena *a, const struct machine *m,
		  const struct plan *p, int64_t now, struct journal *ret, struct err *e);
/* Replace journal.json durably with state @s. */
int journal_set_state(const struct host *h, struct journal *j, enum journal_state s,
		      struct err *e);
/* The folder's path of transaction @number, and of what undo merged for its @file. */
char *journal_folder(struct arena *a, unsigned number);
char *journal_merged(struct arena *a, const struct journal *j,
		     const struct journal_file *file);
/* Text of undo.sh. */
char *journal_undo_script(struct arena *a, const struct journal *j);
/* Releases of the kernels that have modules, and an initramfs image in boot/; sorted. */
void journal_kernels(const struct host *h, struct arena *a, strings *ret);
