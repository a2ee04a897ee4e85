/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside-vfio - the group interface of VFIO, linux/vfio.h, as a program in the guest uses
 * it. Descriptors belong to the caller; what is mapped stays mapped until the caller
 * undoes it or the container is closed. Unless said otherwise 0 or a descriptor, or
 * negative errno.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

/* One opened function: device fd last to be opened, first to be closed. */
struct vfio_dev {
	int container, group, device; /* -1: not open */
};
#define VFIO_DEV_CLOSED                                                                  \
	{                                                                                \
		.container = -1, .group = -1, .device = -1                               \
	}

/* A region's memory in this process. */
struct vfio_mmio {
	volatile uint8_t *at;
	size_t size;
};

/* ---- the steps, one by one ---- */

/* -ENOENT: vfio is not loaded. -EOPNOTSUPP: another API version, or no type 1 v2. */
int vfio_open_container(void);

/* -ENOENT: no member is bound to a vfio driver. -EBUSY: somebody has it open. */
int vfio_open_group(int group);

/* VFIO_GROUP_FLAGS_*: viable means that no member has a host driver. */
int vfio_group_flags(int group_fd);

/* -EPERM: the group is not viable. -EINVAL: it is in a container. */
int vfio_set_container(int group_fd, int container_fd);

/* Type 1 v2. -EPERM: no interrupt remapping, and unsafe interrupts are not allowed. */
int vfio_set_iommu(int container_fd);

/* -EINVAL: the group has no container with an IOMMU. -ENODEV: no such member. */
int vfio_get_device(int group_fd, const char *bdf);

/* ---- all steps ---- */

/* Open @bdf of @group. On failure everything is closed again; -EPERM as above. */
int vfio_open(int group, const char *bdf, struct vfio_dev *ret_dev);

/* Also of one that was closed or never opened. */
void vfio_close(struct vfio_dev *d);

/* ---- DMA ---- */

/*
 * Let the device reach @mem at @iova, all of whole pages; @access of
 * VFIO_DMA_MAP_FLAG_READ (the device may read) and _WRITE. -EEXIST: part of that is
 * mapped.
 */
int vfio_map(const struct vfio_dev *d, void *mem, size_t size, uint64_t iova,
	     uint32_t access);

/* -ENOENT: nothing was mapped there. */
int vfio_unmap(const struct vfio_dev *d, uint64_t iova, size_t size);

/* ---- the device ---- */

/* Map a BAR. -EOPNOTSUPP: it cannot be mapped whole. */
int vfio_map_bar(const struct vfio_dev *d, uint32_t index, struct vfio_mmio *ret_mmio);
void vfio_unmap_bar(struct vfio_mmio *m);

/* Switch on memory and DMA in the command register; what VFIO reads back is checked,
 * -EIO. */
int vfio_enable_dma(const struct vfio_dev *d);

/*
 * Have interrupt @index (VFIO_PCI_INTX_IRQ_INDEX, _MSI_) signal an eventfd, which is
 * returned. -EOPNOTSUPP: the device has none of this kind. The kernel masks INTx whenever
 * it comes.
 */
int vfio_irq_on(const struct vfio_dev *d, uint32_t index);
int vfio_irq_off(const struct vfio_dev *d, uint32_t index);
int vfio_intx_unmask(const struct vfio_dev *d);

/* Interrupts that came since the last call: at least 1, or -ETIMEDOUT if none within @ms.
 */
int vfio_irq_wait(int event_fd, int ms);

/* Whether VFIO offers a reset: 1 or 0. */
int vfio_can_reset(const struct vfio_dev *d);

/* -EINVAL: it does not. The command register has to be set anew afterwards. */
int vfio_reset(const struct vfio_dev *d);
