/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "core/cmdline.h"

/*
 * lib/cmdline.c:next_arg: blanks end a word unless a double quote is open. Returns the
 * word's start and length, NULL at the end; *@p moves on.
 */
static const char *next_word(const char **p, size_t *ret_len)
{
	const char *word = *p, *end;
	bool quoted = false;

	while (isspace((unsigned char)*word))
		word++;
	for (end = word; *end && (quoted || !isspace((unsigned char)*end)); end++)
		quoted ^= *end == '"';
	*p = end;
	*ret_len = (size_t)(end - word);
	return *ret_len ? word : NULL;
}

void cmdline_split(struct arena *a, const char *cmdline, strings *ret)
{
	size_t n;

	for (const char *w; (w = next_word(&cmdline, &n));)
		*vec_push(a, ret) = arena_strndup(a, w, n);
}

/* kernel/params.c:dash2underscore. */
static bool key_equal(const char *a, size_t n, const char *b)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return !b[n];
}

/* A word's two halves, as they stand in it; value NULL: there is no '='. */
struct halves {
	const char *key, *value;
	size_t key_len, value_len;
};

/* lib/cmdline.c:next_arg: the quotes around a word or a value are not part of it. */
static struct halves split_word(const char *word, size_t len)
{
	bool lead = len && *word == '"';
	struct halves h = { .key = word + lead };
	const char *equals;

	len -= lead;
	equals = memchr(h.key, '=', len);
	h.key_len = equals ? (size_t)(equals - h.key) : len;
	if (!equals) {
		h.key_len -= lead && len && h.key[len - 1] == '"';
		return h;
	}
	h.value = equals + 1;
	h.value_len = len - h.key_len - 1;
	if (h.value_len && !lead && *h.value == '"') {
		lead = true;
		h.value++;
		h.value_len--;
	}
	if (h.value_len && lead && h.value[h.value_len - 1] == '"')
		h.value_len--;
	return h;
}

/* What follows "--" is init's, not the kernel's (init/main.c:start_kernel). */
static bool ends_options(const char *word, size_t len)
{
	return len == 2 && memcmp(word, "--", 2) == 0;
}

const char *cmdline_get(struct arena *a, const char *cmdline, const char *key)
{
	struct halves last = { 0 };
	size_t n;

	for (const char *w; (w = next_word(&cmdline, &n)) && !ends_options(w, n);) {
		struct halves h = split_word(w, n);

		if (key_equal(h.key, h.key_len, key))
			last = h;
	}
	if (!last.key)
		return NULL;
	return last.value ? arena_strndup(a, last.value, last.value_len) : "";
}

bool cmdline_key_is(const char *key, const char *want)
{
	return key_equal(key, strlen(key), want);
}

void cmdline_each(struct arena *a, const char *cmdline, cmdline_word_fn *fn, void *arg)
{
	size_t n;

	for (const char *w; (w = next_word(&cmdline, &n)) && !ends_options(w, n);) {
		struct halves h = split_word(w, n);

		fn(arg, arena_strndup(a, w, n), arena_strndup(a, h.key, h.key_len),
		   h.value ? arena_strndup(a, h.value, h.value_len) : NULL);
	}
}

bool cmdline_has_word(const char *cmdline, const char *word)
{
	size_t n, len = strlen(word);

	for (const char *w; (w = next_word(&cmdline, &n));)
		if (n == len && memcmp(w, word, n) == 0)
			return true;
	return false;
}

static bool list_has(const strings *list, const char *word, size_t len)
{
	if (list)
		vec_foreach(s, list)
			if (strlen(*s) == len && memcmp(*s, word, len) == 0)
				return true;
	return false;
}

/* Appends @word to the text that ends at @end. */
static char *put_word(char *out, char *end, const char *word, size_t len)
{
	if (end > out)
		*end++ = ' ';
	memcpy(end, word, len);
	return end + len;
}

static char *put_missing(char *out, char *end, const strings *add)
{
	if (add)
		vec_foreach(s, add)
			if (!cmdline_has_word(out, *s))
				end = put_word(out, end, *s, strlen(*s));
	return end;
}

char *cmdline_edit(struct arena *a, const char *cmdline, const strings *add,
		   const strings *remove)
{
	size_t n, size = strlen(cmdline) + 1;
	bool added = false;
	char *out, *end;

	if (add)
		vec_foreach(s, add)
			size += strlen(*s) + 1;
	out = end = arena_alloc(a, size + 1); /* zeroed: a string after every step */
	for (const char *w; (w = next_word(&cmdline, &n));) {
		if (ends_options(w, n) && !added) {
			end = put_missing(out, end, add);
			added = true;
		}
		if (!list_has(remove, w, n))
			end = put_word(out, end, w, n);
	}
	if (!added)
		put_missing(out, end, add);
	return out;
}
