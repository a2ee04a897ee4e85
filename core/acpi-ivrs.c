/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IVRS: AMD IOMMU specification, 5.2. */
#include <inttypes.h>

#include "core/acpi-part.h"

enum { IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40 };
enum { IVMD_ALL = 0x20, IVMD_ONE = 0x21, IVMD_RANGE = 0x22 };

/* Device entries of one IVHD block on their way into its unit. */
struct block {
	struct acpi_reader *r;
	struct acpi_unit *unit;
	uint32_t index; /* of the unit; ACPI_UNIT_NONE: only checked, Linux skips it */
	uint8_t type;
	struct acpi_entry start; /* of the range last begun */
	bool open;
};

static void add_entry(struct block *b, struct acpi_entry entry)
{
	*vec_push(b->r->a, &b->unit->entries) = entry;
}

static void read_all(struct block *b, struct acpi_entry entry)
{
	entry.first = 0;
	entry.last = 0xffff;
	add_entry(b, entry);
}

static void end_open(struct block *b)
{
	if (b->open)
		acpi_note(b->r, b->start.offset, "range of device ids without an end");
	b->open = false;
}

static void read_start(struct block *b, struct acpi_entry entry)
{
	end_open(b);
	b->start = entry;
	b->open = true;
}

/* init_iommu_from_acpi never forgets the last start, so an end alone goes on from it. */
static void read_end(struct block *b, struct acpi_entry entry)
{
	struct acpi_entry range = b->start;

	if (!b->open)
		acpi_note(b->r, entry.offset, "end of a range of device ids without one");
	range.last = entry.last;
	if (range.first > range.last)
		acpi_note(b->r, entry.offset,
			  "range of device ids ends before its start");
	b->open = false;
	add_entry(b, range);
}

/* 5.2.2.2, table of varieties; the requests come with the id behind the handle. */
static void read_special(struct block *b, struct acpi_entry entry)
{
	struct acpi_reader *r = b->r;
	uint8_t variety = acpi_u8(r, entry.offset + 7);

	entry.id = acpi_u8(r, entry.offset + 4);
	entry.first = entry.last = acpi_u16(r, entry.offset + 5);
	entry.kind = variety == 1   ? ACPI_ENTRY_IOAPIC
		     : variety == 2 ? ACPI_ENTRY_HPET
				    : ACPI_ENTRY_OTHER;
	/* add_special_device fails then, and all of the driver with it. */
	if (entry.kind == ACPI_ENTRY_OTHER) {
		r->out->refused |= b->index != ACPI_UNIT_NONE;
		acpi_note(r, entry.offset, "special device of type %u is not known%s",
			  variety,
			  b->index != ACPI_UNIT_NONE ? ", so Linux uses none of the table"
						     : "");
	}
	if (entry.kind == ACPI_ENTRY_IOAPIC && b->index != ACPI_UNIT_NONE)
		r->out->interrupt_remapping = true;
	add_entry(b, entry);
}

enum { UID_NONE, UID_INTEGER, UID_TEXT };

static const char *read_uid(struct block *b, uint32_t off)
{
	uint8_t format = acpi_u8(b->r, off + 20), len = acpi_u8(b->r, off + 21);

	if (format == UID_TEXT)
		return acpi_text(b->r, off + 22, len);
	/* As the kernel: "%d" of the lower half. */
	if (format == UID_INTEGER && len == 8)
		return arena_printf(b->r->a, "%" PRId32,
				    (int32_t)acpi_u32(b->r, off + 22));
	if (format != UID_NONE || len)
		acpi_note(b->r, off, "UID of format %u and length %u", format, len);
	return "";
}

