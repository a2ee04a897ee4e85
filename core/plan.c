/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/plan-edit.h"
#include "core/planner.h"
#include "core/rules.h"

static const char *const method_names[] = { [PLAN_AUTO] = "auto",
					    [PLAN_IDS] = "ids",
					    [PLAN_BLACKLIST] = "blacklist",
					    [PLAN_OVERRIDE] = "override" };
static const char *const style_names[] = {
	[PLAN_DROPIN] = "dropin", [PLAN_GUIDE] = "guide"
};

static int name_index(const char *s, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(s, names[i]))
			return (int)i;
	return -EINVAL;
}

int plan_method_parse(const char *s, enum plan_method *ret)
{
	int i = name_index(s, method_names, ARRAY_SIZE(method_names));

	if (i < 0)
		return i;
	*ret = (enum plan_method)i;
	return 0;
}

int plan_style_parse(const char *s, enum plan_style *ret)
{
	int i = name_index(s, style_names, ARRAY_SIZE(style_names));

	if (i < 0)
		return i;
	*ret = (enum plan_style)i;
	return 0;
}

const char *plan_method_name(enum plan_method m)
{
	return method_names[m];
}

const char *plan_style_name(enum plan_style s)
{
	return style_names[s];
}

/* Where each style puts things. */
static const struct style_files style_files[] = {
	[PLAN_DROPIN] = { OWN_MODPROBE, OWN_MODPROBE, "etc/modules-load.d/pcipass.conf",
			  "etc/default/grub.d/zz-pcipass.cfg" },
	[PLAN_GUIDE] = { "etc/modprobe.d/vfio.conf", "etc/modprobe.d/blacklist.conf",
			 "etc/modules", "etc/default/grub" },
};

void planner_refuse(struct planner *p, const char *rule, const char *why)
{
	if (p->plan->refused)
		return;
	p->plan->refused = why;
	p->plan->refused_rule = rule;
}

void planner_note(struct planner *p, const char *text)
{
	if (!strings_have(&p->plan->notes, text))
		*vec_push(p->a, &p->plan->notes) = text;
}

static bool list_has(const fn_list *list, const struct pci_fn *fn)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == fn)
			return true;
	return false;
}

void planner_add(struct planner *p, strings *list, const char *s)
{
	if (!strings_have(list, s))
		*vec_push(p->a, list) = s;
}

/* The step that changes @path, begun with the file as it is. */
struct plan_step *planner_draft(struct planner *p, const char *path, const char *guide,
				const char *why)
{
	const struct machine_file *f = machine_file(p->j->m, path);
	struct plan_step *s;

	vec_foreach(it, &p->plan->steps)
		if (it->path && streq(it->path, path))
			return it;
	if (machine_unknown(p->j->m, "files/%s", path))
		planner_refuse(p, NULL,
			       arena_printf(p->a, "/%s could not be read: %s", path,
					    machine_unknown(p->j->m, "files/%s", path)));
	s = vec_push(p->a, &p->plan->steps);
	*s = (struct plan_step){
		.kind = PLAN_FILE, .why = why, .guide = guide, .path = path, .mode = 0644
	};
	if (f && S_ISREG(f->mode)) {
		s->before = f->data.len ? (const char *)f->data.data : "";
		if (strlen(s->before) != f->data.len)
			planner_refuse(
				p, NULL,
				arena_printf(p->a,
					     "/%s has a NUL byte in it; pcipass does "
					     "not edit such a file",
					     path));
		s->mode = f->mode & 07777;
	} else if (f) {
		planner_refuse(p, NULL,
			       arena_printf(p->a,
					    "/%s is not a regular file; pcipass will not "
					    "write through it",
					    path));
	}
	s->after = s->before;
	return s;
}

void planner_add_lines(struct planner *p, struct plan_step *s, const strings *lines)
{
	if (lines->n)
		s->after = edit_add_lines(p->a, s->after, OWN_HEADER, lines);
}

