/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/diff.h"
#include "core/transaction.h"

/* What undo will do with one file; decided for all before any is touched. */
enum fate {
	FATE_LEAVE,   /* it is as it was */
	FATE_RESTORE, /* put the saved bytes back */
	FATE_REMOVE,  /* it was not there */
	FATE_MERGE,   /* others edited it: only our lines go */
	FATE_MERGED,  /* an earlier try did that */
	FATE_MAKE,    /* generated, and made anew since: run the commands again */
};

struct verdict {
	enum fate fate;
	char *text; /* FATE_MERGE */
};

static int foreign(const struct work *w, const struct journal_file *f, const char *what)
{
	return err_set(
		w->e, -ESTALE,
		"somebody else %s /%s meanwhile; nothing was undone. As it was: /%s",
		what, f->path, f->before ? f->before : "(no such file)");
}

/* Texts with NUL bytes would come back cut short. */
static bool is_text(struct blob b)
{
	return !memchr(b.data, '\0', b.len);
}

static bool list_equal(const strings *x, const strings *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!streq(x->v[i], y->v[i]))
			return false;
	return true;
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
		return foreign(w, f, "changed the lines of pcipass in");
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
		return foreign(w, f, "removed");
	if (r == -ENOENT) {
		v->fate = FATE_LEAVE;
		return 0;
	}
	if (!r && !S_ISREG(st.mode))
		return foreign(w, f, "put something that is no regular file at");
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

/*
 * Generated files come back as they were unless kernels came or went, or somebody made
 * them anew since apply: then what they should hold today is not what was saved.
 */
static void judge_generated(const struct work *w, const struct journal_file *f,
			    bool same_kernels, struct verdict *v)
{
	if (work_same(w, f->path, f->before) == 1)
		v->fate = FATE_LEAVE;
	else if (!same_kernels || (f->before && !host_exists(w->h, f->before)))
		v->fate = FATE_MAKE;
	else if (f->sum && journal_sum(w->h, f->path) != f->sum)
		v->fate = FATE_MAKE;
	else
		v->fate = f->existed ? FATE_RESTORE : FATE_REMOVE;
}

static int judge_all(const struct work *w, const struct journal *j, struct verdict *v)
{
	strings kernels = { 0 };
	bool same_kernels, merged = false, make = false;
	int r;

	journal_kernels(w->h, w->a, &kernels);
	same_kernels = list_equal(&kernels, &j->kernels);
	for (size_t i = 0; i < j->files.n; i++) {
		const struct journal_file *f = &j->files.v[i];

		if (f->generated) {
			judge_generated(w, f, same_kernels, &v[i]);
			make |= v[i].fate == FATE_MAKE;
			continue;
		}
		r = judge_config(w, j, f, &v[i]);
		if (r < 0)
			return r;
		merged |= v[i].fate == FATE_MERGE || v[i].fate == FATE_MERGED;
	}
	/* With others' edits in the configuration the old images are not what it asks
	 * for. */
	for (size_t i = 0; (merged || make) && i < j->files.n; i++)
		if (j->files.v[i].generated)
			v[i].fate = FATE_MAKE;
	return 0;
}

/* The saved file itself, where the file system lets it have two names; else a copy. */
static int put_back(const struct work *w, const struct journal_file *f)
{
	const char *temp = host_temp_name(w->a, f->path);
	int r = -EXDEV;

	if (f->generated)
		r = w->h->ops->link(w->h->ctx, f->before, temp);
	if (!r)
		r = w->h->ops->sync(w->h->ctx, temp);
	if (!r)
		r = w->h->ops->rename(w->h->ctx, temp, f->path);
	if (!r)
		r = host_sync_parent(w->h, f->path);
	return r ? work_put(w, f->path, f->before, f->mode, f->uid, f->gid) : 0;
}

static struct blob merged_text(const struct verdict *v)
{
	return (struct blob){ (const uint8_t *)v->text, strlen(v->text) };
}

/* With the rights that its editors gave it. */
static int put_merged(const struct work *w, const char *path, const struct verdict *v)
{
	struct host_stat st;
	int r = w->h->ops->stat(w->h->ctx, path, &st);

	return r < 0 ? r
		     : host_replace(w->h, path, merged_text(v), st.mode & 07777, st.uid,
				    st.gid);
}

static int carry_out(const struct work *w, const struct journal_file *f,
		     const struct verdict *v)
{
	int r = 0;

	switch (v->fate) {
	case FATE_LEAVE:
	case FATE_MERGED:
	case FATE_MAKE:
		return 0;
	case FATE_RESTORE:
		work_say(w, "restoring /%s", f->path);
		return put_back(w, f);
	case FATE_REMOVE:
		work_say(w, "removing /%s", f->path);
		r = host_remove(w->h, f->path);
		break;
	case FATE_MERGE:
		work_say(w, "taking the lines of pcipass out of /%s", f->path);
		r = put_merged(w, f->path, v);
		break;
	}
	return r < 0 ? err_set(w->e, r, "cannot undo /%s: %s", f->path, strerror(-r)) : 0;
}

