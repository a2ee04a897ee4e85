/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass-lab - the VM lab: real kernels on emulated machines. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "core/verbs.h"
#include "tools/args.h"
#include "vmtests/enclose.h"
#include "vmtests/nested.h"

enum command { CMD_IMAGE, CMD_BOOT, CMD_SAVE, CMD_RUN, CMD_NESTED };

static const struct arg_command command_names[] = {
	[CMD_IMAGE] = { "image", "", 0, 0, "fetch the kernel and make its initramfs" },
	[CMD_BOOT] = { "boot", "", 0, 0, "start a guest cold and end it" },
	[CMD_SAVE] = { "save", "", 0, 0,
		       "boot it once, and keep it for starts in a second" },
	[CMD_RUN] = { "run", "COMMAND...", 1, -1, "run a command in a saved guest" },
	[CMD_NESTED] = { "nested", "", 0, 0,
			 "pass devices on to a guest's guest (of --firmware)" },
};

struct values {
	struct rig_want want;
	const char *cache, *by;
};
#define OPTION(member) offsetof(struct values, member)

static const struct arg_option options[] = {
	/* clang-format off */
	{ "kernel", 0, ARG_TEXT, OPTION(want.kernel), 0, "NAME", "6.1, 6.12 or 7.3 (without it: 6.12)" },
	{ "vmlinuz", 0, ARG_TEXT, OPTION(want.vmlinuz), 0, "FILE", "another kernel, with --modules" },
	{ "modules", 0, ARG_TEXT, OPTION(want.modules), 0, "DIR", "its folder of lib/modules" },
	{ "topology", 0, ARG_TEXT, OPTION(want.topology), 0, "NAME", "the machine: a name, or a JSON file" },
	{ "iommu", 0, ARG_TEXT, OPTION(want.iommu), 0, "NAME", "intel, amd, virtio or none" },
	{ "firmware", 0, ARG_TEXT, OPTION(want.firmware), 0, "NAME", "seabios or ovmf" },
	{ "cmdline", 0, ARG_TEXT, OPTION(want.cmdline), 0, "OPTIONS", "further options of the kernel" },
	{ "cache", 0, ARG_TEXT, OPTION(cache), 0, "DIR", "where kernels and saved guests are kept" },
	{ "by", 0, ARG_TEXT, OPTION(by), 0, "NAME", "nested: who starts that guest, qemu or libvirt" },
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
		  "could not "
		  "work.\n",
};

struct run {
	const struct lab *lab;
	const struct args *args;
	struct rig *rig;
	const char *firmware, *by; /* of the guest's guest */
};

static int fail(const struct err *e)
{
	return args_fail(&program, VERB_REFUSED, "%s", e->text);
}

static void print_evidence(struct guests *gs, const struct guest *g)
{
	AUTOFREE char *text = guest_evidence(gs, g);

	if (text)
		fputs(text, stderr);
}

/* --- in the enclosure --- */

static int boot(struct guests *gs, const struct run *run)
{
	struct err e = { "" };
	struct guest *g;

	if (rig_boot(gs, run->rig, &g, &e) < 0) {
		print_evidence(gs, NULL);
		return fail(&e);
	}
	printf("%s: up after %.1f s\n", run->rig->name, run->rig->cold);
	guest_end(g);
	return VERB_YES;
}

static int save(struct guests *gs, const struct run *run)
{
	struct err e = { "" };

	if (rig_save(gs, run->rig, &e) < 0) {
		print_evidence(gs, NULL);
		return fail(&e);
	}
	if (run->rig->cold > 0)
		printf("%s: up after %.1f s, saved in %.1f s\n", run->rig->name,
		       run->rig->cold, run->rig->save);
	printf("%s\n%s\n", run->rig->state, run->rig->fixture);
	return VERB_YES;
}

static int run_command(struct guests *gs, const struct run *run)
{
	struct guest_output o = { 0 };
	struct err e = { "" };
	struct guest *g = NULL;
	double start = lab_now();
	int r = rig_start(gs, run->rig, &g, &e), status;

	if (r == 0)
		fprintf(stderr, "# started in %.2f s\n", lab_now() - start);
	start = lab_now();
	if (r == 0)
		r = guest_run(g, run->args->operands, (struct blob){ 0 }, 600000, &o, &e);
	if (r < 0) {
		print_evidence(gs, g);
		return fail(&e);
	}
	fprintf(stderr, "# ran %.2f s\n", lab_now() - start);
	fwrite(o.out, 1, o.out_len, stdout);
	fputs(o.err, stderr);
	status = o.status;
	guest_output_done(&o);
	guest_end(g);
	return status;
}

static int nested(struct guests *gs, const struct run *run)
{
	struct nested_result result;
	struct err e = { "" };

	if (nested_run(run->lab, gs, run->rig, run->firmware, run->by, &result, &e) < 0) {
		print_evidence(gs, NULL);
		return fail(&e);
	}
	fputs(result.tap, stdout);
	printf("# %s: boot %.1f s, then %.1f s\n", run->rig->name, result.boot,
	       result.run);
	return result.not_ok ? VERB_NO : VERB_YES;
}

static int work(void *arg)
{
	const struct run *run = arg;
	struct guests *gs;
	struct err e = { "" };
	int status = VERB_REFUSED;

	if (guests_open(run->lab, &gs, &e) < 0)
		return fail(&e);
	switch ((enum command)run->args->command) {
	case CMD_BOOT:
		status = boot(gs, run);
		break;
	case CMD_SAVE:
		status = save(gs, run);
		break;
	case CMD_RUN:
		status = run_command(gs, run);
		break;
	case CMD_NESTED:
		status = nested(gs, run);
		break;
	case CMD_IMAGE:
		break;
	}
	guests_close(gs);
	(void)fflush(stdout);
	return status;
}

static int lab_main(struct values *v, const struct args *args)
{
	struct err e = { "" };
	struct lab lab;
	struct rig rig = { 0 };
	struct run run = { &lab, args, &rig, v->want.firmware, v->by };
	int r = lab_open(&lab, v->cache, &e);

	if (r < 0)
		return fail(&e);
	if (args->command == CMD_NESTED)
		v->want = nested_rig(v->want.kernel, v->want.iommu);
	r = rig_make(&lab, &v->want, &rig, &e);
	if (r == 0 && args->command == CMD_IMAGE)
		printf("%s: %.1f MB\n", rig.image.initrd, (double)rig.image.size / 1e6);
	else if (r == 0)
		r = enclose(work, &run, &e);
	rig_done(&rig);
	lab_close(&lab);
	return r < 0 ? fail(&e) : r;
}

int main(int argc, char **argv)
{
	struct values v = { 0 };
	struct args args;
	int status;

	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_ALL, "");
	if (!args_parse(&program, argc, argv, &v, &args, &status))
		return status;
	if (!v.want.kernel && !v.want.vmlinuz)
		v.want.kernel = "6.12";
	if (!v.want.topology)
		v.want.topology = "a";
	if (!v.want.firmware && args.command == CMD_NESTED)
		v.want.firmware = "seabios";
	if (!v.by)
		v.by = "qemu";
	status = lab_main(&v, &args);
	return args_finish(&program, status);
}
