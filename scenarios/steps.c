/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps of files, kernel and power. */
#include <errno.h>
#include <stdio.h>

#include "core/inventory.h"
#include "core/journal.h"
#include "scenarios/player.h"

/* ---- power ---- */

/* "reboot": true, or {"boots": false}, or {"race": {"gpu": true}} */
int step_reboot(struct player *p, const json_t *step, const json_t *value)
{
	const json_t *boots = json_object_get(value, "boots"), *want;
	const char *maybe = json_string_value(boots), *role;
	struct err said = { "" };
	int r = p->g->ops->reboot(p->g->ctx, &p->boot, &said);

	(void)step;
	if (r < 0)
		p->boot = NULL;
	if (maybe && streq(maybe, "maybe"))
		return 0;
	if (r < 0 && !json_is_false(boots))
		return player_fail(p, "does not boot: %s", said.text);
	if (r >= 0 && json_is_false(boots))
		return player_fail(p, "boots, though it should not");
	json_object_foreach(json_object_get(value, "race"), role, want)
	{
		struct bdf b;
		bool race = false;

		if (bdf_parse(player_device(p, role), &b) < 0)
			return player_bad(p, "race.%s: not an address", role);
		if (!p->boot)
			return player_bad(p, "race: this boot has none");
		vec_foreach(f, &p->boot->fns)
			if (!bdf_cmp(f->bdf, b))
				race = f->race != NULL;
		if (race != json_is_true(want))
			return player_fail(p, "%s: race is %s", role,
					   race ? "true" : "false");
	}
	return 0;
}

int step_power_cut(struct player *p, const json_t *step, const json_t *value)
{
	(void)step;
	p->g->ops->power_cut(p->g->ctx, (uint64_t)json_integer_value(value));
	return 0;
}

/* ---- the kernel ---- */

/* "drivers": {"gpu": "vfio-pci", "audio": null} */
int step_drivers(struct player *p, const json_t *step, const json_t *value)
{
	struct host h = p->g->ops->host(p->g->ctx);
	const char *role;
	json_t *want;

	(void)step;
	json_object_foreach((json_t *)(uintptr_t)value, role, want)
	{
		AUTOARENA struct arena *a = arena_new();
		const char *expected = json_string_value(want);
		char *driver = NULL;
		int r = host_link_name(&h, a, &driver, "sys/bus/pci/devices/%s/driver",
				       player_device(p, role));

		if (r < 0 && r != -ENOENT)
			return player_fail(p, "%s: %s", role, strerror(-r));
		if ((!driver) != (!expected) || (driver && !streq(driver, expected)))
			return player_fail(p, "%s has %s, expected %s", role,
					   driver ? driver : "no driver",
					   expected ? expected : "no driver");
	}
	return 0;
}

/* "store": [PATH, DATA], "expect": "EBUSY" or a count of bytes */
int step_store(struct player *p, const json_t *step, const json_t *value)
{
	const char *path = json_string_value(json_array_get(value, 0));
	const json_t *data = json_array_get(value, 1),
		     *want = json_object_get(step, "expect");
	size_t len = json_string_length(data);
	ssize_t n;

	if (!path || !json_is_string(data))
		return player_bad(p, "wants [PATH, DATA]");
	n = p->g->ops->store(p->g->ctx, path, json_string_value(data), len);
	if (json_is_string(want)) {
		const char *name = n < 0 ? strerrorname_np((int)-n) : "success";

		return streq(name, json_string_value(want))
			       ? 0
			       : player_fail(p, "%s: %s, expected %s", path, name,
					     json_string_value(want));
	}
	if (n != (want ? (ssize_t)json_integer_value(want) : (ssize_t)len))
		return player_fail(p, "%s: %s", path,
				   n < 0 ? strerrorname_np((int)-n) : "a short write");
	return 0;
}

static int read_file(struct player *p, const char *path, struct blob *ret)
{
	struct host h = p->g->ops->host(p->g->ctx);

	return host_read(&h, p->arena, path, HOST_FILE_MAX, ret);
}

