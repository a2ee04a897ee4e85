/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node - paths of the simulated sys, proc and dev: resolving, listing, link targets. No
 * tree is held; a path is walked through the directory kinds, at a cost that grows with
 * its depth and the logarithm of what its directories hold.
 */
#pragma once

#include "fakesys/attr.h"

struct node_cache {
	char path[256];
	size_t len; /* 0: holds nothing */
	struct node dir;
	uint64_t changes; /* of the sim, at that time */
};

/*
 * What stands at @path ("" is the root). @follow: what a last link points to. -ENOENT,
 * -ENOTDIR, -ENAMETOOLONG.
 */
int node_resolve(const struct sim *s, const char *path, bool follow, struct entry *ret);
/* Is this path the model's? Else it is the disk's. */
bool node_owns(const char *path);
/* Calls @fn as host_ops.list. */
int node_list(const struct sim *s, const struct node *dir, host_list_fn *fn, void *arg);
/* What @name (of @len bytes) is in @dir. -ENOENT. */
int node_lookup(const struct sim *s, const struct node *dir, const char *name, size_t len,
		struct entry *ret);
/* Calls @fn for every entry with its type, until it returns < 0, which is returned. */
typedef int node_each_fn(void *arg, const char *name, mode_t type);
int node_each(const struct sim *s, const struct node *dir, node_each_fn *fn, void *arg);
/* The numbers of a character device. */
void node_device(const struct sim *s, const struct entry *e, const char *name,
		 uint32_t *ret_major, uint32_t *ret_minor);
/* The path of a directory, from the root, without a leading slash; returns its length. */
int node_path(const struct sim *s, const struct node *dir, char *buf, size_t size);
/* A link's text, relative as sysfs makes it (fs/kernfs/symlink.c); returns its length. */
int node_link_text(const struct sim *s, const struct entry *link, char *buf, size_t size);
/* Bytes that stat(2) reports. */
uint64_t node_size(const struct sim *s, const struct entry *e);

/* Order of paths with all below a folder right behind it: '/' before any other byte. */
int node_path_cmp(const char *a, size_t a_len, const char *b, size_t b_len);

/* The entry for a directory, link or file that a lookup found; always 0. */
int node_found_dir(struct entry *ret, struct node dir);
int node_found_link(struct entry *ret, const struct node *in, struct node target);
int node_found_file(struct entry *ret, const struct node *in, const struct attr *a);
/* A link to @path from the root, which need not exist; @path is kept. */
int node_found_path(struct entry *ret, const struct node *in, const char *path);

/* Kinds that one file defines and others point to. */
extern const struct dir_kind dir_root; /* sim-static.c: "", "sys" and its fixed folders */
extern const struct dir_kind dir_sys, dir_bus, dir_devices, dir_virtual, dir_kernel,
	dir_firmware;
extern const struct dir_kind dir_bus_pci;   /* sim-bus.c */
extern const struct dir_kind dir_root_bus;  /* i = into sim.roots */
extern const struct dir_kind dir_pci_buses; /* pci_bus below a bridge; i = the bridge */
extern const struct dir_kind
	dir_pci_bus; /* one bus; i = its bridge, or SIM_NONE and j = root */
extern const struct dir_kind dir_express; /* sim-express.c */
extern const struct dir_kind dir_express_driver;
extern const struct dir_kind dir_slots;  /* sim-slot.c */
extern const struct dir_kind dir_fn;     /* sim-fn.c: i = the function */
extern const struct dir_kind dir_driver; /* driver-files.c: p = struct sim_driver */
extern const struct dir_kind dir_drivers;
extern const struct dir_kind dir_modules; /* sim-module.c */
extern const struct dir_kind dir_module;  /* p = struct sim_module */
extern const struct dir_kind dir_groups;  /* iommu-files.c */
extern const struct dir_kind dir_group;   /* i = into sim.groups */
extern const struct dir_kind dir_virtual_iommu;
extern const struct dir_kind dir_unit;       /* i = into sim.units */
extern const struct dir_kind dir_unit_intel; /* iommu-unit.c */
bool iommu_unit_known(const struct sim *s, const struct node *dir, const struct attr *a);
extern const struct dir_kind dir_unit_amd;
bool iommu_amd_known(const struct sim *s, const struct node *dir, const struct attr *a);
extern const struct dir_kind dir_classes; /* sim-class.c */
extern const struct dir_kind dir_class;   /* p = its name */
extern const struct dir_kind dir_block;   /* sys/block */
extern const struct dir_kind dir_kid; /* sim-kid.c: below function i, path p up to j */
extern const struct dir_kind dir_stacked; /* j = into sim.kids: of devices/virtual */
extern const struct dir_kind dir_virtual_block, dir_virtual_net, dir_virtual_nvme;
extern const struct dir_kind dir_vfio_dev; /* vfio-files.c: i = the function */
extern const struct dir_kind dir_vfio_one; /* vfioN in it; i = the function */
extern const struct dir_kind dir_virtual_vfio, dir_dev;
extern const struct dir_kind dir_virtual_devlink; /* sim-devlink.c */
extern const struct dir_kind dir_virtual_misc, dir_misc_vfio;
extern const struct dir_kind dir_vfio_group;         /* i = into sim.groups */
extern const struct dir_kind dir_proc, dir_proc_sub; /* sim-proc.c */
extern const struct dir_kind dir_system;             /* sim-system.c: below devices */
extern const struct dir_kind dir_sys_dev, dir_dev_block, dir_dev_char; /* below sys */
extern const struct dir_kind dir_efi; /* sim-firmware.c */
extern const struct dir_kind dir_acpi;
extern const struct dir_kind dir_opaque; /* sim-opaque.c: j = into sim.opaque */
