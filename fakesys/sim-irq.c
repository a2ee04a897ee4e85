/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/sim-fn.h"
#include "fakesys/sim-irq.h"

#define FOLDER "/msi_irqs"

static bool is_number(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n && n < 8 && !name[n];
}

/* Whose folder it is, or SIM_NONE. */
static uint32_t owner(const struct sim *s, const struct opaque *part)
{
	size_t len = strlen(part->path), n = strlen(FOLDER);
	const char *name = part->path + len - n;

	if (!part->driver || len < n || !streq(name, FOLDER))
		return SIM_NONE;
	while (name > part->path && name[-1] != '/')
		name--;
	for (size_t i = 0; i < part->nodes.n; i++)
		if (!is_number(part->nodes.v[i].file.path))
			return SIM_NONE;
	return sim_named_fn(s, name, strcspn(name, "/"));
}

bool irq_is_folder(const struct sim *s, const struct opaque *part)
{
	uint32_t fn = owner(s, part);

	return fn != SIM_NONE && s->places[fn].irqs;
}

static int by_number(const void *x, const void *y)
{
	unsigned a = *(const unsigned *)x, b = *(const unsigned *)y;

	return (a > b) - (a < b);
}

void irq_build(struct sim *s)
{
	for (size_t i = 0; i < s->m->opaque.n; i++) {
		const struct opaque *part = &s->m->opaque.v[i];
		uint32_t fn = owner(s, part);
		unsigned *v;

		if (fn == SIM_NONE || !part->nodes.n)
			continue;
		v = arena_alloc(s->arena, part->nodes.n * sizeof(*v));
		for (size_t k = 0; k < part->nodes.n; k++)
			v[k] = (unsigned)strtoul(part->nodes.v[k].file.path, NULL, 10);
		qsort(v, part->nodes.n, sizeof(*v), by_number);
		s->places[fn].irqs = v;
		s->places[fn].n_irqs = (uint32_t)part->nodes.n;
		s->places[fn].irq_kind = part->nodes.v[0].file.data;
		if (v[part->nodes.n - 1] > s->last_irq)
			s->last_irq = v[part->nodes.n - 1];
	}
}

static bool has(const unsigned *v, uint32_t n, unsigned irq)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i] == irq)
			return true;
	return false;
}

/* What no function had when all was recorded is somebody else's, up to the last one. */
static bool is_free(const struct sim *s, unsigned irq)
{
	bool ours = irq > s->last_irq;

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		if (has(s->fns[fn].irqs, s->fns[fn].n_irqs, irq))
			return false;
		ours |= has(s->places[fn].irqs, s->places[fn].n_irqs, irq);
	}
	return ours;
}

static bool wants(const struct sim *s, uint32_t fn)
{
	const struct sim_driver *drv = s->fns[fn].driver;
	const char *recorded = s->m->fns.v[fn].driver;

	return s->places[fn].irqs && drv && recorded && streq(drv->name, recorded);
}

/* msi.c:pci_msi_supported, __pci_enable_msix_range: by msi_bus, or out of its state. */
static bool is_refused(const struct sim *s, uint32_t fn)
{
	if (!streq(s->fns[fn].power, "D0"))
		return true;
	for (uint32_t up = fn; up != SIM_NONE; up = s->places[up].parent)
		if (s->fns[up].no_msi &&
		    (up != fn || !(s->places[up].traits & FN_BRIDGE)))
			return true;
	return false;
}

static unsigned *own(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];

	st->irqs = arena_memdup(s->run, s->places[fn].irqs,
				s->places[fn].n_irqs * sizeof(*st->irqs));
	return st->irqs;
}

void irq_adopt(struct sim *s, uint32_t fn)
{
	if (!wants(s, fn))
		return;
	(void)own(s, fn);
	s->fns[fn].n_irqs = s->places[fn].n_irqs;
}

void irq_take(struct sim *s, uint32_t fn)
{
	unsigned *v, irq = 0;

	if (!wants(s, fn))
		return;
	s->fns[fn].irqs_asked = true;
	if (is_refused(s, fn))
		return;
	v = own(s, fn);
	for (uint32_t i = 0; i < s->places[fn].n_irqs; i++) {
		while (!is_free(s, irq))
			irq++;
		v[i] = irq++;
	}
	s->fns[fn].n_irqs = s->places[fn].n_irqs;
}

void irq_drop(struct sim *s, uint32_t fn)
{
	s->fns[fn].n_irqs = 0;
	s->fns[fn].irqs_asked = false;
}

bool irq_present(const struct sim *s, uint32_t fn)
{
	return s->fns[fn].n_irqs;
}

bool irq_folder_present(const struct sim *s, uint32_t fn)
{
	return irq_present(s, fn) ||
	       (s->profile->msi_folder_first && s->fns[fn].irqs_asked);
}

bool irq_known(const struct sim *s, uint32_t fn)
{
	struct blob config = s->m->fns.v[fn].config;
	uint32_t msix = cfg_find_cap(config, PCI_CAP_ID_MSIX);

	return s->places[fn].irqs || !msix ||
	       !(cfg_u16(config, msix + PCI_MSI_FLAGS) & PCI_MSIX_ENABLE);
}

unsigned irq_number(const struct sim *s, uint32_t fn, unsigned i)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	uint32_t msi = cfg_find_cap(f->config, PCI_CAP_ID_MSI);

	if (i < s->fns[fn].n_irqs)
		return s->fns[fn].irqs[i];
	return msi && (cfg_u16(f->config, msi + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE)
		       ? cfg_u8(f->config, PCI_INTERRUPT_LINE)
		       : f->irq;
}

/* --- as files: drivers/base, kernel/irq/msi.c:msi_mode_show --- */

static ssize_t show_kind(struct sim *s, const struct node *dir, const struct attr *a,
			 char buf[static SIM_PAGE])
{
	struct blob b = s->places[dir->i].irq_kind;
	size_t n = b.len < SIM_PAGE ? b.len : SIM_PAGE;

	(void)a;
	memcpy(buf, b.data, n);
	return (ssize_t)n;
}

static const struct attr kind_row = { "irq", .mode = 0444, .show = show_kind };

static int irqs_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	const struct fn_state *st = &s->fns[dir->i];
	char have[NODE_NAME];

	for (uint32_t i = 0; i < st->n_irqs; i++) {
		*put_dec(have, st->irqs[i]) = '\0';
		if (name_is(name, len, have))
			return node_found_file(ret, dir, &kind_row);
	}
	return -ENOENT;
}

static int irqs_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		     void *arg)
{
	const struct fn_state *st = &s->fns[dir->i];
	char name[NODE_NAME];
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < st->n_irqs; i++) {
		*put_dec(name, st->irqs[i]) = '\0';
		r = fn(arg, name);
	}
	return r;
}

const struct dir_kind dir_msi_irqs = {
	.name = "msi_irqs",
	.parent = &dir_fn,
	.lookup = irqs_lookup,
	.each = irqs_each,
	.each_type = S_IFREG,
};
