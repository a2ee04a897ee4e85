/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass - the command line: what is asked of which machine, and how it ended. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "tools/command.h"

#define ON(command) (1u << (command))
#define PLANNING (ON(CMD_PLAN) | ON(CMD_REHEARSE) | ON(CMD_APPLY))

static const struct arg_command command_names[N_COMMANDS] = {
	/* clang-format off */
	[CMD_CHECK]    = { "check", "[DEVICE...]", 0, -1,
			   "can it be passed through? what stands in the way?" },
	[CMD_LIST]     = { "list", "", 0, 0, "PCI functions, drivers, IOMMU groups" },
	[CMD_MAP]      = { "map", "", 0, 0, "the topology with its groups, as a picture" },
	[CMD_PLAN]     = { "plan", "DEVICE...", 1, -1, "what would be done" },
	[CMD_REHEARSE] = { "rehearse", "DEVICE...", 1, -1,
			   "do it, reboot and undo it on a simulated copy" },
	[CMD_APPLY]    = { "apply", "DEVICE...", 0, -1, "do it on this host" },
	[CMD_VERIFY]   = { "verify", "DEVICE...", 1, -1, "after the reboot: is it ready?" },
	[CMD_UNDO]     = { "undo", "[N]", 0, 1, "take transaction N back (the newest)" },
	[CMD_HISTORY]  = { "history", "", 0, 0, "what was done on this host" },
	[CMD_VM]       = { "vm", "DEVICE...", 1, -1, "the configuration of the VM" },
	[CMD_CAPTURE]  = { "capture", "", 0, 0, "record this host as a fixture" },
	[CMD_EXPLAIN]  = { "explain", "[RULE]", 0, 1, "a rule at length" },
	/* clang-format on */
};

#define OPTION(member) offsetof(struct values, member)

static const struct arg_option options[] = {
	/* clang-format off */
	{ "fixture", 0, ARG_TEXT, OPTION(where.fixture), 0, "FILE",
	  "act on a simulated copy of a recorded machine" },
	{ "kernel", 0, ARG_TEXT, OPTION(where.kernel), 0, "PROFILE",
	  "with --fixture: simulate this kernel (6.1, 6.12, 7.3)" },
	{ "root", 0, ARG_TEXT, OPTION(where.root), 0, "DIR",
	  "act on an installed image or a copied tree" },
	{ "json", 0, ARG_FLAG, OPTION(json), 0, NULL, "print the report as JSON" },
	{ "color", 0, ARG_TEXT, OPTION(colour), 0, "WHEN", "auto, always or never" },
	{ "groups", 0, ARG_FLAG, OPTION(groups), ON(CMD_LIST), NULL, "by IOMMU group" },
	{ "tree", 0, ARG_FLAG, OPTION(tree), ON(CMD_LIST), NULL, "by bridge" },
	{ "method", 0, ARG_TEXT, OPTION(method), PLANNING, "METHOD",
	  "auto, ids, blacklist or override" },
	{ "style", 0, ARG_TEXT, OPTION(style), PLANNING, "STYLE",
	  "dropin (own files) or guide (the files the guide names)" },
	{ "allow", 0, ARG_TEXT, OPTION(allow), PLANNING | ON(CMD_VM), "RULE,...",
	  "go on although these rules found the host in need of the device" },
	{ "diff", 0, ARG_FLAG, OPTION(diff), ON(CMD_PLAN), NULL, "as a patch" },
	{ "script", 0, ARG_FLAG, OPTION(script), ON(CMD_PLAN), NULL, "as a shell script" },
	{ "yes", 'y', ARG_FLAG, OPTION(yes), ON(CMD_APPLY) | ON(CMD_VM), NULL, "do not ask" },
	{ "resume", 0, ARG_FLAG, OPTION(resume), ON(CMD_APPLY), NULL,
	  "finish the transaction that was cut short" },
	{ "for", 0, ARG_TEXT, OPTION(target), ON(CMD_VM), "TARGET",
	  "proxmox:VMID, libvirt or qemu" },
	{ "write", 0, ARG_MAYBE, OPTION(write), ON(CMD_VM), "FILE",
	  "change the VM's file (/etc/pve/qemu-server/VMID.conf)" },
	{ "output", 'o', ARG_TEXT, OPTION(output), ON(CMD_CAPTURE) | ON(CMD_MAP), "FILE",
	  "where to; without it, stdout; map: FILE.svg or FILE.html" },
	{ "keep-ids", 0, ARG_FLAG, OPTION(keep_ids), ON(CMD_CAPTURE), NULL,
	  "keep serial numbers, MAC addresses, UUIDs, the host's name" },
	{ "whole", 0, ARG_FLAG, OPTION(whole), ON(CMD_CAPTURE), NULL,
	  "with all that drivers and firmware show below /sys" },
	{ "list", 0, ARG_FLAG, OPTION(list), ON(CMD_EXPLAIN), NULL, "all rules" },
	/* clang-format on */
};

