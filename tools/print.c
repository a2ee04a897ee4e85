/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <langinfo.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "core/names.h"
#include "tools/print.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 100
#define WIDTH_ELSE 90

static const char *const tones[] = {
	[TONE_PLAIN] = "",        [TONE_BOLD] = "\033[1m",  [TONE_DIM] = "\033[2m",
	[TONE_GOOD] = "\033[32m", [TONE_WARN] = "\033[33m", [TONE_BAD] = "\033[1;31m",
	[TONE_NOTE] = "\033[36m",
};

void printer_init(struct printer *p, FILE *out, enum colour_when when)
{
	struct winsize ws = { 0 };

	*p = (struct printer){
		.out = out,
		.terminal = isatty(fileno(out)),
		.utf8 = streq(nl_langinfo(CODESET), "UTF-8"),
		.width = WIDTH_ELSE,
		.again = "pcipass",
		.sudo = "",
		.devices = "",
	};
	if (p->terminal && ioctl(fileno(out), TIOCGWINSZ, &ws) == 0 && ws.ws_col)
		p->width = ws.ws_col < WIDTH_MIN   ? WIDTH_MIN
			   : ws.ws_col > WIDTH_MAX ? WIDTH_MAX
						   : ws.ws_col;
	p->colour = when == COLOUR_ALWAYS || (when == COLOUR_AUTO && p->terminal);
}

static void tone_on(const struct printer *p, enum tone t)
{
	if (p->colour && t != TONE_PLAIN)
		fputs(tones[t], p->out);
}

static void tone_off(const struct printer *p, enum tone t)
{
	if (p->colour && t != TONE_PLAIN)
		fputs("\033[0m", p->out);
}

void say(const struct printer *p, enum tone t, const char *fmt, ...)
{
	va_list ap;

	tone_on(p, t);
	va_start(ap, fmt);
	vfprintf(p->out, fmt, ap);
	va_end(ap);
	tone_off(p, t);
}

void say_heading(const struct printer *p, const char *title)
{
	fputc('\n', p->out);
	say(p, TONE_BOLD, "%s", title);
	fputc('\n', p->out);
}

/* Columns of the first @n bytes: UTF-8 continuation bytes take none. */
static unsigned columns_of(const char *s, size_t n)
{
	unsigned columns = 0;

	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)s[i] & 0xc0) != 0x80;
	return columns;
}

