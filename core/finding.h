/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finding - the table of rules that judge a machine, and the loop over it. Text, JSON,
 * `explain` and the documentation come from this one table.
 */
#pragma once

#include "core/acpi.h"
#include "core/boot.h"
#include "core/cmdline.h"
#include "core/group.h"
#include "core/grouping.h"
#include "core/guard.h"
#include "core/loader.h"

enum severity {
	SEV_INFO, /* good to know */
	SEV_WARN, /* works, but somebody will stumble over it */
	SEV_TODO, /* not ready yet: `apply` does this */
	/* cannot be passed through, or only after the user changes something */
	SEV_BLOCK,
};
const char *severity_name(enum severity s); /* "info", "warn", "todo", "block" */

/* What the rules judge: a machine, the functions asked about, and what all rules need. */
struct judged {
	const struct machine *m;
	struct arena *arena;
	fn_list asked;         /* empty: only the host is judged */
	group_members members; /* of their groups */
	/*
	 * How groups come about; NULL where none needs a reason. Where none were
	 * recorded these are the groups that the members are of: `computed`.
	 */
	struct grouping *grouping;
	bool computed;
	guard_uses uses;
	struct loader loader;
	char *next_cmdline;            /* the next boot's; NULL if no entry was found */
	struct modprobe_config config; /* of the disk */
	struct boot boot;              /* next boot; boot.kernel NULL if there is none */
	const char *boot_error;        /* why, then */
	/* Derived from these: */
	fn_list taken; /* asked, what comes along, companions of a GPU; by address */
	const struct kernel *kernel;    /* next boot's, running, or newest one; or NULL */
	loader_entries entries;         /* the first is the default */
	struct iommu_request now, next; /* of both command lines; next = now if unknown */
	bool iommu_active;              /* this kernel drives an IOMMU */
	struct acpi_iommu acpi;         /* table NULL: there is none, or ... */
	const char *acpi_error;         /* ... it is damaged */
	vfio_ids ids;                   /* that vfio-pci will get: its last ids= */
};

struct finding {
	const struct rule *rule;
	const struct pci_fn *fn; /* NULL: about the host */
	const char *text;        /* one sentence: what is so, with the facts */
	const char *remedy;      /* one sentence: what to do; NULL: nothing */
	const char *file;        /* where, or NULL */
	unsigned line;           /* 0: no line */
};
typedef VEC(struct finding) findings;

struct rule {
	const char *id; /* "iommu-off", kebab-case, stable */
	enum severity severity;
	const char *step;    /* of the guide: "hardware", "command line", ..., "ready" */
	const char *summary; /* one line for lists */
	const char *text;    /* at length, for `explain`: why it matters, what to do */
	/* Append what it finds; uses finding_add(). */
	void (*check)(const struct rule *r, const struct judged *j, findings *ret);
};
extern const struct rule rules[];
extern const size_t n_rules;
const struct rule *rule_find(const char *id); /* NULL: no such rule */

/* Is @r among the ids, joined by commas, that a user allows? @allow NULL: none. */
bool rule_allowed(const char *allow, const struct rule *r);

/* @fn NULL: the host. Returns the new finding, for file and line. */
struct finding *finding_add(const struct judged *j, findings *ret, const struct rule *r,
			    const struct pci_fn *fn, const char *remedy,
			    const char *text_fmt, ...) PRINTF(6, 7);

/* Collect what rules need; @asked is copied. */
void judge_prepare(const struct machine *m, struct arena *a, const fn_list *asked,
		   struct judged *ret);
/* Run every rule, in table order. */
void judge(const struct judged *j, findings *ret);
/* May the functions be passed through: no finding of SEV_BLOCK. */
bool findings_pass(const findings *f);
