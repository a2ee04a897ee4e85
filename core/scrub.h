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

/*
 * The names of @m's host that tell whose it is, in @a, in each spelling in which they may
 * stand (device-mapper doubles '-'): of /etc/hostname, of what systemd logs, and of the
 * volume group that Debian's installer names after the host. None for names that
 * installers give. At most SCRUB_HOSTS_MAX names are looked for.
 */
#define SCRUB_HOSTS_MAX 16
strings scrub_hosts(struct arena *a, const struct machine *m);
/* Length of the one of @hosts that stands at @at of @text as a word, else 0. */
size_t scrub_host_at(const strings *hosts, const char *text, const char *at);
