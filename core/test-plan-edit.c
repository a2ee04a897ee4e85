/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/modprobe.h"
#include "core/plan-edit.h"

static strings words(struct arena *a, const char *const v[])
{
	strings list = { 0 };

	for (size_t i = 0; v[i]; i++)
		*vec_push(a, &list) = v[i];
	return list;
}

struct lines_case {
	const char *name, *text, *header;
	const char *lines[4];
	const char *want;
};

static void test_lines(void **state)
{
	const struct lines_case *c = *state;
	struct arena *a = arena_new();
	const strings lines = words(a, c->lines);

	assert_string_equal(
		edit_add_lines(a, c->text, c->header ? c->header : "", &lines), c->want);
	arena_free(a);
}

/* The edited text as modprobe reads it: this many lines, and this one then says @said. */
struct conf_case {
	const char *name, *text;
	unsigned line; /* to edit; 0: the softdep's or option's own, as parsed */
	const char *ids[3];
	const char *want; /* NULL: cannot be edited */
	const char *said; /* all options of vfio-pci, or pre-dependencies of nouveau */
};

static void test_ids(void **state)
{
	const struct conf_case *c = *state;
	struct arena *a = arena_new();
	const strings ids = words(a, c->ids);
	struct modprobe_config config = { 0 };
	vfio_ids found = { 0 };
	const char *said = "";
	char *got;

	got = edit_ids(a, c->text, c->line, &ids);
	if (!c->want) {
		assert_null(got);
		arena_free(a);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, c->want);
	modprobe_parse(a, "x.conf", got, &config);
	vfio_parse_ids(a, modprobe_options(&config, a, "vfio_pci"), &found);
	vec_foreach(id, &found) {
		assert_null(id->bad);
		said = arena_printf(a, "%s%s;", said, id->text);
	}
	assert_string_equal(said, c->said);
	arena_free(a);
}

static void test_softdep(void **state)
{
	const struct conf_case *c = *state;
	struct arena *a = arena_new();
	struct modprobe_config config = { 0 };
	char *got = edit_softdep(a, c->text, c->line);
	const char *said = "";

	assert_string_equal(got, c->want);
	modprobe_parse(a, "x.conf", got, &config);
	vec_foreach(l, &config.lines) {
		assert_int_not_equal(l->verb, MODPROBE_BAD);
		if (l->verb != MODPROBE_SOFTDEP || !streq(l->arg[0], "nouveau"))
			continue;
		vec_foreach(pre, &l->pre)
			said = arena_printf(a, "%s%s;", said, *pre);
		vec_foreach(post, &l->post)
			said = arena_printf(a, "%s>%s;", said, *post);
	}
	assert_string_equal(said, c->said);
	arena_free(a);
}

#define A "10de:1b81"
#define B "10de:10f0"

