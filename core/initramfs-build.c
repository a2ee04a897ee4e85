/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/initramfs.h"

/* What one newc entry is made of. */
struct item {
	const char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct blob data;
};

typedef VEC(struct item) items;

static int cmp_item(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
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
static void put_entry(FILE *out, unsigned ino, const struct item *i)
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

/* The folders of @path that the one before it did not have. */
static void put_parents(FILE *out, struct arena *a, unsigned *ino, const char *before,
			const char *path)
{
	for (const char *s = path; (s = strchr(s, '/')); s++) {
		size_t n = (size_t)(s - path) + 1;
		struct item dir = { .mode = S_IFDIR | 0755 };

		if (strncmp(before, path, n) == 0)
			continue;
		dir.path = arena_strndup(a, path, n - 1);
		put_entry(out, ++*ino, &dir);
	}
}

static void collect(struct arena *a, const struct initramfs *from, const char *release,
		    items *ret)
{
	size_t size = 1;
	char *load, *end;

	vec_foreach(f, &from->files) {
		mode_t type = f->mode & S_IFMT ? f->mode & S_IFMT : S_IFREG;

		*vec_push(a, ret) = (struct item){ f->path, type | (f->mode & 07777),
						   f->uid, f->gid, f->data };
	}
	vec_foreach(name, &from->modules)
		*vec_push(a, ret) =
			(struct item){ .path = arena_printf(a,
							    "lib/modules/%s/kernel/%s.ko",
							    release, *name),
				       .mode = S_IFREG | 0644 };
	vec_foreach(line, &from->load)
		size += strlen(*line) + 1;
	load = end = arena_alloc(a, size);
	vec_foreach(line, &from->load)
		end = stpcpy(stpcpy(end, *line), "\n");
	if (from->load.n)
		*vec_push(a, ret) = (struct item){ .path = "conf/modules",
						   .mode = S_IFREG | 0644,
						   .data = { (const uint8_t *)load,
							     (size_t)(end - load) } };
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_item);
}

int initramfs_build(const struct initramfs *from, const char *release, char **ret,
		    size_t *ret_len)
{
	AUTOARENA struct arena *a = arena_new();
	AUTOFREE char *image = NULL;
	static const struct item trailer = { .path = "TRAILER!!!" };
	const char *before = "";
	items all = { 0 };
	unsigned ino = 0;
	size_t len = 0;
	FILE *out = open_memstream(&image, &len);

	if (!out)
		return -ENOMEM;
	collect(a, from, release, &all);
	vec_foreach(i, &all) {
		put_parents(out, a, &ino, before, i->path);
		put_entry(out, ++ino, i);
		before = i->path;
	}
	put_entry(out, 0, &trailer);
	if (fclose(out))
		return -ENOMEM;
	*ret = TAKE(image);
	*ret_len = len;
	return 0;
}
