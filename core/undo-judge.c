/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What undo will do with each file; decided for all before any is touched. */
#include <errno.h>
#include <stdio.h>

#include "core/diff.h"
#include "core/transaction.h"

/* Texts with NUL bytes would come back cut short. */
static bool is_text(struct blob b)
{
	return !memchr(b.data, '\0', b.len);
}

/* Only comments and blanks: nothing that anybody would miss. */
static bool says_nothing(const char *text)
{
	for (const char *p = text; *p; p += *p == '\n') {
		p += strspn(p, " \t");
		if (*p && *p != '#' && *p != '\n')
			return false;
		p += strcspn(p, "\n");
	}
	return true;
}

static int merge(const struct work *w, const struct journal_file *f, struct verdict *v)
{
	struct blob before = { (const uint8_t *)"", 0 }, after, now;
	const char *old;
	char *text;
	int r = 0;

	if (f->before)
		r = host_read(w->h, w->a, f->before, HOST_FILE_MAX, &before);
	if (!r)
		r = host_read(w->h, w->a, f->after, HOST_FILE_MAX, &after);
	if (!r)
		r = host_read(w->h, w->a, f->path, HOST_FILE_MAX, &now);
	if (r < 0)
		return err_set(w->e, r == -ENOENT ? -EIO : r, "/%s or its copies: %s",
			       f->path, strerror(-r));
	/* Others' lines may follow what was the last line, so that has to end. */
	old = (const char *)before.data;
	if (before.len && before.data[before.len - 1] != '\n')
		old = arena_printf(w->a, "%s\n", old);
	if (!is_text(before) || !is_text(after) || !is_text(now) ||
	    diff_revert(w->a, old, (const char *)after.data, (const char *)now.data,
			&text) < 0)
		return work_foreign(w, f, "changed the lines of pcipass in");
	*v = (struct verdict){ FATE_MERGE, text };
	if (!f->existed && says_nothing(text))
		v->fate = FATE_REMOVE;
	return 0;
}

static int judge_config(const struct work *w, const struct journal *j,
			const struct journal_file *f, struct verdict *v)
{
	const struct {
		const char *copy; /* whose bytes the file may have now */
		enum fate fate;
	} known[] = {
		{ f->before, FATE_LEAVE },
		{ f->after, f->existed ? FATE_RESTORE : FATE_REMOVE },
		{ journal_merged(w->a, j, f), FATE_MERGED },
	};
	struct host_stat st;
	int r = w->h->ops->stat(w->h->ctx, f->path, &st);

	/* A file that was not there before, and somebody removed: so be it. */
	if (r == -ENOENT && f->existed)
		return work_foreign(w, f, "removed");
	if (r == -ENOENT) {
		v->fate = FATE_LEAVE;
		return 0;
	}
	if (!r && !S_ISREG(st.mode))
		return work_foreign(w, f, "put something that is no regular file at");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(known); i++) {
		r = work_same(w, f->path, known[i].copy);
		v->fate = known[i].fate;
		if (r == 1 && v->fate == FATE_RESTORE && !host_exists(w->h, f->before))
			return err_set(
				w->e, -EIO,
				"/%s is lost, so nothing was undone; /%s was in it",
				f->before, f->path);
		if (r == 1)
			return 0;
	}
	return r < 0 ? err_set(w->e, r, "/%s: %s", f->path, strerror(-r))
		     : merge(w, f, v);
}

/* Do the saved files still belong to the kernels that are installed? */
struct fit {
	bool same; /* no kernel came or went */
	bool kept; /* at least none went */
};

static struct fit judge_kernels(const struct work *w, const struct journal *j)
{
	struct fit fit = { .kept = true };
	strings now = { 0 };

	journal_kernels(w->h, w->a, &now);
	vec_foreach(k, &j->kernels)
		fit.kept &= strings_have(&now, *k);
	fit.same = fit.kept && now.n == j->kernels.n;
	return fit;
}

/*
 * Generated files come back as they were unless kernels came or went, or somebody made
 * them anew since apply: then what they should hold today is not what was saved. Where
 * no command can run, a kernel that came is no reason: the saved files boot the old ones.
 */
static void judge_generated(const struct work *w, const struct journal_file *f,
			    struct fit fit, struct verdict *v)
{
	if (work_same(w, f->path, f->before) == 1)
		v->fate = FATE_LEAVE;
	else if (!(w->h->running ? fit.same : fit.kept) ||
		 (f->before && !host_exists(w->h, f->before)))
		v->fate = FATE_MAKE;
	else if (f->sum && journal_sum(w->h, f->path) != f->sum)
		v->fate = FATE_MAKE;
	else
		v->fate = f->existed ? FATE_RESTORE : FATE_REMOVE;
}

/* Were there generated files, and is none left? Then boot/ is not mounted. */
static bool all_gone(const struct work *w, const struct journal *j)
{
	size_t had = 0;

	vec_foreach(f, &j->files) {
		if (f->generated && host_exists(w->h, f->path))
			return false;
		had += f->generated && f->existed;
	}
	return had > 0;
}

int undo_judge(const struct work *w, const struct journal *j, struct verdict *v,
	       bool *ret_make)
{
	struct fit fit = judge_kernels(w, j);
	bool merged = false, make = false;
	int r;

	if (all_gone(w, j))
		return err_set(w->e, -ESTALE,
			       "none of the images and loader files that transaction %u "
			       "changed is in /boot, so nothing was undone; is that "
			       "file system mounted?",
			       j->number);
	for (size_t i = 0; i < j->files.n; i++) {
		const struct journal_file *f = &j->files.v[i];

		if (f->generated) {
			judge_generated(w, f, fit, &v[i]);
			make |= v[i].fate == FATE_MAKE;
			continue;
		}
		r = judge_config(w, j, f, &v[i]);
		if (r < 0)
			return r;
		merged |= v[i].fate == FATE_MERGE || v[i].fate == FATE_MERGED;
	}
	make |= merged || (!fit.same && j->commands.n);
	/*
	 * With others' edits in the configuration the old images are not what it asks
	 * for; where none can be made they are still better than those of pcipass.
	 */
	for (size_t i = 0; make && w->h->running && i < j->files.n; i++)
		if (j->files.v[i].generated)
			v[i].fate = FATE_MAKE;
	*ret_make = make;
	return 0;
}
