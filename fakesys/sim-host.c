/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated host as a struct host: sys, proc and dev from the model, the rest from
 * the disk. */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"

/* Every operation on the disk is the disk's own. */
#define DISK(s, op, ...) disk_##op((s)->disk, __VA_ARGS__)

static ssize_t file_read(struct sim *s, const struct entry *e, char *buf, size_t len,
			 uint64_t off)
{
	char page[SIM_PAGE];
	ssize_t n;

	if (S_ISDIR(e->mode))
		return -EISDIR;
	/* fs/kernfs/file.c:kernfs_fop_open: the mode decides, for root as well. */
	if (!(e->mode & 0444))
		return -EACCES;
	if (e->attr->bin)
		return entry_read_bin(s, e, true, buf, len, off);
	if (!off && len >= SIM_PAGE)
		return attr_show(s, &e->dir, e->attr, buf);
	n = attr_show(s, &e->dir, e->attr, page);
	if (n < 0)
		return n;
	if (off >= (uint64_t)n)
		return 0;
	n -= (ssize_t)off;
	if ((size_t)n > len)
		n = (ssize_t)len;
	memcpy(buf, page + off, (size_t)n);
	return n;
}

static ssize_t read_op(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	struct sim *s = ctx;
	struct entry e;
	int r;

	if (s->off)
		return -EIO;
	if (!node_owns(path))
		return DISK(s, read, path, buf, len, off);
	r = node_resolve(s, path, true, &e);
	return r < 0 ? r : file_read(s, &e, buf, len, off);
}

static ssize_t readlink_op(void *ctx, const char *path, char *buf, size_t len)
{
	struct sim *s = ctx;
	struct entry e;
	int r;

	if (s->off)
		return -EIO;
	if (!node_owns(path))
		return DISK(s, readlink, path, buf, len);
	r = node_resolve(s, path, false, &e);
	if (r < 0)
		return r;
	return S_ISLNK(e.mode) ? node_link_text(s, &e, buf, len) : -EINVAL;
}

static int list_op(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	struct sim *s = ctx;
	struct entry e;
	int r;

	if (s->off)
		return -EIO;
	if (!node_owns(path) && *path)
		return DISK(s, list, path, fn, arg);
	r = node_resolve(s, path, true, &e);
	if (r >= 0)
		r = S_ISDIR(e.mode) ? node_list(s, &e.dir, fn, arg) : -ENOTDIR;
	/* The root holds both. */
	return r >= 0 && !*path ? DISK(s, list, path, fn, arg) : r;
}

static int stat_op(void *ctx, const char *path, struct host_stat *ret)
{
	struct sim *s = ctx;
	struct entry e;
	int r;

	if (s->off)
		return -EIO;
	if (!node_owns(path))
		return DISK(s, stat, path, ret);
	r = node_resolve(s, path, false, &e);
	if (r < 0)
		return r;
	*ret = (struct host_stat){ .mode = e.mode, .size = node_size(s, &e) };
	return 0;
}

static int klog_op(void *ctx, char **ret_text)
{
	struct sim *s = ctx;
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f;

	if (s->off)
		return -EIO;
	f = open_memstream(&text, &len);
	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < s->klog.n; i++) {
		fputs(s->klog.v[i], f);
		fputc('\n', f);
	}
	if (fclose(f))
		return -ENOMEM;
	*ret_text = TAKE(text);
	return 0;
}

ssize_t sim_store(struct sim *s, const char *path, const char *buf, size_t len)
{
	uint64_t ticket;
	struct entry e;
	int r;

	if (s->off)
		return -EIO;
	if (!node_owns(path))
		return -EOPNOTSUPP;
	r = node_resolve(s, path, true, &e);
	if (r < 0)
		return r;
	if (S_ISDIR(e.mode))
		return -EISDIR;
	if (!(e.mode & 0222))
		return -EACCES;
	return entry_store_or_wait(s, &e, true, buf, len, 0, &ticket);
}

