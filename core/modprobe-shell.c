/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/modprobe-shell.h"

size_t shell_command_next(struct arena *a, const char *text, struct shell_command *ret)
{
	const char *p = text;

	if (*p == '|' || *p == '&') {
		ret->unless = p[0] == '|' && p[1] == '|';
		ret->when = p[0] == '&' && p[1] == '&';
		p += ret->unless || ret->when ? 2 : 1;
	} else if (*p == ';') {
		p++;
	}
	while (*(p += strspn(p, " \t"))) {
		size_t n = strcspn(p, " \t;&|");
		size_t digits = strspn(p, "0123456789");

		/* The '&' of 2>&1 ends no command. */
		if (n && p[n] == '&' && p[n - 1] == '>')
			n += 1 + strcspn(p + n + 1, " \t;&|");
		if (!n)
			break;
		if (p[digits] == '>' || p[digits] == '<') {
			if (digits + 1 == n || (p[n - 1] == '>' && p[n] != '&')) {
				p += n;
				p += strspn(p, " \t");
				n = strcspn(p, " \t;&|");
			}
		} else if (!(n == 1 && strchr("{}()", *p))) {
			*vec_push(a, &ret->words) = arena_strndup(a, p, n);
		}
		p += n;
	}
	return (size_t)(p - text);
}

bool shell_modprobe_args(struct arena *a, const strings *words, strings *ret_names,
			 const char **ret_options, bool *ret_ignore, unsigned *ret_flags)
{
	static const struct {
		const char *option;
		char letter; /* 'x': does nothing that matters */
	} longs[] = { { "--ignore-install", 'i' },
		      { "--use-blacklist", 'b' },
		      { "--all", 'a' },
		      { "--quiet", 'x' },
		      { "--silent", 'x' },
		      { "--verbose", 'x' },
		      { "--syslog", 'x' },
		      { "--first-time", 'x' } };
	bool all = false;
	char *options = arena_strdup(a, "");
	const char *opt;

	for (size_t i = 1; i < words->n; i++) {
		const char *w = words->v[i];

		if (*w == '-') {
			char letters[2] = "";

			opt = w + 1;
			for (size_t j = 0; j < ARRAY_SIZE(longs); j++)
				if (streq(w, longs[j].option))
					opt = (letters[0] = longs[j].letter, letters);
			for (; *opt; opt++) {
				if (*opt == 'i')
					*ret_ignore = true;
				else if (*opt == 'b')
					*ret_flags |= MODPROBE_USE_BLACKLIST;
				else if (*opt == 'a')
					all = true;
				else if (!strchr("xqvs-", *opt))
					return false;
			}
		} else if (all || !ret_names->n) {
			*vec_push(a, ret_names) = module_normalize(a, w);
		} else if (!streq(w, "$CMDLINE_OPTS")) {
			/* $CMDLINE_OPTS repeats what modprobe adds by itself. */
			options = arena_printf(a, "%s%s%s", options, *options ? " " : "",
					       w);
		}
	}
	*ret_options = options;
	return ret_names->n > 0;
}
