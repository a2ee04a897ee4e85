/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "vmtests/ops-sim.h"

/* Batches, one after another on one model, and their results as text. */
struct sim_case {
	const char *name;
	struct {
		const char *ops, *want;
	} batches[4];
};

#define FIXTURE "rigs/6.12-intel-seabios-e"
#define PCI "sys/bus/pci/"
#define OVERRIDE(bdf, text) "store " PCI "devices/" bdf "/driver_override " text "\n"
#define UNBIND(driver, bdf) "store " PCI "drivers/" driver "/unbind " bdf "\n"
#define BIND(driver, bdf) "store " PCI "drivers/" driver "/bind " bdf "\n"
#define PROBE(bdf) "store " PCI "drivers_probe " bdf "\n"
#define NIC "0000:04:00.0" /* e1000e behind 0000:00:0b.0, both in group 5 */
#define MOVE OVERRIDE(NIC, "vfio-pci") UNBIND("e1000e", NIC) PROBE(NIC)
#define MOVED "= 8\n= 12\n= 12\n"
#define BLOCKED                                                                          \
	"= blocked\n+ vfio-pci%200000:04:00.0:%20No%20device%20request%20channel%20"     \
	"registered,%20blocked%20until%20released%20by%20user\n"
/* This machine does not remap interrupts. */
#define UNSAFE "store sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts Y\n"

/* clang-format off */
static const struct sim_case cases[] = {
	{ "no operations", { { "", "" } } },
	{ "override, unbind, probe, and back", {
		{ MOVE UNBIND("e1000e", NIC), MOVED "= ENODEV\n" },
		{ UNBIND("vfio-pci", NIC) OVERRIDE(NIC, "%0A") PROBE(NIC), "= 12\n= 1\n= 12\n" } } },
	{ "probe of one that has a driver", { { PROBE(NIC), "= 12\n" } } },
	{ "no such function", { { PROBE("0000:7f:00.0"), "= ENODEV\n" } } },
	{ "no such file", { { "store " PCI "nonesuch 1\n", "= ENOENT\n" } } },
	{ "nothing is stored", { { OVERRIDE(NIC, ""), "= 0\n" } } },
	{ "a NUL is stored", { { "store " PCI "devices/" NIC "/driver_override a%00b\n", "= 3\n" } } },
	{ "a file is read", { { "read " PCI "devices/" NIC "/vendor\n", "= 7\n< 0x8086%0A\n" } } },
	{ "a folder is read", { { "read sys/class/iommu\n", "= 6\n< dmar0%0A\n" } } },
	{ "a link is there, another not", { { "stat " PCI "devices/" NIC "/driver\nstat " PCI "nonesuch\n", "= 0\n= ENOENT\n" } } },
	{ "what the model is not asked", { { "map " PCI "devices/" NIC "/resource2\n", "= EOPNOTSUPP\n" } } },
	{ "a claim without a node", { { UNSAFE "claim 5\n", "= 1\n= ENOENT\n" } } },
	{ "a release without a claim", { { MOVE "release 5\n", MOVED "= ENOENT\n" } } },
	{ "a second claim", { { UNSAFE MOVE "claim 5\nclaim 5\nrelease 5\nrelease 5\n", "= 1\n" MOVED "= 0\n= EBUSY\n= 0\n= ENOENT\n" } } },
	{ "an unbind that waits is answered at the release", {
		{ UNSAFE MOVE "claim 5\n" UNBIND("vfio-pci", NIC) PROBE("0000:7f:00.0") "release 5\n",
		  "= 1\n" MOVED "= 0\n" BLOCKED "= ENODEV\n= 0\n~ 5 12\n" } } },
	{ "no command while something waits", {
		{ UNSAFE MOVE "claim 5\n" UNBIND("vfio-pci", NIC) "run modprobe pci_stub\nrelease 5\nrun modprobe pci_stub\n",
		  "= 1\n" MOVED "= 0\n" BLOCKED "= EBUSY\n= 0\n~ 5 12\n= 0\n" } } },
	{ "a batch ends with nothing held", {
		{ UNSAFE MOVE "claim 5\n" UNBIND("vfio-pci", NIC), "= 1\n" MOVED "= 0\n" BLOCKED "~ 5 12\n" },
		{ MOVE, "= 8\n= ENODEV\n= 12\n" },
		{ "claim 5\n", "= 0\n" },
		{ "claim 5\n" UNBIND("vfio-pci", NIC) "release 5\n", "= 0\n" BLOCKED "= 0\n~ 1 12\n" } } },
	{ "a command that is not there", { { "run nonesuch\n", "= 127\n" } } },
	{ "commands", { { "run modprobe pci_stub\nrun rmmod pci_stub\nrun rmmod pci_stub\n", "= 0\n= 0\n= 1\n" } } },
	{ "a claim that is refused: why is in the log", {
		{ MOVE "claim 5\n", MOVED "= EPERM\n+ vfio_iommu_type1_attach_group:%20No%20interrupt%20remapping%20support."
		  "%20%20Use%20the%20module%20param%20\"allow_unsafe_interrupts\"%20to%20enable%20VFIO%20IOMMU%20support"
		  "%20on%20this%20platform\n" } } },
	{ "lines of the log are told once", {
		{ "store " PCI "drivers/vfio-pci/bind " NIC "\n", "= ENODEV\n" },
		{ "store " PCI "devices/" NIC "/remove 1\nstore " PCI "rescan 1\n",
		  "= 1\n= 1\n+ pci%200000:04:00.0:%20[8086:10d3]%20type%2000%20class%200x020000%20PCIe%20Endpoint\n"
		  "+ pci%200000:04:00.0:%20BAR%200%20[mem%200xfe200000-0xfe21ffff]\n"
		  "+ pci%200000:04:00.0:%20BAR%201%20[mem%200xfe220000-0xfe23ffff]\n"
		  "+ pci%200000:04:00.0:%20BAR%202%20[io%20%200x1000-0x101f]\n"
		  "+ pci%200000:04:00.0:%20BAR%203%20[mem%200xfe240000-0xfe243fff]\n"
		  "+ pci%200000:04:00.0:%20Adding%20to%20iommu%20group%205\n"
		  "+ pci%200000:04:00.0:%20BAR%200%20[mem%200xfe200000-0xfe21ffff]:%20assigned\n"
		  "+ pci%200000:04:00.0:%20BAR%201%20[mem%200xfe220000-0xfe23ffff]:%20assigned\n"
		  "+ pci%200000:04:00.0:%20BAR%203%20[mem%200xfe240000-0xfe243fff]:%20assigned\n"
		  "+ pci%200000:04:00.0:%20BAR%202%20[io%20%200x1000-0x101f]:%20assigned\n" },
		{ PROBE(NIC), "= 12\n" } } },
};
/* clang-format on */

