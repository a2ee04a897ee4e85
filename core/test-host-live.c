/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "core/host-live-run.h"
#include "core/host-live-worker.h"
#include "core/host-live.h"

/* A directory of its own for every row, as a host and as a file descriptor. */
struct tree {
	char dir[64];
	int fd;
	struct host_live *live;
	struct host h;
};

static struct tree tree_make(void)
{
	struct tree t = { .dir = "/tmp/test-host-live-XXXXXX" };
	struct err e;

	assert_non_null(mkdtemp(t.dir));
	t.fd = open(t.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t.fd >= 0);
	assert_int_equal(host_live_open(t.dir, &t.live, &e), 0);
	t.h = host_live_get(t.live);
	return t;
}

static void tree_end(struct tree *t)
{
	char cmd[128];

	host_live_close(t->live);
	close(t->fd);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", t->dir);
	assert_int_equal(system(cmd), 0);
}

static void put(const struct tree *t, const char *path, const char *text)
{
	int fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* A tree that tries to get out: the host must find its own files or nothing. */
struct escape_case {
	const char *name;
	const char *link, *target; /* made first; NULL: none */
	const char *path;
	ssize_t want; /* bytes read or error */
};

static void test_stays_inside(void **state)
{
	const struct escape_case *c = *state;
	struct tree t = tree_make();
	char buf[64];

	assert_int_equal(mkdirat(t.fd, "etc", 0755), 0);
	put(&t, "etc/hostname", "inside");
	if (c->link)
		assert_int_equal(symlinkat(c->target, t.fd, c->link), 0);
	assert_int_equal(t.h.ops->read(t.h.ctx, c->path, buf, sizeof(buf), 0), c->want);
	if (c->want > 0)
		assert_memory_equal(buf, "inside", 6);
	tree_end(&t);
}

static const struct escape_case escapes[] = {
	{ "a plain file", .path = "etc/hostname", .want = 6 },
	{ "an absolute link", "name", "/etc/hostname", "name", 6 },
	{ "dots above the root", "name", "../../../../etc/hostname", "name", 6 },
	{ "dots in the path", .path = "../../etc/hostname", .want = 6 },
	{ "a path with a slash first", .path = "/etc/hostname", .want = 6 },
	{ "a link to what only the real root has", "name", "/proc/self/stat", "name",
	  -ENOENT },
	{ "a link to itself", "name", "name", "name", -ELOOP },
	{ "a directory", .path = "etc", .want = -EISDIR },
	{ "nothing there", .path = "etc/passwd", .want = -ENOENT },
};

/* A copied /sys alone: other paths are not there, and nothing changes. */
struct sys_case {
	const char *name, *path;
	ssize_t want; /* of reading */
};

static void test_copied_sys(void **state)
{
	const struct sys_case *c = *state;
	struct tree t = tree_make();
	struct host_live *l = NULL;
	struct err e = { "" };
	struct host h;
	char buf[64];

	assert_int_equal(mkdirat(t.fd, "bus", 0755), 0);
	assert_int_equal(mkdirat(t.fd, "etc", 0755), 0);
	put(&t, "bus/name", "inside");
	put(&t, "etc/hostname", "inside");
	assert_int_equal(symlinkat("../bus/name", t.fd, "etc/link"), 0);
	assert_int_equal(symlinkat("/bus/name", t.fd, "etc/whole"), 0);
	assert_int_equal(host_live_open_sys(t.dir, &l, &e), 0);
	h = host_live_get(l);
	assert_false(h.running);
	assert_int_equal(h.ops->read(h.ctx, c->path, buf, sizeof(buf), 0), c->want);
	assert_int_equal(h.ops->create(h.ctx, c->path, 0600, 0, 0), -EROFS);
	assert_int_equal(h.ops->unlink(h.ctx, c->path), -EROFS);
	assert_int_equal(h.ops->lock(h.ctx, c->path, HOST_LOCK_OWN, 0), -EROFS);
	host_live_close(l);
	tree_end(&t);
}

static const struct sys_case copied[] = {
	{ "copied sys: a file", "sys/bus/name", 6 },
	{ "copied sys: a folder", "sys/bus", -EISDIR },
	{ "copied sys: itself", "sys", -EISDIR },
	{ "copied sys: a link in it", "sys/etc/link", 6 },
	{ "copied sys: an absolute link starts at it", "sys/etc/whole", 6 },
	{ "copied sys: what is not there", "sys/etc/passwd", -ENOENT },
	{ "copied sys: another folder of the root", "etc/hostname", -ENOENT },
	{ "copied sys: a name that begins alike", "sysbus/name", -ENOENT },
};

/* More names than one call hands over. */
static void test_copied_sys_list(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	struct tree t = tree_make();
	struct host_live *l = NULL;
	struct err e = { "" };
	strings names;
	struct host h;
	char name[64];

	(void)state;
	assert_int_equal(mkdirat(t.fd, "bus", 0755), 0);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "bus/a-name-that-is-not-short-%d", i);
		put(&t, name, "");
	}
	assert_int_equal(host_live_open_sys(t.dir, &l, &e), 0);
	h = host_live_get(l);
	assert_int_equal(host_list(&h, a, "sys/bus", &names), 0);
	assert_int_equal(names.n, 2000);
	host_live_close(l);
	tree_end(&t);
}

