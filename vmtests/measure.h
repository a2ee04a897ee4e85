/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure - how a kernel behaves where kernels differ, asked of the kernel itself: what
 * fakesys/profile.h says of it, flag by flag. Scenes are operations (ops.h) with
 * questions among them; a row of measure_rows says which answer gives which value of the
 * profile.
 */
#pragma once

#include "fakesys/profile.h"
#include "vmtests/ops.h"

/* The boots that it takes. */
enum measure_boot {
	MEASURE_MAIN,   /* topology a, with MEASURE_CMDLINE */
	MEASURE_VIRTIO, /* topology c: virtio-iommu */
	MEASURE_AMD,    /* topology d: amd-iommu */
	MEASURE_BOOTS
};

/* What makes the kernel speak of pci= at boot; no bit of ACS is changed. */
#define MEASURE_CMDLINE "pci=config_acs=xxxxxxx@0000:00:04.0,pcipass"

/*
 * A batch of operations. A line begins with "LABEL?", the question LABEL; "!": what
 * follows is only known if this works; "*": if this blocks; "-": tidying up. {nic} and so
 * on are functions of the machine, see measure-role.c.
 */
struct measure_scene {
	enum measure_boot boot;
	const char *ops;
};
extern const struct measure_scene measure_scenes[];
extern const size_t n_measure_scenes;

struct measure_answer {
	const char *label;
	const char *why; /* it could not be asked; NULL: it was, and ... */
	const struct op_result *result;
};

struct measure_answers {
	struct arena *arena;
	VEC(struct measure_answer) list;
	const char *log[MEASURE_BOOTS]; /* of the kernel since its start; NULL: no such */
	const char *no_boot[MEASURE_BOOTS]; /* why; NULL where there was one */
};

/* -EIO with @e: the machine was lost, or its answer is none. */
typedef int measure_play_fn(void *ctx, struct arena *a, const ops *batch, op_results *ret,
			    struct err *e);
/* Play the scenes of a boot on @m's kernel. Errors of @play. */
int measure_ask(struct measure_answers *ret, enum measure_boot boot,
		const struct machine *m, measure_play_fn *play, void *ctx, struct err *e);

/* The sysfs name of the function that @role stands for; NULL: the machine has none. */
const char *measure_role(struct arena *a, const struct machine *m, const char *role);

enum measure_type { MEASURE_BOOL, MEASURE_NUMBER, MEASURE_CHAR, MEASURE_TEXT };

struct measure_value {
	long number;
	const char *text; /* of MEASURE_TEXT */
	const char *why;  /* it is unknown; NULL: it is known */
};

struct measure_row {
	const char *key;    /* "F1"; what has no such number: as @member */
	const char *member; /* of struct kernel_profile; NULL: none */
	size_t offset;
	enum measure_type type;
	const char *how;   /* for people: what is done, and how the answer is read */
	const char *label; /* of the question; NULL: none is asked */
	long yes, no;      /* results that mean true and false */
	const char *yes_log, *no_log; /* or words of the log; no_log NULL: no line */
	/* Or what reads it: sets ret->number, ->text or ->why. */
	void (*read)(const struct measure_answers *as, const struct measure_row *row,
		     const struct op_result *r, struct measure_value *ret);
};
#define MEASURE_WORKS INT64_MAX /* as a result: any that is no error */

extern const struct measure_row measure_rows[];
extern const size_t n_measure_rows;

/* The answer to @label, NULL with *ret_why: there is none. */
const struct op_result *measure_answer(const struct measure_answers *as,
				       const char *label, const char **ret_why);
struct measure_value measure_read(const struct measure_answers *as,
				  const struct measure_row *row);
/* What a profile has there. */
struct measure_value measure_of(const struct kernel_profile *p,
				const struct measure_row *row);
bool measure_same(const struct measure_row *row, const struct measure_value *x,
		  const struct measure_value *y);

/* All that was measured of one kernel. */
struct measured {
	const char *release;
	unsigned version[3];                  /* of its package */
	const struct kernel_profile *nearest; /* as profile_for() */
	bool proven;                          /* and that is its own */
	const struct measure_value *values;   /* by row */
};
/* Own profile, and nothing known differs from it. */
bool measured_agrees(const struct measured *k);
void measured_print(FILE *f, const struct measured *k);
/* As kernel_profiles[] has it; what is unknown as the nearest has it. */
void measured_print_row(FILE *f, const struct measured *k);
int measured_json(FILE *f, const struct measured *k); /* -ENOMEM */
