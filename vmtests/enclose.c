/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "vmtests/enclose.h"

/* What init says when the enclosure could not be made; the reason is an errno behind it.
 */
#define INIT_FAILED 125

/* What libvirt looks up for a daemon of root's; its package would have made them. */
static const char users[] = "root:x:0:0:root:/root:/bin/sh\n"
			    "libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin\n";
static const char groups[] = "root:x:0:\nkvm:x:64056:\nlibvirt-qemu:x:64055:\n";

static int put_file(const char *path, const char *text, const char *over)
{
	AUTOCLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return mount(path, over, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static int make_mounts(void)
{
	char owner[64];
	int r;

	(void)snprintf(owner, sizeof(owner), "mode=0755,uid=%u,gid=%u", getuid(),
		       getgid());
	/* Mounts come in from outside, and none goes out. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
	    mount("lab", ENCLOSE_DIR, "tmpfs", MS_NOSUID | MS_NODEV, owner) < 0)
		return -errno;
	if (getpwnam("libvirt-qemu"))
		return 0;
	r = put_file(ENCLOSE_DIR "/passwd", users, "/etc/passwd");
	return r < 0 ? r : put_file(ENCLOSE_DIR "/group", groups, "/etc/group");
}

/* The user stays who he is: as root libvirt would want to become others. */
static int map_self(uid_t uid, gid_t gid)
{
	static const char *const names[] = { "/proc/self/setgroups", "/proc/self/uid_map",
					     "/proc/self/gid_map" };
	char text[3][40] = { "deny" };

	(void)snprintf(text[1], sizeof(text[1]), "%u %u 1", uid, uid);
	(void)snprintf(text[2], sizeof(text[2]), "%u %u 1", gid, gid);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTOCLOSE int fd = open(names[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, text[i], strlen(text[i])) < 0)
			return -errno;
	}
	return 0;
}

static bool is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents;
}

/* The first process: it has no work but to see its children end. */
static int be_init(int parent, int (*fn)(void *arg), void *arg, int report)
{
	int r, status;
	pid_t worker;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (is_gone(parent)) /* before it could be told */
		return INIT_FAILED;
	r = make_mounts();
	worker = r < 0 ? -1 : fork();
	if (worker < 0) {
		r = r < 0 ? r : -errno;
		(void)!write(report, &r, sizeof(r));
		return INIT_FAILED;
	}
	close(report);
	if (!worker) {
		int ret;

		close(parent);
		ret = fn(arg);
		(void)fflush(NULL);
		_exit(ret); /* what runs at exit belongs to the process outside */
	}
	for (;;) {
		pid_t pid = wait(&status);

		if (pid == worker)
			break;
		if (pid < 0 && errno != EINTR)
			return INIT_FAILED;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int enclose(int (*fn)(void *arg), void *arg, struct err *e)
{
	int alive[2], report[2], status, why = 0;
	uid_t uid = getuid();
	gid_t gid = getgid();
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0);
	pid_t init;
	int r;

	if (pipe2(alive, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe: %s", strerror(errno));
	/* fork(2) with namespaces: unshare(2) would be for what else this process starts.
	 */
	init = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
	if (init < 0)
		return err_set(e, -errno, "no namespaces can be had here: %s",
			       strerror(errno));
	if (!init) {
		close(alive[1]);
		close(report[0]);
		r = uid ? map_self(uid, gid) : 0;
		if (r < 0) {
			(void)!write(report[1], &r, sizeof(r));
			_exit(INIT_FAILED);
		}
		_exit(be_init(alive[0], fn, arg, report[1]));
	}
	close(alive[0]);
	close(report[1]);
	(void)!read(report[0], &why, sizeof(why));
	while (waitpid(init, &status, 0) < 0 && errno == EINTR)
		;
	close(alive[1]);
	close(report[0]);
	if (why)
		return err_set(e, why, "no namespaces of one's own can be had here: %s",
			       strerror(-why));
	if (!WIFEXITED(status))
		return err_set(e, -ECHILD, "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}
