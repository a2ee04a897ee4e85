/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "core/inventory-parts.h"
#include "core/klog.h"

#define EFIVARS "sys/firmware/efi/efivars"
#define SECURE_BOOT EFIVARS "/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define LOADER_INFO EFIVARS "/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define EFI_ATTRIBUTES 4 /* bytes before a variable's value */
#define EFI_VARIABLE_MAX 4096
#define ACPI_TABLE_MAX ((size_t)1 << 20)

/* --- CPU --- */

/* "key   : value" */
static const char *cpuinfo_value(const char *line, const char *key)
{
	const char *s = after_prefix(line, key);

	if (!s)
		return NULL;
	s += strspn(s, " \t");
	return *s == ':' ? s + 1 + strspn(s + 1, " \t") : NULL;
}

static void read_cpu_flags(struct inventory *v, const char *flags)
{
	static const char *const matter[] = { "vmx", "svm", "hypervisor" };

	for (const char *s = flags; *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		for (size_t i = 0; i < ARRAY_SIZE(matter); i++)
			if (n == strlen(matter[i]) && !strncmp(s, matter[i], n))
				*vec_push(v->a, &v->m->cpu_flags) = matter[i];
		s += n;
	}
}

static void read_cpu(struct inventory *v)
{
	struct machine *m = v->m;
	const char *value;
	char *text, *line;
	int r = host_read_text(v->h, v->tmp, &text, "proc/cpuinfo");

	if (r < 0) {
		inventory_failed(v, r, "cpu");
		return;
	}
	while ((line = inventory_line(&text))) {
		if (cpuinfo_value(line, "processor"))
			m->cpus++;
		/* All processors of a PC are alike: the first one speaks for them. */
		if (m->cpus > 1)
			continue;
		if ((value = cpuinfo_value(line, "vendor_id")))
			m->cpu_vendor = arena_strdup(v->a, value);
		else if ((value = cpuinfo_value(line, "model name")))
			m->cpu_model = arena_strdup(v->a, value);
		else if ((value = cpuinfo_value(line, "flags")))
			read_cpu_flags(v, value);
	}
}

/* --- firmware --- */

static int read_efi_variable(struct inventory *v, const char *path, struct blob *ret)
{
	int r = host_read(v->h, v->tmp, path, EFI_VARIABLE_MAX, ret);

	if (r < 0)
		return r;
	if (ret->len <= EFI_ATTRIBUTES)
		return -ENODATA;
	ret->data += EFI_ATTRIBUTES;
	ret->len -= EFI_ATTRIBUTES;
	return 0;
}

/* UTF-16LE up to its NUL; what is no printable ASCII becomes '?'. */
static char *from_utf16(struct arena *a, struct blob b)
{
	char *s = arena_alloc(a, b.len / 2 + 1);

	for (size_t i = 0; i + 1 < b.len; i += 2) {
		unsigned c = b.data[i] | (unsigned)b.data[i + 1] << 8;

		if (!c)
			break;
		s[i / 2] = c < 0x7f && isprint((int)c) ? (char)c : '?';
	}
	return s;
}

static void read_efi(struct inventory *v)
{
	struct host_stat st;
	strings vars;
	struct blob b;
	int r = v->h->ops->stat(v->h->ctx, "sys/firmware/efi", &st);

	v->m->efi = r >= 0;
	if (r < 0)
		inventory_failed(v, r, "efi");
	if (!v->m->efi)
		return;
	r = host_list(v->h, v->tmp, EFIVARS, &vars);
	if (r >= 0 && vars.n) {
		r = read_efi_variable(v, SECURE_BOOT, &b);
		v->m->secure_boot = r >= 0 && b.data[0] == 1;
		if (r < 0)
			inventory_failed(v, r, "secure_boot");
		r = read_efi_variable(v, LOADER_INFO, &b);
		if (r >= 0)
			v->m->loader_info = from_utf16(v->a, b);
		else
			inventory_failed(v, r, "loader_info");
		return;
	}
	machine_set_unknown(v->m, "efivarfs is not mounted", "secure_boot");
	machine_set_unknown(v->m, "efivarfs is not mounted", "loader_info");
}

static void read_acpi(struct inventory *v)
{
	static const char *const names[] = { "DMAR", "IVRS", "VIOT" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct blob b;
		int r = host_read(
			v->h, v->a,
			arena_printf(v->tmp, "sys/firmware/acpi/tables/%s", names[i]),
			ACPI_TABLE_MAX, &b);

		if (r < 0)
			inventory_failed(v, r, "acpi/%s", names[i]);
		else
			*vec_push(v->a, &v->m->acpi) = (struct acpi_table){ names[i], b };
	}
}

/* --- the running kernel --- */

static const char *read_proc(struct inventory *v, const char *path, const char *fact)
{
	char *text;
	int r = host_read_text(v->h, v->a, &text, "%s", path);

	if (r >= 0)
		return text;
	inventory_failed(v, r, "%s", fact);
	return "";
}

static void read_loaded(struct inventory *v)
{
	char *text, *line;
	int r = host_read_text(v->h, v->tmp, &text, "proc/modules");

	if (r < 0)
		inventory_failed(v, r, "loaded");
	while (r >= 0 && (line = inventory_line(&text)))
		*vec_push(v->a, &v->m->loaded) =
			arena_strndup(v->a, line, strcspn(line, " "));
}

/* --- IOMMU --- */

