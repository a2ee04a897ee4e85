/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <sys/stat.h>

#include "core/newc.h"

/* '/' comes first: what is in a folder follows it at once. */
static int cmp_item(const void *a, const void *b)
{
	const char *x = ((const struct newc_item *)a)->path;
	const char *y = ((const struct newc_item *)b)->path;

	while (*x && *x == *y)
		x++, y++;
	if (!*x || !*y)
		return *x ? 1 : *y ? -1 : 0;
	if (*x == '/' || *y == '/')
		return *x == '/' ? -1 : *y == '/';
	return (uint8_t)*x - (uint8_t)*y;
}

static void put_padded(FILE *out, const void *data, size_t len)
{
	static const char zeros[4] = "";

	if (len)
		fwrite(data, 1, len, out);
	if (len & 3)
		fwrite(zeros, 1, -len & 3, out);
}

/* printf() would take most of the time that an image takes. */
static void put_hex(char *out, uint32_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 4)
		out[i] = "0123456789ABCDEF"[v & 15];
}

/* Documentation/driver-api/early-userspace/buffer-format.rst; all times are 0. */
static void put_entry(FILE *out, unsigned ino, const struct newc_item *i)
{
	static const char zeros[4] = "";
	size_t name = strlen(i->path) + 1;
	const uint32_t fields[13] = { ino,
				      i->mode,
				      i->uid,
				      i->gid,
				      1,
				      [6] = (uint32_t)i->data.len,
				      [11] = (uint32_t)name };
	char head[110] = "070701";

	for (size_t f = 0; f < ARRAY_SIZE(fields); f++)
		put_hex(head + 6 + 8 * f, fields[f]);
	fwrite(head, 1, sizeof(head), out);
	fwrite(i->path, 1, name, out);
	fwrite(zeros, 1, -(sizeof(head) + name) & 3, out);
	put_padded(out, i->data.data, i->data.len);
}

/* The folders of @path that the one before it neither is nor was in. */
static void put_parents(FILE *out, struct arena *a, unsigned *ino, const char *before,
			const char *path)
{
	for (const char *s = path; (s = strchr(s, '/')); s++) {
		size_t n = (size_t)(s - path);
		struct newc_item dir = { .mode = S_IFDIR | 0755 };

		if (!strncmp(before, path, n) && (!before[n] || before[n] == '/'))
			continue;
		dir.path = arena_strndup(a, path, n);
		put_entry(out, ++*ino, &dir);
	}
}

void newc_write(FILE *out, struct newc_item *items, size_t n)
{
	AUTOARENA struct arena *a = arena_new();
	static const struct newc_item trailer = { .path = "TRAILER!!!" };
	const char *before = "";
	unsigned ino = 0;

	if (n)
		qsort(items, n, sizeof(*items), cmp_item);
	for (size_t k = 0; k < n; k++) {
		const struct newc_item *i = &items[k];

		put_parents(out, a, &ino, before, i->path);
		put_entry(out, ++ino, i);
		before = i->path;
	}
	put_entry(out, 0, &trailer);
}
