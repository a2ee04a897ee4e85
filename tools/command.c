/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "core/machine-json.h"
#include "core/scrub.h"
#include "fakesys/import-recorded.h"
#include "fakesys/rehearse.h"
#include "tools/command.h"

/* How a command is carried out: one of judge, change and special. */
struct action {
	unsigned facts; /* INV_, to be read first */
	bool change;    /* wants the host itself, not only its facts */
	int (*judge)(const struct machine *m, const struct request *r, json_t **ret,
		     struct err *e);
	int (*special)(struct run *r, struct err *e);
	void (*print)(const struct printer *p, const json_t *report);
};

int command_ask(const struct run *r, const char *question, struct err *e)
{
	char answer[16];

	if (r->v->yes || r->v->where.fixture)
		return VERB_YES;
	(void)fflush(r->printer.out);
	fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin) || (*answer != 'y' && *answer != 'Y')) {
		(void)err_set(e, 0, "nothing was changed");
		return VERB_NO;
	}
	return VERB_YES;
}

static int rehearse_on_twin(struct run *r, struct err *e)
{
	const char *file = r->v->where.fixture;
	int s = rehearse(r->subject.m, r->subject.profile, &r->req, &r->report, e);

	if (s == VERB_INPUT && file && e->text[0] == 'f' && !strstr(e->text, file))
		(void)err_prefix(e, 0, "%s", file);
	return s;
}

/*
 * Show what will be done and ask. *ret_plan: it is to be done; else the status says all.
 */
static int confirm_plan(struct run *r, json_t **ret_plan, struct err *e)
{
	json_auto_t *plan = NULL, *bare = NULL;
	int s = verb_plan(r->subject.m, &r->req, &plan, e);

	if (s > VERB_NO)
		return s;
	bare = json_deep_copy(plan);
	report_add_names(plan, r->subject.m);
	report_clean(plan, &r->printer);
	print_plan(&r->printer, plan);
	if (s == VERB_YES && json_array_size(json_object_get(plan, "steps"))) {
		s = command_ask(r, "\nApply this?", e);
		if (s == VERB_YES)
			*ret_plan = TAKE(bare);
	}
	return s;
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

/* Did somebody ask for the end while that was held up? */
static bool asked_to_end(void *arg)
{
	sigset_t waiting;

	(void)arg;
	if (sigpending(&waiting) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigismember(&waiting, ending[i]) == 1)
			return true;
	return false;
}

typedef int change_verb(const struct host *h, const struct request *r, json_t **ret,
			struct err *e);

/*
 * Nothing may end this program amid a transaction: signals that do are held up, ask it to
 * stop between two steps, and are dropped then, for the answer says what came of it.
 */
static int change(struct run *r, change_verb *verb, struct err *e)
{
	const struct timespec now = { 0 };
	sigset_t held, old;
	int s;

	sigemptyset(&held);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&held, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &old);
	r->req.apply.stop = asked_to_end;
	s = verb(&r->subject.host, &r->req, &r->report, e);
	while (sigtimedwait(&held, NULL, &now) > 0)
		;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return s;
}

static int apply(struct run *r, struct err *e)
{
	json_auto_t *agreed = NULL;

	if (r->v->resume)
		return change(r, verb_resume, e);
	if (!r->v->json) {
		int s = confirm_plan(r, &agreed, e);

		if (!agreed)
			return s;
	}
	r->req.agreed = agreed;
	return change(r, verb_apply, e);
}

static int undo(struct run *r, struct err *e)
{
	return change(r, verb_undo, e);
}

static int history(struct run *r, struct err *e)
{
	return verb_history(&r->subject.host, &r->report, e);
}

static int vm(struct run *r, struct err *e)
{
	if (r->v->write)
		return command_write_conf(r, e);
	return verb_vm(r->subject.m, &r->req, &r->report, e);
}

/* What the engine has no use for, and a simulated host shows all the same. */
static int read_whole(struct subject *s, struct err *e)
{
	const struct kernel *k = machine_kernel(s->read, s->read->release);

	import_note_recorded(s->read, &s->host, (struct kernel *)(uintptr_t)k);
	return machine_finish(s->read, e);
}

