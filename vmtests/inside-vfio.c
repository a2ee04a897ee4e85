/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <linux/pci_regs.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "core/util.h"
#include "vmtests/inside-vfio.h"

static int result(int ret)
{
	return ret < 0 ? -errno : ret;
}

int vfio_open_container(void)
{
	AUTOCLOSE int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
	    ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) != 1)
		return -EOPNOTSUPP;
	ret = fd;
	fd = -1;
	return ret;
}

int vfio_open_group(int group)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	return result(open(path, O_RDWR | O_CLOEXEC));
}

int vfio_group_flags(int group_fd)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (ioctl(group_fd, VFIO_GROUP_GET_STATUS, &status) < 0)
		return -errno;
	return (int)status.flags;
}

int vfio_set_container(int group_fd, int container_fd)
{
	return result(ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container_fd));
}

int vfio_set_iommu(int container_fd)
{
	return result(ioctl(container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

int vfio_get_device(int group_fd, const char *bdf)
{
	return result(ioctl(group_fd, VFIO_GROUP_GET_DEVICE_FD, bdf));
}

static int open_steps(int group, const char *bdf, struct vfio_dev *d)
{
	int err;

	d->container = vfio_open_container();
	if (d->container < 0)
		return d->container;
	d->group = vfio_open_group(group);
	if (d->group < 0)
		return d->group;
	err = vfio_group_flags(d->group);
	if (err >= 0 && !(err & VFIO_GROUP_FLAGS_VIABLE))
		err = -EPERM;
	if (err >= 0)
		err = vfio_set_container(d->group, d->container);
	if (err >= 0)
		err = vfio_set_iommu(d->container);
	if (err < 0)
		return err;
	d->device = vfio_get_device(d->group, bdf);
	return d->device < 0 ? d->device : 0;
}

int vfio_open(int group, const char *bdf, struct vfio_dev *ret_dev)
{
	struct vfio_dev d = VFIO_DEV_CLOSED;
	int err = open_steps(group, bdf, &d);

	if (err < 0)
		vfio_close(&d);
	else
		*ret_dev = d;
	return err;
}

void vfio_close(struct vfio_dev *d)
{
	closep(&d->device);
	closep(&d->group);
	closep(&d->container);
	*d = (struct vfio_dev)VFIO_DEV_CLOSED;
}

int vfio_map(const struct vfio_dev *d, void *mem, size_t size, uint64_t iova,
	     uint32_t access)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = access,
		.vaddr = (uintptr_t)mem,
		.iova = iova,
		.size = size,
	};

	return result(ioctl(d->container, VFIO_IOMMU_MAP_DMA, &map));
}

int vfio_unmap(const struct vfio_dev *d, uint64_t iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	if (ioctl(d->container, VFIO_IOMMU_UNMAP_DMA, &unmap) < 0)
		return -errno;
	return unmap.size == size ? 0 : -ENOENT;
}

static int region(const struct vfio_dev *d, uint32_t index, struct vfio_region_info *ret)
{
	*ret = (struct vfio_region_info){ .argsz = sizeof(*ret), .index = index };
	return result(ioctl(d->device, VFIO_DEVICE_GET_REGION_INFO, ret));
}

int vfio_map_bar(const struct vfio_dev *d, uint32_t index, struct vfio_mmio *ret_mmio)
{
	struct vfio_region_info info;
	int err = region(d, index, &info);
	void *at;

	if (err < 0)
		return err;
	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return -EOPNOTSUPP;
	at = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, d->device,
		  (off_t)info.offset);
	if (at == MAP_FAILED)
		return -errno;
	*ret_mmio = (struct vfio_mmio){ .at = at, .size = info.size };
	return 0;
}

void vfio_unmap_bar(struct vfio_mmio *m)
{
	if (m->at)
		munmap((void *)(uintptr_t)m->at, m->size);
	*m = (struct vfio_mmio){ 0 };
}

int vfio_enable_dma(const struct vfio_dev *d)
{
	const uint16_t bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	struct vfio_region_info config;
	uint16_t command;
	off_t at;
	int err = region(d, VFIO_PCI_CONFIG_REGION_INDEX, &config);

	if (err < 0)
		return err;
	at = (off_t)config.offset + PCI_COMMAND;
	if (pread(d->device, &command, sizeof(command), at) != sizeof(command))
		return -EIO;
	command |= htole16(bits);
	if (pwrite(d->device, &command, sizeof(command), at) != sizeof(command) ||
	    pread(d->device, &command, sizeof(command), at) != sizeof(command))
		return -EIO;
	return (le16toh(command) & bits) == bits ? 0 : -EIO;
}

/* @fd, unless it is NULL, is the set's data: one eventfd. */
static int set_irqs(const struct vfio_dev *d, uint32_t index, uint32_t flags,
		    uint32_t count, const int32_t *fd)
{
	_Alignas(struct vfio_irq_set) char buf[sizeof(struct vfio_irq_set) + sizeof(*fd)];
	struct vfio_irq_set set = {
		.argsz = sizeof(set) + (fd ? sizeof(*fd) : 0),
		.flags = flags,
		.index = index,
		.count = count,
	};

	memcpy(buf, &set, sizeof(set));
	if (fd)
		memcpy(buf + sizeof(set), fd, sizeof(*fd));
	return result(ioctl(d->device, VFIO_DEVICE_SET_IRQS, buf));
}

int vfio_irq_on(const struct vfio_dev *d, uint32_t index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	AUTOCLOSE int fd = -1;
	int ret;

	if (ioctl(d->device, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0)
		return -errno;
	if (info.count < 1 || !(info.flags & VFIO_IRQ_INFO_EVENTFD))
		return -EOPNOTSUPP;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	ret = set_irqs(d, index, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		       1, &fd);
	if (ret < 0)
		return ret;
	ret = fd;
	fd = -1;
	return ret;
}

int vfio_irq_off(const struct vfio_dev *d, uint32_t index)
{
	return set_irqs(d, index, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0,
			NULL);
}

int vfio_intx_unmask(const struct vfio_dev *d)
{
	return set_irqs(d, VFIO_PCI_INTX_IRQ_INDEX,
			VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 1, NULL);
}

int vfio_irq_wait(int event_fd, int ms)
{
	struct pollfd p = { .fd = event_fd, .events = POLLIN };
	uint64_t count;
	int ready = poll(&p, 1, ms);

	if (ready < 0)
		return -errno;
	if (ready == 0)
		return -ETIMEDOUT;
	return read(event_fd, &count, sizeof(count)) < 0 ? -errno : (int)count;
}

int vfio_can_reset(const struct vfio_dev *d)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (ioctl(d->device, VFIO_DEVICE_GET_INFO, &info) < 0)
		return -errno;
	return !!(info.flags & VFIO_DEVICE_FLAGS_RESET);
}

int vfio_reset(const struct vfio_dev *d)
{
	return result(ioctl(d->device, VFIO_DEVICE_RESET));
}
