/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measure-part - how the rows of measure-rows.c read answers that are no yes or no. */
#pragma once

#include "vmtests/measure.h"

#define MEASURE_READER(name)                                                             \
	void name(const struct measure_answers *as, const struct measure_row *row,       \
		  const struct op_result *r, struct measure_value *ret)

MEASURE_READER(measure_read_word); /* the text's only line */
MEASURE_READER(measure_read_errno);
MEASURE_READER(measure_read_unbound);
MEASURE_READER(measure_read_type);
MEASURE_READER(measure_read_silent);
MEASURE_READER(measure_read_reset);
MEASURE_READER(measure_read_seek);
MEASURE_READER(measure_read_idle);
MEASURE_READER(measure_read_identity);
MEASURE_READER(measure_read_refs);
MEASURE_READER(measure_read_domains);
MEASURE_READER(measure_read_features);
MEASURE_READER(measure_read_setup);
MEASURE_READER(measure_read_shrink);
MEASURE_READER(measure_read_zero);
MEASURE_READER(measure_read_vga);
MEASURE_READER(measure_read_lazy);
MEASURE_READER(measure_read_tail);
MEASURE_READER(measure_read_config_acs);
MEASURE_READER(measure_read_acs_when);
MEASURE_READER(measure_read_quote);
MEASURE_READER(measure_read_port_type);
