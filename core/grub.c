/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include "core/grub.h"

/* Menus nest this deep at most; deeper ones count as part of the last. */
#define NEST_MAX 16

/* Bytes of a grubenv block, and variables that one word takes up; more are empty. */
#define ENV_MAX 1024
#define EXPAND_MAX 16

/* One level of where an entry stands: "1>0" by number, title or id. */
struct place {
	unsigned index;
	const char *title, *id;
};

/* An open brace: a menu entry, a submenu, or something else. */
struct block {
	bool menu;     /* menuentry or submenu */
	unsigned next; /* index of the next entry inside */
	struct place place;
};

struct cfg {
	struct arena *a;
	const char *path, *saved, *once; /* saved_entry and next_entry of grubenv */
	const char *dflt;                /* of `set default`, or NULL */
	struct block blocks[NEST_MAX];
	unsigned depth, deeper; /* open blocks; those beyond NEST_MAX */
	unsigned line;
	unsigned expanded; /* variables in this word */
	loader_entries *ret;
	VEC(unsigned) starts; /* per entry: first of its places */
	VEC(struct place) places;
};

/* NAME=VALUE of a grubenv block; "" if it is not there. */
static const char *env_get(struct arena *a, const char *env, const char *name)
{
	for (const char *p = env; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *value = after_prefix(p, name);

		if (value && *value++ == '=')
			return arena_strndup(a, value,
					     strcspn(value, "\n") > ENV_MAX
						     ? 0
						     : strcspn(value, "\n"));
	}
	return "";
}

/* What a variable stands for: those of grubenv; the others are not known and empty. */
static const char *variable(struct cfg *c, const char *name, size_t len)
{
	if (c->expanded++ >= EXPAND_MAX)
		return "";
	if (len == strlen("saved_entry") && strncmp(name, "saved_entry", len) == 0)
		return c->saved;
	if (len == strlen("next_entry") && strncmp(name, "next_entry", len) == 0)
		return c->once;
	return "";
}

static const char *put_variable(struct cfg *c, const char *p, char **out)
{
	bool brace = p[1] == '{';
	const char *name = p + 1 + brace, *end = name;
	const char *value;

	while (isalnum((unsigned char)*end) || *end == '_' ||
	       (end == name && *end == '?'))
		end++;
	if (end == name) {
		*(*out)++ = '$';
		return p + 1;
	}
	value = variable(c, name, (size_t)(end - name));
	*out = stpcpy(*out, value);
	return end + (brace && *end == '}');
}

/* Longest text that one variable can put in. */
static size_t variable_max(const struct cfg *c)
{
	size_t saved = strlen(c->saved), once = strlen(c->once);

	return saved > once ? saved : once;
}

/* A command's words; an unquoted brace is a word of its own. */
struct command {
	strings words;
	bool opens; /* ends with { */
	unsigned line;
};

/*
 * The word at @p with quotes, backslashes and variables taken away (GRUB manual,
 * "Quoting"). Returns what follows.
 */
static const char *read_word(struct cfg *c, const char *p, char *out)
{
	char quote = '\0';

	while (*p && (quote || !strchr(" \t\n;", *p))) {
		if (*p == quote) {
			quote = '\0';
			p++;
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p++;
		} else if (*p == '\\' && p[1] && quote != '\'') {
			if (p[1] == '\n')
				c->line++;
			else if (quote && !strchr("$\"\\", p[1]))
				*out++ = '\\', *out++ = p[1];
			else
				*out++ = p[1];
			p += 2;
		} else if (*p == '$' && quote != '\'') {
			p = put_variable(c, p, &out);
		} else {
			c->line += *p == '\n';
			*out++ = *p++;
		}
	}
	*out = '\0';
	return p;
}

/* The end of the word at @p, as written. */
static const char *word_end(const char *p)
{
	char quote = '\0';

	for (; *p && (quote || !strchr(" \t\n;", *p)); p++) {
		if (*p == quote)
			quote = '\0';
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (*p == '\\' && p[1] && quote != '\'')
			p++;
	}
	return p;
}

