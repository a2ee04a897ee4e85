/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/test-sim.h"

/* What real kernels answered, kernel.md 2; more is in test-traps.c. */
#define NIC "0000:00:03.0"
#define EDU "0000:00:09.0"
#define OVERRIDE(bdf) DEV(bdf) "driver_override"

/* clang-format off */
static struct test_script rows[] = {
	{ "bind: old driver when the override names another is ENODEV", .steps = {
		W(OVERRIDE("00:03.0"), "vfio-pci"), W(DRV("e1000e") "unbind", NIC),
		W_FAIL(DRV("e1000e") "bind", NIC, ENODEV) } },
	{ "bind: a name with a newline", .steps = {
		W(DRV("e1000e") "unbind", NIC "\n"), DRIVER("00:03.0", NULL),
		W(DRV("e1000e") "bind", NIC "\n"), DRIVER("00:03.0", "e1000e") } },
	{ "bind: what stands behind a NUL is not read", .steps = {
		W(DRV("e1000e") "unbind", NIC "\0junk"), DRIVER("00:03.0", NULL) } },
	{ "bind: two newlines are another name", .steps = {
		W_FAIL(DRV("e1000e") "unbind", NIC "\n\n", ENODEV) } },
	{ "bind: no domain", .steps = { W_FAIL(DRV("e1000e") "unbind", "00:03.0", ENODEV) } },
	{ "bind: blank before", .steps = { W_FAIL(DRV("e1000e") "unbind", " " NIC, ENODEV) } },
	{ "bind: blank behind", .steps = { W_FAIL(DRV("e1000e") "unbind", NIC " ", ENODEV) } },
	{ "bind: upper case", .steps = {
		W_FAIL(DRV("nvme") "unbind", "0000:0A:00.0", ENODEV) } },
	{ "bind: a domain of five digits with a zero", .steps = {
		W_FAIL(DRV("e1000e") "unbind", "0" NIC, ENODEV) } },
	{ "unbind: somebody else's", .steps = { W_FAIL(DRV("nvme") "unbind", NIC, ENODEV) } },
	{ "unbind: nobody's", .steps = { W_FAIL(DRV("nvme") "unbind", EDU, ENODEV) } },
	{ "drivers_probe: no such device", .steps = {
		W_FAIL("sys/bus/pci/drivers_probe", "0000:00:1e.0", ENODEV) } },
	{ "probe failure in the words of 6.12", .no_iommu = true, .steps = {
		W(OVERRIDE("00:09.0"), "vfio-pci"), W_FAIL(DRV("vfio-pci") "bind", EDU, EINVAL),
		LOGGED("vfio-pci 0000:00:09.0: probe with driver vfio-pci failed with error -22") } },
	{ "probe failure in the words of 6.1", .profile = "6.1", .no_iommu = true, .steps = {
		W(OVERRIDE("00:09.0"), "vfio-pci"), W_FAIL(DRV("vfio-pci") "bind", EDU, EINVAL),
		LOGGED("vfio-pci: probe of 0000:00:09.0 failed with error -22") } },

	{ "override: a NUL clears, as dpdk-devbind does", .steps = {
		W(OVERRIDE("00:03.0"), "vfio-pci"), W(OVERRIDE("00:03.0"), "\0"),
		IS(OVERRIDE("00:03.0"), "(null)\n") } },
	{ "override: a newline first clears", .steps = {
		W(OVERRIDE("00:03.0"), "a"), W(OVERRIDE("00:03.0"), "\nvfio-pci"),
		IS(OVERRIDE("00:03.0"), "(null)\n") } },
	{ "override: cut at the newline", .steps = {
		W(OVERRIDE("00:03.0"), "vfio-pci\njunk"), IS(OVERRIDE("00:03.0"), "vfio-pci\n") } },
	{ "override: blanks stay", .steps = {
		W(OVERRIDE("00:03.0"), " vfio-pci "), IS(OVERRIDE("00:03.0"), " vfio-pci \n") } },
	{ "override: no such driver is fine", .steps = {
		W(OVERRIDE("00:09.0"), "nonsense"), W("sys/bus/pci/drivers_probe", EDU),
		DRIVER("00:09.0", NULL) } },
	{ "the way of driverctl and libvirt", .steps = {
		W(OVERRIDE("00:03.0"), "vfio-pci"), W(DRV("e1000e") "unbind", NIC),
		W("sys/bus/pci/drivers_probe", NIC), DRIVER("00:03.0", "vfio-pci"),
		W(OVERRIDE("00:03.0"), "\n"), W(DRV("vfio-pci") "unbind", NIC),
		W("sys/bus/pci/drivers_probe", NIC), DRIVER("00:03.0", "e1000e") } },

