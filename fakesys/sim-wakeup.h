/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-wakeup - wakeup/wakeupN of devices that a node of the firmware's stands for
 * (drivers/acpi/device_pm.c:acpi_add_pm_notifier).
 */
#pragma once

#include "fakesys/attr.h"

extern const struct dir_kind dir_fn_wakeup;   /* i = function */
extern const struct dir_kind dir_root_wakeup; /* i = into sim.roots */

/* The source called @name (of @len bytes), if it is there; and all names. */
bool wakeup_find(const struct sim *s, const char *class, const char *name, size_t len,
		 struct node *ret);
int wakeup_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg);

/* Find the nodes of functions and root buses and number their sources. */
void wakeup_build(struct sim *s);
