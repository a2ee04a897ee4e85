/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-lspci-told - a function's configuration space from the words of lspci -v to
 * -vvv: what they tell is set, every other register stays 0.
 */
#pragma once

#include "core/pci.h"

#define TOLD_SIZE 4096u
#define TOLD_HEADER 64u

struct cap_row;

/* All zero at the start; the caller's. */
struct told {
	uint8_t config[TOLD_SIZE];
	bool header; /* a line told registers of the header */
	bool denied; /* "Capabilities: <access denied>" */
	bool bridge, cardbus;
	bool kernels;            /* the line is "[virtual] ...": no register has that */
	bool off;                /* it answered all ones */
	uint16_t ssvid;          /* where a bridge has its subsystem; 0: nowhere */
	uint16_t last, last_ext; /* the capability that the next one follows */
	uint16_t cap;            /* the one being told; 0: the header */
	const struct cap_row *rows; /* of its text; NULL: nothing is known of it */
	const struct cap_row *reg;  /* the register whose fields come now */
	const struct cap_row *each; /* if that is one of several */
	uint32_t each_at;
	unsigned count; /* of resizable BARs, entries of Enhanced Allocation */
};

/*
 * Read a line below a function without its indentation, blanks in it single. Each returns
 * false if something in the line was not understood; what was is kept.
 */
/* "[44] Express (v2) Root Port (Slot+), MSI 00", "[100 v1] ...", "<access denied>" */
bool told_capability(struct told *t, const char *s);
/* "Control: I/O+ ...": a register of the header, or "Flags: bus master, ..." of lspci -v
 */
bool told_header(struct told *t, const char *s);
/* What stands further in, below one of these. */
bool told_detail(struct told *t, const char *s);
/* "Memory at fe000000 (32-bit, non-prefetchable)" of region @i; @i < 0: not told which.
 */
void told_region(struct told *t, int i, const char *s);
void told_rom(struct told *t, const char *s);
enum told_window { TOLD_IO, TOLD_MEMORY, TOLD_PREFETCHABLE };
/* "e000-efff [size=4K] [16-bit]", "[disabled]", "None" */
void told_window(struct told *t, enum told_window w, const char *s);

/* Set what @mask covers of the 32 bits at @reg; @value is shifted to its lowest bit. */
void told_put(struct told *t, uint32_t reg, uint32_t mask, uint64_t value);

/*
 * The header's ids as @id and @revision have them, once all was told. Returns how much
 * of the configuration space is known: 0 (no line told registers), TOLD_HEADER (nothing
 * of capabilities), 256 or 4096 (PCI Express).
 */
uint32_t told_finish(struct told *t, const struct pci_ident *id, uint8_t revision);