	{ "new_id: one number", .steps = { W_FAIL(DRV("vfio-pci") "new_id", "8086", EINVAL) } },
	{ "new_id: not what another override names", .steps = {
		W(OVERRIDE("00:09.0"), "pci-stub"), W(DRV("vfio-pci") "new_id", "0x1234 0x11e8\n"),
		DRIVER("00:09.0", NULL) } },
	{ "new_id: driver_data that no entry has", .steps = {
		W_FAIL(DRV("e1000e") "new_id", "1 2 3 4 0 0 7", EINVAL) } },
	/* dd.c:__device_attach_driver: no other driver is asked after a negative result, and
	 * bus.c:drivers_probe_store makes EINVAL of any */
	{ "attach: a group that is claimed ends it", .steps = {
		W(DRV("e1000e") "unbind", "0000:01:00.1"), W(DRV("pci-stub") "new_id", "8086 10d3"),
		W(DRV("pci-stub") "unbind", "0000:01:00.1"), W(DRV("e1000e") "unbind", "0000:01:00.0"),
		W(OVERRIDE("01:00.0"), "vfio-pci"), W("sys/bus/pci/drivers_probe", "0000:01:00.0"),
		{ CLAIM, .ret = 12 }, W_FAIL("sys/bus/pci/drivers_probe", "0000:01:00.1", EINVAL),
		DRIVER("01:00.1", NULL) } },
	{ "pci-stub says what it claims", .steps = {
		W(DRV("pci-stub") "new_id", "1234 11e8"), DRIVER("00:09.0", "pci-stub"),
		LOGGED("pci-stub 0000:00:09.0: claimed by stub") } },
	{ "new_id asks what was found again last", .steps = {
		W(DEV("00:03.0") "remove", "1"), W("sys/bus/pci/rescan", "1"), W(DRV("e1000e") "unbind", NIC),
		W(DRV("e1000e") "unbind", "0000:01:00.0"), W(DRV("pci-stub") "new_id", "8086 10d3"),
		LOGGED("pci-stub 0000:01:00.0: claimed by stub\npci-stub 0000:00:03.0: claimed by stub") } },
	{ "remove_id: static entries stay", .steps = {
		W_FAIL(DRV("e1000e") "remove_id", "8086 10d3", ENODEV) } },

	{ "autoprobe: the first character decides", .steps = {
		W("sys/bus/pci/drivers_autoprobe", "0x\n"), IS("sys/bus/pci/drivers_autoprobe", "0\n"),
		W("sys/bus/pci/drivers_autoprobe", "no"), IS("sys/bus/pci/drivers_autoprobe", "1\n") } },
	{ "remove: a bridge takes all behind it, 6.1 logs groups", .profile = "6.1", .steps = {
		W(DEV("00:04.0") "remove", "2"), FAILS(DEV("01:00.0") "vendor", ENOENT),
		LOGGED("pci 0000:01:00.1: Removing from iommu group 12"),
		FAILS("sys/kernel/iommu_groups/12/type", ENOENT), W(DEV("00:09.0") "rescan", "1"),
		IS(DEV("01:00.0") "vendor", "0x8086\n"),
		LOGGED("pci 0000:01:00.0: [8086:10d3] type 00 class 0x020000"),
		LOGGED("pci 0000:01:00.0: Adding to iommu group 4") } },
	{ "remove: later kernels do not", .steps = {
		W(DEV("00:09.0") "remove", "1"), SILENT("Removing from iommu group"),
		W("sys/bus/pci/rescan", "1"),
		LOGGED("[1234:11e8] type 00 class 0x00ff00 conventional PCI endpoint") } },
	{ "rescan of a bus does not reach others", .steps = {
		W(DEV("01:00.1") "remove", "1"), W(DEV("0a:00.0") "rescan", "1"),
		FAILS(DEV("01:00.1") "vendor", ENOENT), W(DEV("01:00.0") "rescan", "1"),
		DRIVER("01:00.1", "e1000e") } },

	{ "module link of a built-in driver", .steps = {
		{ LINK, DRV("pcieport") "module", "pcieport" } } },
	{ "no module link of a built-in driver on 6.1", .profile = "6.1", .steps = {
		{ LINK, DRV("pcieport") "module", NULL }, { LINK, DRV("e1000e") "module", "e1000e" } } },
	{ "what a driver made goes with it", .steps = {
		{ LINK, "sys/class/net/enp1s0f0", "enp1s0f0" },
		W(DRV("e1000e") "unbind", "0000:01:00.0"),
		{ LINK, "sys/class/net/enp1s0f0", NULL },
		FAILS(DEV("01:00.0") "net/enp1s0f0/operstate", ENOENT),
		W(DRV("e1000e") "bind", "0000:01:00.0"),
		IS(DEV("01:00.0") "net/enp1s0f0/operstate", "up\n") } },
};
/* clang-format on */

/* drivers/base/driver.c:driver_set_override: "len >= (PAGE_SIZE - 1)" is too long. */
static void test_long_override(void **state)
{
	static char name[4096];
	struct machine *m = test_machine(true);
	struct sim *s;
	struct err e;

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_int_equal(sim_new(m, profile_find("6.12.107"), &s, &e), 0);
	assert_int_equal(sim_store(s, OVERRIDE("00:03.0"), name, 4094), 4094);
	assert_int_equal(sim_store(s, OVERRIDE("00:03.0"), name, 4095), -EINVAL);
	assert_int_equal(sim_store(s, OVERRIDE("00:03.0"), name, 4096), -EINVAL);
	sim_free(s);
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + 1];

	TEST_ROWS(rows, tests);
	tests[ARRAY_SIZE(rows)] =
		(struct CMUnitTest){ .name = "override: a page holds 4094 characters",
				     .test_func = test_long_override };
	return cmocka_run_group_tests_name("driver", tests, NULL, NULL);
}
