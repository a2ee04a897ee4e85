/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>

#include <pci/header.h>

#include "core/acpi.h"
#include "core/boot.h"
#include "core/grouping.h"
#include "core/initramfs.h"
#include "core/inventory.h"
#include "fakesys/lint-part.h"
#include "fakesys/profile.h"

PRINTF(3, 0)
static void add_note(struct lint *l, bool error, const char *fmt, va_list ap)
{
	*vec_push(l->arena, l->notes) = (struct lint_note){
		.error = error,
		.text = arena_vprintf(l->arena, fmt, ap),
	};
}

void lint_error(struct lint *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(l, true, fmt, ap);
	va_end(ap);
}

void lint_warn(struct lint *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(l, false, fmt, ap);
	va_end(ap);
}

/* ---- names in sorted order, for lists that may be long ---- */

static int cmp_names(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void names_sort(strings *names)
{
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), cmp_names);
}

static bool names_have(const strings *sorted, const char *name)
{
	return sorted->n &&
	       bsearch(&name, sorted->v, sorted->n, sizeof(*sorted->v), cmp_names);
}

/* ---- checks ---- */

static void check_head(struct lint *l)
{
	const struct machine *m = l->m;

	if (!*m->name)
		lint_error(l, "name: empty");
	if (!*m->about)
		lint_warn(l, "about: say in one sentence what this machine is good for");
	if (!*m->source)
		lint_error(l, "source: empty");
	if (!*m->cpu_vendor && !machine_unknown(m, "cpu"))
		lint_error(l, "cpu.vendor: missing, and not among unknown");
	if (!m->fns.n)
		lint_error(l, "functions: none");
}

static bool group_listed(const struct machine *m, int id)
{
	size_t lo = 0, hi = m->groups.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->groups.v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->groups.n && m->groups.v[lo].id == id;
}

static int cmp_ints(const void *x, const void *y)
{
	int a = *(const int *)x, b = *(const int *)y;

	return (a > b) - (a < b);
}

/*
 * The IOMMU itself has no group, and before Linux 6.15 a function that no driver has
 * probed has none when the IOMMU's driver came as a module (viot_iommu_configure).
 */
static bool needs_no_group(const struct machine *m, const struct pci_fn *fn)
{
	char bdf[BDF_SIZE];

	if (fn_class(fn) == CLASS_IOMMU)
		return true;
	bdf_format(fn->bdf, bdf);
	vec_foreach(u, &m->units)
		if (streq(u->kind, "virtio") && (!fn->driver || streq(u->name, bdf)))
			return true;
	return false;
}

static void check_groups(struct lint *l)
{
	const struct machine *m = l->m;
	bool grouped = m->groups.n > 0;
	VEC(int) used = { 0 };
	char bdf[BDF_SIZE];

	if (grouped != (m->units.n > 0) &&
	    !machine_unknown(m, grouped ? "units" : "groups"))
		lint_error(l, grouped ? "iommu.units: none, but there are groups"
				      : "groups: none, but there is an IOMMU");
	vec_foreach(fn, &m->fns) {
		bdf_format(fn->bdf, bdf);
		if (fn->group == GROUP_NONE) {
			if (grouped && !needs_no_group(m, fn))
				lint_warn(l,
					  "functions[%s]: no group, but others have one",
					  bdf);
			continue;
		}
		*vec_push(l->arena, &used) = fn->group;
		if (!group_listed(m, fn->group))
			lint_error(l, "functions[%s]: group %d is not listed in groups",
				   bdf, fn->group);
	}
	if (used.n)
		qsort(used.v, used.n, sizeof(*used.v), cmp_ints);
	vec_foreach(g, &m->groups)
		if (!used.n ||
		    !bsearch(&g->id, used.v, used.n, sizeof(*used.v), cmp_ints))
			lint_warn(l, "groups[%d]: no function is in it", g->id);
}

/* What a kernel would form of the recorded functions is what one has formed. */
static void compare_groups(struct lint *l)
{
	bool proven;
	struct grouping_want want = grouping_want_of(
		&profile_for(l->m, &proven)->grouping, l->m->release, &l->m->klog);
	struct grouping g;
	struct grouping_match match;

	if (!l->m->groups.n)
		return;
	grouping_compute(l->m, &want, l->arena, &g);
	grouping_compare(&g, &match);
	vec_foreach(d, &match.differences)
		lint_warn(l, "groups: %s", *d);
	for (size_t i = 0; match.differences.n && i < g.assumptions.n; i++)
		lint_warn(l, "groups: computed with a guess: %s", g.assumptions.v[i]);
}

