/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/measure.h"
#include "vmtests/measure-part.h"

#define DEV "sys/bus/pci/devices/"
#define DRV "sys/bus/pci/drivers/"
#define PCI "sys/bus/pci/"
#define PARAM "sys/module/vfio_pci/parameters/"
/* Give it to vfio-pci; take it back from there. */
#define LEND(fn) "! store " DEV fn "/driver_override vfio-pci\n"
#define BACK(fn) "- store " DEV fn "/driver_override %0A\n"

/* clang-format off */
const struct measure_scene measure_scenes[] = {
	/* Nothing has been done yet. */
	{ MEASURE_MAIN,
	  "fresh? read " DEV "{edu}/power_state\n"
	  "domains? read sys/class/iommu/dmar0/intel-iommu/domains_used\n"
	  "groups? read sys/kernel/iommu_groups\n"
	  "virqfd? stat sys/module/vfio_virqfd\n"
	  "module-link? stat " DRV "pcieport/module\n"
	  "serial? stat " DEV "{nic}/serial_number\n"
	  "wakeup? stat sys/devices/pci0000:00/wakeup\n"
	  "streams? stat sys/devices/pci0000:00/available_secure_streams\n"
	  "bwctrl? stat sys/bus/pci_express/drivers/pcie_bwctrl\n"
	  "aer-any? stat " DEV "{up}/{up}:pcie102\n"
	  "slot-link? stat " PCI "slots/{slot}/module\n"
	  "seek? seek " DEV "{nic}/resource0\n"
	  "map-io? map " DEV "{nic}/resource2\n"
	  "! stat " DEV "{port}/{port}:pcie001\n"
	  "port-power? stat " DEV "{port}/{port}:pcie001/power/runtime_status\n" },
	/* Stores. */
	{ MEASURE_MAIN,
	  "rom? store " DEV "{vga}/rom junk\n"
	  "- store " DEV "{vga}/rom 0\n"
	  "bool? store " PARAM "nointxmask d\n"
	  "numa? store " DEV "{edu}/numa_node -1\n"
	  "cxl? store " DEV "{nic}/reset_method cxl_bus\n"
	  "type? store sys/kernel/iommu_groups/{wide-group}/type DMA-FQ\n"
	  "! store " DRV "vfio-pci/new_id 1aaaa%20bbbb\n"
	  "new-id? store " DRV "vfio-pci/new_id 1aaaa%20bbbb\n"
	  "- store " DRV "vfio-pci/remove_id 1aaaa%20bbbb\n"
	  "- store " DRV "vfio-pci/remove_id 1aaaa%20bbbb\n" },
	/* Power, and a reset: it is told only where a driver has no say in it. */
	{ MEASURE_MAIN,
	  "reset? store " DEV "{nic}/reset 1\n"
	  "before? read " DEV "{nic}/power_state\n"
	  "! store " DRV "e1000e/unbind {nic}\n"
	  "unbound? read " DEV "{nic}/power_state\n"
	  LEND("{nic}")
	  "refs? read sys/module/vfio/refcnt\n"
	  "! store " DRV "vfio-pci/bind {nic}\n"
	  "refs-bound? read sys/module/vfio/refcnt\n"
	  "- run sleep 0.5\n"
	  "idle-first? read " DEV "{nic}/power_state\n"
	  "! store " DRV "vfio-pci/unbind {nic}\n"
	  "! store " PARAM "disable_idle_d3 Y\n"
	  "! store " DRV "vfio-pci/bind {nic}\n"
	  "- run sleep 0.5\n"
	  "idle-d3? read " DEV "{nic}/power_state\n"
	  "- store " DRV "vfio-pci/unbind {nic}\n"
	  BACK("{nic}")
	  "- store " PARAM "disable_idle_d3 N\n"
	  "- store " PCI "drivers_probe {nic}\n" },
	/* Interrupts that msi_bus forbids; a group without translation. */
	{ MEASURE_MAIN,
	  "! store " DRV "e1000e/unbind {nic}\n"
	  "! store " DEV "{nic}/msi_bus 0\n"
	  "! store " DRV "e1000e/bind {nic}\n"
	  "msi-folder? stat " DEV "{nic}/msi_irqs\n"
	  "- store " DRV "e1000e/unbind {nic}\n"
	  "- store " DEV "{nic}/msi_bus 1\n"
	  "- store " DRV "e1000e/bind {nic}\n"
	  "used? read sys/class/iommu/dmar0/intel-iommu/domains_used\n"
	  "! store sys/kernel/iommu_groups/{edu-group}/type identity\n"
	  "used-identity? read sys/class/iommu/dmar0/intel-iommu/domains_used\n"
	  "- store sys/kernel/iommu_groups/{edu-group}/type auto\n" },
	/* An unbind that waits for a user. */
	{ MEASURE_MAIN,
	  "- store sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts Y\n"
	  LEND("{edu}")
	  "! store " DRV "vfio-pci/bind {edu}\n"
	  "! claim {edu-group}\n"
	  "* store " DRV "vfio-pci/unbind {edu}\n"
	  "vfio-dev? stat " DEV "{edu}/vfio-dev\n"
	  "uevent? read " DEV "{edu}/uevent\n"
	  "override? read " DEV "{edu}/driver_override\n"
	  "- release {edu-group}\n"
	  BACK("{edu}") },
	/* Removed, and found again. */
	{ MEASURE_MAIN,
	  "! store " PCI "drivers_autoprobe 0\n"
	  "hold? hold " DEV "{nic}/vendor\n"
	  "remove? store " DEV "{nic}/remove 1\n"
	  "nlink? links " DEV "{nic}/vendor\n"
	  "! store " PCI "rescan 1\n"
	  "! stat " DEV "{nic}\n"
	  "autoprobe? stat " DEV "{nic}/driver\n"
	  "- store " PCI "drivers_autoprobe 1\n"
	  "- store " PCI "drivers_probe {nic}\n" },
	/* Bridges. */
	{ MEASURE_MAIN,
	  "- store " DRV "shpchp/unbind {bridge}\n"
	  LEND("{bridge}")
	  "probe? store " DRV "vfio-pci/bind {bridge}\n"
	  BACK("{bridge}") },
	{ MEASURE_MAIN,
	  "sizes? read " DEV "{port}/resource\n"
	  "! store " DEV "{port}/remove 1\n"
	  "rescan? store " PCI "rescan 1\n"
	  "sizes-again? read " DEV "{port}/resource\n"
	  "! store " DEV "{above}/remove 1\n"
	  "! store " PCI "rescan 1\n"
	  "windows? read " DEV "{bridge}/resource\n" },
	{ MEASURE_MAIN,
	  LEND("{vga}")
	  "vga? store " DRV "vfio-pci/bind {vga}\n" },
	{ MEASURE_VIRTIO,
	  "units? read sys/class/iommu\n"
	  "lazy? stat " DEV "0000:00:09.0/iommu_group\n" },
	{ MEASURE_AMD,
	  "features? read sys/class/iommu/ivhd0/amd-iommu/features\n" },
};
const size_t n_measure_scenes = ARRAY_SIZE(measure_scenes);

