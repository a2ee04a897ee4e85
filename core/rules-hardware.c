/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/rules.h"

void check_no_functions(const struct rule *r, const struct judged *j, findings *ret)
{
	if (!j->m->fns.n)
		finding_add(j, ret, r, NULL,
			    "Run pcipass on the host itself, or on a recording of it.",
			    "No PCI function is to be seen here.");
}

void check_iommu_unknown(const struct rule *r, const struct judged *j, findings *ret)
{
	static const char *const facts[] = { "units", "iommu" };

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		const char *why = machine_unknown(j->m, "%s", facts[i]);

		if (!why || j->iommu_active)
			continue;
		finding_add(j, ret, r, NULL,
			    "Run pcipass on the host itself, or record it with pcipass "
			    "capture.",
			    "Whether the IOMMU is on is not known: %s.", why);
		return;
	}
}

void check_no_virtualization(const struct rule *r, const struct judged *j, findings *ret)
{
	const struct machine *m = j->m;
	bool guest = strings_have(&m->cpu_flags, "hypervisor");

	if (!*m->cpu_vendor || machine_unknown(m, "cpu"))
		return;
	if (strings_have(&m->cpu_flags, "vmx") || strings_have(&m->cpu_flags, "svm"))
		return;
	finding_add(j, ret, r, NULL,
		    guest ? "Switch nested virtualization on for this virtual machine in "
			    "the hypervisor it runs on (CPU type host)."
			  : "Switch on Intel Virtualization Technology (VT-x) or AMD SVM "
			    "in the firmware setup.",
		    "The CPU (%s) shows neither vmx nor svm, so KVM cannot run virtual "
		    "machines.",
		    *m->cpu_model ? m->cpu_model : m->cpu_vendor);
}

void check_no_iommu_table(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *table;

	bool amd = streq(j->m->cpu_vendor, "AuthenticAMD");

	if (!rule_is_running(j) || j->m->acpi.n || j->iommu_active)
		return;
	/* Nothing has to be asked of AMD's driver: where it is not there it cannot be. */
	if (rule_tables_unknown(j, &table) && (!amd || j->now.off_words.n))
		return;
	finding_add(
		j, ret, r, NULL,
		strings_have(&j->m->cpu_flags, "hypervisor")
			? "Give this virtual machine an IOMMU (QEMU: -device "
			  "intel-iommu, amd-iommu or virtio-iommu)."
			: "Switch on VT-d (Intel) or IOMMU / AMD-Vi (AMD) in the "
			  "firmware setup; if there is no such entry, look for a "
			  "firmware update.",
		"The firmware describes no IOMMU: there is no ACPI table DMAR (Intel), "
		"IVRS (AMD) or VIOT (virtual).");
}

void check_table_unreadable(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *table, *why = rule_tables_unknown(j, &table);

	if (why)
		finding_add(j, ret, r, NULL, "Run pcipass as root on the host itself.",
			    "Whether the firmware's ACPI table %s is there and right is "
			    "not known: %s.",
			    table, why);
}

void check_table_damaged(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->acpi_error)
		finding_add(j, ret, r, NULL, "Look for a firmware update.",
			    "The firmware's IOMMU table is damaged: %s.", j->acpi_error);
}

void check_dma_opt_in(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->acpi.table && j->acpi.dma_opt_in)
		finding_add(j, ret, r, NULL, NULL,
			    "The firmware asks for DMA protection (DMAR flag "
			    "DMA_CTRL_PLATFORM_OPT_IN): with an external port such as "
			    "Thunderbolt Linux switches the IOMMU on by itself.");
}

static bool is_locked_by_group(const struct judged *j, const struct pci_fn *fn)
{
	const struct iommu_group *g = rule_group(j, fn->group);

	/* "0x... 0x... direct\n"; "direct-relaxable" does no harm. */
	return g && g->reserved && strstr(g->reserved, " direct\n");
}

