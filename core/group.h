/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group - who shares an IOMMU group with whom, and what that means for passing a function
 * through.
 */
#pragma once

#include "core/machine.h"

enum group_role {
	GROUP_ASKED, /* the user named it */
	GROUP_COMES, /* must be given up by the host together with it */
	/* A bridge: pcieport manages its own DMA, a host bridge without driver does none.
	 */
	GROUP_STAYS,
};

struct group_member {
	const struct pci_fn *fn;
	int group; /* or GROUP_NONE */
	enum group_role role;
};
typedef VEC(struct group_member) group_members;

/*
 * What becomes of @fn when another of its group is given away: GROUP_COMES or
 * GROUP_STAYS, by its kind, its driver, and the modules that the machine's kernels have.
 */
enum group_role group_role(const struct machine *m, const struct pci_fn *fn);

/*
 * All functions that share a group with one of @asked, those included, in address order;
 * a function without a group is alone. @groups has the group of each of m->fns; NULL:
 * the recorded ones. Bridges stay; every other function of a group comes along, also one
 * without a driver.
 */
void group_closure(const struct machine *m, const int *groups, struct arena *a,
		   const fn_list *asked, group_members *ret);

/*
 * Functions of the same device that belong to the whole of a GPU in @asked (its audio,
 * USB and USB-C functions, by their place in slot BB:DD) but were not asked for; appended
 * to
 * @ret.
 */
void group_companions(const struct machine *m, struct arena *a, const fn_list *asked,
		      fn_list *ret);
