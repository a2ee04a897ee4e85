/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that are pcipass's own verbs, and what is expected of their reports. */
#include <errno.h>
#include <stdio.h>

#include "core/inventory.h"
#include "core/journal.h"
#include "fakesys/rehearse.h"
#include "fakesys/profile.h"
#include "scenarios/match.h"
#include "scenarios/player.h"

static int errno_by_name(const char *name)
{
	for (int i = 1; i < 134; i++)
		if (strerrorname_np(i) && streq(strerrorname_np(i), name))
			return i;
	return 0;
}

static const char *const fault_kinds[] = { [FAULT_NONE] = "none",
					   [FAULT_ERROR] = "error",
					   [FAULT_CUT] = "cut",
					   [FAULT_CUT_BEHIND] = "cut-behind",
					   [FAULT_HANG] = "hang" };

/* FAULT_NONE: there is no such kind. */
static enum fault_kind fault_kind(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(fault_kinds); i++)
		if (streq(name, fault_kinds[i]))
			return (enum fault_kind)i;
	return FAULT_NONE;
}

int player_host(struct player *p, const json_t *step, struct host *inner,
		struct host_fault *fault, struct host *ret)
{
	const json_t *spec = json_object_get(step, "fault");
	const char *kind = json_string_value(json_object_get(spec, "kind"));
	const char *error = json_string_value(json_object_get(spec, "error"));

	*inner = p->g->ops->host(p->g->ctx);
	*ret = *inner;
	if (!spec)
		return 0;
	*fault = (struct host_fault){
		.inner = inner,
		.at = (unsigned)json_integer_value(json_object_get(spec, "at")),
		.error = -(error ? errno_by_name(error) : EIO),
		.path = json_string_value(json_object_get(spec, "path")),
	};
	fault->kind = fault_kind(kind);
	if (fault->kind == FAULT_NONE || !fault->error)
		return player_bad(p, "fault: unknown kind or error");
	*ret = host_fault_get(fault);
	return 0;
}

/* Everything `expect` may say about a report. */
static int check_report(struct player *p, const json_t *step, int status,
			const json_t *report, const struct err *said)
{
	const json_t *expect = json_object_get(step, "expect"), *item, *other;
	const json_t *status_wanted = json_object_get(expect, "exit");
	int want = status_wanted ? (int)json_integer_value(status_wanted) : 0;
	const char *error = json_string_value(json_object_get(expect, "error"));
	const json_t *found = json_object_get(report, "findings");
	size_t i, k;

	if (status != want) {
		AUTOFREE char *text = report ? json_dumps(report, JSON_COMPACT) : NULL;

		return player_fail(p, "exit %d, expected %d: %.400s", status, want,
				   text ? text : said->text);
	}
	if (error && !strstr(said->text, error))
		return player_fail(p, "said \"%.200s\", expected \"%s\"", said->text,
				   error);
	json_array_foreach(json_object_get(expect, "findings"), i, item)
	{
		bool seen = false;

		json_array_foreach(found, k, other) seen |=
			json_equal(json_object_get(other, "rule"), item);
		if (!seen)
			return player_fail(p, "finding %s is missing",
					   json_string_value(item));
	}
	json_array_foreach(json_object_get(expect, "not"), i, item) json_array_foreach(
		found, k,
		other) if (json_equal(json_object_get(other, "rule"),
				      item)) return player_fail(p, "finding %s: %.300s",
								json_string_value(item),
								json_string_value(
									json_object_get(
										other,
										"text")));
	item = json_object_get(expect, "report");
	return item && match_json(item, report, "report", p->e) < 0 ? 1 : 0;
}

static int read_request(struct player *p, const json_t *step, const json_t *devices,
			struct request *ret)
{
	static const char *const targets[] = { "proxmox", "libvirt", "qemu" };
	const char *method = json_string_value(json_object_get(step, "method"));
	const char *style = json_string_value(json_object_get(step, "style"));
	const char *target = json_string_value(json_object_get(step, "for"));
	const json_t *item;
	strings names = { 0 };
	size_t i;

	*ret = (struct request){ .vmid = 100, .apply = { .now = 1700000000 } };
	json_array_foreach(devices, i, item) * vec_push(p->arena, &names) =
		player_device(p, json_string_value(item));
	ret->devices = names.v;
	ret->n_devices = names.n;
	ret->allow = json_string_value(json_object_get(step, "allow"));
	if ((method && plan_method_parse(method, &ret->method) < 0) ||
	    (style && plan_style_parse(style, &ret->style) < 0))
		return player_bad(p, "unknown method or style");
	for (i = 0; target && i < ARRAY_SIZE(targets); i++)
		if (streq(target, targets[i]))
			ret->target = (enum vm_target)i;
	return 0;
}

