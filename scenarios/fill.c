/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "scenarios/fill.h"

int machine_fill(struct machine *m, size_t want)
{
	const struct pci_fn *like = NULL;
	int group = 1000; /* more than a recorded machine has */

	vec_foreach(fn, &m->fns)
		if (fn->id.class >> 8 == PCI_CLASS_NETWORK_ETHERNET)
			like = fn;
	if (!like)
		return -ENOENT;
	for (size_t i = 0; m->fns.n < want; i++) {
		struct pci_fn fn = *like;

		fn.bdf = (struct bdf){ .domain = 1 + (uint32_t)(i >> 16),
				       .bus = (uint8_t)(i >> 8),
				       .dev = (uint8_t)(i >> 3 & 31),
				       .fn = (uint8_t)(i & 7) };
		fn.children.v = NULL;
		fn.children.n = fn.children.cap = 0;
		fn.group = group;
		*vec_push(m->arena, &m->fns) = fn;
		like = &m->fns.v[m->fns.n - 1];
		*vec_push(m->arena, &m->groups) =
			(struct iommu_group){ .id = group++, .type = "DMA-FQ" };
	}
	return 0;
}
