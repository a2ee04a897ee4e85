/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "core/journal.h"

/* A journal is some kilobytes; whatever is that large is none. */
#define JOURNAL_MAX ((size_t)1 << 20)

static const char *const state_names[] = { [JOURNAL_PREPARED] = "prepared",
					   [JOURNAL_APPLIED] = "applied",
					   [JOURNAL_UNDOING] = "undoing",
					   [JOURNAL_UNDONE] = "undone" };

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
	uint64_t sum = 0xcbf29ce484222325, off = 0;
	char buf[65536];
	ssize_t n;

	while ((n = h->ops->read(h->ctx, path, buf, sizeof(buf), off)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = (sum ^ (unsigned char)buf[i]) * 0x100000001b3;
		off += (uint64_t)n;
	}
	return n < 0 ? 0 : sum ? sum : 1;
}

void journal_kernels(const struct host *h, struct arena *a, strings *ret)
{
	strings names = { 0 };

	if (host_list(h, a, "boot", &names) < 0)
		return;
	vec_foreach(name, &names) {
		const char *release = after_prefix(*name, "initrd.img-");

		/* initrd.img-REL.new and .dpkg-bak are nobody's kernel. */
		if (release && !ends_with(release, ".new") && !ends_with(release, "-bak"))
			*vec_push(a, ret) = release;
	}
}

/* ---- to and from JSON ---- */

/*
 * Append @item to *array. What jansson cannot hold (a name that is not UTF-8) makes it
 * NULL, and with it the journal: one that leaves a file out must not be written.
 */
static void append(json_t **array, json_t *item)
{
	if (json_array_append_new(*array, item) < 0) {
		json_decref(*array);
		*array = NULL;
	}
}

static json_t *strings_json(const strings *list)
{
	json_t *array = json_array();

	vec_foreach(s, list)
		append(&array, json_string(*s));
	return array;
}

static int strings_from(struct arena *a, const json_t *array, strings *ret)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(array))
		return -EINVAL;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item))
			return -EINVAL;
		*vec_push(a, ret) = arena_strdup(a, json_string_value(item));
	}
	return 0;
}

static json_t *file_json(const struct journal_file *f)
{
	char mode[16], sum[20];

	snprintf(mode, sizeof(mode), "%04o", (unsigned)f->mode);
	snprintf(sum, sizeof(sum), "%016" PRIx64, f->sum);
	return json_pack("{s:s, s:b, s:b, s:s, s:I, s:I, s:s?, s:s?, s:s}", "path",
			 f->path, "generated", f->generated, "existed", f->existed,
			 "mode", mode, "uid", (json_int_t)f->uid, "gid",
			 (json_int_t)f->gid, "before", f->before, "after", f->after,
			 "sum", sum);
}

/* A path of the journal must stay in the tree, or undo would write elsewhere. */
static bool safe_path(const char *path)
{
	if (!*path || *path == '/' || strstr(path, "//"))
		return false;
	for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return false;
	return true;
}

static int file_from(struct arena *a, json_t *json, struct journal_file *ret)
{
	const char *path, *mode, *sum, *before, *after;
	json_t *before_json, *after_json;
	json_int_t uid, gid;
	int generated, existed;

	if (json_unpack_ex(json, NULL, JSON_STRICT,
			   "{s:s, s:b, s:b, s:s, s:I, s:I, s:o, s:o, s:s}", "path", &path,
			   "generated", &generated, "existed", &existed, "mode", &mode,
			   "uid", &uid, "gid", &gid, "before", &before_json, "after",
			   &after_json, "sum", &sum))
		return -EINVAL;
	before = json_string_value(before_json); /* null: NULL */
	after = json_string_value(after_json);
	if (!safe_path(path) || (before && !safe_path(before)) ||
	    (after && !safe_path(after)) || existed != (before != NULL) ||
	    generated == (after != NULL) || uid < 0 || uid >= UINT32_MAX || gid < 0 ||
	    gid >= UINT32_MAX)
		return -EINVAL;
	*ret = (struct journal_file){ .path = arena_strdup(a, path),
				      .generated = generated,
				      .existed = existed,
				      .mode = (mode_t)(strtoul(mode, NULL, 8) & 07777),
				      .uid = (uid_t)uid,
				      .gid = (gid_t)gid,
				      .before = arena_strdup(a, before),
				      .after = arena_strdup(a, after),
				      .sum = strtoull(sum, NULL, 16) };
	return 0;
}

static json_t *journal_json(const struct journal *j)
{
	json_t *files = json_array(), *commands = json_array();

	vec_foreach(f, &j->files)
		append(&files, file_json(f));
	vec_foreach(c, &j->commands)
		append(&commands, strings_json(c));
	return json_pack(
		"{s:s, s:i, s:i, s:s, s:I, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, "
		"s:o, s:o}",
		"schema", JOURNAL_SCHEMA, "version", JOURNAL_VERSION, "number",
		(int)j->number, "state", state_names[j->state], "time",
		(json_int_t)j->time, "release", j->release, "kernels",
		strings_json(&j->kernels), "devices", strings_json(&j->devices), "method",
		j->method, "style", j->style, "files", files, "commands", commands,
		"proof", strings_json(&j->proof), "gone", strings_json(&j->gone),
		"created_dirs", strings_json(&j->created_dirs));
}

