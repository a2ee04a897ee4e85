/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grouping-verdict - what computed groups mean for each function that may be wanted. */
#pragma once

#include "core/grouping.h"

enum verdict {
	VERDICT_ALONE,    /* can be passed through; what is beside it may stay */
	VERDICT_TOGETHER, /* only with others of its group */
	VERDICT_STAYS,    /* a bridge: it serves what is behind it, and is no device */
	VERDICT_PINNED, /* memory is mapped for it that the firmware uses: VFIO refuses */
	VERDICT_NO_GROUP, /* no IOMMU translates it */
};

struct verdict_of {
	enum verdict verdict;
	uint32_t with; /* TOGETHER: how many others must come along */
	/* PINNED: by this range of this function, itself or another of its group: all of
	 * them get other translations (iommu.c:__iommu_take_dma_ownership) */
	const struct acpi_reserved *pinned;
	uint32_t pinned_fn;
};

/* For every function, in the arena of @g. */
struct verdict_of *grouping_judge(struct grouping *g);

/* Must @other leave the host together with @fn, of the same group? */
bool verdict_comes(const struct grouping *g, uint32_t fn, uint32_t other);

const char *verdict_name(enum verdict v); /* "alone", "together", ... */
/* The verdict as words: "only together with 0000:01:00.1 and 3 more"; in g->arena. */
const char *verdict_text(struct grouping *g, uint32_t fn, const struct verdict_of *v);