/* Asked-for functions, what shares their groups, and the rest of a graphics card. */
static void find_targets(struct planner *p)
{
	fn_list companions = { 0 };

	vec_foreach(it, &p->j->asked)
		if (!list_has(&p->plan->targets, *it))
			*vec_push(p->a, &p->plan->targets) = *it;
	if (p->j->computed)
		planner_note(p,
			     "The IOMMU is not on, so that there are no groups yet; what "
			     "comes along is computed from the machine's topology.");
	vec_foreach(member, &p->j->members) {
		if (member->role != GROUP_COMES ||
		    list_has(&p->plan->targets, member->fn))
			continue;
		*vec_push(p->a, &p->plan->targets) = member->fn;
		planner_note(
			p,
			arena_printf(p->a,
				     "%s comes along: it shares IOMMU group %d with what "
				     "you asked for.",
				     rule_name(p->j, member->fn), member->group));
	}
	group_companions(p->j->m, p->a, &p->plan->targets, &companions);
	vec_foreach(it, &companions) {
		*vec_push(p->a, &p->plan->targets) = *it;
		planner_note(
			p, arena_printf(p->a,
					"%s comes along: it is part of the same graphics "
					"card.",
					rule_name(p->j, *it)));
	}
}

static void refuse_by_findings(struct planner *p)
{
	judge(p->j, &p->found);
	vec_foreach(f, &p->found) {
		if (f->rule->severity != SEV_BLOCK)
			continue;
		if (rule_allowed(p->req->allow, f->rule))
			planner_note(p, arena_printf(p->a, "Overridden as you asked: %s",
						     f->text));
		else
			planner_refuse(p, f->rule->id,
				       f->remedy ? arena_printf(p->a, "%s %s", f->text,
								f->remedy)
						 : f->text);
	}
}

/*
 * ids= that nothing obeyed so far wakes up once vfio-pci is loaded. Only a driver that is
 * there before the root file system keeps its function, and only if the plan leaves the
 * order of the initramfs alone.
 */
static void refuse_sleeping_ids(struct planner *p)
{
	vec_foreach(f, &p->found)
		if (streq(f->rule->id, "ids-take-others") &&
		    !list_has(&p->plan->targets, f->fn) &&
		    !(p->plan->method == PLAN_OVERRIDE &&
		      rule_native_early(p->j, f->fn)) &&
		    !rule_allowed(p->req->allow, f->rule))
			planner_refuse(p, f->rule->id,
				       arena_printf(p->a, "%s %s", f->text, f->remedy));
}

/* They come after every boot, if they come: nothing on the disk can be set up for one. */
static void refuse_virtual(struct planner *p)
{
	vec_foreach(f, &p->found)
		if (streq(f->rule->id, "vf-not-at-boot"))
			planner_refuse(p, f->rule->id,
				       arena_printf(p->a, "%s %s", f->text, f->remedy));
}

static bool drives(const struct module *mod, const struct pci_fn *fn)
{
	bool yes = mod->driver && fn->driver && streq(mod->driver, fn->driver);

	for (size_t i = 0; !yes && i < mod->ids.n; i++)
		yes = !mod->ids.v[i].override_only &&
		      pci_id_matches(&mod->ids.v[i], &fn->id);
	return yes && !after_prefix(mod->name, "vfio");
}

/*
 * A built-in driver is there before any module, and of two built-in ones that is first
 * which was linked first (drivers/base/dd.c:driver_attach at its initcall).
 */
static void meet_builtin(struct planner *p, const struct kernel *k,
			 const struct module *mod, const struct pci_fn *fn)
{
	const struct module *vfio = kernel_module(k, "vfio_pci");
	char bdf[BDF_SIZE];
	const char *text;

	if (vfio && !vfio->file && vfio < mod)
		return;
	text = arena_printf(
		p->a,
		"%s is driven by %s, which is part of the kernel %s: it takes "
		"the function before vfio-pci is there, and nothing in "
		"modprobe.d can prevent it.",
		bdf_format(fn->bdf, bdf), mod->name, k->release);
	if (!p->j->kernel || k == p->j->kernel)
		planner_refuse(p, "driver-builtin", text);
	else
		planner_note(p, text);
}

/* Modules that udev may load for a target, and the one that has it now. */
static void find_natives(struct planner *p)
{
	vec_foreach(k, &p->j->m->kernels) {
		const struct module *vfio = kernel_module(k, "vfio_pci");

		p->vfio_builtin |= vfio && !vfio->file;
		vec_foreach(it, &p->plan->targets)
			vec_foreach(mod, &k->modules) {
				if (!drives(mod, *it))
					continue;
				if (mod->file)
					planner_add(p, &p->natives, mod->name);
				else
					meet_builtin(p, k, mod, *it);
			}
	}
}

