/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says at boot, in its order; kernel.md 5.2 and 5.3 have the texts. */
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/acpi.h"
#include "fakesys/boot-log.h"

#define TOLD " (set via kernel command line)"

static void say(const struct log_boot *b, strings *ret, const char *fmt, ...)
	PRINTF(3, 4);
static void say(const struct log_boot *b, strings *ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*vec_push(b->s->run, ret) = arena_vprintf(b->s->run, fmt, ap);
	va_end(ap);
}

static bool have_kind(const struct log_boot *b, const char *kind)
{
	return b->s->units.n && streq(b->s->units.v[0].kind, kind);
}

/* --- who boots --- */

static void say_version(const struct log_boot *b, strings *ret)
{
	const struct sim *s = b->s;
	const char *line = log_recorded_line(s, "Linux version ");

	if (line && streq(s->release, s->m->release))
		*vec_push(s->run, ret) = line; /* with its compiler */
	else
		say(b, ret, "Linux version %s %s", s->release, s->version);
}

static void say_cmdline(const struct log_boot *b, strings *ret)
{
	say(b, ret, "Command line: %s", b->cmdline);
}

static void say_kernel_cmdline(const struct log_boot *b, strings *ret)
{
	say(b, ret, "Kernel command line: %s", b->cmdline);
}

/* Only kernels with the patch know it; others hand it to init as it stands. */
static void say_acs_override(const struct log_boot *b, strings *ret)
{
	if (b->iommu.acs_override && cmdline_acs_known(b->s->release, &b->s->m->klog))
		say(b, ret,
		    "Warning: PCIe ACS overrides enabled; This may allow non-IOMMU "
		    "protected peer-to-peer DMA");
}

static void say_options(const struct log_boot *b, strings *ret)
{
	vec_foreach(l, &b->iommu.says)
		*vec_push(b->s->run, ret) = *l;
}

/* --- DMAR --- */

static bool read_dmar(const struct log_boot *b, struct acpi_iommu *ret,
		      const struct acpi_table **ret_table)
{
	const struct acpi_table *t = machine_acpi(b->s->m, "DMAR");

	*ret_table = t;
	return t && !acpi_parse_iommu(b->s->run, "DMAR", t->data, ret, NULL);
}

/* dmar.c:dmar_table_print_dmar_entry; a unit's registers are not in the table. */
static void say_dmar_table(const struct log_boot *b, strings *ret)
{
	const struct acpi_table *t;
	struct acpi_iommu p;

	if (!read_dmar(b, &p, &t))
		return;
	if (p.address_width)
		say(b, ret, "DMAR: Host address width %u", p.address_width);
	vec_foreach(u, &p.units)
		say(b, ret, "DMAR: DRHD base: %#016" PRIx64 " flags: %#x", u->base,
		    t->data.data[u->offset + 4]);
	vec_foreach(r, &p.reserved)
		say(b, ret, "DMAR: RMRR base: %#016" PRIx64 " end: %#016" PRIx64,
		    r->start, r->end);
}

/* irq_remapping.c:ir_parse_ioapic_hpet_scope */
static void say_remapped(const struct log_boot *b, strings *ret)
{
	const struct acpi_table *t;
	struct acpi_iommu p;
	uint32_t *order;

	if (!read_dmar(b, &p, &t))
		return;
	order = arena_alloc(b->s->run, (p.units.n + 1) * sizeof(*order));
	acpi_unit_order(&p, order);
	for (size_t i = 0; i < p.units.n; i++) {
		const struct acpi_unit *u = &p.units.v[order[i]];

		vec_foreach(scope, &u->scopes)
			if (scope->type == ACPI_SCOPE_IOAPIC)
				say(b, ret,
				    "DMAR-IR: IOAPIC id %u under DRHD base  0x%" PRIx64
				    " IOMMU %u",
				    scope->enum_id, u->base, order[i]);
			else if (scope->type == ACPI_SCOPE_HPET)
				say(b, ret,
				    "DMAR-IR: HPET id %u under DRHD base 0x%" PRIx64,
				    scope->enum_id, u->base);
	}
}

