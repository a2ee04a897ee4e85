/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/host-fault.h"

static bool power_gone(const struct host_fault *f)
{
	return (f->kind == FAULT_CUT || f->kind == FAULT_CUT_BEHIND) && f->count >= f->at;
}

/*
 * Count one changing operation. 0: let it through; > 0: let it through, and nobody hears
 * of it; else what it answers. A hang is a store's: nothing else may stay unanswered.
 */
static int strike(struct host_fault *f, const char *verb, const char *path)
{
	bool ours = !f->path || streq(f->path, path);

	if (power_gone(f))
		return -EIO;
	if (!ours || (f->kind == FAULT_HANG && !streq(verb, "store")))
		return 0;
	f->count++;
	if (f->kind == FAULT_NONE || f->count != f->at)
		return 0;
	snprintf(f->last, sizeof(f->last), "%s %s", verb, path);
	switch (f->kind) {
	case FAULT_ERROR:
		return f->error;
	case FAULT_HANG:
		return -EINPROGRESS;
	case FAULT_CUT_BEHIND:
		return 1;
	default:
		return -EIO;
	}
}

/* Every operation is one line: strike or power check, then the same of the inner host. */
#define CHANGE(verb, path, op, ...)                                                      \
	do {                                                                             \
		struct host_fault *f_ = ctx;                                             \
		int r_ = strike(f_, verb, path);                                         \
                                                                                         \
		if (r_ < 0)                                                              \
			return r_;                                                       \
		if (!r_)                                                                 \
			return f_->inner->ops->op(f_->inner->ctx, __VA_ARGS__);          \
		(void)f_->inner->ops->op(f_->inner->ctx, __VA_ARGS__);                   \
		return -EIO;                                                             \
	} while (0)

#define LOOK(op, ...)                                                                    \
	do {                                                                             \
		const struct host_fault *f_ = ctx;                                       \
                                                                                         \
		if (power_gone(f_))                                                      \
			return -EIO;                                                     \
		return f_->inner->ops->op(f_->inner->ctx, __VA_ARGS__);                  \
	} while (0)

static ssize_t fault_read(void *ctx, const char *path, char *buf, size_t len,
			  uint64_t off)
{
	LOOK(read, path, buf, len, off);
}

static ssize_t fault_readlink(void *ctx, const char *path, char *buf, size_t len)
{
	LOOK(readlink, path, buf, len);
}

static int fault_list(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	LOOK(list, path, fn, arg);
}

static int fault_stat(void *ctx, const char *path, struct host_stat *ret)
{
	LOOK(stat, path, ret);
}

static int fault_klog(void *ctx, char **ret_text)
{
	LOOK(klog, ret_text);
}

static int fault_store(void *ctx, const char *path, const char *buf, size_t len,
		       int deadline_ms)
{
	CHANGE("store", path, store, path, buf, len, deadline_ms);
}

static int fault_create(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	CHANGE("create", path, create, path, mode, uid, gid);
}

static int fault_append(void *ctx, const char *path, const void *buf, size_t len)
{
	CHANGE("append", path, append, path, buf, len);
}

static int fault_sync(void *ctx, const char *path)
{
	CHANGE("sync", path, sync, path);
}

static int fault_rename(void *ctx, const char *from, const char *to)
{
	CHANGE("rename", to, rename, from, to);
}

static int fault_unlink(void *ctx, const char *path)
{
	CHANGE("unlink", path, unlink, path);
}

static int fault_link(void *ctx, const char *from, const char *to)
{
	CHANGE("link", to, link, from, to);
}

static int fault_mkdir(void *ctx, const char *path, mode_t mode)
{
	CHANGE("mkdir", path, mkdir, path, mode);
}

static int fault_rmdir(void *ctx, const char *path)
{
	CHANGE("rmdir", path, rmdir, path);
}

static int fault_space(void *ctx, const char *path, uint64_t *ret_free)
{
	LOOK(space, path, ret_free);
}

static int fault_lock(void *ctx, const char *path, enum host_lock kind, int deadline_ms)
{
	LOOK(lock, path, kind, deadline_ms);
}

static int fault_unlock(void *ctx, const char *path)
{
	LOOK(unlock, path);
}

static int fault_run(void *ctx, const char *const argv[], struct host_output *ret)
{
	struct host_fault *f = ctx;
	struct host_output lost = { 0 };
	int r = strike(f, "run", argv[0]);

	if (r < 0)
		return r;
	if (!r)
		return f->inner->ops->run(f->inner->ctx, argv, ret);
	(void)f->inner->ops->run(f->inner->ctx, argv, &lost);
	free(lost.text);
	return -EIO;
}

static const struct host_ops fault_ops = {
	.read = fault_read,
	.readlink = fault_readlink,
	.list = fault_list,
	.stat = fault_stat,
	.klog = fault_klog,
	.store = fault_store,
	.create = fault_create,
	.append = fault_append,
	.sync = fault_sync,
	.rename = fault_rename,
	.unlink = fault_unlink,
	.link = fault_link,
	.mkdir = fault_mkdir,
	.rmdir = fault_rmdir,
	.space = fault_space,
	.lock = fault_lock,
	.unlock = fault_unlock,
	.run = fault_run,
};

struct host host_fault_get(struct host_fault *f)
{
	return (struct host){ &fault_ops, f, f->inner->running };
}
