/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/util.h"
#include "vmtests/inside-look.h"

#define PAGE 4096

static const char *rooted(const char *path, char buf[static PATH_MAX])
{
	(void)snprintf(buf, PATH_MAX, "/%s", path);
	return buf;
}

static int open_at(const char *path, int flags)
{
	char buf[PATH_MAX];
	int fd = open(rooted(path, buf), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static long list(const char *path, char ret[static INSIDE_LOOK_TEXT])
{
	char buf[PATH_MAX];
	struct dirent **names;
	int n = scandir(rooted(path, buf), &names, NULL, alphasort);
	size_t len = 0;

	if (n < 0)
		return -errno;
	ret[0] = '\0';
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (*name != '.' && len + strlen(name) + 2 < INSIDE_LOOK_TEXT)
			len += (size_t)snprintf(ret + len, INSIDE_LOOK_TEXT - len, "%s\n",
						name);
		free(names[i]);
	}
	free(names);
	return (long)len;
}

long inside_look_read(const char *path, char ret[static INSIDE_LOOK_TEXT])
{
	AUTOCLOSE int fd = open_at(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((n = read(fd, ret + len, INSIDE_LOOK_TEXT - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return errno == EISDIR ? list(path, ret) : -errno;
	ret[len] = '\0';
	return (long)len;
}

long inside_look_stat(const char *path)
{
	char buf[PATH_MAX];
	struct stat st;

	return lstat(rooted(path, buf), &st) < 0 ? -errno : 0;
}

long inside_look_seek(const char *path)
{
	AUTOCLOSE int fd = open_at(path, O_RDONLY);
	off_t at = fd < 0 ? fd : lseek(fd, 0, SEEK_END);

	return fd < 0 ? fd : at < 0 ? -errno : at;
}

long inside_look_map(const char *path)
{
	AUTOCLOSE int fd = open_at(path, O_RDWR);
	void *page;

	if (fd < 0)
		return fd;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	(void)munmap(page, PAGE);
	return 0;
}

long inside_look_hold(const char *path, struct inside_held *held)
{
	int fd;

	if (held->n == INSIDE_LOOK_FILES)
		return -EMFILE;
	fd = open_at(path, O_RDONLY);
	if (fd < 0)
		return fd;
	held->files[held->n].path = path;
	held->files[held->n++].fd = fd;
	return 0;
}

long inside_look_links(const char *path, const struct inside_held *held)
{
	struct stat st;

	for (unsigned i = 0; i < held->n; i++)
		if (streq(held->files[i].path, path))
			return fstat(held->files[i].fd, &st) < 0 ? -errno
								 : (long)st.st_nlink;
	return -ENOENT;
}
