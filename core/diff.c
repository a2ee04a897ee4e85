/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "core/diff-part.h"

/*
 * How far two texts may differ to be compared line by line: edits, and edits times lines.
 * Beyond, all that lies between the common start and end counts as replaced.
 */
#define EDITS_MAX 1024
#define WORK_MAX 40000000

static void split(struct arena *a, const char *s, struct text *ret)
{
	for (const char *end; s && *s; s = end) {
		end = strchrnul(s, '\n');
		end += *end == '\n';
		*vec_push(a, &ret->lines) =
			(struct line){ .s = s, .len = (size_t)(end - s) };
	}
}

static int cmp_text(const void *a, const void *b)
{
	const struct line *x = *(struct line *const *)a, *y = *(struct line *const *)b;
	int r = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return r ? r : (x->len > y->len) - (x->len < y->len);
}

static bool same_line(const struct line *x, const struct line *y)
{
	return x->len == y->len && memcmp(x->s, y->s, x->len) == 0;
}

/* The lines that may differ: [first, last[side]). */
struct middle {
	size_t first, last[2];
};

/* Numbers for these lines, by sorting: no input makes that slow. */
static void number_lines(struct arena *a, struct text t[2], const struct middle *m)
{
	size_t n = m->last[0] + m->last[1] - 2 * m->first, k = 0;
	struct line **all = arena_alloc(a, (n + 1) * sizeof(*all));
	uint32_t id = 0;

	for (int side = 0; side < 2; side++)
		for (size_t i = m->first; i < m->last[side]; i++)
			all[k++] = &t[side].lines.v[i];
	qsort(all, n, sizeof(*all), cmp_text);
	for (size_t i = 0; i < n; i++) {
		id += i && !same_line(all[i - 1], all[i]);
		all[i]->id = id;
	}
}

static void find_middle(const struct text t[2], struct middle *ret)
{
	struct middle m = { 0, { t[0].lines.n, t[1].lines.n } };

	while (m.first < m.last[0] && m.first < m.last[1] &&
	       same_line(&t[0].lines.v[m.first], &t[1].lines.v[m.first]))
		m.first++;
	while (m.last[0] > m.first && m.last[1] > m.first &&
	       same_line(&t[0].lines.v[m.last[0] - 1], &t[1].lines.v[m.last[1] - 1])) {
		m.last[0]--;
		m.last[1]--;
	}
	*ret = m;
}

/*
 * E. Myers, "An O(ND) Difference Algorithm": v[k] is how far into the first text the
 * furthest path on diagonal k gets with d edits; one row of v is kept for each d to walk
 * back.
 */
struct paths {
	const struct line *x, *y;
	int64_t n, m;
	int32_t **rows; /* rows[d][k + d] */
};

static int32_t furthest(const struct paths *p, int64_t d, int64_t k, bool *ret_down)
{
	const int32_t *row = p->rows[d - 1] + (d - 1);
	/* Outside of the row there is no path. */
	int32_t down = k + 1 <= d - 1 ? row[k + 1] : -1;
	int32_t right = k - 1 >= -(d - 1) ? row[k - 1] : -1;

	*ret_down = k == -d || (k != d && right < down);
	return *ret_down ? down : right + 1;
}

/* How many edits it takes, or -1: too many. */
static int64_t search(struct arena *a, struct paths *p)
{
	int64_t max = WORK_MAX / (p->n + p->m + 1);

	max = max > EDITS_MAX ? EDITS_MAX : max < 16 ? 16 : max;
	p->rows = arena_alloc(a, (size_t)(max + 1) * sizeof(*p->rows));
	for (int64_t d = 0; d <= max; d++) {
		int32_t *row = arena_alloc(a, (size_t)(2 * d + 1) * sizeof(*row));

		p->rows[d] = row;
		for (int64_t k = -d; k <= d; k += 2) {
			bool down;
			int64_t x = d ? furthest(p, d, k, &down) : 0, y = x - k;

			while (x < p->n && y >= 0 && y < p->m && p->x[x].id == p->y[y].id)
				x++, y++;
			row[k + d] = (int32_t)x;
			if (x >= p->n && y >= p->m)
				return d;
		}
	}
	return -1;
}

static void mark(struct arena *a, struct text t[2], const struct middle *m)
{
	/* An empty text has no lines at all, not even a first. */
	struct line *x = t[0].lines.n ? t[0].lines.v + m->first : NULL;
	struct line *y = t[1].lines.n ? t[1].lines.v + m->first : NULL;
	struct paths p = { .x = x,
			   .y = y,
			   .n = (int64_t)(m->last[0] - m->first),
			   .m = (int64_t)(m->last[1] - m->first) };
	int64_t d, k = p.n - p.m;

	d = p.n && p.m ? search(a, &p) : -1;
	if (d < 0) {
		for (int64_t i = 0; i < p.n; i++)
			x[i].changed = true;
		for (int64_t i = 0; i < p.m; i++)
			y[i].changed = true;
		return;
	}
	for (; d > 0; d--) {
		bool down;
		int64_t at = furthest(&p, d, k, &down);

		if (down)
			y[at - k - 1].changed = true;
		else
			x[at - 1].changed = true;
		k += down ? 1 : -1;
	}
}

