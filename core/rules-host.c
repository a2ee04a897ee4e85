/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

/* What hangs below a driver, in words. */
static const char *children_text(const struct judged *j, const struct pci_fn *fn)
{
	struct name_list names = { .arena = j->arena };

	vec_foreach(c, &fn->children)
		name_list_add(&names, arena_printf(j->arena, "%s %s%s", c->class,
						   path_name(c->path),
						   !c->link_up              ? ""
						   : streq(c->class, "net") ? " (link up)"
						   : streq(c->class, "drm")
							   ? " (monitor connected)"
							   : ""));
	return names.names.n ? arena_printf(j->arena, " for %s", name_list_text(&names))
			     : "";
}

void check_driver_in_use(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->taken)
		if (rule_host_driven(*it))
			finding_add(
				j, ret, r, *it,
				rule_vfio_id(j, *it)
					? "Its ids are with vfio-pci already: reboot; if "
					  "it is so "
					  "after that, pcipass plan says what is missing."
					: "pcipass apply gives it to vfio-pci at the "
					  "next boot.",
				"The host uses %s: driver %s%s.", rule_name(j, *it),
				(*it)->driver, children_text(j, *it));
}

static uint64_t ids_of(const struct pci_fn *fn)
{
	return (uint64_t)fn->id.vendor << 32 | fn->id.device;
}

static int by_ids(const void *a, const void *b)
{
	const struct pci_fn *x = *(const struct pci_fn *const *)a;
	const struct pci_fn *y = *(const struct pci_fn *const *)b;
	uint64_t i = ids_of(x), k = ids_of(y);

	if (i != k)
		return i < k ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_driver(const void *a, const void *b)
{
	const struct pci_fn *x = *(const struct pci_fn *const *)a;
	const struct pci_fn *y = *(const struct pci_fn *const *)b;
	int r = strcmp(x->driver, y->driver);

	return r ? r : (x > y) - (x < y);
}

static bool same_ids(const struct pci_fn *a, const struct pci_fn *b)
{
	return ids_of(a) == ids_of(b);
}

static bool same_driver(const struct pci_fn *a, const struct pci_fn *b)
{
	return streq(a->driver, b->driver);
}

typedef void shared_fn(const struct rule *r, const struct judged *j,
		       const struct pci_fn *fn, const struct name_list *others,
		       findings *ret);

/*
 * Call @fn for the first asked function of every set of equal functions that has others
 * which are not taken; they are named.
 */
static void each_shared(const struct rule *r, const struct judged *j, bool with_driver,
			int (*cmp)(const void *, const void *),
			bool (*same)(const struct pci_fn *, const struct pci_fn *),
			shared_fn *fn, findings *ret)
{
	fn_list all = { 0 };

	if (!j->taken.n)
		return;
	vec_foreach(it, &j->m->fns)
		if (!with_driver || rule_host_driven(it))
			*vec_push(j->arena, &all) = it;
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), cmp);
	for (size_t i = 0, next; i < all.n; i = next) {
		struct name_list others = { .arena = j->arena };
		const struct pci_fn *taken = NULL;

		for (next = i; next < all.n && same(all.v[i], all.v[next]); next++)
			if (rule_is_taken(j, all.v[next]))
				taken = taken ? taken : all.v[next];
		if (!taken)
			continue;
		for (size_t k = i; k < next; k++)
			if (!rule_is_taken(j, all.v[k]))
				name_list_add(&others, others.names.n < NAMES_MAX
							       ? rule_name(j, all.v[k])
							       : "");
		if (others.names.n)
			fn(r, j, taken, &others, ret);
	}
}

static void say_identical(const struct rule *r, const struct judged *j,
			  const struct pci_fn *fn, const struct name_list *others,
			  findings *ret)
{
	finding_add(
		j, ret, r, fn,
		"Use pcipass apply --method override, which names the function by its "
		"address; auto does.",
		"ids= would take %s along with %s: they have the same ids.",
		name_list_text(others), rule_name(j, fn));
}

void check_identical_ids(const struct rule *r, const struct judged *j, findings *ret)
{
	each_shared(r, j, false, by_ids, same_ids, say_identical, ret);
}

static void say_blacklist(const struct rule *r, const struct judged *j,
			  const struct pci_fn *fn, const struct name_list *others,
			  findings *ret)
{
	const struct modprobe_line *l = NULL;
	struct finding *f;
	strings natives = { 0 };

	rule_natives(j, fn, &natives);
	vec_foreach(name, &natives)
		l = l ? l : modprobe_blacklisted(&j->config, *name);
	f = finding_add(
		j, ret, r, fn,
		l ? "Take the blacklist line away and use ids= or the override "
		    "method."
		  : "Use ids= or the override method instead of blacklisting.",
		l ? "The driver of %s, %s, is blacklisted, and %s needs it, too."
		  : "Blacklisting the driver of %s (%s) would take it from %s, too.",
		rule_name(j, fn), fn->driver, name_list_text(others));
	if (l) {
		f->file = l->file;
		f->line = l->line;
	}
}

void check_blacklist_others(const struct rule *r, const struct judged *j, findings *ret)
{
	each_shared(r, j, true, by_driver, same_driver, say_blacklist, ret);
}

/* Uses of @kinds (bits) by functions that would be given away. */
static void check_uses(const struct rule *r, const struct judged *j, unsigned kinds,
		       const char *remedy, findings *ret)
{
	vec_foreach(u, &j->uses) {
		if (!(kinds & 1u << u->kind) || !rule_is_taken(j, u->fn))
			continue;
		if (u->certain)
			finding_add(j, ret, r, u->fn, remedy, "The host needs %s: %s.",
				    rule_name(j, u->fn), u->chain);
		else
			finding_add(
				j, ret, r, u->fn,
				arena_printf(j->arena,
					     "If you know that the host does not need "
					     "it, say --allow %s.",
					     r->id),
				"Whether the host needs %s could not be traced: %s.",
				rule_name(j, u->fn), u->chain);
	}
}

void check_host_disk(const struct rule *r, const struct judged *j, findings *ret)
{
	check_uses(r, j, 1u << GUARD_DISK | 1u << GUARD_SWAP,
		   "Unmount it, or take it out of /etc/fstab and reboot; without the "
		   "disk of "
		   "its root file system the host does not run.",
		   ret);
}

void check_host_network(const struct rule *r, const struct judged *j, findings *ret)
{
	check_uses(
		r, j, 1u << GUARD_NETWORK,
		"Move the host's address to another interface first (Proxmox: the bridge "
		"port in /etc/network/interfaces).",
		ret);
}

void check_host_console(const struct rule *r, const struct judged *j, findings *ret)
{
	check_uses(
		r, j, 1u << GUARD_CONSOLE,
		"Choose another card as primary display in the firmware setup; or, with "
		"another way in such as ssh, say --allow host-console.",
		ret);
}

void check_host_keyboard(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->taken) {
		struct name_list names = { .arena = j->arena };

		vec_foreach(c, &(*it)->children)
			if (streq(c->class, "input"))
				name_list_add(&names, path_name(c->path));
		if (names.names.n)
			finding_add(
				j, ret, r, *it,
				"Have another way in, such as ssh, or plug the keyboard "
				"into a port of another controller.",
				"Input devices (%s) are connected to %s: a keyboard of "
				"the host goes to the VM.",
				name_list_text(&names), rule_name(j, *it));
	}
}