static int state_from(const char *name, enum journal_state *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++)
		if (streq(name, state_names[i])) {
			*ret = (enum journal_state)i;
			return 0;
		}
	return -EINVAL;
}

static int journal_from(struct arena *a, json_t *root, struct journal *ret,
			const char **ret_why)
{
	json_t *kernels, *devices, *files, *commands, *proof, *gone, *dirs, *item;
	const char *schema, *state, *release, *method, *style;
	struct journal j = { 0 };
	json_error_t error;
	json_int_t when;
	int version, number;
	size_t i;

	*ret_why = "it is no journal of pcipass";
	if (json_unpack_ex(root, &error, 0, "{s:s, s:i}", "schema", &schema, "version",
			   &version) ||
	    !streq(schema, JOURNAL_SCHEMA) || version < 1)
		return -EINVAL;
	if (version > JOURNAL_VERSION) {
		*ret_why = "a newer pcipass wrote it; use that one";
		return -EINVAL;
	}
	*ret_why = "a member is missing or of the wrong kind";
	if (json_unpack_ex(
		    root, &error, JSON_STRICT,
		    "{s:s, s:i, s:i, s:s, s:I, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, "
		    "s:o, s:o}",
		    "schema", &schema, "version", &version, "number", &number, "state",
		    &state, "time", &when, "release", &release, "kernels", &kernels,
		    "devices", &devices, "method", &method, "style", &style, "files",
		    &files, "commands", &commands, "proof", &proof, "gone", &gone,
		    "created_dirs", &dirs))
		return -EINVAL;
	j.number = (unsigned)number;
	j.time = when;
	j.release = arena_strdup(a, release);
	j.method = arena_strdup(a, method);
	j.style = arena_strdup(a, style);
	if (number < 1 || state_from(state, &j.state) < 0 ||
	    strings_from(a, kernels, &j.kernels) < 0 ||
	    strings_from(a, devices, &j.devices) < 0 ||
	    strings_from(a, proof, &j.proof) < 0 || strings_from(a, gone, &j.gone) < 0 ||
	    strings_from(a, dirs, &j.created_dirs) < 0 || !json_is_array(files) ||
	    !json_is_array(commands))
		return -EINVAL;
	/* clang-format off */
	json_array_foreach(files, i, item)
		if (file_from(a, item, vec_push(a, &j.files)) < 0)
			return -EINVAL;
	json_array_foreach(commands, i, item) {
		strings *argv = vec_push(a, &j.commands);

		if (strings_from(a, item, argv) < 0 || !argv->n)
			return -EINVAL;
	}
	/* clang-format on */
	vec_foreach(dir, &j.created_dirs)
		if (!safe_path(*dir))
			return -EINVAL;
	*ret = j;
	return 0;
}

/* ---- reading ---- */

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
	r = journal_from(a, root, ret, &why);
	json_decref(root);
	return r < 0 ? err_set(e, r, "/%s: %s", path, why) : 0;
}

/* The number of the transaction in folder @name, 0: it is none. */
static unsigned folder_number(const char *name)
{
	size_t len = strlen(name);

	return len < 4 || len > 8 || strspn(name, "0123456789") != len
		       ? 0
		       : (unsigned)strtoul(name, NULL, 10);
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
		char *path = arena_printf(a, JOURNAL_DIR "/%s/journal.json", *name);
		struct journal j;

		if (!folder_number(*name))
			continue;
		r = journal_read(h, a, path, &j, e);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		/* Its state would be written to another one's folder. */
		if (j.number != folder_number(*name))
			return err_set(e, -EINVAL, "/%s: its number is %u", path,
				       j.number);
		*vec_push(a, ret) = j;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_journal);
	return 0;
}

/* ---- writing ---- */

static int write_journal(const struct host *h, struct arena *a, const struct journal *j,
			 struct err *e)
{
	char *path = arena_printf(a, "%s/journal.json", journal_folder(a, j->number));
	json_t *root = journal_json(j);
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
	r = write_journal(h, a, j, e);
	if (r < 0)
		j->state = old;
	return r;
}

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

/* Remove a transaction's folder with all in it; best effort. */
static void drop_folder(const struct host *h, struct arena *a, const char *folder)
{
	strings names = { 0 };

	(void)host_list(h, a, folder, &names);
	vec_foreach(name, &names)
		(void)h->ops->unlink(h->ctx, arena_printf(a, "%s/%s", folder, *name));
	(void)h->ops->rmdir(h->ctx, folder);
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
		unsigned number = folder_number(*name);
		struct host_stat st;

		if (!number)
			continue;
		r = h->ops->stat(h->ctx, journal, &st);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT)
			drop_folder(h, a, folder);
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
	return write_journal(s->h, s->a, s->j, s->e);
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
		drop_folder(h, a, s.folder);
		return r;
	}
	*ret = j;
	return 0;
}
