/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "vmtests/inside-claim.h"
#include "vmtests/inside-look.h"
#include "vmtests/inside.h"
#include "vmtests/ops.h"

#define OP_S 60     /* no operation takes longer, unless it is blocked */
#define CHECK_S 0.2 /* after that long one may be */
#define SURE_S 0.1  /* and is, if it sleeps in the same place that much later */

struct job {
	const struct op *op;
	unsigned index;
	pthread_t thread;
	atomic_int tid;
	atomic_bool done;
	long result;
	char text[INSIDE_LOOK_TEXT]; /* that it read */
};

struct player {
	struct arena *a;
	ops ops;
	int kmsg;
	VEC(struct job *) blocked;
	VEC(struct inside_claim *) claims;
	struct inside_held held;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(double seconds)
{
	(void)usleep((useconds_t)(seconds * 1e6));
}

/* --- the kernel's log --- */

/* What /dev/kmsg escapes, in place. */
static void unescape(char *s)
{
	char *to = s;
	unsigned c;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &c) == 1) {
			*to++ = (char)c;
			s += 3;
		} else {
			*to++ = *s;
		}
	*to = '\0';
}

/* Lines of the kernel itself since the last call. */
static void read_log(struct player *p, strings *ret)
{
	char buf[8192];
	ssize_t n;

	while ((n = read(p->kmsg, buf, sizeof(buf) - 1)) > 0 || errno == EPIPE) {
		char *text;

		if (n <= 0)
			continue; /* some were lost */
		buf[n] = '\0';
		text = strchr(buf, ';');
		if (!text || strtoul(buf, NULL, 10) >> 3)
			continue;
		text[strcspn(text, "\n")] = '\0';
		unescape(text);
		*vec_push(p->a, ret) = arena_strdup(p->a, text + 1);
	}
}

/* --- operations --- */

static long do_store(const struct op *op)
{
	char path[PATH_MAX];
	AUTOCLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/%s", op->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, op->data.data, op->data.len);
	return n < 0 ? -errno : n;
}

static long do_run(const struct op *op)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd <= 2; fd++)
			(void)dup2(null, fd);
		execvp(op->argv[0], (char *const *)(uintptr_t)op->argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid < 0 ? -errno : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static long do_claim(struct player *p, int group)
{
	struct inside_claim *c = arena_alloc(p->a, sizeof(*c));
	int r = inside_claim(group, c);

	if (r == 0)
		*vec_push(p->a, &p->claims) = c;
	return r;
}

static long do_release(struct player *p, int group)
{
	for (size_t i = 0; i < p->claims.n; i++) {
		if (p->claims.v[i]->group != group)
			continue;
		inside_release(p->claims.v[i]);
		p->claims.v[i] = p->claims.v[--p->claims.n];
		return 0;
	}
	return -ENOENT;
}

/* --- blocked ones --- */

/* Where the kernel waits for somebody else: nothing that ends by itself sleeps there. */
static const char *const waits[] = {
	"vfio_",        "pci_lock_rescan_remove",
	"device_",      "__device_",
	"driver",       "__driver_",
	"pci_reset_",   "reset_store",
	"bus_",         "uevent_show",
	"remove_store", "pci_dev_lock",
};

static bool sleeps_in_one(const struct job *j, char where[64])
{
	char path[64];
	AUTOCLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/wchan", j->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, where, 63);
	where[n < 0 ? 0 : n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		if (after_prefix(where, waits[i]))
			return true;
	return false;
}

/* Until it is done (true), or sleeps where only others can wake it. */
static bool wait_for(const struct job *j, double patience)
{
	double start = now(), pause = 0.0001;

	while (!j->done) {
		char first[64], second[64];

		if (now() - start > patience && sleeps_in_one(j, first)) {
			nap(SURE_S);
			if (!j->done && sleeps_in_one(j, second) && streq(first, second))
				return false;
		}
		if (now() - start > OP_S)
			return false;
		nap(pause);
		pause = pause < 0.01 ? pause * 1.5 : pause;
	}
	return true;
}

static void *do_job(void *arg)
{
	struct job *j = arg;

	j->tid = gettid();
	j->result = j->op->kind == OP_STORE ? do_store(j->op)
					    : inside_look_read(j->op->path, j->text);
	j->done = true;
	return NULL;
}

/* A store or a read: both may block. */
static long start_job(struct player *p, const struct op *op, unsigned index,
		      const char **ret_text)
{
	struct job *j = arena_alloc(p->a, sizeof(*j));

	j->op = op;
	j->index = index;
	if (pthread_create(&j->thread, NULL, do_job, j) != 0)
		return -EAGAIN;
	if (wait_for(j, CHECK_S)) {
		(void)pthread_join(j->thread, NULL);
		if (op->kind == OP_READ && j->result >= 0)
			*ret_text = j->text;
		return j->result;
	}
	*vec_push(p->a, &p->blocked) = j;
	return OP_BLOCKED;
}

static void take_answers(struct player *p, struct op_result *r)
{
	for (size_t i = 0; i < p->blocked.n;) {
		struct job *j = p->blocked.v[i];

		if (!wait_for(j, 0)) {
			i++;
			continue;
		}
		(void)pthread_join(j->thread, NULL);
		*vec_push(p->a, &r->answers) = (struct op_answer){ j->index, j->result };
		memmove(&p->blocked.v[i], &p->blocked.v[i + 1],
			(--p->blocked.n - i) * sizeof(*p->blocked.v));
		i = 0; /* it may have been what another one waited for */
	}
}

static long play(struct player *p, const struct op *op, unsigned index,
		 const char **ret_text)
{
	switch (op->kind) {
	case OP_STORE:
	case OP_READ:
		return start_job(p, op, index, ret_text);
	case OP_RUN:
		return do_run(op);
	case OP_CLAIM:
		return do_claim(p, op->group);
	case OP_RELEASE:
		return do_release(p, op->group);
	case OP_STAT:
		return inside_look_stat(op->path);
	case OP_SEEK:
		return inside_look_seek(op->path);
	case OP_MAP:
		return inside_look_map(op->path);
	case OP_HOLD:
		return inside_look_hold(op->path, &p->held);
	case OP_LINKS:
		return inside_look_links(op->path, &p->held);
	}
	return -EINVAL;
}

static char *read_all(FILE *f)
{
	char *text = NULL;
	size_t size = 0;

	/* Up to a NUL: operations are text. */
	return getdelim(&text, &size, '\0', f) < 0 ? NULL : text;
}

int inside_ops(int argc, char **argv)
{
	AUTOARENA struct arena *a = arena_new();
	AUTOFREE char *text = read_all(stdin);
	struct player p = { .a = a };
	struct err e = { "" };

	(void)argc;
	p.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (p.kmsg < 0 || lseek(p.kmsg, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		return 3;
	}
	if (ops_read(a, text ? text : "", &p.ops, &e) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], e.text);
		return 2;
	}
	for (size_t i = 0; i < p.ops.n; i++) {
		struct op_result r = { 0 };

		r.result = play(&p, &p.ops.v[i], (unsigned)i, &r.text);
		take_answers(&p, &r);
		if (i + 1 == p.ops.n)
			while (p.claims.n) {
				(void)do_release(&p, p.claims.v[0]->group);
				take_answers(&p, &r);
			}
		read_log(&p, &r.log);
		op_result_write(stdout, &r);
	}
	return 0;
}
