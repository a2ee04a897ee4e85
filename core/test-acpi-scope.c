/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tables mean for the functions of a machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/test-acpi.h"

/*
 * 00:1c.0 bridge to buses 2-3, 02:00.0 bridge to bus 3, 03:00.0 network with the virtual
 * function 03:10.0, 03:01.0 USB, 00:14.0 network, 00:1d.0 VMD with 10000:e0:06.0 behind
 * it, 00:1e.0 NTB; in segment 1 another 00:14.0.
 */
static struct machine *make_machine(void)
{
	static const struct {
		struct bdf bdf;
		uint32_t class;
		uint8_t secondary, subordinate;
		bool is_vf;
		const char *driver;
	} fns[] = {
		/* clang-format off */
		{ { 0, 0, 0x14, 0 }, 0x020000 },
		{ { 0, 0, 0x1c, 0 }, 0x060400, 2, 3 },
		{ { 0, 2, 0x00, 0 }, 0x060400, 3, 3 },
		{ { 0, 3, 0x00, 0 }, 0x020000 },
		{ { 0, 3, 0x01, 0 }, 0x0c0330 },
		{ { 0, 3, 0x10, 0 }, 0x020000, .is_vf = true },
		{ { 0, 0, 0x1d, 0 }, 0x010400, .driver = "vmd" },
		{ { 0, 0, 0x1e, 0 }, 0x068000 },
		{ { 0x10000, 0xe0, 0x06, 0 }, 0x060400 },
		{ { 1, 0, 0x14, 0 }, 0x020000 },
		/* clang-format on */
	};
	struct machine *m = machine_new();

