/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/machine-json-fields.h"

#define FILE_MODE 0644
#define LINK_MODE 0777

/* ---- files: mode, then one of link, hex, lines ---- */

static int mode_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	const char *s = json_string_value(v);

	(void)f;
	if (!s || strlen(s) != 4 || strspn(s, "01234567") != 4)
		return json_wrong(r, at, "permissions are expected, like \"0755\"");
	((struct machine_file *)p)->mode = S_IFREG | (mode_t)strtoul(s, NULL, 8);
	return 0;
}

static void mode_absent(void *p, const struct field *f)
{
	(void)f;
	((struct machine_file *)p)->mode = S_IFREG | FILE_MODE;
}

static json_t *mode_write(const void *p, const struct field *f)
{
	const struct machine_file *file = p;
	char buf[8];

	(void)f;
	if (S_ISLNK(file->mode) || (file->mode & 07777) == FILE_MODE)
		return NULL;
	snprintf(buf, sizeof(buf), "%04o", (unsigned)file->mode & 07777);
	return json_string(buf);
}

static int content_twice(struct json_reader *r, const struct json_place *at)
{
	return json_wrong(r, at,
			  "a file has only one of \"link\", \"hex\" and \"lines\"");
}

static int link_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	struct machine_file *file = p;
	const char *target;

	if (type_string.read(r, at, v, &target, f) < 0)
		return -EINVAL;
	if (!*target || file->mode != (S_IFREG | FILE_MODE))
		return json_wrong(r, at, "a link has a target and no mode");
	file->mode = S_IFLNK | LINK_MODE;
	file->data = (struct blob){ (const uint8_t *)target, strlen(target) };
	return 0;
}

static json_t *link_write(const void *p, const struct field *f)
{
	const struct machine_file *file = p;
	AUTOFREE char *target = NULL;

	(void)f;
	if (!S_ISLNK(file->mode) || !file->data.len)
		return NULL;
	target = strndup((const char *)file->data.data, file->data.len);
	return json_text(target);
}

static int file_hex_read(struct json_reader *r, const struct json_place *at,
			 const json_t *v, void *p, const struct field *f)
{
	struct machine_file *file = p;

	if (file->data.data)
		return content_twice(r, at);
	return type_dump.read(r, at, v, &file->data, f);
}

/* Text is what JSON can hold as it stands: UTF-8 without NUL. */
static bool is_text(struct blob b)
{
	json_t *v;

	if (memchr(b.data, '\0', b.len))
		return false;
	v = json_stringn((const char *)b.data, b.len);
	json_decref(v);
	return v;
}

static json_t *file_hex_write(const void *p, const struct field *f)
{
	const struct machine_file *file = p;

	if (!file->data.len || S_ISLNK(file->mode) || is_text(file->data))
		return NULL;
	return type_dump.write(&file->data, f);
}

static int lines_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		      void *p, const struct field *f)
{
	size_t n = json_array_size(v), size = 0;
	struct machine_file *file = p;
	char *text;

	(void)f;
	if (file->data.data)
		return content_twice(r, at);
	for (size_t i = 0; i < n; i++) {
		struct json_place here = { .up = at, .index = i };
		const char *s = json_string_value(json_array_get(v, i));

		if (!s || strchr(s, '\n'))
			return json_wrong(r, &here,
					  "one line without newline is expected");
		size += strlen(s) + 1;
	}
	if (!n)
		return json_wrong(r, at, "an array of lines is expected");
	text = arena_alloc(r->arena, size + 1);
	file->data = (struct blob){ (const uint8_t *)text, size };
	for (size_t i = 0; i < n; i++) {
		text = stpcpy(text, json_string_value(json_array_get(v, i)));
		*text++ = '\n';
	}
	return 0;
}

static void lines_absent(void *p, const struct field *f)
{
	struct machine_file *file = p;

	(void)f;
	if (!file->data.data)
		file->data.data = (const uint8_t *)"";
}

static json_t *lines_write(const void *p, const struct field *f)
{
	const struct machine_file *file = p;
	const char *s = (const char *)file->data.data, *end = s + file->data.len;
	json_t *array;

	(void)f;
	if (!file->data.len || S_ISLNK(file->mode) || !is_text(file->data))
		return NULL;
	array = json_array();
	while (s < end) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((nl ? nl : end) - s);

		json_array_append_new(array, json_stringn(s, n));
		s += n + 1;
	}
	return array;
}

/* The last line ends without a newline. */
static int cut_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		    void *p, const struct field *f)
{
	struct machine_file *file = p;

	(void)f;
	if (!json_is_true(v) || !S_ISREG(file->mode) || file->data.len < 2 ||
	    !is_text(file->data))
		return json_wrong(r, at, "only true, and only beside lines");
	file->data.len--;
	file->data.data = (const uint8_t *)arena_strndup(
		r->arena, (const char *)file->data.data, file->data.len);
	return 0;
}

static json_t *cut_write(const void *p, const struct field *f)
{
	const struct machine_file *file = p;

	(void)f;
	if (!file->data.len || S_ISLNK(file->mode) || !is_text(file->data) ||
	    file->data.data[file->data.len - 1] == '\n')
		return NULL;
	return json_true();
}

const struct field_type type_mode = { mode_read, mode_absent, mode_write };
const struct field_type type_link = { link_read, NULL, link_write };
const struct field_type type_file_hex = { file_hex_read, NULL, file_hex_write };
const struct field_type type_lines = { lines_read, lines_absent, lines_write };
const struct field_type type_cut = { cut_read, NULL, cut_write };
