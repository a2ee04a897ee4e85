/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What recordings of these kinds do not hold: derived where it follows from what they
 * hold, assumed where a plain Debian would have it, else unknown with the reason.
 */
#include <errno.h>

#include <pci/header.h>

#include "core/acpi.h"
#include "fakesys/import-text.h"

/* ---- what follows from the recording ---- */

/* drivers/pci/vgaarb.c: a machine's only VGA function is its default one. */
static void find_boot_vga(struct machine *m)
{
	struct pci_fn *only = NULL;
	char bdf[BDF_SIZE];
	unsigned n = 0;

	vec_foreach(fn, &m->fns) {
		if (fn->boot_vga)
			return;
		if (fn_class(fn) != PCI_CLASS_DISPLAY_VGA)
			continue;
		only = fn;
		n++;
	}
	if (n == 1)
		only->boot_vga = true;
	for (size_t i = 0; n > 1 && i < m->fns.n; i++)
		if (fn_class(&m->fns.v[i]) == PCI_CLASS_DISPLAY_VGA)
			machine_set_unknown(
				m, "no boot log tells which display is the boot VGA",
				"functions/%s/boot_vga",
				bdf_format(m->fns.v[i].bdf, bdf));
}

/* drivers/iommu/iommu.c:iommu_subsys_init: what new groups' domains are; NULL: not told.
 */
static const char *default_domain(const struct machine *m)
{
	bool translated = false, lazy = false, strict = false;

	vec_foreach(line, &m->klog) {
		if (strstr(*line, "Default domain type: Passthrough"))
			return "identity";
		translated |= strstr(*line, "Default domain type: Translated") != NULL;
		lazy |= strstr(*line, "invalidation policy: lazy mode") != NULL;
		strict |= strstr(*line, "invalidation policy: strict mode") != NULL;
	}
	if (!translated || lazy == strict)
		return NULL;
	return lazy ? "DMA-FQ" : "DMA";
}

static int cmp_int(const void *x, const void *y)
{
	int a = *(const int *)x, b = *(const int *)y;

	return (a > b) - (a < b);
}

static void make_groups(struct machine *m)
{
	const char *type = default_domain(m);
	int *ids = arena_alloc(m->arena, (m->fns.n + 1) * sizeof(*ids));
	const struct iommu_group *told = m->groups.v; /* by a tree; sorted */
	size_t n = 0, n_told = m->groups.n, at = 0;

	vec_foreach(fn, &m->fns)
		if (fn->group != GROUP_NONE)
			ids[n++] = fn->group;
	qsort(ids, n, sizeof(*ids), cmp_int);
	memset(&m->groups, 0, sizeof(m->groups));
	for (size_t i = 0; i < n; i++) {
		struct iommu_group *g;

		if (i && ids[i] == ids[i - 1])
			continue;
		g = vec_push(m->arena, &m->groups);
		g->id = ids[i];
		g->type = type;
		while (at < n_told && told[at].id < g->id)
			at++;
		if (at < n_told && told[at].id == g->id)
			*g = told[at];
	}
	if (!n && !*m->release)
		machine_set_unknown(
			m,
			"none is shown and there is no boot log: the IOMMU was off, or "
			"what recorded this does not show groups",
			"groups");
}

static const struct {
	const char *table, *kind, *prefix;
} unit_names[] = {
	{ "DMAR", "intel", "dmar" },
	{ "IVRS", "amd", "ivhd" },
};

/* class/iommu lists units only of an IOMMU that is in use; groups show that it is. */
static void make_units(struct machine *m)
{
	const char *why = machine_unknown(m, "groups");

	if (!m->groups.n) {
		m->units.n = 0;
		if (why) /* so nobody knows whether there is one */
			machine_set_unknown(m, why, "units");
		return;
	}
	for (size_t i = 0; !m->units.n && i < ARRAY_SIZE(unit_names); i++) {
		const struct acpi_table *t = machine_acpi(m, unit_names[i].table);
		struct acpi_iommu parsed;

		if (!t || acpi_parse_iommu(m->arena, t->name, t->data, &parsed, NULL) < 0)
			continue;
		for (size_t u = 0; u < parsed.units.n; u++)
			*vec_push(m->arena, &m->units) = (struct iommu_unit){
				arena_printf(m->arena, "%s%zu", unit_names[i].prefix, u),
				unit_names[i].kind,
			};
	}
	if (!m->units.n)
		machine_set_unknown(
			m,
			"there are groups, but neither a boot log nor an ACPI "
			"table was given",
			"units");
}

