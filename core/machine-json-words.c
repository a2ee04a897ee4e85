/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings that only some texts can be: words of a list, device numbers. */
#include <stdio.h>

#include "core/machine-json-types.h"

static bool is_word_of(const char *const *words, const char *s, size_t len)
{
	for (; *words; words++)
		if (strlen(*words) == len && !strncmp(*words, s, len))
			return true;
	return false;
}

static int not_of_list(struct json_reader *r, const struct json_place *at, const char *s,
		       size_t len, const struct field *f)
{
	char list[200] = "";
	size_t n = 0;

	for (const char *const *w = f->words; *w && n < sizeof(list); w++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
				      *w);
	return json_wrong(r, at, "\"%.*s\" is none of %s", (int)(len < 80 ? len : 80), s,
			  list);
}

static int word_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		     void *p, const struct field *f)
{
	const char *s = json_string_value(v);

	if (s && !is_word_of(f->words, s, strlen(s)))
		return not_of_list(r, at, s, strlen(s), f);
	return type_string.read(r, at, v, p, f);
}

/* Joined by one blank, as the kernel prints them. */
static int words_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		      void *p, const struct field *f)
{
	const char *s = json_string_value(v);

	for (const char *c = s; c && *s; c += strcspn(c, " ") + 1) {
		size_t n = strcspn(c, " ");

		if (!is_word_of(f->words, c, n))
			return not_of_list(r, at, c, n, f);
		if (!c[n])
			break;
	}
	return type_string.read(r, at, v, p, f);
}

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* include/linux/kdev_t.h: 12 bits of major, 20 of minor. */
static int dev_read(struct json_reader *r, const struct json_place *at, const json_t *v,
		    void *p, const struct field *f)
{
	const char *s = json_string_value(v), *minor = s ? s + digits(s) + 1 : NULL;

	if (s && (minor == s + 1 || minor - s > 5 || minor[-1] != ':' || !digits(minor) ||
		  digits(minor) > 7 || minor[digits(minor)]))
		return json_wrong(r, at, "\"%.80s\" is no device number of the form 8:0",
				  s);
	return type_string.read(r, at, v, p, f);
}

static json_t *null_write(const void *p, const struct field *f)
{
	return type_string_null.write(p, f);
}

static json_t *plain_write(const void *p, const struct field *f)
{
	return type_string.write(p, f);
}

const struct field_type type_word = { word_read, NULL, plain_write };
const struct field_type type_word_null = { word_read, NULL, null_write };
const struct field_type type_words_null = { words_read, NULL, null_write };
const struct field_type type_dev_null = { dev_read, NULL, null_write };
