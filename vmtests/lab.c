/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "core/host-live-run.h"
#include "vmtests/lab.h"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int find_cache(struct lab *l, const char *cache, struct err *e)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache)
		l->cache = cache;
	else if (xdg && *xdg)
		l->cache = arena_printf(l->arena, "%s/pcipass-lab", xdg);
	else if (home && *home)
		l->cache = arena_printf(l->arena, "%s/.cache/pcipass-lab", home);
	else
		return err_set(e, -ENOENT, "no home: use --cache DIR");
	return 0;
}

/* Where the built tree and an installation have it, seen from this program's folder. */
static const char *const data_dirs[] = { "../vmtests", "../lib/pcipass-lab" };

static int find_data(struct lab *l, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return err_set(e, -errno, "/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	l->programs = arena_strdup(l->arena, self);
	for (size_t i = 0; i < ARRAY_SIZE(data_dirs); i++) {
		l->data = arena_printf(l->arena, "%s/%s", self, data_dirs[i]);
		if (exists(arena_printf(l->arena, "%s/lab-inside", l->data)))
			return 0;
	}
	return err_set(e, -ENOENT,
		       "no lab-inside in ../vmtests or ../lib/pcipass-lab of %s", self);
}

static int make_dirs(const char *path, struct err *e)
{
	AUTOFREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *s = copy + 1;; s++) {
		char was = *s;

		if (was && was != '/')
			continue;
		*s = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return err_set(e, -errno, "%s: %s", copy, strerror(errno));
		*s = was;
		if (!was)
			return 0;
	}
}

int lab_open(struct lab *ret, const char *cache, struct err *e)
{
	struct lab l = { .arena = arena_new() };
	int r = find_cache(&l, cache, e);

	if (r == 0)
		r = find_data(&l, e);
	if (r < 0) {
		arena_free(l.arena);
		return r;
	}
	*ret = l;
	return 0;
}

int lab_make_cache(const struct lab *l, struct err *e)
{
	return make_dirs(l->cache, e);
}

void lab_close(struct lab *l)
{
	arena_free(l->arena);
	*l = (struct lab){ 0 };
}

const char *lab_file(const struct lab *l, const char *dir, const char *fmt, ...)
{
	const char *name;
	va_list ap;

	va_start(ap, fmt);
	name = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	dir = arena_printf(l->arena, "%s/%s", l->cache, dir);
	(void)make_dirs(dir, NULL); /* who opens the file is told */
	return arena_printf(l->arena, "%s/%s", dir, name);
}

int lab_run(const struct lab *l, const char *const argv[], int deadline_ms,
	    const char **ret_output, struct err *e)
{
	struct host_output out;
	int r = live_run(argv, -1, deadline_ms, &out);
	size_t n;

	if (r < 0)
		return err_set(e, r, "%s: %s", argv[0], strerror(-r));
	n = strlen(out.text);
	while (n && out.text[n - 1] == '\n')
		out.text[--n] = '\0';
	if (out.status) {
		const char *last = strrchr(out.text, '\n');

		r = err_set(e, -ECHILD, "%s: exit status %d: %s", argv[0], out.status,
			    last ? last + 1 : out.text);
	} else if (ret_output) {
		*ret_output = arena_strdup(l->arena, out.text);
	}
	free(out.text);
	return r;
}

int lab_read(const struct lab *l, const char *path, struct blob *ret, struct err *e)
{
	AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data;
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s is no file", path);
	data = arena_alloc(l->arena, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size) {
		ssize_t r = read(fd, data + n, (size_t)st.st_size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return err_set(e, r ? -errno : -EIO, "%s: %s", path,
				       r ? strerror(errno) : "it got shorter");
		n += (size_t)r;
	}
	*ret = (struct blob){ data, n };
	return 0;
}

double lab_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
