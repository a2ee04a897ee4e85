/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executes core's boot sequence on the driver core, and says why each driver came. */
#include <errno.h>
#include <stdio.h>

#include "core/acpi.h"
#include "core/boot-override.h"
#include "core/cmdline.h"
#include "core/machine-groups.h"
#include "fakesys/boot-view.h"

struct boot_run {
	struct sim *s;
	struct arena *a; /* of this power-on */
	const struct machine *view;
	struct boot boot;
	struct boot_report *report;
	const struct boot_step **bound;      /* parallel to fns: the step that bound it */
	const struct boot_step **overridden; /* the step that stored its override */
};

/* ---- the IOMMU of this boot ---- */

/*
 * Whether the Intel driver is on without being asked is a choice of the kernel's
 * configuration (INTEL_IOMMU_DEFAULT_ON*). Debian's is on, and so is Proxmox's from 6.8;
 * of others it shows in the recorded boot, unless that one was told.
 */
static bool intel_default(const struct machine *m, const struct iommu_request *recorded)
{
	if (strstr(m->kernel_version, "Debian"))
		return true;
	if (ends_with(m->release, "-pve"))
		return strverscmp(m->release, "6.8") >= 0;
	return recorded->intel < 0 && recorded->all < 0 && machine_iommu_active(m);
}

/* Whose IOMMU it is where no table says so: that of the maker of the host bridge. */
static bool is_made_by(const struct machine *m, unsigned vendor)
{
	return machine_iommu_active(m) && !m->acpi.n && !m->units.n &&
	       m->fns.v[0].id.vendor == vendor;
}

/* Does DMAR or, where it was not switched off, the recorded boot have it? */
static bool can_remap(struct boot_run *b, const struct acpi_table *dmar,
		      const struct iommu_request *recorded)
{
	const struct machine *m = b->s->m;
	struct acpi_iommu table;

	if (m->interrupt_remapping || (m->units.n && !recorded->intremap_off))
		return m->interrupt_remapping;
	return dmar && !acpi_parse_iommu(b->a, "DMAR", dmar->data, &table, NULL) &&
	       table.interrupt_remapping;
}

static void decide_iommu(struct boot_run *b)
{
	const struct machine *m = b->s->m;
	const struct acpi_table *dmar = machine_acpi(m, "DMAR");
	struct iommu_request now, recorded;
	bool on = machine_iommu_active(m), remapping;

	cmdline_iommu(b->a, b->boot.cmdline, &now);
	cmdline_iommu(b->a, m->cmdline, &recorded);
	remapping = !now.intremap_off && can_remap(b, dmar, &recorded);
	if (dmar || is_made_by(m, 0x8086)) {
		/* Interrupts are remapped even with intel_iommu=off. */
		on = now.intel >= 0 ? now.intel : intel_default(m, &recorded);
		on = on && now.all != 0;
	} else if (machine_acpi(m, "IVRS") || is_made_by(m, 0x1022)) {
		on = now.amd != 0 && now.all != 0 && (on || recorded.off_words.n > 0);
		remapping = remapping && on;
	}
	/* Nothing of this reaches virtio-iommu. */
	sim_set_iommu(b->s, on, remapping, now.passthrough ? "identity" : NULL);
}

/* ---- the steps ---- */

static void say(struct boot_run *b, const struct boot_step *s, const char *what)
{
	*vec_push(b->a, &b->report->timeline) = arena_printf(
		b->a, "%s: %s (%s)", boot_phase_name(s->phase), what, s->why);
}

/* Which functions did this load bind? */
static void note_bound(struct boot_run *b, const struct boot_step *step)
{
	const struct machine *m = b->s->m;
	char bdf[BDF_SIZE];

	for (uint32_t i = 0; i < m->fns.n; i++) {
		const char *driver;

		if (b->bound[i] || !(driver = sim_fn_driver(b->s, i)))
			continue;
		b->bound[i] = step;
		if (step->phase != BOOT_BUILTIN)
			*vec_push(b->a, &b->report->timeline) =
				arena_printf(b->a, "    %s -> %s",
					     bdf_format(m->fns.v[i].bdf, bdf), driver);
	}
}

static void do_load(struct boot_run *b, const struct boot_step *step)
{
	if (sim_module_loaded(b->s, step->mod->name))
		return;
	(void)sim_load_module(b->s, step->mod, step->options);
	if (step->phase != BOOT_BUILTIN)
		say(b, step,
		    arena_printf(b->a, "load %s%s%s", step->mod->name,
				 *step->options ? " " : "", step->options));
	if (step->mod->driver)
		note_bound(b, step);
}