static const char *unit_kind(const char *name, const char *target)
{
	if (after_prefix(name, "dmar"))
		return "intel";
	if (after_prefix(name, "ivhd"))
		return "amd";
	return strstr(target, "/virtio") ? "virtio" : "other";
}

static void read_units(struct inventory *v)
{
	strings names;
	int r = host_list(v->h, v->tmp, "sys/class/iommu", &names);

	if (r < 0) {
		inventory_failed(v, r, "iommu");
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		char *target;

		if (host_readlink(v->h, v->tmp, &target, "sys/class/iommu/%s",
				  names.v[i]) < 0)
			continue;
		*vec_push(v->a, &v->m->units) =
			(struct iommu_unit){ arena_strdup(v->a, names.v[i]),
					     unit_kind(names.v[i], target) };
	}
}

static void read_group(struct inventory *v, const char *name)
{
	struct iommu_group *g = vec_push(v->a, &v->m->groups);
	struct blob reserved;
	char *type;

	g->id = (int)strtol(name, NULL, 10);
	if (host_read_text(v->h, v->a, &type, "sys/kernel/iommu_groups/%s/type", name) >=
	    0)
		g->type = type;
	if (host_read(v->h, v->a,
		      arena_printf(v->tmp, "sys/kernel/iommu_groups/%s/reserved_regions",
				   name),
		      HOST_FILE_MAX, &reserved) >= 0)
		g->reserved = (const char *)reserved.data;
}

static void read_groups(struct inventory *v)
{
	strings names;
	int r = host_list(v->h, v->tmp, "sys/kernel/iommu_groups", &names);

	if (r < 0) {
		inventory_failed(v, r, "groups");
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		if (strspn(names.v[i], "0123456789") == strlen(names.v[i]) &&
		    strlen(names.v[i]) < 10)
			read_group(v, names.v[i]);
}

/* --- the kernel's log --- */

/* "[    0.000000] text", perhaps with a thread in brackets of its own. */
static const char *without_stamp(const char *line)
{
	const char *s = line;

	while (*s == '[') {
		size_t n = 1 + strspn(s + 1, " .0123456789TC");

		if (s[n] != ']')
			break;
		s += n + 1;
		s += *s == ' ';
	}
	return s;
}

/* The kernel log says it at boot. Returns false if no line of it is about this. */
static bool remapping_in_log(const struct machine *m, bool *ret)
{
	static const struct {
		const char *text;
		bool on;
	} lines[] = {
		{ "Enabled IRQ remapping",
		  true }, /* drivers/iommu/intel/irq_remapping.c */
		{ "AMD-Vi: Interrupt remapping enabled",
		  true }, /* drivers/iommu/amd/init.c */
		{ "AMD-Vi: Disabling interrupt remapping", false },
	};
	bool found = false;

	for (size_t i = 0; i < m->klog.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(lines); k++)
			if (strstr(m->klog.v[i], lines[k].text)) {
				*ret = lines[k].on;
				found = true;
			}
	return found;
}

/*
 * Where the log does not reach back to the boot: remapped interrupts have chips of their
 * own (arch/x86/kernel/apic/io_apic.c: "IR-IO-APIC", drivers/iommu: "IR-PCI-MSI").
 */
static bool remapping_in_interrupts(struct inventory *v, bool *ret)
{
	char *text;

	if (host_read_text(v->h, v->tmp, &text, "proc/interrupts") < 0 ||
	    (!strstr(text, "IO-APIC") && !strstr(text, "PCI-MSI")))
		return false;
	*ret = strstr(text, " IR-IO-APIC") || strstr(text, " IR-PCI-MSI");
	return true;
}

static void read_klog(struct inventory *v)
{
	struct machine *m = v->m;
	AUTOFREE char *log = NULL;
	bool from_boot = false;
	const char *why = NULL;
	int r = v->h->ops->klog(v->h->ctx, &log);

	if (r < 0)
		why = inventory_why(v, r);
	for (char *rest = log, *line; r >= 0 && (line = inventory_line(&rest));) {
		const char *text = without_stamp(line);

		from_boot |= after_prefix(text, "Linux version") != NULL;
		if (klog_matters(text))
			*vec_push(v->a, &m->klog) = arena_strdup(v->a, text);
	}
	if (!why && !from_boot)
		why = "the kernel log no longer reaches back to boot";
	if (why)
		machine_set_unknown(m, why, "klog");
	if (!remapping_in_log(m, &m->interrupt_remapping) && why &&
	    !remapping_in_interrupts(v, &m->interrupt_remapping))
		machine_set_unknown(m, why, "iommu/interrupt_remapping");
}

static void read_release(struct inventory *v)
{
	v->m->release = read_proc(v, "proc/sys/kernel/osrelease", "release");
	v->m->kernel_version = read_proc(v, "proc/sys/kernel/version", "kernel_version");
	v->m->cmdline = read_proc(v, "proc/cmdline", "cmdline");
}

void inventory_platform(struct inventory *v)
{
	read_cpu(v);
	read_efi(v);
	read_acpi(v);
	read_release(v);
	read_loaded(v);
	read_units(v);
	read_groups(v);
	read_klog(v);
}

void inventory_iommu(struct inventory *v)
{
	read_units(v);
	if (machine_has_groups(v->m) || !v->m->fns.n)
		return;
	read_groups(v);
	read_acpi(v);
	read_release(v);
	read_klog(v);
	/* Boot entries are among them. */
	inventory_disk_files(v);
}