	for (size_t i = 0; i < ARRAY_SIZE(fns); i++) {
		struct pci_fn *fn = vec_push(m->arena, &m->fns);
		uint8_t *config = arena_alloc(m->arena, 256);

		config[0x0a] = (uint8_t)(fns[i].class >> 8);
		config[0x0b] = (uint8_t)(fns[i].class >> 16);
		config[0x0e] = fns[i].secondary ? 1 : 0;
		config[0x19] = fns[i].secondary;
		config[0x1a] = fns[i].subordinate;
		fn->bdf = fns[i].bdf;
		fn->driver = fns[i].driver;
		fn->is_vf = fns[i].is_vf;
		fn->physfn = (struct bdf){ 0, 3, 0, 0 };
		fn->config = (struct blob){ config, 256 };
	}
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

struct scope_case {
	const char *name;
	uint16_t segment;
	struct acpi_scope scope;
	const char *want; /* NULL: not there */
};

static void test_scope(void **state)
{
	const struct scope_case *c = *state;
	AUTOMACHINE struct machine *m = make_machine();
	const struct pci_fn *fn = acpi_scope_fn(m, c->segment, &c->scope);
	char bdf[BDF_SIZE];

	assert_string_equal(fn ? bdf_format(fn->bdf, bdf) : "-", c->want ? c->want : "-");
}

#define SCOPE(kind, start, count, ...)                                                   \
	{                                                                                \
		.type = kind, .bus = start, .n_hops = count, .hops = { __VA_ARGS__ }     \
	}
#define ENDPOINT(...) SCOPE(ACPI_SCOPE_ENDPOINT, __VA_ARGS__)
#define BRIDGE(...) SCOPE(ACPI_SCOPE_BRIDGE, __VA_ARGS__)
static struct scope_case scope_cases[] = {
	/* clang-format off */
	{ "on the root bus", 0, ENDPOINT(0, 1, { 0x14, 0 }), "0000:00:14.0" },
	{ "behind one bridge", 0, BRIDGE(0, 2, { 0x1c, 0 }, { 0, 0 }), "0000:02:00.0" },
	{ "behind two bridges", 0, ENDPOINT(0, 3, { 0x1c, 0 }, { 0, 0 }, { 1, 0 }), "0000:03:01.0" },
	{ "start bus is not 0", 0, ENDPOINT(3, 1, { 1, 0 }), "0000:03:01.0" },
	{ "other segment", 1, ENDPOINT(0, 1, { 0x14, 0 }), "0001:00:14.0" },
	{ "no such function", 0, ENDPOINT(0, 1, { 0x15, 0 }), NULL },
	{ "no such bridge", 0, ENDPOINT(0, 2, { 0x1b, 0 }, { 0, 0 }), NULL },
	{ "through an endpoint", 0, ENDPOINT(0, 2, { 0x14, 0 }, { 0, 0 }), NULL },
	{ "device 32", 0, ENDPOINT(0, 1, { 0x20, 0 }), NULL },
	{ "function 8", 0, ENDPOINT(0, 1, { 0x14, 8 }), NULL },
	{ "no path", 0, ENDPOINT(0, 0), NULL },
	{ "bridge as endpoint", 0, ENDPOINT(0, 1, { 0x1c, 0 }), NULL },
	{ "endpoint as bridge", 0, BRIDGE(0, 1, { 0x14, 0 }), NULL },
	{ "NTB as bridge", 0, BRIDGE(0, 1, { 0x1e, 0 }), "0000:00:1e.0" },
	{ "IOAPIC with a function's address", 0, SCOPE(ACPI_SCOPE_IOAPIC, 0, 1, { 0x14, 0 }), NULL },
	{ "virtual function", 0, ENDPOINT(3, 1, { 0x10, 0 }), NULL },
	/* clang-format on */
};

/*
 * In @want one character for each function in order: 00:14 1c 1d 1e, 02:00, 03:00.0 01.0
 * 10.0, segment 1, behind the VMD; '-' is none.
 */
struct assign_case {
	const char *name, *table, *body, *want;
};

static void test_units(void **state)
{
	const struct assign_case *c = *state;
	AUTOMACHINE struct machine *m = make_machine();
	struct blob t = make_table(m->arena, c->table, c->body);
	uint32_t unit[16];
	struct acpi_iommu out;
	char got[16] = "";

	assert_int_equal(acpi_parse_iommu(m->arena, c->table, t, &out, NULL), 0);
	acpi_assign_units(m, &out, m->arena, unit);
	for (size_t i = 0; i < m->fns.n; i++)
		got[i] = unit[i] == ACPI_UNIT_NONE ? '-' : (char)('0' + unit[i]);
	assert_string_equal(got, c->want);
}

#define DRHD_SEGMENT1 "0000 1000 01 00 0100 0000d9fe00000000 "
#define AMD(len, entries) IVRS_HEAD IVHD10(len, "f000") entries
#define VIRTIO(bdf) "0300 1000 0000 " bdf " 0000000000000000 "
#define RANGE(segments, ids, output)                                                     \
	"0100 1800 00000000 " segments ids output " 000000000000 "
static struct assign_case unit_cases[] = {
	/* clang-format off */
	/* Intel */
	{ "no unit", "DMAR", DMAR_HEAD, "----------" },
	{ "one unit for all", "DMAR", DMAR_HEAD DRHD_ALL, "00000000-0" },
	{ "another segment's unit", "DMAR", DMAR_HEAD DRHD_SEGMENT1, "--------0-" },
	{ "endpoint", "DMAR", DMAR_HEAD DRHD("1800", "0000") ENDPOINT_SCOPE("1400"), "0---------" },
	{ "endpoint, the rest to the one for all", "DMAR", DMAR_HEAD DRHD("1800", "0010") ENDPOINT_SCOPE("1400") DRHD_ALL,
	  "01111111-1" },
	{ "the one for all stands first", "DMAR", DMAR_HEAD DRHD_ALL DRHD("1800", "0010") ENDPOINT_SCOPE("1400"),
	  "10000000-0" },
	{ "bridge and all below", "DMAR", DMAR_HEAD DRHD("1800", "0000") BRIDGE_SCOPE("1c00"), "-0--0000--" },
	{ "function that is not there", "DMAR", DMAR_HEAD DRHD("1800", "0000") ENDPOINT_SCOPE("0200"), "----------" },
	{ "two units, nothing in common", "DMAR", DMAR_HEAD DRHD("1800", "0000") BRIDGE_SCOPE("1c00") DRHD("1800", "0010") ENDPOINT_SCOPE("1400"),
	  "10--0000--" },
	{ "bridge of one, endpoint below of a later one", "DMAR",
	  DMAR_HEAD DRHD("1800", "0000") BRIDGE_SCOPE("1c00") DRHD("1800", "0010") "01 08 0000 00 03 0100", "-0--0010--" },
	{ "bridge of one, endpoint below of an earlier one", "DMAR",
	  DMAR_HEAD DRHD("1800", "0010") "01 08 0000 00 03 0100" DRHD("1800", "0000") BRIDGE_SCOPE("1c00"), "-1--1111--" },
	{ "twice named: the last in the table", "DMAR", DMAR_HEAD DRHD("1800", "0000") ENDPOINT_SCOPE("1400") DRHD("1800", "0010") ENDPOINT_SCOPE("1400"),
	  "1---------" },
	{ "twice for all: the first in the table", "DMAR", DMAR_HEAD DRHD_ALL "0000 1000 01 00 0000 0010d9fe00000000",
	  "00000000-0" },
	{ "scopes of one for all name nothing", "DMAR", DMAR_HEAD DRHD("1800", "0000") ENDPOINT_SCOPE("1400")
	  "0000 1800 01 00 0000 0010d9fe00000000" ENDPOINT_SCOPE("1400"), "01111111-1" },
	{ "a unit at address 0: Linux takes none", "DMAR", DMAR_HEAD DRHD_ALL "0000 1000 00 00 0000 0000000000000000", "----------" },
	{ "VMD, and what is behind it", "DMAR", DMAR_HEAD DRHD("1800", "0000") ENDPOINT_SCOPE("1d00"), "--0------0" },
	{ "virtual function by its physical one", "DMAR", DMAR_HEAD DRHD("1c00", "0000") "01 0c 0000 00 00 1c00 0000 0000",
	  "-----0-0--" },
	{ "IOAPIC's scope is no function's", "DMAR", DMAR_HEAD DRHD("1800", "0000") "03 08 0000 01 00 1400", "----------" },
	/* AMD; the IOMMU is 00:1e.0 */
	{ "IVHD without entries", "IVRS", AMD("1800", ""), "----------" },
	{ "all but itself", "IVRS", AMD("1c00", "01000000"), "000-0000--" },
	{ "one", "IVRS", AMD("1c00", "02000300"), "-----0----" },
	{ "range, the virtual function by its own id", "IVRS", AMD("2000", "03010300 04800300"), "------00--" },
	{ "alias brings its target", "IVRS", AMD("2000", "42000300 00a00000"), "0----0----" },
	{ "alias range brings its target", "IVRS", AMD("2400", "43000300 00a00000 04080300"), "0----00---" },
	{ "special device of tomorrow: Linux takes none", "IVRS", AMD("2400", "48000000 20a00003 02000300"), "----------" },
	{ "IOAPIC's id", "IVRS", AMD("2000", "48000000 20a00001"), "0---------" },
	{ "backwards", "IVRS", AMD("2000", "03080300 04000300"), "----------" },
	{ "two IOMMUs share a segment: the later entry", "IVRS", AMD("1c00", "01000000") IVHD10("1c00", "e800") "02000300",
	  "00--0100--" },
	{ "IOMMU of another segment", "IVRS",
	  IVRS_HEAD "10b0 1c00 0200 4000 0000b8fe00000000 0100 0000 00000000 01000000", "--------0-" },
	/* virtio; the IOMMU is 00:1e.0 */
	{ "range of one segment, not itself", "VIOT", VIOT_HEAD("0200") VIRTIO("f000") RANGE("0000 0000", "0000 ffff", "3000"),
	  "000-0000--" },
	{ "range of two segments", "VIOT", VIOT_HEAD("0200") VIRTIO("f000") RANGE("0000 0100", "a000 a000", "3000"),
	  "0-------0-" },
	{ "the last range", "VIOT", VIOT_HEAD("0400") VIRTIO("f000") "0400 1000 00000000 0000d9fe00000000"
	  RANGE("0000 0000", "0000 ffff", "3000") RANGE("0000 0000", "0003 ff03", "4000"), "000-0111--" },
	{ "range of no IOMMU", "VIOT", VIOT_HEAD("0200") VIRTIO("f000") RANGE("0000 0000", "0000 ffff", "4000"), "----------" },
	/* clang-format on */
};

static void test_aliases(void **state)
{
	const struct assign_case *c = *state;
	AUTOMACHINE struct machine *m = make_machine();
	struct blob t = make_table(m->arena, c->table, c->body);
	uint16_t alias[16];
	struct acpi_iommu out;
	char *got = arena_strdup(m->arena, "");

	assert_int_equal(acpi_parse_iommu(m->arena, c->table, t, &out, NULL), 0);
	acpi_assign_aliases(m, &out, m->arena, alias);
	for (size_t i = 0; i < m->fns.n; i++) {
		const struct bdf b = m->fns.v[i].bdf;

		if (alias[i] != (b.bus << 8 | b.dev << 3 | b.fn))
			got = arena_printf(m->arena, "%s %zu>%04x", got, i, alias[i]);
	}
	assert_string_equal(got, c->want);
}

static struct assign_case alias_cases[] = {
	/* clang-format off */
	{ "no aliases of a DMAR", "DMAR", DMAR_HEAD DRHD_ALL, "" },
	{ "no aliases", "IVRS", AMD("1c00", "01000000"), "" },
	{ "alias of one", "IVRS", AMD("2000", "42000300 00a50000"), " 5>00a5" },
	{ "alias of a range", "IVRS", AMD("2400", "43000300 00a50000 04ff0300"), " 5>00a5 6>00a5 7>00a5" },
	{ "the later alias", "IVRS", AMD("2c00", "43000300 00a50000 04ff0300 42080300 00a60000"),
	  " 5>00a5 6>00a6 7>00a5" },
	{ "select takes no alias away", "IVRS", AMD("2400", "42000300 00a50000 02000300"), " 5>00a5" },
	/* clang-format on */
};

static void test_reserved(void **state)
{
	const struct assign_case *c = *state;
	AUTOMACHINE struct machine *m = make_machine();
	struct blob t = make_table(m->arena, c->table, c->body);
	const struct acpi_reserved *v[16];
	struct acpi_iommu out;
	char got[16] = "";

	assert_int_equal(acpi_parse_iommu(m->arena, c->table, t, &out, NULL), 0);
	acpi_assign_reserved(m, &out, m->arena, v);
	for (size_t i = 0; i < m->fns.n; i++) {
		assert_ptr_equal(acpi_reserved_for(m, &out, &m->fns.v[i]), v[i]);
		got[i] = v[i] ? (char)('0' + (v[i] - out.reserved.v)) : '-';
	}
	assert_string_equal(got, c->want);
}

#define RMRR(segment, scope)                                                             \
	"0100 2000 0000 " segment " 0000001000000000 ffff0f1000000000 " scope
#define IVMD(kind, ids)                                                                  \
	kind " 2000" ids "0000000000000000 0000001000000000 0000100000000000 "
static struct assign_case reserved_cases[] = {
	/* clang-format off */
	{ "RMRR names it", "DMAR", DMAR_HEAD RMRR("0000", ENDPOINT_SCOPE("1400")), "0---------" },
	{ "RMRR of another segment", "DMAR", DMAR_HEAD RMRR("0100", ENDPOINT_SCOPE("1400")), "--------0-" },
	{ "RMRR of a bridge and all below but USB", "DMAR", DMAR_HEAD RMRR("0000", BRIDGE_SCOPE("1c00")), "-0--00-0--" },
	{ "two RMRRs: the first", "DMAR", DMAR_HEAD RMRR("0000", ENDPOINT_SCOPE("1400")) RMRR("0000", ENDPOINT_SCOPE("1400")),
	  "0---------" },
	{ "RMRR of a function that is not there", "DMAR", DMAR_HEAD RMRR("0000", ENDPOINT_SCOPE("1500")), "----------" },
	{ "IVMD for all", "IVRS", IVRS_HEAD IVMD("2008", "0000 0000"), "00000000--" },
	{ "IVMD for one", "IVRS", IVRS_HEAD IVMD("2108", "0003 ffff"), "-----0----" },
	{ "IVMD for a range", "IVRS", IVRS_HEAD IVMD("2208", "0003 7f03"), "-----00---" },
	{ "two IVMDs: the first", "IVRS", IVRS_HEAD IVMD("2108", "0803 0000") IVMD("2008", "0000 0000"), "11111101--" },
	{ "IVMD of unity", "IVRS", IVRS_HEAD IVMD("2107", "0003 0000"), "-----0----" },
	{ "IVMD of no kind", "IVRS", IVRS_HEAD IVMD("2106", "0003 0000"), "----------" },
	/* clang-format on */
};

static void test_order(void **state)
{
	const struct assign_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct acpi_iommu t;
	uint32_t order[8];
	char got[8] = "";

	assert_int_equal(
		acpi_parse_iommu(a, c->table, make_table(a, c->table, c->body), &t, NULL),
		0);
	acpi_unit_order(&t, order);
	for (size_t i = 0; i < t.units.n; i++)
		got[i] = (char)('0' + order[i]);
	assert_string_equal(got, c->want);
}

static struct assign_case order_cases[] = {
	/* clang-format off */
	{ "DRHDs backwards, those for all last", "DMAR",
	  DMAR_HEAD DRHD_ALL DRHD("1000", "0010") DRHD("1000", "0020") "0000 1000 01 00 0000 0030d9fe00000000", "2103" },
	{ "IVHDs as they stand", "IVRS", AMD("1800", "") IVHD10("1800", "e800"), "01" },
	/* clang-format on */
};

static void test_scoped(void **state)
{
	const struct assign_case *c = *state;
	AUTOMACHINE struct machine *m = make_machine();
	struct acpi_iommu t;
	char got[16] = "";

	assert_int_equal(acpi_parse_iommu(m->arena, c->table,
					  make_table(m->arena, c->table, c->body), &t,
					  NULL),
			 0);
	for (size_t i = 0; i < m->fns.n; i++)
		got[i] = acpi_scoped_names(m, &t.atsr.v[0], &m->fns.v[i]) ? 'x' : '-';
	assert_string_equal(got, c->want);
}

static struct assign_case scoped_cases[] = {
	/* clang-format off */
	{ "ATSR of a port", "DMAR", DMAR_HEAD "0200 1000 00 00 0000" BRIDGE_SCOPE("1c00"), "-x--xxxx--" },
	{ "ATSR of another segment's", "DMAR", DMAR_HEAD "0200 1000 00 00 0100" BRIDGE_SCOPE("1c00"), "----------" },
	/* clang-format on */
};

/* Firmware leaves a bridge of nothing without buses: that is not bus 0. */
static void test_bridge_without_buses(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	uint8_t *bridge = arena_alloc(m->arena, 256), *plain = arena_alloc(m->arena, 256);
	struct blob t = make_table(m->arena, "DMAR",
				   DMAR_HEAD DRHD("1800", "0000") BRIDGE_SCOPE("0100"));
	struct acpi_iommu out;
	uint32_t unit[2];

	(void)state;
	bridge[0x0e] = 1;
	*vec_push(m->arena, &m->fns) =
		(struct pci_fn){ .bdf = { 0, 0, 1, 0 }, .config = { bridge, 256 } };
	*vec_push(m->arena, &m->fns) =
		(struct pci_fn){ .bdf = { 0, 0, 2, 0 }, .config = { plain, 256 } };
	assert_int_equal(acpi_parse_iommu(m->arena, "DMAR", t, &out, NULL), 0);
	acpi_assign_units(m, &out, m->arena, unit);
	assert_int_equal(unit[0], 0);
	assert_int_equal(unit[1], ACPI_UNIT_NONE);
}

/* 10,000 functions; a table of 1 MiB that names each of them tens of thousands of times.
 */
struct large_case {
	const char *name, *table, *head, *structure, *entry;
	size_t n;         /* structures */
	uint32_t entries; /* in each */
	uint32_t unit;    /* of every function but those of device 0 */
};

static struct machine *make_large(void)
{
	struct machine *m = machine_new();
	uint8_t *bridge = arena_alloc(m->arena, 256), *plain = arena_alloc(m->arena, 256);

