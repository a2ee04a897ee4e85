/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakesys/fuse-server.h"
#include "fakesys/run-part.h"

#define CANNOT 125 /* this program failed, not the command */
#define NOT_RUN 126
#define NOT_FOUND 127

static int write_file(const char *path, const char *text)
{
	AUTOCLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	return n < 0 ? -errno : 0;
}

/* An ordinary user is root in a namespace of its own. */
static int become_root(struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];
	int r;

	if (!uid)
		return 0;
	if (unshare(CLONE_NEWUSER) < 0)
		return err_set(e, -errno,
			       "no user namespace: %s; run it as root, or allow them "
			       "(sysctl kernel.unprivileged_userns_clone=1)",
			       strerror(errno));
	(void)write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	r = write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	if (r >= 0)
		r = write_file("/proc/self/gid_map", map);
	return r < 0 ? err_set(e, r, "cannot map this user into a namespace: %s",
			       strerror(-r))
		     : 0;
}

static int own_mounts(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(e, -errno, "no mount namespace of one's own: %s",
			       strerror(errno));
	return 0;
}

/* A folder that only this process sees: the host, its commands, what they cover. */
static int make_stage(char path[static STAGE_SIZE], struct err *e)
{
	static const char *const folders[] = {
		STAGE_HOST,           STAGE_SBIN,  STAGE_BIN,  STAGE_LIB,
		STAGE_LIB "/modules", STAGE_STATE, STAGE_WORK, STAGE_DEV
	};
	char sub[STAGE_SIZE + 16];

	strcpy(path, "/tmp/fakesys-XXXXXX");
	if (!mkdtemp(path))
		return err_set(e, -errno, "/tmp: %s", strerror(errno));
	if (mount("fakesys", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0) {
		int r = -errno;

		(void)rmdir(path);
		return err_set(e, r, "cannot mount in /tmp: %s", strerror(-r));
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, folders[i]);
		if (mkdir(sub, 0755) < 0)
			return err_set(e, -errno, "%s: %s", sub, strerror(errno));
	}
	return 0;
}

static int status_of(int w)
{
	return WIFSIGNALED(w) ? 128 + WTERMSIG(w) : WEXITSTATUS(w);
}

/*
 * The first process of the command's own world: all others end with it. It waits for the
 * command, and takes the dead of others.
 */
static int be_init(const char *stage, const char *self, char *const argv[])
{
	struct err e = { "" };
	pid_t pid;
	int w;

	if (cover(stage, self, &e) < 0) {
		fprintf(stderr, "fakesys: %s\n", e.text);
		return CANNOT;
	}
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "fakesys: %s\n", strerror(errno));
		return CANNOT;
	}
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		fprintf(stderr, "fakesys: %s: %s\n", argv[0], strerror(errno));
		_exit(errno == ENOENT ? NOT_FOUND : NOT_RUN);
	}
	for (;;) {
		pid_t who = wait(&w);

		if (who == pid)
			return status_of(w);
		if (who < 0 && errno != EINTR)
			return CANNOT;
	}
}

/* As fork(2); the child is the first process of a process namespace. */
static pid_t fork_init(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
}

static pid_t command_world; /* its first process */

/* All of it ends, and this process cleans up and says so. */
static void end_command(int sig)
{
	(void)sig;
	(void)kill(command_world, SIGKILL);
}

/* Fork as above, so that whoever ends this process by a signal ends the command with it.
 */
static pid_t fork_world(void)
{
	struct sigaction end = { .sa_handler = end_command };
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, &before);
	command_world = fork_init();
	if (command_world > 0) {
		(void)sigaction(SIGTERM, &end, NULL);
		(void)sigaction(SIGHUP, &end, NULL);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return command_world;
}

/* In the child: a world of its own, then the command. Does not return. */
static void start(const char *stage, const char *self, char *const argv[])
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || unshare(CLONE_NEWNS) < 0) {
		fprintf(stderr, "fakesys: %s\n", strerror(errno));
		_exit(CANNOT);
	}
	_exit(be_init(stage, self, argv));
}

static int serve(struct fuse_server *f, pid_t pid, int *ret_status, struct err *e)
{
	AUTOCLOSE int ended = (int)syscall(SYS_pidfd_open, pid, 0);
	int r, w;

	if (ended < 0)
		return err_set(e, -errno, "pidfd: %s", strerror(errno));
	r = fuse_server_serve(f, ended);
	if (r)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &w, 0) < 0 && errno == EINTR)
		;
	if (r)
		return err_set(e, -EIO, "the simulated host was unmounted");
	*ret_status = status_of(w);
	return 0;
}

/* Where the machine has no notes of pcipass yet, there is a place for them. */
static void make_state(struct disk *d)
{
	static const char *const folders[] = { "var", "var/lib", "var/lib/pcipass" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		(void)disk_mkdir(d, folders[i], 0755);
}

int run_inside(struct sim *s, const char *self, char *const argv[], int *ret_status,
	       struct err *e)
{
	AUTOCLOSE int etc = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char stage[STAGE_SIZE], host[STAGE_SIZE + 16];
	struct fuse_server *f = NULL;
	pid_t pid;
	int r = become_root(e);

	if (r >= 0)
		r = own_mounts(e);
	if (r >= 0)
		r = make_stage(stage, e);
	if (r < 0)
		return r;
	make_state(sim_disk(s));
	snprintf(host, sizeof(host), "%s/%s", stage, STAGE_HOST);
	r = fuse_server_open(s, host, etc, &f, e);
	if (r >= 0) {
		/* What the terminal sends is for the command. */
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
		pid = fork_world();
		if (pid < 0)
			r = err_set(e, -errno, "cannot start a process: %s",
				    strerror(errno));
		else if (!pid)
			start(stage, self, argv);
		else
			r = serve(f, pid, ret_status, e);
	}
	fuse_server_close(f);
	(void)umount2(stage, MNT_DETACH);
	(void)rmdir(stage);
	return r;
}

int run_guard_mount(const char *dir, struct err *e)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return err_set(e, -errno, "cannot start a process: %s", strerror(errno));
	if (pid) {
		close(ends[0]);
		return ends[1]; /* closed by the end of this process, whatever it is */
	}
	close(ends[1]);
	(void)setsid();
	signal(SIGINT, SIG_IGN);
	while (read(ends[0], &c, 1) < 0 && errno == EINTR)
		;
	if (umount2(dir, MNT_DETACH) < 0 && errno == EPERM)
		execlp("fusermount3", "fusermount3", "-u", "-z", "-q", dir, (char *)NULL);
	_exit(0);
}
