/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "core/util.h"
#include "vmtests/inside-claim.h"
#include "vmtests/inside-fn.h"
#include "vmtests/inside-vfio.h"

/* A descriptor, or an error: @fd as it is. */
static int keep(struct inside_claim *c, int fd)
{
	if (fd < 0)
		return fd;
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
	char path[PATH_MAX], driver[64];
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices",
		       c->group);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r >= 0 && (entry = readdir(dir)))
		if (fn_driver(entry->d_name, driver, sizeof(driver)) == 0 &&
		    streq(driver, "vfio-pci"))
			r = keep(c, vfio_get_device(group, entry->d_name));
	closedir(dir);
	return r < 0 ? r : 0;
}

/* The group first: it is what somebody else may have. Nothing is asked beforehand, so the
 * errors are those of the steps. */
static int take(struct inside_claim *c)
{
	int group = keep(c, vfio_open_group(c->group)), container, r;

	if (group < 0)
		return group;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	container = keep(c, container < 0 ? -errno : container);
	r = container < 0 ? container : vfio_set_container(group, container);
	r = r < 0 ? r : vfio_set_iommu(container);
	return r < 0 ? r : open_devices(c, group);
}

static void give_back(struct inside_claim *c)
{
	while (c->n) /* devices before their group */
		close(c->fds[--c->n]);
}

int inside_claim(struct inside_claims *all, int group)
{
	struct inside_claim *c = &all->v[all->n];
	int r;

	if (all->n == INSIDE_CLAIMS)
		return -EMFILE;
	*c = (struct inside_claim){ .group = group };
	r = take(c);
	if (r < 0)
		give_back(c);
	else
		all->n++;
	return r;
}

int inside_release(struct inside_claims *all, int group)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].group != group)
			continue;
		give_back(&all->v[i]);
		all->v[i] = all->v[--all->n];
		return 0;
	}
	return -ENOENT;
}
