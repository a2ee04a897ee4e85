/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "fakesys/profile.h"

#define VGA_OLD "changed VGA decodes"
#define VGA_NEW "VGA decodes changed"

/* clang-format off */
const struct kernel_profile kernel_profiles[] = {
	{ .name = "debian-6.1.176", .version = { 6, 1, 176 },
	  .override_device_lock = true, .uevent_device_lock = true,
	  .unbound_state = "unknown", .fresh_state = "unknown", .domain_type_tail = " ",
	  .pci_option_quote = '`',
	  .logs_group_removal = true, .vfio_virqfd = true, .vga_decodes = VGA_OLD, .aer_switches_reports = true, .identity_takes_id = true, .msi_folder_first = true,
	  .port_runtime_attrs = true, .aer_any_port = true, .slot_module_link = true,
	  .reserved_domains = 2, .features2_first = true, .efifb_awake = true },
	{ .name = "debian-6.1.192", .alias = "6.1", .version = { 6, 1, 192 },
	  .rom_strict = true, .new_id_u32 = true,
	  .override_device_lock = true, .uevent_device_lock = true, .resize_needs_admin = true,
	  .unbound_state = "D0", .fresh_state = "unknown", .domain_type_tail = " ",
	  .pci_option_quote = '`',
	  .logs_group_removal = true, .vfio_virqfd = true, .vga_decodes = VGA_OLD, .aer_switches_reports = true, .identity_takes_id = true, .msi_folder_first = true,
	  .port_runtime_attrs = true, .aer_any_port = true, .slot_module_link = true,
	  .reserved_domains = 2, .features2_first = true, .efifb_awake = true },
	{ .name = "debian-6.12.107", .version = { 6, 12, 107 },
	  .unbound_state = "unknown", .fresh_state = "unknown", .domain_type_tail = "",
	  .grouping = { .acs.config_acs = true, .virtio_lazy = true }, .pci_option_quote = '`',
	  .type_multi = true, .seek_end_is_size = true, .vfio_dev_first = true, .vfio_fs = true, .probe_failed_dev = true, .cxl_bus = true,
	  .builtin_module_link = true, .log_port_type = true, .windows_at_setup = true, .vga_decodes = VGA_NEW, .vga_given_back = true,
	  .port_runtime_attrs = true, .reserved_domains = 2 },
	{ .name = "debian-6.12.117", .alias = "6.12", .version = { 6, 12, 117 },
	  .rom_strict = true, .new_id_u32 = true,
	  .resize_needs_admin = true,
	  .unbound_state = "D0", .fresh_state = "unknown", .domain_type_tail = "",
	  .grouping = { .acs.config_acs = true, .virtio_lazy = true }, .pci_option_quote = '`',
	  .type_multi = true, .seek_end_is_size = true, .vfio_dev_first = true, .vfio_fs = true, .probe_failed_dev = true, .cxl_bus = true,
	  .builtin_module_link = true, .log_port_type = true, .windows_at_setup = true, .vga_decodes = VGA_NEW, .vga_given_back = true,
	  .port_runtime_attrs = true, .reserved_domains = 2 },
	{ .name = "debian-7.2.13", .alias = "7.2", .version = { 7, 2, 13 },
	  .rom_strict = true, .new_id_u32 = true,
	  .resize_needs_admin = true,
	  .unbound_state = "D0", .fresh_state = "D0", .domain_type_tail = "",
	  .grouping.acs = { .config_acs = true, .idt_no_sv = true }, .pci_option_quote = '`',
	  .type_multi = true, .seek_end_is_size = true, .vfio_dev_first = true, .vfio_fs = true, .probe_failed_dev = true, .cxl_bus = true,
	  .autoprobe_on_rescan = true, .windows_shrink = true, .builtin_module_link = true,
	  .unlinked_nlink0 = true, .numa_same_silent = true, .serial_number_attr = true, .acpi_wakeup = true,
	  .secure_streams = true, .bwctrl = true, .idle_d3_live = true,
	  .log_port_type = true, .windows_at_setup = true, .vga_decodes = VGA_NEW, .vga_given_back = true },
	{ .name = "debian-7.3.4", .alias = "7.3", .version = { 7, 3, 4 },
	  .rom_strict = true, .bool_takes_e = true, .new_id_u32 = true,
	  .resize_needs_admin = true,
	  .unbound_state = "D0", .fresh_state = "D0", .domain_type_tail = "",
	  .grouping.acs = { .config_acs = true, .idt_no_sv = true, .ast_no_alias = true }, .pci_option_quote = '`',
	  .type_multi = true, .seek_end_is_size = true, .vfio_dev_first = true, .vfio_fs = true, .probe_failed_dev = true, .cxl_bus = true,
	  .autoprobe_on_rescan = true, .windows_shrink = true, .builtin_module_link = true,
	  .unlinked_nlink0 = true, .numa_same_silent = true, .logs_reset = true, .serial_number_attr = true, .acpi_wakeup = true,
	  .secure_streams = true, .bwctrl = true,
	  .idle_d3_live = true, .log_port_type = true, .windows_at_setup = true, .zero_windows = true,
	  .vga_decodes = VGA_NEW, .vga_given_back = true },
};
/* clang-format on */
const size_t n_kernel_profiles = ARRAY_SIZE(kernel_profiles);

