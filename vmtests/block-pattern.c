/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "vmtests/block-pattern.h"

void block_pattern_fill(uint64_t block, char ret_data[BLOCK_PATTERN_SIZE])
{
	char line[64];
	int n = snprintf(line, sizeof(line), "pcipass block %" PRIu64 "\n", block);

	for (int i = 0; i < BLOCK_PATTERN_SIZE; i++)
		ret_data[i] = line[i % n];
}
