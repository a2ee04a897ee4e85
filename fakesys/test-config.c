/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/config.h"
#include "fakesys/test-sim.h"

/* One write into a function's registers, and what reads back (PCI specification 3.0, 6).
 */
struct config_case {
	const char *name, *bdf;
	uint32_t off, width, before, write, want;
	ssize_t ret; /* 0: width */
};

static uint32_t get(struct blob b, uint32_t off, uint32_t width)
{
	return width == 1   ? cfg_u8(b, off)
	       : width == 2 ? cfg_u16(b, off)
			    : cfg_u32(b, off);
}

static void test_write(void **state)
{
	const struct config_case *c = *state;
	struct machine *m = test_machine(true);
	struct bdf bdf;
	struct sim *s;
	struct err e;
	uint32_t fn;
	uint8_t *cfg;

	assert_true(bdf_parse(c->bdf, &bdf) > 0);
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	fn = sim_find_fn(s, bdf);
	cfg = test_cfg(&m->fns.v[fn]);
	if (c->off + c->width <= m->fns.v[fn].config.len)
		memcpy(cfg + c->off, &c->before, c->width);
	assert_int_equal(config_write(s, fn, &c->write, c->width, c->off),
			 c->ret ? c->ret : (ssize_t)c->width);
	assert_int_equal(get(config_now(s, fn), c->off, c->width), c->want);
	/* What was recorded never changes. */
	if (c->off + c->width <= m->fns.v[fn].config.len)
		assert_memory_equal(cfg + c->off, &c->before, c->width);
	sim_free(s);
	machine_free(m);
}

/* clang-format off */
static struct config_case rows[] = {
	{ "ids are read-only", "00:03.0", 0, 4, 0x10d38086, 0xffffffff, 0x10d38086 },
	{ "command takes its bits", "00:03.0", PCI_COMMAND, 2, 0x0103, 0xffff, 0x07ff },
	{ "command of PCI Express has fewer", "00:04.0", PCI_COMMAND, 2, 0, 0xffff, 0x0547 },
	{ "status is cleared by ones", "00:03.0", PCI_STATUS, 2, 0xf910, 0x8000, 0x7910 },
	{ "status keeps what is capability", "00:03.0", PCI_STATUS, 2, 0x0010, 0xffff, 0x0010 },
	{ "interrupt line", "00:03.0", PCI_INTERRUPT_LINE, 1, 0x0b, 0x05, 0x05 },
	{ "interrupt pin is read-only", "00:03.0", PCI_INTERRUPT_PIN, 1, 0x01, 0x04, 0x01 },
	{ "BAR of 128 KiB tells its size", "00:03.0", PCI_BASE_ADDRESS_0, 4,
	  0xfeb40000, 0xffffffff, 0xfffe0000 },
	{ "BAR of 16 MiB, prefetchable", "00:02.0", PCI_BASE_ADDRESS_0, 4,
	  0xfb000008, 0xffffffff, 0xff000008 },
	{ "I/O BAR of 32 bytes", "00:03.0", PCI_BASE_ADDRESS_2, 4, 0x7141, 0xffffffff, 0xffffffe1 },
	{ "a BAR that is not there", "00:03.0", PCI_BASE_ADDRESS_1, 4, 0, 0xffffffff, 0 },
	{ "ROM BAR of 64 KiB with its enable bit", "00:02.0", PCI_ROM_ADDRESS, 4,
	  0xfeb80000, 0xffffffff, 0xffff0001 },
	{ "power management state", "00:03.0", 0xc8 + PCI_PM_CTRL, 2, 0x2008, 0x0003, 0x200b & 0x200b },
	{ "bus numbers of a bridge", "00:04.0", PCI_PRIMARY_BUS, 4, 0x00010100, 0x00050500, 0x00050500 },
	{ "memory window of a bridge", "00:04.0", PCI_MEMORY_BASE, 4, 0, 0xffffffff, 0xfff0fff0 },
	{ "device status of a port", "00:04.0", 0x40 + PCI_EXP_DEVSTA, 2, 0x001f, 0x000f, 0x0010 },
	{ "beyond the space", "00:03.0", 256, 4, 0, 0, 0xffffffff, -EFBIG },
};
/* clang-format on */

#define MSI 0xd0

