/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass-lab - the VM lab: real kernels on emulated machines. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "core/verbs.h"
#include "scenarios/save.h"
#include "scenarios/shard.h"
#include "tools/args.h"
#include "tools/lab-profile.h"
#include "tools/lab-results.h"
#include "tools/lab-values.h"
#include "vmtests/bench.h"
#include "vmtests/enclose.h"
#include "vmtests/ground-vm.h"
#include "vmtests/guest-shell.h"
#include "vmtests/record.h"
#include "vmtests/replay.h"
#include "vmtests/transcript.h"

#define EXIT_SKIP 77
#define RUN_MS 600000

enum command {
	CMD_IMAGE,
	CMD_CAPTURE,
	CMD_RECORD,
	CMD_SAVE,
	CMD_RUN,
	CMD_SHELL,
	CMD_BENCH,
	CMD_PROFILE,
	CMD_BOOT,
	CMD_VFIO,
	CMD_CONFORM,
	CMD_NESTED,
	CMD_MATRIX,
	CMD_REPLAY,
	CMD_COMPARE
};
#define ON(command) (1U << (command))
#define CELL (ON(CMD_MATRIX) - 1)          /* commands about one cell */
#define MACHINE (CELL & ~ON(CMD_NESTED))   /* of which this has a machine of its own */
#define GUEST (MACHINE & ~ON(CMD_PROFILE)) /* and this has three */
#define PLAYS (ON(CMD_CONFORM) | ON(CMD_RECORD) | ON(CMD_MATRIX))

static const struct arg_command command_names[] = {
	/* clang-format off */
	[CMD_IMAGE]   = { "image", "", 0, 0, "fetch the kernel and make its initramfs" },
	[CMD_CAPTURE] = { "capture", "FILE", 1, 1, "write the fixture of a guest, for scenarios on vm" },
	[CMD_RECORD]  = { "record", "FILE", 1, 1, "keep what conform would play, and what the kernel did" },
	[CMD_SAVE]    = { "save", "", 0, 0, "boot it once, and keep it for starts in a second" },
	[CMD_RUN]     = { "run", "COMMAND...", 1, -1, "run a command in a guest" },
	[CMD_SHELL]   = { "shell", "", 0, 0, "a shell in a guest" },
	[CMD_BENCH]   = { "bench", "", 0, 0, "what guests cost here, beside plain QEMU" },
	[CMD_PROFILE] = { "profile", "", 0, 0, "measure how a kernel behaves where kernels differ" },
	[CMD_BOOT]    = { "boot", "", 0, 0, "boot it; save and restore it" },
	[CMD_VFIO]    = { "vfio", "", 0, 0, "use its functions through VFIO, and have others refused" },
	[CMD_CONFORM] = { "conform", "", 0, 0, "play the same operations on kernel and model" },
	[CMD_NESTED]  = { "nested", "", 0, 0, "pass functions on to a guest's guest, and have them back" },
	[CMD_REPLAY]  = { "replay", "FILE...", 1, -1, "play operations again that conform kept" },
	[CMD_COMPARE] = { "compare", "FILE...", 1, -1, "compare the model with what record kept, without a guest" },
	[CMD_MATRIX]  = { "matrix", "", 0, 0, "many kernels and machines: all of these tests" },
	/* clang-format on */
};

#define OPTION(member) offsetof(struct lab_values, member)

