/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-vm - machines whose functions are passed through, and what of Proxmox's
 * configuration they become. Include after cmocka.h.
 */
#pragma once

#include <pci/header.h>

#include "core/vm.h"

enum rom { ROM_NONE, ROM_LEGACY, ROM_EFI, ROM_BOTH, ROM_DAMAGED, ROM_UNREAD };

/* A function of the host. */
struct fn_row {
	const char *bdf; /* NULL: end of the machine */
	unsigned class;
	bool conventional, asked, boot_vga, vf;
	enum rom rom;
	bool shadow;       /* the ROM was read from C0000 */
	bool unprivileged; /* only the header of the config space was read */
};

struct vm_case {
	const char *name;
	struct fn_row fns[8];
	const char *proxmox; /* the lines that are no comments */
	const char *why;     /* one sentence says this */
};

#define ROM_IMAGE 512

/* PCI Firmware Specification 3.3, 5.1: a header and its PCI data structure. */
static size_t add_image(uint8_t *rom, size_t at, uint8_t code, bool last)
{
	uint8_t *image = rom + at;

	image[0] = 0x55;
	image[1] = 0xaa;
	image[2] = 1;
	image[0x18] = 0x1c;
	memcpy(image + 0x1c, "PCIR", 4);
	image[0x1c + 0x0a] = 0x18;
	image[0x1c + 0x10] = 1;
	image[0x1c + 0x14] = code;
	image[0x1c + 0x15] = last ? 0x80 : 0;
	if (code == 3) {
		memcpy(image + 4, "\xf1\x0e\0\0", 4);
		memcpy(image + 0x0a, "\x64\x86", 2); /* x86-64 */
	}
	return at + ROM_IMAGE;
}

static struct blob build_rom(struct arena *a, enum rom kind)
{
	uint8_t *rom = arena_alloc(a, 2 * ROM_IMAGE);
	size_t len = 0;

	if (kind == ROM_LEGACY || kind == ROM_BOTH)
		len = add_image(rom, len, 0, kind == ROM_LEGACY);
	if (kind == ROM_EFI || kind == ROM_BOTH)
		len = add_image(rom, len, 3, true);
	if (kind == ROM_DAMAGED)
		len = ROM_IMAGE;
	return (struct blob){ rom, len };
}

static struct blob build_config(struct arena *a, const struct fn_row *row)
{
	uint8_t *c = arena_alloc(a, 256);

	c[PCI_VENDOR_ID] = 0xde;
	c[PCI_VENDOR_ID + 1] = 0x10;
	c[PCI_DEVICE_ID] = 0x81;
	c[PCI_DEVICE_ID + 1] = 0x1b;
	c[PCI_CLASS_DEVICE] = (uint8_t)row->class;
	c[PCI_CLASS_DEVICE + 1] = (uint8_t)(row->class >> 8);
	c[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	c[PCI_CAPABILITY_LIST] = 0x40;
	c[0x40] = row->conventional ? PCI_CAP_ID_PM : PCI_CAP_ID_EXP;
	c[0x42] = 2; /* PCI Express 2.0 endpoint */
	return (struct blob){ c, row->unprivileged ? 64 : 256 };
}

/* Addresses that no host has, for programs that would open the device. */
#define NOWHERE 0xfffeu

static struct machine *build(const struct vm_case *c, uint32_t domain, fn_list *asked)
{
	struct machine *m = machine_new();
	struct err e;

	for (const struct fn_row *row = c->fns; row->bdf; row++) {
		struct pci_fn *fn = vec_push(m->arena, &m->fns);
		char bdf[BDF_SIZE];

		assert_true(bdf_parse(row->bdf, &fn->bdf) > 0);
		fn->bdf.domain = domain;
		fn->config = build_config(m->arena, row);
		fn->config_size = row->conventional ? 256 : 4096;
		fn->group = GROUP_NONE;
		fn->boot_vga = row->boot_vga;
		fn->rom = build_rom(m->arena, row->rom);
		fn->res[PCI_ROM_RESOURCE].flags = row->shadow ? 0x212 : 0;
		fn->is_vf = row->vf;
		fn->physfn = fn->bdf;
		fn->physfn.dev = 0;
		fn->physfn.fn = 0;
		if (row->rom == ROM_UNREAD)
			machine_set_unknown(m, "the ROM is disabled\nby a --bridge",
					    "functions/%s/rom", bdf_format(fn->bdf, bdf));
	}
	assert_int_equal(machine_finish(m, &e), 0);
	for (const struct fn_row *row = c->fns; row->bdf; row++) {
		struct bdf bdf;

		bdf_parse(row->bdf, &bdf);
		bdf.domain = domain;
		if (row->asked)
			*vec_push(m->arena, asked) = machine_fn(m, bdf);
	}
	return m;
}

static struct machine *decide(const struct vm_case *c, uint32_t domain,
			      struct vm_model *ret)
{
	struct judged j = { 0 };
	struct machine *m = build(c, domain, &j.asked);

