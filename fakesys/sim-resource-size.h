/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-resource-size - what sim-resource.c assigns from, and how large windows shall be.
 */
#pragma once

#include "fakesys/sim-resource.h"

/* include/linux/ioport.h */
#define RES_MEM 0x200u
#define RES_PREFETCH 0x2000u
#define RES_MEM_64 0x100000u
#define RES_UNSET 0x20000000u
#define RES_DISABLED 0x10000000u
#define RES_STARTALIGN 0x00080000u
#define RES_ROM_SHADOW 0x2u
#define RES_TYPES 0x1f00u

#define RES_WINDOW 13 /* PCI_BRIDGE_RESOURCES: I/O, memory, prefetchable */
#define RES_IO_ALIGN 0x1000u
#define RES_MEM_ALIGN 0x100000u

/* The @i-th range of addresses that functions on @b can have; NULL: no more. */
const struct pci_resource *bus_window(const struct sim *s, struct sim_bus b, unsigned i);
/* Was it recorded what there is? */
bool bus_known(const struct sim *s, struct sim_bus b);
/* To be called by sim-build.c: the root buses' ranges. */
void bus_read_windows(struct sim *s);
/* Its own copy of the resources of @fn. */
struct pci_resource *fn_own_res(struct sim *s, uint32_t fn);
/* setup-res.c:pci_resource_alignment; a window that has a size begins at its alignment.
 */
uint64_t resource_align(const struct sim *s, uint32_t fn, unsigned i);
/*
 * setup-bus.c:__pci_bus_size_bridges: the windows to @b that have no addresses yet get
 * the sizes that what is behind needs.
 */
void resources_size(struct sim *s, struct sim_bus b);
/*
 * setup-res.c:__pci_assign_resource: the first free range of @b for @want, whose size and
 * flags are known, in windows of its own kind before others. False: none, @want stays.
 */
bool resource_find_place(const struct sim *s, struct sim_bus b, struct pci_resource *want,
			 uint64_t align);
