/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <termios.h>

#include "vmtests/guest-shell.h"
#include "vmtests/wire.h"

#define LIMIT_S 86400 /* a person may think for long */

/* 1: the shell has ended. */
static int show(int fd)
{
	char buf[4096];
	uint32_t len;
	int r = wire_receive(fd, &len, sizeof(len));

	if (r < 0 || !len || len > sizeof(buf))
		return r < 0 ? r : 1;
	r = wire_receive(fd, buf, len);
	return r < 0 ? r : wire_send(STDOUT_FILENO, buf, len);
}

static int pump(int fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = STDIN_FILENO, .events = POLLIN } };
	static const char end[] = { 4 }; /* what Ctrl-D sends */
	char buf[4096];
	int r = 0;

	while (r == 0) {
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (p[0].revents)
			r = show(fd);
		if (r || !p[1].revents)
			continue;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		r = n > 0 ? wire_send(fd, buf, (size_t)n)
			  : wire_send(fd, end, sizeof(end));
		if (n <= 0)
			p[1].fd = -1;
	}
	return r < 0 ? r : 0;
}

int guest_shell(struct guest *g, struct err *e)
{
	static const char *const argv[] = { "/usr/bin/lab-inside", "shell", NULL };
	AUTOCLOSE int fd = guest_connect(g, LIMIT_S, e);
	int r = fd < 0 ? fd : guest_spawn(g, argv, e);
	struct termios was, raw;
	bool terminal;

	if (r < 0)
		return r;
	terminal = tcgetattr(STDIN_FILENO, &was) == 0;
	if (terminal) {
		raw = was;
		cfmakeraw(&raw);
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	r = pump(fd);
	if (terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &was);
	return r < 0 ? err_set(e, -EPIPE, "the guest has ended: %s", strerror(-r)) : 0;
}
