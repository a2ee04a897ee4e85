/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>

#include "core/cmdline.h"
#include "core/modprobe-parse.h"

#define CMDLINE "kernel command line"

/* How far a chain of links is followed (the kernel's MAXSYMLINKS). */
#define LINKS_MAX 40

static void add_cmdline(struct arena *a, enum modprobe_verb verb, const char *name,
			const char *value, struct modprobe_config *ret)
{
	*vec_push(a, &ret->lines) = (struct modprobe_line){ .verb = verb,
							    .arg = { name, value },
							    .file = CMDLINE };
}

static void add_cmdline_blacklist(struct arena *a, char *names,
				  struct modprobe_config *ret)
{
	for (char *name; (name = strsep(&names, ","));) {
		add_cmdline(a, MODPROBE_BLACKLIST, name, NULL, ret);
		if (strchr(name, '-'))
			add_cmdline(
				a, MODPROBE_BAD,
				arena_printf(
					a,
					"modprobe.blacklist=%.64s blacklists nothing: "
					"the name must be written with '_'",
					name),
				NULL, ret);
	}
}

/* libkmod-config.c:kcmdline_parse_result. */
static void add_cmdline_option(struct arena *a, char *module, char *param, bool quoted,
			       struct modprobe_config *ret)
{
	char *value = strchr(param, '=');
	char *names;

	if (streq(module, "modprobe") && (names = strstr(param, "blacklist=")) == param) {
		add_cmdline_blacklist(a, names + strlen("blacklist="), ret);
		return;
	}
	/* GRUB moves a quote in front of the whole word; kmod moves it back to the value.
	 */
	if (quoted && value)
		param = arena_printf(a, "%.*s=\"%s", (int)(value - param), param,
				     value + 1);
	if (modprobe_underscores(module))
		add_cmdline(a, MODPROBE_OPTIONS, module, param, ret);
}

/*
 * libkmod-config.c:kmod_config_parse_kcmdline: MODULE.PARAM or MODULE.PARAM=VALUE, one
 * dot before '='; a quote stands in front of the word or inside the value.
 */
static void parse_cmdline(struct arena *a, const char *cmdline,
			  struct modprobe_config *ret)
{
	char *s = arena_strndup(a, cmdline, strcspn(cmdline, "\n"));

	while (*(s += strspn(s, " \t"))) {
		bool lead = *s == '"', in_quotes = false, bad = false;
		char *word = s + lead, *dot = NULL, *equals = NULL;

		for (; *s && (in_quotes || !isblank((unsigned char)*s)); s++) {
			if (*s == '"') {
				in_quotes = !in_quotes;
				bad |= s >= word && !equals;
			} else if (isblank((unsigned char)*s)) {
				bad |= !equals;
			} else if (*s == '.' && !equals) {
				bad |= dot != NULL;
				dot = s;
			} else if (*s == '=' && !equals) {
				equals = s;
			}
		}
		if (*s)
			*s++ = '\0';
		if (bad || !dot)
			continue;
		*dot = '\0';
		add_cmdline_option(a, word, dot + 1, lead, ret);
	}
}

/* "etc/modprobe.d" + "../../dev/null" -> "dev/null". */
static char *link_target(struct arena *a, const char *path, const char *target)
{
	char *joined = *target == '/'
			       ? arena_strdup(a, target)
			       : arena_printf(a, "%.*s/%s", (int)(path_name(path) - path),
					      path, target);
	char *out = arena_alloc(a, strlen(joined) + 2), *end = out;

	for (char *rest = joined, *part; (part = strsep(&rest, "/"));) {
		if (!*part || streq(part, "."))
			continue;
		if (streq(part, "..")) {
			while (end > out && *--end != '/')
				;
			*end = '\0';
			continue;
		}
		end += sprintf(end, "%s%s", end > out ? "/" : "", part);
	}
	return out;
}

static const struct machine_file *find_file(const struct machine_file *files, size_t n,
					    const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (streq(files[i].path, path))
			return &files[i];
	return NULL;
}

static const struct machine_file *follow_links(struct arena *a,
					       const struct machine_file *f,
					       const struct machine_file *files, size_t n)
{
	for (int i = 0; f && S_ISLNK(f->mode) && i < LINKS_MAX; i++) {
		const char *target =
			arena_strndup(a, (const char *)f->data.data, f->data.len);

		f = find_file(files, n, link_target(a, f->path, target));
	}
	return f && !S_ISLNK(f->mode) ? f : NULL;
}

/* Default paths of kmod 30 and later, the first wins. */
static const char *const folders[] = { "etc/modprobe.d/", "run/modprobe.d/",
				       "usr/local/lib/modprobe.d/", "usr/lib/modprobe.d/",
				       "lib/modprobe.d/" };

struct config_file {
	const char *name;
	size_t folder; /* index of folders */
	const struct machine_file *file;
};

typedef VEC(struct config_file) config_files;

static int cmp_config_file(const void *a, const void *b)
{
	const struct config_file *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->folder > y->folder) - (x->folder < y->folder);
}

/*
 * libkmod-config.c:conf_files_filter_out. Older kmod (Debian 12) takes *.alias as well,
 * which modprobe.d(5) never said.
 */
static bool is_config_name(const char *name)
{
	return *name != '.' && !strchr(name, '/') && ends_with(name, ".conf");
}

void modprobe_read(struct arena *a, const struct machine_file *files, size_t n_files,
		   const char *cmdline, struct modprobe_config *ret)
{
	config_files found = { 0 };
	const char *last = "", *refused;

	for (size_t i = 0; i < n_files; i++) {
		for (size_t d = 0; d < ARRAY_SIZE(folders); d++) {
			const char *name = after_prefix(files[i].path, folders[d]);

			if (name && is_config_name(name) && !S_ISDIR(files[i].mode))
				*vec_push(a, &found) =
					(struct config_file){ name, d, &files[i] };
		}
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), cmp_config_file);
	vec_foreach(f, &found) {
		const struct machine_file *file;

		if (streq(f->name, last))
			continue;
		last = f->name;
		file = follow_links(a, f->file, files, n_files);
		if (file)
			modprobe_parse_blob(a, f->file->path,
					    (const char *)file->data.data, file->data.len,
					    ret);
	}
	if (!cmdline)
		return;
	parse_cmdline(a, cmdline, ret);
	refused = cmdline_get(a, cmdline, "module_blacklist");
	for (char *names = arena_strdup(a, refused), *name; (name = strsep(&names, ","));)
		add_cmdline(a, MODPROBE_REFUSE, name, NULL, ret);
}
