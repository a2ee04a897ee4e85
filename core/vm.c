/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/rom.h"
#include "core/vm.h"

#define IORESOURCE_ROM_SHADOW (1u << 1) /* include/linux/ioport.h */
#define CLASS_VGA 0x0300u
#define HEADER_SIZE 64u
#define CONVENTIONAL_SIZE 256u

/* Sentences go into configuration files' comments: one line of plain text each. */
static void PRINTF(3, 4)
	say(const struct judged *j, struct vm_model *v, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(j->arena, fmt, ap);
	va_end(ap);
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	*vec_push(j->arena, &v->why) = text;
}

static int by_address(const void *a, const void *b)
{
	const struct pci_fn *const *x = a, *const *y = b;

	return bdf_cmp((*x)->bdf, (*y)->bdf);
}

/* What the guest gets, in order of address, nothing twice. */
static void collect(const struct judged *j, fn_list *ret)
{
	size_t n = 0;

	vec_foreach(fn, &j->asked)
		*vec_push(j->arena, ret) = *fn;
	group_companions(j->m, j->arena, &j->asked, ret);
	if (!ret->n)
		return;
	qsort(ret->v, ret->n, sizeof(*ret->v), by_address);
	vec_foreach(fn, ret)
		if (!n || ret->v[n - 1] != *fn)
			ret->v[n++] = *fn;
	ret->n = n;
}

static bool fn_is_pcie(const struct pci_fn *fn)
{
	/* Without CAP_SYS_ADMIN only the header is read (drivers/pci/pci-sysfs.c). */
	if (fn->config.len <= HEADER_SIZE)
		return fn->config_size > CONVENTIONAL_SIZE;
	return cfg_pcie_type(fn->config) >= 0;
}

/* Virtual functions are devices of their own, though they may share a slot. */
static bool shares_slot(const struct pci_fn *a, const struct pci_fn *b)
{
	return !a->is_vf && !b->is_vf && bdf_same_slot(a->bdf, b->bdf);
}

/* Are the @n functions at @dev, of one slot, all that the host's device has? */
static bool is_whole(const struct machine *m, const struct vm_device *dev, size_t n)
{
	size_t present = 0;

	for (unsigned f = 0; f < 8; f++) {
		struct bdf b = dev->fn->bdf;
		const struct pci_fn *fn;

		b.fn = (uint8_t)f;
		fn = machine_fn(m, b);
		present += fn && !fn->is_vf;
	}
	return n > 1 && n == present;
}

/*
 * One guest slot: the host's function numbers where function 0 is among them, because
 * drivers look for the audio function at .1; else from 0, because a slot without
 * function 0 is not scanned (PCI Local Bus 3.0, 3.2.2.3.4).
 */
static size_t place_slot(const struct judged *j, const struct pci_fn *const *fns,
			 size_t n_left, unsigned slot, struct vm_model *v)
{
	size_t n = 1, first = v->devices.n;
	bool whole;

	while (n < n_left && shares_slot(fns[0], fns[n]))
		n++;
	for (size_t i = 0; i < n; i++)
		*vec_push(j->arena, &v->devices) = (struct vm_device){
			.fn = fns[i],
			.slot = slot,
			.function = fns[0]->bdf.fn || fns[0]->is_vf ? (unsigned)i
								    : fns[i]->bdf.fn,
			.pcie = fn_is_pcie(fns[0]),
		};
	whole = is_whole(j->m, &v->devices.v[first], n);
	for (size_t i = first; i < v->devices.n; i++)
		v->devices.v[i].whole_slot = whole;
	return n;
}

static void place(const struct judged *j, struct vm_model *v)
{
	fn_list fns = { 0 };

	collect(j, &fns);
	for (size_t i = 0, slot = 0; i < fns.n; slot++) {
		const struct vm_device *d;
		char bdf[BDF_SIZE];
		size_t n = place_slot(j, fns.v + i, fns.n - i, (unsigned)slot, v);

		d = &v->devices.v[i];
		i += n;
		bdf_format(d->fn->bdf, bdf);
		if (d->pcie)
			say(j, v,
			    "%s is PCI Express: it gets a PCIe root port of a q35 "
			    "machine.",
			    bdf);
		else
			say(j, v,
			    "%s is conventional PCI: it gets a conventional slot, "
			    "not a PCIe port.",
			    bdf);
		if (n > 1)
			say(j, v,
			    "%s and %zu more of its device share one guest slot, as "
			    "in the host%s.",
			    bdf, n - 1, d->whole_slot ? ": all functions" : "");
	}
}

