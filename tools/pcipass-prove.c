/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass-prove - play scenarios; TAP on stdout, JUnit XML beside it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "scenarios/results.h"
#include "scenarios/scenario.h"
#include "scenarios/shard.h"
#include "tools/args.h"
#include "tools/prove-vm.h"

#define EXIT_SKIP 77
#define FIXTURES "fakesys/fixtures"

struct values {
	const char *on, *junit, *shard, *durations, *fixtures;
	bool json, strict;
};
#define OPTION(member) offsetof(struct values, member)

static const struct arg_command command_names[] = {
	{ NULL, "SCENARIO...", 1, -1,
	  "Play scenarios: files, or folders with files in them." },
};

static const struct arg_option options[] = {
	/* clang-format off */
	{ "on", 0, ARG_TEXT, OPTION(on), 0, "GROUND",
	  "where to play: sim (in process), mount (through FUSE), vm (a real kernel)" },
	{ "junit", 0, ARG_TEXT, OPTION(junit), 0, "FILE", "write the results there too" },
	{ "json", 0, ARG_FLAG, OPTION(json), 0, NULL, "print the results as JSON, not as TAP" },
	{ "strict", 0, ARG_FLAG, OPTION(strict), 0, NULL, "where vm cannot be had, fail; else that is a skip" },
	{ "shard", 0, ARG_TEXT, OPTION(shard), 0, "K/N", "play the K-th of N parts" },
	{ "durations", 0, ARG_TEXT, OPTION(durations), 0, "FILE",
	  "what scenarios took: parts take equally long; updated" },
	{ "fixtures", 0, ARG_TEXT, OPTION(fixtures), 0, "DIR",
	  "the recorded machines; without it, " FIXTURES " in a folder above" },
	/* clang-format on */
};

static const struct arg_program program = {
	.name = "pcipass-prove",
	.commands = command_names,
	.n_commands = 1,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.epilog = "Exit status: 0 all passed or were skipped, 1 one failed, 2 wrong "
		  "usage, or a\n"
		  "scenario that is none.\n",
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A file, or all *.json of a folder, sorted. */
static int collect(const char *path, struct arena *a, strings *ret, struct err *e)
{
	size_t first = ret->n;
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		*vec_push(a, ret) = path;
		return 0;
	}
	dir = opendir(path);
	if (!dir)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	while ((entry = readdir(dir)))
		if (ends_with(entry->d_name, ".json"))
			*vec_push(a, ret) = arena_printf(a, "%s/%s", path, entry->d_name);
	closedir(dir);
	if (ret->n == first)
		return err_set(e, -ENOENT, "%s: no *.json in this folder", path);
	qsort(ret->v + first, ret->n - first, sizeof(*ret->v), compare_names);
	return 0;
}

/* The fixtures' folder in or above the folder of the scenario @path; NULL: none. */
static const char *find_fixtures(struct arena *a, const char *path)
{
	AUTOFREE char *real = realpath(path, NULL);
	char *slash;

	while (real && (slash = strrchr(real, '/'))) {
		struct stat st;
		char *dir;

		*slash = '\0';
		dir = arena_printf(a, "%s/" FIXTURES, real);
		if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
			return dir;
	}
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct where {
	const char *name;
	struct ground (*make)(void **slot);
	bool in_lab; /* *slot is the lab's, then */
} grounds[] = { { "sim", ground_sim, false },
		{ "mount", ground_mount, false },
		{ "vm", prove_vm_ground, true } };

/* NULL: there is none of that name. */
static const struct where *find_ground(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(grounds); i++)
		if (streq(grounds[i].name, name))
			return &grounds[i];
	return NULL;
}

/* Play one file; whatever is wrong with it is its result. As scenario_play(). */
static int play(const char *file, const struct where *on, void *lab, const char *fixtures,
		struct arena *a, results *all)
{
	const char *dir = fixtures ? fixtures : find_fixtures(a, file);
	struct result r = { .name = path_name(file), .file = file };
	struct scenario s = { 0 };
	struct err e = { 0 };
	void *slot = lab;
	double start = now();
	int code;

	if (!dir)
		code = err_set(&e, -ENOENT,
			       "no " FIXTURES " in a folder above; use --fixtures DIR");
	else
		code = scenario_load(file, &s, &e);
	if (code == 0) {
		struct ground ground = on->make(&slot);

		r.name = arena_strdup(a, s.name);
		code = scenario_play(&s, &ground, dir, &e);
		scenario_free(&s);
	}
	r.outcome = !code               ? RESULT_PASSED
		    : code == EXIT_SKIP ? RESULT_SKIPPED
					: RESULT_FAILED;
	r.text = code ? e.text : NULL;
	r.seconds = now() - start;
	results_add(a, all, &r);
	return code;
}

