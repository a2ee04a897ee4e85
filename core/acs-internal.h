/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acs-internal - the parts of acs: quirks (acs-quirk.c) and options (acs-option.c). */
#pragma once

#include "core/acs.h"

#define PCI_CFG_SPACE_SIZE 256u
#define ACS_SPT_CTRL 8 /* of 32 bits, where Intel's ports have it */
/* So much of a configuration space holds a conventional function's capabilities. */
#define ACS_LEGACY_SPACE 256u

/* One device that an option names, and what becomes of its control register. */
struct acs_change {
	const char *device;
	uint16_t mask, set;
};

/* One option; the kernel obeys them one after the other. */
struct acs_option {
	const struct acs_option *next;
	struct acs_change *v;
	size_t n, cap;
};

void acs_read_options(struct acs *acs, const char *cmdline, struct arena *a);

/* What they make of the control register's bits @ctrl. */
uint16_t acs_apply_options(const struct acs *acs, uint32_t fn, uint16_t ctrl);

/* Does a row of the kernel's table settle it? @type as acs_port_type(). */
bool acs_by_quirk(const struct acs *acs, uint32_t fn, int type, struct acs_state *ret);
/* Does pcie_acs_override=? The kernel's patch asks it after its own table. */
bool acs_by_override(const struct acs *acs, uint32_t fn, int type, struct acs_state *ret);
