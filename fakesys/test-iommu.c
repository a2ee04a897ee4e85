/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMUs in sysfs, where their makers differ; as guests of the lab showed it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fakesys/test-sim.h"

#define VIRTUAL "sys/devices/virtual/iommu"
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
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)] = { 0 };

	TEST_ROWS(rows, tests);
	return cmocka_run_group_tests_name("iommu", tests, NULL, NULL);
}
