/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "vmtests/inside-tap.h"

static void print_start(struct tap *t, bool ok)
{
	t->done++;
	t->failed += !ok;
	printf("%s %d - ", ok ? "ok" : "not ok", t->done);
}

static void print_end(void)
{
	putchar('\n');
	fflush(stdout);
}

static const char *errno_name(int result)
{
	const char *name = result < 0 ? strerrorname_np(-result) : "no error";

	return name ? name : "unknown error";
}

bool tap_result(struct tap *t, int err, const char *what, ...)
{
	va_list ap;

	print_start(t, err >= 0);
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	if (err < 0)
		printf(": %s", errno_name(err));
	print_end();
	return err >= 0;
}

bool tap_answer(struct tap *t, int got, int right, const char *what, ...)
{
	va_list ap;

	print_start(t, got == right);
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	printf(": %s", errno_name(got));
	if (got != right)
		printf(", not %s", errno_name(right));
	print_end();
	return got == right;
}

bool tap_check(struct tap *t, bool ok, const char *what, const char *why, ...)
{
	va_list ap;

	print_start(t, ok);
	fputs(what, stdout);
	if (!ok) {
		fputs(": ", stdout);
		va_start(ap, why);
		vprintf(why, ap);
		va_end(ap);
	}
	print_end();
	return ok;
}

void tap_skip(struct tap *t, const char *what, const char *why)
{
	print_start(t, true);
	printf("%s # SKIP %s", what, why);
	print_end();
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	print_end();
}

int tap_done(const struct tap *t)
{
	printf("1..%d", t->done);
	print_end();
	return t->done == 0 || t->failed > 0;
}
