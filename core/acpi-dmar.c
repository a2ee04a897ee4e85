/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMAR: VT-d specification, chapter 8. */
#include "core/acpi-part.h"

#define PAGE_MASK 0xfffull

/* 8.3.1: device scope structures from @off to @end. */
static int read_scopes(struct acpi_reader *r, uint32_t off, uint32_t end,
		       acpi_scopes *ret)
{
	while (off < end) {
		uint32_t len = acpi_u8(r, off + 1);
		struct acpi_scope *s;

		if (end - off < 8 || len < 8 || len % 2 || len > end - off)
			return acpi_bad(r, off, "device scope of bad length");
		if ((len - 6) / 2 > ARRAY_SIZE(s->hops))
			return acpi_bad(r, off, "device scope of %u hops", (len - 6) / 2);
		s = vec_push(r->a, ret);
		s->offset = off;
		s->type = acpi_u8(r, off);
		s->flags = acpi_u8(r, off + 2);
		s->enum_id = acpi_u8(r, off + 4);
		s->bus = acpi_u8(r, off + 5);
		s->n_hops = (uint8_t)((len - 6) / 2);
		memcpy(s->hops, r->t.data + off + 6, len - 6);
		if (s->type < ACPI_SCOPE_ENDPOINT || s->type > ACPI_SCOPE_NAMESPACE)
			acpi_note(r, off, "device scope type %u is not known", s->type);
		off += len;
	}
	return 0;
}

/* dmar.c:dmar_find_dmaru */
static bool is_repeated(const struct acpi_iommu *t, uint16_t segment, uint64_t base)
{
	vec_foreach(u, &t->units)
		if (u->segment == segment && u->base == base)
			return true;
	return false;
}

static int read_drhd(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	uint16_t segment = acpi_u16(r, off + 6);
	uint64_t base = acpi_u64(r, off + 8);
	acpi_scopes unused = { 0 };
	struct acpi_unit *u;
	int err;

	if (is_repeated(r->out, segment, base)) {
		acpi_note(r, off, "IOMMU at 0x%llx is described again",
			  (unsigned long long)base);
		return read_scopes(r, off + 16, off + len, &unused);
	}
	/* dmar_validate_one_drhd */
	if (!base) {
		r->out->refused = true;
		acpi_note(r, off, "IOMMU at address 0, so Linux uses none of the table");
	}
	err = acpi_add_unit(r, off, &u);
	if (err < 0)
		return err;
	u->include_all = acpi_u8(r, off + 4) & 1;
	u->size_pages = 1u << (acpi_u8(r, off + 5) & 0xf);
	u->segment = segment;
	u->base = base;
	return read_scopes(r, off + 16, off + len, &u->scopes);
}

static int read_rmrr(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	struct acpi_reserved *v = vec_push(r->a, &r->out->reserved);

	v->offset = off;
	v->segment = acpi_u16(r, off + 6);
	v->start = acpi_u64(r, off + 8);
	v->end = acpi_u64(r, off + 16);
	/* dmar_parse_one_rmrr: a warning, and it is used all the same. */
	if (v->start & PAGE_MASK || (v->end + 1) & PAGE_MASK || v->end <= v->start)
		acpi_note(r, off, "reserved memory 0x%llx-0x%llx is not whole pages",
			  (unsigned long long)v->start, (unsigned long long)v->end);
	return read_scopes(r, off + 24, off + len, &v->scopes);
}

static int read_scoped(struct acpi_reader *r, uint32_t off, uint32_t len, uint8_t flags,
		       struct acpi_scoped *s)
{
	*s = (struct acpi_scoped){ .offset = off,
				   .flags = flags,
				   .segment = acpi_u16(r, off + 6) };
	return read_scopes(r, off + 8, off + len, &s->scopes);
}

static int read_atsr(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	return read_scoped(r, off, len, acpi_u8(r, off + 4),
			   vec_push(r->a, &r->out->atsr));
}

static int read_satc(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	return read_scoped(r, off, len, acpi_u8(r, off + 4),
			   vec_push(r->a, &r->out->satc));
}

/* Its flags stand in the scopes. */
static int read_sidp(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	return read_scoped(r, off, len, 0, vec_push(r->a, &r->out->sidp));
}