/* ---- what is missing ---- */

static bool has_resources(const struct pci_fn *fn)
{
	for (size_t i = 0; i < PCI_RESOURCES; i++)
		if (fn->res[i].flags)
			return true;
	return false;
}

static bool has_bars(const struct pci_fn *fn)
{
	uint32_t end = cfg_is_bridge(fn->config) ? 0x18 : 0x28;

	if (!fn->config.len)
		return false; /* that is told already */
	for (uint32_t at = PCI_BASE_ADDRESS_0; at < end; at += 4)
		if (cfg_u32(fn->config, at))
			return true;
	return false;
}

/* Why the configuration space is not all that the kernel serves; NULL: it is. */
static const char *config_gap(struct machine *m, struct pci_fn *fn, bool wide)
{
	if (!fn->config.len && fn->config.data)
		return "it read all ones: the function was powered off";
	if (!fn->config.len)
		return "lspci was run without -vv and -xxx";
	if (fn->config.len < 256)
		return arena_printf(
			m->arena,
			"only its first %zu bytes were recorded (lspci -x, or "
			"not as root)",
			fn->config.len);
	if (fn->config.len > 256 || wide || cfg_pcie_type(fn->config) < 0)
		return NULL;
	fn->config_size = 4096;
	return "only its first 256 bytes were recorded (lspci -xxx; -xxxx shows all)";
}

/* A tree said why each function's is not known. */
static void note_resets(struct machine *m)
{
	char bdf[BDF_SIZE];

	vec_foreach(fn, &m->fns)
		if (fn->reset ||
		    machine_unknown(m, "functions/%s/reset", bdf_format(fn->bdf, bdf)))
			return;
	machine_set_unknown(m, "neither lspci nor a boot log tells it", "reset");
}

/* What one file could not tell, another one did. */
static bool is_answered(const void *machine, const char *fact)
{
	const char *of = after_prefix(fact, "functions/");
	const struct pci_fn *fn = NULL;
	struct bdf bdf;
	int len = of ? bdf_parse(of, &bdf) : -1;

	if (len > 0 && of[len] == '/')
		fn = machine_fn(machine, bdf);
	if (!fn)
		return false;
	of += len + 1;
	if (streq(of, "config"))
		return fn->config.len >= fn->config_size;
	if (streq(of, "id"))
		return fn->id.vendor && fn->id.device;
	if (streq(of, "class"))
		return fn->id.class;
	if (streq(of, "subsystem"))
		return fn->id.subvendor && fn->id.subdevice;
	if (streq(of, "driver"))
		return fn->driver;
	if (streq(of, "iommu_group"))
		return fn->group != GROUP_NONE;
	return streq(of, "resources") && has_resources(fn);
}

static void note_functions(struct machine *m)
{
	bool wide = false, drivers = false;
	char bdf[BDF_SIZE];

	vec_foreach(fn, &m->fns) {
		wide |= fn->config.len > 256;
		drivers |= fn->driver != NULL;
	}
	vec_foreach(fn, &m->fns) {
		const char *gap = config_gap(m, fn, wide), *told;

		bdf_format(fn->bdf, bdf);
		/* A tree or the log may have said why. */
		told = machine_unknown(m, "functions/%s/config", bdf);
		if (gap && !told)
			machine_set_unknown(m, gap, "functions/%s/config", bdf);
		if (!fn->config.len)
			fn->config.data = NULL;
		if (!fn->id.vendor && !machine_unknown(m, "functions/%s/id", bdf))
			machine_set_unknown(m, told ? told : "lspci was run without -nn",
					    "functions/%s/id", bdf);
		if (!has_resources(fn) && has_bars(fn) &&
		    !machine_unknown(m, "functions/%s/resources", bdf))
			machine_set_unknown(
				m,
				"the recorded text has no sizes of its regions "
				"(lspci -vv shows them)",
				"functions/%s/resources", bdf);
		if (fn_is_display(fn) && !machine_unknown(m, "functions/%s/rom", bdf))
			machine_set_unknown(m, "what was given records no ROM images",
					    "functions/%s/rom", bdf);
	}
	note_resets(m);
	if (!drivers)
		machine_set_unknown(
			m,
			"nothing that was given names a driver (lspci -v and -k do, and "
			"the links of a /sys)",
			"drivers");
}

