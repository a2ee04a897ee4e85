/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "core/journal-part.h"

/* A journal is some kilobytes; whatever is that large is none. */
#define JOURNAL_MAX ((size_t)1 << 20)

/* A copy of @path at @to, durable but for its name; the owner's rights as the original's.
 */
static int copy_file(const struct host *h, const char *path, const char *to,
		     const struct host_stat *st)
{
	char buf[65536];
	uint64_t off = 0;
	ssize_t n;
	int r = h->ops->create(h->ctx, to, st->mode & 07777, st->uid, st->gid);

	while (!r && (n = h->ops->read(h->ctx, path, buf, sizeof(buf), off)) != 0) {
		if (n < 0)
			return (int)n;
		r = h->ops->append(h->ctx, to, buf, (size_t)n);
		off += (uint64_t)n;
	}
	return r < 0 ? r : h->ops->sync(h->ctx, to);
}

static int write_file(const struct host *h, const char *path, const char *text,
		      mode_t mode)
{
	int r = h->ops->create(h->ctx, path, mode, 0, 0);

	if (!r && *text)
		r = h->ops->append(h->ctx, path, text, strlen(text));
	return r < 0 ? r : h->ops->sync(h->ctx, path);
}

/* What is being saved. */
struct saver {
	const struct host *h;
	struct arena *a;
	struct journal *j;
	const char *folder;
	struct err *e;
};

static int save_failed(struct saver *s, int r, const char *path)
{
	return err_set(s->e, r, "cannot save /%s below /%s: %s", path, s->folder,
		       strerror(-r));
}

static int save_before(struct saver *s, struct journal_file *f, bool by_link)
{
	struct host_stat st;
	int r = s->h->ops->stat(s->h->ctx, f->path, &st);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return save_failed(s, r, f->path);
	if (!S_ISREG(st.mode))
		return err_set(s->e, -EOPNOTSUPP,
			       "/%s is not a regular file; pcipass will not replace it",
			       f->path);
	f->existed = true;
	f->mode = st.mode & 07777;
	f->uid = st.uid;
	f->gid = st.gid;
	f->before = arena_printf(s->a, "%s/before.%zu", s->folder, s->j->files.n - 1);
	r = by_link ? s->h->ops->link(s->h->ctx, f->path, f->before) : -EXDEV;
	/* Another file system, or one without hard links: a copy then. */
	if (r == -EXDEV || r == -EPERM || r == -EMLINK || r == -EOPNOTSUPP)
		r = copy_file(s->h, f->path, f->before, &st);
	else if (!r) /* whoever made it may have synced nothing */
		r = s->h->ops->sync(s->h->ctx, f->before);
	return r < 0 ? save_failed(s, r, f->path) : 0;
}

/* Parents of @path that are not there, outermost first. */
static void note_missing_dirs(struct saver *s, const char *path)
{
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		const char *dir = arena_strndup(s->a, path, (size_t)(p - path));

		if (!host_exists(s->h, dir) && !strings_have(&s->j->created_dirs, dir))
			*vec_push(s->a, &s->j->created_dirs) = dir;
	}
}

/* The update-initramfs that comes with dracut copies over the old image. */
static bool has_dracut(const struct host *h)
{
	return host_exists(h, "usr/bin/dracut") || host_exists(h, "usr/sbin/dracut");
}

