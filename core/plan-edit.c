/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/plan-edit.h"

static bool same_line(const char *line, size_t len, const char *want)
{
	size_t lead = strspn(line, " \t");

	if (lead > len)
		return false;
	line += lead;
	len -= lead;
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return strlen(want) == len && memcmp(line, want, len) == 0;
}

static bool has_line(const char *text, const char *want)
{
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");

		if (same_line(p, len, want))
			return true;
		p += len + (p[len] == '\n');
	}
	return false;
}

char *edit_add_lines(struct arena *a, const char *text, const char *header,
		     const strings *lines)
{
	const char *base = text ? text : header;
	size_t size = strlen(base) + 2, n;
	char *out;

	vec_foreach(l, lines)
		size += strlen(*l) + 1;
	out = arena_alloc(a, size);
	n = strlen(base);
	memcpy(out, base, n);
	vec_foreach(l, lines) {
		if (has_line(out, *l))
			continue;
		if (n && out[n - 1] != '\n')
			out[n++] = '\n';
		n += (size_t)sprintf(out + n, "%s\n", *l);
	}
	return out;
}

/* Start and length of line @number, NULL if there are fewer. */
static const char *line_at(const char *text, unsigned number, size_t *ret_len)
{
	const char *p = text;

	while (--number) {
		p += strcspn(p, "\n");
		if (!*p)
			return NULL;
		p++;
	}
	*ret_len = strcspn(p, "\n");
	return p;
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

char *edit_ids(struct arena *a, const char *text, unsigned line, const strings *ids)
{
	char *out = arena_strdup(a, text);
	size_t len;

	vec_foreach(id, ids) {
		const char *p = line_at(out, line, &len), *list, *end;

		list = p ? memmem(p, len, "ids=", 4) : NULL;
		if (!list)
			return NULL;
		list += 4;
		list += *list == '"';
		end = list + strcspn(list, " \t\"\n");
		if (!has_entry(list, (size_t)(end - list), *id))
			out = insert(a, out, end,
				     end == list ? *id : arena_printf(a, ",%s", *id));
	}
	return out;
}

char *edit_softdep(struct arena *a, const char *text, unsigned line)
{
	size_t len;
	const char *p = line_at(text, line, &len), *pre;

	if (!p)
		return arena_strdup(a, text);
	pre = memmem(p, len, "pre:", 4);
	return pre ? insert(a, text, pre + 4, " vfio-pci")
		   : insert(a, text, p + len, " pre: vfio-pci");
}
