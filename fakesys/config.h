/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config - configuration space of simulated functions: bytes, and for each byte which
 * bits a write changes (wmask) and which it clears by writing one (w1cmask).
 */
#pragma once

#include "fakesys/sim-internal.h"

/*
 * The bytes as they were recorded or written, borrowed: for what no state changes
 * (capabilities, bus numbers).
 */
struct blob config_now(const struct sim *s, uint32_t fn);

/*
 * Copy @len bytes from @off, all of them recorded, as the function gives them now: what
 * drivers switch (bus mastering, MSI, power state) follows from who has it.
 */
void config_copy(const struct sim *s, uint32_t fn, uint32_t off, void *buf, size_t len);
/* Has its driver switched MSI on (not MSI-X)? */
bool config_msi_on(const struct sim *s, uint32_t fn);

/* Write @len bytes at @off, clipped to what was recorded; returns @len or -EFBIG. */
ssize_t config_write(struct sim *s, uint32_t fn, const void *buf, size_t len,
		     uint32_t off);

/* What the kernel itself writes, all bits of it; nothing where it was not recorded. */
void config_poke(struct sim *s, uint32_t fn, uint32_t off, uint32_t v, unsigned width);

/* The masks of @config, a function with the resources @res; each as long as @config. */
void config_masks(struct blob config, const struct pci_resource res[static PCI_RESOURCES],
		  uint8_t *ret_wmask, uint8_t *ret_w1cmask);
/* Bits of PCI_COMMAND with which @fn answers to its addresses. */
unsigned config_decodes(const struct sim *s, uint32_t fn);
