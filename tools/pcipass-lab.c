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
#include "vmtests/campaign.h"
#include "vmtests/enclose.h"
#include "vmtests/ground-vm.h"
#include "vmtests/guest-shell.h"
#include "vmtests/measure-lab.h"

#define EXIT_SKIP 77
#define DEFAULT_OPS 500
#define RUN_MS 600000

enum command {
	CMD_IMAGE,
	CMD_CAPTURE,
	CMD_SAVE,
	CMD_RUN,
	CMD_SHELL,
	CMD_PROFILE,
	CMD_BOOT,
	CMD_VFIO,
	CMD_CONFORM,
	CMD_NESTED,
	CMD_MATRIX
};
#define ON(command) (1U << (command))
#define CELL (ON(CMD_MATRIX) - 1) /* commands about one cell, or its kernel */
#define MACHINE (CELL & ~ON(CMD_PROFILE))

static const struct arg_command command_names[] = {
	/* clang-format off */
	[CMD_IMAGE]   = { "image", "", 0, 0, "fetch the kernel and make its initramfs" },
	[CMD_CAPTURE] = { "capture", "FILE", 1, 1, "write the fixture of a guest, for scenarios on vm" },
	[CMD_SAVE]    = { "save", "", 0, 0, "boot it once, and keep it for starts in a second" },
	[CMD_RUN]     = { "run", "COMMAND...", 1, -1, "run a command in a guest" },
	[CMD_SHELL]   = { "shell", "", 0, 0, "a shell in a guest" },
	[CMD_PROFILE] = { "profile", "", 0, 0, "measure how a kernel behaves where kernels differ" },
	[CMD_BOOT]    = { "boot", "", 0, 0, "boot it; save and restore it" },
	[CMD_VFIO]    = { "vfio", "", 0, 0, "use its functions through VFIO, and have others refused" },
	[CMD_CONFORM] = { "conform", "", 0, 0, "play the same operations on kernel and model" },
	[CMD_NESTED]  = { "nested", "", 0, 0, "pass functions on to a guest's guest, and have them back" },
	[CMD_MATRIX]  = { "matrix", "", 0, 0, "many kernels and machines: all of these tests" },
	/* clang-format on */
};

struct values {
	struct rig_want want;
	const char *cache, *ops, *seed, *inner, *by;
	const char *cells, *shard, *durations, *junit, *html, *jobs;
	bool strict, json;
};
#define OPTION(member) offsetof(struct values, member)

