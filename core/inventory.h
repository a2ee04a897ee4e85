/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory - read a host into a struct machine. What cannot be read becomes unknown with
 * the reason; only a host without any PCI tree is an error.
 */
#pragma once

#include "core/host.h"
#include "core/machine.h"

enum inventory_parts {
	INV_FUNCTIONS =
		1 << 0,     /* ids, driver, group of every function: what `list` shows */
	INV_FACTS = 1 << 1, /* all else that is cheap */
	INV_INITRAMFS = 1 << 2, /* the contents of every installed initramfs */
	INV_ROMS =
		1 << 3, /* option ROMs of display functions no driver but vfio-pci has */
	/*
	 * The units of the IOMMU; and where no function has a group, what it takes to
	 * compute groups: configuration space, tables, log, command lines. INV_FACTS has
	 * all of that.
	 */
	INV_GROUPS = 1 << 4,
	INV_ALL = INV_FUNCTIONS | INV_FACTS | INV_INITRAMFS | INV_ROMS,
};

/*
 * Facts by the names under which they stand in machine.unknown. A fact is unknown when
 * reading it failed, or when it is not part of a tree whose kernel does not run here:
 *   functions                     the tree has no PCI functions (an installed image)
 *   functions/BDF/config          nothing of it, or only the standard header
 *   functions/BDF/{resources,override,reset,driver,iommu_group,physfn,rom}
 *   children                      sys/class is missing
 *   groups, iommu, iommu/interrupt_remapping
 *   acpi/{DMAR,IVRS,VIOT}
 *   cpu, efi, secure_boot, loader_info
 *   release, kernel_version, cmdline, loaded, klog
 *   files/PATH                    a file or folder of inventory_files
 *   kernels/RELEASE/initramfs
 */

/*
 * The caller owns *ret_machine. -ENOENT with @e: no PCI functions below sys/bus/pci (on a
 * --root image: the configuration files are read all the same and fns is empty). Another
 * error: what this host answered when its functions were to be listed.
 */
int inventory_read(const struct host *h, unsigned parts, struct machine **ret_machine,
		   struct err *e);

/*
 * The paths (files, or directories meant with all files in them) that inventory reads
 * into machine.files, NULL-terminated. Capture records these, fakesys's disk holds them.
 */
extern const char *const inventory_files[];
