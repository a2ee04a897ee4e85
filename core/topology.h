/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology - which function is below which, and the order in which a kernel comes by
 * them: one pass over a machine, for what needs to know of many functions. Functions are
 * named by their index in m->fns. Borrows the machine; lives in the caller's arena.
 */
#pragma once

#include "core/machine.h"

#define FN_NONE UINT32_MAX

struct topology {
	const struct machine *m;
	uint32_t n; /* m->fns.n */
	/*
	 * The bridge above, FN_NONE on a root bus. A virtual function hangs where its
	 * physical one does (drivers/pci/iov.c: its bus has no bridge of its own).
	 */
	uint32_t *up;
	/* The first function with the same domain and bus number; the rest follow. */
	uint32_t *bus_first;
	/*
	 * All functions as the kernel adds them: of each root bus the whole bus, then
	 * what is below each of its bridges likewise (probe.c:pci_scan_child_bus_extend);
	 * virtual functions last, when their drivers make them.
	 */
	uint32_t *order;
	/* Functions with a bus behind them, by domain and number of that bus. */
	uint32_t *bridges, n_bridges;
};

void topology_build(const struct machine *m, struct arena *a, struct topology *ret);

/* Do both sit on one bus, as far as aliases and functions of a slot go? */
bool topology_same_bus(const struct topology *t, uint32_t x, uint32_t y);
/* Is @fn below @bridge, at any depth? */
bool topology_is_below(const struct topology *t, uint32_t fn, uint32_t bridge);
/* The bridge to that bus, FN_NONE if it is a root bus or not there. */
uint32_t topology_bridge_to(const struct topology *t, uint32_t domain, uint8_t bus);
/* Index of the function, FN_NONE if it is not there. */
uint32_t topology_find(const struct topology *t, struct bdf bdf);
/*
 * dev->multifunction: what its header says, for function 0; the kernel sets it for those
 * it found beside (probe.c:pci_scan_slot). Never of a virtual function. Where the header
 * was not recorded, its neighbours tell.
 */
bool topology_is_multifunction(const struct topology *t, uint32_t fn);
