/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "core/host-live-worker.h"

#define SHARED_DATA ((size_t)256 << 10)

/* A request on its way there and its answer on its way back. */
struct live_shared {
	struct live_request req; /* its pointers count in neither process */
	struct host_stat stat;
	ssize_t result;
	char path[PATH_MAX];
	char data[SHARED_DATA];
};

int live_openat(int root_fd, const char *path, int flags, mode_t mode)
{
	/* openat2(2) refuses flags that mean nothing to O_PATH. */
	int more = O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY);
	struct open_how how = { .flags = (uint64_t)(flags | more),
				.mode = flags & O_CREAT ? mode : 0,
				.resolve = RESOLVE_IN_ROOT };

	/* fs/namei.c:handle_dots: -EAGAIN when a rename raced with a ".." on the way. */
	for (int tries = 0;; tries++) {
		int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

		if (fd >= 0)
			return fd;
		if (errno != EINTR && (errno != EAGAIN || tries == 100))
			return -errno;
	}
}

static ssize_t do_read(int root_fd, const struct live_request *r)
{
	/* A FIFO in an image must not hold us up; files of /sys do not mind the flag. */
	AUTOCLOSE int fd = live_openat(root_fd, r->path, O_RDONLY | O_NONBLOCK, 0);
	size_t have = 0;

	if (fd < 0)
		return fd;
	if (r->off > INT64_MAX)
		return -EINVAL;
	while (have < r->len) {
		ssize_t n =
			pread(fd, r->buf + have, r->len - have, (off_t)(r->off + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ESPIPE) /* no offsets: FIFOs, some of /proc */
			n = r->off ? 0 : read(fd, r->buf + have, r->len - have);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static ssize_t do_readlink(int root_fd, const struct live_request *r)
{
	AUTOCLOSE int fd = live_openat(root_fd, r->path, O_PATH | O_NOFOLLOW, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", r->buf, r->len);
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno; /* ENOENT: no link */
	if ((size_t)n == r->len)
		return -ENAMETOOLONG;
	r->buf[n] = '\0';
	return n;
}

/* As many names as fit; r->off is the directory's own cookie, so nothing is read twice.
 */
static ssize_t do_list(int root_fd, struct live_request *r)
{
	AUTOCLOSE int fd = live_openat(root_fd, r->path, O_RDONLY | O_DIRECTORY, 0);
	char entries[16 << 10] __attribute__((aligned(8)));
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (r->off && lseek(fd, (off_t)r->off, SEEK_SET) < 0)
		return -errno;
	while ((n = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(entries + at);
			size_t size = strlen(d->d_name) + 1;

			at += d->d_reclen;
			if (!streq(d->d_name, ".") && !streq(d->d_name, "..")) {
				if (size > r->len - used)
					return used ? (ssize_t)used : -ENAMETOOLONG;
				memcpy(r->buf + used, d->d_name, size);
				used += size;
			}
			r->off = (uint64_t)d->d_off;
		}
	}
	return n < 0 ? -errno : (ssize_t)used;
}

static ssize_t do_stat(int root_fd, const struct live_request *r)
{
	AUTOCLOSE int fd = live_openat(root_fd, r->path, O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*r->stat = (struct host_stat){
		.mode = st.st_mode,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.size = (uint64_t)st.st_size,
		.mtime = st.st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
		.ino = st.st_ino,
	};
	return 0;
}

static ssize_t do_store(int root_fd, const struct live_request *r)
{
	AUTOCLOSE int fd = live_openat(root_fd, r->path, O_WRONLY, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, r->buf, r->len);
	if (n < 0)
		return -errno;
	return (size_t)n == r->len ? 0 : -EIO;
}

ssize_t live_do(int root_fd, struct live_request *r)
{
	switch (r->op) {
	case LIVE_READ:
		return do_read(root_fd, r);
	case LIVE_READLINK:
		return do_readlink(root_fd, r);
	case LIVE_LIST:
		return do_list(root_fd, r);
	case LIVE_STAT:
		return do_stat(root_fd, r);
	case LIVE_STORE:
		return do_store(root_fd, r);
	}
	return -EINVAL;
}

/*
 * The worker keeps nothing of its parent open: an abandoned one must not hold a lock, or
 * keep the reader of the program's output waiting for its end.
 */
static void close_all_but(int a, int b)
{
	unsigned lo = (unsigned)(a < b ? a : b), hi = (unsigned)(a < b ? b : a);

	if (lo)
		(void)close_range(0, lo - 1, 0);
	if (hi - lo > 1)
		(void)close_range(lo + 1, hi - 1, 0);
	(void)close_range(hi + 1, ~0u, 0);
}

__attribute__((noreturn)) static void serve(struct live_shared *s, int sock, int root_fd)
{
	char go;

	/* Out of the terminal's process group: ^C must not end a store half-way. */
	(void)setsid();
	close_all_but(sock, root_fd);
	while (recv(sock, &go, 1, 0) == 1) {
		s->req.path = s->path;
		s->req.buf = s->data;
		s->req.stat = &s->stat;
		s->result = live_do(root_fd, &s->req);
		if (send(sock, &go, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	_exit(0);
}

static int start(struct live_worker *w, int root_fd)
{
	struct live_shared *s;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		 0);
	pid = s == MAP_FAILED ? -1 : fork();
	if (pid == 0)
		serve(s, pair[1], root_fd);
	if (pid < 0) {
		int r = -errno;

		if (s != MAP_FAILED)
			munmap(s, sizeof(*s));
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	close(pair[1]);
	*w = (struct live_worker){ .pid = pid, .sock = pair[0], .shared = s };
	return 0;
}

/* Let go of the process; it ends by itself once it finds the socket closed. */
static void leave(struct live_worker *w)
{
	close(w->sock);
	munmap(w->shared, sizeof(*w->shared));
	(void)waitpid(w->pid, NULL, WNOHANG);
	*w = (struct live_worker){ 0 };
}

void live_worker_stop(struct live_worker *w)
{
	if (!w->pid)
		return;
	/* Between requests nothing can keep it from ending at once. */
	kill(w->pid, SIGKILL);
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	leave(w);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1: an answer, 0: none in time, -EIO: the worker died. */
static int await(const struct live_worker *w, int deadline_ms)
{
	int64_t end = now_ms() + deadline_ms, left = deadline_ms;
	struct pollfd p = { .fd = w->sock, .events = POLLIN };
	char done;
	int n;

	do {
		n = poll(&p, 1, left > 0 ? (int)left : 0);
		left = end - now_ms();
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	return n > 0 && recv(w->sock, &done, 1, MSG_DONTWAIT) == 1 ? 1 : -EIO;
}

static ssize_t send_request(struct live_worker *w, const struct live_request *r)
{
	struct live_shared *s = w->shared;

	s->req = *r;
	if (s->req.len > sizeof(s->data))
		s->req.len = sizeof(s->data);
	memcpy(s->path, r->path, strlen(r->path) + 1);
	if (r->op == LIVE_STORE)
		memcpy(s->data, r->buf, r->len);
	return send(w->sock, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -EIO;
}

/* What the worker left in the shared memory, as far as it fits what was asked. */
static ssize_t take_answer(const struct live_worker *w, struct live_request *r)
{
	const struct live_shared *s = w->shared;
	ssize_t n = s->result;

	if (n < 0)
		return n;
	switch (r->op) {
	case LIVE_STORE:
		return 0;
	case LIVE_STAT:
		*r->stat = s->stat;
		return 0;
	default:
		if ((size_t)n > r->len || (size_t)n > sizeof(s->data))
			return -EIO;
		/* A link's NUL is behind its length; a list's names have theirs. */
		memcpy(r->buf, s->data, (size_t)n);
		if (r->op == LIVE_READLINK)
			r->buf[n] = '\0';
		r->off = s->req.off;
		return n;
	}
}

ssize_t live_worker_do(struct live_worker *w, int root_fd, struct live_request *r,
		       int deadline_ms)
{
	ssize_t n;

	if (strlen(r->path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (r->op == LIVE_STORE && r->len > SHARED_DATA)
		return -EFBIG;
	/* One that died while idle never saw the request: a second one may have it. */
	for (int tries = 0; tries < 2; tries++) {
		n = w->pid ? 0 : start(w, root_fd);
		if (n < 0)
			return n;
		n = send_request(w, r);
		if (n >= 0)
			break;
		leave(w);
	}
	if (n < 0)
		return n;
	n = await(w, deadline_ms);
	if (n == 1)
		return take_answer(w, r);
	leave(w);
	if (n < 0)
		return n;
	return r->op == LIVE_STORE ? -EINPROGRESS : -ETIMEDOUT;
}