static int save_step(struct saver *s, const struct plan_step *step)
{
	struct journal_file *f;
	int r;

	if (step->kind == PLAN_FILE) {
		f = vec_push(s->a, &s->j->files);
		*f = (struct journal_file){ .path = step->path, .mode = step->mode };
		note_missing_dirs(s, step->path);
		r = save_before(s, f, false);
		if (r < 0)
			return r;
		f->after =
			arena_printf(s->a, "%s/after.%zu", s->folder, s->j->files.n - 1);
		r = write_file(s->h, f->after, step->after, f->mode);
		return r < 0 ? save_failed(s, r, step->path) : 0;
	}
	if (step->kind != PLAN_RUN)
		return 0;
	*vec_push(s->a, &s->j->commands) = step->argv;
	vec_foreach(word, &step->proof)
		*vec_push(s->a, &s->j->proof) = *word;
	vec_foreach(word, &step->gone)
		*vec_push(s->a, &s->j->gone) = *word;
	vec_foreach(path, &step->makes) {
		f = vec_push(s->a, &s->j->files);
		*f = (struct journal_file){ .path = *path, .generated = true };
		r = save_before(s, f, step->renames && !has_dracut(s->h));
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Old and new generated files live side by side until undo: all old ones where the
 * journal lies (there by hard link or copy), and the one that is being made where it
 * belongs, which may be a small partition.
 */
static int check_space(struct saver *s, const struct plan *p)
{
	const uint64_t slack = (uint64_t)4 << 20;
	uint64_t sum = 0, largest = 0, room = 0;
	struct host_stat st;

	vec_foreach(step, &p->steps)
		vec_foreach(path, &step->makes) {
			if (s->h->ops->stat(s->h->ctx, *path, &st) < 0)
				continue;
			sum += st.size;
			largest = st.size > largest ? st.size : largest;
		}
	for (size_t i = 0; i < 2; i++) {
		const char *dir = i ? "boot" : JOURNAL_DIR;
		uint64_t need = slack + (i ? largest : sum);

		if (s->h->ops->space(s->h->ctx, dir, &room) < 0 || room >= need)
			continue;
		return err_set(s->e, -ENOSPC,
			       "/%s has %" PRIu64 " MiB free, %" PRIu64
			       " MiB are needed to keep a way back",
			       dir, room >> 20, need >> 20);
	}
	return 0;
}

/*
 * Remove a transaction's folder with all in it: its journal first, and for good, for one
 * without its copies could not be undone.
 */
static int drop_folder(const struct host *h, struct arena *a, const char *folder)
{
	strings names = { 0 };
	int r = host_remove(h, arena_printf(a, "%s/journal.json", folder));

	if (r < 0)
		return r;
	(void)host_list(h, a, folder, &names);
	vec_foreach(name, &names)
		(void)h->ops->unlink(h->ctx, arena_printf(a, "%s/%s", folder, *name));
	(void)h->ops->rmdir(h->ctx, folder);
	return 0;
}

/*
 * The next free number; folders of transactions that had not begun are cleared away:
 * those that surely have no journal, or the only copy of a file might go.
 */
static int next_number(const struct host *h, struct arena *a, unsigned *ret)
{
	strings names = { 0 };
	unsigned last = 0;
	int r = host_list(h, a, JOURNAL_DIR, &names);

	if (r < 0 && r != -ENOENT)
		return r;
	vec_foreach(name, &names) {
		char *folder = arena_printf(a, JOURNAL_DIR "/%s", *name);
		char *journal = arena_printf(a, "%s/journal.json", folder);
		unsigned number = journal_folder_number(*name);
		struct host_stat st;

		if (!number)
			continue;
		r = h->ops->stat(h->ctx, journal, &st);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT)
			(void)drop_folder(h, a, folder);
		if (number > last && host_exists(h, folder))
			last = number;
	}
	*ret = last + 1;
	return 0;
}

static int save_all(struct saver *s, const struct plan *p)
{
	char *script;
	int r = check_space(s, p);

	vec_foreach(step, &p->steps)
		if (!r)
			r = save_step(s, step);
	if (r < 0)
		return r;
	script = arena_printf(s->a, "%s/undo.sh", s->folder);
	r = write_file(s->h, script, journal_undo_script(s->a, s->j), 0755);
	if (r < 0)
		return save_failed(s, r, "undo.sh");
	r = s->h->ops->sync(s->h->ctx, s->folder);
	if (r < 0)
		return save_failed(s, r, s->folder);
	/* journal.json comes last: with it the transaction has begun. */
	return journal_write(s->h, s->a, s->j, s->e);
}

int journal_begin(const struct host *h, struct arena *a, const struct machine *m,
		  const struct plan *p, int64_t now, struct journal *ret, struct err *e)
{
	struct journal j = { .time = now,
			     .release = m->release,
			     .method = plan_method_name(p->method),
			     .style = plan_style_name(p->style) };
	struct saver s = { .h = h, .a = a, .j = &j, .e = e };
	char bdf[BDF_SIZE];
	int r;

	r = host_make_parents(h, JOURNAL_DIR "/lock");
	if (!r)
		r = next_number(h, a, &j.number);
	s.folder = journal_folder(a, j.number);
	if (!r)
		r = h->ops->mkdir(h->ctx, s.folder, 0700);
	if (!r)
		r = h->ops->sync(h->ctx, JOURNAL_DIR);
	if (r < 0)
		return err_set(e, r, "cannot make a new folder in /" JOURNAL_DIR ": %s",
			       strerror(-r));

	vec_foreach(it, &p->targets)
		*vec_push(a, &j.devices) =
			arena_printf(a, "%s %04x:%04x", bdf_format((*it)->bdf, bdf),
				     (*it)->id.vendor, (*it)->id.device);
	journal_kernels(h, a, &j.kernels);
	r = save_all(&s, p);
	if (r < 0) {
		if (drop_folder(h, a, s.folder) < 0)
			return err_set(e, -EUCLEAN,
				       "%.300s; what was begun cannot be removed: "
				       "transaction %u waits for `pcipass undo %u`",
				       e->text, j.number, j.number);
		return r;
	}
	*ret = j;
	return 0;
}