/*
 * A function with the ids of a target that is no target: what ids= would take as well.
 * One that vfio-pci has already loses nothing by that.
 */
static const struct pci_fn *find_twin(struct planner *p, const struct pci_fn **ret_target)
{
	vec_foreach(fn, &p->j->m->fns) {
		if (cfg_is_bridge(fn->config) ||
		    (fn->driver && streq(fn->driver, "vfio-pci")))
			continue;
		vec_foreach(it, &p->plan->targets)
			if (fn->id.vendor == (*it)->id.vendor &&
			    fn->id.device == (*it)->id.device &&
			    !list_has(&p->plan->targets, fn)) {
				*ret_target = *it;
				return fn;
			}
	}
	return NULL;
}

/* A function that a blacklist of @module would leave without its driver. */
static const struct pci_fn *find_bystander(struct planner *p, const char *module)
{
	const struct kernel *k = p->kernel;
	const struct module *mod = k ? kernel_module(k, module) : NULL;

	vec_foreach(fn, &p->j->m->fns)
		if (mod && mod->driver && fn->driver && streq(fn->driver, mod->driver) &&
		    !list_has(&p->plan->targets, fn))
			return fn;
	return NULL;
}

/* The method override lives on its scripts; dracut does not run them. */
static bool has_initramfs_tools(const struct machine *m)
{
	vec_foreach(f, &m->files)
		if (after_prefix(f->path, "etc/initramfs-tools/"))
			return true;
	return false;
}

static void choose_method(struct planner *p)
{
	const struct pci_fn *target = NULL, *twin = find_twin(p, &target);
	char one[BDF_SIZE], two[BDF_SIZE];
	struct plan *plan = p->plan;

	plan->method = p->req->method;
	plan->reason = "You asked for this method.";
	if (plan->method == PLAN_AUTO && p->vfio_builtin) {
		plan->method = PLAN_IDS;
		plan->reason =
			"vfio-pci is part of the kernel, so its ids go on the kernel "
			"command line.";
	} else if (plan->method == PLAN_AUTO && twin) {
		plan->method = PLAN_OVERRIDE;
		plan->reason =
			arena_printf(p->a,
				     "%s has the same ids (%04x:%04x) as %s and stays "
				     "with the host: ids= "
				     "would take both, so only this one is overridden, "
				     "by its address.",
				     bdf_format(twin->bdf, one), twin->id.vendor,
				     twin->id.device, bdf_format(target->bdf, two));
	} else if (plan->method == PLAN_AUTO) {
		plan->method = PLAN_IDS;
		plan->reason = "Nothing else that the host uses has these ids, so giving "
			       "them to vfio-pci takes just what you asked for.";
	} else if (plan->method == PLAN_IDS && twin) {
		planner_refuse(
			p, "identical-ids",
			arena_printf(
				p->a,
				"ids=%04x:%04x would take %s as well, which stays with "
				"the host. Use --method override.",
				twin->id.vendor, twin->id.device,
				bdf_format(twin->bdf, one)));
	}
	if (plan->method == PLAN_BLACKLIST)
		vec_foreach(module, &p->natives) {
			const struct pci_fn *other = find_bystander(p, *module);

			if (other)
				planner_refuse(
					p, "blacklist-takes-others",
					arena_printf(
						p->a,
						"Blacklisting %s would take the driver "
						"from %s as well. Use --method %s.",
						*module, bdf_format(other->bdf, one),
						twin ? "override" : "ids"));
		}
	if (plan->method == PLAN_OVERRIDE && !has_initramfs_tools(p->j->m))
		planner_refuse(p, NULL,
			       arena_printf(p->a,
					    "%s The method override does that with "
					    "initramfs-tools, and there is no "
					    "/etc/initramfs-tools here.",
					    plan->reason));
	if (plan->method == PLAN_OVERRIDE && p->vfio_builtin)
		planner_note(p, "vfio-pci is part of this kernel: it takes an overridden "
				"function "
				"only once udev asks for it.");
}

