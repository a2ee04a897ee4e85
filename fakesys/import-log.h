/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-log - what a boot log says of functions: drivers/pci/probe.c when it finds them,
 * drivers/pci/setup-bus.c and setup-res.c when it gives them their regions.
 */
#pragma once

#include "fakesys/import-text.h"

/* PCI_EXP_TYPE_*, or: */
#define PORT_UNKNOWN (-1)
#define PORT_CONVENTIONAL (-2) /* the log says that it is not PCI Express */

enum log_what {
	LOG_OTHER,    /* not about a function */
	LOG_ODD,      /* about one, in words that are not known here */
	LOG_KNOWN,    /* nothing that import_log_functions() needs */
	LOG_FOUND,    /* the fields below `found` are set */
	LOG_BUSES,    /* buses: what is below a bridge */
	LOG_REGION,   /* region, res */
	LOG_PORT,     /* the port driver has it */
	LOG_EXPRESS,  /* it is PCI Express */
	LOG_ROOT_BUS, /* bdf is on a root bus */
};

struct log_line {
	enum log_what what;
	struct bdf bdf;
	struct pci_ident id; /* found: vendor, device, class */
	unsigned header;     /* found: header type */
	int port;            /* found: PORT_* or PCI_EXP_TYPE_* */
	uint8_t secondary, subordinate;
	unsigned region; /* a line of the attribute resource */
	struct pci_resource res;
};

/* One line without its time stamp. */
void import_log_read(const char *line, struct log_line *ret);

/*
 * Functions as the lines of m->klog have them: all of them if no other file told any;
 * else what the log adds to functions whose configuration space was not recorded. What no
 * log tells becomes unknown. -EINVAL with @e: a function has other ids than in another
 * file.
 */
int import_log_functions(struct machine *m, struct err *e);
