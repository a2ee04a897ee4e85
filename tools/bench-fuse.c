/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-fuse FIXTURE - what FUSE costs, and what we add to it: a recorded machine that is
 * filled up to 300 functions is walked and read through its mount, through a file system
 * that answers the same requests from a prepared table (bench-null-fuse.h), and in
 * process; drivers are unbound and bound; umockdev has the same functions. Then memory of
 * 10,000 functions. Fails if a budget is exceeded; other times are only reported.
 *
 * bench-fuse --walk DIR - walk and read DIR, and say how long it took.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tools/bench-host.h"
#include "tools/bench-null-fuse.h"
#include "tools/bench-umockdev.h"
#include "tools/bench-walk.h"

#define FUNCTIONS 300
#define MANY 3000
#define MOST 10000
#define ROUNDS 5
#define MAX_RATIO 1.5   /* ours through FUSE against one that does nothing */
#define MIN_FASTER 50.0 /* in process against through FUSE */
#define MAX_MIB 200.0   /* of MOST functions */
#define PAIR_MS 1000.0  /* unbind and bind for so long */

enum { EXIT_YES, EXIT_NO, EXIT_USAGE, EXIT_SKIP = 77 };

/* --- measuring --- */

/*
 * All on one processor: then a request costs what is done for it, and not what it takes
 * another processor to wake up.
 */
static void stay_here(void)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

static double least(const double *v, size_t n)
{
	double best = v[0];

	for (size_t i = 1; i < n; i++)
		best = v[i] < best ? v[i] : best;
	return best;
}

/* Walks through one server: nothing is known to the kernel, and all names are. */
static int walks(struct sim *s, struct null_fuse *n, const char *dir, double ret_ms[2],
		 struct walk_sum *ret_sum, struct err *e)
{
	char sys[PATH_MAX];
	struct server v;
	int r = server_start(s, n, dir, &v, e);

	if (r < 0)
		return r;
	snprintf(sys, sizeof(sys), "%s/sys", dir);
	for (size_t i = 0; r >= 0 && i < 2; i++) {
		double start = bench_now();

		*ret_sum = (struct walk_sum){ 0 };
		r = walk_path(sys, ret_sum);
		ret_ms[i] = bench_now() - start;
	}
	if (r < 0)
		(void)err_set(e, r, "the walk: %s", strerror(-r));
	if (server_stop(&v) < 0 && r >= 0)
		r = err_set(e, -EIO, "the server has failed");
	return r;
}

static bool same_sum(const struct walk_sum *a, const struct walk_sum *b)
{
	return a->folders == b->folders && a->files == b->files && a->links == b->links &&
	       a->bytes == b->bytes;
}

struct in_process {
	double host_ms, kernfs_ms;
	struct walk_sum host, kernfs;
};

static int walk_inside(struct sim *s, struct kernfs *k, struct in_process *ret)
{
	struct host h = sim_host(s);
	struct knode *sys = NULL;
	double start = bench_now();
	int r;

	*ret = (struct in_process){ 0 };
	r = walk_host(&h, "sys", &ret->host);
	ret->host_ms = bench_now() - start;
	start = bench_now();
	if (r >= 0)
		r = kernfs_lookup(k, kernfs_root(k), "sys", 3, &sys);
	if (r >= 0)
		r = walk_kernfs(k, sys, &ret->kernfs);
	ret->kernfs_ms = bench_now() - start;
	if (sys)
		knode_put(k, sys);
	return r;
}

/* Print a figure and what it has to be; false: it is not. */
static bool budget(const char *what, double value, double limit, bool most)
{
	bool good = most ? value <= limit : value >= limit;

	printf("%-58s %8.2f (%s %.4g)%s\n", what, value, most ? "at most" : "at least",
	       limit, good ? "" : " FAILED");
	return good;
}

static void print_walk(const char *what, double first, double second)
{
	printf("%-42s %10.1f ms %10.1f ms\n", what, first, second);
}

/* In turns, so that whatever else the computer does hits all alike. */
static int compare(struct sim *s, struct null_fuse *n, struct kernfs *k, const char *dir,
		   struct err *e)
{
	double ours[2][ROUNDS], nulls[2][ROUNDS], host[ROUNDS], kern[ROUNDS];
	struct walk_sum a, b;
	struct in_process in;
	bool good = true;
	int r = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		double ms[2], null_ms[2];

