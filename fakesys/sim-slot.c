/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys/bus/pci/slots (drivers/pci/slot.c, drivers/pci/hotplug). Node: i = machine.slots.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fakesys/driver.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-port.h"
#include "fakesys/sim-slot.h"

static const struct pci_slot *slot_of(const struct sim *s, const struct node *dir)
{
	return &s->m->slots.v[dir->i];
}

/* Domain, bus and device of a slot; a whole bus has no device. */
struct place {
	unsigned domain, bus, device;
	bool whole;
};

static bool place_of(const struct pci_slot *slot, struct place *ret)
{
	int n = sscanf(slot->address, "%8x:%2x:%2x", &ret->domain, &ret->bus,
		       &ret->device);

	ret->whole = n == 2;
	return n >= 2;
}

/* A slot goes with its bus, and with the driver of its port where that made it. */
static bool is_there(const struct sim *s, const struct pci_slot *slot)
{
	struct place p;
	uint32_t bridge;

	if (!place_of(slot, &p))
		return false;
	bridge = topology_bridge_to(&s->topology, p.domain, (uint8_t)p.bus);
	if (bridge == SIM_NONE)
		return true;
	return !s->fns[bridge].gone &&
	       (!slot->driver || !streq(slot->driver, "pciehp") ||
		(s->fns[bridge].driver &&
		 !(s->fns[bridge].idle_services & SERVICE_HOTPLUG)));
}

bool slot_holds(const struct sim *s, uint32_t slot, uint32_t fn)
{
	struct place p;

	if (!place_of(&s->m->slots.v[slot], &p))
		return false;
	for (; fn != SIM_NONE; fn = s->places[fn].parent) {
		struct bdf b = s->m->fns.v[fn].bdf;

		if (b.domain == p.domain && b.bus == p.bus &&
		    (p.whole || b.dev == p.device))
			return true;
	}
	return false;
}

static bool is_behind(const struct sim *s, const struct pci_slot *slot, uint32_t bridge)
{
	struct place p;

	return place_of(slot, &p) && streq(slot->driver ? slot->driver : "", "acpiphp") &&
	       topology_bridge_to(&s->topology, p.domain, (uint8_t)p.bus) == bridge;
}

static int cmp_address(const void *x, const void *y)
{
	return strcmp((*(const struct pci_slot *const *)x)->address,
		      (*(const struct pci_slot *const *)y)->address);
}

/* acpiphp_glue.c walks them as the firmware names them: by device. */
void slot_log_all(struct sim *s, uint32_t bridge, const char *what)
{
	AUTOARENA struct arena *a = arena_new();
	VEC(const struct pci_slot *) behind = { 0 };

	vec_foreach(slot, &s->m->slots)
		if (is_behind(s, slot, bridge))
			*vec_push(a, &behind) = slot;
	if (behind.n)
		qsort(behind.v, behind.n, sizeof(*behind.v), cmp_address);
	vec_foreach(slot, &behind)
		sim_log(s, "acpiphp: Slot [%s] %s", (*slot)->name, what);
}

bool slot_dark(const struct sim *s, uint32_t fn)
{
	for (uint32_t i = 0; i < s->m->slots.n; i++)
		if (s->slots_off[i] && slot_holds(s, i, fn))
			return true;
	return false;
}

static ssize_t put_text(char *buf, const char *text)
{
	return snprintf(buf, SIM_PAGE, "%.64s\n", text);
}

static ssize_t show_address(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)a;
	return put_text(buf, slot_of(s, dir)->address);
}

static ssize_t show_max(struct sim *s, const struct node *dir, const struct attr *a,
			char buf[static SIM_PAGE])
{
	(void)a;
	return put_text(buf, slot_of(s, dir)->max_speed);
}

static ssize_t show_cur(struct sim *s, const struct node *dir, const struct attr *a,
			char buf[static SIM_PAGE])
{
	(void)a;
	return put_text(buf, slot_of(s, dir)->cur_speed);
}

static bool is_switched(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return slot_of(s, dir)->driver;
}

/* acpiphp_core.c:get_attention_status: without a platform's own way there is none. */
static ssize_t show_attention(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	(void)a;
	return streq(slot_of(s, dir)->driver, "acpiphp") ? -EINVAL : put_text(buf, "0");
}

static ssize_t store_attention(struct sim *s, const struct node *dir,
			       const struct attr *a, const char *buf, size_t len)
{
	(void)buf, (void)a;
	return streq(slot_of(s, dir)->driver, "acpiphp") ? -ENODEV : (ssize_t)len;
}

enum { SLOT_POWER, SLOT_LATCH, SLOT_ADAPTER };

static ssize_t show_state(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	const struct pci_slot *slot = slot_of(s, dir);
	const unsigned states[] = {
		[SLOT_POWER] = slot->power && !s->slots_off[dir->i],
		[SLOT_LATCH] = slot->latch,
		[SLOT_ADAPTER] = slot->adapter,
	};

	return snprintf(buf, SIM_PAGE, "%u\n", states[a->arg]);
}

