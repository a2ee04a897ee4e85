/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <zstd.h>
#include <cmocka.h>

#include "fakesys/tree.h"
#include "vmtests/lab.h"
#include "vmtests/transcript.h"

/*
 * What the model itself does with these operations, with one thing changed: is that a
 * difference?
 */
#define PCI "sys/bus/pci/"
#define NIC "0000:04:00.0"
static const char played[] = "store " PCI "drivers/e1000e/unbind " NIC "\n"
			     "store " PCI "drivers_probe 0000:7f:00.0\n"
			     "store " PCI "devices/" NIC "/remove 1\n"
			     "store " PCI "rescan 1\n";

enum part { NOTHING, RESULTS, TREE };

struct compare_case {
	const char *name;
	enum part part;
	const char *from, *to; /* the first one becomes the other */
	const char *want;      /* in the text of the difference; NULL: there is none */
};

/* clang-format off */
static const struct compare_case cases[] = {
	{ "the same", .want = NULL },
	{ "a result", RESULTS, "= 12\n", "= EBUSY\n", "kernel: EBUSY\n  model: 12\n" },
	{ "an error", RESULTS, "= ENODEV\n", "= 12\n", "kernel: 12\n  model: ENODEV\n" },
	{ "a line that is missing", RESULTS, "%20Adding%20to%20iommu%20group%205\n", "%20Adding%20to%20iommu%20group%206\n",
	  "log: pci " NIC ": Adding to iommu group 6\n" },
	{ "a line that the model does not own", RESULTS, "= 12\n", "= 12\n+ e1000e%200000:04:00.0:%20eth9:%20up\n", NULL },
	{ "an answer", RESULTS, "= ENODEV\n", "= ENODEV\n~ 0 12\n", "answer to operation 0: 12" },
	{ "an attribute", TREE, "/" NIC "/vendor 444 sz=4096 7:\"0x8086\\n\"", "/" NIC "/vendor 444 sz=4096 7:\"0x8087\\n\"",
	  "-F /sys/devices/pci0000:00/0000:00:0b.0/" NIC "/vendor 444 sz=4096 7:\"0x8087\\n\"" },
	{ "a byte of registers, by its place", TREE, "/" NIC "/config 644 sz=4096 4096:\"\\x86", "/" NIC "/config 644 sz=4096 4096:\"\\x87",
	  "/config 644 sz=4096 4096:0x0 87\n" },
	{ "a file that is missing", TREE, "F /sys/devices/pci0000:00/0000:00:0b.0/" NIC "/vendor ", "F /sys/devices/pci0000:00/0000:00:0b.0/" NIC "/vendor2 ",
	  "/" NIC "/vendor2 " },
	{ "a file that the model does not own", TREE, "/" NIC "/power/runtime_active_time 444 sz=4096 ",
	  "/" NIC "/power/runtime_active_time 444 sz=4096 7", NULL },
};
/* clang-format on */

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *ret;

	if (!at)
		fail_msg("nowhere: %s", from);
	if (asprintf(&ret, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) < 0)
		abort();
	return ret;
}

static struct blob fixture(struct arena *a)
{
	struct lab l = { .arena = a };
	struct err e = { "" };
	struct blob b;

	if (lab_read(&l,
		     arena_printf(a, "%s/rigs/6.12-intel-seabios-e.json",
				  getenv("PCIPASS_FIXTURES")),
		     &b, &e) < 0)
		fail_msg("%s", e.text);
	return b;
}

/* A transcript of the model. */
static struct transcript record(struct arena *a)
{
	struct transcript t = { .rig = "6.12-intel-seabios-e", .fixture = fixture(a) };
	struct kernel_batch *b = vec_push(a, &t.batches);
	struct compare_model m;
	struct host h;
	struct err e = { "" };
	char *tree;

	if (compare_open(t.fixture, t.rig, &m, &e) < 0 ||
	    ops_read(a, played, &b->ops, &e) < 0)
		fail_msg("%s", e.text);
	ops_sim_play(&m.player, a, &b->ops, &b->results);
	h = sim_host(m.sim);
	assert_int_equal(tree_write(&h, compare_roots, &tree), 0);
	b->tree = arena_strdup(a, tree);
	free(tree);
	compare_close(&m);
	return t;
}

static char *results_text(const op_results *results)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	vec_foreach(r, results)
		op_result_write(f, r);
	fclose(f);
	return text;
}