#define PROFILE_PREFIX "debian-"

const struct kernel_profile *profile_find(const char *name)
{
	for (size_t i = 0; i < n_kernel_profiles; i++) {
		const struct kernel_profile *p = &kernel_profiles[i];

		if (streq(name, p->name) ||
		    streq(name, after_prefix(p->name, PROFILE_PREFIX)) ||
		    (p->alias && streq(name, p->alias)))
			return p;
	}
	return NULL;
}

/* Up to three numbers joined by dots; returns how many. */
static int read_version(const char *s, unsigned ret[static 3])
{
	return sscanf(s, "%6u.%6u.%6u", &ret[0], &ret[1], &ret[2]);
}

/* Versions as one number, so that "nearest" means something. */
static long rank(const unsigned v[static 3])
{
	return (long)v[0] * 1000000 + (long)v[1] * 1000 +
	       (v[2] < 1000 ? (long)v[2] : 999);
}

bool profile_package(const struct machine *m, unsigned ret[static 3])
{
	/* Debian 6.1's uname -r ends at the ABI ("6.1.0-49"); uname -v has the package.
	 */
	const char *package = strstr(m->kernel_version, "Debian ");

	memset(ret, 0, 3 * sizeof(*ret));
	if (package && read_version(package + strlen("Debian "), ret) >= 2)
		return true;
	/* Newer ones say it all in uname -r: "6.12.107+deb13-amd64". */
	memset(ret, 0, 3 * sizeof(*ret));
	(void)read_version(m->release, ret);
	return strstr(m->release, "+deb") != NULL;
}

const struct kernel_profile *profile_for(const struct machine *m, bool *ret_proven)
{
	unsigned v[3];
	bool package = profile_package(m, v);
	const struct kernel_profile *best = &kernel_profiles[0];

	for (size_t i = 0; i < n_kernel_profiles; i++) {
		const struct kernel_profile *p = &kernel_profiles[i];

		if (labs(rank(p->version) - rank(v)) <=
		    labs(rank(best->version) - rank(v)))
			best = p;
	}
	*ret_proven = package && memcmp(best->version, v, sizeof(v)) == 0 &&
		      !machine_unknown(m, "release"); /* an importer may assume one */
	return best;
}

void profile_apply(struct machine *m, const struct kernel_profile *p)
{
	bool proven;

	m->grouping_kernel = p ? &p->grouping : &profile_for(m, &proven)->grouping;
}
