/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "core/acpi.h"

#define TABLE_HEADER 48u /* ACPI's own and what each of the tables adds to it */
#define UNITS_MAX 4096   /* far above any machine; keeps comparing them cheap */

struct reader {
	struct arena *a;
	struct blob t;
	struct acpi_iommu *out;
	struct err *e;
};

/* The registers of a configuration space and the fields of a table read alike. */
static uint64_t le64(struct blob t, uint32_t off)
{
	return cfg_u32(t, off) | (uint64_t)cfg_u32(t, off + 4) << 32;
}

static void note_unknown(struct reader *r, uint32_t off, unsigned type)
{
	r->out->n_unknown++;
	*vec_push(r->a, &r->out->notes) = arena_printf(
		r->a, "offset 0x%x: structure type %u is not known", off, type);
}

/* VT-d 8.3.1: device scope structures from @off to @end. */
static int read_scopes(struct reader *r, uint32_t off, uint32_t end, acpi_scopes *ret)
{
	while (off < end) {
		uint32_t len = cfg_u8(r->t, off + 1);
		struct acpi_scope *s;

		if (end - off < 8 || len < 8 || len % 2 || len > end - off)
			return err_set(r->e, -EINVAL,
				       "offset 0x%x: device scope of bad length", off);
		if ((len - 6) / 2 > ARRAY_SIZE(s->hops))
			return err_set(r->e, -EINVAL,
				       "offset 0x%x: device scope of %u hops", off,
				       (len - 6) / 2);
		s = vec_push(r->a, ret);
		s->type = cfg_u8(r->t, off);
		s->enum_id = cfg_u8(r->t, off + 4);
		s->bus = cfg_u8(r->t, off + 5);
		s->n_hops = (uint8_t)((len - 6) / 2);
		memcpy(s->hops, r->t.data + off + 6, len - 6);
		off += len;
	}
	return 0;
}

static acpi_scopes *add_drhd(struct reader *r, uint32_t off)
{
	struct acpi_unit *u = vec_push(r->a, &r->out->units);

	u->offset = off;
	u->include_all = cfg_u8(r->t, off + 4) & 1;
	u->segment = cfg_u16(r->t, off + 6);
	u->base = le64(r->t, off + 8);
	return &u->scopes;
}

static acpi_scopes *add_rmrr(struct reader *r, uint32_t off)
{
	struct acpi_reserved *v = vec_push(r->a, &r->out->reserved);

	v->offset = off;
	v->segment = cfg_u16(r->t, off + 6);
	v->start = le64(r->t, off + 8);
	v->end = le64(r->t, off + 16);
	return &v->scopes;
}

/* VT-d 8.2: remapping structure types. */
static const struct dmar_kind {
	acpi_scopes *(*add)(struct reader *r, uint32_t off);
	size_t counter; /* in struct acpi_iommu, for kinds of which only the number counts
			 */
	uint32_t fixed; /* bytes before the scopes */
	bool scopes;
} dmar_kinds[] = {
	/* clang-format off */
	{ .fixed = 16, .scopes = true, .add = add_drhd },
	{ .fixed = 24, .scopes = true, .add = add_rmrr },
	{ .fixed = 8,  .scopes = true, .counter = offsetof(struct acpi_iommu, n_atsr) },
	{ .fixed = 20,                 .counter = offsetof(struct acpi_iommu, n_rhsa) },
	{ .fixed = 8,                  .counter = offsetof(struct acpi_iommu, n_andd) },
	{ .fixed = 8,  .scopes = true, .counter = offsetof(struct acpi_iommu, n_satc) },
	/* clang-format on */
};

static int bad_length(struct reader *r, uint32_t off, unsigned type, uint32_t len)
{
	return err_set(r->e, -EINVAL, "offset 0x%x: structure type %u of bad length %u",
		       off, type, len);
}

static int read_dmar_structure(struct reader *r, uint32_t off, unsigned type,
			       uint32_t len)
{
	acpi_scopes unused = { 0 }, *scopes = &unused;
	const struct dmar_kind *k;

	if (type >= ARRAY_SIZE(dmar_kinds)) {
		note_unknown(r, off, type);
		return 0;
	}
	k = &dmar_kinds[type];
	if (len < k->fixed)
		return bad_length(r, off, type, len);
	if (k->add)
		scopes = k->add(r, off);
	else
		++*(unsigned *)(void *)((char *)r->out + k->counter);
	return k->scopes ? read_scopes(r, off + k->fixed, off + len, scopes) : 0;
}

static uint32_t read_dmar_header(struct reader *r)
{
	unsigned flags = cfg_u8(r->t, 37);

	r->out->address_width = cfg_u8(r->t, 36) + 1u;
	r->out->interrupt_remapping = flags & 1;
	r->out->x2apic_opt_out = flags & 2;
	r->out->dma_opt_in = flags & 4;
	return TABLE_HEADER;
}

