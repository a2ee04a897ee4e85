/* SPDX-License-Identifier: GPL-2.0-or-later */
/* groups - `fakesys groups`: IOMMU groups of a recorded machine, and what would change
 * them. */
#pragma once

#include "core/err.h"

/* As they were typed; NULL where they were not. */
struct groups_options {
	const char *kernel; /* a profile */
	const char *
		acs_override; /* value of pcie_acs_override=, on a kernel that knows it */
	const char *cmdline;  /* words added to the kernel's command line */
	const char *move;     /* DEVICE=PORT */
	const char *vfs;      /* DEVICE=NUMBER */
	const char *why;      /* DEVICE[,DEVICE] */
	bool json;
};

/* The exit status; with @e where it is not VERB_YES. Prints to stdout. */
int groups_command(const char *fixture, const struct groups_options *o, struct err *e);
