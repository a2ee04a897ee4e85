/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measure-lab - measure.h, on a kernel in lab guests: three boots, the last two short. */
#pragma once

#include "vmtests/measure.h"
#include "vmtests/rig.h"

struct measure_lab {
	struct guests *gs;
	const struct lab *lab;
	struct rig_want want;           /* its kernel is looked at, no more */
	void (*tell)(const char *what); /* what goes on; NULL: nobody asks */
	struct machine *machine;        /* of the first boot; machine_free() */
	char *evidence;                 /* of the guest that failed; free() */
};

/*
 * All of *ret in the lab's arena. Errors of rig_make(), rig_boot(), guest_run() of the
 * first boot; others are given up, and their rows unknown.
 */
int measure_lab(struct measure_lab *l, struct measured *ret, struct err *e);