uint32_t boot_step_target(const struct sim *s, const struct boot_step *step)
{
	const struct boot_override o = { .bdf = step->bdf,
					 .match = step->match,
					 .serial = step->serial };
	uint32_t at = sim_find_fn(s, step->bdf);
	const struct pci_fn *fn = at == SIM_NONE ? NULL : &s->m->fns.v[at];

	return fn && override_matches(&o, fn->bdf, &fn->id, fn->config) ? at : SIM_NONE;
}

static void do_override(struct boot_run *b, const struct boot_step *step)
{
	uint32_t at = boot_step_target(b->s, step);
	char bdf[BDF_SIZE];

	/* A udev rule that repeats what a script did before changes nothing. */
	if (at != SIM_NONE && b->overridden[at] &&
	    streq(b->overridden[at]->override, step->override))
		return;
	bdf_format(step->bdf, bdf);
	if (at == SIM_NONE) {
		say(b, step,
		    arena_printf(b->a, "leave %s alone: it is not the function meant",
				 bdf));
		return;
	}
	(void)sim_set_override(b->s, at, step->override);
	b->overridden[at] = step;
	say(b, step, arena_printf(b->a, "override %s with %s", bdf, step->override));
}

/* ---- why, and what chance might do ---- */

/* Does the driver of @mod match by its own ids, whatever the override says? */
static bool native_match(const struct module *mod, const struct pci_fn *fn)
{
	vec_foreach(id, &mod->ids)
		if (!id->override_only && pci_id_matches(id, &fn->id))
			return true;
	return false;
}

/* The first load of each driver module in @phase. */
typedef VEC(const struct boot_step *) step_list;

static void first_loads(const struct boot_run *b, enum boot_phase phase, step_list *ret)
{
	vec_foreach(s, &b->boot.steps) {
		bool seen = false;

		if (s->phase != phase || !s->mod || !s->mod->driver)
			continue;
		vec_foreach(old, ret)
			seen |= (*old)->mod == s->mod;
		if (!seen)
			*vec_push(b->a, ret) = s;
	}
}

/*
 * Two requests of one phase run side by side. A driver that came first in ours may come
 * second on the real host, unless every request that loads the other loads it before; and
 * an override that a udev rule stores may come after a driver that another event loaded.
 */
static const char *find_race(const struct boot_run *b, const struct pci_fn *fn,
			     const step_list *loads)
{
	size_t i = (size_t)(fn - b->s->m->fns.v);
	const struct boot_step *by = b->bound[i], *over = b->overridden[i];

	if (over && boot_parallel(over->phase))
		vec_foreach(s, &b->boot.steps)
			if (s->phase == over->phase && s->request != over->request &&
			    s->mod && s->mod->driver && native_match(s->mod, fn))
				return arena_printf(
					b->a,
					"%s may get it: %s is loaded for another request "
					"(%s) beside the rule that overrides this one "
					"(%s)",
					by && by->mod == s->mod ? over->override
								: s->mod->driver,
					s->mod->name, s->why, over->why);
	if (!by || !boot_parallel(by->phase))
		return NULL;
	vec_foreach(it, &loads[by->phase])
		if ((*it)->mod != by->mod &&
		    sim_module_matches(b->s, (*it)->mod, (uint32_t)i, (*it)->options) &&
		    !boot_ordered(&b->boot, by->mod, (*it)->mod))
			return arena_printf(
				b->a,
				"%s may get it: %s and %s are loaded side by side "
				"(%s; %s)",
				(*it)->mod->driver, by->mod->name, (*it)->mod->name,
				by->why, (*it)->why);
	return NULL;
}

static const char *why_bound(const struct boot_run *b, const struct pci_fn *fn)
{
	size_t i = (size_t)(fn - b->s->m->fns.v);
	const struct boot_step *by = b->bound[i], *over = b->overridden[i];
	const char *how = "its ids match";

	if (by->phase == BOOT_BUILTIN)
		return "part of the kernel";
	if (over && over < by)
		how = arena_printf(b->a, "overridden by %s", over->why);
	else if (strstr(by->options, "ids=") && !native_match(by->mod, fn))
		how = by->options;
	return arena_printf(b->a, "loaded in %s (%s); %s", boot_phase_name(by->phase),
			    by->why, how);
}

