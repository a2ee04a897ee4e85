/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "fakesys/import-text.h"

#define RELEASE_CHARS                                                                    \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._~"
#define KLOG_MAX                                                                         \
	20000         /* lines kept: a machine of 10,000 functions has as many groups    \
		       */
#define FAULTS_MAX 20 /* a function that faults can fill the log */

/* What may stand between '[' and ']' of a time stamp: seconds, a date (-T), a thread. */
static bool is_stamp(const char *s, size_t n)
{
	static const char *const days[] = { "Mon ", "Tue ", "Wed ", "Thu ",
					    "Fri ", "Sat ", "Sun " };

	for (size_t i = 0; i < ARRAY_SIZE(days); i++)
		if (n > 20 && after_prefix(s, days[i]))
			return true;
	while (n && *s == ' ') {
		s++;
		n--;
	}
	if (n && (*s == 'T' || *s == 'C')) { /* CONFIG_PRINTK_CALLER */
		s++;
		n--;
	}
	for (size_t i = 0; i < n; i++)
		/* "[    1.625659 <    0.000275>]" of dmesg -d */
		if (!isdigit((unsigned char)s[i]) && !strchr(". <>", s[i]))
			return false;
	return n > 0;
}

const char *import_skip_stamp(const char *s)
{
	const char *p = s, *kernel = strstr(s, " kernel: ");

	/* "Nov 22 10:00:00 host kernel: [    0.000000] ..." of syslog and journalctl -k
	 */
	if (kernel && kernel - s < 100 && isalnum((unsigned char)*s))
		p = kernel + strlen(" kernel: ");
	/* "kern  :info  : [..." of dmesg -x */
	else if (after_prefix(s, "kern  :") && strstr(s, " : ["))
		p = strstr(s, " : [") + 3;
	for (;;) {
		const char *end;

		if (*p == '<' && isdigit((unsigned char)p[1]) && (end = strchr(p, '>')) &&
		    end - p <= 4)
			p = end + 1;
		else if (*p == '[' && (end = strchr(p, ']')) &&
			 is_stamp(p + 1, (size_t)(end - p - 1)))
			p = end + 1;
		else if (p > s && *p == ' ')
			p++;
		else
			return p;
	}
}

static void read_version(struct machine *m, const char *rest)
{
	const char *hash = NULL, *release;

	release = arena_strndup(m->arena, rest, strcspn(rest, " "));
	if (strspn(release, RELEASE_CHARS) != strlen(release) ||
	    !isalnum((unsigned char)*release))
		return; /* it becomes part of paths */

	/* A log that holds several boots (journalctl): the last one counts. */
	m->klog.n = 0;
	m->units.n = 0;
	m->efi = m->secure_boot = m->interrupt_remapping = false;
	m->release = release;
	for (const char *p = rest; (p = strstr(p, " #")); p++)
		hash = p;
	m->kernel_version = arena_strdup(m->arena, hash ? hash + 1 : "");
}

static void read_cmdline(struct machine *m, const char *rest)
{
	m->cmdline = arena_strdup(m->arena, rest);
}

static void read_efi(struct machine *m, const char *rest)
{
	(void)rest;
	m->efi = true;
}

static void read_secure_boot(struct machine *m, const char *rest)
{
	m->secure_boot = after_prefix(rest, "enabled") != NULL;
}

static void read_remapping(struct machine *m, const char *rest)
{
	(void)rest;
	m->interrupt_remapping = true;
}

static void add_unit(struct machine *m, const char *kind, const char *prefix)
{
	struct iommu_unit *u = vec_push(m->arena, &m->units);

	u->kind = kind;
	u->name = arena_printf(m->arena, "%s%zu", prefix, m->units.n - 1);
}

static void read_dmar_unit(struct machine *m, const char *rest)
{
	if (strstr(rest, ": reg_base_addr "))
		add_unit(m, "intel", "dmar");
}

static void read_amd_unit(struct machine *m, const char *rest)
{
	(void)rest;
	add_unit(m, "amd", "ivhd");
}

