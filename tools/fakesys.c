/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fakesys - recorded machines: import, look at, compare, judge. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <jansson.h>

#include "core/host-listing.h"
#include "core/host.h"
#include "core/machine-json.h"
#include "core/scrub.h"
#include "core/verbs.h"
#include "fakesys/ctl.h"
#include "fakesys/fuse-server.h"
#include "fakesys/import.h"
#include "fakesys/lint.h"
#include "fakesys/run.h"
#include "fakesys/sim.h"
#include "fakesys/tree.h"
#include "tools/args.h"
#include "tools/groups.h"
#include "tools/subject.h"

enum command {
	CMD_IMPORT,
	CMD_TREE,
	CMD_LINT,
	CMD_DIFF,
	CMD_GROUPS,
	CMD_RUN,
	CMD_MOUNT,
	CMD_CTL,
	N_COMMANDS
};

#define EXIT_CANNOT 125 /* as env(1) and others that run a command */

struct values {
	const char *kernel, *output, *at;
	bool json, rewrite, keep_ids;
	struct groups_options groups;
};

#define ON(command) (1u << (command))
#define OPTION(member) offsetof(struct values, member)

static const struct arg_command command_names[N_COMMANDS] = {
	/* clang-format off */
	[CMD_IMPORT] = { "import", "FILE...", 1, -1,
			 "one machine from lspci, dmesg, a copied /sys, ACPI and more" },
	[CMD_TREE]   = { "tree", "FIXTURE", 1, 1, "list the simulated machine's files" },
	[CMD_LINT]   = { "lint", "FIXTURE...", 1, -1, "is it fit to contribute?" },
	[CMD_DIFF]   = { "diff", "A B", 2, 2, "compare two fixtures or tree listings" },
	[CMD_GROUPS] = { "groups", "FIXTURE", 1, 1, "IOMMU groups, computed and explained" },
	[CMD_RUN]    = { "run", "FIXTURE -- COMMAND...", 2, -1,
			 "run a command on the simulated machine" },
	[CMD_MOUNT]  = { "mount", "FIXTURE DIR", 2, 2,
			 "mount the simulated machine, until it is unmounted or ^C" },
	[CMD_CTL]    = { "ctl", "WORD...", 1, -1,
			 "from inside: reboot, claim GROUP, timeline, help, ..." },
	/* clang-format on */
};

static const struct arg_option options[] = {
	/* clang-format off */
	{ "output", 'o', ARG_TEXT, OPTION(output), ON(CMD_IMPORT), "FIXTURE",
	  "where to; without it, stdout" },
	{ "keep-ids", 0, ARG_FLAG, OPTION(keep_ids), ON(CMD_IMPORT), NULL,
	  "keep serial numbers, MAC addresses, UUIDs" },
	{ "kernel", 0, ARG_TEXT, OPTION(kernel),
	  ON(CMD_TREE) | ON(CMD_DIFF) | ON(CMD_RUN) | ON(CMD_MOUNT) | ON(CMD_GROUPS), "PROFILE",
	  "as on this kernel (6.1, 6.12, 7.3)" },
	{ "why", 0, ARG_TEXT, OPTION(groups.why), ON(CMD_GROUPS), "DEVICE[,DEVICE]",
	  "all about one function, or why two share a group" },
	{ "acs-override", 0, ARG_TEXT, OPTION(groups.acs_override), ON(CMD_GROUPS), "LIST",
	  "what if the kernel had the patch, and pcie_acs_override=LIST" },
	{ "cmdline", 0, ARG_TEXT, OPTION(groups.cmdline), ON(CMD_GROUPS), "WORDS",
	  "what if these were on the kernel's command line, too" },
	{ "move", 0, ARG_TEXT, OPTION(groups.move), ON(CMD_GROUPS), "DEVICE=PORT",
	  "what if the card were in the slot of that port" },
	{ "vfs", 0, ARG_TEXT, OPTION(groups.vfs), ON(CMD_GROUPS), "DEVICE=NUMBER",
	  "what if it had so many virtual functions" },
	{ "at", 0, ARG_TEXT, OPTION(at), ON(CMD_CTL), "DIR",
	  "where it is mounted, if not over this machine's /sys" },
	{ "rewrite", 0, ARG_FLAG, OPTION(rewrite), ON(CMD_LINT), NULL,
	  "bring it into canonical form" },
	{ "json", 0, ARG_FLAG, OPTION(json),
	  ON(CMD_IMPORT) | ON(CMD_LINT) | ON(CMD_DIFF) | ON(CMD_GROUPS), NULL,
	  "print the report as JSON" },
	/* clang-format on */
};