/* The next command; returns what follows, NULL at the end. */
static const char *read_command(struct cfg *c, const char *p, struct command *ret)
{
	*ret = (struct command){ 0 };
	for (;;) {
		p += strspn(p, " \t\r");
		if (*p == '\\' && p[1] == '\n') {
			c->line++;
			p += 2;
		} else if (*p == '#') {
			p += strcspn(p, "\n");
		} else if (*p == '\n' || *p == ';' || !*p) {
			if (!*p)
				return ret->words.n || ret->opens ? p : NULL;
			c->line += *p == '\n';
			p++;
			if (ret->words.n)
				return p;
		} else if ((*p == '{' || *p == '}') && strchr(" \t\r\n;", p[1])) {
			ret->opens = *p == '{';
			if (!ret->opens)
				*vec_push(c->a, &ret->words) = "}";
			return p + 1;
		} else {
			size_t n = (size_t)(word_end(p) - p);
			bool plain = !memchr(p, '$', n);
			char *out = arena_alloc(
				c->a, n + 1 + (plain ? 0 : EXPAND_MAX * variable_max(c)));

			c->expanded = 0;
			if (!ret->words.n)
				ret->line = c->line;
			p = read_word(c, p, out);
			*vec_push(c->a, &ret->words) = out;
		}
	}
}

static struct block *innermost_menu(struct cfg *c)
{
	for (unsigned i = c->depth; i-- > 0;)
		if (c->blocks[i].menu)
			return &c->blocks[i];
	return NULL;
}

static void open_block(struct cfg *c, const struct command *cmd, unsigned *top_next)
{
	const char *name = cmd->words.n ? cmd->words.v[0] : "";
	struct block *outer = innermost_menu(c);
	struct block b = { .menu = streq(name, "menuentry") || streq(name, "submenu") };

	if (b.menu) {
		b.place.index = outer ? outer->next++ : (*top_next)++;
		b.place.title = b.place.id = cmd->words.n > 1 ? cmd->words.v[1] : "";
		/* `--id ID`; grub-mkconfig writes $menuentry_id_option for it, here
		 * empty. */
		for (size_t i = 2; i + 1 < cmd->words.n; i++)
			if (streq(cmd->words.v[i], "--id") || !*cmd->words.v[i])
				b.place.id = cmd->words.v[i + 1];
	}
	if (c->depth < NEST_MAX)
		c->blocks[c->depth++] = b;
	else
		c->deeper++;
}

static void close_block(struct cfg *c)
{
	if (c->deeper)
		c->deeper--;
	else if (c->depth)
		c->depth--;
}

/* grub-core/lib/cmdline.c:grub_create_loader_cmdline quotes words with blanks. */
static char *loader_cmdline(struct arena *a, const strings *words)
{
	size_t size = sizeof("BOOT_IMAGE=");
	char *out, *end;

	for (size_t i = 1; i < words->n; i++)
		size += 2 * strlen(words->v[i]) + 3;
	out = arena_alloc(a, size);
	end = stpcpy(out, "BOOT_IMAGE=");
	for (size_t i = 1; i < words->n; i++) {
		const char *w = words->v[i];
		bool quoted = strchr(w, ' ') != NULL;

		if (!*w) /* a variable that is not set, as Ubuntu's $vt_handoff */
			continue;
		if (i > 1)
			*end++ = ' ';
		if (quoted)
			*end++ = '"';
		for (; *w; w++) {
			if (strchr("\\'\"", *w))
				*end++ = '\\';
			*end++ = *w;
		}
		if (quoted)
			*end++ = '"';
	}
	*end = '\0';
	return out;
}

