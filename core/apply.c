/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/cmdline.h"
#include "core/grub.h"
#include "core/transaction.h"

#define LOCK_OWN JOURNAL_DIR "/lock"
#define LOCK_DPKG "var/lib/dpkg/lock-frontend"

void work_say(const struct work *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->o->progress)
		return;
	va_start(ap, fmt);
	w->o->progress(w->o->arg, arena_vprintf(w->a, fmt, ap));
	va_end(ap);
}

static int check_stop(const struct work *w)
{
	return w->o->stop && w->o->stop(w->o->arg) ? err_set(w->e, -EINTR, "interrupted")
						   : 0;
}

/* Somebody who does not want to wait for dpkg need not. */
static int wait_for_dpkg(const struct work *w)
{
	const int slice = 250;
	int r = -EAGAIN;

	work_say(w, "waiting for dpkg or apt to finish");
	for (int left = APPLY_DPKG_MS; r == -EAGAIN && left > 0; left -= slice) {
		r = check_stop(w);
		if (!r)
			r = w->h->ops->lock(w->h->ctx, LOCK_DPKG, HOST_LOCK_DPKG, slice);
	}
	return r;
}

static int lock(const struct work *w)
{
	int r = host_make_parents(w->h, LOCK_OWN);

	if (r < 0)
		return err_set(w->e, r, "cannot make /" JOURNAL_DIR ": %s", strerror(-r));
	r = w->h->ops->lock(w->h->ctx, LOCK_OWN, HOST_LOCK_OWN, 0);
	if (r == -EAGAIN)
		return err_set(w->e, r,
			       "another pcipass is at work on this host, or a command "
			       "that one left behind");
	if (r < 0)
		return err_set(w->e, r, "cannot lock /" LOCK_OWN ": %s", strerror(-r));
	if (!host_exists(w->h, "var/lib/dpkg"))
		return 0;
	r = w->h->ops->lock(w->h->ctx, LOCK_DPKG, HOST_LOCK_DPKG, 0);
	if (r == -EAGAIN)
		r = wait_for_dpkg(w);
	if (r < 0)
		(void)w->h->ops->unlock(w->h->ctx, LOCK_OWN);
	if (r == -EINTR)
		return r;
	if (r == -EAGAIN)
		return err_set(w->e, r, "dpkg or apt is still at work after %d s",
			       APPLY_DPKG_MS / 1000);
	return r < 0 ? err_set(w->e, r, "cannot lock /" LOCK_DPKG ": %s", strerror(-r))
		     : 0;
}

int work_locked(const struct host *h, struct arena *a, const struct apply_opts *o,
		work_fn *fn, const void *arg, struct apply_result *ret, struct err *e)
{
	struct apply_result result = { 0 };
	struct err local = { "" };
	struct work w = { .h = h, .a = a, .o = o, .ret = &result, .e = e ? e : &local };
	int r = lock(&w);

	if (r < 0)
		return r;
	r = fn(&w, arg);
	(void)h->ops->unlock(h->ctx, LOCK_DPKG);
	(void)h->ops->unlock(h->ctx, LOCK_OWN);
	if (!r)
		*ret = result;
	return r;
}

/* Up to @len bytes of @path from @off, short only at its end. */
static ssize_t read_full(const struct work *w, const char *path, char *buf, size_t len,
			 uint64_t off)
{
	size_t got = 0;
	ssize_t n = 0;

	while (got < len && (n = w->h->ops->read(w->h->ctx, path, buf + got, len - got,
						 off + got)) > 0)
		got += (size_t)n;
	return n < 0 ? n : (ssize_t)got;
}

int work_same(const struct work *w, const char *path, const char *other)
{
	char x[16384], y[16384];
	struct host_stat sx, sy;
	ssize_t n = 0, k;
	int r = path ? w->h->ops->stat(w->h->ctx, path, &sx) : -ENOENT;
	int q = other ? w->h->ops->stat(w->h->ctx, other, &sy) : -ENOENT;

	if ((r < 0 && r != -ENOENT) || (q < 0 && q != -ENOENT))
		return r < 0 && r != -ENOENT ? r : q;
	if (r < 0 || q < 0)
		return r == q;
	if (sx.size != sy.size || (sx.mode & S_IFMT) != (sy.mode & S_IFMT))
		return 0;
	for (uint64_t off = 0;; off += (uint64_t)n) {
		n = read_full(w, path, x, sizeof(x), off);
		k = read_full(w, other, y, sizeof(y), off);
		if (n < 0 || k < 0)
			return (int)(n < 0 ? n : k);
		if (n != k || memcmp(x, y, (size_t)n))
			return 0;
		if (!n)
			return 1;
	}
}

