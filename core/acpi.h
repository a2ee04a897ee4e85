/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acpi - the IOMMU tables: DMAR (Intel VT-d specification, chapter 8), IVRS (AMD IOMMU
 * specification, chapter 5), VIOT (ACPI 6.5, 5.2.32).
 */
#pragma once

#include "core/machine.h"

/* A path from a start bus through bridges, as device scopes give it. */
struct acpi_scope {
	uint8_t type; /* DMAR: 1 endpoint, 2 bridge hierarchy, 3 IOAPIC, 4 HPET, 5
			 namespace */
	uint8_t enum_id, bus;
	uint8_t n_hops;
	uint8_t hops[16][2]; /* device, function */
};
typedef VEC(struct acpi_scope) acpi_scopes;

struct acpi_unit {
	uint32_t offset; /* of the structure in the table, bytes */
	uint16_t segment;
	uint64_t base;    /* registers */
	bool include_all; /* DMAR: all functions no other unit names */
	uint16_t devid;   /* IVRS, VIOT: the IOMMU's own bus<<8|devfn, 0 if none */
	acpi_scopes scopes;
};

/* Memory that firmware keeps mapped for devices: RMRR, IVMD. */
struct acpi_reserved {
	uint32_t offset;
	uint16_t segment;
	uint64_t start, end;  /* inclusive */
	acpi_scopes scopes;   /* DMAR */
	uint16_t first, last; /* IVMD: bus<<8|devfn; 0..0xffff for all */
};

struct acpi_iommu {
	const char *table;           /* "DMAR", "IVRS", "VIOT" */
	bool interrupt_remapping;    /* DMAR flag 0; IVRS: always possible */
	bool x2apic_opt_out;         /* DMAR flag 1 */
	bool dma_opt_in;             /* DMAR flag 2: firmware asks for DMA protection */
	unsigned address_width;      /* bits, 0 unknown */
	VEC(struct acpi_unit) units; /* IVRS: an IOMMU described twice is one */
	VEC(struct acpi_reserved) reserved;
	unsigned n_atsr, n_rhsa, n_andd, n_satc;
	unsigned n_unknown; /* structures of other kinds, skipped */
	strings notes;      /* "offset 0x58: structure type 9 is not known" */
};

/*
 * -EINVAL with @e naming the offset: signature, length or checksum wrong, a structure or
 * scope of bad length. An unknown kind is a note.
 */
int acpi_parse_iommu(struct arena *a, const char *name, struct blob table,
		     struct acpi_iommu *ret, struct err *e);

/* The function at the end of @s, walking the machine's bridges; NULL if it is not there.
 */
const struct pci_fn *acpi_scope_fn(const struct machine *m, uint16_t segment,
				   const struct acpi_scope *s);

/*
 * The first reserved range that pins @fn, so that VFIO may not have it; NULL: none.
 * Ranges that Intel's driver calls relaxable (of display and USB functions) pin nothing.
 */
const struct acpi_reserved *acpi_reserved_for(const struct machine *m,
					      const struct acpi_iommu *t,
					      const struct pci_fn *fn);