/* The guest's firmware has to find an image it can run in the card's ROM. */
struct gpu_rom {
	bool efi, legacy;
	const char *why; /* unknown, because */
};

static struct gpu_rom gpu_rom(const struct judged *j, const struct pci_fn *fn,
			      const char *bdf)
{
	const char *unread = machine_unknown(j->m, "functions/%s/rom", bdf);
	struct rom_info info;
	struct err e;

	if (unread)
		return (struct gpu_rom){ .why = unread };
	if (!fn->rom.len)
		return (struct gpu_rom){ .why = "it shows none" };
	if (rom_parse(fn->rom, &info, &e) < 0)
		return (struct gpu_rom){ .why = arena_strdup(j->arena, e.text) };
	if (!info.efi && !info.legacy)
		return (struct gpu_rom){ .why = "it has an image neither for a PC BIOS "
						"nor for EFI" };
	return (struct gpu_rom){ .efi = info.efi, .legacy = info.legacy };
}

static void decide_firmware(const struct judged *j, struct vm_model *v)
{
	bool gpu = false;

	v->ovmf = true;
	vec_foreach(d, &v->devices) {
		char bdf[BDF_SIZE];
		struct gpu_rom rom;

		if (!fn_is_display(d->fn))
			continue;
		gpu = true;
		rom = gpu_rom(j, d->fn, bdf_format(d->fn->bdf, bdf));
		if (rom.why) {
			say(j, v,
			    "OVMF: the ROM of GPU %s could not be judged (%s); if the "
			    "screen stays black, try SeaBIOS.",
			    bdf, rom.why);
			continue;
		}
		if (rom.efi) {
			say(j, v, "OVMF: the ROM of GPU %s has an EFI image.", bdf);
			continue;
		}
		v->ovmf = false;
		say(j, v,
		    "SeaBIOS: the ROM of GPU %s has no EFI image, which OVMF needs.",
		    bdf);
		/* arch/x86/pci/fixup.c:pci_fixup_video: what is read is memory at C0000.
		 */
		if (d->fn->res[PCI_ROM_RESOURCE].flags & IORESOURCE_ROM_SHADOW)
			say(j, v,
			    "The ROM of %s was read from the firmware's shadow copy, "
			    "which has the legacy image only: a dump taken while it "
			    "is not the boot VGA may show an EFI image, and then OVMF "
			    "is the better choice.",
			    bdf);
	}
	if (!gpu && v->devices.n)
		say(j, v, "OVMF: no GPU is passed through whose ROM could forbid it.");
}

/* Two VGA adapters or more, and the host keeps a screen: counting stops there. */
static bool is_only_display(const struct machine *m)
{
	size_t n = 0;

	vec_foreach(fn, &m->fns)
		n += fn_is_display(fn) && !fn->is_vf;
	return n == 1;
}

static void decide_screen(const struct judged *j, struct vm_model *v)
{
	bool only = is_only_display(j->m);

	vec_foreach(d, &v->devices) {
		char bdf[BDF_SIZE];

		if (!fn_is_display(d->fn))
			continue;
		bdf_format(d->fn->bdf, bdf);
		/* drivers/vfio/pci: vfio_pci_is_vga; x-vga fails on any other class. */
		if (fn_class(d->fn) == CLASS_VGA && (d->fn->boot_vga || only)) {
			d->primary_gpu = true;
			say(j, v,
			    "%s is the host's %s: it becomes the guest's primary GPU, "
			    "without an emulated screen beside it.",
			    bdf, d->fn->boot_vga ? "boot screen" : "only screen");
		}
		say(j, v,
		    "The picture of %s is not visible through noVNC or SPICE: connect "
		    "a monitor to the card, or set up a remote desktop in the guest.",
		    bdf);
		if (d->fn->boot_vga) {
			d->romfile = arena_printf(j->arena, "vbios-%04x-%04x.rom",
						  d->fn->id.vendor, d->fn->id.device);
			say(j, v,
			    "%s is the boot VGA: its ROM is hidden by the firmware's "
			    "copy, so the guest needs a dump of it as %s, taken "
			    "while another card is the boot VGA.",
			    bdf, d->romfile);
		}
	}
}

void vm_decide(const struct judged *j, struct vm_model *ret)
{
	struct vm_model v = { 0 };

	place(j, &v);
	decide_firmware(j, &v);
	decide_screen(j, &v);
	*ret = v;
}
