/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio - what vfio-pci does to a function, who may own a group's DMA, and the nodes below
 * dev/vfio.
 */
#pragma once

#include "fakesys/sim-internal.h"

/*
 * drivers/vfio/pci: as driver_traits.probe. 0, or a positive errno as probe functions'
 * results are logged: EINVAL on the denylist, a bridge, or no IOMMU group; EBUSY while
 * its virtual functions are enabled.
 */
int vfio_probe(struct sim *s, uint32_t fn);
/* The state a successful probe leaves, without one. */
void vfio_adopt(struct sim *s, uint32_t fn);
/* The VFIO part of an unbind, after the last opened device was closed. */
void vfio_remove(struct sim *s, uint32_t fn);

/* Which major number its nodes have. */
void vfio_build(struct sim *s);
/* Is there a vfio-dev/vfioN of @fn (SIM_NONE: no)? */
static inline bool vfio_dev_shown(const struct sim *s, uint32_t fn)
{
	return fn != SIM_NONE && s->fns[fn].vfio_dev >= 0 && !s->fns[fn].vfio_hidden;
}

/* Does the group have a node: is some member a VFIO device? */
bool vfio_group_has_node(const struct sim *s, const struct sim_group *g);
/* Such a group by name, into sim.groups, or SIM_NONE; and the names of all: @fn until it
 * returns < 0, which is returned, else 0. */
uint32_t vfio_named_group(const struct sim *s, const char *name, size_t len);
int vfio_each_group(const struct sim *s, host_list_fn *fn, void *arg);