/* 5.2.2.2: an ACPI device, which only blocks of type 0x40 may have. */
static void read_hid(struct block *b, struct acpi_entry entry)
{
	struct acpi_device d = { .offset = entry.offset,
				 .hid = acpi_text(b->r, entry.offset + 4, 8),
				 .cid = acpi_text(b->r, entry.offset + 12, 8),
				 .uid = read_uid(b, entry.offset),
				 .unit = b->index,
				 .source = entry.first };

	if (b->type != IVHD_40) {
		acpi_note(b->r, entry.offset, "ACPI device in a block of type 0x%x",
			  b->type);
		return;
	}
	if (!*d.hid) {
		acpi_note(b->r, entry.offset, "ACPI device without an id");
		return;
	}
	d.name = arena_printf(b->r->a, "%s%s%s", d.hid, *d.uid ? ":" : "", d.uid);
	entry.kind = ACPI_ENTRY_HID;
	entry.id = (uint32_t)b->r->out->devices.n;
	if (b->index != ACPI_UNIT_NONE)
		*vec_push(b->r->a, &b->r->out->devices) = d;
	add_entry(b, entry);
}

static const struct entry_kind {
	uint8_t type;
	bool aliased, extended;
	void (*read)(struct block *b, struct acpi_entry entry); /* NULL: padding */
} entry_kinds[] = {
	/* clang-format off */
	{ .type = 0x00 },
	{ .type = 0x01, .read = read_all },
	{ .type = 0x02, .read = add_entry },
	{ .type = 0x03, .read = read_start },
	{ .type = 0x04, .read = read_end },
	{ .type = 0x40 },
	{ .type = 0x42, .read = add_entry, .aliased = true },
	{ .type = 0x43, .read = read_start, .aliased = true },
	{ .type = 0x46, .read = add_entry, .extended = true },
	{ .type = 0x47, .read = read_start, .extended = true },
	{ .type = 0x48, .read = read_special },
	{ .type = 0xf0, .read = read_hid },
	/* clang-format on */
};

static void read_entry(struct block *b, uint32_t off)
{
	uint8_t type = acpi_u8(b->r, off);
	const struct entry_kind *k = entry_kinds;
	struct acpi_entry entry = { .offset = off, .settings = acpi_u8(b->r, off + 3) };

	while (k < entry_kinds + ARRAY_SIZE(entry_kinds) && k->type != type)
		k++;
	if (k == entry_kinds + ARRAY_SIZE(entry_kinds)) {
		acpi_note(b->r, off, "device entry type %u is not known", type);
		return;
	}
	if (!k->read)
		return;
	entry.first = entry.last = acpi_u16(b->r, off + 1);
	entry.aliased = k->aliased;
	if (k->aliased)
		entry.alias = acpi_u16(b->r, off + 5);
	if (k->extended)
		entry.extended = acpi_u32(b->r, off + 4);
	k->read(b, entry);
}

/* 5.2.2.2: two bits of the type give the length, but ACPI devices state theirs. */
static int read_entries(struct block *b, uint32_t off, uint32_t end)
{
	while (off < end) {
		uint8_t type = acpi_u8(b->r, off);
		uint32_t len = 4u << (type >> 6);

		if (type == 0xf0)
			len = end - off < 22 ? 22 : 22u + acpi_u8(b->r, off + 21);
		if (len > end - off)
			return acpi_bad(b->r, off,
					"device entry type %u beyond its block", type);
		read_entry(b, off);
		off += len;
	}
	end_open(b);
	return 0;
}

static void read_unit(const struct acpi_reader *r, uint32_t off, struct acpi_unit *u)
{
	u->offset = off;
	u->flags = acpi_u8(r, off + 1);
	u->is_fn = true;
	u->devid = acpi_u16(r, off + 4);
	u->capability = acpi_u16(r, off + 6);
	u->base = acpi_u64(r, off + 8);
	u->segment = acpi_u16(r, off + 16);
	u->info = acpi_u16(r, off + 18);
	u->attributes = acpi_u32(r, off + 20);
	if (acpi_u8(r, off) == IVHD_10)
		return;
	u->efr = acpi_u64(r, off + 24);
	u->efr2 = acpi_u64(r, off + 32);
	/* init_iommu_one: XTSup counts only with GASup. */
	u->x2apic = u->efr & 1 << 2 && u->efr & 1 << 7;
}