/* clang-format off */
static const struct lines_case lines[] = {
	{ "a new file gets the header", NULL, "# ours\n", { "vfio" }, "# ours\nvfio\n" },
	{ "an empty file does not", "", "# ours\n", { "vfio" }, "vfio\n" },
	{ "behind a last line without newline", "loop", NULL, { "vfio" }, "loop\nvfio\n" },
	{ "what is there is not put again", " vfio\t\nloop\n", NULL, { "vfio", "loop" },
	  " vfio\t\nloop\n" },
	{ "a comment is not the line", "#vfio\n", NULL, { "vfio" }, "#vfio\nvfio\n" },
	{ "a longer word is not the line", "vfio_pci\n", NULL, { "vfio" },
	  "vfio_pci\nvfio\n" },
	/* kmod 30, libkmod/libkmod-config.c and libkmod-util.c:getline_wrapped */
	{ "behind a last line that goes on", "options kvm ignore_msrs=1 \\\n", NULL, { "vfio" },
	  "options kvm ignore_msrs=1 \\\n\nvfio\n" },
	{ "the same without newline", "options kvm ignore_msrs=1 \\", NULL, { "vfio" },
	  "options kvm ignore_msrs=1 \\\n\nvfio\n" },
	{ "two backslashes hide nothing", "options a b=\\\\", NULL, { "vfio" },
	  "options a b=\\\\\nvfio\n" },
	{ "a line inside a comment that goes on", "# off: \\\nvfio\n", NULL, { "vfio" },
	  "# off: \\\nvfio\nvfio\n" },
	{ "there already, over two lines", "options a \\\nb=1\n", NULL, { "options a b=1" },
	  "options a \\\nb=1\n" },
	{ "twice the same", "", NULL, { "vfio", "vfio" }, "vfio\n" },
};
static const struct conf_case ids[] = {
	{ "behind the others", "options vfio-pci ids=" A "\n", 1, { B },
	  "options vfio-pci ids=" A "," B "\n", A ";" B ";" },
	{ "another option follows", "#\noptions vfio-pci ids=" A " disable_vga=1\n", 2, { B },
	  "#\noptions vfio-pci ids=" A "," B " disable_vga=1\n", A ";" B ";" },
	{ "in quotes", "options vfio-pci ids=\"" A "\"\n", 1, { B },
	  "options vfio-pci ids=\"" A "," B "\"\n", A ";" B ";" },
	{ "no final newline", "options vfio-pci ids=" A, 1, { B },
	  "options vfio-pci ids=" A "," B, A ";" B ";" },
	{ "there already, in capitals", "options vfio-pci ids=10DE:1B81\n", 1, { A },
	  "options vfio-pci ids=10DE:1B81\n", "10DE:1B81;" },
	{ "a longer one is another", "options vfio-pci ids=" A ":1043:1\n", 1, { A },
	  "options vfio-pci ids=" A ":1043:1," A "\n", A ":1043:1;" A ";" },
	{ "none so far", "options vfio-pci ids=\n", 1, { A, B },
	  "options vfio-pci ids=" A "," B "\n", A ";" B ";" },
	{ "a comma at the end", "options vfio-pci ids=" A ",\n", 1, { B },
	  "options vfio-pci ids=" A "," B "\n", A ";" B ";" },
	{ "another option ends with ids=", "options vfio-pci noids=1 ids=" A "\n", 1, { B },
	  "options vfio-pci noids=1 ids=" A "," B "\n", A ";" B ";" },
	/* drivers/vfio/pci: a string parameter given twice keeps the last */
	{ "of two the last", "options vfio-pci ids=" A " ids=" A "\n", 1, { B },
	  "options vfio-pci ids=" A " ids=" A "," B "\n", A ";" A ";" B ";" },
	{ "on a continued line", "options vfio-pci \\\n  ids=" A "\nx\n", 1, { B },
	  "options vfio-pci \\\n  ids=" A "," B "\nx\n", A ";" B ";" },
	{ "through a continued line", "options vfio-pci ids=" A ",\\\n" B "\n", 1, { "1:2" },
	  "options vfio-pci ids=" A ",\\\n" B ",1:2\n", A ";" B ";1:2;" },
	{ "no ids= there", "options vfio-pci disable_vga=1\n", 1, { A } },
	{ "no such line", "options vfio-pci ids=" A "\n", 7, { A } },
};
static const struct conf_case softdeps[] = {
	{ "before the others", "softdep nouveau pre: mxm_wmi\n", 1,
	  .want = "softdep nouveau pre: vfio-pci mxm_wmi\n", .said = "vfio-pci;mxm_wmi;" },
	{ "only a post", "softdep nouveau post: mxm_wmi\n", 1,
	  .want = "softdep nouveau post: mxm_wmi pre: vfio-pci\n",
	  .said = "vfio-pci;>mxm_wmi;" },
	{ "the second line", "softdep x pre: y\nsoftdep nouveau pre: y", 2,
	  .want = "softdep x pre: y\nsoftdep nouveau pre: vfio-pci y", .said = "vfio-pci;y;" },
	{ "a continued line", "softdep nouveau \\\n post: y\n", 1,
	  .want = "softdep nouveau \\\n post: y pre: vfio-pci\n", .said = "vfio-pci;>y;" },
	{ "pre: on the continued line", "softdep nouveau \\\npre: y\n", 1,
	  .want = "softdep nouveau \\\npre: vfio-pci y\n", .said = "vfio-pci;y;" },
	{ "an escaped backslash ends nothing", "softdep nouveau post: a\\\\\nblacklist b\n", 1,
	  .want = "softdep nouveau post: a\\\\ pre: vfio-pci\nblacklist b\n",
	  .said = "vfio-pci;>a\\;" },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(lines) + ARRAY_SIZE(ids) + ARRAY_SIZE(softdeps)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		tests[n++] = (struct CMUnitTest){ lines[i].name, test_lines, NULL, NULL,
						  (void *)(uintptr_t)&lines[i] };
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		tests[n++] = (struct CMUnitTest){ ids[i].name, test_ids, NULL, NULL,
						  (void *)(uintptr_t)&ids[i] };
	for (size_t i = 0; i < ARRAY_SIZE(softdeps); i++)
		tests[n++] = (struct CMUnitTest){ softdeps[i].name, test_softdep, NULL, NULL,
						  (void *)(uintptr_t)&softdeps[i] };
	/* clang-format on */
	return cmocka_run_group_tests_name("plan-edit", tests, NULL, NULL);
}
