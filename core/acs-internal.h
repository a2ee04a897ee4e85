/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acs-internal - the parts of acs: quirks (acs-quirk.c) and options (acs-option.c). */
#pragma once

#include "core/acs.h"

#define PCI_CFG_SPACE_SIZE 256u
#define ACS_SPT_CTRL 8  /* of 32 bits, where Intel's ports have it */
#define ACS_KNOWN 0x7fu /* all bits that the specification has given a name */
/* What pci=disable_acs_redir= switches off. */
#define ACS_REDIRECT (PCI_ACS_CAP_REQ_RED | PCI_ACS_CAP_CMPLT_RED | PCI_ACS_CAP_EGRESS)
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

/* Does an option name @fn, as far as the kernel reads it? */
bool acs_option_names(const struct acs *acs, uint32_t fn);
/* What they make of the control register's bits @ctrl, which firmware left as @firmware.
 */
uint16_t acs_apply_options(const struct acs *acs, uint32_t fn, uint16_t ctrl,
			   uint16_t firmware);

/* Does @f, of whose registers too few were recorded, have ACS, as far as ids tell? */
bool acs_guess(const struct pci_fn *f, int type);
/* Does such a bridge lead to conventional PCI? */
bool acs_guess_pci_bridge(const struct pci_fn *f);

/* Does a row of the kernel's table settle it? @type as acs_port_type(). */
bool acs_by_quirk(const struct acs *acs, uint32_t fn, int type, struct acs_state *ret);
/* Does pcie_acs_override=? The kernel's patch asks it after its own table. */
bool acs_by_override(const struct acs *acs, uint32_t fn, int type, struct acs_state *ret);