int work_foreign(const struct work *w, const struct journal_file *f, const char *what)
{
	const char *old =
		f->before ? arena_printf(w->a, "put /%s there (as it was)", f->before)
			  : "remove it (there was none)";

	return err_set(
		w->e, -ESTALE,
		"somebody else %s /%s meanwhile, so nothing was done: %s, or /%s (as "
		"pcipass made it), and try again",
		what, f->path, old, f->after);
}

int work_put(const struct work *w, const char *path, const char *from, mode_t mode,
	     uid_t uid, gid_t gid)
{
	AUTOARENA struct arena *image = arena_new();
	struct blob data;
	int r = host_read(w->h, image, from, HOST_IMAGE_MAX, &data);

	if (r < 0)
		return err_set(w->e, -EIO,
			       "cannot read /%s, which should be put at /%s: %s", from,
			       path, strerror(-r));
	r = host_make_parents(w->h, path);
	if (!r)
		r = host_replace(w->h, path, data, mode, uid, gid);
	if (!r)
		r = work_same(w, path, from) == 1 ? 0 : -EIO;
	return r < 0 ? err_set(w->e, r, "cannot write /%s: %s", path, strerror(-r)) : 0;
}

/* The last lines of what a command said, as one. */
static const char *last_words(const char *text)
{
	size_t len = strlen(text);

	return len > 240 ? text + len - 240 : text;
}

static char *join(struct arena *a, const strings *list)
{
	char *s = arena_strdup(a, "");

	vec_foreach(word, list)
		s = arena_printf(a, "%s%s%s", s, *s ? " " : "", *word);
	return s;
}

int work_run(const struct work *w, const strings *argv)
{
	const char **v = arena_alloc(w->a, (argv->n + 1) * sizeof(*v));
	const char *name = join(w->a, argv);
	struct host_output out = { 0 };
	int r;

	if (!w->h->running) {
		work_say(w, "to be run at the first boot: %s", name);
		*vec_push(w->a, &w->ret->pending) = *argv;
		return 0;
	}
	for (size_t i = 0; i < argv->n; i++)
		v[i] = argv->v[i];
	work_say(w, "running %s", name);
	r = w->h->ops->run(w->h->ctx, v, &out);
	if (r == -ETIMEDOUT)
		return err_set(w->e, -EPROTO, "%s took too long and was killed", name);
	if (r < 0)
		return err_set(w->e, -EPROTO, "cannot run %s: %s", name, strerror(-r));
	if (out.status)
		r = err_set(w->e, -EPROTO, "%s failed with status %d: %s", name,
			    out.status, last_words(out.text));
	free(out.text);
	return r;
}

int work_settle(const struct work *w, const char *path)
{
	int r = w->h->ops->sync(w->h->ctx, path);

	/* It was removed, or its kernel went meanwhile. */
	if (!r || r == -ENOENT)
		r = host_sync_parent(w->h, path);
	if (r == -ENOENT) /* no such folder either */
		return 0;
	return r < 0 ? err_set(w->e, r, "cannot sync /%s: %s", path, strerror(-r)) : 0;
}

int work_sync(const struct work *w, const struct journal *j)
{
	strings kernels = { 0 };
	int r = 0;

	vec_foreach(f, &j->files)
		if (!r && f->generated)
			r = work_settle(w, f->path);
	/* Also images of kernels that came later: update-initramfs made them anew. */
	journal_kernels(w->h, w->a, &kernels);
	vec_foreach(k, &kernels)
		if (!r && j->commands.n)
			r = work_settle(w, arena_printf(w->a, "boot/initrd.img-%s", *k));
	return r;
}

/*
 * Did the edit arrive in what boots? Other entries need not have it: memtest86+, recovery
 * and other systems that os-prober found have command lines of their own.
 */
