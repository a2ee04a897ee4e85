/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several listings tell of one function, and what follows from all of them. */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/import-lspci.h"

static int cmp_listed(const void *x, const void *y)
{
	const struct listed *a = x, *b = y;
	int r = bdf_cmp(a->fn.bdf, b->fn.bdf);

	return r ? r : (a->order > b->order) - (a->order < b->order);
}

/* What lspci does not tell, but a tree does. */
static void merge_kernels_facts(struct pci_fn *to, const struct pci_fn *from)
{
	if (from->reset)
		to->reset = from->reset;
	if (from->override)
		to->override = from->override;
	if (from->children.n)
		to->children = from->children;
	if (from->is_vf) {
		to->is_vf = true;
		to->physfn = from->physfn;
	}
	if (from->vfs_total) {
		to->vfs_total = from->vfs_total;
		to->vfs_now = from->vfs_now;
	}
}

/* An id that was not found by its name is 0. */
static bool is_other_device(const struct pci_ident *a, const struct pci_ident *b)
{
	return a->vendor && b->vendor &&
	       (a->vendor != b->vendor ||
		(a->device && b->device && a->device != b->device));
}

static void copy_bytes(uint8_t *to, struct blob from, size_t len)
{
	len = len < from.len ? len : from.len;
	if (len)
		memcpy(to, from.data, len);
}

/*
 * Bytes that were recorded are more than what words told: the longer of two recordings,
 * and behind it what words told of the rest.
 */
static void merge_config(struct arena *a, struct listed *to, const struct listed *from)
{
	bool more = from->hex > to->hex || (to->earlier && from->hex);
	const struct listed *best = more ? from : to;
	const struct listed *other = best == to ? from : to;
	size_t len = to->fn.config.len;
	uint8_t *bytes;

	if (!from->fn.config.len)
		return;
	len = from->fn.config.len > len ? from->fn.config.len : len;
	bytes = arena_alloc(a, len);
	copy_bytes(bytes, to->fn.config, len);
	copy_bytes(bytes, from->fn.config, len);
	copy_bytes(bytes, other->fn.config, other->hex);
	copy_bytes(bytes, best->fn.config, best->hex);
	to->fn.config = (struct blob){ bytes, len };
	to->built = to->built || from->built ? bytes : NULL;
	to->hex = from->hex > to->hex ? from->hex : to->hex;
	to->denied = (to->denied || from->denied) && len <= 64;
}

/* A bridge whose buses only `lspci -t` tells; the kernel takes class 0604 alone for one.
 */
