/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables made by hand: what is read from them, what is refused and with what words. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/test-acpi.h"

static void say_scopes(FILE *f, const acpi_scopes *scopes)
{
	vec_foreach(s, scopes) {
		fprintf(f, " %u#%u@%02x", s->type, s->enum_id, s->bus);
		if (s->flags)
			fprintf(f, "f%x", s->flags);
		for (unsigned i = 0; i < s->n_hops; i++)
			fprintf(f, "/%02x.%x", s->hops[i][0], s->hops[i][1]);
	}
}

static void say_entry(FILE *f, const struct acpi_entry *e)
{
	static const char *const kinds[] = { "", "ioapic", "hpet", "other", "hid" };

	fprintf(f, " %s", kinds[e->kind]);
	if (e->kind != ACPI_ENTRY_DEVICES)
		fprintf(f, "%u:", e->id);
	fprintf(f, "%04x", e->first);
	if (e->last != e->first)
		fprintf(f, "-%04x", e->last);
	if (e->aliased)
		fprintf(f, ">%04x", e->alias);
	if (e->settings)
		fprintf(f, "s%02x", e->settings);
	if (e->extended)
		fprintf(f, "x%x", e->extended);
}

static void say_unit(FILE *f, const struct acpi_unit *u)
{
	fprintf(f, "unit %x %" PRIx64, u->segment, u->base);
	if (u->is_fn)
		fprintf(f, " fn=%04x", u->devid);
	if (u->include_all)
		fprintf(f, " all");
	if (u->size_pages > 1)
		fprintf(f, " pages=%u", u->size_pages);
	if (u->has_proximity)
		fprintf(f, " near=%u", u->proximity);
	if (u->flags)
		fprintf(f, " flags=%02x", u->flags);
	if (u->efr)
		fprintf(f, " efr=%" PRIx64, u->efr);
	if (u->x2apic)
		fprintf(f, " x2apic");
	say_scopes(f, &u->scopes);
	vec_foreach(e, &u->entries)
		say_entry(f, e);
	fprintf(f, "; ");
}

static void say_reserved(FILE *f, const struct acpi_reserved *v)
{
	fprintf(f, "keep %x %" PRIx64 "-%" PRIx64, v->segment, v->start, v->end);
	if (v->last)
		fprintf(f, " %04x-%04x", v->first, v->last);
	fprintf(f, "%s%s%s%s", v->unity ? " unity" : "", v->exclusion ? " exclusion" : "",
		v->read ? " r" : "", v->write ? " w" : "");
	say_scopes(f, &v->scopes);
	fprintf(f, "; ");
}

#define SAY_SCOPED(f, t, kind)                                                           \
	vec_foreach(s_, &(t)->kind) {                                                    \
		fprintf(f, #kind " %x flags=%x", s_->segment, s_->flags);                \
		say_scopes(f, &s_->scopes);                                              \
		fprintf(f, "; ");                                                        \
	}

/* All that was read, in one line. */
static char *describe(const struct acpi_iommu *t)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	vec_foreach(u, &t->units)
		say_unit(f, u);
	vec_foreach(v, &t->reserved)
		say_reserved(f, v);
	SAY_SCOPED(f, t, atsr)
	SAY_SCOPED(f, t, satc)
	SAY_SCOPED(f, t, sidp)
	vec_foreach(h, &t->rhsa)
		fprintf(f, "rhsa %u unit=%d; ", h->proximity, (int)h->unit);
	vec_foreach(d, &t->devices)
		fprintf(f, "device %s unit=%d from=%x; ", d->name, (int)d->unit,
			d->source);
	vec_foreach(r, &t->ranges)
		fprintf(f, "range %x-%x %04x-%04x id=%x unit=%u; ", r->first_segment,
			r->last_segment, r->first, r->last, r->endpoint, r->unit);
	vec_foreach(note, &t->notes)
		fprintf(f, "%s; ", *note);
	fclose(f);
	if (len)
		text[len - 2] = '\0';
	return text;
}

struct parse_case {
	const char *name, *table, *body;
	int lie;           /* added to the length field */
	const char *error; /* NULL: it parses, */
	const char *want;  /* and this is read */
	unsigned unknown;
};

