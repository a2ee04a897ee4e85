/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dma-alias - under whose address a function's requests arrive at the IOMMU
 * (drivers/pci/search.c:pci_for_each_dma_alias, quirks.c:quirk_dma_func0_alias and its
 * kin, drivers/iommu/amd/iommu.c:setup_aliases). Functions are indices as in topology.
 */
#pragma once

#include "core/acpi.h"
#include "core/acs.h"

/* Devices and functions of one bus: bit devfn. */
struct alias_mask {
	uint64_t bits[4];
	const char *why; /* "a fixed DMA alias", "the alias of table IVRS" */
};

struct dma_aliases {
	const struct topology *t;
	const struct acs *acs;          /* for port types and the kernel's ways */
	const struct alias_mask **mask; /* by function; NULL: none, as of nearly all */
	uint32_t *real; /* by function: pci_real_dma_dev(), itself but below VMD */
	bool *bus_has;  /* by first function of a bus: any has a mask, or a real */
};

/* @ivrs: the parsed table, NULL without one. All in @a. */
void dma_aliases_build(const struct acs *acs, const struct acpi_iommu *ivrs,
		       struct arena *a, struct dma_aliases *ret);

/* pci.c:pci_devs_are_dma_aliases: may requests of one be taken for the other's? */
bool dma_aliases_share(const struct dma_aliases *d, uint32_t x, uint32_t y);

/*
 * The functions that pci_for_each_dma_alias() visits for @fn, from itself upwards, each
 * time with another address; those seen twice in a row once. Returns how many of them
 * were put into @ret, of the @max there is room for.
 */
#define DMA_ALIAS_MAX 256 /* there are no more buses to pass */
uint32_t dma_aliases_visit(const struct dma_aliases *d, uint32_t fn,
			   uint32_t ret[static DMA_ALIAS_MAX]);
