/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/inventory.h"
#include "core/machine-groups.h"
#include "core/report.h"
#include "core/verbs.h"

enum verb_status verb_status_of(int code)
{
	switch (code) {
	case 0:
		return VERB_YES;
	case -EUCLEAN:
		return VERB_UNFINISHED;
	case -EINVAL:
	case -ENODEV:
	case -ENOTUNIQ:
	case -EISDIR:
		return VERB_INPUT;
	case -ESRCH: /* nothing to undo, nothing to resume */
		return VERB_NO;
	default:
		return VERB_REFUSED;
	}
}

static bool fn_listed(const fn_list *list, const struct pci_fn *fn)
{
	vec_foreach(it, list)
		if (*it == fn)
			return true;
	return false;
}

/* The functions a request names, each once; none only where that is allowed. */
static int find_devices(const struct machine *m, struct arena *a, const struct request *r,
			bool need_one, fn_list *ret, struct err *e)
{
	const char *why = machine_unknown(m, "functions");

	if (why && r->n_devices)
		return err_set(e, -ENODEV,
			       "%s: the functions of this machine are not known: %s",
			       r->devices[0], why);
	for (size_t i = 0; i < r->n_devices; i++) {
		fn_list found = { 0 };
		int code = machine_find(m, a, r->devices[i], &found, e);

		if (code < 0)
			return code;
		vec_foreach(fn, &found)
			if (!fn_listed(ret, *fn))
				*vec_push(a, ret) = *fn;
	}
	if (need_one && !ret->n)
		return err_set(
			e, -EINVAL,
			"name at least one device, for example 01:00 or 0000:01:00.0");
	return 0;
}

static int prepare(const struct machine *m, struct arena *a, const struct request *r,
		   bool need_one, struct judged *ret, struct err *e)
{
	fn_list asked = { 0 };
	int code = find_devices(m, a, r, need_one, &asked, e);

	if (!code)
		judge_prepare(m, a, &asked, ret);
	return code;
}

int verb_list(const struct machine *m, const struct request *r, json_t **ret,
	      struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	enum groups_from from = machine_groups_from(m);
	json_t *units = json_array(), *fns = json_array();
	guard_uses uses = { 0 };
	struct grouping g;

	(void)r;
	(void)e;
	guard_find(m, a, &uses);
	if (from == GROUPS_COMPUTED)
		machine_groups_next(m, a, &g);
	vec_foreach(u, &m->units)
		json_array_append_new(units, json_string(u->name));
	for (size_t i = 0; i < m->fns.n; i++) {
		json_t *fn = report_function(&m->fns.v[i], &uses);

		if (from == GROUPS_COMPUTED && g.fns[i].group != GROUP_NONE)
			json_object_set_new(fn, "computed_group",
					    json_integer(g.fns[i].group));
		json_array_append_new(fns, fn);
	}
	*ret = json_pack("{s:{s:b, s:o}, s:s, s:o}", "iommu", "active", m->units.n > 0,
			 "units", units, "groups", groups_from_name(from), "functions",
			 fns);
	return VERB_YES;
}

int verb_check(const struct machine *m, const struct request *r, json_t **ret,
	       struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	json_t *devices = json_array();
	findings found = { 0 };
	struct judged j;
	int code = prepare(m, a, r, false, &j, e);

	if (code < 0) {
		json_decref(devices);
		return (int)verb_status_of(code);
	}
	judge(&j, &found);
	vec_foreach(fn, &j.asked)
		json_array_append_new(devices, report_asked(&j, *fn));
	*ret = json_pack("{s:s, s:o, s:o, s:o}", "verdict",
			 findings_pass(&found) ? "yes" : "no", "host", report_host(&j),
			 "devices", devices, "findings", report_findings(&found));
	return findings_pass(&found) ? VERB_YES : VERB_NO;
}

/* Judge and plan; the report of the plan goes to *ret. */
static int make_plan(const struct machine *m, struct arena *a, const struct request *r,
		     struct plan *ret_plan, json_t **ret, struct err *e)
{
	struct plan_request req = { .method = r->method,
				    .style = r->style,
				    .allow = r->allow };
	struct judged j;
	int code = prepare(m, a, r, true, &j, e);

