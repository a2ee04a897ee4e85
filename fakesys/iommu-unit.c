/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/devices/virtual/iommu/dmarN/intel-iommu (drivers/iommu/intel/iommu.c) and
 * .../iommu/ivhdN/amd-iommu (drivers/iommu/amd/init.c). Their registers are known from
 * the line that the kernel writes about each unit. Node: i = sim.units.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/iommu-model.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"

struct registers {
	uint64_t base, cap, ecap;
	unsigned major, minor;
};

/* drivers/iommu/intel/dmar.c:alloc_iommu */
static bool read_registers(const struct sim *s, uint32_t unit, struct registers *ret)
{
	const char *name = s->units.v[unit].name;

	for (size_t i = 0; i < s->m->klog.n; i++) {
		const char *p = strstr(s->m->klog.v[i], "DMAR: ");

		p = p ? after_prefix(p + 6, name) : NULL;
		if (p && sscanf(p,
				": reg_base_addr %" SCNx64 " ver %x:%x cap %" SCNx64
				" ecap %" SCNx64,
				&ret->base, &ret->major, &ret->minor, &ret->cap,
				&ret->ecap) == 5)
			return true;
	}
	return false;
}

/* drivers/iommu/intel/dmar.c:map_iommu: to the last register that cap and ecap name. */
bool iommu_unit_range(const struct sim *s, uint32_t unit, uint64_t *ret_start,
		      uint64_t *ret_end)
{
	uint64_t iotlb, faults, size;
	struct registers r;

	if (!streq(s->units.v[unit].kind, "intel") || !read_registers(s, unit, &r))
		return false;
	iotlb = (r.ecap >> 8 & 0x3ff) * 16 + 16;
	faults = (r.cap >> 24 & 0x3ff) * 16 + ((r.cap >> 40 & 0xff) + 1) * 16;
	size = iotlb > faults ? iotlb : faults;
	*ret_start = r.base;
	*ret_end = r.base + ((size + 0xfff) & ~0xfffull) - 1;
	return true;
}

bool iommu_unit_known(const struct sim *s, const struct node *dir, const struct attr *a)
{
	struct registers r;

	(void)a;
	return streq(s->units.v[dir->i].kind, "intel") && read_registers(s, dir->i, &r);
}

static ssize_t put_hex_line(char *buf, uint64_t v)
{
	return snprintf(buf, SIM_PAGE, "%" PRIx64 "\n", v);
}

enum { UNIT_ADDRESS, UNIT_CAP, UNIT_ECAP };

static ssize_t show_register(struct sim *s, const struct node *dir, const struct attr *a,
			     char buf[static SIM_PAGE])
{
	struct registers r = { 0 };
	const uint64_t *const values[] = {
		[UNIT_ADDRESS] = &r.base,
		[UNIT_CAP] = &r.cap,
		[UNIT_ECAP] = &r.ecap,
	};

	(void)read_registers(s, dir->i, &r);
	return put_hex_line(buf, *values[a->arg]);
}

static ssize_t show_version(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	struct registers r = { 0 };

	(void)a;
	(void)read_registers(s, dir->i, &r);
	return snprintf(buf, SIM_PAGE, "%u:%u\n", r.major, r.minor);
}

/* cap_ndoms(): 4 bits and two more for each step. */
static ssize_t show_supported(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	struct registers r = { 0 };

	(void)a;
	(void)read_registers(s, dir->i, &r);
	return snprintf(buf, SIM_PAGE, "%lu\n", 1ul << (4 + 2 * (r.cap & 7)));
}

static bool serves(const struct sim *s, const struct sim_group *g, uint32_t unit)
{
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t fn = s->members[g->first + i];

		if (!s->fns[fn].gone && s->places[fn].unit == unit)
			return true;
	}
	return false;
}

/* One id for each group with a domain of its own. */
static ssize_t show_used(struct sim *s, const struct node *dir, const struct attr *a,
			 char buf[static SIM_PAGE])
{
	unsigned n = s->profile->reserved_domains;

	bool direct = false;

	(void)a;
	for (size_t i = 0; i < s->groups.n; i++) {
		const struct sim_group *g = &s->groups.v[i];

		if (!iommu_group_present(s, g) || !serves(s, g, dir->i))
			continue;
		n += after_prefix(g->type, "DMA") != NULL;
		direct |= streq(g->type, "identity");
	}
	n += direct && s->profile->identity_takes_id;
	return snprintf(buf, SIM_PAGE, "%u\n", n);
}

/* clang-format off */
static const struct attr intel_rows[] = {
	{ "address", .mode = 0444, .show = show_register, .arg = UNIT_ADDRESS },
	{ "cap", .mode = 0444, .show = show_register, .arg = UNIT_CAP },
	{ "domains_supported", .mode = 0444, .show = show_supported },
	{ "domains_used", .mode = 0444, .show = show_used },
	{ "ecap", .mode = 0444, .show = show_register, .arg = UNIT_ECAP },
	{ "version", .mode = 0444, .show = show_version },
};
/* clang-format on */
const struct dir_kind dir_unit_intel = {
	.name = "intel-iommu",
	.parent = &dir_unit,
	.attrs = ATTRS(intel_rows),
};

/* --- AMD's --- */

/* drivers/iommu/amd/init.c:print_iommu_info; all units have the same. */
static bool read_features(const struct sim *s, uint64_t *ret, uint64_t *ret2)
{
	for (size_t i = 0; i < s->m->klog.n; i++) {
		const char *p = strstr(s->m->klog.v[i], "AMD-Vi: Extended features (");

		if (p &&
		    sscanf(strchr(p, '('), "(%" SCNx64 ", %" SCNx64 ")", ret, ret2) == 2)
			return true;
	}
	return false;
}

/* The header of the capability that an IOMMU has: AMD I/O Virtualization 3.2.1. */
static uint32_t amd_cap(const struct sim *s, uint32_t unit)
{
	uint32_t fn = s->units.v[unit].fn;
	struct blob config = { 0 };
	uint32_t at = 0;

	if (fn != SIM_NONE) {
		config = s->m->fns.v[fn].config;
		at = cfg_find_cap(config, PCI_CAP_ID_SECURE);
	}
	return at ? cfg_u32(config, at) : 0;
}

bool iommu_amd_known(const struct sim *s, const struct node *dir, const struct attr *a)
{
	uint64_t f, f2;

	(void)a;
	return streq(s->units.v[dir->i].kind, "amd") && amd_cap(s, dir->i) &&
	       read_features(s, &f, &f2);
}

static ssize_t show_amd_cap(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)a;
	return put_hex_line(buf, amd_cap(s, dir->i));
}

static ssize_t show_features(struct sim *s, const struct node *dir, const struct attr *a,
			     char buf[static SIM_PAGE])
{
	bool swapped = s->profile->features2_first;
	uint64_t f = 0, f2 = 0;

	(void)dir, (void)a;
	(void)read_features(s, &f, &f2);
	return snprintf(buf, SIM_PAGE, "%" PRIx64 ":%" PRIx64 "\n", swapped ? f2 : f,
			swapped ? f : f2);
}

static const struct attr amd_rows[] = {
	{ "cap", .mode = 0444, .show = show_amd_cap },
	{ "features", .mode = 0444, .show = show_features },
};
const struct dir_kind dir_unit_amd = {
	.name = "amd-iommu",
	.parent = &dir_unit,
	.attrs = ATTRS(amd_rows),
};
