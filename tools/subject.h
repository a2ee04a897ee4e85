/* SPDX-License-Identifier: GPL-2.0-or-later */
/* subject - what a command acts on: this host, a tree in a folder, or a simulated copy.
 */
#pragma once

#include "core/inventory.h"
#include "core/verbs.h"
#include "fakesys/sim.h"

struct where {
	const char *fixture; /* a recorded machine's file, or NULL */
	const char *kernel;  /* profile, with a fixture; or NULL */
	const char *root;    /* NULL: this host */
};

struct subject {
	const struct machine *m;              /* the facts; NULL if none were wanted */
	const struct kernel_profile *profile; /* NULL: nobody asked for one */
	struct host host; /* ops NULL: a fixture that is only judged */
	struct machine *recorded, *read;
	struct sim *sim;
	struct host_live *live;
};

/*
 * Open it and read @parts of its facts (0: none). @change: its host is wanted too; that
 * of a fixture is a simulated copy in memory that ends with the subject. VERB_YES, or
 * another status with @e; subject_close() is due only after VERB_YES.
 */
int subject_open(const struct where *w, unsigned parts, bool change, struct subject *ret,
		 struct err *e);
void subject_close(struct subject *s);

/* The profile of this name; VERB_INPUT: there is none, @e names those that are. */
int subject_profile(const char *name, const struct kernel_profile **ret, struct err *e);
