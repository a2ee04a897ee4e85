/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/acpi.h"
#include "core/test-captures.h"

/* Bytes written as hex pairs; blanks do not matter. */
static struct blob from_hex(struct arena *a, const char *hex)
{
	uint8_t *data = arena_alloc(a, strlen(hex) / 2 + 1);
	unsigned byte;
	size_t n = 0;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		data[n++] = (uint8_t)byte;
		hex += used;
	}
	return (struct blob){ data, n };
}

/* A table with this signature and with @body behind the 36 bytes that all tables have. */
static struct blob make_table(struct arena *a, const char *sig, const char *body, int lie)
{
	struct blob b = from_hex(a, body);
	uint32_t len = 36 + (uint32_t)b.len, said = len + (uint32_t)lie;
	uint8_t *t = arena_alloc(a, len), sum = 0;

	memcpy(t, sig, 4);
	for (int i = 0; i < 4; i++)
		t[4 + i] = (uint8_t)(said >> 8 * i);
	t[8] = 1;
	memcpy(t + 36, b.data, b.len);
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + t[i]);
	t[9] = (uint8_t)-sum;
	return (struct blob){ t, len };
}

#define DMAR_HEAD "26 01 00000000000000000000 "
#define IVRS_HEAD "40282000 0000000000000000 "
#define VIOT_HEAD "0100 3000 0000000000000000 "
#define DRHD_ALL "0000 1000 01 00 0000 0000d9fe00000000 "

struct parse_case {
	const char *name, *table, *body;
	int lie;          /* added to the length field */
	const char *want; /* text of the error; NULL: it parses, as the rest says */
	unsigned units, reserved, unknown;
	uint64_t base; /* of the last unit */
	unsigned devid, hops;
};

static void test_parse(void **state)
{
	const struct parse_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct blob t = make_table(a, c->table, c->body, c->lie);
	struct acpi_iommu out = { .n_unknown = 77 };
	struct err e = { "" };
	int r = acpi_parse_iommu(a, c->table, t, &out, &e);

	assert_string_equal(e.text, c->want ? c->want : "");
	assert_int_equal(r, c->want ? -EINVAL : 0);
	if (c->want) {
		assert_int_equal(out.n_unknown, 77); /* untouched on failure */
		return;
	}
	assert_string_equal(out.table, c->table);
	assert_int_equal(out.units.n, c->units);
	assert_int_equal(out.reserved.n, c->reserved);
	assert_int_equal(out.n_unknown, c->unknown);
	assert_int_equal(out.notes.n, c->unknown);
	if (!c->units)
		return;
	assert_int_equal(out.units.v[c->units - 1].base, c->base);
	assert_int_equal(out.units.v[c->units - 1].devid, c->devid);
	if (c->hops)
		assert_int_equal(out.units.v[c->units - 1].scopes.v[0].n_hops, c->hops);
}

