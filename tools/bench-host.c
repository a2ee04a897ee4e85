/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/machine-json.h"
#include "fakesys/fuse-server.h"
#include "scenarios/fill.h"
#include "tools/bench-host.h"
#include "tools/bench-walk.h"

int model_make(const char *fixture, size_t functions, struct model *ret, struct err *e)
{
	struct model o = { 0 };
	int r = machine_load(fixture, &o.m, e);

	if (r >= 0)
		r = machine_fill(o.m, functions) < 0
			    ? err_set(e, -ENOENT, "%s: no network card to multiply",
				      fixture)
			    : machine_finish(o.m, e);
	if (r >= 0)
		r = sim_new(o.m, NULL, &o.s, e);
	if (r < 0) {
		machine_free(o.m);
		return r;
	}
	*ret = o;
	return 0;
}

void model_free(struct model *o)
{
	sim_free(o->s);
	machine_free(o->m);
}

/* --- servers --- */

/* What a server says first. */
struct greeting {
	int error; /* 0, or why it cannot be */
	struct err why;
};

/* The child: mount @n, or else @s, and serve. */
static void serve(struct sim *s, struct null_fuse *n, const char *dir, int fd)
{
	struct greeting hello = { 0 };
	struct fuse_server *f = NULL;
	double peak;
	int r = n ? null_fuse_mount(n, dir, &hello.why)
		  : fuse_server_open(s, dir, -1, &f, &hello.why);

	hello.error = r < 0 ? r : 0;
	if (write(fd, &hello, sizeof(hello)) < 0 || r < 0)
		_exit(1);
	r = n ? null_fuse_serve(n, fd) : fuse_server_serve(f, fd);
	peak = bench_peak_mib();
	fuse_server_close(f);
	_exit(write(fd, &peak, sizeof(peak)) < 0 || r < 0);
}

int server_start(struct sim *s, struct null_fuse *n, const char *dir, struct server *ret,
		 struct err *e)
{
	struct greeting hello;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(e, -errno, "socketpair: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return err_set(e, -errno, "fork: %s", strerror(errno));
	if (!pid) {
		close(ends[0]);
		serve(s, n, dir, ends[1]);
	}
	close(ends[1]);
	*ret = (struct server){ .pid = pid, .fd = ends[0] };
	if (read(ends[0], &hello, sizeof(hello)) != sizeof(hello))
		hello = (struct greeting){ -EIO, { "the server has died" } };
	if (!hello.error)
		return 0;
	(void)server_stop(ret);
	return err_set(e, hello.error, "%s", hello.why.text);
}

double server_stop(struct server *v)
{
	double peak = -1;
	int status;

	(void)shutdown(v->fd, SHUT_WR);
	if (read(v->fd, &peak, sizeof(peak)) != sizeof(peak))
		peak = -1;
	close(v->fd);
	while (waitpid(v->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -1 : peak;
}
