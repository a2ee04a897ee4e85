/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/base64.h"

/* RFC 4648, section 10, and bytes that are no text. */
struct base64_case {
	const char *name, *data;
	size_t len;
	const char *text;
};

/* clang-format off */
static const struct base64_case cases[] = {
	{ "nothing", "", 0, "" },
	{ "one byte", "f", 1, "Zg==" },
	{ "two bytes", "fo", 2, "Zm8=" },
	{ "three bytes", "foo", 3, "Zm9v" },
	{ "four bytes", "foob", 4, "Zm9vYg==" },
	{ "one NUL", "\0", 1, "AA==" },
	{ "NULs at both ends", "\0a\0", 3, "AGEA" },
	{ "the last two letters", "\xfb\xff\xbf", 3, "+/+/" },
};
static const char *const refused[] = { "Zg=", "Zg", "Z", "Zg==Zg==", "Z!==", "====", "Zh==", "Zm8=?" };
/* clang-format on */

static void test_both_ways(void **state)
{
	const struct base64_case *c = *state;
	char *text = base64_write((struct blob){ (const uint8_t *)c->data, c->len }),
	     *data;
	size_t len = 99;

	assert_non_null(text);
	assert_string_equal(text, c->text);
	data = base64_read(text, &len);
	assert_non_null(data);
	assert_int_equal(len, c->len);
	assert_memory_equal(data, c->data, len);
	assert_int_equal(data[len], '\0');
	free(data);
	free(text);
}

static void test_refused(void **state)
{
	size_t len = 99;
	char *data = base64_read(*state, &len);

	assert_null(data);
	assert_int_equal(len, 99);
}

/* Of any length, as files that come out of a guest. */
static void test_long(void **state)
{
	uint8_t bytes[1000];
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)splitmix64(&seed);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		char *text = base64_write((struct blob){ bytes, n });
		size_t len = 0;
		char *data = base64_read(text, &len);

		assert_int_equal(strlen(text), (n + 2) / 3 * 4);
		assert_non_null(data);
		assert_int_equal(len, n);
		assert_memory_equal(data, bytes, n);
		free(data);
		free(text);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(refused) + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_both_ways,
						  .initial_state =
							  (void *)(uintptr_t)&cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		tests[n++] = (struct CMUnitTest){ .name = refused[i],
						  .test_func = test_refused,
						  .initial_state =
							  (void *)(uintptr_t)refused[i] };
	tests[n] = (struct CMUnitTest)cmocka_unit_test(test_long);
	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
