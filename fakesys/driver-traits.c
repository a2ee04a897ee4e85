/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of drivers by name, where no fixture tells. */
#include <errno.h>

#include <pci/header.h>

#include "fakesys/driver.h"
#include "fakesys/sim-enable.h"
#include "fakesys/sim-resource.h"
#include "fakesys/vfio.h"

#define CLASS_NVME 0x0108

/* drivers/pci/pcie/portdrv.c:pcie_portdrv_probe: bridges that are no PCIe ports match,
 * too */
static int port_probe(struct sim *s, uint32_t fn)
{
	switch (cfg_pcie_type(s->m->fns.v[fn].config)) {
	case PCI_EXP_TYPE_ROOT_PORT:
	case PCI_EXP_TYPE_UPSTREAM:
	case PCI_EXP_TYPE_DOWNSTREAM:
	case PCI_EXP_TYPE_ROOT_EC:
		return 0;
	default:
		return ENODEV;
	}
}

/*
 * drivers/nvme/host/pci.c:nvme_pci_alloc_dev has set the masks before nvme_dev_map finds
 * that there is no room for the registers, or nvme_pci_enable no sense in them.
 */
static int nvme_probe(struct sim *s, uint32_t fn)
{
	const struct pci_resource *bar = &fn_res(s, fn)[0];

	if (fn_class(&s->m->fns.v[fn]) == CLASS_NVME)
		return 0;
	s->fns[fn].dma_bits = 64;
	return bar->end - bar->start < 8192 - 1 ? ENODEV : EINVAL;
}

/*
 * drivers/pci/hotplug/shpchp_core.c:shpc_probe, of a bridge that it had not got when the
 * machine was recorded: it fails half-way, and leaves it enabled.
 */
static int shpc_probe(struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];

	if (cfg_find_cap(f->config, PCI_CAP_ID_HOTPLUG))
		fn_enable(s, fn);
	return ENODEV;
}

/* drivers/pci/pcie/portdrv.c:port_pci_ids; it is no module that has aliases. */
#define CLASS_ID(class_)                                                                 \
	{                                                                                \
		PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY, PCI_ID_ANY, class_, 0xffffffff,      \
			false                                                            \
	}
static const struct pci_id port_ids[] = {
	CLASS_ID(0x060400),
	CLASS_ID(0x060401),
	CLASS_ID(0x080700),
};

/* drivers/char/agp/intel-agp.c:agp_intel_pci_table, of which QEMU's machines have this;
 * it has no AGP, and is refused. */
static const struct pci_id agp_ids[] = {
	{ 0x8086, 0x29c0, PCI_ID_ANY, PCI_ID_ANY, 0x060000, 0xffffffff, false },
};

/* drivers/pci/hotplug/shpchp_core.c:shpcd_pci_tbl */
static const struct pci_id shpc_ids[] = { CLASS_ID(0x060400) };

/* clang-format off */
static const struct driver_traits traits[] = {
	{ "agpgart-intel", .enables = true, .ids = agp_ids, .n_ids = ARRAY_SIZE(agp_ids) },
	{ "vfio-pci", .managed_dma = true, .vfio = true, .probe = vfio_probe },
	{ "mlx5-vfio-pci", .managed_dma = true, .vfio = true, .probe = vfio_probe },
	{ "pds-vfio-pci", .managed_dma = true, .vfio = true, .probe = vfio_probe },
	{ "qat_vfio_pci", .managed_dma = true, .vfio = true, .probe = vfio_probe },
	{ "virtio-vfio-pci", .managed_dma = true, .vfio = true, .probe = vfio_probe },
	{ "pci-stub", .managed_dma = true, .claimed = "claimed by stub" },
	{ "pci-pf-stub", .claimed = "claimed by pci-pf-stub" },
	{ "pcieport", .port = true, .whole = true, .managed_dma = true, .enables = true, .ids = port_ids, .n_ids = ARRAY_SIZE(port_ids),
	  .probe = port_probe },
	{ "i40e", .enables = true, .takes_vfs = true, .at_resets = true },
	{ "ice", .enables = true, .takes_vfs = true, .at_resets = true },
	{ "igb", .enables = true, .takes_vfs = true },
	{ "ixgbe", .enables = true, .takes_vfs = true },
	{ "mlx5_core", .enables = true, .takes_vfs = true },
	{ "nvme", .enables = true, .at_resets = true, .async = true, .probe = nvme_probe },
	{ "shpchp", .enables = true, .whole = true, .ids = shpc_ids, .n_ids = ARRAY_SIZE(shpc_ids), .decides = true, .probe = shpc_probe },
	{ NULL, .enables = true },
};
/* clang-format on */

const struct driver_traits *driver_traits_of(const char *name)
{
	const struct driver_traits *t = traits;

	while (t->name && !streq(t->name, name))
		t++;
	return t;
}
