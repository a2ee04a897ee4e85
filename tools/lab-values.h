/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab-values - what the options of pcipass-lab say: checked before anything is done, and
 * made into a campaign.
 */
#pragma once

#include "vmtests/campaign.h"

struct lab_values {
	struct rig_want want;
	const char *cache, *ops, *every, *seed, *inner, *by;
	const char *cells, *shard, *durations, *junit, *html, *jobs;
	bool strict, keep_going, json;
};

/* The numbers go to @c, if all is well. -EINVAL with @e. */
int lab_values_check(const struct lab_values *v, struct campaign *c, struct err *e);
/* The machine of @v can be had: as rig_make() will read it. -ENOENT, -EINVAL with @e. */
int lab_values_check_machine(const struct lab *l, const struct lab_values *v,
			     struct err *e);
/* The cells of matrix, appended in c->arena; "again" of its table. Errors with @e. */
int lab_values_cells(const struct lab_values *v, struct campaign *c, struct err *e);
/* As one cell among many, or the only one; @inner NULL: seabios. */
void lab_add_cell(struct campaign *c, struct cell cell, unsigned parts,
		  const char *inner);
