/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables recorded on machines of others: index.tsv says what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/acpi.h"
#include "core/test-captures.h"

/* What all tables of the index came to. */
static unsigned n_tables, n_structures, n_notes;

struct recorded {
	const char *name, *path, *sig, *subtables;
};

static unsigned count_type(const struct acpi_iommu *t, unsigned type)
{
	unsigned n = 0;

	vec_foreach(s, &t->structures)
		n += s->type == type;
	return n;
}

/* "drhd=2 rmrr=1 atsr=0 rhsa=0 andd=0 satc=0 flags=0x5": the index has no SIDP. */
static void check_dmar(const struct acpi_iommu *t, const char *want)
{
	unsigned drhd, rmrr, atsr, rhsa, andd, satc, flags;

	assert_int_equal(
		sscanf(want, "drhd=%u rmrr=%u atsr=%u rhsa=%u andd=%u satc=%u flags=%x",
		       &drhd, &rmrr, &atsr, &rhsa, &andd, &satc, &flags),
		7);
	assert_int_equal(t->units.n, drhd);
	assert_int_equal(t->reserved.n, rmrr);
	assert_int_equal(t->atsr.n, atsr);
	assert_int_equal(t->rhsa.n, rhsa);
	assert_int_equal(t->devices.n, andd);
	assert_int_equal(t->satc.n, satc);
	assert_int_equal(t->structures.n,
			 drhd + rmrr + atsr + rhsa + andd + satc + t->sidp.n);
	assert_int_equal(t->interrupt_remapping, flags & 1);
	assert_int_equal(t->x2apic_opt_out, flags >> 1 & 1);
	assert_int_equal(t->dma_opt_in, flags >> 2 & 1);
}

/* "10:1 11:1 40:1 21:1": every type that the table has, in hex, with its number. */
static void check_ivrs(const struct acpi_iommu *t, const char *want)
{
	unsigned type, n, all = 0, highest = 0, units = 0, reserved = 0, unknown = 0;
	int used;

	for (; sscanf(want, " %x:%u%n", &type, &n, &used) == 2; want += used) {
		assert_int_equal(count_type(t, type), n);
		all += n;
		if (type >= 0x20 && type <= 0x22)
			reserved += n;
		else if (type > 0x40)
			unknown += n;
		else if (type > highest)
			highest = type, units = n;
	}
	assert_int_equal(*want, '\0');
	assert_int_equal(t->structures.n, all);
	assert_int_equal(t->units.n, units);
	assert_int_equal(t->reserved.n, reserved);
	assert_int_equal(t->n_unknown, unknown);
	vec_foreach(u, &t->units)
		assert_true(u->entries.n > 0);
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
	n_tables++;
	n_structures += (unsigned)out.structures.n;
	n_notes += (unsigned)out.notes.n;
	vec_foreach(note, &out.notes)
		print_message("# %s: %s\n", c->name, *note);
}

static void test_all(void **state)
{
	const size_t *n = *state;

	print_message("# tables %u, structures %u, notes %u\n", n_tables, n_structures,
		      n_notes);
	assert_int_equal(n_tables, *n);
	assert_true(n_tables >= 286);
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
	unsigned width, units, reserved, devid, scopes, entries, ranges;
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
	vec_foreach(note, &out.notes)
		fail_msg("%s", *note);
	assert_int_equal(out.address_width, c->width);
	assert_int_equal(out.units.n, c->units);
	assert_int_equal(out.units.v[0].base, c->base);
	assert_int_equal(out.units.v[0].devid, c->devid);
	assert_int_equal(out.units.v[0].scopes.n, c->scopes);
	assert_int_equal(out.units.v[0].entries.n, c->entries);
	assert_int_equal(out.ranges.n, c->ranges);
	assert_int_equal(out.reserved.n, c->reserved);
	if (c->reserved) {
		assert_int_equal(out.reserved.v[0].start, c->start);
		assert_int_equal(out.reserved.v[0].end, c->end);
	}
}

static struct dump_case dump_cases[] = {
	/* clang-format off */
	{ "QEMU q35 DMAR", "qemu-acpi/q35/DMAR.dmar", "DMAR", 39, 1, .scopes = 6, .base = 0xfed90000 },
	{ "QEMU q35 IVRS", "qemu-acpi/q35/IVRS.ivrs", "IVRS", 40, 1, .devid = 0x10, .entries = 7, .base = 0xfed80000 },
	{ "QEMU q35 VIOT", "qemu-acpi/q35/VIOT.viot", "VIOT", 0, 1, .devid = 0x10, .ranges = 2 },
	{ "h310ch5", "machines/h310ch5/DMAR.dat", "DMAR", 39, 1, 1, .scopes = 2,
	  .base = 0xfed90000, .start = 0xbf393000, .end = 0xbf5dcfff },
	{ "latitude-e6430", "machines/latitude-e6430/DMAR.dat", "DMAR", 36, 2, 2, .scopes = 1,
	  .base = 0xfed90000, .start = 0xcbccd000, .end = 0xcbcecfff },
	{ "x99-bd4", "machines/x99-bd4/DMAR.dat", "DMAR", 46, 2, 1, .scopes = 1,
	  .base = 0xfbffd000, .start = 0x773e0000, .end = 0x773f0fff },
	{ "ms7721-fm2", "machines/ms7721-fm2/IVRS.dat", "IVRS", 40, 1, .devid = 2, .entries = 4,
	  .base = 0xfeb80000 },
	/* clang-format on */
};

int main(int argc, char **argv)
{
	const char *dir = captures_dir(argc, argv);
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest *tests = arena_alloc(a, 1100 * sizeof(*tests));
	size_t indexed, n;

	if (!dir)
		return 77;
	indexed = n = read_index(a, dir, tests);
	tests[n++] = (struct CMUnitTest){ .name = "all tables of the index",
					  .test_func = test_all,
					  .initial_state = &indexed };
	for (size_t i = 0; i < ARRAY_SIZE(dump_cases); i++) {
		dump_cases[i].path = arena_printf(a, "%s/%s", dir, dump_cases[i].file);
		tests[n++] = (struct CMUnitTest){ .name = dump_cases[i].name,
						  .test_func = test_dump,
						  .initial_state = &dump_cases[i] };
	}
	return _cmocka_run_group_tests("recorded IOMMU tables", tests, n, NULL, NULL);
}