	j.m = m;
	j.arena = m->arena;
	vm_decide(&j, ret);
	return m;
}

#define GPU "01:00.0", 0x0300
#define AUDIO "01:00.1", 0x0403
#define IGPU "00:02.0", 0x0300

// clang-format off
static struct vm_case cases[] = {
	{ "network card", { { "03:00.0", 0x0200, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.0,pcie=1\nmachine: q35\n",
	  "no GPU is passed through" },
	{ "GPU with audio, EFI image",
	  { { IGPU, .boot_vga = true }, { GPU, .asked = true, .rom = ROM_BOTH },
	    { AUDIO, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n",
	  "0000:01:00.0 has an EFI image" },
	{ "companions come along",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_EFI }, { AUDIO } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n",
	  "1 more of its device share one guest slot" },
	{ "picture of a second GPU",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_EFI } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "connect a monitor to the card" },
	{ "legacy ROM only",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_LEGACY } },
	  "bios: seabios\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "SeaBIOS: the ROM of GPU 0000:01:00.0 has no EFI image" },
	{ "ROM unreadable",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_UNREAD } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "could not be judged (the ROM is disabled?by a --bridge)" },
	{ "ROM damaged",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_DAMAGED } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "could not be judged (offset 0x0" },
	{ "no ROM",
	  { { IGPU }, { "01:00.0", 0x0302, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "could not be judged (it shows none)" },
	{ "boot VGA",
	  { { GPU, .asked = true, .rom = ROM_EFI, .boot_vga = true },
	    { "05:00.0", 0x0300 } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1,x-vga=1,"
	  "romfile=vbios-10de-1b81.rom\nmachine: q35\n",
	  "it becomes the guest's primary GPU" },
	{ "boot VGA, legacy shadow",
	  { { GPU, .asked = true, .rom = ROM_LEGACY, .boot_vga = true, .shadow = true },
	    { AUDIO, .asked = true } },
	  "bios: seabios\ncpu: host\nhostpci0: 0000:01:00,pcie=1,x-vga=1,"
	  "romfile=vbios-10de-1b81.rom\nmachine: q35\n",
	  "shadow copy, which has the legacy image only" },
	{ "only screen, no boot VGA",
	  { { GPU, .asked = true, .rom = ROM_EFI } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1,x-vga=1\nmachine: q35\n",
	  "the host's only screen" },
	{ "accelerator without VGA is no screen",
	  { { "01:00.0", 0x0302, .asked = true, .rom = ROM_EFI } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\nmachine: q35\n",
	  "0000:01:00.0 has an EFI image" },
	{ "two GPUs, one legacy",
	  { { IGPU }, { GPU, .asked = true, .rom = ROM_EFI },
	    { "02:00.0", 0x0300, .asked = true, .rom = ROM_LEGACY } },
	  "bios: seabios\ncpu: host\nhostpci0: 0000:01:00.0,pcie=1\n"
	  "hostpci1: 0000:02:00.0,pcie=1\nmachine: q35\n",
	  "ROM of GPU 0000:02:00.0 has no EFI image" },
	{ "conventional card",
	  { { "06:01.0", 0x0401, .conventional = true, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:06:01.0\nmachine: q35\n",
	  "is conventional PCI" },
	{ "conventional card of two functions beside a PCIe one",
	  { { "03:00.0", 0x0200, .asked = true },
	    { "06:01.0", 0x0401, .conventional = true, .asked = true },
	    { "06:01.1", 0x0980, .conventional = true, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.0,pcie=1\nhostpci1: 0000:06:01\n"
	  "machine: q35\n",
	  "0000:06:01.0 is conventional PCI" },
	{ "one port of a network card",
	  { { "03:00.0", 0x0200 }, { "03:00.1", 0x0200, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.1,pcie=1\nmachine: q35\n",
	  "0000:03:00.1 is PCI Express" },
	{ "three ports of four, without the first",
	  { { "03:00.0", 0x0200 }, { "03:00.1", 0x0200, .asked = true },
	    { "03:00.2", 0x0200, .asked = true }, { "03:00.3", 0x0200, .asked = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.1;0000:03:00.2;0000:03:00.3,pcie=1\n"
	  "machine: q35\n",
	  "2 more of its device share one guest slot, as in the host." },
	{ "virtual functions have a slot each",
	  { { "02:00.0", 0x0200 }, { "02:10.0", 0x0200, .asked = true, .vf = true },
	    { "02:10.1", 0x0200, .asked = true, .vf = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:02:10.0,pcie=1\n"
	  "hostpci1: 0000:02:10.1,pcie=1\nmachine: q35\n",
	  "0000:02:10.1 is PCI Express" },
	{ "read without rights",
	  { { "03:00.0", 0x0200, .asked = true, .unprivileged = true } },
	  "bios: ovmf\ncpu: host\nhostpci0: 0000:03:00.0,pcie=1\nmachine: q35\n",
	  "0000:03:00.0 is PCI Express" },
};
// clang-format on

static const struct vm_case *case_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (streq(cases[i].name, name))
			return &cases[i];
	fail_msg("no row %s", name);
	return NULL;
}
