/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk - the simulated machine's files, with what was written and what is durable kept
 * apart: a power cut leaves of the rest only what a real one may leave.
 *
 * Names and contents become durable separately, as on ext4 with default options: content
 * by sync of the file, a name (create, rename, unlink, link, mkdir) by sync of its
 * directory or of the file itself when it was just created. rename never shows a half
 * state.
 */
#pragma once

#include "core/host.h"

struct disk;

struct disk *disk_new(void);
void disk_free(struct disk *d); /* takes NULL */

/* Put a durable file (or link, by mode) there, parents made; replaces. */
void disk_put(struct disk *d, const char *path, struct blob data, mode_t mode, uid_t uid,
	      gid_t gid, int64_t mtime);

/* As the members of struct host_ops; paths that leave the tree are -EXDEV. */
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

/* The content, borrowed until the next change; -ENOENT, -EISDIR. Follows no link. */
int disk_get(struct disk *d, const char *path, struct blob *ret);
/* Call @fn with every file's path (not directories), sorted. */
int disk_each(struct disk *d, host_list_fn *fn, void *arg);

/*
 * The power goes: everything not durable is lost or kept, each operation decided by a bit
 * of
 * @seed in turn (0: all lost; ~0: all kept), in an order a real file system could show.
 */
void disk_power_cut(struct disk *d, uint64_t seed);

/* Seconds since 1970 that new files get as mtime; grows by one with every change. */
void disk_set_time(struct disk *d, int64_t now);
