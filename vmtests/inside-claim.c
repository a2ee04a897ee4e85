/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "core/util.h"
#include "vmtests/inside-claim.h"

static int keep(struct inside_claim *c, int fd)
{
	if (fd < 0)
		return -errno;
	if (c->n == INSIDE_CLAIM_FDS) {
		close(fd);
		return -EMFILE;
	}
	c->fds[c->n++] = fd;
	return fd;
}

/* The devices of the group that are with vfio-pci. */
static int open_devices(struct inside_claim *c, int group)
{
	char path[PATH_MAX], link[PATH_MAX];
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices",
		       c->group);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r >= 0 && (entry = readdir(dir))) {
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/driver",
			       entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = '\0';
		if (ends_with(link, "/vfio-pci"))
			r = keep(c,
				 ioctl(group, VFIO_GROUP_GET_DEVICE_FD, entry->d_name));
	}
	closedir(dir);
	return r < 0 ? r : 0;
}

static int take_group(struct inside_claim *c)
{
	char path[64];
	int group, container;

	(void)snprintf(path, sizeof(path), "/dev/vfio/%d", c->group);
	group = keep(c, open(path, O_RDWR | O_CLOEXEC));
	if (group < 0)
		return group;
	container = keep(c, open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC));
	if (container < 0)
		return container;
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) < 0 ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return -errno;
	return open_devices(c, group);
}

void inside_release(struct inside_claim *c)
{
	while (c->n) /* devices before their group */
		close(c->fds[--c->n]);
}

int inside_claim(int group, struct inside_claim *ret)
{
	int r;

	*ret = (struct inside_claim){ .group = group };
	r = take_group(ret);
	if (r < 0)
		inside_release(ret);
	return r;
}
