/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

#include "core/host.h"
#include "core/initramfs-part.h"
#include "core/modprobe.h"

/* Documentation/driver-api/early-userspace/buffer-format.rst: newc with or without sums.
 */
#define HEADER_LEN 110
#define MAGIC "0707" /* of every cpio archive in ASCII */
#define TRAILER "TRAILER!!!"
#define NAME_LEN_MAX 4096 /* init/initramfs.c: PATH_MAX */

/* More entries than any image has. */
#define ENTRIES_MAX (1u << 20)

/* Names of one file stand close together: so far back they are looked for. */
#define LINKS_MAX 256

/* Bytes in order, from memory or out of a decompressor. */
struct source {
	const uint8_t *p, *end;
	struct archive *ar; /* NULL: memory */
	uint64_t taken;
};

struct reader {
	struct arena *a;
	const char *name; /* of the image, for errors */
	struct err *e;
	unsigned entries;
	uint64_t total; /* bytes read, decompressed */
	bool trailer;   /* this source had a whole archive */
	struct initramfs *ret;
	VEC(uint64_t) inodes; /* of ret->files; 0: not waiting for its content */
};

struct entry {
	uint32_t mode, uid, gid, size;
	uint64_t inode;
	bool linked; /* has several names: only the last carries the content */
	char *path;
};

static int bad(const struct reader *r, const char *what)
{
	return err_set(r->e, -EINVAL, "%s: %s", r->name, what);
}

/* At most @n bytes to @buf, or nowhere; fewer only at the end. */
static ssize_t take(struct reader *r, struct source *s, uint8_t *buf, size_t n)
{
	uint8_t sink[16 << 10];
	size_t got = 0;

	if (!s->ar) {
		got = (size_t)(s->end - s->p) < n ? (size_t)(s->end - s->p) : n;
		if (buf && got)
			memcpy(buf, s->p, got);
		s->p += got;
	}
	while (s->ar && got < n) {
		size_t want = n - got;
		ssize_t part;

		if (!buf && want > sizeof(sink))
			want = sizeof(sink);
		part = archive_read_data(s->ar, buf ? buf + got : sink, want);
		if (part < 0)
			return bad(r, archive_error_string(s->ar)
					      ? archive_error_string(s->ar)
					      : "damaged");
		if (!part)
			break;
		got += (size_t)part;
	}
	s->taken += got;
	r->total += got;
	if (r->total > HOST_IMAGE_MAX)
		return bad(r, "unpacks to more than 1 GiB");
	return (ssize_t)got;
}

/* Exactly @n bytes, or an error. */
static int take_all(struct reader *r, struct source *s, uint8_t *buf, size_t n)
{
	ssize_t got = take(r, s, buf, n);

	if (got < 0)
		return (int)got;
	return (size_t)got == n ? 0 : bad(r, "ends in the middle of an entry");
}

static int skip_pad(struct reader *r, struct source *s)
{
	size_t n = -s->taken & 3;
	ssize_t got = n ? take(r, s, NULL, n) : 0;

	return got < 0 ? (int)got : 0;
}

