/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc/iomem: what it is made of, what changes it, and who sees addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/node.h"
#include "fakesys/test-sim.h"

struct store {
	const char *path, *text;
};

struct iomem_case {
	const char *name;
	const char *recorded; /* proc/iomem; NULL: none */
	const char *cmdline;  /* NULL: as recorded */
	struct store stores[6];
	const char *want;
	bool unprivileged, no_iommu;
};

/* As an opener with or without CAP_SYS_ADMIN reads it, in pieces. */
static char *read_as(struct arena *a, struct sim *s, bool capable)
{
	char *text = arena_alloc(a, 8192);
	struct entry e;
	size_t at = 0;
	ssize_t n;

	assert_int_equal(node_resolve(s, "proc/iomem", true, &e), 0);
	assert_int_equal(e.mode & 0777, 0444);
	while ((n = entry_read_bin(s, &e, capable, text + at, 100, at)) > 0)
		at += (size_t)n;
	assert_int_equal(n, 0);
	return text;
}

static struct machine *machine_of(const struct iomem_case *c)
{
	struct machine *m = test_machine(!c->no_iommu);
	struct pci_fn *port = &m->fns.v[3], *nic = &m->fns.v[6];
	struct err e;

	assert_int_equal(port->bdf.dev, 4);
	assert_int_equal(nic->bdf.bus, 1);
	port->res[14] = (struct pci_resource){ 0xfe800000, 0xfe9fffff, 0x200 };
	nic->res[0] = (struct pci_resource){ 0xfe880000, 0xfe89ffff, 0x40200 };
	nic->res[1] = (struct pci_resource){ 0, 0xfff, 0x20040200 }; /* unset */
	nic->res[4] = (struct pci_resource){ 0x800000000, 0x8000fffff, 0x14220c };
	*vec_push(m->arena, &m->klog) =
		"DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap d2008c22260206 ecap "
		"f00f4a";
	*vec_push(m->arena, &m->klog) =
		"efifb: framebuffer at 0xfb000000, using 3072k, total 3072k";
	if (c->cmdline)
		m->cmdline = c->cmdline;
	if (c->recorded)
		test_file(m, "proc/iomem", c->recorded);
	assert_int_equal(machine_finish(m, &e), 0);
	return m;
}

static void test_iomem(void **state)
{
	const struct iomem_case *c = *state;
	struct machine *m = machine_of(c);
	struct err e = { "" };
	struct sim *s;
	char *got;

	assert_int_equal(sim_new(m, profile_find("6.12.107"), &s, &e), 0);
	/* What was read before a change is not what is read after it. */
	(void)read_as(m->arena, s, true);
	for (const struct store *st = c->stores; st->path; st++)
		if (sim_store(s, st->path, st->text, strlen(st->text)) < 0)
			fail_msg("%s: refused", st->path);
	got = read_as(m->arena, s, !c->unprivileged);
	sim_free(s);
	assert_string_equal(got, c->want);
	machine_free(m);
}

#define VFIO_VGA                                                                         \
	{ DEV("00:02.0") "driver_override", "vfio-pci" },                                \
	{                                                                                \
		"sys/bus/pci/drivers_probe", "0000:00:02.0"                              \
	}
#define SCREEN "  fb000000-fb2fffff : efifb\n"
#define VGA "fb000000-fbffffff : 0000:00:02.0\n"
#define PORT "fe800000-fe9fffff : PCI Bus 0000:01\n  fe880000-fe89ffff : 0000:01:00.0\n"
#define NIC "feb40000-feb5ffff : 0000:00:03.0\n"
#define REST "feb80000-feb8ffff : 0000:00:02.0\nfed90000-fed90fff : dmar0\n"
#define HIGH "800000000-8000fffff : 0000:01:00.0\n"
#define ZERO(name) "00000000-00000000 : " name "\n"

#define RECORDED_HEAD                                                                    \
	"00001000-0009fbff : System RAM\n80000000-febfffff : PCI Bus 0000:00\n"
#define RECORDED_VGA "  fb000000-fbffffff : 0000:00:02.0\n"
#define RECORDED_SCREEN "    fb000000-fb2fffff : efifb\n"
#define RECORDED_PORT "  fe800000-fe9fffff : PCI Bus 0000:01\n"
#define RECORDED_NIC "    fe880000-fe89ffff : 0000:01:00.0\n"
#define RECORDED_DRIVER "      fe880000-fe89ffff : e1000e\n"
#define RECORDED_TAIL "fed90000-fed90fff : dmar0\n100000000-23fffffff : System RAM\n"
#define RECORDED                                                                         \
	RECORDED_HEAD RECORDED_VGA RECORDED_SCREEN RECORDED_PORT RECORDED_NIC            \
		RECORDED_DRIVER RECORDED_TAIL