static int check_proof(const struct work *w, const struct journal *j)
{
	static const char cfg[] = "boot/grub/grub.cfg", env[] = "boot/grub/grubenv";
	const struct loader_entry *entry;
	loader_entries entries = { 0 };
	char *text, *saved = NULL;
	size_t chosen = 0;
	int r;

	if (!j->proof.n && !j->gone.n)
		return 0;
	r = host_read_text(w->h, w->a, &text, "%s", cfg);
	if (r < 0)
		return err_set(w->e, -EPROTO, "/%s: %s", cfg, strerror(-r));
	(void)host_read_text(w->h, w->a, &saved, "%s", env);
	grub_read_cfg(w->a, cfg, text, saved, NULL, &entries, &chosen);
	if (!entries.n)
		return err_set(w->e, -EPROTO, "/%s has no boot entry", cfg);
	entry = &entries.v[chosen < entries.n ? chosen : 0];
	vec_foreach(word, &j->proof)
		if (!cmdline_has_word(entry->cmdline, *word))
			return err_set(w->e, -EPROTO,
				       "after update-grub the default entry, /%s:%u, "
				       "still boots without %s",
				       cfg, entry->line, *word);
	vec_foreach(word, &j->gone)
		if (cmdline_has_word(entry->cmdline, *word))
			return err_set(w->e, -EPROTO,
				       "after update-grub the default entry, /%s:%u, "
				       "still boots with %s",
				       cfg, entry->line, *word);
	return 0;
}

/* Take every step; safe to repeat. */
static int take_steps(const struct work *w, struct journal *j)
{
	image_marks images = { 0 };
	int r;

	vec_foreach(f, &j->files) {
		if (f->generated)
			continue;
		r = check_stop(w);
		if (r < 0)
			return r;
		if (work_same(w, f->path, f->after) == 1) {
			/* Written before a crash; it may not be durable yet. */
			r = work_settle(w, f->path);
			if (r < 0)
				return r;
			continue;
		}
		work_say(w, "writing /%s", f->path);
		r = work_put(w, f->path, f->after, f->mode, f->uid, f->gid);
		if (r < 0)
			return r;
	}
	work_note_images(w, j, &images);
	vec_foreach(c, &j->commands) {
		r = check_stop(w);
		if (!r)
			r = work_run(w, c);
		if (r < 0)
			return r;
	}
	r = check_stop(w);
	if (w->h->running && !r)
		r = work_sync(w, j);
	if (w->h->running && !r)
		r = check_proof(w, j);
	if (!r)
		r = work_check_images(w, j, &images);
	if (r < 0)
		return r;
	vec_foreach(f, &j->files)
		if (f->generated)
			f->sum = journal_sum(w->h, f->path);
	return 0;
}

static int take_steps_and_mark(const struct work *w, struct journal *j)
{
	int r = take_steps(w, j);

	if (!r)
		r = journal_set_state(w->h, j, JOURNAL_APPLIED, w->e);
	if (r < 0)
		return r;
	w->ret->number = j->number;
	w->ret->state = j->state;
	w->ret->reboot = true;
	return 0;
}

int work_unfinished(const struct work *w, const struct journal *j)
{
	if (j->state == JOURNAL_UNDOING)
		return err_set(w->e, -EUCLEAN,
			       "transaction %u is half taken back; `pcipass undo %u` "
			       "finishes that",
			       j->number, j->number);
	return err_set(w->e, -EUCLEAN,
		       "transaction %u is unfinished; `pcipass undo %u` takes it back, "
		       "`pcipass apply --resume` finishes it",
		       j->number, j->number);
}

/* The command makes the images of all kernels: each of them must be in the plan. */
static int check_kernels(const struct work *w, const strings *makes)
{
	strings kernels = { 0 }, images = { 0 };
	const char *odd = NULL;

	journal_kernels(w->h, w->a, &kernels);
	vec_foreach(k, &kernels) {
		char *path = arena_printf(w->a, "boot/initrd.img-%s", *k);

		*vec_push(w->a, &images) = path;
		if (!strings_have(makes, path))
			odd = path;
	}
	vec_foreach(path, makes)
		if (after_prefix(*path, "boot/initrd.img-") &&
		    !strings_have(&images, *path))
			odd = *path;
	return odd ? err_set(w->e, -ESTALE,
			     "/%s came or went while this was being planned; nothing was "
			     "done, try again",
			     odd)
		   : 0;
}

