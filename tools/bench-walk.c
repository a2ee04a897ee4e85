/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench-walk.h"

#define BUFFER 65536

double bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double bench_peak_mib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char text[128];
	double kib = 0;

	while (f && fgets(text, sizeof(text), f))
		if (sscanf(text, "VmHWM: %lf", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / 1024;
}

/* --- by path --- */

/* What a file does not give is no failure: reset_method and config of a stranger. */
static void read_path(const char *path, struct walk_sum *sum)
{
	static char buf[BUFFER];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		sum->bytes += (uint64_t)n;
	if (fd >= 0)
		close(fd);
}

static int walk_at(const char *dir, bool reading, struct walk_sum *sum)
{
	DIR *d = opendir(dir);
	int r = 0;

	if (!d)
		return -errno;
	sum->folders++;
	for (struct dirent *e; r >= 0 && (e = readdir(d));) {
		char path[PATH_MAX], target[PATH_MAX];
		struct stat st;
		ssize_t n;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= PATH_MAX) {
			r = -ENAMETOOLONG;
		} else if (lstat(path, &st) < 0) {
			r = -errno;
		} else if (S_ISDIR(st.st_mode)) {
			r = walk_at(path, reading, sum);
		} else if (S_ISLNK(st.st_mode)) {
			sum->links++;
			n = reading ? readlink(path, target, sizeof(target)) : 0;
			if (n < 0)
				r = -errno;
			else
				sum->bytes += (uint64_t)n;
		} else {
			sum->files++;
			if (reading && S_ISREG(st.st_mode))
				read_path(path, sum);
		}
	}
	closedir(d);
	return r;
}

int walk_path(const char *dir, struct walk_sum *sum)
{
	return walk_at(dir, true, sum);
}

int walk_names(const char *dir, struct walk_sum *sum)
{
	return walk_at(dir, false, sum);
}

/* --- struct host --- */

struct host_walk {
	const struct host *h;
	const char *dir;
	struct walk_sum *sum;
};

static void read_host(const struct host *h, const char *path, struct walk_sum *sum)
{
	static char buf[BUFFER];
	uint64_t off = 0;
	ssize_t n;

	while ((n = h->ops->read(h->ctx, path, buf, sizeof(buf), off)) > 0)
		off += (uint64_t)n;
	sum->bytes += off;
}

static int host_entry(void *arg, const char *name)
{
	const struct host_walk *w = arg;
	const struct host *h = w->h;
	char path[PATH_MAX], target[PATH_MAX];
	struct host_stat st;
	ssize_t n;
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", w->dir, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	r = h->ops->stat(h->ctx, path, &st);
	if (r < 0)
		return r;
	if (S_ISDIR(st.mode))
		return walk_host(h, path, w->sum);
	if (!S_ISLNK(st.mode)) {
		w->sum->files++;
		if (S_ISREG(st.mode))
			read_host(h, path, w->sum);
		return 0;
	}
	w->sum->links++;
	n = h->ops->readlink(h->ctx, path, target, sizeof(target));
	if (n < 0)
		return (int)n;
	w->sum->bytes += (uint64_t)n;
	return 0;
}

int walk_host(const struct host *h, const char *dir, struct walk_sum *sum)
{
	sum->folders++;
	return h->ops->list(h->ctx, dir, host_entry, &(struct host_walk){ h, dir, sum });
}

/* --- kernfs --- */

static void read_kernfs(struct kernfs *k, struct knode *n, struct walk_sum *sum)
{
	static char buf[BUFFER];
	struct kfile *f = NULL;
	uint64_t off = 0;
	ssize_t got;

	if (kernfs_open(k, n, O_RDONLY, (struct kcred){ 0 }, &f) < 0)
		return;
	while ((got = kfile_read(f, buf, sizeof(buf), off)) > 0)
		off += (uint64_t)got;
	sum->bytes += off;
	kfile_close(f);
}

static int kernfs_entry(struct kernfs *k, struct knode *n, struct walk_sum *sum)
{
	char target[PATH_MAX];
	struct kstat st;
	int r;

	knode_stat(k, n, &st);
	if (S_ISDIR(st.mode))
		return walk_kernfs(k, n, sum);
	if (!S_ISLNK(st.mode)) {
		sum->files++;
		if (S_ISREG(st.mode))
			read_kernfs(k, n, sum);
		return 0;
	}
	sum->links++;
	r = knode_readlink(k, n, target, sizeof(target));
	if (r > 0)
		sum->bytes += (uint64_t)r;
	return r;
}

int walk_kernfs(struct kernfs *k, struct knode *dir, struct walk_sum *sum)
{
	struct klist l;
	int r = kernfs_list(k, dir, &l);

	if (r < 0)
		return r;
	sum->folders++;
	for (size_t i = 2; r >= 0 && i < l.v.n; i++) { /* behind . and .. */
		struct knode *n = NULL;

		r = kernfs_lookup(k, dir, l.v.v[i].name, strlen(l.v.v[i].name), &n);
		if (r >= 0)
			r = kernfs_entry(k, n, sum);
		if (n)
			knode_put(k, n);
	}
	klist_done(&l);
	return r;
}
