/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/sim-internal.h"
#include "fakesys/test-sim.h"

/* kernel.md 2.8 and 4: what real kernels answered; more is in test-traps.c. */
#define NIC "0000:00:03.0"
#define VGA "0000:00:02.0"
#define TO_VFIO(bdf)                                                                     \
	W(DEV(bdf) "driver_override", "vfio-pci"),                                       \
		W("sys/bus/pci/drivers_probe", "0000:" bdf)
#define MOVE(bdf) W(DRV("e1000e") "unbind", "0000:" bdf), TO_VFIO(bdf)

static void text_console(struct machine *m)
{
	m->efi = false;
	for (size_t i = 0; i < m->files.n; i++)
		if (streq(m->files.v[i].path, "proc/fb"))
			m->files.v[i].data.len = 0;
}

/* clang-format off */
static struct test_script rows[] = {
	{ "unbound: the node goes", .steps = {
		MOVE("00:03.0"), W(DRV("vfio-pci") "unbind", NIC), FAILS("dev/vfio/2", ENOENT),
		{ LINK, "sys/class/vfio/2", NULL }, { LINK, "sys/class/vfio-dev/vfio0", NULL },
		IS(DEV("00:03.0") "power/control", "on\n") } },
	{ "without power management it stays in D0", .steps = {
		TO_VFIO("00:09.0"), IS(DEV("00:09.0") "power_state", "D0\n") } },
	{ "numbers of devices are the lowest free", .steps = {
		MOVE("01:00.0"), MOVE("01:00.1"), { LINK, "sys/class/vfio-dev/vfio1", "vfio1" },
		W(DRV("vfio-pci") "unbind", "0000:01:00.0"), { LINK, "sys/class/vfio-dev/vfio0", NULL },
		TO_VFIO("00:09.0"), { LINK, DEV("00:09.0") "vfio-dev/vfio0/device", "0000:00:09.0" } } },
	{ "a bridge is refused", .steps = {
		W(DRV("pcieport") "unbind", "0000:00:04.0"), W(DEV("00:04.0") "driver_override", "vfio-pci"),
		W_FAIL(DRV("vfio-pci") "bind", "0000:00:04.0", EINVAL), DRIVER("00:04.0", NULL) } },
	{ "a function with virtual functions is refused", .steps = {
		W(DRV("nvme") "unbind", "0000:0a:00.0"), W(DEV("0a:00.0") "driver_override", "vfio-pci"),
		W_FAIL(DRV("vfio-pci") "bind", "0000:0a:00.0", EBUSY),
		LOGGED("vfio-pci 0000:0a:00.0: Cannot bind to PF with SR-IOV enabled") } },
	{ "boot VGA: the screen goes", .steps = {
		IS("proc/fb", "0 EFI VGA\n"), TO_VFIO("00:02.0"), DRIVER("00:02.0", "vfio-pci"),
		IS("proc/fb", ""), IS(DEV("00:02.0") "boot_vga", "1\n"),
		LOGGED("Console: switching to colour dummy device 80x25"),
		LOGGED("vfio-pci 0000:00:02.0: vgaarb: deactivate vga console"),
		LOGGED("VGA decodes changed: olddecodes=io+mem") } },
	{ "boot VGA: without a framebuffer the text console goes", .change = text_console, .steps = {
		TO_VFIO("00:02.0"), LOGGED("vgaarb: deactivate vga console\nConsole: switching to colour") } },
	{ "boot VGA: a bind that fails gives the decoding back", .no_iommu = true, .steps = {
		W(DEV("00:02.0") "driver_override", "vfio-pci"), W_FAIL(DRV("vfio-pci") "bind", "0000:00:02.0", EINVAL),
		LOGGED("owns=io+mem\nvfio-pci 0000:00:02.0: vgaarb: VGA decodes changed: ") } },
	{ "the arbiter's words on 6.1", .profile = "6.1", .steps = {
		TO_VFIO("00:02.0"), LOGGED("changed VGA decodes: olddecodes=io+mem") } },

