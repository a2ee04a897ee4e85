/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole tree: the listings of booted kernels, tree-V-a.txt with dmesg-V-a.txt in the
 * folder that PCIPASS_TREES names, are imported, and what the simulated host lists is
 * compared with them line by line.
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-captures.h"
#include "fakesys/import.h"
#include "fakesys/profile.h"
#include "fakesys/sim.h"
#include "fakesys/tree.h"

/* What the listings cover, of all that tree_roots names. */
static const char *const covered[] = {
	"/sys/bus/acpi/drivers",
	"/sys/bus/pci",
	"/sys/bus/pci_express",
	"/sys/class/iommu",
	"/sys/class/misc/vfio",
	"/sys/class/pci_bus",
	"/sys/class/vfio",
	"/sys/class/vfio-dev",
	"/sys/devices/pci0000:00",
	"/sys/devices/virtual/iommu",
	"/sys/devices/virtual/vfio",
	"/sys/firmware/acpi/tables",
	"/sys/kernel/iommu_groups",
	"/sys/module/pci_stub",
	"/sys/module/pcieport",
	"/sys/module/vfio",
	"/sys/module/vfio_iommu_type1",
	"/sys/module/vfio_pci",
	"/sys/module/vfio_pci_core",
};

/* Contents that no two boots have in common: the line must be there, its value is free.
 */
static const struct {
	const char *path, *why;
} volatiles[] = {
	{ "*/power/runtime_active_time", "milliseconds since the function was found" },
};

struct kernel_case {
	const char *version;
	size_t equal; /* at least as many lines must be; more is progress, write it here
		       */
	size_t extra; /* at most as many lines of ours that were not recorded */
};

static struct kernel_case cases[] = {
	{ "6.1", 2958, 0 },
	{ "6.12", 2925, 0 },
	{ "7.3", 3496, 0 },
};

struct line {
	const char *text, *path;
};
typedef VEC(struct line) lines;

static int line_cmp(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	int c = strcmp(a->path, b->path);

	return c ? c : (a->text > b->text) - (a->text < b->text);
}

/* The lines of @text about covered paths, by path; a path's last line counts. */
static lines split(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *save = NULL;
	lines all = { 0 }, ret = { 0 };

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *path = arena_strndup(a, l + 2, strcspn(l + 2, " "));

		for (size_t i = 0; i < ARRAY_SIZE(covered); i++) {
			const char *rest = after_prefix(path, covered[i]);

			if (!rest || (*rest && *rest != '/'))
				continue;
			*vec_push(a, &all) = (struct line){ l, path };
			break;
		}
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), line_cmp);
	for (size_t i = 0; i < all.n; i++)
		if (i + 1 == all.n || !streq(all.v[i].path, all.v[i + 1].path))
			*vec_push(a, &ret) = all.v[i];
	return ret;
}

/* Bytes between the quotes that begin at @p: an escape counts as one. */
static size_t quoted_len(const char *p)
{
	size_t n = 0;

	for (; p[0] && p[1]; n++)
		p += p[0] != '\\' ? 1 : p[1] == 'x' ? 4 : 2;
	return n;
}

/* Where the content's length stands: LEN:"...". NULL: the line has none. */
static const char *content(const char *line)
{
	const char *q = *line == 'F' ? strstr(line, ":\"") : NULL;

	while (q && q > line && q[-1] != ' ')
		q--;
	return q;
}

/* A cut content compares by what was recorded of it. */
static bool is_prefix(const char *want, const char *got)
{
	const char *a = content(want), *b = content(got), *q;
	size_t n;

	if (!a || !b || a - want != b - got || strncmp(want, got, (size_t)(a - want)))
		return false;
	q = strstr(a, ":\"") + 2;
	n = strlen(q) - 1;
	return quoted_len(q) < (size_t)strtoul(a, NULL, 10) &&
	       !strncmp(q, strstr(b, ":\"") + 2, n);
}

static bool is_volatile(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(volatiles); i++)
		if (!fnmatch(volatiles[i].path, path, 0))
			return true;
	return false;
}

static bool same(const struct line *want, const struct line *got)
{
	return streq(want->text, got->text) || is_prefix(want->text, got->text) ||
	       (is_volatile(want->path) && want->text[0] == got->text[0]);
}

