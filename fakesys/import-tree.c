/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What inventory finds in a recorded tree is added to what other files say. Kernels and
 * their images are assumed as for other recordings.
 */
#include <errno.h>

#include "core/inventory.h"
#include "fakesys/import-lspci.h"
#include "fakesys/import-recorded.h"
#include "fakesys/import-tree.h"

/*
 * The module that a driver's link names; lspci would name it, too, unless it is built in:
 * then it has no state (kernel/module/sysfs.c:modinfo_attrs).
 */
static void note_module(const struct host *h, struct arena *a, struct listed *f)
{
	char *target, *state;

	if (f->fn.driver &&
	    host_readlink(h, a, &target, "sys/bus/pci/drivers/%s/module", f->fn.driver) >=
		    0 &&
	    host_read_text(h, a, &state, "sys/module/%s/initstate", path_name(target)) >=
		    0)
		*vec_push(a, &f->modules) = path_name(target);
}

static int add_functions(struct machine *m, const struct machine *from,
			 const struct host *h, const char *name, struct err *e)
{
	listed_list all = { 0 };

	vec_foreach(fn, &from->fns) {
		struct listed *f = vec_push(m->arena, &all);

		f->fn = *fn;
		f->hex = fn->config.len; /* bytes, not words */
		note_module(h, m->arena, f);
	}
	return import_merge_functions(m, name, &all, e);
}

/* What is not known here may be in another file; import_finish() says what is missing. */
static void add_unknown(struct machine *m, const struct machine *from)
{
	vec_foreach(u, &from->unknown)
		if (after_prefix(u->fact, "functions/") &&
		    !machine_unknown(m, "%s", u->fact))
			machine_set_unknown(m, u->why, "%s", u->fact);
}

static int check_same(const struct machine *m, const struct machine *from,
		      const char *name, struct err *e)
{
	if (*m->cpu_model && *from->cpu_model && !streq(m->cpu_model, from->cpu_model))
		return err_set(e, -EINVAL,
			       "%s: the processor is a \"%.100s\" here and a \"%.100s\" "
			       "before: these are two machines",
			       name, from->cpu_model, m->cpu_model);
	if (!*m->release || !*from->release || streq(m->release, from->release))
		return 0;
	return err_set(e, -EINVAL,
		       "%s: of kernel %.100s here and of %.100s before: these are not of "
		       "one boot",
		       name, from->release, m->release);
}

/* Functions of which not even the ids could be read are what was not understood. */
static void count(const struct machine *from, struct arena *a, struct import_stats *ret)
{
	char bdf[BDF_SIZE];

	ret->functions = (unsigned)from->fns.n;
	vec_foreach(fn, &from->fns) {
		const char *why;

		if (fn->id.vendor || fn->is_vf)
			continue;
		bdf_format(fn->bdf, bdf);
		why = machine_unknown(from, "functions/%s/config", bdf);
		if (!ret->not_understood++)
			ret->first = arena_printf(a, "function %s: %s", bdf,
						  why ? why : "it has no ids");
	}
}

/* Facts of the whole machine that no file told before. */
static void add_facts(struct machine *m, const struct machine *from)
{
#define TAKE_LIST(member)                                                                \
	if (!m->member.n)                                                                \
	memcpy(&m->member, &from->member, sizeof(m->member))
#define TAKE_TEXT(member)                                                                \
	if (!*m->member)                                                                 \
	m->member = from->member

	TAKE_LIST(units);
	TAKE_LIST(groups);
	TAKE_LIST(acpi);
	TAKE_LIST(loaded);
	TAKE_LIST(stacked);
	TAKE_LIST(firmware_nodes);
	TAKE_LIST(slots);
	TAKE_LIST(files);
	TAKE_LIST(cpu_flags);
	TAKE_TEXT(cpu_vendor);
	TAKE_TEXT(cpu_model);
	TAKE_TEXT(release);
	TAKE_TEXT(kernel_version);
	TAKE_TEXT(cmdline);
#undef TAKE_LIST
#undef TAKE_TEXT
	if (!m->cpus)
		m->cpus = from->cpus;
	m->efi |= from->efi;
	m->secure_boot |= from->secure_boot;
	m->interrupt_remapping |= from->interrupt_remapping;
	if (!m->loader_info)
		m->loader_info = from->loader_info;
}

int import_tree(struct machine *m, const char *name, const struct host *h,
		struct import_stats *ret, struct err *e)
{
	AUTOMACHINE struct machine *from = NULL;
	int r = inventory_read(h, INV_FUNCTIONS | INV_FACTS, &from, e);

	if (r >= 0 && !from->fns.n)
		r = err_set(e, -EINVAL,
			    "%s: no PCI function below sys/bus/pci/devices in this tree",
			    name);
	else if (r < 0)
		r = err_prefix(e, -EINVAL, "%s", name);
	if (r >= 0)
		r = check_same(m, from, name, e);
	if (r >= 0)
		r = add_functions(m, from, h, name, e);
	if (r < 0)
		return r;
	import_note_recorded(m, h, m->kernels.v);
	add_facts(m, from);
	add_unknown(m, from);
	count(from, m->arena, ret);
	arena_absorb(m->arena, from->arena);
	return 0;
}
