/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block-pattern - what a disk of the lab holds: each block tells its own number, so one
 * read block proves that the right one came. Shared by who makes the disk and who reads
 * it.
 */
#pragma once

#include <stdint.h>

#define BLOCK_PATTERN_SIZE 512

/* "pcipass block N\n", again and again until the block is full. */
void block_pattern_fill(uint64_t block, char ret_data[BLOCK_PATTERN_SIZE]);
