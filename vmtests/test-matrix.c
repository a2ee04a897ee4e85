/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/matrix.h"

/* One result, in the order in which they come. */
struct given {
	struct cell cell;
	const char *part; /* NULL: the cell was not run */
	enum result_outcome outcome;
	double seconds;
	const char *text, *evidence;
};

struct matrix_case {
	const char *name;
	struct given given[8]; /* ends with no kernel */
	const char *want[6];   /* all are there, in this order */
	const char *never[4];
	bool colour;
};

#define A "6.12", "intel", "ovmf", "a"
#define B "6.1", "intel", "ovmf", "b"
#define C "6.12", "amd", "seabios", "c"

static char *render(const struct matrix_case *c, bool html)
{
	struct arena *a = arena_new();
	struct matrix m = { .title = "lab <conform>",
			    .date = "2026-11-22 14:03",
			    .seed = "42",
			    .again = "pcipass-lab --seed 42 && x",
			    .seconds = 3725 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (const struct given *g = c->given; g->cell.kernel; g++) {
		const struct result r = { .name = "x",
					  .outcome = g->outcome,
					  .seconds = g->seconds,
					  .text = g->text,
					  .evidence = g->evidence };

		if (g->part)
			matrix_add(a, &m, &g->cell, g->part, &r);
		else
			*vec_push(a, &m.cells) = g->cell;
	}
	if (html)
		matrix_html(out, &m);
	else
		matrix_print(out, &m, true, c->colour);
	fclose(out);
	arena_free(a);
	return text;
}

static void check(const struct matrix_case *c, bool html)
{
	char *text = render(c, html);
	const char *at = text;

	for (size_t i = 0; i < ARRAY_SIZE(c->want) && c->want[i]; i++) {
		at = strstr(at, c->want[i]);
		if (!at)
			print_message("not there: %s\nin: %s\n", c->want[i], text);
		assert_non_null(at);
		at += strlen(c->want[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(c->never) && c->never[i]; i++) {
		if (strstr(text, c->never[i]))
			print_message("there: %s\nin: %s\n", c->never[i], text);
		assert_null(strstr(text, c->never[i]));
	}
	free(text);
}

static void test_print(void **state)
{
	check(*state, false);
}

static void test_html(void **state)
{
	check(*state, true);
}

static const struct matrix_case prints[] = {
	/* clang-format off */
	{ "rows by version, columns as they come, and what was not run",
	  { { { A }, "boot", RESULT_PASSED, 12 }, { { B }, "vfio", RESULT_PASSED, 185 },
	    { { C } } },
	  { "lab <conform>  2026-11-22 14:03  seed 42\n\n"
	    "KERNEL IOMMU FIRMWARE TOPOLOGY BOOT   VFIO    TIME\n"
	    "6.1    intel ovmf     b        -      ok 3m05 3m05\n"
	    "6.12   amd   seabios  c        -      -         0s\n"
	    "6.12   intel ovmf     a        ok 12s -        12s\n"
	    "ok 12s: passed, in 12 seconds   -: not run\n\n"
	    "3 cells: 2 passed, 0 failed, 0 skipped, 4 not run; 1 h 02 min.\n"
	    "Again: pcipass-lab --seed 42 && x\n" },
	  { "FAILED", "kipped\n", "\033" } },
	{ "a failure with the end of its console",
	  { { { A }, "boot", RESULT_FAILED, 180, "no login\n",
	      "0\n1\r\n2\n3\n4\n5\n6\n\033[1m7\033[0m\n8\n9\n" } },
	  { "a        FAILED 3m00\n", "\nFAILED\n  6.12 intel ovmf a: boot, after 3 min 00 s\n"
	    "    no login\n    | ...\n    | 2\n    | 3\n    | 4\n    | 5\n    | 6\n    | 7\n"
	    "    | 8\n    | 9\n\n1 cell: 0 passed, 1 failed" },
	  { "all of them" } },
	{ "a console of as many lines as are shown",
	  { { { A }, "boot", RESULT_FAILED, 1, "no", "1\n2\n3\n4\n5\n6\n7\n8" } },
	  { "no\n    | 1\n    | 2\n" } },
	{ "a failure without any words", { { { A }, "boot", RESULT_FAILED, 1 } },
	  { "after 1 s\n    no reason given\n\n1 cell" } },
	{ "skips of one reason together",
	  { { { A }, "vfio", RESULT_SKIPPED, 0, "no IOMMU" }, { { B }, "nested", RESULT_SKIPPED, 0, "late" },
	    { { C }, "vfio", RESULT_SKIPPED, 0, "no IOMMU" }, { { C }, "nested", RESULT_SKIPPED } },
	  { "seabios  c        skipped skipped", "\nSkipped\n  late\n    nested in 6.1 intel ovmf b\n"
	    "  no IOMMU\n    vfio in 6.12 amd seabios c, 6.12 intel ovmf a\n"
	    "  no reason given\n    nested in 6.12 amd seabios c\n" } },
	{ "no list of cells without end",
	  { { { A }, "vfio", RESULT_SKIPPED, 0, "x" }, { { B }, "vfio", RESULT_SKIPPED, 0, "x" },
	    { { C }, "vfio", RESULT_SKIPPED, 0, "x" }, { { "7.3", "none", "ovmf", "a" }, "vfio", RESULT_SKIPPED, 0, "x" },
	    { { "7.3", "none", "ovmf", "b" }, "vfio", RESULT_SKIPPED, 0, "x" },
	    { { "7.3", "none", "ovmf", "c" }, "vfio", RESULT_SKIPPED, 0, "x" } },
	  { "7.3 none ovmf a and 2 more\n" }, { "ovmf c\n" } },
	{ "the worst of several, the time of all",
	  { { { A }, "boot", RESULT_PASSED, 1 }, { { A }, "boot", RESULT_FAILED, 2, "no" },
	    { { A }, "boot", RESULT_SKIPPED, 4, "late" } },
	  { "a        FAILED   7s\n", "1 cell: 0 passed, 1 failed, 0 skipped, 0 not run" }, { "late" } },
	{ "what failures have in common",
	  { { { A }, "boot", RESULT_FAILED, 1, "no" }, { { C }, "boot", RESULT_FAILED, 1, "no" },
	    { { B }, "boot", RESULT_PASSED, 1 }, { { B }, "vfio", RESULT_PASSED, 1 } },
	  { "\nFAILED\n  all of them: boot, kernel 6.12\n" } },
	{ "one failure has nothing in common", { { { A }, "boot", RESULT_FAILED, 1, "no" }, { { B }, "boot", RESULT_PASSED, 1 } },
	  { "FAILED\n  6.12 intel" }, { "all of them" } },
	{ "versions are no words", { { { "6.12", "intel", "ovmf", "a" } }, { { "6.9", "intel", "ovmf", "a" } }, { { A }, "x", RESULT_PASSED } },
	  { "\n6.9 ", "\n6.12 " } },
	{ "what all cells have says nothing",
	  { { { A }, "boot", RESULT_FAILED, 1, "no" }, { { B }, "boot", RESULT_FAILED, 1, "no" } },
	  { "FAILED\n  6.1 intel" }, { "all of them" } },
	{ "colours", { { { A }, "boot", RESULT_FAILED, 1, "no" }, { { B }, "boot", RESULT_PASSED, 1 } },
	  { "\033[32mok 1s", "\033[31mFAILED", "\033[1;31mFAILED\033[0m\n" }, .colour = true },
	{ "nothing", { { { NULL } } }, { "0 cells: 0 passed" } },
	/* clang-format on */
};

static const struct matrix_case pages[] = {
	/* clang-format off */
	{ "a page of what passed", { { { A }, "boot", RESULT_PASSED, 12 }, { { B }, "boot", RESULT_PASSED, 185 } },
	  { "<title>All 2 passed: lab &lt;conform&gt;</title>", "prefers-color-scheme:dark",
	    "<div class=\"verdict good\">All 2 passed</div>",
	    "<dd>2026-11-22 14:03</dd>\n<dt>Took</dt><dd>1 h 02 min</dd>\n<dt>Seed</dt><dd><code>42</code></dd>\n"
	    "<dt>Again</dt><dd><code>pcipass-lab --seed 42 &amp;&amp; x</code>",
	    "rowspan=\"1\">6.1</th>", "<td class=\"ok\">ok <small>3 min 05 s</small></td>" },
	  { "What failed", "What was skipped", "<script", "<conform>" } },
	{ "rows of one kernel together",
	  { { { A }, "boot", RESULT_PASSED, 1 }, { { B }, "boot", RESULT_PASSED, 1 }, { { C }, "boot", RESULT_PASSED, 1 } },
	  { "rowspan=\"1\">6.1</th>", "rowspan=\"2\">6.12</th><th scope=\"row\">amd</th>", "<tr><th scope=\"row\">intel</th>",
	    "<td>3 s</td><td class=\"time\">3 s</td></tr>\n</tfoot>" } },
	{ "a failure leads to its console",
	  { { { A }, "boot", RESULT_FAILED, 180, "no \"<login>\"", "<b>one\033[K\r\n</pre>" }, { { C }, "vfio", RESULT_FAILED, 1 } },
	  { "<div class=\"verdict bad\">2 of 2 failed</div>", "<details open=\"\">",
	    "<div id=\"f2\" class=\"inside\"><div class=\"console\"><pre>\n&lt;b&gt;one\n&lt;/pre&gt;</pre>",
	    "<a href=\"#f1\"", "<a href=\"#f2\" title=\"no &quot;&lt;login&gt;&quot;\">FAILED</a>" },
	  { "<login>", "<b>one", "\033" } },
	{ "some failures are open",
	  { { { A }, "1", RESULT_FAILED }, { { A }, "2", RESULT_FAILED }, { { A }, "3", RESULT_FAILED },
	    { { A }, "4", RESULT_FAILED }, { { A }, "5", RESULT_FAILED } },
	  { "<details open=\"\">" }, { "<details>" } },
	{ "many failures are closed",
	  { { { A }, "1", RESULT_FAILED }, { { A }, "2", RESULT_FAILED }, { { A }, "3", RESULT_FAILED },
	    { { A }, "4", RESULT_FAILED }, { { A }, "5", RESULT_FAILED }, { { A }, "6", RESULT_FAILED } },
	  { "6 of 6 failed", "<details>", "<span class=\"why\">no reason given</span>", "No console was kept." },
	  { "<details open" } },
	{ "what failures have in common",
	  { { { A }, "boot", RESULT_FAILED }, { { C }, "vfio", RESULT_FAILED }, { { B }, "boot", RESULT_PASSED } },
	  { "<p>All of them: <b>kernel 6.12</b>.</p>" } },
	{ "reasons of skips",
	  { { { A }, "v<fio", RESULT_SKIPPED, 0, "no <IOMMU>" }, { { B }, "boot" , RESULT_SKIPPED, 0, "no <IOMMU>" } },
	  { "<div class=\"verdict none\">Nothing was run</div>", "<td class=\"dim\">-</td>",
	    "title=\"no &lt;IOMMU&gt;\">skipped</td>",
	    "<li>no &lt;IOMMU&gt;<br/><span class=\"dim\">boot, v&lt;fio on ", "6.1 intel ovmf b</span>, " },
	  { "<IOMMU>", "v<fio" } },
	{ "cells with odd names", { { { "<6>", "<i>", "<f>", "<t>" }, "<p>", RESULT_FAILED, 1, "x" } },
	  { "&lt;6&gt;" }, { "<6>", "<i>", "<f>", "<t>" } },
	/* clang-format on */
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(prints) + ARRAY_SIZE(pages)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(prints); i++)
		tests[n++] = (struct CMUnitTest){ prints[i].name, test_print, NULL, NULL,
						  (void *)(uintptr_t)&prints[i] };
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		tests[n++] = (struct CMUnitTest){ pages[i].name, test_html, NULL, NULL,
						  (void *)(uintptr_t)&pages[i] };
	/* clang-format on */
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
