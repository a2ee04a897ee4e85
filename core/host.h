/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host - the only door from core/ to a machine: its files, its /sys, its commands.
 *
 * A host is this machine, an installed image below some directory, a canonical listing,
 * the simulated kernel, or a wrapper that makes any of these fail; core/ cannot tell
 * which. Paths are relative to the host's root and never start with a slash
 * ("sys/bus/pci/rescan"). Every call returns >= 0 for success and a negative errno value
 * for failure; ret_ arguments are set on success only. -EOPNOTSUPP: this host cannot do
 * that at all.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/arena.h"
#include "core/err.h"

/* No file that the engine reads whole may be larger; initramfs images are the exception.
 */
#define HOST_FILE_MAX ((size_t)64 << 20)
#define HOST_IMAGE_MAX ((size_t)1 << 30)

/* How long a store may take before it counts as pending, in milliseconds. */
#define HOST_STORE_MS 10000

struct host_stat {
	mode_t mode; /* type and permission bits */
	uid_t uid;
	gid_t gid;
	uint64_t size; /* bytes */
	int64_t mtime; /* seconds since 1970 */
	uint32_t mtime_ns;
	uint64_t ino; /* another file at the same path has another; 0: not known */
};

enum host_lock {
	HOST_LOCK_OWN,  /* flock(2): pcipass against pcipass */
	HOST_LOCK_DPKG, /* fcntl(2) record lock, as dpkg and apt take it */
};

/* What a command left: malloc'd, NUL-terminated, stdout and stderr in the order written.
 */
struct host_output {
	int status; /* exit status; 128 + signal if it was killed */
	char *text;
};

typedef int host_list_fn(void *arg, const char *name);

struct host_ops {
	/*
	 * Looking. All: -ETIMEDOUT where the kernel has not answered for some seconds.
	 *
	 * Copy at most @len bytes from offset @off; returns how many, 0 at the end.
	 * Fewer than @len, unless a multiple of 4096, are the last ones.
	 */
	ssize_t (*read)(void *ctx, const char *path, char *buf, size_t len, uint64_t off);
	/* Copy the link's target, NUL-terminated; returns its length. -EINVAL: no link.
	 */
	ssize_t (*readlink)(void *ctx, const char *path, char *buf, size_t len);
	/* Call @fn for every name but . and .., until it returns < 0, which is returned.
	 */
	int (*list)(void *ctx, const char *path, host_list_fn *fn, void *arg);
	/* Of the file itself, not of what a link points to. */
	int (*stat)(void *ctx, const char *path, struct host_stat *ret);
	/* The kernel's log since boot as text, one line each; malloc'd. */
	int (*klog)(void *ctx, char **ret_text);

	/*
	 * Pass @buf on in one write(2) to a file of /sys or /proc, which takes it whole
	 * or not at all; more than 4096 bytes are -EFBIG. -EINPROGRESS: after
	 * @deadline_ms the kernel has not answered; the store may still take effect.
	 */
	int (*store)(void *ctx, const char *path, const char *buf, size_t len,
		     int deadline_ms);

	/*
	 * Primitive operations on ordinary files. None is durable until the file (for its
	 * content) and its directory (for its name) were synced. create, link, mkdir:
	 * -EEXIST. link: -EXDEV, -EPERM, -EMLINK, -EOPNOTSUPP where the file system
	 * cannot give this file another name there.
	 */
	int (*create)(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid);
	int (*append)(void *ctx, const char *path, const void *buf, size_t len);
	int (*sync)(void *ctx, const char *path); /* of a file or a directory */
	int (*rename)(void *ctx, const char *from, const char *to);
	int (*unlink)(void *ctx, const char *path);
	int (*link)(void *ctx, const char *from, const char *to);
	int (*mkdir)(void *ctx, const char *path, mode_t mode);
	int (*rmdir)(void *ctx, const char *path);
	/* Bytes an unprivileged writer may still add to the filesystem of @path. */
	int (*space)(void *ctx, const char *path, uint64_t *ret_free);

	/*
	 * Take the lock on the file @path, made if missing, for as long as the host
	 * exists or until unlock. -EAGAIN: somebody else still has it after @deadline_ms.
	 * -EALREADY: this host has it.
	 */
	int (*lock)(void *ctx, const char *path, enum host_lock kind, int deadline_ms);
	int (*unlock)(void *ctx, const char *path); /* -ENOLCK: it is not held */

	/*
	 * Run argv[0] with its arguments, no shell; stdin is empty. If this program dies
	 * meanwhile, HOST_LOCK_OWN stays locked until the command has ended. -ENOENT: no
	 * such command; -ETIMEDOUT: it took too long (half an hour) and was killed.
	 */
	int (*run)(void *ctx, const char *const argv[], struct host_output *ret);
};

/* Borrowed by everybody but its creator, who outlives all users. */
struct host {
	const struct host_ops *ops;
	void *ctx;
	bool running; /* has a kernel: /sys, the kernel log, commands that need them */
};

/* The whole file, NUL-terminated behind ret->len. -EFBIG: more than @max bytes. */
int host_read(const struct host *h, struct arena *a, const char *path, size_t max,
	      struct blob *ret);
/* The same as text without its last newline; bytes behind a NUL are cut off. */
int host_read_text(const struct host *h, struct arena *a, char **ret, const char *fmt,
		   ...) PRINTF(4, 5);
/* One number, base by prefix (0x). -EINVAL: not a number. */
int host_read_u64(const struct host *h, uint64_t *ret, const char *fmt, ...) PRINTF(3, 4);
/* The target of a link, or only its last component. */
int host_readlink(const struct host *h, struct arena *a, char **ret, const char *fmt, ...)
	PRINTF(4, 5);
int host_link_name(const struct host *h, struct arena *a, char **ret, const char *fmt,
		   ...) PRINTF(4, 5);
/* The names in a directory, sorted by strcmp. */
int host_list(const struct host *h, struct arena *a, const char *path, strings *ret);
bool host_exists(const struct host *h, const char *path);

/* Store @value in the file named by @fmt, with HOST_STORE_MS; see ops->store. */
int host_store(const struct host *h, const char *value, const char *fmt, ...)
	PRINTF(3, 4);

/* Directories of @path (not @path itself) that are missing, mode 0755, each synced. */
int host_make_parents(const struct host *h, const char *path);

/* Make the name @path durable: sync of the directory it stands in. */
int host_sync_parent(const struct host *h, const char *path);

/*
 * Put @data at @path so that after a power cut the old or the new file is there, whole: a
 * temporary beside it, append, sync, rename, sync of the directory. A temporary that an
 * earlier try left is replaced. Parents must exist.
 */
int host_replace(const struct host *h, const char *path, struct blob data, mode_t mode,
		 uid_t uid, gid_t gid);
/* Remove durably; no error if it is not there. */
int host_remove(const struct host *h, const char *path);
/* The name of the temporary that host_replace() uses for @path. */
char *host_temp_name(struct arena *a, const char *path);