static void test_parse(void **state)
{
	const struct parse_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct blob t = table_of(a, c->table, from_hex(a, c->body), c->lie);
	struct acpi_iommu out = { .n_unknown = 77 };
	struct err e = { "" };
	int r = acpi_parse_iommu(a, c->table, t, &out, &e);
	char *text;

	assert_string_equal(e.text, c->error ? c->error : "");
	assert_int_equal(r, c->error ? -EINVAL : 0);
	if (c->error) {
		assert_int_equal(out.n_unknown, 77); /* untouched on failure */
		return;
	}
	assert_string_equal(out.table, c->table);
	assert_int_equal(out.n_unknown, c->unknown);
	text = describe(&out);
	assert_string_equal(text, c->want ? c->want : "");
	free(text);
}

/* Layouts: VT-d 8.1 to 8.9. */
#define DRHD0 "unit 0 fed90000 all"
#define IN_DRHD(scope) DMAR_HEAD DRHD("1800", "0000") scope
#define ANDD(number, name) "0400 0e00 000000 " number name
#define ANDD_A ANDD("01", "5c4100000000")
#define NAMED(number) "05 08 0000 " number " f0 1503 "
static struct parse_case dmar_cases[] = {
	/* clang-format off */
	{ "DMAR without units", "DMAR", DMAR_HEAD },
	{ "DRHD for all", "DMAR", DMAR_HEAD DRHD_ALL, .want = DRHD0 },
	{ "two hops", "DMAR", DMAR_HEAD "0000 1a00 00 00 0100 0010d9fe00000000 01 0a 0000 00 00 1c00 0001",
	  .want = "unit 1 fed91000 1#0@00/1c.0/00.1" },
	{ "DRHD of 8 pages", "DMAR", DMAR_HEAD "0000 1000 01 03 0000 0000d9fe00000000",
	  .want = DRHD0 " pages=8" },
	{ "DRHD again", "DMAR", DMAR_HEAD DRHD_ALL "0000 1800 01 00 0000 0000d9fe00000000 " ENDPOINT_SCOPE("1400"),
	  .want = DRHD0 "; offset 0x40: IOMMU at 0xfed90000 is described again" },
	{ "DRHD at the same place in another segment", "DMAR", DMAR_HEAD DRHD_ALL "0000 1000 01 00 0100 0000d9fe00000000",
	  .want = DRHD0 "; unit 1 fed90000 all" },
	{ "DRHD at 0", "DMAR", DMAR_HEAD "0000 1000 01 00 0000 0000000000000000",
	  .want = "unit 0 0 all; offset 0x30: IOMMU at address 0, so Linux uses none of the table" },
	{ "scope of tomorrow", "DMAR", IN_DRHD("09 08 0000 00 00 1400"),
	  .want = "unit 0 fed90000 9#0@00/14.0; offset 0x40: device scope type 9 is not known" },
	{ "structure of tomorrow", "DMAR", DMAR_HEAD "0900 0800 00000000" DRHD_ALL,
	  .want = DRHD0 "; offset 0x30: structure type 9 is not known", .unknown = 1 },
	{ "RMRR", "DMAR", DMAR_HEAD "0100 2000 0000 0200 0000001000000000 ffff0f1000000000 01 08 0000 00 00 1400",
	  .want = "keep 2 10000000-100fffff 1#0@00/14.0" },
	{ "RMRR of bytes", "DMAR", DMAR_HEAD "0100 1800 0000 0000 0000001000000000 feff0f1000000000",
	  .want = "keep 0 10000000-100ffffe; "
		  "offset 0x30: reserved memory 0x10000000-0x100ffffe is not whole pages" },
	{ "RMRR backwards", "DMAR", DMAR_HEAD "0100 1800 0000 0000 0000001000000000 ffff0f0000000000",
	  .want = "keep 0 10000000-fffff; "
		  "offset 0x30: reserved memory 0x10000000-0xfffff is not whole pages" },
	{ "ATSR of all ports", "DMAR", DMAR_HEAD "0200 0800 01 00 0100", .want = "atsr 1 flags=1" },
	{ "ATSR of two ports", "DMAR", DMAR_HEAD "0200 1800 00 00 0000" BRIDGE_SCOPE("0100") BRIDGE_SCOPE("0200"),
	  .want = "atsr 0 flags=0 2#0@00/01.0 2#0@00/02.0" },
	{ "SATC", "DMAR", DMAR_HEAD "0500 1000 01 00 0100" ENDPOINT_SCOPE("0200"), .want = "satc 1 flags=1 1#0@00/02.0" },
	{ "SIDP", "DMAR", DMAR_HEAD "0600 1000 00 00 0000 01 08 1c00 00 00 0500", .want = "sidp 0 flags=0 1#0@00f1c/05.0" },
	{ "RHSA", "DMAR", DMAR_HEAD DRHD_ALL "0300 1400 00000000 0000d9fe00000000 02000000",
	  .want = DRHD0 " near=2; rhsa 2 unit=0" },
	{ "RHSA of no unit", "DMAR", DMAR_HEAD DRHD_ALL "0300 1400 00000000 0010d9fe00000000 02000000",
	  .want = DRHD0 "; rhsa 2 unit=-1; offset 0x40: there is no IOMMU at 0xfed91000" },
	{ "ANDD", "DMAR", IN_DRHD(NAMED("01")) ANDD_A,
	  .want = "unit 0 fed90000 5#1@f0/15.3; device \\A unit=0 from=f0ab" },
	{ "ANDD before its DRHD", "DMAR", DMAR_HEAD ANDD_A DRHD("1800", "0000") NAMED("01"),
	  .want = "unit 0 fed90000 5#1@f0/15.3; device \\A unit=0 from=f0ab" },
	{ "ANDD of two units: the last one for some", "DMAR", IN_DRHD(NAMED("01")) DRHD("1800", "0010") "05 08 0000 01 f0 1600"
	  "0000 1800 01 00 0000 0020d9fe00000000" NAMED("01") ANDD_A,
	  .want = "unit 0 fed90000 5#1@f0/15.3; unit 0 fed91000 5#1@f0/16.0; unit 0 fed92000 all 5#1@f0/15.3; "
		  "device \\A unit=1 from=f0b0" },
	{ "ANDD of no unit", "DMAR", IN_DRHD(NAMED("01")) ANDD_A ANDD("02", "5c4200000000"),
	  .want = "unit 0 fed90000 5#1@f0/15.3; device \\A unit=0 from=f0ab; device \\B unit=-1 from=0; "
		  "offset 0x56: ACPI device 2 is behind no IOMMU" },
	{ "scope of an ANDD that is not there", "DMAR", IN_DRHD(NAMED("07")),
	  .want = "unit 0 fed90000 5#7@f0/15.3; offset 0x40: there is no ACPI device 7" },
	{ "ANDD with control characters", "DMAR", IN_DRHD(NAMED("01")) ANDD("01", "1b5b7f0a00ff"),
	  .want = "unit 0 fed90000 5#1@f0/15.3; device ?[?? unit=0 from=f0ab" },
	{ "ANDD without end", "DMAR", DMAR_HEAD ANDD("01", "5c4141414141"),
	  .error = "offset 0x30: the name of ACPI device 1 has no end" },
	{ "ANDD without name", "DMAR", DMAR_HEAD "0400 0800 000000 01",
	  .error = "offset 0x30: the name of ACPI device 1 has no end" },
	{ "scope without path", "DMAR", DMAR_HEAD DRHD("1600", "0000") "01 06 0000 00 00",
	  .error = "offset 0x40: device scope of bad length" },
	{ "scope of length 0", "DMAR", IN_DRHD("01 00 0000 00 00 1c00"),
	  .error = "offset 0x40: device scope of bad length" },
	{ "scope beyond its structure", "DMAR", IN_DRHD("01 0a 0000 00 00 1c00") DRHD_ALL,
	  .error = "offset 0x40: device scope of bad length" },
	{ "scope of odd length", "DMAR", DMAR_HEAD DRHD("1900", "0000") "01 09 0000 00 00 1c00 00",
	  .error = "offset 0x40: device scope of bad length" },
	{ "bad scope of a DRHD that comes again", "DMAR", DMAR_HEAD DRHD("1000", "0000") DRHD("1800", "0000") "01 0a 0000 00 00 1c00",
	  .error = "offset 0x50: device scope of bad length" },
	{ "17 hops", "DMAR", DMAR_HEAD DRHD("3800", "0000") "01 28 0000 00 00"
	  "0000000000000000000000000000000000000000000000000000000000000000 0000",
	  .error = "offset 0x40: device scope of 17 hops" },
	{ "structure of length 0", "DMAR", DMAR_HEAD "0000 0000 00000000",
	  .error = "offset 0x30: structure of bad length" },
	{ "structure beyond the end", "DMAR", DMAR_HEAD "0000 1100 01 00 0000 0000d9fe00000000",
	  .error = "offset 0x30: structure of bad length" },
	{ "crumbs at the end", "DMAR", DMAR_HEAD DRHD_ALL "0000",
	  .error = "offset 0x40: structure of bad length" },
	{ "DRHD too short", "DMAR", DMAR_HEAD "0000 0800 01 00 0000",
	  .error = "offset 0x30: structure type 0 of bad length 8" },
	{ "RMRR too short", "DMAR", DMAR_HEAD "0100 1000 0000 0000 0000000000000000",
	  .error = "offset 0x30: structure type 1 of bad length 16" },
	{ "ATSR too short", "DMAR", DMAR_HEAD "0200 0400", .error = "offset 0x30: structure type 2 of bad length 4" },
	{ "RHSA too short", "DMAR", DMAR_HEAD "0300 0800 00000000", .error = "offset 0x30: structure type 3 of bad length 8" },
	{ "ANDD too short", "DMAR", DMAR_HEAD "0400 0400", .error = "offset 0x30: structure type 4 of bad length 4" },
	{ "SATC too short", "DMAR", DMAR_HEAD "0500 0400", .error = "offset 0x30: structure type 5 of bad length 4" },
	{ "SIDP too short", "DMAR", DMAR_HEAD "0600 0400", .error = "offset 0x30: structure type 6 of bad length 4" },
	{ "length field too small", "DMAR", DMAR_HEAD DRHD_ALL, .lie = -4,
	  .error = "offset 0x4: DMAR of 64 bytes says it has 60" },
	{ "length field too large", "DMAR", DMAR_HEAD DRHD_ALL, .lie = 4,
	  .error = "offset 0x4: DMAR of 64 bytes says it has 68" },
	{ "only a header", "DMAR", "26 01", .error = "offset 0x26: DMAR ends within its header" },
	{ "not an IOMMU table", "MCFG", DMAR_HEAD, .error = "MCFG is not an IOMMU table" },
	/* clang-format on */
};

