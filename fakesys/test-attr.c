/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/attr.h"
#include "fakesys/test-sim.h"

/*
 * Forms from kernel.md 1.2 to 1.8 and the recorded trees of the reference guest; more is
 * in test-traps.c.
 */
#define NIC DEV("00:03.0")
#define PORT DEV("00:04.0")
static void with_aer(struct machine *m)
{
	uint8_t *c = test_cfg(&m->fns.v[8]); /* 0a:00.0 */

	c[0x103] = 0x20; /* after SR-IOV, at 0x200 */
	memcpy(c + 0x200, "\x01\x00\x01\x00", 4);
}

static void with_reset(struct machine *m)
{
	m->fns.v[8].reset = "flr bus";
}

static void set_link(struct machine *m, size_t fn, unsigned control)
{
	uint8_t *c = test_cfg(&m->fns.v[fn]), exp = 0x40;

	if (c[PCI_CAPABILITY_LIST] != exp) {
		c[exp + 1] = c[PCI_CAPABILITY_LIST];
		c[PCI_CAPABILITY_LIST] = exp;
		c[exp] = PCI_CAP_ID_EXP;
		c[exp + 2] = 2;
	}
	c[exp + PCI_EXP_DEVCAP + 1] = 0x80;  /* role-based error reporting */
	c[exp + PCI_EXP_LNKCAP + 1] |= 0x0c; /* L0s and L1 */
	c[exp + PCI_EXP_LNKCTL] = (uint8_t)control;
}

/* The port at 00:04.0 and the card behind it can both states and have both on. */
static void with_aspm(struct machine *m)
{
	static const size_t ends[] = { 3, 6, 7 };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		set_link(m, ends[i], 3);
}

static void with_idle_link(struct machine *m)
{
	set_link(m, 3, 0);
	set_link(m, 6, 0);
}

/* A card in a slot of either kind. */
static void add_slots(struct machine *m)
{
	*vec_push(m->arena, &m->slots) = (struct pci_slot){
		"0", "0000:01:00", "acpiphp", "Unknown", "Unknown", 1, 0, 1
	};
	*vec_push(m->arena, &m->slots) = (struct pci_slot){
		"8", "0000:0a", "pciehp", "2.5 GT/s PCIe", "2.5 GT/s PCIe", 1, 0, 1
	};
}

static void note(struct machine *m, size_t fn, const char *name, const char *text)
{
	*vec_push(m->arena, &m->fns.v[fn].attributes) =
		(struct fn_attribute){ name, text };
}

static void with_driver_facts(struct machine *m)
{
	note(m, 2, "dma_mask_bits", "32"); /* 00:03.0 */
	note(m, 6, "power/wakeup", "enabled");
	note(m, 8, "pools", "poolinfo - 0.1\nprp list page       0    0 4096  0");
}

static void without_units(struct machine *m)
{
	m->units.n = 0;
}

#define LINK_OF(bdf) DEV(bdf) "link/"
#define SLOT(name) "sys/bus/pci/slots/" name "/"
#define EXP(name) "sys/bus/pci_express/drivers/" name "/"
#define PME(rest) DEV("00:04.0") "0000:00:04.0:" rest
#define NVME DEV("0a:00.0")
#define ZERO "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

#define HAS_VF                                                                           \
	{                                                                                \
		HAS, DEV("0a:00.1") "subsystem_vendor", "0x"                             \
	}

