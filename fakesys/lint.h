/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lint - is a fixture fit to contribute: complete, consistent, free of personal data. */
#pragma once

#include "core/machine.h"

struct lint_note {
	bool error;       /* else a warning */
	const char *text; /* "functions[0000:01:00.0]: group 7 is not listed in groups" */
};
typedef VEC(struct lint_note) lint_notes;

void lint_machine(const struct machine *m, struct arena *a, lint_notes *ret);
