/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest - lab guests at work: started cold or from a saved one, commands run in them by
 * their agent, ended. guest.c and guest-agent.c alone talk to libvirt. Inside enclose()
 * only.
 */
#pragma once

#include "vmtests/domain.h"

struct guests; /* libvirt's embedded driver, and the thread that hears its events */

/* -EIO with @e: libvirt cannot be had. guests_close() ends the guests that still run. */
int guests_open(const struct lab *l, struct guests **ret, struct err *e);
void guests_close(struct guests *gs); /* takes NULL */

struct guest;

/*
 * Start a guest, from @state if that is given, and wait until its agent answers; @d is
 * borrowed until the end. May be called by several threads, each for its own guests.
 * -ETIMEDOUT, -EPIPE, -EIO with @e: it did not come up, and *ret_evidence is what
 * guest_evidence() would be.
 */
int guest_start(struct guests *gs, const struct domain *d, const char *state,
		int deadline_ms, struct guest **ret, char **ret_evidence, struct err *e);
/* Write it to the file @state, to be started from, and end it. -EIO, -ETIMEDOUT with @e.
 */
int guest_save(struct guest *g, const char *state, struct err *e);
void guest_end(struct guest *g); /* takes NULL; does not wait for it */

struct guest_output {
	int status;      /* exit status, 128 + signal */
	char *out, *err; /* malloc'd, NUL-terminated */
	size_t out_len;
};
void guest_output_done(struct guest_output *o);

/*
 * Run argv[0] in the guest with @input as its stdin. -ETIMEDOUT with @e: it has not ended
 * in time, or the agent is silent; -EPIPE with @e: the guest is gone; -EIO with @e: the
 * agent refused.
 */
int guest_run(struct guest *g, const char *const argv[], struct blob input,
	      int deadline_ms, struct guest_output *ret, struct err *e);

/* Start argv[0] in the guest and leave it alone. As guest_run(). */
int guest_spawn(struct guest *g, const char *const argv[], struct err *e);
/*
 * A stream to its port WIRE_PORT, the caller's to close; reads and writes that take more
 * than @limit_s seconds fail. -EIO with @e.
 */
int guest_connect(struct guest *g, int limit_s, struct err *e);

/* The last lines of its console and of QEMU's log; malloc'd. Also of one that is gone. */
char *guest_evidence(const struct guest *g);
