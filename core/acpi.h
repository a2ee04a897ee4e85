/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acpi - the IOMMU tables in full: DMAR (Intel VT-d specification, chapter 8), IVRS (AMD
 * IOMMU specification, chapter 5), VIOT (ACPI 6.5, 5.2.32), and what they mean for the
 * functions of a machine. Everything read lives in the caller's arena; nothing points
 * into the table.
 *
 * Units: offsets and lengths are bytes from the start of the table; a devid or source is
 * bus << 8 | device << 3 | function; addresses are physical, ranges inclusive.
 */
#pragma once

#include "core/machine.h"

#define ACPI_UNIT_NONE UINT32_MAX

/* VT-d 8.3.1: the kinds of a device scope. */
enum {
	ACPI_SCOPE_ENDPOINT = 1,
	ACPI_SCOPE_BRIDGE, /* and all below */
	ACPI_SCOPE_IOAPIC,
	ACPI_SCOPE_HPET,
	ACPI_SCOPE_NAMESPACE, /* enum_id is the number of an ANDD */
};

/* A path from a start bus through bridges, as device scopes give it. */
struct acpi_scope {
	uint32_t offset;
	uint8_t type;
	uint8_t flags; /* SIDP only */
	uint8_t enum_id, bus;
	uint8_t n_hops;
	uint8_t hops[16][2]; /* device, function */
};
typedef VEC(struct acpi_scope) acpi_scopes;

/* What an IVHD device entry (AMD 5.2.2.2) is for; both ends of a range are one entry. */
enum acpi_entry_kind {
	ACPI_ENTRY_DEVICES,
	ACPI_ENTRY_IOAPIC, /* id: of the IOAPIC */
	ACPI_ENTRY_HPET,   /* id: of the timer block */
	ACPI_ENTRY_OTHER,  /* special device of a kind that is not known */
	ACPI_ENTRY_HID,    /* id: index into acpi_iommu.devices */
};

struct acpi_entry {
	uint32_t offset; /* of a range: of its start */
	enum acpi_entry_kind kind;
	uint8_t settings;     /* of the device table: INIT, EINT, NMI, SysMgt, LINT */
	uint16_t first, last; /* devids; an IVHD entry for all: 0 and 0xffff */
	bool aliased;         /* requests come with the devid alias */
	uint16_t alias;       /* itself translated by the unit as well */
	uint32_t extended;    /* settings of extended entries; bit 31: no ATS */
	uint32_t id;
};

struct acpi_unit {
	uint32_t offset; /* of the structure in the table */
	uint16_t segment;
	uint64_t base; /* registers */
	bool is_fn;    /* IVRS, VIOT on PCI: the IOMMU is a function, devid */
	uint16_t devid;
	/* DMAR, DRHD */
	bool include_all;    /* all functions of the segment that no other unit names */
	unsigned size_pages; /* of its registers, 4 KiB each */
	bool has_proximity;  /* an RHSA names it */
	uint32_t proximity;
	acpi_scopes scopes;
	/* IVRS, IVHD */
	uint8_t flags;       /* HtTunEn, PassPW, ResPassPW, Isoc, IotlbSup, ... */
	uint16_t capability; /* offset in the IOMMU's configuration space */
	uint16_t info;       /* MSI number, unit id */
	uint32_t attributes; /* type 0x10: feature reporting */
	uint64_t efr, efr2;  /* images of the feature registers; type 0x10 has none */
	bool x2apic;         /* efr: XTSup with GASup */
	VEC(struct acpi_entry) entries;
};

/* Memory that firmware keeps mapped for devices: RMRR, IVMD. */
struct acpi_reserved {
	uint32_t offset;
	uint16_t segment;
	uint64_t start, end;  /* as the table has them, aligned or not */
	acpi_scopes scopes;   /* RMRR */
	uint16_t first, last; /* IVMD: devids; 0..0xffff for all */
	/* IVMD. Linux maps both kinds one to one, exclusion to read and to write. */
	bool unity, exclusion, read, write;
};

/* Functions with a common property: ATSR, SATC, SIDP. */
struct acpi_scoped {
	uint32_t offset;
	uint16_t segment;
	uint8_t flags; /* ATSR 1: all root ports; SATC 1: ATS is required */
	acpi_scopes scopes;
};

struct acpi_rhsa {
	uint32_t offset;
	uint64_t base; /* of the unit that is meant */
	uint32_t proximity;
	uint32_t unit; /* or ACPI_UNIT_NONE, noted */
};

/* A device that is no PCI function and has a unit: its group is a platform device's. */
struct acpi_device {
	uint32_t offset;
	const char *name; /* ANDD: "\\_SB.PCI0.I2C0"; IVRS: "AMDI0020:\\_SB.FUR0"
			     (HID:UID), "PNP0D40" without UID; VIOT: "mmio 0x10001000" */
	const char *hid, *cid, *uid; /* IVRS; "" if absent. Others: NULL */
	uint64_t base;               /* VIOT: registers */
	uint32_t unit;               /* or ACPI_UNIT_NONE: no scope names it, noted */
	/*
	 * Its devid; VIOT: endpoint id. IVRS: those of one devid share a group
	 * (drivers/iommu/amd/iommu.c:acpihid_device_group).
	 */
	uint32_t source;
};

/* VIOT: functions of these segments and devids, both ranges inclusive. */
struct acpi_range {
	uint32_t offset;
	uint32_t endpoint; /* id of the first one */
	uint16_t first_segment, last_segment, first, last;
	uint32_t unit;
};

