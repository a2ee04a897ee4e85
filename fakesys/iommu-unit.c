/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/devices/virtual/iommu/dmarN/intel-iommu (drivers/iommu/intel/iommu.c). Its
 * registers are known from the line that the kernel writes about each unit. Node: i =
 * sim.units.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

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

	(void)a;
	for (size_t i = 0; i < s->groups.n; i++)
		n += iommu_group_present(s, &s->groups.v[i]) &&
		     after_prefix(s->groups.v[i].type, "DMA") &&
		     serves(s, &s->groups.v[i], dir->i);
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
