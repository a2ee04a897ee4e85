/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drivers/pci/quirks.c:pci_dev_acs_enabled[]: the same in 6.1, 6.12, 7.2 and 7.3. The
 * kernel asks its rows in order until one has an opinion; all we ask about is
 * ACS_ISOLATION, so a function of its there is a column here.
 */
#include <pci/header.h>

#include "core/acs-internal.h"

enum quirk_rule {
	ISOLATES,
	NEVER,
	INTEL_PCH, /* if the chipset's registers could be set at boot */
	INTEL_SPT, /* its capability has registers of 32 bits, 4 bytes apart */
	AMD_SB,    /* on root bus 0 of a machine with an IOMMU */
};

#define T(type) (1u << PCI_EXP_TYPE_##type)
#define ANY_TYPE 0u
#define ANY_ID 0x0000, 0xffff, 1

static const struct quirk {
	uint16_t vendor, first, last, step; /* device ids first, first + step ... last */
	uint32_t types;                     /* port types it is asked of; ANY_TYPE: all */
	enum quirk_rule rule;
	const char *name;
} quirks[] = {
/* clang-format off */
#define ONE(id) id, id, 1
#define MF "functions without peer-to-peer"
#define RP "root port"
	{ 0x1002, ONE(0x4385), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1002, ONE(0x439c), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1002, ONE(0x4383), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1002, ONE(0x439d), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1002, ONE(0x4384), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1002, ONE(0x4399), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1022, ONE(0x780f), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1022, ONE(0x7809), ANY_TYPE, AMD_SB, "AMD southbridge" },
	{ 0x1924, 0x0903, 0x0923, 0x20, ANY_TYPE, ISOLATES, MF },
	{ 0x1924, ONE(0x0a03), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x10c6), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x10db, 0x10dd, 2, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x10e1), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x10f1), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x10f7, 0x10fc, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1507), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1514), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x151c), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1529), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x152a), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x154d, 0x1551, 2, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1558), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1509), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x150e, 0x1511, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1516), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1527), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x10c9), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x10e6, 0x10e8, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x150a), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x150d), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1518), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x1526), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x10a7, 0x10a9, 2, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x10d6), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x1521, 0x1524, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x105e, 0x1060, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ONE(0x10d9), ANY_TYPE, ISOLATES, MF },
	{ 0x8086, 0x15b7, 0x15b8, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x8086, ANY_ID, T(ROOT_INT_EP), ISOLATES, "Intel integrated endpoint" },
	{ 0x17cb, 0x0400, 0x0401, 1, ANY_TYPE, ISOLATES, "Qualcomm " RP },
	{ 0x17cb, ONE(0x0115), ANY_TYPE, ISOLATES, "Qualcomm " RP },
	{ 0x17cb, 0x0111, 0x0120, 0xf, ANY_TYPE, ISOLATES, "Qualcomm " RP },
	{ 0x1dbf, ONE(0x0401), ANY_TYPE, ISOLATES, "Qualcomm " RP },
#define PCH(first, last, step) \
	{ 0x8086, first, last, step, T(ROOT_PORT), INTEL_PCH, "Intel PCH " RP }
	PCH(0x3b42, 0x3b51, 1), PCH(0x1c10, 0x1c1f, 1), PCH(0x1e10, 0x1e1f, 1),
	PCH(0x8c10, 0x8c1f, 1), PCH(0x9c10, 0x9c1b, 1), PCH(0x9c90, 0x9c9b, 1),
	PCH(0x1d10, 0x1d1e, 2), PCH(0x8d10, 0x8d1e, 1), PCH(0x8c90, 0x8c9e, 2),
#define SPT(first, last) \
	{ 0x8086, first, last, 1, T(ROOT_PORT), INTEL_SPT, "Intel SPT PCH " RP }
	SPT(0xa110, 0xa11f), SPT(0xa167, 0xa16a), SPT(0xa290, 0xa29f),
	SPT(0xa2e7, 0xa2ee), SPT(0x9d10, 0x9d1b),
	{ 0x19a2, ONE(0x0710), ANY_TYPE, ISOLATES, MF },
	{ 0x10df, ONE(0x0720), ANY_TYPE, ISOLATES, MF },
	{ 0x177d, 0xa000, 0xa7ff, 1, T(ROOT_PORT), ISOLATES, "Cavium " RP },
	{ 0x177d, ONE(0xaf84), T(ROOT_PORT), ISOLATES, "Cavium " RP },
	{ 0x177d, ONE(0xb884), T(ROOT_PORT), ISOLATES, "Cavium " RP },
	{ 0x177d, ONE(0xa026), ANY_TYPE, ISOLATES, MF },
	{ 0x177d, 0xa059, 0xa060, 7, ANY_TYPE, ISOLATES, MF },
	{ 0x10e8, ONE(0xe004), ANY_TYPE, ISOLATES, "APM X-Gene " RP },
	{ 0x1def, 0xe005, 0xe00c, 1, ANY_TYPE, ISOLATES, "Ampere " RP },
	{ 0x14e4, ONE(0x16d7), ANY_TYPE, ISOLATES, MF },
	{ 0x14e4, 0x1750, 0x1752, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x14e4, 0x1760, 0x1763, 1, ANY_TYPE, ISOLATES, MF },
	{ 0x14e4, ONE(0xd714), ANY_TYPE, ISOLATES, "Broadcom " RP },
	{ 0x0014, 0x3c09, 0x3c29, 0x10, ANY_TYPE, ISOLATES, "Loongson " RP },
	{ 0x0014, 0x7a09, 0x7a69, 0x10, ANY_TYPE, ISOLATES, "Loongson " RP },
	{ 0x1c36, ONE(0x0031), T(ROOT_PORT), ISOLATES, "Annapurna Labs " RP },
	{ 0x1d17, ONE(0x3038), ANY_TYPE, ISOLATES, MF },
	{ 0x1d17, ONE(0x3104), ANY_TYPE, ISOLATES, MF },
	{ 0x1d17, ONE(0x9083), ANY_TYPE, ISOLATES, MF },
	{ 0x1957, 0x8d80, 0x8d83, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8d88, 0x8d8b, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8d90, 0x8d93, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8d98, 0x8d9b, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8da0, 0x8da1, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8da8, 0x8da9, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8db0, 0x8db1, 1, ANY_TYPE, ISOLATES, "NXP " RP },
	{ 0x1957, 0x8db8, 0x8db9, 1, ANY_TYPE, ISOLATES, "NXP " RP },
