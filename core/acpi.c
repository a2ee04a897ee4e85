/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/acpi-part.h"

/* The registers of a configuration space and the fields of a table read alike. */
uint8_t acpi_u8(const struct acpi_reader *r, uint32_t off)
{
	return cfg_u8(r->t, off);
}

uint16_t acpi_u16(const struct acpi_reader *r, uint32_t off)
{
	return cfg_u16(r->t, off);
}

uint32_t acpi_u32(const struct acpi_reader *r, uint32_t off)
{
	return cfg_u32(r->t, off);
}

uint64_t acpi_u64(const struct acpi_reader *r, uint32_t off)
{
	return cfg_u32(r->t, off) | (uint64_t)cfg_u32(r->t, off + 4) << 32;
}

static PRINTF(3, 0) char *at_offset(struct acpi_reader *r, uint32_t off, const char *fmt,
				    va_list ap)
{
	return arena_printf(r->a, "offset 0x%x: %s", off, arena_vprintf(r->a, fmt, ap));
}

void acpi_note(struct acpi_reader *r, uint32_t off, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*vec_push(r->a, &r->out->notes) = at_offset(r, off, fmt, ap);
	va_end(ap);
}

int acpi_bad(struct acpi_reader *r, uint32_t off, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = err_set(r->e, -EINVAL, "%s", at_offset(r, off, fmt, ap));
	va_end(ap);
	return err;
}

const char *acpi_text(struct acpi_reader *r, uint32_t off, uint32_t max)
{
	char *s = arena_strndup(r->a, (const char *)r->t.data + off, max);

	for (char *c = s; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return s;
}

int acpi_add_unit(struct acpi_reader *r, uint32_t off, struct acpi_unit **ret)
{
	struct acpi_unit *u;

	if (r->out->units.n >= ACPI_UNITS_MAX)
		return acpi_bad(r, off, "more than %d IOMMUs", ACPI_UNITS_MAX);
	u = vec_push(r->a, &r->out->units);
	u->offset = off;
	*ret = u;
	return 0;
}

static int read_structure(struct acpi_reader *r, const struct acpi_format *f,
			  uint32_t off, uint32_t len)
{
	uint16_t type = acpi_u16(r, off) & f->type_mask;
	const struct acpi_kind *k = f->kinds;

	*vec_push(r->a, &r->out->structures) =
		(struct acpi_structure){ off, type, (uint16_t)len };
	while (k < f->kinds + f->n_kinds && k->type != type)
		k++;
	if (k == f->kinds + f->n_kinds) {
		r->out->n_unknown++;
		acpi_note(r, off, "structure type %u is not known", type);
		return 0;
	}
	if (len < k->fixed)
		return acpi_bad(r, off, "structure type %u of bad length %u", type, len);
	return k->read(r, off, len);
}

static int check_header(struct acpi_reader *r, const char *name)
{
	uint8_t sum = 0;

	if (r->t.len < ACPI_TABLE_HEADER)
		return acpi_bad(r, (uint32_t)r->t.len, "%s ends within its header", name);
	if (memcmp(r->t.data, name, 4) != 0)
		return acpi_bad(r, 0, "the signature is not %s", name);
	if (acpi_u32(r, 4) != r->t.len)
		return acpi_bad(r, 4, "%s of %zu bytes says it has %u", name, r->t.len,
				acpi_u32(r, 4));
	for (size_t i = 0; i < r->t.len; i++)
		sum = (uint8_t)(sum + r->t.data[i]);
	return sum ? acpi_bad(r, 9, "checksum of %s is wrong", name) : 0;
}

static int read_table(struct acpi_reader *r, const struct acpi_format *f)
{
	uint32_t off, len;
	int err = check_header(r, f->name);

	if (err < 0)
		return err;
	r->out->table = f->name;
	off = f->header(r);
	if (off < ACPI_TABLE_HEADER || off > r->t.len)
		return acpi_bad(r, 0x26, "first structure at 0x%x", off);
	/* The length of the table was compared with its 32-bit field above. */
	for (; off < r->t.len; off += len) {
		len = acpi_u16(r, off + 2);
		if (r->t.len - off < 4 || len < 4 || len > r->t.len - off)
			return acpi_bad(r, off, "structure of bad length");
		err = read_structure(r, f, off, len);
		if (err < 0)
			return err;
	}
	return f->finish(r);
}

int acpi_parse_iommu(struct arena *a, const char *name, struct blob table,
		     struct acpi_iommu *ret, struct err *e)
{
	static const struct acpi_format *const formats[] = { &acpi_dmar, &acpi_ivrs,
							     &acpi_viot };
	struct acpi_iommu out = { 0 };
	struct acpi_reader r = { .a = a, .t = table, .out = &out, .e = e };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		int err;

		if (!streq(formats[i]->name, name))
			continue;
		err = read_table(&r, formats[i]);
		if (err >= 0)
			*ret = out;
		return err;
	}
	return err_set(e, -EINVAL, "%s is not an IOMMU table", name);
}
