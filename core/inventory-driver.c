/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/inventory-parts.h"

/*
 * PCI drivers are named KBUILD_MODNAME as a rule; these are not (.name of struct
 * pci_driver in the module's source).
 */
static const struct driver_module named[] = {
	/* clang-format off */
	{ "4xxx", "qat_4xxx" },
	{ "agpgart-amd64", "amd64_agp" },
	{ "agpgart-intel", "intel_agp" },
	{ "agpgart-sis", "sis_agp" },
	{ "agpgart-via", "via_agp" },
	{ "amd-xgbe", "amd_xgbe" },
	{ "b43-pci-bridge", "ssb" },
	{ "bcma-pci-bridge", "bcma" },
	{ "bochs-drm", "bochs" },
	{ "c3xxx", "qat_c3xxx" },
	{ "c6xx", "qat_c62x" },
	{ "dh895xcc", "qat_dh895xcc" },
	{ "dwc3-pci", "dwc3_pci" },
	{ "ehci-pci", "ehci_pci" },
	{ "exar_serial", "8250_exar" },
	{ "gma500", "gma500_gfx" },
	{ "i2c-designware-pci", "i2c_designware_pci" },
	{ "i801_smbus", "i2c_i801" },
	{ "intel-lpss", "intel_lpss_pci" },
	{ "intel-spi", "spi_intel_pci" },
	{ "iosf_mbi_pci", "iosf_mbi" },
	{ "ismt_smbus", "i2c_ismt" },
	{ "isst_if_pci", "isst_if_mmio" },
	{ "ne2k-pci", "ne2k_pci" },
	{ "nvidia-gpu", "i2c_nvidia_gpu" },
	{ "ohci-pci", "ohci_pci" },
	{ "pci-pf-stub", "pci_pf_stub" },
	{ "pci-stub", "pci_stub" },
	{ "pcie_mp2_amd", "amd_sfh" },
	{ "pcieport", "pcieportdrv" },
	{ "piix4_smbus", "i2c_piix4" },
	{ "proc_thermal", "processor_thermal_device_pci_legacy" },
	{ "proc_thermal_pci", "processor_thermal_device_pci" },
	{ "sdhci-pci", "sdhci_pci" },
	{ "serial", "8250_pci" },
	{ "sof-audio-pci-intel-apl", "snd_sof_pci_intel_apl" },
	{ "sof-audio-pci-intel-cnl", "snd_sof_pci_intel_cnl" },
	{ "sof-audio-pci-intel-icl", "snd_sof_pci_intel_icl" },
	{ "sof-audio-pci-intel-mtl", "snd_sof_pci_intel_mtl" },
	{ "sof-audio-pci-intel-tgl", "snd_sof_pci_intel_tgl" },
	{ "vfio-pci", "vfio_pci" },
	{ "via-rhine", "via_rhine" },
	{ "via-velocity", "via_velocity" },
	{ "virtio-pci", "virtio_pci" },
	{ "xen-platform-pci", "platform_pci" },
	{ "xhci_hcd", "xhci_pci" },
	{ "yenta_cardbus", "yenta_socket" },
	/* clang-format on */
};

void inventory_drivers(struct inventory *v, driver_modules *ret)
{
	strings drivers;

	if (host_list(v->h, v->tmp, "sys/bus/pci/drivers", &drivers) < 0)
		return;
	for (size_t i = 0; i < drivers.n; i++) {
		char *module;

		if (host_link_name(v->h, v->tmp, &module, "sys/bus/pci/drivers/%s/module",
				   drivers.v[i]) >= 0)
			*vec_push(v->tmp, ret) =
				(struct driver_module){ drivers.v[i], module };
	}
}

const char *inventory_driver_of(const driver_modules *live, const char *module)
{
	vec_foreach(d, live)
		if (streq(d->module, module))
			return d->driver;
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (streq(named[i].module, module))
			return named[i].driver;
	return NULL;
}

const char *inventory_module_of(const driver_modules *live, const char *driver)
{
	vec_foreach(d, live)
		if (streq(d->driver, driver))
			return d->module;
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (streq(named[i].driver, driver))
			return named[i].module;
	return NULL;
}
