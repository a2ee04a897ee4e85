/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "vmtests/nested.h"

#define MIB 2048      /* libraries that get written to, and the inner guest */
#define INNER_S 300   /* the inner guest, from power-on to power-off */
#define RUN_MS 600000 /* all of guest/nested */
#define BLOCK "4711"  /* some block of the data disk */

/* The devices of topologies/nested.json. QEMU 7.2's amd-iommu does not find the card
 * behind the port: it knows it by the bus number from before the firmware gave it one. */
static bool on_root(const struct rig *r)
{
	return streq(r->topology.iommu, "amd");
}

static const char *mac_of_card(const struct lab *l, const struct rig *r)
{
	const struct lab_topology *t = &r->topology;

	vec_foreach(d, &t->devices)
		if (d->kind->how == HOW_NIC && on_root(r) == (d->on < 0))
			return domain_mac(l->arena, (size_t)(d - t->devices.v));
	return "";
}

static int run_in(const struct lab *l, struct guest *g, const struct rig *r,
		  const char *firmware, const char *by, struct nested_result *ret,
		  struct err *e)
{
	struct arena *a = l->arena;
	/* clang-format off */
	const char *const argv[] = {
		"sh", "-s", "--",
		"--kernel", r->kernel.vmlinuz,
		"--init", arena_printf(a, "%s/guest/inner-init", l->data),
		"--firmware", firmware,
		"--by", by,
		"--seconds", arena_printf(a, "%d", INNER_S),
		"--nic", on_root(r) ? "0000:00:03.0" : "0000:01:00.0", mac_of_card(l, r),
		"--nvme", "0000:00:0b.0", BLOCK,
		NULL,
	};
	/* clang-format on */
	struct guest_output o;
	struct blob script;
	int code = lab_read(l, arena_printf(a, "%s/guest/nested", l->data), &script, e);

	code = code < 0 ? code : guest_run(g, argv, script, RUN_MS, &o, e);
	if (code < 0)
		return code;
	ret->text = arena_strdup(a, o.out);
	code = tap_read(ret->text, &ret->tap, e);
	if (code < 0 && *o.err)
		code = err_set(e, code, "nested: exit status %d: %.300s", o.status,
			       o.err);
	guest_output_done(&o);
	return code;
}

struct rig_want nested_rig(const char *kernel, const char *iommu)
{
	return (struct rig_want){
		.kernel = kernel,
		.topology = "nested",
		.iommu = iommu,
		.share = "/",
		.mib = MIB,
		/* Under TCG two panic now and then while the kernel patches its code. */
		.cpus = 1,
	};
}

int nested_run(const struct lab *l, struct guests *gs, struct rig *r,
	       const char *firmware, const char *by, struct nested_result *ret,
	       struct err *e)
{
	struct nested_result result = { .text = "" };
	double start = lab_now();
	struct guest *g = NULL;
	int code = rig_boot(gs, r, &g, e);

	if (code < 0)
		return code;
	result.boot = lab_now() - start;
	code = run_in(l, g, r, firmware, by, &result, e);
	result.run = lab_now() - start - result.boot;
	if (code < 0) {
		rig_fail(r, g);
		return code;
	}
	guest_end(g);
	*ret = result;
	return 0;
}