/* Eight hex digits; false: not that. */
static bool hex_field(const uint8_t *p, uint32_t *ret)
{
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		unsigned c = p[i] | 0x20;

		if (p[i] >= '0' && p[i] <= '9')
			v = v << 4 | (p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

static bool leaves_tree(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/')
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
			return true;
	return false;
}

/* One spelling for /lib and /usr/lib, which are the same folder in most images. */
static char *plain_path(char *path)
{
	for (;;) {
		if (*path == '/')
			path++;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else
			break;
	}
	return after_prefix(path, "usr/lib/") ? path + strlen("usr/") : path;
}

/* 1: an entry, without its content; 0: the archive's end. @head has the first bytes. */
static int read_header(struct reader *r, struct source *s,
		       uint8_t head[static HEADER_LEN], struct entry *ret)
{
	uint32_t f[13];
	int err;

	if (memcmp(head, "070701", 6) != 0 && memcmp(head, "070702", 6) != 0)
		return bad(r, "not an initramfs: no cpio header where one should be");
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		if (!hex_field(head + 6 + 8 * i, &f[i]))
			return bad(r, "damaged: a cpio header without hex digits");
	if (!f[11] || f[11] > NAME_LEN_MAX)
		return bad(r, "damaged: a name of impossible length");
	if (++r->entries > ENTRIES_MAX)
		return bad(r, "more than a million entries");
	*ret = (struct entry){ .mode = f[1], .uid = f[2], .gid = f[3], .size = f[6] };
	ret->inode = (uint64_t)(f[7] << 20 ^ f[8]) << 32 | f[0];
	ret->linked = f[4] > 1;
	ret->path = arena_alloc(r->a, f[11] + 1);
	err = take_all(r, s, (uint8_t *)ret->path, f[11]);
	if (err < 0 || (err = skip_pad(r, s)) < 0)
		return err;
	if (streq(ret->path, TRAILER))
		return 0;
	if (leaves_tree(ret->path))
		return bad(r, "an entry has '..' in its name");
	ret->path = plain_path(ret->path);
	return 1;
}

/* The content of a file with several names comes with the last: give it to the others. */
static void fill_links(struct reader *r, const struct entry *e, struct blob data)
{
	size_t first = r->inodes.n > LINKS_MAX ? r->inodes.n - LINKS_MAX : 0;

	for (size_t i = first; i < r->inodes.n; i++) {
		if (r->inodes.v[i] != e->inode + 1)
			continue;
		r->ret->files.v[i].data = data;
		r->inodes.v[i] = 0;
	}
}

static int keep_file(struct reader *r, struct source *s, const struct entry *e)
{
	uint8_t *data;
	struct machine_file f = {
		.path = e->path, .mode = e->mode, .uid = e->uid, .gid = e->gid
	};
	int err;

	if (e->size > HOST_FILE_MAX)
		return bad(r, "a configuration file of more than 64 MiB");
	data = arena_alloc(r->a, (size_t)e->size + 1);
	err = take_all(r, s, data, e->size);
	if (err < 0)
		return err;
	f.data = (struct blob){ data, e->size };
	if (e->linked && e->size)
		fill_links(r, e, f.data);
	*vec_push(r->a, &r->ret->files) = f;
	*vec_push(r->a, &r->inodes) = e->linked && !e->size ? e->inode + 1 : 0;
	return 0;
}

static int read_load_list(struct reader *r, struct source *s, const struct entry *e)
{
	char *text;
	int err;

	if (e->size > HOST_FILE_MAX)
		return bad(r, CONF_MODULES " has more than 64 MiB");
	text = arena_alloc(r->a, (size_t)e->size + 1);
	err = take_all(r, s, (uint8_t *)text, e->size);
	if (err < 0)
		return err;
	r->ret->load.n = 0;
	modules_load_parse(r->a, text, &r->ret->load);
	return 0;
}

static int read_content(struct reader *r, struct source *s, const struct entry *e)
{
	bool link = S_ISLNK(e->mode), file = S_ISREG(e->mode);
	const char *module = file ? initramfs_module_name(r->a, e->path) : NULL;

	if (module)
		*vec_push(r->a, &r->ret->modules) = module;
	if (file && streq(e->path, CONF_MODULES))
		return read_load_list(r, s, e);
	if ((file || link) && initramfs_keeps_path(e->path))
		return keep_file(r, s, e);
	return take_all(r, s, NULL, e->size);
}

static bool starts_cpio(const struct source *s)
{
	return s->end - s->p >= 4 && memcmp(s->p, MAGIC, 4) == 0;
}

/* All archives that stand one behind another in @s, with zeros between them. */
static int read_archives(struct reader *r, struct source *s)
{
	for (;;) {
		uint8_t head[HEADER_LEN];
		struct entry e = { 0 };
		ssize_t got;
		int more;

		got = take(r, s, head, 4);
		if (got < 4)
			return got < 0 ? (int)got : 0;
		if (memcmp(head, "\0\0\0\0", 4) == 0)
			continue;
		if (!s->ar && memcmp(head, MAGIC, 4) != 0) {
			s->p -= 4; /* compressed, from here on */
			return 0;
		}
		more = take_all(r, s, head + 4, HEADER_LEN - 4);
		if (more < 0 || (more = read_header(r, s, head, &e)) < 0)
			return more;
		r->trailer = !more;
		if (!more)
			continue;
		more = read_content(r, s, &e);
		if (more < 0 || (more = skip_pad(r, s)) < 0)
			return more;
	}
}

/* What the kernel can unpack and libarchive can without running a program. */
static int (*const filters[])(struct archive *) = {
	archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
	archive_read_support_filter_xz,   archive_read_support_filter_lzma,
	archive_read_support_filter_lz4,  archive_read_support_filter_zstd,
};

/* A compressed part at @p; *ret_used: how many bytes of it belong to it. */
static int read_compressed(struct reader *r, const uint8_t *p, size_t len,
			   size_t *ret_used)
{
	struct source s = { .ar = archive_read_new() };
	struct archive_entry *entry;
	int err;

	*ret_used = len;
	if (!s.ar)
		return bad(r, "it is compressed, and libarchive is not installed");
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		filters[i](s.ar);
	archive_read_support_format_raw(s.ar);
	r->trailer = false;
	if (archive_read_open_memory(s.ar, p, len) != ARCHIVE_OK ||
	    archive_read_next_header(s.ar, &entry) != ARCHIVE_OK ||
	    archive_filter_count(s.ar) < 2)
		err = bad(r,
			  "not an initramfs: neither cpio nor compressed in a known way");
	else
		err = read_archives(r, &s);
	/* Padding behind the last archive may look like damage to the decompressor. */
	if (err < 0 && r->trailer && r->total <= HOST_IMAGE_MAX) {
		*ret_used = len;
		err = 0;
	} else {
		*ret_used = (size_t)archive_filter_bytes(s.ar, -1);
	}
	archive_read_free(s.ar);
	return err;
}

/*
 * libarchive's zstd filter takes zeros behind the last frame for a damaged frame. They
 * are cut off only if it fails, because a stream may end with zeros of its own.
 */
static int read_part(struct reader *r, const uint8_t *p, size_t len, size_t *ret_used)
{
	const struct initramfs found = *r->ret;
	const struct reader before = *r;
	size_t cut = len;
	int err = read_compressed(r, p, len, ret_used);

	if (!err)
		return 0;
	while (cut && !p[cut - 1])
		cut--;
	if (cut == len)
		return err;
	/* What the first try counted must not count against the second. */
	*r = before;
	*r->ret = found;
	err = read_compressed(r, p, cut, ret_used);
	if (!err)
		*ret_used = *ret_used == cut ? len : *ret_used;
	return err;
}

int initramfs_parse(struct arena *a, struct blob image, const char *name,
		    struct initramfs *ret, struct err *e)
{
	struct initramfs found = *ret;
	struct reader r = { .a = a, .name = name, .e = e, .ret = &found };
	struct source s = { .p = image.data, .end = image.data + image.len };

	found.modules = found.load = (strings){ 0 };
	memset(&found.files, 0, sizeof(found.files));
	/* init/initramfs.c:unpack_to_rootfs */
	while (s.p < s.end) {
		size_t used = 0;
		int err;

		s.taken = 0; /* padding is counted from an archive's start */
		err = read_archives(&r, &s);
		if (err < 0)
			return err;
		while (s.p < s.end && !*s.p)
			s.p++;
		if (s.p == s.end || starts_cpio(&s))
			continue;
		err = read_part(&r, s.p, (size_t)(s.end - s.p), &used);
		if (err < 0)
			return err;
		s.p += used ? used : (size_t)(s.end - s.p);
	}
	if (!r.entries)
		return bad(&r,
			   image.len ? "not an initramfs: holds no entry" : "is empty");
	initramfs_settle(&found);
	if (e)
		e->text[0] = '\0'; /* of damage that was none */
	*ret = found;
	return 0;
}
