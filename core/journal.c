/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "core/journal-part.h"

/* A journal is some kilobytes; whatever is that large is none. */
#define JOURNAL_MAX ((size_t)1 << 20)

static const char *const state_names[] = { [JOURNAL_PREPARED] = "prepared",
					   [JOURNAL_APPLIED] = "applied",
					   [JOURNAL_UNDOING] = "undoing",
					   [JOURNAL_UNDONE] = "undone",
					   [JOURNAL_UNREADABLE] = "unreadable" };

const char *journal_state_name(enum journal_state s)
{
	return state_names[s];
}

char *journal_folder(struct arena *a, unsigned number)
{
	return arena_printf(a, JOURNAL_DIR "/%04u", number);
}

char *journal_merged(struct arena *a, const struct journal *j,
		     const struct journal_file *file)
{
	return arena_printf(a, "%s/merged.%zu", journal_folder(a, j->number),
			    (size_t)(file - j->files.v));
}

uint64_t journal_sum(const struct host *h, const char *path)
{
	uint64_t sum = FNV1A, off = 0;
	char buf[65536];
	ssize_t n;

	while ((n = h->ops->read(h->ctx, path, buf, sizeof(buf), off)) > 0) {
		sum = fnv1a(sum, buf, (size_t)n);
		off += (uint64_t)n;
	}
	return n < 0 ? 0 : sum ? sum : 1;
}

/* An image of a kernel that is installed: initrd.img-REL.bak is somebody's copy. */
static bool is_kernel(const struct host *h, struct arena *a, const char *release)
{
	static const char *const bases[] = { "lib/modules", "usr/lib/modules" };

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
		if (host_exists(h, arena_printf(a, "%s/%s", bases[i], release)))
			return true;
	return false;
}

void journal_kernels(const struct host *h, struct arena *a, strings *ret)
{
	strings names = { 0 };

	if (host_list(h, a, "boot", &names) < 0)
		return;
	vec_foreach(name, &names) {
		const char *release = after_prefix(*name, "initrd.img-");

		if (release && *release && is_kernel(h, a, release))
			*vec_push(a, ret) = release;
	}
}

static int journal_read(const struct host *h, struct arena *a, const char *path,
			struct journal *ret, struct err *e)
{
	const char *why = NULL;
	json_error_t error;
	struct blob text;
	json_t *root;
	int r;

	r = host_read(h, a, path, JOURNAL_MAX, &text);
	if (r < 0)
		return r == -ENOENT ? r : err_set(e, r, "/%s: %s", path, strerror(-r));
	root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES,
			  &error);
	if (!root)
		return err_set(e, -EINVAL, "/%s:%d: %s", path, error.line, error.text);
	r = journal_from_json(a, root, ret, &why);
	json_decref(root);
	return r < 0 ? err_set(e, r, "/%s: %s", path, why) : 0;
}

/* The number of the transaction in folder @name, 0: it is none. */
unsigned journal_folder_number(const char *name)
{
	size_t len = strlen(name);

	return len < 4 || len > 8 || strspn(name, "0123456789") != len
		       ? 0
		       : (unsigned)strtoul(name, NULL, 10);
}

/* What is wrong with the file itself, and will be so tomorrow. */
static bool is_damage(int r)
{
	return r == -EINVAL || r == -EFBIG || r == -EISDIR || r == -ELOOP || r == -EIO;
}

static int read_one(const struct host *h, struct arena *a, const char *name,
		    struct journal *ret, struct err *e)
{
	char *path = arena_printf(a, JOURNAL_DIR "/%s/journal.json", name);
	unsigned number = journal_folder_number(name);
	struct err why = { "" };
	int r = journal_read(h, a, path, ret, &why);

	/* Its state would be written to another one's folder. */
	if (!r && ret->number != number)
		r = err_set(&why, -EINVAL, "/%s: its number is %u", path, ret->number);
	if (r < 0 && is_damage(r)) {
		*ret = (struct journal){ .number = number,
					 .state = JOURNAL_UNREADABLE,
					 .why = arena_strdup(a, why.text) };
		return 0;
	}
	return r < 0 && r != -ENOENT ? err_set(e, r, "%s", why.text) : r;
}

static int cmp_journal(const void *x, const void *y)
{
	const struct journal *a = x, *b = y;

	return (a->number > b->number) - (a->number < b->number);
}

int journal_list(const struct host *h, struct arena *a, journals *ret, struct err *e)
{
	strings names = { 0 };
	int r = host_list(h, a, JOURNAL_DIR, &names);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, r, "/" JOURNAL_DIR ": %s", strerror(-r));
	vec_foreach(name, &names) {
		struct journal j;

		if (!journal_folder_number(*name))
			continue;
		r = read_one(h, a, *name, &j, e);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		*vec_push(a, ret) = j;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_journal);
	return 0;
}

struct journal *journal_unfinished(const journals *all)
{
	vec_foreach(j, all)
		if (j->state == JOURNAL_PREPARED || j->state == JOURNAL_UNDOING)
			return j;
	return NULL;
}

int journal_write(const struct host *h, struct arena *a, const struct journal *j,
		  struct err *e)
{
	char *path = arena_printf(a, "%s/journal.json", journal_folder(a, j->number));
	json_t *root = journal_to_json(j);
	AUTOFREE char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	struct blob data = { (const uint8_t *)text, text ? strlen(text) : 0 };
	int r;

	json_decref(root);
	if (!text)
		return err_set(e, -EILSEQ,
			       "/%s would hold a name that is not UTF-8, which pcipass "
			       "cannot keep a way back for",
			       path);
	r = host_replace(h, path, data, 0600, 0, 0);
	return r < 0 ? err_set(e, r, "cannot write /%s: %s", path, strerror(-r)) : 0;
}

int journal_set_state(const struct host *h, struct journal *j, enum journal_state s,
		      struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	enum journal_state old = j->state;
	int r;

	j->state = s;
	r = journal_write(h, a, j, e);
	if (r < 0)
		j->state = old;
	return r;
}
