/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-power - runtime power management (drivers/base/power, pci-driver.c). */
#pragma once

#include "fakesys/sim-internal.h"

/*
 * Runtime power management after a driver, its use or power/control has changed
 * (sim-power.c): who is suspended, and in which state that is.
 */
void pm_settle(struct sim *s, uint32_t fn);
/* As pm_runtime_get_sync() and _put(): if it is suspended it wakes up for a moment. */
void pm_touch(struct sim *s, uint32_t fn);
