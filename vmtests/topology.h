/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topology - the hardware of a lab guest: a JSON file of topologies/, whose format is in
 * topologies/README.md.
 */
#pragma once

#include <jansson.h>

#include "vmtests/lab.h"

/* How libvirt is told about a device. */
enum topology_how {
	HOW_CONTROLLER, /* a port or bridge, as <controller type='pci'> */
	HOW_NIC,
	HOW_VIDEO,
	HOW_USB,
	HOW_QEMU, /* libvirt does not know it: by its name in QEMU */
};

struct topology_kind {
	const char *name; /* in a topology, and QEMU's for the device */
	enum topology_how how;
	const char *model; /* libvirt's for it */
	bool no_save;      /* QEMU cannot save a guest that has one */
};

struct topology_device {
	const struct topology_kind *kind;
	const char *name; /* its bus's name for others; NULL: nobody's bus */
	int on;           /* index of the device whose bus it is on; -1: the root bus */
	unsigned slot, fn;
	bool multifunction;
	bool no_acs;     /* a port without Access Control Services */
	bool data;       /* an NVMe with the blocks of block-pattern.h */
	json_t *options; /* further ones of QEMU; NULL: none */
};

struct lab_topology {
	const char *name, *about;
	const char *iommu;    /* "intel", "amd", "virtio", "none" */
	const char *firmware; /* "seabios", "ovmf" */
	bool interrupt_remapping;
	VEC(struct topology_device) devices;
};

extern const char *const topology_iommus[], *const topology_firmwares[];

/*
 * Read topologies/NAME.json, or the file @name if it has a slash. -ENOENT, -EINVAL with
 * @e "FILE: devices[2].kind: ...".
 */
int topology_load(const struct lab *l, const char *name, struct lab_topology *ret,
		  struct err *e);
/* Can QEMU save a guest that has it? */
bool topology_saves(const struct lab_topology *t);
void topology_done(struct lab_topology *t);
/* The same machine with another IOMMU or firmware; NULL: as it is. -EINVAL with @e. */
int topology_change(struct lab_topology *t, const char *iommu, const char *firmware,
		    struct err *e);
