/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report - the pieces that the verbs' reports are made of; scenarios/README.md shows
 * each. Every function gives a new reference, the caller's.
 */
#pragma once

#include <jansson.h>

#include "core/journal.h"

json_t *report_strings(const strings *list);
/* @uses may be NULL: "uses" is empty then. */
json_t *report_function(const struct pci_fn *fn, const guard_uses *uses);
/* A function with the members of its group. */
json_t *report_asked(const struct judged *j, const struct pci_fn *fn);
json_t *report_host(const struct judged *j);
json_t *report_findings(const findings *found);
json_t *report_plan(const struct plan *p, struct arena *a);
json_t *report_journal(const struct journal *j);
/* The guide's last check: driver vfio-pci, or none; its group usable, its node there. */
json_t *report_ready(const struct machine *m, const struct pci_fn *fn);
/* NULL becomes null. */
json_t *report_string(const char *s);
