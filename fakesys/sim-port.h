/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-port - what stands in a function's directory beside its attributes: port services
 * of pcieport, what its driver made (kids), its IOMMU.
 */
#pragma once

#include "fakesys/attr.h"

/*
 * Each kind has a pair. lookup: the entry of that name (@len bytes) in *ret; -ENOENT: the
 * function has none of that kind by that name now. each: calls @fn for every name until
 * it returns < 0, which is returned; else 0.
 */

/* include/linux: PCIE_PORT_SERVICE_... */
enum {
	SERVICE_PME = 0x01,
	SERVICE_AER = 0x02,
	SERVICE_HOTPLUG = 0x04,
	SERVICE_DPC = 0x08,
	SERVICE_BANDWIDTH = 0x10
};

/* sim-express.c: the driver of service @bit of port @fn, or NULL; and as a link. */
const char *port_driver(const struct sim *s, uint32_t fn, unsigned bit);
bool port_to_driver(const struct sim *s, const struct node *dir, struct node *ret);

/* Bits of the services that port @fn has, whoever serves them. */
unsigned port_services(const struct sim *s, uint32_t fn);
/* Is there a service @bit, and has its driver got it? */
bool port_served(const struct sim *s, uint32_t fn, unsigned bit);
/* pme.c:pcie_pme_probe, aer.c:aer_probe: what they say of port @fn; all services have one
 * interrupt. */
void port_log_services(struct sim *s, uint32_t fn);

/* drivers/pci/pcie/portdrv.c; @name starts behind the function's own address. */
int port_lookup(const struct sim *s, const struct node *dir, const char *name, size_t len,
		struct entry *ret);
int port_each(const struct sim *s, const struct node *dir, host_list_fn *fn, void *arg);

/* sim-class.c; @dir is of kind dir_fn. */
int kid_lookup(const struct sim *s, const struct node *dir, const char *name, size_t len,
	       struct entry *ret);
int kid_each(const struct sim *s, const struct node *dir, host_list_fn *fn, void *arg);

/* iommu-files.c: a link to the unit that translates for it, or the folder of its own one.
 */
int iommu_fn_lookup(const struct sim *s, const struct node *dir, const char *name,
		    size_t len, struct entry *ret);
int iommu_fn_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		  void *arg);
