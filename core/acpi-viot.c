/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VIOT: ACPI 6.5, 5.2.32. */
#include "core/acpi-part.h"

enum { NODE_PCI_RANGE = 1, NODE_MMIO, NODE_IOMMU_PCI, NODE_IOMMU_MMIO };

/* acpi_viot_init stops at the count; IOMMUs behind it are found through output nodes. */
static bool is_counted(const struct acpi_reader *r)
{
	return r->out->structures.n <= r->nodes;
}

static int read_pci_range(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	struct acpi_range range = { .offset = off,
				    .endpoint = acpi_u32(r, off + 4),
				    .first_segment = acpi_u16(r, off + 8),
				    .last_segment = acpi_u16(r, off + 10),
				    .first = acpi_u16(r, off + 12),
				    .last = acpi_u16(r, off + 14) };

	(void)len;
	if (range.first > range.last || range.first_segment > range.last_segment)
		acpi_note(r, off, "range of device ids ends before its start");
	if (is_counted(r))
		*vec_push(r->a, &r->out->ranges) = range;
	return 0;
}

static int read_mmio(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	uint64_t base = acpi_u64(r, off + 8);

	(void)len;
	if (is_counted(r))
		*vec_push(r->a, &r->out->devices) = (struct acpi_device){
			.offset = off,
			.base = base,
			.name = arena_printf(r->a, "mmio 0x%llx",
					     (unsigned long long)base),
			.source = acpi_u32(r, off + 4),
		};
	return 0;
}

static int read_iommu_pci(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	struct acpi_unit *u;
	int err = acpi_add_unit(r, off, &u);

	(void)len;
	if (err < 0)
		return err;
	u->segment = acpi_u16(r, off + 4);
	u->is_fn = true;
	u->devid = acpi_u16(r, off + 6);
	return 0;
}

static int read_iommu_mmio(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	struct acpi_unit *u;
	int err = acpi_add_unit(r, off, &u);

	(void)len;
	if (err < 0)
		return err;
	u->base = acpi_u64(r, off + 8);
	return 0;
}

/* Units stand in the order of their offsets. */
static uint32_t unit_at(const struct acpi_iommu *t, uint32_t off)
{
	size_t lo = 0, hi = t->units.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->units.v[mid].offset < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->units.n && t->units.v[lo].offset == off ? (uint32_t)lo
							       : ACPI_UNIT_NONE;
}

/* Where the node at @off sends its requests. One step, so nothing can run in a circle. */
static uint32_t output_unit(struct acpi_reader *r, uint32_t off)
{
	uint32_t to = acpi_u16(r, off + 16), unit = unit_at(r->out, to);

	if (unit != ACPI_UNIT_NONE)
		return unit;
	acpi_note(r, off + 16, "output node 0x%x %s", to,
		  to == off                ? "is the node itself"
		  : to < ACPI_TABLE_HEADER ? "lies in the header"
		  : to >= r->t.len         ? "lies outside the table"
					   : "is no IOMMU");
	return ACPI_UNIT_NONE;
}

static uint32_t read_header(struct acpi_reader *r)
{
	r->nodes = acpi_u16(r, 36);
	return acpi_u16(r, 38);
}

/* A node without an IOMMU is as if it were not there (viot_parse_node). */
static int finish_viot(struct acpi_reader *r)
{
	struct acpi_iommu *t = r->out;
	size_t n = 0;

	if (r->nodes > t->structures.n)
		return acpi_bad(r, 0x24, "%u nodes are promised, %zu are there", r->nodes,
				t->structures.n);
	if (r->nodes < t->structures.n)
		acpi_note(r, t->structures.v[r->nodes].offset,
			  "node behind the last one counted");
	vec_foreach(range, &t->ranges) {
		range->unit = output_unit(r, range->offset);
		if (range->unit != ACPI_UNIT_NONE)
			t->ranges.v[n++] = *range;
	}
	t->ranges.n = n;
	n = 0;
	vec_foreach(d, &t->devices) {
		d->unit = output_unit(r, d->offset);
		if (d->unit != ACPI_UNIT_NONE)
			t->devices.v[n++] = *d;
	}
	t->devices.n = n;
	return 0;
}

static const struct acpi_kind kinds[] = {
	{ NODE_PCI_RANGE, 24, read_pci_range },
	{ NODE_MMIO, 24, read_mmio },
	{ NODE_IOMMU_PCI, 16, read_iommu_pci },
	{ NODE_IOMMU_MMIO, 16, read_iommu_mmio },
};

const struct acpi_format acpi_viot = {
	.name = "VIOT",
	.type_mask = 0xff, /* the other byte is reserved */
	.kinds = kinds,
	.n_kinds = ARRAY_SIZE(kinds),
	.header = read_header,
	.finish = finish_viot,
};
