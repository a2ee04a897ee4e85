/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "scenarios/results.h"

/* A result, and what is written of it. */
struct results_case {
	const char *name;
	struct result r;
	const char *tap;
	const char *junit; /* of the one test */
	const char *json;
};

#define HEAD                                                                             \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"pcipass\" "       \
	"tests=\"1\" failures=\"%u\" skipped=\"%u\">\n  "

static char *read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "re");
	char text[4096];
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return arena_strndup(a, text, n);
}

static void check_junit(struct arena *a, const results *all, const struct results_case *c)
{
	char path[] = "/tmp/test-results.XXXXXX";
	int fd = mkstemp(path);
	const char *want =
		arena_printf(a, HEAD "%s\n</testsuite>\n", c->r.outcome == RESULT_FAILED,
			     c->r.outcome == RESULT_SKIPPED, c->junit);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(results_junit(all, "sim", path, NULL), 0);
	assert_string_equal(read_file(a, path), want);
	unlink(path);
}

static void check_json(const results *all, const struct results_case *c)
{
	json_t *list = results_json(all);
	char *text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(3));

	assert_non_null(text);
	assert_string_equal(text, c->json);
	free(text);
	json_decref(list);
}

static void test_results(void **state)
{
	const struct results_case *c = *state;
	struct arena *a = arena_new();
	results all = { 0 };
	const struct result *r = results_add(a, &all, &c->r);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	results_tap(out, 7, r);
	fclose(out);
	assert_string_equal(text, c->tap);
	free(text);
	assert_int_equal(results_count(&all, c->r.outcome), 1);
	assert_int_equal(results_count(&all, (c->r.outcome + 1) % 3), 0);
	check_junit(a, &all, c);
	check_json(&all, c);
	arena_free(a);
}

static const struct results_case cases[] = {
	/* clang-format off */
	{ "one that passed", { NULL, "a", "d/a.json", .seconds = 0.0125 },
	  "ok 7 - a\n",
	  "<testcase classname=\"sim\" name=\"a\" time=\"0.013\"></testcase>",
	  "[{\"name\":\"a\",\"file\":\"d/a.json\",\"result\":\"passed\",\"text\":null,"
	  "\"seconds\":0.0125}]" },
	{ "one that was skipped", { NULL, "a", "f", RESULT_SKIPPED, "no FUSE" },
	  "ok 7 - a # SKIP no FUSE\n",
	  "<testcase classname=\"sim\" name=\"a\" time=\"0.000\">"
	  "<skipped message=\"no FUSE\"/></testcase>",
	  "[{\"name\":\"a\",\"file\":\"f\",\"result\":\"skipped\",\"text\":\"no FUSE\","
	  "\"seconds\":0.0}]" },
	{ "one that failed", { NULL, "a", "f", RESULT_FAILED, "steps[0]: no" },
	  "not ok 7 - a\n# f: steps[0]: no\n",
	  "<testcase classname=\"sim\" name=\"a\" time=\"0.000\">"
	  "<failure message=\"steps[0]: no\"/></testcase>",
	  "[{\"name\":\"a\",\"file\":\"f\",\"result\":\"failed\",\"text\":\"steps[0]: no\","
	  "\"seconds\":0.0}]" },
	{ "one without file", { "6.1", "a", NULL, RESULT_FAILED, "no" },
	  "not ok 7 - a\n# no\n",
	  "<testcase classname=\"6.1\" name=\"a\" time=\"0.000\">"
	  "<failure message=\"no\"/></testcase>",
	  "[{\"name\":\"a\",\"file\":null,\"result\":\"failed\",\"text\":\"no\","
	  "\"seconds\":0.0,\"group\":\"6.1\"}]" },
	{ "one without reason", { NULL, "a", "f", RESULT_FAILED },
	  "not ok 7 - a\n# f\n",
	  "<testcase classname=\"sim\" name=\"a\" time=\"0.000\"><failure message=\"\"/>"
	  "</testcase>",
	  "[{\"name\":\"a\",\"file\":\"f\",\"result\":\"failed\",\"text\":null,"
	  "\"seconds\":0.0}]" },
	{ "the last lines of a console",
	  { NULL, "a", NULL, RESULT_FAILED, "no\n", "\033[1mone\033[0m\r\n\r\nt<o>\r\n" },
	  "not ok 7 - a\n# no\n# one\n#\n# t<o>\n",
	  "<testcase classname=\"sim\" name=\"a\" time=\"0.000\">"
	  "<failure message=\"no\">one\n\nt&lt;o&gt;</failure></testcase>",
	  "[{\"name\":\"a\",\"file\":null,\"result\":\"failed\",\"text\":\"no\","
	  "\"seconds\":0.0,\"evidence\":\"one\\n\\nt<o>\"}]" },
	{ "words that end what they stand in",
	  { "<g>", "a # SKIP \"\n1..0", "\xff", RESULT_FAILED, "b\n]]>", "\x01\n1..0" },
	  "not ok 7 - a \\# SKIP \" 1..0\n# \xef\xbf\xbd: b ]]>\n# \xef\xbf\xbd\n# 1..0\n",
	  "<testcase classname=\"&lt;g&gt;\" name=\"a # SKIP &quot; 1..0\" time=\"0.000\">"
	  "<failure message=\"b ]]&gt;\">\xef\xbf\xbd\n1..0</failure></testcase>",
	  "[{\"name\":\"a # SKIP \\\" 1..0\",\"file\":\"\xef\xbf\xbd\","
	  "\"result\":\"failed\",\"text\":\"b ]]>\",\"seconds\":0.0,\"group\":\"<g>\","
	  "\"evidence\":\"\xef\xbf\xbd\\n1..0\"}]" },
	/* clang-format on */
};

static void test_no_folder(void **state)
{
	results all = { 0 };
	struct err e = { "" };

	(void)state;
	assert_int_equal(results_junit(&all, "sim", "/nowhere/x.xml", &e), -ENOENT);
	assert_string_equal(e.text, "/nowhere/x.xml: No such file or directory");
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_results,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	tests[ARRAY_SIZE(cases)] = (struct CMUnitTest)cmocka_unit_test(test_no_folder);
	return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