	{ "a second opener is EBUSY", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 }, { CLAIM, NULL, "16", 2 } } },
	{ "no node, no claim", .steps = { { CLAIM, NULL, "2", 2 } } },
	{ "no interrupt remapping: EPERM", .no_remapping = true, .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, "1", 2 }, LOGGED("No interrupt remapping support.") } },
	{ "unsafe interrupts allowed", .no_remapping = true, .steps = {
		MOVE("00:03.0"), W("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n"),
		{ CLAIM, NULL, NULL, 2 } } },
	{ "blocked: a bind that waits for an unbind is done after it", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 },
		W_FAIL(DRV("vfio-pci") "unbind", NIC, EINPROGRESS),
		W_FAIL(DRV("vfio-pci") "bind", NIC, EINPROGRESS), DRIVER("00:03.0", NULL),
		{ GIVE, NULL, NULL, 2 }, DRIVER("00:03.0", "vfio-pci") } },
	{ "blocked: a second unbind waits, and finds nothing bound", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 },
		W_FAIL(DRV("vfio-pci") "unbind", NIC, EINPROGRESS),
		W_FAIL(DRV("vfio-pci") "unbind", NIC, EINPROGRESS),
		{ GIVE, NULL, NULL, 2 }, DRIVER("00:03.0", NULL),
		W_FAIL(DRV("vfio-pci") "unbind", NIC, ENODEV) } },
	{ "blocked: new_id has its id, and waits for the function", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 }, W(DEV("00:03.0") "driver_override", "\n"),
		W_FAIL(DRV("vfio-pci") "unbind", NIC, EINPROGRESS),
		W_FAIL(DRV("pci-stub") "new_id", "8086 10d3", EINPROGRESS),
		W_FAIL(DRV("pci-stub") "new_id", "8086 10d3", EEXIST),
		{ GIVE, NULL, NULL, 2 }, DRIVER("00:03.0", "pci-stub") } },
	{ "blocked: power/control wants the function's lock", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 }, W_FAIL(DRV("vfio-pci") "unbind", NIC, EINPROGRESS),
		W_FAIL(DEV("00:03.0") "power/control", "auto", EINPROGRESS),
		{ GIVE, NULL, NULL, 2 }, IS(DEV("00:03.0") "power/control", "auto\n") } },
	{ "blocked: whose driver goes meanwhile", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 },
		W_FAIL(DRV("vfio-pci") "unbind", NIC, EINPROGRESS), W(DEV("00:03.0") "driver_override", "\n"),
		W_FAIL(DRV("pci-stub") "new_id", "8086 10d3", EINPROGRESS),
		{ UNLOAD, "pci_stub", NULL, 0 }, { GIVE, NULL, NULL, 2 }, DRIVER("00:03.0", NULL) } },
	{ "no claim without vfio_iommu_type1", .steps = {
		MOVE("00:03.0"), { UNLOAD, "vfio_iommu_type1", NULL, 0 }, { CLAIM, NULL, "19", 2 } } },
	{ "a VM keeps its modules", .steps = {
		MOVE("00:03.0"), { CLAIM, NULL, NULL, 2 }, { UNLOAD, "vfio_iommu_type1", NULL, -EWOULDBLOCK },
		{ GIVE, NULL, NULL, 2 }, { UNLOAD, "vfio_iommu_type1", NULL, 0 } } },
	{ "enable_sriov: VFs are captured for vfio-pci", .steps = {
		W(DEV("0a:00.0") "sriov_numvfs", "0"), W("sys/module/vfio_pci/parameters/enable_sriov", "Y"),
		W(DRV("nvme") "unbind", "0000:0a:00.0"), TO_VFIO("0a:00.0"), W(DEV("0a:00.0") "sriov_numvfs", "1"),
		LOGGED("Captured SR-IOV VF 0000:0a:00.1 driver_override"), DRIVER("0a:00.1", "vfio-pci"),
		W(DRV("vfio-pci") "unbind", "0000:0a:00.0"), FAILS(DEV("0a:00.1") "vendor", ENOENT) } },

	{ "type: changes freely when unbound", .steps = {
		W("sys/kernel/iommu_groups/9/type", "identity\n"), IS("sys/kernel/iommu_groups/9/type", "identity\n"),
		W("sys/kernel/iommu_groups/9/type", "DMA"), W("sys/kernel/iommu_groups/9/type", "auto"),
		IS("sys/kernel/iommu_groups/9/type", "DMA-FQ\n") } },
	{ "type: words it does not take", .steps = {
		W_FAIL("sys/kernel/iommu_groups/9/type", "blocked", EINVAL),
		W_FAIL("sys/kernel/iommu_groups/9/type", "identity\n\n", EINVAL) } },

	{ "parameters: only the first letter counts", .steps = {
		W("sys/module/vfio_pci/parameters/nointxmask", "yes please"),
		IS("sys/module/vfio_pci/parameters/nointxmask", "Y\n"),
		W_FAIL("sys/module/vfio_pci/parameters/nointxmask", "maybe", EINVAL) } },
	{ "parameters: enable is a word on 7.3 only", .profile = "7.3", .steps = {
		W("sys/module/vfio_pci/parameters/nointxmask", "enable") } },
	{ "parameters: 0444 is EACCES", .steps = {
		W_FAIL("sys/module/vfio_pci/parameters/disable_vga", "Y", EACCES) } },
	{ "disable_idle_d3 at run time is too late", .steps = {
		W("sys/module/vfio_pci/parameters/disable_idle_d3", "1"), MOVE("00:03.0"),
		IS(DEV("00:03.0") "power_state", "D3hot\n") } },
	{ "disable_idle_d3 at run time counts on 7.3", .profile = "7.3", .steps = {
		W("sys/module/vfio_pci/parameters/disable_idle_d3", "1"), MOVE("00:03.0"),
		IS(DEV("00:03.0") "power_state", "D0\n") } },
	{ "enabling virtual functions under vfio-pci", .steps = {
		W(DEV("0a:00.0") "sriov_numvfs", "0"), W(DRV("nvme") "unbind", "0000:0a:00.0"),
		TO_VFIO("0a:00.0"), W_FAIL(DEV("0a:00.0") "sriov_numvfs", "1", ENOENT) } },
};
/* clang-format on */