void check_rmrr(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *remedy = "Look in the firmware setup for the feature that uses this "
			     "memory (BMC, RAID or legacy USB), or for an update.";

	vec_foreach(it, &j->taken) {
		const struct pci_fn *fn = *it;
		const struct acpi_reserved *v =
			j->acpi.table ? acpi_reserved_for(j->m, &j->acpi, fn) : NULL;

		if (v)
			finding_add(
				j, ret, r, fn, remedy,
				"The firmware keeps memory 0x%" PRIx64 "-0x%" PRIx64
				" in use for %s (table %s, offset 0x%x), so the kernel "
				"does not let a VM have it.",
				v->start, v->end, rule_name(j, fn), j->acpi.table,
				v->offset);
		else if (is_locked_by_group(j, fn))
			finding_add(
				j, ret, r, fn, remedy,
				"IOMMU group %d of %s has a region of memory that must "
				"stay mapped as it is (reserved_regions: direct), so "
				"the kernel does not let a VM have it.",
				fn->group, rule_name(j, fn));
	}
}

void check_rmrr_relaxable(const struct rule *r, const struct judged *j, findings *ret)
{
	/* drivers/iommu/intel/iommu.c:device_rmrr_is_relaxable */
	vec_foreach(v, &j->acpi.reserved) {
		vec_foreach(s, &v->scopes) {
			const struct pci_fn *fn = acpi_scope_fn(j->m, v->segment, s);

			if (!fn || !rule_is_taken(j, fn) ||
			    !(fn_is_display(fn) || fn_class(fn) == 0x0c03))
				continue;
			finding_add(j, ret, r, fn, NULL,
				    "The firmware keeps memory 0x%" PRIx64 "-0x%" PRIx64
				    " in use for %s (RMRR); for %s functions the kernel "
				    "drops that when a VM takes them.",
				    v->start, v->end, rule_name(j, fn),
				    fn_is_display(fn) ? "display" : "USB");
		}
	}
}

static bool has_unsafe_interrupts(const struct judged *j)
{
	char *options = modprobe_options(&j->config, j->arena, "vfio_iommu_type1");
	const char *v = cmdline_get(j->arena, options, "allow_unsafe_interrupts");

	/* lib/kstrtox.c:kstrtobool, as far as people write it; a bare name is yes. */
	return v && (!*v || strchr("1yYtT", *v) || streq(v, "on"));
}

static bool lacks_remapping(const struct judged *j)
{
	return rule_is_running(j) && j->iommu_active && !j->m->interrupt_remapping &&
	       !machine_unknown(j->m, "iommu/interrupt_remapping");
}

void check_no_interrupt_remapping(const struct rule *r, const struct judged *j,
				  findings *ret)
{
	if (!lacks_remapping(j) || has_unsafe_interrupts(j))
		return;
	finding_add(
		j, ret, r, NULL,
		j->now.intremap_off
			? "Take intremap=off from the kernel command line."
			: "Look in the firmware setup for x2APIC or interrupt remapping; "
			  "or accept the risk with the line options vfio_iommu_type1 "
			  "allow_unsafe_interrupts=1 in /etc/modprobe.d/vfio.conf and "
			  "update-initramfs -u -k all.",
		"The IOMMU works without interrupt remapping, so VFIO refuses to start "
		"a VM with a device (EPERM).");
}

void check_unsafe_interrupts(const struct rule *r, const struct judged *j, findings *ret)
{
	if (lacks_remapping(j) && has_unsafe_interrupts(j))
		finding_add(j, ret, r, NULL, NULL,
			    "There is no interrupt remapping and vfio_iommu_type1 has "
			    "allow_unsafe_interrupts: a malicious guest can send "
			    "interrupts to the host.");
}

/* A bus reset takes all functions of a device at once, so one that can is enough. */
static bool neighbour_resets(const struct judged *j, const struct pci_fn *fn)
{
	struct bdf b = fn->bdf;

	for (b.fn = 0; b.fn < 8; b.fn++) {
		const struct pci_fn *other = machine_fn(j->m, b);

		if (other && other != fn && rule_is_taken(j, other) && other->reset &&
		    *other->reset)
			return true;
	}
	return false;
}

void check_reset_missing(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->asked)
		if ((*it)->reset && !*(*it)->reset && !neighbour_resets(j, *it))
			finding_add(
				j, ret, r, *it,
				"If the second start of the VM fails, restart the host, "
				"or let the VM run on.",
				"%s cannot be reset by the kernel (reset_method is "
				"empty): after a VM ends it may not work in the next.",
				rule_name(j, *it));
}