		r = walks(s, NULL, dir, ms, &a, e);
		if (r >= 0)
			r = walks(s, n, dir, null_ms, &b, e);
		if (r >= 0)
			r = walk_inside(s, k, &in);
		if (r < 0)
			return r;
		if (!same_sum(&a, &b) || !same_sum(&a, &in.kernfs) ||
		    a.bytes != in.host.bytes)
			return err_set(e, -EIO, "the walks have not seen the same tree");
		for (size_t w = 0; w < 2; w++) {
			ours[w][i] = ms[w];
			nulls[w][i] = null_ms[w];
		}
		host[i] = in.host_ms;
		kern[i] = in.kernfs_ms;
	}
	printf("%d functions: %zu folders, %zu files, %zu links, %.1f MiB\n", FUNCTIONS,
	       a.folders, a.files, a.links, (double)a.bytes / (1 << 20));
	printf("%-42s %13s %13s\n", "walk and read of all", "first", "second");
	for (size_t w = 0; w < 2; w++) {
		ours[w][0] = least(ours[w], ROUNDS);
		nulls[w][0] = least(nulls[w], ROUNDS);
	}
	host[0] = least(host, ROUNDS);
	kern[0] = least(kern, ROUNDS);
	print_walk("a FUSE server that does nothing", nulls[0][0], nulls[1][0]);
	print_walk("fakesys mount", ours[0][0], ours[1][0]);
	printf("%-42s %10.1f ms\n", "in process, struct host", host[0]);
	printf("%-42s %10.1f ms\n", "in process, kernfs", kern[0]);
	good &= budget("mounted against doing nothing, first walk",
		       ours[0][0] / nulls[0][0], MAX_RATIO, true);
	good &= budget("mounted against doing nothing, second walk",
		       ours[1][0] / nulls[1][0], MAX_RATIO, true);
	good &= budget("in process against mounted, struct host", ours[0][0] / host[0],
		       MIN_FASTER, false);
	good &= budget("in process against mounted, kernfs", ours[0][0] / kern[0],
		       MIN_FASTER, false);
	return good ? EXIT_YES : EXIT_NO;
}

/* --- drivers come and go --- */

typedef int store_fn(const void *where, const char *path, const char *text);

static int store_inside(const void *where, const char *path, const char *text)
{
	const struct host *h = where;

	return h->ops->store(h->ctx, path, text, strlen(text), 0);
}

