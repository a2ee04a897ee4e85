/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-part - lines and runs of changed lines, which diffs and reverting share. */
#pragma once

#include <stdint.h>

#include "core/diff.h"

#define DIFF_CONTEXT 3 /* lines around a change that tell where it is */

struct line {
	const char *s; /* its newline belongs to it */
	size_t len;
	uint32_t id; /* equal for equal lines, where they may differ */
	bool changed;
};

struct text {
	VEC(struct line) lines;
};

/* A run of changed lines: [from, to) of each text. */
struct run {
	size_t from[2], to[2];
};

typedef VEC(struct run) runs;

/* Split both texts into @t and append what differs to @ret; lines point into the texts.
 */
void diff_compare(struct arena *a, const char *before, const char *after,
		  struct text t[static 2], runs *ret);
