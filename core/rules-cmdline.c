/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

static bool is_iommu_known(const struct judged *j)
{
	if (machine_unknown(j->m, "iommu") || machine_unknown(j->m, "groups"))
		return false;
	return rule_is_running(j);
}

/* The firmware has an IOMMU, as far as is known, and this kernel does not drive it. */
static bool is_off(const struct judged *j)
{
	const char *table;

	return is_iommu_known(j) && !j->iommu_active &&
	       (j->m->acpi.n || rule_tables_unknown(j, &table));
}

static bool is_table(const struct judged *j, const char *name)
{
	return machine_acpi(j->m, name);
}

/* The next boot's command line differs from this one's in what turns the IOMMU on. */
static bool next_turns_on(const struct judged *j)
{
	if (!j->next_cmdline || j->next.off_words.n)
		return false;
	return j->now.off_words.n || (j->next.intel == 1 && j->now.intel != 1);
}

/* Nothing keeps it off, and yet it is. */
static bool has_failed(const struct judged *j)
{
	if (!is_off(j) || j->now.off_words.n)
		return false;
	return j->acpi_error || is_table(j, "IVRS") ||
	       (is_table(j, "DMAR") && j->now.intel == 1);
}

static bool lacks_driver(const struct judged *j)
{
	return is_off(j) && !is_table(j, "DMAR") && !is_table(j, "IVRS") &&
	       is_table(j, "VIOT") && !j->now.off_words.n && j->kernel &&
	       !kernel_module(j->kernel, "virtio_iommu");
}

static struct finding *at_entry(const struct judged *j, struct finding *f)
{
	if (j->entries.n) {
		f->file = j->entries.v[0].file;
		f->line = j->entries.v[0].line;
	}
	return f;
}

void check_iommu_off(const struct rule *r, const struct judged *j, findings *ret)
{
	const char *why = "this kernel does not switch it on by itself";

	if (!is_off(j) || has_failed(j) || lacks_driver(j) || next_turns_on(j))
		return;
	/* Only Intel's driver may wait for a word; AMD's would be there. */
	if (!j->now.off_words.n && !is_table(j, "DMAR") &&
	    !streq(j->m->cpu_vendor, "GenuineIntel"))
		return;
	if (j->now.off_words.n)
		why = arena_printf(j->arena, "%s on the kernel command line forbids it",
				   j->now.off_words.v[0]);
	finding_add(j, ret, r, NULL,
		    j->now.off_words.n
			    ? "pcipass apply takes it from the command line; then reboot."
			    : "pcipass apply puts intel_iommu=on there; then reboot.",
		    "The IOMMU is off%s: %s.",
		    j->m->acpi.n
			    ? arena_printf(j->arena, " (the firmware has one: table %s)",
					   j->m->acpi.v[0].name)
			    : "",
		    why);
}

void check_iommu_on(const struct rule *r, const struct judged *j, findings *ret)
{
	struct name_list units = { .arena = j->arena }, types = { .arena = j->arena };
	const char *how = "by default", *type;

	if (!j->iommu_active)
		return;
	vec_foreach(u, &j->m->units)
		name_list_add(&units, u->name);
	vec_foreach(g, &j->m->groups)
		if (g->type && types.names.n < NAMES_MAX &&
		    !strings_have(&types.names, g->type))
			name_list_add(&types, g->type);
	if (j->now.intel == 1 || j->now.all == 1)
		how = "as the command line asks";
	type = types.names.n ? arena_printf(j->arena, "; domain types: %s",
					    name_list_text(&types))
			     : "";
	finding_add(j, ret, r, NULL, NULL, "The IOMMU is on, %s (%s)%s.", how,
		    units.names.n ? name_list_text(&units) : "functions have groups",
		    type);
}

void check_iommu_failed(const struct rule *r, const struct judged *j, findings *ret)
{
	if (has_failed(j) && !next_turns_on(j))
		finding_add(
			j, ret, r, NULL,
			"See dmesg | grep -e DMAR -e AMD-Vi for the reason, and look "
			"for a firmware update.",
			"Nothing on the command line keeps the IOMMU off (ACPI table %s "
			"is there), and yet the kernel did not switch it on.",
			j->m->acpi.v[0].name);
}

void check_iommu_no_driver(const struct rule *r, const struct judged *j, findings *ret)
{
	if (lacks_driver(j))
		finding_add(
			j, ret, r, NULL,
			"Install a newer kernel (Debian: linux-image-amd64 from "
			"backports), or give the virtual machine intel-iommu.",
			"This virtual machine has a virtio IOMMU and kernel %s has no "
			"driver for it (virtio_iommu).",
			j->kernel->release);
}

void check_iommu_not_active_yet(const struct rule *r, const struct judged *j,
				findings *ret)
{
	if (is_off(j) && next_turns_on(j))
		at_entry(j,
			 finding_add(
				 j, ret, r, NULL,
				 "Reboot; if this finding is still there then, another "
				 "boot loader starts this host.",
				 "The boot entry asks for the IOMMU and the running "
				 "kernel was started without that: it had \"%s\".",
				 j->m->cmdline));
}

