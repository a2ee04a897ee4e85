/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/grub-shell.h"
#include "core/loader.h"

/* grub-mkconfig reads these with dash; what follows is as much of a shell as they need.
 */
#define DEFAULT_FILE "etc/default/grub"
#define DEFAULT_FOLDER "etc/default/grub.d/"

/* Assignments remembered for $NAME, and the longest value; beyond: not understood. */
#define VARS_MAX 1024
#define VALUE_MAX ((size_t)64 << 10)

struct var {
	const char *name, *value; /* value NULL: not to be known */
};

struct env {
	struct arena *a;
	VEC(struct var) vars; /* the last of a name counts */
};

static const struct var *find_var(const struct env *env, const char *name, size_t len)
{
	for (size_t i = env->vars.n; i-- > 0;)
		if (strncmp(env->vars.v[i].name, name, len) == 0 &&
		    !env->vars.v[i].name[len])
			return &env->vars.v[i];
	return NULL;
}

/* Puts the value of $NAME or ${NAME} at @p to @out; returns what follows, or NULL. */
static const char *expand(const struct env *env, const char *p, FILE *out)
{
	bool brace = p[1] == '{';
	const char *name = p + 1 + brace, *end = name;
	const struct var *v;

	while (shell_is_name(*end))
		end++;
	if (end == name || (brace && *end != '}')) {
		if (brace || (end == name && *end && strchr("*@#?-!$", *end)))
			return NULL;
		fputc('$', out);
		return p + 1;
	}
	v = find_var(env, name, (size_t)(end - name));
	if (v && !v->value)
		return NULL;
	fputs(v ? v->value : "", out); /* the environment's own are not known, nor many */
	return end + brace;
}

/* false: not to be known. */
static bool put_value(const struct env *env, const struct shell_stmt *s, FILE *out)
{
	char quote = '\0';

	for (const char *p = s->value; p && p < s->end;) {
		if (*p == quote) {
			quote = '\0';
			p++;
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p++;
		} else if (quote == '\'') {
			fputc(*p++, out);
		} else if (*p == '\\' && p + 1 < s->end) {
			if (quote && !strchr("\\\"$`\n", p[1]))
				fputc('\\', out);
			if (p[1] != '\n')
				fputc(p[1], out);
			p += 2;
		} else if (*p == '$') {
			p = expand(env, p, out);
			if (!p || ftell(out) > (long)VALUE_MAX)
				return false;
		} else {
			fputc(*p++, out);
		}
	}
	return true;
}

static const char *evaluate(const struct env *env, const struct shell_stmt *s)
{
	AUTOFREE char *text = NULL;
	size_t n = 0;
	FILE *out;
	bool known;

	if (s->computed || s->open || (size_t)(s->end - s->value) > VALUE_MAX)
		return NULL;
	out = open_memstream(&text, &n);
	if (!out)
		abort();
	known = put_value(env, s, out);
	if (fclose(out))
		abort();
	return known ? arena_strdup(env->a, text) : NULL;
}

static void run_file(struct env *env, const char *text, unsigned *odd)
{
	struct shell_scan sc = { .p = text, .line = 1 };
	struct shell_stmt s;

	while (shell_next(&sc, &s)) {
		if (!s.name || env->vars.n >= VARS_MAX) {
			++*odd;
		} else if (s.name_len) {
			struct var v = { arena_strndup(env->a, s.name, s.name_len),
					 evaluate(env, &s) };

			*vec_push(env->a, &env->vars) = v;
		}
	}
}

static void run_files(const struct machine *m, struct env *env, unsigned *odd)
{
	const struct machine_file *first = machine_file(m, DEFAULT_FILE);

	if (first)
		run_file(env,
			 arena_strndup(env->a, (const char *)first->data.data,
				       first->data.len),
			 odd);
	vec_foreach(f, &m->files) {
		const char *name = after_prefix(f->path, DEFAULT_FOLDER);

		if (name && ends_with(name, ".cfg") && !strchr(name, '/') &&
		    S_ISREG(f->mode))
			run_file(env,
				 arena_strndup(env->a, (const char *)f->data.data,
					       f->data.len),
				 odd);
	}
}

char *grub_default_get(const struct machine *m, struct arena *a, const char *name,
		       unsigned *ret_odd)
{
	struct env env = { .a = a };
	const struct var *v;
	unsigned odd = 0;

	run_files(m, &env, &odd);
	v = find_var(&env, name, strlen(name));
	odd += v && !v->value;
	if (ret_odd)
		*ret_odd = odd;
	return v ? arena_strdup(a, v->value) : NULL;
}

char *grub_cmdline(const struct machine *m, struct arena *a)
{
	const char *all = grub_default_get(m, a, "GRUB_CMDLINE_LINUX", NULL);
	const char *normal = grub_default_get(m, a, "GRUB_CMDLINE_LINUX_DEFAULT", NULL);

	if (!all || !*all || !normal || !*normal)
		return arena_strdup(a, all && *all ? all : normal ? normal : "");
	return arena_printf(a, "%s %s", all, normal);
}
