/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernels make of the options that matter to the IOMMU, and what they say of them.
 */
#include <ctype.h>

#include "core/cmdline.h"

/* What one element of an option's comma list does; the kernel compares only its start. */
enum effect {
	E_NONE, /* known, no matter here */
	E_INTEL_ON,
	E_INTEL_OFF,
	E_AMD_OFF,
	E_OFF,
	E_FORCE,
	E_NOFORCE,
	E_PT,
	E_NOPT,
	E_STRICT,
	E_LAZY,
	E_DRIVER_STRICT,
	E_IR_ON,
	E_IR_OFF,
	E_ACS,
};

static const struct option {
	const char *key;
	const char *prefix; /* "": any value, or none; NULL: a yes or no */
	enum effect effect, no;
	const char *says;
} options[] = {
	/* clang-format off */
	/* drivers/iommu/intel/iommu.c:intel_iommu_setup, in its order */
	{ "intel_iommu", "on", E_INTEL_ON, .says = "DMAR: IOMMU enabled" },
	{ "intel_iommu", "off", E_INTEL_OFF, .says = "DMAR: IOMMU disabled" },
	{ "intel_iommu", "igfx_off", .says = "DMAR: Disable GFX device mapping" },
	{ "intel_iommu", "intgpu_off", .says = "DMAR: Disable integrated GPU device mapping" }, /* Debian's */
	{ "intel_iommu", "forcedac", .says = "DMAR: intel_iommu=forcedac deprecated; use iommu.forcedac instead" },
	{ "intel_iommu", "strict", E_DRIVER_STRICT, .says = "DMAR: intel_iommu=strict deprecated; use iommu.strict=1 instead" },
	{ "intel_iommu", "sp_off", .says = "DMAR: Disable supported super page" },
	{ "intel_iommu", "sm_on", .says = "DMAR: Enable scalable mode if hardware supports" },
	{ "intel_iommu", "sm_off", .says = "DMAR: Scalable mode is disallowed" },
	{ "intel_iommu", "tboot_noforce", .says = "DMAR: Intel-IOMMU: not forcing on after tboot. This could expose security risk for tboot" },
	/* drivers/iommu/amd/init.c:parse_amd_iommu_options */
	{ "amd_iommu", "fullflush", E_DRIVER_STRICT, .says = "AMD-Vi: amd_iommu=fullflush deprecated; use iommu.strict=1 instead" },
	{ "amd_iommu", "force_enable" },	  { "amd_iommu", "off", E_AMD_OFF },
	{ "amd_iommu", "force_isolation" },	  { "amd_iommu", "pgtbl_v1" },
	{ "amd_iommu", "pgtbl_v2" },		  { "amd_iommu", "irtcachedis" },
	{ "amd_iommu", "nohugepages", .says = "AMD-Vi: Restricting V1 page-sizes to 4KiB" },
	{ "amd_iommu", "v2_pgsizes_only", .says = "AMD-Vi: Restricting V1 page-sizes to 4KiB/2MiB/1GiB" },
	/* arch/x86/kernel/pci-dma.c:iommu_setup and amd_gart_64.c:gart_parse_options */
	{ "iommu", "off", E_OFF },		  { "iommu", "force", E_FORCE },
	{ "iommu", "noforce", E_NOFORCE },	  { "iommu", "pt", E_PT },
	{ "iommu", "nopt", E_NOPT },		  { "iommu", "biomerge" },
	{ "iommu", "panic" },			  { "iommu", "nopanic" },
	{ "iommu", "merge" },			  { "iommu", "nomerge" },
	{ "iommu", "allowdac" },		  { "iommu", "nodac" },
	{ "iommu", "usedac" },			  { "iommu", "soft" },
	{ "iommu", "fullflush" },		  { "iommu", "nofullflush" },
	{ "iommu", "noagp" },			  { "iommu", "noaperture" },
	{ "iommu", "memaper" },			  { "iommu", "leak" },
	/* drivers/iommu/iommu.c:iommu_set_def_domain_type, iommu_dma_setup */
	{ "iommu.passthrough", NULL, E_PT, E_NOPT },
	{ "iommu.strict", NULL, E_STRICT, E_LAZY },
	/* drivers/iommu/irq_remapping.c:setup_irqremap, setup_nointremap */
	{ "intremap", "on", E_IR_ON },		  { "intremap", "off", E_IR_OFF },
	{ "intremap", "nosid" },		  { "intremap", "no_x2apic_optout" },
	{ "intremap", "nopost" },		  { "intremap", "posted_msi" },
	{ "nointremap", "", E_IR_OFF },
	/* not in any mainline kernel: a patch of Proxmox and others */
	{ "pcie_acs_override", "", E_ACS },
	/* clang-format on */
};

/* Keys whose parser names what it does not know, with all that follows in the list. */
static const struct {
	const char *key, *who;
} complaints[] = {
	{ "intel_iommu", "DMAR" },
	{ "amd_iommu", "AMD-Vi" },
};