/* AMD IOMMU 5.2. Entries in a block 0x10 of their length and 24 bytes, 0x40 of 40. */
#define IVRS(len, entries) IVRS_HEAD IVHD10(len, "0200") entries
#define HID(len, entry) IVRS_HEAD IVHD40(len, "0200") entry
#define AMD_UNIT "unit 0 feb80000 fn=0002 flags=b0"
#define AMD_EFR " efr=206d73ef22254ade x2apic"
#define AMDI "414d444930303230 0000000000000000 "
#define IVMD(kind, flags)                                                                \
	IVRS_HEAD kind flags                                                             \
		" 2000 0001 ff01 0000000000000000 0000001000000000 0000100000000000"
static struct parse_case ivrs_cases[] = {
	/* clang-format off */
	{ "IVHD", "IVRS", IVRS("1800", ""), .want = AMD_UNIT },
	{ "IVHD 10 and 40 of one IOMMU", "IVRS", IVRS("1c00", "02080000") IVHD40("2c00", "0200") "02100000",
	  .want = AMD_UNIT AMD_EFR " 0010" },
	{ "IVHD 40 before 10", "IVRS", HID("2c00", "02100000") IVHD10("1c00", "0200") "02080000",
	  .want = AMD_UNIT " 0008" },
	{ "IVHD 10 of two IOMMUs", "IVRS", IVRS("1800", "") IVHD10("1800", "0220"),
	  .want = AMD_UNIT "; unit 0 feb80000 fn=2002 flags=b0" },
	{ "second IOMMU without a block of the type", "IVRS", HID("2800", "") IVHD10("1800", "0220"),
	  .want = AMD_UNIT AMD_EFR "; offset 0x58: IOMMU without a block of type 0x40, so Linux does not see it" },
	{ "EFR without GASup", "IVRS", IVRS_HEAD "11b0 2800 0200 4000 0000b8fe00000000 0000 0000 00000000 0400000000000000 0000000000000000",
	  .want = AMD_UNIT " efr=4" },
	{ "padding", "IVRS", IVRS("2400", "00000000 4000000000000000"), .want = AMD_UNIT },
	{ "all", "IVRS", IVRS("1c00", "010000d7"), .want = AMD_UNIT " 0000-ffffsd7" },
	{ "select", "IVRS", IVRS("1c00", "02a100d7"), .want = AMD_UNIT " 00a1sd7" },
	{ "range", "IVRS", IVRS("2000", "03080001 04feff00"), .want = AMD_UNIT " 0008-fffes01" },
	{ "alias", "IVRS", IVRS("2000", "42000400 00a50000"), .want = AMD_UNIT " 0400>00a5" },
	{ "alias range", "IVRS", IVRS("2400", "4300ff00 00a50000 04ffff00"), .want = AMD_UNIT " ff00-ffff>00a5" },
	{ "extended select", "IVRS", IVRS("2000", "46080000 00000080"), .want = AMD_UNIT " 0008x80000000" },
	{ "extended range", "IVRS", IVRS("2400", "47080000 00000080 040f0000"), .want = AMD_UNIT " 0008-000fx80000000" },
	{ "IOAPIC and HPET", "IVRS", IVRS("2800", "480000d7 20a00001 48000000 00a10002"),
	  .want = AMD_UNIT " ioapic32:00a0sd7 hpet0:00a1" },
	{ "special device of tomorrow", "IVRS", IVRS("2000", "48000000 00a00003"),
	  .want = AMD_UNIT " other0:00a0; offset 0x48: special device of type 3 is not known, so Linux uses none of the table" },
	{ "entry of tomorrow", "IVRS", IVRS("2800", "80000000 00000000 00000000 00000000"),
	  .want = AMD_UNIT "; offset 0x48: device entry type 128 is not known" },
	{ "range without end", "IVRS", IVRS("1c00", "03080000"),
	  .want = AMD_UNIT "; offset 0x48: range of device ids without an end" },
	{ "two starts", "IVRS", IVRS("2400", "03080000 03100000 04200000"),
	  .want = AMD_UNIT " 0010-0020; offset 0x48: range of device ids without an end" },
	{ "end without start", "IVRS", IVRS("1c00", "04200000"),
	  .want = AMD_UNIT " 0000-0020; offset 0x48: end of a range of device ids without one" },
	{ "range backwards", "IVRS", IVRS("2000", "03200000 04100000"),
	  .want = AMD_UNIT " 0020-0010; offset 0x4c: range of device ids ends before its start" },
	{ "entry beyond its block", "IVRS", IVRS("1c00", "42080000") IVHD10("1800", "0220"),
	  .error = "offset 0x48: device entry type 66 beyond its block" },
	{ "crumbs in a block", "IVRS", IVRS("1a00", "0208"),
	  .error = "offset 0x48: device entry type 2 beyond its block" },
	{ "ACPI device with text", "IVRS", HID("4700", "f0a50040 " AMDI "02 09 5c5f53422e46555230"),
	  .want = AMD_UNIT AMD_EFR " hid0:00a5s40; device AMDI0020:\\_SB.FUR0 unit=0 from=a5" },
	{ "ACPI device with number", "IVRS", HID("4600", "f0a50040 " AMDI "01 08 2a00000000000000"),
	  .want = AMD_UNIT AMD_EFR " hid0:00a5s40; device AMDI0020:42 unit=0 from=a5" },
	{ "ACPI device without UID", "IVRS", HID("3e00", "f0a50040 504e503044343000 0000000000000000 00 00"),
	  .want = AMD_UNIT AMD_EFR " hid0:00a5s40; device PNP0D40 unit=0 from=a5" },
	{ "UID of another format", "IVRS", HID("4000", "f0a50040 " AMDI "03 02 4141"),
	  .want = AMD_UNIT AMD_EFR " hid0:00a5s40; device AMDI0020 unit=0 from=a5; offset 0x58: UID of format 3 and length 2" },
	{ "UID that is none", "IVRS", HID("4000", "f0a50040 " AMDI "00 02 4141"),
	  .want = AMD_UNIT AMD_EFR " hid0:00a5s40; device AMDI0020 unit=0 from=a5; offset 0x58: UID of format 0 and length 2" },
	{ "number of two bytes", "IVRS", HID("4000", "f0a50040 " AMDI "01 02 0100"),
	  .want = AMD_UNIT AMD_EFR " hid0:00a5s40; device AMDI0020 unit=0 from=a5; offset 0x58: UID of format 1 and length 2" },
	{ "ACPI device without HID", "IVRS", HID("3e00", "f0a50040 0000000000000000 0000000000000000 00 00"),
	  .want = AMD_UNIT AMD_EFR "; offset 0x58: ACPI device without an id" },
	{ "ACPI device in a block of type 10", "IVRS", IVRS("2e00", "f0a50040 " AMDI "00 00"),
	  .want = AMD_UNIT "; offset 0x48: ACPI device in a block of type 0x10" },
	{ "ACPI device beyond its block", "IVRS", HID("4600", "f0a50040 " AMDI "02 09 5c5f53422e465552"),
	  .error = "offset 0x58: device entry type 240 beyond its block" },
	{ "ACPI device without its UID's length", "IVRS", HID("3000", "f0a50040 414d4449"),
	  .error = "offset 0x58: device entry type 240 beyond its block" },
	{ "IVHD 10 too short", "IVRS", IVRS_HEAD "10b0 1000 0200 4000 0000b8fe00000000",
	  .error = "offset 0x30: structure type 16 of bad length 16" },
	{ "IVHD 40 too short", "IVRS", IVRS_HEAD "40fe 1800 0200 4000 0000b8fe00000000 0000 0013 24880400",
	  .error = "offset 0x30: structure type 64 of bad length 24" },
	{ "IVMD too short", "IVRS", IVRS_HEAD "2008 1000 0000 0000 0000000000000000",
	  .error = "offset 0x30: structure type 32 of bad length 16" },
	{ "IVMD excluded for all", "IVRS", IVMD("20", "08"), .want = "keep 0 10000000-100fffff 0000-ffff exclusion r w" },
	{ "IVMD mapped for one, to read", "IVRS", IVMD("21", "03"), .want = "keep 0 10000000-100fffff 0100-0100 unity r" },
	{ "IVMD mapped for a range, to write", "IVRS", IVMD("22", "05"), .want = "keep 0 10000000-100fffff 0100-01ff unity w" },
	{ "IVMD of no kind", "IVRS", IVMD("22", "06"),
	  .want = "keep 0 10000000-100fffff 0100-01ff r w; offset 0x30: memory that is neither mapped nor excluded" },
	{ "IVMD beyond all memory", "IVRS", IVRS_HEAD "2008 2000 0000 0000 0000000000000000 0000001000000000 ffffffffffffffff",
	  .want = "keep 0 10000000-ffffffffffffffff 0000-ffff exclusion r w" },
	{ "IVMD of tomorrow", "IVRS", IVMD("51", "08"), .want = "offset 0x30: structure type 81 is not known", .unknown = 1 },
	/* clang-format on */
};