typedef int facts_verb(const struct machine *m, const struct request *r, json_t **ret,
		       struct err *e);

static int run_facts_verb(facts_verb *verb, const struct host *h, const struct request *r,
			  json_t **ret, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	int code = inventory_read(h, INV_ALL, &m, e);

	if (code < 0)
		return (int)verb_status_of(code);
	profile_apply(m, NULL);
	return verb(m, r, ret, e);
}

static int run_rehearse(struct player *p, const struct host *h, const struct request *r,
			json_t **ret, struct err *e)
{
	AUTOMACHINE struct machine *m = NULL;
	int code = inventory_read(h, INV_ALL, &m, e);

	return code < 0 ? (int)verb_status_of(code) : rehearse(m, p->profile, r, ret, e);
}

int step_verb(struct player *p, const json_t *step, const json_t *devices)
{
	static const struct {
		const char *name;
		facts_verb *verb;
	} facts[] = { { "list", verb_list },
		      { "check", verb_check },
		      { "plan", verb_plan },
		      { "verify", verb_verify },
		      { "vm", verb_vm } };
	struct err said = { "" };
	struct host inner, h;
	struct host_fault fault;
	struct request r;
	json_t *report = NULL;
	int status = -1, code = read_request(p, step, devices, &r);

	if (!code)
		code = player_host(p, step, &inner, &fault, &h);
	if (code)
		return code;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (json_object_get(step, facts[i].name))
			status = run_facts_verb(facts[i].verb, &h, &r, &report, &said);
	if (json_object_get(step, "apply"))
		status = verb_apply(&h, &r, &report, &said);
	else if (json_object_get(step, "rehearse"))
		status = run_rehearse(p, &h, &r, &report, &said);
	code = check_report(p, step, status, report, &said);
	json_decref(report);
	return code;
}

typedef int host_verb(const struct host *h, const struct request *r, json_t **ret,
		      struct err *e);

static int play_host_verb(struct player *p, const json_t *step, host_verb *verb,
			  unsigned number)
{
	struct request r = { .number = number, .apply = { .now = 1700000000 } };
	struct err said = { "" };
	struct host_fault fault;
	struct host inner, h;
	json_t *report = NULL;
	int status, code = player_host(p, step, &inner, &fault, &h);

	if (code)
		return code;
	status = verb(&h, &r, &report, &said);
	code = check_report(p, step, status, report, &said);
	json_decref(report);
	return code;
}

int step_resume(struct player *p, const json_t *step, const json_t *value)
{
	(void)value;
	return play_host_verb(p, step, verb_resume, 0);
}

int step_undo(struct player *p, const json_t *step, const json_t *value)
{
	return play_host_verb(p, step, verb_undo, (unsigned)json_integer_value(value));
}

static int history(const struct host *h, const struct request *r, json_t **ret,
		   struct err *e)
{
	(void)r;
	return verb_history(h, ret, e);
}

int step_history(struct player *p, const json_t *step, const json_t *value)
{
	(void)value;
	return play_host_verb(p, step, history, 0);
}

/* ---- what a careful person does after a power cut ---- */

static int newest_state(struct player *p, const struct host *h, enum journal_state *ret)
{
	journals all = { 0 };
	int r = journal_list(h, p->arena, &all, p->e);

	if (r < 0)
		return 1;
	*ret = all.n ? all.v[all.n - 1].state : JOURNAL_UNDONE;
	return 0;
}

static int settle_verb(struct player *p, const struct host *h, host_verb *verb,
		       const char *name)
{
	struct request r = { .apply = { .now = 1700000000 } };
	struct err said = { "" };
	json_t *report = NULL;
	int status = verb(h, &r, &report, &said);

	json_decref(report);
	/* A rescue system leaves commands to the first boot, and says so. */
	if (status == VERB_UNFINISHED && !h->running)
		return 0;
	return status ? player_fail(p, "%s: exit %d: %s", name, status, said.text) : 0;
}

/*
 * "settle": "undo": take back whatever stands, from a rescue system if the host is off.
 * "settle": "resume", "act": STEP: finish what was begun; where the host does not boot or
 * nothing was begun, take back and do it again.
 */
