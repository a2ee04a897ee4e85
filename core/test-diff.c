/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "core/diff.h"
#include "core/test-skip.h"

static char *number(struct arena *a, int from, int to, const char *extra, int at)
{
	char *out = arena_alloc(a, (size_t)(to - from + 2) * 12 + strlen(extra)),
	     *end = out;

	for (int i = from; i < to; i++) {
		end += sprintf(end, "%d\n", i);
		if (i == at)
			end += sprintf(end, "%s", extra);
	}
	return out;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* diff(1)'s answer; NULL: there is no such program. */
static char *ask_diff(struct arena *a, const char *before, const char *after)
{
	char dir[] = "/tmp/pcipass-diff-XXXXXX", *buf = arena_alloc(a, 1 << 20);
	int status;
	FILE *p;

	assert_non_null(mkdtemp(dir));
	write_file(arena_printf(a, "%s/a", dir), before);
	write_file(arena_printf(a, "%s/b", dir), after);
	p = popen(arena_printf(a,
			       "cd %s; diff -u --label a/x --label b/x a b 2>/dev/null",
			       dir),
		  "re");
	assert_non_null(p);
	buf[fread(buf, 1, (1 << 20) - 1, p)] = '\0';
	status = pclose(p);
	remove(arena_printf(a, "%s/a", dir));
	remove(arena_printf(a, "%s/b", dir));
	remove(dir);
	return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? NULL : buf;
}

struct pair {
	const char *name, *before, *after;
};

static void test_like_diff(void **state)
{
	const struct pair *c = *state;
	struct arena *a = arena_new();
	char *want = ask_diff(a, c->before, c->after);
	char *got = diff_unified(a, "x", c->before, c->after), *back;

	if (want)
		assert_string_equal(got, want);
	assert_int_equal(diff_revert(a, c->before, c->after, c->after, &back), 0);
	assert_string_equal(back, c->before);
	arena_free(a);
	if (!want)
		skip_without("diff");
}

#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

/* clang-format off */
static struct pair pairs[] = {
	{ "diff: equal", "a\nb\n", "a\nb\n" },
	{ "diff: both empty", "", "" },
	{ "diff: from nothing", "", "a\nb\n" },
	{ "diff: to nothing", "a\nb\n", "" },
	{ "diff: one line changed", "GRUB_TIMEOUT=5\nX=\"quiet\"\nY=1\n", "GRUB_TIMEOUT=5\nX=\"quiet iommu=pt\"\nY=1\n" },
	{ "diff: a line at the start", TEN, "0\n" TEN },
	{ "diff: a line at the end", TEN, TEN "11\n" },
	{ "diff: a line gone", "1\n2\n3\n4\n5\n", "1\n2\n4\n5\n" },
	{ "diff: no newline before", "a\nb", "a\nb\nc\n" },
	{ "diff: no newline after", "a\nb\n", "a\nb" },
	{ "diff: no newline on both", "a\nb", "x\nb" },
	{ "diff: no newline, last line changed", "a\nb", "a\nc" },
	{ "diff: no newline far away", "x\n" TEN "b", "y\n" TEN "b" },
	{ "diff: two hunks", "a\n" TEN "b\n", "A\n" TEN "B\n" },
	{ "diff: six lines between join", "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n" },
	{ "diff: seven lines between do not", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n" },
	{ "diff: a block between equal blocks", "{\na\n}\n{\nc\n}\n", "{\na\n}\n{\nb\n}\n{\nc\n}\n" },
	{ "diff: one of equal lines gone", "a\na\na\nb\n", "a\na\nb\n" },
	{ "diff: one more of equal lines", "x\n\n\ny\n", "x\n\n\n\ny\n" },
	{ "diff: everything else", "a\nb\nc\n", "d\ne\n" },
	{ "diff: moved", "a\nb\nc\nd\n", "b\nc\nd\na\n" },
	{ "diff: several kinds", "# x\nA=1\nB=2\nC=3\n\nD=4\nE=5\n", "# y\nA=1\nC=3\n\nD=4\nD2=4\nE=6\n" },
	{ "diff: only a newline", "", "\n" },
};
/* clang-format on */

static void test_dev_null(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(diff_unified(a, "etc/x", NULL, "a\n"),
			    "--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1 @@\n+a\n");
	assert_string_equal(diff_unified(a, "etc/x", "a\n", NULL),
			    "--- a/etc/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
	arena_free(a);
}

/* Texts that differ everywhere: no line-by-line comparison, but an answer, and soon. */
static void test_huge(void **state)
{
	struct arena *a = arena_new();
	struct timespec from, to;
	char *x = number(a, 0, 100000, "", 0), *y = number(a, 200000, 300000, "", 0);
	char *z = number(a, 0, 100000, "new\n", 50000), *got, *back;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	got = diff_unified(a, "x", x, y);
	assert_non_null(strstr(got, "@@ -1,100000 +1,100000 @@\n-0\n"));
	got = diff_unified(a, "x", x, z);
	assert_string_equal(got,
			    "--- a/x\n+++ b/x\n@@ -49999,6 +49999,7 @@\n 49998\n 49999\n"
			    " 50000\n+new\n 50001\n 50002\n 50003\n");
	assert_int_equal(diff_revert(a, x, z, z, &back), 0);
	assert_string_equal(back, x);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(to.tv_sec - from.tv_sec < 20);
	arena_free(a);
}

struct revert_case {
	const char *name, *before, *after, *current;
	const char *want; /* NULL: -EEXIST */
};

static void test_revert(void **state)
{
	const struct revert_case *c = *state;
	struct arena *a = arena_new();
	char *got = NULL;

	assert_int_equal(diff_revert(a, c->before, c->after, c->current, &got),
			 c->want ? 0 : -EEXIST);
	assert_string_equal(got ? got : "(none)", c->want ? c->want : "(none)");
	arena_free(a);
}

/* clang-format off */
static struct revert_case reverts[] = {
	{ "revert: others added lines", "a\nb\n", "a\nB\n", "new\na\nB\nnew\n", "new\na\nb\nnew\n" },
	{ "revert: others changed another line", "a\nb\nc\n", "a\nB\nc\n", "A\nB\nc\n", "A\nb\nc\n" },
	{ "revert: our line was changed", "a\nb\n", "a\nB\n", "a\nB2\n", NULL },
	{ "revert: our line is there twice", "a\nb\n", "a\nB\n", "a\nB\nB\n", NULL },
	{ "revert: our line is gone", "a\n", "a\nb\n", "a\nc\n", NULL },
	{ "revert: already taken out", "a\n", "a\nb\n", "a\n", NULL },
	{ "revert: a line we took out", "a\nb\nc\n", "a\nc\n", "new\na\nc\n", "new\na\nb\nc\n" },
	{ "revert: a line we took out, its place is gone", "a\nb\nc\n", "a\nc\n", "a\nx\nc\n", NULL },
	{ "revert: two places", "a\nx\nb\nc\n", "A\nx\nb\nC\n", "A\nx\ny\nb\nC\n", "a\nx\ny\nb\nc\n" },
	{ "revert: two places, one changed", "a\nx\nb\nc\n", "A\nx\nb\nC\n", "A\nx\nb\nCC\n", NULL },
	{ "revert: told apart by its neighbours", "a\n{\n}\nb\n{\n}\n", "a\n{\n}\n\nb\n{\n}\n\n", "new\na\n{\n}\n\nb\n{\n}\n\n", "new\na\n{\n}\nb\n{\n}\n" },
	{ "revert: a line that others have too", "\na\n", "\na\n\nb\n", "\na\n\nb\nnew\n", "\na\nnew\n" },
	{ "revert: only part of a line", "a\n", "a\nb\n", "a\nb\nxb\nbx\n", "a\nxb\nbx\n" },
	{ "revert: order turned round", "a\nx\nb\n", "A\nx\nB\n", "B\nx\nA\n", NULL },
	{ "revert: file that we made", "", "a\n", "a\nb\n", "b\n" },
	{ "revert: no newline at the end", "a\nb", "a\nc", "x\na\nc", "x\na\nb" },
	{ "revert: no newline, line went on", "a\nb", "a\nc", "a\ncd", NULL },
};
/* clang-format on */

#define ROWS(cases, fn)                                                                  \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i].name, .test_func = (fn),                      \
			.initial_state = &(cases)[i]                                     \
		}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(pairs) + ARRAY_SIZE(reverts) + 2];
	size_t n = 0;

	ROWS(pairs, test_like_diff);
	ROWS(reverts, test_revert);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_dev_null);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_huge);
	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
