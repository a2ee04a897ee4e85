/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pci/header.h>

#include "core/map-words.h"

#define CLASS_NVME 0x0108

/* The first that matches, with the bits of @mask. */
static const struct {
	uint16_t class, mask;
	const char *word;
} classes[] = {
	/* clang-format off */
	{ PCI_CLASS_STORAGE_SCSI, 0xffff, "SCSI" },
	{ PCI_CLASS_STORAGE_IDE, 0xffff, "IDE" },
	{ PCI_CLASS_STORAGE_RAID, 0xffff, "RAID" },
	{ PCI_CLASS_STORAGE_SATA, 0xffff, "SATA" },
	{ PCI_CLASS_STORAGE_SAS, 0xffff, "SAS" },
	{ CLASS_NVME, 0xffff, "NVMe" },
	{ PCI_BASE_CLASS_STORAGE << 8, 0xff00, "storage" },
	{ PCI_CLASS_NETWORK_ETHERNET, 0xffff, "Ethernet" },
	{ 0x0207, 0xffff, "InfiniBand" },
	{ PCI_BASE_CLASS_NETWORK << 8, 0xff00, "network" },
	{ PCI_CLASS_DISPLAY_VGA, 0xffff, "VGA" },
	{ PCI_CLASS_DISPLAY_3D, 0xffff, "3D" },
	{ PCI_BASE_CLASS_DISPLAY << 8, 0xff00, "display" },
	{ PCI_CLASS_MULTIMEDIA_AUDIO, 0xffff, "audio" },
	{ PCI_CLASS_MULTIMEDIA_AUDIO_DEV, 0xffff, "audio" },
	{ PCI_CLASS_MULTIMEDIA_VIDEO, 0xffff, "video" },
	{ PCI_BASE_CLASS_MULTIMEDIA << 8, 0xff00, "multimedia" },
	{ PCI_BASE_CLASS_MEMORY << 8, 0xff00, "memory" },
	{ PCI_CLASS_BRIDGE_HOST, 0xffff, "host bridge" },
	{ PCI_CLASS_BRIDGE_ISA, 0xffff, "ISA bridge" },
	{ PCI_CLASS_BRIDGE_PCI, 0xffff, "PCI bridge" },
	{ PCI_CLASS_BRIDGE_CARDBUS, 0xffff, "CardBus" },
	{ PCI_BASE_CLASS_BRIDGE << 8, 0xff00, "bridge" },
	{ PCI_CLASS_COMMUNICATION_SERIAL, 0xffff, "serial" },
	{ PCI_BASE_CLASS_COMMUNICATION << 8, 0xff00, "comm." },
	{ PCI_CLASS_SYSTEM_PIC, 0xffff, "PIC" },
	{ 0x0805, 0xffff, "SD host" },
	{ CLASS_IOMMU, 0xffff, "IOMMU" },
	{ PCI_BASE_CLASS_SYSTEM << 8, 0xff00, "system" },
	{ PCI_BASE_CLASS_INPUT << 8, 0xff00, "input" },
	{ PCI_BASE_CLASS_PROCESSOR << 8, 0xff00, "processor" },
	{ PCI_CLASS_SERIAL_FIREWIRE, 0xffff, "FireWire" },
	{ PCI_CLASS_SERIAL_USB, 0xffff, "USB" },
	{ PCI_CLASS_SERIAL_FIBER, 0xffff, "Fibre Ch." },
	{ PCI_CLASS_SERIAL_SMBUS, 0xffff, "SMBus" },
	{ PCI_BASE_CLASS_SERIAL << 8, 0xff00, "serial bus" },
	{ PCI_BASE_CLASS_WIRELESS << 8, 0xff00, "wireless" },
	{ PCI_BASE_CLASS_CRYPT << 8, 0xff00, "crypto" },
	{ PCI_BASE_CLASS_SIGNAL << 8, 0xff00, "signal" },
	{ 0x1200, 0xff00, "accelerator" },
	{ 0x1300, 0xff00, "instrument" },
	{ 0x0000, 0xff00, "unclassified" },
	/* clang-format on */
};

const char *map_class_word(struct arena *a, const struct pci_fn *fn)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if ((fn_class(fn) & classes[i].mask) == classes[i].class)
			return classes[i].word;
	return arena_printf(a, "class %04x", fn_class(fn));
}

