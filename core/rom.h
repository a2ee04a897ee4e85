/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rom - images in a PCI expansion ROM (PCI Firmware Specification 3.3, 5.1). */
#pragma once

#include "core/arena.h"
#include "core/err.h"

struct rom_info {
	unsigned images;
	bool legacy;             /* a BIOS image (code type 0) */
	bool efi;                /* an EFI image (code type 3) for x86-64 or IA32 */
	uint16_t vendor, device; /* of the first image's PCIR */
	size_t size;             /* bytes of all images together */
};

/* -EINVAL with @e naming the offset: no 55 AA signature, no PCIR, lengths beyond the end.
 */
int rom_parse(struct blob rom, struct rom_info *ret, struct err *e);