static void test_no_kernel_below_a_directory(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct tree t = tree_make();
	struct host_output out;
	char *log;

	(void)state;
	assert_false(t.h.running);
	assert_int_equal(t.h.ops->run(t.h.ctx, argv, &out), -EOPNOTSUPP);
	assert_int_equal(t.h.ops->klog(t.h.ctx, &log), -EOPNOTSUPP);
	tree_end(&t);
}

static void test_fifo_does_not_hold_up(void **state)
{
	struct tree t = tree_make();
	char buf[8];

	(void)state;
	assert_int_equal(mkfifoat(t.fd, "fifo", 0600), 0);
	assert_int_equal(t.h.ops->read(t.h.ctx, "fifo", buf, sizeof(buf), 0), 0);
	tree_end(&t);
}

static void test_bad_roots(void **state)
{
	struct host_live *l = NULL;
	struct err e;

	(void)state;
	assert_int_equal(host_live_open("/nonexistent/dir", &l, &e), -ENOENT);
	assert_string_equal(e.text, "/nonexistent/dir: No such file or directory");
	assert_int_equal(host_live_open("/dev/null", &l, &e), -ENOTDIR);
	assert_null(l);
}

static void test_replace_keeps_mode_and_owner(void **state)
{
	struct tree t = tree_make();
	struct blob data = { (const uint8_t *)"new\n", 4 };
	struct arena *a = arena_new();
	struct host_stat st;
	strings names;
	char *text;
	mode_t old = umask(077);

	(void)state;
	assert_int_equal(host_make_parents(&t.h, "etc/default/grub.d/x.cfg"), 0);
	assert_int_equal(host_replace(&t.h, "etc/default/grub.d/x.cfg", data, 0640,
				      getuid(), getgid()),
			 0);
	umask(old);
	assert_int_equal(t.h.ops->stat(t.h.ctx, "etc/default", &st), 0);
	assert_int_equal(st.mode, S_IFDIR | 0755);
	assert_int_equal(t.h.ops->stat(t.h.ctx, "etc/default/grub.d/x.cfg", &st), 0);
	assert_int_equal(st.mode, S_IFREG | 0640);
	assert_int_equal(st.uid, getuid());
	assert_int_equal(st.size, 4);
	assert_int_equal(host_read_text(&t.h, a, &text, "etc/default/grub.d/x.cfg"), 0);
	assert_string_equal(text, "new");
	assert_int_equal(host_list(&t.h, a, "etc/default/grub.d", &names), 0);
	assert_int_equal(names.n, 1); /* no temporary left */
	assert_int_equal(host_remove(&t.h, "etc/default/grub.d/x.cfg"), 0);
	assert_int_equal(host_remove(&t.h, "etc/default/grub.d/x.cfg"), 0);
	arena_free(a);
	tree_end(&t);
}

