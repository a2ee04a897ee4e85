/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/boot-log.h"
#include "fakesys/iommu-model.h"
#include "fakesys/sim-iomem.h"
#include "fakesys/sim-resource-size.h"
#include "fakesys/sim-proc.h"

/* include/linux/ioport.h */
/* kernel/resource.c:MAX_IORES_LEVEL */
#define MAX_LEVEL 8

struct range {
	uint64_t start, end;
	const char *name;
	unsigned level; /* of a recorded line, as it stands there */
	size_t at;      /* what came first, of equal ones */
};
struct memory {
	struct arena *a; /* of what is below */
	VEC(struct range) v;
};

static bool screen_gone(const struct sim *s)
{
	return s->framebuffer_gone || !log_screen_used(s->cmdline);
}

/* --- what is there --- */

static void add_range(struct memory *m, uint64_t start, uint64_t end, const char *name)
{
	size_t at = m->v.n;

	*vec_push(m->a, &m->v) =
		(struct range){ .start = start, .end = end, .name = name, .at = at };
}

static bool is_claimed(const struct pci_resource *r)
{
	return r->end && (r->flags & RES_MEM) && !(r->flags & RES_UNSET);
}

/* setup-res.c:pci_claim_resource; a ROM's copy in memory is not its own. */
static void add_function(const struct sim *s, struct memory *m, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const struct pci_resource *res = fn_res(s, fn);
	const unsigned windows = PCI_RESOURCES - 4;
	char bdf[BDF_SIZE];
	const char *name = arena_strdup(m->a, bdf_format(f->bdf, bdf)), *bus;

	if ((s->places[fn].traits & FN_BRIDGE) && f->config.len > PCI_SECONDARY_BUS) {
		bus = arena_printf(m->a, "PCI Bus %04x:%02x", f->bdf.domain,
				   f->config.data[PCI_SECONDARY_BUS]);
		for (unsigned i = windows; i < PCI_RESOURCES; i++)
			if (is_claimed(&res[i]))
				add_range(m, res[i].start, res[i].end, bus);
	}
	for (unsigned i = 0; i < windows; i++)
		if (is_claimed(&res[i]) &&
		    (i != PCI_ROM_RESOURCE || !(res[i].flags & RES_ROM_SHADOW)))
			add_range(m, res[i].start, res[i].end, name);
}

/*
 * efifb.c:efifb_probe says what it took. A driver of the boot VGA takes it away, as all
 * drivers of displays do (aperture_remove_conflicting_pci_devices).
 */
static void add_framebuffer(const struct sim *s, struct memory *m)
{
	uint64_t start, kib;

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		if (s->m->fns.v[fn].boot_vga && s->fns[fn].driver)
			return;
	for (size_t i = 0; i < s->klog.n; i++)
		if (sscanf(s->klog.v[i],
			   "efifb: framebuffer at 0x%" SCNx64 ", using %" SCNu64 "k",
			   &start, &kib) == 2 &&
		    kib && kib <= UINT32_MAX) {
			add_range(m, start, start + kib * 1024 - 1, "efifb");
			return;
		}
}