/* The recorded driver of 00:03.0 uses MSI: its vector is 55. */
static void use_msi(struct machine *m)
{
	uint8_t *c = test_cfg(&m->fns.v[2]);

	c[PCI_COMMAND] = 7;
	c[PCI_COMMAND + 1] = 5; /* DisINTx, SERR */
	c[0xc9] = MSI;
	c[MSI] = PCI_CAP_ID_MSI;
	c[MSI + PCI_MSI_FLAGS] = 0x81;
	c[PCI_INTERRUPT_LINE] = 10;
	m->fns.v[2].irq = 55;
}

static void expect(struct sim *s, unsigned command, unsigned msi, unsigned power,
		   const char *irq)
{
	struct test_step line = IS(DEV("00:03.0") "irq", irq);
	uint8_t c[256];
	struct blob b = { c, sizeof(c) };

	config_copy(s, 2, 0, c, sizeof(c));
	assert_int_equal(cfg_u16(b, PCI_COMMAND), command);
	assert_int_equal(cfg_u16(b, MSI + PCI_MSI_FLAGS), msi);
	assert_int_equal(cfg_u16(b, 0xc8 + PCI_PM_CTRL), power);
	test_run_step(s, &line);
}

/* pci_disable_device(), pci_disable_msi(), vfio-pci's D3hot; and what was written by hand
 * stays until a driver comes or goes. */
static void test_driver_registers(void **state)
{
	static const struct test_step unbind = W(DRV("e1000e") "unbind", "0000:00:03.0"),
				      bind = W(DRV("e1000e") "bind", "0000:00:03.0"),
				      override = W(DEV("00:03.0") "driver_override",
						   "vfio-pci"),
				      probe = W("sys/bus/pci/drivers_probe",
						"0000:00:03.0"),
				      enable = W(DEV("00:03.0") "enable", "1"),
				      disable = W(DEV("00:03.0") "enable", "0");
	struct machine *m = test_machine(true);
	uint16_t master = 0x0506;
	struct sim *s;
	struct err e;

	(void)state;
	use_msi(m);
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	expect(s, 0x0507, 0x81, 0, "55\n");
	test_run_step(s, &unbind);
	expect(s, 0x0103, 0x80, 0, "10\n");
	test_run_step(s, &bind);
	expect(s, 0x0507, 0x81, 0, "55\n");
	test_run_step(s, &unbind);
	test_run_step(s, &enable);
	expect(s, 0x0103, 0x80, 0, "10\n"); /* only a driver wants to be bus master */
	test_run_step(s, &disable);
	assert_int_equal(config_write(s, 2, &master, 2, PCI_COMMAND), 2);
	expect(s, 0x0506, 0x80, 0, "10\n");
	test_run_step(s, &override);
	test_run_step(s, &probe);
	expect(s, 0x0106, 0x80, 3, "10\n"); /* vfio-pci switches nothing */
	sim_free(s);
	machine_free(m);
}

static void test_hostile(void **state)
{
	static const struct pci_resource none[PCI_RESOURCES];
	uint8_t config[256], wmask[256], w1cmask[256];

	(void)state;
	/* Whatever the bytes say, masks stay within what was recorded. */
	for (int fill = 0; fill < 256; fill++)
		for (size_t len = 0; len <= sizeof(config); len += 51) {
			memset(config, fill, sizeof(config));
			memset(wmask, 0xa5, sizeof(wmask));
			memset(w1cmask, 0xa5, sizeof(w1cmask));
			config_masks((struct blob){ config, len }, none, wmask, w1cmask);
			for (size_t i = 0; i < sizeof(config); i++)
				if (i >= len)
					assert_true(wmask[i] == 0xa5 &&
						    w1cmask[i] == 0xa5);
				else
					assert_int_equal(wmask[i] & w1cmask[i], 0);
			for (size_t i = 0; i < 4 && i < len; i++) /* ids */
				assert_int_equal(wmask[i] | w1cmask[i], 0);
		}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + 2];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = test_write,
						.initial_state = &rows[i] };
	tests[ARRAY_SIZE(rows)] =
		(struct CMUnitTest){ .name = "hostile bytes", .test_func = test_hostile };
	tests[ARRAY_SIZE(rows) + 1] =
		(struct CMUnitTest){ .name = "what drivers switch",
				     .test_func = test_driver_registers };
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
