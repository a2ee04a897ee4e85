/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ground `sim`: the model in process. */
#include <errno.h>

#include "fakesys/disk-host.h"
#include "scenarios/scenario.h"

/* The state behind a ground's context: the caller's slot. */
struct slot {
	struct sim *sim;
	bool up; /* else the disk is looked at from a rescue system */
};

static int start(void *ctx, const struct machine *m, const struct kernel_profile *p,
		 struct err *e)
{
	struct slot **slot = ctx, *fresh = calloc(1, sizeof(*fresh));
	int r = fresh ? sim_new(m, p, &fresh->sim, e) : -ENOMEM;

	if (r < 0) {
		free(fresh);
		return r;
	}
	fresh->up = true;
	*slot = fresh;
	return 0;
}

static struct host host(void *ctx)
{
	struct slot *slot = *(struct slot **)ctx;

	return slot->up ? sim_host(slot->sim) : disk_host(sim_disk(slot->sim));
}

static int reboot(void *ctx, const struct boot_report **ret, struct err *e)
{
	struct slot *slot = *(struct slot **)ctx;
	int r = sim_reboot(slot->sim, ret, e);

	slot->up = r >= 0;
	return r;
}

static void power_cut(void *ctx, uint64_t seed)
{
	struct slot *slot = *(struct slot **)ctx;

	sim_power_cut(slot->sim, seed);
	slot->up = false;
}

static ssize_t store(void *ctx, const char *path, const char *buf, size_t len)
{
	return sim_store((*(struct slot **)ctx)->sim, path, buf, len);
}

static int claim(void *ctx, int group, bool take)
{
	struct sim *s = (*(struct slot **)ctx)->sim;

	return take ? sim_claim_group(s, group) : sim_release_group(s, group);
}

static void stop(void *ctx)
{
	struct slot **slot = ctx;

	if (*slot)
		sim_free((*slot)->sim);
	free(*slot);
	*slot = NULL;
}

struct ground ground_sim(void **slot)
{
	static const struct ground_ops ops = {
		.name = "sim",
		.start = start,
		.host = host,
		.reboot = reboot,
		.power_cut = power_cut,
		.store = store,
		.claim = claim,
		.stop = stop,
	};

	return (struct ground){ .ops = &ops, .ctx = slot };
}