/* Loading vfio_pci with options: what is bound, said, and left. */
struct load_case {
	const char *name, *options;
	int want;
	const char *log;    /* NULL: not looked at */
	const char *driver; /* of 00:09.0 after it */
};

static void test_load(void **state)
{
	const struct load_case *c = *state;
	struct machine *m = test_machine(true);
	const struct module *mod = kernel_module(&m->kernels.v[0], "vfio_pci");
	const uint32_t edu = 5; /* of the machine's functions */
	struct test_step log = { LOG, NULL, c->log, 0 };
	const char *driver;
	struct sim *s;
	struct host h;
	struct err e;

	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	assert_int_equal(sim_unload_module(s, "vfio_pci"), 0);
	assert_int_equal(sim_module_matches(s, mod, edu, c->options), c->driver != NULL);
	assert_int_equal(sim_load_module(s, mod, c->options), c->want);
	h = sim_host(s);
	if (c->log)
		test_log(&h, &log);
	driver = sim_fn_driver(s, edu);
	assert_string_equal(driver ? driver : "none", c->driver ? c->driver : "none");
	sim_free(s);
	machine_free(m);
}

#define LONG_ID "1234:11e8,"
#define LONG_10                                                                          \
	LONG_ID LONG_ID LONG_ID LONG_ID LONG_ID LONG_ID LONG_ID LONG_ID LONG_ID LONG_ID
#define LONG_100                                                                         \
	LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10

static struct load_case loads[] = {
	{ "ids: one", "ids=1234:11e8", 0,
	  "vfio_pci: add [1234:11e8[ffffffff:ffffffff]] class 0x000000/00000000",
	  "vfio-pci" },
	{ "ids: a comma where a colon belongs", "ids=1234,11e8", 0,
	  "vfio_pci: invalid id string \"1234\"", NULL },
	{ "ids: the bad one does not stop the good one", "disable_vga=1 ids=zz,1234:11e8",
	  0, "vfio_pci: invalid id string \"zz\"", "vfio-pci" },
	{ "ids: the last option stays", "ids=1234:11e8 ids=1:2", 0,
	  "vfio_pci: add [0001:0002[ffffffff:ffffffff]]", NULL },
	{ "ids: with a subsystem it does not have", "ids=1234:11e8:1:2", 0, NULL, NULL },
	{ "ids: more than 1023 characters", "ids=" LONG_100 LONG_10, -ENOSPC,
	  "too large for parameter `ids'", NULL },
};

static void test_modules(void **state)
{
	struct machine *m = test_machine(true);
	struct sim *s;
	struct err e;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	assert_int_equal(sim_unload_module(s, "vfio"), -EWOULDBLOCK); /* others need it */
	assert_int_equal(sim_unload_module(s, "pcieport"), -EWOULDBLOCK); /* built in */
	assert_int_equal(sim_unload_module(s, "nonsense"), -ENOENT);
	assert_int_equal(sim_unload_module(s, "e1000e"), 0);
	assert_null(sim_fn_driver(s, 2));
	assert_false(sim_module_loaded(s, "e1000e"));
	assert_int_equal(sim_set_override(s, 2, "vfio-pci"), 0);
	assert_int_equal(
		sim_load_module(s, kernel_module(&m->kernels.v[0], "e1000e"), ""), 0);
	assert_null(sim_fn_driver(s, 2)); /* the override names another */
	assert_string_equal(sim_fn_driver(s, 6), "e1000e");
	sim_free(s);
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + ARRAY_SIZE(loads) + 1];

	TEST_ROWS(rows, tests);
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
		tests[ARRAY_SIZE(rows) + i] =
			(struct CMUnitTest){ .name = loads[i].name,
					     .test_func = test_load,
					     .initial_state = &loads[i] };
	tests[ARRAY_SIZE(tests) - 1] = (struct CMUnitTest){ .name = "modules come and go",
							    .test_func = test_modules };
	return cmocka_run_group_tests_name("vfio", tests, NULL, NULL);
}
