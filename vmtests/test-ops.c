/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/ops.h"

#define DATA(text)                                                                       \
	{                                                                                \
		(const uint8_t *)(text), sizeof(text) - 1                                \
	}
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct ops_case {
	const char *name;
	struct op op;
	const char *text;
};

/* clang-format off */
static const struct ops_case written[] = {
	{ "a store", { OP_STORE, "sys/bus/pci/rescan", DATA("1") }, "store sys/bus/pci/rescan 1\n" },
	{ "a newline", { OP_STORE, "sys/a", DATA("vfio-pci\n") }, "store sys/a vfio-pci%0A\n" },
	{ "no data", { OP_STORE, "sys/a", DATA("") }, "store sys/a\n" },
	{ "one NUL", { OP_STORE, "sys/a", DATA("\0") }, "store sys/a %00\n" },
	{ "NULs within", { OP_STORE, "sys/a", DATA("a\0b\0") }, "store sys/a a%00b%00\n" },
	{ "blanks and percents", { OP_STORE, "sys/a", DATA(" 8086 10d3 %41") }, "store sys/a %208086%2010d3%20%2541\n" },
	{ "bytes that are not ASCII", { OP_STORE, "sys/a", DATA("\t\x7f\x80\xff~!") }, "store sys/a %09%7F%80%FF~!\n" },
	{ "a path with a blank", { OP_STORE, "sys/a b", DATA("#") }, "store sys/a%20b #\n" },
	{ "one word", { OP_RUN, .argv = WORDS("rmmod") }, "run rmmod\n" },
	{ "words", { OP_RUN, .argv = WORDS("modprobe", "vfio_pci", "a=b c", "%") }, "run modprobe vfio_pci a=b%20c %25\n" },
	{ "empty words", { OP_RUN, .argv = WORDS("modprobe", "", "a", "") }, "run modprobe % a %\n" },
	{ "a claim", { OP_CLAIM, .group = 12 }, "claim 12\n" },
	{ "a release", { OP_RELEASE, .group = 0 }, "release 0\n" },
	{ "a read", { OP_READ, "sys/a b" }, "read sys/a%20b\n" },
	{ "a stat", { OP_STAT, "sys/a" }, "stat sys/a\n" },
	{ "a seek", { OP_SEEK, "sys/a" }, "seek sys/a\n" },
	{ "a map", { OP_MAP, "sys/a" }, "map sys/a\n" },
	{ "a hold", { OP_HOLD, "sys/a" }, "hold sys/a\n" },
	{ "links", { OP_LINKS, "sys/a" }, "links sys/a\n" },
};
/* clang-format on */

static void assert_same(const struct op *a, const struct op *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->path != NULL, b->path != NULL);
	if (a->path)
		assert_string_equal(a->path, b->path);
	assert_int_equal(a->data.len, b->data.len);
	if (a->data.len)
		assert_memory_equal(a->data.data, b->data.data, a->data.len);
	for (size_t i = 0; a->argv; i++) {
		assert_int_equal(a->argv[i] != NULL, b->argv[i] != NULL);
		if (!a->argv[i])
			return;
		assert_string_equal(a->argv[i], b->argv[i]);
	}
	assert_null(b->argv);
}

static void test_written(void **state)
{
	const struct ops_case *c = *state;
	struct arena *a = arena_new();
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	ops read = { 0 };
	struct err e = { "" };

	assert_non_null(f);
	op_write(f, &c->op);
	fclose(f);
	assert_string_equal(text, c->text);
	assert_int_equal(ops_read(a, text, &read, &e), 0);
	assert_int_equal(read.n, 1);
	assert_same(&c->op, &read.v[0]);
	free(text);
	arena_free(a);
}

/* Text that is read: how many operations, or what is wrong with it. */
struct read_case {
	const char *name, *text;
	size_t n;
	const char *error;
};

/* clang-format off */
static const struct read_case reads[] = {
	{ "nothing", "", 0, NULL },
	{ "comments and empty lines", "# store x\n\nclaim 1\n\n#\nrelease 1\n", 2, NULL },
	{ "no newline at the end", "claim 1\nrelease 1", 2, NULL },
	{ "another word", "claim 1\n\nfetch sys/a 1\n", 1, "line 3: fetch sys/a 1" },
	{ "no path", "store\n", 0, "line 1: store" },
	{ "no words to run", "run\n", 0, "line 1: run" },
	{ "data in two words", "store sys/a b c\n", 0, "line 1: store sys/a b c" },
	{ "a read of two", "read sys/a sys/b\n", 0, "line 1: read sys/a sys/b" },
	{ "two groups", "claim 1 2\n", 0, "line 1: claim 1 2" },
	{ "no group", "# a\nrelease\n", 0, "line 2: release" },
	{ "a group that is no number", "claim x\n", 0, "line 1: claim x" },
	{ "a group with more behind it", "claim 1x\n", 0, "line 1: claim 1x" },
	{ "a group below 0", "claim -1\n", 0, "line 1: claim -1" },
	{ "a huge group", "claim 4294967297\n", 0, "line 1: claim 4294967297" },
	{ "half a byte", "store sys/a %4\n", 0, "line 1: store sys/a %4" },
	{ "no byte", "store sys/a %G0\n", 0, "line 1: store sys/a %G0" },
	{ "a small letter", "store sys/a %0a\n", 0, "line 1: store sys/a %0a" },
	{ "a long line", "12345678901234567890123456789012345678901234567890123456789012345678901234567890+\n", 0,
	  "line 1: 12345678901234567890123456789012345678901234567890123456789012345678901234567890" },
};
/* clang-format on */

