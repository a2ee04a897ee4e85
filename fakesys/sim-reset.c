/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/config.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-power.h"
#include "fakesys/sim-reset.h"

/* pci.c:pci_parent_bus_reset: only what is alone on its bus can be reset by that. */
static bool alone_on_bus(const struct sim *s, uint32_t fn, bool coming)
{
	const struct fn_place *p = &s->places[fn];

	/* A bridge that comes has no bus yet. */
	if (p->parent == SIM_NONE || s->m->fns.v[fn].is_vf ||
	    (!coming && p->traits & FN_BRIDGE))
		return false;
	for (uint32_t c = s->places[p->parent].first_child; c != SIM_NONE;
	     c = s->places[c].next_sibling)
		if (c != fn && !s->fns[c].gone)
			return false;
	return true;
}

/* Behind a bridge that was recorded without its buses: nobody knows who is beside it. */
static bool is_stray(const struct sim *s, uint32_t fn)
{
	const struct fn_place *p = &s->places[fn];

	return p->parent == SIM_NONE &&
	       s->m->fns.v[fn].bdf.bus != s->roots.v[p->root].bus;
}

const char *reset_methods(struct sim *s, uint32_t fn, bool coming)
{
	const struct fn_place *p = &s->places[fn];
	const char *have = p->resets ? p->resets : "", *bus = strstr(have, "bus");
	const char *tail = strstr(have, "cxl_bus");
	bool first = p->parent != SIM_NONE && s->places[p->parent].first_child == fn;
	bool alone = alone_on_bus(s, fn, coming);
	size_t n = strlen(have);

	bus = bus && bus == (tail ? tail + strlen("cxl_") : NULL) ? NULL : bus;
	/* The first one was alone when it was recorded: a quirk keeps it from that. */
	if (is_stray(s, fn) || alone == (bus != NULL) || (alone && first))
		return p->resets;
	if (alone)
		return tail ? arena_printf(s->run, "%.*sbus %s", (int)(tail - have), have,
					   tail)
			    : arena_printf(s->run, "%s%sbus", have, n ? " " : "");
	n = (size_t)(bus - have);
	return tail ? arena_printf(s->run, "%.*s%s", (int)n, have, tail)
		    : arena_strndup(s->run, have, n ? n - 1 : 0);
}

/*
 * pci.c:pci_bridge_wait_for_secondary_bus: slow links come up; a fast one whose register
 * says that it is down, as QEMU's ports do, is waited for in vain.
 */
