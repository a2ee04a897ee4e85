/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <pci/header.h>

#include "core/pci.h"

/* ---- addresses ---- */

struct bdf_case {
	const char *text;
	int want; /* characters taken, or -EINVAL */
	const char *formatted;
};

static void test_bdf(void **state)
{
	const struct bdf_case *c = *state;
	struct bdf b = { .domain = 77 };
	char buf[BDF_SIZE];

	assert_int_equal(bdf_parse(c->text, &b), c->want);
	if (c->want < 0)
		assert_int_equal(b.domain, 77);
	else
		assert_string_equal(bdf_format(b, buf), c->formatted);
}

static struct bdf_case bdf_cases[] = {
	/* clang-format off */
	{ "01:00.0", 7, "0000:01:00.0" },
	{ "0000:01:00.0", 12, "0000:01:00.0" },
	{ "0000:AF:1F.7", 12, "0000:af:1f.7" },
	{ "10000:e1:00.0", 13, "10000:e1:00.0" }, /* VMD */
	{ "ffffffff:ff:1f.7", 16, "ffffffff:ff:1f.7" },
	{ "1:2.3", 5, "0000:01:02.3" },
	{ "01:00.0 VGA", 7, "0000:01:00.0" },
	{ "01:00.0,02:00.0", 7, "0000:01:00.0" },
	{ "", -EINVAL }, { ":", -EINVAL }, { "01", -EINVAL }, { "01:00", -EINVAL },
	{ "01:00.", -EINVAL }, { "01:00.8", -EINVAL }, { "01:00.00", -EINVAL },
	{ "01:20.0", -EINVAL }, { "100:00.0", -EINVAL }, { "0000:100:00.0", -EINVAL },
	{ "123456789:00:00.0", -EINVAL }, { "0:0:0:0.0", -EINVAL }, { " 01:00.0", -EINVAL },
	{ "0x1:00.0", -EINVAL }, { "-1:00.0", -EINVAL }, { "8086:10d3", -EINVAL },
	/* clang-format on */
};

static void test_bdf_order(void **state)
{
	static const struct bdf sorted[] = {
		{ 0, 0, 0, 0 },    { 0, 0, 0, 7 },       { 0, 0, 1, 0 },
		{ 0, 0, 0x1f, 7 }, { 0, 1, 0, 0 },       { 0, 0xff, 0x1f, 7 },
		{ 1, 0, 0, 0 },    { 0x10000, 0, 0, 0 }, { 0xffffffff, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sorted); k++)
			assert_int_equal(bdf_cmp(sorted[i], sorted[k]),
					 (i > k) - (i < k));
	assert_true(bdf_same_slot(sorted[0], sorted[1]));
	assert_false(bdf_same_slot(sorted[1], sorted[2]));
	assert_false(bdf_same_slot(sorted[0], sorted[6]));
}

/* ---- ids: patterns as depmod writes them (Debian's modules.alias) ---- */

struct alias_case {
	const char *name, *alias;
	int want;
	struct pci_id id;
};

static void test_alias(void **state)
{
	const struct alias_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct pci_id id = { .vendor = 77 };

	assert_int_equal(pci_id_parse_alias(c->alias, &id), c->want);
	if (c->want < 0) {
		assert_int_equal(id.vendor, 77);
		return;
	}
	assert_int_equal(id.vendor, c->id.vendor);
	assert_int_equal(id.device, c->id.device);
	assert_int_equal(id.subvendor, c->id.subvendor);
	assert_int_equal(id.subdevice, c->id.subdevice);
	assert_int_equal(id.class, c->id.class);
	assert_int_equal(id.class_mask, c->id.class_mask);
	assert_int_equal(id.override_only, c->id.override_only);
	assert_string_equal(pci_id_format_alias(a, &id), c->alias);
}

#define ANY PCI_ID_ANY
static struct alias_case alias_cases[] = {
	/* clang-format off */
	{ "e1000e", "pci:v00008086d000010D3sv*sd*bc*sc*i*", 0, { 0x8086, 0x10d3, ANY, ANY } },
	{ "nouveau: by base class", "pci:v000010DEd*sv*sd*bc03sc*i*", 0,
	  { 0x10de, ANY, ANY, ANY, 0x030000, 0xff0000 } },
	{ "subsystem", "pci:v00008086d00001234sv00008086sd00000001bc*sc*i*", 0,
	  { 0x8086, 0x1234, 0x8086, 1 } },
	{ "nvme: by class", "pci:v*d*sv*sd*bc01sc08i02*", 0,
	  { ANY, ANY, ANY, ANY, 0x010802, 0xffffff } },
	{ "ahci of one vendor", "pci:v0000197Bd*sv*sd*bc01sc06i01*", 0,
	  { 0x197b, ANY, ANY, ANY, 0x010601, 0xffffff } },
	{ "vfio-pci", "vfio_pci:v*d*sv*sd*bc*sc*i*", 0, { ANY, ANY, ANY, ANY, .override_only = true } },
	{ "another bus", "usb:v1D6Bp0002d*dc*dsc*dp*ic*isc*ip*in*", -EINVAL },
	{ "cut off", "pci:v00008086d000010D3sv*sd*bc*sc*", -EINVAL },
	{ "short vendor", "pci:v8086d000010D3sv*sd*bc*sc*i*", -EINVAL },
	{ "wildcard in a field", "pci:v0000808?d000010D3sv*sd*bc*sc*i*", -EINVAL },
	{ "more behind", "pci:v00008086d000010D3sv*sd*bc*sc*i*x", -EINVAL },
	{ "empty", "", -EINVAL },
	/* clang-format on */
};

