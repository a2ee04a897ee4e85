/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/diff.h"
#include "core/plan.h"

char *shell_quoted(struct arena *a, const char *word)
{
	char *out = arena_alloc(a, 4 * strlen(word) + 3), *p = out;

	*p++ = '\'';
	for (; *word; word++)
		if (*word == '\'')
			p = stpcpy(p, "'\\''");
		else
			*p++ = *word;
	*p = '\'';
	return out;
}

static void put_words(FILE *f, const strings *words)
{
	/* Commands of a plan are our own words, none that a shell would change. */
	vec_foreach(w, words)
		fprintf(f, "%s%s", w == words->v ? "" : " ", *w);
}

static FILE *open_text(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	if (!f)
		abort();
	return f;
}

char *plan_diff(const struct plan *p, struct arena *a)
{
	AUTOFREE char *text = NULL;
	size_t len;
	FILE *f = open_text(&text, &len);

	vec_foreach(s, &p->steps) {
		if (s->kind == PLAN_FILE) {
			fputs(diff_unified(a, s->path, s->before, s->after), f);
		} else if (s->kind == PLAN_RUN) {
			fputs("# run: ", f);
			put_words(f, &s->argv);
			fputc('\n', f);
		} else {
			fputs("# reboot\n", f);
		}
	}
	fclose(f);
	return arena_strdup(a, text);
}

#define HERE_WORD "PCIPASS"

/* A delimiter that @text does not hold: one '_' more than any it has behind the word. */
static const char *here_word(struct arena *a, const char *text)
{
	size_t len = strlen(HERE_WORD), most = 0;
	char *word;

	for (const char *s = text; (s = strstr(s, HERE_WORD));) {
		size_t n = 1 + strspn(s += len, "_");

		most = n > most ? n : most;
	}
	word = arena_alloc(a, len + most + 1);
	memset(stpcpy(word, HERE_WORD), '_', most);
	return word;
}

/* A reason may quote the host's files, and what follows a newline would be run. */
static void put_comment(FILE *f, const char *text)
{
	fputs("\n# ", f);
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, f);
	fputc('\n', f);
}

static void put_file(FILE *f, struct arena *a, const struct plan_step *s)
{
	const char *word = here_word(a, s->after), *slash = strrchr(s->path, '/');
	const char *path = shell_quoted(a, arena_printf(a, "/%s", s->path));
	const char *temp = shell_quoted(a, arena_printf(a, "/%s.pcipass-new", s->path));
	size_t len = strlen(s->after);
	bool newline = len && s->after[len - 1] == '\n';

	put_comment(f, s->why);
	if (!s->before && slash)
		fprintf(f, "mkdir -p %s\n",
			shell_quoted(a, arena_printf(a, "/%.*s", (int)(slash - s->path),
						     s->path)));
	if (newline || !len)
		fprintf(f, "cat >%s <<'%s'\n%s%s\n", temp, word, s->after, word);
	else /* a here document always ends its last line */
		fprintf(f, "printf %%s \"$(cat <<'%s'\n%s\n%s\n)\" >%s\n", word, s->after,
			word, temp);
	if (s->before)
		fprintf(f, "chown --reference=%s %s\n", path, temp);
	fprintf(f, "chmod %04o %s\n", (unsigned)s->mode, temp);
	fprintf(f, "mv -f %s %s\n", temp, path);
}

char *plan_script(const struct plan *p, struct arena *a)
{
	AUTOFREE char *text = NULL;
	size_t len;
	FILE *f = open_text(&text, &len);

	fputs("#!/bin/sh\n"
	      "# Made by `pcipass plan --script`. Run as root. It keeps no copies of "
	      "what it\n"
	      "# changes; `pcipass apply` does, and takes them back with `pcipass "
	      "undo`.\n"
	      "set -eu\n",
	      f);
	if (p->refused)
		fprintf(f, "\nprintf '%%s\\n' %s >&2\nexit 1\n",
			shell_quoted(a, p->refused));
	vec_foreach(s, &p->steps) {
		if (s->kind == PLAN_FILE) {
			put_file(f, a, s);
		} else if (s->kind == PLAN_RUN) {
			put_comment(f, s->why);
			put_words(f, &s->argv);
			fputc('\n', f);
		} else {
			fprintf(f, "\necho 'Now reboot. %s'\n", s->why);
		}
	}
	fclose(f);
	return arena_strdup(a, text);
}