static const struct arg_option options[] = {
	/* clang-format off */
	{ "kernel", 0, ARG_TEXT, OPTION(want.kernel), CELL, "NAME", "6.1, 6.12 or 7.3 (without it: 6.12)" },
	{ "vmlinuz", 0, ARG_TEXT, OPTION(want.vmlinuz), CELL, "FILE", "another kernel, with --modules" },
	{ "modules", 0, ARG_TEXT, OPTION(want.modules), CELL, "DIR", "its folder of lib/modules" },
	{ "topology", 0, ARG_TEXT, OPTION(want.topology), MACHINE, "NAME", "the machine: a name, or a JSON file (without it: a)" },
	{ "iommu", 0, ARG_TEXT, OPTION(want.iommu), MACHINE, "NAME", "intel, amd, virtio or none" },
	{ "firmware", 0, ARG_TEXT, OPTION(want.firmware), MACHINE, "NAME", "seabios or ovmf" },
	{ "cmdline", 0, ARG_TEXT, OPTION(want.cmdline), MACHINE, "OPTIONS", "further options of the kernel" },
	{ "ops", 0, ARG_TEXT, OPTION(ops), ON(CMD_CONFORM) | ON(CMD_MATRIX), "N", "conform: so many operations (without it: 500)" },
	{ "seed", 0, ARG_TEXT, OPTION(seed), ON(CMD_CONFORM) | ON(CMD_MATRIX), "S", "operations, and pairs, are drawn by it" },
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
	const struct values *values;
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

static int capture(struct guests *gs, const struct run *run)
{
	struct err e = { "" };

	return ground_vm_capture(gs, run->rig, run->args->operands[0], &e) < 0
		       ? fail_rig(run->rig, &e)
		       : VERB_YES;
}

static void tell(const char *what)
{
	fprintf(stderr, "%s\n", what);
}

static int profile(struct guests *gs, const struct run *run)
{
	const struct rig_want *w = &run->values->want;
	struct measure_lab l = {
		.gs = gs,
		.lab = run->lab,
		.kernel = w->kernel,
		.vmlinuz = w->vmlinuz,
		.modules = w->modules,
		.tell = tell,
	};
	struct measured k;
	struct err e = { "" };
	int r = measure_lab(&l, &k, &e);

	if (r < 0) {
		fputs(l.evidence ? l.evidence : "", stderr);
	} else if (run->values->json) {
		r = measured_json(stdout, &k);
	} else {
		measured_print_row(stdout, &k);
		printf("\n%s, compared with %s%s\n", k.release, k.nearest->name,
		       k.proven ? "" : ", which is not its own profile");
		measured_print(stdout, &k);
	}
	if (r == 0)
		r = measured_agrees(&k) ? VERB_YES : VERB_NO;
	free(l.evidence);
	machine_free(l.machine);
	return r < 0 ? fail(&e) : r;
}

/* --- tests --- */

/* What the text of a number says; false: it is none. */
static bool number(const char *text, uint64_t *ret)
{
	char *end;

	if (!text)
		return true;
	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoull(text, &end, 0);
	return !*end;
}

static void add_cell(struct campaign *c, struct cell cell, unsigned parts,
		     const char *inner)
{
	*vec_push(c->arena, &c->cells) =
		(struct campaign_cell){ .cell = cell, .parts = parts, .inner = inner };
}

enum { PART_BOOT = 1, PART_VFIO = 2, PART_CONFORM = 4, PART_NESTED = 8 };
#define PARTS_MACHINE (PART_BOOT | PART_VFIO | PART_CONFORM)

/* One kernel with each of the IOMMUs. */
static void choose_few(struct campaign *c)
{
	add_cell(c, (struct cell){ "6.12", "intel", "seabios", "a" },
		 PARTS_MACHINE | PART_NESTED, NULL);
	add_cell(c, (struct cell){ "6.12", "amd", "seabios", "d" }, PARTS_MACHINE, NULL);
	add_cell(c, (struct cell){ "6.12", "virtio", "seabios", "c" }, PARTS_MACHINE,
		 NULL);
}

static struct cell_axes axes(struct arena *a)
{
	static const char *const topologies[] = { "a", "b", "c", "d", "e",
						  "f", "g", "h", NULL };
	const char *const *const values[CELL_AXES] = {
		[CELL_KERNEL] = lab_kernel_names,
		[CELL_IOMMU] = topology_iommus,
		[CELL_FIRMWARE] = topology_firmwares,
		[CELL_TOPOLOGY] = topologies,
	};
	struct cell_axes ret = { .rules = cell_rules };

	for (size_t i = 0; i < CELL_AXES; i++)
		for (const char *const *v = values[i]; *v; v++)
			*vec_push(a, &ret.values[i]) = *v;
	return ret;
}

/* A nested run for each IOMMU, of which one has OVMF. */
static void choose_set(struct campaign *c, bool all)
{
	struct cell_axes x = axes(c->arena);
	cells set = { 0 };

	if (all)
		cells_all(&x, c->arena, &set);
	else
		cells_pairs(&x, c->o.seed, c->arena, &set);
	vec_foreach(cell, &set)
		add_cell(c, *cell, PARTS_MACHINE, NULL);
	for (const char *const *k = lab_kernel_names; *k; k++) {
		if (!all && !streq(*k, "6.12"))
			continue;
		add_cell(c, (struct cell){ *k, "intel", "seabios", "nested" },
			 PART_NESTED, "ovmf");
		add_cell(c, (struct cell){ *k, "amd", "seabios", "nested" }, PART_NESTED,
			 NULL);
		add_cell(c, (struct cell){ *k, "virtio", "seabios", "nested" },
			 PART_NESTED, NULL);
	}
}

static int take_shard(struct campaign *c, const struct values *v, struct err *e)
{
	json_auto_t *seconds = json_object();
	struct shard mine;
	int r = v->durations ? durations_load(v->durations, seconds, e) : 0;
	const char **names;
	unsigned *shards;
	size_t to = 0;

	r = r < 0 ? r : shard_parse(v->shard, &mine, e);
	if (r < 0)
		return r;
	names = arena_alloc(c->arena, c->cells.n * sizeof(*names));
	shards = arena_alloc(c->arena, c->cells.n * sizeof(*shards));
	for (size_t i = 0; i < c->cells.n; i++)
		names[i] = cell_name(c->arena, &c->cells.v[i].cell);
	shard_deal(seconds, names, c->cells.n, mine.n, shards);
	for (size_t i = 0; i < c->cells.n; i++)
		if (shards[i] == mine.k)
			c->cells.v[to++] = c->cells.v[i];
	c->cells.n = to;
	return 0;
}

/* What a cell took, all of its parts. */
static int keep_durations(const struct campaign *c, const char *path, struct err *e)
{
	json_auto_t *seconds = json_object();

	vec_foreach(r, &c->results) {
		double had = json_number_value(json_object_get(seconds, r->group));

		json_object_set_new(seconds, r->group, json_real(had + r->seconds));
	}
	return durations_update(path, seconds, e);
}

static int write_html(const struct campaign *c, const char *path, struct err *e)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	matrix_html(f, &c->matrix);
	if (fclose(f))
		return -ENOMEM;
	return save_file(path, text, len, e);
}

