/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk-tree - inside of disk: inodes, the names that point to them, the log of changes
 * that are not committed, and the walk along a path.
 */
#pragma once

#include <limits.h>

#include "fakesys/disk.h"

struct slot;

struct inode {
	struct inode *next; /* all inodes ever made */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int64_t mtime, mtime_synced;
	uint64_t tid;  /* transaction that last changed it */
	unsigned refs; /* names, and log entries that may bring a name back */
	uint64_t number;
	/* file and link: */
	char *data;
	size_t len, cap, synced;
	/* directory: */
	struct inode *parent; /* NULL: the root */
	struct slot *slots;
	size_t n_entries;
};

/* A name in a directory. It stays when the file goes, so that the log can point to it. */
struct slot {
	struct slot *next_hash, *next_in_dir;
	struct inode *dir, *ino; /* ino NULL: no such file now */
	uint64_t hash;
	size_t len;
	char name[];
};

/* One step back: give @slot's name to @old again. */
struct undo {
	struct slot *slot;
	struct inode *old;
	int64_t dir_mtime;
	bool first;  /* of an operation: rename has two */
	bool synced; /* its directory was, since */
};

struct disk {
	struct arena *arena;
	struct inode *root, *all;
	struct slot **table;
	size_t table_size, n_slots; /* size is a power of 2 */
	struct undo *log;
	size_t n_log, cap_log;
	size_t n_committed,
		n_ops; /* in order: the first entries, operations behind them */
	uint64_t tid, n_inodes;
	int64_t now;
};

/* Where a path leads, and what the walk there needs. */
struct place {
	struct inode *dir; /* that holds the last name; NULL: the path names no entry */
	const char *name;
	size_t len;
	struct slot *slot; /* NULL: never was such a name */
	struct inode *ino; /* NULL: not there */
	const char *rest;
	unsigned links;
	char buf[2][2 * PATH_MAX]; /* a link's target and the rest, in turns */
};

enum walk_flags {
	WALK_FOLLOW = 1 << 0, /* the last component, too */
	WALK_MAKE = 1 << 1,   /* missing directories on the way */
};

struct inode *inode_new(struct disk *d, mode_t mode, uid_t uid, gid_t gid, int64_t mtime);
/* Drop a reference; the last one drops the content. Takes NULL. */
void inode_put(struct inode *ino);
/* -EFBIG: a file cannot be that long; -ENOSPC: no memory. */
int inode_append(struct inode *ino, const void *buf, size_t len);

/* The slot of @p->name, made if there never was one. */
struct slot *slot_get(struct disk *d, struct place *p);
/* Give a name to @ino (NULL: to nothing) at once and for good. */
void slot_point(struct slot *s, struct inode *ino);
/* The same as a change that is lost unless committed; @first of its operation. */
void disk_change(struct disk *d, struct slot *s, struct inode *ino, bool first);
/* All changes so far are durable where they reach the disk in order. */
void disk_commit(struct disk *d);
/* The names in @dir are durable in any case. */
void disk_sync_names(struct disk *d, const struct inode *dir);
/* All changes so far are durable in any case. */
void disk_settle(struct disk *d);

/*
 * Where @path leads; @p keeps using it. A missing last component is no error: p->ino is
 * NULL. -ENOENT: one before it is missing (not with WALK_MAKE), or a link is empty;
 * -ENOTDIR: one before it is no directory; -ELOOP: too many links; -ENAMETOOLONG: a name
 * or the path; -EXDEV: ".." leaves the root.
 */
int disk_walk(struct disk *d, const char *path, unsigned flags, struct place *p);
