/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/group.h"

static int by_value(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Functions of a machine stand in one array, so their order in memory is by address. */
static int by_address(const void *a, const void *b)
{
	const struct pci_fn *x = *(const struct pci_fn *const *)a;
	const struct pci_fn *y = *(const struct pci_fn *const *)b;

	return (x > y) - (x < y);
}

static const fn_list *sorted(struct arena *a, const fn_list *list)
{
	fn_list *copy = arena_alloc(a, sizeof(*copy));

	vec_foreach(it, list)
		*vec_push(a, copy) = *it;
	if (copy->n)
		qsort(copy->v, copy->n, sizeof(*copy->v), by_address);
	return copy;
}

static bool has(const fn_list *list, const struct pci_fn *fn)
{
	return list->n && bsearch(&fn, list->v, list->n, sizeof(*list->v), by_address);
}

/* Does the running kernel, or one that may be booted next, have a driver for it? */
static bool has_module(const struct machine *m, const struct pci_fn *fn)
{
	vec_foreach(k, &m->kernels)
		vec_foreach(mod, &k->modules)
			vec_foreach(id, &mod->ids)
				if (!id->override_only && pci_id_matches(id, &fn->id))
					return true;
	return false;
}

/*
 * A member that no driver has keeps nobody from the group (iommu.c: owner_cnt counts
 * drivers only). It stays where none will come for it: an idle host or ISA bridge, or
 * what no module knows. What lies in a slot that was asked for is wanted as a whole.
 */
enum group_role group_role(const struct machine *m, const struct pci_fn *fn)
{
	if (cfg_is_bridge(fn->config))
		return GROUP_STAYS;
	if (fn->driver)
		return GROUP_COMES;
	if (fn_is_bridge(fn))
		return GROUP_STAYS;
	return m->kernels.n && !machine_unknown(m, "drivers") && !has_module(m, fn)
		       ? GROUP_STAYS
		       : GROUP_COMES;
}

static enum group_role role_of(const struct machine *m, const struct pci_fn *fn,
			       const fn_list *asked)
{
	vec_foreach(it, asked)
		if (bdf_same_slot((*it)->bdf, fn->bdf) && !fn_is_bridge(fn))
			return GROUP_COMES;
	return group_role(m, fn);
}

static int group_of(const struct machine *m, const int *groups, const struct pci_fn *fn)
{
	return groups ? groups[fn - m->fns.v] : fn->group;
}

void group_closure(const struct machine *m, const int *groups, struct arena *a,
		   const fn_list *asked, group_members *ret)
{
	const fn_list *list = sorted(a, asked);
	int *ids = arena_alloc(a, (list->n + 1) * sizeof(*ids));
	size_t n = 0;

	vec_foreach(it, list)
		if (group_of(m, groups, *it) != GROUP_NONE)
			ids[n++] = group_of(m, groups, *it);
	qsort(ids, n, sizeof(*ids), by_value);
	vec_foreach(fn, &m->fns) {
		bool is_asked = has(list, fn);
		int group = group_of(m, groups, fn);
		bool shares = group != GROUP_NONE &&
			      bsearch(&group, ids, n, sizeof(*ids), by_value);

		if (is_asked || shares)
			*vec_push(a, ret) = (struct group_member){
				fn, group, is_asked ? GROUP_ASKED : role_of(m, fn, list)
			};
	}
}

/*
 * drivers/pci/quirks.c:quirk_gpu_hda, quirk_gpu_usb, quirk_gpu_usb_typec_ucsi: functions
 * that cannot have power without function 0. Others of an APU's device, such as the
 * host's USB controllers, are its neighbours only.
 */
static const struct {
	uint8_t fn;
	unsigned class;
} companions[] = {
	{ 1, 0x0403 }, /* HD audio */
	{ 2, PCI_CLASS_SERIAL_USB },
	{ 3, 0x0c80 }, /* serial bus controller, other: UCSI */
};

void group_companions(const struct machine *m, struct arena *a, const fn_list *asked,
		      fn_list *ret)
{
	const fn_list *list = sorted(a, asked);

	vec_foreach(it, list) {
		const struct pci_fn *gpu = *it;

		if (it > list->v && it[-1] == gpu) /* named twice */
			continue;
		if (!fn_is_display(gpu) || gpu->is_vf || gpu->bdf.fn != 0)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(companions); i++) {
			struct bdf b = gpu->bdf;
			const struct pci_fn *fn;

			b.fn = companions[i].fn;
			fn = machine_fn(m, b);
			if (fn && !fn->is_vf && fn_class(fn) == companions[i].class &&
			    !has(list, fn))
				*vec_push(a, ret) = fn;
		}
	}
}
