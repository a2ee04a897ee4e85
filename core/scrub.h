/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scrub - take out of a recorded machine what tells whose it is: UUIDs, MAC addresses,
 * serial numbers, machine ids, names below /dev/disk/by-id, passwords, the host's name.
 */
#pragma once

#include "core/machine.h"

/*
 * A copy of @m, the caller's, in which each such thing is replaced, wherever it stands,
 * by a made-up one of the same form; what was equal stays equal, so that root=UUID= still
 * finds its line in fstab. -EINVAL with @e: @m cannot be written as a fixture.
 */
int machine_scrub(const struct machine *m, struct machine **ret, struct err *e);

/*
 * Call @fn for whatever in @text has a form that machine_scrub() replaces, unless it
 * looks made up (fakesys/fixtures/FORMAT.md): where it starts, what it is in words, and
 * the number of its form, below 32. Host names are not among them.
 */
typedef void scrub_found(void *arg, unsigned form, const char *what, const char *at);
void scrub_each(const char *text, scrub_found *fn, void *arg);
