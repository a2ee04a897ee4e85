/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/pci.h"
#include "core/rom.h"

#define ROM_BLOCK 512u
/* Offsets in an image's header, in its PCI data structure; EFI has more in its header. */
enum { ROM_PCIR = 0x18, ROM_EFI_SIGNATURE = 0x04, ROM_EFI_MACHINE = 0x0a };
enum {
	PCIR_VENDOR = 4,
	PCIR_DEVICE = 6,
	PCIR_BLOCKS = 0x10,
	PCIR_CODE = 0x14,
	PCIR_INDICATOR = 0x15,
	PCIR_SIZE = 0x18
};
enum { CODE_LEGACY = 0, CODE_EFI = 3, LAST_IMAGE = 0x80 };
#define EFI_SIGNATURE 0x0ef1u
enum { MACHINE_IA32 = 0x014c, MACHINE_X64 = 0x8664 };

static bool is_x86_efi(struct blob image)
{
	unsigned machine = cfg_u16(image, ROM_EFI_MACHINE);

	return cfg_u32(image, ROM_EFI_SIGNATURE) == EFI_SIGNATURE &&
	       (machine == MACHINE_X64 || machine == MACHINE_IA32);
}

/* One image at @off; *ret_last says whether it is the last one. */
static int parse_image(struct blob rom, size_t off, struct rom_info *info, bool *ret_last,
		       struct err *e)
{
	struct blob image = { rom.data + off, rom.len - off };
	uint32_t pcir = cfg_u16(image, ROM_PCIR);
	size_t size;

	if (image.len < 2 || cfg_u16(image, 0) != 0xaa55)
		return err_set(e, -EINVAL, "offset 0x%zx: no 55 AA signature", off);
	if (image.len < ROM_PCIR + 2)
		return err_set(e, -EINVAL, "offset 0x%zx: image ends within its header",
			       off);
	if (pcir > image.len || image.len - pcir < PCIR_SIZE ||
	    memcmp(image.data + pcir, "PCIR", 4) != 0)
		return err_set(e, -EINVAL, "offset 0x%zx: no PCI data structure at 0x%zx",
			       off, off + pcir);
	size = ROM_BLOCK * cfg_u16(image, pcir + PCIR_BLOCKS);
	if (!size || size > image.len)
		return err_set(
			e, -EINVAL,
			"offset 0x%zx: image of %zu bytes in a ROM that has %zu left",
			off, size, image.len);

	if (!info->images++) {
		info->vendor = cfg_u16(image, pcir + PCIR_VENDOR);
		info->device = cfg_u16(image, pcir + PCIR_DEVICE);
	}
	info->size += size;
	info->legacy |= cfg_u8(image, pcir + PCIR_CODE) == CODE_LEGACY;
	info->efi |= cfg_u8(image, pcir + PCIR_CODE) == CODE_EFI && is_x86_efi(image);
	*ret_last = cfg_u8(image, pcir + PCIR_INDICATOR) & LAST_IMAGE;
	return 0;
}

int rom_parse(struct blob rom, struct rom_info *ret, struct err *e)
{
	struct rom_info info = { 0 };
	bool last = false;

	while (!last) {
		int err = parse_image(rom, info.size, &info, &last, e);

		if (err < 0)
			return err;
	}
	*ret = info;
	return 0;
}
