/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk-file - open files of the simulated disk, and what programs do to files beside what
 * the engine does: writing anywhere, cutting, changing mode, owner and time.
 */
#pragma once

#include "fakesys/disk.h"

struct disk_file;

/*
 * Open the file at @path, links followed; it stays readable and writable when its name
 * goes. -EISDIR, and the errors of path resolution (disk.h). disk_close() takes NULL.
 */
int disk_open(struct disk *d, const char *path, struct disk_file **ret);
void disk_close(struct disk_file *f);

/* Bytes; 0 at the end. */
ssize_t disk_pread(const struct disk_file *f, char *buf, size_t len, uint64_t off);
/*
 * @len. What lay there, durable or not, may be lost in a power cut until the next sync.
 * -EFBIG, -ENOSPC.
 */
ssize_t disk_pwrite(struct disk_file *f, const char *buf, size_t len, uint64_t off);
int disk_truncate(struct disk_file *f, uint64_t len); /* zeros behind the old end */
void disk_fsync(struct disk_file *f);
void disk_fstat(const struct disk_file *f, struct host_stat *ret);

/* Of a path, its last component not followed; the errors of path resolution. */
int disk_chmod(struct disk *d, const char *path, mode_t mode);
int disk_chown(struct disk *d, const char *path, uid_t uid, gid_t gid); /* -1: as it is */
int disk_utime(struct disk *d, const char *path, int64_t mtime);
int disk_symlink(struct disk *d, const char *target, const char *path); /* -EEXIST */
/* A number of its own for every file; 0: it is not there. */
uint64_t disk_number(struct disk *d, const char *path);
/* Was there ever such a name? One that was removed hides nothing below it. */
bool disk_knew(struct disk *d, const char *path);
