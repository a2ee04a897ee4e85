/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/transaction.h"

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
		/* An earlier try's work may not be durable: it is called so next. */
		return work_settle(w, f->path);
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
	image_marks images = { 0 };

	if (make)
		work_note_images(w, j, &images);
	vec_foreach(c, &j->commands) {
		bool copies = c->n && streq(c->v[0], "proxmox-boot-tool");
		int r;

		if (!make && !copies)
			continue;
		r = work_run(w, c);
		if (r < 0)
			return r;
	}
	return work_check_images(w, j, &images);
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

/* It would take later work back. */
static int drop_script(const struct work *w, const struct journal *j)
{
	char *path = arena_printf(w->a, "%s/undo.sh", journal_folder(w->a, j->number));
	int r = host_remove(w->h, path);

	return r < 0 ? err_set(w->e, r, "cannot remove /%s: %s", path, strerror(-r)) : 0;
}

/* Saved images are large and no longer needed. */
static void drop_copies(const struct work *w, const struct journal *j)
{
	vec_foreach(f, &j->files) {
		if (f->generated && f->before)
			(void)w->h->ops->unlink(w->h->ctx, f->before);
		(void)w->h->ops->unlink(w->h->ctx, journal_merged(w->a, j, f));
	}
}

int work_close(const struct work *w, struct journal *j)
{
	int r = drop_script(w, j);

	if (!r)
		r = journal_set_state(w->h, j, JOURNAL_UNDONE, w->e);
	if (!r)
		drop_copies(w, j);
	return r;
}

void work_tidy(const struct work *w, const journals *all)
{
	vec_foreach(j, all)
		if (j->state == JOURNAL_UNDONE)
			drop_copies(w, j);
}

/*
 * What its commands would have made is not there yet: the saved files stay, and so does
 * the state, until undo has run them.
 */
static int finish(const struct work *w, struct journal *j)
{
	int r;

	w->ret->number = j->number;
	w->ret->reboot = w->h->running && j->commands.n > 0;
	if (!w->ret->pending.n) {
		r = work_close(w, j);
		if (r < 0)
			return r;
	}
	w->ret->state = j->state;
	return 0;
}

int work_undo(const struct work *w, struct journal *j)
{
	struct verdict *v = arena_alloc(w->a, (j->files.n + 1) * sizeof(*v));
	bool make = false;
	int r = undo_judge(w, j, v, &make);

	if (r < 0)
		return r;
	clear_away(w, j);
	r = mark(w, j, v);
	/* Images first: that frees the room that the small files need. */
	for (size_t i = 0; !r && i < 2 * j->files.n; i++) {
		size_t k = i % j->files.n;

		if (j->files.v[k].generated == (i < j->files.n))
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
	return finish(w, j);
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
	return number ? err_set(e, -ESRCH,
				"there is no transaction %u that could be undone", number)
		      : err_set(e, -ESRCH, "there is nothing to undo");
}

static struct journal *newest(journals *all, enum journal_state state)
{
	for (size_t i = all->n; i--;)
		if (all->v[i].state == state)
			return &all->v[i];
	return NULL;
}

/*
 * The one that is meant: 0 is the unfinished one, else the newest; one that cannot be
 * read only if there is no other.
 */
static struct journal *find(journals *all, unsigned number)
{
	struct journal *j = number ? NULL : journal_unfinished(all);

	if (!number && !j)
		j = newest(all, JOURNAL_APPLIED);
	if (!number && !j)
		j = newest(all, JOURNAL_UNREADABLE);
	vec_foreach(it, all)
		if (number && it->number == number && it->state != JOURNAL_UNDONE)
			j = it;
	return j;
}

/* No other one may be unfinished, no later one may have changed the same file. */
static int check_others(const struct work *w, const journals *all,
			const struct journal *j)
{
	vec_foreach(x, all) {
		const char *path;

		if (x == j || x->state == JOURNAL_UNDONE ||
		    x->state == JOURNAL_UNREADABLE)
			continue;
		if (x->state != JOURNAL_APPLIED)
			return work_unfinished(w, x);
		path = x->number > j->number ? shared_file(j, x) : NULL;
		if (path)
			return err_set(
				w->e, -EBUSY,
				"transaction %u changed /%s after %u did: undo %u first",
				x->number, path, j->number, x->number);
	}
	return 0;
}

static int undo_locked(const struct work *w, const void *arg)
{
	unsigned number = *(const unsigned *)arg;
	journals all = { 0 };
	struct journal *j;
	int r = journal_list(w->h, w->a, &all, w->e);

	if (r < 0)
		return r;
	work_tidy(w, &all);
	j = find(&all, number);
	if (!j)
		return no_such(w->e, number);
	if (j->state == JOURNAL_UNREADABLE)
		return err_set(w->e, -EBADMSG,
			       "%.400s; /%s/undo.sh takes transaction %u back", j->why,
			       journal_folder(w->a, j->number), j->number);
	r = check_others(w, &all, j);
	return r < 0 ? r : work_undo(w, j);
}

int apply_undo(const struct host *h, struct arena *a, unsigned number,
	       const struct apply_opts *o, struct apply_result *ret, struct err *e)
{
	/* No lock where nothing was ever done: asking leaves nothing behind. */
	if (!host_exists(h, JOURNAL_DIR))
		return no_such(e, number);
	return work_locked(h, a, o, undo_locked, &number, ret, e);
}