static uint64_t bus_key(uint32_t domain, uint8_t bus)
{
	return (uint64_t)domain << 8 | bus;
}

static int cmp_keys(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

/* An endpoint of PCI Express cannot be on a root bus: a port is above it. */
static void check_bridges(struct lint *l)
{
	const struct machine *m = l->m;
	VEC(uint64_t) buses = { 0 };
	char bdf[BDF_SIZE];

	vec_foreach(fn, &m->fns)
		if (cfg_is_bridge(fn->config))
			*vec_push(l->arena, &buses) = bus_key(
				fn->bdf.domain, cfg_u8(fn->config, PCI_SECONDARY_BUS));
	if (buses.n)
		qsort(buses.v, buses.n, sizeof(*buses.v), cmp_keys);
	vec_foreach(fn, &m->fns) {
		uint64_t key = bus_key(fn->bdf.domain, fn->bdf.bus);
		int type = cfg_pcie_type(fn->config);

		if (fn->is_vf ||
		    (type != PCI_EXP_TYPE_ENDPOINT && type != PCI_EXP_TYPE_LEG_END))
			continue;
		if (!buses.n || !bsearch(&key, buses.v, buses.n, sizeof(key), cmp_keys))
			lint_error(l,
				   "functions[%s]: an endpoint, but no bridge leads to "
				   "bus %02x",
				   bdf_format(fn->bdf, bdf), fn->bdf.bus);
	}
}

static void check_config(struct lint *l)
{
	const struct machine *m = l->m;
	char bdf[BDF_SIZE];

	vec_foreach(fn, &m->fns) {
		bdf_format(fn->bdf, bdf);
		if (fn->config.len < fn->config_size || !fn->config_size) {
			if (!machine_unknown(m, "functions/%s/config", bdf))
				lint_error(
					l,
					"functions[%s].config: %zu of %u bytes, and not "
					"among unknown",
					bdf, fn->config.len, fn->config_size);
		}
		if (!fn->reset && !machine_unknown(m, "functions/%s/reset", bdf))
			lint_warn(l,
				  "functions[%s].reset: missing; \"\" says that there is "
				  "none",
				  bdf);
	}
}

static int cmp_bdfs(const void *x, const void *y)
{
	return bdf_cmp(*(const struct bdf *)x, *(const struct bdf *)y);
}

static void check_vfs(struct lint *l)
{
	VEC(struct bdf) parents = { 0 };
	char bdf[BDF_SIZE];
	size_t at = 0;

	vec_foreach(fn, &l->m->fns)
		if (fn->is_vf)
			*vec_push(l->arena, &parents) = fn->physfn;
	if (parents.n)
		qsort(parents.v, parents.n, sizeof(*parents.v), cmp_bdfs);
	vec_foreach(fn, &l->m->fns) {
		size_t first = at;

		while (at < parents.n && !bdf_cmp(parents.v[at], fn->bdf))
			at++;
		if (at - first != fn->vfs_now)
			lint_error(l, "functions[%s].vfs_now: %u, but %zu are there",
				   bdf_format(fn->bdf, bdf), fn->vfs_now, at - first);
	}
}

static void check_kernel(struct lint *l, const struct kernel *k)
{
	static const char *const needed[] = { "vfio", "vfio_iommu_type1", "vfio_pci" };
	strings names = { 0 };

	vec_foreach(mod, &k->modules)
		*vec_push(l->arena, &names) = mod->name;
	names_sort(&names);
	for (size_t i = 0; i + 1 < names.n; i++)
		if (streq(names.v[i], names.v[i + 1]))
			lint_error(l, "kernels[%s].modules[%s]: twice", k->release,
				   names.v[i]);
	vec_foreach(mod, &k->modules)
		for (size_t i = 0; i < mod->depends.n; i++)
			if (!names_have(&names, mod->depends.v[i]))
				lint_error(l,
					   "kernels[%s].modules[%s]: depends on %s, "
					   "which is "
					   "not there",
					   k->release, mod->name, mod->depends.v[i]);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!names_have(&names, needed[i]))
			lint_error(l, "kernels[%s].modules: %s is missing", k->release,
				   needed[i]);
	if (!k->initramfs.path)
		lint_warn(l, "kernels[%s].initramfs: none", k->release);
	vec_foreach(f, &k->initramfs.files)
		if (!initramfs_keeps(f))
			lint_warn(l, "kernels[%s].initramfs.files[%s]: nothing reads it",
				  k->release, f->path);
}

