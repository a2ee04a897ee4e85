/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"
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

	for (; *s; s += text_decode(s, &c), sum += (unsigned long)char_width(c, face))
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
		size_t len = text_decode(s + n, &c);

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
			end = n ? n : text_decode(s, &c);
		*vec_push(a, ret) = arena_strndup(a, s, end);
		for (s += end; *s == ' '; s++)
			;
	}
}