static void find_runs(struct arena *a, const struct text t[2], runs *ret)
{
	size_t i = 0, j = 0, n = t[0].lines.n, m = t[1].lines.n;

	while (i < n || j < m) {
		struct run r = { .from = { i, j } };

		while (i < n && t[0].lines.v[i].changed)
			i++;
		while (j < m && t[1].lines.v[j].changed)
			j++;
		r.to[0] = i;
		r.to[1] = j;
		if (i > r.from[0] || j > r.from[1])
			*vec_push(a, ret) = r;
		i++;
		j++;
	}
}

/*
 * A run of lines put in (or taken out) between equal ones can stand in several places: as
 * diff(1) does, let it stand in the last.
 */
static void slide_down(struct arena *a, struct text t[2], int side)
{
	runs all = { 0 };

	find_runs(a, t, &all);
	for (size_t i = all.n; i-- > 0;) {
		struct run *r = &all.v[i];
		struct line *l = t[side].lines.v;
		size_t limit = i + 1 < all.n ? all.v[i + 1].from[side] : t[side].lines.n;

		if (r->from[!side] != r->to[!side] || r->from[side] == r->to[side])
			continue;
		while (r->to[side] < limit &&
		       same_line(&l[r->from[side]], &l[r->to[side]])) {
			l[r->from[side]++].changed = false;
			l[r->to[side]++].changed = true;
		}
	}
}

void diff_compare(struct arena *a, const char *before, const char *after,
		  struct text t[static 2], runs *ret)
{
	struct middle m;

	split(a, before, &t[0]);
	split(a, after, &t[1]);
	find_middle(t, &m);
	number_lines(a, t, &m);
	mark(a, t, &m);
	slide_down(a, t, 0);
	slide_down(a, t, 1);
	find_runs(a, t, ret);
}

static void put_line(FILE *out, char sign, const struct line *l)
{
	fputc(sign, out);
	fwrite(l->s, 1, l->len, out);
	if (l->s[l->len - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", out);
}

/* "12,3", "12" for one line; an empty range names the line before it. */
static void put_range(FILE *out, size_t from, size_t to)
{
	if (to - from == 1)
		fprintf(out, "%zu", from + 1);
	else
		fprintf(out, "%zu,%zu", to > from ? from + 1 : from, to - from);
}

/* One hunk: runs [first, last) of @all with the lines around them. */
static void put_hunk(FILE *out, const struct text t[2], const runs *all, size_t first,
		     size_t last)
{
	struct run hunk;
	size_t lead = all->v[first].from[0] < DIFF_CONTEXT ? all->v[first].from[0]
							   : DIFF_CONTEXT;
	size_t left = t[0].lines.n - all->v[last - 1].to[0];
	size_t at;

	for (int side = 0; side < 2; side++) {
		hunk.from[side] = all->v[first].from[side] - lead;
		hunk.to[side] = all->v[last - 1].to[side] +
				(left < DIFF_CONTEXT ? left : DIFF_CONTEXT);
	}
	fputs("@@ -", out);
	put_range(out, hunk.from[0], hunk.to[0]);
	fputs(" +", out);
	put_range(out, hunk.from[1], hunk.to[1]);
	fputs(" @@\n", out);

	at = hunk.from[0];
	for (size_t i = first; i < last; i++) {
		const struct run *r = &all->v[i];

		while (at < r->from[0])
			put_line(out, ' ', &t[0].lines.v[at++]);
		while (at < r->to[0])
			put_line(out, '-', &t[0].lines.v[at++]);
		for (size_t j = r->from[1]; j < r->to[1]; j++)
			put_line(out, '+', &t[1].lines.v[j]);
	}
	while (at < hunk.to[0])
		put_line(out, ' ', &t[0].lines.v[at++]);
}

char *diff_unified(struct arena *a, const char *path, const char *before,
		   const char *after)
{
	AUTOARENA struct arena *tmp = arena_new();
	AUTOFREE char *text = NULL;
	size_t n = 0;
	struct text t[2] = { 0 };
	runs all = { 0 };
	FILE *out;

	diff_compare(tmp, before, after, t, &all);
	if (!all.n)
		return arena_strdup(a, "");
	out = open_memstream(&text, &n);
	if (!out)
		abort();
	fprintf(out, "--- %s%s\n", before ? "a/" : "/dev/null", before ? path : "");
	fprintf(out, "+++ %s%s\n", after ? "b/" : "/dev/null", after ? path : "");
	for (size_t first = 0, last; first < all.n; first = last) {
		last = first + 1;
		while (last < all.n &&
		       all.v[last].from[0] - all.v[last - 1].to[0] <= 2 * DIFF_CONTEXT)
			last++;
		put_hunk(out, t, &all, first, last);
	}
	if (fclose(out))
		abort();
	return arena_strdup(a, text);
}
