/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/rom.h"
#include "core/test-captures.h"
#include "core/test-skip.h"

/* One image to be built; blocks 0 ends the list. */
struct image {
	unsigned blocks; /* real size, 512 bytes each */
	unsigned code;
	bool last;
	unsigned says;    /* size in the PCIR; 0: the real one */
	unsigned machine; /* of an EFI image */
	char break_it; /* 's' signature, 'p' PCIR, 'o' PCIR beyond the end, '0' no size */
};

struct rom_case {
	const char *name;
	struct image images[4];
	size_t padding;
	const char *want; /* text of the error; NULL: parses */
	bool legacy, efi;
	unsigned n, blocks;
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* PCI Firmware Specification 3.3, 5.1.1 to 5.1.3; UEFI 2.10, 14.4.2.2 */
static void build_image(uint8_t *p, const struct image *i)
{
	put16(p, i->break_it == 's' ? 0xaa54 : 0xaa55);
	put16(p + 0x18, i->break_it == 'o' ? 0xfff0 : 0x40);
	if (i->code == 3) {
		put16(p + 4, 0x0ef1);
		put16(p + 10, i->machine ? i->machine : 0x8664);
	}
	memcpy(p + 0x40, i->break_it == 'p' ? "PCIX" : "PCIR", 4);
	put16(p + 0x44, 0x8086);
	put16(p + 0x46, 0x10d3);
	put16(p + 0x50, i->break_it == '0' ? 0 : i->says ? i->says : i->blocks);
	p[0x54] = (uint8_t)i->code;
	p[0x55] = i->last ? 0x80 : 0;
}

static void test_rom(void **state)
{
	const struct rom_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	uint8_t *rom = arena_alloc(a, 64 << 10);
	struct rom_info info = { .images = 77 };
	struct err e = { "" };
	size_t len = 0;
	int r;

	for (const struct image *i = c->images; i->blocks; i++) {
		build_image(rom + len, i);
		len += i->blocks * 512;
	}
	memset(rom + len, 0xff, c->padding);
	/* A copy of the exact size, so that the sanitizer sees a read beyond it. */
	rom = memcpy(malloc(len + c->padding + 1), rom, len + c->padding);
	r = rom_parse((struct blob){ rom, len + c->padding }, &info, &e);
	free(rom);

	assert_string_equal(e.text, c->want ? c->want : "");
	assert_int_equal(r, c->want ? -EINVAL : 0);
	assert_int_equal(info.images, c->want ? 77 : c->n);
	if (c->want)
		return;
	assert_int_equal(info.legacy, c->legacy);
	assert_int_equal(info.efi, c->efi);
	assert_int_equal(info.size, c->blocks * 512);
	assert_int_equal(info.vendor, 0x8086);
	assert_int_equal(info.device, 0x10d3);
}

static struct rom_case cases[] = {
	/* clang-format off */
	{ "legacy only", { { 2, 0, true } }, .legacy = true, .n = 1, .blocks = 2 },
	{ "EFI only", { { 2, 3, true } }, .efi = true, .n = 1, .blocks = 2 },
	{ "legacy and EFI", { { 2, 0 }, { 3, 3, true } }, .legacy = true, .efi = true,
	  .n = 2, .blocks = 5 },
	{ "padded to the BAR", { { 2, 0 }, { 3, 3, true } }, .padding = 999, .legacy = true,
	  .efi = true, .n = 2, .blocks = 5 },
	{ "images behind the last", { { 2, 0, true }, { 3, 3, true } }, .legacy = true,
	  .n = 1, .blocks = 2 },
	{ "EFI for IA32", { { 2, 3, true, .machine = 0x14c } }, .efi = true, .n = 1, .blocks = 2 },
	{ "EFI for AArch64", { { 2, 3, true, .machine = 0xaa64 } }, .n = 1, .blocks = 2 },
	{ "Open Firmware", { { 2, 1, true } }, .n = 1, .blocks = 2 },
	{ "empty", { { 0 } }, .want = "offset 0x0: no 55 AA signature" },
	{ "all ones", { { 0 } }, .padding = 512, .want = "offset 0x0: no 55 AA signature" },
	{ "no signature", { { 1, 0, true, .break_it = 's' } },
	  .want = "offset 0x0: no 55 AA signature" },
	{ "second without signature", { { 1, 0 }, { 1, 3, true, .break_it = 's' } },
	  .want = "offset 0x200: no 55 AA signature" },
	{ "ends before the last", { { 1, 0 } }, .want = "offset 0x200: no 55 AA signature" },
	{ "one byte of a second", { { 1, 0 } }, .padding = 1,
	  .want = "offset 0x200: no 55 AA signature" },
	{ "no PCIR", { { 1, 0, true, .break_it = 'p' } },
	  .want = "offset 0x0: no PCI data structure at 0x40" },
	{ "PCIR beyond the end", { { 1, 0, true, .break_it = 'o' } },
	  .want = "offset 0x0: no PCI data structure at 0xfff0" },
	{ "no length", { { 1, 0, true, .break_it = '0' } },
	  .want = "offset 0x0: image of 0 bytes in a ROM that has 512 left" },
	{ "longer than the ROM", { { 1, 0 }, { 1, 3, true, .says = 2 } },
	  .want = "offset 0x200: image of 1024 bytes in a ROM that has 512 left" },
	/* clang-format on */
};

/* ROMs of Debian packages (ipxe-qemu, seabios); ids read off hex dumps. */
struct file_case {
	const char *name;
	uint16_t vendor, device;
	bool efi;
	const char *want; /* text of the error */
};

#define IPXE "/usr/lib/ipxe/qemu/"
#define SEABIOS "/usr/share/seabios/vgabios"
#define NO_PCIR "offset 0x0: no PCI data structure"
static struct file_case files[] = {
	/* clang-format off */
	{ IPXE "efi-e1000.rom", 0x8086, 0x100e, true },
	{ IPXE "efi-e1000e.rom", 0x8086, 0x10d3, true },
	{ IPXE "efi-eepro100.rom", 0x8086, 0x1229, true },
	{ IPXE "efi-ne2k_pci.rom", 0, 0, true }, /* made for many cards: names none */
	{ IPXE "efi-pcnet.rom", 0x1022, 0x2000, true },
	{ IPXE "efi-rtl8139.rom", 0x10ec, 0x8139, true },
	{ IPXE "efi-virtio.rom", 0x1af4, 0x1041, true },
	{ IPXE "efi-vmxnet3.rom", 0x15ad, 0x07b0, true },
	{ IPXE "pxe-e1000.rom", 0x8086, 0x100e },
	{ IPXE "pxe-e1000e.rom", 0x8086, 0x10d3 },
	{ IPXE "pxe-eepro100.rom", 0x8086, 0x1229 },
	{ IPXE "pxe-ne2k_pci.rom", 0, 0 },
	{ IPXE "pxe-pcnet.rom", 0x1022, 0x2000 },
	{ IPXE "pxe-rtl8139.rom", 0x10ec, 0x8139 },
	{ IPXE "pxe-virtio.rom", 0x1af4, 0x1041 },
	{ IPXE "pxe-vmxnet3.rom", 0x15ad, 0x07b0 },
	{ SEABIOS "-ati.bin", 0x1002, 0x5159 },
	{ SEABIOS "-bochs-display.bin", 0x1234, 0x1111 },
	{ SEABIOS "-cirrus.bin", 0x1013, 0x00b8 },
	{ SEABIOS "-qxl.bin", 0x1b36, 0x0100 },
	{ SEABIOS "-stdvga.bin", 0x1234, 0x1111 },
	{ SEABIOS "-virtio.bin", 0x1af4, 0x1050 },
	{ SEABIOS "-vmware.bin", 0x15ad, 0x0405 },
	{ SEABIOS "-isavga.bin", .want = NO_PCIR },
	{ SEABIOS "-ramfb.bin", .want = NO_PCIR },
	{ SEABIOS ".bin", .want = NO_PCIR },
	/* clang-format on */
};

static void test_file(void **state)
{
	const struct file_case *c = *state;
	struct arena *a = arena_new();
	struct blob rom = read_capture(a, c->name);
	struct rom_info info = { 0 };
	struct err e = { "" };
	int r;

	if (!rom.data) {
		arena_free(a);
		skip_without(c->name);
	}
	r = rom_parse(rom, &info, &e);
	arena_free(a);
	if (c->want) {
		assert_int_equal(r, -EINVAL);
		assert_non_null(strstr(e.text, c->want));
		return;
	}
	assert_string_equal(e.text, "");
	assert_int_equal(r, 0);
	assert_true(info.legacy);
	assert_int_equal(info.efi, c->efi);
	assert_int_equal(info.images, c->efi ? 2 : 1);
	assert_int_equal(info.vendor, c->vendor);
	assert_int_equal(info.device, c->device);
	assert_true(info.size <= rom.len);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(files)], *t = tests;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		*t++ = (struct CMUnitTest){ .name = cases[i].name,
					    .test_func = test_rom,
					    .initial_state = &cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		*t++ = (struct CMUnitTest){ .name = files[i].name,
					    .test_func = test_file,
					    .initial_state = &files[i] };
	return cmocka_run_group_tests_name("rom", tests, NULL, NULL);
}