static void test_primitives(void **state)
{
	struct tree t = tree_make();
	const struct host_ops *o = t.h.ops;
	void *ctx = t.h.ctx;
	char target[16];
	uint64_t space;

	(void)state;
	put(&t, "a", "1");
	assert_int_equal(o->create(ctx, "a", 0600, getuid(), getgid()), -EEXIST);
	assert_int_equal(o->append(ctx, "a", "23", 2), 0);
	assert_int_equal(o->link(ctx, "a", "b"), 0);
	assert_int_equal(o->link(ctx, "a", "b"), -EEXIST);
	assert_int_equal(o->mkdir(ctx, "d", 0700), 0);
	assert_int_equal(o->rename(ctx, "b", "d/c"), 0);
	assert_int_equal(o->rmdir(ctx, "d"), -ENOTEMPTY);
	assert_int_equal(o->unlink(ctx, "d/c"), 0);
	assert_int_equal(o->rmdir(ctx, "d"), 0);
	assert_int_equal(o->unlink(ctx, ".."), -EINVAL);
	assert_int_equal(o->sync(ctx, "."), 0);
	assert_int_equal(o->readlink(ctx, "a", target, sizeof(target)), -EINVAL);
	assert_int_equal(symlinkat("target", t.fd, "l"), 0);
	assert_int_equal(o->readlink(ctx, "l", target, sizeof(target)), 6);
	assert_string_equal(target, "target");
	assert_int_equal(o->readlink(ctx, "l", target, 6), -ENAMETOOLONG);
	assert_int_equal(o->append(ctx, "l", "x", 1), -ELOOP);
	assert_int_equal(o->space(ctx, ".", &space), 0);
	assert_true(space > 0);
	tree_end(&t);
}

static void test_long_directory(void **state)
{
	struct tree t = tree_make();
	struct arena *a = arena_new();
	char name[64];
	strings names;

	(void)state;
	/* More than one buffer of names, so that the cookie is used. */
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "%04d-a-rather-long-name-for-a-file", i);
		put(&t, name, "");
	}
	assert_int_equal(host_list(&t.h, a, ".", &names), 0);
	assert_int_equal(names.n, 2000);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(atoi(names.v[i]), i);
	arena_free(a);
	tree_end(&t);
}

