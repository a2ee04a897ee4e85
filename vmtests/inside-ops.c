/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "vmtests/inside-claim.h"
#include "vmtests/inside-kmsg.h"
#include "vmtests/inside-look.h"
#include "vmtests/inside-time.h"
#include "vmtests/inside.h"
#include "vmtests/ops.h"

#define NVME "/sys/bus/pci/drivers/nvme"

#define OP_MS 60000  /* no operation takes longer, unless it is blocked */
#define CHECK_MS 200 /* after that long one may be */
#define SURE_MS 100  /* and is, if it sleeps as it did that much later */

/* Where a thread sleeps, and how often one that slept had been woken before. */
struct rest {
	char where[64];
	unsigned long wakes;
};

struct job {
	const struct op *op;
	unsigned index;
	pthread_t thread;
	atomic_int tid;
	atomic_bool done;
	long result;
	struct rest rest;            /* as it was found to be blocked */
	char text[INSIDE_LOOK_TEXT]; /* that it read */
};

struct player {
	struct arena *a;
	ops ops;
	int kmsg;
	VEC(struct job *) blocked;
	struct inside_claims claims;
	struct inside_held held;
};

/* --- the kernel's log --- */

/* Lines of the kernel itself since the last call. */
static void read_log(struct player *p, strings *ret)
{
	char record[KMSG_RECORD];
	const char *text;
	int facility;

	while ((facility = kmsg_next(p->kmsg, record, &text)) >= 0)
		if (facility == KMSG_KERNEL)
			*vec_push(p->a, ret) = arena_strdup(p->a, text);
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

static long do_run(const char *const argv[])
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd <= 2; fd++)
			(void)dup2(null, fd);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid < 0 ? -errno : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Is it a store of a function's name, which nvme has now? */
static bool names_nvme(const struct op *op)
{
	char path[PATH_MAX];
	size_t n = 0;

	while (n < op->data.len && op->data.data[n] && op->data.data[n] != '\n' &&
	       op->data.data[n] != '/')
		n++;
	(void)snprintf(path, sizeof(path), NVME "/%.*s", (int)n,
		       (const char *)op->data.data);
	return n && access(path, F_OK) == 0;
}

/*
 * Part of nvme's probe() is done by a thread of its own; where functions or ids are new,
 * all of it. Whoever takes a module away waits for all such threads
 * (kernel/module/main.c: delete_module); this one does nothing else. Other drivers are
 * done at once.
 */
static void settle(const struct player *p, const struct op *op)
{
	static const struct {
		const char *file;
		bool named;
	} starts[] = {
		{ "/new_id", false }, { "/rescan", false }, { "/sriov_numvfs", false },
		{ "/power", false },  { "/bind", true },    { "/drivers_probe", true },
	};
	static const char *const load[] = { "modprobe", INSIDE_SETTLE_MODULE, NULL };
	static const char *const unload[] = { "rmmod", INSIDE_SETTLE_MODULE, NULL };

	/* One that is blocked may hold what a probe waits for. */
	if (op->kind != OP_STORE || p->blocked.n || access(NVME, F_OK) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (ends_with(op->path, starts[i].file) &&
		    (!starts[i].named || names_nvme(op)) && do_run(load) == 0)
			(void)do_run(unload);
}

/* --- blocked ones --- */

/* Where the kernel waits for somebody else: nothing that ends by itself sleeps there. */
static const char *const waits[] = {
	"vfio_",        "pci_lock_rescan_remove",
	"device_",      "__device_",
	"driver",       "__driver_",
	"pci_reset_",   "bus_",
	"pci_dev_lock",
};

static ssize_t read_task(const struct job *j, const char *name, char *buf, size_t size)
{
	char path[64];
	AUTOCLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/%s", j->tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : read(fd, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

/* Where it sleeps; "" or "0": it does not. */
static struct rest rest_of(const struct job *j)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	char status[4096], *at;
	struct rest ret;

	/* In this order: what wakes in between is found elsewhere, or counted next time.
	 */
	(void)read_task(j, "status", status, sizeof(status));
	at = strstr(status, key);
	ret.wakes = at ? strtoul(at + sizeof(key) - 1, NULL, 10) : 0;
	(void)read_task(j, "wchan", ret.where, sizeof(ret.where));
	return ret;
}

static bool is_wait(const char *where)
{
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		if (after_prefix(where, waits[i]))
			return true;
	/* The file's own function, with mutex_lock() in it. */
	return strstr(where, "_store") || strstr(where, "_show");
}

/*
 * Does it sleep as it did when it was found to be blocked? An operation that lets another
 * one go on has woken it before it returns, whatever that does next.
 */
static bool rests(const struct job *j)
{
	struct rest now = rest_of(j);

	return now.wakes == j->rest.wakes && streq(now.where, j->rest.where) &&
	       now.where[0] && now.where[0] != '0';
}

/* Until it is done (true), or sleeps where only others can wake it. */
static bool wait_for(struct job *j, int patience_ms)
{
	int64_t start = time_now_ms();
	useconds_t pause = 100; /* most operations take less than a millisecond */

	while (!j->done) {
		int64_t waited = time_now_ms() - start;

		if (waited > patience_ms) {
			j->rest = rest_of(j);
			if (is_wait(j->rest.where)) {
				time_sleep_ms(SURE_MS);
				if (!j->done && rests(j))
					return false;
			}
		}
		if (waited > OP_MS)
			return false;
		(void)usleep(pause);
		pause = pause < 10000 ? pause * 3 / 2 : pause;
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
	if (wait_for(j, CHECK_MS)) {
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

		if ((!j->done && rests(j)) || !wait_for(j, 0)) {
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
		return p->blocked.n ? -EBUSY : do_run(op->argv);
	case OP_CLAIM:
		return inside_claim(&p->claims, op->group);
	case OP_RELEASE:
		return inside_release(&p->claims, op->group);
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
	p.kmsg = kmsg_open();
	if (p.kmsg < 0) {
		fprintf(stderr, "/dev/kmsg: %s\n", strerror(-p.kmsg));
		return 3;
	}
	if (ops_read(a, text ? text : "", &p.ops, &e) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], e.text);
		return 2;
	}
	for (size_t i = 0; i < p.ops.n; i++) {
		struct op_result r = { 0 };

		r.result = play(&p, &p.ops.v[i], (unsigned)i, &r.text);
		settle(&p, &p.ops.v[i]);
		take_answers(&p, &r);
		if (i + 1 == p.ops.n)
			while (p.claims.n) {
				(void)inside_release(&p.claims, p.claims.v[0].group);
				take_answers(&p, &r);
			}
		read_log(&p, &r.log);
		op_result_write(stdout, &r);
	}
	return 0;
}