/* clang-format off */
static struct test_script rows[] = {
	{ "ids", .steps = { IS(NIC "vendor", "0x8086\n"), IS(NIC "device", "0x10d3\n"),
		IS(NIC "subsystem_vendor", "0x0000\n"), IS(NIC "class", "0x020000\n"),
		IS(NIC "revision", "0x00\n"), IS(NIC "irq", "11\n"),
		IS(NIC "modalias", "pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00\n") } },
	{ "ids of a VF are its physical function's", .steps = {
		IS(DEV("0a:00.1") "vendor", "0x1b36\n"), IS(DEV("0a:00.1") "device", "0x0010\n") } },
	{ "resource: 13 lines", .steps = { IS(NIC "resource",
		"0x00000000feb40000 0x00000000feb5ffff 0x0000000000040200\n" ZERO
		"0x0000000000007140 0x000000000000715f 0x0000000000040101\n"
		ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO) } },
	{ "resource: 17 lines of a bridge", .steps = { IS(PORT "resource",
		ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO) } },
	{ "uevent: with a driver", .steps = { IS(PORT "uevent",
		"DRIVER=pcieport\nPCI_CLASS=60400\nPCI_ID=1B36:000C\nPCI_SUBSYS_ID=0000:0000\n"
		"PCI_SLOT_NAME=0000:00:04.0\n"
		"MODALIAS=pci:v00001B36d0000000Csv00000000sd00000000bc06sc04i00\n") } },
	{ "uevent: without", .steps = { IS(DEV("00:09.0") "uevent",
		"PCI_CLASS=FF00\nPCI_ID=1234:11E8\nPCI_SUBSYS_ID=0000:0000\n"
		"PCI_SLOT_NAME=0000:00:09.0\n"
		"MODALIAS=pci:v00001234d000011E8sv00000000sd00000000bc00scFFi00\n") } },
	{ "uevent: stores", .steps = {
		W(NIC "uevent", "add"), W(NIC "uevent", "change\n"),
		W(NIC "uevent", "add 12345678-1234-1234-1234-123456789abc A=1 B=2"),
		W_FAIL(NIC "uevent", "explode", EINVAL), LOGGED("unknown uevent action string"),
		W_FAIL(NIC "uevent", "add 1234", EINVAL), LOGGED("incorrect uevent action arguments"),
		W_FAIL("sys/bus/pci/uevent", "ad", EINVAL), W("sys/bus/pci/drivers/nvme/uevent", "bind") } },
	{ "processors and nodes of the system", .steps = { IS("sys/devices/system/cpu/online", "0-3\n"),
		IS("sys/devices/system/cpu/offline", "\n"), IS("sys/devices/system/node/online", "0\n"),
		IS("sys/devices/system/node/node0/cpumap", "f\n"), FAILS("sys/devices/system/cpu/cpu4", ENOENT),
		FAILS("sys/devices/system/cpu/cpu03", ENOENT), FAILS("sys/devices/system/node/node1", ENOENT) } },
	{ "devices by their numbers", .steps = {
		{ LINK, "sys/dev/block/259:0", "nvme0n1" }, { LINK, "sys/dev/char/240:0", "nvme0" },
		FAILS("sys/dev/block/240:0", ENOENT), W(DRV("nvme") "unbind", "0000:0a:00.0"),
		FAILS("sys/dev/block/259:0", ENOENT) } },
	{ "processors", .steps = { IS(NIC "local_cpus", "f\n"), IS(NIC "local_cpulist", "0-3\n"),
		IS("sys/class/pci_bus/0000:01/cpuaffinity", "f\n") } },
	{ "links of a root port", .steps = {
		IS(PORT "max_link_speed", "16.0 GT/s PCIe\n"), IS(PORT "max_link_width", "32\n"),
		IS(PORT "current_link_speed", "2.5 GT/s PCIe\n"), IS(PORT "current_link_width", "1\n"),
		FAILS(NIC "max_link_speed", ENOENT) } },
	{ "bus numbers", .steps = { IS(DEV("00:08.0") "secondary_bus_number", "10\n"),
		IS(PORT "subordinate_bus_number", "1\n"), FAILS(NIC "secondary_bus_number", ENOENT) } },
	{ "boot VGA", .steps = { IS(DEV("00:02.0") "boot_vga", "1\n"), FAILS(NIC "boot_vga", ENOENT) } },

	{ "numa_node", .steps = { IS(NIC "numa_node", "-1\n"), W(NIC "numa_node", "0"),
		LOGGED("e1000e 0000:00:03.0: [Firmware Bug]: Overriding NUMA node to 0.  Contact"),
		IS(NIC "numa_node", "0\n"), W_FAIL(NIC "numa_node", "1", EINVAL),
		W_FAIL(NIC "numa_node", "-2", EINVAL), W_FAIL(NIC "numa_node", "2000", EINVAL) } },
	{ "numa_node: the same again is silent on 7.x", .profile = "7.3", .steps = {
		W(NIC "numa_node", "-1"), SILENT("Overriding NUMA node") } },
	{ "numa_node: the same again is not before", .steps = {
		W(NIC "numa_node", "-1"), LOGGED("Overriding NUMA node to -1") } },
	{ "msi_bus", .steps = { W(PORT "msi_bus", "0"), IS(PORT "msi_bus", "0\n"),
		LOGGED("MSI/MSI-X disallowed for future drivers of devices on this bus") } },
	{ "d3cold needs power management", .steps = {
		IS(NIC "d3cold_allowed", "1\n"), IS(PORT "d3cold_allowed", "0\n") } },
	{ "dma masks stay after unbind", .steps = {
		IS(DEV("00:09.0") "dma_mask_bits", "32\n"), W(DRV("e1000e") "unbind", "0000:00:03.0"),
		IS(NIC "dma_mask_bits", "64\n"), IS(PORT "dma_mask_bits", "32\n") } },

