/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/klog.h"
#include "core/rom.h"
#include "core/rules.h"

#define GIB ((uint64_t)1 << 30)

#define foreach_gpu(it, j)                                                               \
	vec_foreach(it, &(j)->asked)                                                     \
		if (fn_is_display(*it))

static bool has_rom_bar(const struct pci_fn *fn)
{
	return fn->res[PCI_ROM_RESOURCE].end > fn->res[PCI_ROM_RESOURCE].start;
}

void check_gpu_no_efi(const struct rule *r, const struct judged *j, findings *ret)
{
	foreach_gpu(it, j)
	{
		struct rom_info info;

		if (!(*it)->rom.len || rom_parse((*it)->rom, &info, NULL) < 0 || info.efi)
			continue;
		finding_add(
			j, ret, r, *it,
			(*it)->boot_vga
				? "Use SeaBIOS for the VM; or dump the ROM while another "
				  "card is the boot VGA, this one is the firmware's copy."
				: "Use SeaBIOS instead of OVMF for the VM, or update the "
				  "card's ROM.",
			"The ROM of %s has no EFI image, so OVMF cannot show anything "
			"on it.",
			rule_name(j, *it));
	}
}

void check_gpu_rom_unknown(const struct rule *r, const struct judged *j, findings *ret)
{
	foreach_gpu(it, j)
	{
		const char *why;
		char bdf[BDF_SIZE];
		struct rom_info info;
		struct err e = { "" };

		why = machine_unknown(j->m, "functions/%s/rom",
				      bdf_format((*it)->bdf, bdf));
		if (!why && (*it)->rom.len) {
			if (rom_parse((*it)->rom, &info, &e) == 0)
				continue;
			why = arena_strdup(j->arena, e.text);
		}
		if (!why)
			why = has_rom_bar(*it)
				      ? "it shows no image"
				      : "it has no ROM of its own, the firmware has it";
		finding_add(
			j, ret, r, *it,
			"Try OVMF first; if the screen stays black, SeaBIOS or a dump of "
			"the ROM as romfile.",
			"Whether the ROM of %s has an EFI image is not known: %s.",
			rule_name(j, *it), why);
	}
}

void check_boot_vga(const struct rule *r, const struct judged *j, findings *ret)
{
	foreach_gpu(it, j) if ((*it)->boot_vga)
		finding_add(j, ret, r, *it,
			    "Choose another card as primary display in the firmware "
			    "setup, or give the VM a dump of its ROM (romfile).",
			    "%s is the card the firmware booted on: its ROM is "
			    "hidden by the firmware's copy.",
			    rule_name(j, *it));
}

/* What the firmware's frame buffer is driven by, from the kernel's log; NULL: nothing. */
static const char *framebuffer(const struct judged *j)
{
	vec_foreach(line, &j->m->klog) {
		const char *name = klog_framebuffer(*line);

		if (name)
			return name;
	}
	return NULL;
}

static bool framebuffer_is_off(const char *cmdline)
{
	return cmdline_has_word(cmdline, "initcall_blacklist=sysfb_init") ||
	       cmdline_has_word(cmdline, "video=efifb:off");
}

void check_framebuffer(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *fb = framebuffer(j);

	if (!fb || framebuffer_is_off(j->next_cmdline ? j->next_cmdline : j->m->cmdline))
		return;
	foreach_gpu(it, j)
	{
		bool vga = fn_class(*it) == PCI_CLASS_DISPLAY_VGA;

		if (!(*it)->boot_vga || rule_has_vfio(*it))
			continue;
		finding_add(
			j, ret, r, *it,
			vga ? "Have another way in, such as ssh, before the reboot."
			    : "Put initcall_blacklist=sysfb_init on the kernel command "
			      "line.",
			"The host's screen is a frame buffer (%s) in a BAR of %s; %s.",
			fb, rule_name(j, *it),
			vga ? "it goes dark when vfio-pci takes the card"
			    : "vfio-pci does not remove it from this class of card, so a "
			      "VM may fail with \"BAR: can't reserve\"");
	}
}

