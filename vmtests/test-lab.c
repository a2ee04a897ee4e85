/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "vmtests/lab.h"

#define RUN_MS 30000

/* The check values of FNV-1a, 64 bits. */
static void test_sum(void **state)
{
	(void)state;
	assert_true(fnv1a(FNV1A, "", 0) == 0xcbf29ce484222325ULL);
	assert_true(fnv1a(FNV1A, "a", 1) == 0xaf63dc4c8601ec8cULL);
	assert_true(fnv1a(FNV1A, "foobar", 6) == 0x85944171f73967e8ULL);
	assert_true(fnv1a(fnv1a(FNV1A, "foo", 3), "bar", 3) == 0x85944171f73967e8ULL);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/test-lab.XXXXXX";
	struct lab l = { .arena = arena_new() };
	const char *path;
	struct err e = { "" };
	struct blob b;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	l.cache = arena_printf(l.arena, "%s/a/b", dir);
	path = lab_file(&l, "saved", "%s-%d.state", "x", 7);
	assert_string_equal(path, arena_printf(l.arena, "%s/a/b/saved/x-7.state", dir));
	assert_int_equal(stat(arena_printf(l.arena, "%s/saved", l.cache), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(lab_read(&l, path, &b, &e), -ENOENT);
	assert_string_equal(e.text,
			    arena_printf(l.arena, "%s: No such file or directory", path));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	close(fd);
	assert_int_equal(lab_read(&l, path, &b, &e), 0);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4); /* a NUL follows */
	assert_int_equal(lab_read(&l, dir, &b, &e), -EINVAL);
	assert_string_equal(e.text, arena_printf(l.arena, "%s is no file", dir));
	assert_int_equal(lab_run(&l, (const char *const[]){ "rm", "-rf", dir, NULL },
				 RUN_MS, NULL, &e),
			 0);
	assert_int_equal(access(dir, F_OK), -1);
	arena_free(l.arena);
}

struct run_case {
	const char *name, *script; /* for sh -c; NULL: a program that is not there */
	int want;
	const char *text; /* its output, or the error */
};

/* clang-format off */
static const struct run_case runs[] = {
	{ "output without its last newlines", "echo a; echo; echo b; echo", 0, "a\n\nb" },
	{ "no output", ":", 0, "" },
	{ "it fails", "echo one; echo two >&2; exit 3", -ECHILD, "sh: exit status 3: two" },
	{ "it fails in silence", "exit 1", -ECHILD, "sh: exit status 1: " },
	{ "it is not there", NULL, -ENOENT, "pcipass-nonesuch: No such file or directory" },
};
/* clang-format on */

static void test_run(void **state)
{
	const struct run_case *c = *state;
	struct lab l = { .arena = arena_new() };
	const char *const argv[] = { c->script ? "sh" : "pcipass-nonesuch", "-c",
				     c->script, NULL };
	const char *text = "as it was";
	struct err e = { "" };

	assert_int_equal(lab_run(&l, argv, RUN_MS, &text, &e), c->want);
	assert_string_equal(c->want ? e.text : text, c->text);
	if (c->want)
		assert_string_equal(text, "as it was");
	arena_free(l.arena);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(runs) + 2];
	size_t n = 0;

	for (; n < ARRAY_SIZE(runs); n++)
		tests[n] = (struct CMUnitTest){ .name = runs[n].name,
						.test_func = test_run,
						.initial_state =
							(void *)(uintptr_t)&runs[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_sum);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_files);
	return cmocka_run_group_tests_name("lab", tests, NULL, NULL);
}
