/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/conform-shrink.h"

/* Operations are told apart by their groups, 0 to n - 1. */
struct shrink_case {
	const char *name;
	size_t n;
	int needed[4];  /* these together show it; -1 ends them */
	int untestable; /* what lacks it cannot be tried; -1: all can */
	unsigned tries;
	const char *want; /* groups that are left; NULL: only bounds are looked at */
};

/* clang-format off */
static const struct shrink_case cases[] = {
	{ "the first", 100, { 0, -1 }, -1, 1000, "0" },
	{ "the last", 100, { 99, -1 }, -1, 1000, "99" },
	{ "one in the middle", 101, { 50, -1 }, -1, 1000, "50" },
	{ "two far apart", 100, { 3, 97, -1 }, -1, 1000, "3 97" },
	{ "two neighbours across the middle", 100, { 49, 50, -1 }, -1, 1000, "49 50" },
	{ "three", 64, { 0, 31, 63, -1 }, -1, 1000, "0 31 63" },
	{ "two of three", 3, { 0, 2, -1 }, -1, 1000, "0 2" },
	{ "all are needed", 3, { 0, 1, 2, -1 }, -1, 1000, "0 1 2" },
	{ "only one", 1, { 0, -1 }, -1, 1000, "0" },
	{ "none", 0, { -1 }, -1, 1000, "" },
	{ "without one it cannot be tried", 8, { 5, -1 }, 2, 1000, "2 5" },
	{ "no tries", 4, { 0, -1 }, -1, 0, "0 1 2 3" },
	{ "one try: half is gone", 4, { 0, -1 }, -1, 1, "0 1" },
	{ "few tries", 100, { 3, 97, -1 }, -1, 7, NULL },
};
/* clang-format on */

struct asked {
	const struct shrink_case *c;
	unsigned n;
};

static bool has(const ops *o, int group)
{
	vec_foreach(op, o)
		if (op->group == group)
			return true;
	return false;
}

static int shows(void *arg, const ops *candidate)
{
	struct asked *asked = arg;

	asked->n++;
	assert_true(candidate->n > 0);
	assert_true(candidate->n < asked->c->n);
	if (asked->c->untestable >= 0 && !has(candidate, asked->c->untestable))
		return -EIO;
	for (const int *g = asked->c->needed; *g >= 0; g++)
		if (!has(candidate, *g))
			return 0;
	return 1;
}

static void test_shrink(void **state)
{
	const struct shrink_case *c = *state;
	struct arena *a = arena_new();
	struct asked asked = { c, 0 };
	ops from = { 0 }, few = { 0 };
	const char *text = "";

	for (size_t i = 0; i < c->n; i++)
		*vec_push(a, &from) = (struct op){ .kind = OP_CLAIM, .group = (int)i };
	conform_shrink(a, &from, shows, &asked, c->tries, &few);
	assert_true(asked.n <= c->tries);
	assert_int_equal(from.n, c->n);
	assert_true(few.n <= from.n);
	for (const int *g = c->needed; *g >= 0; g++)
		assert_true(has(&few, *g));
	vec_foreach(op, &few)
		text = arena_printf(a, "%s%s%d", text, *text ? " " : "", op->group);
	if (c->want)
		assert_string_equal(text, c->want);
	arena_free(a);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_shrink,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests_name("conform-shrink", tests, NULL, NULL);
}
