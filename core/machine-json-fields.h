/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine-json-fields - the table of a fixture's members, and the types that only one
 * member has; private to machine-json.
 */
#pragma once

#include "core/machine-json-types.h"

/* More functions than any machine has; keeps what a small file can make us allocate
 * small. */
#define FUNCTIONS_MAX 65536

extern const struct record machine_record;

/* Of struct pci_fn as a whole; machine-json-pci.c. */
extern const struct field_type type_config;
extern const struct field_type
	type_id; /* only where config space does not tell the ids */
extern const struct field_type type_revision;
extern const struct field_type type_physfn;
extern const struct field_type type_resources; /* of its res[] */

/* Of struct machine_file as a whole, in this order; machine-json-file.c. */
extern const struct field_type type_mode;
extern const struct field_type type_link;
extern const struct field_type type_file_hex; /* what is not text */
extern const struct field_type type_lines;
extern const struct field_type type_cut; /* the last line has no newline */