/* Locks that another process holds, of each kind. */
static void test_lock(void **state)
{
	const enum host_lock *kind = *state;
	struct tree t = tree_make();
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int ready[2], done[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		int fd = openat(t.fd, "lock", O_RDWR | O_CREAT, 0600);

		close(done[1]);
		if (*kind == HOST_LOCK_OWN ? flock(fd, LOCK_EX)
					   : fcntl(fd, F_SETLKW, &all))
			_exit(1);
		if (write(ready[1], "", 1) != 1 || read(done[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", *kind, 40), -EAGAIN);
	close(done[1]);
	close(done[0]);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", *kind, 10000), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", *kind, 0), -EALREADY);
	assert_int_equal(t.h.ops->unlock(t.h.ctx, "lock"), 0);
	assert_int_equal(t.h.ops->unlock(t.h.ctx, "lock"), -ENOLCK);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", *kind, 0), 0);
	tree_end(&t);
}

/* A command that does not end, and a child that would outlive it. */
static void test_command_deadline(void **state)
{
	const char *argv[] = { "sh", "-c", NULL, NULL };
	struct tree t = tree_make();
	char *fifo = NULL, *script = NULL;
	struct host_output out;
	int reader;
	char c;

	(void)state;
	assert_true(asprintf(&fifo, "%s/fifo", t.dir) > 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_true(asprintf(&script, "(sleep 600) >%s & sleep 600", fifo) > 0);
	argv[2] = script;
	reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_int_equal(live_run(argv, -1, 300, &out), -ETIMEDOUT);
	/* Nobody has the other end: the child went, too. */
	while (read(reader, &c, 1) < 0)
		assert_int_equal(errno, EAGAIN);
	close(reader);
	free(fifo);
	free(script);
	tree_end(&t);
}

/* A killed pcipass leaves its command at work: nobody may begin before that has ended. */
static void test_orphan_keeps_lock(void **state)
{
	struct tree t = tree_make();
	char *fifo = NULL, *lock = NULL;
	int r, writer;
	pid_t pid;

	(void)state;
	assert_true(asprintf(&fifo, "%s/fifo", t.dir) > 0);
	assert_true(asprintf(&lock, "%s/lock", t.dir) > 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	pid = fork();
	if (pid == 0) {
		const char *const argv[] = { "sh", "-c", "cat <\"$0\"", fifo, NULL };
		struct host_output out;
		struct host_live *l;
		struct err e;
		struct host h;

		if (host_live_open("/", &l, &e) < 0)
			_exit(1);
		h = host_live_get(l);
		if (h.ops->lock(h.ctx, lock + 1, HOST_LOCK_OWN, 0) < 0)
			_exit(1);
		_exit(h.ops->run(h.ctx, argv, &out) < 0);
	}
	writer = open(fifo, O_WRONLY | O_CLOEXEC); /* the command runs */
	assert_true(writer >= 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	r = t.h.ops->lock(t.h.ctx, "lock", HOST_LOCK_OWN, 0);
	close(writer);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", HOST_LOCK_OWN, 10000), 0);
	free(fifo);
	free(lock);
	tree_end(&t);
}

/* What a command left running has no lock once the transaction is over. */
static void test_daemon_gives_lock_back(void **state)
{
	static const char *const argv[] = { "sh", "-c", "sleep 30 & echo $!", NULL };
	struct tree t = tree_make();
	struct host_output out;
	char *lock = NULL;
	struct host_live *l;
	struct host h;
	struct err e;

	(void)state;
	assert_true(asprintf(&lock, "%s/lock", t.dir) > 0);
	assert_int_equal(host_live_open("/", &l, &e), 0);
	h = host_live_get(l);
	assert_int_equal(h.ops->lock(h.ctx, lock + 1, HOST_LOCK_OWN, 0), 0);
	assert_int_equal(h.ops->run(h.ctx, argv, &out), 0);
	assert_int_equal(h.ops->unlock(h.ctx, lock + 1), 0);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", HOST_LOCK_OWN, 0), 0);
	assert_int_equal(kill((pid_t)strtol(out.text, NULL, 10), SIGKILL), 0);
	free(out.text);
	free(lock);
	host_live_close(l);
	tree_end(&t);
}

static const enum host_lock own = HOST_LOCK_OWN, dpkg = HOST_LOCK_DPKG;

/* Commands on this machine. */
struct run_case {
	const char *name;
	const char *argv[4];
	int want, status;
	const char *text; /* NULL: not compared */
};

static void test_run(void **state)
{
	const struct run_case *c = *state;
	struct host_output out = { .status = -1 };
	struct host_live *l;
	struct host h;
	struct err e;

	assert_int_equal(host_live_open("/", &l, &e), 0);
	h = host_live_get(l);
	assert_int_equal(h.ops->run(h.ctx, c->argv, &out), c->want);
	assert_int_equal(out.status, c->want ? -1 : c->status);
	if (c->text)
		assert_string_equal(out.text, c->text);
	free(out.text);
	host_live_close(l);
}

static const struct run_case runs[] = {
	{ "both streams in order",
	  { "sh", "-c", "echo a; echo b >&2; echo c" },
	  .text = "a\nb\nc\n" },
	{ "exit status", { "sh", "-c", "exit 3" }, .status = 3, .text = "" },
	{ "killed", { "sh", "-c", "kill -TERM $$" }, .status = 128 + SIGTERM },
	{ "no such command", { "pcipass-no-such-command" }, .want = -ENOENT },
	{ "no such path", { "/nonexistent/command" }, .want = -ENOENT },
	{ "no shell in between", { "echo", "$HOME;" }, .text = "$HOME;\n" },
	{ "stdin is empty", { "cat" }, .text = "" },
	{ "language and folder", { "sh", "-c", "echo $LC_ALL $PWD" }, .text = "C /\n" },
	{ "nothing else open", { "sh", "-c", "ls /proc/$$/fd" }, .text = "0\n1\n2\n" },
	{ "a daemon keeps the pipe",
	  { "sh", "-c", "sleep 30 & echo gone" },
	  .text = "gone\n" },
	{ "more output than a pipe holds",
	  { "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x | wc -c" },
	  .text = "300000\n" },
};

static void test_output_limit(void **state)
{
	static const char *const argv[] = { "sh", "-c",
					    "head -c 9000000 /dev/zero | tr '\\0' x",
					    NULL };
	struct host_output out;
	struct host_live *l;
	struct host h;
	struct err e;

	(void)state;
	assert_int_equal(host_live_open("/", &l, &e), 0);
	h = host_live_get(l);
	assert_int_equal(h.ops->run(h.ctx, argv, &out), 0);
	assert_int_equal(strlen(out.text), (size_t)4 << 20);
	free(out.text);
	host_live_close(l);
}

static int cmp_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* /proc through the worker, which is there on every Linux. */
static void test_own_kernel(void **state)
{
	struct arena *a = arena_new();
	struct host_live *l;
	char *text, want[64];
	strings names;
	struct host h;
	struct err e;
	FILE *f;

	(void)state;
	assert_int_equal(host_live_open("/", &l, &e), 0);
	h = host_live_get(l);
	assert_true(h.running);
	f = fopen("/proc/sys/kernel/osrelease", "r");
	assert_non_null(f);
	assert_non_null(fgets(want, sizeof(want), f));
	fclose(f);
	want[strcspn(want, "\n")] = '\0';
	assert_int_equal(host_read_text(&h, a, &text, "proc/sys/kernel/osrelease"), 0);
	assert_string_equal(text, want);
	assert_int_equal(host_list(&h, a, "proc/sys", &names), 0);
	assert_non_null(bsearch(&(const char *){ "kernel" }, names.v, names.n,
				sizeof(*names.v), cmp_name));
	assert_false(host_exists(&h, "proc/nothing"));
	/* No such attribute: the kernel's own refusal comes back. */
	assert_int_equal(host_store(&h, "x", "proc/sys/kernel/nothing"), -ENOENT);
	arena_free(a);
	host_live_close(l);
}

/* A worker that stops answering, for each kind of request. */
struct hang_case {
	const char *name;
	enum live_op op;
	ssize_t want;
};

static void test_hang(void **state)
{
	const struct hang_case *c = *state;
	struct tree t = tree_make();
	struct live_worker w = { 0 };
	struct host_stat st;
	char buf[64] = "1";
	struct live_request r = { .op = LIVE_STAT, .path = "file", .stat = &st };
	pid_t hung;

	put(&t, "file", "text");
	assert_int_equal(live_worker_do(&w, t.fd, &r, 1000), 0);
	assert_int_equal(st.size, 4);
	hung = w.pid;
	assert_int_equal(kill(hung, SIGSTOP), 0);

	r = (struct live_request){
		.op = c->op, .path = "file", .buf = buf, .len = sizeof(buf), .stat = &st
	};
	assert_int_equal(live_worker_do(&w, t.fd, &r, 30), c->want);
	/* The next request finds a new worker; the old one ends once it can. */
	r = (struct live_request){
		.op = LIVE_READ, .path = "file", .buf = buf, .len = 64
	};
	assert_int_equal(live_worker_do(&w, t.fd, &r, 1000), 4);
	assert_memory_equal(buf, "text", 4);
	assert_true(w.pid != hung);
	assert_int_equal(kill(hung, SIGCONT), 0);
	assert_int_equal(waitpid(hung, NULL, 0), hung);
	live_worker_stop(&w);
	tree_end(&t);
}

static const struct hang_case hangs[] = {
	{ "hanging read", LIVE_READ, -ETIMEDOUT },
	{ "hanging readlink", LIVE_READLINK, -ETIMEDOUT },
	{ "hanging list", LIVE_LIST, -ETIMEDOUT },
	{ "hanging stat", LIVE_STAT, -ETIMEDOUT },
	{ "hanging store", LIVE_STORE, -EINPROGRESS },
};

/* One that hangs must not keep what the host gave back. */
static void test_hung_worker_holds_no_lock(void **state)
{
	struct tree t = tree_make();
	struct live_worker w = { 0 };
	struct host_stat st;
	struct live_request r = { .op = LIVE_STAT, .path = "lock", .stat = &st };
	pid_t hung;

	(void)state;
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", HOST_LOCK_OWN, 0), 0);
	assert_int_equal(live_worker_do(&w, t.fd, &r, 1000), 0);
	hung = w.pid;
	assert_int_equal(kill(hung, SIGSTOP), 0);
	assert_int_equal(live_worker_do(&w, t.fd, &r, 30), -ETIMEDOUT);
	assert_int_equal(t.h.ops->unlock(t.h.ctx, "lock"), 0);
	assert_int_equal(t.h.ops->lock(t.h.ctx, "lock", HOST_LOCK_OWN, 0), 0);
	assert_int_equal(kill(hung, SIGCONT), 0);
	assert_int_equal(waitpid(hung, NULL, 0), hung);
	tree_end(&t);
}

/* The store itself blocks: opening a FIFO without a reader, as an unbind in use would. */
static void test_store_takes_effect_late(void **state)
{
	struct tree t = tree_make();
	struct live_worker w = { 0 };
	char value[] = "1", buf[8];
	struct live_request r = {
		.op = LIVE_STORE, .path = "fifo", .buf = value, .len = 1
	};
	int fd;

	(void)state;
	assert_int_equal(mkfifoat(t.fd, "fifo", 0600), 0);
	assert_int_equal(live_worker_do(&w, t.fd, &r, 30), -EINPROGRESS);
	assert_int_equal(w.pid, 0);
	fd = openat(t.fd, "fifo", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 1);
	close(fd);
	live_worker_stop(&w);
	tree_end(&t);
}

static void test_worker_dies(void **state)
{
	struct tree t = tree_make();
	struct live_worker w = { 0 };
	char buf[8];
	struct live_request r = {
		.op = LIVE_READ, .path = "file", .buf = buf, .len = sizeof(buf)
	};

	(void)state;
	put(&t, "file", "text");
	assert_int_equal(live_worker_do(&w, t.fd, &r, 1000), 4);
	assert_int_equal(kill(w.pid, SIGKILL), 0);
	assert_int_equal(waitpid(w.pid, NULL, 0), w.pid);
	assert_int_equal(live_worker_do(&w, t.fd, &r, 1000), 4);
	live_worker_stop(&w);
	tree_end(&t);
}

/* Through the shared memory: what is longer than it comes in pages. */
static void test_worker_long_file(void **state)
{
	struct tree t = tree_make();
	struct live_worker w = { 0 };
	size_t size = (size_t)600 << 10;
	char *text = malloc(size + 1), *got = malloc(size);
	size_t have = 0;

	(void)state;
	memset(text, 'x', size);
	text[size] = '\0';
	put(&t, "file", text);
	while (have < size) {
		struct live_request r = { .op = LIVE_READ,
					  .path = "file",
					  .off = have,
					  .buf = got + have,
					  .len = size - have };
		ssize_t n = live_worker_do(&w, t.fd, &r, 1000);

		assert_true(n > 0);
		assert_int_equal(n % 4096, 0);
		have += (size_t)n;
	}
	assert_memory_equal(text, got, size);
	free(text);
	free(got);
	live_worker_stop(&w);
	tree_end(&t);
}

#define ROW(fn, row)                                                                     \
	{                                                                                \
		.name = (row)->name, .test_func = (fn),                                  \
		.initial_state = (void *)(uintptr_t)(row)                                \
	}

int main(void)
{
	struct CMUnitTest tests[80] = {
		cmocka_unit_test(test_no_kernel_below_a_directory),
		cmocka_unit_test(test_fifo_does_not_hold_up),
		cmocka_unit_test(test_bad_roots),
		cmocka_unit_test(test_replace_keeps_mode_and_owner),
		cmocka_unit_test(test_primitives),
		cmocka_unit_test(test_long_directory),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_orphan_keeps_lock),
		cmocka_unit_test(test_command_deadline),
		cmocka_unit_test(test_daemon_gives_lock_back),
		cmocka_unit_test(test_own_kernel),
		cmocka_unit_test(test_hung_worker_holds_no_lock),
		cmocka_unit_test(test_store_takes_effect_late),
		cmocka_unit_test(test_worker_dies),
		cmocka_unit_test(test_worker_long_file),
		cmocka_unit_test(test_copied_sys_list),
		{ "own lock", test_lock, .initial_state = (void *)(uintptr_t)&own },
		{ "dpkg's lock", test_lock, .initial_state = (void *)(uintptr_t)&dpkg },
	};
	size_t n = 18;

	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		tests[n++] = (struct CMUnitTest)ROW(test_stays_inside, &escapes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		tests[n++] = (struct CMUnitTest)ROW(test_copied_sys, &copied[i]);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		tests[n++] = (struct CMUnitTest)ROW(test_run, &runs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(hangs); i++)
		tests[n++] = (struct CMUnitTest)ROW(test_hang, &hangs[i]);
	return _cmocka_run_group_tests("host-live", tests, n, NULL, NULL);
}