/* Every driver that is bound must come from somewhere, or a reboot cannot bring it back.
 */
static void check_drivers(struct lint *l, const struct kernel *k)
{
	strings drivers = { 0 }, loaded = { 0 };
	char bdf[BDF_SIZE];

	for (size_t i = 0; i < l->m->loaded.n; i++)
		*vec_push(l->arena, &loaded) = l->m->loaded.v[i];
	names_sort(&loaded);
	vec_foreach(mod, &k->modules)
		if (mod->driver && (!mod->file || names_have(&loaded, mod->name)))
			*vec_push(l->arena, &drivers) = mod->driver;
	names_sort(&drivers);
	vec_foreach(fn, &l->m->fns)
		if (fn->driver && !names_have(&drivers, fn->driver))
			lint_error(l,
				   "functions[%s].driver: no built-in or loaded module "
				   "of %s "
				   "registers %s",
				   bdf_format(fn->bdf, bdf), k->release, fn->driver);
}

static void check_kernels(struct lint *l)
{
	const struct kernel *running = machine_kernel(l->m, l->m->release);

	if (!running)
		lint_error(l, "kernel.release: \"%s\" is not among kernels",
			   l->m->release);
	else
		check_drivers(l, running);
	vec_foreach(k, &l->m->kernels)
		check_kernel(l, k);
}

static void check_boot(struct lint *l)
{
	struct boot boot = { 0 };
	struct err e = { 0 };

	if (boot_sequence(l->m, l->arena, &boot, &e) < 0)
		lint_error(l, "kernels: this machine would not boot: %s", e.text);
}

static void check_acpi(struct lint *l)
{
	const struct machine *m = l->m;

	vec_foreach(t, &m->acpi) {
		struct acpi_iommu parsed = { 0 };
		struct err e = { 0 };

		if (acpi_parse_iommu(l->arena, t->name, t->data, &parsed, &e) < 0)
			lint_error(l, "acpi.%s: %s", t->name, e.text);
		vec_foreach(note, &parsed.notes)
			lint_warn(l, "acpi.%s: %s", t->name, *note);
	}
	vec_foreach(u, &m->units)
		if (streq(u->kind, "intel") && !machine_acpi(m, "DMAR") &&
		    !machine_unknown(m, "acpi/DMAR"))
			lint_error(l, "iommu.units[%s]: there is no table DMAR", u->name);
		else if (streq(u->kind, "amd") && !machine_acpi(m, "IVRS") &&
			 !machine_unknown(m, "acpi/IVRS"))
			lint_error(l, "iommu.units[%s]: there is no table IVRS", u->name);
}

static bool engine_reads(const char *path)
{
	for (const char *const *p = inventory_files; *p; p++)
		if (!fnmatch(*p, path, FNM_PATHNAME | FNM_LEADING_DIR))
			return true;
	return false;
}

static void check_files(struct lint *l)
{
	/* Without these the guard cannot say what the host itself needs. */
	static const char *const wanted[] = { "proc/self/mountinfo", "proc/net/route" };

	vec_foreach(f, &l->m->files)
		if (!engine_reads(f->path))
			lint_warn(l, "files[%s]: nothing reads it", f->path);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!machine_file(l->m, wanted[i]) &&
		    !machine_unknown(l->m, "files/%s", wanted[i]) &&
		    !machine_unknown(l->m, "mounts"))
			lint_warn(l, "files: %s is missing, and not among unknown",
				  wanted[i]);
}

void lint_machine(const struct machine *m, struct arena *a, lint_notes *ret)
{
	static void (*const checks[])(struct lint * l) = {
		check_head,   check_groups, compare_groups, check_bridges,
		check_config, check_vfs,    check_acpi,     check_kernels,
		check_boot,   check_files,  lint_facts,     lint_private,
	};
	struct lint l = { .m = m, .arena = a, .notes = ret };

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](&l);
}