static void add_entry(struct cfg *c, const struct command *cmd)
{
	const struct block *menu = innermost_menu(c);
	const char *release;

	if (!menu || cmd->words.n < 2)
		return;
	release = after_prefix(path_name(cmd->words.v[1]), "vmlinuz-");
	*vec_push(c->a, &c->starts) = (unsigned)c->places.n;
	for (unsigned i = 0; i < c->depth; i++)
		if (c->blocks[i].menu)
			*vec_push(c->a, &c->places) = c->blocks[i].place;
	*vec_push(c->a, c->ret) = (struct loader_entry){
		.title = menu->place.title,
		.release = release,
		.cmdline = loader_cmdline(c->a, &cmd->words),
		.file = c->path,
		.line = cmd->line,
	};
}

/* grub-mkconfig's 00_header has two: the first stands in `if [ "${next_entry}" ]`. */
static void set_default(struct cfg *c, const char *value)
{
	if (!c->dflt || !*c->once)
		c->dflt = *value ? value : "0";
}

static void run(struct cfg *c, const char *text)
{
	struct command cmd;
	unsigned top_next = 0;

	c->line = 1;
	for (const char *p = text; (p = read_command(c, p, &cmd));) {
		const char *name = cmd.words.n ? cmd.words.v[0] : "";
		const char *value;

		if (streq(name, "}")) {
			close_block(c);
		} else if (cmd.opens) {
			open_block(c, &cmd, &top_next);
		} else if (streq(name, "linux") || streq(name, "linux16") ||
			   streq(name, "linuxefi")) {
			add_entry(c, &cmd);
		} else if (streq(name, "set") && cmd.words.n > 1) {
			value = after_prefix(cmd.words.v[1], "default=");
			if (value)
				set_default(c, value);
		}
	}
}

/*
 * grub-core/normal/menu.c:get_entry_number for each level: a number, a title or an id.
 * Returns the rest of @want, NULL if @at is not what it names.
 */
static const char *match_level(const char *want, const struct place *at)
{
	size_t n = strcspn(want, ">");
	char *end;
	unsigned long index;

	/* A title may have '>' in it; in a list of levels it is doubled. */
	while (want[n] == '>' && want[n + 1] == '>')
		n += 2 + strcspn(want + n + 2, ">");
	index = strtoul(want, &end, 0);
	if (end == want + n && n) {
		if (index != at->index)
			return NULL;
	} else if ((strncmp(at->title, want, n) != 0 || at->title[n]) &&
		   (strncmp(at->id, want, n) != 0 || at->id[n])) {
		return NULL;
	}
	return want + n + (want[n] == '>');
}

/* The entry that @want names; a submenu stands for its first. */
static bool find_entry(const struct cfg *c, const char *want, size_t first, size_t *ret)
{
	for (size_t i = 0; i + first < c->ret->n; i++) {
		size_t from = c->starts.v[i];
		size_t to = i + 1 < c->starts.n ? c->starts.v[i + 1] : c->places.n;
		const char *rest = want;

		while (rest && *rest && from < to)
			rest = match_level(rest, &c->places.v[from++]);
		if (rest && !*rest) {
			*ret = i + first;
			return true;
		}
	}
	return false;
}

void grub_read_cfg(struct arena *a, const char *path, const char *text, const char *env,
		   const char *fallback, loader_entries *ret, size_t *ret_default)
{
	struct cfg c = { .a = a,
			 .path = path,
			 .saved = env_get(a, env, "saved_entry"),
			 .once = env_get(a, env, "next_entry"),
			 .ret = ret };
	size_t first = ret->n;
	const char *want;

	run(&c, text);
	want = c.dflt ? c.dflt : fallback ? fallback : "0";
	if (streq(want, "saved"))
		want = *c.saved ? c.saved : "0";
	if (!find_entry(&c, want, first, ret_default) &&
	    !find_entry(&c, "0", first, ret_default))
		*ret_default = first;
}

void grub_parse_cfg(struct arena *a, const char *path, const char *text,
		    loader_entries *ret)
{
	size_t ignored;

	grub_read_cfg(a, arena_strdup(a, path), text, NULL, NULL, ret, &ignored);
}
