/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <sys/ioctl.h>

#include "core/text.h"
#include "vmtests/progress.h"

#define WIDTH_ELSE 80

void progress_init(struct progress *p, FILE *out, size_t total)
{
	*p = (struct progress){ .out = out,
				.terminal = isatty(fileno(out)) == 1,
				.total = total };
}

/* Each time, because windows change. */
static unsigned width_of(const struct progress *p)
{
	struct winsize ws = { 0 };

	if (p->width)
		return p->width;
	if (ioctl(fileno(p->out), TIOCGWINSZ, &ws) == 0 && ws.ws_col)
		return ws.ws_col;
	return WIDTH_ELSE;
}

/* Characters, of which each takes a column. */
static unsigned columns_of(const char *s)
{
	unsigned n = 0;
	uint32_t c;

	for (; *s; s += text_decode(s, &c))
		n++;
	return n;
}

static void cut(char *text, unsigned columns)
{
	uint32_t c;

	while (*text && columns--)
		text += text_decode(text, &c);
	*text = '\0';
}

/* Blanks instead of an escape sequence: not every terminal has one. */
static void blank(const struct progress *p, unsigned from, unsigned to)
{
	if (to > from)
		fprintf(p->out, "%*s", (int)(to - from), "");
}

void progress_show(struct progress *p, size_t number, double seconds, const char *fmt,
		   ...)
{
	AUTOARENA struct arena *a = arena_new();
	int digits = snprintf(NULL, 0, "%zu", p->total);
	char *line;
	va_list ap;

	if (!p->terminal)
		return;
	va_start(ap, fmt);
	line = text_line(a, arena_vprintf(a, fmt, ap));
	va_end(ap);
	line = arena_printf(a, "[%*zu/%zu] %s, %.0f s", digits, number, p->total, line,
			    seconds);
	/* In the last column the cursor would go to the next line on some. */
	cut(line, width_of(p) - 1);
	if (p->shown && streq(p->shown, line))
		return;
	fprintf(p->out, "\r%s", line);
	if (p->shown)
		blank(p, columns_of(line), columns_of(p->shown));
	(void)fflush(p->out);
	free(p->shown);
	p->shown = strdup(line);
}

void progress_clear(struct progress *p)
{
	if (!p->shown)
		return;
	fputc('\r', p->out);
	blank(p, 0, columns_of(p->shown));
	fputc('\r', p->out);
	(void)fflush(p->out);
	free(TAKE(p->shown));
}