static const struct arg_option options[] = {
	/* clang-format off */
	{ "kernel", 0, ARG_TEXT, OPTION(want.kernel), CELL, "NAME", "6.1, 6.12 or 7.3 (without it: 6.12)" },
	{ "vmlinuz", 0, ARG_TEXT, OPTION(want.vmlinuz), MACHINE, "FILE", "another kernel, with --modules" },
	{ "modules", 0, ARG_TEXT, OPTION(want.modules), MACHINE, "DIR", "its folder of lib/modules" },
	{ "topology", 0, ARG_TEXT, OPTION(want.topology), GUEST, "NAME", "the machine: a name, or a JSON file (without it: a)" },
	{ "iommu", 0, ARG_TEXT, OPTION(want.iommu), CELL & ~ON(CMD_PROFILE), "NAME", "intel, amd, virtio or none" },
	{ "firmware", 0, ARG_TEXT, OPTION(want.firmware), GUEST, "NAME", "seabios or ovmf" },
	{ "cmdline", 0, ARG_TEXT, OPTION(want.cmdline), GUEST, "OPTIONS", "further options of the kernel" },
	{ "ops", 0, ARG_TEXT, OPTION(ops), PLAYS, "N", "conform: so many operations (without it: 500)" },
	{ "every", 0, ARG_TEXT, OPTION(every), PLAYS, "N", "and the trees after so many of them (without it: 250)" },
	{ "seed", 0, ARG_TEXT, OPTION(seed), PLAYS, "S", "operations, and pairs, are drawn by it" },
	{ "keep-going", 'k', ARG_FLAG, OPTION(keep_going), ON(CMD_CONFORM) | ON(CMD_COMPARE), NULL, "tell all that differs until trees do; shrink nothing" },
	{ "inner", 0, ARG_TEXT, OPTION(inner), ON(CMD_NESTED), "NAME", "firmware of the inner guest: seabios or ovmf" },
	{ "by", 0, ARG_TEXT, OPTION(by), ON(CMD_NESTED), "NAME", "who starts it: qemu or libvirt" },
	{ "cells", 0, ARG_TEXT, OPTION(cells), ON(CMD_MATRIX), "SET", "few (one of each IOMMU), pairs (every pair of values), all" },
	{ "jobs", 'j', ARG_TEXT, OPTION(jobs), ON(CMD_MATRIX), "N", "so many cells at once (without it: 1)" },
	{ "shard", 0, ARG_TEXT, OPTION(shard), ON(CMD_MATRIX), "K/N", "the K-th of N parts" },
	{ "durations", 0, ARG_TEXT, OPTION(durations), ON(CMD_MATRIX), "FILE", "what cells took, to part them by; kept up to date" },
	{ "junit", 0, ARG_TEXT, OPTION(junit), ON(CMD_MATRIX), "FILE", "write the results there, too" },
	{ "html", 0, ARG_TEXT, OPTION(html), ON(CMD_MATRIX), "FILE", "write the table there, with the consoles of what failed" },
	{ "json", 0, ARG_FLAG, OPTION(json), ON(CMD_PROFILE), NULL, "print JSON" },
	{ "strict", 0, ARG_FLAG, OPTION(strict), 0, NULL, "where the lab cannot work, fail; else that is a skip" },
	{ "cache", 0, ARG_TEXT, OPTION(cache), 0, "DIR", "where kernels and saved guests are kept" },
	/* clang-format on */
};

static const struct arg_program program = {
	.name = "pcipass-lab",
	.about = "Real kernels on emulated machines, and what pcipass does there.",
	.commands = command_names,
	.n_commands = ARRAY_SIZE(command_names),
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.epilog = "Exit status: 0 done, 1 something failed, 2 wrong usage, 3 the lab "
		  "failed, "
		  "77 it cannot\nwork here.\n",
};

struct run {
	const struct lab *lab;
	const struct args *args;
	const struct lab_values *values;
	struct rig *rig;    /* of commands about one cell */
	struct campaign *c; /* of the others, but what work() sets */
};

static int fail(const struct err *e)
{
	return args_fail(&program, VERB_REFUSED, "%s", e->text);
}

static int fail_rig(const struct rig *r, const struct err *e)
{
	if (r->evidence)
		fputs(r->evidence, stderr);
	return fail(e);
}

/* --- one guest --- */

static int save(struct guests *gs, const struct run *run)
{
	struct rig *r = run->rig;
	struct err e = { "" };

	if (rig_save(gs, r, &e) < 0)
		return fail_rig(r, &e);
	if (r->cold > 0)
		printf("%s: up after %.1f s, saved in %.1f s\n", r->name, r->cold,
		       r->save);
	printf("%s\n%s\n", r->state, r->fixture);
	return VERB_YES;
}

static int run_command(struct guests *gs, const struct run *run)
{
	struct guest_output o = { 0 };
	struct guest *g = NULL;
	struct err e = { "" };
	int r = rig_start(gs, run->rig, &g, &e), status;

	if (r < 0)
		return fail_rig(run->rig, &e);
	r = guest_run(g, run->args->operands, (struct blob){ 0 }, RUN_MS, &o, &e);
	if (r < 0) {
		rig_fail(run->rig, g);
		return fail_rig(run->rig, &e);
	}
	fwrite(o.out, 1, o.out_len, stdout);
	fputs(o.err, stderr);
	status = o.status;
	guest_output_done(&o);
	guest_end(g);
	return status;
}

