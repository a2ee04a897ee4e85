/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "core/journal-part.h"

/* A journal is some kilobytes; whatever is that large is none. */
#define JOURNAL_MAX ((size_t)1 << 20)

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

json_t *journal_to_json(const struct journal *j)
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
		(int)j->number, "state", journal_state_name(j->state), "time",
		(json_int_t)j->time, "release", j->release, "kernels",
		strings_json(&j->kernels), "devices", strings_json(&j->devices), "method",
		j->method, "style", j->style, "files", files, "commands", commands,
		"proof", strings_json(&j->proof), "gone", strings_json(&j->gone),
		"created_dirs", strings_json(&j->created_dirs));
}

static int state_from(const char *name, enum journal_state *ret)
{
	for (int i = JOURNAL_PREPARED; i <= JOURNAL_UNDONE; i++)
		if (streq(name, journal_state_name((enum journal_state)i))) {
			*ret = (enum journal_state)i;
			return 0;
		}
	return -EINVAL;
}

int journal_from_json(struct arena *a, json_t *root, struct journal *ret,
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
