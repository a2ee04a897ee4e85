/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/modprobe.h"
#include "fakesys/driver.h"
#include "fakesys/sim-build.h"
#include "fakesys/sim-module.h"
#include "fakesys/sim-wakeup.h"

struct adoption {
	struct sim *s;
	struct modprobe_config config;
};

static int cmp_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static bool was_loaded(const struct sim *s, const struct module *mod)
{
	const char *name = mod->name;

	return !mod->file ||
	       (s->m->loaded.n && bsearch(&name, s->m->loaded.v, s->m->loaded.n,
					  sizeof(*s->m->loaded.v), cmp_name));
}

static void adopt_module(struct adoption *a, const struct module *mod)
{
	struct sim *s = a->s;
	const char *options = modprobe_options(&a->config, s->run, mod->name);

	if (sim_module_loaded(s, mod->name))
		return;
	(void)module_add(s, mod->name, mod, options);
	if (mod->driver)
		module_add_ids(s, driver_register(s, mod->driver, mod, mod->name),
			       options, true);
}

/* The driver called @name; made up if no module is known that registers it. */
static struct sim_driver *driver_named(struct sim *s, const char *name)
{
	struct sim_driver *drv = driver_find(s, name, strlen(name));

	return drv ? drv : driver_register(s, name, NULL, NULL);
}

/* What a driver that did not stay has left behind, and whoever stored to attributes. */
static void adopt_left(struct sim *s, uint32_t fn)
{
	const struct pci_fn *f = &s->m->fns.v[fn];
	const char *count = fn_attribute(f, "enable");
	const char *bits = fn_attribute(f, "dma_mask_bits");
	const char *autoprobe = fn_attribute(f, "sriov_drivers_autoprobe");
	struct fn_state *st = &s->fns[fn];

	if (count && !st->driver) {
		st->enable = (unsigned)strtoul(count, NULL, 10);
		if (st->enable)
			st->power = "D0";
	}
	if (bits)
		st->dma_bits = (uint8_t)strtoul(bits, NULL, 10);
	st->no_vf_autoprobe = autoprobe && streq(autoprobe, "0");
	wakeup_set(s, fn, fn_was_wakeup(f));
}

static void adopt_functions(struct sim *s)
{
	for (uint32_t i = 0; i < s->m->fns.n; i++) {
		const struct pci_fn *fn = &s->m->fns.v[i];

		s->fns[i].override = fn->override;
		s->fns[i].gone = s->places[i].traits & FN_UNRECORDED;
		if (fn->driver)
			driver_adopt(s, driver_named(s, fn->driver), i);
		adopt_left(s, i);
	}
	/* Virtual functions came once everybody above had a driver. */
	for (uint32_t i = 0; i < s->m->fns.n; i++)
		if (s->m->fns.v[i].is_vf && !s->fns[i].gone)
			s->fns[i].born = sim_changed_fn(s, i);
}

static bool log_has(const struct machine *m, const char *text)
{
	for (size_t i = 0; i < m->klog.n; i++)
		if (strstr(m->klog.v[i], text))
			return true;
	return false;
}

/* A log that nobody wrote down line by line still says what the machine knows. */
static void adopt_log(struct sim *s)
{
	const struct machine *m = s->m;
	bool whole = !machine_unknown(m, "klog");

	if (whole && !log_has(m, "Linux version"))
		sim_log(s, "Linux version %s %s", s->release, s->version);
	for (size_t i = 0; i < m->klog.n; i++)
		*vec_push(s->run, &s->klog) = m->klog.v[i];
	if (whole && m->interrupt_remapping && !log_has(m, "Enabled IRQ remapping") &&
	    !log_has(m, "Interrupt remapping enabled"))
		sim_log(s, "DMAR-IR: Enabled IRQ remapping in x2apic mode");
}

void adopt_recorded(struct sim *s)
{
	const struct machine *m = s->m;
	struct adoption a = { .s = s };

	sim_set_running(s, m->release, m->cmdline);
	sim_set_iommu(s, m->units.n || s->n_recorded_groups, m->interrupt_remapping,
		      NULL);
	modprobe_read(s->run, m->files.v, m->files.n, m->cmdline, &a.config);
	/* In the order in which drivers are asked: what is part of the kernel came first.
	 */
	for (int built_in = 1; s->kernel && built_in >= 0; built_in--)
		vec_foreach(mod, &s->kernel->modules)
			if ((mod->file ? 0 : 1) == built_in && was_loaded(s, mod))
				adopt_module(&a, mod);
	for (size_t i = 0; i < m->loaded.n; i++)
		if (!sim_module_loaded(s, m->loaded.v[i]))
			(void)module_add(s, m->loaded.v[i], NULL, "");
	modules_link(s);
	s->quiet = true;
	adopt_functions(s);
	s->quiet = false;
	adopt_log(s);
}
