/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/report.h"

/* Texts of other people's files need not be UTF-8; jansson takes nothing else. */
static json_t *latin_string(const char *s)
{
	AUTOFREE char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	for (; *s; s++)
		if ((unsigned char)*s < 0x80)
			fputc(*s, f);
		else
			fprintf(f, "%c%c", 0xc0 | (unsigned char)*s >> 6,
				0x80 | ((unsigned char)*s & 0x3f));
	fclose(f);
	return json_string(text);
}

json_t *report_string(const char *s)
{
	json_t *string;

	if (!s)
		return json_null();
	string = json_string(s);
	return string ? string : latin_string(s);
}

json_t *report_strings(const strings *list)
{
	json_t *array = json_array();

	vec_foreach(s, list)
		json_array_append_new(array, report_string(*s));
	return array;
}

static json_t *hex(int digits, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*x", digits, value);
	return json_string(text);
}

static json_t *bdf_string(struct bdf b)
{
	char text[BDF_SIZE];

	return json_string(bdf_format(b, text));
}

json_t *report_function(const struct pci_fn *fn, const guard_uses *uses)
{
	json_t *chains = json_array(), *words = json_array();

	if (uses)
		vec_foreach(u, uses)
			if (u->fn == fn) {
				json_array_append_new(chains, report_string(u->chain));
				json_array_append_new(words, report_string(u->word));
			}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:o}",
			 "bdf", bdf_string(fn->bdf), "vendor", hex(4, fn->id.vendor),
			 "device", hex(4, fn->id.device), "class", hex(4, fn_class(fn)),
			 "revision", hex(2, fn->revision), "driver",
			 report_string(fn->driver), "group",
			 fn->group == GROUP_NONE ? json_null() : json_integer(fn->group),
			 "boot_vga", fn->boot_vga, "bridge", cfg_is_bridge(fn->config),
			 "physfn", fn->is_vf ? bdf_string(fn->physfn) : json_null(),
			 "uses", chains, "used_for", words);
}

json_t *report_asked(const struct judged *j, const struct pci_fn *fn)
{
	static const char *const roles[] = {
		[GROUP_ASKED] = "asked", [GROUP_COMES] = "comes", [GROUP_STAYS] = "stays"
	};
	json_t *json = report_function(fn, &j->uses), *members = json_array();
	int group = GROUP_NONE;

	vec_foreach(member, &j->members)
		if (member->fn == fn)
			group = member->group;
	if (j->computed && group != GROUP_NONE)
		json_object_set_new(json, "computed_group", json_integer(group));
	vec_foreach(member, &j->members) {
		json_t *other;

		if (member->fn != fn && (group == GROUP_NONE || member->group != group))
			continue;
		other = report_function(member->fn, &j->uses);
		if (j->computed && member->group != GROUP_NONE)
			json_object_set_new(other, "computed_group",
					    json_integer(member->group));
		json_object_set_new(other, "role", json_string(roles[member->role]));
		json_array_append_new(members, other);
	}
	json_object_set_new(json, "members", members);
	return json;
}

json_t *report_host(const struct judged *j)
{
	static const char *const loaders[] = { [LOADER_UNKNOWN] = "unknown",
					       [LOADER_GRUB] = "grub",
					       [LOADER_SYSTEMD_BOOT] = "systemd-boot" };
	const struct machine *m = j->m;
	json_t *unknown = json_array();

	vec_foreach(u, &m->unknown)
		json_array_append_new(unknown, json_pack("{s:o, s:o}", "fact",
							 report_string(u->fact), "why",
							 report_string(u->why)));
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:b, s:o}", "name",
			 report_string(m->name), "cpu", report_string(m->cpu_model),
			 "kernel", report_string(m->release), "cmdline",
			 report_string(m->cmdline), "loader", loaders[j->loader.kind],
			 "loader_evidence", report_string(j->loader.evidence),
			 "iommu_active", m->units.n > 0, "interrupt_remapping",
			 m->interrupt_remapping, "unknown", unknown);
}

json_t *report_findings(const findings *found)
{
	json_t *array = json_array();

	vec_foreach(f, found)
		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:i}", "rule",
				  f->rule->id, "severity",
				  severity_name(f->rule->severity), "step", f->rule->step,
				  "device", f->fn ? bdf_string(f->fn->bdf) : json_null(),
				  "text", report_string(f->text), "remedy",
				  report_string(f->remedy), "file",
				  report_string(f->file), "line", (int)f->line));
	return array;
}

