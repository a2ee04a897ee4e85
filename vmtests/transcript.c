/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <zstd.h>

#include "scenarios/save.h"
#include "vmtests/lab.h"
#include "vmtests/transcript.h"

#define LEVEL 19               /* written once, read often */
#define MOST ((size_t)1 << 30) /* bytes of one, unpacked */

/* --- writing --- */

static void put(FILE *f, const char *name, const char *text, size_t len)
{
	fprintf(f, "%s %zu\n", name, len);
	fwrite(text, 1, len, f);
	fputc('\n', f);
}

static bool put_results(FILE *f, const op_results *results)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *m = open_memstream(&text, &len);

	if (!m)
		return false;
	vec_foreach(r, results)
		op_result_write(m, r);
	if (fclose(m))
		return false;
	put(f, "results", text, len);
	return true;
}

static bool put_batch(FILE *f, const struct kernel_batch *b)
{
	AUTOFREE char *lines = ops_text(&b->ops);

	if (!lines)
		return false;
	put(f, "ops", lines, strlen(lines));
	if (!put_results(f, &b->results))
		return false;
	put(f, "tree", b->tree, strlen(b->tree));
	return true;
}

static char *write_text(const struct transcript *t, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);
	bool good = true;

	if (!f)
		return NULL;
	put(f, "rig", t->rig, strlen(t->rig));
	put(f, "fixture", (const char *)t->fixture.data, t->fixture.len);
	vec_foreach(b, &t->batches)
		good = good && put_batch(f, b);
	if (fclose(f) || !good) {
		free(text);
		return NULL;
	}
	return text;
}

int transcript_save(const struct transcript *t, const char *path, struct err *e)
{
	size_t len = 0, room, n;
	AUTOFREE char *text = write_text(t, &len), *packed = NULL;

	room = ZSTD_compressBound(len);
	packed = text ? malloc(room) : NULL;
	n = packed ? ZSTD_compress(packed, room, text, len, LEVEL) : 0;
	if (!n || ZSTD_isError(n))
		return err_set(e, -ENOMEM, "%s: out of memory", path);
	return save_file(path, packed, n, e);
}

/* --- reading --- */

static int unpack(struct arena *a, const struct blob *packed, char **ret, size_t *ret_len)
{
	unsigned long long len = ZSTD_getFrameContentSize(packed->data, packed->len);
	char *text;

	if (len > MOST) /* unknown, and none at all, are large numbers */
		return -EINVAL;
	text = arena_alloc(a, len + 1);
	if (ZSTD_decompress(text, len, packed->data, packed->len) != len)
		return -EINVAL;
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

/* Where @name comes next in a batch, after the section before it. */
static int add_section(struct arena *a, struct transcript *t, const char *name,
		       char *text, size_t len, struct err *e)
{
	struct kernel_batch *b = t->batches.n ? &t->batches.v[t->batches.n - 1] : NULL;

	if (streq(name, "rig") && !t->rig) {
		t->rig = text;
		return 0;
	}
	if (streq(name, "fixture") && t->rig && !t->fixture.data) {
		t->fixture = (struct blob){ (const uint8_t *)text, len };
		return 0;
	}
	if (streq(name, "ops") && t->fixture.data && (!b || b->tree))
		return ops_read(a, text, &vec_push(a, &t->batches)->ops, e);
	if (streq(name, "results") && b && !b->results.n)
		return op_results_read(a, text, &b->results, e);
	if (streq(name, "tree") && b && !b->tree && b->results.n == b->ops.n) {
		b->tree = text;
		return 0;
	}
	return err_set(e, -EINVAL, "\"%s\" is not what comes next", name);
}

static int read_text(struct arena *a, char *text, size_t size, struct transcript *ret,
		     struct err *e)
{
	struct transcript t = { 0 };
	char name[16];

	for (char *p = text; p < text + size;) {
		size_t len;
		int n = 0, r;

		if (sscanf(p, "%15s %zu%n", name, &len, &n) != 2 || p[n] != '\n' ||
		    len >= (size_t)(text + size - p - n - 1) || p[n + 1 + len] != '\n')
			return err_set(e, -EINVAL, "byte %zu: no section begins there",
				       (size_t)(p - text));
		p += n + 1;
		p[len] = '\0';
		r = add_section(a, &t, name, p, len, e);
		if (r < 0)
			return r;
		p += len + 1;
	}
	if (!t.batches.n || !t.batches.v[t.batches.n - 1].tree)
		return err_set(e, -EINVAL, "it is not whole");
	*ret = t;
	return 0;
}

int transcript_load(struct arena *a, const char *path, struct transcript *ret,
		    struct err *e)
{
	struct lab l = { .arena = a };
	struct blob packed;
	char *text;
	size_t len;
	int r = lab_read(&l, path, &packed, e);

	if (r < 0)
		return r;
	if (unpack(a, &packed, &text, &len) < 0)
		return err_set(e, -EINVAL, "%s: this is no transcript", path);
	r = read_text(a, text, len, ret, e);
	return r < 0 ? err_prefix(e, r, "%s", path) : 0;
}

/* --- comparing --- */

int transcript_compare(const struct transcript *t, struct arena *a, divergences *ret,
		       struct err *e)
{
	struct compare_model m;
	size_t done = 0;
	int r = compare_open(t->fixture, t->rig, &m, e);

	if (r < 0)
		return r;
	*ret = (divergences){ 0 };
	vec_foreach(b, &t->batches) {
		divergences found;
		bool trees = false;

		r = compare_batch(&m, a, b, &found);
		for (size_t i = 0; r == 1 && i < found.n; i++) {
			struct divergence *d = vec_push(a, ret);

			*d = found.v[i];
			d->op += done;
			trees |= d->trees;
		}
		if (r < 0 || trees)
			break;
		done += b->ops.n;
	}
	compare_close(&m);
	return r < 0 ? r : ret->n > 0;
}