	if (code < 0)
		return code;
	req.fns = j.asked;
	plan_make(&j, &req, ret_plan);
	*ret = report_plan(ret_plan, a);
	return 0;
}

int verb_plan(const struct machine *m, const struct request *r, json_t **ret,
	      struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct plan plan;
	int code = make_plan(m, a, r, &plan, ret, e);

	if (code < 0)
		return (int)verb_status_of(code);
	return plan.refused ? VERB_NO : VERB_YES;
}

int verb_verify(const struct machine *m, const struct request *r, json_t **ret,
		struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	json_t *devices = json_array();
	fn_list asked = { 0 };
	bool ready = true;
	int code = find_devices(m, a, r, true, &asked, e);

	vec_foreach(fn, &asked) {
		json_t *device = report_ready(m, *fn);

		ready = ready && json_is_true(json_object_get(device, "ready"));
		json_array_append_new(devices, device);
	}
	if (code < 0) {
		json_decref(devices);
		return (int)verb_status_of(code);
	}
	*ret = json_pack("{s:b, s:o}", "ready", ready, "devices", devices);
	return ready ? VERB_YES : VERB_NO;
}

/* The host's need of a function that the user has not overridden; NULL: none. */
static const struct finding *host_need(const findings *found, const char *allow)
{
	vec_foreach(f, found)
		if (f->rule->severity == SEV_BLOCK &&
		    after_prefix(f->rule->id, "host-") && !rule_allowed(allow, f->rule))
			return f;
	return NULL;
}

/* What else keeps such a VM from starting. */
static json_t *obstacles(const findings *found)
{
	json_t *list = json_array();

	vec_foreach(f, found)
		if (f->rule->severity == SEV_BLOCK && !after_prefix(f->rule->id, "host-"))
			json_array_append_new(list, json_string(f->text));
	return list;
}

int verb_vm(const struct machine *m, const struct request *r, json_t **ret, struct err *e)
{
	static const char *const targets[] = {
		[VM_PROXMOX] = "proxmox", [VM_LIBVIRT] = "libvirt", [VM_QEMU] = "qemu"
	};
	AUTOARENA struct arena *a = arena_new();
	const struct finding *need;
	findings found = { 0 };
	struct vm_model model;
	struct judged j;
	bool pcie = true, whole = true;
	int code = prepare(m, a, r, true, &j, e);

	if (code < 0)
		return (int)verb_status_of(code);
	judge(&j, &found);
	need = host_need(&found, r->allow);
	if (need) { /* managed='yes' and Proxmox take the function when the VM starts */
		err_set(e, 0, "%s --allow %s%s%s overrides this", need->text,
			r->allow ? r->allow : "", r->allow ? "," : "", need->rule->id);
		return VERB_NO;
	}
	vm_decide(&j, &model);
	vec_foreach(d, &model.devices) {
		pcie = pcie && d->pcie;
		whole = whole && d->whole_slot;
	}
	*ret = json_pack("{s:s, s:i, s:s, s:b, s:b, s:b, s:o, s:o}", "target",
			 targets[r->target], "vmid", (int)r->vmid, "text",
			 vm_write(&model, a, r->target, r->vmid), "ovmf", model.ovmf,
			 "pcie", pcie, "whole_slot", whole, "why",
			 report_strings(&model.why), "obstacles", obstacles(&found));
	return *ret ? VERB_YES : VERB_REFUSED;
}

int verb_explain(const char *rule, json_t **ret, struct err *e)
{
	const struct rule *r = rule_find(rule);

	if (!r) {
		err_set(e, -EINVAL,
			"there is no rule \"%.64s\"; `pcipass explain --list` names all",
			rule);
		return VERB_INPUT;
	}
	*ret = json_pack("{s:s, s:s, s:s, s:s, s:s}", "rule", r->id, "severity",
			 severity_name(r->severity), "step", r->step, "summary",
			 r->summary, "text", r->text);
	return VERB_YES;
}