enum { IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40 };
enum { IVMD_ALL = 0x20, IVMD_ONE = 0x21, IVMD_RANGE = 0x22 };

/*
 * Newer blocks describe an IOMMU again in more detail; Linux takes those of the highest
 * type (drivers/iommu/amd/init.c:get_highest_supported_ivhd_type).
 */
static void add_ivhd(struct reader *r, uint32_t off)
{
	struct acpi_unit u = { .offset = off,
			       .devid = cfg_u16(r->t, off + 4),
			       .base = le64(r->t, off + 8),
			       .segment = cfg_u16(r->t, off + 16) };

	vec_foreach(old, &r->out->units)
		if (old->devid == u.devid && old->segment == u.segment) {
			if (cfg_u8(r->t, off) > cfg_u8(r->t, old->offset))
				*old = u;
			return;
		}
	*vec_push(r->a, &r->out->units) = u;
}

static void add_ivmd(struct reader *r, uint32_t off)
{
	struct acpi_reserved *v = vec_push(r->a, &r->out->reserved);
	uint8_t type = cfg_u8(r->t, off);
	uint64_t len = le64(r->t, off + 24);

	v->offset = off;
	v->segment = cfg_u16(r->t, off + 8);
	v->start = le64(r->t, off + 16);
	v->end = len ? v->start + len - 1 : v->start;
	if (v->end < v->start)
		v->end = UINT64_MAX;
	v->first = v->last = cfg_u16(r->t, off + 4);
	if (type == IVMD_RANGE)
		v->last = cfg_u16(r->t, off + 6);
	if (type == IVMD_ALL)
		v->first = 0, v->last = 0xffff;
}

/* IVRS and VIOT differ in their kinds only; each has one byte of type. */
struct kind {
	uint8_t type;
	uint32_t fixed;
	void (*add)(struct reader *r, uint32_t off); /* NULL: known, nothing kept */
};

static const struct kind ivrs_kinds[] = {
	{ IVHD_10, 24, add_ivhd },
	{ IVHD_11, 40, add_ivhd },
	{ IVHD_40, 40, add_ivhd },
	{ IVMD_ALL, 32, add_ivmd },
	{ IVMD_ONE, 32, add_ivmd },
	{ IVMD_RANGE, 32, add_ivmd },
	{ 0 },
};

static int read_kind(struct reader *r, const struct kind *k, uint32_t off, unsigned type,
		     uint32_t len)
{
	while (k->type && k->type != type)
		k++;
	if (!k->type) {
		note_unknown(r, off, type);
		return 0;
	}
	if (len < k->fixed)
		return bad_length(r, off, type, len);
	if (k->add)
		k->add(r, off);
	return 0;
}

static int read_ivrs_structure(struct reader *r, uint32_t off, unsigned type,
			       uint32_t len)
{
	return read_kind(r, ivrs_kinds, off, type & 0xff, len);
}

static uint32_t read_ivrs_header(struct reader *r)
{
	uint32_t info = cfg_u32(r->t, 36);

	r->out->interrupt_remapping = true;
	r->out->dma_opt_in = info & 2;
	r->out->address_width = info >> 8 & 0x7f;
	return TABLE_HEADER;
}

static void add_viot_pci(struct reader *r, uint32_t off)
{
	struct acpi_unit *u = vec_push(r->a, &r->out->units);

	u->offset = off;
	u->segment = cfg_u16(r->t, off + 4);
	u->devid = cfg_u16(r->t, off + 6);
}

static void add_viot_mmio(struct reader *r, uint32_t off)
{
	struct acpi_unit *u = vec_push(r->a, &r->out->units);

	u->offset = off;
	u->base = le64(r->t, off + 8);
}

static uint32_t read_viot_header(struct reader *r)
{
	return cfg_u16(r->t, 38);
}

/* ACPI 6.5, table 5.172: PCI range, single MMIO endpoint, virtio-iommu on PCI, on MMIO.
 */
static const struct kind viot_kinds[] = {
	{ 1, 24, NULL },          { 2, 24, NULL }, { 3, 16, add_viot_pci },
	{ 4, 16, add_viot_mmio }, { 0 },
};

static int read_viot_structure(struct reader *r, uint32_t off, unsigned type,
			       uint32_t len)
{
	return read_kind(r, viot_kinds, off, type & 0xff, len);
}

static const struct table_kind {
	const char *name;
	uint32_t (*header)(
		struct reader *r); /* returns the offset of the first structure */
	int (*structure)(struct reader *r, uint32_t off, unsigned type, uint32_t len);
} tables[] = {
	{ "DMAR", read_dmar_header, read_dmar_structure },
	{ "IVRS", read_ivrs_header, read_ivrs_structure },
	{ "VIOT", read_viot_header, read_viot_structure },
};

