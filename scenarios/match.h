/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match - does a report hold what a scenario expects of it? */
#pragma once

#include <jansson.h>

#include "core/err.h"

/*
 * An object must have the members expected, an array an element that matches each one
 * expected (in any order), a string be the same, or hold what follows a leading "~".
 * Anything else must be equal. 0, or -EINVAL with @e: "plan.steps: nothing matches
 * {...}".
 */
int match_json(const json_t *expected, const json_t *actual, const char *where,
	       struct err *e);