	{ "rom: not enabled is EINVAL", .steps = { FAILS(DEV("00:02.0") "rom", EINVAL) } },
	{ "rom: enabled", .steps = { W(DEV("00:02.0") "rom", "1"), IS(DEV("00:02.0") "rom", "U\xaa\x01"),
		W(DEV("00:02.0") "rom", "0\n"), FAILS(DEV("00:02.0") "rom", EINVAL) } },
	{ "rom: junk enables, old rule", .steps = { W(DEV("00:02.0") "rom", "x"),
		IS(DEV("00:02.0") "rom", "U\xaa\x01"), W(DEV("00:02.0") "rom", "0"),
		IS(DEV("00:02.0") "rom", "U\xaa\x01") } },
	{ "rom: junk is EINVAL, new rule", .profile = "6.1", .steps = {
		W_FAIL(DEV("00:02.0") "rom", "x", EINVAL), W(DEV("00:02.0") "rom", "y"),
		W(DEV("00:02.0") "rom", "0"), FAILS(DEV("00:02.0") "rom", EINVAL) } },
	{ "memory BARs have no read", .steps = { FAILS(NIC "resource0", EIO), FAILS(NIC "resource1", ENOENT) } },

	{ "reset_method: as found", .steps = { IS(NIC "reset_method", "pm\n"),
		FAILS(DEV("00:09.0") "reset_method", ENOENT) } },
	{ "reset_method: unknown and unsupported", .steps = {
		W_FAIL(NIC "reset_method", "sledgehammer", EINVAL), LOGGED("Invalid reset method 'sledgehammer'"),
		W_FAIL(NIC "reset_method", "flr", EINVAL), LOGGED("Unsupported reset method 'flr'"),
		W_FAIL(NIC "reset_method", "pm flr", EINVAL), IS(NIC "reset_method", "pm\n") } },
	{ "reset_method: another order", .steps = { W(DEV("01:00.1") "remove", "1"),
		W(DEV("01:00.0") "reset_method", "bus  pm\n"), IS(DEV("01:00.0") "reset_method", "bus pm\n"),
		W(DEV("01:00.0") "reset_method", "default"), IS(DEV("01:00.0") "reset_method", "pm bus\n") } },
	{ "enable wakes the device and the bridges above it", .steps = {
		W(DRV("pcieport") "unbind", "0000:00:04.0"), IS(DEV("00:04.0") "enable", "0\n"),
		W(DRV("e1000e") "unbind", "0000:01:00.0"), IS(DEV("01:00.0") "power_state", "unknown\n"),
		W(DEV("01:00.0") "enable", "1"), IS(DEV("01:00.0") "power_state", "D0\n"),
		IS(DEV("00:04.0") "enable", "1\n") } },
	{ "ports: one, two or four bytes", .steps = {
		FAILS(NIC "resource2", EINVAL), W_FAIL(NIC "resource2", "123", EINVAL), W(NIC "resource2", "12") } },
	{ "sriov_drivers_autoprobe: a VF is not probed, unless overridden", .steps = {
		W(NVME "sriov_numvfs", "0"), W(NVME "sriov_drivers_autoprobe", "0"), W(NVME "sriov_numvfs", "1"),
		W_FAIL(DRV("nvme") "bind", "0000:0a:00.1", ENODEV), W(DEV("0a:00.1") "driver_override", "nvme"),
		W(DRV("nvme") "bind", "0000:0a:00.1") } },
	{ "VFs of a function that was removed are orphans", .steps = {
		IS(NVME "sriov_numvfs", "1\n"), W(NVME "remove", "1"), HAS_VF, { LINK, DEV("0a:00.1") "physfn", NULL },
		W("sys/bus/pci/rescan", "1"), IS(NVME "sriov_numvfs", "0\n"), { LINK, NVME "virtfn0", NULL } } },
	{ "reset is told on 7.3", .profile = "7.3", .steps = { W(NIC "reset", "1"),
		LOGGED("e1000e 0000:00:03.0: reset done") } },
	{ "reset is not told on 7.3 where no driver has it", .profile = "7.3", .steps = {
		W(DRV("e1000e") "unbind", "0000:00:03.0"), W(NIC "reset", "1"), SILENT("reset done") } },
	{ "reset is not told on 7.3 by nvme", .profile = "7.3", .change = with_reset, .steps = {
		W(NVME "reset", "1"), SILENT("reset done") } },

