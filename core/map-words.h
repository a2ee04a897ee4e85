/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map-words - what stands on the cards of a map, as short as it can be said. */
#pragma once

#include "core/map.h"

/* What a function is: "VGA", "NVMe", "Ethernet", "class 0b40"; in @a. */
const char *map_class_word(struct arena *a, const struct pci_fn *fn);
/* Of a bridge: "root port", "switch up", "switch down", "PCIe to PCI", ...; NULL: none.
 */
const char *map_port_word(const struct map *map, uint32_t fn);
/* "slot 3", in @a; NULL: it has no slot. */
const char *map_slot_word(struct arena *a, const struct map *map, uint32_t fn);

enum map_acs {
	MAP_ACS_ON,       /* keeps apart */
	MAP_ACS_OFF,      /* does not: bits are off, or there is none */
	MAP_ACS_PROMISED, /* an override says so */
	MAP_ACS_IDLE,     /* means nothing for it */
};
/* "ACS on", "ACS lacks SrcValid", "no ACS", "ACS by quirk", "ACS override"; with "?"
 * where it is assumed. In @a. */
const char *map_acs_word(struct arena *a, const struct map *map, uint32_t fn,
			 enum map_acs *ret);
/* "alone", "with 2 more", "stays", "pinned", "no IOMMU"; in @a. */
const char *map_verdict_word(struct arena *a, const struct map *map, uint32_t fn);
/* "/, swap", in @a; "": the host does not use it. */
const char *map_uses_word(struct arena *a, const struct map *map, uint32_t fn);
/* What a card in the free slot behind @fn would have: "its own group", "joins group 14".
 */
const char *map_free_word(struct arena *a, const struct map *map, uint32_t fn);