static bool link_comes_up(struct sim *s, uint32_t port)
{
	struct blob config = config_now(s, port);

	if (fn_link_speed_cap(config) <= 2 ||
	    !(fn_link_register(config, PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_DLLA) ||
	    fn_link_register(config, PCI_EXP_LNKCTL) >> 16 & PCI_EXP_LNKSTA_DL_ACT)
		return true;
	sim_log_fn(s, port, "Data Link Layer Link Active not set in 100 msec");
	return false;
}

/*
 * What a reset changes is saved before and restored after; it is told where a driver has
 * no reset_prepare (pci_dev_save_and_disable).
 */
static void log_reset(struct sim *s, uint32_t fn, const char *what)
{
	const struct sim_driver *drv = s->fns[fn].driver;

	if (s->profile->logs_reset && drv && !drv->traits->at_resets)
		sim_log_fn(s, fn, "%s", what);
}

static void log_behind(struct sim *s, uint32_t bridge, const char *what)
{
	for (uint32_t fn = bridge + 1; fn < s->m->fns.n; fn++)
		if (!s->fns[fn].gone && fn_is_below(s, fn, bridge))
			log_reset(s, fn, what);
}

bool bus_reset(struct sim *s, uint32_t bridge)
{
	bool good;

	log_behind(s, bridge, "resetting");
	good = link_comes_up(s, bridge);
	log_behind(s, bridge, "reset done");
	return good;
}

bool fn_reset_locked(struct sim *s, uint32_t fn)
{
	const char *list = s->fns[fn].resets ? s->fns[fn].resets : "";

	for (const char *p = list; *p; p += strcspn(p, " "), p += *p == ' ')
		if (!after_prefix(p, "bus") || is_stray(s, fn) ||
		    (alone_on_bus(s, fn, false) &&
		     link_comes_up(s, s->places[fn].parent)))
			return true;
	return false;
}

int fn_reset(struct sim *s, uint32_t fn)
{
	bool good;

	if (!s->fns[fn].resets || !*s->fns[fn].resets)
		return -ENOTTY;
	log_reset(s, fn, "resetting");
	s->fns[fn].power = "D0"; /* pci_dev_save_and_disable() wakes it up */
	good = fn_reset_locked(s, fn);
	log_reset(s, fn, "reset done");
	pm_settle(s, fn);
	return good ? 0 : -ENOTTY;
}

/* --- the attributes --- */

ssize_t fn_store_reset(struct sim *s, const struct node *dir, const struct attr *a,
		       const char *buf, size_t len)
{
	const struct fn_state *st = node_state(s, dir);
	uint64_t v;
	int r = store_u64(buf, ULONG_MAX, &v);

	(void)a;
	if (r < 0 || v != 1)
		return -EINVAL;
	if (!*st->resets)
		return -ENOTTY;
	if (st->leaving) /* wants the lock of the device */
		return block_until(s, UNTIL_FREE, dir->i, false);
	pm_touch(s, dir->i);
	r = fn_reset(s, dir->i);
	return r < 0 ? r : (ssize_t)len;
}

static const char *resets_now(struct sim *s, uint32_t fn)
{
	const char *list = reset_methods(s, fn, false);

	return list ? list : "";
}

/* pci-sysfs.c:reset_method_store. */
ssize_t fn_store_reset_method(struct sim *s, const struct node *dir, const struct attr *a,
			      const char *buf, size_t len)
{
	static const char known[] = "device_specific acpi flr af_flr pm bus";
	const char *have = node_state(s, dir)->found_resets;
	struct fn_state *st = node_state(s, dir);
	char list[64] = "";
	size_t at = 0;

	(void)a;
	if (store_is(buf, "")) {
		sim_log_fn(s, dir->i, "All device reset methods disabled by user");
		st->resets = "";
		return (ssize_t)len;
	}
	if (store_is(buf, "default")) {
		st->resets = resets_now(s, dir->i);
		return (ssize_t)len;
	}
	for (const char *p = buf; *p;) {
		size_t n = strcspn(p, " "), trim = n;
		const char *word = p;

		p += n + (p[n] == ' ');
		while (trim && isspace((unsigned char)word[trim - 1]))
			trim--;
		if (!trim)
			continue;
		if (!word_in(known, word, trim) &&
		    !(s->profile->cxl_bus && name_is(word, trim, "cxl_bus"))) {
			sim_log_fn(s, dir->i, "Invalid reset method '%.*s'", (int)trim,
				   word);
			return -EINVAL;
		}
		if (!word_in(resets_now(s, dir->i), word, trim)) {
			sim_log_fn(s, dir->i, "Unsupported reset method '%.*s'",
				   (int)trim, word);
			return -EINVAL;
		}
		if (at + trim + 2 > sizeof(list)) {
			sim_log_fn(s, dir->i, "Too many reset methods");
			return -EINVAL;
		}
		if (at)
			list[at++] = ' ';
		memcpy(list + at, word, trim);
		at += trim;
		list[at] = '\0';
	}
	if (after_prefix(have, "device_specific") &&
	    !after_prefix(list, "device_specific"))
		sim_log_fn(s, dir->i,
			   "Device-specific reset disabled/de-prioritized by user");
	st->resets = arena_strdup(s->run, list);
	return (ssize_t)len;
}

ssize_t fn_store_reset_subordinate(struct sim *s, const struct node *dir,
				   const struct attr *a, const char *buf, size_t len)
{
	bool yes;
	ssize_t r = s->capable ? store_flag(buf, len, &yes) : -EPERM;

	(void)a;
	/* pci.c:pci_bus_resettable: there must be something behind it. */
	if (r >= 0 && yes && s->places[dir->i].first_child == SIM_NONE)
		return -ENOTTY;
	return r;
}
