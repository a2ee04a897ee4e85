/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile - how one kernel package behaves where kernels differ: data, one struct for
 * each package, and no comparison of versions anywhere else.
 */
#pragma once

#include "core/grouping.h"
#include "core/machine.h"

struct kernel_profile {
	const char *name;    /* "debian-6.12.107" */
	const char *alias;   /* "6.12": the newest of its line; NULL: not the newest */
	unsigned version[3]; /* of the package */
	bool rom_strict;     /* F1: `rom` takes kstrtobool, junk is -EINVAL */
	bool bool_takes_e;   /* F1: kstrtobool knows e(nable) and d(isable) */
	bool new_id_u32;     /* F2: ids compared as u32, static table first */
	bool override_device_lock; /* F5: driver_override takes the lock of the device */
	bool uevent_device_lock;   /* F6: so does reading uevent */
	bool resize_needs_admin;   /* F13 */
	const char *unbound_state; /* F3: power_state after unbind from D0 */
	const char *fresh_state;   /* F4: power_state of a function never bound */
	bool type_multi;           /* F8: group `type` takes groups of several devices */
	bool vfio_dev_first;       /* F9: vfio-dev is gone while an unbind waits */
	bool probe_failed_dev;     /* F10: the line names the device before its text */
	bool autoprobe_on_rescan;  /* F7: a rescan respects drivers_autoprobe */
	bool logs_group_removal;   /* F11 */
	bool builtin_module_link;  /* F12 */
	bool numa_same_silent;     /* F14: storing the node it has is no override */
	bool cxl_bus;              /* F15: a seventh reset method */
	bool logs_reset;           /* F15: "resetting" and "reset done" */
	bool serial_number_attr;   /* F19: serial_number, aer/ */
	bool acpi_wakeup;          /* F19: wakeup/ of what has a node of the firmware's */
	bool secure_streams;       /* a root bus has available_secure_streams */
	bool port_runtime_attrs;   /* power/ of port services has more than async */
	bool aer_any_port;         /* AER services of switch ports: pcie102, pcie202 */
	bool slot_module_link;     /* a slot names the module that switches it */
	bool bwctrl;               /* a driver takes pcie010 */
	bool msi_folder_first;  /* msi_irqs is made before it is known if there are any */
	bool identity_takes_id; /* of an Intel IOMMU's domains, once for all such groups
				 */
	unsigned reserved_domains; /* ids that an Intel IOMMU never gives to a group */
	bool features2_first;      /* amd-iommu/features: the second first */
	bool efifb_awake; /* efifb keeps the function of its screen from suspending */
	bool windows_at_setup; /* a bridge's windows are said when it is found */
	bool windows_shrink;   /* a bridge found again gets windows of another size */
	bool seek_end_is_size; /* F16: SEEK_END on a mappable resourceN */
	bool unlinked_nlink0;  /* F18: fstat of a removed file that is open */
	bool idle_d3_live;     /* F20: disable_idle_d3 counts at bind, not at load */
	const char *domain_type_tail;    /* F24: " " or "" */
	struct grouping_kernel grouping; /* F21, F23, F27, F28 */
	char pci_option_quote;           /* opens what pci= does not know */
	bool log_port_type;              /* F25 */
	bool zero_windows;               /* F26: disabled bridge windows shown as zeros */
	bool vfio_fs;                    /* VFIO devices pin a file system of vfio's */
	bool vfio_virqfd;                /* F29: a module of its own */
	const char *vga_decodes;         /* F30: the words of vgaarb's line */
	bool aer_switches_reports;       /* of errors, with its service (pcie/aer.c) */
	bool vga_given_back;             /* also by a vfio-pci that cannot have it */
};

extern const struct kernel_profile kernel_profiles[];
extern const size_t n_kernel_profiles;

/* By name, alias, or package version ("6.1.192"); NULL: no such profile. */
const struct kernel_profile *profile_find(const char *name);
/*
 * The profile for the kernel a machine was recorded with: its own package version, else
 * the nearest by number, then *ret_proven is false, as it is where the release is
 * unknown.
 */
const struct kernel_profile *profile_for(const struct machine *m, bool *ret_proven);
/* Numbers of the package of a machine's kernel; false: it is none of Debian's, and they
 * are those of its release. */
bool profile_package(const struct machine *m, unsigned ret[static 3]);

/* How @m's kernel forms groups is how @p does; NULL: as profile_for() says. */
void profile_apply(struct machine *m, const struct kernel_profile *p);
