/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/arena.h"
#include "scenarios/save.h"

/* A file in an empty folder, what is there before, and what is there then. */
struct save_case {
	const char *name;
	const char *path;   /* below the folder, or from the root */
	const char *before; /* a file "f" with this text, of mode 0600 */
	const char *link;   /* a link "l" to that */
	int want;
	mode_t mode; /* of `f` then */
	unsigned entries;
	bool full; /* no file can take more than a byte */
};

static unsigned count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void check(const char *path, const char *want)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, want);
}

static void test_save(void **state)
{
	const struct save_case *c = *state;
	struct arena *a = arena_new();
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_printf(a, "%s/test-save.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	const char *f, *l, *path;
	struct rlimit before;
	struct stat st;
	struct err e = { "" };

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);

	assert_non_null(mkdtemp(dir));
	f = arena_printf(a, "%s/f", dir);
	l = arena_printf(a, "%s/l", dir);
	path = *c->path == '/' ? c->path : arena_printf(a, "%s/%s", dir, c->path);
	if (c->before)
		put(f, c->before);
	if (c->link)
		assert_int_equal(symlink(c->link, l), 0);
	umask(022);
	if (c->full) {
		signal(SIGXFSZ, SIG_IGN);
		assert_int_equal(
			setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1, before.rlim_max }),
			0);
	}
	assert_int_equal(save_file(path, "new\n", 4, &e), c->want);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	if (c->want)
		assert_non_null(strstr(e.text, path));
	if (c->mode) {
		check(f, c->want ? c->before : "new\n");
		assert_int_equal(stat(f, &st), 0);
		assert_int_equal(st.st_mode & 07777, c->mode);
	}
	/* No temporary file is left. */
	assert_int_equal(count_entries(dir), c->entries);
	if (c->link) {
		assert_int_equal(lstat(l, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		unlink(l);
	}
	unlink(f);
	rmdir(dir);
	arena_free(a);
}

static const struct save_case cases[] = {
	/* clang-format off */
	{ "a new file", "f", NULL, NULL, 0, 0644, 1 },
	{ "one that is there keeps its mode", "f", "old\n", NULL, 0, 0600, 1 },
	{ "a longer one is not left in part", "f", "old and longer\n", NULL, 0, 0600, 1 },
	{ "the file behind a link", "l", "old\n", "f", 0, 0600, 2 },
	{ "a folder", ".", NULL, NULL, -EISDIR, 0, 0 },
	{ "in no folder", "x/f", NULL, NULL, -ENOENT, 0, 0 },
	{ "below a file", "f/f", "old\n", NULL, -ENOTDIR, 0600, 1 },
	{ "a disk that is full", "f", "old\n", NULL, -EFBIG, 0600, 1, .full = true },
	{ "a device", "/dev/null", NULL, NULL, 0, 0, 0 },
	{ "a device that is full", "/dev/full", NULL, NULL, -ENOSPC, 0, 0 },
	/* clang-format on */
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_save,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