static bool is_bridge(const struct map *map, uint32_t fn)
{
	const struct pci_fn *f = &map->groups.g.m->fns.v[fn];

	return cfg_is_bridge(f->config) || fn_class(f) == PCI_CLASS_BRIDGE_PCI;
}

const char *map_port_word(const struct map *map, uint32_t fn)
{
	if (!is_bridge(map, fn))
		return NULL;
	switch (acs_port_type(&map->groups.g.acs, fn)) {
	case PCI_EXP_TYPE_ROOT_PORT:
		return "root port";
	case PCI_EXP_TYPE_UPSTREAM:
		return "switch, up";
	case PCI_EXP_TYPE_DOWNSTREAM:
		return "switch, down";
	case PCI_EXP_TYPE_PCI_BRIDGE:
		return "PCIe to PCI";
	case PCI_EXP_TYPE_PCIE_BRIDGE:
		return "PCI to PCIe";
	default:
		return "PCI bridge";
	}
}

const char *map_slot_word(struct arena *a, const struct map *map, uint32_t fn)
{
	struct blob c = map->groups.g.m->fns.v[fn].config;
	uint32_t exp = cfg_find_cap(c, PCI_CAP_ID_EXP), number;
	int type = cfg_pcie_type(c);

	if ((type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM) ||
	    !(cfg_u16(c, exp + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT))
		return NULL;
	number = (cfg_u32(c, exp + PCI_EXP_SLTCAP) & PCI_EXP_SLTCAP_PSN) >> 19;
	/* All ones: its registers were not recorded that far. */
	return number && exp + PCI_EXP_SLTCAP + 4 <= c.len
		       ? arena_printf(a, "slot %u", number)
		       : "slot";
}

static const char *control_word(struct arena *a, const struct acs_state *s)
{
	uint16_t can = s->cap & ACS_ISOLATION;

	if (s->on)
		return "ACS on";
	if (s->missing == can)
		return "ACS off";
	return arena_printf(a, "ACS lacks %s", acs_bits(a, s->missing));
}

const char *map_acs_word(struct arena *a, const struct map *map, uint32_t fn,
			 enum map_acs *ret)
{
	const struct acs_state *s = &map->groups.g.isolation[fn];
	const char *word = "";

	*ret = s->on ? MAP_ACS_ON : MAP_ACS_OFF;
	switch (s->why) {
	case ACS_CONTROL:
		word = control_word(a, s);
		break;
	case ACS_ABSENT:
		word = "no ACS";
		break;
	case ACS_BRIDGE:
	case ACS_LEGACY:
		word = "no ACS: PCI";
		break;
	case ACS_QUIRK:
		word = s->on ? "ACS by quirk" : "quirk: no ACS";
		break;
	case ACS_OVERRIDE:
		*ret = MAP_ACS_PROMISED;
		word = "ACS override";
		break;
	case ACS_SINGLE:
	case ACS_NO_NEED:
		*ret = MAP_ACS_IDLE;
		word = "needs no ACS";
		break;
	}
	return s->assumed ? arena_printf(a, "%s?", word) : word;
}

const char *map_verdict_word(struct arena *a, const struct map *map, uint32_t fn)
{
	const struct verdict_of *v = &map->verdicts[fn];

	switch (v->verdict) {
	case VERDICT_ALONE:
		return "alone";
	case VERDICT_TOGETHER:
		return arena_printf(a, "with %u more", v->with);
	case VERDICT_STAYS:
		return "stays";
	case VERDICT_PINNED:
		return "pinned";
	case VERDICT_NO_GROUP:
		return fn_class(&map->groups.g.m->fns.v[fn]) == CLASS_IOMMU ? "stays"
									    : "no IOMMU";
	}
	return "";
}

const char *map_uses_word(struct arena *a, const struct map *map, uint32_t fn)
{
	const struct guard_use *u;
	const char *text = "";

	for (size_t i = 0; (u = map_use(map, fn, i)); i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", u->word);
	return text;
}

const char *map_free_word(struct arena *a, const struct map *map, uint32_t fn)
{
	const struct grouping *g = &map->groups.g;
	int k = g->fns[fn].group;

	if (k == GROUP_NONE)
		return "no IOMMU";
	if (g->blocked[fn] == FN_NONE)
		return "its own group";
	return arena_printf(a, "joins group %d", map->groups.ids[k]);
}
