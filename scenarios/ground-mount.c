/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ground `mount`: a process serves the model as a file system, and the engine works
 * on it as on an installed machine, by system calls. Only what no file can do (reboot,
 * the power, a VM) and the machine's commands go through fakesys ctl.
 *
 * It is no thread: who waits for an answer of its own process cannot be killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/host-live.h"
#include "fakesys/ctl.h"
#include "fakesys/fuse-server.h"
#include "scenarios/scenario.h"

#define LACKS 77
#define BLOCKS_MS 300 /* a store that has not returned by then waits for somebody */

struct slot {
	pid_t server;
	struct host_live *live;
	struct host_live_guest guest;
	bool up;
	char dir[32];
	struct arena *arena; /* of the last boot report */
	struct boot_report boot;
};

static struct slot *slot_of(void *ctx)
{
	return *(struct slot **)ctx;
}

/* A control command; its text malloc'd in *ret_text, if that is wanted. */
static int say(struct slot *s, char **ret_text, const char *a, const char *b)
{
	AUTOFREE char *text = NULL;
	struct err e = { "" };
	int status;
	int r = ctl_say(s->dir,
			(char *[]){ (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL },
			&text, &status, &e);

	if (r < 0)
		return r;
	if (status)
		r = ctl_errno(text) ? -ctl_errno(text) : -EREMOTEIO;
	if (ret_text)
		*ret_text = TAKE(text);
	return r;
}

static int guest_klog(void *arg, char **ret_text)
{
	return say(arg, ret_text, "dmesg", NULL);
}

static int guest_run(void *arg, const char *const argv[], struct host_output *ret)
{
	AUTOARENA struct arena *a = arena_new();
	struct slot *s = arg;
	VEC(char *) words = { 0 };
	struct err e = { "" };
	int r;

	*vec_push(a, &words) = arena_strdup(a, "run");
	for (; *argv; argv++)
		*vec_push(a, &words) = arena_strdup(a, *argv);
	*vec_push(a, &words) = NULL;
	r = ctl_say(s->dir, words.v, &ret->text, &ret->status, &e);
	if (r >= 0 && ret->status == 127) {
		free(ret->text);
		return -ENOENT;
	}
	return r;
}

/* What the server's process says once it serves or cannot. */
struct greeting {
	int result; /* 0, LACKS or negative errno */
	struct err e;
};

/* In a process of its own, until SIGTERM or the death of @parent. Does not return. */
static void serve(const char *dir, const struct machine *m,
		  const struct kernel_profile *p, pid_t parent, int tell)
{
	struct greeting g = { 0, { "" } };
	struct fuse_server *f = NULL;
	struct sim *sim = NULL;
	sigset_t term;
	int stop;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signal(SIGINT, SIG_IGN);
	stop = signalfd(-1, &term, SFD_CLOEXEC);
	if (stop < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		g.result = err_set(&g.e, -errno, "%s", strerror(errno));
	else
		g.result = sim_new(m, p, &sim, &g.e);
	if (g.result >= 0 && fuse_server_open(sim, dir, -1, &f, &g.e) < 0)
		g.result = LACKS;
	if (write(tell, &g, sizeof(g)) == sizeof(g) && !g.result && getppid() == parent)
		(void)fuse_server_serve(f, stop);
	fuse_server_close(f);
	(void)rmdir(dir);
	sim_free(sim);
	_exit(0);
}

static void stop(void *ctx)
{
	struct slot *s = slot_of(ctx);

	if (!s)
		return;
	host_live_close(s->live);
	if (s->server > 0) {
		(void)kill(s->server, SIGTERM);
		while (waitpid(s->server, NULL, 0) < 0 && errno == EINTR)
			;
	}
	arena_free(s->arena);
	free(s);
	*(struct slot **)ctx = NULL;
}

static int open_host(struct slot *s, bool running, struct err *e)
{
	int r;

	host_live_close(s->live);
	s->live = NULL;
	r = host_live_open(s->dir, &s->live, e);
	if (r >= 0 && running)
		host_live_set_guest(s->live, &s->guest);
	s->up = running;
	return r;
}

static int start(void *ctx, const struct machine *m, const struct kernel_profile *p,
		 struct err *e)
{
	struct slot *s = calloc(1, sizeof(*s));
	pid_t self = getpid();
	struct greeting g;
	int ends[2];
	ssize_t n;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	*(struct slot **)ctx = s;
	s->guest = (struct host_live_guest){ guest_run, guest_klog, s };
	strcpy(s->dir, "/tmp/fakesys-XXXXXX");
	if (!mkdtemp(s->dir))
		return err_set(e, -errno, "/tmp: %s", strerror(errno));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe: %s", strerror(errno));
	s->server = fork();
	if (!s->server) {
		close(ends[0]);
		serve(s->dir, m, p, self, ends[1]);
	}
	close(ends[1]);
	n = s->server < 0 ? -1 : read(ends[0], &g, sizeof(g));
	close(ends[0]);
	if (n != sizeof(g))
		return err_set(e, -EIO, "the simulated host's process did not start");
	*e = g.e;
	return g.result ? g.result : open_host(s, true, e);
}

static struct host host(void *ctx)
{
	return host_live_get(slot_of(ctx)->live);
}

static int read_report(struct slot *s, const json_t *root)
{
	const json_t *fns = json_object_get(root, "functions"), *fn;
	size_t i;

	arena_free(s->arena);
	s->arena = arena_new();
	s->boot = (struct boot_report){
		.release = arena_strdup(
			s->arena, json_string_value(json_object_get(root, "release"))),
		.cmdline = arena_strdup(
			s->arena, json_string_value(json_object_get(root, "cmdline"))),
		.entry = arena_strdup(s->arena,
				      json_string_value(json_object_get(root, "entry"))),
	};
	json_array_foreach(fns, i, fn)
	{
		struct boot_result *b = vec_push(s->arena, &s->boot.fns);
		const char *race = json_string_value(json_object_get(fn, "race"));

		*b = (struct boot_result){ 0 };
		if (bdf_parse(json_string_value(json_object_get(fn, "bdf")), &b->bdf) < 0)
			return -EBADMSG;
		b->race = race ? arena_strdup(s->arena, race) : NULL;
	}
	return 0;
}

static int reboot(void *ctx, const struct boot_report **ret, struct err *e)
{
	struct slot *s = slot_of(ctx);
	AUTOFREE char *text = NULL;
	json_auto_t *root = NULL;
	int r = say(s, &text, "reboot", NULL);

	if (r < 0) {
		(void)say(s, NULL, "rescue", NULL);
		(void)open_host(s, false, e);
		return err_set(e, -ENOENT, "%.*s", (int)strcspn(text ? text : "", "\n"),
			       text ? text : "");
	}
	free(TAKE(text));
	r = say(s, &text, "report", NULL);
	root = r < 0 ? NULL : json_loads(text, 0, NULL);
	if (!root || read_report(s, root) < 0)
		return err_set(e, -EBADMSG, "no report of the boot");
	*ret = &s->boot;
	return open_host(s, true, e);
}

static void power_cut(void *ctx, uint64_t seed)
{
	struct slot *s = slot_of(ctx);
	struct err e = { "" };
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
	(void)say(s, NULL, "power-cut", text);
	(void)say(s, NULL, "rescue", NULL);
	(void)open_host(s, false, &e);
}

static ssize_t store(void *ctx, const char *path, const char *buf, size_t len)
{
	struct host h = host(ctx);
	int r = h.ops->store(h.ctx, path, buf, len, BLOCKS_MS);

	return r < 0 ? r : (ssize_t)len;
}

static int claim(void *ctx, int group, bool take)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", group);
	return say(slot_of(ctx), NULL, take ? "claim" : "release", text);
}

struct ground ground_mount(void **slot)
{
	static const struct ground_ops ops = {
		.name = "mount",
		.start = start,
		.host = host,
		.reboot = reboot,
		.power_cut = power_cut,
		.store = store,
		.claim = claim,
		.stop = stop,
	};

	return (struct ground){ .ops = &ops, .ctx = slot };
}
