/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-enable - functions that answer and send (drivers/pci/pci.c:pci_enable_device). */
#pragma once

#include "fakesys/sim-internal.h"

/*
 * As pci_enable_device(): counted; the first time it and the bridges above wake up, and
 * the log says so where a register had to change.
 */
void fn_enable(struct sim *s, uint32_t fn);
/* As pci_disable_device(): the last time it may not send any more. */
void fn_disable(struct sim *s, uint32_t fn);