static bool makes_images(const struct plan_step *s)
{
	vec_foreach(path, &s->makes)
		if (after_prefix(*path, "boot/initrd.img-"))
			return true;
	return false;
}

static int check_fresh(const struct work *w, const struct plan *p)
{
	vec_foreach(s, &p->steps) {
		struct blob now = { 0 };
		int r = makes_images(s) ? check_kernels(w, &s->makes) : 0;

		if (r < 0)
			return r;
		if (s->kind != PLAN_FILE)
			continue;
		r = host_read(w->h, w->a, s->path, HOST_FILE_MAX, &now);
		if (r < 0 && r != -ENOENT)
			return err_set(w->e, r, "/%s: %s", s->path, strerror(-r));
		if ((r < 0) != !s->before ||
		    (s->before && (strlen(s->before) != now.len ||
				   memcmp(s->before, now.data, now.len))))
			return err_set(
				w->e, -ESTALE,
				"/%s changed while this was being planned; nothing was "
				"done, try again",
				s->path);
	}
	return 0;
}

/* What is to be applied. */
struct order {
	const struct machine *m;
	const struct plan *p;
};

static int apply_locked(const struct work *w, const void *arg)
{
	const struct order *order = arg;
	journals all = { 0 };
	struct err why, back = { "" };
	struct work undo = *w;
	struct journal j;
	int r = journal_list(w->h, w->a, &all, w->e);

	if (r < 0)
		return r;
	if (journal_unfinished(&all))
		return work_unfinished(w, journal_unfinished(&all));
	work_tidy(w, &all);
	r = check_fresh(w, order->p);
	if (r < 0)
		return r;
	work_say(w, "saving what is there now");
	r = journal_begin(w->h, w->a, order->m, order->p, w->o->now, &j, w->e);
	if (r < 0)
		return r;
	/* Saving images may have taken a while. */
	r = check_fresh(w, order->p);
	if (r < 0) {
		struct err unmarked;
		struct work closing = *w;

		closing.e = &unmarked;
		if (work_close(&closing, &j) < 0)
			return err_prefix(w->e, r, "%s", unmarked.text);
		return r;
	}
	r = take_steps_and_mark(w, &j);
	if (!r)
		return 0;

	why = *w->e;
	work_say(w, "that failed; putting everything back");
	undo.e = &back;
	if (work_undo(&undo, &j) >= 0 && j.state != JOURNAL_UNDONE)
		(void)err_set(&back, 0, "commands are left to the first boot");
	if (j.state != JOURNAL_UNDONE)
		return err_set(
			w->e, r,
			"%.300s; putting things back failed too (%.300s): transaction "
			"%u waits for `pcipass undo %u`",
			why.text, back.text, j.number, j.number);
	return err_set(w->e, r, "%.600s; everything is as it was before", why.text);
}

int apply_plan(const struct host *h, struct arena *a, const struct machine *m,
	       const struct plan *p, const struct apply_opts *o, struct apply_result *ret,
	       struct err *e)
{
	const struct order order = { m, p };

	return work_locked(h, a, o, apply_locked, &order, ret, e);
}

static int resume_locked(const struct work *w, const void *arg)
{
	journals all = { 0 };
	struct journal *j;
	int r = journal_list(w->h, w->a, &all, w->e);

	(void)arg;
	if (r < 0)
		return r;
	j = journal_unfinished(&all);
	if (!j)
		return err_set(w->e, -ESRCH, "no transaction is unfinished");
	if (j->state == JOURNAL_UNDOING)
		return work_unfinished(w, j);
	/* A file that is neither old nor new is somebody else's by now. */
	vec_foreach(f, &j->files) {
		if (f->generated || work_same(w, f->path, f->after) == 1)
			continue;
		r = work_same(w, f->path, f->before);
		if (r < 0)
			return err_set(w->e, r, "/%s: %s", f->path, strerror(-r));
		if (!r)
			return work_foreign(w, f, "changed");
	}
	return take_steps_and_mark(w, j);
}

int apply_resume(const struct host *h, struct arena *a, const struct apply_opts *o,
		 struct apply_result *ret, struct err *e)
{
	/* No lock where nothing was ever done: asking leaves nothing behind. */
	if (!host_exists(h, JOURNAL_DIR))
		return err_set(e, -ESRCH, "no transaction is unfinished");
	return work_locked(h, a, o, resume_locked, NULL, ret, e);
}