	bridge[0x0e] = 1;
	bridge[0x19] = 1;
	bridge[0x1a] = 255;
	for (unsigned i = 0; i < 10000; i++) {
		struct pci_fn *fn = vec_push(m->arena, &m->fns);

		fn->bdf = (struct bdf){ 0, (uint8_t)(i >> 8), (i & 0xff) >> 3, i & 7 };
		fn->config = (struct blob){ i ? plain : bridge, 256 };
	}
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

static struct blob make_large_table(struct arena *a, const struct large_case *c)
{
	struct blob head = from_hex(a, c->head), s = from_hex(a, c->structure),
		    e = from_hex(a, c->entry), all;
	size_t len = s.len + c->entries * e.len;
	uint8_t *body = arena_alloc(a, head.len + c->n * len), *p = body + head.len;

	memcpy(body, head.data, head.len);
	for (size_t i = 0; i < c->n; i++, p += len) {
		memcpy(p, s.data, s.len);
		p[2] = (uint8_t)len;
		p[3] = (uint8_t)(len >> 8);
		/* Register bases differ, so do IOMMUs. */
		if (streq(c->table, "DMAR"))
			p[12] = (uint8_t)i;
		for (size_t k = 0; k < c->entries; k++)
			memcpy(p + s.len + k * e.len, e.data, e.len);
	}
	all = (struct blob){ body, head.len + c->n * len };
	return table_of(a, c->table, all, 0);
}

static void test_large(void **state)
{
	const struct large_case *c = *state;
	AUTOMACHINE struct machine *m = make_large();
	struct blob t = make_large_table(m->arena, c);
	uint32_t *unit = arena_alloc(m->arena, m->fns.n * sizeof(*unit));
	uint16_t *alias = arena_alloc(m->arena, m->fns.n * sizeof(*alias));
	const struct acpi_reserved **v = arena_alloc(m->arena, m->fns.n * sizeof(*v));
	struct acpi_iommu out;
	struct err e = { "" };

	assert_int_equal(acpi_parse_iommu(m->arena, c->table, t, &out, &e), 0);
	acpi_assign_units(m, &out, m->arena, unit);
	acpi_assign_aliases(m, &out, m->arena, alias);
	acpi_assign_reserved(m, &out, m->arena, v);
	assert_int_equal(unit[9999], c->unit);
}

static struct large_case large_cases[] = {
	/* clang-format off */
	{ "DMAR: 16 units of 8190 scopes", "DMAR", DMAR_HEAD, "0000 0000 00 00 0000 0000d90000000000",
	  BRIDGE_SCOPE("0000"), 16, 8189, 15 },
	{ "IVRS: 16 units of 8185 ranges", "IVRS", IVRS_HEAD, "10b0 0000 0000 4000 0000b8fe00000000 0000 0000 00000000",
	  "03000000 04ffff00", 16, 8185, 15 },
	{ "IVRS: 16 units of 5456 alias ranges", "IVRS", IVRS_HEAD, "10b0 0000 0000 4000 0000b8fe00000000 0000 0000 00000000",
	  "43000000 00000000 04ffff00", 16, 5456, 15 },
	{ "VIOT: 40000 ranges", "VIOT", VIOT_HEAD("419c") VIRTIO("0000"),
	  RANGE("0000 ffff", "0000 ffff", "3000"), "", 40000, 0, 0 },
	{ "DMAR: 100 RMRRs of 1300 scopes", "DMAR", DMAR_HEAD DRHD_ALL, "0100 0000 0000 0000 0000001000000000 ffff0f1000000000",
	  BRIDGE_SCOPE("0000"), 100, 1300, 0 },
	/* clang-format on */
};

#define ROWS(cases, func)                                                                \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].name, .test_func = (func),                   \
			.initial_state = &(cases)[i_]                                    \
		}

int main(void)
{
	struct CMUnitTest tests[120];
	size_t n = 0;

	ROWS(scope_cases, test_scope);
	ROWS(unit_cases, test_units);
	ROWS(alias_cases, test_aliases);
	ROWS(reserved_cases, test_reserved);
	tests[n++] = (struct CMUnitTest){ .name = "bridge without buses",
					  .test_func = test_bridge_without_buses };
	ROWS(order_cases, test_order);
	ROWS(scoped_cases, test_scoped);
	ROWS(large_cases, test_large);
	return _cmocka_run_group_tests("acpi on a machine", tests, n, NULL, NULL);
}
