/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/plan-edit.h"

/* How long the logical line at @p is: as kmod's getline_wrapped, '\' hides a newline. */
static size_t line_length(const char *p)
{
	size_t n = 0;

	while (p[n] && p[n] != '\n')
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is the logical line of @len bytes just @want, blanks around it aside? */
static bool same_line(const char *line, size_t len, const char *want)
{
	const char *p = line, *end = line + len;

	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	for (; p < end; p++) {
		if (p[0] == '\\' && p + 1 < end && *++p == '\n')
			continue; /* hidden; before anything else only the '\' is */
		if (*p != *want++)
			return false;
	}
	return !*want;
}

static bool has_line(const char *text, const char *want)
{
	for (const char *p = text; *p;) {
		size_t len = line_length(p);

		if (same_line(p, len, want))
			return true;
		p += len + (p[len] == '\n');
	}
	return false;
}

/* How many newlines end the last logical line of @text, so that another can follow. */
static size_t newlines_wanted(const char *text)
{
	const char *last = text;
	size_t len, odd = 0;

	while (last[len = line_length(last)])
		last += len + 1;
	if (!len) /* an end, or no text at all */
		return 0;
	/* A '\' at the very end would hide the first of them. */
	while (odd < len && last[len - 1 - odd] == '\\')
		odd++;
	return odd % 2 ? 2 : 1;
}

char *edit_add_lines(struct arena *a, const char *text, const char *header,
		     const strings *lines)
{
	const char *base = text ? text : header;
	size_t size = strlen(base) + 3, n;
	char *out;

	vec_foreach(l, lines)
		size += strlen(*l) + 1;
	out = arena_alloc(a, size);
	n = strlen(base);
	memcpy(out, base, n + 1);
	vec_foreach(l, lines) {
		if (has_line(out, *l))
			continue;
		for (size_t more = newlines_wanted(out); more; more--)
			out[n++] = '\n';
		n += (size_t)sprintf(out + n, "%s\n", *l);
	}
	return out;
}

/* Start and length of the logical line at line @number, NULL if there are fewer. */
static const char *line_at(const char *text, unsigned number, size_t *ret_len)
{
	const char *p = text;

	while (--number) {
		p += strcspn(p, "\n");
		if (!*p)
			return NULL;
		p++;
	}
	*ret_len = line_length(p);
	return p;
}

/* The last word of a line that starts with @what, blanks and quotes between words. */
static const char *last_word(const char *line, size_t len, const char *what)
{
	size_t n = strlen(what);

	for (const char *p = line + len; p-- > line + 1;)
		if ((size_t)(line + len - p) >= n && strncmp(p, what, n) == 0 &&
		    strchr(" \t\"\n", p[-1]))
			return p;
	return NULL;
}

/* @text with @add put in at @at. */
static char *insert(struct arena *a, const char *text, const char *at, const char *add)
{
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, add, at);
}

static bool has_entry(const char *list, size_t len, const char *entry)
{
	size_t n = strlen(entry);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(list + i, entry, n) == 0 &&
		    (i == 0 || list[i - 1] == ',') &&
		    (i + n == len || list[i + n] == ','))
			return true;
	return false;
}

/* The end of a value, which a continued line may run through. */
static const char *value_end(const char *value, const char *line_end)
{
	const char *p = value;

	while (p < line_end && !strchr(" \t\"\n", *p))
		p += *p == '\\' && p + 1 < line_end ? 2 : 1;
	return p;
}

char *edit_ids(struct arena *a, const char *text, unsigned line, const strings *ids)
{
	char *out = arena_strdup(a, text);
	size_t len;

	vec_foreach(id, ids) {
		const char *p = line_at(out, line, &len), *list, *end;
		bool first;

		list = p ? last_word(p, len, "ids=") : NULL;
		if (!list)
			return NULL;
		list += strlen("ids=");
		list += *list == '"';
		end = value_end(list, p + len);
		first = end == list || end[-1] == ',';
		if (!has_entry(list, (size_t)(end - list), *id))
			out = insert(a, out, end,
				     first ? *id : arena_printf(a, ",%s", *id));
	}
	return out;
}

char *edit_softdep(struct arena *a, const char *text, unsigned line)
{
	size_t len;
	const char *p = line_at(text, line, &len), *pre;

	if (!p)
		return arena_strdup(a, text);
	pre = last_word(p, len, "pre:");
	return pre ? insert(a, text, pre + strlen("pre:"), " vfio-pci")
		   : insert(a, text, p + len, " pre: vfio-pci");
}
