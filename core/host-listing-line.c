/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "core/host-listing-line.h"

#define CUT_AT 4096

/* The errors that occur in such trees, by their names in <errno.h>. */
static int errno_by_name(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {
		{ "EPERM", EPERM },
		{ "ENOENT", ENOENT },
		{ "EIO", EIO },
		{ "ENXIO", ENXIO },
		{ "EAGAIN", EAGAIN },
		{ "ENOMEM", ENOMEM },
		{ "EACCES", EACCES },
		{ "EBUSY", EBUSY },
		{ "ENODEV", ENODEV },
		{ "ENOTDIR", ENOTDIR },
		{ "EISDIR", EISDIR },
		{ "EINVAL", EINVAL },
		{ "ENOSPC", ENOSPC },
		{ "EROFS", EROFS },
		{ "ERANGE", ERANGE },
		{ "ENOSYS", ENOSYS },
		{ "ELOOP", ELOOP },
		{ "ENODATA", ENODATA },
		{ "EPROTO", EPROTO },
		{ "EOVERFLOW", EOVERFLOW },
		{ "EOPNOTSUPP", EOPNOTSUPP },
		{ "ETIMEDOUT", ETIMEDOUT },
		{ "ESTALE", ESTALE },
		{ "EMSGSIZE", EMSGSIZE },
		{ "EFBIG", EFBIG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(name, names[i].name))
			return -names[i].value;
	return 0;
}

/* A decimal or octal number that ends at @end; -1 if that is not what stands there. */
static int64_t number(const char *s, const char *end, int base)
{
	char *stop;
	long long v;

	if (s == end || !isdigit((unsigned char)*s))
		return -1;
	errno = 0;
	v = strtoll(s, &stop, base);
	return errno || stop != end ? -1 : v;
}

/* Up to @max digits of @base at @s; how many were taken. */
static int digits(const char *s, const char *end, int base, int max, unsigned *ret)
{
	static const char all[] = "0123456789abcdef";
	unsigned v = 0;
	int n = 0;

	for (; n < max && s + n < end; n++) {
		const char *d = strchr(all, tolower((unsigned char)s[n]));

		if (!s[n] || !d || d - all >= base)
			break;
		v = v * (unsigned)base + (unsigned)(d - all);
	}
	*ret = v;
	return n;
}

/* Undo the escapes of a quoted string in place; its bytes, or -1. */
static ssize_t unescape(char *s, const char *end)
{
	static const char letters[] = "nrtfvab\\\"'", bytes[] = "\n\r\t\f\v\a\b\\\"'";
	char *out = s;

	for (const char *in = s; in < end;) {
		const char *hit;
		unsigned v;
		int n;

		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		in++;
		hit = in < end && *in ? strchr(letters, *in) : NULL;
		if (hit) {
			*out++ = bytes[hit - letters];
			in++;
			continue;
		}
		if (in < end && *in == 'x')
			n = digits(++in, end, 16, 2, &v);
		else
			n = digits(in, end, 8, 3, &v);
		if (!n || v > 0xff)
			return -1;
		*out++ = (char)v;
		in += n;
	}
	return out - s;
}

/* The last word of a line, cut off from it; NULL if there is no blank. */
static char *cut_word(char *line)
{
	char *blank = strrchr(line, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

/* "PATH MODE nl=N" or "PATH ERRNO" */
static bool parse_dir(char *rest, struct node *ret)
{
	char *word = cut_word(rest), *mode;
	int64_t m;

	if (!word)
		return false;
	ret->mode = S_IFDIR;
	ret->error = errno_by_name(word);
	if (ret->error)
		return true;
	mode = cut_word(rest);
	m = mode ? number(mode, mode + strlen(mode), 8) : -1;
	ret->mode |= (mode_t)(m & 07777);
	return m >= 0 && after_prefix(word, "nl=");
}

/* "PATH -> TARGET sz=N" */
static bool parse_link(char *rest, struct node *ret)
{
	char *word = cut_word(rest), *arrow = strstr(rest, " -> ");

	if (!word || !after_prefix(word, "sz=") || !arrow)
		return false;
	*arrow = '\0';
	ret->mode = S_IFLNK | 0777;
	ret->data = arrow + 4;
	ret->have = ret->len = strlen(ret->data);
	return true;
}

/* What follows the size: LEN:"bytes" | open=ERRNO | read=ERRNO | (skip) */
static bool parse_content(char *text, size_t len, struct node *ret)
{
	const char *name = after_prefix(text, "open=");
	char *colon = strchr(text, ':');
	ssize_t have;
	int64_t full;

	if (!name)
		name = after_prefix(text, "read=");
	if (name) {
		ret->error = errno_by_name(name);
		return ret->error != 0;
	}
	if (streq(text, "(skip)")) {
		ret->len = SIZE_MAX;
		return true;
	}
	full = colon ? number(text, colon, 10) : -1;
	if (full < 0 || len < (size_t)(colon - text) + 3 || colon[1] != '"' ||
	    text[len - 1] != '"')
		return false;
	have = unescape(colon + 2, text + len - 1);
	if (have < 0 || have > full)
		return false;
	ret->data = colon + 2;
	ret->have = (size_t)have;
	/* Recorders stop at a page: with that many bytes here the size tells the rest. */
	ret->len = full == CUT_AT && ret->size > CUT_AT ? ret->size : (size_t)full;
	return true;
}

/* "PATH MODE sz=SIZE CONTENT"; a path may hold blanks, a content " sz=". */
static bool parse_file(char *rest, size_t len, struct node *ret)
{
	for (char *sz = strstr(rest, " sz="); sz; sz = strstr(sz + 1, " sz=")) {
		char *mode = sz, *content = strchr(sz + 4, ' ');
		int64_t m, size;

		while (mode > rest && mode[-1] != ' ')
			mode--;
		m = number(mode, sz, 8);
		if (m < 0 || mode <= rest + 1 || !content)
			continue;
		size = number(sz + 4, content, 10);
		if (size < 0)
			continue;
		mode[-1] = '\0';
		ret->mode = S_IFREG | (mode_t)(m & 07777);
		ret->size = (uint64_t)size;
		return parse_content(content + 1, len - (size_t)(content + 1 - rest),
				     ret);
	}
	return false;
}

bool listing_parse_line(char *line, size_t len, struct node *ret)
{
	bool ok;

	if (len < 3 || line[1] != ' ' || strlen(line) != len)
		return false;
	ok = line[0] == 'D'   ? parse_dir(line + 2, ret)
	     : line[0] == 'L' ? parse_link(line + 2, ret)
	     : line[0] == 'F' ? parse_file(line + 2, len - 2, ret)
			      : false;
	ret->path = line + 2 + strspn(line + 2, "/");
	return ok && *ret->path;
}
