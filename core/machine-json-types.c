/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/machine-json-types.h"

#define ROW 16

/* Append "functions[3].bdf" to @buf, outermost frame first. */
static void place_format(const struct json_place *at, char *buf, size_t size)
{
	size_t n;

	if (!at)
		return;
	place_format(at->up, buf, size);
	n = strlen(buf);
	if (at->key)
		snprintf(buf + n, size - n, "%s%.80s", n ? "." : "", at->key);
	else
		snprintf(buf + n, size - n, "[%zu]", at->index);
}

int json_wrong(const struct json_reader *r, const struct json_place *at, const char *fmt,
	       ...)
{
	char place[320] = "", text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	place_format(at, place, sizeof(place));
	if (!*place)
		return err_set(r->e, -EINVAL, "%.200s: %s", r->name, text);
	return err_set(r->e, -EINVAL, "%.200s: %s: %s", r->name, place, text);
}

static const char *json_kind(const json_t *v)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",  [JSON_INTEGER] = "a number",
		[JSON_REAL] = "a fraction",  [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return kinds[json_typeof(v)];
}

int json_wrong_kind(struct json_reader *r, const struct json_place *at, const json_t *v,
		    const char *want)
{
	return json_wrong(r, at, "%s is expected, not %s", want, json_kind(v));
}

json_t *json_text(const char *s)
{
	json_t *v = json_string(s);
	AUTOFREE char *plain = NULL;

	if (v || !s)
		return v;
	/* A log line or a model name may hold any bytes; no fixture is lost for that. */
	plain = strdup(s);
	for (char *c = plain; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return plain ? json_string(plain) : NULL;
}

/* ---- strings ---- */

static int string_read(struct json_reader *r, const struct json_place *at,
		       const json_t *v, void *p, const struct field *f)
{
	(void)f;
	if (!json_is_string(v))
		return json_wrong_kind(r, at, v, "a string");
	*(const char **)p =
		arena_strndup(r->arena, json_string_value(v), json_string_length(v));
	return 0;
}

static void string_absent(void *p, const struct field *f)
{
	(void)f;
	*(const char **)p = "";
}

static json_t *string_write(const void *p, const struct field *f)
{
	const char *s = *(const char *const *)p;

	return (s && *s) || f->required ? json_text(s ? s : "") : NULL;
}

/* NULL and "" are two things here. */
static json_t *string_null_write(const void *p, const struct field *f)
{
	const char *s = *(const char *const *)p;

	return s || f->required ? json_text(s ? s : "") : NULL;
}

static bool is_component(const char *s, size_t n)
{
	return n > 0 && !(n == 1 && s[0] == '.') &&
	       !(n == 2 && s[0] == '.' && s[1] == '.');
}

static int name_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	const char *s = json_string_value(v);

	if (s && (strchr(s, '/') || !is_component(s, strlen(s))))
		return json_wrong(r, at, "\"%.80s\" cannot be a name", s);
	return string_read(r, at, v, p, f);
}

static int path_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	const char *s = json_string_value(v), *c = s;

	if (s && *s == '/')
		return json_wrong(r, at,
				  "\"%.80s\" is absolute; paths start at the root "
				  "without a slash",
				  s);
	while (c) {
		size_t n = strcspn(c, "/");

		if (!is_component(c, n))
			return json_wrong(r, at,
					  "\"%.80s\" leaves the tree or has an "
					  "empty component",
					  s);
		c = c[n] ? c + n + 1 : NULL;
	}
	return string_read(r, at, v, p, f);
}

const struct field_type type_string = { string_read, string_absent, string_write };
const struct field_type type_string_null = { string_read, NULL, string_null_write };
const struct field_type type_name = { name_read, string_absent, string_write };
const struct field_type type_name_null = { name_read, NULL, string_null_write };
const struct field_type type_path = { path_read, string_absent, string_write };
const struct field_type type_path_null = { path_read, NULL, string_null_write };

/* ---- numbers ---- */

static int bool_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	(void)f;
	if (!json_is_boolean(v))
		return json_wrong_kind(r, at, v, "true or false");
	*(bool *)p = json_is_true(v);
	return 0;
}

static json_t *bool_write(const void *p, const struct field *f)
{
	bool b = *(const bool *)p;

	return b || f->required ? json_boolean(b) : NULL;
}

static int number_read(struct json_reader *r, const struct json_place *at,
		       const json_t *v, const struct field *f, long long *ret)
{
	long long n = json_integer_value(v);

	if (!json_is_integer(v))
		return json_wrong_kind(r, at, v, "a number");
	if (n < f->min || n > f->max)
		return json_wrong(r, at, "%lld is out of range (%lld to %lld)", n, f->min,
				  f->max);
	*ret = n;
	return 0;
}

static json_t *number_write(long long n, const struct field *f)
{
	return n != f->def || f->required ? json_integer(n) : NULL;
}

#define NUMBER_TYPE(name, type)                                                          \
	static int name##_read(struct json_reader *r, const struct json_place *at,       \
			       const json_t *v, void *p, const struct field *f)          \
	{                                                                                \
		long long n = 0;                                                         \
		int rc = number_read(r, at, v, f, &n);                                   \
                                                                                         \
		if (rc >= 0)                                                             \
			*(type *)p = (type)n;                                            \
		return rc;                                                               \
	}                                                                                \
	static void name##_absent(void *p, const struct field *f)                        \
	{                                                                                \
		*(type *)p = (type)f->def;                                               \
	}                                                                                \
	static json_t *name##_write(const void *p, const struct field *f)                \
	{                                                                                \
		return number_write((long long)*(const type *)p, f);                     \
	}                                                                                \
	const struct field_type type_##name = { name##_read, name##_absent, name##_write }

