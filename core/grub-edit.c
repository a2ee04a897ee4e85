/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "core/grub-shell.h"
#include "core/loader.h"

static bool odd_quotes(const char *p, const char *end)
{
	bool odd = false;

	for (; p < end; p++)
		odd ^= *p == '"';
	return odd;
}

/* Why the text of an assignment cannot be edited word by word, or NULL. */
static const char *why_odd(const struct shell_stmt *s)
{
	char quote = *s->value;
	bool quoted = quote == '"' || quote == '\'';
	struct shell_stmt again = { 0 };

	if (s->computed)
		return "is the output of a command";
	if (s->open)
		return "has a quote that is not closed";
	if (s->continued || memchr(s->value, '\n', (size_t)(s->end - s->value)))
		return "runs over several lines";
	if (quoted && shell_skip_quoted(s->value, &again) != s->end)
		return "is put together from several quoted parts";
	if (!quoted && strcspn(s->value, "'\"\\") < (size_t)(s->end - s->value))
		return "is quoted in an unusual way";
	/* The kernel would take a word added behind it as part of what is quoted. */
	if (odd_quotes(s->value + quoted, s->end - quoted))
		return "has a double quote inside that is not closed";
	return NULL;
}

/*
 * The next word of @text before @end: blanks inside the kernel's own double quotes do not
 * end it. @plain gets it without the shell's backslashes.
 */
static const char *value_word(const char *text, const char *end, char quote,
			      const char **ret_end, char *plain)
{
	const char *word = text, *p;
	bool inside = false;

	while (word < end && isspace((unsigned char)*word))
		word++;
	for (p = word; p < end && (inside || !isspace((unsigned char)*p)); p++) {
		if (quote == '"' && *p == '\\' && p + 1 < end && strchr("\\\"$`", p[1]))
			p++;
		inside ^= *p == '"';
		*plain++ = *p;
	}
	*plain = '\0';
	*ret_end = p;
	return word < end ? word : NULL;
}

/* The value's words without those of @remove, all other bytes kept; @end of the result.
 */
static char *copy_words(const char *from, const char *end, char quote,
			const strings *remove, const strings *add, bool *ret_have,
			char *plain, char *out)
{
	const char *gap = from, *word, *word_end;
	char *first = out;

	while ((word = value_word(gap, end, quote, &word_end, plain))) {
		bool kept = !remove || !strings_have(remove, plain);

		for (size_t i = 0; kept && add && i < add->n; i++)
			ret_have[i] |= streq(add->v[i], plain);
		if (kept) {
			/* A word gone from the front takes the blanks behind it along. */
			const char *start = out == first && gap != from ? word : gap;

			memcpy(out, start, (size_t)(word_end - start));
			out += word_end - start;
		}
		gap = word_end;
	}
	if (gap == from || out > first) {
		memcpy(out, gap, (size_t)(end - gap));
		out += end - gap;
	}
	return out;
}

static char *put_escaped(char *out, const char *word, char quote)
{
	for (; *word; word++) {
		if (quote == '"' && strchr("\\\"$`", *word))
			*out++ = '\\';
		*out++ = *word;
	}
	return out;
}

static bool wants_words(const strings *add, const bool *have)
{
	for (size_t i = 0; add && i < add->n; i++)
		if (!have[i])
			return true;
	return false;
}

static char *put_words(char *out, const char *first, const strings *add, const bool *have,
		       char quote)
{
	for (size_t i = 0; add && i < add->n; i++) {
		if (have[i])
			continue;
		if (out > first && !isspace((unsigned char)out[-1]))
			*out++ = ' ';
		out = put_escaped(out, add->v[i], quote);
	}
	return out;
}

/* Room for all words of @add, each with a blank and every byte escaped. */
static size_t room_for(const strings *add)
{
	size_t n = 0;

	for (size_t i = 0; add && i < add->n; i++)
		n += 2 * strlen(add->v[i]) + 1;
	return n;
}

static char *append_line(struct arena *a, const char *text, const char *name,
			 const strings *add)
{
	size_t len = strlen(text);
	bool *have = arena_alloc(a, add->n);
	char *out = arena_alloc(a, len + strlen(name) + room_for(add) + 8), *end, *first;

	end = out + sprintf(out, "%s%s%s=\"", text,
			    len && text[len - 1] != '\n' ? "\n" : "", name);
	first = end;
	strcpy(put_words(end, first, add, have, '"'), "\"\n");
	return out;
}