/* ACPI 6.5, 5.2.32. The first node is at 0x30. */
#define V_IOMMU "0300 1000 0000 1000 0000000000000000 "
#define V_UNIT "unit 0 0 fn=0010"
#define V_RANGE(output) "0100 1800 00100000 0000 0100 0010 ff10 " output " 000000000000 "
#define V_MMIO(output) "0200 1800 07000000 0010001000000000 " output " 000000000000 "
static struct parse_case viot_cases[] = {
	/* clang-format off */
	{ "virtio-iommu on PCI", "VIOT", VIOT_HEAD("0100") V_IOMMU, .want = V_UNIT },
	{ "virtio-iommu on MMIO", "VIOT", VIOT_HEAD("0100") "0400 1000 00000000 0000d9fe00000000", .want = "unit 0 fed90000" },
	{ "nodes start elsewhere", "VIOT", "0100 3400 0000000000000000 ffffffff" V_IOMMU, .want = V_UNIT },
	{ "range of functions", "VIOT", VIOT_HEAD("0200") V_IOMMU V_RANGE("3000"),
	  .want = V_UNIT "; range 0-1 1000-10ff id=1000 unit=0" },
	{ "range before its IOMMU", "VIOT", VIOT_HEAD("0300") V_IOMMU V_RANGE("5800") "0400 1000 00000000 0000d9fe00000000",
	  .want = V_UNIT "; unit 0 fed90000; range 0-1 1000-10ff id=1000 unit=1" },
	{ "endpoint on MMIO", "VIOT", VIOT_HEAD("0200") V_IOMMU V_MMIO("3000"),
	  .want = V_UNIT "; device mmio 0x10001000 unit=0 from=7" },
	{ "output outside", "VIOT", VIOT_HEAD("0200") V_IOMMU V_RANGE("5800"),
	  .want = V_UNIT "; offset 0x50: output node 0x58 lies outside the table" },
	{ "output in the header", "VIOT", VIOT_HEAD("0200") V_IOMMU V_RANGE("0000"),
	  .want = V_UNIT "; offset 0x50: output node 0x0 lies in the header" },
	{ "output into itself", "VIOT", VIOT_HEAD("0200") V_IOMMU V_RANGE("4000"),
	  .want = V_UNIT "; offset 0x50: output node 0x40 is the node itself" },
	{ "output in a circle", "VIOT", VIOT_HEAD("0200") V_RANGE("4800") V_MMIO("3000"),
	  .want = "offset 0x40: output node 0x48 is no IOMMU; offset 0x58: output node 0x30 is no IOMMU" },
	{ "output into a node", "VIOT", VIOT_HEAD("0200") V_IOMMU V_MMIO("3400"),
	  .want = V_UNIT "; offset 0x50: output node 0x34 is no IOMMU" },
	{ "range backwards", "VIOT", VIOT_HEAD("0200") V_IOMMU "0100 1800 00000000 0000 0000 ff10 0010 3000 000000000000",
	  .want = V_UNIT "; range 0-0 10ff-1000 id=0 unit=0; offset 0x40: range of device ids ends before its start" },
	{ "node of tomorrow", "VIOT", VIOT_HEAD("0200") V_IOMMU "0900 0400",
	  .want = V_UNIT "; offset 0x40: structure type 9 is not known", .unknown = 1 },
	{ "nodes behind the count", "VIOT", VIOT_HEAD("0100") V_RANGE("4800") V_IOMMU V_MMIO("4800"),
	  .want = V_UNIT "; range 0-1 1000-10ff id=1000 unit=0; offset 0x48: node behind the last one counted" },
	{ "range behind the count", "VIOT", VIOT_HEAD("0100") V_IOMMU V_RANGE("3000"),
	  .want = V_UNIT "; offset 0x40: node behind the last one counted" },
	{ "fewer nodes than counted", "VIOT", VIOT_HEAD("0200") V_IOMMU,
	  .error = "offset 0x24: 2 nodes are promised, 1 are there" },
	{ "range too short", "VIOT", VIOT_HEAD("0100") "0100 1000 00000000 0000000000000000",
	  .error = "offset 0x30: structure type 1 of bad length 16" },
	{ "MMIO endpoint too short", "VIOT", VIOT_HEAD("0100") "0200 1000 00000000 0000000000000000",
	  .error = "offset 0x30: structure type 2 of bad length 16" },
	{ "virtio-iommu on PCI too short", "VIOT", VIOT_HEAD("0100") "0300 0800 00000000",
	  .error = "offset 0x30: structure type 3 of bad length 8" },
	{ "virtio-iommu on MMIO too short", "VIOT", VIOT_HEAD("0100") "0400 0800 00000000",
	  .error = "offset 0x30: structure type 4 of bad length 8" },
	{ "nodes start in the header", "VIOT", "0100 0000 0000000000000000" V_IOMMU,
	  .error = "offset 0x26: first structure at 0x0" },
	{ "nodes start beyond the end", "VIOT", "0100 ff00 0000000000000000",
	  .error = "offset 0x26: first structure at 0xff" },
	/* clang-format on */
};

