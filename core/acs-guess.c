/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a function has ACS, where its registers were not recorded: a boot log tells ids
 * and groups, never capabilities. Ports have it as a rule, and functions of one device
 * have not; the rows are what recorded machines of the last ten years have shown to be
 * otherwise.
 */
#include <pci/header.h>

#include "core/acs-internal.h"

static const struct {
	uint16_t vendor, first, last; /* device ids */
	bool port, has;
} guesses[] = {
	/* clang-format off */
	{ 0x1002, 0x0000, 0xffff, false, true },  /* AMD's graphics */
	{ 0x1022, 0x0000, 0xffff, false, true },  /* AMD's processors and chipsets */
	{ 0x1022, 0x43b0, 0x43b7, true,  false }, /* chipset 300 */
	{ 0x1022, 0x43c6, 0x43c8, true,  false }, /* chipset 400 */
	{ 0x1022, 0x43e9, 0x43ea, true,  false }, /* chipset 500 */
	{ 0x1022, 0x43f4, 0x43f5, true,  false }, /* chipset 600 */
	{ 0x1022, 0x57a4, 0x57a4, true,  false }, /* X570, to its own functions */
	{ 0x8086, 0x0151, 0x015d, true,  false }, /* processors: ports for graphics */
	{ 0x8086, 0x0c01, 0x0c09, true,  false },
	{ 0x8086, 0x1901, 0x1909, true,  false },
	{ 0x8086, 0x1576, 0x1578, true,  false }, /* Thunderbolt */
	{ 0x8086, 0x15c0, 0x15c0, true,  false },
	{ 0x8086, 0x15d3, 0x15d3, true,  false },
	{ 0x8086, 0x15ea, 0x15ea, true,  false },
	{ 0x1b21, 0x1182, 0x1187, true,  false }, /* ASMedia's switches */
	{ 0x1b21, 0x2421, 0x242f, true,  false },
	/* clang-format on */
};

/* Bridges to conventional PCI, from it, and within it. */
static const struct {
	uint16_t vendor, first, last;
} pci_bridges[] = {
	/* clang-format off */
	{ 0x8086, 0x2448, 0x2448 }, { 0x8086, 0x244e, 0x244e }, /* Intel's chipsets */
	{ 0x8086, 0x0329, 0x032a }, { 0x8086, 0x0330, 0x0332 },
	{ 0x1022, 0x7450, 0x7460 },
	{ 0x1b21, 0x1080, 0x1085 }, /* ASMedia */
	{ 0x10e3, 0x8111, 0x8113 }, /* Tundra, IDT */
	{ 0x111d, 0x8018, 0x801c },
	{ 0x1283, 0x8892, 0x8893 }, /* ITE */
	{ 0x12d8, 0x8140, 0x8154 }, { 0x12d8, 0xe110, 0xe130 }, /* Pericom */
	{ 0x104c, 0x8231, 0x8240 }, /* Texas Instruments */
	{ 0x10b5, 0x8111, 0x8114 }, /* PLX */
	{ 0x1a03, 0x1150, 0x1150 }, /* Aspeed */
	{ 0x3388, 0x0020, 0x0029 }, /* Hint */
	{ 0x1002, 0x4384, 0x4384 }, /* AMD's chipsets */
	{ 0x1011, 0x0022, 0x0026 }, /* DEC */
	/* clang-format on */
};

bool acs_guess_pci_bridge(const struct pci_fn *f)
{
	/* Subtractive decoding, and a latency timer behind it: PCI Express has neither.
	 */
	if ((f->id.class & 0xff) == 1 || (f->config.len > PCI_SEC_LATENCY_TIMER &&
					  cfg_u8(f->config, PCI_SEC_LATENCY_TIMER)))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(pci_bridges); i++)
		if (pci_bridges[i].vendor == f->id.vendor &&
		    pci_bridges[i].first <= f->id.device &&
		    f->id.device <= pci_bridges[i].last)
			return true;
	return false;
}

bool acs_guess(const struct pci_fn *f, int type)
{
	bool port = type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM;

	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		if (guesses[i].vendor == f->id.vendor && guesses[i].port == port &&
		    guesses[i].first <= f->id.device && f->id.device <= guesses[i].last)
			return guesses[i].has;
	return port;
}
