/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inside-claim - take an IOMMU group as a VM does: group, container, device files. */
#pragma once

#include <stddef.h>

#define INSIDE_CLAIM_FDS 64

struct inside_claim {
	int group;
	int fds[INSIDE_CLAIM_FDS];
	size_t n;
};

/* Errno of open(2), VFIO_GROUP_SET_CONTAINER, VFIO_SET_IOMMU, VFIO_GROUP_GET_DEVICE_FD,
 * whichever is first; then nothing is held. */
int inside_claim(int group, struct inside_claim *ret);
void inside_release(struct inside_claim *c);
