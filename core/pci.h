/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci - addresses, ids and configuration space of PCI functions. Register names come from
 * libpci's <pci/header.h>; nothing here reaches a machine.
 */
#pragma once

#include <stdint.h>

#include "core/arena.h"

/* A function's address, "0000:01:00.0". Domains have 4 digits or more (VMD: 10000). */
struct bdf {
	uint32_t domain;
	uint8_t bus, dev, fn;
};

#define BDF_SIZE 20 /* of a formatted address with its NUL */

/* The kernel's form, always with domain; returns @buf. */
const char *bdf_format(struct bdf b, char buf[static BDF_SIZE]);
/*
 * Read "[DDDD:]BB:DD.F" at the start of @s (hex, either case). Returns the number of
 * characters taken, or -EINVAL. What follows is the caller's to judge.
 */
int bdf_parse(const char *s, struct bdf *ret);
/* Order of address: domain, bus, device, function; <0, 0, >0. */
int bdf_cmp(struct bdf a, struct bdf b);
/* The same device, whatever the function. */
bool bdf_same_slot(struct bdf a, struct bdf b);

/* An id match as drivers state it (include/linux/mod_devicetable.h: struct
 * pci_device_id). */
#define PCI_ID_ANY 0xffffffffu
struct pci_id {
	uint32_t vendor, device, subvendor, subdevice, class, class_mask;
	bool override_only; /* matches only with driver_override set (vfio_pci:...) */
};

/* What an id is matched against; class has 24 bits. */
struct pci_ident {
	uint32_t vendor, device, subvendor, subdevice, class;
};

/* drivers/pci/pci.h:pci_match_one_device; override_only is left to the caller. */
bool pci_id_matches(const struct pci_id *id, const struct pci_ident *fn);
/*
 * Read a modalias pattern, "pci:v00008086d*sv*sd*bc03sc*i*" or "vfio_pci:v*...". Returns
 * 0, -EINVAL if it is none of these or has wildcards inside a field.
 */
int pci_id_parse_alias(const char *pattern, struct pci_id *ret);
/* The pattern that depmod writes for @id. */
char *pci_id_format_alias(struct arena *a, const struct pci_id *id);
#define PCI_MODALIAS_SIZE 64
/* pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X, as the attribute modalias. */
const char *pci_modalias(const struct pci_ident *fn, char buf[static PCI_MODALIAS_SIZE]);

/* Little-endian registers; all ones where the space ends before (as hardware answers). */
uint8_t cfg_u8(struct blob config, uint32_t off);
uint16_t cfg_u16(struct blob config, uint32_t off);
uint32_t cfg_u32(struct blob config, uint32_t off);

/* Offset of a capability, 0 if there is none. Loops and bad offsets end the walk. */
uint32_t cfg_find_cap(struct blob config, uint8_t id);
uint32_t cfg_find_ext_cap(struct blob config, uint16_t id);

/* PCI Express port type (PCI_EXP_TYPE_*), or -1 if the function is not PCI Express. */
int cfg_pcie_type(struct blob config);
bool cfg_is_bridge(struct blob config); /* header type 1 */

/* Eight bytes of Device Serial Number, most significant first; false if there is none. */
bool cfg_serial(struct blob config, uint8_t ret[static 8]);
