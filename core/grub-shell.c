/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "core/grub-shell.h"

bool shell_is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Behind `...` or $(...) that starts at @p. */
static const char *skip_computed(const char *p)
{
	unsigned depth = 0;

	if (*p == '`') {
		for (p++; *p && *p != '`'; p++)
			p += *p == '\\' && p[1];
		return *p ? p + 1 : p;
	}
	for (p++; *p; p++) {
		depth += *p == '(';
		depth -= *p == ')';
		if (!depth)
			return p + 1;
	}
	return p;
}

static bool starts_computed(const char *p)
{
	return *p == '`' || (p[0] == '$' && p[1] == '(');
}

/* Behind the quoted text that starts at @p. */
const char *shell_skip_quoted(const char *p, struct shell_stmt *s)
{
	char quote = *p++;

	while (*p && *p != quote) {
		if (quote == '"' && starts_computed(p)) {
			s->computed = true;
			p = skip_computed(p);
			continue;
		}
		if (quote == '"' && *p == '\\' && p[1]) {
			s->continued |= p[1] == '\n';
			p++;
		}
		p++;
	}
	s->open |= !*p;
	return *p ? p + 1 : p;
}

/* Behind the value that starts at @p: to a blank, ';', '&' or '|' outside quotes. */
static const char *skip_value(const char *p, struct shell_stmt *s)
{
	while (*p && !strchr(" \t\n;&|<>()", *p)) {
		if (starts_computed(p)) {
			s->computed = true;
			p = skip_computed(p);
		} else if (*p == '\'' || *p == '"') {
			p = shell_skip_quoted(p, s);
		} else {
			if (*p == '\\' && p[1]) {
				s->continued |= p[1] == '\n';
				p++;
			}
			p++;
		}
	}
	return p;
}

/* Behind a statement that is no assignment, quotes and all. */
static const char *skip_other(const char *p)
{
	struct shell_stmt ignored = { 0 };

	while (*p && *p != '\n') {
		const char *end = skip_value(p, &ignored);

		p = end > p ? end : p + 1;
	}
	return p;
}

static void advance(struct shell_scan *sc, const char *to)
{
	for (const char *p = sc->p; p < to; p++)
		sc->line += *p == '\n';
	sc->p = to;
}

static const char *skip_name(const char *p)
{
	while (shell_is_name(*p))
		p++;
	return p;
}

/* At the first character of a statement, blank lines and comments left behind. */
static const char *find_stmt(struct shell_scan *sc)
{
	for (;;) {
		const char *p = sc->p + strspn(sc->p, " \t\r;");

		if (*p == '#')
			p += strcspn(p, "\n");
		advance(sc, *p == '\n' ? p + 1 : p);
		if (p[0] != '\n')
			return p;
	}
}

/* Behind NAME=VALUE at @p, if it is that; NULL: a command, or the environment of one. */
static const char *assignment(const char *p, struct shell_stmt *s)
{
	const char *name_end = skip_name(p), *next;

	if (name_end == p || isdigit((unsigned char)*p) || *name_end != '=')
		return NULL;
	s->name = p;
	s->name_len = (size_t)(name_end - p);
	s->value = name_end + 1;
	s->end = skip_value(s->value, s);
	next = s->end + strspn(s->end, " \t\r");
	if (*next && !strchr(";#\n", *next) &&
	    (skip_name(next) == next || *skip_name(next) != '='))
		return NULL;
	return next;
}

bool shell_next(struct shell_scan *sc, struct shell_stmt *ret)
{
	const char *p = find_stmt(sc), *word = p, *end;
	struct shell_stmt s = { .line = sc->line };
	bool exported;

	if (!*p)
		return false;
	exported = after_prefix(p, "export ") || after_prefix(p, "export\t");
	if (exported) {
		word = p + strlen("export ");
		word += strspn(word, " \t");
	}
	end = assignment(word, &s);
	if (!end && exported && strchr(" \t\r\n;#", *skip_name(word))) {
		s = (struct shell_stmt){ .name = "", .line = sc->line };
		end = skip_name(word);
	} else if (!end) {
		s = (struct shell_stmt){ .line = sc->line };
		end = skip_other(p);
	}
	advance(sc, end);
	*ret = s;
	return true;
}
