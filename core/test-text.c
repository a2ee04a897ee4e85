/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/text.h"

/* A text, and what is made of it. */
struct text_case {
	const char *name, *text, *want;
};

static void test_escape(void **state)
{
	const struct text_case *c = *state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	text_escape(out, c->text);
	fclose(out);
	assert_string_equal(text, c->want);
	free(text);
}

#define BAD "\xef\xbf\xbd"
static const struct text_case escapes[] = {
	/* clang-format off */
	{ "plain text", "GP104 [GeForce]", "GP104 [GeForce]" },
	{ "markup", "<b a=\"1\">'&amp;", "&lt;b a=&quot;1&quot;&gt;&#39;&amp;amp;" },
	{ "the end of CDATA and of a comment", "]]>-->", "]]&gt;--&gt;" },
	{ "lines and tabs stay", "a\n\tb", "a\n\tb" },
	{ "control characters", "a\x01\x1b[2J\x7f", "a" BAD BAD "[2J" BAD },
	{ "UTF-8 of two, three and four bytes", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
	  "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "no UTF-8", "\xfc\xff", BAD BAD },
	{ "a lonely second byte", "a\x80z", "a" BAD "z" },
	{ "cut short", "a\xe2\x82", "a" BAD },
	{ "cut short by another", "\xe2<", BAD "&lt;" },
	{ "longer than need be", "\xc0\xbc", BAD },
	{ "half of a pair", "\xed\xa0\x80", BAD },
	{ "beyond Unicode", "\xf4\x90\x80\x80", BAD },
	{ "no character", "\xef\xbf\xbf", BAD },
	{ "C1 controls", "\xc2\x9b", BAD },
	{ "text that turns around", "\xe2\x80\xae" "a\xe2\x81\xa6", BAD "a" BAD },
	/* clang-format on */
};

static void test_plain(void **state)
{
	const struct text_case *c = *state;
	struct arena *a = arena_new();

	assert_string_equal(text_plain(a, c->text), c->want);
	assert_null(text_plain(a, NULL));
	arena_free(a);
}

static const struct text_case plains[] = {
	/* clang-format off */
	{ "plain lines", "a\n\tb\n\nc", "a\n\tb\n\nc" },
	{ "the end is cut", "a\n \r\n\n", "a" },
	{ "nothing but ends", "\r\n\r\n", "" },
	{ "lines of a console", "a\r\nb\r\r\nc", "a\nb\nc" },
	{ "a line that was written over", "10%\r20%\r", "10%\n20%" },
	{ "colours", "\033[1;31mred\033[0m\033[K", "red" },
	{ "a cursor that moves", "\033[?25la\033[2;1Hb\033=", "ab" },
	{ "a title by BEL, and by ST", "\033]0;x\aa\033]0;x\033\\b", "ab" },
	{ "a title without end", "\033]0;x\na", "\na" },
	{ "a character set", "\033(Ba", "a" },
	{ "cut short", "a\033", "a" },
	{ "cut short inside", "a\033[1;", "a" },
	{ "cut short in a title", "a\033]0;", "a" },
	{ "a sequence that is none", "\033[1\nb", "\nb" },
	{ "others", "a\x01\xc2\x9b\xff", "a" BAD BAD BAD },
	{ "markup stays", "<a & 'b'>", "<a & 'b'>" },
	/* clang-format on */
};

static void test_line(void **state)
{
	const struct text_case *c = *state;
	struct arena *a = arena_new();

	assert_string_equal(text_line(a, c->text), c->want);
	assert_null(text_line(a, NULL));
	arena_free(a);
}

static const struct text_case lines[] = {
	{ "one line of several", "a\r\nb\tc\n", "a b c" },
	{ "one line stays", "a b", "a b" },
};

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(escapes) + ARRAY_SIZE(plains) + ARRAY_SIZE(lines)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		tests[n++] = (struct CMUnitTest){ escapes[i].name, test_escape, NULL, NULL,
						  (void *)(uintptr_t)&escapes[i] };
	for (size_t i = 0; i < ARRAY_SIZE(plains); i++)
		tests[n++] = (struct CMUnitTest){ plains[i].name, test_plain, NULL, NULL,
						  (void *)(uintptr_t)&plains[i] };
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		tests[n++] = (struct CMUnitTest){ lines[i].name, test_line, NULL, NULL,
						  (void *)(uintptr_t)&lines[i] };
	/* clang-format on */
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
