/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-acpi - the nodes of ACPI's tree that functions and root buses lead to, below
 * devices/LNXSYSTM:00, as far as machine.firmware_nodes names them.
 */
#pragma once

#include "fakesys/attr.h"

/* Fill sim.acpi_nodes. After places_build(). */
void acpi_build(struct sim *s);
/* In sys/devices: the top of the tree, as lookup and each of a dir_kind. */
int acpi_top_lookup(const struct sim *s, const char *name, size_t len, struct entry *ret);
int acpi_top_each(const struct sim *s, host_list_fn *fn, void *arg);