/* Words that tell a fact at once, wherever in the line they stand. */
static const struct {
	const char *words;
	void (*read)(struct machine *m, const char *rest);
	bool at_start;
} facts[] = {
	/* clang-format off */
	{ "Linux version ", read_version, true },
	{ "Command line: ", read_cmdline, true },
	{ "Kernel command line: ", read_cmdline, true },
	{ "efi: EFI v", read_efi, true },
	{ "EFI v", read_efi, true }, /* before 3.12: no prefix */
	{ "ecure boot ", read_secure_boot },
	{ "Enabled IRQ remapping in ", read_remapping },
	{ "Interrupt remapping enabled", read_remapping },
	{ "DMAR: dmar", read_dmar_unit, true },
	{ "DMAR: IOMMU ", read_dmar_unit, true }, /* before 4.8 */
	{ "dmar: IOMMU ", read_dmar_unit, true }, /* before 4.2 */
	{ "AMD-Vi: Found IOMMU ", read_amd_unit },
	/* clang-format on */
};

/* Lines that matter to the engine or to people who judge a machine: kept in klog. */
static const char *const kept[] = {
	"Linux version ", "iommu",          "IOMMU",       "DMAR",
	"dmar:",          "AMD-Vi",         "vgaarb",      "vfio",
	"VFIO",           "efi: EFI v",     "ecure boot",  "Kernel is locked down",
	"IRQ remapping",  "ACPI: MCFG ",    "ACPI: IVRS ", "ACPI: VIOT ",
	" ACS ",          "x2apic enabled", "pci-stub",
};

static bool is_enumeration(const char *s)
{
	return after_prefix(s, "pci ") && strstr(s, "] type ");
}

static bool is_kept(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strstr(s, kept[i]))
			return true;
	return is_enumeration(s);
}

static bool is_fault(const char *s)
{
	return strstr(s, "handling fault") || strstr(s, "fault addr") ||
	       strstr(s, "AMD-Vi: Event logged");
}

int import_dmesg(struct machine *m, const char *name, const char *text,
		 struct import_stats *ret, struct err *e)
{
	struct import_text t = { .m = m, .name = name, .next = text, .e = e };
	unsigned faults = 0;

	while (import_next_line(&t)) {
		const char *s = import_skip_stamp(t.buf);
		bool known = s != t.buf || !*s;

		for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
			const char *at = facts[i].at_start
						 ? after_prefix(s, facts[i].words)
						 : strstr(s, facts[i].words);

			if (!at)
				continue;
			facts[i].read(m, facts[i].at_start ? at
							   : at + strlen(facts[i].words));
			known = true;
			break;
		}
		if (!known)
			import_odd_line(&t);
		if (!is_kept(s) || m->klog.n >= KLOG_MAX)
			continue;
		if (is_fault(s) && ++faults > FAULTS_MAX)
			continue;
		*vec_push(m->arena, &m->klog) = arena_strdup(m->arena, s);
	}
	if (ret)
		*ret = t.stats;
	return 0;
}

/* The address that ends right before @end in @line; what stands before it is a driver's.
 */
static bool bdf_before(const char *line, const char *end, struct bdf *ret)
{
	const char *p = end;

	while (p > line && p[-1] != ' ')
		p--;
	return bdf_parse(p, ret) == end - p;
}

/* A function's group as one line tells it: joined, or left (GROUP_NONE). */
static bool read_group(const char *s, struct bdf *ret_bdf, int *ret_group)
{
	const char *at, *number;
	uint64_t group;

	if ((at = strstr(s, ": Adding to iommu group "))) {
		number = strrchr(at, ' ') + 1;
	} else if ((at = strstr(s, ": Removing from iommu group "))) {
		number = NULL;
	} else if ((at = strstr(s, "dding device ")) &&
		   (number = strstr(at, " to group "))) {
		/* before 5.2: "iommu: Adding device 0000:00:01.0 to group 0" */
		at = number;
		number += strlen(" to group ");
	} else {
		return false;
	}
	if (!bdf_before(s, at, ret_bdf))
		return false;
	*ret_group = GROUP_NONE;
	if (number && !import_number(number, 10, 6, &group))
		return false;
	if (number)
		*ret_group = (int)group;
	return true;
}

/* "pci 0000:01:00.0: vgaarb: setting as boot VGA device", "PCI:0000:00:02.0" before 5.8
 */
