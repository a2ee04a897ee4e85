/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/boot-log.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/iommu-model.h"
#include "fakesys/sim-enable.h"
#include "fakesys/sim-irq.h"
#include "fakesys/sim-port.h"
#include "fakesys/sim-power.h"
#include "fakesys/sim-resource.h"
#include "fakesys/sim-wakeup.h"
#include "fakesys/vfio.h"

struct sim_driver *driver_find(const struct sim *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->drivers.n; i++) {
		const char *n = s->drivers.v[i]->name;

		if (strncmp(n, name, len) == 0 && !n[len])
			return s->drivers.v[i];
	}
	return NULL;
}

struct sim_driver *driver_register(struct sim *s, const char *name,
				   const struct module *mod, const char *module)
{
	struct sim_driver *drv = arena_alloc(s->run, sizeof(*drv));

	*drv = (struct sim_driver){ .name = name,
				    .module = module,
				    .mod = mod,
				    .traits = driver_traits_of(name) };
	drv->born = sim_changed(s);
	*vec_push(s->run, &s->drivers) = drv;
	return drv;
}

void driver_unregister(struct sim *s, struct sim_driver *drv)
{
	size_t to = 0;

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		if (s->fns[fn].driver == drv)
			(void)driver_unbind(s, fn);
	for (size_t i = 0; i < s->drivers.n; i++)
		if (s->drivers.v[i] != drv)
			s->drivers.v[to++] = s->drivers.v[i];
	s->drivers.n = to;
	vec_foreach(b, &s->blocked)
		if (b->wait.attach == drv)
			b->wait.attach = NULL;
}

bool driver_has_id(const struct sim_driver *drv, const struct pci_ident *id)
{
	const struct pci_id *ids = drv->mod ? drv->mod->ids.v : NULL;
	size_t n = drv->mod ? drv->mod->ids.n : 0;

	if (drv->traits && drv->traits->ids && (drv->traits->whole || !n)) {
		ids = drv->traits->ids;
		n = drv->traits->n_ids;
	}
	for (size_t i = 0; i < n; i++)
		if (!ids[i].override_only && pci_id_matches(&ids[i], id))
			return true;
	return false;
}

/* amd/init.c:iommu_init_pci: no driver shall have the IOMMU's own function. */
static bool is_kernels_own(const struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];

	return s->iommu_on && fn_class(f) == CLASS_IOMMU && machine_acpi(s->m, "IVRS");
}

bool driver_matches(const struct sim *s, const struct sim_driver *drv, uint32_t fn)
{
	const struct pci_ident *id = &s->m->fns.v[fn].id;
	const char *override = s->fns[fn].override;
	bool forced = override && streq(override, drv->name);

	if (s->fns[fn].gone || (override && !forced) || is_kernels_own(s, fn))
		return false;
	vec_foreach(d, &drv->dynids)
		if (pci_id_matches(&d->id, id))
			return true;
	return forced || driver_has_id(drv, id);
}

static struct sim_group *group_of(const struct sim *s, uint32_t fn)
{
	uint32_t g = s->places[fn].group;

	return s->iommu_on && g != SIM_NONE ? &s->groups.v[g] : NULL;
}

/*
 * What the driver does with this very function, which its registers and memory decide:
 * the masks for DMA, and whether the function can wake the machine up
 * (e1000_main.c:e1000_probe and e1000e/netdev.c:e1000_probe read that from an EEPROM).
 */
static void set_up(struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	struct fn_state *st = &s->fns[fn];
	bool same = f->driver && streq(f->driver, st->driver->name);
	const char *bits = same ? fn_attribute(f, "dma_mask_bits") : NULL;

	if (bits)
		st->dma_bits = (uint8_t)strtoul(bits, NULL, 10);
	else if (!(s->places[fn].traits & FN_BRIDGE))
		st->dma_bits = 64;
	if (same && fn_was_wakeup(f) && wakeup_able(s, fn))
		wakeup_set(s, fn, true);
}

/* What a driver that took the function has done to it. */
static void bound(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	const struct driver_traits *t = st->driver->traits;

	if (t->enables) {
		fn_enable(s, fn);
		/* pcie/portdrv.c:pcie_port_device_register: a port without services does
		 * not send. */
		if (!t->port || port_services(s, fn))
			st->master = MASTER_ON;
		if (!t->managed_dma)
			set_up(s, fn);
	}
	st->own_registers = false;
	st->bound_at = sim_changed_fn(s, fn);
	st->idle_services = s->no_express_autoprobe ? UINT8_MAX : 0;
	if (port_served(s, fn, SERVICE_PME))
		st->pme_at = st->bound_at;
}