static void test_compare(void **state)
{
	const struct compare_case *c = *state;
	struct arena *a = arena_new();
	struct transcript t = record(a);
	struct kernel_batch *b = &t.batches.v[0];
	divergences found;
	struct err e = { "" };

	if (c->part == RESULTS) {
		char *text = results_text(&b->results);
		char *changed = replaced(text, c->from, c->to);

		b->results = (op_results){ 0 };
		assert_int_equal(op_results_read(a, changed, &b->results, &e), 0);
		free(text);
		free(changed);
	} else if (c->part == TREE) {
		char *changed = replaced(b->tree, c->from, c->to);

		b->tree = arena_strdup(a, changed);
		free(changed);
	}
	assert_int_equal(transcript_compare(&t, a, &found, &e), c->want ? 1 : 0);
	if (c->want && !strstr(found.v[0].text, c->want))
		fail_msg("not in it: %s\n%s", c->want, found.v[0].text);
	arena_free(a);
}

static char *in_file(struct arena *a, const void *data, size_t len)
{
	char *path = arena_strdup(a, "/tmp/test-transcript-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
	return path;
}

/* What is written is read, down to the last byte of the tree. */
static void test_file(void **state)
{
	struct arena *a = arena_new();
	struct transcript t = record(a), got;
	char *path = in_file(a, "", 0), *had, *has;
	struct err e = { "" };

	(void)state;
	assert_int_equal(transcript_save(&t, path, &e), 0);
	assert_int_equal(transcript_load(a, path, &got, &e), 0);
	unlink(path);
	assert_string_equal(got.rig, t.rig);
	assert_int_equal(got.fixture.len, t.fixture.len);
	assert_memory_equal(got.fixture.data, t.fixture.data, t.fixture.len);
	assert_int_equal(got.batches.n, 1);
	had = ops_text(&t.batches.v[0].ops);
	has = ops_text(&got.batches.v[0].ops);
	assert_string_equal(has, had);
	free(had);
	free(has);
	had = results_text(&t.batches.v[0].results);
	has = results_text(&got.batches.v[0].results);
	assert_string_equal(has, had);
	free(had);
	free(has);
	assert_string_equal(got.batches.v[0].tree, t.batches.v[0].tree);
	arena_free(a);
}

/* Files that are none: what the message says. */
struct bad_case {
	const char *name;
	const char *text; /* packed */
	const char *want;
};

#define SECTION(name, len, text) name " " len "\n" text "\n"
#define HEAD SECTION("rig", "1", "r") SECTION("fixture", "2", "{}")
/* clang-format off */
static const struct bad_case bad[] = {
	{ "empty", "", "it is not whole" },
	{ "a section without a length", "rig\n", "byte 0: no section begins there" },
	{ "a length beyond the end", "rig 9\nr\n", "byte 0: no section begins there" },
	{ "no name", SECTION("fixture", "2", "{}"), "\"fixture\" is not what comes next" },
	{ "operations before the fixture", SECTION("rig", "1", "r") SECTION("ops", "0", ""), "\"ops\" is not what comes next" },
	{ "another section", HEAD SECTION("junk", "0", ""), "\"junk\" is not what comes next" },
	{ "two fixtures", HEAD SECTION("fixture", "2", "{}"), "\"fixture\" is not what comes next" },
	{ "a broken operation", HEAD SECTION("ops", "4", "junk"), "line 1: junk" },
	{ "fewer results than operations", HEAD SECTION("ops", "8", "claim 1\n") SECTION("results", "0", "") SECTION("tree", "0", ""),
	  "\"tree\" is not what comes next" },
	{ "a tree too early", HEAD SECTION("ops", "8", "claim 1\n") SECTION("tree", "0", ""), "\"tree\" is not what comes next" },
	{ "no tree", HEAD SECTION("ops", "8", "claim 1\n") SECTION("results", "4", "= 0\n"), "it is not whole" },
};
/* clang-format on */

static void test_bad(void **state)
{
	const struct bad_case *c = *state;
	struct arena *a = arena_new();
	uint8_t packed[1024];
	struct transcript t;
	struct err e = { "" };
	size_t n = ZSTD_compress(packed, sizeof(packed), c->text, strlen(c->text), 1);
	char *path = in_file(a, packed, n);

	assert_int_equal(transcript_load(a, path, &t, &e), -EINVAL);
	unlink(path);
	assert_string_equal(e.text, arena_printf(a, "%s: %s", path, c->want));
	arena_free(a);
}

static void test_not_packed(void **state)
{
	struct arena *a = arena_new();
	char *path = in_file(a, "rig 1\nr\n", 8);
	struct transcript t;
	struct err e = { "" };

	(void)state;
	assert_int_equal(transcript_load(a, path, &t, &e), -EINVAL);
	assert_string_equal(e.text, arena_printf(a, "%s: this is no transcript", path));
	unlink(path);
	assert_int_equal(transcript_load(a, path, &t, &e), -ENOENT);
	arena_free(a);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(bad) + 2];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ cases[i].name, test_compare, NULL, NULL,
						  (void *)(uintptr_t)&cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tests[n++] = (struct CMUnitTest){ bad[i].name, test_bad, NULL, NULL,
						  (void *)(uintptr_t)&bad[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_file);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_not_packed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