static int shell(struct guests *gs, const struct run *run)
{
	struct guest *g = NULL;
	struct err e = { "" };
	int r = rig_start(gs, run->rig, &g, &e);

	if (r < 0)
		return fail_rig(run->rig, &e);
	fprintf(stderr, "%s: exit or Ctrl-D ends it\n", run->rig->name);
	r = guest_shell(g, &e);
	if (r < 0) {
		rig_fail(run->rig, g);
		return fail_rig(run->rig, &e);
	}
	guest_end(g);
	return VERB_YES;
}

static int run_bench(struct guests *gs, const struct run *run)
{
	struct err e = { "" };

	return bench(run->lab, gs, run->rig, stdout, &e) < 0 ? fail_rig(run->rig, &e)
							     : VERB_YES;
}

static int replay_all(struct guests *gs, const struct run *run)
{
	const struct args *args = run->args;
	int status = VERB_YES;

	printf("1..%d\n", args->n_operands);
	for (int i = 0; i < args->n_operands; i++) {
		struct result r;
		struct err e = { "" };

		if (replay(run->lab, gs, args->operands[i], &r, &e) < 0)
			return args_fail(&program, VERB_INPUT, "%s", e.text);
		r = result_clean(run->lab->arena, &r);
		results_tap(stdout, (size_t)i + 1, &r);
		if (r.outcome == RESULT_FAILED)
			status = VERB_NO;
	}
	return status;
}

static int capture(struct guests *gs, const struct run *run)
{
	struct err e = { "" };

	return ground_vm_capture(gs, run->rig, run->args->operands[0], &e) < 0
		       ? fail_rig(run->rig, &e)
		       : VERB_YES;
}

static int record_to(struct guests *gs, const struct run *run)
{
	const struct campaign *c = run->c;
	struct err e = { "" };

	return record(run->lab, gs, run->rig, c->o.ops, c->o.every, c->o.seed,
		      run->args->operands[0], &e) < 0
		       ? fail_rig(run->rig, &e)
		       : VERB_YES;
}

static int profile(struct guests *gs, const struct run *run)
{
	struct err e = { "" };
	int r = lab_profile(gs, run->lab, &run->values->want, run->values->json, &e);

	return r < 0 ? fail(&e) : r ? VERB_YES : VERB_NO;
}

/* --- tests --- */

static int test(struct guests *gs, const struct run *run)
{
	const struct lab_values *v = run->values;
	struct campaign *c = run->c;
	struct err e = { "" };
	bool good;
	int r;

	c->gs = gs;
	good = campaign_run(c);
	if (run->args->command == CMD_MATRIX) {
		AUTOFREE char *text = NULL, *line = NULL;
		size_t len = 0, size = 0;
		FILE *f = open_memstream(&text, &len);

		/* As comments: stdout is TAP. */
		matrix_print(f, &c->matrix, false, false);
		(void)fclose(f);
		f = fmemopen(text, len, "r");
		while (f && getline(&line, &size, f) > 0)
			printf("# %s", line);
		if (f)
			(void)fclose(f);
	}
	r = lab_results_write(c, v, &e);
	return r < 0 ? fail(&e) : good ? VERB_YES : VERB_NO;
}

/* --- the enclosure, and what comes before it --- */

static int work(void *arg)
{
	const struct run *run = arg;
	struct guests *gs;
	struct err e = { "" };
	int status;

	if (guests_open(run->lab, &gs, &e) < 0)
		return fail(&e);
	switch ((enum command)run->args->command) {
	case CMD_BENCH:
		status = run_bench(gs, run);
		break;
	case CMD_REPLAY:
		status = replay_all(gs, run);
		break;
	case CMD_CAPTURE:
		status = capture(gs, run);
		break;
	case CMD_RECORD:
		status = record_to(gs, run);
		break;
	case CMD_SAVE:
		status = save(gs, run);
		break;
	case CMD_RUN:
		status = run_command(gs, run);
		break;
	case CMD_SHELL:
		status = shell(gs, run);
		break;
	case CMD_PROFILE:
		status = profile(gs, run);
		break;
	default:
		status = test(gs, run);
		break;
	}
	guests_close(gs);
	return status;
}

/* All that the command line alone decides, so that nothing is done if it is wrong. */
static int prepare(struct campaign *c, struct lab_values *v, const struct args *args,
		   struct err *e)
{
	time_t now = time(NULL);
	char date[32];
	int r = lab_values_check(v, c, e);

