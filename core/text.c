/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"

#define BAD "\xef\xbf\xbd"
#define BAD_CODE 0xfffdu

size_t text_decode(const char *s, uint32_t *ret_code)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *u < 0x80       ? 1
		   : *u >> 5 == 6  ? 2
		   : *u >> 4 == 14 ? 3
		   : *u >> 3 == 30 ? 4
				   : 0;
	uint32_t c = n > 1 ? *u & (0x7fu >> n) : *u;

	*ret_code = BAD_CODE;
	if (!n)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return i;
		c = c << 6 | (u[i] & 0x3fu);
	}
	if (c >= least[n])
		*ret_code = c;
	return n;
}

/* Characters that XML does not have, and those that turn text around. */
static bool is_odd(uint32_t c)
{
	return (c < ' ' && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0xd800 && c < 0xe000) || c == 0xfffe || c == 0xffff ||
	       c > 0x10ffff || c == 0x200e || c == 0x200f ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void text_escape(FILE *out, const char *s)
{
	static const struct {
		char c;
		const char *text;
	} special[] = { { '&', "&amp;" },
			{ '<', "&lt;" },
			{ '>', "&gt;" },
			{ '"', "&quot;" },
			{ '\'', "&#39;" } };

	while (*s) {
		const char *text = NULL;
		uint32_t c;
		size_t n = text_decode(s, &c);

		for (size_t i = 0; i < ARRAY_SIZE(special); i++)
			if (c == (unsigned char)special[i].c)
				text = special[i].text;
		if (c == BAD_CODE || is_odd(c))
			text = BAD;
		if (text)
			fputs(text, out);
		else
			fwrite(s, 1, n, out);
		s += n;
	}
}

/* Bytes of the escape sequence at @s; 0: there is none. ECMA-48. */
static size_t sequence(const char *s)
{
	size_t n = 2;

	if (*s != '\033')
		return 0;
	switch (s[1]) {
	case '\0':
		return 1;
	case '[':
		while (s[n] >= ' ' && s[n] < '@')
			n++;
		return s[n] >= '@' && s[n] <= '~' ? n + 1 : n;
	case ']': /* a title; ends at BEL or ESC \\, and not behind the line */
		while (s[n] && s[n] != '\n' && s[n] != '\a' && s[n] != '\033')
			n++;
		return s[n] == '\a' ? n + 1 : n;
	default:
		while (s[n - 1] >= ' ' && s[n - 1] < '0')
			n++;
		return s[n - 1] >= '0' && s[n - 1] <= '~' ? n : n - 1;
	}
}

char *text_plain(struct arena *a, const char *s)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (!s)
		return NULL;
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	while (*s) {
		size_t n = sequence(s);
		uint32_t c;

		if (n) {
			s += n;
			continue;
		}
		if (*s == '\r') { /* consoles send several before a newline */
			s += strspn(s, "\r");
			if (*s && *s != '\n')
				fputc('\n', out);
			continue;
		}
		n = text_decode(s, &c);
		if (c == BAD_CODE || is_odd(c))
			fputs(BAD, out);
		else
			fwrite(s, 1, n, out);
		s += n;
	}
	if (fclose(out) != 0)
		abort();
	while (len && strchr("\n \t", text[len - 1]))
		len--;
	return arena_strndup(a, text, len);
}

char *text_line(struct arena *a, const char *s)
{
	char *line = text_plain(a, s);

	for (char *c = line; c && *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	return line;
}