struct match_case {
	const char *name;
	struct pci_id id;
	bool want;
};

/* A VGA function 10de:1244, subsystem 1462:809d. */
static void test_match(void **state)
{
	static const struct pci_ident fn = { 0x10de, 0x1244, 0x1462, 0x809d, 0x030000 };
	const struct match_case *c = *state;

	assert_int_equal(pci_id_matches(&c->id, &fn), c->want);
}

static struct match_case match_cases[] = {
	/* clang-format off */
	{ "any", { ANY, ANY, ANY, ANY }, true },
	{ "vendor and device", { 0x10de, 0x1244, ANY, ANY }, true },
	{ "other device", { 0x10de, 0x1245, ANY, ANY }, false },
	{ "other vendor", { 0x10df, 0x1244, ANY, ANY }, false },
	{ "subsystem", { 0x10de, 0x1244, 0x1462, 0x809d }, true },
	{ "other subsystem", { 0x10de, 0x1244, 0x1462, 0x809e }, false },
	{ "ffff is no wildcard", { 0xffff, ANY, ANY, ANY }, false },
	{ "class", { ANY, ANY, ANY, ANY, 0x030000, 0xffff00 }, true },
	{ "base class", { ANY, ANY, ANY, ANY, 0x03ff00, 0xff0000 }, true },
	{ "other class", { ANY, ANY, ANY, ANY, 0x020000, 0xff0000 }, false },
	{ "class without mask", { ANY, ANY, ANY, ANY, 0x020000, 0 }, true },
	/* clang-format on */
};

static void test_modalias(void **state)
{
	static const struct pci_ident fn = { 0x10de, 0x1244, 0x1462, 0x809d, 0x0c0330 };
	char buf[PCI_MODALIAS_SIZE];

	(void)state;
	assert_string_equal(pci_modalias(&fn, buf),
			    "pci:v000010DEd00001244sv00001462sd0000809Dbc0Csc03i30");
}

/* ---- configuration space ---- */

struct config_case {
	const char *name;
	size_t len;
	struct {
		uint16_t at, value;
	} words[8];
	unsigned cap; /* where PCI Express (10h) is */
	int type;
	unsigned dsn; /* where Device Serial Number (0003h) is */
};

static void test_config(void **state)
{
	const struct config_case *c = *state;
	struct blob config = { NULL, c->len };
	uint8_t *bytes = malloc(c->len + 1); /* exact, for the sanitizer */
	uint8_t serial[8];

	memset(bytes, 0, c->len);
	for (size_t i = 0; i < ARRAY_SIZE(c->words); i++)
		for (size_t k = 0; k < 2 && c->words[i].at + k < c->len; k++)
			bytes[c->words[i].at + k] |=
				(uint8_t)(c->words[i].value >> 8 * k);
	config.data = bytes;
	assert_int_equal(cfg_find_cap(config, PCI_CAP_ID_EXP), c->cap);
	assert_int_equal(cfg_pcie_type(config), c->type);
	assert_int_equal(cfg_find_ext_cap(config, PCI_EXT_CAP_ID_DSN), c->dsn);
	assert_int_equal(cfg_serial(config, serial), c->dsn != 0);
	free(bytes);
}

/* PCI 3.0, 6.7; PCI Express 6.0, 7.5.3 and 7.6.3. */
#define HAS_CAPS                                                                         \
	{                                                                                \
		PCI_STATUS, PCI_STATUS_CAP_LIST                                          \
	}
