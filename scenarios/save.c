/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/arena.h"
#include "scenarios/save.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int write_to(int fd, const char *text, size_t len)
{
	int r = fd < 0 ? -errno : write_all(fd, text, len);

	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* @target is not there, or a regular file. */
static int replace(const char *target, const struct stat *old, const char *text,
		   size_t len)
{
	AUTOARENA struct arena *a = arena_new();
	char *temporary = arena_printf(a, "%s.XXXXXX", target);
	int fd = mkostemp(temporary, O_CLOEXEC), r;
	mode_t mask = umask(0);

	umask(mask);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, old ? old->st_mode & 07777 : 0666 & ~mask) < 0 ? -errno : 0;
	if (r < 0)
		(void)close(fd);
	else
		r = write_to(fd, text, len);
	if (r == 0 && rename(temporary, target) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

int save_file(const char *path, const char *text, size_t len, struct err *e)
{
	/* Of a link the file is replaced, not the link. */
	AUTOFREE char *real = realpath(path, NULL);
	struct stat st;
	int r;

	if (!real && errno != ENOENT)
		r = -errno;
	else if (real && stat(real, &st) < 0)
		r = -errno;
	else if (real && S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (real && !S_ISREG(st.st_mode))
		r = write_to(open(real, O_WRONLY | O_CLOEXEC), text, len);
	else
		r = replace(real ? real : path, real ? &st : NULL, text, len);
	return r < 0 ? err_set(e, r, "%.300s: %s", path, strerror(-r)) : 0;
}