static int read_rhsa(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	(void)len;
	*vec_push(r->a, &r->out->rhsa) =
		(struct acpi_rhsa){ .offset = off,
				    .base = acpi_u64(r, off + 8),
				    .proximity = acpi_u32(r, off + 16),
				    .unit = ACPI_UNIT_NONE };
	return 0;
}

/* dmar.c:dmar_parse_one_andd: without its NUL Linux gives the whole table up. */
static int read_andd(struct acpi_reader *r, uint32_t off, uint32_t len)
{
	if (!memchr(r->t.data + off + 8, 0, len - 8))
		return acpi_bad(r, off, "the name of ACPI device %u has no end",
				acpi_u8(r, off + 7));
	*vec_push(r->a, &r->out->devices) =
		(struct acpi_device){ .offset = off,
				      .name = acpi_text(r, off + 8, len - 8),
				      .unit = ACPI_UNIT_NONE };
	return 0;
}

static void join_rhsa(struct acpi_reader *r)
{
	vec_foreach(h, &r->out->rhsa) {
		for (size_t i = 0; i < r->out->units.n; i++) {
			struct acpi_unit *u = &r->out->units.v[i];

			if (u->base != h->base || h->unit != ACPI_UNIT_NONE)
				continue;
			h->unit = (uint32_t)i;
			u->has_proximity = true;
			u->proximity = h->proximity;
		}
		if (h->unit == ACPI_UNIT_NONE)
			acpi_note(r, h->offset, "there is no IOMMU at 0x%llx",
				  (unsigned long long)h->base);
	}
}

/* dmar.c:dmar_acpi_insert_dev_scope: ANDDs and scopes meet by a number of one byte. */
static void join_andd(struct acpi_reader *r)
{
	uint32_t *order = arena_alloc(r->a, (r->out->units.n + 1) * sizeof(*order));
	struct {
		const struct acpi_scope *scope;
		uint32_t unit;
		bool used;
	} by_number[256] = { 0 };

	acpi_unit_order(r->out, order);
	for (size_t i = 0; i < r->out->units.n; i++)
		vec_foreach(s, &r->out->units.v[order[i]].scopes)
			if (s->type == ACPI_SCOPE_NAMESPACE &&
			    !by_number[s->enum_id].scope) {
				by_number[s->enum_id].scope = s;
				by_number[s->enum_id].unit = order[i];
			}
	vec_foreach(d, &r->out->devices) {
		uint8_t number = acpi_u8(r, d->offset + 7);
		const struct acpi_scope *s = by_number[number].scope;

		if (!s) {
			acpi_note(r, d->offset, "ACPI device %u is behind no IOMMU",
				  number);
			continue;
		}
		by_number[number].used = true;
		d->unit = by_number[number].unit;
		d->source = (uint32_t)s->bus << 8 | (s->hops[0][0] & 0x1f) << 3 |
			    (s->hops[0][1] & 7);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(by_number); i++)
		if (by_number[i].scope && !by_number[i].used)
			acpi_note(r, by_number[i].scope->offset,
				  "there is no ACPI device %u", i);
}

static int finish_dmar(struct acpi_reader *r)
{
	join_rhsa(r);
	join_andd(r);
	return 0;
}

static uint32_t read_header(struct acpi_reader *r)
{
	unsigned flags = acpi_u8(r, 37);

	r->out->address_width = acpi_u8(r, 36) + 1u;
	r->out->interrupt_remapping = flags & 1;
	r->out->x2apic_opt_out = flags & 2;
	r->out->dma_opt_in = flags & 4;
	return ACPI_TABLE_HEADER;
}

/* 8.2: remapping structure types, and their bytes before the scopes. */
static const struct acpi_kind kinds[] = {
	/* clang-format off */
	{ 0, 16, read_drhd },
	{ 1, 24, read_rmrr },
	{ 2, 8,  read_atsr },
	{ 3, 20, read_rhsa },
	{ 4, 8,  read_andd },
	{ 5, 8,  read_satc },
	{ 6, 8,  read_sidp },
	/* clang-format on */
};

const struct acpi_format acpi_dmar = {
	.name = "DMAR",
	.type_mask = 0xffff,
	.kinds = kinds,
	.n_kinds = ARRAY_SIZE(kinds),
	.header = read_header,
	.finish = finish_dmar,
};