static void note_machine(struct machine *m)
{
	static const char no_log[] =
		"no boot log that reaches back to the boot was given";
	static const char *const logged[] = { "efi", "secure_boot",
					      "iommu/interrupt_remapping", "klog" };
	static const char *const tables[] = { "DMAR", "IVRS", "VIOT" };

	for (size_t i = 0; !*m->release && i < ARRAY_SIZE(logged); i++)
		machine_set_unknown(m, no_log, "%s", logged[i]);
	if (!*m->cpu_vendor)
		machine_set_unknown(m, "/proc/cpuinfo was not given", "cpu");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const char *line = arena_printf(m->arena, "ACPI: %s ", tables[i]);
		bool named = false;

		vec_foreach(l, &m->klog)
			named |= after_prefix(*l, line) != NULL;
		if (machine_acpi(m, tables[i]))
			continue;
		if (named)
			machine_set_unknown(
				m, "the boot log names it; its bytes were not given",
				"acpi/%s", tables[i]);
		else if (!*m->release && !m->acpi.n)
			machine_set_unknown(m,
					    "neither the table nor a boot log was given",
					    "acpi/%s", tables[i]);
	}
	machine_set_unknown(
		m,
		"not recorded: which disk holds the root file system and which "
		"interface leads to the administrator",
		"mounts");
}

/* ---- contradictions ---- */

/* Who made the host bridge, the processor's name for itself, and the IOMMU's table. */
static const struct maker {
	const char *name;
	uint32_t vendor;
	const char *cpu, *table;
} makers[] = {
	{ "Intel", 0x8086, "GenuineIntel", "DMAR" },
	{ "AMD", 0x1022, "AuthenticAMD", "IVRS" },
	{ "AMD", 0x1002, "AuthenticAMD", "IVRS" },
	{ "Hygon", 0x1d94, "HygonGenuine", "IVRS" },
};

#define QEMU_SUBVENDOR 0x1af4

/* NULL: another's, or QEMU's, which has a bridge of Intel for every processor. */
static const struct maker *bridge_maker(const struct machine *m)
{
	const struct pci_fn *bridge = m->fns.n ? &m->fns.v[0] : NULL;

	if (!bridge || fn_class(bridge) != PCI_CLASS_BRIDGE_HOST ||
	    bridge->id.subvendor == QEMU_SUBVENDOR ||
	    strings_have(&m->cpu_flags, "hypervisor"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (bridge->id.vendor == makers[i].vendor)
			return &makers[i];
	return NULL;
}

static int check_makers(const struct machine *m, struct err *e)
{
	const struct maker *maker = bridge_maker(m);

	for (size_t i = 0; maker && i < ARRAY_SIZE(makers); i++) {
		const struct maker *other = &makers[i];

		if (!streq(m->cpu_vendor, maker->cpu) && streq(m->cpu_vendor, other->cpu))
			return err_set(e, -EINVAL,
				       "lspci shows a host bridge of %s, /proc/cpuinfo a "
				       "processor of %s: these are two machines",
				       maker->name, other->name);
		if (!streq(maker->table, other->table) && machine_acpi(m, other->table))
			return err_set(e, -EINVAL,
				       "lspci shows a host bridge of %s, whose machines "
				       "have no table %s: these are two machines",
				       maker->name, other->table);
	}
	return 0;
}

int import_finish(struct machine *m, struct err *e)
{
	int r = import_apply_klog(m, e);

	if (r < 0)
		return r;
	if (!m->fns.n)
		return err_set(e, -EINVAL,
			       "no PCI function in what was given: lspci text or a "
			       "boot log is needed");
	import_link_vfs(m);
	r = machine_finish(m, e);
	if (r >= 0)
		r = check_makers(m, e);
	if (r < 0)
		return r;
	machine_drop_unknown(m, is_answered, m);
	find_boot_vga(m);
	make_groups(m);
	make_units(m);
	note_functions(m);
	note_machine(m);

	import_assume_debian(m);
	if (!*m->name)
		m->name = "imported";
	if (!*m->about)
		m->about = arena_printf(
			m->arena,
			"%zu recorded PCI functions%s%s; modules, boot loader and "
			"configuration files are assumed to be a plain Debian's",
			m->fns.n, *m->cpu_model ? ", " : "", m->cpu_model);
	return machine_finish(m, e);
}
