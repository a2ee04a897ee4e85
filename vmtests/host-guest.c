/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "vmtests/host-guest.h"
#include "vmtests/wire.h"

/* Longer than anything takes there: a guest that is silent for so long is lost. */
#define SLOW_S 120

struct host_guest {
	int fd;
};

/* The answer's bytes, malloc'd with a NUL behind them, go to @ret_data, if that is asked
 * for. */
static int64_t ask(struct host_guest *h, struct wire_request q, const char *path,
		   const void *data, char **ret_data, size_t *ret_len)
{
	AUTOFREE char *got = NULL;
	struct wire_answer a;
	int r;

	q.path_len = (uint32_t)strlen(path);
	r = wire_send(h->fd, &q, sizeof(q));
	r = r < 0 ? r : wire_send(h->fd, path, q.path_len);
	r = r < 0 ? r : wire_send(h->fd, data, q.data_len);
	r = r < 0 ? r : wire_receive(h->fd, &a, sizeof(a));
	if (r < 0 || a.data_len > WIRE_MAX)
		return -EIO;
	got = calloc(1, (size_t)a.data_len + 1);
	if (!got || wire_receive(h->fd, got, a.data_len) < 0)
		return -EIO;
	if (ret_len)
		*ret_len = a.data_len;
	if (ret_data && a.ret >= 0)
		*ret_data = TAKE(got);
	return a.ret;
}

static ssize_t get(void *ctx, enum wire_op op, const char *path, char *buf, size_t len,
		   uint64_t off)
{
	AUTOFREE char *data = NULL;
	size_t n = 0;
	int64_t r = ask(ctx, (struct wire_request){ .op = op, .off = off, .len = len },
			path, NULL, &data, &n);

	if (r >= 0)
		memcpy(buf, data, n < len ? n : len);
	return r;
}

static ssize_t read_op(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	return get(ctx, WIRE_READ, path, buf, len, off);
}

static ssize_t readlink_op(void *ctx, const char *path, char *buf, size_t len)
{
	ssize_t n = get(ctx, WIRE_READLINK, path, buf, len, 0);

	if (n >= 0 && (size_t)n < len)
		buf[n] = '\0';
	return n;
}

static int list_op(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	AUTOFREE char *data = NULL;
	size_t len = 0;
	int r = (int)ask(ctx, (struct wire_request){ .op = WIRE_LIST }, path, NULL, &data,
			 &len);

	for (const char *name = data; r >= 0 && name < data + len;
	     name += strlen(name) + 1)
		r = fn(arg, name);
	return r < 0 ? r : 0;
}

static int stat_op(void *ctx, const char *path, struct host_stat *ret)
{
	AUTOFREE char *data = NULL;
	size_t len = 0;
	int r = (int)ask(ctx, (struct wire_request){ .op = WIRE_STAT }, path, NULL, &data,
			 &len);

	if (r < 0 || len != sizeof(*ret))
		return r < 0 ? r : -EIO;
	memcpy(ret, data, sizeof(*ret));
	return 0;
}

static int klog_op(void *ctx, char **ret_text)
{
	return (int)ask(ctx, (struct wire_request){ .op = WIRE_KLOG }, "", NULL, ret_text,
			NULL);
}

static int store_op(void *ctx, const char *path, const char *buf, size_t len,
		    int deadline_ms)
{
	return (int)ask(ctx,
			(struct wire_request){ .op = WIRE_STORE,
					       .data_len = (uint32_t)len,
					       .number = deadline_ms },
			path, buf, NULL, NULL);
}

static int create_op(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	return (int)ask(ctx,
			(struct wire_request){
				.op = WIRE_CREATE, .mode = mode, .uid = uid, .gid = gid },
			path, NULL, NULL, NULL);
}

static int append_op(void *ctx, const char *path, const void *buf, size_t len)
{
	return (int)ask(
		ctx,
		(struct wire_request){ .op = WIRE_APPEND, .data_len = (uint32_t)len },
		path, buf, NULL, NULL);
}

