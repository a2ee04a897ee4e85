/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "tools/args.h"

/* The exit statuses that a command line or its output alone decide, see core/verbs.h. */
#define EXIT_USAGE 2
#define EXIT_REFUSED 3

#define OPTIONS_MAX 32
#define NAME_LEN_MAX 24
/* What getopt_long() answers for long options: no character, never 0. */
#define KEY_HELP 1000
#define KEY_VERSION 1001
#define KEY_OPTION 1002 /* + index */

int args_fail(const struct arg_program *p, int status, const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	fprintf(stderr, "%s: ", p->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

int args_finish(const struct arg_program *p, int status)
{
	/* A failure that was told is not told twice. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status != EXIT_REFUSED)
		return args_fail(p, EXIT_REFUSED, "cannot write the output: %s",
				 strerror(errno));
	return status;
}

static bool takes(const struct arg_option *o, int command)
{
	return o->commands == 0 || (command >= 0 && o->commands & 1u << command);
}

static void print_option(char letter, const char *name, const char *value, bool maybe,
			 const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s%s", letter ? '-' : ' ',
		 letter ? letter : ' ', letter ? ", " : "  ", name,
		 maybe ? "[=" : (value ? " " : ""), value ? value : "", maybe ? "]" : "");
	printf("  %-26s %s\n", left, help);
}

/* @command -1: of the program, with all commands and the options that every one takes. */
static void print_help(const struct arg_program *p, int command)
{
	const struct arg_command *c = &p->commands[command < 0 ? 0 : command];
	bool overview = command < 0 && c->name;

	if (overview) {
		printf("usage: %s COMMAND [OPTION...] [OPERAND...]\n%s\n\ncommands:\n",
		       p->name, p->about);
		for (size_t i = 0; i < p->n_commands; i++) {
			char left[64];

			snprintf(left, sizeof(left), "%s %s", p->commands[i].name,
				 p->commands[i].operands);
			printf("  %-26s %s\n", left, p->commands[i].help);
		}
	} else {
		printf("usage: %s %s%s[OPTION...] %s\n%s\n", p->name,
		       c->name ? c->name : "", c->name ? " " : "", c->operands, c->help);
	}
	printf("\noptions:\n");
	for (size_t i = 0; i < p->n_options; i++) {
		const struct arg_option *o = &p->options[i];

		if (takes(o, overview ? -1 : (int)(c - p->commands)))
			print_option(o->letter, o->name, o->value, o->kind == ARG_MAYBE,
				     o->help);
	}
	print_option('h', "help", NULL, false,
		     overview ? "this text; COMMAND --help tells its options"
			      : "this text");
	print_option(0, "version", NULL, false, "print the version");
	if (p->epilog)
		printf("\n%s", p->epilog);
}

/* Letters to change, add or drop to make one of the other (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_LEN_MAX + 1], n = strlen(b);

	if (n > NAME_LEN_MAX || strlen(a) > NAME_LEN_MAX)
		return NAME_LEN_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

/* The nearest of what can be meant; *best is its distance so far. */
static void consider(const char *typed, const char *name, size_t *best, const char **ret)
{
	size_t d = distance(typed, name);

	if (d < *best) {
		*best = d;
		*ret = name;
	}
}

static int fail_command(const struct arg_program *p, const char *typed)
{
	const char *near = NULL;
	size_t best = 3;

	for (size_t i = 0; i < p->n_commands; i++)
		consider(typed, p->commands[i].name, &best, &near);
	if (near)
		return args_fail(p, EXIT_USAGE,
				 "%s: no such command; do you mean `%s %s`?", typed,
				 p->name, near);
	return args_fail(p, EXIT_USAGE, "%s: no such command; `%s --help` lists them",
			 typed, p->name);
}

static int fail_option(const struct arg_program *p, const char *typed)
{
	const char *name = after_prefix(typed, "--"), *near = NULL;
	char word[NAME_LEN_MAX + 2];
	size_t best = 3, starts = 0;

	snprintf(word, sizeof(word), "%.*s", name ? (int)strcspn(name, "=") : 0,
		 name ? name : "");
	for (size_t i = 0; *word && i < p->n_options; i++)
		starts += after_prefix(p->options[i].name, word) != NULL;
	if (starts > 1)
		return args_fail(p, EXIT_USAGE,
				 "%s: several options begin so; see --help", typed);
	/* A guess that changes most of a word is no help. */
	if (best > strlen(word) / 2 + 1)
		best = strlen(word) / 2 + 1;
	for (size_t i = 0; name && i < p->n_options; i++)
		consider(word, p->options[i].name, &best, &near);
	if (near)
		return args_fail(p, EXIT_USAGE, "%s: no such option; do you mean --%s?",
				 typed, near);
	return args_fail(p, EXIT_USAGE, "%s: no such option; `%s --help` lists them",
			 typed, p->name);
}

/* An option that this command does not take: name those that do. */
static int fail_misplaced(const struct arg_program *p, const struct arg_option *o,
			  int command)
{
	char list[256] = "";

	for (size_t i = 0; i < p->n_commands; i++) {
		size_t n = strlen(list);

		if (takes(o, (int)i))
			snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
				 p->commands[i].name);
	}
	return args_fail(p, EXIT_USAGE, "--%s does not go with `%s`; it goes with: %s",
			 o->name, p->commands[command].name, list);
}

static int find_command(const struct arg_program *p, const char *name)
{
	for (size_t i = 0; i < p->n_commands; i++)
		if (streq(p->commands[i].name, name))
			return (int)i;
	return -1;
}

static int check_operands(const struct arg_program *p, const struct args *a)
{
	const struct arg_command *c = &p->commands[a->command];
	const char *blank = c->name ? " " : "", *name = c->name ? c->name : "";

	if (a->n_operands < c->min)
		return args_fail(p, EXIT_USAGE, "%s is missing; usage: %s%s%s %s",
				 c->operands, p->name, blank, name, c->operands);
	if (c->max >= 0 && a->n_operands > c->max)
		return args_fail(p, EXIT_USAGE,
				 "%s: one operand too many; usage: %s%s%s %s",
				 a->operands[c->max], p->name, blank, name, c->operands);
	return 0;
}

/* One option row's value; -EINVAL: given twice. */
static int set_value(const struct arg_option *o, const char *text, void *values)
{
	void *at = (char *)values + o->offset;

	if (o->kind == ARG_FLAG) {
		*(bool *)at = true;
		return 0;
	}
	if (*(const char **)at)
		return -EINVAL;
	*(const char **)at = text ? text : "";
	return 0;
}

/* Tables of ours in getopt's form. */
static void make_getopt(const struct arg_program *p, struct option *longs, char *letters)
{
	static const int has_arg[] = {
		[ARG_FLAG] = no_argument,
		[ARG_TEXT] = required_argument,
		[ARG_MAYBE] = optional_argument,
	};
	size_t n = 0;

	*letters++ = ':';
	*letters++ = 'h';
	for (; n < p->n_options && n < OPTIONS_MAX; n++) {
		const struct arg_option *o = &p->options[n];

		longs[n] = (struct option){ o->name, has_arg[o->kind], NULL,
					    KEY_OPTION + (int)n };
		if (!o->letter)
			continue;
		*letters++ = o->letter;
		if (o->kind == ARG_TEXT)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[n++] = (struct option){ "help", no_argument, NULL, KEY_HELP };
	longs[n++] = (struct option){ "version", no_argument, NULL, KEY_VERSION };
	longs[n] = (struct option){ 0 };
}

static const struct arg_option *by_key(const struct arg_program *p, int key)
{
	if (key >= KEY_OPTION)
		return &p->options[key - KEY_OPTION];
	for (size_t i = 0; i < p->n_options; i++)
		if (p->options[i].letter && p->options[i].letter == key)
			return &p->options[i];
	return NULL;
}

/* Options into @values, *ret_given one bit each; false: done, with *ret_status. */
static bool read_options(const struct arg_program *p, int argc, char **argv, void *values,
			 unsigned *ret_given, bool *ret_help, int *ret_status)
{
	struct option longs[OPTIONS_MAX + 3];
	char letters[2 * OPTIONS_MAX + 3];
	int key;

	make_getopt(p, longs, letters);
	opterr = 0;
	*ret_given = 0;
	*ret_help = false;
	while ((key = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
		const char *typed = argv[optind - 1];
		const struct arg_option *o;
		char letter[] = { '-', (char)optopt, '\0' };

		switch (key) {
		case 'h':
		case KEY_HELP:
			*ret_help = true;
			continue;
		case KEY_VERSION:
			printf("%s %s\n", p->name, PCIPASS_VERSION);
			*ret_status = args_finish(p, 0);
			return false;
		case ':':
			*ret_status = args_fail(p, EXIT_USAGE, "%s needs a value", typed);
			return false;
		case '?':
			/* optopt is a key where a known option got a value it has no use
			 * for */
			if (optopt && after_prefix(typed, "--"))
				*ret_status = args_fail(p, EXIT_USAGE,
							"%s: this option takes no value",
							typed);
			else
				*ret_status = fail_option(
					p, after_prefix(typed, "--") || !optopt ? typed
										: letter);
			return false;
		}
		o = by_key(p, key);
		if (o->value && optarg && !*optarg) {
			*ret_status = args_fail(p, EXIT_USAGE, "--%s needs a %s", o->name,
						o->value);
			return false;
		}
		if (set_value(o, optarg, values) < 0) {
			*ret_status =
				args_fail(p, EXIT_USAGE, "--%s is given twice", o->name);
			return false;
		}
		*ret_given |= 1u << (o - p->options);
	}
	return true;
}

bool args_parse(const struct arg_program *p, int argc, char **argv, void *values,
		struct args *ret, int *ret_status)
{
	bool commands = p->commands[0].name, help;
	struct args a = { 0 };
	unsigned given;

	if (!read_options(p, argc, argv, values, &given, &help, ret_status))
		return false;
	if (commands && optind < argc) {
		a.command = find_command(p, argv[optind]);
		if (a.command < 0) {
			*ret_status = fail_command(p, argv[optind]);
			return false;
		}
		optind++;
	} else if (commands && !help) {
		*ret_status = args_fail(
			p, EXIT_USAGE,
			"what shall be done? `%s --help` lists the commands", p->name);
		return false;
	} else if (commands) {
		a.command = -1;
	}
	if (help) {
		print_help(p, a.command);
		*ret_status = args_finish(p, 0);
		return false;
	}
	for (size_t i = 0; i < p->n_options; i++) {
		if (given & 1u << i && !takes(&p->options[i], a.command)) {
			*ret_status = fail_misplaced(p, &p->options[i], a.command);
			return false;
		}
	}
	a.n_operands = argc - optind;
	a.operands = (const char *const *)(argv + optind);
	*ret_status = check_operands(p, &a);
	if (*ret_status != 0)
		return false;
	*ret = a;
	return true;
}
