/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Take a change out of a text that others may have changed since. */
#include <errno.h>
#include <stdio.h>

#include "core/diff-part.h"

/* Where @what stands in @text as whole lines, if it does so just once; NULL otherwise. */
static const char *find_once(struct arena *a, const char *text, const char *what,
			     size_t len)
{
	/* A newline in front of both makes every hit start a line. */
	size_t size = strlen(text) + 1;
	char *hay = arena_printf(a, "\n%s", text);
	char *needle = arena_printf(a, "\n%.*s", (int)len, what);
	const char *hit = memmem(hay, size, needle, len + 1), *next;

	/* A last line without its newline is one only at the end. */
	if (!hit || (len && what[len - 1] != '\n' && hit[len + 1]))
		return NULL;
	next = memmem(hit + 1, size - (size_t)(hit + 1 - hay), needle, len + 1);
	return next ? NULL : text + (hit - hay);
}

/* A run's lines in the second text with @around lines on both sides. */
static const char *widened(const struct text *t, const struct run *r, size_t around,
			   size_t *ret_lead, size_t *ret_len)
{
	size_t from = r->from[1] < around ? 0 : r->from[1] - around;
	size_t to = t->lines.n - r->to[1] < around ? t->lines.n : r->to[1] + around;

	*ret_lead = *ret_len = 0;
	for (size_t i = from; i < to; i++) {
		*ret_lead += i < r->from[1] ? t->lines.v[i].len : 0;
		*ret_len += t->lines.v[i].len;
	}
	return from < t->lines.n ? t->lines.v[from].s : "";
}

static size_t run_bytes(const struct text *t, const struct run *r, int side)
{
	size_t n = 0;

	for (size_t i = r->from[side]; i < r->to[side]; i++)
		n += t->lines.v[i].len;
	return n;
}

/*
 * Where the run's new lines stand in @current. Lines that @after has twice (blank ones,
 * say) are told apart by the fewest lines around them that do.
 */
static const char *find_run(struct arena *a, const struct text *t, const char *after,
			    const struct run *r, const char *current)
{
	for (size_t around = r->from[1] == r->to[1]; around <= DIFF_CONTEXT; around++) {
		size_t lead, len;
		const char *what = widened(t, r, around, &lead, &len), *hit;

		if (!len || !find_once(a, after, what, len))
			continue;
		hit = find_once(a, current, what, len);
		return hit ? hit + lead : NULL;
	}
	return NULL;
}

/* Searching is done for each run: texts for which that would take long are left alone. */
#define SEARCH_MAX ((size_t)1 << 30)

int diff_revert(struct arena *a, const char *before, const char *after,
		const char *current, char **ret)
{
	AUTOARENA struct arena *tmp = arena_new();
	AUTOFREE char *text = NULL;
	const char *at = current;
	struct text t[2] = { 0 };
	runs all = { 0 };
	size_t n = 0;
	FILE *out;
	int err = 0;

	before = before ? before : "";
	after = after ? after : "";
	if (streq(current, after)) {
		*ret = arena_strdup(a, before);
		return 0;
	}
	diff_compare(tmp, before, after, t, &all);
	if (all.n * (strlen(current) + strlen(after) + 1) > SEARCH_MAX)
		return -EEXIST;
	out = open_memstream(&text, &n);
	if (!out)
		abort();
	vec_foreach(r, &all) {
		AUTOARENA struct arena *hay = arena_new();
		const char *hit = find_run(hay, &t[1], after, r, current);

		if (!hit || hit < at) {
			err = -EEXIST;
			break;
		}
		fwrite(at, 1, (size_t)(hit - at), out);
		for (size_t i = r->from[0]; i < r->to[0]; i++)
			fwrite(t[0].lines.v[i].s, 1, t[0].lines.v[i].len, out);
		at = hit + run_bytes(&t[1], r, 1);
	}
	fputs(at, out);
	if (fclose(out))
		abort();
	if (!err)
		*ret = arena_strdup(a, text);
	return err;
}
