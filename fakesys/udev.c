/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/boot.h"
#include "fakesys/boot-view.h"
#include "fakesys/udev.h"

void udev_add(struct sim *s, const uint32_t fns[], size_t n)
{
	AUTOARENA struct arena *a = NULL;
	const struct pci_fn **plugged;
	struct machine view;
	struct boot boot;

	if (!s->kernel || !n || s->no_udev)
		return;
	a = arena_new();
	plugged = arena_alloc(a, n * sizeof(*plugged));
	for (size_t i = 0; i < n; i++)
		plugged[i] = &s->m->fns.v[fns[i]];
	boot_view(s, a, &view);
	boot_hotplug(&view, a, s->kernel, s->cmdline, plugged, n, &boot);
	vec_foreach(step, &boot.steps) {
		uint32_t fn = step->mod ? SIM_NONE : boot_step_target(s, step);

		if (step->mod && !sim_module_loaded(s, step->mod->name))
			(void)sim_load_module(s, step->mod, step->options);
		else if (fn != SIM_NONE)
			(void)sim_set_override(s, fn, step->override);
	}
}

void sim_set_udev(struct sim *s, bool on)
{
	s->no_udev = !on;
}
