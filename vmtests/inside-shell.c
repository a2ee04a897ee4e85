/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell on a terminal of its own, over the port that a person's terminal is at. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "core/util.h"
#include "vmtests/inside.h"
#include "vmtests/wire.h"

static int become_shell(void)
{
	(void)setenv("TERM", "xterm", 0);
	(void)setenv("HOME", "/root", 1);
	(void)setenv("PATH", "/usr/bin", 1);
	(void)setenv("PS1", "lab# ", 1);
	(void)chdir("/root");
	execl("/usr/bin/sh", "sh", NULL);
	return 127;
}

/* What the shell prints goes out in pieces; an empty one is the end. */
static int pump(int port, int pty)
{
	struct pollfd p[2] = { { .fd = port, .events = POLLIN },
			       { .fd = pty, .events = POLLIN } };
	char buf[4096];
	uint32_t len;

	for (;;) {
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 3;
		if (p[0].revents) {
			n = read(port, buf, sizeof(buf));
			if (n <= 0 || wire_send(pty, buf, (size_t)n) < 0)
				return 3;
		}
		if (!p[1].revents)
			continue;
		n = read(pty, buf, sizeof(buf));
		len = n > 0 ? (uint32_t)n : 0;
		if (wire_send(port, &len, sizeof(len)) < 0 ||
		    wire_send(port, buf, len) < 0)
			return 3;
		if (!len)
			return 0;
	}
}

int inside_shell(int argc, char **argv)
{
	AUTOCLOSE int port = open("/dev/virtio-ports/" WIRE_PORT, O_RDWR | O_CLOEXEC);
	int pty, status;
	pid_t pid;

	(void)argc;
	if (port < 0) {
		perror(argv[0]);
		return 3;
	}
	pid = forkpty(&pty, NULL, NULL, NULL);
	if (pid == 0)
		_exit(become_shell());
	if (pid < 0) {
		static const uint32_t end;

		perror(argv[0]);
		return wire_send(port, &end, sizeof(end)) < 0 ? 3 : 1;
	}
	status = pump(port, pty);
	(void)waitpid(pid, NULL, WNOHANG);
	return status;
}
