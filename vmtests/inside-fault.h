/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inside-fault - how the kernel logs a DMA that its IOMMU has refused. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fault_words {
	char text[3][48];
	const char *words[4]; /* into text, NULL-terminated: what such a line holds */
};

/*
 * @bdf tried to write (or read) at @iova and shows itself to the IOMMU as @requester:
 * itself, or the bridge that speaks for it. 0; -ENOENT: @bdf has no IOMMU; -EINVAL: no
 * requester.
 */
int fault_expect(const char *bdf, const char *requester, uint64_t iova, bool write,
		 struct fault_words *ret);
