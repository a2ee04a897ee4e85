/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>

#include "core/modprobe-parse.h"

/* kmod's name for the softdeps that depmod took out of the modules: a file as any other.
 */
#define OWN_SOFTDEPS "modules.softdep"

/* libkmod-util.c:underscores() */
bool modprobe_underscores(char *s)
{
	for (; *s; s++) {
		if (*s == '-')
			*s = '_';
		else if (*s == ']')
			return false;
		else if (*s == '[' && !*(s += strcspn(s, "]")))
			return false;
	}
	return true;
}

/* The next word at *@p, cut off with a NUL as strtok_r() does; NULL if there is none. */
static char *next_word(char **p)
{
	char *word = *p + strspn(*p, " \t");
	size_t n = strcspn(word, " \t");

	if (!n)
		return NULL;
	*p = word + n;
	if (**p)
		*(*p)++ = '\0';
	return word;
}

/* libkmod-config.c:kmod_config_add_softdep: words before the first pre: or post: are
 * lost. */
static void add_softdeps(struct arena *a, struct modprobe_line *l, char *text)
{
	strings *into = NULL;

	for (char *s = text, *word; *(s += strspn(s, " \t\n\v\f\r")); s = word) {
		size_t n = strcspn(s, " \t\n\v\f\r");

		word = s + n + (s[n] != '\0');
		s[n] = '\0';
		if (streq(s, "pre:"))
			into = &l->pre;
		else if (streq(s, "post:"))
			into = &l->post;
		else if (into)
			*vec_push(a, into) = s;
	}
}

/*
 * Ids say the same as the pattern only if they come back as it: fnmatch(3) sees the case
 * of hex digits.
 */
static const struct pci_id *alias_ids(struct arena *a, const char *pattern)
{
	struct pci_id id;

	if (pci_id_parse_alias(pattern, &id) < 0 || id.override_only ||
	    !streq(pci_id_format_alias(a, &id), pattern))
		return NULL;
	return arena_memdup(a, &id, sizeof(id));
}

enum tail { TAIL_NONE, TAIL_WORD, TAIL_REST };

/* What follows a verb: a name, and perhaps one more word or the rest of the line. */
static const struct {
	const char *word;
	enum modprobe_verb verb;
	enum tail tail;
} verbs[] = {
	{ "alias", MODPROBE_ALIAS, TAIL_WORD },
	{ "blacklist", MODPROBE_BLACKLIST, TAIL_NONE },
	{ "options", MODPROBE_OPTIONS, TAIL_REST },
	{ "softdep", MODPROBE_SOFTDEP, TAIL_REST },
	{ "install", MODPROBE_INSTALL, TAIL_REST },
	{ "remove", MODPROBE_REMOVE, TAIL_REST },
};

/* Fills @l from one logical line; returns NULL, or what is wrong with it. */
static const char *parse_line(struct arena *a, char *text, struct modprobe_line *l)
{
	char *verb = next_word(&text), *name, *tail = NULL;
	size_t i = 0;

	while (i < ARRAY_SIZE(verbs) && !streq(verb, verbs[i].word))
		i++;
	if (i == ARRAY_SIZE(verbs))
		return arena_printf(a, "unknown word '%.64s'", verb);
	name = next_word(&text);
	if (!name)
		return arena_printf(a, "'%s' without a name", verb);
	if (verbs[i].tail == TAIL_WORD)
		tail = next_word(&text);
	else if (verbs[i].tail == TAIL_REST)
		tail = *text ? text : NULL;
	if (verbs[i].tail != TAIL_NONE && !tail)
		return arena_printf(a, "'%s %.64s' without a value", verb, name);
	if (!modprobe_underscores(name) ||
	    (verbs[i].tail == TAIL_WORD && !modprobe_underscores(tail)))
		return arena_printf(a, "unmatched bracket in '%.64s'", name);

	l->verb = verbs[i].verb;
	l->arg[0] = name;
	l->arg[1] = tail;
	if (l->verb == MODPROBE_SOFTDEP)
		add_softdeps(a, l, tail);
	else if (l->verb == MODPROBE_ALIAS)
		l->pci = alias_ids(a, name);
	else if (l->verb == MODPROBE_OPTIONS)
		for (char *tab = tail; (tab = strchr(tab, '\t'));)
			*tab = ' ';
	return NULL;
}

/*
 * libkmod-util.c:getline_wrapped: a backslash goes away, and the newline behind it.
 * Copies one logical line to @out and returns where the next begins.
 */
static const char *join_line(const char *p, const char *end, char *out, unsigned *line)
{
	for (; p < end && *p != '\n'; p++) {
		if (*p == '\\') {
			if (++p == end)
				break;
			if (*p == '\n') {
				++*line;
				continue;
			}
		}
		*out++ = *p;
	}
	*out = '\0';
	++*line;
	return p < end ? p + 1 : p;
}

void modprobe_parse_blob(struct arena *a, const char *path, const char *text, size_t len,
			 struct modprobe_config *ret)
{
	const char *end = text + len;
	/* Logical lines are never longer than what they are made of: one buffer for all.
	 */
	char *out = len ? arena_alloc(a, len + 1) : NULL;
	unsigned line = 1;

