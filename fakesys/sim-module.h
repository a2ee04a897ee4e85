/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-module - loaded modules and their parameters. */
#pragma once

#include "fakesys/sim-internal.h"

/* A parameter with a file in sys/module/NAME/parameters. */
struct module_param {
	const char *module, *name;
	mode_t mode;
	uint8_t slot; /* in sim_module.params */
	bool number;  /* else Y or N */
	unsigned initial;
};
extern const struct module_param module_params[];
extern const size_t n_module_params;

enum vfio_pci_param {
	VFIO_DISABLE_DENYLIST,
	VFIO_DISABLE_IDLE_D3,
	VFIO_DISABLE_VGA,
	VFIO_ENABLE_SRIOV,
	VFIO_NOINTXMASK,
};
enum type1_param { TYPE1_UNSAFE_INTERRUPTS, TYPE1_ENTRY_LIMIT, TYPE1_DISABLE_HUGEPAGES };

/*
 * List a module as loaded, with its parameters as @options say. Registers no driver. @mod
 * NULL: recorded as loaded, nothing more is known of it.
 */
struct sim_module *module_add(struct sim *s, const char *name, const struct module *mod,
			      const char *options);
/* Note who depends on whom, of all modules or of one just added. */
void modules_link(struct sim *s);
void module_link(struct sim *s, struct sim_module *m);
/* The parameter now; false for a module that is not there. */
bool module_param_on(const struct sim *s, const char *module, int slot);

/* The ids that ids= of @options gives to the driver of @mod, with their lines in the log.
 */
void module_add_ids(struct sim *s, struct sim_driver *drv, const char *options,
		    bool quiet);
