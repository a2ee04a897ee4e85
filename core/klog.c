/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/klog.h"
#include "core/util.h"

static const struct {
	const char *words;
	bool framebuffer; /* a driver of the one that the firmware set up */
} table[] = {
	/* clang-format off */
	{ "Linux version " },
	{ "Command line: " },
	{ "command line: " },
	{ "efi: EFI v" },
	{ "ecure boot" },
	{ "Kernel is locked down" },
	{ "ACPI: MCFG " },
	{ "ACPI: IVRS " },
	{ "ACPI: VIOT " },
	{ "DMAR" }, /* the ACPI table, too */
	{ "dmar:" },
	{ "AMD-Vi" },
	{ "IOMMU" },
	{ "iommu" },
	{ "IRQ remapping" },
	{ "x2apic enabled" },
	{ "root bus resource" },
	{ ": ROM [" },
	{ "shadowed ROM" },
	{ " ACS " },
	{ "fixed DMA alias" },
	{ "vfio" },
	{ "VFIO" },
	{ "pci-stub" },
	{ "vgaarb" },
	{ "fb0" },
	{ "efifb", true },
	{ "simpledrm", true },
	{ "simple-framebuffer", true },
	{ "simplefb", true },
	{ "vesafb", true },
	/* clang-format on */
};

bool klog_matters(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strstr(line, table[i].words))
			return true;
	return false;
}

const char *klog_framebuffer(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].framebuffer && strstr(line, table[i].words))
			return table[i].words;
	return NULL;
}