	{ "sriov: numbers", .steps = { IS(NVME "sriov_totalvfs", "4\n"), IS(NVME "sriov_numvfs", "1\n"),
		IS(NVME "sriov_offset", "1\n"), IS(NVME "sriov_stride", "1\n"),
		FAILS(NIC "sriov_numvfs", ENOENT) } },
	{ "sriov: VFs that are there are in the way", .steps = {
		W(NVME "sriov_numvfs", "1"), W_FAIL(NVME "sriov_numvfs", "2", EBUSY),
		LOGGED("1 VFs already enabled. Disable before enabling 2 VFs") } },
	{ "sriov: off and on", .steps = { W(NVME "sriov_numvfs", "0"),
		FAILS(DEV("0a:00.1") "vendor", ENOENT), { LINK, NVME "virtfn0", NULL },
		IS(NVME "sriov_numvfs", "0\n"), W(NVME "sriov_numvfs", "1"),
		{ LINK, NVME "virtfn0", "0000:0a:00.1" }, { LINK, DEV("0a:00.1") "physfn", "0000:0a:00.0" } } },
	{ "slot power: off takes the card out, on finds it", .change = add_slots, .steps = {
		IS(SLOT("0") "power", "1\n"), W(SLOT("0") "power", "0\n"), IS(SLOT("0") "power", "0\n"),
		FAILS(DEV("01:00.1") "vendor", ENOENT), W("sys/bus/pci/rescan", "1"), FAILS(DEV("01:00.1") "vendor", ENOENT),
		W(SLOT("0") "power", "0"), W(SLOT("0") "power", "1"), IS(SLOT("0") "power", "1\n"),
		DRIVER("01:00.1", "e1000e"), W(SLOT("0") "power", "1") } },
	{ "slot power: only what is in the slot comes back", .change = add_slots, .steps = {
		W(SLOT("0") "power", "0"), W(NIC "remove", "1"), W(SLOT("0") "power", "1"),
		DRIVER("01:00.0", "e1000e"), FAILS(NIC "vendor", ENOENT) } },
	{ "slot power: pciehp refuses what is so already", .change = add_slots, .steps = {
		W_FAIL(SLOT("8") "power", "1", ENODEV), LOGGED("Slot(8): Already enabled"), W(SLOT("8") "power", "0"),
		W_FAIL(SLOT("8") "power", "0", ENODEV), W(SLOT("8") "power", "1"), DRIVER("0a:00.0", "nvme") } },
	{ "a slot of pciehp goes with the driver of its port", .change = add_slots, .steps = {
		W(DRV("pcieport") "unbind", "0000:00:08.0"), FAILS(SLOT("8") "power", ENOENT),
		W(DRV("pcieport") "bind", "0000:00:08.0"), IS(SLOT("8") "power", "1\n") } },
	{ "link: a state is switched off for both ends, and comes back", .change = with_aspm, .steps = {
		IS(LINK_OF("01:00.0") "l1_aspm", "1\n"), IS(LINK_OF("01:00.1") "l0s_aspm", "1\n"),
		FAILS(LINK_OF("01:00.0") "clkpm", ENOENT),
		W(LINK_OF("01:00.0") "l1_aspm", "0"), IS(LINK_OF("01:00.0") "l1_aspm", "0\n"),
		IS(LINK_OF("01:00.1") "l1_aspm", "0\n"), IS(LINK_OF("01:00.1") "l0s_aspm", "1\n"),
		W_FAIL(LINK_OF("01:00.0") "l1_aspm", "x", EINVAL), W(LINK_OF("01:00.1") "l1_aspm", "1"),
		IS(LINK_OF("01:00.0") "l1_aspm", "1\n") } },
	{ "link: what the firmware left off stays off", .change = with_idle_link, .steps = {
		IS(LINK_OF("01:00.0") "l1_aspm", "0\n"), W(LINK_OF("01:00.0") "l1_aspm", "1"),
		IS(LINK_OF("01:00.0") "l1_aspm", "0\n") } },
	{ "port services: unbind, bind, probe", .steps = {
		{ LINK, PME("pcie001/driver"), "pcie_pme" }, W(EXP("pcie_pme") "unbind", "0000:00:04.0:pcie001\n"),
		{ LINK, PME("pcie001/driver"), NULL }, IS(PME("pcie001/uevent"), ""),
		{ LINK, EXP("pcie_pme") "0000:00:04.0:pcie001", NULL },
		W_FAIL(EXP("pcie_pme") "unbind", "0000:00:04.0:pcie001", ENODEV),
		W_FAIL(EXP("aer") "bind", "0000:00:04.0:pcie001", ENODEV), W(EXP("pcie_pme") "bind", "0000:00:04.0:pcie001"),
		W_FAIL(EXP("pcie_pme") "bind", "0000:00:04.0:pcie001", EBUSY), W(EXP("pcie_pme") "unbind", "0000:00:04.0:pcie001"),
		W("sys/bus/pci_express/drivers_probe", "0000:00:04.0:pcie001"), { LINK, PME("pcie001/driver"), "pcie_pme" },
		W_FAIL("sys/bus/pci_express/drivers_probe", "0000:00:04.0", ENODEV) } },
	{ "port services: without autoprobe they stay alone", .steps = {
		W("sys/bus/pci_express/drivers_autoprobe", "0"), W(DRV("pcieport") "unbind", "0000:00:04.0"),
		W(DRV("pcieport") "bind", "0000:00:04.0"), { LINK, PME("pcie001/driver"), NULL } } },
	{ "a VF lacks remove, rescan and rom", .steps = { FAILS(DEV("0a:00.1") "remove", ENOENT),
		FAILS(DEV("0a:00.1") "rescan", ENOENT), FAILS(DEV("0a:00.1") "rom", ENOENT) } },

