/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-resource - which addresses functions have: as recorded until one is found again;
 * then the kernel gives it new ones, first fit, as drivers/pci/setup-bus.c does.
 */
#pragma once

#include "fakesys/sim-internal.h"

/* A bus: what is behind @bridge; SIM_NONE: the root bus sim.roots[@root]. */
struct sim_bus {
	uint32_t root, bridge;
};

static inline struct sim_bus bus_of(const struct sim *s, uint32_t fn)
{
	return (struct sim_bus){ s->places[fn].root, s->places[fn].parent };
}

static inline uint32_t bus_first(const struct sim *s, struct sim_bus b)
{
	return b.bridge == SIM_NONE ? s->roots.v[b.root].first_child
				    : s->places[b.bridge].first_child;
}

typedef VEC(uint32_t) fn_indices;
/* By when they came, as the kernel's lists of devices are; of equal ones by address. */
void fns_by_birth(const struct sim *s, fn_indices *all);
/* What is on @b now, in that order. */
fn_indices bus_devices(const struct sim *s, struct arena *a, struct sim_bus b);

/* probe.c:pci_read_bases: @fn was found, and nothing of what its BARs say is its own. */
void resources_found(struct sim *s, uint32_t fn);
/*
 * setup-bus.c:pci_assign_unassigned_bus_resources: what functions on @b and below it do
 * not have is given to them, and said in the log. Where nobody recorded what the root bus
 * has to give, they get what they had.
 */
void resources_assign(struct sim *s, struct sim_bus b);
/*
 * probe.c:pci_read_bridge_windows, pci_read_bridge_bases: say what is behind @fn; with
 * @own through which windows; with @above, where it passes on all that nobody takes, what
 * it is given from above.
 */
void resources_log_bridge(struct sim *s, uint32_t fn, bool own, bool above);
/* setup-bus.c:pci_setup_bridge: say through which windows. */
void resources_log_setup(struct sim *s, uint32_t fn);
