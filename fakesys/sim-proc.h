/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-proc - files of proc: some computed, the rest as recorded. */
#pragma once

#include "fakesys/sim-internal.h"

/* Fill sim.procs. */
void proc_build(struct sim *s);
/* Free what proc keeps on the heap. */
void proc_done(struct sim *s);