/* "read": [PATH, TEXT], or an errno's name in place of the text */
int step_read(struct player *p, const json_t *step, const json_t *value)
{
	const char *path = json_string_value(json_array_get(value, 0));
	const char *want = json_string_value(json_array_get(value, 1));
	struct blob got;
	int r;

	(void)step;
	if (!path || !want)
		return player_bad(p, "wants [PATH, TEXT]");
	r = read_file(p, path, &got);
	if (!streq(r < 0 ? strerrorname_np(-r) : (const char *)got.data, want))
		return player_fail(p, "%s: got \"%.200s\", expected \"%.200s\"", path,
				   r < 0 ? strerrorname_np(-r) : (const char *)got.data,
				   want);
	return 0;
}

static int claim(struct player *p, const json_t *step, const json_t *value, bool take)
{
	const json_t *want = json_object_get(step, "expect");
	int r = p->g->ops->claim(p->g->ctx, (int)json_integer_value(value), take);
	const char *name = r < 0 ? strerrorname_np(-r) : "success";

	if (!streq(name, want ? json_string_value(want) : "success"))
		return player_fail(p, "%s", name);
	return 0;
}

int step_claim(struct player *p, const json_t *step, const json_t *value)
{
	return claim(p, step, value, true);
}

int step_release(struct player *p, const json_t *step, const json_t *value)
{
	return claim(p, step, value, false);
}

/* "run": [ARGV], "status": 0 */
int step_run(struct player *p, const json_t *step, const json_t *value)
{
	struct host h = p->g->ops->host(p->g->ctx);
	struct host_output out = { 0 };
	int want = (int)json_integer_value(json_object_get(step, "status"));
	const char *argv[16] = { NULL };
	const json_t *item;
	size_t i;
	int r;

	json_array_foreach(value, i, item) if (i < ARRAY_SIZE(argv) - 1) argv[i] =
		json_string_value(item);
	if (!argv[0])
		return player_bad(p, "wants a command");
	r = h.ops->run(h.ctx, argv, &out);
	if (r < 0)
		return player_fail(p, "%s: %s", argv[0], strerror(-r));
	r = out.status == want
		    ? 0
		    : player_fail(p, "status %d: %.300s", out.status, out.text);
	free(out.text);
	return r;
}

/* ---- files, as a person edits them ---- */

static int put(struct player *p, const char *path, const char *text, mode_t mode)
{
	struct host h = p->g->ops->host(p->g->ctx);
	struct blob data = { (const uint8_t *)text, strlen(text) };
	int r = host_make_parents(&h, path);

	if (!r)
		r = host_replace(&h, path, data, mode, 0, 0);
	return r < 0 ? player_bad(p, "%s: %s", path, strerror(-r)) : 0;
}

int step_write(struct player *p, const json_t *step, const json_t *value)
{
	const char *path = json_string_value(json_array_get(value, 0));
	const char *text = json_string_value(json_array_get(value, 1));
	const char *mode = json_string_value(json_object_get(step, "mode"));

	if (!path || !text)
		return player_bad(p, "wants [PATH, TEXT]");
	return put(p, path, text, mode ? (mode_t)strtoul(mode, NULL, 8) : 0644);
}

int step_append(struct player *p, const json_t *step, const json_t *value)
{
	const char *path = json_string_value(json_array_get(value, 0));
	const char *text = json_string_value(json_array_get(value, 1));
	struct blob old = { (const uint8_t *)"", 0 };

	(void)step;
	if (!path || !text)
		return player_bad(p, "wants [PATH, TEXT]");
	(void)read_file(p, path, &old);
	return put(p, path, arena_printf(p->arena, "%s%s", (const char *)old.data, text),
		   0644);
}

int step_remove(struct player *p, const json_t *step, const json_t *value)
{
	struct host h = p->g->ops->host(p->g->ctx);
	int r;

	(void)step;
	if (!json_is_string(value))
		return player_bad(p, "wants a path");
	r = host_remove(&h, json_string_value(value));
	return r < 0 ? player_bad(p, "%s", strerror(-r)) : 0;
}

