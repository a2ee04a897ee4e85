/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/host.h"
#include "core/machine-json.h"
#include "core/machine-json-fields.h"
#include "core/machine-json-layout.h"

/*
 * jansson needs up to some 300 bytes for a value of two bytes in the text; a bound on the
 * values keeps a hostile file of HOST_FILE_MAX from taking gigabytes.
 */
#define OBJECTS_MAX 1000000
#define VALUES_MAX 6000000

static int check_counts(const char *text, size_t len, const char *name, struct err *e)
{
	size_t objects = 0, values = 0;

	for (size_t i = 0; i < len; i++) {
		objects += text[i] == '{' || text[i] == '[';
		values += text[i] == ',';
	}
	if (objects > OBJECTS_MAX || values > VALUES_MAX)
		return err_set(e, -EINVAL,
			       "%.200s: more than a machine can have (%zu values)", name,
			       objects + values);
	return 0;
}

static int check_files(const struct machine *m, const char *name, struct err *e)
{
	for (size_t i = 0; i + 1 < m->files.n; i++)
		if (streq(m->files.v[i].path, m->files.v[i + 1].path))
			return err_set(e, -EINVAL, "%.200s: files: %.200s is there twice",
				       name, m->files.v[i].path);
	for (size_t i = 0; i + 1 < m->groups.n; i++)
		if (m->groups.v[i].id == m->groups.v[i + 1].id)
			return err_set(e, -EINVAL, "%.200s: groups: %d is there twice",
				       name, m->groups.v[i].id);
	return 0;
}

/* The first two keys decide whether the rest means anything: judge them first. */
static int check_schema(struct json_reader *r, const json_t *root)
{
	for (size_t i = 0; i < 2; i++) {
		const struct field *f = &machine_record.fields[i];
		const json_t *v = json_object_get(root, f->key);
		struct json_place at = { .key = f->key };

		if (!v)
			return json_wrong(r, &at, "missing");
		if (f->type->read(r, &at, v, NULL, f) < 0)
			return -EINVAL;
	}
	return 0;
}

/* No machine is without these: one that lacks them says why they are not known. */
static int check_parts(struct json_reader *r, const json_t *root, const struct machine *m)
{
	for (size_t i = 0; i < machine_record.n_fields; i++) {
		const struct field *f = &machine_record.fields[i];
		struct json_place at = { .key = f->key };

		if (f->fact && !json_object_get(root, f->key) &&
		    !machine_unknown(m, "%s", f->fact))
			return json_wrong(r, &at,
					  "missing, and `unknown` does not say why");
	}
	return 0;
}

int machine_from_json(const char *text, size_t len, const char *name,
		      struct machine **ret, struct err *e)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct json_reader r = {
		.arena = m->arena, .name = name, .bytes_left = HOST_FILE_MAX, .e = e
	};
	json_auto_t *root = NULL;
	struct err inner = { 0 };
	json_error_t je;
	int rc;

	rc = check_counts(text, len, name, e);
	if (rc < 0)
		return rc;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	if (!root)
		return err_set(e, -EINVAL, "%.200s:%d: %s (column %d)", name, je.line,
			       je.text, je.column);
	if (!json_is_object(root))
		return err_set(e, -EINVAL, "%.200s:1: an object is expected", name);
	rc = check_schema(&r, root);
	if (rc >= 0)
		rc = record_read(&r, NULL, root, m, &machine_record);
	if (rc < 0)
		return rc;
	rc = machine_finish(m, &inner);
	if (rc < 0)
		return err_set(e, rc, "%.200s: functions: %s", name, inner.text);
	rc = check_files(m, name, e);
	if (rc >= 0)
		rc = check_parts(&r, root, m);
	if (rc < 0)
		return rc;
	*ret = TAKE(m);
	return 0;
}

int machine_to_json(const struct machine *m, char **ret_text)
{
	json_auto_t *root = record_write(m, &machine_record);

	return root ? json_layout(root, ret_text) : -ENOMEM;
}

/* Everything behind @f's position, at most HOST_FILE_MAX bytes; malloc'd. */
static int read_all(FILE *f, char **ret, size_t *ret_len)
{
	size_t cap = (size_t)64 << 10, len = 0;
	AUTOFREE char *buf = malloc(cap);

	while (buf) {
		len += fread(buf + len, 1, cap - len, f);
		if (ferror(f))
			return errno ? -errno : -EIO;
		if (len < cap)
			break;
		if (cap > HOST_FILE_MAX)
			return -EFBIG;
		cap *= 2;
		char *more = realloc(buf, cap);

		if (!more)
			return -ENOMEM;
		buf = more;
	}
	if (!buf)
		return -ENOMEM;
	*ret = TAKE(buf);
	*ret_len = len;
	return len > HOST_FILE_MAX ? -EFBIG : 0;
}

static bool is_std(const char *path)
{
	return streq(path, "-");
}

int machine_load(const char *path, struct machine **ret, struct err *e)
{
	const char *name = is_std(path) ? "(standard input)" : path;
	FILE *f = is_std(path) ? stdin : fopen(path, "re");
	AUTOFREE char *text = NULL;
	size_t len = 0;
	int rc;

	if (!f)
		return err_set(e, -errno, "%.300s: %s", name, strerror(errno));
	rc = read_all(f, &text, &len);
	if (f != stdin)
		fclose(f);
	if (rc == -EFBIG)
		return err_set(e, rc, "%.300s: larger than %zu MiB", name,
			       HOST_FILE_MAX >> 20);
	if (rc < 0)
		return err_set(e, rc, "%.300s: %s", name, strerror(-rc));
	return machine_from_json(text, len, name, ret, e);
}

int machine_save(const struct machine *m, const char *path, struct err *e)
{
	const char *name = is_std(path) ? "(standard output)" : path;
	AUTOFREE char *text = NULL;
	FILE *f = stdout;
	bool bad;
	int rc;

	rc = machine_to_json(m, &text);
	if (rc < 0)
		return err_set(e, rc, "%.300s: %s", name, strerror(-rc));
	if (!is_std(path))
		f = fopen(path, "we");
	if (!f)
		return err_set(e, -errno, "%.300s: %s", name, strerror(errno));
	errno = 0;
	bad = fputs(text, f) < 0 || fflush(f);
	rc = -errno;
	if (f != stdout && fclose(f) && !bad) {
		rc = -errno;
		bad = true;
	}
	if (bad)
		return err_set(e, rc ? rc : -EIO, "%.300s: %s", name,
			       strerror(rc ? -rc : EIO));
	return 0;
}
