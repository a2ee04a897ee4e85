/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>

#include "core/host-live-run.h"
#include "core/host-live-worker.h"
#include "core/host-live.h"

#define READ_MS 5000 /* a kernel that takes longer for a file of /sys will not answer */
#define LOCK_POLL_MS 20

struct held_lock {
	struct held_lock *next;
	enum host_lock kind;
	int fd;
	char path[];
};

struct host_live {
	int root;
	bool running;  /* root is "/", or of a guest */
	bool only_sys; /* root is a copied /sys */
	const struct host_live_guest *guest;
	struct live_worker worker;
	struct held_lock *locks;
};

/*
 * The kernel's own files may block for ever. In /sys only reading and storing do, which
 * call the driver: lookups, links and lists need no active reference to what they show
 * (fs/kernfs/dir.c:kernfs_fop_readdir, fs/kernfs/symlink.c:kernfs_iop_get_link), and are
 * most of what an inventory asks for.
 */
static bool may_hang(const struct host_live *l, const struct live_request *r)
{
	if (!l->running)
		return false;
	if (after_prefix(r->path, "sys/"))
		return r->op == LIVE_READ || r->op == LIVE_STORE;
	return after_prefix(r->path, "proc/");
}

/* Of a copied /sys alone, where the path stands in it; all else is not there. */
static const char *real_path(const struct host_live *l, const char *path)
{
	const char *rest = path;

	if (!l->only_sys)
		return path;
	rest = after_prefix(path, "sys");
	if (!rest || (*rest && *rest != '/'))
		return NULL;
	rest += strspn(rest, "/");
	return *rest ? rest : ".";
}

static ssize_t request(struct host_live *l, struct live_request *r, int deadline_ms)
{
	const char *path = r->path;
	ssize_t n;

	if (may_hang(l, r))
		return live_worker_do(&l->worker, l->root, r, deadline_ms);
	r->path = real_path(l, path);
	n = r->path ? live_do(l->root, r) : -ENOENT;
	r->path = path; /* of a folder's names the rest is asked for next */
	return n;
}

static ssize_t live_read(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	size_t have = 0;

	/* The worker may hand over less than was asked for, but always whole pages. */
	while (have < len) {
		struct live_request r = { .op = LIVE_READ,
					  .path = path,
					  .off = off + have,
					  .buf = buf + have,
					  .len = len - have };
		ssize_t n = request(ctx, &r, READ_MS);

		if (n < 0)
			return n;
		have += (size_t)n;
		if (!n || n % 4096)
			break;
	}
	return (ssize_t)have;
}

static ssize_t live_readlink(void *ctx, const char *path, char *buf, size_t len)
{
	struct live_request r = {
		.op = LIVE_READLINK, .path = path, .buf = buf, .len = len
	};

	return request(ctx, &r, READ_MS);
}

static int live_list(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	char names[32 << 10];
	struct live_request r = {
		.op = LIVE_LIST, .path = path, .buf = names, .len = sizeof(names)
	};

	for (;;) {
		ssize_t n = request(ctx, &r, READ_MS);

		if (n <= 0)
			return (int)n;
		for (const char *s = names; s < names + n; s += strlen(s) + 1) {
			int stop = fn(arg, s);

			if (stop < 0)
				return stop;
		}
	}
}

static int live_stat(void *ctx, const char *path, struct host_stat *ret)
{
	struct live_request r = { .op = LIVE_STAT, .path = path, .stat = ret };

	return (int)request(ctx, &r, READ_MS);
}

static int live_store(void *ctx, const char *path, const char *buf, size_t len,
		      int deadline_ms)
{
	char value[4096];
	struct live_request r = {
		.op = LIVE_STORE, .path = path, .buf = value, .len = len
	};

	/* fs/kernfs/file.c:kernfs_fop_write_iter takes a page at most. */
	if (len > sizeof(value))
		return -EFBIG;
	memcpy(value, buf, len);
	return (int)request(ctx, &r, deadline_ms);
}

static int live_log(void *ctx, char **ret_text)
{
	const struct host_live *l = ctx;

	if (l->guest)
		return l->guest->klog(l->guest->arg, ret_text);
	return l->running ? live_klog(ret_text) : -EOPNOTSUPP;
}