static struct plan_step *add_run(struct planner *p, const char *guide, const char *why,
				 const char *const argv[])
{
	struct plan_step *s = vec_push(p->a, &p->plan->steps);

	*s = (struct plan_step){ .kind = PLAN_RUN, .why = why, .guide = guide };
	for (size_t i = 0; argv[i]; i++)
		*vec_push(p->a, &s->argv) = argv[i];
	return s;
}

static bool finding_open(const findings *found, const char *const ids[])
{
	vec_foreach(f, found)
		for (size_t i = 0; ids[i]; i++)
			if (streq(f->rule->id, ids[i]))
				return true;
	return false;
}

/* Drop drafts that change nothing; say which kinds of files the others are. */
static void settle_files(struct planner *p)
{
	struct plan *plan = p->plan;
	size_t n = 0;

	for (size_t i = 0; i < plan->steps.n; i++) {
		struct plan_step *s = &plan->steps.v[i];

		if (!s->after || (s->before && streq(s->before, s->after)))
			continue;
		if (after_prefix(s->path, "etc/default/grub") ||
		    streq(s->path, "etc/kernel/cmdline"))
			p->cmdline_changed = true;
		else
			p->modprobe_changed = true;
		plan->steps.v[n++] = *s;
	}
	plan->steps.n = n;
}

static void plan_commands(struct planner *p)
{
	static const char *const stale[] = { "initramfs-stale", "kernel-left-out",
					     "native-in-initramfs", NULL };
	static const char *const unrefreshed[] = { "loader-not-refreshed", NULL };
	const struct machine *m = p->j->m;
	bool images = p->modprobe_changed || finding_open(&p->found, stale);
	bool loader = p->cmdline_changed || finding_open(&p->found, unrefreshed);
	struct plan_step *s;

	if (images) {
		s = add_run(
			p, "modules",
			"The initramfs has its own copy of the configuration, and loads "
			"drivers first: every installed kernel's is made anew.",
			(const char *const[]){ "update-initramfs", "-u", "-k", "all",
					       NULL });
		s->renames = true;
		vec_foreach(k, &m->kernels)
			if (k->initramfs.path)
				*vec_push(p->a, &s->makes) = k->initramfs.path;
	}
	if (loader && p->j->loader.kind == LOADER_GRUB) {
		s = add_run(p, "command line",
			    "GRUB boots what its generated configuration says.",
			    (const char *const[]){ "update-grub", NULL });
		*vec_push(p->a, &s->makes) = "boot/grub/grub.cfg";
		s->proof = p->cmdline_add;
		s->gone = p->cmdline_remove;
	}
	if ((images || loader) && p->j->loader.proxmox_tool) {
		/* No proof: those partitions are not mounted. */
		(void)add_run(
			p, "command line",
			"This host boots from copies on its EFI system partitions.",
			(const char *const[]){ "proxmox-boot-tool", "refresh", NULL });
	}
}

void plan_make(const struct judged *j, const struct plan_request *req, struct plan *ret)
{
	struct plan plan = { .style = req->style, .method = req->method, .reason = "" };
	struct planner p = { .j = j,
			     .req = req,
			     .plan = &plan,
			     .a = j->arena,
			     .files = &style_files[req->style] };

	/* Of an image without a boot entry only what is installed is known. */
	p.kernel = j->kernel;
	if (!p.kernel && j->m->kernels.n)
		p.kernel = &j->m->kernels.v[j->m->kernels.n - 1];
	find_targets(&p);
	refuse_by_findings(&p);
	refuse_virtual(&p);
	find_natives(&p);
	choose_method(&p);
	refuse_sleeping_ids(&p);
	if (!plan.refused) {
		plan_iommu(&p);
		switch (plan.method) {
		case PLAN_BLACKLIST:
			plan_blacklist(&p);
			break;
		case PLAN_OVERRIDE:
			plan_override(&p);
			break;
		default:
			plan_ids(&p);
			plan_softdeps(&p);
		}
		plan_modules(&p);
		plan_cmdline(&p);
		settle_files(&p);
		plan_commands(&p);
	}
	if (plan.refused) {
		plan.steps.n = 0;
	} else if (plan.steps.n) {
		*vec_push(p.a, &plan.steps) = (struct plan_step){
			.kind = PLAN_REBOOT,
			.guide = "check",
			.why = "Drivers are given out while the host boots."
		};
		plan.reboot = true;
	}
	*ret = plan;
}
