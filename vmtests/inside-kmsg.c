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

/* What /dev/kmsg escapes (printk.c:msg_add_ext_text), in place. */
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

int kmsg_next(int fd, char record[static KMSG_RECORD], const char **ret_text)
{
	ssize_t n;
	char *text;

	do
		n = read(fd, record, KMSG_RECORD - 1);
	while (n < 0 && errno == EPIPE); /* records were lost, the next is there */
	if (n < 0)
		return -errno;
	record[n] = '\0';
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = '\0';
	unescape(text);
	*ret_text = text;
	return (int)(strtoul(record, NULL, 10) >> 3);
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
	char record[KMSG_RECORD];
	const char *line;

	for (;;) {
		int r = kmsg_next(fd, record, &line);

		if (r == -EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLIN };
			int ready = poll(&p, 1, time_left_ms(deadline));

			if (ready < 0)
				return -errno;
			if (ready == 0)
				return -ETIMEDOUT;
			continue;
		}
		if (r < 0)
			return r;
		if (has_words(line, words)) {
			snprintf(ret_line, size, "%s", line);
			return 0;
		}
		if (time_left_ms(deadline) == 0)
			return -ETIMEDOUT;
	}
}