static int capture(struct run *r, struct err *e)
{
	const char *path = r->v->output ? r->v->output : "-";
	const struct machine *m = r->subject.m;
	AUTOMACHINE struct machine *scrubbed = NULL;
	int code;

	if (geteuid() != 0 && m->unknown.n && !r->v->where.fixture && !r->v->where.root)
		fprintf(stderr,
			"pcipass: without root %zu facts could not be read and stand in "
			"the recording as unknown; better: sudo pcipass capture\n",
			m->unknown.n);
	if (r->v->whole && r->subject.read) {
		code = read_whole(&r->subject, e);
		if (code < 0)
			return verb_status_of(code);
	}
	if (!r->v->keep_ids) {
		code = machine_scrub(m, &scrubbed, e);
		if (code < 0)
			return verb_status_of(code);
		m = scrubbed;
	}
	code = machine_save(m, path, e);
	if (code == -ENOENT || code == -EISDIR || code == -ENOTDIR)
		return VERB_INPUT; /* no such folder, or a folder */
	if (code < 0)
		return verb_status_of(code);
	if (r->v->json && !streq(path, "-"))
		r->report =
			json_pack("{s:s, s:i}", "file", path, "functions", (int)m->fns.n);
	else if (!streq(path, "-"))
		say(&r->printer, TONE_PLAIN, "%s: %zu functions; next: fakesys lint %s\n",
		    path, m->fns.n, path);
	return VERB_YES;
}

/* All rules, as `explain --list` shows them. */
static int list_rules(json_t **ret, struct err *e)
{
	json_auto_t *all = json_array();

	for (size_t i = 0; i < n_rules; i++) {
		json_t *one = NULL;
		int s = verb_explain(rules[i].id, &one, e);

		if (s != VERB_YES)
			return s;
		json_array_append_new(all, one);
	}
	*ret = json_pack("{s:O}", "rules", all);
	return VERB_YES;
}

static int explain(struct run *r, struct err *e)
{
	if (r->v->list)
		return list_rules(&r->report, e);
	return verb_explain(r->operands[0], &r->report, e);
}

static const struct action actions[N_COMMANDS] = {
	/* clang-format off */
	[CMD_CHECK]    = { INV_ALL, false, .judge = verb_check, .print = print_check },
	[CMD_LIST]     = { INV_FUNCTIONS | INV_GROUPS, false, .judge = verb_list,
			   .print = print_list },
	[CMD_MAP]      = { INV_FUNCTIONS | INV_FACTS, false, .special = command_map },
	[CMD_PLAN]     = { INV_ALL, false, .judge = verb_plan, .print = print_plan },
	[CMD_REHEARSE] = { INV_ALL, false, .special = rehearse_on_twin,
			   .print = print_rehearse },
	[CMD_APPLY]    = { INV_ALL, true, .special = apply, .print = print_apply },
	[CMD_VERIFY]   = { INV_FUNCTIONS | INV_FACTS, false, .judge = verb_verify,
			   .print = print_verify },
	[CMD_UNDO]     = { 0, true, .special = undo, .print = print_undo },
	[CMD_HISTORY]  = { 0, true, .special = history, .print = print_history },
	[CMD_VM]       = { INV_ALL, false, .special = vm, .print = print_vm },
	[CMD_CAPTURE]  = { INV_ALL, false, .special = capture },
	[CMD_EXPLAIN]  = { 0, false, .special = explain, .print = print_explain },
	/* clang-format on */
};

/* Told by apply and undo before each thing they do. */
static void progress(void *arg, const char *what)
{
	(void)arg;
	(void)fflush(stdout);
	fprintf(stderr, "  %s\n", what);
}

int command_run(struct run *r, struct err *e)
{
	const struct action *a = &actions[r->command];
	bool change = a->change || r->v->write;
	unsigned facts = a->facts;
	int s;

	r->req.apply.now = time(NULL);
	if (a->change && !r->v->json)
		r->req.apply.progress = progress;
	if (!facts && !a->change)
		return a->special(r, e);
	if (r->v->tree)
		facts |= INV_FACTS; /* what is behind which bridge stands in config space
				     */
	if (r->v->resume)
		facts = 0;
	s = subject_open(&r->v->where, facts, change, &r->subject, e);
	if (s != VERB_YES)
		return s;
	if (change && r->v->where.fixture && !r->v->json)
		fprintf(stderr, "  (on a simulated copy in memory, gone when this ends; "
				"this host "
				"is not touched)\n");
	r->printer.m = r->subject.m;
	s = a->judge ? a->judge(r->subject.m, &r->req, &r->report, e) : a->special(r, e);
	if (r->report && r->subject.m)
		report_add_names(r->report, r->subject.m);
	return s;
}

void command_print(const struct run *r)
{
	actions[r->command].print(&r->printer, r->report);
}