struct flags_case {
	const char *name, *table, *body;
	bool remapping, opt_out, opt_in;
	unsigned width;
};

static void test_flags(void **state)
{
	const struct flags_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct acpi_iommu t;

	assert_int_equal(
		acpi_parse_iommu(a, c->table, make_table(a, c->table, c->body), &t, NULL),
		0);
	assert_int_equal(t.interrupt_remapping, c->remapping);
	assert_int_equal(t.x2apic_opt_out, c->opt_out);
	assert_int_equal(t.dma_opt_in, c->opt_in);
	assert_int_equal(t.address_width, c->width);
}

#define DMAR_FLAGS(flags) "26" flags "00000000000000000000"
static struct flags_case flags_cases[] = {
	/* clang-format off */
	{ "no flags", "DMAR", DMAR_FLAGS("00"), .width = 39 },
	{ "interrupt remapping", "DMAR", DMAR_FLAGS("01"), .remapping = true, .width = 39 },
	{ "x2APIC opt-out", "DMAR", DMAR_FLAGS("02"), .opt_out = true, .width = 39 },
	{ "DMA opt-in", "DMAR", DMAR_FLAGS("04"), .opt_in = true, .width = 39 },
	{ "IVinfo", "IVRS", "40302000 0000000000000000", .width = 48 },
	{ "IVinfo with DMA opt-in", "IVRS", "42302000 0000000000000000", .opt_in = true, .width = 48 },
	{ "IVRS with an IOAPIC", "IVRS", IVRS("2000", "480000d7 20a00001"), .remapping = true, .width = 40 },
	{ "IVRS with an IOAPIC where Linux does not look", "IVRS",
	  IVRS("2000", "480000d7 20a00001") IVHD40("2800", "0200"), .width = 40 },
	{ "IVRS with a HPET only", "IVRS", IVRS("2000", "480000d7 20a00002"), .width = 40 },
	{ "VIOT flags", "VIOT", VIOT_HEAD("0100") V_IOMMU },
	/* clang-format on */
};

