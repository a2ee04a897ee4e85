/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "core/boot-shell.h"

/* Characters of all words: scripts that need more are not about devices, or never end. */
#define WORK_MAX (1 << 20)
#define VARIABLES_MAX 64

/* A word as it grows; @open: it counts even if it is empty. */
struct word {
	VEC(char) text;
	bool open;
};

static void word_put(struct script *s, struct word *w, const char *text, size_t n)
{
	for (size_t i = 0; i < n && s->work++ < WORK_MAX; i++)
		*vec_push(s->arena, &w->text) = text[i];
	w->open = true;
}

static void word_end(struct script *s, struct word *w, strings *ret)
{
	if (w->open)
		*vec_push(s->arena, ret) = arena_strndup(s->arena, w->text.v, w->text.n);
	*w = (struct word){ 0 };
}

static struct script_variable *find_variable(struct script *s, const char *name, size_t n)
{
	vec_foreach(v, &s->variables)
		if (strlen(v->name) == n && memcmp(v->name, name, n) == 0)
			return v;
	return NULL;
}

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return n && !isdigit((unsigned char)*s);
}

/* $NAME or ${NAME}; anything else behind a '$' stays as it is. */
static void expand(struct script *s, struct word *w, bool quoted, strings *ret)
{
	const char *name = s->p + 1 + (s->p[1] == '{');
	size_t n = 0;
	const struct script_variable *v;

	while (is_name(name, n + 1))
		n++;
	v = n ? find_variable(s, name, n) : NULL;
	if (!v || (name[-1] == '{' && name[n] != '}')) {
		word_put(s, w, s->p++, 1);
		return;
	}
	s->p = name + n + (name[-1] == '{');
	for (const char *c = v->value; *c; c++) {
		if (quoted || !isspace((unsigned char)*c))
			word_put(s, w, c, 1);
		else
			word_end(s, w, ret);
	}
}

static void read_word(struct script *s, strings *ret)
{
	struct word w = { 0 };
	char quote = '\0';

	for (; *s->p && (quote || !strchr(" \t\n;&|<>()", *s->p));) {
		char c = *s->p;

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
			w.open = true;
			s->p++;
		} else if (c == '$' && quote != '\'') {
			expand(s, &w, quote, ret);
		} else {
			if (c == '\\' && quote != '\'' && s->p[1])
				s->p++;
			s->line += *s->p == '\n';
			word_put(s, &w, s->p++, 1);
		}
	}
	word_end(s, &w, ret);
}

/* The digits of 2>FILE or 2>&1 stand here: take all of it away. */
static bool skip_redirection(struct script *s)
{
	size_t n = strspn(s->p, "0123456789");
	strings target = { 0 };

	if (!n || s->p[n] != '>')
		return false;
	s->p += n;
	s->p += strspn(s->p, ">&");
	s->p += strspn(s->p, " \t");
	read_word(s, &target);
	return true;
}

/* The words of the next command; ">" is one where output goes to a file. */
static bool next_command(struct script *s, strings *ret, unsigned *ret_line)
{
	ret->n = 0;
	while (*s->p) {
		s->p += strspn(s->p, " \t()<");
		if (*s->p == '#') {
			s->p += strcspn(s->p, "\n");
		} else if (*s->p == '\\' && s->p[1] == '\n') {
			s->p += 2;
			s->line++;
		} else if (*s->p == '>') {
			s->p += strspn(s->p, ">");
			if (*s->p == '&')
				s->p += strcspn(s->p, " \t\n;");
			else
				*vec_push(s->arena, ret) = ">";
		} else if (*s->p && strchr("\n;&|", *s->p)) {
			s->line += *s->p++ == '\n';
			if (ret->n)
				return true;
		} else if (*s->p && !skip_redirection(s)) {
			*ret_line = ret->n ? *ret_line : s->line;
			read_word(s, ret);
		}
	}
	return ret->n > 0;
}

static void set_variable(struct script *s, const char *name, const char *value)
{
	struct script_variable *v = find_variable(s, name, strlen(name));

	if (!v && s->variables.n == VARIABLES_MAX)
		return;
	if (!v) {
		/* Loops point to variables: the list is never moved. */
		if (!s->variables.v)
			s->variables.v =
				arena_alloc(s->arena, (s->variables.cap = VARIABLES_MAX) *
							      sizeof(*v));
		v = vec_push(s->arena, &s->variables);
		v->name = name;
	}
	v->value = value;
}

/* Assignments and loops; false: another command. */
static bool plain_line(struct script *s, const strings *w)
{
	const char *equals = strchr(w->v[0], '=');
	struct script_loop *l;

	if (w->n == 1 && equals && is_name(w->v[0], (size_t)(equals - w->v[0]))) {
		set_variable(s,
			     arena_strndup(s->arena, w->v[0], (size_t)(equals - w->v[0])),
			     equals + 1);
		return true;
	}
	if (w->n > 3 && streq(w->v[0], "for") && s->depth < SCRIPT_LOOPS_MAX) {
		l = &s->loops[s->depth];
		set_variable(s, w->v[1], w->v[3]);
		*l = (struct script_loop){ .var = find_variable(s, w->v[1],
								strlen(w->v[1])),
					   .next = 1,
					   .body = s->p,
					   .line = s->line };
		for (size_t i = 3; i < w->n; i++)
			*vec_push(s->arena, &l->values) = w->v[i];
		s->depth += l->var != NULL;
		return true;
	}
	if (!streq(w->v[0], "done"))
		return false;
	l = s->depth ? &s->loops[s->depth - 1] : NULL;
	if (l && l->next < l->values.n) {
		l->var->value = l->values.v[l->next++];
		s->p = l->body;
		s->line = l->line;
	} else if (l) {
		s->depth--;
	}
	return true;
}

/* Words in front of a command that do not change what it does here. */
static bool is_keyword(const char *word)
{
	static const char *const words[] = { "do", "then", "else", "{", "if", "!" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(word, words[i]))
			return true;
	return false;
}

bool script_next(struct script *s, strings *ret, unsigned *ret_line)
{
	while (s->work++ < WORK_MAX && next_command(s, ret, ret_line)) {
		while (ret->n > 1 && is_keyword(*ret->v)) {
			ret->n--;
			memmove(ret->v, ret->v + 1, ret->n * sizeof(*ret->v));
		}
		if (!plain_line(s, ret))
			return true;
	}
	return false;
}