#define ZX(first, last) { 0x1d17, first, last, 1, T(ROOT_PORT) | T(DOWNSTREAM), ISOLATES, "Zhaoxin port" }
	ZX(0x0710, 0x071e), ZX(0x0721, 0x0721), ZX(0x0723, 0x0752),
	{ 0x1d17, ANY_ID, T(ROOT_PORT) | T(DOWNSTREAM), NEVER, "Zhaoxin port" },
	{ 0x8088, 0x0100, 0x010f, 1, ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, 0x1001, 0x2001, 0x1000, ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, ONE(0x5010), ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, ONE(0x5025), ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, ONE(0x5040), ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, 0x5110, 0x5140, 0x30, ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, ONE(0x5125), ANY_TYPE, ISOLATES, "Wangxun network card" },
	{ 0x8088, ANY_ID, ANY_TYPE, NEVER, "Wangxun device" },
	/* clang-format on */
};

static bool matches(const struct quirk *q, const struct pci_fn *f, int type)
{
	uint32_t id = f->id.device;

	return q->vendor == f->id.vendor && q->first <= id && id <= q->last &&
	       (id - q->first) % q->step == 0 &&
	       (!q->types || (type >= 0 && q->types >> type & 1));
}

/*
 * quirks.c:pci_quirk_intel_spt_pch_acs. Its control register stands where lspci decodes
 * nothing; from text alone it reads 0, which it never is with an IOMMU on.
 */
static bool judge_spt(const struct acs *acs, uint32_t fn, struct acs_state *ret)
{
	const struct pci_fn *f = &acs->t->m->fns.v[fn];
	uint32_t at = cfg_find_ext_cap(f->config, PCI_EXT_CAP_ID_ACS), ctrl;

	if (!at) {
		if (f->config.len > PCI_CFG_SPACE_SIZE)
			return false; /* pci_quirk_intel_spt_pch_acs_match, -ENOTTY */
		return ret->on = ret->assumed = true;
	}
	ret->cap = (uint16_t)cfg_u32(f->config, at + PCI_ACS_CAP);
	ctrl = cfg_u32(f->config, at + ACS_SPT_CTRL);
	ret->assumed = acs->registers == ACS_AS_RECORDED && !ctrl;
	if (acs->registers != ACS_AS_RECORDED || !ctrl)
		ctrl |= ret->cap & ACS_ISOLATION;
	/* Whatever is asked for, pci_quirk_disable_intel_spt_pch_acs_redir is all it
	 * gets. */
	if (acs_option_names(acs, fn))
		ctrl &= ~(uint32_t)ACS_REDIRECT;
	ret->ctrl = (uint16_t)ctrl;
	ret->missing = (uint16_t)(ACS_ISOLATION & ret->cap & ~ret->ctrl);
	ret->on = !ret->missing;
	return true;
}

static bool judge(const struct acs *acs, uint32_t fn, const struct quirk *q,
		  struct acs_state *ret)
{
	switch (q->rule) {
	case ISOLATES:
	case NEVER:
		ret->on = q->rule == ISOLATES;
		return true;
	case INTEL_PCH:
		ret->on = !acs->pch_failed;
		return true;
	case INTEL_SPT:
		return judge_spt(acs, fn, ret);
	case AMD_SB:
		ret->on = true;
		return topology_is_multifunction(acs->t, fn) &&
		       acs->t->up[fn] == FN_NONE && acs->ivrs;
	}
	return false;
}

bool acs_by_quirk(const struct acs *acs, uint32_t fn, int type, struct acs_state *ret)
{
	const struct pci_fn *f = &acs->t->m->fns.v[fn];

	for (const struct quirk *q = quirks; q < quirks + ARRAY_SIZE(quirks); q++) {
		struct acs_state s = { .why = ACS_QUIRK, .quirk = q->name };

		if (!matches(q, f, type) || !judge(acs, fn, q, &s))
			continue;
		*ret = s;
		return true;
	}
	return false;
}
