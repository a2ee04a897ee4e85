/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu-model - IOMMUs and groups of the simulated host. */
#pragma once

#include "fakesys/sim-internal.h"

/* Fill sim.units, and places' shares of them; make room for groups. */
void iommu_build(struct sim *s);
/* The latter alone (iommu-group.c). */
void groups_build(struct sim *s);
/*
 * Which groups this boot makes, with their members: the recorded ones, unless none were
 * recorded, or the command line says other things about ACS than it did then; those are
 * computed (core/grouping.h).
 */
void groups_form(struct sim *s);
/* What most of @m's recorded groups have, by @of, where that is known; NULL: it never is.
 */
const char *groups_usual(const struct machine *m,
			 const char *of(const struct iommu_group *g));
/* Does it exist now: the IOMMU is on and a member is there? */
bool iommu_group_present(const struct sim *s, const struct sim_group *g);
/* Its first member has come: it gets the lowest free number and the boot's type. */
void iommu_group_made(struct sim *s, struct sim_group *g);
/*
 * @fn, which was gone, is there again: its group is one of a member that is there, as
 * iommu.c:pci_device_group finds it, or a new one.
 */
void iommu_fn_comes(struct sim *s, uint32_t fn);
/*
 * A driver is about to probe @fn (viot.c:viot_iommu_configure): does it get its group
 * now? Where groups are lazy (F23) those without drivers have none.
 */
bool iommu_fn_wanted(struct sim *s, uint32_t fn);
/* By name as it stands in a directory, if it is there; else SIM_NONE. */
uint32_t iommu_named_group(const struct sim *s, const char *name, size_t len);
uint32_t iommu_named_unit(const struct sim *s, const char *name, size_t len);
/* The registers of an Intel unit, whole pages of them; false: where is not known. */
bool iommu_unit_range(const struct sim *s, uint32_t unit, uint64_t *ret_start,
		      uint64_t *ret_end);
/* iommu.c:iommu_group_store_type; 0 or negative errno; -EINPROGRESS: it waits for an
 * unbind. */
int iommu_store_type(struct sim *s, struct sim_group *g, const char *buf);