static json_t *pending_json(const struct apply_result *done)
{
	json_t *list = json_array();

	vec_foreach(argv, &done->pending)
		json_array_append_new(list, report_strings(argv));
	return list;
}

/* The report on a change of transaction @done->number, 0 for none; @plan is taken over.
 */
static json_t *report_change(const struct apply_result *done, const char *state,
			     json_t *plan)
{
	return json_pack("{s:o, s:s?, s:b, s:o, s:o*}", "number",
			 done->number ? json_integer(done->number) : json_null(), "state",
			 state, "reboot", done->reboot, "pending", pending_json(done),
			 "plan", plan);
}

/*
 * What a failed change comes to. No errno of a file is the user's input here; and
 * whatever failed, what waits now is said.
 */
static enum verb_status change_failed(const struct host *h, struct arena *a, int code)
{
	journals all = { 0 };

	if (code == -ESRCH)
		return VERB_NO;
	if (code == -EUCLEAN)
		return VERB_UNFINISHED;
	/* Somebody else is at work: theirs is not left. */
	if (code == -EAGAIN || journal_list(h, a, &all, NULL) < 0)
		return VERB_REFUSED;
	return journal_unfinished(&all) ? VERB_UNFINISHED : VERB_REFUSED;
}

/* Is this plan what was agreed to? Reasons and notes do nothing. */
static int check_agreed(const json_t *agreed, const json_t *plan, struct err *e)
{
	static const char *const deeds[] = { "refused", "targets", "steps", "diff" };

	for (size_t i = 0; agreed && i < ARRAY_SIZE(deeds); i++)
		if (!json_equal(json_object_get(agreed, deeds[i]),
				json_object_get(plan, deeds[i])))
			return err_set(e, -ESTALE,
				       "the host changed since this was planned, and the "
				       "plan with it; nothing was done, try again");
	return 0;
}

int verb_apply(const struct host *h, const struct request *r, json_t **ret, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	AUTOARENA struct arena *a = arena_new();
	struct apply_result done = { 0 };
	const char *state = NULL;
	json_t *report = NULL;
	struct plan plan;
	int code = inventory_read(h, INV_ALL & ~(unsigned)INV_ROMS, &m, e);

	if (!code)
		code = make_plan(m, a, r, &plan, &report, e);
	if (!code)
		code = check_agreed(r->agreed, report, e);
	if (code < 0) {
		json_decref(report);
		return (int)verb_status_of(code);
	}
	if (plan.steps.n) {
		code = apply_plan(h, a, m, &plan, &r->apply, &done, e);
		state = journal_state_name(JOURNAL_APPLIED);
	}
	if (code < 0) {
		json_decref(report);
		return (int)change_failed(h, a, code);
	}
	*ret = report_change(&done, state, report);
	return plan.refused ? VERB_NO : VERB_YES;
}

int verb_resume(const struct host *h, const struct request *r, json_t **ret,
		struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct apply_result done;
	int code = apply_resume(h, a, &r->apply, &done, e);

	if (code < 0)
		return (int)change_failed(h, a, code);
	*ret = report_change(&done, journal_state_name(JOURNAL_APPLIED), json_null());
	return VERB_YES;
}

int verb_undo(const struct host *h, const struct request *r, json_t **ret, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct apply_result done;
	int code = apply_undo(h, a, r->number, &r->apply, &done, e);

	if (code < 0)
		return (int)change_failed(h, a, code);
	*ret = report_change(&done, journal_state_name(done.state), NULL);
	if (done.state == JOURNAL_UNDONE)
		return VERB_YES;
	err_set(e, 0,
		"transaction %u is taken back as far as that can be done here; boot that "
		"system and run `pcipass undo %u` there, which makes the rest",
		done.number, done.number);
	return VERB_UNFINISHED;
}

int verb_history(const struct host *h, json_t **ret, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	json_t *list = json_array();
	journals all = { 0 };
	int code = journal_list(h, a, &all, e);

	vec_foreach(j, &all)
		json_array_append_new(list, report_journal(j));
	if (code < 0) {
		json_decref(list);
		return (int)verb_status_of(code);
	}
	*ret = json_pack("{s:o}", "transactions", list);
	return VERB_YES;
}
