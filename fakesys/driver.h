/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver - the driver core: which driver matches which function, binding, unbinding,
 * dynamic ids. Functions are indices into machine.fns.
 *
 * Results follow drivers/base: 0 done, negative what the kernel returns at once, positive
 * the errno value of a probe that failed (dd.c:really_probe), which most callers ignore.
 */
#pragma once

#include "fakesys/sim-internal.h"

/* NULL: no such driver is registered. */
struct sim_driver *driver_find(const struct sim *s, const char *name, size_t len);

/* What is known of a driver called so; never NULL (driver-traits.c). */
const struct driver_traits *driver_traits_of(const char *name);
/* Register a driver; no function is attached. @mod NULL: not known which module it is of.
 */
struct sim_driver *driver_register(struct sim *s, const char *name,
				   const struct module *mod, const char *module);
/* All its functions are unbound and the driver is gone. */
void driver_unregister(struct sim *s, struct sim_driver *drv);

/* Is @id in its table, but for entries that only an override uses? */
bool driver_has_id(const struct sim_driver *drv, const struct pci_ident *id);
/* pci-driver.c:pci_match_device. */
bool driver_matches(const struct sim *s, const struct sim_driver *drv, uint32_t fn);

/* dd.c:driver_attach: every unbound function that matches, in bus order. */
void driver_attach(struct sim *s, struct sim_driver *drv);
/*
 * The same of a store, from @from on (all: SIM_NONE). 0; -EINPROGRESS: a function is
 * still being taken from its driver; the store goes on with that one then.
 */
int driver_attach_or_wait(struct sim *s, struct sim_driver *drv, uint32_t from);
/* dd.c:device_attach: the first driver that takes it. */
int driver_attach_fn(struct sim *s, uint32_t fn);
/*
 * pci/bus.c:pci_bus_add_device of one that was found: as device_attach(), or on newer
 * kernels dd.c:device_initial_probe, unless drivers_autoprobe is 0: then those whose
 * probe() is asynchronous come last.
 */
void driver_attach_new(struct sim *s, uint32_t fn);
/* dd.c:device_driver_attach with a driver that matches: -EBUSY: bound already, or its
 * group is claimed. */
int driver_bind(struct sim *s, struct sim_driver *drv, uint32_t fn);
/* dd.c:device_driver_detach. -EINPROGRESS: waits until the VM gives the device back. */
int driver_unbind(struct sim *s, uint32_t fn);
/* What was left to do when a VM has released @fn. */
void driver_finish_wait(struct sim *s, uint32_t fn);

/* As recorded: bound without a probe, as after one. @fn has no driver. */
void driver_adopt(struct sim *s, struct sim_driver *drv, uint32_t fn);

/* pci-driver.c:pci_add_dynid: at the end of the list; nothing is attached yet. */
void driver_add_dynid(struct sim *s, struct sim_driver *drv, const struct dynid *id);
/*
 * Stores to new_id and remove_id. -EINVAL: fewer than two numbers, or driver_data of no
 * entry; new_id -EEXIST: there already, -EINPROGRESS: as driver_attach_or_wait();
 * remove_id -ENODEV: not there.
 */
int driver_store_new_id(struct sim *s, struct sim_driver *drv, const char *buf);
int driver_store_remove_id(struct sim *s, struct sim_driver *drv, const char *buf);

/* The function a name stored in bind, unbind or drivers_probe means; SIM_NONE: none. */
uint32_t driver_named_fn(const struct sim *s, const char *buf);

/* A function as enumeration leaves it. */
void fn_state_reset(struct sim *s, uint32_t fn);
/*
 * Take @fn and all behind it out of the system. 0; -EINPROGRESS: another removal is under
 * way, or a VM holds one of them; then its drivers are gone and all rescans wait.
 */
int fn_remove(struct sim *s, uint32_t fn);
/* A VM has let something go: finish the removal that waited for it. */
void fn_remove_go_on(struct sim *s);
/*
 * Find what was taken out again, on bus @b (sim-resource.h) and below; NULL: everywhere.
 * 0; -EINPROGRESS: a removal is under way.
 */
struct sim_bus;
int fn_rescan(struct sim *s, const struct sim_bus *b);
/* The same in the slot machine.slots[@slot] alone. */
int fn_rescan_slot(struct sim *s, uint32_t slot);
/*
 * Virtual functions of @pf: how many there are; enable the first @n, or 0 to remove all;
 * each with @override, if it is not NULL. -ENOMEM: there are no addresses for so many.
 */
unsigned vfs_count(const struct sim *s, uint32_t pf);
/* Is the @i-th there, and of the @pf that is there now? */
bool vf_present(const struct sim *s, uint32_t pf, uint32_t i);
int vfs_set(struct sim *s, uint32_t pf, unsigned n, const char *override);
