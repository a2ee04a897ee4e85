/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/sim-enable.h"
#include "fakesys/sim-module.h"
#include "fakesys/sim-power.h"
#include "fakesys/sim-reset.h"
#include "fakesys/vfio.h"

#define VGA_DECODES "io+mem"

/* --- the number of its nodes --- */

#define MAJOR_USUAL 244   /* of a freshly booted Debian */
#define MAJOR_HIGHEST 254 /* that is given to who asks for any ... */
#define MAJOR_LOWEST 235  /* ... down to this one (include/linux/fs.h) */

/* The next "NUMBER NAME" of proc/devices that is not of a block device; false: no more.
 */
static bool next_device(const char **at, int *ret_major, char ret_name[static 64])
{
	while (**at && !after_prefix(*at, "Block")) {
		bool good = sscanf(*at, "%d %63s", ret_major, ret_name) == 2;

		*at = strchrnul(*at, '\n');
		*at += **at == '\n';
		if (good)
			return true;
	}
	return false;
}

/* As it was recorded; else fs/char_dev.c:find_dynamic_major: the highest that is free. */
void vfio_build(struct sim *s)
{
	const struct machine_file *f = machine_file(s->m, "proc/devices");
	AUTOFREE char *text = f ? strndup((const char *)f->data.data, f->data.len) : NULL;
	bool taken[MAJOR_HIGHEST + 1] = { false };
	char name[64];
	int major;

	s->vfio_major = MAJOR_USUAL;
	if (!text)
		return;
	for (const char *at = text; next_device(&at, &major, name);) {
		if (streq(name, "vfio")) {
			s->vfio_major = major;
			return;
		}
		if (major >= 0 && major <= MAJOR_HIGHEST)
			taken[major] = true;
	}
	s->vfio_major = MAJOR_HIGHEST;
	while (s->vfio_major > MAJOR_LOWEST && taken[s->vfio_major])
		s->vfio_major--;
}

/* --- functions --- */

/* vfio_pci.c:vfio_pci_dev_in_denylist: QuickAssist and data streaming accelerators. */
static bool in_denylist(const struct pci_ident *id)
{
	static const uint16_t denied[] = { 0x19e2, 0x19e3, 0x37c8, 0x37c9,
					   0x0435, 0x0443, 0x0b25, 0x0cfe };

	for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
		if (id->vendor == 0x8086 && id->device == denied[i])
			return true;
	return false;
}

static int lowest_free(struct sim *s, uint32_t fn)
{
	size_t i = s->vfio_free;

	while (i < s->vfio_devs.n && s->vfio_devs.v[i] != SIM_NONE)
		i++;
	if (i == s->vfio_devs.n)
		(void)vec_push(s->run, &s->vfio_devs);
	s->vfio_devs.v[i] = fn;
	s->vfio_free = i + 1;
	return (int)i;
}

/* vgaarb.c:vga_update_device_decodes */
static void log_decodes(struct sim *s, uint32_t fn)
{
	sim_log_fn(
		s, fn,
		"vgaarb: %s: olddecodes=" VGA_DECODES ",decodes=" VGA_DECODES ":owns=%s",
		s->profile->vga_decodes, s->m->fns.v[fn].boot_vga ? VGA_DECODES : "none");
}

/*
 * vfio_pci_core.c:vfio_pci_vga_init; the firmware's framebuffer does not come back. The
 * console leaves it when it goes; without one, when vgaarb.c:vga_remove_vgacon wants the
 * text console's memory.
 */
static void take_vga(struct sim *s, uint32_t fn)
{
	static const char switching[] = "Console: switching to colour dummy device 80x25";
	const struct machine_file *fb = machine_file(s->m, "proc/fb");
	bool boot = s->m->fns.v[fn].boot_vga, first = boot && !s->framebuffer_gone,
	     text = !s->m->efi && !(fb && fb->data.len);

	if (first && !text)
		sim_log(s, "%s", switching);
	if (boot)
		sim_log_fn(s, fn, "vgaarb: deactivate vga console");
	if (first && text)
		sim_log(s, "%s", switching);
	s->framebuffer_gone |= boot;
	(void)sim_changed(s); /* its files are in other folders */
	log_decodes(s, fn);
}