/* Elements that turn off cannot be taken back, except Intel's. */
static void take_effect(enum effect e, struct iommu_request *r)
{
	switch (e) {
	case E_NONE:
		break;
	case E_INTEL_ON:
	case E_INTEL_OFF:
		r->intel = e == E_INTEL_ON;
		break;
	case E_AMD_OFF:
		r->amd = 0;
		break;
	case E_OFF:
		r->all = 0;
		break;
	case E_FORCE:
	case E_NOFORCE:
		if (r->all != 0)
			r->all = e == E_FORCE ? 1 : -1;
		break;
	case E_PT:
	case E_NOPT:
		r->passthrough = e == E_PT;
		r->type_told = true;
		break;
	case E_STRICT:
	case E_LAZY:
		r->strict = e == E_STRICT;
		break;
	case E_DRIVER_STRICT:
		r->strict_driver = true;
		break;
	case E_IR_ON:
	case E_IR_OFF:
		r->intremap_off = e == E_IR_OFF;
		break;
	case E_ACS:
		r->acs_override = true;
		break;
	}
}

struct reader {
	struct arena *a;
	struct iommu_request r;
	strings intel_off;
	bool known, off, intel_off_word; /* of the word under way */
};

/* lib/kstrtox.c:kstrtobool: 1, 0, or -1. */
static int yes_or_no(const char *text)
{
	static const char yes[] = "yYtT1", no[] = "nNfF0";

	if (*text && strchr(yes, *text))
		return 1;
	if (*text && strchr(no, *text))
		return 0;
	if (tolower((unsigned char)text[0]) != 'o')
		return -1;
	return tolower((unsigned char)text[1]) == 'n'   ? 1
	       : tolower((unsigned char)text[1]) == 'f' ? 0
							: -1;
}

/* The row for the start of @text, and what it does. */
static const struct option *find_element(const char *key, const char *text,
					 enum effect *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		int yes = 1;

		if (!cmdline_key_is(key, o->key))
			continue;
		if (!o->prefix ? (yes = yes_or_no(text)) < 0
			       : !after_prefix(text, o->prefix))
			continue;
		*ret = yes ? o->effect : o->no;
		return o;
	}
	return NULL;
}

static void complain(struct reader *rd, const char *key, const char *rest)
{
	for (size_t i = 0; i < ARRAY_SIZE(complaints); i++)
		if (*rest && cmdline_key_is(key, complaints[i].key))
			*vec_push(rd->a, &rd->r.says) =
				arena_printf(rd->a, "%s: Unknown option - '%s'",
					     complaints[i].who, rest);
}

/* @rest: the element and all that follows it. */
static void read_element(struct reader *rd, const char *key, const char *rest)
{
	enum effect e = E_NONE;
	const struct option *o = find_element(key, rest, &e);

	/* gart_parse_options takes a size. */
	if (!o && cmdline_key_is(key, "iommu") && isdigit((unsigned char)*rest)) {
		rd->known = true;
		return;
	}
	if (!o) {
		complain(rd, key, rest);
		return;
	}
	take_effect(e, &rd->r);
	if (o->says)
		*vec_push(rd->a, &rd->r.says) = o->says;
	rd->known = true;
	rd->intel_off_word |= e == E_INTEL_OFF;
	rd->off |= e == E_INTEL_OFF || e == E_AMD_OFF || e == E_OFF;
}

static bool is_ours(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (cmdline_key_is(key, options[i].key))
			return true;
	return false;
}

static void read_word(void *arg, const char *word, const char *key, const char *value)
{
	const char *rest = value ? value : "";
	struct reader *rd = arg;

	if (!is_ours(key))
		return;
	rd->known = rd->off = rd->intel_off_word = false;
	do {
		read_element(rd, key, rest);
		rest += strcspn(rest, ",");
		rest += strspn(rest, ",");
	} while (*rest);
	if (rd->intel_off_word)
		*vec_push(rd->a, &rd->intel_off) = word;
	else if (rd->off)
		*vec_push(rd->a, &rd->r.off_words) = word;
	else if (!rd->known)
		*vec_push(rd->a, &rd->r.useless) = word;
}

void cmdline_iommu(struct arena *a, const char *cmdline, struct iommu_request *ret)
{
	struct reader rd = {
		.a = a,
		.r = { .intel = -1, .amd = -1, .all = -1, .strict = -1 },
	};

	cmdline_each(a, cmdline, read_word, &rd);
	/* A later intel_iommu=on undoes them. */
	if (rd.r.intel == 0)
		vec_foreach(s, &rd.intel_off)
			*vec_push(a, &rd.r.off_words) = *s;
	*ret = rd.r;
}

bool cmdline_acs_known(const char *release, const strings *klog)
{
	static const char *const tags[] = { "-pve",     "zen",     "lqx",
					    "liquorix", "vfio",    "acs",
					    "xanmod",   "cachyos", "unraid" };

	vec_foreach(line, klog)
		if (strstr(*line, "PCIe ACS overrides enabled"))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (strcasestr(release, tags[i]))
			return true;
	return false;
}
