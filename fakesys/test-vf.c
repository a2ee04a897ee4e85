/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual functions that nobody recorded (kernel.md 1.8; drivers/pci/iov.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fakesys/test-sim.h"

#define NVME DEV("0a:00.0")

static struct pci_fn *physical(struct machine *m)
{
	struct bdf at;

	assert_true(bdf_parse("0000:0a:00.0", &at) > 0);
	return (struct pci_fn *)(uintptr_t)machine_fn(m, at);
}

static void many(struct machine *m)
{
	physical(m)->vfs_total = 2000;
}

/* Without a recorded one the registers are the specification's. */
static void alone(struct machine *m)
{
	struct pci_fn *pf = physical(m);
	uint8_t *c = test_cfg(pf);

	m->fns.n--; /* the recorded one is the last function */
	pf->vfs_now = 0;
	c[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	c[PCI_CAPABILITY_LIST] = 0x80;
	c[0x80] = PCI_CAP_ID_EXP;
	c[0x82] = 2;
	pf->res[7] = (struct pci_resource){ 0xfe404000, 0xfe413fff, 0x140204 };
}

static void with_igb(struct machine *m)
{
	physical(m)->driver = "igb";
}

/* A port that isolates nothing has one group with all that is behind it. */
static void merged(struct machine *m)
{
	physical(m)->group = 8;
}

/* clang-format off */
static struct test_script rows[] = {
	{ "as many as it can", .steps = { W(NVME "sriov_numvfs", "0"), W(NVME "sriov_numvfs", "4"),
		IS(NVME "sriov_numvfs", "4\n"), { LINK, NVME "virtfn3", "0000:0a:00.4" },
		{ LINK, DEV("0a:00.4") "physfn", "0000:0a:00.0" }, DRIVER("0a:00.4", "nvme"),
		IS(DEV("0a:00.4") "device", "0x0010\n"), IS(DEV("0a:00.4") "class", "0x010802\n") } },
	{ "each in a group of its own, of the lowest number that is free", .steps = {
		W(NVME "sriov_numvfs", "0"), W(NVME "sriov_numvfs", "3"),
		{ LINK, DEV("0a:00.1") "iommu_group", "4" }, { LINK, DEV("0a:00.3") "iommu_group", "6" },
		W(NVME "sriov_numvfs", "0"), FAILS("sys/kernel/iommu_groups/6/type", ENOENT),
		FAILS("sys/kernel/iommu_groups/7/type", ENOENT) } },
	{ "without an IOMMU in none", .no_iommu = true, .steps = {
		W(NVME "sriov_numvfs", "0"), W(NVME "sriov_numvfs", "2"),
		{ LINK, DEV("0a:00.2") "iommu_group", NULL } } },
	{ "not there before they are asked for", .steps = { FAILS(DEV("0a:00.2") "vendor", ENOENT),
		{ LINK, NVME "virtfn1", NULL }, FAILS("sys/kernel/iommu_groups/4/type", ENOENT) } },
	{ "a VM may have one", .steps = { W(NVME "sriov_numvfs", "0"), W(NVME "sriov_numvfs", "2"),
		W(DEV("0a:00.2") "driver_override", "vfio-pci"), W(DRV("nvme") "unbind", "0000:0a:00.2"),
		W("sys/bus/pci/drivers_probe", "0000:0a:00.2"), DRIVER("0a:00.2", "vfio-pci"),
		{ CLAIM, NULL, NULL, 5 }, { GIVE, NULL, NULL, 5 } } },
	/* The port leads to bus 0a alone: 255 addresses after the physical function's. */
	{ "more than the buses have room for", .change = many, .steps = { W(NVME "sriov_numvfs", "0"),
		W_FAIL(NVME "sriov_numvfs", "256", ENOMEM),
		LOGGED("can't enable 256 VFs (bus 0b out of range of [bus 0a-0a])"), IS(NVME "sriov_numvfs", "0\n"),
		W(NVME "sriov_numvfs", "255"), { LINK, NVME "virtfn254", "0000:0a:1f.7" } } },
	{ "registers as specified", .change = alone, .steps = { W(NVME "sriov_numvfs", "2"),
		IS(DEV("0a:00.2") "modalias", "pci:v00001B36d00000010sv00000000sd00000000bc01sc08i02\n"),
		IS(DEV("0a:00.2") "reset_method", "flr\n"), IS(DEV("0a:00.2") "max_link_width", "255\n"),
		{ HAS, DEV("0a:00.2") "resource", "0x00000000fe408000 0x00000000fe40bfff 0x0000000000140204\n" },
		DRIVER("0a:00.2", "nvme") } },
	{ "igb takes them along", .change = with_igb, .steps = { IS(NVME "sriov_numvfs", "1\n"),
		W(DRV("igb") "unbind", "0000:0a:00.0"), IS(NVME "sriov_numvfs", "0\n"),
		FAILS(DEV("0a:00.1") "vendor", ENOENT), SILENT("left SR-IOV enabled") } },
	{ "nvme leaves them", .steps = { W(DRV("nvme") "unbind", "0000:0a:00.0"), IS(NVME "sriov_numvfs", "1\n"),
		LOGGED("driver left SR-IOV enabled after remove") } },
	{ "in the group of a port without ACS", .change = merged, .steps = { W(NVME "sriov_numvfs", "0"),
		W(NVME "sriov_numvfs", "3"), { LINK, DEV("0a:00.3") "iommu_group", "8" } } },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)];

	TEST_ROWS(rows, tests);
	return cmocka_run_group_tests_name("vf", tests, NULL, NULL);
}
