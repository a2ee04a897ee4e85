/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "core/machine-json-layout.h"
#include "core/util.h"

#define WIDTH 100
#define ONE_LINE_MAX                                                                     \
	16 /* members; more are never looked at as candidates for one line               \
	    */
#define WORD_MAX 40

struct layout {
	FILE *f;
	int indent;
};

static size_t members(const json_t *v)
{
	return json_is_object(v) ? json_object_size(v) : json_array_size(v);
}

/* Bytes of the one-line form; jansson counts without writing. */
static size_t width(const json_t *v)
{
	return json_dumpb(v, NULL, 0, JSON_ENCODE_ANY);
}

static bool fits(const json_t *v, size_t column)
{
	if (members(v) > ONE_LINE_MAX)
		return false;
	return column + width(v) < WIDTH;
}

/* A list of names, as modules are: no blanks, each short. */
static bool is_word_list(const json_t *v)
{
	if (!json_array_size(v))
		return false;
	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (!s || !*s || strlen(s) > WORD_MAX || strchr(s, ' '))
			return false;
	}
	return true;
}

static void newline(const struct layout *l)
{
	fprintf(l->f, "\n%*s", 2 * l->indent, "");
}

static void put_fill(struct layout *l, const json_t *v)
{
	size_t column = WIDTH, n = json_array_size(v);

	for (size_t i = 0; i < n; i++) {
		const json_t *word = json_array_get(v, i);
		size_t w = width(word) + 1; /* with its comma */

		if (column + 1 + w > WIDTH) {
			newline(l);
			column = 2 * (size_t)l->indent;
		} else {
			fputc(' ', l->f);
			column++;
		}
		json_dumpf(word, l->f, JSON_ENCODE_ANY);
		fputs(i + 1 < n ? "," : "", l->f);
		column += w;
	}
}

static void put(struct layout *l, const json_t *v, size_t column);

static void put_array(struct layout *l, const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		newline(l);
		put(l, json_array_get(v, i), 2 * (size_t)l->indent + 1);
		fputs(i + 1 < json_array_size(v) ? "," : "", l->f);
	}
}

static void put_object(struct layout *l, const json_t *v)
{
	json_t *object = (json_t *)(uintptr_t)v, *member;
	size_t left = json_object_size(v);
	const char *key;

	json_object_foreach(object, key, member)
	{
		json_t *k = json_string(key);
		size_t column = 2 * (size_t)l->indent + width(k) + 3;

		newline(l);
		json_dumpf(k, l->f, JSON_ENCODE_ANY);
		fputs(": ", l->f);
		put(l, member, column);
		fputs(--left ? "," : "", l->f);
		json_decref(k);
	}
}

/* @column: where the value starts, one more for the comma behind it. */
static void put(struct layout *l, const json_t *v, size_t column)
{
	bool object = json_is_object(v);

	/* The whole document is one member a line however small it is. */
	if (!members(v) || (l->indent && fits(v, column))) {
		json_dumpf(v, l->f, JSON_ENCODE_ANY);
		return;
	}
	fputc(object ? '{' : '[', l->f);
	l->indent++;
	if (object)
		put_object(l, v);
	else if (is_word_list(v))
		put_fill(l, v);
	else
		put_array(l, v);
	l->indent--;
	newline(l);
	fputc(object ? '}' : ']', l->f);
}

int json_layout(const json_t *v, char **ret_text)
{
	AUTOFREE char *text = NULL;
	struct layout l = { 0 };
	size_t size;
	bool bad;

	l.f = open_memstream(&text, &size);
	if (!l.f)
		return -ENOMEM;
	put(&l, v, 0);
	fputc('\n', l.f);
	bad = ferror(l.f);
	if (fclose(l.f) || bad)
		return -ENOMEM;
	*ret_text = TAKE(text);
	return 0;
}