/* Does vfio-pci let go of what nobody uses? */
static bool idles(const struct sim *s)
{
	const struct sim_module *mod = sim_find_module(s, "vfio_pci");
	const unsigned *params;

	if (!mod)
		return true;
	params = s->profile->idle_d3_live ? mod->params : mod->at_load;
	return !params[VFIO_DISABLE_IDLE_D3];
}

static bool is_vfio(const struct fn_state *st)
{
	const struct sim_driver *drv = st->driver ? st->driver : st->leaving;

	return drv && drv->traits->vfio;
}

/* vfio/group.c: ida_alloc_max(), the lowest that no other group's node has. */
static uint32_t free_minor(const struct sim *s, const struct sim_group *g)
{
	uint32_t minor = 0;

	for (size_t i = 0; i < s->groups.n; i++) {
		const struct sim_group *other = &s->groups.v[i];

		if (other == g || other->vfio_minor != minor ||
		    !vfio_group_has_node(s, other))
			continue;
		minor++;
		i = (size_t)-1; /* from the first group again */
	}
	return minor;
}

/* The node comes with the first member. */
static void made_node(struct sim *s, struct sim_group *g)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < g->n; i++)
		n += is_vfio(&s->fns[s->members[g->first + i]]);
	if (n != 1)
		return;
	g->vfio_born = ++s->changes;
	g->vfio_minor = free_minor(s, g);
}

void vfio_adopt(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];

	st->vfio_dev = lowest_free(s, fn);
	if (s->places[fn].group != SIM_NONE)
		made_node(s, &s->groups.v[s->places[fn].group]);
	st->runtime_auto = true;
	st->vfio_put = idles(s);
	st->power = "D0";
	pm_settle(s, fn);
}

/* vfio_pci.c:vfio_pci_probe and what it calls, in its order; see the trap at the group.
 */
int vfio_probe(struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	bool listed = in_denylist(&f->id);

	if (listed && !module_param_on(s, "vfio_pci", VFIO_DISABLE_DENYLIST)) {
		sim_log_fn(s, fn,
			   "%04x:%04x exists in vfio-pci device denylist, driver probing "
			   "disallowed.",
			   f->id.vendor, f->id.device);
		return EINVAL;
	}
	if (listed)
		sim_log_fn(s, fn, "device denylist disabled - allowing device %04x:%04x.",
			   f->id.vendor, f->id.device);
	if (f->config.len > PCI_HEADER_TYPE &&
	    (cfg_u8(config_now(s, fn), PCI_HEADER_TYPE) & 0x7f) != PCI_HEADER_TYPE_NORMAL)
		return EINVAL;
	if (vfs_count(s, fn)) {
		sim_log_fn(s, fn, "Cannot bind to PF with SR-IOV enabled");
		return EBUSY;
	}
	if (fn_class(f) == PCI_CLASS_DISPLAY_VGA)
		take_vga(s, fn);
	s->fns[fn].power = "D0";
	/* Only now: a screen is gone by then, and the function stays in D0. */
	if (!s->iommu_on || s->places[fn].group == SIM_NONE) {
		if (s->places[fn].traits & FN_VGA && s->profile->vga_given_back)
			log_decodes(s, fn);
		s->fns[fn].runtime_auto = false; /* allowed, and forbidden again */
		return EINVAL;
	}
	vfio_adopt(s, fn);
	return 0;
}

static void drop_dev(struct sim *s, uint32_t fn)
{
	int n = s->fns[fn].vfio_dev;

	if (n < 0)
		return;
	s->vfio_devs.v[n] = SIM_NONE;
	if ((size_t)n < s->vfio_free)
		s->vfio_free = (size_t)n;
	s->fns[fn].vfio_dev = -1;
	s->fns[fn].vfio_hidden = false;
}

void vfio_remove(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];

	drop_dev(s, fn);
	if (s->places[fn].traits & FN_VGA) /* vfio_pci_vga_uninit */
		log_decodes(s, fn);
	st->runtime_auto = st->opened = st->vfio_put = false;
	st->vfio_resets = st->vfio_needs_reset =
		false;         /* of the next device, none is known */
	st->suspended = false; /* resumed for the removal */
	st->power = "D0";
}

bool vfio_group_has_node(const struct sim *s, const struct sim_group *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (is_vfio(&s->fns[s->members[g->first + i]]))
			return true;
	return false;
}

