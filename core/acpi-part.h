/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acpi-part - what the readers of the IOMMU tables share. core/acpi.c checks the header,
 * walks the structures and hands each one to the reader of its table.
 */
#pragma once

#include "core/acpi.h"

#define ACPI_TABLE_HEADER 48u /* ACPI's own and what each of the tables adds to it */
#define ACPI_UNITS_MAX 4096   /* far above any machine; keeps comparing them cheap */

struct acpi_reader {
	struct arena *a;
	struct blob t;
	struct acpi_iommu *out;
	struct err *e;
	uint8_t ivhd_type; /* IVRS: the one that counts */
	uint32_t nodes;    /* VIOT: how many the header promises */
};

/* A kind of structure; known to be @fixed bytes long at least when @read is called. */
struct acpi_kind {
	uint16_t type;
	uint32_t fixed;
	int (*read)(struct acpi_reader *r, uint32_t off, uint32_t len);
};

struct acpi_format {
	const char *name;
	uint16_t type_mask; /* of the 16 bits where a structure's type stands */
	const struct acpi_kind *kinds;
	size_t n_kinds;
	/* Returns the offset of the first structure, which the caller checks. */
	uint32_t (*header)(struct acpi_reader *r);
	int (*finish)(struct acpi_reader *r);
};

extern const struct acpi_format acpi_dmar, acpi_ivrs, acpi_viot;

/* Little-endian fields; all ones behind the end of the table. */
uint8_t acpi_u8(const struct acpi_reader *r, uint32_t off);
uint16_t acpi_u16(const struct acpi_reader *r, uint32_t off);
uint32_t acpi_u32(const struct acpi_reader *r, uint32_t off);
uint64_t acpi_u64(const struct acpi_reader *r, uint32_t off);

/* Add the note "offset 0x@off: ...". */
void acpi_note(struct acpi_reader *r, uint32_t off, const char *fmt, ...) PRINTF(3, 4);
/* -EINVAL with the error "offset 0x@off: ...". */
int acpi_bad(struct acpi_reader *r, uint32_t off, const char *fmt, ...) PRINTF(3, 4);
/* A zeroed new unit in *@ret; the error if there are too many. */
int acpi_add_unit(struct acpi_reader *r, uint32_t off, struct acpi_unit **ret);
/*
 * The @max bytes at @off up to a NUL. They end up on screens, so what is not printable
 * ASCII becomes '?'.
 */
const char *acpi_text(struct acpi_reader *r, uint32_t off, uint32_t max);