static void set_topology(struct machine *m, listed_list *all)
{
	vec_foreach(f, all) {
		struct pci_fn *fn = &f->fn;

		if (!f->secondary || (fn->config.len && (!f->built || f->hex)))
			continue;
		if (!fn->config.len) {
			struct told *t = arena_alloc(m->arena, sizeof(*t));

			t->header = t->bridge = t->denied = true;
			fn->id.class =
				fn->id.class ? fn->id.class : PCI_CLASS_BRIDGE_PCI << 8;
			fn->config.len = told_finish(t, &fn->id, fn->revision);
			fn->config.data = f->built = t->config;
			f->tree_only = true;
		}
		if (f->built[PCI_SECONDARY_BUS])
			continue;
		f->built[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
		f->built[PCI_PRIMARY_BUS] = fn->bdf.bus;
		f->built[PCI_SECONDARY_BUS] = f->secondary;
		f->built[PCI_SUBORDINATE_BUS] = f->subordinate;
	}
}

/* Ids that another listing told than the one with the registers' words. */
static void fill_ids(struct machine *m, listed_list *all)
{
	vec_foreach(f, all) {
		struct pci_fn *fn = &f->fn;
		struct told t = { 0 };

		if (fn->config.len < TOLD_HEADER ||
		    (cfg_u16(fn->config, PCI_VENDOR_ID) &&
		     (cfg_u16(fn->config, PCI_DEVICE_ID) || !fn->id.device) &&
		     (cfg_u32(fn->config, PCI_CLASS_REVISION) >> 8 || !fn->id.class)))
			continue;
		f->built = arena_memdup(m->arena, fn->config.data, fn->config.len);
		fn->config.data = f->built;
		told_put(&t, PCI_VENDOR_ID, 0xffff, fn->id.vendor);
		told_put(&t, PCI_DEVICE_ID, 0xffff, fn->id.device);
		told_put(&t, PCI_CLASS_REVISION, 0xffffff00, fn->id.class);
		t.config[PCI_REVISION_ID] =
			fn->revision ? fn->revision : f->built[PCI_REVISION_ID];
		memcpy(f->built, t.config, 4);
		memcpy(f->built + PCI_REVISION_ID, t.config + PCI_REVISION_ID, 4);
	}
}

/* drivers/pci/probe.c:pci_scan_slot looks for others only if function 0 says so. */
static void set_multifunction(listed_list *all)
{
	for (size_t i = 0; i + 1 < all->n; i++) {
		struct listed *f = &all->v[i];

		if (!f->fn.bdf.fn && f->built && f->hex <= PCI_HEADER_TYPE &&
		    bdf_same_slot(f->fn.bdf, all->v[i + 1].fn.bdf))
			f->built[PCI_HEADER_TYPE] |= 0x80;
	}
}

/* Why facts of a function are missing, as far as import_finish() cannot see it. */
static void note_untold(struct machine *m, const listed_list *all)
{
	static const char *const facts[] = { "config", "config",    "id",
					     "class",  "subsystem", "resources" };
	char bdf[BDF_SIZE];

	vec_foreach(f, all) {
		const char *const whys[ARRAY_SIZE(facts)] = {
			f->denied ? "lspci was not run as root: capabilities are not "
				    "told, and whether it is PCI Express"
				  : NULL,
			f->tree_only ? "lspci -t tells only its buses" : NULL,
			f->id_why,
			f->class_why,
			f->sub_why,
			f->unnumbered ? "lspci -v does not say which region is which "
					"(-vv does)"
				      : NULL,
		};

		bdf_format(f->fn.bdf, bdf);
		for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
			if (whys[i])
				machine_set_unknown(m, whys[i], "functions/%s/%s", bdf,
						    facts[i]);
	}
}

/* Two listings of one function, as from "lspci -vvv; lspci -xxxx": the later adds. */
static int merge(struct arena *a, const char *name, struct listed *to,
		 const struct listed *from, struct err *e)
{
	struct pci_ident from_id;
	char bdf[BDF_SIZE];

	if (is_other_device(&to->fn.id, &from->fn.id))
		return err_set(
			e, -EINVAL,
			"%.300s:%u: %s is [%04x:%04x] here and [%04x:%04x] before: "
			"these are two machines",
			name, from->line, bdf_format(to->fn.bdf, bdf), from->fn.id.vendor,
			from->fn.id.device, to->fn.id.vendor, to->fn.id.device);
	if (!to->fn.id.vendor || !to->fn.id.device) {
		from_id = from->fn.id;
		from_id.class = from_id.class ? from_id.class : to->fn.id.class;
		if (from_id.vendor)
			to->fn.id = from_id;
	}
	if (!to->fn.id.class)
		to->fn.id.class = from->fn.id.class;
	merge_config(a, to, from);
	if (from->fn.config_size > to->fn.config_size)
		to->fn.config_size = from->fn.config_size;
	if (from->fn.driver)
		to->fn.driver = from->fn.driver;
	if (from->fn.group != GROUP_NONE)
		to->fn.group = from->fn.group;
	if (from->fn.numa >= 0)
		to->fn.numa = from->fn.numa;
	if (from->fn.irq)
		to->fn.irq = from->fn.irq;
	for (int i = 0; i < PCI_RESOURCES; i++)
		if (from->fn.res[i].flags)
			to->fn.res[i] = from->fn.res[i];
	if (from->modules.n)
		to->modules = from->modules;
	to->fn.boot_vga |= from->fn.boot_vga;
	to->unnumbered |= from->unnumbered;
	if (from->secondary) {
		to->secondary = from->secondary;
		to->subordinate = from->subordinate;
	}
	if (!to->id_why || !from->id_why)
		to->id_why = NULL;
	if (!to->class_why || !from->class_why)
		to->class_why = NULL;
	if (!to->sub_why || !from->sub_why)
		to->sub_why = NULL;
	merge_kernels_facts(&to->fn, &from->fn);
	return 0;
}

int import_merge_functions(struct machine *m, const char *name, listed_list *all,
			   struct err *e)
{
	AUTOARENA struct arena *scratch = arena_new();
	listed_list both = { 0 };
	struct import_modules *list;
	size_t n = 0;
	int r;

	vec_foreach(fn, &m->fns) { /* of an earlier file */
		struct listed *f = vec_push(scratch, &both);

		f->fn = *fn;
		f->hex = fn->config.len; /* or words: nobody knows any more */
		f->earlier = true;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct listed *f = vec_push(scratch, &both);

		*f = all->v[i];
		f->order = both.n;
	}
	if (both.n)
		qsort(both.v, both.n, sizeof(*both.v), cmp_listed);
	for (size_t i = 0; i < both.n; i++) {
		struct listed *f = &both.v[i];

		if (!n || bdf_cmp(both.v[n - 1].fn.bdf, f->fn.bdf)) {
			both.v[n++] = *f;
			continue;
		}
		r = merge(m->arena, name, &both.v[n - 1], f, e);
		if (r < 0)
			return r;
	}
	both.n = n;
	set_topology(m, &both);
	fill_ids(m, &both);
	set_multifunction(&both);
	note_untold(m, &both);
	list = arena_alloc(scratch, (n + 1) * sizeof(*list));
	m->fns.n = 0;
	for (size_t i = 0; i < n; i++) {
		*vec_push(m->arena, &m->fns) = both.v[i].fn;
		list[i].fn = &both.v[i].fn;
		list[i].modules = &both.v[i].modules;
	}
	r = import_note_modules(m, list, n);
	return r < 0 ? err_set(e, r, "%s: too many kernel modules", name) : 0;
}