static json_t *step_json(const struct plan_step *s)
{
	char mode[16];

	switch (s->kind) {
	case PLAN_FILE:
		snprintf(mode, sizeof(mode), "%04o", (unsigned)s->mode);
		return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "kind", "file",
				 "path", report_string(s->path), "why",
				 report_string(s->why), "guide", report_string(s->guide),
				 "mode", mode, "before", report_string(s->before),
				 "after", report_string(s->after));
	case PLAN_RUN:
		return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", "run", "argv",
				 report_strings(&s->argv), "why", report_string(s->why),
				 "guide", report_string(s->guide), "makes",
				 report_strings(&s->makes));
	default:
		return json_pack("{s:s, s:o, s:o}", "kind", "reboot", "why",
				 report_string(s->why), "guide", report_string(s->guide));
	}
}

json_t *report_plan(const struct plan *p, struct arena *a)
{
	json_t *targets = json_array(), *steps = json_array();

	vec_foreach(it, &p->targets)
		json_array_append_new(targets, bdf_string((*it)->bdf));
	vec_foreach(s, &p->steps)
		json_array_append_new(steps, step_json(s));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}",
			 "method", plan_method_name(p->method), "style",
			 plan_style_name(p->style), "reason", report_string(p->reason),
			 "refused", report_string(p->refused), "refused_rule",
			 report_string(p->refused_rule), "targets", targets, "steps",
			 steps, "notes", report_strings(&p->notes), "reboot", p->reboot,
			 "diff", report_string(plan_diff(p, a)), "script",
			 report_string(plan_script(p, a)));
}

json_t *report_journal(const struct journal *j)
{
	json_t *files = json_array();

	vec_foreach(f, &j->files)
		json_array_append_new(files, report_string(f->path));
	return json_pack("{s:i, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o*}", "number",
			 (int)j->number, "state", journal_state_name(j->state), "time",
			 (json_int_t)j->time, "kernel", report_string(j->release),
			 "devices", report_strings(&j->devices), "method",
			 report_string(j->method), "style", report_string(j->style),
			 "files", files, "why", j->why ? report_string(j->why) : NULL);
}

/*
 * A member of the group that a driver of the host uses keeps VFIO from the whole group
 * (iommu_group_claim_dma_owner: EPERM); pcieport manages its own DMA and does not.
 */
static const struct pci_fn *group_blocker(const struct machine *m,
					  const struct pci_fn *fn)
{
	vec_foreach(other, &m->fns)
		if (other != fn && other->group == fn->group && other->driver &&
		    !streq(other->driver, "vfio-pci") &&
		    !streq(other->driver, "pci-stub") && !cfg_is_bridge(other->config))
			return other;
	return NULL;
}

json_t *report_ready(const struct machine *m, const struct pci_fn *fn)
{
	bool free = !fn->driver || streq(fn->driver, "vfio-pci");
	const struct pci_fn *blocker = NULL;
	char why[256], node[32], bdf[BDF_SIZE];
	bool has_node = fn->driver && free && fn->group != GROUP_NONE;

	if (free && fn->group != GROUP_NONE)
		blocker = group_blocker(m, fn);
	if (!free)
		snprintf(why, sizeof(why), "the host's driver %s has it", fn->driver);
	else if (fn->group == GROUP_NONE)
		snprintf(why, sizeof(why),
			 "it has no IOMMU group: the IOMMU is not active");
	else if (blocker)
		snprintf(why, sizeof(why), "%s of the same group is in use by %s",
			 bdf_format(blocker->bdf, bdf), blocker->driver);
	else if (fn->driver)
		snprintf(why, sizeof(why), "vfio-pci has it and group %d is usable",
			 fn->group);
	else
		snprintf(why, sizeof(why),
			 "no driver has it; it is given to vfio-pci when the VM starts");
	snprintf(node, sizeof(node), "/dev/vfio/%d", fn->group);
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:s}", "bdf", bdf_string(fn->bdf),
			 "ready", free && fn->group != GROUP_NONE && !blocker, "driver",
			 report_string(fn->driver), "group",
			 fn->group == GROUP_NONE ? json_null() : json_integer(fn->group),
			 "node", has_node ? json_string(node) : json_null(), "why", why);
}