void check_not_endpoint(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->asked) {
		unsigned type = cfg_u8((*it)->config, PCI_HEADER_TYPE) & 0x7f;

		if ((*it)->config.len > PCI_HEADER_TYPE && type != PCI_HEADER_TYPE_NORMAL)
			finding_add(j, ret, r, *it,
				    "Pass the functions behind it instead.",
				    "%s is a bridge (header type %u): vfio-pci does not "
				    "take it.",
				    rule_name(j, *it), type);
	}
}

/* drivers/vfio/pci/vfio_pci_core.c:vfio_pci_dev_in_denylist: QuickAssist devices */
static const uint16_t denied[] = { 0x19e2, 0x19e3, 0x37c8, 0x37c9,
				   0x0435, 0x0443, 0x0b25, 0x0cfe };

void check_vfio_denylist(const struct rule *r, const struct judged *j, findings *ret)
{
	char *options = modprobe_options(&j->config, j->arena, "vfio_pci");
	const char *off = cmdline_get(j->arena, options, "disable_denylist");

	if (off && (!*off || strchr("1yYtT", *off) || streq(off, "on")))
		return;
	vec_foreach(it, &j->taken)
		for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
			if ((*it)->id.vendor == 0x8086 && (*it)->id.device == denied[i])
				finding_add(
					j, ret, r, *it,
					"Leave it to the host, or accept the risk with "
					"options vfio-pci disable_denylist=1.",
					"%s stands on vfio-pci's denylist of devices "
					"that a guest can break.",
					rule_name(j, *it));
}

void check_vfs_enabled(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(it, &j->taken)
		if ((*it)->vfs_now && !rule_has_vfio(*it))
			finding_add(j, ret, r, *it,
				    "Pass the virtual functions, or write 0 to its "
				    "sriov_numvfs and take away what sets it at boot.",
				    "%s has %u virtual functions switched on: vfio-pci "
				    "refuses it (EBUSY).",
				    rule_name(j, *it), (*it)->vfs_now);
}

void check_vf_not_at_boot(const struct rule *r, const struct judged *j, findings *ret)
{
	char bdf[BDF_SIZE];

	vec_foreach(it, &j->asked)
		if ((*it)->is_vf)
			finding_add(
				j, ret, r, *it,
				"Have sriov_numvfs written at every boot; `pcipass vm` "
				"writes the VM's side, and the VM takes the function "
				"when it starts.",
				"%s is a virtual function of %s: it is not there while "
				"the host boots, so nothing can be set up for it.",
				rule_name(j, *it), bdf_format((*it)->physfn, bdf));
}

void check_secure_boot(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->m->secure_boot)
		finding_add(
			j, ret, r, NULL, NULL,
			"Secure Boot is on: the kernel is locked down, so modules must "
			"be signed and programs cannot write a function's registers; "
			"VFIO itself works.");
}

/* A reason, the first fact that is unknown for it, and how many are. */
struct reason {
	const struct unknown_fact *first;
	size_t n;
};

void check_facts_unknown(const struct rule *r, const struct judged *j, findings *ret)
{
	struct reason reasons[NAMES_MAX];
	size_t n = 0;

	vec_foreach(u, &j->m->unknown) {
		size_t i = 0;

		if (after_prefix(u->fact, "acpi"))
			continue; /* ACPI tables have a rule of their own */
		while (i < n && !streq(reasons[i].first->why, u->why))
			i++;
		if (i < n)
			reasons[i].n++;
		else if (n < NAMES_MAX)
			reasons[n++] = (struct reason){ u, 1 };
	}
	for (size_t i = 0; i < n; i++) {
		const struct unknown_fact *u = reasons[i].first;
		const char *assumed = after_prefix(u->why, "assumed: ");

		if (assumed) /* by an importer */
			finding_add(j, ret, r, NULL, NULL,
				    "Not recorded, so assumed: %s.", assumed);
		else if (reasons[i].n > 1)
			finding_add(j, ret, r, NULL, NULL,
				    "%s and %zu more facts are not known: %s.", u->fact,
				    reasons[i].n - 1, u->why);
		else
			finding_add(j, ret, r, NULL, NULL, "%s is not known: %s.",
				    u->fact, u->why);
	}
}