/* Why did the boot not load @mod, that would drive a function? */
static const char *why_not_loaded(const struct boot_run *b,
				  const struct modprobe_config *c,
				  const struct module *mod)
{
	const struct modprobe_line *l;

	if ((l = modprobe_blacklisted(c, mod->name)))
		return arena_printf(b->a, "%s is blacklisted (%s:%u)", mod->name, l->file,
				    l->line);
	if ((l = modprobe_install(c, mod->name)))
		return arena_printf(b->a,
				    "%s was not loaded: its install line says so "
				    "(%s:%u)",
				    mod->name, l->file, l->line);
	if (modprobe_refused(c, mod->name))
		return arena_printf(b->a,
				    "%s is refused by module_blacklist=", mod->name);
	return arena_printf(b->a, "%s was not loaded", mod->name);
}

/* The sentence for a function that got no driver. */
static const char *why_unbound(const struct boot_run *b, const struct modprobe_config *c,
			       const struct pci_fn *fn)
{
	size_t i = (size_t)(fn - b->s->m->fns.v);
	const struct boot_step *over = b->overridden[i];

	/* drivers/pci/pci-sysfs.c:driver_override_store binds nothing. */
	if (over)
		vec_foreach(s, &b->boot.steps)
			if (s->mod && s->mod->driver && s < over &&
			    streq(s->mod->driver, over->override))
				return arena_printf(
					b->a,
					"overridden with %s (%s), which was loaded "
					"before and does not look again",
					over->override, over->why);
	if (over)
		return arena_printf(b->a, "overridden with %s (%s), which was not loaded",
				    over->override, over->why);
	vec_foreach(mod, &b->boot.kernel->modules)
		if (mod->driver && native_match(mod, fn) &&
		    !sim_module_loaded(b->s, mod->name))
			return why_not_loaded(b, c, mod);
	return "no driver of this kernel matches it";
}

static void report_functions(struct boot_run *b)
{
	step_list loads[BOOT_PHASES] = { 0 };
	struct modprobe_config config = { 0 };

	modprobe_read(b->a, b->view->files.v, b->view->files.n, b->boot.cmdline, &config);
	for (int p = 0; p < BOOT_PHASES; p++)
		if (boot_parallel((enum boot_phase)p))
			first_loads(b, (enum boot_phase)p, &loads[p]);
	vec_foreach(fn, &b->s->m->fns) {
		uint32_t i = (uint32_t)(fn - b->s->m->fns.v);
		struct boot_result *r;

		if (b->s->places[i].traits & FN_UNRECORDED)
			continue;
		r = vec_push(b->a, &b->report->fns);
		*r = (struct boot_result){ .bdf = fn->bdf,
					   .driver = sim_fn_driver(b->s, i),
					   .race = find_race(b, fn, loads) };
		if (fn->is_vf)
			r->why =
				"a virtual function: nothing has enabled it in this boot";
		else
			r->why = b->bound[i] ? why_bound(b, fn)
					     : why_unbound(b, &config, fn);
	}
}

/* ---- the boot ---- */

/* A kernel that was recorded with an initramfs needs one to find its root. */
static int check_image(const struct boot_run *b, struct err *e)
{
	const struct kernel *recorded = machine_kernel(b->s->m, b->boot.kernel->release);

	if (recorded->initramfs.path && !b->boot.kernel->initramfs.path)
		return err_set(
			e, -ENOENT,
			"%s: /boot/initrd.img-%s is missing or damaged; the kernel "
			"finds no root file system",
			b->boot.entry, recorded->release);
	return 0;
}

int sim_reboot(struct sim *s, const struct boot_report **ret, struct err *e)
{
	struct machine view;
	struct boot_run b = { .s = s, .view = &view };
	int r;

	sim_power_off(s);
	b.a = s->run;
	b.report = arena_alloc(b.a, sizeof(*b.report));
	b.bound = arena_alloc(b.a, (s->m->fns.n + 1) * sizeof(*b.bound));
	b.overridden = arena_alloc(b.a, (s->m->fns.n + 1) * sizeof(*b.overridden));
	boot_view(s, b.a, &view);
	r = boot_sequence(&view, b.a, &b.boot, e);
	if (!r)
		r = check_image(&b, e);
	if (r < 0) {
		s->off = true;
		return r;
	}
	sim_set_running(s, b.boot.kernel->release, b.boot.cmdline);
	decide_iommu(&b);
	sim_log_boot(s);
	s->quiet = true;
	vec_foreach(step, &b.boot.steps)
		if (step->mod)
			do_load(&b, step);
		else
			do_override(&b, step);
	s->quiet = false;
	report_functions(&b);
	b.report->release = s->release;
	b.report->cmdline = s->cmdline;
	b.report->entry = b.boot.entry;
	b.report->notes = b.boot.notes;
	s->report = b.report;
	*ret = b.report;
	return 0;
}