static void test_read(void **state)
{
	const struct read_case *c = *state;
	struct arena *a = arena_new();
	ops read = { 0 };
	struct err e = { "" };

	assert_int_equal(ops_read(a, c->text, &read, &e), c->error ? -EINVAL : 0);
	assert_string_equal(e.text, c->error ? c->error : "");
	if (!c->error)
		assert_int_equal(read.n, c->n);
	arena_free(a);
}

/* Results are written as they were read. */
static const struct read_case results[] = {
	/* clang-format off */
	{ "a number of bytes", "= 5\n", 1, NULL },
	{ "an errno", "= ENODEV\n= EBUSY\n", 2, NULL },
	{ "an errno of the kernel's own", "= -524\n", 1, NULL },
	{ "a log", "= 0\n+ vfio-pci%200000:00:03.0:%20reset\n+ %25\n", 1, NULL },
	{ "an empty line of a log", "= 0\n+ %\n", 1, NULL },
	{ "blocked and answered", "= blocked\n= 0\n~ 0 13\n~ 3 ENOENT\n", 2, NULL },
	{ "what was read", "= 3\n< a%0Ab\n+ c\n", 1, NULL },
	{ "nothing was read", "= 0\n< %\n", 1, NULL },
	{ "no result before a text", "< a\n", 0, "line 1: < a" },
	{ "no result before a line of the log", "+ a\n", 0, "line 1: + a" },
	{ "no result before an answer", "~ 0 1\n", 0, "line 1: ~ 0 1" },
	{ "no result", "=\n", 0, "line 1: =" },
	{ "two results", "= 1 2\n", 0, "line 1: = 1 2" },
	{ "an unknown errno", "= 1\n= EFOO\n", 0, "line 2: = EFOO" },
	{ "an answer to nothing", "= 1\n~ x 1\n", 0, "line 2: ~ x 1" },
	{ "half an answer", "= 1\n~ 0\n", 0, "line 2: ~ 0" },
	{ "another mark", "= 1\n? 0\n", 0, "line 2: ? 0" },
	/* clang-format on */
};

static void test_results(void **state)
{
	const struct read_case *c = *state;
	struct arena *a = arena_new();
	op_results read = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct err e = { "" };

	assert_non_null(f);
	assert_int_equal(op_results_read(a, c->text, &read, &e), c->error ? -EINVAL : 0);
	assert_string_equal(e.text, c->error ? c->error : "");
	vec_foreach(r, &read)
		op_result_write(f, r);
	fclose(f);
	if (!c->error) {
		assert_int_equal(read.n, c->n);
		assert_string_equal(text, c->text);
	}
	free(text);
	arena_free(a);
}

static void test_fields(void **state)
{
	struct arena *a = arena_new();
	op_results read = { 0 };
	char buf[32];

	(void)state;
	assert_int_equal(op_results_read(a,
					 "= blocked\n= EBUSY\n+ a%20b\n~ 0 -524\n= 7\n",
					 &read, NULL),
			 0);
	assert_int_equal(read.v[0].result, OP_BLOCKED);
	assert_int_equal(read.v[1].result, -EBUSY);
	assert_string_equal(read.v[1].log.v[0], "a b");
	assert_int_equal(read.v[1].answers.v[0].op, 0);
	assert_int_equal(read.v[1].answers.v[0].result, -524);
	assert_int_equal(read.v[2].result, 7);
	assert_string_equal(op_result_word(-EINVAL, buf), "EINVAL");
	assert_string_equal(op_result_word(OP_BLOCKED, buf), "blocked");
	assert_string_equal(op_result_word(127, buf), "127");
	arena_free(a);
}

#define ROWS(table, function)                                                            \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (table)[i].name, .test_func = (function),                \
			.initial_state = (void *)(uintptr_t) & (table)[i]                \
		}

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(written) + ARRAY_SIZE(reads) + ARRAY_SIZE(results) + 1];
	size_t n = 0;

	ROWS(written, test_written);
	ROWS(reads, test_read);
	ROWS(results, test_results);
	tests[n] = (struct CMUnitTest)cmocka_unit_test(test_fields);
	return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