static struct config_case config_cases[] = {
	/* clang-format off */
	{ "no list", 256, { { 0x34, 0x40 }, { 0x40, 0x0010 } }, 0, -1 },
	{ "first in the list: root port", 256, { HAS_CAPS, { 0x34, 0x40 }, { 0x40, 0x0010 }, { 0x42, 0x0042 } },
	  0x40, PCI_EXP_TYPE_ROOT_PORT },
	{ "second in the list: endpoint", 256, { HAS_CAPS, { 0x34, 0x60 }, { 0x60, 0x4001 }, { 0x40, 0x0010 } },
	  0x40, PCI_EXP_TYPE_ENDPOINT },
	{ "low bits of a pointer do not count", 256, { HAS_CAPS, { 0x34, 0x43 }, { 0x40, 0x0010 } }, 0x40, 0 },
	{ "loop", 256, { HAS_CAPS, { 0x34, 0x40 }, { 0x40, 0x5001 }, { 0x50, 0x4005 } }, 0, -1 },
	{ "pointer into the header", 256, { HAS_CAPS, { 0x34, 0x10 }, { 0x10, 0x0010 } }, 0, -1 },
	{ "pointer beyond what was read", 64, { HAS_CAPS, { 0x34, 0x40 } }, 0, -1 },
	{ "capability ffh ends it", 256, { HAS_CAPS, { 0x34, 0x40 }, { 0x40, 0x50ff }, { 0x50, 0x0010 } }, 0, -1 },
	{ "serial number first", 4096, { { 0x100, 0x0003 }, { 0x102, 0x0001 } }, 0, -1, 0x100 },
	{ "serial number second", 4096, { { 0x100, 0x0001 }, { 0x102, 0x1481 }, { 0x148, 0x0003 }, { 0x14a, 0x0001 } },
	  0, -1, 0x148 },
	{ "extended loop", 4096, { { 0x100, 0x0001 }, { 0x102, 0x1001 } }, 0, -1, 0 },
	{ "extended, below 100h", 4096, { { 0x100, 0x0001 }, { 0x102, 0x0401 }, { 0x40, 0x0003 } }, 0, -1, 0 },
	{ "nothing extended was read", 256, { { 0 } }, 0, -1, 0 },
	{ "nothing at all was read", 0, { { 0 } }, 0, -1, 0 },
	/* clang-format on */
};

static void test_registers(void **state)
{
	static const uint8_t bytes[] = { 0x86, 0x80, 0xd3, 0x10, 0x07 };
	struct blob config = { bytes, sizeof(bytes) };

	(void)state;
	assert_int_equal(cfg_u8(config, 4), 0x07);
	assert_int_equal(cfg_u16(config, 2), 0x10d3);
	assert_int_equal(cfg_u32(config, 0), 0x10d38086);
	/* As hardware answers where nothing is. */
	assert_int_equal(cfg_u8(config, 5), 0xff);
	assert_int_equal(cfg_u16(config, 4), 0xff07);
	assert_int_equal(cfg_u32(config, 4), 0xffffff07);
	assert_int_equal(cfg_u32(config, 0xffc), 0xffffffff);
	assert_false(cfg_is_bridge(config));
}

static void test_serial(void **state)
{
	uint8_t bytes[0x10c] = { 0 }, got[8];
	static const uint8_t want[8] = { 0x52, 0x54, 0x00, 0xff, 0xff, 0x12, 0x34, 0x56 };

	(void)state;
	bytes[0x100] = 3;
	for (int i = 0; i < 8; i++)
		bytes[0x104 + i] = want[7 - i];
	/* sysfs shows it as 52-54-00-ff-ff-12-34-56 */
	assert_true(cfg_serial((struct blob){ bytes, sizeof(bytes) }, got));
	assert_memory_equal(got, want, 8);
	assert_false(cfg_serial((struct blob){ bytes, sizeof(bytes) - 1 }, got));
}

static void test_bridge(void **state)
{
	uint8_t bytes[64] = { 0 };
	struct blob config = { bytes, sizeof(bytes) };

	(void)state;
	assert_false(cfg_is_bridge(config));
	bytes[PCI_HEADER_TYPE] = 0x81; /* the multifunction bit does not matter */
	assert_true(cfg_is_bridge(config));
	bytes[PCI_HEADER_TYPE] = 0x02; /* CardBus */
	assert_false(cfg_is_bridge(config));
}

#define ROWS(cases, title, func)                                                         \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].title, .test_func = (func),                  \
			.initial_state = &(cases)[i_]                                    \
		}

int main(void)
{
	static const struct CMUnitTest single[] = {
		{ "order of addresses", test_bdf_order, NULL, NULL, NULL },
		{ "modalias", test_modalias, NULL, NULL, NULL },
		{ "registers", test_registers, NULL, NULL, NULL },
		{ "serial number", test_serial, NULL, NULL, NULL },
		{ "bridge", test_bridge, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[100];
	size_t n = 0;

	ROWS(bdf_cases, text, test_bdf);
	ROWS(alias_cases, name, test_alias);
	ROWS(match_cases, name, test_match);
	ROWS(config_cases, name, test_config);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	return _cmocka_run_group_tests("pci", tests, n, NULL, NULL);
}
