/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <cmocka.h>

#include "core/arena.h"
#include "vmtests/progress.h"

struct step {
	size_t number; /* 0: clear */
	double seconds;
	const char *text;
};

struct progress_case {
	const char *name;
	size_t total;
	unsigned width;
	struct step steps[4]; /* end with neither number nor text */
	bool elsewhere;       /* no terminal */
	const char *want;
};

static void test_progress(void **state)
{
	const struct progress_case *c = *state;
	struct progress p;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	progress_init(&p, out, c->total);
	assert_false(p.terminal);
	p.terminal = !c->elsewhere;
	p.width = c->width;
	for (const struct step *s = c->steps; s->number || s->text; s++) {
		if (s->number)
			progress_show(&p, s->number, s->seconds, "%s", s->text);
		else
			progress_clear(&p);
	}
	progress_clear(&p);
	fclose(out);
	assert_string_equal(text, c->want);
	free(text);
}

#define CLEAR                                                                            \
	{                                                                                \
		0, 0, ""                                                                 \
	}
static const struct progress_case cases[] = {
	/* clang-format off */
	{ "one line", 24, 80, { { 7, 34.4, "6.12 amd: conform 8/20" } },
	  .want = "\r[ 7/24] 6.12 amd: conform 8/20, 34 s\r                                    \r" },
	{ "a shorter one over it", 9, 80, { { 1, 1, "abc" }, { 2, 1, "a" } },
	  .want = "\r[1/9] abc, 1 s\r[2/9] a, 1 s  \r            \r" },
	{ "the same is not written again", 9, 80, { { 1, 1, "a" }, { 1, 1.2, "a" } },
	  .want = "\r[1/9] a, 1 s\r            \r" },
	{ "again after other output", 9, 80, { { 1, 1, "a" }, CLEAR, { 1, 1, "a" } },
	  .want = "\r[1/9] a, 1 s\r            \r\r[1/9] a, 1 s\r            \r" },
	{ "cut before the last column", 9, 10, { { 1, 1, "abcdef" } },
	  .want = "\r[1/9] abc\r         \r" },
	{ "cut between characters", 9, 9, { { 1, 1, "a\xc3\xbc\xc3\xbc" } },
	  .want = "\r[1/9] a\xc3\xbc\r        \r" },
	{ "what would move the cursor", 9, 80, { { 1, 1, "a\033[2J\nb" } },
	  .want = "\r[1/9] a b, 1 s\r              \r" },
	{ "no terminal", 9, 80, { { 1, 1, "a" }, CLEAR }, true, "" },
	{ "nothing to clear", 9, 80, { CLEAR }, .want = "" },
	/* clang-format on */
};

/* On a real terminal, of its own width. */
static void test_terminal(void **state)
{
	const struct winsize narrow = { .ws_row = 24, .ws_col = 12 };
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char text[64] = "";
	struct progress p;
	FILE *out;

	(void)state;
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		print_message("no pseudo-terminal\n");
		skip();
	}
	assert_int_equal(ioctl(master, TIOCSWINSZ, &narrow), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	out = fdopen(slave, "w");
	progress_init(&p, out, 9);
	assert_true(p.terminal);
	progress_show(&p, 1, 1, "abcdefgh");
	assert_true(read(master, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "\r[1/9] abcde");
	progress_clear(&p);
	fclose(out);
	close(master);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_progress,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	tests[ARRAY_SIZE(cases)] = (struct CMUnitTest)cmocka_unit_test(test_terminal);
	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
