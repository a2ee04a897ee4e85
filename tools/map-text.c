/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/map-text.h"

#define BOLD 1.11
#define MONO 61
#define OTHER 100 /* what is not ASCII, Chinese included */

/* In hundredths of the font size: of DejaVu Sans, or Arial where that is wider. */
static const uint8_t widths[] = {
	/* clang-format off */
	32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, /* blank to / */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 56, /* 0 to ? */
	102, 68, 69, 72, 77, 67, 61, 78, 75, 29, 50, 67, 56, 86, 75, 79, /* @ to O */
	67, 79, 72, 67, 61, 73, 68, 99, 69, 67, 69, 39, 34, 39, 84, 56, /* P to _ */
	50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, /* ` to o */
	63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,     /* p to ~ */
	/* clang-format on */
};

/* Bytes of the character at @s; *ret_code: which it is, or U+FFFD. */
static size_t decode(const char *s, uint32_t *ret_code)
{
	const unsigned char *u = (const unsigned char *)s;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *u < 0x80       ? 1
		   : *u >> 5 == 6  ? 2
		   : *u >> 4 == 14 ? 3
		   : *u >> 3 == 30 ? 4
				   : 0;
	uint32_t c = n > 1 ? *u & (0x7fu >> n) : *u;

	*ret_code = 0xfffd;
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

static int char_width(uint32_t c, enum face face)
{
	if (c < ' ' || c > '~')
		return OTHER;
	return face == FACE_MONO ? MONO : widths[c - ' '];
}

static double size_of(enum face face, double size)
{
	return (face == FACE_BOLD ? BOLD * size : size) / 100;
}

int text_width(const char *s, enum face face, double size)
{
	unsigned long sum = 0;
	uint32_t c;

	for (; *s; s += decode(s, &c), sum += (unsigned long)char_width(c, face))
		;
	return (int)((double)sum * size_of(face, size) + 0.99);
}

/* Bytes of @s that are at most @width px wide. */
static size_t fitting(const char *s, enum face face, double size, int width)
{
	double at = 0;
	size_t n = 0;
	uint32_t c;

	while (s[n]) {
		size_t len = decode(s + n, &c);

		at += char_width(c, face) * size_of(face, size);
		if (at > width)
			break;
		n += len;
	}
	return n;
}

const char *text_fit(struct arena *a, const char *s, enum face face, double size,
		     int width)
{
	size_t n = fitting(s, face, size, width);

	if (!s[n])
		return s;
	n = fitting(s, face, size, width - text_width("...", face, size));
	while (n && s[n - 1] == ' ')
		n--;
	return arena_printf(a, "%.*s...", (int)n, s);
}

void text_wrap(struct arena *a, const char *s, enum face face, double size, int width,
	       strings *ret)
{
	while (*s == ' ')
		s++;
	while (*s) {
		size_t n = fitting(s, face, size, width), end = n;
		uint32_t c;

		if (s[n])
			while (end && s[end] != ' ')
				end--;
		if (!end)
			end = n ? n : decode(s, &c);
		*vec_push(a, ret) = arena_strndup(a, s, end);
		for (s += end; *s == ' '; s++)
			;
	}
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
		size_t n = decode(s, &c);

		for (size_t i = 0; i < ARRAY_SIZE(special); i++)
			if (c == (unsigned char)special[i].c)
				text = special[i].text;
		if (c == 0xfffd || is_odd(c))
			text = "\xef\xbf\xbd";
		if (text)
			fputs(text, out);
		else
			fwrite(s, 1, n, out);
		s += n;
	}
}
