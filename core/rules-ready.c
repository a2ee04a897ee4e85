/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

/* What the group of one asked function is like. */
struct group_state {
	int id;
	const struct pci_fn *blocker; /* a host driver has it */
	bool node;                    /* vfio-pci has a member: /dev/vfio/ID */
};

static int by_id(const void *a, const void *b)
{
	const struct group_state *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* One element for each group of j->members, sorted by id; returns how many. */
static size_t group_states(const struct judged *j, struct group_state **ret)
{
	struct group_state *v = arena_alloc(j->arena, (j->members.n + 1) * sizeof(*v));
	size_t n = 0, out = 0;

	vec_foreach(it, &j->members)
		if (it->fn->group != GROUP_NONE)
			v[n++] = (struct group_state){ it->fn->group,
						       rule_host_driven(it->fn) ? it->fn
										: NULL,
						       rule_has_vfio(it->fn) };
	qsort(v, n, sizeof(*v), by_id);
	for (size_t i = 0; i < n; i++) {
		if (out && v[out - 1].id == v[i].id) {
			v[out - 1].node |= v[i].node;
			if (!v[out - 1].blocker)
				v[out - 1].blocker = v[i].blocker;
		} else {
			v[out++] = v[i];
		}
	}
	*ret = v;
	return out;
}

void check_ready_driver(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->asked)
		if ((*it)->driver && !rule_has_vfio(*it))
			finding_add(
				j, ret, r, *it, NULL,
				"Not ready: lspci -nnk says \"Kernel driver in use: %s\" "
				"for %s, it must be vfio-pci or none.",
				(*it)->driver, rule_name(j, *it));
}

void check_ready_group(const struct rule *r, const struct judged *j, findings *ret)
{
	struct group_state *v;
	size_t n = group_states(j, &v);

	for (size_t i = 0; i < n; i++)
		if (v[i].blocker)
			finding_add(
				j, ret, r, v[i].blocker, NULL,
				"Not ready: IOMMU group %d is not viable while %s has "
				"the driver %s.",
				v[i].id, rule_name(j, v[i].blocker),
				v[i].blocker->driver);
}

void check_ready_node(const struct rule *r, const struct judged *j, findings *ret)
{
	struct group_state *v;
	size_t n = group_states(j, &v);

	for (size_t i = 0; i < n; i++)
		if (!v[i].node)
			finding_add(
				j, ret, r, NULL, NULL,
				"/dev/vfio/%d is not there yet: no member of the group "
				"has vfio-pci; Proxmox and libvirt bind it when the VM "
				"starts, QEMU alone does not.",
				v[i].id);
}

void check_ready(const struct rule *r, const struct judged *j, findings *ret)
{
	struct group_state *v;
	size_t n = group_states(j, &v);

	vec_foreach(it, &j->asked) {
		struct group_state key = { .id = (*it)->group };
		const struct group_state *g =
			n ? bsearch(&key, v, n, sizeof(*v), by_id) : NULL;

		if (g && !g->blocker && g->node && (!(*it)->driver || rule_has_vfio(*it)))
			finding_add(j, ret, r, *it, NULL,
				    "Ready: %s has %s, group %d is viable and "
				    "/dev/vfio/%d is "
				    "there.",
				    rule_name(j, *it),
				    (*it)->driver ? (*it)->driver : "no driver", g->id,
				    g->id);
	}
}