static int store_mounted(const void *where, const char *path, const char *text)
{
	char full[PATH_MAX];
	AUTOCLOSE int fd = -1;

	snprintf(full, sizeof(full), "%s/%s", (const char *)where, path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Pairs a second of unbind and bind of the last function; negative errno. */
static double pairs(const struct machine *m, store_fn *store, const void *where)
{
	const struct pci_fn *fn = &m->fns.v[m->fns.n - 1];
	char bdf[BDF_SIZE], unbind[256], bind[256];
	double start = bench_now(), ms;
	size_t n = 0;
	int r = 0;

	if (!fn->driver)
		return -ENODEV;
	bdf_format(fn->bdf, bdf);
	snprintf(unbind, sizeof(unbind), "sys/bus/pci/drivers/%s/unbind", fn->driver);
	snprintf(bind, sizeof(bind), "sys/bus/pci/drivers/%s/bind", fn->driver);
	do {
		r = store(where, unbind, bdf);
		if (r >= 0)
			r = store(where, bind, bdf);
		ms = bench_now() - start;
		n++;
	} while (r >= 0 && ms < PAIR_MS);
	return r < 0 ? r : (double)n * 1e3 / ms;
}

/* After a walk, so that the kernel knows all names that a change may take away. */
static int bind_pairs(const char *fixture, size_t functions, const char *dir,
		      struct err *e)
{
	char sys[PATH_MAX];
	struct walk_sum sum = { 0 };
	double inside = 0, mounted = 0;
	struct server v;
	struct model o;
	struct host h;
	int r = model_make(fixture, functions, &o, e);

	if (r < 0)
		return r;
	h = sim_host(o.s);
	snprintf(sys, sizeof(sys), "%s/sys", dir);
	r = server_start(o.s, NULL, dir, &v, e);
	if (r >= 0) {
		r = walk_names(sys, &sum);
		if (r >= 0)
			mounted = pairs(o.m, store_mounted, dir);
		(void)server_stop(&v);
		if (r >= 0)
			inside = pairs(o.m, store_inside, &h);
		if (r >= 0 && (mounted < 0 || inside < 0))
			r = mounted < 0 ? (int)mounted : (int)inside;
		if (r < 0)
			(void)err_set(e, r, "unbind and bind: %s", strerror(-r));
	}
	if (r >= 0)
		printf("unbind and bind, %5zu functions, %7zu names known: %8.0f a "
		       "second mounted, %9.0f in process\n",
		       functions, sum.folders + sum.files + sum.links, mounted, inside);
	model_free(&o);
	return r;
}

/* --- memory --- */

/* Of this process, which has done nothing else yet, and of the server it starts. */
static int memory(const char *fixture, const char *dir, struct err *e)
{
	char sys[PATH_MAX];
	struct walk_sum sum = { 0 };
	struct server v;
	struct model o;
	double peak, made;
	int r = model_make(fixture, MOST, &o, e);

	if (r < 0)
		return r;
	made = bench_peak_mib();
	r = server_start(o.s, NULL, dir, &v, e);
	if (r < 0)
		return r;
	snprintf(sys, sizeof(sys), "%s/sys", dir);
	r = walk_names(sys, &sum);
	peak = server_stop(&v);
	model_free(&o);
	if (r < 0 || peak < 0)
		return err_set(e, r < 0 ? r : -EIO, "the walk of %d functions failed",
			       MOST);
	printf("%d functions: %.1f MiB; with %zu names known to the kernel:\n", MOST,
	       made, sum.folders + sum.files + sum.links);
	return budget("peak memory of the mounted machine, MiB", peak, MAX_MIB, true)
		       ? EXIT_YES
		       : EXIT_NO;
}

/* --- */

static int walk_only(const char *dir)
{
	struct walk_sum sum = { 0 };
	double start = bench_now();
	int r = walk_path(dir, &sum);

	if (r < 0) {
		fprintf(stderr, "bench-fuse: %s: %s\n", dir, strerror(-r));
		return EXIT_NO;
	}
	printf("%.3f %zu %zu %zu\n", bench_now() - start, sum.folders, sum.files,
	       sum.links);
	return EXIT_YES;
}

static int worse(int a, int b)
{
	return a < 0 || a == EXIT_NO ? a : b;
}

/* What umockdev-run's creation is to be held against. */
static int making(struct model *o, const char *dir, double since, struct err *e)
{
	double made = bench_now();
	struct server v;
	int r = server_start(o->s, NULL, dir, &v, e);

	if (r < 0)
		return r;
	printf("fakesys, %zu functions: %.1f ms to read the fixture and make, %.1f ms to "
	       "mount\n",
	       o->m->fns.n, made - since, bench_now() - made);
	return server_stop(&v) < 0 ? err_set(e, -EIO, "the server has failed") : 0;
}

static int bench(const char *self, const char *fixture, const char *dir, struct err *e)
{
	struct null_fuse *n = NULL;
	struct knode *sys = NULL;
	struct kernfs *k = NULL;
	struct model o;
	double start;
	int status, r = memory(fixture, dir, e);

	if (r < 0)
		return r;
	status = r;
	start = bench_now();
	r = model_make(fixture, FUNCTIONS, &o, e);
	if (r < 0)
		return r;
	r = making(&o, dir, start, e);
	k = kernfs_new(o.s);
	if (r >= 0)
		r = kernfs_lookup(k, kernfs_root(k), "sys", 3, &sys);
	if (r >= 0)
		r = null_fuse_new(k, sys, "sys", &n);
	if (r >= 0)
		r = bench_umockdev(o.m, o.s, self, e);
	stay_here();
	if (r >= 0)
		r = compare(o.s, n, k, dir, e);
	status = worse(status, r);
	if (sys)
		knode_put(k, sys);
	null_fuse_free(n);
	kernfs_free(k);
	model_free(&o);
	if (r >= 0)
		r = bind_pairs(fixture, FUNCTIONS, dir, e);
	if (r >= 0)
		r = bind_pairs(fixture, MANY, dir, e);
	return worse(r < 0 ? r : status, status);
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX / 2];
	struct err e = { "" };
	int r;

	if (argc == 3 && !strcmp(argv[1], "--walk"))
		return walk_only(argv[2]);
	if (argc != 2) {
		fprintf(stderr, "usage: bench-fuse FIXTURE, bench-fuse --walk DIR\n");
		return EXIT_USAGE;
	}
	/* Root's mounts are seen by this process alone, and end with it. */
	if (!geteuid() && (unshare(CLONE_NEWNS) < 0 ||
			   mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)) {
		printf("skipped: no mount namespace: %s\n", strerror(errno));
		return EXIT_SKIP;
	}
	snprintf(dir, sizeof(dir), "%s/bench-fuse.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		perror(dir);
		return EXIT_NO;
	}
	r = bench(argv[0], argv[1], dir, &e);
	(void)rmdir(dir);
	if (r == -ENOENT || r == -ENODEV || r == -EACCES || r == -EPERM) {
		printf("skipped: %s\n", e.text);
		return EXIT_SKIP;
	}
	if (r < 0)
		fprintf(stderr, "bench-fuse: %s\n", e.text);
	return r < 0 ? EXIT_NO : r;
}