#define MEMBER(m, t) .member = #m, .offset = offsetof(struct kernel_profile, m), .type = t
#define ANSWER(l, y, n) .label = l, .yes = y, .no = n
#define LOG(l, y, n) .label = l, .yes_log = y, .no_log = n
#define WITH(l, f) .label = l, .read = f
#define THERE(l) ANSWER(l, 0, -ENOENT)
#define NOT_THERE(l) ANSWER(l, -ENOENT, 0)

/* In the order of struct kernel_profile. */
const struct measure_row measure_rows[] = {
	{ "F1", MEMBER(rom_strict, MEASURE_BOOL), ANSWER("rom", -EINVAL, MEASURE_WORKS), .how = "store junk in rom: is it EINVAL?" },
	{ "F1/e", MEMBER(bool_takes_e, MEASURE_BOOL), ANSWER("bool", MEASURE_WORKS, -EINVAL), .how = "store d in a parameter of vfio_pci: is it taken?" },
	{ "F2", MEMBER(new_id_u32, MEASURE_BOOL), ANSWER("new-id", -EEXIST, MEASURE_WORKS), .how = "new_id 1aaaa bbbb twice: is it EEXIST?" },
	{ "F5", MEMBER(override_device_lock, MEASURE_BOOL), ANSWER("override", OP_BLOCKED, MEASURE_WORKS), .how = "read driver_override while an unbind waits: does it block?" },
	{ "F6", MEMBER(uevent_device_lock, MEASURE_BOOL), ANSWER("uevent", OP_BLOCKED, MEASURE_WORKS), .how = "read uevent while an unbind waits: does it block?" },
	{ "F13", MEMBER(resize_needs_admin, MEASURE_BOOL), .how = "no function here has a resizable BAR" },
	{ "F3", MEMBER(unbound_state, MEASURE_TEXT), WITH("unbound", measure_read_unbound), .how = "power_state after unbind of a card that was in D0" },
	{ "F4", MEMBER(fresh_state, MEASURE_TEXT), WITH("fresh", measure_read_word), .how = "power_state of a function that no driver has had" },
	{ "F8", MEMBER(type_multi, MEASURE_BOOL), WITH("type", measure_read_type), .how = "store DMA-FQ in type of a group of several: is it EINVAL?" },
	{ "F9", MEMBER(vfio_dev_first, MEASURE_BOOL), NOT_THERE("vfio-dev"), .how = "is vfio-dev/ gone while an unbind waits?" },
	{ "F10", MEMBER(probe_failed_dev, MEASURE_BOOL), LOG("probe", ": probe with driver vfio-pci failed", "vfio-pci: probe of "), .how = "bind a bridge to vfio-pci: the line of the log" },
	{ "F7", MEMBER(autoprobe_on_rescan, MEASURE_BOOL), NOT_THERE("autoprobe"), .how = "remove and rescan with drivers_autoprobe 0: no driver?" },
	{ "F11", MEMBER(logs_group_removal, MEASURE_BOOL), LOG("remove", "Removing from iommu group", NULL), .how = "remove: does the log tell of the group?" },
	{ "F12", MEMBER(builtin_module_link, MEASURE_BOOL), THERE("module-link"), .how = "has the driver pcieport a link module?" },
	{ "F14", MEMBER(numa_same_silent, MEASURE_BOOL), WITH("numa", measure_read_silent), .how = "store the same numa_node: is the log silent?" },
	{ "F15", MEMBER(cxl_bus, MEASURE_BOOL), LOG("cxl", "Unsupported reset method", "Invalid reset method"), .how = "store cxl_bus in reset_method: unsupported, or invalid?" },
	{ "F15/log", MEMBER(logs_reset, MEASURE_BOOL), WITH("reset", measure_read_reset), .how = "reset: does the log tell?" },
	{ "F19", MEMBER(serial_number_attr, MEASURE_BOOL), THERE("serial"), .how = "has a card with a serial number a file serial_number?" },
	{ "F19/wakeup", MEMBER(acpi_wakeup, MEASURE_BOOL), THERE("wakeup"), .how = "has the root bus, a node of the firmware's, a folder wakeup?" },
	{ "secure_streams", MEMBER(secure_streams, MEASURE_BOOL), THERE("streams"), .how = "has the root bus available_secure_streams?" },
	{ "port_runtime_attrs", MEMBER(port_runtime_attrs, MEASURE_BOOL), THERE("port-power"), .how = "has a port service power/runtime_status?" },
	{ "aer_any_port", MEMBER(aer_any_port, MEASURE_BOOL), THERE("aer-any"), .how = "has an upstream port a service pcie102?" },
	{ "slot_module_link", MEMBER(slot_module_link, MEASURE_BOOL), THERE("slot-link"), .how = "has a slot of acpiphp a link module?" },
	{ "bwctrl", MEMBER(bwctrl, MEASURE_BOOL), THERE("bwctrl"), .how = "is there a driver pcie_bwctrl?" },
	{ "identity_takes_id", MEMBER(identity_takes_id, MEASURE_BOOL), WITH("used-identity", measure_read_identity), .how = "type identity of a group: does domains_used stay?" },
	{ "msi_folder_first", MEMBER(msi_folder_first, MEASURE_BOOL), THERE("msi-folder"), .how = "bind a card whose msi_bus is 0: is there msi_irqs?" },
	{ "reserved_domains", MEMBER(reserved_domains, MEASURE_NUMBER), WITH("domains", measure_read_domains), .how = "domains_used, less one for each group" },
	{ "features2_first", MEMBER(features2_first, MEASURE_BOOL), WITH("features", measure_read_features), .how = "amd-iommu/features beside the log's line" },
	{ "efifb_awake", MEMBER(efifb_awake, MEASURE_BOOL), .how = "no UEFI here" },
	{ "windows_at_setup", MEMBER(windows_at_setup, MEASURE_BOOL), WITH("rescan", measure_read_setup), .how = "a port found again: its windows come before what is behind it?" },
	{ "windows_shrink", MEMBER(windows_shrink, MEASURE_BOOL), WITH("sizes-again", measure_read_shrink), .how = "resource of a port found again: other sizes?" },
	{ "F16", MEMBER(seek_end_is_size, MEASURE_BOOL), WITH("seek", measure_read_seek), .how = "SEEK_END in resource0: is it 0?" },
	{ "F18", MEMBER(unlinked_nlink0, MEASURE_BOOL), ANSWER("nlink", 0, 1), .how = "fstat of vendor, open, after remove: 0 links?" },
	{ "F20", MEMBER(idle_d3_live, MEASURE_BOOL), WITH("idle-d3", measure_read_idle), .how = "disable_idle_d3 Y, then bind: is it in D0?" },
	{ "F24", MEMBER(domain_type_tail, MEASURE_TEXT), .read = measure_read_tail, .how = "what follows \"Default domain type: Translated\" in the log" },
	{ "F21", MEMBER(grouping.acs.config_acs, MEASURE_BOOL), .read = measure_read_config_acs, .how = "boot with pci=config_acs=: is it no unknown option?" },
	{ "F28", MEMBER(grouping.acs.idt_no_sv, MEASURE_BOOL), .how = "no switch of IDT's here" },
	{ "F27", MEMBER(grouping.acs.ast_no_alias, MEASURE_BOOL), .how = "no AST1150 here" },
	{ "F23", MEMBER(grouping.virtio_lazy, MEASURE_BOOL), WITH("lazy", measure_read_lazy), .how = "virtio-iommu: a function without driver has no group?" },
	{ "pci_option_quote", MEMBER(pci_option_quote, MEASURE_CHAR), .read = measure_read_quote, .how = "boot with pci=pcipass: the line of the log" },
	{ "F25", MEMBER(log_port_type, MEASURE_BOOL), .read = measure_read_port_type, .how = "a card found at boot: does the log tell its type?" },
	{ "F26", MEMBER(zero_windows, MEASURE_BOOL), WITH("windows", measure_read_zero), .how = "a bridge found again, nothing prefetchable behind: its window in resource" },
	{ "vfio_fs", MEMBER(vfio_fs, MEASURE_BOOL), WITH("refs-bound", measure_read_refs), .how = "refcnt of vfio: is it greater when a card is with vfio-pci?" },
	{ "F29", MEMBER(vfio_virqfd, MEASURE_BOOL), THERE("virqfd"), .how = "is vfio_virqfd loaded with vfio_pci?" },
	{ "F30", MEMBER(vga_decodes, MEASURE_TEXT), WITH("vga", measure_read_vga), .how = "bind the VGA to vfio-pci: the words of vgaarb" },
	{ "vga_given_back", MEMBER(vga_given_back, MEASURE_BOOL), .how = "no boot without IOMMU here" },
	{ "aer_switches_reports", MEMBER(aer_switches_reports, MEASURE_BOOL), .how = "registers are not read here" },
	/* What the profile has no member for. */
	{ "F17", .type = MEASURE_NUMBER, WITH("map-io", measure_read_errno), .how = "mmap of an I/O resource: its errno" },
	{ "F22", .type = MEASURE_BOOL, .read = measure_read_acs_when, .how = "pci=config_acs=: does a driver's probe set ACS?" },
};
const size_t n_measure_rows = ARRAY_SIZE(measure_rows);
/* clang-format on */