static const struct arg_program program = {
	.name = "pcipass",
	.about = "Hand PCIe devices of this host to virtual machines, rehearsed first.",
	.commands = command_names,
	.n_commands = N_COMMANDS,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.epilog =
		"DEVICE is 01:00 (all functions), 01:00.0, 0000:01:00.0 or 10de:1b81.\n"
		"Exit status: 0 yes or done, 1 no, 2 wrong usage or input, 3 the system\n"
		"refused, 4 an unfinished transaction waits.\n",
};

static int bad_value(const char *option, const char *typed, const char *known,
		     struct err *e)
{
	(void)err_set(e, 0, "%s %s: it can be %s", option, typed, known);
	return VERB_INPUT;
}

/* A decimal number without sign; false: it is none, or greater than @max. */
static bool parse_number(const char *text, unsigned long max, unsigned *ret)
{
	char *end;
	unsigned long n;

	if (strspn(text, "0123456789") != strlen(text) || !*text)
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || n > max)
		return false;
	*ret = (unsigned)n;
	return true;
}

static int parse_target(const char *text, struct request *req, struct err *e)
{
	static const char *const known =
		"proxmox:VMID (100 to 999999999), libvirt or qemu";
	const char *vmid = after_prefix(text, "proxmox:");

	if (vmid && parse_number(vmid, 999999999, &req->vmid) && req->vmid >= 100)
		req->target = VM_PROXMOX;
	else if (streq(text, "libvirt"))
		req->target = VM_LIBVIRT;
	else if (streq(text, "qemu"))
		req->target = VM_QEMU;
	else
		return bad_value("--for", text, known, e);
	return VERB_YES;
}

/* What only some commands need, or what options rule out each other. */
static int check_operands(const struct run *r, struct err *e)
{
	const struct values *v = r->v;
	const char *wrong = NULL;

	if (v->where.fixture && v->where.root)
		wrong = "--fixture and --root are two machines; name one";
	else if (v->where.kernel && !v->where.fixture)
		wrong = "--kernel goes with --fixture only: this host runs the kernel it "
			"has";
	else if (r->command == CMD_APPLY && v->resume && r->n_operands)
		wrong = "apply --resume takes no DEVICE: the journal has them";
	else if (r->command == CMD_APPLY && !v->resume && !r->n_operands)
		wrong = "DEVICE... is missing; usage: pcipass apply DEVICE...";
	else if (r->command == CMD_VM && !v->target)
		wrong = "vm needs --for proxmox:VMID, --for libvirt or --for qemu";
	else if (r->command == CMD_VM && v->yes && !v->write)
		wrong = "--yes goes with --write: without it nothing is changed";
	else if (r->command == CMD_EXPLAIN && v->list == (r->n_operands == 1))
		wrong = "explain needs a RULE; `pcipass explain --list` has them all";
	else if (v->groups + v->tree + v->diff + v->script > 1)
		wrong = "only one of --groups and --tree, of --diff and --script";
	else if (((r->command == CMD_APPLY && !v->resume) || v->write) && !v->yes &&
		 !v->where.fixture && (v->json || !isatty(STDIN_FILENO)))
		wrong = v->write ? "there is nobody to ask: look at `pcipass vm` without "
				   "--write, then add --yes"
				 : "there is nobody to ask: look at `pcipass plan`, then "
				   "add --yes";
	if (!wrong)
		return VERB_YES;
	(void)err_set(e, 0, "%s", wrong);
	return VERB_INPUT;
}

static int parse_colour(const char *text, enum colour_when *ret, struct err *e)
{
	static const char *const names[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (streq(text, names[i])) {
			*ret = (enum colour_when)i;
			return VERB_YES;
		}
	}
	return bad_value("--color", text, "auto, always or never", e);
}