static void add(struct machine *m, const char *path)
{
	struct blob b = read_capture(m->arena, path);
	struct err e = { "" };

	if (!b.data || import_add(m, path, b, NULL, &e) < 0)
		fail_msg("%s: %s", path, e.text);
}

static struct machine *import(const char *version)
{
	struct machine *m = machine_new();
	const char *dir = getenv("PCIPASS_TREES");
	struct err e = { "" };

	add(m, arena_printf(m->arena, "%s/tree-%s-a.txt", dir, version));
	add(m, arena_printf(m->arena, "%s/dmesg-%s-a.txt", dir, version));
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static lines list_sim(struct arena *a, const struct sim *s)
{
	struct host h = sim_host((struct sim *)(uintptr_t)s);
	char *text;
	lines ret;

	assert_int_equal(tree_write(&h, tree_roots, &text), 0);
	ret = split(a, text);
	free(text);
	return ret;
}

static void test_listing(void **state)
{
	const struct kernel_case *c = *state;
	AUTOMACHINE struct machine *m = import(c->version);
	struct arena *a = m->arena;
	const char *path =
		arena_printf(a, "%s/tree-%s-a.txt", getenv("PCIPASS_TREES"), c->version);
	lines want = split(a, (const char *)read_capture(a, path).data), got;
	size_t equal = 0, extra = 0, i = 0, k = 0, shown = 0;
	struct err e = { "" };
	struct sim *s;

	if (sim_new(m, profile_find(c->version), &s, &e) < 0)
		fail_msg("%s", e.text);
	got = list_sim(a, s);
	while (i < want.n || k < got.n) {
		int order = i == want.n  ? 1
			    : k == got.n ? -1
					 : strcmp(want.v[i].path, got.v[k].path);

		if (!order && same(&want.v[i], &got.v[k]))
			equal++;
		else if (shown++ < 20 && order <= 0)
			print_message("# -%.200s\n", want.v[i].text);
		extra += order > 0;
		i += order <= 0;
		k += order >= 0;
	}
	sim_free(s);
	print_message("# %s: lines %zu, equal %zu, not recorded %zu\n", c->version,
		      want.n, equal, extra);
	assert_true(equal >= c->equal);
	assert_true(extra <= c->extra);
}

/* --- one fact changes, and all that follows from it --- */

struct change_case {
	const char *name, *file, *value; /* what is stored where */
	const char *const *want;         /* NULL-terminated */
};

/* "-PATH" went, "+PATH" came, "~PATH" reads otherwise; below a folder that went or came
 * nothing more is said. */
static void compare(struct arena *a, const lines *before, const lines *after,
		    strings *ret)
{
	size_t i = 0, k = 0;

	while (i < before->n || k < after->n) {
		const char *x = i < before->n ? before->v[i].path : NULL;
		const char *y = k < after->n ? after->v[k].path : NULL;
		int order = !x ? 1 : !y ? -1 : strcmp(x, y);
		const char *last = ret->n ? ret->v[ret->n - 1] : "";
		const char *path = order <= 0 ? x : y, *below;
		char sign = order < 0 ? '-' : order > 0 ? '+' : '~';

		below = *last && *last != '~' ? after_prefix(path, last + 1) : NULL;
		if ((order || !streq(before->v[i].text, after->v[k].text)) &&
		    !(order && *last == sign && below && *below == '/'))
			*vec_push(a, ret) = arena_printf(a, "%c%s", sign, path);
		i += order <= 0;
		k += order >= 0;
	}
}

static void test_change(void **state)
{
	const struct change_case *c = *state;
	AUTOMACHINE struct machine *m = import("7.3");
	lines before, after;
	strings got = { 0 };
	struct err e = { "" };
	struct host h;
	struct sim *s;
	size_t n = 0;

	if (sim_new(m, profile_find("7.3"), &s, &e) < 0)
		fail_msg("%s", e.text);
	before = list_sim(m->arena, s);
	h = sim_host(s);
	assert_int_equal(host_store(&h, c->value, "%s", c->file), 0);
	after = list_sim(m->arena, s);
	compare(m->arena, &before, &after, &got);
	sim_free(s);
	for (size_t i = 0; i < got.n; i++) {
		if (c->want[n] && streq(got.v[i], c->want[n]))
			n++;
		else
			print_message("# got %s, expected %s\n", got.v[i],
				      c->want[n] ? c->want[n] : "no more");
	}
	assert_int_equal(n, got.n);
	assert_null(c->want[n]);
}

/* clang-format off */
/* portdrv.c:pcie_portdrv_remove: services, interrupts and the enable count go; what is
 * behind the port stays. */
static const char *const port_unbound[] = {
	"-/sys/bus/pci/drivers/pcieport/0000:00:04.0",
	"-/sys/bus/pci_express/devices/0000:00:04.0:pcie001",
	"-/sys/bus/pci_express/devices/0000:00:04.0:pcie002",
	"-/sys/bus/pci_express/devices/0000:00:04.0:pcie010",
	"-/sys/bus/pci_express/drivers/aer/0000:00:04.0:pcie002",
	"-/sys/bus/pci_express/drivers/pcie_bwctrl/0000:00:04.0:pcie010",
	"-/sys/bus/pci_express/drivers/pcie_pme/0000:00:04.0:pcie001",
	"~/sys/devices/pci0000:00/0000:00:04.0",
	"-/sys/devices/pci0000:00/0000:00:04.0/0000:00:04.0:pcie001",
	"-/sys/devices/pci0000:00/0000:00:04.0/0000:00:04.0:pcie002",
	"-/sys/devices/pci0000:00/0000:00:04.0/0000:00:04.0:pcie010",
	"~/sys/devices/pci0000:00/0000:00:04.0/config", /* bus mastering */
	"-/sys/devices/pci0000:00/0000:00:04.0/driver",
	"~/sys/devices/pci0000:00/0000:00:04.0/enable",
	"-/sys/devices/pci0000:00/0000:00:04.0/msi_irqs",
	"~/sys/devices/pci0000:00/0000:00:04.0/power/runtime_usage",
	"~/sys/devices/pci0000:00/0000:00:04.0/uevent",
	NULL,
};
/* remove.c:pci_stop_and_remove_bus_device, iommu.c:iommu_group_remove_device; the slot was
 * one of the bus behind. */
static const char *const port_removed[] = {
	"-/sys/bus/pci/devices/0000:00:08.0",
	"-/sys/bus/pci/devices/0000:0a:00.0",
	"-/sys/bus/pci/drivers/pcieport/0000:00:08.0",
	"~/sys/bus/pci/slots",
	"-/sys/bus/pci/slots/0-7",
	"-/sys/bus/pci_express/devices/0000:00:08.0:pcie001",
	"-/sys/bus/pci_express/devices/0000:00:08.0:pcie002",
	"-/sys/bus/pci_express/devices/0000:00:08.0:pcie010",
	"-/sys/bus/pci_express/drivers/aer/0000:00:08.0:pcie002",
	"-/sys/bus/pci_express/drivers/pcie_bwctrl/0000:00:08.0:pcie010",
	"-/sys/bus/pci_express/drivers/pcie_pme/0000:00:08.0:pcie001",
	"-/sys/class/pci_bus/0000:0a",
	"~/sys/devices/pci0000:00",
	"-/sys/devices/pci0000:00/0000:00:08.0",
	"~/sys/devices/pci0000:00/power/runtime_active_kids",
	"-/sys/devices/virtual/iommu/dmar0/devices/0000:00:08.0",
	"-/sys/devices/virtual/iommu/dmar0/devices/0000:0a:00.0",
	"~/sys/devices/virtual/iommu/dmar0/intel-iommu/domains_used",
	"~/sys/kernel/iommu_groups",
	"-/sys/kernel/iommu_groups/18",
	"-/sys/kernel/iommu_groups/8",
	NULL,
};
static struct change_case changes[] = {
	{ "a port loses its driver", "sys/bus/pci/drivers/pcieport/unbind", "0000:00:04.0", port_unbound },
	{ "a port is removed, and what is behind it", "sys/bus/pci/devices/0000:00:08.0/remove", "1", port_removed },
};
/* clang-format on */

int main(void)
{
	const char *dir = getenv("PCIPASS_TREES");
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(changes)];

	if (!dir || !*dir) {
		printf("1..0 # SKIP no trees: PCIPASS_TREES names no folder\n");
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].version,
						.test_func = test_listing,
						.initial_state = &cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		tests[ARRAY_SIZE(cases) + i] =
			(struct CMUnitTest){ .name = changes[i].name,
					     .test_func = test_change,
					     .initial_state = &changes[i] };
	return cmocka_run_group_tests_name("whole trees", tests, NULL, NULL);
}
