/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-slot - places for cards whose power their driver can switch (acpiphp, pciehp). */
#pragma once

#include "fakesys/sim-internal.h"

/* Is @fn in the slot machine.slots[@slot], or behind what is in it? */
bool slot_holds(const struct sim *s, uint32_t slot, uint32_t fn);
/* acpiphp_glue.c:acpiphp_enumerate_slots, acpiphp_remove_slots: they come and go. */
void slot_log_all(struct sim *s, uint32_t bridge, const char *what);
/* Is it in one that is switched off? Then no rescan finds it. */
bool slot_dark(const struct sim *s, uint32_t fn);
