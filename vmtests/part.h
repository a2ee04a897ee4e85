/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part - what the lab tests in one cell, each part with one result. */
#pragma once

#include "scenarios/results.h"
#include "vmtests/cells.h"
#include "vmtests/nested.h"

struct part_options {
	size_t ops;        /* of conformance */
	size_t every;      /* after so many of them trees are compared */
	uint64_t seed;     /* that they are drawn by */
	bool keep_going;   /* tell all differences of a guest's worth, shrink none */
	const char *inner; /* firmware of nested's inner guest */
	const char *by;    /* who starts that: "qemu" or "libvirt" */
};

/* One part at work; strings that it leaves are in the lab's arena. */
struct part_run {
	const struct lab *lab;
	struct guests *gs;
	struct cell cell;
	struct rig *rig;             /* of the cell */
	const struct rig_want *want; /* that it is made by; NULL: the cell's names */
	struct part_options o;
	/* What goes on, for a progress line; may be called often. */
	void (*tell)(void *arg, const char *what);
	void *arg;
	const char *note; /* figures, for people; NULL: none */
	const char *text; /* why it failed or was skipped */
	const char *evidence;
};

struct part {
	const char *name, *about;
	enum result_outcome (*run)(struct part_run *p);
};

extern const struct part lab_parts[];
extern const size_t n_lab_parts;
const struct part *part_find(const char *name);

/*
 * Run it. The rig is made when it is first needed and is the caller's to end. Returns how
 * it ended; p->text and ->evidence say why.
 */
enum result_outcome part_run(const struct part *part, struct part_run *p);

/* For parts: set text and evidence (both may be NULL), and RESULT_FAILED. */
enum result_outcome part_failed(struct part_run *p, const char *evidence, const char *fmt,
				...) PRINTF(3, 4);
/* The same with @e and what the rig's guest said. */
enum result_outcome part_lost(struct part_run *p, const struct err *e);

enum result_outcome part_vfio(struct part_run *p);
enum result_outcome part_conform(struct part_run *p);
