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

bool acs_guess(const struct pci_fn *f, int type)
{
	bool port = type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_DOWNSTREAM;

	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		if (guesses[i].vendor == f->id.vendor && guesses[i].port == port &&
		    guesses[i].first <= f->id.device && f->id.device <= guesses[i].last)
			return guesses[i].has;
	return port;
}
