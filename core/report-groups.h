/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report-groups - computed groups as a report: members with verdict and reason, places
 * for cards, what was assumed, and how it compares with what was recorded.
 */
#pragma once

#include <jansson.h>

#include "core/forecast.h"

/*
 * {"groups": [{"id", "devices": [BDF], "members": [member]}], "none": [member],
 * "slots": [{"bdf", "alone", "text"}], "others": [{"name", "id"}], "assumptions": [],
 * "recorded": null or {"groups", "matched", "numbered", "differences": []}}; a member is
 * {"bdf", "vendor", "device", "class", "driver", "verdict", "text", "why", "assumed"}.
 * The caller's.
 */
json_t *report_groups(struct grouping *g);

/* {"moves": [], "changes": [], "costs": [], "idle": []}; the caller's. */
json_t *report_forecast(const struct forecast *f);

/*
 * All about @fn: a member with {"group", "with": [{"bdf", "role",
 * "text", "why": []}]}, role "comes" or "stays"; the caller's.
 */
json_t *report_group_of(struct grouping *g, uint32_t fn);