/* iommu.c:iommu_device_use_default_domain, for drivers that leave DMA to the kernel. */
static int own_dma(struct sim *s, uint32_t fn, const struct sim_driver *drv)
{
	struct sim_group *g = drv->traits->managed_dma ? NULL : group_of(s, fn);

	if (!g)
		return 0;
	if (g->claimed)
		return -EBUSY;
	g->owners++;
	s->fns[fn].owns_dma = true;
	return 0;
}

static void disown_dma(struct sim *s, uint32_t fn)
{
	struct sim_group *g = group_of(s, fn);

	if (s->fns[fn].owns_dma && g)
		g->owners--;
	s->fns[fn].owns_dma = false;
}

/* dd.c:call_driver_probe: a driver that declines says nothing. */
static void log_failed_probe(struct sim *s, uint32_t fn, const char *driver, int error)
{
	char bdf[BDF_SIZE];

	if (error == ENODEV || error == ENXIO)
		return;
	bdf_format(s->m->fns.v[fn].bdf, bdf);
	if (s->profile->probe_failed_dev)
		sim_log(s, "%s %s: probe with driver %s failed with error %d", driver,
			bdf, driver, -error);
	else
		sim_log(s, "%s: probe of %s failed with error %d", driver, bdf, -error);
}

/*
 * Does the driver refuse a function, for reasons that no fixture tells? One that is part
 * of the kernel had its chance when the machine was recorded (intel-agp knows the ids of
 * host bridges without AGP, too).
 */
static bool refuses(const struct sim *s, const struct sim_driver *drv, uint32_t fn)
{
	const struct pci_fn *recorded = &s->m->fns.v[fn];

	return drv->mod && !drv->mod->file && !recorded->driver && !recorded->override &&
	       driver_has_id(drv, &recorded->id);
}

/* sriov_drivers_autoprobe: without it a virtual function takes a driver only by override.
 */
static bool can_probe(const struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	uint32_t pf = f->is_vf ? sim_find_fn(s, f->physfn) : SIM_NONE;

	return pf == SIM_NONE || s->fns[fn].override || !s->fns[pf].no_vf_autoprobe;
}

/* pci-driver.c:pci_device_probe: what the driver says, 0 or a value of errno. */
static int ask(struct sim *s, const struct sim_driver *drv, uint32_t fn)
{
	const char *recorded = s->m->fns.v[fn].driver;
	const struct driver_traits *t = drv->traits;

	if (!can_probe(s, fn))
		return ENODEV;
	/* It did so when the machine was recorded. */
	if (!t->vfio && recorded && streq(recorded, drv->name))
		return 0;
	if (!t->decides && refuses(s, drv, fn))
		return ENODEV;
	return t->probe ? t->probe(s, fn) : 0;
}

/* dd.c:really_probe. */
static int probe(struct sim *s, struct sim_driver *drv, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	int r;

	if (iommu_fn_wanted(s, fn) && !s->quiet)
		sim_log(s, "%s: Adding to iommu group %d", sim_fn_name(s, fn, drv->name),
			s->groups.v[s->places[fn].group].id);
	r = own_dma(s, fn, drv);
	if (r < 0)
		return r;
	st->driver = drv;
	pm_settle(s, fn); /* pci-driver.c:local_pci_probe: resumed */
	r = ask(s, drv, fn);
	if (r) {
		st->driver = NULL;
		pm_settle(s, fn);
		disown_dma(s, fn);
		log_failed_probe(s, fn, drv->name, r);
		return r;
	}
	if (!drv->traits->vfio && (s->places[fn].traits & FN_VGA))
		log_vga_taken(s, fn, drv->name);
	if (drv->traits->claimed)
		sim_log_fn(s, fn, "%s", drv->traits->claimed);
	bound(s, fn);
	irq_take(s, fn);
	if (!s->quiet)
		port_log_services(s, fn);
	return 0;
}

void driver_adopt(struct sim *s, struct sim_driver *drv, uint32_t fn)
{
	s->fns[fn].driver = drv;
	(void)own_dma(s, fn, drv);
	if (drv->traits->vfio)
		vfio_adopt(s, fn);
	bound(s, fn);
	irq_adopt(s, fn);
}

int driver_bind(struct sim *s, struct sim_driver *drv, uint32_t fn)
{
	if (s->fns[fn].leaving) /* wants the lock that the unbind holds */
		return block_until(s, UNTIL_FREE, fn, false);
	return s->fns[fn].driver ? -EBUSY : probe(s, drv, fn);
}

