/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules - inside of finding: the checks of the table in rules.c, one file for each step
 * of the guide, and what they share.
 */
#pragma once

#include "core/finding.h"

typedef void rule_check(const struct rule *r, const struct judged *j, findings *ret);

/* rules-hardware.c */
rule_check check_no_functions, check_iommu_unknown, check_no_virtualization,
	check_no_iommu_table, check_table_unreadable, check_table_damaged,
	check_dma_opt_in, check_rmrr, check_rmrr_relaxable, check_no_interrupt_remapping,
	check_unsafe_interrupts, check_reset_missing, check_not_endpoint,
	check_vfio_denylist, check_vfs_enabled, check_vf_not_at_boot, check_secure_boot,
	check_facts_unknown;
/* rules-cmdline.c */
rule_check check_iommu_off, check_iommu_on, check_iommu_failed, check_iommu_no_driver,
	check_iommu_not_active_yet, check_loader_not_refreshed, check_option_useless,
	check_option_turns_off, check_acs_ignored, check_acs_used, check_unknown_loader,
	check_next_boot_unknown;
/* rules-modules.c */
rule_check check_vfio_missing, check_virqfd_gone, check_vfio_builtin, check_ids_malformed,
	check_vfio_option_unknown, check_modprobe_line_bad, check_modprobe_file_ignored,
	check_vfio_contradiction, check_vfio_kept_out, check_ids_take_others,
	check_both_methods, check_driver_builtin;
/* rules-initramfs.c */
rule_check check_initramfs_stale, check_native_in_initramfs, check_boot_race,
	check_no_initramfs, check_kernel_left_out;
/* rules-groups.c */
rule_check check_group_shared, check_group_missing;
/* rules-gpu.c */
rule_check check_gpu_no_efi, check_gpu_rom_unknown, check_boot_vga, check_framebuffer,
	check_companions, check_console_hidden, check_vm_advice, check_big_bar,
	check_resizable_bar;
/* rules-host.c */
rule_check check_driver_in_use, check_identical_ids, check_blacklist_others,
	check_host_disk, check_host_network, check_host_console, check_host_keyboard;
/* rules-ready.c */
rule_check check_ready_driver, check_ready_group, check_ready_node, check_ready;

/* Lists in texts name so many and count the rest. */
#define NAMES_MAX 8

/* "0000:01:00.0 (10de:1b81)", in j->arena. */
const char *rule_name(const struct judged *j, const struct pci_fn *fn);
/* A growing list in words: "a, b and 3 more". */
struct name_list {
	struct arena *arena;
	strings names;
	size_t more;
};
void name_list_add(struct name_list *l, const char *name);
const char *name_list_text(const struct name_list *l);

/* Bound to a driver that leaves DMA to a VM's owner: vfio-pci and variants, pci-stub. */
bool rule_given_away(const struct pci_fn *fn);
bool rule_has_vfio(const struct pci_fn *fn);
/* Does a driver of the host stand in the way of a VM that takes the group? */
bool rule_host_driven(const struct pci_fn *fn);
/* The entry of vfio-pci's ids= that takes @fn, or NULL. */
const struct vfio_id *rule_vfio_id(const struct judged *j, const struct pci_fn *fn);
/* Modules of j->kernel that drive @fn, vfio's own left out. */
void rule_natives(const struct judged *j, const struct pci_fn *fn, strings *ret);
/*
 * Does the next boot load vfio-pci before everything that would drive @fn? And does it
 * load a driver for it before the root file system is there?
 */
bool rule_vfio_first(const struct judged *j, const struct pci_fn *fn);
bool rule_native_early(const struct judged *j, const struct pci_fn *fn);
/* Has the machine a running kernel? An installed image has none: nothing is so now. */
bool rule_is_running(const struct judged *j);
bool rule_is_taken(const struct judged *j, const struct pci_fn *fn);
/* NULL: not listed. */
const struct iommu_group *rule_group(const struct judged *j, int id);
/* Why it is not known whether the firmware has *ret_table; NULL: all are known. */
const char *rule_tables_unknown(const struct judged *j, const char **ret_table);
/* "" for a file that is not there, or no regular one. */
const char *rule_file_text(const struct machine_file *f);