void check_companions(const struct rule *r, const struct judged *j, findings *ret)
{
	struct name_list names = { .arena = j->arena };
	fn_list more = { 0 };

	group_companions(j->m, j->arena, &j->asked, &more);
	vec_foreach(it, &more)
		name_list_add(&names, rule_name(j, *it));
	if (more.n)
		finding_add(
			j, ret, r, more.v[0],
			"pcipass apply takes them along; name the whole card (01:00) to "
			"ask for all.",
			"Of the graphics card you did not ask for %s: a VM should get "
			"the whole card.",
			name_list_text(&names));
}

void check_console_hidden(const struct rule *r, const struct judged *j, findings *ret)
{
	foreach_gpu(it, j) finding_add(
		j, ret, r, *it,
		"Connect a monitor to the card, or set up a remote desktop in "
		"the guest.",
		"What %s shows is not visible through noVNC or SPICE.",
		rule_name(j, *it));
}

void check_vm_advice(const struct rule *r, const struct judged *j, findings *ret)
{
	foreach_gpu(it, j)
	{
		struct rom_info info;
		bool legacy = (*it)->rom.len && rom_parse((*it)->rom, &info, NULL) == 0 &&
			      !info.efi;

		finding_add(
			j, ret, r, *it,
			"pcipass vm writes such a configuration for Proxmox, libvirt or "
			"QEMU.",
			"For %s the VM should have machine type q35, %s and PCI-Express "
			"switched on.",
			rule_name(j, *it),
			legacy ? "SeaBIOS (the ROM has no EFI image)" : "OVMF");
	}
}

/* Bytes of the largest BAR. */
static uint64_t largest_bar(const struct pci_fn *fn, unsigned *ret_bar)
{
	uint64_t best = 0;

	for (unsigned i = 0; i < PCI_ROM_RESOURCE; i++) {
		const struct pci_resource *res = &fn->res[i];
		uint64_t size = res->end > res->start ? res->end - res->start + 1 : 0;

		if (size > best) {
			best = size;
			*ret_bar = i;
		}
	}
	return best;
}

void check_big_bar(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->asked) {
		unsigned bar = 0;
		uint64_t size = largest_bar(*it, &bar);

		if (size >= GIB)
			finding_add(
				j, ret, r, *it,
				"Use OVMF with q35; for 32 GiB and more also CPU type "
				"host and a larger 64-bit window (OVMF: "
				"opt/ovmf/X-PciMmio64Mb).",
				"BAR %u of %s has %llu GiB: the guest's firmware must "
				"place it above 4 GiB.",
				bar, rule_name(j, *it), (unsigned long long)(size / GIB));
	}
}

/* PCI Express Base Specification 7.8.6: Resizable BAR */
#define REBAR_ENTRIES(ctrl) ((ctrl) >> 5 & 7)
#define REBAR_BAR(ctrl) ((ctrl)&7)
#define REBAR_MIB(ctrl) ((uint64_t)1 << ((ctrl) >> 8 & 0x3f))

void check_resizable_bar(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->asked) {
		const struct blob cfg = (*it)->config;
		uint32_t cap = cfg_find_ext_cap(cfg, 0x15 /* Resizable BAR */);
		uint32_t sizes, ctrl;

		if (!cap || cap + 12 > cfg.len)
			continue;
		sizes = cfg_u32(cfg, cap + 4) >> 4;
		ctrl = cfg_u32(cfg, cap + 8);
		if (!sizes || !REBAR_ENTRIES(ctrl))
			continue;
		finding_add(
			j, ret, r, *it, NULL,
			"BAR %u of %s can be resized (now %llu MiB, up to %llu MiB): a "
			"VM sees the size that the host set.",
			REBAR_BAR(ctrl), rule_name(j, *it),
			(unsigned long long)REBAR_MIB(ctrl),
			1ull << (31 - __builtin_clz(sizes)));
	}
}
