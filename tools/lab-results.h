/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab-results - what is left of a campaign: the files that options ask for. */
#pragma once

#include "tools/lab-values.h"

/* Errors of writing them, with @e. */
int lab_results_write(const struct campaign *c, const struct lab_values *v,
		      struct err *e);