static bool read_boot_vga(const char *s, struct bdf *ret)
{
	const char *at = strstr(s, ": vgaarb: setting as boot VGA device"), *old;

	if (at)
		return bdf_before(s, at, ret);
	old = strstr(s, "vgaarb: setting as boot device: PCI:");
	return old && bdf_parse(strstr(old, "PCI:") + 4, ret) > 0;
}

/* "pci 0000:00:00.0: [8086:3ec4] type 00 class 0x060000" */
static bool read_enumeration(const char *s, struct pci_fn *ret)
{
	const char *at = strstr(s, ": ["), *class = strstr(s, " class 0x");
	uint64_t vendor, device, c;

	if (!is_enumeration(s) || !at || !class || !bdf_before(s, at, &ret->bdf))
		return false;
	at += 3;
	if (import_number(at, 16, 4, &vendor) != 4 || at[4] != ':' ||
	    import_number(at + 5, 16, 4, &device) != 4 ||
	    import_number(class + strlen(" class 0x"), 16, 6, &c) != 6)
		return false;
	ret->id.vendor = (uint32_t)vendor;
	ret->id.device = (uint32_t)device;
	ret->id.class = (uint32_t)c;
	return true;
}

static int cmp_fn(const void *x, const void *y)
{
	return bdf_cmp(((const struct pci_fn *)x)->bdf, ((const struct pci_fn *)y)->bdf);
}

/* Functions of a log without lspci text; the last line about an address wins. */
static void add_functions(struct machine *m)
{
	size_t n = 0;

	vec_foreach(line, &m->klog) {
		struct pci_fn fn = { .group = GROUP_NONE,
				     .numa = -1,
				     .config_size = 256 };

		if (read_enumeration(*line, &fn))
			*vec_push(m->arena, &m->fns) = fn;
	}
	if (m->fns.n)
		qsort(m->fns.v, m->fns.n, sizeof(*m->fns.v), cmp_fn);
	for (size_t i = 0; i < m->fns.n; i++)
		if (!n || bdf_cmp(m->fns.v[n - 1].bdf, m->fns.v[i].bdf))
			m->fns.v[n++] = m->fns.v[i];
	m->fns.n = n;
}

static struct pci_fn *find_fn(struct machine *m, struct bdf bdf)
{
	struct pci_fn key = { .bdf = bdf };

	return m->fns.n ? bsearch(&key, m->fns.v, m->fns.n, sizeof(key), cmp_fn) : NULL;
}

int import_apply_klog(struct machine *m, struct err *e)
{
	bool from_lspci = false;
	struct pci_fn *boot_vga = NULL;
	size_t kept_lines = 0;
	char name[BDF_SIZE];
	int *logged;

	if (!m->fns.n)
		add_functions(m);
	vec_foreach(fn, &m->fns)
		from_lspci |= fn->group != GROUP_NONE;
	logged = arena_alloc(m->arena, (m->fns.n + 1) * sizeof(*logged));
	for (size_t i = 0; i < m->fns.n; i++)
		logged[i] = GROUP_NONE;

	vec_foreach(line, &m->klog) {
		struct pci_fn *fn;
		struct bdf bdf;
		int group;

		if (read_group(*line, &bdf, &group) && (fn = find_fn(m, bdf)))
			logged[fn - m->fns.v] = group;
		if (read_boot_vga(*line, &bdf) && (fn = find_fn(m, bdf)))
			boot_vga = fn;
		if (!is_enumeration(*line))
			m->klog.v[kept_lines++] = *line;
	}
	m->klog.n = kept_lines;
	if (boot_vga) {
		vec_foreach(fn, &m->fns)
			fn->boot_vga = fn == boot_vga;
	}

	for (size_t i = 0; i < m->fns.n; i++) {
		struct pci_fn *fn = &m->fns.v[i];

		if (logged[i] == GROUP_NONE)
			continue;
		if (from_lspci && fn->group != logged[i])
			return err_set(
				e, -EINVAL,
				"%s is in group %d by lspci and %d by the boot log: "
				"these are not of one boot",
				bdf_format(fn->bdf, name), fn->group, logged[i]);
		fn->group = logged[i];
	}
	return 0;
}
