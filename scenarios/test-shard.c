/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/arena.h"
#include "scenarios/shard.h"

struct parse_case {
	const char *name, *text;
	int want;
	unsigned k, n;
};

static void test_parse(void **state)
{
	const struct parse_case *c = *state;
	struct shard s = { 8, 9 };
	struct err e = { "" };

	assert_int_equal(shard_parse(c->text, &s, &e), c->want);
	assert_int_equal(s.k, c->want ? 8 : c->k);
	assert_int_equal(s.n, c->want ? 9 : c->n);
	assert_int_equal(*e.text != '\0', c->want != 0);
}

static const struct parse_case parses[] = {
	/* clang-format off */
	{ "the second of three", "2/3", 0, 2, 3 },
	{ "one of one", "1/1", 0, 1, 1 },
	{ "the fourth of three", "4/3", -EINVAL },
	{ "the none of three", "0/3", -EINVAL },
	{ "half a shard", "1", -EINVAL },
	{ "more behind it", "1/2x", -EINVAL },
	{ "no number", "a/b", -EINVAL },
	{ "nothing", "", -EINVAL },
	/* clang-format on */
};

/* Names are a, b, c...; the shards they are dealt to, one digit each. */
struct deal_case {
	const char *name;
	const char *seconds;
	size_t n;
	unsigned shards;
	const char *want;
};

static void test_deal(void **state)
{
	const struct deal_case *c = *state;
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	json_t *seconds = c->seconds ? json_loads(c->seconds, 0, NULL) : NULL;
	unsigned shards[ARRAY_SIZE(names)] = { 0 };
	char got[ARRAY_SIZE(names) + 1] = "";

	assert_int_equal(!seconds, !c->seconds);
	shard_deal(seconds, names, c->n, c->shards, shards);
	for (size_t i = 0; i < c->n; i++)
		got[i] = (char)('0' + shards[i]);
	json_decref(seconds);
	assert_string_equal(got, c->want);
}

static const struct deal_case deals[] = {
	/* clang-format off */
	{ "without durations every third", NULL, 8, 3, "12312312" },
	{ "none of these are known", "{\"x\": 5}", 5, 2, "12121" },
	{ "one shard", "{\"a\": 5}", 3, 1, "111" },
	{ "more shards than tests", "{\"b\": 5}", 2, 4, "12" },
	{ "no tests", "{\"b\": 5}", 0, 2, "" },
	{ "a long one alone", "{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 3}", 4, 2, "2221" },
	{ "the longest first", "{\"a\": 2, \"b\": 3, \"c\": 4, \"d\": 5}", 4, 2, "1221" },
	{ "integers and fractions", "{\"a\": 0.5, \"b\": 1, \"c\": 0.6}", 3, 2, "212" },
	{ "tests that take no time", "{\"a\": 0, \"b\": 0, \"c\": 0, \"d\": 0}", 4, 2, "1212" },
	{ "an unknown one is as the median", /* e of 9; b, c and f of 5 */
	  "{\"a\": 1, \"b\": 5, \"d\": 1, \"e\": 9, \"f\": 5}", 6, 2, "222211" },
	{ "of two in the middle, the shorter", "{\"a\": 9, \"b\": 2}", 4, 2, "1222" },
	/* clang-format on */
};

struct file_case {
	const char *name;
	const char *before; /* NULL: there is no file */
	const char *says;   /* begins behind the file's name; NULL: it can be read */
	int want;
	const char *after;
};

static char *read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static void test_file(void **state)
{
	const struct file_case *c = *state;
	char dir[] = "/tmp/test-shard.XXXXXX", path[64], text[512];
	json_t *seconds = json_object(), *read = json_object();
	struct err e = { "" };
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/d.json", dir);
	if (c->before) {
		f = fopen(path, "wex");
		assert_non_null(f);
		fputs(c->before, f);
		fclose(f);
	}
	durations_set(seconds, "new", 1.23449);
	durations_set(seconds, "a", 2);
	assert_int_equal(durations_load(path, read, &e), c->want);
	assert_int_equal(durations_update(path, seconds, &e), c->want);
	if (c->says)
		assert_non_null(after_prefix(e.text + strlen(path), c->says));
	if (c->after) {
		assert_string_equal(read_file(path, text, sizeof(text)), c->after);
		/* What it wrote it can read, and writes again. */
		assert_int_equal(durations_update(path, read, &e), 0);
		assert_int_equal(durations_update(path, seconds, &e), 0);
		assert_string_equal(read_file(path, text, sizeof(text)), c->after);
	} else {
		assert_int_equal(json_object_size(read), 0);
		assert_string_equal(read_file(path, text, sizeof(text)), c->before);
	}
	json_decref(seconds);
	json_decref(read);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

#define NEW "{\n \"schema\": 1,\n \"seconds\": {\n  \"a\": 2.0,\n"
static const struct file_case files[] = {
	/* clang-format off */
	{ "a new file", NULL, NULL, 0, NEW "  \"new\": 1.234\n }\n}\n" },
	{ "one that has others", "{\"seconds\": {\"z\": 7, \"a\": 1.5, \"b\": 0.02}, \"schema\": 1}",
	  NULL, 0, NEW "  \"b\": 0.02,\n  \"new\": 1.234,\n  \"z\": 7\n }\n}\n" },
	{ "no JSON", "{\n", ":2: ", -EINVAL },
	{ "another schema", "{\"schema\": 2, \"seconds\": {}}", ": no durations of schema 1", -EINVAL },
	{ "no object", "{\"schema\": 1, \"seconds\": []}", ": no durations of schema 1", -EINVAL },
	{ "a member more", "{\"schema\": 1, \"seconds\": {}, \"x\": 1}", ": 1 object item(s) left unpacked: x", -EINVAL },
	{ "a word", "{\"schema\": 1, \"seconds\": {\"a\": \"1\"}}", ": seconds.a: must be seconds", -EINVAL },
	{ "before it began", "{\"schema\": 1, \"seconds\": {\"a\": -1}}", ": seconds.a: must be seconds", -EINVAL },
	{ "longer than anybody waits", "{\"schema\": 1, \"seconds\": {\"a\": 1e300}}", ": seconds.a: must be seconds", -EINVAL },
	/* clang-format on */
};

static void test_set(void **state)
{
	json_t *seconds = json_object();

	(void)state;
	durations_set(seconds, "x", -0.5);
	assert_true(json_number_value(json_object_get(seconds, "x")) == 0);
	durations_set(seconds, "x", 1e300);
	assert_true(json_number_value(json_object_get(seconds, "x")) == 1e6);
	json_decref(seconds);
}

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(parses) + ARRAY_SIZE(deals) + ARRAY_SIZE(files) + 1];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(parses); i++)
		tests[n++] = (struct CMUnitTest){ parses[i].name, test_parse, NULL, NULL,
						  (void *)(uintptr_t)&parses[i] };
	for (size_t i = 0; i < ARRAY_SIZE(deals); i++)
		tests[n++] = (struct CMUnitTest){ deals[i].name, test_deal, NULL, NULL,
						  (void *)(uintptr_t)&deals[i] };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		tests[n++] = (struct CMUnitTest){ files[i].name, test_file, NULL, NULL,
						  (void *)(uintptr_t)&files[i] };
	/* clang-format on */
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_set);
	return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
