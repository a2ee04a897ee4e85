/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/machine-json.h"
#include "vmtests/measure-lab.h"
#include "vmtests/ops-guest.h"

#define PLAY_MS 180000
#define LOG_MS 30000

static const struct {
	const char *topology, *iommu, *cmdline;
	const char *module; /* without which there is nothing to see; NULL: always is */
} boots[MEASURE_BOOTS] = {
	[MEASURE_MAIN] = { "a", "intel", MEASURE_CMDLINE, NULL },
	[MEASURE_VIRTIO] = { "c", "virtio", NULL, "virtio_iommu" },
	[MEASURE_AMD] = { "d", "amd", NULL, NULL },
};

static int play(void *ctx, struct arena *a, const ops *batch, op_results *ret,
		struct err *e)
{
	return ops_guest_play(ctx, a, batch, PLAY_MS, ret, e);
}

static int read_log(const struct lab *l, struct guest *g, const char **ret, struct err *e)
{
	static const char *const argv[] = { "dmesg", NULL };
	struct guest_output o;
	int r = guest_run(g, argv, (struct blob){ 0 }, LOG_MS, &o, e);

	if (r < 0)
		return r;
	*ret = arena_strdup(l->arena, o.out);
	guest_output_done(&o);
	return 0;
}

/* Does the kernel have it, built in or not? */
static bool has_module(const struct lab *l, const char *modules, const char *name)
{
	static const char *const files[] = { "modules.dep", "modules.builtin" };
	const char *file = arena_printf(l->arena, "/%s.ko", name);
	const char *dashed = arena_printf(l->arena, "/%s.ko", name);
	struct blob text;

	for (char *c = (char *)(uintptr_t)dashed; *c; c++)
		*c = *c == '_' ? '-' : *c;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (lab_read(l, arena_printf(l->arena, "%s/%s", modules, files[i]), &text,
			     NULL) == 0 &&
		    (memmem(text.data, text.len, file, strlen(file)) ||
		     memmem(text.data, text.len, dashed, strlen(dashed))))
			return true;
	return false;
}

/* A guest, asked. The first boot's machine is captured; its roles serve all boots. */
static int ask(struct measure_lab *l, struct rig *rig, enum measure_boot boot,
	       struct measure_answers *as, struct err *e)
{
	struct guest *g = NULL;
	int r = boot == MEASURE_MAIN ? rig_start(l->gs, rig, &g, e)
				     : rig_boot(l->gs, rig, &g, e);

	if (r < 0)
		return r;
	if (boot == MEASURE_MAIN)
		r = machine_load(rig->fixture, &l->machine, e);
	r = r < 0 ? r : read_log(l->lab, g, &as->log[boot], e);
	r = r < 0 ? r : measure_ask(as, boot, l->machine, play, g, e);
	if (r < 0)
		rig_fail(rig, g);
	else
		guest_end(g);
	return r;
}

static int run_boot(struct measure_lab *l, enum measure_boot boot,
		    struct measure_answers *as, struct err *e)
{
	const struct rig_want want = { .kernel = l->want.kernel,
				       .vmlinuz = l->want.vmlinuz,
				       .modules = l->want.modules,
				       .topology = boots[boot].topology,
				       .iommu = boots[boot].iommu,
				       .cmdline = boots[boot].cmdline };
	struct rig rig = { 0 };
	int r = rig_make(l->lab, &want, &rig, e);

	if (r < 0)
		return r;
	if (l->tell)
		l->tell(rig.name);
	if (boots[boot].module &&
	    !has_module(l->lab, rig.kernel.modules, boots[boot].module))
		as->no_boot[boot] = arena_printf(l->lab->arena, "it has no module %s",
						 boots[boot].module);
	else
		r = ask(l, &rig, boot, as, e);
	if (r < 0) {
		free(l->evidence);
		l->evidence = TAKE(rig.evidence);
	}
	rig_done(&rig);
	return r;
}

int measure_lab(struct measure_lab *l, struct measured *ret, struct err *e)
{
	struct arena *a = l->lab->arena;
	struct measure_answers as = { .arena = a };
	struct measure_value *values = arena_alloc(a, n_measure_rows * sizeof(*values));
	struct measured k = { .values = values };

	for (size_t i = 0; i < MEASURE_BOOTS; i++) {
		int r = run_boot(l, (enum measure_boot)i, &as, e);

		if (r < 0 && i == MEASURE_MAIN)
			return r;
		if (r < 0)
			as.no_boot[i] = arena_printf(a, "the boot failed: %s", e->text);
	}
	for (size_t i = 0; i < n_measure_rows; i++)
		values[i] = measure_read(&as, &measure_rows[i]);
	k.release = l->machine->release;
	(void)profile_package(l->machine, k.version);
	k.nearest = profile_for(l->machine, &k.proven);
	*ret = k;
	return 0;
}
