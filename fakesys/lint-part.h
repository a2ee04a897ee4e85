/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lint-part - what the halves of lint share; private to lint. */
#pragma once

#include "fakesys/lint.h"

struct lint {
	const struct machine *m;
	struct arena *arena;
	lint_notes *notes;
	const strings *hosts; /* names of the host; lint-private.c */
};

void lint_error(struct lint *l, const char *fmt, ...) PRINTF(2, 3);
void lint_warn(struct lint *l, const char *fmt, ...) PRINTF(2, 3);

/* Facts that contradict each other; lint-facts.c. */
void lint_facts(struct lint *l);
/* Everything that may tell whose machine it is; lint-private.c. */
void lint_private(struct lint *l);
