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
	FATE_MAKE,    /* generated, and made anew since: run the commands again */
};

struct verdict {
	enum fate fate;
	char *text; /* FATE_MERGE */
};

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
	char *text;
	int r = 0;

	if (f->before)
		r = host_read(w->h, w->a, f->before, HOST_FILE_MAX, &before);
	if (!r)
		r = host_read(w->h, w->a, f->after, HOST_FILE_MAX, &after);
	if (!r)
		r = host_read(w->h, w->a, f->path, HOST_FILE_MAX, &now);
	if (r == -ENOENT)
		return err_set(
			w->e, -ESTALE,
			"somebody removed /%s meanwhile; put it back (a copy is /%s) or "
			"decide without pcipass",
			f->path, f->after);
	if (r < 0)
		return err_set(w->e, r, "/%s: %s", f->path, strerror(-r));
	r = diff_revert(w->a, (const char *)before.data, (const char *)after.data,
			(const char *)now.data, &text);
	if (r < 0)
		return err_set(
			w->e, -ESTALE,
			"somebody else changed the lines of pcipass in /%s; nothing was "
			"undone. As it was: /%s",
			f->path, f->before ? f->before : "(no such file)");
	*v = (struct verdict){ FATE_MERGE, text };
	if (!f->existed && says_nothing(text))
		v->fate = FATE_REMOVE;
	return 0;
}

static int judge_config(const struct work *w, const struct journal_file *f,
			struct verdict *v)
{
	int same = work_same(w, f->path, f->before);

	if (same > 0) {
		v->fate = FATE_LEAVE;
		return 0;
	}
	if (!same)
		same = work_same(w, f->path, f->after);
	if (same < 0)
		return err_set(w->e, same, "/%s: %s", f->path, strerror(-same));
	if (same) {
		v->fate = f->existed ? FATE_RESTORE : FATE_REMOVE;
		return 0;
	}
	if (!f->existed && !host_exists(w->h, f->path)) {
		v->fate = FATE_LEAVE; /* somebody removed what pcipass had made */
		return 0;
	}
	return merge(w, f, v);
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
	else if (!same_kernels)
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
		r = judge_config(w, f, &v[i]);
		if (r < 0)
			return r;
		merged |= v[i].fate == FATE_MERGE;
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

static int carry_out(const struct work *w, const struct journal_file *f,
		     const struct verdict *v)
{
	struct blob text = { (const uint8_t *)v->text, v->text ? strlen(v->text) : 0 };
	int r = 0;

	(void)host_remove(w->h, host_temp_name(w->a, f->path));
	/* What a command that was cut short left: update-initramfs, grub-mkconfig. */
	if (f->generated)
		(void)host_remove(w->h, arena_printf(w->a, "%s.new", f->path));
	switch (v->fate) {
	case FATE_LEAVE:
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
		r = host_replace(w->h, f->path, text, f->mode, f->uid, f->gid);
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

		if (!w->h->running || (!make && !copies))
			continue;
		r = work_run(w, c);
		if (r < 0)
			return r;
	}
	return 0;
}

int work_undo(const struct work *w, struct journal *j)
{
	struct verdict *v = arena_alloc(w->a, (j->files.n + 1) * sizeof(*v));
	bool make = false;
	int r = judge_all(w, j, v);

	if (!r && j->state != JOURNAL_UNDOING)
		r = journal_set_state(w->h, j, JOURNAL_UNDOING, w->e);
	for (size_t i = 0; !r && i < j->files.n; i++) {
		make |= v[i].fate == FATE_MAKE;
		r = carry_out(w, &j->files.v[i], &v[i]);
	}
	if (!r)
		r = run_again(w, j, make);
	if (r < 0)
		return r;
	for (size_t i = j->created_dirs.n; i--;)
		(void)w->h->ops->rmdir(w->h->ctx, j->created_dirs.v[i]);
	r = journal_set_state(w->h, j, JOURNAL_UNDONE, w->e);
	/* Saved images are large and no longer needed. */
	vec_foreach(f, &j->files)
		if (!r && f->generated && f->before)
			(void)w->h->ops->unlink(w->h->ctx, f->before);
	return r;
}

static const char *shared_file(const struct journal *x, const struct journal *y)
{
	vec_foreach(f, &x->files)
		vec_foreach(g, &y->files)
			if (!f->generated && !g->generated && streq(f->path, g->path))
				return f->path;
	return NULL;
}

static int undo_locked(const struct work *w, unsigned number, bool *ret_reboot)
{
	journals all = { 0 };
	struct journal *j = NULL;
	int r = journal_list(w->h, w->a, &all, w->e);

	if (r < 0)
		return r;
	vec_foreach(it, &all)
		if (it->state != JOURNAL_UNDONE && (!number || it->number == number))
			j = it;
	if (!j)
		return number ? err_set(w->e, -ENOENT,
					"there is no transaction %u that could be undone",
					number)
			      : err_set(w->e, -ENOENT, "there is nothing to undo");
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
	*ret_reboot = j->commands.n > 0;
	return work_undo(w, j);
}

int apply_undo(const struct host *h, unsigned number, const struct apply_opts *o,
	       bool *ret_reboot, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct err local = { "" };
	struct work w = { .h = h, .a = a, .o = o, .e = e ? e : &local };
	int r = work_lock(&w);

	if (r < 0)
		return r;
	r = undo_locked(&w, number, ret_reboot);
	work_unlock(&w);
	return r;
}
