/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>

#include "core/acpi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Length and checksum are put right: the fuzzer is to get past them. */
static void fix_header(uint8_t *t, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 4; i++)
		t[4 + i] = (uint8_t)(size >> 8 * i);
	t[9] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + t[i]);
	t[9] = (uint8_t)-sum;
}

/* Functions whose configuration is any bytes: also a bridge that leads to itself. */
static struct machine *make_machine(const uint8_t *data, size_t size)
{
	static const struct bdf fns[] = {
		{ 0, 0, 0, 0 },    { 0, 0, 2, 0 }, { 0, 0, 0x14, 0 },
		{ 0, 0, 0x1c, 0 }, { 0, 2, 0, 0 }, { 0, 3, 0, 0 },
		{ 0, 3, 0x10, 0 }, { 1, 0, 0, 0 }, { 0x10000, 0, 0, 0 },
	};
	struct machine *m = machine_new();

	for (size_t i = 0; i < ARRAY_SIZE(fns); i++) {
		struct pci_fn *fn = vec_push(m->arena, &m->fns);
		size_t skip = i * 7 % size;

		fn->bdf = fns[i];
		fn->config = (struct blob){ data + skip, size - skip };
		fn->is_vf = i == 6;
		fn->physfn = fns[5];
		fn->driver = i == 2 ? "vmd" : NULL;
	}
	return m;
}

static void use(const struct machine *m, const struct acpi_iommu *t)
{
	uint32_t *units = arena_alloc(m->arena, m->fns.n * sizeof(*units));
	uint16_t *aliases = arena_alloc(m->arena, m->fns.n * sizeof(*aliases));
	const struct acpi_reserved **v = arena_alloc(m->arena, m->fns.n * sizeof(*v));
	uint32_t *order = arena_alloc(m->arena, (t->units.n + 1) * sizeof(*order));

	acpi_unit_order(t, order);
	acpi_assign_units(m, t, m->arena, units);
	acpi_assign_aliases(m, t, m->arena, aliases);
	acpi_assign_reserved(m, t, m->arena, v);
	for (size_t i = 0; i < t->units.n; i++)
		assert(order[i] < t->units.n);
	for (size_t i = 0; i < m->fns.n; i++) {
		assert(units[i] == ACPI_UNIT_NONE || units[i] < t->units.n);
		assert(acpi_reserved_for(m, t, &m->fns.v[i]) == v[i]);
		vec_foreach(s, &t->atsr)
			(void)acpi_scoped_names(m, s, &m->fns.v[i]);
	}
	vec_foreach(d, &t->devices)
		assert(d->name && (d->unit == ACPI_UNIT_NONE || d->unit < t->units.n));
	vec_foreach(r, &t->ranges)
		assert(r->unit < t->units.n);
	vec_foreach(h, &t->rhsa)
		assert(h->unit == ACPI_UNIT_NONE || h->unit < t->units.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOMACHINE struct machine *m = NULL;
	struct acpi_iommu out;
	char name[5] = "";
	uint8_t *t;

	if (size < 10)
		return 0;
	m = make_machine(data, size);
	t = arena_memdup(m->arena, data, size);
	fix_header(t, size);
	memcpy(name, t, 4);
	if (acpi_parse_iommu(m->arena, name, (struct blob){ t, size }, &out, NULL) == 0)
		use(m, &out);
	return 0;
}
