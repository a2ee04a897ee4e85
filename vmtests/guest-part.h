/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest-part - what guest.c and guest-agent.c, the files that talk to libvirt, share. */
#pragma once

#include <jansson.h>
#include <libvirt/libvirt.h>

#include "vmtests/guest.h"

struct guest {
	struct guests *gs;
	virDomainPtr dom;
	char name[32];
	char console[64], nvram[64], port[64];
	bool gone;
};

/* libvirt's words for what went wrong last in this thread. */
const char *guest_virt_words(void);
void guest_nap(double seconds);
/* A command of QEMU's monitor; its answer's "return" to *ret, if asked for. -EIO. */
int guest_monitor(struct guest *g, const char *command, json_t **ret, struct err *e);
/* Until the agent answers. Errors of guest_start(). */
int guest_wait_for_agent(struct guest *g, double until, struct err *e);
