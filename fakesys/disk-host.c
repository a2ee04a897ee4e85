/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/disk-host.h"

static ssize_t read_op(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	return disk_read(ctx, path, buf, len, off);
}

static ssize_t readlink_op(void *ctx, const char *path, char *buf, size_t len)
{
	return disk_readlink(ctx, path, buf, len);
}

static int list_op(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	return disk_list(ctx, path, fn, arg);
}

static int stat_op(void *ctx, const char *path, struct host_stat *ret)
{
	return disk_stat(ctx, path, ret);
}

static int klog_op(void *ctx, char **ret_text)
{
	(void)ctx;
	(void)ret_text;
	return -EOPNOTSUPP;
}

static int store_op(void *ctx, const char *path, const char *buf, size_t len,
		    int deadline_ms)
{
	(void)ctx;
	(void)path;
	(void)buf;
	(void)len;
	(void)deadline_ms;
	return -EOPNOTSUPP;
}

static int create_op(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	return disk_create(ctx, path, mode, uid, gid);
}

static int append_op(void *ctx, const char *path, const void *buf, size_t len)
{
	return disk_append(ctx, path, buf, len);
}

static int sync_op(void *ctx, const char *path)
{
	return disk_sync(ctx, path);
}

static int rename_op(void *ctx, const char *from, const char *to)
{
	return disk_rename(ctx, from, to);
}

static int unlink_op(void *ctx, const char *path)
{
	return disk_unlink(ctx, path);
}

static int link_op(void *ctx, const char *from, const char *to)
{
	return disk_link(ctx, from, to);
}

static int mkdir_op(void *ctx, const char *path, mode_t mode)
{
	return disk_mkdir(ctx, path, mode);
}

static int rmdir_op(void *ctx, const char *path)
{
	return disk_rmdir(ctx, path);
}

static int space_op(void *ctx, const char *path, uint64_t *ret_free)
{
	(void)ctx;
	(void)path;
	*ret_free = UINT64_MAX;
	return 0;
}

static int lock_op(void *ctx, const char *path, enum host_lock kind, int deadline_ms)
{
	(void)ctx;
	(void)path;
	(void)kind;
	(void)deadline_ms;
	return 0; /* whoever held locks is gone with the power */
}

static int unlock_op(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
	return 0;
}

static int run_op(void *ctx, const char *const argv[], struct host_output *ret)
{
	(void)ctx;
	(void)argv;
	(void)ret;
	return -EOPNOTSUPP;
}

struct host disk_host(struct disk *d)
{
	static const struct host_ops ops = {
		.read = read_op,
		.readlink = readlink_op,
		.list = list_op,
		.stat = stat_op,
		.klog = klog_op,
		.store = store_op,
		.create = create_op,
		.append = append_op,
		.sync = sync_op,
		.rename = rename_op,
		.unlink = unlink_op,
		.link = link_op,
		.mkdir = mkdir_op,
		.rmdir = rmdir_op,
		.space = space_op,
		.lock = lock_op,
		.unlock = unlock_op,
		.run = run_op,
	};

	return (struct host){ .ops = &ops, .ctx = d, .running = false };
}
