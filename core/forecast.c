/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "core/cmdline.h"
#include "core/forecast.h"
#include "core/forecast-compare.h"
#include "core/vf.h"

static bool is_port(const struct pci_fn *f)
{
	int type = cfg_pcie_type(f->config);

	return type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM;
}

static bool has_slot(const struct pci_fn *f)
{
	uint32_t exp = cfg_find_cap(f->config, PCI_CAP_ID_EXP);

	return cfg_u16(f->config, exp + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT;
}

/* By function: is anything behind it? */
static bool *find_used(const struct topology *t, struct arena *a)
{
	bool *used = arena_alloc(a, t->n + 1);

	for (uint32_t i = 0; i < t->n; i++)
		if (t->up[i] != FN_NONE)
			used[t->up[i]] = true;
	return used;
}

void forecast_free_slots(const struct topology *t, struct arena *a, fn_indices *ret)
{
	bool *used = find_used(t, a);

	for (uint32_t i = 0; i < t->n; i++)
		if (is_port(&t->m->fns.v[i]) && has_slot(&t->m->fns.v[i]) && !used[i])
			*vec_push(a, ret) = i;
}

/* ---- the machine, changed ---- */

/* A copy that shares all but the functions. */
static struct machine *copy(const struct machine *m, struct arena *a)
{
	struct machine *c = arena_memdup(a, m, sizeof(*m));

	c->fns.v = arena_memdup(a, m->fns.v, m->fns.n * sizeof(*m->fns.v));
	c->fns.cap = m->fns.n;
	return c;
}

static void set_u8(struct pci_fn *f, struct arena *a, uint32_t off, uint8_t value)
{
	uint8_t *c;

	if (off >= f->config.len)
		return;
	c = arena_memdup(a, f->config.data, f->config.len);
	c[off] = value;
	f->config.data = c;
}

static int one(const struct topology *t, struct arena *a, const char *text, bool bridge,
	       uint32_t *ret, struct err *e)
{
	fn_list list = { 0 };
	struct bdf bdf;
	int n = bdf_parse(text, &bdf), r;

	/* A bridge is just what a slot is; machine_find() is for devices. */
	if (bridge && n > 0 && !text[n]) {
		*ret = topology_find(t, bdf);
		return *ret == FN_NONE ? err_set(e, -ENODEV, "%s: no such function", text)
				       : 0;
	}
	r = machine_find(t->m, a, text, &list, e);
	if (r >= 0)
		*ret = (uint32_t)(list.v[0] - t->m->fns.v);
	return r;
}

uint32_t forecast_slot_of(const struct topology *t, uint32_t fn)
{
	while ((fn = t->up[fn]) != FN_NONE)
		if (is_port(&t->m->fns.v[fn]) && has_slot(&t->m->fns.v[fn]))
			return fn;
	return FN_NONE;
}

/*
 * The first of @n buses that nobody else has, if possible those that firmware has given
 * to the empty port @to; else above its own. 0: there are not so many.
 */
static unsigned free_buses(const struct topology *t, uint32_t to, unsigned n)
{
	const struct pci_fn *port = &t->m->fns.v[to];
	unsigned own = cfg_u8(port->config, PCI_SECONDARY_BUS), run = 0;
	bool taken[256] = { false };

	for (uint32_t i = 0; i < t->n; i++) {
		const struct pci_fn *f = &t->m->fns.v[i];
		unsigned first = cfg_u8(f->config, PCI_SECONDARY_BUS), last = first;

		if (f->bdf.domain != port->bdf.domain)
			continue;
		taken[f->bdf.bus] = true;
		if (i == to || !cfg_is_bridge(f->config))
			continue;
		/* What is above the port has its buses in common with it. */
		if (!topology_is_below(t, to, i))
			last = cfg_u8(f->config, PCI_SUBORDINATE_BUS);
		for (unsigned bus = first; bus <= last; bus++)
			taken[bus] = true;
	}
	for (unsigned bus = own; own > port->bdf.bus && bus < own + n; bus++)
		run += bus <= 0xff && !taken[bus];
	if (run == n)
		return own;
	run = 0;
	for (unsigned bus = port->bdf.bus + 1u; bus <= 0xff; bus++) {
		run = taken[bus] ? 0 : run + 1;
		if (run == n)
			return bus - n + 1;
	}
	return 0;
}

/*
 * What is below @from goes below @to, on buses that nobody has yet: their distance stays.
 */
static int move(struct machine *m, const struct topology *t, uint32_t from, uint32_t to,
		struct arena *a, struct err *e)
{
	unsigned first = cfg_u8(m->fns.v[from].config, PCI_SECONDARY_BUS), last = first;
	uint32_t domain = m->fns.v[to].bdf.domain;
	unsigned next;

	for (uint32_t i = 0; i < t->n; i++)
		if (topology_is_below(t, i, from) && m->fns.v[i].bdf.bus > last)
			last = m->fns.v[i].bdf.bus;
	next = free_buses(t, to, last - first + 1);
	if (!next)
		return err_set(e, -ENOSPC, "no bus numbers are left for the card");
	for (uint32_t i = 0; i < t->n; i++) {
		struct pci_fn *f = &m->fns.v[i];

		if (!topology_is_below(t, i, from))
			continue;
		f->bdf.domain = f->physfn.domain = domain;
		f->bdf.bus = (uint8_t)(f->bdf.bus - first + next);
		f->physfn.bus = (uint8_t)(f->physfn.bus - first + next);
		/* A bridge that nobody set up has no numbers, and gets none. */
		for (uint32_t r = PCI_PRIMARY_BUS; r <= PCI_SUBORDINATE_BUS; r++)
			if (cfg_is_bridge(f->config) && cfg_u8(f->config, r) >= first)
				set_u8(f, a, r,
				       (uint8_t)(cfg_u8(f->config, r) - first + next));
	}
	set_u8(&m->fns.v[to], a, PCI_SECONDARY_BUS, (uint8_t)next);
	set_u8(&m->fns.v[to], a, PCI_SUBORDINATE_BUS, (uint8_t)(next + last - first));
	return 0;
}

static int move_card(struct machine *m, const struct topology *t,
		     const struct forecast_want *w, struct arena *a, struct err *e)
{
	uint32_t card, from, to;
	bool *used;
	int r;

	r = one(t, a, w->card, false, &card, e);
	if (r >= 0)
		r = one(t, a, w->slot, true, &to, e);
	if (r < 0)
		return r;
	from = forecast_slot_of(t, card);
	used = find_used(t, a);
	if (from == FN_NONE)
		return err_set(e, -EOPNOTSUPP,
			       "%s is part of the board: it is in no slot of PCI Express",
			       w->card);
	if (!is_port(&m->fns.v[to]))
		return err_set(e, -EINVAL, "%s is no root or downstream port: no slot",
			       w->slot);
	if (topology_is_below(t, to, from))
		return err_set(e, -EINVAL, "%s is on the card that is to move", w->slot);
	if (to != from && used[to])
		return err_set(e, -EBUSY, "%s: the slot is taken", w->slot);
	return to == from ? 0 : move(m, t, from, to, a, e);
}

static int enable_vfs(struct machine *m, const struct topology *t,
		      const struct forecast_want *w, struct arena *a, struct err *e)
{
	unsigned total;
	uint32_t pf;
	int r = one(t, a, w->pf, false, &pf, e);

	if (r < 0)
		return r;
	total = m->fns.v[pf].vfs_total;
	if (!total)
		return err_set(e, -EOPNOTSUPP, "%s has no virtual functions (no SR-IOV)",
			       w->pf);
	if (w->vfs < t->m->fns.v[pf].vfs_now)
		return err_set(e, -EOPNOTSUPP,
			       "%s has %u virtual functions already: this adds some, it "
			       "takes none away",
			       w->pf, t->m->fns.v[pf].vfs_now);
	if (w->vfs > total)
		return err_set(e, -EOPNOTSUPP, "%s has %u virtual functions at most",
			       w->pf, total);
	vf_add(m, t->m, &t->m->fns.v[pf], w->vfs, a);
	return 0;
}

/* Sort what was moved or added; the result tells where each of the first functions went.
 */
struct place {
	struct bdf bdf;
	uint32_t was;
};

static int cmp_place(const void *x, const void *y)
{
	return bdf_cmp(((const struct place *)x)->bdf, ((const struct place *)y)->bdf);
}

static uint32_t *sort(struct machine *m, uint32_t n_before, struct arena *a)
{
	struct place *places = arena_alloc(a, (m->fns.n + 1) * sizeof(*places));
	struct pci_fn *v = arena_alloc(a, (m->fns.n + 1) * sizeof(*v));
	uint32_t *ret = arena_alloc(a, (n_before + 1) * sizeof(*ret));

	for (uint32_t i = 0; i < m->fns.n; i++)
		places[i] = (struct place){ m->fns.v[i].bdf, i };
	if (m->fns.n)
		qsort(places, m->fns.n, sizeof(*places), cmp_place);
	for (uint32_t i = 0; i < m->fns.n; i++) {
		v[i] = m->fns.v[places[i].was];
		if (places[i].was < n_before)
			ret[places[i].was] = i;
	}
	m->fns.v = v;
	return ret;
}

/* Virtual functions first: where their physical one goes, they go. */
static int change(struct machine *m, const struct topology *t,
		  const struct forecast_want *want, struct arena *a, uint32_t *ret_then,
		  struct err *e)
{
	const uint32_t *vfs, *moved;
	struct topology wider;
	int r = want->pf ? enable_vfs(m, t, want, a, e) : 0;

	if (r < 0)
		return r;
	vfs = sort(m, t->n, a);
	topology_build(m, a, &wider);
	if (want->card)
		r = move_card(m, &wider, want, a, e);
	if (r < 0)
		return r;
	moved = sort(m, wider.n, a);
	for (uint32_t i = 0; i < t->n; i++)
		ret_then[i] = moved[vfs[i]];
	return 0;
}

/* Registers were read under the recorded command line. */
static struct grouping_want of_boot(const struct machine *m,
				    const struct grouping_want *want)
{
	struct grouping_want w = *want;

	w.forecast = w.cmdline && !streq(w.cmdline, m->cmdline);
	return w;
}

/* Does the boot have an IOMMU at all? */
static void note_iommu_off(struct forecast *f, const char *words, struct arena *a)
{
	const char *table = f->then.table.table;
	struct iommu_request r;
	bool amd;

	if (!words)
		return;
	cmdline_iommu(a, words, &r);
	amd = table ? streq(table, "IVRS")
		    : f->then.m->fns.n && f->then.m->fns.v[0].id.vendor != 0x8086;
	if (!r.off_words.n || (r.all && (amd ? r.amd : r.intel)))
		return;
	*vec_push(a, &f->changes) = arena_printf(
		a,
		"%s switches the IOMMU off: there are no groups then, and nothing can be "
		"passed through.",
		r.off_words.v[0]);
}

int forecast_make(const struct machine *m, const struct forecast_want *want,
		  struct arena *a, struct forecast *ret, struct err *e)
{
	struct grouping_want now = of_boot(m, &want->now);
	struct grouping_want then = of_boot(m, &want->then);
	struct machine *changed = copy(m, a);
	struct forecast out = { 0 };
	int r;

	grouping_compute(m, &now, a, &out.now);
	out.then_fn = arena_alloc(a, (m->fns.n + 1) * sizeof(*out.then_fn));
	r = change(changed, &out.now.topology, want, a, out.then_fn, e);
	if (r < 0)
		return r;
	grouping_compute(changed, &then, a, &out.then);
	forecast_compare(&out, a);
	if (want->added)
		acs_explain_options(&out.then.topology, &want->then.kernel, want->added,
				    a, &out.idle);
	note_iommu_off(&out, want->added, a);
	*ret = out;
	return 0;
}
