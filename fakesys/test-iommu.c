/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMUs in sysfs, where their makers differ, and interrupts; as guests of the lab
 * showed it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fakesys/test-sim.h"

#define VIRTUAL "sys/devices/virtual/iommu"
#define IRQ(bdf, n) DEV(bdf) "msi_irqs/" n
#define IVHD "sys/devices/pci0000:00/0000:00:01.0/iommu/ivhd0/amd-iommu/"

/* clang-format off */
static struct test_script rows[] = {
	{ "a folder of virtual units is there with its first", .steps = { FAILS(VIRTUAL, EISDIR) } },
	{ "none without IOMMU", .no_iommu = true, .steps = { FAILS(VIRTUAL, ENOENT) } },
	{ "none for AMD's", .fixture = "lab-amd-6.12", .steps = { FAILS(VIRTUAL, ENOENT) } },
	{ "none for virtio's", .fixture = "lab-virtio-6.12", .steps = { FAILS(VIRTUAL, ENOENT) } },
	{ "AMD's registers", .fixture = "lab-amd-6.12", .steps = {
		IS(IVHD "cap", "1f03000f\n"), IS(IVHD "features", "29d3:0\n") } },
	{ "AMD's registers, the second first", "6.1", "lab-amd-6.12", .steps = { IS(IVHD "features", "0:29d3\n") } },
	/* interrupts of devices, with recorded numbers */
	{ "an interrupt gets the lowest number that is free", .fixture = "lab-amd-6.12", .steps = {
		IS(IRQ("00:03.0", "25"), "msix\n"), W(DRV("pcieport") "unbind", "0000:00:03.0"),
		FAILS(DEV("00:03.0") "msi_irqs", ENOENT), W(DRV("pcieport") "unbind", "0000:00:03.1"),
		W(DRV("pcieport") "bind", "0000:00:03.1"), LOGGED("pcieport 0000:00:03.1: PME: Signaling with IRQ 25"),
		IS(IRQ("00:03.1", "25"), "msix\n"), FAILS(IRQ("00:03.1", "26"), ENOENT) } },
	{ "msi_bus says no to the next driver", .fixture = "lab-amd-6.12", .steps = {
		W(DEV("00:06.0") "msi_bus", "0"), IS(IRQ("00:06.0", "29"), "msix\n"),
		W(DRV("e1000e") "unbind", "0000:00:06.0"), W(DRV("e1000e") "bind", "0000:00:06.0"),
		FAILS(DEV("00:06.0") "msi_irqs", ENOENT), W(DEV("00:04.0") "msi_bus", "0"),
		LOGGED("pci_bus 0000:03: MSI/MSI-X disallowed for future drivers of devices on this bus"),
		W(DRV("e1000e") "unbind", "0000:03:00.0"), W(DRV("e1000e") "bind", "0000:03:00.0"),
		FAILS(DEV("03:00.0") "msi_irqs", ENOENT) } },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)] = { 0 };

	TEST_ROWS(rows, tests);
	return cmocka_run_group_tests_name("iommu", tests, NULL, NULL);
}