static struct sim_group *find_group(const struct sim *s, int id)
{
	uint32_t g = s->iommu_on ? sim_find_group(s, id) : SIM_NONE;

	return g == SIM_NONE || !vfio_group_has_node(s, &s->groups.v[g])
		       ? NULL
		       : &s->groups.v[g];
}

/* vfio_pci_core.c:vfio_pci_core_enable */
static void open_device(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	unsigned pin;

	st->opened = true;
	pm_settle(s, fn);
	fn_enable(s, fn);
	st->vfio_resets = fn_reset(s, fn) == 0;
	pin = cfg_u8(config_now(s, fn), PCI_INTERRUPT_PIN);
	/* vfio_pci_config.c:vfio_config_init */
	if (s->m->fns.v[fn].is_vf && pin)
		sim_log_fn(s, fn, "Hardware bug: VF reports bogus INTx pin %u", pin);
}

/*
 * vfio_pci_core.c:vfio_pci_dev_set_try_reset: what could not be reset alone is reset with
 * its bus, once nobody has anything open there and vfio has all of it.
 */
static void try_bus_reset(struct sim *s, uint32_t bridge)
{
	bool wanted = false, locked = false;

	if (bridge == SIM_NONE)
		return;
	for (uint32_t fn = bridge + 1; fn < s->m->fns.n; fn++) {
		const struct fn_state *st = &s->fns[fn];

		if (st->gone || s->m->fns.v[fn].is_vf || !fn_is_below(s, fn, bridge))
			continue;
		if (!is_vfio(st) || st->opened)
			return;
		wanted |= st->vfio_needs_reset;
		locked |= st->leaving != NULL;
	}
	if (!wanted || locked || !bus_reset(s, bridge))
		return;
	for (uint32_t fn = s->places[bridge].first_child; fn != SIM_NONE;
	     fn = s->places[fn].next_sibling)
		s->fns[fn].vfio_needs_reset = false;
}

/* vfio_pci_core.c:vfio_pci_core_disable */
static void close_device(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];

	st->master = MASTER_OFF;
	/* Whoever takes the driver away has its lock, and resets only try to get that. */
	st->vfio_needs_reset = !st->vfio_resets || st->leaving || !fn_reset_locked(s, fn);
	st->opened = false;
	try_bus_reset(s, s->places[fn].parent);
	fn_disable(s, fn);
	pm_settle(s, fn);
}

int sim_claim_group(struct sim *s, int group)
{
	struct sim_group *g = find_group(s, group);

	if (s->off)
		return -EIO;
	if (!g)
		return -ENOENT;
	if (g->claimed)
		return -EBUSY;
	/* iommu.c:iommu_group_claim_dma_owner, at VFIO_GROUP_SET_CONTAINER. */
	if (g->owners)
		return -EPERM;
	/* container.c:vfio_ioctl_set_iommu */
	if (!sim_find_module(s, "vfio_iommu_type1"))
		return -ENODEV;
	if (!s->interrupt_remapping &&
	    !module_param_on(s, "vfio_iommu_type1", TYPE1_UNSAFE_INTERRUPTS)) {
		sim_log(s, "vfio_iommu_type1_attach_group: No interrupt remapping "
			   "support.  Use "
			   "the module param \"allow_unsafe_interrupts\" to enable VFIO "
			   "IOMMU "
			   "support on this platform");
		return -EPERM;
	}
	g->claimed = true;
	(void)sim_changed(s); /* who is in use stands in proc/modules */
	for (uint32_t i = 0; i < g->n; i++) {
		if (is_vfio(&s->fns[s->members[g->first + i]]))
			open_device(s, s->members[g->first + i]);
	}
	return 0;
}

int sim_release_group(struct sim *s, int group)
{
	struct sim_group *g = find_group(s, group);

	if (s->off)
		return -EIO;
	if (!g || !g->claimed)
		return -ENOENT;
	g->claimed = false;
	(void)sim_changed(s);
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t fn = s->members[g->first + i];
		struct fn_state *st = &s->fns[fn];

		if (!is_vfio(st))
			continue;
		if (st->opened)
			close_device(s, fn);
		driver_finish_wait(s, fn);
	}
	fn_remove_go_on(s);
	blocked_wake(s);
	return 0;
}
