/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/vf.h"
#include "fakesys/driver.h"
#include "fakesys/iommu-model.h"
#include "fakesys/node.h"
#include "fakesys/sim-acpi.h"
#include "fakesys/sim-build.h"
#include "fakesys/sim-disk.h"
#include "fakesys/sim-irq.h"
#include "fakesys/sim-kid.h"
#include "fakesys/sim-opaque.h"
#include "fakesys/sim-proc.h"
#include "fakesys/sim-resource-size.h"
#include "fakesys/sim-wakeup.h"
#include "fakesys/vfio.h"

/* What sim.h says of a machine, and what the model's searches rely on. */
static int check_machine(const struct machine *m, struct err *e)
{
	char bdf[BDF_SIZE];

	for (size_t i = 0; i < m->fns.n; i++) {
		const struct pci_fn *fn = &m->fns.v[i], *pf;

		bdf_format(fn->bdf, bdf);
		if (i && bdf_cmp(m->fns.v[i - 1].bdf, fn->bdf) >= 0)
			return err_set(e, -EINVAL,
				       "functions[%s]: out of order, or twice", bdf);
		if (fn->is_vf && (!(pf = machine_fn(m, fn->physfn)) || pf->is_vf))
			return err_set(e, -EINVAL,
				       "functions[%s]: its physical function is missing",
				       bdf);
		if (fn->config.len > 4096)
			return err_set(e, -EINVAL,
				       "functions[%s].config: more than 4096 bytes", bdf);
	}
	return opaque_check(m, e);
}

int sim_new(const struct machine *m, const struct kernel_profile *p, struct sim **ret,
	    struct err *e)
{
	struct arena *arena;
	struct sim *s;
	bool proven;
	int r = check_machine(m, e);

	if (r < 0)
		return r;
	arena = arena_new();
	s = arena_alloc(arena, sizeof(*s));
	s->m = vf_complete(m, arena);
	s->arena = arena;
	s->profile = p ? p : profile_for(m, &proven);
	s->disk = disk_new();
	s->cache = arena_alloc(arena, sizeof(*s->cache));
	s->slots_off = arena_alloc(arena, s->m->slots.n + 1);
	s->fns = arena_alloc(arena, (s->m->fns.n + 1) * sizeof(*s->fns));
	places_build(s, m);
	bus_read_windows(s);
	iommu_build(s);
	kids_build(s);
	irq_build(s);
	vfio_build(s);
	opaque_build(s);
	wakeup_build(s);
	acpi_build(s);
	proc_build(s);
	r = disk_fill(s, e);
	if (r < 0) {
		sim_free(s);
		return r;
	}
	sim_power_off(s);
	adopt_recorded(s);
	*ret = s;
	return 0;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	proc_done(s);
	disk_free(s->disk);
	arena_free(s->run);
	arena_free(s->arena);
}

struct disk *sim_disk(struct sim *s)
{
	return s->disk;
}

const struct kernel_profile *sim_profile(const struct sim *s)
{
	return s->profile;
}

/* Everything that s->run holds is forgotten with it. */
static void forget(struct sim *s)
{
	s->drivers.v = NULL;
	s->drivers.n = s->drivers.cap = 0;
	s->modules.v = NULL;
	s->modules.n = s->modules.cap = 0;
	s->vfio_devs.v = NULL;
	s->vfio_devs.n = s->vfio_devs.cap = 0;
	s->locks.v = NULL;
	s->locks.n = s->locks.cap = 0;
	s->klog.v = NULL;
	s->klog.n = s->klog.cap = 0;
	s->joining = NULL;
	s->vfio_free = 0;
	s->wakeups.v = NULL;
	s->wakeups.n = s->wakeups.cap = 0;
	s->removing = SIM_NONE;
	s->blocked.v = NULL;
	s->blocked.n = s->blocked.cap = 0;
	s->answers.v = NULL;
	s->answers.n = s->answers.cap = 0;
	s->alignment = NULL;
	memset(s->slots_off, 0, s->m->slots.n);
	s->report = NULL;
	s->no_autoprobe = s->no_express_autoprobe = s->framebuffer_gone = s->off = false;
	arena_free(s->run);
	s->run = arena_new();
}

void sim_power_off(struct sim *s)
{
	forget(s);
	for (uint32_t i = 0; i < s->m->fns.n; i++) {
		uint32_t fn = s->topology.order[i];

		fn_state_reset(s, fn);
		/* Virtual functions are there once somebody enables them. */
		s->fns[fn].gone = s->m->fns.v[fn].is_vf;
	}
	sim_set_running(s, "", "");
	sim_set_iommu(s, false, false, NULL);
	s->booted_at = sim_changed(s);
}

void sim_power_cut(struct sim *s, uint64_t seed)
{
	sim_power_off(s);
	disk_power_cut(s->disk, seed);
	s->off = true;
}

void sim_set_running(struct sim *s, const char *release, const char *cmdline)
{
	s->release = arena_strdup(s->run, release);
	s->cmdline = arena_strdup(s->run, cmdline);
	s->kernel = machine_kernel(s->m, release);
	/* Only the recorded kernel's build is known. */
	s->version = streq(release, s->m->release) ? s->m->kernel_version
						   : "#1 SMP PREEMPT_DYNAMIC";
}