static int read_ivhd(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	struct block b = { .r = r, .index = ACPI_UNIT_NONE, .type = acpi_u8(r, off) };
	struct acpi_unit unused = { 0 };
	int err;

	b.unit = &unused;
	if (b.type == r->ivhd_type) {
		err = acpi_add_unit(r, off, &b.unit);
		if (err < 0)
			return err;
		b.index = (uint32_t)r->out->units.n - 1;
	}
	read_unit(r, off, b.unit);
	return read_entries(&b, off + (b.type == IVHD_10 ? 24 : 40), off + len);
}

static int read_ivmd(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	struct acpi_reserved *v = vec_push(r->a, &r->out->reserved);
	uint8_t type = acpi_u8(r, off), flags = acpi_u8(r, off + 1);
	uint64_t size = acpi_u64(r, off + 24);

	(void)len;
	v->offset = off;
	v->segment = acpi_u16(r, off + 8);
	v->start = acpi_u64(r, off + 16);
	v->end = size ? v->start + size - 1 : v->start;
	if (v->end < v->start)
		v->end = UINT64_MAX;
	v->first = v->last = acpi_u16(r, off + 4);
	if (type == IVMD_RANGE)
		v->last = acpi_u16(r, off + 6);
	if (type == IVMD_ALL)
		v->first = 0, v->last = 0xffff;
	v->unity = flags & 1;
	v->exclusion = flags & 8;
	/* init_unity_map_range: an exclusion range is for reading and writing. */
	v->read = flags & (2 | 8);
	v->write = flags & (4 | 8);
	if (!v->unity && !v->exclusion)
		acpi_note(r, off, "memory that is neither mapped nor excluded");
	return 0;
}

static bool is_ivhd(uint8_t type)
{
	return type == IVHD_10 || type == IVHD_11 || type == IVHD_40;
}

/* get_highest_supported_ivhd_type: the last one that describes the first IOMMU. */
static uint8_t find_ivhd_type(const struct acpi_reader *r)
{
	uint32_t len, first = 0;
	uint8_t found = 0;

	for (uint32_t off = ACPI_TABLE_HEADER; off + 6 <= r->t.len; off += len) {
		len = acpi_u16(r, off + 2);
		if (len < 4 || acpi_u8(r, off) > IVHD_40)
			break;
		if (!is_ivhd(acpi_u8(r, off)))
			continue;
		if (!first)
			first = off;
		if (acpi_u16(r, off + 4) == acpi_u16(r, first + 4))
			found = acpi_u8(r, off);
	}
	return found;
}

static uint32_t read_header(struct acpi_reader *r)
{
	uint32_t info = acpi_u32(r, 36);

	r->out->dma_opt_in = info & 2;
	r->out->address_width = info >> 8 & 0x7f;
	r->ivhd_type = find_ivhd_type(r);
	return ACPI_TABLE_HEADER;
}

static bool has_unit(const struct acpi_iommu *t, uint16_t devid, uint16_t segment)
{
	vec_foreach(u, &t->units)
		if (u->devid == devid && u->segment == segment)
			return true;
	return false;
}

static int finish_ivrs(struct acpi_reader *r)
{
	vec_foreach(s, &r->out->structures)
		if (is_ivhd((uint8_t)s->type) && s->type != r->ivhd_type &&
		    !has_unit(r->out, acpi_u16(r, s->offset + 4),
			      acpi_u16(r, s->offset + 16)))
			acpi_note(r, s->offset,
				  "IOMMU without a block of type 0x%x, so Linux does "
				  "not see it",
				  r->ivhd_type);
	return 0;
}

static const struct acpi_kind kinds[] = {
	/* clang-format off */
	{ IVHD_10,    24, read_ivhd },
	{ IVHD_11,    40, read_ivhd },
	{ IVHD_40,    40, read_ivhd },
	{ IVMD_ALL,   32, read_ivmd },
	{ IVMD_ONE,   32, read_ivmd },
	{ IVMD_RANGE, 32, read_ivmd },
	/* clang-format on */
};

const struct acpi_format acpi_ivrs = {
	.name = "IVRS",
	.type_mask = 0xff, /* the other byte has flags */
	.kinds = kinds,
	.n_kinds = ARRAY_SIZE(kinds),
	.header = read_header,
	.finish = finish_ivrs,
};
