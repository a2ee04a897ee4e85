/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-reset - resets of functions (drivers/pci/pci.c): how it can be done, and doing it.
 */
#pragma once

#include "fakesys/sim-internal.h"

/* The reset methods that are found now; @coming: while it is added, when a bridge has no
 * bus yet. */
const char *reset_methods(struct sim *s, uint32_t fn, bool coming);
/* pci_reset_function(), by the methods that are set. 0; -ENOTTY: none worked. */
int fn_reset(struct sim *s, uint32_t fn);
/* __pci_reset_function_locked(): the same, nothing saved or said. True: one worked. */
bool fn_reset_locked(struct sim *s, uint32_t fn);
/* pci_reset_bus() of what is behind @bridge. False: the link stays down, as it says. */
bool bus_reset(struct sim *s, uint32_t bridge);
