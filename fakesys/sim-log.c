/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/cmdline.h"
#include "fakesys/sim-internal.h"

void sim_log(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*vec_push(s->run, &s->klog) = arena_vprintf(s->run, fmt, ap);
	va_end(ap);
}

const char *sim_fn_name(struct sim *s, uint32_t fn, const char *driver)
{
	char bdf[BDF_SIZE];

	/* drivers/base/core.c:dev_driver_string: the bus's name without a driver. */
	return arena_printf(s->run, "%s %s", driver ? driver : "pci",
			    bdf_format(s->m->fns.v[fn].bdf, bdf));
}

void sim_log_fn(struct sim *s, uint32_t fn, const char *fmt, ...)
{
	const struct sim_driver *drv = s->fns[fn].driver;
	const char *name = sim_fn_name(s, fn, drv ? drv->name : NULL);
	va_list ap;

	va_start(ap, fmt);
	sim_log(s, "%s: %s", name, arena_vprintf(s->run, fmt, ap));
	va_end(ap);
}

/* Recorded lines with one of these are said anew at each boot, or not at all. */
static const char *const by_state[] = {
	"Linux version",
	"ommand line",
	"DMAR: IOMMU enabled",
	"DMAR: IOMMU disabled",
	"DMAR: Disable integrated GPU",
	"DMAR: Unknown option",
	"DMAR: No RMRR found",
	"DMAR: No ATSR found",
	"DMAR: No SATC found",
	"Using Queued invalidation",
	"Virtualization Technology for Directed I/O",
	"Enabled IRQ remapping",
	"AMD-Vi",
	"Adding to iommu group",
	"Removing from iommu group",
	"Default domain type",
	"TLB invalidation policy",
	"vfio",
	"VFIO",
	"deactivate vga console",
	"changed VGA decodes",
	"VGA decodes changed",
	"Unknown kernel command line",
	"Warning: PCIe ACS overrides",
};

static bool said_by_state(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_state); i++)
		if (strstr(line, by_state[i]))
			return true;
	return false;
}

static bool have_kind(const struct sim *s, const char *kind)
{
	return s->units.n && streq(s->units.v[0].kind, kind);
}

/* include/linux/iommu.h users say these words in this order; kernel.md 5.3 has the texts.
 */
static void log_iommu(struct sim *s, const struct iommu_request *r)
{
	const char *tail = s->profile->domain_type_tail;
	bool amd = have_kind(s, "amd"), intel = have_kind(s, "intel");

	for (size_t i = 0; i < r->says.n; i++)
		sim_log(s, "%s", r->says.v[i]);
	if (s->interrupt_remapping)
		sim_log(s, "%s",
			amd ? "AMD-Vi: Interrupt remapping enabled"
			    : "DMAR-IR: Enabled IRQ remapping in x2apic mode");
	if (r->passthrough)
		sim_log(s, "iommu: Default domain type: Passthrough (set via kernel "
			   "command line)");
	else
		sim_log(s, "iommu: Default domain type: Translated%s", tail);
	sim_log(s, "iommu: DMA domain TLB invalidation policy: lazy mode%s", tail);
	for (uint32_t fn = 0; s->iommu_on && fn < s->m->fns.n; fn++)
		if (s->places[fn].group != SIM_NONE && !s->fns[fn].gone)
			sim_log_fn(s, fn, "Adding to iommu group %d",
				   s->groups.v[s->places[fn].group].id);
	if (s->iommu_on && intel)
		sim_log(s, "DMAR: Intel(R) Virtualization Technology for Directed I/O");
}

void sim_log_boot(struct sim *s)
{
	struct iommu_request r;

	sim_log(s, "Linux version %s %s", s->release, s->version);
	sim_log(s, "Command line: %s", s->cmdline);
	for (size_t i = 0; i < s->m->klog.n; i++)
		if (!said_by_state(s->m->klog.v[i]))
			*vec_push(s->run, &s->klog) = s->m->klog.v[i];
	cmdline_iommu(s->run, s->cmdline, &r);
	/* Only kernels with the patch know it; others hand it to init as it stands. */
	if (r.acs_override && cmdline_acs_known(s->release, &s->m->klog))
		sim_log(s,
			"Warning: PCIe ACS overrides enabled; This may allow non-IOMMU "
			"protected peer-to-peer DMA");
	else if (r.acs_override)
		sim_log(s, "Unknown kernel command line parameters "
			   "\"pcie_acs_override\", will "
			   "be passed to user space.");
	log_iommu(s, &r);
}
