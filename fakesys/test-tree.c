/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host-listing.h"
#include "fakesys/test-sim.h"
#include "fakesys/tree.h"

/* What the simulated machine is listed as: lines as the recorded trees have them. */
static void test_write(void **state)
{
	static const char *const roots[] = { "sys/devices", "sys/bus/pci/devices",
					     "sys/kernel/iommu_groups", "sys/nonsense",
					     NULL };
	static const char *const want[] = {
		"D /sys/devices/pci0000:00/0000:00:03.0/link 755 nl=2\n",
		"D /sys/kernel/iommu_groups/12 755 nl=3\n",
		"D /sys/nonsense ENOENT\n",
		"F /sys/devices/pci0000:00/0000:00:03.0/driver_override 644 sz=4096 "
		"7:\"(null)\\n\"\n",
		"F /sys/devices/pci0000:00/0000:00:03.0/power/autosuspend_delay_ms 644 "
		"sz=4096 "
		"read=EIO\n",
		"F /sys/devices/pci0000:00/0000:00:03.0/remove 220 sz=4096 open=EACCES\n",
		"F /sys/devices/pci0000:00/0000:00:03.0/resource0 600 sz=131072 (skip)\n",
		"F /sys/devices/pci0000:00/0000:00:02.0/rom 600 sz=65536 read=EINVAL\n",
		"L /sys/bus/pci/devices/0000:01:00.0 -> "
		"../../../devices/pci0000:00/0000:00:04.0/0000:01:00.0 sz=0\n",
		"L /sys/devices/pci0000:00/0000:00:03.0/subsystem -> ../../../bus/pci "
		"sz=0\n",
		"L /sys/devices/pci0000:00/0000:00:03.0/iommu -> "
		"../../virtual/iommu/dmar0 sz=0\n",
		"L /sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0/iommu_group -> "
		"../../../../kernel/iommu_groups/12 sz=0\n",
		"L /sys/devices/pci0000:00/pci_bus/0000:00/device -> ../../../pci0000:00 "
		"sz=0\n",
		"L /sys/kernel/iommu_groups/12/devices/0000:01:00.0 -> "
		"../../../../devices/pci0000:00/0000:00:04.0/0000:01:00.0 sz=0\n",
		"L /sys/devices/pci0000:00/0000:00:08.0/0000:0a:00.0/virtfn0 -> "
		"../0000:0a:00.1 "
		"sz=0\n",
	};
	struct machine *m = test_machine(true);
	struct host h;
	struct sim *s;
	struct err e;
	char *text, *last = NULL, *line, *save;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(tree_write(&h, roots, &text), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		if (!strstr(text, want[i]))
			fail_msg("not listed: %s", want[i]);
	/* In order of path, each path once. */
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		line = strchr(line, '/');
		line[strcspn(line, " ")] = '\0';
		if (last && strcmp(last, line) >= 0)
			fail_msg("%s before %s", last, line);
		last = line;
	}
	free(text);
	sim_free(s);
	machine_free(m);
}

/*
 * The sound function of a GPU is linked to its display function (drivers/pci/quirks.c:
 * quirk_gpu_hda); with either of them the link goes.
 */