/* The last assignment of @name; false: none. */
static bool find_last(const char *text, const char *name, struct shell_stmt *ret)
{
	struct shell_scan sc = { .p = text, .line = 1 };
	struct shell_stmt s;
	bool found = false;

	while (shell_next(&sc, &s)) {
		if (!s.name || s.name_len != strlen(name) ||
		    memcmp(s.name, name, s.name_len) != 0)
			continue;
		*ret = s;
		found = true;
	}
	return found;
}

/* A word of @words that stands among the words from @p to @end, or NULL. */
static const char *find_word(const char *p, const char *end, const strings *words)
{
	static const char around[] = " \t\n\"'$+=";

	for (size_t i = 0; words && i < words->n; i++) {
		size_t n = strlen(words->v[i]);

		for (const char *at = p; end - at >= (long)n; at++)
			if (memcmp(at, words->v[i], n) == 0 &&
			    (at == p || strchr(around, at[-1])) &&
			    (at + n == end || strchr(around, at[n])))
				return words->v[i];
	}
	return NULL;
}

/*
 * A later assignment may take an earlier one's words over ("$NAME more", +=), and only
 * the last is edited: what is to go must not stand in the others.
 */
static int check_earlier(const char *path, const char *text, const char *name,
			 const struct shell_stmt *last, const strings *remove,
			 struct err *e)
{
	struct shell_scan sc = { .p = text, .line = 1 };
	struct shell_stmt s;

	while (shell_next(&sc, &s) && s.value != last->value) {
		const char *word;

		if (!s.name || s.name_len != strlen(name) ||
		    memcmp(s.name, name, s.name_len) != 0)
			continue;
		word = find_word(s.value, s.end, remove);
		if (word)
			return err_set(
				e, -EINVAL,
				"%s:%u: %s is set more than once, and has %s here: "
				"take it out by hand",
				path, s.line, name, word);
	}
	return 0;
}

int grub_default_edit(struct arena *a, const char *path, const char *text,
		      const char *name, const strings *add, const strings *remove,
		      char **ret, struct err *e)
{
	struct shell_stmt last;
	const char *why, *from, *to;
	char quote, *out, *plain, *end, *first;
	size_t len = strlen(text);
	bool *have, more, quoted;

	if (!find_last(text, name, &last)) {
		out = add && add->n ? append_line(a, text, name, add)
				    : arena_strdup(a, text);
		if (add && add->n && !find_last(out, name, &last))
			return err_set(
				e, -EINVAL,
				"%s: a quote is not closed, so that a line added at "
				"the end would not be read",
				path);
		*ret = out;
		return 0;
	}
	why = why_odd(&last);
	quote = last.end > last.value ? *last.value : '\0';
	quoted = quote == '"' || quote == '\'';
	for (size_t i = 0; quote == '\'' && !why && add && i < add->n; i++)
		if (strchr(add->v[i], '\''))
			why = "is in single quotes, and a word to add has one";
	if (why)
		return err_set(e, -EINVAL, "%s:%u: the value of %s %s", path, last.line,
			       name, why);

	if (check_earlier(path, text, name, &last, remove, e) < 0)
		return -EINVAL;
	from = last.value + quoted;
	to = last.end - quoted;
	have = arena_alloc(a, add && add->n ? add->n : 1);
	plain = arena_alloc(a, (size_t)(to - from) + 1);
	out = arena_alloc(a, len + room_for(add) + 3);
	memcpy(out, text, (size_t)(last.value - text));
	first = out + (last.value - text) + 1;
	end = copy_words(from, to, quote, remove, add, have, plain, first);
	more = wants_words(add, have);
	if (quoted || more) {
		/* Several words need quotes. */
		first[-1] = quoted ? quote : '"';
		end = put_words(end, first, add, have, first[-1]);
		*end++ = first[-1];
	} else {
		memmove(first - 1, first, (size_t)(end - first));
		end--;
	}
	memcpy(end, last.end, strlen(last.end) + 1);
	*ret = out;
	return 0;
}
