/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#include "core/host-live-run.h"

static const char *const command_dirs[] = { "/usr/local/sbin", "/usr/local/bin",
					    "/usr/sbin",       "/usr/bin",
					    "/sbin",           "/bin" };

/* Nothing of the caller's environment: output in one language, the system's own programs.
 */
static const char *const command_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C",
	"HOME=/root",
	"TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive",
	NULL,
};

static int find_command(const char *name, char ret[static PATH_MAX])
{
	if (!*name)
		return -ENOENT;
	if (strchr(name, '/'))
		return snprintf(ret, PATH_MAX, "%s", name) < PATH_MAX ? 0 : -ENAMETOOLONG;
	for (size_t i = 0; i < ARRAY_SIZE(command_dirs); i++)
		if (snprintf(ret, PATH_MAX, "%s/%s", command_dirs[i], name) < PATH_MAX &&
		    access(ret, X_OK) == 0)
			return 0;
	return -ENOENT;
}

/* Scripts redirect descriptors of one digit (debconf 3), shells keep some from 10 on. */
#define LOCK_FD 99

/* Nothing but stdin, stdout and stderr open, and @lock, if there is one, as LOCK_FD. */
static int close_others(posix_spawn_file_actions_t *fa, int lock)
{
	int r = 0;

	if (lock < 0)
		return posix_spawn_file_actions_addclosefrom_np(fa, 3);
	r = posix_spawn_file_actions_adddup2(fa, lock, LOCK_FD);
	for (int fd = 3; !r && fd < LOCK_FD; fd++)
		r = posix_spawn_file_actions_addclose(fa, fd);
	return r ? r : posix_spawn_file_actions_addclosefrom_np(fa, LOCK_FD + 1);
}

/* Start it with an empty stdin and @out as stdout and stderr; @lock as above. */
static int spawn(const char *file, const char *const argv[], int out, int lock,
		 pid_t *ret)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawn_file_actions_init(&fa);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		posix_spawn_file_actions_destroy(&fa);
		return -r;
	}
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	/* A group of its own: Ctrl-C is for this program, which ends between commands. */
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETPGROUP);
	if ((r = posix_spawn_file_actions_adddup2(&fa, out, 1)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&fa, out, 2)) == 0 &&
	    (r = posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0)) ==
		    0 &&
	    (r = close_others(&fa, lock)) == 0 &&
	    (r = posix_spawn_file_actions_addchdir_np(&fa, "/")) == 0)
		r = posix_spawn(ret, file, &fa, &attr, (char *const *)(uintptr_t)argv,
				(char *const *)(uintptr_t)command_env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}

/* What is in the pipe now. 0: it was closed, -EAGAIN: more may come. */
static int drain(int fd, FILE *text, size_t *left)
{
	char buf[16 << 10];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		size_t keep = n > 0 && (size_t)n < *left ? (size_t)n : *left;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		fwrite(buf, 1, keep, text);
		*left -= keep;
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Read what it says until it has ended. -ETIMEDOUT: it has not. */
static int watch(int pidfd, int out, int deadline_ms, FILE *text, size_t *left)
{
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
			      { .fd = out, .events = POLLIN } };
	int64_t end = now_ms() + deadline_ms;

	while (!p[0].revents) {
		int64_t rest = end - now_ms();
		int n = rest <= 0 ? 0 : poll(p, ARRAY_SIZE(p), (int)rest);

		if (n == 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			p[0].revents = p[1].revents = 0;
		if (p[1].revents && drain(out, text, left) == 0)
			p[1].fd = -1;
	}
	return 0;
}

/*
 * Until the command has ended. A daemon that it left behind may keep the pipe open, so
 * the pipe's end is not waited for.
 */
static int collect(pid_t pid, int out, int deadline_ms, FILE *text, int *ret_status)
{
	size_t left = RUN_OUTPUT_MAX;
	AUTOCLOSE int pidfd = pidfd_open(pid, 0);
	int status, r = pidfd < 0 ? 0 : watch(pidfd, out, deadline_ms, text, &left);

	if (r == -ETIMEDOUT)
		(void)kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (r == -ETIMEDOUT)
		return r;
	(void)drain(out, text, &left);
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int live_run(const char *const argv[], int lock, int deadline_ms, struct host_output *ret)
{
	AUTOCLOSE int out = -1;
	AUTOFREE char *text = NULL;
	char file[PATH_MAX];
	int pipe_fd[2], status = 0, r = find_command(argv[0], file);
	size_t len = 0;
	pid_t pid;
	FILE *f;

	if (r < 0)
		return r;
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	out = pipe_fd[0];
	/* Before the command starts: it would wait for ever if nobody read. */
	f = open_memstream(&text, &len);
	if (!f)
		r = -ENOMEM;
	else if (fcntl(out, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	else
		r = spawn(file, argv, pipe_fd[1], lock, &pid);
	close(pipe_fd[1]);
	if (r >= 0)
		r = collect(pid, out, deadline_ms, f, &status);
	if (f && fclose(f) != 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret = (struct host_output){ .status = status, .text = TAKE(text) };
	return 0;
}
