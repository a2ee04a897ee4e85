/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "scenarios/match.h"

struct match_case {
	const char *name;
	const char *expected, *actual; /* JSON; actual NULL: nothing there */
	const char *says;              /* NULL: it matches */
};

static void test_match(void **state)
{
	const struct match_case *c = *state;
	json_t *expected = json_loads(c->expected, JSON_DECODE_ANY, NULL);
	json_t *actual = c->actual ? json_loads(c->actual, JSON_DECODE_ANY, NULL) : NULL;
	struct err e = { "" };
	int r;

	assert_non_null(expected);
	assert_int_equal(!actual, !c->actual);
	r = match_json(expected, actual, "report", &e);
	assert_int_equal(match_json(expected, actual, "report", NULL), r);
	json_decref(expected);
	json_decref(actual);
	assert_int_equal(r, c->says ? -EINVAL : 0);
	assert_string_equal(e.text, c->says ? c->says : "");
}

/* clang-format off */
static struct match_case cases[] = {
	{ "a string", "\"a\"", "\"a\"", NULL },
	{ "another string", "\"a\"", "\"b\"", "report: expected \"a\", got \"b\"" },
	{ "a part", "\"~b\"", "\"abc\"", NULL },
	{ "not a part", "\"~x\"", "\"abc\"", "report: expected \"~x\", got \"abc\"" },
	{ "a bare ~ is any string", "\"~\"", "\"\"", NULL },
	{ "a string for a number", "\"1\"", "1", "report: expected \"1\", got 1" },
	{ "a string for nothing", "\"a\"", NULL, "report: expected \"a\", got nothing" },
	{ "null for null", "null", "null", NULL },
	{ "null for a member that is not there", "null", NULL, "report: expected null, got nothing" },
	{ "null for something", "null", "0", "report: expected null, got 0" },
	{ "true", "true", "true", NULL },
	{ "true for false", "true", "false", "report: expected true, got false" },
	{ "a number", "7", "7", NULL },
	{ "another number", "7", "8", "report: expected 7, got 8" },
	{ "some members of an object", "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", NULL },
	{ "a member deep inside", "{\"a\": {\"b\": [{\"c\": \"x\"}]}}", "{\"a\": {\"b\": [{}, {\"c\": \"x\"}]}}", NULL },
	{ "a member that is not there", "{\"a\": {\"b\": 1}}", "{\"a\": {}}", "report.a.b: expected 1, got nothing" },
	{ "an object for an array", "{}", "[]", "report: expected {}, got []" },
	{ "elements in any order", "[2, 1]", "[1, 3, 2]", NULL },
	{ "an element that is missing", "[1, 4]", "[1, 2]", "report[1]: expected 4, got [1,2]" },
	{ "an element of objects", "[{\"bdf\": \"x\", \"why\": \"~part\"}]", "[{\"bdf\": \"x\", \"why\": \"a part\"}]", NULL },
	{ "no elements", "[]", "[]", NULL },
	{ "no elements expected", "[]", "[1]", "report: expected [], got [1]" },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_match,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