static int by_address(const void *x, const void *y)
{
	const struct range *a = x, *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

/* A range is below the last one before it that has all of it. */
static void find_levels(struct memory *m)
{
	uint64_t ends[MAX_LEVEL];
	unsigned level = 0;

	vec_foreach(r, &m->v) {
		while (level && r->end > ends[level - 1])
			level--;
		r->level = level;
		if (level < MAX_LEVEL)
			ends[level++] = r->end;
	}
}

static void derive(const struct sim *s, struct memory *m)
{
	uint64_t start, end;

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		if (!s->fns[fn].gone)
			add_function(s, m, fn);
	/* dmar.c:map_iommu, as soon as the table is read */
	for (uint32_t u = 0; u < s->units.n; u++)
		if (iommu_unit_range(s, u, &start, &end))
			add_range(m, start, end, s->units.v[u].name);
	if (!screen_gone(s))
		add_framebuffer(s, m);
	if (m->v.n)
		qsort(m->v.v, m->v.n, sizeof(*m->v.v), by_address);
	find_levels(m);
}

/* --- what was recorded --- */

static bool iommu_off(const struct sim *s)
{
	return !s->iommu_on;
}

/* Lines that come and go with the state. */
static const struct {
	const char *name;
	bool (*gone)(const struct sim *s);
} by_state
	[] = {
		{ "efifb", screen_gone },   { "simplefb", screen_gone },
		{ "BOOTFB", screen_gone },  { "vesafb", screen_gone },
		{ "amd_iommu", iommu_off }, /* init.c:iommu_map_mmio_space
					     */
	};

/* Whose the name is, or SIM_NONE: "0000:01:00.0". */
static uint32_t owner(const struct sim *s, const char *name)
{
	struct bdf bdf;
	int n = bdf_parse(name, &bdf);

	return n > 0 && !name[n] ? sim_find_fn(s, bdf) : SIM_NONE;
}

/* Which bridge has the window "PCI Bus 0000:01"; SIM_NONE: a host bridge, or no window.
 */
static uint32_t window_of(const struct sim *s, const char *name)
{
	unsigned domain, bus;

	return sscanf(name, "PCI Bus %x:%x", &domain, &bus) == 2 && bus < 256
		       ? topology_bridge_to(&s->topology, domain, (uint8_t)bus)
		       : SIM_NONE;
}

/* @above: whose BAR the line is in. */
static bool has_gone(const struct sim *s, const struct range *r, uint32_t above)
{
	uint32_t fn = owner(s, r->name), bridge = window_of(s, r->name);

	for (size_t i = 0; i < ARRAY_SIZE(by_state); i++)
		if (streq(r->name, by_state[i].name))
			return by_state[i].gone(s);
	if (fn != SIM_NONE || bridge != SIM_NONE)
		return s->fns[fn != SIM_NONE ? fn : bridge].gone;
	/* What a driver claims of its function is known of the recorded driver only. */
	if (above != SIM_NONE) {
		const struct pci_fn *f = &s->m->fns.v[above];
		const char *now = sim_fn_driver(s, above);

		return !now || !f->driver || !streq(now, f->driver);
	}
	return false;
}

/* "  fed90000-fed90fff : dmar0"; false: no such line. */
static bool read_line(struct arena *a, const char *line, size_t len, struct range *ret)
{
	char *text = arena_strndup(a, line, len);
	unsigned blanks = (unsigned)strspn(text, " ");
	int name = 0;

	if (sscanf(text + blanks, "%" SCNx64 "-%" SCNx64 " : %n", &ret->start, &ret->end,
		   &name) != 2 ||
	    !name)
		return false;
	ret->level = blanks / 2;
	ret->name = text + blanks + name;
	return ret->level <= MAX_LEVEL;
}

static void read_recorded(const struct sim *s, struct blob text, struct memory *m)
{
	const char *p = (const char *)text.data, *end = p + text.len;
	uint32_t owners[MAX_LEVEL + 1];
	unsigned dropped = MAX_LEVEL + 1; /* below a line of this level all is */

	for (unsigned i = 0; i <= MAX_LEVEL; i++)
		owners[i] = SIM_NONE;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);
		struct range r = { 0 };
		bool read = read_line(m->a, p, len, &r);
		uint32_t above;

		p += len + 1;
		if (!read || r.level > dropped)
			continue;
		dropped = MAX_LEVEL + 1;
		above = r.level ? owners[r.level - 1] : SIM_NONE;
		owners[r.level] = owner(s, r.name);
		if (has_gone(s, &r, above))
			dropped = r.level;
		else
			*vec_push(m->a, &m->v) = r;
	}
}

/* --- the file --- */

static bool has_addresses(const struct memory *m)
{
	vec_foreach(r, &m->v)
		if (r->end)
			return true;
	return false;
}

/* kernel/resource.c:r_show */
struct blob iomem_text(struct sim *s)
{
	const struct machine_file *f = machine_file(s->m, "proc/iomem");
	uint64_t key = s->changes << 2 | (unsigned)s->framebuffer_gone << 1 | s->capable;
	AUTOARENA struct arena *a = NULL;
	struct memory m = { 0 };
	FILE *out = proc_text_begin(&s->iomem_text, key);

	if (!out)
		return proc_text_of(&s->iomem_text);
	m.a = a = arena_new();
	if (f)
		read_recorded(s, f->data, &m);
	/* Who recorded it may have been nobody. */
	if (!has_addresses(&m)) {
		m.v.n = 0;
		derive(s, &m);
	}
	vec_foreach(r, &m.v)
		fprintf(out, "%*s%08" PRIx64 "-%08" PRIx64 " : %s\n", (int)r->level * 2,
			"", s->capable ? r->start : 0, s->capable ? r->end : 0, r->name);
	proc_text_end(out);
	return proc_text_of(&s->iomem_text);
}
