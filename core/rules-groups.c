/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/rules.h"

/* Bits that isolation needs (drivers/iommu/iommu.c: REQ_ACS_FLAGS). */
#define ACS_NEEDED                                                                       \
	(PCI_ACS_CAP_VALID | PCI_ACS_CAP_REQ_RED | PCI_ACS_CAP_CMPLT_RED |               \
	 PCI_ACS_CAP_FORWARD)

/* Why @fn does not keep its neighbours apart, as a clause; NULL: it does, or unknown. */
static const char *acs_lack(const struct pci_fn *fn)
{
	uint32_t cap;

	if (fn->config.len <= 0x100)
		return fn->config_size > 0x100 ? "whose ACS could not be read" : NULL;
	cap = cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_ACS);
	if (!cap)
		return "which has no ACS";
	/* Bits that the capability does not have count as wired on
	 * (pci_acs_flags_enabled). */
	return ACS_NEEDED & cfg_u16(fn->config, cap + PCI_ACS_CAP) &
			       ~cfg_u16(fn->config, cap + PCI_ACS_CTRL)
		       ? "whose ACS is not switched on"
		       : NULL;
}

/* The simplest reason that explains why @fn is not alone, as a clause; "" if none is
 * known. */
static const char *why_shared(const struct judged *j, const struct pci_fn *fn)
{
	const struct pci_fn *up = fn;
	char bdf[BDF_SIZE];
	const char *lack;

	if (cfg_pcie_type(fn->config) < 0 && fn->config.len > 64)
		return machine_upstream(j->m, fn)
			       ? " (conventional PCI: functions on such a bus cannot be "
				 "told apart)"
			       : " (functions of one device of the chipset, without ACS)";
	/* Bus numbers grow downwards, so the walk up ends. */
	while ((up = machine_upstream(j->m, up))) {
		int type = cfg_pcie_type(up->config);

		if (up->group != fn->group)
			break;
		if (type == PCI_EXP_TYPE_PCI_BRIDGE || (type < 0 && up->config.len > 64))
			return arena_printf(j->arena,
					    " (they are behind the PCI bridge %s)",
					    bdf_format(up->bdf, bdf));
		lack = acs_lack(up);
		if (lack)
			return arena_printf(j->arena,
					    " (they are behind the port %s, %s)",
					    bdf_format(up->bdf, bdf), lack);
	}
	lack = acs_lack(fn);
	return lack ? arena_printf(j->arena, " (they are functions of one device, %s)",
				   lack)
		    : "";
}

static int by_group(const void *a, const void *b)
{
	const struct group_member *x = a, *y = b;

	if (x->fn->group != y->fn->group)
		return (x->fn->group > y->fn->group) - (x->fn->group < y->fn->group);
	return (x->fn > y->fn) - (x->fn < y->fn);
}

void check_group_shared(const struct rule *r, const struct judged *j, findings *ret)
{
	size_t n = j->members.n, first = 0;
	struct group_member *v;

	if (!n)
		return;
	v = arena_memdup(j->arena, j->members.v, n * sizeof(*v));
	qsort(v, n, sizeof(*v), by_group);
	for (size_t i = 0; i < n; i = first) {
		struct name_list come = { .arena = j->arena },
				 stay = { .arena = j->arena };
		const struct pci_fn *asked = NULL;

		for (first = i; first < n && v[first].fn->group == v[i].fn->group;
		     first++) {
			if (v[first].role == GROUP_ASKED)
				asked = asked ? asked : v[first].fn;
			else
				name_list_add(v[first].role == GROUP_COMES ? &come
									   : &stay,
					      rule_name(j, v[first].fn));
		}
		if (!asked || asked->group == GROUP_NONE || !come.names.n)
			continue;
		finding_add(
			j, ret, r, asked,
			machine_upstream(j->m, asked)
				? "pcipass apply takes them along; or move the card to "
				  "another slot."
				: "pcipass apply takes them along.",
			"IOMMU group %d of %s also holds %s%s: a VM gets them all or "
			"none%s%s%s.",
			asked->group, rule_name(j, asked), name_list_text(&come),
			why_shared(j, asked), stay.names.n ? "; " : "",
			name_list_text(&stay),
			stay.names.n ? " may stay with the host" : "");
	}
}

void check_group_missing(const struct rule *r, const struct judged *j, findings *ret)
{
	bool lazy = j->m->units.n && streq(j->m->units.v[0].kind, "virtio");

	if (!rule_is_running(j) || !j->iommu_active || machine_unknown(j->m, "groups"))
		return;
	vec_foreach(it, &j->asked) {
		/* Some kernels make a group only when a first driver probes
		 * (virtio-iommu). */
		if ((*it)->group != GROUP_NONE || (lazy && !(*it)->driver))
			continue;
		finding_add(
			j, ret, r, *it,
			"See dmesg | grep -i iommu for the reason; a device behind no "
			"IOMMU cannot be passed through.",
			"The IOMMU is on and %s has no IOMMU group.", rule_name(j, *it));
	}
}
