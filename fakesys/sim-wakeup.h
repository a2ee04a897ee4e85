/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-wakeup - wakeup/wakeupN: sources of devices that a node of the firmware's stands
 * for (drivers/acpi/device_pm.c:acpi_add_pm_notifier), and those that power/wakeup makes
 * (drivers/base/power/wakeup.c:device_wakeup_enable). Numbers are the lowest that are
 * free among these; other devices of the host have more of them.
 */
#pragma once

#include "fakesys/attr.h"

extern const struct dir_kind dir_fn_wakeup;   /* i = function */
extern const struct dir_kind dir_root_wakeup; /* i = into sim.roots */

/* The source called @name (of @len bytes), if it is there; and all names. */
bool wakeup_find(const struct sim *s, const char *class, const char *name, size_t len,
		 struct node *ret);
int wakeup_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg);

/*
 * Can @fn wake the machine up? Who can send PME, and after pcie_pme took a root port all
 * behind it (drivers/pci/pcie/pme.c:pcie_pme_mark_devices).
 */
bool wakeup_able(const struct sim *s, uint32_t fn);
/* As power/wakeup: give @fn a source of its own, or take it. */
void wakeup_set(struct sim *s, uint32_t fn, bool on);
/* Has @fn a source, and so the folder? */
bool wakeup_present(const struct sim *s, uint32_t fn);

/* Was it one that power/wakeup had enabled when it was recorded? */
static inline bool fn_was_wakeup(const struct pci_fn *fn)
{
	const char *text = fn_attribute(fn, "power/wakeup");

	return text && streq(text, "enabled");
}

/* Find the nodes of functions and root buses and number their sources. */
void wakeup_build(struct sim *s);