static int store_op(void *ctx, const char *path, const char *buf, size_t len,
		    int deadline_ms)
{
	ssize_t n = sim_store(ctx, path, buf, len);

	(void)deadline_ms; /* what waits here waits for a call, not for time */
	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EIO;
}

/*
 * Who may change names in this tree: on the disk its rules hold; sysfs lets root make
 * nothing (fs/kernfs/dir.c, kernel.md 6).
 */
static int on_disk(const struct sim *s, const char *path)
{
	if (s->off)
		return -EIO;
	return node_owns(path) ? -EPERM : 0;
}

static int create_op(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct sim *s = ctx;
	int r = on_disk(s, path);
	struct entry e;

	if (r == -EPERM)
		return node_resolve(s, path, false, &e) < 0 ? -EACCES : -EEXIST;
	return r < 0 ? r : DISK(s, create, path, mode, uid, gid);
}

static int append_op(void *ctx, const char *path, const void *buf, size_t len)
{
	int r = on_disk(ctx, path);

	return r < 0 ? r : DISK((struct sim *)ctx, append, path, buf, len);
}

static int sync_op(void *ctx, const char *path)
{
	int r = on_disk(ctx, path);

	return r < 0 ? r : DISK((struct sim *)ctx, sync, path);
}

static int rename_op(void *ctx, const char *from, const char *to)
{
	int r = on_disk(ctx, from);

	if (r >= 0)
		r = on_disk(ctx, to);
	return r < 0 ? r : DISK((struct sim *)ctx, rename, from, to);
}

static int unlink_op(void *ctx, const char *path)
{
	int r = on_disk(ctx, path);

	return r < 0 ? r : DISK((struct sim *)ctx, unlink, path);
}

static int link_op(void *ctx, const char *from, const char *to)
{
	int r = on_disk(ctx, from);

	if (r >= 0)
		r = on_disk(ctx, to);
	return r < 0 ? r : DISK((struct sim *)ctx, link, from, to);
}

static int mkdir_op(void *ctx, const char *path, mode_t mode)
{
	int r = on_disk(ctx, path);

	return r < 0 ? r : DISK((struct sim *)ctx, mkdir, path, mode);
}

static int rmdir_op(void *ctx, const char *path)
{
	int r = on_disk(ctx, path);

	return r < 0 ? r : DISK((struct sim *)ctx, rmdir, path);
}

static int space_op(void *ctx, const char *path, uint64_t *ret_free)
{
	int r = on_disk(ctx, path);

	if (r >= 0)
		*ret_free = (uint64_t)16 << 30;
	return r;
}

static int lock_op(void *ctx, const char *path, enum host_lock kind, int deadline_ms)
{
	struct sim *s = ctx;
	struct host_stat st;
	int r = on_disk(s, path);

	(void)deadline_ms;
	if (r >= 0 && DISK(s, stat, path, &st) < 0)
		r = DISK(s, create, path, 0600, 0, 0);
	if (r < 0)
		return r;
	vec_foreach(l, &s->locks) {
		if (!streq(l->path, path))
			continue;
		/* flock(2) knows its opener, fcntl(2) only the process. */
		if (l->held && kind == HOST_LOCK_OWN)
			return -EAGAIN;
		l->held = true;
		return 0;
	}
	*vec_push(s->run, &s->locks) =
		(struct sim_lock){ .path = arena_strdup(s->run, path), .held = true };
	return 0;
}

static int unlock_op(void *ctx, const char *path)
{
	struct sim *s = ctx;

	if (s->off)
		return -EIO;
	vec_foreach(l, &s->locks)
		if (streq(l->path, path) && l->held) {
			l->held = false;
			return 0;
		}
	return -ENOLCK;
}

static int run_op(void *ctx, const char *const argv[], struct host_output *ret)
{
	struct sim *s = ctx;

	return s->off ? -EIO : sim_run_command(s, argv, ret);
}

struct host sim_host(struct sim *s)
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

	return (struct host){ .ops = &ops, .ctx = s, .running = true };
}
