/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/diff.h"
#include "core/plan.h"

static void put_quoted_words(FILE *f, const strings *words)
{
	/* Commands of a plan are our own words, none with a quote in it. */
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
			put_quoted_words(f, &s->argv);
			fputc('\n', f);
		} else {
			fputs("# reboot\n", f);
		}
	}
	fclose(f);
	return arena_strdup(a, text);
}

/* A delimiter that is no line of @text. */
static const char *here_word(struct arena *a, const char *text)
{
	const char *word = "PCIPASS";

	while (strstr(text, word))
		word = arena_printf(a, "%s_", word);
	return word;
}

static void put_file(FILE *f, struct arena *a, const struct plan_step *s)
{
	const char *word = here_word(a, s->after), *slash = strrchr(s->path, '/');
	size_t len = strlen(s->after);
	bool newline = len && s->after[len - 1] == '\n';

	fprintf(f, "\n# %s\n", s->why);
	if (!s->before && slash)
		fprintf(f, "mkdir -p '/%.*s'\n", (int)(slash - s->path), s->path);
	if (newline || !len)
		fprintf(f, "cat >'/%s.pcipass-new' <<'%s'\n%s%s\n", s->path, word,
			s->after, word);
	else /* a here document always ends its last line */
		fprintf(f, "printf %%s \"$(cat <<'%s'\n%s\n%s\n)\" >'/%s.pcipass-new'\n",
			word, s->after, word, s->path);
	fprintf(f, "chmod %04o '/%s.pcipass-new'\n", (unsigned)s->mode, s->path);
	fprintf(f, "mv -f '/%s.pcipass-new' '/%s'\n", s->path, s->path);
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
	vec_foreach(s, &p->steps) {
		if (s->kind == PLAN_FILE) {
			put_file(f, a, s);
		} else if (s->kind == PLAN_RUN) {
			fprintf(f, "\n# %s\n", s->why);
			put_quoted_words(f, &s->argv);
			fputc('\n', f);
		} else {
			fprintf(f, "\necho 'Now reboot. %s'\n", s->why);
		}
	}
	fclose(f);
	return arena_strdup(a, text);
}