	{ "power/async, aer/", .profile = "7.3", .change = with_aer, .steps = {
		IS(NIC "power/async", "enabled\n"), W(NIC "power/async", "disabled\n"), IS(NIC "power/async", "disabled\n"),
		W_FAIL(NIC "power/async", "off", EINVAL), IS(NVME "aer/nonfatal_ratelimit_burst", "10\n"),
		W(NVME "aer/nonfatal_ratelimit_burst", "5"), IS(NVME "aer/nonfatal_ratelimit_burst", "5\n"),
		W_FAIL(NVME "aer/nonfatal_ratelimit_burst", "many", EINVAL),
		IS(NVME "aer/correctable_ratelimit_interval_ms", "1250\n") } },
	{ "power", .steps = { IS(NIC "power/control", "on\n"), FAILS(NIC "power/autosuspend_delay_ms", EIO),
		IS(NIC "power/runtime_enabled", "forbidden\n"), W(NIC "power/control", "auto\n"),
		W_FAIL(NIC "power/control", "off", EINVAL), IS(PORT "power/runtime_active_kids", "2\n") } },
	{ "folders and what is not there", .steps = { FAILS(NIC "power", EISDIR),
		FAILS(NIC "nonsense", ENOENT), FAILS(NIC "vendor/x", ENOTDIR) } },
	{ "sriov_vf_msix_count: no driver can", .steps = {
		W_FAIL(DEV("0a:00.1") "sriov_vf_msix_count", "-1", EINVAL), W_FAIL(DEV("0a:00.1") "sriov_vf_msix_count", "x", EINVAL),
		W_FAIL(DEV("0a:00.1") "sriov_vf_msix_count", "4", EOPNOTSUPP),
		FAILS(NVME "sriov_vf_msix_count", ENOENT) } },
	{ "firmware_node, there and back", .steps = {
		{ LINK, DEV("00:09.0") "firmware_node", "device:09" },
		{ LINK, DEV("00:09.0") "firmware_node/physical_node", "0000:00:09.0" },
		IS("sys/devices/LNXSYSTM:00/PNP0A08:00/device:0a/physical_node/vendor", "0x8086\n"),
		{ LINK, "sys/devices/pci0000:00/firmware_node", "PNP0A08:00" },
		{ LINK, "sys/devices/LNXSYSTM:00/PNP0A08:00/physical_node", "pci0000:00" },
		FAILS("sys/devices/LNXSYSTM:00/PNP0A08:00/device:0b", ENOENT),
		{ LINK, DEV("00:03.0") "firmware_node", NULL } } },
	{ "waiting_for_supplier until a driver stays", .steps = {
		IS(DEV("00:09.0") "waiting_for_supplier", "0\n"),
		FAILS(DEV("01:00.0") "waiting_for_supplier", ENOENT),
		W(DRV("e1000e") "unbind", "0000:01:00.0"),
		FAILS(DEV("01:00.0") "waiting_for_supplier", ENOENT) } },
	{ "wakeup/ of what ACPI knows from 7.2 on", .profile = "7.3", .steps = {
		IS(DEV("00:09.0") "wakeup/wakeup0/name", "device:09\n"),
		IS(DEV("01:00.0") "wakeup/wakeup1/name", "device:0a\n"),
		IS("sys/devices/pci0000:00/wakeup/wakeup2/name", "PNP0A08:00\n"),
		{ LINK, "sys/class/wakeup/wakeup0", "wakeup0" },
		FAILS(DEV("00:03.0") "wakeup/wakeup0/name", ENOENT) } },
	{ "no wakeup/ before", .steps = { FAILS(DEV("00:09.0") "wakeup/wakeup0/name", ENOENT) } },
	{ "power/wakeup behind a root port whose PME has a driver", .steps = {
		IS(DEV("01:00.0") "power/wakeup", "disabled\n"), IS(DEV("01:00.0") "power/wakeup_count", "\n"),
		W_FAIL(DEV("01:00.0") "power/wakeup", "on", EINVAL),
		W(DEV("01:00.0") "power/wakeup", "enabled"), IS(DEV("01:00.0") "power/wakeup_count", "0\n"),
		FAILS(DEV("00:03.0") "power/wakeup", ENOENT) } },
	{ "power/wakeup: a source of its own, which the driver makes again", .change = with_driver_facts, .steps = {
		IS(DEV("01:00.0") "power/wakeup", "enabled\n"), IS(DEV("01:00.0") "wakeup/wakeup0/name", "0000:01:00.0\n"),
		{ LINK, "sys/class/wakeup/wakeup0", "wakeup0" },
		W(DRV("e1000e") "unbind", "0000:01:00.0"), IS(DEV("01:00.0") "power/wakeup", "enabled\n"),
		W(DEV("01:00.0") "power/wakeup", "disabled"), FAILS(DEV("01:00.0") "wakeup/wakeup0/name", ENOENT),
		W(DEV("01:00.1") "power/wakeup", "enabled"), IS(DEV("01:00.1") "wakeup/wakeup0/name", "0000:01:00.1\n"),
		W(DRV("e1000e") "bind", "0000:01:00.0"), IS(DEV("01:00.0") "wakeup/wakeup1/name", "0000:01:00.0\n"),
		W(DEV("01:00.0") "remove", "1"), { LINK, "sys/class/wakeup/wakeup1", NULL } } },
	{ "power/wakeup: behind that of the firmware's node", .profile = "7.3", .change = with_driver_facts, .steps = {
		IS(DEV("01:00.0") "wakeup/wakeup1/name", "device:0a\n"),
		IS(DEV("01:00.0") "wakeup/wakeup3/name", "0000:01:00.0\n") } },
	{ "masks for DMA: the driver's, until another comes", .change = with_driver_facts, .steps = {
		IS(NIC "dma_mask_bits", "32\n"), IS(DEV("01:00.0") "dma_mask_bits", "64\n"),
		IS(DEV("00:09.0") "dma_mask_bits", "32\n"), IS(PORT "consistent_dma_mask_bits", "32\n"),
		W(DRV("e1000e") "unbind", "0000:00:03.0"), IS(NIC "dma_mask_bits", "32\n"),
		W(DEV("00:09.0") "driver_override", "e1000e"),
		W(DRV("e1000e") "bind", "0000:00:09.0"), IS(DEV("00:09.0") "dma_mask_bits", "64\n") } },
	{ "nvme takes no other hardware", .steps = { W(DEV("00:09.0") "driver_override", "nvme"),
		W_FAIL(DRV("nvme") "bind", "0000:00:09.0", ENODEV) } },
	{ "runtime power management without a driver", .steps = { IS(DEV("00:09.0") "power/runtime_usage", "1\n"),
		W(DEV("00:09.0") "power/control", "auto"), IS(DEV("00:09.0") "power/runtime_usage", "0\n"),
		IS(DEV("00:09.0") "power/runtime_status", "suspended\n"), IS(DEV("00:09.0") "power_state", "unknown\n"),
		W(DEV("00:09.0") "power/control", "on"), IS(DEV("00:09.0") "power_state", "D0\n"),
		IS(NIC "power/runtime_usage", "2\n"), W(NIC "power/control", "auto"), IS(NIC "power/runtime_usage", "1\n") } },
	{ "pools of a driver", .change = with_driver_facts, .steps = {
		IS(NVME "pools", "poolinfo - 0.1\nprp list page       0    0 4096  0\n"), FAILS(NIC "pools", ENOENT),
		W(DRV("nvme") "unbind", "0000:0a:00.0"), FAILS(NVME "pools", ENOENT),
		W(DRV("nvme") "bind", "0000:0a:00.0"), { HAS, NVME "pools", "prp" } } },
	{ "reset_method: bus of what is alone as it comes", .steps = {
		IS(DEV("01:00.0") "reset_method", "pm bus\n"), W(DEV("01:00.0") "remove", "1"), W("sys/bus/pci/rescan", "1"),
		IS(DEV("01:00.0") "reset_method", "pm\n"), W(DEV("01:00.0") "remove", "1"), W(DEV("01:00.1") "remove", "1"),
		W("sys/bus/pci/rescan", "1"), IS(DEV("01:00.0") "reset_method", "pm bus\n") } },
	{ "a bridge goes with its bus and slots, and comes with them", .change = add_slots, .steps = {
		W(DEV("00:04.0") "remove", "1"), LOGGED("pci_bus 0000:01: busn_res: [bus 01] is released"),
		LOGGED("acpiphp: Slot [0] unregistered"), FAILS(SLOT("0") "address", ENOENT), W("sys/bus/pci/rescan", "1"),
		LOGGED("acpiphp: Slot [0] registered"), LOGGED("pcieport 0000:00:04.0: PME: Signaling with IRQ 11"),
		{ LINK, SLOT("0") "module", "acpiphp" } } },
	{ "msi_bus of a bridge is its bus's", .steps = { W(PORT "msi_bus", "0"),
		LOGGED("pci_bus 0000:01: MSI/MSI-X disallowed for future drivers of devices on this bus") } },
	{ "pcieport matches classes", .steps = { W(DRV("pcieport") "new_id", "1b36 c ffffffff ffffffff"),
		W_FAIL(DRV("pcieport") "new_id", "1b36 d ffffffff ffffffff 60400 ffffff", EEXIST) } },
	{ "what idles is suspended, whatever states it has", .steps = { W(DEV("00:09.0") "driver_override", "vfio-pci"),
		W("sys/bus/pci/drivers_probe", "0000:00:09.0"), IS(DEV("00:09.0") "power_state", "D0\n"),
		IS(DEV("00:09.0") "power/runtime_status", "suspended\n"), W(DEV("00:09.0") "power/control", "on"),
		IS(DEV("00:09.0") "power/runtime_status", "active\n"), IS("sys/module/vfio/refcnt", "3\n") } },
	{ "devices/virtual/iommu of an Intel unit", .steps = { { LINK, "sys/class/iommu/dmar0", "dmar0" },
		FAILS("sys/devices/virtual/iommu", EISDIR) } },
	{ "devices/virtual/iommu without one", .change = without_units, .steps = {
		FAILS("sys/devices/virtual/iommu", ENOENT) } },
	{ "power/ of a bus", .steps = {
		IS("sys/class/pci_bus/0000:01/power/runtime_status", "unsupported\n"),
		IS("sys/devices/pci0000:00/power/runtime_active_kids", "6\n") } },
	{ "secure streams of a root bus", .profile = "7.3", .steps = {
		IS("sys/devices/pci0000:00/available_secure_streams", "256\n") } },
	{ "port services come and go with pcieport", .steps = {
		IS(PORT "0000:00:04.0:pcie001/uevent", "DRIVER=pcie_pme\n"),
		IS(PORT "0000:00:04.0:pcie010/uevent", ""), /* its driver came with 6.13 */
		FAILS(PORT "0000:00:04.0:pcie002/uevent", ENOENT),
		W(DRV("pcieport") "unbind", "0000:00:04.0"),
		FAILS(PORT "0000:00:04.0:pcie001/uevent", ENOENT), DRIVER("01:00.0", "e1000e") } },
};
/* clang-format on */

