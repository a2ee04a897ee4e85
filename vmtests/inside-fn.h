/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside-fn - the guest's PCI functions in sysfs: their driver, their group, and lending
 * one to vfio-pci. BDFs are as sysfs spells them. Every store's errno is returned as it
 * is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A function that vfio-pci has for a while. Filled by fn_borrow(), no memory of its own.
 */
struct fn_loan {
	char bdf[16];
	char driver[64];   /* whom it belongs to; "" if it had no driver */
	char override[64]; /* as sysfs spells it */
};

/* @ret_name: the driver. -ENOENT: no driver, or no such function. */
int fn_driver(const char *bdf, char *ret_name, size_t size);

/* Number of the function's group. -ENOENT: it is in none. */
int fn_group(const char *bdf);

/* The 16 bits by which the function names itself to an IOMMU, or -EINVAL. */
int fn_requester_id(const char *bdf);

/* @ret_name: the function's IOMMU, as dmar0. -ENOENT: it has none. */
int fn_iommu(const char *bdf, char *ret_name, size_t size);

/* @driver NULL, or what an override reads that is not set, clears the override. */
int fn_override(const char *bdf, const char *driver);
int fn_bind(const char *bdf, const char *driver);
int fn_unbind(const char *bdf); /* 0, too, if no driver has it */
int fn_probe(const char *bdf);

/* 0 if @driver (NULL or "": none) has the function within @ms, -ETIMEDOUT if not. */
int fn_wait_driver(const char *bdf, const char *driver, int ms);

/*
 * Take the function from its driver, if it has one, and give it to vfio-pci. @ret_loan is
 * filled even on failure and fn_return() is safe then. -ENOENT: no such function, or
 * vfio-pci is not loaded; -ENODEV: the kernel took the stores and vfio-pci does not have
 * it.
 */
int fn_borrow(const char *bdf, struct fn_loan *ret_loan);

/* The same without vfio-pci: the function stays without a driver until fn_return(). */
int fn_release(const char *bdf, struct fn_loan *ret_loan);

/*
 * Set the override to what it was and let the kernel find a driver, unless the function
 * has its own. -ETIMEDOUT: the kernel finds another driver, or none.
 */
int fn_return(const struct fn_loan *loan);

/* Value of a parameter of a loaded module, first character; negative errno. */
int module_flag(const char *module, const char *parameter);
int module_set_flag(const char *module, const char *parameter, char value);