/* acpiphp_glue.c:disable_slot, pciehp_pci.c:pciehp_unconfigure_device. */
static int switch_off(struct sim *s, uint32_t slot)
{
	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		int r = !s->fns[fn].gone && slot_holds(s, slot, fn) ? fn_remove(s, fn)
								    : 0;

		if (r < 0) {
			s->wait.begun = false; /* those after it are still to go */
			return r;
		}
	}
	s->slots_off[slot] = true;
	return 0;
}

/* What was in it is in it still. */
static int switch_on(struct sim *s, uint32_t slot)
{
	int r;

	s->slots_off[slot] = false;
	r = fn_rescan_slot(s, slot);
	if (r < 0)
		s->slots_off[slot] = true;
	return r;
}

/*
 * pci_hotplug_core.c:power_write_file: simple_strtoul, so what is no number is 0. acpiphp
 * does nothing where nothing is to do, pciehp refuses (pciehp_ctrl.c).
 */
static ssize_t store_power(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	unsigned long v = *buf >= '0' && *buf <= '9' ? strtoul(buf, NULL, 10) & 0xff : 0;
	const struct pci_slot *slot = slot_of(s, dir);
	bool on = slot->power && !s->slots_off[dir->i];
	int r = 0;

	(void)a;
	if (v > 1) {
		sim_log(s, "pci_hotplug: Illegal value specified for power");
		return -EINVAL;
	}
	if (on == (v == 1) && streq(slot->driver, "pciehp")) {
		sim_log(s, "pciehp: Slot(%s): Already %s", slot->name,
			on ? "enabled" : "disabled");
		return -ENODEV;
	}
	if (on && !v)
		r = switch_off(s, dir->i);
	else if (s->slots_off[dir->i] && v)
		r = switch_on(s, dir->i);
	return r < 0 ? r : (ssize_t)len;
}

static const char *module_path(const struct sim *s, const struct node *dir)
{
	(void)s;
	/* drivers/pci/slot.c:pci_hp_create_module_link; only acpiphp is built in */
	(void)dir;
	return "sys/module/acpiphp";
}

/*
 * A slot that comes when sysfs knows the built-in module has the link on all kernels; at
 * boot that is so of 6.1.
 */
static bool has_module(const struct sim *s, const struct node *dir, const struct attr *a)
{
	const struct pci_slot *slot = slot_of(s, dir);
	struct place p;
	uint32_t bridge;

	if (!is_switched(s, dir, a) || !streq(slot->driver, "acpiphp") ||
	    !place_of(slot, &p))
		return false;
	bridge = topology_bridge_to(&s->topology, p.domain, (uint8_t)p.bus);
	return s->profile->slot_module_link ||
	       (bridge != SIM_NONE && s->fns[bridge].again);
}

/* clang-format off */
static const struct attr slot_rows[] = {
	{ "adapter", .mode = 0444, .visible = is_switched, .show = show_state, .arg = SLOT_ADAPTER },
	{ "address", .mode = 0444, .show = show_address },
	{ "attention", .mode = 0644, .visible = is_switched, .show = show_attention, .store = store_attention },
	{ "cur_bus_speed", .mode = 0444, .show = show_cur },
	{ "latch", .mode = 0444, .visible = is_switched, .show = show_state, .arg = SLOT_LATCH },
	{ "max_bus_speed", .mode = 0444, .show = show_max },
	{ "module", .mode = S_IFLNK | 0777, .visible = has_module, .path = module_path },
	{ "power", .mode = 0644, .visible = is_switched, .show = show_state, .store = store_power, .arg = SLOT_POWER },
};
/* clang-format on */

static void slot_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	name_copy(name, slot_of(s, dir)->name);
	*ret_parent = (struct node){ .kind = &dir_slots };
}

static const struct dir_kind dir_slot = { .where = slot_where,
					  .attrs = ATTRS(slot_rows) };

static int slots_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	(void)dir;
	for (uint32_t i = 0; i < s->m->slots.n; i++)
		if (name_is(name, len, s->m->slots.v[i].name) &&
		    is_there(s, &s->m->slots.v[i]))
			return node_found_dir(ret,
					      (struct node){ .kind = &dir_slot, .i = i });
	return -ENOENT;
}

static int slots_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	int r = 0;

	(void)dir;
	for (size_t i = 0; r >= 0 && i < s->m->slots.n; i++)
		if (is_there(s, &s->m->slots.v[i]))
			r = fn(arg, s->m->slots.v[i].name);
	return r;
}

const struct dir_kind dir_slots = {
	.name = "slots",
	.parent = &dir_bus_pci,
	.lookup = slots_lookup,
	.each = slots_each,
	.each_type = S_IFDIR,
};