/* One line of text, broken at blanks where it would pass the edge. */
static void wrap_line(const struct printer *p, unsigned indent, const char *s, size_t len)
{
	unsigned at = indent;
	size_t end;

	for (size_t i = 0; i < len; i = end) {
		size_t start = i;
		unsigned word;

		while (start < len && s[start] == ' ')
			start++;
		for (end = start; end < len && s[end] != ' ';)
			end++;
		if (start == end)
			break;
		word = columns_of(s + start, end - start);
		if (at > indent && at + 1 + word > p->width) {
			fprintf(p->out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', p->out);
			at++;
		}
		fprintf(p->out, "%.*s", (int)(end - start), s + start);
		at += word;
	}
}

void say_para(const struct printer *p, enum tone t, const char *lead, unsigned indent,
	      const char *text)
{
	unsigned used = columns_of(lead, strlen(lead));

	fprintf(p->out, "%s", lead);
	for (bool first = true;; first = false) {
		size_t n = strcspn(text, "\n");
		unsigned pad = first && used < indent ? indent - used
			       : first                ? 0
						      : indent;

		if (n)
			fprintf(p->out, "%*s", (int)pad, "");
		tone_on(p, t);
		if (after_prefix(text, "  "))
			fprintf(p->out, "%.*s", (int)n, text);
		else
			wrap_line(p, indent, text, n);
		tone_off(p, t);
		fputc('\n', p->out);
		if (!text[n] || !text[n + 1])
			return;
		text += n + 1;
	}
}

static enum tone diff_tone(char first)
{
	switch (first) {
	case '+':
		return TONE_GOOD;
	case '-':
		return TONE_BAD;
	case '@':
		return TONE_NOTE;
	default:
		return TONE_PLAIN;
	}
}

void say_diff(const struct printer *p, const char *indent, const char *diff)
{
	while (*diff) {
		size_t n = strcspn(diff, "\n");
		bool header = after_prefix(diff, "--- ") || after_prefix(diff, "+++ ");

		fputs(indent, p->out);
		say(p, header ? TONE_BOLD : diff_tone(*diff), "%.*s", (int)n, diff);
		fputc('\n', p->out);
		diff += n + (diff[n] == '\n');
	}
}

const char *get_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

bool get_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

json_int_t get_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

const char *short_bdf(const char *bdf)
{
	const char *rest = after_prefix(bdf, "0000:");

	return rest ? rest : bdf;
}

const char *dash(const char *s)
{
	return *s ? s : "-";
}

/* Call @fn for @j and everything in it; the depth of a report is bounded by its maker. */
static void walk(json_t *j, void (*fn)(json_t *j, void *arg), void *arg)
{
	const char *key;
	json_t *v;
	size_t i;

	fn(j, arg);
	json_object_foreach(j, key, v) walk(v, fn, arg);
	json_array_foreach(j, i, v) walk(v, fn, arg);
}

struct naming {
	struct names *names;
	struct arena *arena;
	const struct machine *m;
};

static void add_name(json_t *j, void *arg)
{
	const char *text = json_string_value(json_object_get(j, "bdf"));
	struct naming *n = arg;
	const struct pci_fn *fn;
	struct bdf bdf;

	if (!text || bdf_parse(text, &bdf) < 0)
		return;
	fn = machine_fn(n->m, bdf);
	if (!fn)
		return;
	json_object_set_new(j, "name", json_string(names_device(n->names, n->arena, fn)));
	json_object_set_new(j, "class_name",
			    json_string(names_class(n->names, n->arena, fn)));
}

void report_add_names(json_t *report, const struct machine *m)
{
	AUTOARENA struct arena *arena = arena_new();
	struct naming n = { names_open(), arena, m };

	walk(report, add_name, &n);
	names_close(n.names);
}

bool has_one_domain(const struct machine *m)
{
	vec_foreach(fn, &m->fns)
		if (fn->bdf.domain)
			return false;
	return true;
}

char *shorten_addresses(char *text)
{
	const char *from = text, *at;
	char *to = text;

	for (; (at = strstr(from, "0000:")); from = at) {
		struct bdf bdf;
		bool inside =
			at > from && (isxdigit((unsigned char)at[-1]) || at[-1] == ':');
		bool drop = !inside && bdf_parse(at, &bdf) >= 0;

		if (!drop)
			at += strlen("0000:");
		memmove(to, from, (size_t)(at - from));
		to += at - from;
		if (drop)
			at += strlen("0000:");
	}
	memmove(to, from, strlen(from) + 1);
	return text;
}

static void shorten_string(json_t *j, void *arg)
{
	const char *text = json_string_value(j);
	AUTOFREE char *copy = NULL;

	(void)arg;
	if (!text || !strstr(text, "0000:"))
		return;
	copy = strdup(text);
	if (!copy)
		abort();
	json_string_set_nocheck(j, shorten_addresses(copy));
}

void report_shorten(json_t *report, const struct machine *m)
{
	if (has_one_domain(m))
		walk(report, shorten_string, NULL);
}

static void clean_string(json_t *j, void *arg)
{
	const char *text = json_string_value(j);
	const struct printer *p = arg;
	AUTOFREE char *copy = NULL;
	size_t len, kept = 0;

	if (!text)
		return;
	len = json_string_length(j);
	copy = malloc(len + 1);
	if (!copy)
		abort();
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool control = (c < ' ' && c != '\n' && c != '\t') || c == 0x7f;

		if (c >= 0x80 && !p->utf8) {
			/* one mark a character: its continuation bytes are dropped */
			if ((c & 0xc0) == 0x80)
				continue;
			control = true;
		} else if (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) {
			i++; /* U+0080 to U+009F: terminals take them as escapes */
			control = true;
		}
		copy[kept++] = control ? '?' : (char)c;
	}
	json_string_setn_nocheck(j, copy, kept);
}

void report_clean(json_t *report, const struct printer *p)
{
	struct printer copy = *p;

	walk(report, clean_string, &copy);
}