/* "file": PATH, "has": [..], "lacks": [..], "absent": true */
int step_file(struct player *p, const json_t *step, const json_t *value)
{
	const char *path = json_string_value(value);
	const json_t *item;
	struct blob got;
	size_t i;
	int r;

	if (!path)
		return player_bad(p, "wants a path");
	r = read_file(p, path, &got);
	if (json_is_true(json_object_get(step, "absent")))
		return r == -ENOENT ? 0 : player_fail(p, "%s is there", path);
	if (r < 0)
		return player_fail(p, "%s: %s", path, strerror(-r));
	json_array_foreach(json_object_get(step, "has"), i, item) if (
		!strstr((const char *)got.data,
			json_string_value(
				item))) return player_fail(p, "%s lacks \"%s\": %.300s",
							   path, json_string_value(item),
							   (const char *)got.data);
	json_array_foreach(
		json_object_get(step, "lacks"), i,
		item) if (strstr((const char *)got.data,
				 json_string_value(
					 item))) return player_fail(p, "%s has \"%s\"",
								    path,
								    json_string_value(
									    item));
	return 0;
}

/* ---- the whole configuration, to the byte ---- */

typedef VEC(struct snapshot_file) snapshot_files;

static int take_snapshot(struct player *p, const struct host *h, const char *dir,
			 snapshot_files *ret)
{
	strings names = { 0 };
	int r = host_list(h, p->arena, dir, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : player_bad(p, "%s: %s", dir, strerror(-r));
	vec_foreach(name, &names) {
		struct snapshot_file f = { .path = arena_printf(p->arena, "%s/%s", dir,
								*name) };

		r = h->ops->stat(h->ctx, f.path, &f.st);
		if (r < 0)
			return player_bad(p, "%s: %s", f.path, strerror(-r));
		if (S_ISREG(f.st.mode))
			f.sum = journal_sum(h, f.path);
		*vec_push(p->arena, ret) = f;
		if (S_ISDIR(f.st.mode)) {
			r = take_snapshot(p, h, f.path, ret);
			if (r)
				return r;
		}
	}
	return 0;
}

static int cmp_snapshot_file(const void *x, const void *y)
{
	return strcmp(((const struct snapshot_file *)x)->path,
		      ((const struct snapshot_file *)y)->path);
}

static int snapshot_all(struct player *p, snapshot_files *ret)
{
	static const char *const dirs[] = { "boot", "efi", "etc", "lib", "usr" };
	struct host h = p->g->ops->host(p->g->ctx);
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(dirs); i++)
		r = take_snapshot(p, &h, dirs[i], ret);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_snapshot_file);
	return r;
}

int step_snapshot(struct player *p, const json_t *step, const json_t *value)
{
	snapshot_files files = { 0 };
	int r = snapshot_all(p, &files);

	(void)step;
	(void)value;
	p->snapshot.v = files.v;
	p->snapshot.n = files.n;
	p->snapshot.cap = files.cap;
	return r;
}

/* "same": true: files, bytes, modes and owners are those of the snapshot. */
int step_same(struct player *p, const json_t *step, const json_t *value)
{
	snapshot_files now = { 0 };
	size_t i = 0, k = 0;
	int r = snapshot_all(p, &now);

	(void)step;
	(void)value;
	if (r)
		return r;
	if (!p->snapshot.n)
		return player_bad(p, "no snapshot was taken");
	while (i < p->snapshot.n && k < now.n) {
		const struct snapshot_file *f = &p->snapshot.v[i++], *g = &now.v[k++];
		int order = strcmp(f->path, g->path);

		if (order)
			return player_fail(p, "%s is %s", order < 0 ? f->path : g->path,
					   order < 0 ? "gone" : "new");
		if (f->sum != g->sum || f->st.mode != g->st.mode ||
		    f->st.uid != g->st.uid || f->st.gid != g->st.gid)
			return player_fail(p, "%s is not as it was", f->path);
	}
	if (i < p->snapshot.n || k < now.n)
		return player_fail(p, "%s is %s",
				   k < now.n ? now.v[k].path : p->snapshot.v[i].path,
				   k < now.n ? "new" : "gone");
	return 0;
}