int step_settle(struct player *p, const json_t *step, const json_t *value)
{
	struct host h = p->g->ops->host(p->g->ctx);
	bool resume = streq(json_string_value(value), "resume");
	enum journal_state state;
	int r = newest_state(p, &h, &state);

	if (r)
		return r;
	if (resume && h.running && state == JOURNAL_APPLIED)
		return 0;
	if (resume && h.running && state == JOURNAL_PREPARED)
		return settle_verb(p, &h, verb_resume, "resume");
	if (state != JOURNAL_UNDONE)
		r = settle_verb(p, &h, verb_undo, "undo");
	if (r || !resume)
		return r;
	if (!h.running && p->g->ops->reboot(p->g->ctx, &p->boot, p->e) < 0)
		return 1;
	return play_step(p, json_object_get(step, "act"), "act");
}

/* ---- a fault at each operation in turn ---- */

/* How many operations does the step make when nothing fails? */
static int count_operations(struct player *p, size_t index, const json_t *act,
			    unsigned *ret)
{
	struct host_fault fault = { .kind = FAULT_NONE };
	struct err said = { "" };
	struct host inner, h;
	struct request r;
	json_t *report = NULL;
	int code = play_again(p, index), status;

	if (!code)
		code = read_request(p, act, json_object_get(act, "apply"), &r);
	if (code)
		return code;
	inner = p->g->ops->host(p->g->ctx);
	fault.inner = &inner;
	h = host_fault_get(&fault);
	if (json_object_get(act, "apply"))
		status = verb_apply(&h, &r, &report, &said);
	else if (json_object_get(act, "undo"))
		status = verb_undo(&h, &r, &report, &said);
	else
		status = verb_resume(&h, &r, &report, &said);
	json_decref(report);
	*ret = fault.count;
	return status ? player_bad(p, "act fails without a fault: %s", said.text) : 0;
}

static int play_with_fault(struct player *p, const json_t *spec, const json_t *act,
			   unsigned k, uint64_t seed)
{
	const char *kind = json_string_value(json_object_get(spec, "kind"));
	const json_t *error = json_object_get(spec, "error");
	struct host_fault fault = {
		.at = k,
		.kind = fault_kind(kind),
		.error = -(error ? errno_by_name(json_string_value(error)) : EIO)
	};
	struct err said = { "" };
	struct host inner = p->g->ops->host(p->g->ctx), h;
	json_t *report = NULL;
	struct request r;
	int status, code = read_request(p, act, json_object_get(act, "apply"), &r);

	if (code)
		return code;
	fault.inner = &inner;
	h = host_fault_get(&fault);
	if (json_object_get(act, "apply"))
		status = verb_apply(&h, &r, &report, &said);
	else if (json_object_get(act, "undo"))
		status = verb_undo(&h, &r, &report, &said);
	else
		status = verb_resume(&h, &r, &report, &said);
	json_decref(report);
	/* A failure may strike what is done for tidiness only; a cut may come after the
	 * end. */
	if (status == VERB_INPUT)
		return player_fail(p, "struck at %s: exit 2: %s", fault.last, said.text);
	if (fault.kind == FAULT_CUT || fault.kind == FAULT_CUT_BEHIND)
		p->g->ops->power_cut(p->g->ctx, seed);
	return 0;
}

/*
 * "every_fault": {"act": STEP, "kind": "cut"|"cut-behind"|"error", "seeds": [..], "then":
 * [STEP..]}: for every k, begin anew, let the k-th operation of the act fail, and play
 * the steps of `then`.
 */
int step_every_fault(struct player *p, const json_t *step, const json_t *spec)
{
	const json_t *steps = json_object_get(p->s->root, "steps"), *item, *seed;
	const json_t *act = json_object_get(spec, "act"),
		     *then = json_object_get(spec, "then");
	const json_t *seeds = json_object_get(spec, "seeds");
	json_t *zero = json_pack("[i]", 0);
	unsigned n = 0;
	size_t index = 0, i;
	int r;

	if (!act || !then ||
	    fault_kind(json_string_value(json_object_get(spec, "kind"))) == FAULT_NONE) {
		json_decref(zero);
		return player_bad(p, "wants act, kind and then");
	}
	json_array_foreach(steps, i, item) if (item == step) index = i;
	r = count_operations(p, index, act, &n);
	if (!r && n < 3)
		r = player_bad(p, "act makes only %u operations", n);
	for (unsigned k = 1; !r && k <= n; k++) {
		json_array_foreach(seeds ? seeds : zero, i, seed)
		{
			uint64_t bits = (uint64_t)json_integer_value(seed);

			r = play_again(p, index);
			if (!r)
				r = play_with_fault(p, spec, act, k, bits);
			if (!r)
				r = play_steps(p, then, "then");
			if (r) {
				r = err_prefix(p->e, r, "operation %u of %u, seed %lld",
					       k, n, (long long)bits);
				break;
			}
		}
	}
	json_decref(zero);
	return r;
}
