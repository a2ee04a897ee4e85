/* SPDX-License-Identifier: GPL-2.0-or-later */
/* player - a scenario at play; shared by the files that carry out its steps. */
#pragma once

#include "core/host-fault.h"
#include "scenarios/scenario.h"

struct snapshot_file {
	const char *path;
	uint64_t sum;
	struct host_stat st;
};

struct player {
	const struct scenario *s;
	const struct ground *g;
	const struct machine *m;
	const struct kernel_profile *profile;
	struct arena *arena;
	const struct boot_report *boot; /* of the last reboot; NULL: none, or it failed */
	VEC(struct snapshot_file) snapshot;
	struct err *e;
};

/*
 * A step's verb. @step is the whole step, @value what stands behind the verb. 0: it went
 * as expected. 1 with p->e: it did not. Negative errno with p->e: the step makes no
 * sense.
 */
typedef int step_fn(struct player *p, const json_t *step, const json_t *value);

/* Steps of files, kernel and power (steps.c), and of pcipass's own verbs (steps-verb.c).
 */
step_fn step_verb, step_resume, step_undo, step_history, step_settle;
step_fn step_reboot, step_power_cut, step_drivers, step_store, step_read, step_claim,
	step_release, step_run, step_write, step_append, step_remove, step_file,
	step_snapshot, step_same, step_every_fault;

struct scenario_verb {
	const char *name;
	step_fn *play;
};

/* The verb of a step that was checked. */
const struct scenario_verb *scenario_verb_of(const json_t *step);
/* -EINVAL with @e: a step has no verb, or an option or type that its verb does not know.
 */
int scenario_check_steps(const json_t *steps, const char *where, struct err *e);

/* Play one step, or all of an array; @where names it in errors. */
int play_step(struct player *p, const json_t *step, const char *where);
int play_steps(struct player *p, const json_t *steps, const char *where);

/* Begin anew on a fresh machine, and play the steps before the one at @index. */
int play_again(struct player *p, size_t index);

/* The address a role stands for, or the text itself. */
const char *player_device(const struct player *p, const char *role);
/* 1, with the text in p->e. */
int player_fail(struct player *p, const char *fmt, ...) PRINTF(2, 3);
int player_bad(struct player *p, const char *fmt, ...)
	PRINTF(2, 3); /* -EINVAL, the same */

/* The ground's host, with the step's `fault` in front of it, if it has one. */
int player_host(struct player *p, const json_t *step, struct host *inner,
		struct host_fault *fault, struct host *ret);