static void test_signature_and_checksum(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	struct blob t = make_table(a, "DMAR", DMAR_HEAD DRHD_ALL);
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

/* 4097 blocks: more than that is not compared with each other. */
static void test_too_many(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	size_t n = 4097;
	uint8_t *body = arena_alloc(a, 12 + n * 16);
	struct acpi_iommu out;
	struct err e;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		uint8_t *p = body + 12 + i * 16;

		p[2] = 16;
		p[9] = (uint8_t)(i + 1);
		p[10] = (uint8_t)((i + 1) >> 8);
	}
	assert_int_equal(acpi_parse_iommu(a, "DMAR",
					  table_of(a, "DMAR",
						   (struct blob){ body, 12 + n * 16 }, 0),
					  &out, &e),
			 -EINVAL);
	assert_string_equal(e.text, "offset 0x10030: more than 4096 IOMMUs");
}

#define ROWS(cases, func)                                                                \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].name, .test_func = (func),                   \
			.initial_state = &(cases)[i_]                                    \
		}

int main(void)
{
	struct CMUnitTest tests[200];
	size_t n = 0;

	tests[n++] = (struct CMUnitTest){ .name = "signature and checksum",
					  .test_func = test_signature_and_checksum };
	tests[n++] = (struct CMUnitTest){ .name = "too many IOMMUs",
					  .test_func = test_too_many };
	ROWS(dmar_cases, test_parse);
	ROWS(ivrs_cases, test_parse);
	ROWS(viot_cases, test_parse);
	ROWS(flags_cases, test_flags);
	return _cmocka_run_group_tests("acpi", tests, n, NULL, NULL);
}
