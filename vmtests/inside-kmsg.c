/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside-kmsg.h"
#include "vmtests/inside-time.h"

int kmsg_open(void)
{
	AUTOCLOSE int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	ret = fd;
	fd = -1;
	return ret;
}

static bool has_words(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (!strstr(line, *words))
			return false;
	return true;
}

int kmsg_wait(int fd, const char *const *words, int ms, char *ret_line, size_t size)
{
	int64_t deadline = time_now_ms() + ms;
	char record[8192]; /* the kernel refuses to give less than a whole one */

	for (;;) {
		ssize_t n = read(fd, record, sizeof(record) - 1);
		char *line;

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLIN };
			int ready = poll(&p, 1, time_left_ms(deadline));

			if (ready < 0)
				return -errno;
			if (ready == 0)
				return -ETIMEDOUT;
			continue;
		}
		if (n < 0 && errno == EPIPE) /* records were lost, the next is there */
			continue;
		if (n < 0)
			return -errno;
		record[n] = '\0';
		line = strchr(record, ';');
		line = line ? line + 1 : record;
		line[strcspn(line, "\n")] = '\0';
		if (has_words(line, words)) {
			snprintf(ret_line, size, "%s", line);
			return 0;
		}
		if (time_left_ms(deadline) == 0)
			return -ETIMEDOUT;
	}
}