/* clang-format off */
static struct iomem_case cases[] = {
	{ "made of BARs, windows, units and the screen", .want = VGA SCREEN PORT NIC REST HIGH },
	{ "an ordinary user sees names", .unprivileged = true,
	  .want = ZERO("0000:00:02.0") "  " ZERO("efifb") ZERO("PCI Bus 0000:01") "  " ZERO("0000:01:00.0")
		  ZERO("0000:00:03.0") ZERO("0000:00:02.0") ZERO("dmar0") ZERO("0000:01:00.0") },
	{ "a function goes", .stores = { { DEV("00:03.0") "remove", "1" } }, .want = VGA SCREEN PORT REST HIGH },
	{ "a port goes, and what is behind it", .stores = { { DEV("00:04.0") "remove", "1" } }, .want = VGA SCREEN NIC REST },
	{ "and comes again", .stores = { { DEV("00:04.0") "remove", "1" }, { "sys/bus/pci/rescan", "1" } },
	  .want = VGA SCREEN PORT NIC REST HIGH },
	{ "vfio-pci takes the boot VGA", .stores = { VFIO_VGA }, .want = VGA PORT NIC REST HIGH },
	{ "vfio-pci takes the boot VGA and fails: no IOMMU", .stores = { VFIO_VGA }, .no_iommu = true,
	  .want = VGA PORT NIC "feb80000-feb8ffff : 0000:00:02.0\n" HIGH },
	{ "no driver for the screen", .cmdline = "initcall_blacklist=sysfb_init", .want = VGA PORT NIC REST HIGH },
	{ "recorded", RECORDED, .want = RECORDED },
	{ "recorded, read by an ordinary user", "00001000-0009fbff : System RAM\n  fed90000-fed90fff : dmar0\n",
	  .unprivileged = true, .want = ZERO("System RAM") "  " ZERO("dmar0") },
	{ "recorded by an ordinary user: nobody knows more", ZERO("System RAM") "  " ZERO("Kernel code"),
	  .want = VGA SCREEN PORT NIC REST HIGH },
	{ "recorded, the boot VGA taken", RECORDED, .stores = { VFIO_VGA },
	  .want = RECORDED_HEAD RECORDED_VGA RECORDED_PORT RECORDED_NIC RECORDED_DRIVER RECORDED_TAIL },
	{ "recorded, another driver", RECORDED, .stores = { { DEV("01:00.0") "driver_override", "vfio-pci" },
	  { "sys/bus/pci/drivers/e1000e/unbind", "0000:01:00.0" }, { "sys/bus/pci/drivers_probe", "0000:01:00.0" } },
	  .want = RECORDED_HEAD RECORDED_VGA RECORDED_SCREEN RECORDED_PORT RECORDED_NIC RECORDED_TAIL },
	{ "recorded, no driver", RECORDED, .stores = { { "sys/bus/pci/drivers/e1000e/unbind", "0000:01:00.0" } },
	  .want = RECORDED_HEAD RECORDED_VGA RECORDED_SCREEN RECORDED_PORT RECORDED_NIC RECORDED_TAIL },
	{ "recorded, its driver again", RECORDED, .stores = { { "sys/bus/pci/drivers/e1000e/unbind", "0000:01:00.0" },
	  { "sys/bus/pci/drivers/e1000e/bind", "0000:01:00.0" } }, .want = RECORDED },
	{ "recorded, a function gone", RECORDED, .stores = { { DEV("01:00.0") "remove", "1" } },
	  .want = RECORDED_HEAD RECORDED_VGA RECORDED_SCREEN RECORDED_PORT RECORDED_TAIL },
	{ "recorded, a port gone", RECORDED, .stores = { { DEV("00:04.0") "remove", "1" } },
	  .want = RECORDED_HEAD RECORDED_VGA RECORDED_SCREEN RECORDED_TAIL },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_iomem,
						.initial_state = &cases[i] };
	return cmocka_run_group_tests_name("proc/iomem", tests, NULL, NULL);
}
