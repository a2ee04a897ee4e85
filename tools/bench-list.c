/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-list PCIPASS FIXTURE - `pcipass list` against `lspci -nnk` on the same trees: a
 * recorded machine that is filled up to 137 functions, and the recorded one of 137
 * functions, if $PCIPASS_CAPTURES has it. Fails if pcipass takes more than half.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "core/machine-json.h"
#include "fakesys/sim.h"
#include "scenarios/fill.h"

#define MAX_RATIO 0.5
#define FUNCTIONS 137
#define ROUNDS 41
#define PAGE 4096

enum { EXIT_YES, EXIT_NO, EXIT_USAGE, EXIT_SKIP = 77 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Run it with its output thrown away; how long it took in ms, or -1: no success. */
static double time_run(const char *const argv[])
{
	posix_spawn_file_actions_t fa;
	double start = now();
	int status = -1, r;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)(uintptr_t)argv,
			 environ);
	posix_spawn_file_actions_destroy(&fa);
	if (r == 0 && waitpid(pid, &status, 0) < 0)
		status = -1;
	return status == 0 ? now() - start : -1;
}

static int cmp_double(const void *va, const void *vb)
{
	const double *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), cmp_double);
	return v[n / 2];
}

/* In turns, so that whatever else the computer does hits both alike. */
static int compare(const char *what, const char *pcipass, const char *tree)
{
	char option[PATH_MAX + 32];
	const char *const ours[] = { pcipass, "--root", tree, "list", NULL };
	const char *const lspci[] = { "lspci", "-A",   "linux-sysfs", "-O",
				      option,  "-nnk", NULL };
	double our_ms[ROUNDS], lspci_ms[ROUNDS], a, b;

	snprintf(option, sizeof(option), "sysfs.path=%s/sys/bus/pci", tree);
	for (size_t i = 0; i < ROUNDS; i++) {
		our_ms[i] = time_run(ours);
		lspci_ms[i] = time_run(lspci);
		if (our_ms[i] < 0 || lspci_ms[i] < 0) {
			fprintf(stderr, "bench-list: %s: %s failed\n", what,
				our_ms[i] < 0 ? pcipass : "lspci");
			return EXIT_NO;
		}
	}
	a = median(our_ms, ROUNDS);
	b = median(lspci_ms, ROUNDS);
	printf("%-10s pcipass list %6.2f ms, lspci -nnk %6.2f ms, ratio %.2f\n", what, a,
	       b, a / b);
	return a / b > MAX_RATIO ? EXIT_NO : EXIT_YES;
}

struct copy {
	const struct host *h;
	const char *path; /* on the host */
	const char *dir;  /* the tree's root */
};

static int copy_entry(void *arg, const char *name);

static int copy_dir(const struct host *h, const char *path, const char *dir)
{
	char to[PATH_MAX];

	if (snprintf(to, sizeof(to), "%s/%s", dir, path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (mkdir(to, 0755) < 0)
		return -errno;
	return h->ops->list(h->ctx, path, copy_entry, &(struct copy){ h, path, dir });
}

/* What cannot be read is left out, as in trees that people copy. */
static int copy_file(const struct host *h, const char *path, const char *to)
{
	char page[PAGE];
	ssize_t n = h->ops->read(h->ctx, path, page, sizeof(page), 0);
	AUTOCLOSE int fd = -1;

	if (n < 0)
		return 0;
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 || write(fd, page, (size_t)n) != n ? -errno : 0;
}

static int copy_entry(void *arg, const char *name)
{
	const struct copy *c = arg;
	const struct host *h = c->h;
	char path[PATH_MAX / 2], to[PATH_MAX], target[PATH_MAX];
	struct host_stat st;
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", c->path, name) >= (int)sizeof(path) ||
	    snprintf(to, sizeof(to), "%s/%s", c->dir, path) >= PATH_MAX)
		return -ENAMETOOLONG;
	r = h->ops->stat(h->ctx, path, &st);
	if (r < 0)
		return r;
	if (S_ISDIR(st.mode))
		return copy_dir(h, path, c->dir);
	if (!S_ISLNK(st.mode))
		return copy_file(h, path, to);
	if (h->ops->readlink(h->ctx, path, target, sizeof(target)) < 0)
		return 0;
	return symlink(target, to) < 0 ? -errno : 0;
}

/* The /sys of @fixture's machine, filled up, below @dir. */
static int make_tree(const char *fixture, const char *dir, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	struct sim *s = NULL;
	struct host h;
	int r = machine_load(fixture, &m, e);

	if (r < 0)
		return r;
	if (machine_fill(m, FUNCTIONS) < 0)
		return err_set(e, -ENOENT, "%s: no network card to multiply", fixture);
	r = machine_finish(m, e);
	if (r >= 0)
		r = sim_new(m, NULL, &s, e);
	if (r < 0)
		return r;
	h = sim_host(s);
	r = mkdir(dir, 0755) < 0 ? -errno : copy_dir(&h, "sys", dir);
	if (r < 0)
		(void)err_set(e, r, "%s: %s", dir, strerror(-r));
	sim_free(s);
	return r;
}

/* Unpack the recorded tree below @dir. -ENOENT: there is no recording. */
static int unpack(const char *dir)
{
	const char *captures = getenv("PCIPASS_CAPTURES");
	char archive[PATH_MAX] = "";
	const char *const tar[] = { "tar", "-xjf", archive, "--strip-components=1",
				    "-C",  dir,    NULL };

	if (captures && *captures)
		snprintf(archive, sizeof(archive), "%s/hwloc-137.tar.bz2", captures);
	if (access(archive, R_OK) < 0)
		return -ENOENT;
	if (mkdir(dir, 0755) < 0)
		return -errno;
	return time_run(tar) < 0 ? -EIO : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int bench(const char *pcipass, const char *fixture, const char *dir)
{
	char made[PATH_MAX], recorded[PATH_MAX];
	struct err e = { "" };
	int status, r;

	snprintf(made, sizeof(made), "%s/made", dir);
	snprintf(recorded, sizeof(recorded), "%s/recorded", dir);
	if (make_tree(fixture, made, &e) < 0) {
		fprintf(stderr, "bench-list: %s\n", e.text);
		return EXIT_NO;
	}
	status = compare("made", pcipass, made);
	r = unpack(recorded);
	if (r == -ENOENT) {
		printf("%-10s skipped: no hwloc-137.tar.bz2 in $PCIPASS_CAPTURES\n",
		       "recorded");
		return status;
	}
	if (r < 0) {
		fprintf(stderr, "bench-list: hwloc-137.tar.bz2: %s\n", strerror(-r));
		return EXIT_NO;
	}
	r = compare("recorded", pcipass, recorded);
	return status == EXIT_YES ? r : status;
}

int main(int argc, char **argv)
{
	static const char *const lspci[] = { "lspci", "--version", NULL };
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX - 16]; /* a short name follows it */
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-list PCIPASS FIXTURE\n");
		return EXIT_USAGE;
	}
	if (time_run(lspci) < 0) {
		printf("skipped: there is no lspci\n");
		return EXIT_SKIP;
	}
	snprintf(dir, sizeof(dir), "%s/bench-list.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		perror(dir);
		return EXIT_NO;
	}
	status = bench(argv[1], argv[2], dir);
	(void)nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