/* {"scenarios": [...]}, see results_json(). */
static void print_json(const results *all)
{
	json_auto_t *report = json_pack("{s:o}", "scenarios", results_json(all));

	json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
}

/* What a scenario is called in a file of durations: it takes longer on some grounds. */
static const char *timed_name(struct arena *a, const struct where *on, const char *file)
{
	return arena_printf(a, "%s/%s", on->name, path_name(file));
}

/* The files of this shard, in their order. */
static int choose(const struct values *v, const struct where *on, struct shard mine,
		  const strings *files, struct arena *a, strings *ret, struct err *e)
{
	unsigned *shards = arena_alloc(a, (files->n + 1) * sizeof(*shards));
	json_auto_t *seconds = json_object();
	strings names = { 0 };

	if (v->durations && durations_load(v->durations, seconds, e) < 0)
		return -EINVAL;
	vec_foreach(file, files)
		*vec_push(a, &names) = timed_name(a, on, *file);
	shard_deal(seconds, names.v, names.n, mine.n, shards);
	for (size_t i = 0; i < files->n; i++)
		if (shards[i] == mine.k)
			*vec_push(a, ret) = files->v[i];
	return 0;
}

/*
 * The other shards have to read what this one did, so a shard leaves the file alone and
 * writes its own: FILE.2-3. What failed or was skipped ended early.
 */
static int keep_durations(const struct values *v, const struct where *on,
			  struct shard mine, const results *all, struct arena *a,
			  struct err *e)
{
	json_auto_t *seconds = json_object();
	const char *path =
		mine.n == 1 ? v->durations
			    : arena_printf(a, "%s.%u-%u", v->durations, mine.k, mine.n);

	vec_foreach(r, all)
		if (r->outcome == RESULT_PASSED)
			durations_set(seconds, timed_name(a, on, r->file), r->seconds);
	return durations_update(path, seconds, e);
}

static int play_all(const struct values *v, const struct where *on, void *lab,
		    const strings *files, struct arena *a, results *all)
{
	int status = VERB_YES;

	if (!v->json)
		printf("1..%zu\n", files->n);
	vec_foreach(file, files) {
		int code = play(*file, on, lab, v->fixtures, a, all);

		if (!v->json)
			results_tap(stdout, all->n, &all->v[all->n - 1]);
		if (code < 0)
			status = VERB_INPUT;
		else if (code && code != EXIT_SKIP && status == VERB_YES)
			status = VERB_NO;
	}
	if (v->json)
		print_json(all);
	return status;
}

static int prove(const struct values *v, const struct args *args, const struct where *on,
		 void *lab, struct arena *a, struct err *e)
{
	strings files = { 0 }, chosen = { 0 };
	struct shard mine = { 1, 1 };
	results all = { 0 };
	int status;

	if (v->shard && shard_parse(v->shard, &mine, e) < 0)
		return VERB_INPUT;
	for (int i = 0; i < args->n_operands; i++)
		if (collect(args->operands[i], a, &files, e) < 0)
			return VERB_INPUT;
	if (choose(v, on, mine, &files, a, &chosen, e) < 0)
		return VERB_INPUT;
	status = play_all(v, on, lab, &chosen, a, &all);
	if (v->junit && results_junit(&all, on->name, v->junit, e) < 0)
		return VERB_REFUSED;
	if (v->durations && keep_durations(v, on, mine, &all, a, e) < 0)
		return VERB_REFUSED;
	return status;
}

struct proving {
	const struct values *v;
	const struct args *args;
	const struct where *on;
};

static int prove_and_tell(void *arg, void *lab)
{
	const struct proving *p = arg;
	AUTOARENA struct arena *a = arena_new();
	struct err e = { 0 };
	int status = prove(p->v, p->args, p->on, lab, a, &e);

	return *e.text ? args_fail(&program, status, "%s", e.text) : status;
}

int main(int argc, char **argv)
{
	struct values v = { 0 };
	struct args args;
	struct proving p = { &v, &args, NULL };
	struct err e = { 0 };
	int status;

	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error that is told */
	setlocale(LC_ALL, "");
	if (!args_parse(&program, argc, argv, &v, &args, &status))
		return status;
	p.on = find_ground(v.on ? v.on : "sim");
	if (!p.on)
		return args_fail(&program, VERB_INPUT,
				 "--on %s: it can be sim, mount or vm", v.on);
	status = p.on->in_lab ? prove_vm_in_lab(prove_and_tell, &p, &e)
			      : prove_and_tell(&p, NULL);
	if (status < 0 && v.strict)
		status = args_fail(&program, VERB_REFUSED, "%s", e.text);
	else if (status < 0) {
		printf("1..0 # SKIP %s\n", e.text);
		status = EXIT_SKIP;
	}
	return args_finish(&program, status);
}
