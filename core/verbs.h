/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs - what the program pcipass can do, below its command line: request in, report
 * out. Programs print the report, scenarios compare it; it is the same JSON on every
 * ground.
 */
#pragma once

#include <jansson.h>

#include "core/apply.h"
#include "core/vm.h"

/* What the user asked for. */
struct request {
	const char *const *devices; /* as typed, see machine_find() */
	size_t n_devices;
	enum plan_method method;
	enum plan_style style;
	const char *allow; /* guard rules to override, by commas; NULL: none */
	unsigned number;   /* undo: transaction, 0: newest */
	enum vm_target target;
	unsigned vmid;
	/*
	 * apply: the report of verb_plan that somebody agreed to; if the plan is another
	 * one by now nothing is done. NULL: nobody was asked. Borrowed.
	 */
	const json_t *agreed;
	struct apply_opts apply;
};

/*
 * Each returns the program's exit status: VERB_YES or VERB_NO with *ret_report (the
 * caller owns the reference), or with @e instead of a report VERB_INPUT (a DEVICE that is
 * not there,
 * ...), VERB_REFUSED (the system refused), VERB_UNFINISHED (a transaction waits, whatever
 * else failed).
 * VERB_NO may come with @e alone: nothing to undo; vm, where the host needs the function.
 * VERB_UNFINISHED of undo comes with both where commands are left to the first boot.
 * Reports are documented by example in scenarios/README.md.
 */
enum verb_status {
	VERB_YES = 0,
	VERB_NO = 1,
	VERB_INPUT = 2,
	VERB_REFUSED = 3,
	VERB_UNFINISHED = 4,
};

/* These judge facts only. */
int verb_list(const struct machine *m, const struct request *r, json_t **ret,
	      struct err *e);
int verb_check(const struct machine *m, const struct request *r, json_t **ret,
	       struct err *e);
int verb_plan(const struct machine *m, const struct request *r, json_t **ret,
	      struct err *e);
int verb_verify(const struct machine *m, const struct request *r, json_t **ret,
		struct err *e);
int verb_vm(const struct machine *m, const struct request *r, json_t **ret,
	    struct err *e);
int verb_explain(const char *rule, json_t **ret, struct err *e);

/* These change the host. */
int verb_apply(const struct host *h, const struct request *r, json_t **ret,
	       struct err *e);
int verb_resume(const struct host *h, const struct request *r, json_t **ret,
		struct err *e);
int verb_undo(const struct host *h, const struct request *r, json_t **ret, struct err *e);
int verb_history(const struct host *h, json_t **ret, struct err *e);

/* The exit status for a negative errno of apply.h and inventory.h. */
enum verb_status verb_status_of(int code);