/* lib/kstrtox.c */
struct number_case {
	const char *name, *text;
	int ret;
	uint64_t want;
};

static void test_number(void **state)
{
	const struct number_case *c = *state;
	uint64_t v = 77;

	assert_int_equal(store_u64(c->text, UINT64_MAX, &v), c->ret);
	assert_int_equal(v, c->ret ? 77 : c->want);
}

static struct number_case numbers[] = {
	{ "number: decimal", "10", 0, 10 },
	{ "number: one newline", "10\n", 0, 10 },
	{ "number: two newlines", "10\n\n", -EINVAL },
	{ "number: hex", "0x1F", 0, 31 },
	{ "number: octal", "017", 0, 15 },
	{ "number: zero", "0", 0, 0 },
	{ "number: not octal", "08", -EINVAL },
	{ "number: plus", "+5", 0, 5 },
	{ "number: minus", "-5", -EINVAL },
	{ "number: blank before", " 5", -EINVAL },
	{ "number: blank behind", "5 ", -EINVAL },
	{ "number: nothing", "", -EINVAL },
	{ "number: newline alone", "\n", -EINVAL },
	{ "number: 0x alone", "0x", -EINVAL },
	{ "number: the largest", "18446744073709551615", 0, UINT64_MAX },
	{ "number: too large", "18446744073709551616", -EINVAL },
};