/* Where the words of the next boot's command line come from. */
static const char *wanted_cmdline(const struct judged *j, const char **ret_file,
				  const char **ret_tool)
{
	const struct machine_file *f = machine_file(j->m, "etc/kernel/cmdline");

	if (j->loader.kind == LOADER_GRUB) {
		*ret_file = "etc/default/grub";
		*ret_tool = "update-grub";
		return grub_cmdline(j->m, j->arena);
	}
	if (j->loader.kind == LOADER_SYSTEMD_BOOT && f) {
		const char *text = rule_file_text(f);

		*ret_file = f->path;
		*ret_tool = j->loader.proxmox_tool ? "proxmox-boot-tool refresh"
						   : "kernel-install";
		return arena_strndup(j->arena, text, strcspn(text, "\n"));
	}
	return NULL;
}

void check_loader_not_refreshed(const struct rule *r, const struct judged *j,
				findings *ret)
{
	struct name_list missing = { .arena = j->arena }, left = { .arena = j->arena };
	const char *file, *tool, *want;
	strings words = { 0 };

	want = j->next_cmdline ? wanted_cmdline(j, &file, &tool) : NULL;
	if (!want)
		return;
	cmdline_split(j->arena, want, &words);
	vec_foreach(w, &words)
		if (!cmdline_has_word(j->next_cmdline, *w))
			name_list_add(&missing, *w);
	vec_foreach(w, &j->next.off_words)
		if (!cmdline_has_word(want, *w))
			name_list_add(&left, *w);
	if (missing.names.n)
		finding_add(j, ret, r, NULL, arena_printf(j->arena, "Run %s.", tool),
			    "/%s asks for %s and the boot entry (/%s, line %u) does not "
			    "have it: %s was not run since.",
			    file, name_list_text(&missing), j->entries.v[0].file,
			    j->entries.v[0].line, tool)
			->file = file;
	if (left.names.n)
		finding_add(j, ret, r, NULL, arena_printf(j->arena, "Run %s.", tool),
			    "/%s has %s no more and the boot entry (/%s, line %u) still "
			    "does: %s was not run since.",
			    file, name_list_text(&left), j->entries.v[0].file,
			    j->entries.v[0].line, tool)
			->file = file;
}

void check_option_useless(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(w, &j->next.useless)
		at_entry(j, finding_add(
				    j, ret, r, NULL,
				    "It does no harm; take it away if you like.",
				    "The kernel does not know %s on its command line and "
				    "ignores it.",
				    *w));
}

void check_option_turns_off(const struct rule *r, const struct judged *j, findings *ret)
{
	vec_foreach(w, &j->next.off_words)
		at_entry(j,
			 finding_add(
				 j, ret, r, NULL,
				 "pcipass apply takes it from the kernel command line.",
				 "%s on the next boot's command line turns the IOMMU "
				 "off.",
				 *w));
}

static bool has_acs_patch(const struct judged *j)
{
	return cmdline_acs_known(j->kernel ? j->kernel->release : j->m->release,
				 &j->m->klog);
}

void check_acs_ignored(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->next.acs_override && !has_acs_patch(j))
		at_entry(j, finding_add(
				    j, ret, r, NULL,
				    "Take it away, or boot a kernel that has the patch "
				    "(Proxmox's has).",
				    "pcie_acs_override is on the command line and kernel "
				    "%s does not know it: groups stay as they are.",
				    j->kernel ? j->kernel->release : j->m->release));
}

void check_acs_used(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->next.acs_override && has_acs_patch(j))
		at_entry(j,
			 finding_add(
				 j, ret, r, NULL,
				 "Pass whole groups without it where that is possible.",
				 "pcie_acs_override makes groups smaller than the "
				 "hardware can keep apart: a guest's device may reach "
				 "memory of the host and of other guests."));
}

void check_unknown_loader(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->loader.kind != LOADER_UNKNOWN || !j->asked.n || !rule_is_running(j))
		return;
	if (!j->next.off_words.n && (!is_off(j) || has_failed(j) || lacks_driver(j)))
		return; /* the command line may stay as it is */
	finding_add(
		j, ret, r, NULL,
		j->next.off_words.n
			? arena_printf(j->arena,
				       "Take %s from the kernel command line by hand, "
				       "reboot and run pcipass again.",
				       j->next.off_words.v[0])
			: "Add intel_iommu=on to the kernel command line by hand, reboot "
			  "and run pcipass again.",
		"The kernel command line must change, and how this host boots is not "
		"known: %s.",
		j->loader.evidence);
}

void check_next_boot_unknown(const struct rule *r, const struct judged *j, findings *ret)
{
	if (j->boot_error && j->loader.kind != LOADER_UNKNOWN)
		finding_add(j, ret, r, NULL, "Check the boot loader's configuration.",
			    "What the next boot will do is not known: %s.",
			    j->boot_error);
}
