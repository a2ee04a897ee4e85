/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inventory-parts - what the files of inventory share: one reader for each kind of fact.
 * Each fills its part of the machine and notes what it could not read; none can fail.
 */
#pragma once

#include "core/inventory.h"

struct inventory {
	const struct host *h;
	struct machine *m;
	struct arena *a;   /* the machine's */
	struct arena *tmp; /* gone when inventory_read() returns */
	unsigned parts;
	bool whole_config; /* not the standard header alone */
};

/* Why a call of the host failed with @error, in words for a person. */
const char *inventory_why(const struct inventory *v, int error);
/*
 * Note a failure to read @fact_fmt. What is not there is no failure on a running machine,
 * and one on a tree without its kernel.
 */
void inventory_failed(const struct inventory *v, int error, const char *fact_fmt, ...)
	PRINTF(3, 4);

/* The next line of *text, ended by NUL in place; NULL after the last. */
char *inventory_line(char **text);

/* inventory-fn.c: the functions; -ENOENT: there is no PCI tree. */
int inventory_functions(struct inventory *v);
/* After machine_finish(): ids that only the kernel can tell. */
void inventory_vf_ids(const struct inventory *v);
void inventory_roms(struct inventory *v);

/* inventory-class.c: children of functions, and what is stacked on them. */
void inventory_classes(struct inventory *v);

/* inventory-platform.c: CPU, firmware, running kernel, IOMMU, kernel log. */
/* Of that only what INV_GROUPS says. */
void inventory_iommu(struct inventory *v);
void inventory_platform(struct inventory *v);

/* inventory-firmware.c: nodes of ACPI's tree, slots. */
void inventory_firmware(struct inventory *v);

/* inventory-files.c */
void inventory_disk_files(struct inventory *v);

/* inventory-kernel.c, after the rest: installed kernels and their initramfs images. */
void inventory_kernels(struct inventory *v);

/* Which module stands behind a PCI driver. */
struct driver_module {
	const char *driver, *module;
};
typedef VEC(struct driver_module) driver_modules;

/* inventory-driver.c: the drivers of the running kernel, as their `module` links say. */
void inventory_drivers(struct inventory *v, driver_modules *ret);
/* The PCI driver of a module by @live or, if it is not there, as its source names it. */
const char *inventory_driver_of(const driver_modules *live, const char *module);
/* The module of a driver, likewise; NULL: named as the driver itself, if there is one. */
const char *inventory_module_of(const driver_modules *live, const char *driver);

/* inventory-modules.c: the modules below @dir (lib/modules/RELEASE) that matter. */
void inventory_modules(struct inventory *v, const char *dir, const driver_modules *live,
		       const strings *configured, struct kernel *ret);
