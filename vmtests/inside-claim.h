/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inside-claim - IOMMU groups taken as VMs do: group, container, device files. */
#pragma once

#include <stddef.h>

#define INSIDE_CLAIMS 32
#define INSIDE_CLAIM_FDS 64

struct inside_claim {
	int group;
	int fds[INSIDE_CLAIM_FDS];
	size_t n;
};

/* Those that are held; zeroed: none. */
struct inside_claims {
	struct inside_claim v[INSIDE_CLAIMS];
	size_t n;
};

/*
 * Take the group. Errno of open(2), VFIO_GROUP_SET_CONTAINER, VFIO_SET_IOMMU,
 * VFIO_GROUP_GET_DEVICE_FD, whichever is first, and then nothing of it is held; -EMFILE:
 * too many are.
 */
int inside_claim(struct inside_claims *all, int group);
/* Give it back. -ENOENT: it is not held. */
int inside_release(struct inside_claims *all, int group);