/* An address as sysfs spells it, and nothing else. */
struct bdf_case {
	const char *name, *text;
	size_t want;
};

static void test_bdf(void **state)
{
	const struct bdf_case *c = *state;
	char again[BDF_SIZE];
	struct bdf bdf;

	assert_int_equal(parse_bdf(c->text, strlen(c->text), &bdf), c->want);
	if (c->want)
		assert_memory_equal(name_bdf(again, bdf), c->text, c->want);
}

static struct bdf_case bdfs[] = {
	{ "address", "0000:0a:1f.7", 12 },
	{ "address: what follows stays", "0000:0a:1f.7:pcie001", 12 },
	{ "address: five digits of domain", "10000:e1:00.0", 13 },
	{ "address: five digits with a zero", "00000:e1:00.0", 0 },
	{ "address: upper case", "0000:0A:00.0", 0 },
	{ "address: no domain", "0a:00.0", 0 },
	{ "address: device out of range", "0000:0a:20.0", 0 },
	{ "address: function out of range", "0000:0a:00.8", 0 },
	{ "address: one digit of bus", "0000:a:00.0", 0 },
	{ "address: three digits of bus", "0000:00a:00.0", 0 },
	{ "address: cut", "0000:0a:00.", 0 },
	{ "address: empty", "", 0 },
};

int main(void)
{
	struct CMUnitTest
		tests[ARRAY_SIZE(rows) + ARRAY_SIZE(numbers) + ARRAY_SIZE(bdfs)];
	struct CMUnitTest *t = tests + ARRAY_SIZE(rows);

	TEST_ROWS(rows, tests);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*t++ = (struct CMUnitTest){ .name = numbers[i].name,
					    .test_func = test_number,
					    .initial_state = &numbers[i] };
	for (size_t i = 0; i < ARRAY_SIZE(bdfs); i++)
		*t++ = (struct CMUnitTest){ .name = bdfs[i].name,
					    .test_func = test_bdf,
					    .initial_state = &bdfs[i] };
	return cmocka_run_group_tests_name("attr", tests, NULL, NULL);
}
