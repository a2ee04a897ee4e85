/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/part.h"

enum result_outcome part_failed(struct part_run *p, const char *evidence, const char *fmt,
				...)
{
	va_list ap;

	va_start(ap, fmt);
	p->text = arena_vprintf(p->lab->arena, fmt, ap);
	va_end(ap);
	p->evidence = arena_strdup(p->lab->arena, evidence);
	return RESULT_FAILED;
}

enum result_outcome part_lost(struct part_run *p, const struct err *e)
{
	return part_failed(p, p->rig->evidence, "%s", e->text);
}

/* From power-on to the agent's first word; then the guest that the other parts want. */
static enum result_outcome run_boot(struct part_run *p)
{
	struct arena *a = p->lab->arena;
	struct guest *g = NULL;
	struct err e = { "" };
	double start;

	p->tell(p->arg, "boot");
	if (rig_boot(p->gs, p->rig, &g, &e) < 0)
		return part_lost(p, &e);
	guest_end(g);
	p->note = arena_printf(a, "cold %.1f s", p->rig->cold);
	if (!topology_saves(&p->rig->topology))
		return RESULT_PASSED;
	p->tell(p->arg, "save");
	if (rig_save(p->gs, p->rig, &e) < 0)
		return part_lost(p, &e);
	p->tell(p->arg, "restore");
	start = lab_now();
	if (rig_start(p->gs, p->rig, &g, &e) < 0)
		return part_lost(p, &e);
	p->note = arena_printf(a, "cold %.1f s, restored %.2f s", p->rig->cold,
			       lab_now() - start);
	guest_end(g);
	return RESULT_PASSED;
}

static enum result_outcome run_nested(struct part_run *p)
{
	struct rig_want want = nested_rig(p->cell.kernel, p->cell.iommu);
	struct nested_result r;
	struct rig rig = { 0 };
	struct err e = { "" };
	int code;

	if (streq(p->cell.iommu, "none")) {
		p->text = "nothing is passed on without an IOMMU";
		return RESULT_SKIPPED;
	}
	p->tell(p->arg, "nested");
	code = rig_make(p->lab, &want, &rig, &e);
	code = code < 0 ? code
			: nested_run(p->lab, p->gs, &rig, p->o.inner, p->o.by, &r, &e);
	if (code < 0) {
		(void)part_failed(p, rig.evidence, "%s", e.text);
		rig_done(&rig);
		return RESULT_FAILED;
	}
	rig_done(&rig);
	p->note = arena_printf(p->lab->arena, "inner %s by %s: boot %.0f s, run %.0f s",
			       p->o.inner, p->o.by, r.boot, r.run);
	return r.tap.not_ok ? part_failed(p, r.text, "%s", r.tap.first) : RESULT_PASSED;
}

const struct part lab_parts[] = {
	{ "boot", "a kernel boots on a machine; the guest is saved and restored",
	  run_boot },
	{ "vfio", "functions used through VFIO, and refused", part_vfio },
	{ "conform", "the same operations on kernel and model", part_conform },
	{ "nested", "functions passed on to a guest's guest, and back", run_nested },
};
const size_t n_lab_parts = ARRAY_SIZE(lab_parts);

const struct part *part_find(const char *name)
{
	for (size_t i = 0; i < n_lab_parts; i++)
		if (streq(lab_parts[i].name, name))
			return &lab_parts[i];
	return NULL;
}

enum result_outcome part_run(const struct part *part, struct part_run *p)
{
	const struct rig_want named = { .kernel = p->cell.kernel,
					.topology = p->cell.topology,
					.iommu = p->cell.iommu,
					.firmware = p->cell.firmware };
	const char *why = cell_impossible(cell_rules, &p->cell);
	struct err e = { "" };

	if (why) {
		p->text = why;
		return RESULT_SKIPPED;
	}
	if (!p->rig->name && rig_make(p->lab, p->want ? p->want : &named, p->rig, &e) < 0)
		return part_failed(p, NULL, "%s", e.text);
	return part->run(p);
}