/* The recorded mode, else the one that the processor and the firmware allow. */
static void say_dmar_ir(const struct log_boot *b, strings *ret)
{
	const char *line = log_recorded_line(b->s, "Enabled IRQ remapping in ");
	const struct acpi_table *t;
	struct acpi_iommu p;
	bool x2apic = true;

	if (!have_kind(b, "intel"))
		return;
	if (line) {
		*vec_push(b->s->run, ret) = line;
		return;
	}
	if (read_dmar(b, &p, &t) && p.x2apic_opt_out && (b->bits & LOG_OPT_OUT))
		x2apic = false;
	say(b, ret, "DMAR-IR: Enabled IRQ remapping in %s mode",
	    x2apic ? "x2apic" : "xapic");
}

/* intel_iommu_init: what the table has none of. */
static void say_no_rmrr(const struct log_boot *b, strings *ret)
{
	const struct acpi_table *t;
	struct acpi_iommu p;

	if (!read_dmar(b, &p, &t))
		return;
	if (!p.reserved.n)
		say(b, ret, "DMAR: No RMRR found");
	if (!p.atsr.n)
		say(b, ret, "DMAR: No ATSR found");
	if (!p.satc.n)
		say(b, ret, "DMAR: No SATC found");
}

/* Remapped interrupts are invalidated through a queue, so every unit here has one. */
static void say_queued(const struct log_boot *b, strings *ret)
{
	if (have_kind(b, "intel") && (b->bits & LOG_IR))
		vec_foreach(u, &b->s->units)
			say(b, ret, "DMAR: %s: Using Queued invalidation", u->name);
}

static void say_vtd(const struct log_boot *b, strings *ret)
{
	if (have_kind(b, "intel"))
		say(b, ret, "DMAR: Intel(R) Virtualization Technology for Directed I/O");
}

/* --- all IOMMUs --- */

/* What the kernel's configuration chooses shows where the recorded boot was not told. */
static const char *by_default(const struct log_boot *b, const char *words, bool was_told)
{
	return was_told ? NULL : log_recorded_line(b->s, words);
}

#define TYPE "Default domain type: "
#define POLICY "TLB invalidation policy: "

/* Older kernels have no such line, and this one is known to be as old. */
static bool never_says(const struct log_boot *b, const char *words)
{
	return streq(b->s->release, b->s->m->release) &&
	       !machine_unknown(b->s->m, "klog") &&
	       log_recorded_line(b->s, "Linux version ") &&
	       !log_recorded_line(b->s, words);
}

static const char *default_type(const struct log_boot *b)
{
	return by_default(b, TYPE, b->recorded->iommu.type_told);
}

static bool passes_through(const struct log_boot *b)
{
	const char *line = default_type(b);

	return b->iommu.type_told ? b->iommu.passthrough
				  : line && strstr(line, TYPE "Passthrough");
}

static void say_type(const struct log_boot *b, strings *ret)
{
	if (never_says(b, TYPE))
		return;
	if (!b->iommu.type_told && default_type(b))
		*vec_push(b->s->run, ret) = default_type(b);
	else
		say(b, ret, "iommu: " TYPE "%s%s",
		    b->iommu.passthrough ? "Passthrough" : "Translated",
		    b->iommu.type_told ? TOLD : b->s->profile->domain_type_tail);
}

static bool policy_told(const struct iommu_request *r)
{
	return r->strict >= 0 || r->strict_driver;
}

/* iommu.c:iommu_subsys_init: nothing is invalidated without translation. */
static void say_policy(const struct log_boot *b, strings *ret)
{
	const struct iommu_request *r = &b->iommu;
	const char *line = by_default(b, POLICY, policy_told(&b->recorded->iommu));

	if (passes_through(b) || (never_says(b, POLICY) && !passes_through(b->recorded)))
		return;
	if (!policy_told(r) && line)
		*vec_push(b->s->run, ret) = line;
	else
		say(b, ret, "iommu: DMA domain " POLICY "%s mode%s",
		    r->strict == 1 || r->strict_driver ? "strict" : "lazy",
		    r->strict >= 0 ? TOLD : b->s->profile->domain_type_tail);
}

/* Recorded members that are no PCI functions: "platform AMDI0020:00". */
static bool is_other_member(const struct sim *s, const char *line)
{
	const char *name = strchr(line, ' ');
	struct bdf bdf;

	return name && (bdf_parse(name + 1, &bdf) < 0 || sim_find_fn(s, bdf) == SIM_NONE);
}