	if (r < 0)
		return r;
	if (args->command == CMD_NESTED)
		v->want = nested_rig(v->want.kernel, v->want.iommu);
	if (!v->want.kernel && !v->want.vmlinuz)
		v->want.kernel = "6.12";
	if (!v->want.topology)
		v->want.topology = "a";
	c->out = stdout;
	c->terminal = stderr;
	(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", localtime(&now));
	c->matrix.title = "pcipass-lab";
	c->matrix.date = arena_strdup(c->arena, date);
	c->matrix.seed = arena_printf(c->arena, "%llu", (unsigned long long)c->o.seed);
	if (args->command == CMD_MATRIX)
		return lab_values_cells(v, c, e);
	return args->command < CMD_MATRIX ? lab_values_check_machine(c->lab, v, e) : 0;
}

/* Why there are no guests on this machine. */
static int cannot_work(const struct lab_values *v, const struct err *e)
{
	if (v->strict)
		return fail(e);
	printf("1..0 # SKIP %s\n", e->text);
	return EXIT_SKIP;
}

static int in_lab(struct run *run, struct err *e)
{
	const struct args *args = run->args;
	struct campaign *c = run->c;
	struct rig *rig = run->rig;
	int r = 0;

	if (args->command < CMD_MATRIX && args->command != CMD_PROFILE)
		r = rig_make(run->lab, &run->values->want, rig, e);
	if (r < 0)
		return fail(e);
	if (args->command == CMD_IMAGE) {
		printf("%s: %.1f MB\n", rig->image.initrd, (double)rig->image.size / 1e6);
		return VERB_YES;
	}
	if (args->command >= CMD_BOOT && args->command < CMD_MATRIX) {
		c->want = &run->values->want;
		lab_add_cell(c,
			     (struct cell){ rig->kernel.name, rig->topology.iommu,
					    rig->topology.firmware, rig->topology.name },
			     1U << (args->command - CMD_BOOT), run->values->inner);
	}
	r = enclose(work, run, e);
	return r < 0 ? cannot_work(run->values, e) : r;
}

/* With what kernels did: no guest, and no lab. */
static int compare(const struct args *args, bool all)
{
	int status = VERB_YES;

	printf("1..%d\n", args->n_operands);
	for (int i = 0; i < args->n_operands; i++) {
		AUTOARENA struct arena *a = arena_new();
		struct result result = { .name = path_name(args->operands[i]) };
		AUTOFREE char *text = NULL;
		size_t len = 0;
		struct transcript t;
		divergences found;
		struct err e = { "" };
		int r = transcript_load(a, args->operands[i], &t, &e);
		FILE *f;

		r = r < 0 ? r : transcript_compare(&t, a, &found, &e);
		f = r < 0 ? NULL : open_memstream(&text, &len);
		if (!f)
			return args_fail(&program, VERB_INPUT, "%s", e.text);
		vec_foreach(d, &found)
			if (all || d == found.v)
				fprintf(f, "%s\n", d->text);
		(void)fclose(f);
		result.group = t.rig;
		result.outcome = r ? RESULT_FAILED : RESULT_PASSED;
		if (r) {
			result.text = arena_printf(
				a, "model and kernel differ after %zu operations",
				found.v[0].op);
			result.evidence = text;
			status = VERB_NO;
		}
		result = result_clean(a, &result);
		results_tap(stdout, (size_t)i + 1, &result);
	}
	return status;
}

static int lab_main(struct lab_values *v, const struct args *args, struct lab *lab)
{
	struct campaign c = { .lab = lab, .arena = lab->arena };
	struct rig rig = { 0 };
	struct run run = { lab, args, v, &rig, &c };
	struct accel accel;
	struct err e = { "" };
	int r;

	if (prepare(&c, v, args, &e) < 0)
		return args_fail(&program, VERB_INPUT, "%s", e.text);
	if (args->command == CMD_COMPARE)
		return compare(args, v->keep_going);
	if (lab_make_cache(lab, &e) < 0)
		return fail(&e);
	if (accel_probe(lab, &accel, &e) < 0)
		return cannot_work(v, &e);
	if (args->command != CMD_IMAGE && !v->json)
		printf("# %s: %s\n", accel.kvm ? "KVM" : "TCG", accel.why);
	(void)fflush(stdout); /* or each process would write it */
	r = in_lab(&run, &e);
	rig_done(&rig);
	return r;
}

int main(int argc, char **argv)
{
	struct lab_values v = { 0 };
	struct err e = { "" };
	struct args args;
	struct lab lab;
	int status;

	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_ALL, "");
	if (!args_parse(&program, argc, argv, &v, &args, &status))
		return status;
	if (lab_open(&lab, v.cache, &e) < 0)
		return fail(&e);
	status = lab_main(&v, &args, &lab);
	lab_close(&lab);
	return args_finish(&program, status);
}