static const struct arg_program program = {
	.name = "fakesys",
	.about = "Simulated hosts, made from recorded machines.",
	.commands = command_names,
	.n_commands = N_COMMANDS,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.epilog = "FIXTURE is a recorded machine: `pcipass capture -o FILE` makes one.\n"
		  "Exit status: 0 yes or done, 1 no (differs, not fit), 2 wrong usage or "
		  "input,\n"
		  "3 the system refused; run: that of the command, 125 to 127 if it was "
		  "not "
		  "run.\n",
};

/* A whole file, NUL-terminated, in @a. */
static int read_file(const char *path, struct arena *a, struct blob *ret, struct err *e)
{
	FILE *f = streq(path, "-") ? stdin : fopen(path, "rbe");
	AUTOFREE char *text = NULL;
	size_t len = 0, n;
	char buf[65536];
	FILE *out;
	int code = 0;

	if (!f)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	while (code == 0 && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
		fwrite(buf, 1, n, out);
		if (ftell(out) > (long)HOST_FILE_MAX)
			code = err_set(e, -EFBIG, "%s: more than %zu MiB", path,
				       HOST_FILE_MAX >> 20);
	}
	if (ferror(f))
		code = err_set(e, -EIO, "%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
	if (fclose(out) != 0)
		abort();
	if (code == 0)
		*ret = (struct blob){ (const uint8_t *)arena_strndup(a, text, len), len };
	return code;
}

static void print_json(const json_t *report)
{
	json_dumpf(report, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* {"file": "lspci.log", "kind": "lspci text", "lines": 9, "functions": 0,
 * "not_understood": 0, "first": null} */
static json_t *import_one(struct machine *m, const char *path, struct err *e)
{
	struct import_stats stats = { 0 };
	const char *kind = "folder with a copied /sys";
	struct stat st;
	struct blob data;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (import_add_dir(m, path, &stats, e) < 0)
			return NULL;
	} else {
		if (read_file(path, m->arena, &data, e) < 0 ||
		    import_add(m, path, data, &stats, e) < 0)
			return NULL;
		kind = import_kind_name(import_recognise(data));
	}
	return json_pack("{s:s, s:s+, s:i, s:i, s:i, s:s?}", "file", path, "kind", kind,
			 stats.unused ? ", recognised, not used" : "", "lines",
			 (int)stats.lines, "functions", (int)stats.functions,
			 "not_understood", (int)stats.not_understood, "first",
			 stats.first);
}

static void print_import(const json_t *one)
{
	json_int_t lines = json_integer_value(json_object_get(one, "lines"));
	json_int_t functions = json_integer_value(json_object_get(one, "functions"));
	json_int_t odd = json_integer_value(json_object_get(one, "not_understood"));

	fprintf(stderr, "%s: %s", json_string_value(json_object_get(one, "file")),
		json_string_value(json_object_get(one, "kind")));
	if (lines)
		fprintf(stderr, ", %lld lines", (long long)lines);
	if (functions)
		fprintf(stderr, ", %lld functions", (long long)functions);
	if (odd)
		fprintf(stderr, ", %lld not understood, the first: %s", (long long)odd,
			json_string_value(json_object_get(one, "first")));
	fputc('\n', stderr);
}

/* {"fixture": PATH, "files": [...]} */
static int import(const struct values *v, const struct args *args, struct err *e)
{
	AUTOMACHINE struct machine *m = machine_new(), *scrubbed = NULL;
	const char *name, *path = v->output ? v->output : "-";
	json_auto_t *report = json_pack("{s:s, s:[]}", "fixture", path, "files");
	int code;

	if (v->json && streq(path, "-")) /* both would stand there */
		return verb_status_of(err_set(
			e, -EINVAL, "--json prints on stdout: say --output FIXTURE"));
	for (int i = 0; i < args->n_operands; i++) {
		json_t *one = import_one(m, args->operands[i], e);

		if (!one)
			return VERB_INPUT;
		if (!v->json)
			print_import(one);
		json_array_append_new(json_object_get(report, "files"), one);
	}
	name = path_name(path);
	if (v->output)
		m->name = arena_strndup(m->arena, name, strcspn(name, "."));
	if (import_finish(m, e) < 0 ||
	    (!v->keep_ids && machine_scrub(m, &scrubbed, e) < 0))
		return VERB_INPUT;
	code = machine_save(v->keep_ids ? m : scrubbed, path, e);
	if (code == -ENOENT || code == -EISDIR || code == -ENOTDIR)
		return VERB_INPUT; /* no such folder, or a folder */
	if (code < 0)
		return VERB_REFUSED;
	if (v->json)
		print_json(report);
	else
		fprintf(stderr, "%s: %zu functions, %zu groups, %zu facts unknown\n",
			v->output ? v->output : "fixture", m->fns.n, m->groups.n,
			m->unknown.n);
	return VERB_YES;
}

/* The listing of a fixture on @kernel; malloc'd. */
static int listing(const struct machine *m, const char *name, const char *kernel,
		   char **ret, struct err *e)
{
	const struct kernel_profile *p = NULL;
	struct sim *s = NULL;
	struct host h;
	int code;

	if (kernel && subject_profile(kernel, &p, e) != VERB_YES)
		return -EINVAL;
	code = sim_new(m, p, &s, e);
	if (code < 0)
		return err_prefix(e, code, "%s", name);
	h = sim_host(s);
	code = tree_write(&h, tree_roots, ret);
	if (code < 0)
		(void)err_set(e, code, "%s: %s", name, strerror(-code));
	sim_free(s);
	return code;
}

static int tree(const struct values *v, const struct args *args, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	AUTOFREE char *text = NULL;

	if (machine_load(args->operands[0], &m, e) < 0 ||
	    listing(m, args->operands[0], v->kernel, &text, e) < 0)
		return VERB_INPUT;
	fputs(text, stdout);
	return VERB_YES;
}

/* A listing, or a fixture made into one; malloc'd. Fixtures are JSON objects. */
static int listing_of_file(const char *path, const char *kernel, char **ret,
			   struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	AUTOMACHINE struct machine *m = NULL;
	struct host_listing *listed;
	struct blob data;
	const char *text;
	int code = read_file(path, a, &data, e);

	if (code < 0)
		return code;
	text = (const char *)data.data;
	if (text[strspn(text, " \t\r\n")] == '{') {
		code = machine_from_json(text, data.len, path, &m, e);
		return code < 0 ? code : listing(m, path, kernel, ret, e);
	}
	if (memchr(text, '\0', data.len))
		return err_set(e, -EINVAL, "%s: neither a fixture nor a listing", path);
	code = host_listing_open(text, path, &listed, e);
	if (code < 0)
		return code;
	host_listing_close(listed);
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

/* {"same": false, "lines": ["-D /sys 755", "+D /sys 700"]} */
static void print_diff_json(const char *lines)
{
	json_auto_t *report = json_pack("{s:b, s:[]}", "same", !*lines, "lines");
	json_t *all = json_object_get(report, "lines");

	while (*lines) {
		size_t n = strcspn(lines, "\n");

		json_array_append_new(all, json_stringn(lines, n));
		lines += n + (lines[n] == '\n');
	}
	print_json(report);
}

static int diff(const struct values *v, const struct args *args, struct err *e)
{
	AUTOFREE char *a = NULL, *b = NULL, *lines = NULL;
	int code;

	if (listing_of_file(args->operands[0], v->kernel, &a, e) < 0 ||
	    listing_of_file(args->operands[1], v->kernel, &b, e) < 0)
		return VERB_INPUT;
	code = tree_diff(a, b, &lines);
	if (code < 0)
		return verb_status_of(
			err_set(e, code, "cannot compare: %s", strerror(-code)));
	if (v->json)
		print_diff_json(lines);
	else
		fputs(lines, stdout);
	return *lines ? VERB_NO : VERB_YES;
}

/*
 * *ret: {"file": PATH, "fit": true, "rewritten": false, "notes": [{"severity": "warning",
 * "text": ...}]}. -errno: it is no fixture, or cannot be rewritten.
 */
static int lint_one(const char *path, bool rewrite, json_t **ret, struct err *e)
{
	json_auto_t *all = json_array();
	AUTOARENA struct arena *a = arena_new();
	AUTOMACHINE struct machine *m = NULL;
	AUTOFREE char *canonical = NULL;
	lint_notes notes = { 0 };
	struct blob data;
	bool canon, fit = true;
	int code = read_file(path, a, &data, e);

	if (code >= 0)
		code = machine_from_json((const char *)data.data, data.len, path, &m, e);
	if (code >= 0)
		code = machine_to_json(m, &canonical);
	if (code < 0)
		return code;
	canon = strlen(canonical) == data.len &&
		memcmp(canonical, data.data, data.len) == 0;
	if (!canon && rewrite) {
		code = machine_save(m, path, e);
		if (code < 0)
			return code;
	}
	if (!canon && !rewrite)
		*vec_push(a, &notes) = (struct lint_note){
			true,
			"not in canonical form; `fakesys lint --rewrite` makes it so"
		};
	lint_machine(m, a, &notes);
	vec_foreach(n, &notes) {
		json_array_append_new(all, json_pack("{s:s, s:s}", "severity",
						     n->error ? "error" : "warning",
						     "text", n->text));
		fit = fit && !n->error;
	}
	*ret = json_pack("{s:s, s:b, s:b, s:O}", "file", path, "fit", fit, "rewritten",
			 !canon && rewrite, "notes", all);
	return 0;
}

static void print_lint(const json_t *report)
{
	const char *path = json_string_value(json_object_get(report, "file"));
	const json_t *note;
	size_t i;

	if (json_is_true(json_object_get(report, "rewritten")))
		printf("%s: rewritten in canonical form\n", path);
	json_array_foreach(json_object_get(report, "notes"), i, note)
		printf("%s: %s: %s\n", path,
		       json_string_value(json_object_get(note, "severity")),
		       json_string_value(json_object_get(note, "text")));
	if (json_is_true(json_object_get(report, "fit")))
		printf("%s: fit to contribute\n", path);
}

/* Each is judged, also after one that cannot be read. */
static int lint(const struct values *v, const struct args *args, struct err *e)
{
	json_auto_t *all = json_array();
	int status = VERB_YES;

	for (int i = 0; i < args->n_operands; i++) {
		json_t *one = NULL;

		if (lint_one(args->operands[i], v->rewrite, &one, e) < 0) {
			status = args_fail(&program, VERB_INPUT, "%s", e->text);
			*e = (struct err){ 0 };
			continue;
		}
		if (!json_is_true(json_object_get(one, "fit")) && status == VERB_YES)
			status = VERB_NO;
		if (!v->json)
			print_lint(one);
		json_array_append_new(all, one);
	}
	if (v->json) {
		json_auto_t *report = json_pack("{s:O}", "fixtures", all);

		print_json(report);
	}
	return status;
}

static int groups(const struct values *v, const struct args *args, struct err *e)
{
	struct groups_options o = v->groups;

	o.kernel = v->kernel;
	o.json = v->json;
	return groups_command(args->operands[0], &o, e);
}

static int simulate(const char *path, const char *kernel, struct machine **ret_m,
		    struct sim **ret, struct err *e)
{
	const struct kernel_profile *p = NULL;

	if (machine_load(path, ret_m, e) < 0 ||
	    (kernel && subject_profile(kernel, &p, e) != VERB_YES))
		return VERB_INPUT;
	if (sim_new(*ret_m, p, ret, e) < 0) {
		(void)err_prefix(e, 0, "%s", path);
		return VERB_INPUT;
	}
	return VERB_YES;
}

static int run(const struct values *v, const struct args *args, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	AUTOFREE char *self = realpath("/proc/self/exe", NULL);
	struct sim *s = NULL;
	int status = simulate(args->operands[0], v->kernel, &m, &s, e);

	if (status == VERB_YES &&
	    run_inside(s, self ? self : "",
		       (char *const *)(uintptr_t)(args->operands + 1), &status, e) < 0)
		status = EXIT_CANNOT;
	sim_free(s);
	return status;
}

/* ^C, a kill, or somebody's umount ends it. */
static int mount_host(const struct values *v, const struct args *args, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	struct fuse_server *f = NULL;
	struct sim *s = NULL;
	int r, status = simulate(args->operands[0], v->kernel, &m, &s, e);
	AUTOCLOSE int stop = -1;
	sigset_t signals;

	if (status == VERB_YES && fuse_server_open(s, args->operands[1], -1, &f, e) < 0)
		status = EXIT_CANNOT;
	if (status == VERB_YES && run_guard_mount(args->operands[1], e) < 0)
		status = EXIT_CANNOT;
	if (status == VERB_YES) {
		sigemptyset(&signals);
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGHUP);
		sigprocmask(SIG_BLOCK, &signals, NULL);
		stop = signalfd(-1, &signals, SFD_CLOEXEC);
		r = fuse_server_serve(f, stop);
		if (r < 0)
			status = verb_status_of(err_set(e, r, "%s", strerror(-r)));
	}
	fuse_server_close(f);
	sim_free(s);
	return status;
}

static int control(const struct values *v, const struct args *args, struct err *e)
{
	AUTOFREE char *dir = NULL, *text = NULL;
	int status = 0;

	if (streq(args->operands[0], "help")) {
		fputs(ctl_help, stdout);
		return VERB_YES;
	}
	if (asprintf(&dir, "%s/sys", v->at ? v->at : "") < 0)
		abort();
	if (ctl_say(dir, (char *const *)(uintptr_t)args->operands, &text, &status, e) < 0)
		return EXIT_CANNOT;
	fputs(text, status ? stderr : stdout);
	return status;
}

static int (*const actions[N_COMMANDS])(const struct values *v, const struct args *args,
					struct err *e) = {
	[CMD_IMPORT] = import,    [CMD_TREE] = tree,     [CMD_LINT] = lint,
	[CMD_DIFF] = diff,        [CMD_GROUPS] = groups, [CMD_RUN] = run,
	[CMD_MOUNT] = mount_host, [CMD_CTL] = control,
};

int main(int argc, char **argv)
{
	struct values v = { 0 };
	struct err e = { 0 };
	struct args args;
	int status;

	if (run_stand_in(path_name(argv[0]), argc, argv, &status))
		return status;
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error that is told */
	setlocale(LC_ALL, "");
	if (!args_parse(&program, argc, argv, &v, &args, &status))
		return status;
	status = actions[args.command](&v, &args, &e);
	if (*e.text)
		status = args_fail(&program, status, "%s", e.text);
	return args_finish(&program, status);
}