/* The simulated units in the order in which they register. */
static uint32_t *unit_order(const struct log_boot *b)
{
	size_t n = b->s->units.n;
	uint32_t *order = arena_alloc(b->s->run, (n + 1) * sizeof(*order));
	const struct acpi_table *t;
	struct acpi_iommu p;

	for (size_t i = 0; i <= n; i++)
		order[i] = (uint32_t)i;
	if (have_kind(b, "intel") && read_dmar(b, &p, &t) && p.units.n == n)
		acpi_unit_order(&p, order);
	return order;
}

static void say_joined(const struct log_boot *b, strings *ret, uint32_t unit)
{
	struct sim *s = b->s;

	for (uint32_t fn = 0; fn < s->m->fns.n; fn++) {
		const struct fn_place *p = &s->places[fn];
		uint32_t of = p->unit == SIM_NONE ? (uint32_t)s->units.n : p->unit;

		if (of == unit && p->group != SIM_NONE && !s->fns[fn].gone)
			say(b, ret, "%s: Adding to iommu group %d",
			    sim_fn_name(s, fn, NULL), s->groups.v[p->group].id);
	}
}

/* Each unit takes its functions in their order when it registers. */
static void say_groups(const struct log_boot *b, strings *ret)
{
	const uint32_t *order = unit_order(b);
	struct sim *s = b->s;

	/* Before 5.2 in other words, which stand as they were recorded. */
	if (log_recorded_line(s, " to group "))
		return;
	vec_foreach(l, &s->m->klog)
		if (strstr(*l, ": Adding to iommu group ") && is_other_member(s, *l))
			*vec_push(s->run, ret) = *l;
	for (size_t i = 0; i <= s->units.n; i++)
		say_joined(b, ret, order[i]);
}

static void say_amd_ir(const struct log_boot *b, strings *ret)
{
	if (have_kind(b, "amd"))
		say(b, ret, "AMD-Vi: Interrupt remapping enabled");
}

/* --- functions --- */

static void say_functions(const struct log_boot *b, strings *ret)
{
	for (uint32_t fn = 0; fn < b->s->m->fns.n; fn++)
		if (!b->s->fns[fn].gone)
			log_function(b->s, fn, ret);
}

static void say_boot_vga(const struct log_boot *b, strings *ret)
{
	for (uint32_t fn = 0; fn < b->s->m->fns.n; fn++)
		if (b->s->m->fns.v[fn].boot_vga)
			say(b, ret, "%s: vgaarb: setting as boot VGA device",
			    sim_fn_name(b->s, fn, NULL));
}

#define TABLE_LINES                                                                      \
	{                                                                                \
		"DMAR: Host address width", "DMAR: DRHD base:", ": reg_base_addr ",      \
			"DMAR: RMRR base:", "DMAR: ATSR flags:", "DMAR: RHSA base:",     \
			"DMAR: ANDD device:", "DMAR: SATC flags:", "DMAR: [Firmware"     \
	}
#define IVRS_LINES                                                                       \
	{                                                                                \
		"AMD-Vi: ivrs, add", "AMD-Vi: Using global IVHD", "AMD-Vi: [Firmware",   \
			"AMD-Vi: Using IVHD type"                                        \
	}