/* Nothing but what the kernel made is ever in a /sys. */
static int open_file(const struct host_live *l, const char *path, int flags, mode_t mode)
{
	return l->only_sys ? -EROFS : live_openat(l->root, path, flags, mode);
}

static int live_create(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	const struct host_live *l = ctx;
	AUTOCLOSE int fd = open_file(l, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
		return -errno;
	return fchmod(fd, mode & 07777) < 0 ? -errno : 0;
}

static int live_append(void *ctx, const char *path, const void *buf, size_t len)
{
	const struct host_live *l = ctx;
	AUTOCLOSE int fd = open_file(l, path, O_WRONLY | O_APPEND | O_NOFOLLOW, 0);
	const char *from = buf;

	if (fd < 0)
		return fd;
	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static int live_sync(void *ctx, const char *path)
{
	const struct host_live *l = ctx;
	AUTOCLOSE int fd = open_file(l, path, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? -errno : 0;
}

/*
 * The directory of @path, open, and the name in it: for calls that have no form with
 * RESOLVE_IN_ROOT. A link as the last component is then not followed.
 */
static int open_parent(const struct host_live *l, const char *path, const char **ret_name)
{
	const char *name = path_name(path);
	char dir[PATH_MAX] = ".";
	int fd;

	if (!*name || streq(name, ".") || streq(name, ".."))
		return -EINVAL;
	if (name > path &&
	    snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path) >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = open_file(l, dir, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

static int live_rename(void *ctx, const char *from, const char *to)
{
	const char *from_name = NULL, *to_name = NULL;
	AUTOCLOSE int from_dir = open_parent(ctx, from, &from_name);
	AUTOCLOSE int to_dir = open_parent(ctx, to, &to_name);

	if (from_dir < 0 || to_dir < 0)
		return from_dir < 0 ? from_dir : to_dir;
	return renameat(from_dir, from_name, to_dir, to_name) < 0 ? -errno : 0;
}

static int live_link(void *ctx, const char *from, const char *to)
{
	const char *from_name = NULL, *to_name = NULL;
	AUTOCLOSE int from_dir = open_parent(ctx, from, &from_name);
	AUTOCLOSE int to_dir = open_parent(ctx, to, &to_name);

	if (from_dir < 0 || to_dir < 0)
		return from_dir < 0 ? from_dir : to_dir;
	return linkat(from_dir, from_name, to_dir, to_name, 0) < 0 ? -errno : 0;
}

static int remove_name(const struct host_live *l, const char *path, int flags)
{
	const char *name = NULL;
	AUTOCLOSE int dir = open_parent(l, path, &name);

	if (dir < 0)
		return dir;
	return unlinkat(dir, name, flags) < 0 ? -errno : 0;
}

static int live_unlink(void *ctx, const char *path)
{
	return remove_name(ctx, path, 0);
}

static int live_rmdir(void *ctx, const char *path)
{
	return remove_name(ctx, path, AT_REMOVEDIR);
}

static int live_mkdir(void *ctx, const char *path, mode_t mode)
{
	const char *name = NULL;
	AUTOCLOSE int dir = open_parent(ctx, path, &name);

	if (dir < 0)
		return dir;
	if (mkdirat(dir, name, mode) < 0)
		return -errno;
	/* The mode asked for, whatever the umask. */
	return fchmodat(dir, name, mode, 0) < 0 ? -errno : 0;
}

static int live_space(void *ctx, const char *path, uint64_t *ret_free)
{
	const struct host_live *l = ctx;
	AUTOCLOSE int fd = open_file(l, path, O_PATH, 0);
	struct statvfs v;

	if (fd < 0)
		return fd;
	if (fstatvfs(fd, &v) < 0)
		return -errno;
	*ret_free = (uint64_t)v.f_bavail * v.f_frsize;
	return 0;
}

static int try_lock(int fd, enum host_lock kind)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r = kind == HOST_LOCK_OWN ? flock(fd, LOCK_EX | LOCK_NB)
				      : fcntl(fd, F_SETLK, &all);

	if (r >= 0)
		return 0;
	return errno == EACCES || errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN
									 : -errno;
}

static struct held_lock **find_lock(struct host_live *l, const char *path)
{
	struct held_lock **at = &l->locks;

	while (*at && !streq((*at)->path, path))
		at = &(*at)->next;
	return at;
}

static int live_lock(void *ctx, const char *path, enum host_lock kind, int deadline_ms)
{
	struct host_live *l = ctx;
	AUTOCLOSE int fd = -1;
	struct held_lock *held;
	int r;

	/* Closing a second descriptor would give a record lock back: never open one. */
	if (*find_lock(l, path))
		return -EALREADY;
	fd = open_file(l, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0640);
	if (fd < 0)
		return fd;
	while ((r = try_lock(fd, kind)) == -EAGAIN && deadline_ms > 0) {
		struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };

		nanosleep(&pause, NULL);
		deadline_ms -= LOCK_POLL_MS;
	}
	if (r < 0)
		return r;
	held = malloc(sizeof(*held) + strlen(path) + 1);
	if (!held)
		return -ENOMEM;
	*held = (struct held_lock){ .next = l->locks, .kind = kind, .fd = fd };
	memcpy(held->path, path, strlen(path) + 1);
	l->locks = held;
	fd = -1;
	return 0;
}

static void free_lock(struct held_lock **at)
{
	struct held_lock *held = *at;

	*at = held->next;
	/* A daemon that a command left behind may have it, too: closing is not enough. */
	if (held->kind == HOST_LOCK_OWN)
		(void)flock(held->fd, LOCK_UN);
	close(held->fd);
	free(held);
}

static int live_unlock(void *ctx, const char *path)
{
	struct held_lock **at = find_lock(ctx, path);

	if (!*at)
		return -ENOLCK;
	free_lock(at);
	return 0;
}

static int live_command(void *ctx, const char *const argv[], struct host_output *ret)
{
	const struct host_live *l = ctx;
	const struct held_lock *held = l->locks;

	if (l->guest)
		return l->guest->run(l->guest->arg, argv, ret);
	while (held && held->kind != HOST_LOCK_OWN)
		held = held->next;
	return l->running ? live_run(argv, held ? held->fd : -1, RUN_MS, ret)
			  : -EOPNOTSUPP;
}

static const struct host_ops live_ops = {
	.read = live_read,
	.readlink = live_readlink,
	.list = live_list,
	.stat = live_stat,
	.klog = live_log,
	.store = live_store,
	.create = live_create,
	.append = live_append,
	.sync = live_sync,
	.rename = live_rename,
	.unlink = live_unlink,
	.link = live_link,
	.mkdir = live_mkdir,
	.rmdir = live_rmdir,
	.space = live_space,
	.lock = live_lock,
	.unlock = live_unlock,
	.run = live_command,
};

/* "/", and whatever else is the same directory as the root ("//", "/."). */
static bool is_own_root(int fd)
{
	struct stat here, root;

	return fstat(fd, &here) == 0 && stat("/", &root) == 0 &&
	       here.st_dev == root.st_dev && here.st_ino == root.st_ino;
}

int host_live_open(const char *root, struct host_live **ret, struct err *e)
{
	AUTOCLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTOCLOSE int probe = fd < 0 ? -1 : live_openat(fd, ".", O_PATH, 0);
	struct host_live *l;

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", root, strerror(errno));
	if (probe < 0)
		return err_set(e, probe, "%s: openat2: %s", root, strerror(-probe));
	l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(e, -ENOMEM, "%s: out of memory", root);
	*l = (struct host_live){ .root = fd, .running = is_own_root(fd) };
	fd = -1;
	*ret = l;
	return 0;
}

int host_live_open_sys(const char *sys, struct host_live **ret, struct err *e)
{
	int r = host_live_open(sys, ret, e);

	if (r < 0)
		return r;
	(*ret)->only_sys = true;
	(*ret)->running = false;
	return 0;
}

void host_live_set_guest(struct host_live *l, const struct host_live_guest *g)
{
	l->guest = g;
	l->running = true;
}

void host_live_close(struct host_live *l)
{
	if (!l)
		return;
	live_worker_stop(&l->worker);
	while (l->locks)
		free_lock(&l->locks);
	close(l->root);
	free(l);
}

struct host host_live_get(struct host_live *l)
{
	return (struct host){ &live_ops, l, l->running };
}
