/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk - the simulated machine's files, with what was written and what is durable kept
 * apart: a power cut leaves of the rest only what a real one may leave.
 *
 * The rules are ext4's with default options (data=ordered, delayed allocation). Changes
 * of names (create, rename, unlink, link, mkdir, rmdir) reach the disk in the order in
 * which they were made: a sync of a file or directory that changed commits all of them so
 * far. Content becomes durable by sync of its own file only; a name may survive without
 * it, also one that was renamed over an older file. rename never shows a half state.
 */
#pragma once

#include "core/host.h"

struct disk;

struct disk *disk_new(void);
void disk_free(struct disk *d); /* takes NULL */

/*
 * Put a durable file (or link or directory, by mode; plain permissions mean a file)
 * there, parents made; replaces what is there. All earlier changes of names become
 * durable, too. -EXDEV, -ELOOP, -ENAMETOOLONG: nothing can be put there; -ENOTDIR,
 * -EISDIR: a file stands where a parent should, or a directory where the file should.
 */
int disk_put(struct disk *d, const char *path, struct blob data, mode_t mode, uid_t uid,
	     gid_t gid, int64_t mtime);

/*
 * As the members of struct host_ops: create never replaces (-EEXIST), list is sorted.
 * Links to directories are followed, absolute ones from the root of the tree; paths that
 * leave the tree are -EXDEV. "" is the root.
 *
 * All: -ENOENT, -ENOTDIR (a file stands on the way), -ELOOP, -ENAMETOOLONG. read, append,
 * link: -EISDIR. readlink: -EINVAL no link, -ENAMETOOLONG @len is too small. list:
 * -ENOTDIR, or what @fn gave. create, link, mkdir: -EEXIST. rename: -EISDIR, -ENOTDIR,
 * -ENOTEMPTY as rename(2). unlink: -EISDIR. rmdir: -ENOTDIR, -ENOTEMPTY. disk_sync always
 * succeeds on what is there.
 */
ssize_t disk_read(struct disk *d, const char *path, char *buf, size_t len, uint64_t off);
ssize_t disk_readlink(struct disk *d, const char *path, char *buf, size_t len);
int disk_list(struct disk *d, const char *path, host_list_fn *fn, void *arg);
int disk_stat(struct disk *d, const char *path, struct host_stat *ret);
int disk_create(struct disk *d, const char *path, mode_t mode, uid_t uid, gid_t gid);
int disk_append(struct disk *d, const char *path, const void *buf, size_t len);
int disk_sync(struct disk *d, const char *path);
int disk_rename(struct disk *d, const char *from, const char *to);
int disk_unlink(struct disk *d, const char *path);
int disk_link(struct disk *d, const char *from, const char *to);
int disk_mkdir(struct disk *d, const char *path, mode_t mode);
int disk_rmdir(struct disk *d, const char *path);

/*
 * The content (a link's target), with a NUL behind it, borrowed until the next change;
 * -ENOENT, -EISDIR. The last component is not followed.
 */
int disk_get(struct disk *d, const char *path, struct blob *ret);
/*
 * Call @fn with the path of every file and link (not directories), sorted by strcmp,
 * until it returns < 0, which is returned; else 0.
 */
int disk_each(struct disk *d, host_list_fn *fn, void *arg);

/*
 * A seed that is less kind than ext4, as file systems that are several, or promise no
 * more than POSIX, may be: of content and of names just what was synced is there, a name
 * only by the sync of its directory.
 */
#define DISK_STRICT ((uint64_t)1 << 62)

/*
 * The power goes. @seed decides how many of the changes of names since the last commit
 * survive, and of each file with unsynced content whether none, a first part or all of it
 * does. 0: all is lost that may be; ~0: all is kept; any other seed is one mixture of
 * these.
 */
void disk_power_cut(struct disk *d, uint64_t seed);

/* Seconds since 1970 that new files get as mtime; grows by one with every change. */
void disk_set_time(struct disk *d, int64_t now);
