/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

const char *rule_name(const struct judged *j, const struct pci_fn *fn)
{
	char bdf[BDF_SIZE];

	return arena_printf(j->arena, "%s (%04x:%04x)", bdf_format(fn->bdf, bdf),
			    fn->id.vendor, fn->id.device);
}

void name_list_add(struct name_list *l, const char *name)
{
	if (l->names.n < NAMES_MAX)
		*vec_push(l->arena, &l->names) = name;
	else
		l->more++;
}

const char *name_list_text(const struct name_list *l)
{
	const char *text = "";

	for (size_t i = 0; i < l->names.n; i++) {
		const char *glue = !i                                ? ""
				   : i + 1 == l->names.n && !l->more ? " and "
								     : ", ";

		text = arena_printf(l->arena, "%s%s%s", text, glue, l->names.v[i]);
	}
	return l->more ? arena_printf(l->arena, "%s and %zu more", text, l->more) : text;
}

bool rule_has_vfio(const struct pci_fn *fn)
{
	/* Variant drivers have names of their own: mlx5-vfio-pci, nvgrace-gpu-vfio-pci.
	 */
	return fn->driver && ends_with(fn->driver, "vfio-pci");
}

bool rule_given_away(const struct pci_fn *fn)
{
	return rule_has_vfio(fn) || (fn->driver && streq(fn->driver, "pci-stub"));
}

bool rule_host_driven(const struct pci_fn *fn)
{
	/* drivers with driver_managed_dma do not count (drivers/pci/pcie/portdrv.c) */
	return fn->driver && !rule_given_away(fn) && !streq(fn->driver, "pcieport");
}

const struct vfio_id *rule_vfio_id(const struct judged *j, const struct pci_fn *fn)
{
	vec_foreach(id, &j->ids)
		if (!id->bad && pci_id_matches(&id->id, &fn->id))
			return id;
	return NULL;
}

void rule_natives(const struct judged *j, const struct pci_fn *fn, strings *ret)
{
	strings all = { 0 };

	if (!j->kernel)
		return;
	modprobe_resolve_fn(&j->config, j->kernel, &fn->id, j->arena, &all);
	vec_foreach(name, &all)
		if (!after_prefix(*name, "vfio"))
			*vec_push(j->arena, ret) = *name;
}

bool rule_is_running(const struct judged *j)
{
	return *j->m->release;
}

static int by_address(const void *a, const void *b)
{
	const struct pci_fn *x = *(const struct pci_fn *const *)a;
	const struct pci_fn *y = *(const struct pci_fn *const *)b;

	return (x > y) - (x < y);
}

bool rule_is_taken(const struct judged *j, const struct pci_fn *fn)
{
	return j->taken.n &&
	       bsearch(&fn, j->taken.v, j->taken.n, sizeof(*j->taken.v), by_address);
}

static int by_id(const void *a, const void *b)
{
	int x = ((const struct iommu_group *)a)->id;
	int y = ((const struct iommu_group *)b)->id;

	return (x > y) - (x < y);
}

const struct iommu_group *rule_group(const struct judged *j, int id)
{
	struct iommu_group key = { .id = id };

	return j->m->groups.n
		       ? bsearch(&key, j->m->groups.v, j->m->groups.n, sizeof(key), by_id)
		       : NULL;
}

const char *rule_tables_unknown(const struct judged *j, const char **ret_table)
{
	static const char *const tables[] = { "DMAR", "IVRS", "VIOT" };
	const char *why = machine_unknown(j->m, "acpi");

	*ret_table = "DMAR, IVRS or VIOT";
	for (size_t i = 0; !why && i < ARRAY_SIZE(tables); i++) {
		why = machine_unknown(j->m, "acpi/%s", tables[i]);
		*ret_table = tables[i];
	}
	return why;
}

const char *rule_file_text(const struct machine_file *f)
{
	return f && S_ISREG(f->mode) && f->data.data ? (const char *)f->data.data : "";
}