NUMBER_TYPE(int, int);
NUMBER_TYPE(uint, unsigned);
NUMBER_TYPE(time, int64_t);

/* ---- PCI ---- */

static int bdf_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		    void *p, const struct field *f)
{
	const char *s = json_string_value(v);
	char again[BDF_SIZE];
	struct bdf b;

	(void)f;
	if (!s)
		return json_wrong_kind(r, at, v, "an address");
	/* One spelling for one function, so that two fixtures can be compared. */
	if (bdf_parse(s, &b) != (int)strlen(s) || !streq(bdf_format(b, again), s))
		return json_wrong(r, at,
				  "\"%.80s\" is no address of the form 0000:01:00.0 "
				  "(lower-case hex; devices end at 1f, functions at 7)",
				  s);
	*(struct bdf *)p = b;
	return 0;
}

static json_t *bdf_write(const void *p, const struct field *f)
{
	char buf[BDF_SIZE];

	(void)f;
	return json_string(bdf_format(*(const struct bdf *)p, buf));
}

static int alias_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		      void *p, const struct field *f)
{
	const char *s = json_string_value(v);

	(void)f;
	if (!s)
		return json_wrong_kind(r, at, v, "a modalias pattern");
	if (pci_id_parse_alias(s, p) < 0)
		return json_wrong(r, at, "\"%.80s\" is no pci: or vfio_pci: pattern", s);
	return 0;
}

static json_t *alias_write(const void *p, const struct field *f)
{
	AUTOARENA struct arena *a = arena_new();

	(void)f;
	return json_string(pci_id_format_alias(a, p));
}

const struct field_type type_bdf = { bdf_read, NULL, bdf_write };
const struct field_type type_alias = { alias_read, NULL, alias_write };

/* ---- bytes ---- */

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c) || isupper((unsigned char)c))
		return -1;
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static int row_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		    uint8_t *row, size_t n)
{
	const char *s = json_string_value(v);

	if (!s)
		return json_wrong_kind(r, at, v, "a row of hex digits");
	if (strlen(s) != 2 * n)
		return json_wrong(r, at,
				  "%zu hex digits are expected in this row, not %zu",
				  2 * n, strlen(s));
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s[2 * i]), lo = hex_digit(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return json_wrong(r, at, "\"%.80s\" is not lower-case hex", s);
		row[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

int dump_read(struct json_reader *r, const struct json_place *at, const json_t *v,
	      size_t max, struct blob *ret)
{
	json_t *object = (json_t *)(uintptr_t)v, *row;
	const char *key;
	json_int_t size;
	uint8_t *data;

	if (!json_is_object(v))
		return json_wrong_kind(r, at, v, "an object of hex rows");
	row = json_object_get(v, "size");
	size = json_integer_value(row);
	if (!json_is_integer(row) || size < 0 || (uint64_t)size > max)
		return json_wrong(r, at, "\"size\" must be a number from 0 to %zu", max);
	if ((size_t)size > r->bytes_left)
		return json_wrong(r, at, "all hex dumps together are too large");
	r->bytes_left -= (size_t)size;
	data = arena_alloc(r->arena, (size_t)size + 1);

	json_object_foreach(object, key, row)
	{
		struct json_place here = { .up = at, .key = key };
		char again[16], *end;
		unsigned long off;
		size_t n = ROW;

		if (streq(key, "size") || streq(key, "read"))
			continue; /* "read" is the caller's: only config space has it */
		off = strtoul(key, &end, 16);
		snprintf(again, sizeof(again), "%03lx", off);
		if (*end || !streq(again, key) || off % ROW)
			return json_wrong(r, &here,
					  "not the offset of a row (000, 010, ...)");
		if (off >= (size_t)size)
			return json_wrong(r, &here, "beyond the size of %lld bytes",
					  (long long)size);
		if ((size_t)size - off < n)
			n = (size_t)size - off;
		if (row_read(r, &here, row, data + off, n) < 0)
			return -EINVAL;
	}
	*ret = (struct blob){ .data = data, .len = (size_t)size };
	return 0;
}

void dump_write_rows(json_t *object, struct blob b)
{
	static const uint8_t zeros[ROW];

	for (size_t off = 0; off < b.len; off += ROW) {
		size_t n = b.len - off < ROW ? b.len - off : ROW;
		char key[24], hex[2 * ROW + 1];

		if (!memcmp(b.data + off, zeros, n))
			continue;
		snprintf(key, sizeof(key), "%03zx", off);
		for (size_t i = 0; i < n; i++)
			snprintf(hex + 2 * i, 3, "%02x", b.data[off + i]);
		json_object_set_new(object, key, json_string(hex));
	}
}

static int type_dump_read(struct json_reader *r, const struct json_place *at,
			  const json_t *v, void *p, const struct field *f)
{
	if (json_object_get(v, "read"))
		return json_wrong(r, at, "\"read\" belongs to config space only");
	return dump_read(r, at, v, (size_t)f->max, p);
}

static json_t *type_dump_write(const void *p, const struct field *f)
{
	const struct blob *b = p;
	json_t *object;

	if (!b->len && !f->required)
		return NULL;
	object = json_pack("{s:I}", "size", (json_int_t)b->len);
	if (object)
		dump_write_rows(object, *b);
	return object;
}

const struct field_type type_bool = { bool_read, NULL, bool_write };
const struct field_type type_dump = { type_dump_read, NULL, type_dump_write };