/* Every structure of the table in order, also those of kinds not known. */
struct acpi_structure {
	uint32_t offset;
	uint16_t type, length;
};

struct acpi_iommu {
	const char *table;        /* "DMAR", "IVRS", "VIOT" */
	bool interrupt_remapping; /* DMAR flag 0; IVRS: an IOAPIC is described */
	bool x2apic_opt_out;      /* DMAR flag 1 */
	bool dma_opt_in; /* DMAR flag 2, IVinfo 1: firmware asks for DMA protection */
	unsigned address_width; /* physical, bits; 0 unknown */
	/*
	 * In the order that Linux numbers them (dmarN, ivhdN). DMAR: a register base
	 * described twice counts once. IVRS: the blocks of the one type that Linux takes,
	 * the highest that describes the first IOMMU.
	 */
	VEC(struct acpi_unit) units;
	VEC(struct acpi_reserved) reserved;
	VEC(struct acpi_scoped) atsr, satc, sidp;
	VEC(struct acpi_rhsa) rhsa;
	VEC(struct acpi_device) devices; /* in the table's order */
	VEC(struct acpi_range) ranges;   /* only such with a unit */
	VEC(struct acpi_structure) structures;
	bool refused;       /* Linux uses none of the table; a note says why */
	unsigned n_unknown; /* structures of kinds not known, skipped */
	strings notes; /* "offset 0x58: structure type 9 is not known": oddities that do
			  not keep the rest from being read */
};

/*
 * -EINVAL with @e, which begins "offset 0x..: " for all but the first: @name is none of
 * the three tables; signature, length or checksum wrong; first structure outside; a
 * structure, scope or device entry of bad length; more than 16 hops in a scope; more than
 * 4096 IOMMUs; the name in an ANDD without end; more nodes promised than the table has.
 * *@ret is untouched then.
 *
 * A note, also with its offset: a structure, scope, device entry or special device of a
 * kind not known; a DRHD repeated or at address 0; an RMRR that is not whole pages or
 * ends before it starts; an RHSA of no unit; an ANDD or a scope of such that has no
 * partner; a range of devids that never ends, never began or runs backwards; an ACPI
 * device where none may be, without HID or with an unknown form of UID; an IOMMU that has
 * no block of the type that Linux takes; an IVMD that is neither unity map nor exclusion
 * range; a VIOT output node that lies outside, is the node itself or no IOMMU; nodes
 * behind the last one counted.
 */
int acpi_parse_iommu(struct arena *a, const char *name, struct blob table,
		     struct acpi_iommu *ret, struct err *e);

/*
 * The indices of t->units in the order in which Linux asks and registers them, so that it
 * numbers groups; @ret has room for t->units.n. DMAR: units for all come last, of the
 * others the last in the table first
 * (drivers/iommu/intel/dmar.c:dmar_register_drhd_unit). IVRS and VIOT: as they stand.
 */
void acpi_unit_order(const struct acpi_iommu *t, uint32_t *ret);

/*
 * The function at the end of @s, walking the machine's bridges; NULL if it is not there,
 * if @s names no PCI function (IOAPIC, HPET, ACPI device) or one of the other kind, as
 * drivers/iommu/intel/dmar.c:dmar_insert_dev_scope refuses it: a bridge as endpoint, an
 * endpoint as bridge. Virtual functions are not in scopes.
 */
const struct pci_fn *acpi_scope_fn(const struct machine *m, uint16_t segment,
				   const struct acpi_scope *s);

/*
 * For each of m->fns the index into t->units of the IOMMU that translates it, or
 * ACPI_UNIT_NONE, as for all if the table is refused; @ret has room for m->fns.n. About
 * linear in functions, scopes and entries together. @a gets scratch memory.
 *
 * DMAR: drivers/iommu/intel/iommu.c:device_lookup_iommu; a virtual function goes by its
 * physical one, a function behind a VMD (domain above 0xffff) by that VMD, if the machine
 * has just one. IVRS: the rlookup_table of drivers/iommu/amd/init.c; where two entries
 * name a function the later one counts, the IOMMU's own function has none. VIOT:
 * drivers/acpi/viot.c; the last range counts.
 */
void acpi_assign_units(const struct machine *m, const struct acpi_iommu *t,
		       struct arena *a, uint32_t *ret);

/*
 * For each of m->fns the devid that its requests come with by IVRS, its own if there is
 * no alias (so in DMAR and VIOT always). For its group Linux looks at it only where it is
 * on the same bus (drivers/iommu/amd/iommu.c:setup_aliases).
 */
void acpi_assign_aliases(const struct machine *m, const struct acpi_iommu *t,
			 struct arena *a, uint16_t *ret);

/*
 * For each of m->fns the first reserved range that pins it, so that VFIO may not have it;
 * NULL: none. Ranges that Intel's driver calls relaxable (of display and USB functions)
 * pin nothing. Time as acpi_assign_units().
 */
void acpi_assign_reserved(const struct machine *m, const struct acpi_iommu *t,
			  struct arena *a, const struct acpi_reserved **ret);

/* The same for one of m->fns. */
const struct acpi_reserved *acpi_reserved_for(const struct machine *m,
					      const struct acpi_iommu *t,
					      const struct pci_fn *fn);

/*
 * Do the scopes of an ATSR, SATC or SIDP name @fn, one of m->fns, itself or a bridge
 * above? An ATSR with flag 1 needs no scopes, it means all root ports of its segment.
 */
bool acpi_scoped_names(const struct machine *m, const struct acpi_scoped *s,
		       const struct pci_fn *fn);
