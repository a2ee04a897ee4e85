/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import-lspci - what single lines of lspci say, for the reader in import-lspci.c. */
#pragma once

#include "fakesys/import-text.h"

/* One function as a stretch of text tells it. */
struct listed {
	struct pci_fn fn;
	strings modules;
	size_t order; /* in the text; files read earlier come first */
	unsigned line;
	bool wide; /* a capability beyond byte 256 was listed */
};

typedef VEC(struct listed) listed_list;

/*
 * Add functions, sorting @all in place, to those of @m, which stand before them: what is
 * told twice is told by the later. -EINVAL with @e: one function is two devices, or there
 * are too many modules.
 */
int import_merge_functions(struct machine *m, const char *name, listed_list *all,
			   struct err *e);

/* The last "8086:10d3" in @s, alone or in brackets. */
bool lspci_find_ids(const char *s, uint32_t *ret_vendor, uint32_t *ret_device);
/* The number behind @label in @s, as in "(rev 07)". */
bool lspci_find_number(const char *s, const char *label, unsigned base, int digits,
		       uint64_t *ret);
/* Class and subclass that end at @end: "PCI bridge [0604]", "Class 0604" or "0604". */
bool lspci_find_class(const char *s, const char *end, uint32_t *ret);

/*
 * Read a line below a function, "IOMMU group: 7", without its indentation. False if it is
 * not understood.
 */
bool lspci_read_label(struct listed *f, const char *s);
