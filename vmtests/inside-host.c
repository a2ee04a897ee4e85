/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/host-live.h"
#include "vmtests/inside-claim.h"
#include "vmtests/inside.h"
#include "vmtests/wire.h"

struct server {
	struct host h;
	struct inside_claims claims;
	/* The answer's bytes. */
	char *data;
	size_t len;
};

static int add_name(void *arg, const char *name)
{
	return fputs(name, arg) < 0 || fputc('\0', arg) == EOF ? -ENOMEM : 0;
}

static int64_t list(struct server *s, const char *path)
{
	FILE *f = open_memstream(&s->data, &s->len);
	int r;

	if (!f)
		return -ENOMEM;
	r = s->h.ops->list(s->h.ctx, path, add_name, f);
	return fclose(f) ? -ENOMEM : r;
}

/* Room for an answer of at most @len bytes. */
static bool room(struct server *s, uint64_t len)
{
	s->data = len <= WIRE_MAX ? calloc(1, len + 1) : NULL;
	s->len = 0;
	return s->data;
}

static int64_t get(struct server *s, const struct wire_request *q, const char *path)
{
	struct host_stat st;
	ssize_t n;

	if (!room(s, q->op == WIRE_STAT ? sizeof(st) : q->len))
		return -ENOMEM;
	switch (q->op) {
	case WIRE_READ:
		n = s->h.ops->read(s->h.ctx, path, s->data, q->len, q->off);
		break;
	case WIRE_READLINK:
		n = s->h.ops->readlink(s->h.ctx, path, s->data, q->len);
		break;
	default:
		n = s->h.ops->stat(s->h.ctx, path, &st);
		if (n == 0) {
			memcpy(s->data, &st, sizeof(st));
			s->len = sizeof(st);
		}
		return n;
	}
	s->len = n > 0 ? (size_t)n : 0;
	return n;
}

static int64_t run(struct server *s, char *words, size_t len)
{
	const char *argv[256];
	struct host_output out;
	size_t n = 0;
	int r;

	for (char *w = words; w < words + len && n < ARRAY_SIZE(argv) - 1;
	     w += strlen(w) + 1)
		argv[n++] = w;
	argv[n] = NULL;
	r = n ? s->h.ops->run(s->h.ctx, argv, &out) : -EINVAL;
	if (r < 0)
		return r;
	s->data = out.text;
	s->len = strlen(out.text);
	return out.status;
}

static int64_t serve(struct server *s, const struct wire_request *q, const char *path,
		     char *data)
{
	const struct host_ops *o = s->h.ops;
	void *ctx = s->h.ctx;
	int64_t r;

	switch ((enum wire_op)q->op) {
	case WIRE_READ:
	case WIRE_READLINK:
	case WIRE_STAT:
		return get(s, q, path);
	case WIRE_LIST:
		return list(s, path);
	case WIRE_KLOG:
		r = o->klog(ctx, &s->data);
		s->len = r < 0 ? 0 : strlen(s->data);
		return r;
	case WIRE_STORE:
		return o->store(ctx, path, data, q->data_len, q->number);
	case WIRE_CREATE:
		return o->create(ctx, path, q->mode, q->uid, q->gid);
	case WIRE_APPEND:
		return o->append(ctx, path, data, q->data_len);
	case WIRE_SYNC:
		return o->sync(ctx, path);
	case WIRE_RENAME:
		return o->rename(ctx, path, data);
	case WIRE_UNLINK:
		return o->unlink(ctx, path);
	case WIRE_LINK:
		return o->link(ctx, path, data);
	case WIRE_MKDIR:
		return o->mkdir(ctx, path, q->mode);
	case WIRE_RMDIR:
		return o->rmdir(ctx, path);
	case WIRE_SPACE:
		if (!room(s, s->len = sizeof(uint64_t)))
			return -ENOMEM;
		s->len = sizeof(uint64_t);
		return o->space(ctx, path, (uint64_t *)(void *)s->data);
	case WIRE_LOCK:
		return o->lock(ctx, path, (enum host_lock)q->mode, q->number);
	case WIRE_UNLOCK:
		return o->unlock(ctx, path);
	case WIRE_RUN:
		return run(s, data, q->data_len);
	case WIRE_CLAIM:
		return inside_claim(&s->claims, (int)q->off);
	case WIRE_RELEASE:
		return inside_release(&s->claims, (int)q->off);
	}
	return -EOPNOTSUPP;
}

/* One request and its answer; negative: the other end is gone. */
static int serve_one(struct server *s, int fd)
{
	AUTOFREE char *path = NULL, *data = NULL;
	struct wire_request q;
	struct wire_answer a;
	int r = wire_receive(fd, &q, sizeof(q));

	if (r < 0)
		return r;
	if (q.path_len > WIRE_MAX || q.data_len > WIRE_MAX)
		return -EPROTO;
	path = calloc(1, q.path_len + 1);
	data = calloc(1, q.data_len + 1);
	if (!path || !data)
		return -ENOMEM;
	r = wire_receive(fd, path, q.path_len);
	r = r < 0 ? r : wire_receive(fd, data, q.data_len);
	if (r < 0)
		return r;
	s->data = NULL;
	s->len = 0;
	a.ret = serve(s, &q, path, data);
	a.data_len = (uint32_t)s->len;
	r = wire_send(fd, &a, sizeof(a));
	r = r < 0 ? r : wire_send(fd, s->data, s->len);
	free(s->data);
	return r;
}

int inside_host(int argc, char **argv)
{
	AUTOCLOSE int fd = open("/dev/virtio-ports/" WIRE_PORT, O_RDWR | O_CLOEXEC);
	static struct server s;
	struct host_live *live;
	struct err e = { "" };

	(void)argc;
	if (fd < 0 || host_live_open("/", &live, &e) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], fd < 0 ? strerror(errno) : e.text);
		return 3;
	}
	s.h = host_live_get(live);
	while (serve_one(&s, fd) == 0)
		;
	host_live_close(live);
	return 0;
}