static char *play(struct ops_sim *p, struct arena *a, const char *text)
{
	op_results results = { 0 };
	ops batch = { 0 };
	char *ret = NULL;
	size_t len;
	FILE *f = open_memstream(&ret, &len);
	struct err e = { "" };

	assert_non_null(f);
	if (ops_read(a, text, &batch, &e) < 0)
		fail_msg("%s", e.text);
	ops_sim_play(p, a, &batch, &results);
	assert_int_equal(results.n, batch.n);
	vec_foreach(r, &results)
		op_result_write(f, r);
	fclose(f);
	return ret;
}

static void start(struct arena *a, struct machine **ret_m, struct sim **ret_s,
		  struct ops_sim *p)
{
	struct err e = { "" };

	if (machine_load(
		    arena_printf(a, "%s/" FIXTURE ".json", getenv("PCIPASS_FIXTURES")),
		    ret_m, &e) < 0 ||
	    sim_new(*ret_m, NULL, ret_s, &e) < 0)
		fail_msg("%s", e.text);
	ops_sim_begin(p, *ret_s);
}

static void test_play(void **state)
{
	const struct sim_case *c = *state;
	struct arena *a = arena_new();
	struct machine *m;
	struct ops_sim p;
	struct sim *s;

	start(a, &m, &s, &p);
	for (size_t i = 0; i < ARRAY_SIZE(c->batches) && c->batches[i].ops; i++) {
		char *got = play(&p, a, c->batches[i].ops);

		assert_string_equal(got, c->batches[i].want);
		free(got);
	}
	sim_free(s);
	machine_free(m);
	arena_free(a);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	if (!getenv("PCIPASS_FIXTURES")) {
		fputs("PCIPASS_FIXTURES is not set\n", stderr);
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_play,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests_name("ops-sim", tests, NULL, NULL);
}
