/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/plan-edit.h"
#include "core/plan-override.h"

#include <pci/header.h>

/* initramfs-tools runs init-top in the order of names: this one before `udev`. */
static const char script_head[] =
	"#!/bin/sh\n"
	"# Written by pcipass; `pcipass undo` removes it. Gives the functions below to "
	"vfio-pci\n"
	"# before udev loads any driver. A function whose ids or serial number differ is "
	"left\n"
	"# alone.\n"
	"PREREQ=\"\"\n"
	"case \"$1\" in\n"
	"prereqs)\n"
	"	echo \"$PREREQ\"\n"
	"	exit 0\n"
	"	;;\n"
	"esac\n"
	"\n"
	"is() {\n"
	"	read -r is_value <\"$dev/$1\" && [ \"$is_value\" = \"$2\" ]\n"
	"}\n"
	"\n"
	"# BDF VENDOR DEVICE SUBVENDOR SUBDEVICE DRIVER SERIAL|- OFFSET\n"
	"override() {\n"
	"	dev=/sys/bus/pci/devices/$1\n"
	"	[ -d \"$dev\" ] || return 0\n"
	"	is vendor \"$2\" && is device \"$3\" || return 0\n"
	"	is subsystem_vendor \"$4\" && is subsystem_device \"$5\" || return 0\n"
	"	if [ \"$7\" != - ]; then\n"
	"		serial=\n"
	"		for byte in $(od -An -v -tx1 -j \"$8\" -N 8 \"$dev/config\"); "
	"do\n"
	"			serial=$byte$serial\n"
	"		done\n"
	"		[ \"$serial\" = \"$7\" ] || return 0\n"
	"	fi\n"
	"	echo \"$6\" >\"$dev/driver_override\"\n"
	"}\n"
	"\n";

static const char hook[] =
	"#!/bin/sh\n"
	"# Written by pcipass; `pcipass undo` removes it. Brings od into the initramfs "
	"for\n"
	"# scripts/init-top/pcipass, which compares serial numbers with it.\n"
	"if [ \"$1\" = prereqs ]; then\n"
	"	exit 0\n"
	"fi\n"
	". /usr/share/initramfs-tools/hook-functions\n"
	"copy_exec /usr/bin/od\n";

static const char rules_head[] =
	"# Written by pcipass; `pcipass undo` removes it. For functions that come after\n"
	"# the initramfs: hot-plugged, or removed and found again. A driver that is "
	"loaded\n"
	"# by then is faster: the kernel probes a function before udev hears of it.\n";

const char *override_hook(void)
{
	return hook;
}

bool override_is_script(const char *text)
{
	return after_prefix(text, script_head);
}

char *override_script(struct arena *a, const fn_list *fns, const char *before)
{
	strings lines = { 0 };
	char bdf[BDF_SIZE], serial[17];
	uint8_t raw[8];

	vec_foreach(it, fns) {
		const struct pci_fn *fn = *it;
		bool known = cfg_serial(fn->config, raw);

		for (int i = 0; known && i < 8; i++)
			snprintf(serial + 2 * i, 3, "%02x", raw[i]);
		*vec_push(a, &lines) = arena_printf(
			a, "override %s 0x%04x 0x%04x 0x%04x 0x%04x vfio-pci %s %u",
			bdf_format(fn->bdf, bdf), fn->id.vendor, fn->id.device,
			fn->id.subvendor, fn->id.subdevice, known ? serial : "-",
			known ? cfg_find_ext_cap(fn->config, PCI_EXT_CAP_ID_DSN) + 4 : 0);
	}
	return edit_add_lines(a, before, script_head, &lines);
}

char *override_rules(struct arena *a, const fn_list *fns, const char *before)
{
	strings lines = { 0 };
	char bdf[BDF_SIZE];

	vec_foreach(it, fns) {
		const struct pci_fn *fn = *it;

		*vec_push(a, &lines) = arena_printf(
			a,
			"ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
			"ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
			"ATTR{subsystem_vendor}==\"0x%04x\", "
			"ATTR{subsystem_device}==\"0x%04x\", "
			"ATTR{driver_override}=\"vfio-pci\", RUN{builtin}+=\"kmod load "
			"vfio-pci\"",
			bdf_format(fn->bdf, bdf), fn->id.vendor, fn->id.device,
			fn->id.subvendor, fn->id.subdevice);
	}
	return edit_add_lines(a, before, rules_head, &lines);
}