/* From what was typed to a request. */
static int prepare(struct run *r, struct err *e)
{
	enum colour_when when = COLOUR_AUTO;
	const struct values *v = r->v;
	int s = check_operands(r, e);

	if (s == VERB_YES && v->colour)
		s = parse_colour(v->colour, &when, e);
	if (s == VERB_YES && v->target)
		s = parse_target(v->target, &r->req, e);
	if (s != VERB_YES)
		return s;
	if (v->method && plan_method_parse(v->method, &r->req.method) < 0)
		return bad_value("--method", v->method,
				 "auto, ids, blacklist or override", e);
	if (v->style && plan_style_parse(v->style, &r->req.style) < 0)
		return bad_value("--style", v->style, "dropin or guide", e);
	for (const char *p = v->allow; p && *p; p += strcspn(p, ","), p += *p == ',') {
		char rule[64];

		snprintf(rule, sizeof(rule), "%.*s", (int)strcspn(p, ","), p);
		if (!rule_find(rule))
			return bad_value("--allow", rule,
					 "rules of `pcipass explain --list`, joined by "
					 "commas",
					 e);
	}
	if (r->command == CMD_UNDO && r->n_operands &&
	    (!parse_number(r->operands[0], 9999, &r->req.number) || !r->req.number))
		return bad_value("undo", r->operands[0],
				 "a number that `pcipass history` lists", e);
	r->req.allow = v->allow;
	r->req.devices = r->operands;
	r->req.n_devices = r->n_operands;
	printer_init(&r->printer, stdout, when);
	r->printer.view = v->groups   ? VIEW_GROUPS
			  : v->tree   ? VIEW_TREE
			  : v->diff   ? VIEW_DIFF
			  : v->script ? VIEW_SCRIPT
				      : VIEW_TEXT;
	return VERB_YES;
}

/* @word as a shell takes it, with a blank in front. */
static const char *add_word(struct arena *a, const char *line, const char *word)
{
	static const char *const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
					 "VWXYZ0123456789-_./:=,+@%";
	const char *blank = *line ? " " : "";

	if (*word && strspn(word, plain) == strlen(word))
		return arena_printf(a, "%s%s%s", line, blank, word);
	line = arena_printf(a, "%s%s'", line, blank);
	for (; *word; word++)
		line = arena_printf(a, *word == '\'' ? "%s'\\'%c" : "%s%c", line, *word);
	return arena_printf(a, "%s'", line);
}

/* How the next command names the same machine and devices. */
static void name_next(struct run *r, struct arena *a, const char *self)
{
	const struct where *w = &r->v->where;
	const struct {
		const char *option, *value;
	} named[] = {
		{ "--fixture", w->fixture },
		{ "--kernel", w->kernel },
		{ "--root", w->root },
	}, said[] = {
		{ "--method", r->v->method },
		{ "--style", r->v->style },
		{ "--allow", r->v->allow },
	};

	r->printer.again = add_word(a, "", self);
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (named[i].value)
			r->printer.again = add_word(
				a, add_word(a, r->printer.again, named[i].option),
				named[i].value);
	for (size_t i = 0; i < r->n_operands; i++)
		r->printer.devices = add_word(a, r->printer.devices, r->operands[i]);
	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if (said[i].value)
			r->printer.devices = add_word(
				a, add_word(a, r->printer.devices, said[i].option),
				said[i].value);
	r->printer.twin = w->fixture;
	if (!w->fixture && geteuid() != 0)
		r->printer.sudo = "sudo ";
}

/* What to do about a failure, if there is one thing to do. */
static const char *next_step(const struct run *r, int status, const struct err *e,
			     struct arena *a, char **argv)
{
	const char *line = "; it needs root: sudo";
	bool rights =
		strstr(e->text, strerror(EACCES)) || strstr(e->text, strerror(EPERM));

	if (status != VERB_REFUSED || !rights || !*r->printer.sudo)
		return "";
	for (; *argv; argv++)
		line = add_word(a, line, *argv);
	return line;
}

static void print_report(const struct run *r)
{
	bool raw = r->command == CMD_VM || r->printer.view == VIEW_DIFF ||
		   r->printer.view == VIEW_SCRIPT;

	if (r->v->json) {
		json_dumpf(r->report, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	/* What goes into a file stays as it is. */
	if (r->printer.terminal || !raw)
		report_clean(r->report, &r->printer);
	command_print(r);
}

int main(int argc, char **argv)
{
	AUTOARENA struct arena *a = arena_new();
	struct values v = { 0 };
	struct run r = { .v = &v };
	struct err e = { 0 };
	struct args args;
	char **typed;
	int status;

	/* A closed pipe must not end a transaction, and children must be waited for. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	/* getopt sorts argv; next_step() shows it as it was typed */
	typed = arena_memdup(a, argv, ((size_t)argc + 1) * sizeof(*argv));
	setlocale(LC_ALL, "");
	if (!args_parse(&program, argc, argv, &v, &args, &status))
		return status;
	r.command = (enum command)args.command;
	r.operands = args.operands;
	r.n_operands = (size_t)args.n_operands;
	status = prepare(&r, &e);
	if (status == VERB_YES) {
		name_next(&r, a, argv[0]);
		status = command_run(&r, &e);
	}
	if (v.json && !r.report && *e.text)
		r.report = json_pack("{s:s}", "error", e.text);
	if (r.report)
		print_report(&r);
	if (*e.text)
		status = args_fail(&program, status, "%s%s", e.text,
				   next_step(&r, status, &e, a, typed));
	json_decref(r.report);
	subject_close(&r.subject);
	return args_finish(&program, status);
}
