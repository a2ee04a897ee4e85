/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/tap.h"

struct tap_case {
	const char *name, *text;
	struct tap want;
	const char *error; /* NULL: none */
};

#define LONG "123456789 123456789 123456789 123456789 123456789 "

/* clang-format off */
static const struct tap_case cases[] = {
	{ "all ok", "1..2\nok 1 - a\nok 2 - b\n", { 2, 0, 0, "" }, NULL },
	{ "the plan at the end, no newline", "ok 1 - a\n1..1", { 1, 0, 0, "" }, NULL },
	{ "one that is not ok", "ok 1 - a\nnot ok 2 - b: EBUSY\nnot ok 3 - c\n1..3\n",
	  { 1, 0, 2, "b: EBUSY" }, NULL },
	{ "not ok without a name", "not ok 1\n1..1\n", { 0, 0, 1, "" }, NULL },
	{ "not ok without a dash", "not ok 12 a\n1..1\n", { 0, 0, 1, "a" }, NULL },
	{ "a long name", "not ok 1 - " LONG LONG LONG LONG LONG "\n1..1\n",
	  { 0, 0, 1, LONG LONG LONG "123456789 123456789 123456789 123456789 123456789" }, NULL },
	{ "skipped", "ok 1 - a # SKIP no disk\nok 2 - b\n1..2\n", { 2, 1, 0, "" }, NULL },
	{ "all skipped", "1..0 # SKIP no IOMMU\n", { 0, 0, 0, "" }, NULL },
	{ "comments and other lines", "# ok 1\nokay 2\nok then\nnot okay\nok 1 - a\n1..1\n",
	  { 1, 0, 0, "" }, NULL },
	{ "SKIP of another line", "ok 1 - a\n# SKIP\n1..1\n", { 1, 0, 0, "" }, NULL },
	{ "nothing", "", { 0 }, "no plan: 0 tests ended" },
	{ "no plan", "ok 1 - a\nnot ok 2 - b\n", { 0 }, "no plan: 2 tests ended" },
	{ "too few", "1..3\nok 1 - a\nnot ok 2 - b\n", { 0 }, "2 tests ended of 3" },
	{ "too many", "1..1\nok 1 - a\nok 2 - b\n", { 0 }, "2 tests ended of 1" },
	{ "it gave up", "1..2\nok 1 - a\nBail out! no time\nok 2 - b\n", { 0 }, "Bail out! no time" },
	/* clang-format on */
};

static void test_tap(void **state)
{
	const struct tap_case *c = *state;
	struct tap got = { 7, 7, 7, "as it was" };
	struct err e = { "" };

	assert_int_equal(tap_read(c->text, &got, &e), c->error ? -EPROTO : 0);
	assert_string_equal(e.text, c->error ? c->error : "");
	if (c->error) {
		assert_int_equal(got.ok, 7);
		return;
	}
	assert_int_equal(got.ok, c->want.ok);
	assert_int_equal(got.skipped, c->want.skipped);
	assert_int_equal(got.not_ok, c->want.not_ok);
	assert_string_equal(got.first, c->want.first);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_tap,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests_name("tap", tests, NULL, NULL);
}
