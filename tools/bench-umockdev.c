/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench-umockdev.h"
#include "tools/bench-walk.h"

struct writer {
	const struct host *h;
	const char *dir; /* of the function, "sys/devices/..." */
	FILE *out;
};

static bool is_text(const char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!buf[i] || (unsigned char)buf[i] >= 0x7f)
			return false;
	return true;
}

static void put_attribute(FILE *out, const char *name, const char *buf, size_t n)
{
	bool text = is_text(buf, n);

	fprintf(out, "%c: %s=", text ? 'A' : 'H', name);
	for (size_t i = 0; i < n; i++)
		if (!text)
			fprintf(out, "%02X", (unsigned char)buf[i]);
		else if (buf[i] == '\n')
			fputs("\\n", out);
		else if (buf[i] == '\\')
			fputs("\\\\", out);
		else
			fputc(buf[i], out);
	fputc('\n', out);
}

static int put_entry(void *arg, const char *name)
{
	const struct writer *w = arg;
	const struct host *h = w->h;
	char path[PATH_MAX], buf[4096];
	struct host_stat st;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/%s", w->dir, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (h->ops->stat(h->ctx, path, &st) < 0 || streq(name, "uevent"))
		return 0; /* umockdev makes uevent from the properties */
	if (S_ISLNK(st.mode)) {
		n = h->ops->readlink(h->ctx, path, buf, sizeof(buf));
		if (n >= 0 && !streq(name, "subsystem"))
			fprintf(w->out, "L: %s=%s\n", name, buf);
	} else if (S_ISREG(st.mode)) {
		n = h->ops->read(h->ctx, path, buf, sizeof(buf), 0);
		if (n >= 0)
			put_attribute(w->out, name, buf, (size_t)n);
	}
	return 0;
}

static int put_functions(const struct machine *m, const struct host *h, FILE *out)
{
	AUTOARENA struct arena *a = arena_new();
	char bdf[BDF_SIZE], *link;
	int r = 0;

	vec_foreach(fn, &m->fns) {
		struct writer w = { .h = h, .out = out };

		r = host_readlink(h, a, &link, "sys/bus/pci/devices/%s",
				  bdf_format(fn->bdf, bdf));
		if (r < 0)
			break;
		/* "../../../devices/..." */
		w.dir = arena_printf(a, "sys/%s", strstr(link, "devices/"));
		fprintf(out, "P: %s\nE: SUBSYSTEM=pci\nE: PCI_SLOT_NAME=%s\n", w.dir + 3,
			bdf);
		r = h->ops->list(h->ctx, w.dir, put_entry, &w);
		if (r < 0)
			break;
		fputc('\n', out);
	}
	return r;
}

/* Run it with its output in @out (of 256 bytes); ms, or negative errno. */
static double time_run(char *const argv[], char *out)
{
	posix_spawn_file_actions_t fa;
	double start = bench_now();
	int ends[2], status = -1, r;
	ssize_t n, at = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, ends[1], 1);
	r = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	close(ends[1]);
	while (!r && at < 255 && (n = read(ends[0], out + at, 255 - (size_t)at)) > 0)
		at += n;
	out[at] = '\0';
	close(ends[0]);
	if (r)
		return -r;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -EIO : bench_now() - start;
}

static int run_testbed(char *file, const char *self, size_t functions, struct err *e)
{
	char sys[] = "/sys/devices", out[256];
	char *const none[] = { (char[]){ "umockdev-run" }, (char[]){ "-d" },   file,
			       (char[]){ "--" },           (char[]){ "true" }, NULL };
	char *const walk[] = {
		(char[]){ "umockdev-run" }, (char[]){ "-d" },     file, (char[]){ "--" },
		(char *)(uintptr_t)self,    (char[]){ "--walk" }, sys,  NULL
	};
	size_t folders, files, links;
	double made = time_run(none, out), read_ms;

	if (made == -ENOENT) {
		printf("umockdev: skipped: umockdev-run is not installed (package "
		       "umockdev)\n");
		return 0;
	}
	if (made < 0 || time_run(walk, out) < 0 ||
	    sscanf(out, "%lf %zu %zu %zu", &read_ms, &folders, &files, &links) != 4)
		return err_set(e, -EIO, "umockdev-run has failed");
	printf("umockdev, %zu functions: %.0f ms to make, %.1f ms to walk and read (%zu "
	       "folders, %zu files, %zu links: the functions alone)\n",
	       functions, made, read_ms, folders, files, links);
	return 0;
}

int bench_umockdev(const struct machine *m, struct sim *s, const char *self,
		   struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct host h = sim_host(s);
	char file[PATH_MAX];
	FILE *out;
	int fd, r;

	snprintf(file, sizeof(file), "%s/bench-umockdev.XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	fd = mkstemp(file);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return err_set(e, -errno, "%s: %s", file, strerror(errno));
	r = put_functions(m, &h, out);
	if (fclose(out) && r >= 0)
		r = -errno;
	r = r < 0 ? err_set(e, r, "%s: %s", file, strerror(-r))
		  : run_testbed(file, self, m->fns.n, e);
	(void)unlink(file);
	return r;
}
