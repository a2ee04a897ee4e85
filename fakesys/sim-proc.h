/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-proc - files of proc: some computed, the rest as recorded. */
#pragma once

#include <stdio.h>

#include "fakesys/sim-internal.h"

/* Fill sim.procs. */
void proc_build(struct sim *s);
/* Free what proc keeps on the heap. */
void proc_done(struct sim *s);

/* Was the firmware's screen the first one when it was recorded, and is it that still? */
bool proc_screen_is_firmwares(const struct sim *s);

/*
 * Begin to write @t anew, unless it was made of just @key: then NULL. proc_text_end()
 * ends what was begun; the text is then borrowed until the next change of state.
 */
FILE *proc_text_begin(struct sim_text *t, uint64_t key);
void proc_text_end(FILE *f);
struct blob proc_text_of(const struct sim_text *t);