/* clang-format off */
const struct log_row log_rows[] = {
	{ { "Linux version " }, .how = LOG_SAID, .say = say_version },
	{ { "Command line: " }, .how = LOG_SAID, .say = say_cmdline },
	/* early_param() */
	{ { "PCI: Unknown option" }, .how = LOG_SAID, .say = log_pci_options },
	{ { "Warning: PCIe ACS overrides" }, .how = LOG_SAID, .say = say_acs_override },
	{ { "ACPI: DMAR ", "ACPI: IVRS ", "ACPI: VIOT ", "ACPI: MCFG ", "ACPI: Reserving " } },
	/* __setup() */
	{ { "Kernel command line: " }, .how = LOG_SAID, .say = say_kernel_cmdline },
	{ { "DMAR: IOMMU enabled", "DMAR: IOMMU disabled", "DMAR: Disable ", "DMAR: Unknown option",
	    "deprecated; use iommu.", "DMAR: Enable scalable mode", "DMAR: Scalable mode is disallowed",
	    "DMAR: Intel-IOMMU: not forcing", "AMD-Vi: Unknown option", "AMD-Vi: Restricting V1" },
	  .how = LOG_SAID, .say = say_options },
	{ { "blacklisting initcall " }, .how = LOG_SAID, .say = log_blacklisting },
	{ { "Unknown kernel command line parameters" }, .how = LOG_SAID, .say = log_unknown_words },
	/* enable_IR_x2apic(), which reads the tables if it may */
	{ TABLE_LINES, LOG_IR_ASKED, .say = say_dmar_table },
	{ IVRS_LINES, LOG_ON | LOG_IR_ASKED },
	{ { "DMAR-IR: IOAPIC id ", "DMAR-IR: HPET id " }, LOG_IR, .say = say_remapped },
	{ { "x2apic is disabled because BIOS", "Use 'intremap=no_x2apic_optout'" }, LOG_IR | LOG_OPT_OUT },
	{ { "DMAR-IR: " }, LOG_IR },
	{ { "Enabled IRQ remapping in " }, LOG_IR, .how = LOG_SAID, .say = say_dmar_ir },
	{ { "x2apic enabled" }, LOG_IR },
	/* initcalls in their order: iommu_subsys_init and pci_subsys_init, ... */
	{ { "] type 00 class ", "] type 01 class ", ": BAR 0 [", ": BAR 1 [", ": BAR 2 [", ": BAR 3 [",
	    ": BAR 4 [", ": BAR 5 [", ": ROM [", "disabled ACS redirect", "cannot disable ACS redirect" },
	  .how = LOG_BLOCK, .say = say_functions },
	{ { "Configured ACS to" }, LOG_SAME_PCI, .anywhere = true },
	{ { "ACS workaround enabled" }, LOG_ON, .anywhere = true },
	{ { "assigned to efifb" }, LOG_SCREEN, .anywhere = true },
	{ { TYPE }, .how = LOG_SAID, .say = say_type },
	{ { POLICY }, .how = LOG_SAID, .say = say_policy },
	{ { "vgaarb: setting as boot" }, .say = say_boot_vga },
	{ { "vgaarb: bridge control", "vgaarb: VGA device added", "vgaarb: loaded" } },
	{ { "vgaarb: " }, .anywhere = true },
	/* ... pci_iommu_init, which reads the tables if nobody has; its groups */
	{ TABLE_LINES, .no = LOG_IR_ASKED, .say = say_dmar_table },
	{ IVRS_LINES, LOG_ON, LOG_IR_ASKED },
	{ { "DMAR: No RMRR found", "DMAR: No ATSR found", "DMAR: No SATC found" }, LOG_ON, .say = say_no_rmrr },
	{ { "Using Queued invalidation", "Using Register based invalidation" }, LOG_ON, .say = say_queued },
	{ { "IOMMU performance counters supported", "write to IOMMU perf counter", "IOMMU SNP support" }, LOG_ON },
	{ { ": Adding to iommu group " }, LOG_ON, .how = LOG_SAID, .say = say_groups },
	{ { " to group " }, LOG_ON, .anywhere = true },
	{ { "Virtualization Technology for Directed I/O" }, LOG_ON, .say = say_vtd },
	{ { "AMD-Vi: Found IOMMU" }, LOG_ON },
	{ { "AMD-Vi: Extended features" }, LOG_ON },
	{ { "AMD-Vi: Interrupt remapping enabled" }, LOG_ON | LOG_IR, .how = LOG_SAID, .say = say_amd_ir },
	{ { "AMD-Vi: X2APIC enabled", "AMD-Vi: Virtual APIC enabled" }, LOG_ON | LOG_IR },
	{ { "AMD-Vi: Using strict mode due to virtualization" }, LOG_ON },
	{ { "perf/amd_iommu: " }, LOG_ON },
	{ { "virtio_iommu " }, LOG_ON },
	{ { "AMD IOMMUv2 functionality not available" } },
	{ { "efifb: ", "simple-framebuffer", "simpledrm", "simplefb", "vesafb: ", "fb0: EFI VGA",
	    "fb0: VESA VGA", "fb0: simple" }, LOG_SCREEN, .anywhere = true },
	{ { "initcall sysfb_init blacklisted" }, .how = LOG_SAID, .say = log_blacklisted },
	/* what else they say, and it is about translation: faults, too */
	{ { "DMAR: ", "dmar: ", "AMD-Vi" }, LOG_ON, .anywhere = true },
	/* drivers and users, who have not begun */
	{ { "Removing from iommu group", "vfio", "VFIO", "pci-stub", "deactivate vga console",
	    "VGA decodes" }, LOG_RUNNING, .anywhere = true },
};
/* clang-format on */
const size_t n_log_rows = ARRAY_SIZE(log_rows);
