/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log as /dev/kmsg gives it (Documentation/ABI/testing/dev-kmsg): records
 * "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT", each with lines behind it that begin with
 * a blank. The system call syslog(2) serves where there is no such file.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/klog.h>
#include <unistd.h>

#include "core/host-live-run.h"
#include "core/util.h"

enum { KLOG_READ_ALL = 3, KLOG_SIZE_BUFFER = 10 }; /* SYSLOG_ACTION_* of syslog(2) */

/* Lines come as "<6>[    0.000000] Linux version ..."; drop the level. */
static void drop_levels(char *text)
{
	char *out = text;

	for (const char *in = text; *in;) {
		size_t level = *in == '<' ? strspn(in + 1, "0123456789") : 0, len;

		if (level && in[1 + level] == '>')
			in += level + 2;
		len = strcspn(in, "\n");
		len += in[len] == '\n';
		memmove(out, in, len);
		out += len;
		in += len;
	}
	*out = '\0';
}

static int read_syslog(char **ret_text)
{
	AUTOFREE char *text = NULL;
	int n = klogctl(KLOG_SIZE_BUFFER, NULL, 0);

	if (n < 0)
		return -errno;
	/* The ring's size counts no levels and time stamps, and it may grow meanwhile. */
	text = calloc(1, 2 * (size_t)n + 4096);
	if (!text)
		return -ENOMEM;
	n = klogctl(KLOG_READ_ALL, text, 2 * n + 4095);
	if (n < 0)
		return -errno;
	drop_levels(text);
	*ret_text = TAKE(text);
	return 0;
}

/* What is no printable ASCII stands as \xNN. */
static void put_text(FILE *out, const char *p, const char *end)
{
	unsigned code;

	for (; p < end; p++) {
		if (end - p >= 4 && p[0] == '\\' && p[1] == 'x' &&
		    isxdigit((unsigned char)p[2]) && isxdigit((unsigned char)p[3]) &&
		    sscanf(p + 2, "%2x", &code) == 1) {
			fputc((int)code, out);
			p += 3;
		} else {
			fputc(*p, out);
		}
	}
	fputc('\n', out);
}

/* "[    1.000012] text", as dmesg prints it. */
static void put_record(FILE *out, const char *p, const char *end)
{
	const char *text = memchr(p, ';', (size_t)(end - p));
	unsigned long long stamp;

	if (!text || *p == ' ' || sscanf(p, "%*u,%*u,%llu", &stamp) != 1)
		return;
	fprintf(out, "[%5llu.%06llu] ", stamp / 1000000, stamp % 1000000);
	put_text(out, text + 1, end);
}

static int read_records(int fd, FILE *out)
{
	char buf[16384];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - have);
		const char *p = buf, *end;

		if (n < 0 && (errno == EINTR || errno == EPIPE)) /* the ring went round */
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n <= 0)
			return 0;
		have += (size_t)n;
		while ((end = memchr(p, '\n', have - (size_t)(p - buf)))) {
			put_record(out, p, end);
			p = end + 1;
		}
		have -= (size_t)(p - buf);
		if (have == sizeof(buf))
			return -EBADMSG; /* no record is that long */
		memmove(buf, p, have);
	}
}

int live_klog(char **ret_text)
{
	AUTOCLOSE int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	AUTOFREE char *text = NULL;
	size_t len;
	FILE *out;
	int r;

	if (fd < 0)
		return errno == ENOENT ? read_syslog(ret_text) : -errno;
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	r = read_records(fd, out);
	if (fclose(out) && r >= 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret_text = TAKE(text);
	return 0;
}