/* Layouts: VT-d 8.1 to 8.5; AMD IOMMU 5.2; ACPI 6.5, 5.2.32. */
static struct parse_case parse_cases[] = {
	/* clang-format off */
	{ "DMAR without units", "DMAR", DMAR_HEAD },
	{ "DRHD for all", "DMAR", DMAR_HEAD DRHD_ALL, .units = 1, .base = 0xfed90000 },
	{ "two hops", "DMAR", DMAR_HEAD "0000 1a00 00 00 0000 0010d9fe00000000 01 0a 0000 00 00 1c00 0001",
	  .units = 1, .base = 0xfed91000, .hops = 2 },
	{ "type of tomorrow", "DMAR", DMAR_HEAD "0900 0800 00000000" DRHD_ALL,
	  .units = 1, .base = 0xfed90000, .unknown = 1 },
	{ "scope without path", "DMAR", DMAR_HEAD "0000 1600 00 00 0000 0010d9fe00000000 01 06 0000 00 00",
	  .want = "offset 0x40: device scope of bad length" },
	{ "scope of length 0", "DMAR", DMAR_HEAD "0000 1800 00 00 0000 0010d9fe00000000 01 00 0000 00 00 1c00",
	  .want = "offset 0x40: device scope of bad length" },
	{ "scope beyond its structure", "DMAR",
	  DMAR_HEAD "0000 1800 00 00 0000 0010d9fe00000000 01 0a 0000 00 00 1c00" DRHD_ALL,
	  .want = "offset 0x40: device scope of bad length" },
	{ "scope of odd length", "DMAR",
	  DMAR_HEAD "0000 1900 00 00 0000 0010d9fe00000000 01 09 0000 00 00 1c00 00",
	  .want = "offset 0x40: device scope of bad length" },
	{ "17 hops", "DMAR", DMAR_HEAD "0000 3800 00 00 0000 0010d9fe00000000 01 28 0000 00 00"
	  "0000000000000000000000000000000000000000000000000000000000000000 0000",
	  .want = "offset 0x40: device scope of 17 hops" },
	{ "structure of length 0", "DMAR", DMAR_HEAD "0000 0000 00000000",
	  .want = "offset 0x30: structure of bad length" },
	{ "structure beyond the end", "DMAR", DMAR_HEAD "0000 1100 01 00 0000 0000d9fe00000000",
	  .want = "offset 0x30: structure of bad length" },
	{ "crumbs at the end", "DMAR", DMAR_HEAD DRHD_ALL "0000",
	  .want = "offset 0x40: structure of bad length" },
	{ "DRHD too short", "DMAR", DMAR_HEAD "0000 0800 01 00 0000",
	  .want = "offset 0x30: structure type 0 of bad length 8" },
	{ "RMRR too short", "DMAR", DMAR_HEAD "0100 1000 0000 0000 0000000000000000",
	  .want = "offset 0x30: structure type 1 of bad length 16" },
	{ "length field too small", "DMAR", DMAR_HEAD DRHD_ALL, .lie = -4,
	  .want = "offset 0x4: DMAR of 64 bytes says it has 60" },
	{ "length field too large", "DMAR", DMAR_HEAD DRHD_ALL, .lie = 4,
	  .want = "offset 0x4: DMAR of 64 bytes says it has 68" },
	{ "only a header", "DMAR", "26 01", .want = "offset 0x26: DMAR ends within its header" },
	{ "not an IOMMU table", "MCFG", DMAR_HEAD, .want = "MCFG is not an IOMMU table" },
	{ "IVHD 10 and 40 of one IOMMU", "IVRS",
	  IVRS_HEAD "10fe 1800 0200 4000 0000b8fe00000000 0000 0013 24880400"
	  "40fe 2800 0200 4000 0010b8fe00000000 0000 0013 24880400 00000000000000000000000000000000",
	  .units = 1, .base = 0xfeb81000, .devid = 2 },
	{ "IVHD 10 of two IOMMUs", "IVRS",
	  IVRS_HEAD "10fe 1800 0200 4000 0000b8fe00000000 0000 0013 24880400"
	  "10fe 1800 0220 4000 0010b8fe00000000 0000 0013 24880400",
	  .units = 2, .base = 0xfeb81000, .devid = 0x2002 },
	{ "IVHD 40 too short", "IVRS",
	  IVRS_HEAD "40fe 1800 0200 4000 0000b8fe00000000 0000 0013 24880400",
	  .want = "offset 0x30: structure type 64 of bad length 24" },
	{ "IVMD", "IVRS", IVRS_HEAD "2208 2000 0001 ff01 0000000000000000 0000001000000000 0000100000000000",
	  .reserved = 1 },
	{ "virtio-iommu on PCI", "VIOT", VIOT_HEAD "0300 1000 0000 1000 0000000000000000",
	  .units = 1, .devid = 0x10 },
	{ "virtio-iommu on MMIO", "VIOT", VIOT_HEAD "0400 1000 00000000 0000d9fe00000000",
	  .units = 1, .base = 0xfed90000 },
	{ "nodes start elsewhere", "VIOT", "0100 3400 0000000000000000 ffffffff 0300 1000 0000 1000 0000000000000000",
	  .units = 1, .devid = 0x10 },
	{ "nodes start in the header", "VIOT", "0100 0000 0000000000000000 0300 1000 0000 1000 0000000000000000",
	  .want = "offset 0x26: first structure at 0x0" },
	{ "nodes start beyond the end", "VIOT", "0100 ff00 0000000000000000",
	  .want = "offset 0x26: first structure at 0xff" },
	/* clang-format on */
};

static void test_signature_and_checksum(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	struct blob t = make_table(a, "DMAR", DMAR_HEAD DRHD_ALL, 0);
	uint8_t *bad = arena_memdup(a, t.data, t.len);
	struct acpi_iommu out;
	struct err e;

	(void)state;
	assert_int_equal(acpi_parse_iommu(a, "IVRS", t, &out, &e), -EINVAL);
	assert_string_equal(e.text, "offset 0x0: the signature is not IVRS");
	bad[40]++;
	t.data = bad;
	assert_int_equal(acpi_parse_iommu(a, "DMAR", t, &out, &e), -EINVAL);
	assert_string_equal(e.text, "offset 0x9: checksum of DMAR is wrong");
}

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

struct reserved_case {
	const char *name, *table, *body;
	struct bdf bdf;
	bool want;
};