static void test_devlink(void **state)
{
	static const char *const roots[] = { "sys/devices", "sys/class", NULL };
	static const char *const want[] = {
		"L /sys/devices/pci0000:00/0000:00:02.0/consumer:pci:0000:00:02.1 -> "
		"../../virtual/devlink/pci:0000:00:02.0--pci:0000:00:02.1 sz=0\n",
		"L /sys/devices/pci0000:00/0000:00:02.1/supplier:pci:0000:00:02.0 -> "
		"../../virtual/devlink/pci:0000:00:02.0--pci:0000:00:02.1 sz=0\n",
		"L /sys/class/devlink/pci:0000:00:02.0--pci:0000:00:02.1 -> "
		"../../devices/virtual/devlink/pci:0000:00:02.0--pci:0000:00:02.1 sz=0\n",
		"F "
		"/sys/devices/virtual/devlink/pci:0000:00:02.0--pci:0000:00:02.1/status "
		"444 sz=4096 12:\"not tracked\\n\"\n",
	};
	struct machine *m = test_machine(true);
	struct host h;
	struct sim *s;
	struct err e;
	char *text;

	(void)state;
	test_fn(m, "0000:00:02.1", 0x1002, 0xaaf0, 0x040300, GROUP_NONE, NULL);
	assert_int_equal(machine_finish(m, &e), 0);
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(tree_write(&h, roots, &text), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		if (!strstr(text, want[i]))
			fail_msg("not listed: %s", want[i]);
	free(text);
	assert_int_equal(host_store(&h, "1", "sys/bus/pci/devices/0000:00:02.1/remove"),
			 0);
	assert_int_equal(tree_write(&h, roots, &text), 0);
	assert_null(strstr(text, "devlink/"));
	assert_null(strstr(text, "consumer:"));
	free(text);
	sim_free(s);
	machine_free(m);
}

/* A listing read back as a host lists the same. */
static void test_again(void **state)
{
	static const char *const roots[] = { "sys/bus/pci", "sys/devices", "sys/class",
					     "sys/kernel/iommu_groups", NULL };
	struct machine *m = test_machine(true);
	struct host_listing *l;
	struct sim *s;
	struct err e;
	struct host h;
	char *first, *second, *diff;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(tree_write(&h, roots, &first), 0);
	assert_int_equal(host_listing_open(first, "first", &l, &e), 0);
	h = host_listing_get(l);
	assert_int_equal(tree_write(&h, roots, &second), 0);
	assert_int_equal(tree_diff(first, second, &diff), 0);
	assert_string_equal(diff, "");
	host_listing_close(l);
	free(diff);
	free(first);
	free(second);
	sim_free(s);
	machine_free(m);
}

struct diff_case {
	const char *name, *a, *b, *want;
};

static void test_diff(void **state)
{
	const struct diff_case *c = *state;
	char *diff;

	assert_int_equal(tree_diff(c->a, c->b, &diff), 0);
	assert_string_equal(diff, c->want);
	free(diff);
}

static struct diff_case diffs[] = {
	{ "the same", "D /a 755 nl=2\n", "D /a 755 nl=2\n", "" },
	{ "another order", "D /b 755 nl=2\nD /a 755 nl=2\n",
	  "D /a 755 nl=2\nD /b 755 nl=2\n", "" },
	{ "changed", "F /a 644 sz=1 1:\"x\"\n", "F /a 644 sz=1 1:\"y\"\n",
	  "-F /a 644 sz=1 1:\"x\"\n+F /a 644 sz=1 1:\"y\"\n" },
	{ "only in one", "D /a 755 nl=2\nD /b 755 nl=2\n",
	  "D /b 755 nl=2\nD /c 755 nl=2\n", "-D /a 755 nl=2\n+D /c 755 nl=2\n" },
	{ "the last line of a path counts", "D /a 755 nl=2\nD /a 755 nl=3\n",
	  "D /a 755 nl=3\n", "" },
	{ "no newline at the end", "D /a 755 nl=2", "D /a 755 nl=2\n", "" },
	{ "empty", "", "D /a 755 nl=2\n", "+D /a 755 nl=2\n" },
	{ "junk", "x\n\nD", "x\n", "-D\n" },
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(diffs) + 3] = {
		{ .name = "listing of the simulated machine", .test_func = test_write },
		{ .name = "a listing of a listing", .test_func = test_again },
		{ .name = "device links of a GPU", .test_func = test_devlink },
	};

	for (size_t i = 0; i < ARRAY_SIZE(diffs); i++)
		tests[i + 3] = (struct CMUnitTest){ .name = diffs[i].name,
						    .test_func = test_diff,
						    .initial_state = &diffs[i] };
	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