static int plain(void *ctx, enum wire_op op, const char *path, mode_t mode)
{
	return (int)ask(ctx, (struct wire_request){ .op = op, .mode = mode }, path, NULL,
			NULL, NULL);
}

static int sync_op(void *ctx, const char *path)
{
	return plain(ctx, WIRE_SYNC, path, 0);
}

static int unlink_op(void *ctx, const char *path)
{
	return plain(ctx, WIRE_UNLINK, path, 0);
}

static int mkdir_op(void *ctx, const char *path, mode_t mode)
{
	return plain(ctx, WIRE_MKDIR, path, mode);
}

static int rmdir_op(void *ctx, const char *path)
{
	return plain(ctx, WIRE_RMDIR, path, 0);
}

static int unlock_op(void *ctx, const char *path)
{
	return plain(ctx, WIRE_UNLOCK, path, 0);
}

static int two_names(void *ctx, enum wire_op op, const char *from, const char *to)
{
	return (int)ask(
		ctx, (struct wire_request){ .op = op, .data_len = (uint32_t)strlen(to) },
		from, to, NULL, NULL);
}

static int rename_op(void *ctx, const char *from, const char *to)
{
	return two_names(ctx, WIRE_RENAME, from, to);
}

static int link_op(void *ctx, const char *from, const char *to)
{
	return two_names(ctx, WIRE_LINK, from, to);
}

static int space_op(void *ctx, const char *path, uint64_t *ret_free)
{
	AUTOFREE char *data = NULL;
	size_t len = 0;
	int r = (int)ask(ctx, (struct wire_request){ .op = WIRE_SPACE }, path, NULL,
			 &data, &len);

	if (r < 0 || len != sizeof(*ret_free))
		return r < 0 ? r : -EIO;
	memcpy(ret_free, data, len);
	return 0;
}

static int lock_op(void *ctx, const char *path, enum host_lock kind, int deadline_ms)
{
	return (int)ask(ctx,
			(struct wire_request){
				.op = WIRE_LOCK, .mode = kind, .number = deadline_ms },
			path, NULL, NULL, NULL);
}

static int run_op(void *ctx, const char *const argv[], struct host_output *ret)
{
	AUTOFREE char *words = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&words, &len);
	int64_t r;

	if (!f)
		return -ENOMEM;
	for (; *argv; argv++)
		fwrite(*argv, 1, strlen(*argv) + 1, f);
	if (fclose(f))
		return -ENOMEM;
	r = ask(ctx, (struct wire_request){ .op = WIRE_RUN, .data_len = (uint32_t)len },
		"", words, &ret->text, NULL);
	if (r < 0)
		return (int)r;
	ret->status = (int)r;
	return 0;
}

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

int host_guest_open(struct guest *g, struct host_guest **ret, struct err *e)
{
	static const char *const argv[] = { "/usr/bin/lab-inside", "host", NULL };
	int fd = guest_connect(g, SLOW_S, e);
	struct host_guest *h;
	int r = fd < 0 ? fd : guest_spawn(g, argv, e);

	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	h = calloc(1, sizeof(*h));
	if (!h) {
		close(fd);
		return -ENOMEM;
	}
	h->fd = fd;
	*ret = h;
	return 0;
}

void host_guest_close(struct host_guest *h)
{
	if (!h)
		return;
	close(h->fd);
	free(h);
}

struct host host_guest_get(struct host_guest *h)
{
	return (struct host){ .ops = &ops, .ctx = h, .running = true };
}

int host_guest_claim(struct host_guest *h, int group, bool take)
{
	return (int)ask(h,
			(struct wire_request){ .op = take ? WIRE_CLAIM : WIRE_RELEASE,
					       .off = (uint64_t)group },
			"", NULL, NULL, NULL);
}
