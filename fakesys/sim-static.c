/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-acpi.h"
#include "fakesys/sim-devlink.h"
#include "fakesys/vfio.h"

/* The folders that every machine has. */
#define DIR(child, child_kind)                                                           \
	{                                                                                \
		child, .mode = S_IFDIR | 0755, .dir = &(child_kind)                      \
	}

static bool is_efi(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return s->m->efi;
}

static int seen(void *arg, const char *name)
{
	(void)arg, (void)name;
	return -EEXIST;
}

/* drivers/base/core.c:get_device_parent: a folder of a class comes with its first device.
 */
static bool has_vfio_node(const struct sim *s, const struct node *dir,
			  const struct attr *a)
{
	(void)dir, (void)a;
	return vfio_each_group(s, seen, NULL) < 0;
}

static bool has_devlink(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return devlink_each(s, NULL, seen, NULL) < 0;
}

/* drivers/base/core.c:class_dir_create_and_add: with the first one without a parent. */
static bool has_own_unit(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	(void)dir, (void)a;
	return dir_virtual_iommu.each(s, dir, seen, NULL) < 0;
}

/* clang-format off */
static const struct attr root_rows[] = {
	DIR("dev", dir_dev),
	{ "proc", .mode = S_IFDIR | 0555, .dir = &dir_proc },
	{ "sys", .mode = S_IFDIR | 0555, .dir = &dir_sys },
};
static const struct attr sys_rows[] = {
	DIR("block", dir_block),
	DIR("bus", dir_bus),
	DIR("class", dir_classes),
	DIR("dev", dir_sys_dev),
	DIR("devices", dir_devices),
	DIR("firmware", dir_firmware),
	DIR("kernel", dir_kernel),
	DIR("module", dir_modules),
};
static const struct attr bus_rows[] = {
	DIR("pci", dir_bus_pci),
	DIR("pci_express", dir_express),
};
static const struct attr kernel_rows[] = { DIR("iommu_groups", dir_groups) };
static const struct attr virtual_rows[] = {
	DIR("block", dir_virtual_block),
	{ "devlink", .mode = S_IFDIR | 0755, .visible = has_devlink, .dir = &dir_virtual_devlink },
	{ "iommu", .mode = S_IFDIR | 0755, .visible = has_own_unit, .dir = &dir_virtual_iommu },
	DIR("misc", dir_virtual_misc),
	DIR("net", dir_virtual_net),
	DIR("nvme-subsystem", dir_virtual_nvme),
	{ "vfio", .mode = S_IFDIR | 0755, .visible = has_vfio_node, .dir = &dir_virtual_vfio },
};
static const struct attr devices_rows[] = {
	DIR("system", dir_system),
	DIR("virtual", dir_virtual),
};
static const struct attr firmware_rows[] = {
	DIR("acpi", dir_acpi),
	{ "efi", .mode = S_IFDIR | 0755, .visible = is_efi, .dir = &dir_efi },
};
/* clang-format on */

static uint64_t root_birth(const struct sim *s, const struct node *dir)
{
	(void)dir;
	return s->booted_at;
}

const struct dir_kind dir_root = {
	.name = "",
	.attrs = ATTRS(root_rows),
	.birth = root_birth,
};
const struct dir_kind dir_sys = {
	.name = "sys",
	.parent = &dir_root,
	.attrs = ATTRS(sys_rows),
};
const struct dir_kind dir_bus = {
	.name = "bus",
	.parent = &dir_sys,
	.attrs = ATTRS(bus_rows),
};
const struct dir_kind dir_kernel = {
	.name = "kernel",
	.parent = &dir_sys,
	.attrs = ATTRS(kernel_rows),
};
const struct dir_kind dir_firmware = {
	.name = "firmware",
	.parent = &dir_sys,
	.attrs = ATTRS(firmware_rows),
};
const struct dir_kind dir_virtual = {
	.name = "virtual",
	.parent = &dir_devices,
	.attrs = ATTRS(virtual_rows),
};

/* Root buses stand in order of their numbers. */
static uint32_t find_root(const struct sim *s, uint32_t domain, uint8_t bus)
{
	size_t lo = 0, hi = s->roots.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct sim_root *r = &s->roots.v[mid];

		if (r->domain < domain || (r->domain == domain && r->bus < bus))
			lo = mid + 1;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

static int devices_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	char text[NODE_NAME], have[NODE_NAME];
	unsigned domain, bus;
	uint32_t i;

	(void)dir;
	memcpy(text, name, len);
	text[len] = '\0';
	if (sscanf(text, "pci%8x:%2x", &domain, &bus) != 2)
		return acpi_top_lookup(s, name, len, ret);
	i = find_root(s, domain, (uint8_t)bus);
	if (i == s->roots.n)
		return -ENOENT;
	name_root(have, &s->roots.v[i]);
	if (!streq(text, have))
		return -ENOENT;
	return node_found_dir(ret, (struct node){ .kind = &dir_root_bus, .i = i });
}

static int devices_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	char text[NODE_NAME];
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->roots.n; i++) {
		name_root(text, &s->roots.v[i]);
		r = fn(arg, text);
	}
	return r < 0 ? r : acpi_top_each(s, fn, arg);
}

const struct dir_kind dir_devices = {
	.name = "devices",
	.parent = &dir_sys,
	.attrs = ATTRS(devices_rows),
	.lookup = devices_lookup,
	.each = devices_each,
	.each_type = S_IFDIR,
};