static void test_reserved(void **state)
{
	const struct reserved_case *c = *state;
	AUTOMACHINE struct machine *m = make_machine();
	struct blob t = make_table(m->arena, c->table, c->body, 0);
	const struct acpi_reserved *v;
	struct acpi_iommu out;

	assert_int_equal(acpi_parse_iommu(m->arena, c->table, t, &out, NULL), 0);
	assert_non_null(machine_fn(m, c->bdf));
	v = acpi_reserved_for(m, &out, machine_fn(m, c->bdf));
	assert_int_equal(v != NULL, c->want);
	if (v) {
		assert_int_equal(v->start, 0x10000000);
		assert_int_equal(v->end, 0x100fffff);
	}
}

#define RMRR(type, path)                                                                 \
	DMAR_HEAD "0100 2000 0000 0000 0000001000000000 ffff0f1000000000" type           \
		  "08 0000 00 00" path
#define IVMD(kind, ids)                                                                  \
	IVRS_HEAD kind "08 2000" ids "0000000000000000 0000001000000000 "                \
		       "0000100000000000"
static struct reserved_case reserved_cases[] = {
	/* clang-format off */
	{ "RMRR names it", "DMAR", RMRR("01", "1400"), { 0, 0, 0x14, 0 }, true },
	{ "RMRR of another segment", "DMAR", RMRR("01", "1400"), { 1, 0, 0x14, 0 }, false },
	{ "RMRR names another", "DMAR", RMRR("01", "1400"), { 0, 3, 0, 0 }, false },
	{ "RMRR of the bridge above", "DMAR", RMRR("02", "1c00"), { 0, 3, 0, 0 }, true },
	{ "RMRR of the bridge itself", "DMAR", RMRR("02", "1c00"), { 0, 0, 0x1c, 0 }, true },
	{ "USB is relaxable", "DMAR", RMRR("02", "1c00"), { 0, 3, 1, 0 }, false },
	{ "IVMD for all", "IVRS", IVMD("20", "0000 0000"), { 0, 3, 1, 0 }, true },
	{ "IVMD for one", "IVRS", IVMD("21", "0003 ffff"), { 0, 3, 0, 0 }, true },
	{ "IVMD for another", "IVRS", IVMD("21", "0003 ffff"), { 0, 3, 1, 0 }, false },
	{ "IVMD for a range", "IVRS", IVMD("22", "0003 ff03"), { 0, 3, 1, 0 }, true },
	{ "below a range", "IVRS", IVMD("22", "0003 ff03"), { 0, 2, 0, 0 }, false },
	/* clang-format on */
};

/* Recorded tables: index.tsv says how many subtables of each kind they hold. */
struct recorded {
	const char *name, *path, *sig, *subtables;
};

/* The number behind "KEY" in @text; 0 without it. */
static unsigned counted(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (unsigned)strtoul(at + strlen(key), NULL, 0) : 0;
}

static void check_dmar(const struct acpi_iommu *t, const char *want)
{
	unsigned flags = counted(want, "flags=");

	assert_int_equal(t->units.n, counted(want, "drhd="));
	assert_int_equal(t->reserved.n, counted(want, "rmrr="));
	assert_int_equal(t->atsr.n, counted(want, "atsr="));
	assert_int_equal(t->rhsa.n, counted(want, "rhsa="));
	assert_int_equal(t->devices.n, counted(want, "andd="));
	assert_int_equal(t->satc.n, counted(want, "satc="));
	assert_int_equal(t->interrupt_remapping, !!(flags & 1));
	assert_int_equal(t->x2apic_opt_out, !!(flags & 2));
	assert_int_equal(t->dma_opt_in, !!(flags & 4));
}

static void check_ivrs(const struct acpi_iommu *t, const char *want)
{
	/* Each IOMMU has one block of every kind that the table has. */
	assert_int_equal(t->units.n, counted(want, "10:"));
	assert_true(!strstr(want, "11:") || t->units.n == counted(want, "11:"));
	assert_true(!strstr(want, "40:") || t->units.n == counted(want, "40:"));
	assert_int_equal(t->reserved.n, counted(want, "20:") + counted(want, "21:") +
						counted(want, "22:"));
	assert_int_equal(t->n_unknown, counted(want, "51:"));
}

static void test_recorded(void **state)
{
	const struct recorded *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct blob t = read_capture(a, c->path);
	struct acpi_iommu out;
	struct err e = { "" };
	int r;

	assert_non_null(t.data);
	r = acpi_parse_iommu(a, c->sig, t, &out, &e);
	assert_string_equal(e.text, "");
	assert_int_equal(r, 0);
	if (streq(c->sig, "DMAR"))
		check_dmar(&out, c->subtables);
	else
		check_ivrs(&out, c->subtables);
}