static int test(struct guests *gs, const struct run *run)
{
	const struct values *v = run->values;
	struct campaign *c = run->c;
	struct err e = { "" };
	bool good;
	int r = 0;

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
	if (v->junit)
		r = results_junit(&c->results, "lab", v->junit, &e);
	if (r == 0 && v->html)
		r = write_html(c, v->html, &e);
	if (r == 0 && v->durations)
		r = keep_durations(c, v->durations, &e);
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
	case CMD_CAPTURE:
		status = capture(gs, run);
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

/* The cells of a command, and what it says about them first. */
static int prepare(struct campaign *c, const struct values *v, const struct args *args,
		   const struct rig *rig, struct err *e)
{
	uint64_t n_ops = DEFAULT_OPS, jobs = 1;
	const char *set = v->cells ? v->cells : "few";
	time_t now = time(NULL);
	char date[32];

	c->o = (struct part_options){ .seed = 1, .by = v->by ? v->by : "qemu" };
	if (!number(v->ops, &n_ops) || !number(v->seed, &c->o.seed) ||
	    !number(v->jobs, &jobs))
		return err_set(e, -EINVAL, "--ops, --seed and --jobs take numbers");
	c->o.ops = n_ops;
	c->jobs = (unsigned)jobs;
	c->out = stdout;
	c->terminal = stderr;
	(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", localtime(&now));
	c->matrix.title = "pcipass-lab";
	c->matrix.date = arena_strdup(c->arena, date);
	c->matrix.seed = arena_printf(c->arena, "%llu", (unsigned long long)c->o.seed);
	if (args->command != CMD_MATRIX) {
		add_cell(c,
			 (struct cell){ rig->kernel.name, rig->topology.iommu,
					rig->topology.firmware, rig->topology.name },
			 1U << (args->command - CMD_BOOT), v->inner);
		return 0;
	}
	if (streq(set, "few"))
		choose_few(c);
	else if (streq(set, "pairs") || streq(set, "all"))
		choose_set(c, streq(set, "all"));
	else
		return err_set(e, -EINVAL, "--cells takes few, pairs or all, not %s",
			       set);
	c->matrix.again = arena_printf(
		c->arena, "pcipass-lab matrix --cells %s --seed %s --ops %llu", set,
		c->matrix.seed, (unsigned long long)n_ops);
	return v->shard ? take_shard(c, v, e) : 0;
}

/* Why there are no guests on this machine; NULL: there are. */
static int cannot_work(const struct values *v, const struct err *e)
{
	if (v->strict)
		return fail(e);
	printf("1..0 # SKIP %s\n", e->text);
	return EXIT_SKIP;
}

static int lab_main(struct values *v, const struct args *args, struct lab *lab)
{
	struct campaign c = { .lab = lab, .arena = lab->arena };
	struct rig rig = { 0 };
	struct run run = { lab, args, v, &rig, &c };
	struct accel accel;
	struct err e = { "" };
	int r = accel_probe(lab, &accel, &e);

	if (r < 0)
		return cannot_work(v, &e);
	if (args->command != CMD_IMAGE && !v->json)
		printf("# %s: %s\n", accel.kvm ? "KVM" : "TCG", accel.why);
	(void)fflush(stdout); /* or each process would write it */
	if (args->command == CMD_NESTED)
		v->want = nested_rig(v->want.kernel, v->want.iommu);
	r = args->command == CMD_MATRIX || args->command == CMD_PROFILE
		    ? 0
		    : rig_make(lab, &v->want, &rig, &e);
	if (r == 0 && args->command >= CMD_BOOT)
		r = prepare(&c, v, args, &rig, &e);
	if (r < 0)
		r = r == -EINVAL ? args_fail(&program, VERB_INPUT, "%s", e.text)
				 : fail(&e);
	else if (args->command == CMD_IMAGE)
		printf("%s: %.1f MB\n", rig.image.initrd, (double)rig.image.size / 1e6);
	else
		r = enclose(work, &run, &e);
	rig_done(&rig);
	return r < 0 ? cannot_work(v, &e) : r;
}

int main(int argc, char **argv)
{
	struct values v = { 0 };
	struct err e = { "" };
	struct args args;
	struct lab lab;
	int status;

	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_ALL, "");
	if (!args_parse(&program, argc, argv, &v, &args, &status))
		return status;
	if (!v.want.kernel && !v.want.vmlinuz)
		v.want.kernel = "6.12";
	if (!v.want.topology)
		v.want.topology = "a";
	if (lab_open(&lab, v.cache, &e) < 0)
		return fail(&e);
	status = lab_main(&v, &args, &lab);
	lab_close(&lab);
	return args_finish(&program, status);
}