	for (const char *p = text, *next; p < end; p = next) {
		char *s = out + (p - text);
		struct modprobe_line l = { .file = path, .line = line };
		const char *bad;

		next = join_line(p, end, s, &line);
		if (*s == '#' || !s[strspn(s, " \t")])
			continue;
		bad = parse_line(a, s, &l);
		if (bad)
			l = (struct modprobe_line){ .verb = MODPROBE_BAD,
						    .arg = { bad },
						    .file = path,
						    .line = l.line };
		*vec_push(a, &ret->lines) = l;
	}
}

void modprobe_parse(struct arena *a, const char *path, const char *text,
		    struct modprobe_config *ret)
{
	modprobe_parse_blob(a, arena_strdup(a, path), text, strlen(text), ret);
}

/* Does the name or pattern of @l stand for @module? */
static bool line_matches(const struct modprobe_line *l, enum modprobe_verb verb,
			 const char *module)
{
	if (l->verb != verb)
		return false;
	if (*l->arg[0] == *module && streq(l->arg[0], module))
		return true;
	return (verb == MODPROBE_INSTALL || verb == MODPROBE_SOFTDEP) &&
	       strpbrk(l->arg[0], "*?[\\") && fnmatch(l->arg[0], module, 0) == 0;
}

static const struct modprobe_line *first_line(const struct modprobe_config *c,
					      enum modprobe_verb verb, const char *module)
{
	vec_foreach(l, &c->lines)
		if (line_matches(l, verb, module))
			return l;
	return NULL;
}

const struct modprobe_line *modprobe_blacklisted(const struct modprobe_config *c,
						 const char *module)
{
	return first_line(c, MODPROBE_BLACKLIST, module);
}

bool modprobe_refused(const struct modprobe_config *c, const char *module)
{
	return first_line(c, MODPROBE_REFUSE, module);
}

const struct modprobe_line *modprobe_install(const struct modprobe_config *c,
					     const char *module)
{
	return first_line(c, MODPROBE_INSTALL, module);
}

char *modprobe_options(const struct modprobe_config *c, struct arena *a,
		       const char *module)
{
	size_t len = 0;
	char *out, *end;

	vec_foreach(l, &c->lines)
		if (line_matches(l, MODPROBE_OPTIONS, module))
			len += strlen(l->arg[1]) + 1;
	out = end = arena_alloc(a, len + 1);
	vec_foreach(l, &c->lines)
		if (line_matches(l, MODPROBE_OPTIONS, module) && *l->arg[1])
			end += sprintf(end, "%s%s", end > out ? " " : "", l->arg[1]);
	return out;
}

bool modprobe_softdep(const struct modprobe_config *c, const struct module *mod,
		      const struct modprobe_line **ret_line, const strings **ret_pre,
		      const strings **ret_post)
{
	const struct modprobe_line *l = first_line(c, MODPROBE_SOFTDEP, mod->name);
	bool own = mod->pre.n || mod->post.n;

	if (!l && !own)
		return false;
	/* libkmod-config.c:kmod_config_new sorts OWN_SOFTDEPS among the other names. */
	if (l && own && strcmp(path_name(l->file), OWN_SOFTDEPS) > 0)
		l = NULL;
	*ret_line = l;
	*ret_pre = l ? &l->pre : &mod->pre;
	*ret_post = l ? &l->post : &mod->post;
	return true;
}

static bool module_has_id(const struct module *mod, const struct pci_ident *fn)
{
	vec_foreach(id, &mod->ids)
		if (!id->override_only && pci_id_matches(id, fn))
			return true;
	return false;
}

void modprobe_resolve_fn(const struct modprobe_config *c, const struct kernel *k,
			 const struct pci_ident *fn, struct arena *a, strings *ret)
{
	char modalias[PCI_MODALIAS_SIZE] = "";
	size_t before = ret->n;

	vec_foreach(l, &c->lines) {
		bool hit;

		if (l->verb != MODPROBE_ALIAS)
			continue;
		if (l->pci) {
			hit = pci_id_matches(l->pci, fn);
		} else {
			if (!*modalias)
				pci_modalias(fn, modalias);
			hit = fnmatch(l->arg[0], modalias, 0) == 0;
		}
		if (hit)
			*vec_push(a, ret) = l->arg[1];
	}
	/* modules.alias, then modules.builtin.alias: each only if nothing was found so
	 * far. */
	for (int builtin = 0; builtin < 2 && ret->n == before; builtin++)
		vec_foreach(mod, &k->modules)
			if ((mod->file == NULL) == builtin && module_has_id(mod, fn))
				*vec_push(a, ret) = mod->name;
}

void modules_load_parse(struct arena *a, const char *text, strings *ret_lines)
{
	for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		p += strspn(p, " \t\r\v\f");
		size_t n = (size_t)(end > p ? end - p : 0);

		while (n && isspace((unsigned char)p[n - 1]))
			n--;
		if (n && *p != '#' && *p != ';')
			*vec_push(a, ret_lines) = arena_strndup(a, p, n);
	}
}