static size_t read_index(struct arena *a, const char *dir, struct CMUnitTest *ret)
{
	char *line = (char *)(uintptr_t)read_capture(
			     a, arena_printf(a, "%s/acpi/index.tsv", dir))
			     .data;
	size_t n = 0;

	for (char *next; line && *line; line = next) {
		char *field[9], *save = NULL, *p;
		struct recorded *c = arena_alloc(a, sizeof(*c));
		size_t f = 0;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		for (p = strtok_r(line, "\t", &save); p && f < 9;
		     p = strtok_r(NULL, "\t", &save))
			field[f++] = p;
		if (f < 9 || streq(field[0], "sig"))
			continue;
		c->sig = field[0];
		c->subtables = field[7];
		c->name = arena_printf(a, "%s of %s %s (%s)", field[0], field[3],
				       field[4], field[1]);
		c->path = arena_printf(a, "%s/acpi/%s-%s.dat", dir, field[0], field[1]);
		ret[n++] = (struct CMUnitTest){ .name = c->name,
						.test_func = test_recorded,
						.initial_state = c };
		if (n == 1000)
			break;
	}
	return n;
}

/* Facts read off hex dumps by eye. */
struct dump_case {
	const char *name, *file, *sig;
	unsigned width, units, reserved, devid, scopes;
	uint64_t base, start, end;
	const char *path;
};

static void test_dump(void **state)
{
	const struct dump_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct blob t = read_capture(a, c->path);
	struct acpi_iommu out;

	assert_non_null(t.data);
	assert_int_equal(acpi_parse_iommu(a, c->sig, t, &out, NULL), 0);
	assert_int_equal(out.address_width, c->width);
	assert_int_equal(out.units.n, c->units);
	assert_int_equal(out.units.v[0].base, c->base);
	assert_int_equal(out.units.v[0].devid, c->devid);
	assert_int_equal(out.units.v[0].scopes.n, c->scopes);
	assert_int_equal(out.reserved.n, c->reserved);
	if (c->reserved) {
		assert_int_equal(out.reserved.v[0].start, c->start);
		assert_int_equal(out.reserved.v[0].end, c->end);
	}
}

static struct dump_case dump_cases[] = {
	/* clang-format off */
	{ "QEMU q35 DMAR", "qemu-acpi/q35/DMAR.dmar", "DMAR", 39, 1, .scopes = 6, .base = 0xfed90000 },
	{ "QEMU q35 IVRS", "qemu-acpi/q35/IVRS.ivrs", "IVRS", 40, 1, .devid = 0x10, .base = 0xfed80000 },
	{ "QEMU q35 VIOT", "qemu-acpi/q35/VIOT.viot", "VIOT", 0, 1, .devid = 0x10 },
	{ "h310ch5", "machines/h310ch5/DMAR.dat", "DMAR", 39, 1, 1, .scopes = 2,
	  .base = 0xfed90000, .start = 0xbf393000, .end = 0xbf5dcfff },
	{ "latitude-e6430", "machines/latitude-e6430/DMAR.dat", "DMAR", 36, 2, 2, .scopes = 1,
	  .base = 0xfed90000, .start = 0xcbccd000, .end = 0xcbcecfff },
	{ "x99-bd4", "machines/x99-bd4/DMAR.dat", "DMAR", 46, 2, 1, .scopes = 1,
	  .base = 0xfbffd000, .start = 0x773e0000, .end = 0x773f0fff },
	{ "ms7721-fm2", "machines/ms7721-fm2/IVRS.dat", "IVRS", 40, 1, .devid = 2,
	  .base = 0xfeb80000 },
	/* clang-format on */
};

#define ROWS(cases, func)                                                                \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].name, .test_func = (func),                   \
			.initial_state = &(cases)[i_]                                    \
		}

int main(int argc, char **argv)
{
	const char *dir = captures_dir(argc, argv);
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest *tests = arena_alloc(a, 1200 * sizeof(*tests));
	size_t n = 0;
	int failed;

	tests[n++] = (struct CMUnitTest){ .name = "signature and checksum",
					  .test_func = test_signature_and_checksum };
	ROWS(parse_cases, test_parse);
	ROWS(scope_cases, test_scope);
	ROWS(reserved_cases, test_reserved);
	if (dir) {
		for (size_t i = 0; i < ARRAY_SIZE(dump_cases); i++)
			dump_cases[i].path =
				arena_printf(a, "%s/%s", dir, dump_cases[i].file);
		ROWS(dump_cases, test_dump);
		n += read_index(a, dir, tests + n);
	}
	failed = _cmocka_run_group_tests("acpi", tests, n, NULL, NULL);
	return failed || dir ? failed : 77;
}