static int check_header(const struct reader *r, const struct table_kind *k)
{
	uint8_t sum = 0;

	if (r->t.len < TABLE_HEADER)
		return err_set(r->e, -EINVAL, "offset 0x%zx: %s ends within its header",
			       r->t.len, k->name);
	if (memcmp(r->t.data, k->name, 4) != 0)
		return err_set(r->e, -EINVAL, "offset 0x0: the signature is not %s",
			       k->name);
	if (cfg_u32(r->t, 4) != r->t.len)
		return err_set(r->e, -EINVAL,
			       "offset 0x4: %s of %zu bytes says it has %u", k->name,
			       r->t.len, cfg_u32(r->t, 4));
	for (size_t i = 0; i < r->t.len; i++)
		sum = (uint8_t)(sum + r->t.data[i]);
	if (sum)
		return err_set(r->e, -EINVAL, "offset 0x9: checksum of %s is wrong",
			       k->name);
	return 0;
}

int acpi_parse_iommu(struct arena *a, const char *name, struct blob table,
		     struct acpi_iommu *ret, struct err *e)
{
	const struct table_kind *k = tables;
	struct acpi_iommu out = { 0 };
	struct reader r = { a, table, &out, e };
	uint32_t off, len;
	int err;

	while (k < tables + ARRAY_SIZE(tables) && !streq(k->name, name))
		k++;
	if (k == tables + ARRAY_SIZE(tables))
		return err_set(e, -EINVAL, "%s is not an IOMMU table", name);
	err = check_header(&r, k);
	if (err < 0)
		return err;
	out.table = k->name;
	off = k->header(&r);
	if (off < TABLE_HEADER || off > table.len)
		return err_set(e, -EINVAL, "offset 0x26: first structure at 0x%x", off);
	/* The length of the table was compared with its 32-bit field above. */
	for (; off < table.len; off += len) {
		len = cfg_u16(table, off + 2);
		if (table.len - off < 4 || len < 4 || len > table.len - off)
			return err_set(e, -EINVAL, "offset 0x%x: structure of bad length",
				       off);
		if (out.units.n >= UNITS_MAX)
			return err_set(e, -EINVAL, "offset 0x%x: more than %d IOMMUs",
				       off, UNITS_MAX);
		err = k->structure(&r, off, cfg_u16(table, off), len);
		if (err < 0)
			return err;
	}
	*ret = out;
	return 0;
}

const struct pci_fn *acpi_scope_fn(const struct machine *m, uint16_t segment,
				   const struct acpi_scope *s)
{
	const struct pci_fn *fn = NULL;
	struct bdf b = { .domain = segment, .bus = s->bus };

	for (unsigned i = 0; i < s->n_hops; i++) {
		if (fn && !cfg_is_bridge(fn->config))
			return NULL;
		if (fn)
			b.bus = cfg_u8(fn->config, PCI_SECONDARY_BUS);
		if (s->hops[i][0] > 0x1f || s->hops[i][1] > 7)
			return NULL;
		b.dev = s->hops[i][0];
		b.fn = s->hops[i][1];
		fn = machine_fn(m, b);
		if (!fn)
			return NULL;
	}
	return fn;
}

/* drivers/iommu/intel/iommu.c:is_downstream_to_pci_bridge */
static bool is_below(const struct pci_fn *fn, const struct pci_fn *bridge)
{
	return cfg_is_bridge(bridge->config) && fn->bdf.domain == bridge->bdf.domain &&
	       fn->bdf.bus >= cfg_u8(bridge->config, PCI_SECONDARY_BUS) &&
	       fn->bdf.bus <= cfg_u8(bridge->config, PCI_SUBORDINATE_BUS);
}

/* drivers/iommu/intel/iommu.c:device_rmrr_is_relaxable */
static bool is_relaxable(const struct pci_fn *fn)
{
	return fn_is_display(fn) || fn_class(fn) == 0x0c03;
}

static bool rmrr_pins(const struct machine *m, const struct acpi_reserved *v,
		      const struct pci_fn *fn)
{
	if (is_relaxable(fn))
		return false;
	vec_foreach(s, &v->scopes) {
		const struct pci_fn *at = acpi_scope_fn(m, v->segment, s);

		if (at && (at == fn || is_below(fn, at)))
			return true;
	}
	return false;
}

static bool ivmd_pins(const struct acpi_reserved *v, const struct pci_fn *fn)
{
	unsigned devid = fn->bdf.bus << 8 | fn->bdf.dev << 3 | fn->bdf.fn;

	return fn->bdf.domain == v->segment && v->first <= devid && devid <= v->last;
}

const struct acpi_reserved *acpi_reserved_for(const struct machine *m,
					      const struct acpi_iommu *t,
					      const struct pci_fn *fn)
{
	bool ivrs = streq(t->table, "IVRS");

	vec_foreach(v, &t->reserved)
		if (ivrs ? ivmd_pins(v, fn) : rmrr_pins(m, v, fn))
			return v;
	return NULL;
}
