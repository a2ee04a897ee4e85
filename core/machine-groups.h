/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-groups - the IOMMU groups of a machine: those that its kernel has made, or,
 * where it has made none, those that its next boot would make with the IOMMU on. The one
 * place that decides which of the two is shown.
 */
#pragma once

#include "core/grouping.h"

enum groups_from {
	GROUPS_NONE,     /* there is no function that could be in one */
	GROUPS_RECORDED, /* the kernel's own */
	GROUPS_COMPUTED, /* from topology */
};
const char *groups_from_name(enum groups_from f); /* "none", "recorded", "computed" */

/* Does this machine's kernel drive an IOMMU? */
bool machine_iommu_active(const struct machine *m);
enum groups_from machine_groups_from(const struct machine *m);

/*
 * The groups that a boot of @m with its IOMMU on makes. @cmdline: of that boot; NULL: the
 * recorded one. All of @ret in @a.
 */
void machine_groups_compute(const struct machine *m, const char *cmdline, struct arena *a,
			    struct grouping *ret);
/* The same of the boot that comes next, as far as its command line is known. */
void machine_groups_next(const struct machine *m, struct arena *a, struct grouping *ret);

/* Stays where it was filled: its parts point to one another. */
struct machine_groups {
	/*
	 * What is shown. Its groups are counted from 0; which number the kernel gave them
	 * is in `ids`. Of recorded groups members and sizes are the recorded ones.
	 */
	struct grouping g;
	enum groups_from from;
	const int *ids; /* by group */
	/* By function: computed it shares its group with the very same ones, so that
	 * grouping_why_fn() tells why. */
	const bool *alike;
	struct grouping_match match; /* .groups 0 where none are recorded */
};
void machine_groups_get(const struct machine *m, struct arena *a,
			struct machine_groups *ret);
