/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab-inside's `vfio` on what this machine has: which verbs fit which functions. */
#include <errno.h>

#include <pci/header.h>

#include "core/machine-json.h"
#include "vmtests/part.h"

#define VERB_MS 120000
#define BLOCK "4711"

struct vfio {
	struct part_run *p;
	struct guest *g;
	const struct machine *m;
	const struct pci_fn *edu, *nvme, *bridge, *first, *sibling;
	unsigned ok, skipped, verbs;
};

/* With buses behind it: its header is no endpoint's. */
static bool is_port(const struct pci_fn *fn)
{
	return fn->config.len > PCI_HEADER_TYPE &&
	       fn->config.data[PCI_HEADER_TYPE] & 0x7f;
}

static const char *address(struct vfio *v, const struct pci_fn *fn)
{
	char text[BDF_SIZE];

	return arena_strdup(v->p->lab->arena, bdf_format(fn->bdf, text));
}

/* Those that any IOMMU of QEMU's knows by the right number: on the root bus. */
static void find_functions(struct vfio *v)
{
	vec_foreach(fn, &v->m->fns) {
		bool root = fn->bdf.bus == 0;

		if (root && fn->id.vendor == 0x1234 && fn->id.device == 0x11e8)
			v->edu = fn;
		if (root && fn->id.vendor == 0x1b36 && fn->id.device == 0x0010)
			v->nvme = fn;
		if (root && is_port(fn) && !v->bridge)
			v->bridge = fn;
	}
	/* Two functions of one card in one group, and nobody else. */
	vec_foreach(fn, &v->m->fns) {
		const struct pci_fn *next = fn + 1;

		if (next < v->m->fns.v + v->m->fns.n && fn->bdf.bus && !is_port(fn) &&
		    !is_port(next) && fn->bdf.bus == next->bdf.bus &&
		    fn->bdf.dev == next->bdf.dev && fn->group != GROUP_NONE &&
		    fn->group == next->group && fn->driver && next->driver) {
			v->first = fn;
			v->sibling = next;
			return;
		}
	}
}

/* 1: it ran; else *ret is how the part ends. */
static int run(struct vfio *v, const char *const words[], enum result_outcome *ret)
{
	const char *argv[16] = { "/usr/bin/lab-inside", "vfio" };
	struct err e = { "" };
	struct guest_output o;
	struct tap tap;
	size_t n = 2;
	int r;

	for (size_t i = 0; words[i]; i++)
		argv[n++] = words[i];
	v->p->tell(v->p->arg, arena_printf(v->p->lab->arena, "vfio %s", words[0]));
	r = guest_run(v->g, argv, (struct blob){ 0 }, VERB_MS, &o, &e);
	if (r < 0) {
		rig_fail(v->p->rig, v->g);
		v->g = NULL;
		*ret = part_lost(v->p, &e);
		return 0;
	}
	r = tap_read(o.out, &tap, &e);
	if (r < 0)
		*ret = part_failed(v->p, *o.out ? o.out : o.err, "vfio %s %s: %s",
				   words[0], words[1], e.text);
	else if (tap.not_ok)
		*ret = part_failed(v->p, o.out, "vfio %s %s: %s", words[0], words[1],
				   tap.first);
	guest_output_done(&o);
	if (r < 0 || tap.not_ok)
		return 0;
	v->ok += tap.ok;
	v->skipped += tap.skipped;
	v->verbs++;
	return 1;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The verbs for this machine, one after another until one fails. */
static enum result_outcome run_all(struct vfio *v)
{
	const struct part_run *p = v->p;
	bool amd = streq(p->cell.iommu, "amd");
	enum result_outcome ret = RESULT_PASSED;
	static const char *const unsafe[] = {
		"sh", "-c",
		"echo 1 >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
		NULL
	};
	struct guest_output o;
	struct err e = { "" };

	if (streq(p->cell.iommu, "none")) {
		(void)(!v->edu ||
		       run(v, WORDS("refused", "no-iommu", address(v, v->edu)), &ret));
		return ret;
	}
	if (!v->m->interrupt_remapping) {
		if (v->edu &&
		    !run(v, WORDS("refused", "no-remapping", address(v, v->edu)), &ret))
			return ret;
		if (guest_run(v->g, unsafe, (struct blob){ 0 }, VERB_MS, &o, &e) < 0)
			return part_lost(v->p, &e);
		guest_output_done(&o);
	}
	if (v->edu && !(amd ? run(v, WORDS("edu", "--unlogged", address(v, v->edu)), &ret)
			    : run(v, WORDS("edu", address(v, v->edu)), &ret)))
		return ret;
	if (v->edu && !run(v, WORDS("refused", "second", address(v, v->edu)), &ret))
		return ret;
	if (v->nvme &&
	    !run(v, WORDS("nvme", address(v, v->nvme), DOMAIN_SERIAL, BLOCK), &ret))
		return ret;
	if (v->bridge && !run(v, WORDS("refused", "bridge", address(v, v->bridge)), &ret))
		return ret;
	if (v->sibling)
		(void)(run(v,
			   WORDS("refused", "sibling", address(v, v->first),
				 address(v, v->sibling)),
			   &ret) &&
		       run(v,
			   WORDS("refused", "claimed", address(v, v->first),
				 address(v, v->sibling)),
			   &ret));
	return ret;
}

enum result_outcome part_vfio(struct part_run *p)
{
	struct vfio v = { .p = p };
	AUTOMACHINE struct machine *m = NULL;
	enum result_outcome ret;
	struct err e = { "" };

	p->tell(p->arg, "start");
	if (rig_start(p->gs, p->rig, &v.g, &e) < 0)
		return part_lost(p, &e);
	if (machine_load(p->rig->fixture, &m, &e) < 0) {
		guest_end(v.g);
		return part_failed(p, NULL, "%s", e.text);
	}
	v.m = m;
	find_functions(&v);
	ret = run_all(&v);
	guest_end(v.g);
	if (ret == RESULT_PASSED)
		p->note = arena_printf(p->lab->arena, "%u checks of %u verbs, %u skipped",
				       v.ok, v.verbs, v.skipped);
	return ret;
}
