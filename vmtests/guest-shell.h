/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest-shell - a person at a shell in a lab guest. */
#pragma once

#include "vmtests/guest.h"

/*
 * Connect this process's terminal (or stdin and stdout) to a shell in @g until it ends,
 * or stdin does. Errors of guest_connect() and guest_spawn(); -EPIPE with @e: the guest
 * has gone.
 */
int guest_shell(struct guest *g, struct err *e);