/* bus.c:bus_add_device: what was found again stands at the end of the bus's list. */
static int attach(struct sim *s, struct sim_driver *drv, uint32_t from, bool wait)
{
	AUTOARENA struct arena *a = arena_new();
	fn_indices all = { 0 };

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++)
		if (!s->fns[fn].driver && driver_matches(s, drv, fn) &&
		    (from == SIM_NONE || s->fns[fn].born >= s->fns[from].born))
			*vec_push(a, &all) = fn;
	fns_by_birth(s, &all);
	vec_foreach(fn, &all) {
		if (s->fns[*fn].leaving && wait) {
			int r = block_until(s, UNTIL_FREE, *fn, true);

			s->wait.attach = drv;
			return r;
		}
		if (!s->fns[*fn].leaving)
			(void)probe(s, drv, *fn);
	}
	return 0;
}

void driver_attach(struct sim *s, struct sim_driver *drv)
{
	(void)attach(s, drv, SIM_NONE, false);
}

int driver_attach_or_wait(struct sim *s, struct sim_driver *drv, uint32_t from)
{
	return attach(s, drv, from, true);
}

/* The first of those whose probes are, or are not, asynchronous (@async -1: of all). */
static int attach_first(struct sim *s, uint32_t fn, int async)
{
	int r = 1;

	for (size_t i = 0; r > 0 && i < s->drivers.n; i++) {
		struct sim_driver *drv = s->drivers.v[i];

		if ((async < 0 || drv->traits->async == async) &&
		    driver_matches(s, drv, fn))
			r = probe(s, drv, fn);
	}
	return r;
}

int driver_attach_fn(struct sim *s, uint32_t fn)
{
	int r = attach_first(s, fn, -1);

	return r > 0 ? 0 : r;
}

void driver_attach_new(struct sim *s, uint32_t fn)
{
	if (!s->profile->autoprobe_on_rescan)
		(void)driver_attach_fn(s, fn);
	else if (!s->no_autoprobe && attach_first(s, fn, false) > 0)
		(void)attach_first(s, fn, true);
}

/* pci-driver.c:pci_device_remove, with what the driver's own remove() does. */
static void released(struct sim *s, uint32_t fn, struct sim_driver *drv)
{
	const struct driver_traits *t = drv->traits;
	struct fn_state *st = &s->fns[fn];

	st->parting = drv;
	/* vfio_pci_core.c:vfio_pci_core_unregister_device, igb_main.c:igb_remove */
	if ((t->vfio || t->takes_vfs) && vfs_count(s, fn))
		(void)vfs_set(s, fn, 0, NULL);
	if (t->vfio)
		vfio_remove(s, fn);
	if (vfs_count(s, fn))
		sim_log_fn(s, fn, "driver left SR-IOV enabled after remove");
	if (t->enables)
		fn_disable(s, fn);
	st->own_registers = false;
	irq_drop(s, fn);
	disown_dma(s, fn);
	if (streq(st->power, "D0"))
		st->power = s->profile->unbound_state;
	st->parting = NULL;
	pm_settle(s, fn);
	(void)sim_changed_fn(s, fn);
}

int driver_unbind(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	const struct sim_group *g = group_of(s, fn);
	struct sim_driver *drv = st->driver;

	st->driver = NULL;
	(void)sim_changed_fn(s, fn);
	if (drv->traits->vfio && g && g->claimed) {
		/* vfio_main.c:vfio_unregister_group_dev waits for the last close. */
		st->leaving = drv;
		st->vfio_hidden = s->profile->vfio_dev_first;
		sim_log(s,
			"%s: No device request channel registered, blocked until "
			"released by user",
			sim_fn_name(s, fn, drv->name));
		return block_until(s, UNTIL_FREE, fn, true);
	}
	released(s, fn, drv);
	return 0;
}

void driver_finish_wait(struct sim *s, uint32_t fn)
{
	struct fn_state *st = &s->fns[fn];
	struct sim_driver *drv = st->leaving;

	if (!drv)
		return;
	st->leaving = NULL;
	released(s, fn, drv);
}

int sim_set_override(struct sim *s, uint32_t fn, const char *driver)
{
	struct fn_state *st = &s->fns[fn];

	if (driver && strlen(driver) >= SIM_PAGE - 1)
		return -EINVAL;
	st->override = driver && *driver ? arena_strdup(s->run, driver) : NULL;
	return 0;
}

const char *sim_fn_driver(const struct sim *s, uint32_t fn)
{
	const struct sim_driver *drv = s->fns[fn].driver;

	return drv ? drv->name : NULL;
}
