/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-guest - a lab guest as a struct host: the engine looks at a real kernel. */
#pragma once

#include "vmtests/guest.h"

struct host_guest;

/*
 * @g is borrowed until close; one at a time for a guest. -EIO, -ETIMEDOUT with @e:
 * lab-inside does not serve there. When the guest is lost every operation is -EIO.
 */
int host_guest_open(struct guest *g, struct host_guest **ret, struct err *e);
void host_guest_close(struct host_guest *h);      /* takes NULL */
struct host host_guest_get(struct host_guest *h); /* borrowed */

/* A VM in the guest takes the group, or gives it back: as sim_claim_group(). */
int host_guest_claim(struct host_guest *h, int group, bool take);