/* Commands whose products were not put back, and those that copy elsewhere. */
static int run_again(const struct work *w, const struct journal *j, bool make)
{
	vec_foreach(c, &j->commands) {
		bool copies = c->n && streq(c->v[0], "proxmox-boot-tool");
		int r;

		if (!make && !copies)
			continue;
		r = work_run(w, c);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Half-made files: of host_replace(), and of commands that were cut short. */
static void clear_away(const struct work *w, const struct journal *j)
{
	vec_foreach(f, &j->files) {
		(void)host_remove(w->h, host_temp_name(w->a, f->path));
		if (f->generated)
			(void)host_remove(w->h, arena_printf(w->a, "%s.new", f->path));
	}
}

/*
 * On the disk before a file changes: what is to be done, so that a second try can tell
 * its own work from others'.
 */
static int mark(const struct work *w, struct journal *j, const struct verdict *v)
{
	int r = j->state == JOURNAL_UNDOING
			? 0
			: journal_set_state(w->h, j, JOURNAL_UNDOING, w->e);

	/*
	 * A full disk may be the very reason for undoing, and putting images back makes
	 * room. Without the mark all but merging is safe to repeat, too.
	 */
	if (r == -ENOSPC && j->state == JOURNAL_PREPARED) {
		w->e->text[0] = '\0';
		r = 0;
	}
	for (size_t i = 0; !r && i < j->files.n; i++) {
		const char *path = journal_merged(w->a, j, &j->files.v[i]);

		if (v[i].fate != FATE_MERGE)
			continue;
		r = host_replace(w->h, path, merged_text(&v[i]), 0600, 0, 0);
		if (r < 0)
			return err_set(w->e, r, "cannot write /%s: %s", path,
				       strerror(-r));
	}
	return r;
}

/* Saved images are large and no longer needed; undo.sh would take later work back. */
void work_forget(const struct work *w, const struct journal *j)
{
	vec_foreach(f, &j->files) {
		if (f->generated && f->before)
			(void)w->h->ops->unlink(w->h->ctx, f->before);
		(void)w->h->ops->unlink(w->h->ctx, journal_merged(w->a, j, f));
	}
	(void)w->h->ops->unlink(w->h->ctx, arena_printf(w->a, "%s/undo.sh",
							journal_folder(w->a, j->number)));
}

int work_undo(const struct work *w, struct journal *j)
{
	struct verdict *v = arena_alloc(w->a, (j->files.n + 1) * sizeof(*v));
	bool make = false;
	int r = judge_all(w, j, v);

	if (r < 0)
		return r;
	clear_away(w, j);
	r = mark(w, j, v);
	/* Images first: that frees the room that the small files need. */
	for (size_t i = 0; !r && i < 2 * j->files.n; i++) {
		size_t k = i % j->files.n;

		if (j->files.v[k].generated != (i < j->files.n))
			continue;
		make |= v[k].fate == FATE_MAKE;
		r = carry_out(w, &j->files.v[k], &v[k]);
	}
	if (!r)
		r = run_again(w, j, make);
	if (!r)
		r = work_sync(w, j);
	if (r < 0)
		return r;
	for (size_t i = j->created_dirs.n; i--;)
		(void)w->h->ops->rmdir(w->h->ctx, j->created_dirs.v[i]);
	r = journal_set_state(w->h, j, JOURNAL_UNDONE, w->e);
	if (r < 0)
		return r;
	work_forget(w, j);
	w->ret->number = j->number;
	w->ret->reboot = w->h->running && j->commands.n > 0;
	return 0;
}

static const char *shared_file(const struct journal *x, const struct journal *y)
{
	vec_foreach(f, &x->files)
		vec_foreach(g, &y->files)
			if (!f->generated && !g->generated && streq(f->path, g->path))
				return f->path;
	return NULL;
}

static int no_such(struct err *e, unsigned number)
{
	return number ? err_set(e, -ENOENT,
				"there is no transaction %u that could be undone", number)
		      : err_set(e, -ENOENT, "there is nothing to undo");
}

static int undo_locked(const struct work *w, const void *arg)
{
	unsigned number = *(const unsigned *)arg;
	journals all = { 0 };
	struct journal *j = NULL;
	int r = journal_list(w->h, w->a, &all, w->e);

	if (r < 0)
		return r;
	vec_foreach(it, &all)
		if (it->state != JOURNAL_UNDONE && (!number || it->number == number))
			j = it;
	if (!j)
		return no_such(w->e, number);
	vec_foreach(later, &all) {
		const char *path = NULL;

		if (later->number > j->number && later->state != JOURNAL_UNDONE)
			path = shared_file(j, later);
		if (path)
			return err_set(
				w->e, -EBUSY,
				"transaction %u changed /%s after %u did: undo %u first",
				later->number, path, j->number, later->number);
	}
	return work_undo(w, j);
}

int apply_undo(const struct host *h, struct arena *a, unsigned number,
	       const struct apply_opts *o, struct apply_result *ret, struct err *e)
{
	/* No lock where nothing was ever done: asking leaves nothing behind. */
	if (!host_exists(h, JOURNAL_DIR))
		return no_such(e, number);
	return work_locked(h, a, o, undo_locked, &number, ret, e);
}
