/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "core/grouping-verdict.h"
#include "core/grouping-why.h"
#include "core/machine-json.h"
#include "core/test-topology.h"
#include "core/vf.h"

/* Addresses of domain 0 without it. */
static const char *short_name(struct arena *a, struct bdf b)
{
	char bdf[BDF_SIZE];

	return arena_strdup(a, bdf_format(b, bdf) + (b.domain ? 0 : 5));
}

/* "[00:02.0] [INT33C4:00] [01:00.0 01:00.1]", by number */
static const char *format(const struct grouping *g, struct arena *a)
{
	const char *text = "";

	for (int k = 0; k < g->n_groups; k++) {
		const char *members = "";

		vec_foreach(it, &g->others)
			if (it->group == k)
				members = arena_printf(a, "%s%s%s", members,
						       *members ? " " : "", it->name);
		for (uint32_t i = 0; i < g->size[k]; i++) {
			uint32_t fn = g->members[g->first[k] + i];

			members = arena_printf(a, "%s%s%s", members, *members ? " " : "",
					       short_name(a, g->m->fns.v[fn].bdf));
		}
		text = arena_printf(a, "%s%s[%s]", text, *text ? " " : "", members);
	}
	return text;
}

/* ---- groups ---- */

struct groups_case {
	const char *name, *lines;
	const char *want; /* as format() */
	struct grouping_want how;
	bool with_vfs; /* and those that nobody has enabled yet */
};

static void test_groups(void **state)
{
	const struct groups_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	struct grouping g;

	grouping_compute(c->with_vfs ? vf_complete(m, a) : m, &c->how, a, &g);
	assert_string_equal(format(&g, a), c->want);
	machine_free(m);
}

#define ALL "drhd all;"
#define AMD "ivhd 00:00.2 00:00.0-ff:1f.7;"
#define ON " acs=1d/1d "
#define SWITCH(root, up, down)                                                           \
	"00:01.0 root bus=1-4" root ";01:00.0 up bus=2-4" up ";02:01.0 down bus=3" down  \
	";02:02.0 down bus=4" down ";03:00.0 endpoint; 04:00.0 endpoint;" ALL
#define VMD                                                                              \
	"00:0e.0 rciep id=8086:467f driver=vmd; 10000:e0:06.0 root bus=e1" ON ";"        \
	"10000:e1:00.0 endpoint; 00:1f.0;" ALL

/* clang-format off */
static struct groups_case groups_cases[] = {
	/* kernel.md 3.2, "Consequences verified in QEMU" */
	{ "port without ACS: all behind it is its group", "00:01.0 root bus=1; 01:00.0 endpoint mf; 01:00.1 endpoint;" ALL,
	  "[00:01.0 01:00.0 01:00.1]" },
	{ "two such ports, functions of one slot", "00:01.0 root mf bus=1; 00:01.1 root bus=2; 01:00.0 endpoint; 02:00.0 endpoint;" ALL,
	  "[00:01.0 00:01.1 01:00.0 02:00.0]" },
	{ "two such ports in different slots", "00:01.0 root bus=1; 00:02.0 root bus=2; 01:00.0 endpoint; 02:00.0 endpoint;" ALL,
	  "[00:01.0 01:00.0] [00:02.0 02:00.0]" },
	{ "downstream ports without ACS keep their own children", SWITCH(ON, ON, ""),
	  "[00:01.0] [01:00.0] [02:01.0 03:00.0] [02:02.0 04:00.0]" },
	{ "ACS off at the root port merges the whole switch", SWITCH(" acs=1d/0 group=0", ON, ON),
	  "[00:01.0 01:00.0 02:01.0 02:02.0 03:00.0 04:00.0]" },
	{ "a switch with ACS everywhere", SWITCH(ON, ON, ON), "[00:01.0] [01:00.0] [02:01.0] [02:02.0] [03:00.0] [04:00.0]" },
	{ "an upstream port is alone: it needs no ACS", SWITCH(ON, "", ON), "[00:01.0] [01:00.0] [02:01.0] [02:02.0] [03:00.0] [04:00.0]" },
	{ "one that is one of several does", SWITCH(ON, " mf", ON), "[00:01.0] [01:00.0 02:01.0 02:02.0 03:00.0 04:00.0]" },
	{ "downstream ports of one slot without ACS", "00:01.0 root bus=1-4" ON "; 01:00.0 up bus=2-4; 02:01.0 down mf bus=3; 02:01.1 down bus=4;"
	  "03:00.0 endpoint; 04:00.0 endpoint;" ALL, "[00:01.0] [01:00.0] [02:01.0 02:01.1 03:00.0 04:00.0]" },
	{ "functions without ACS behind a port that has it", "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf; 01:00.1 endpoint; 01:00.2 endpoint;" ALL,
	  "[00:01.0] [01:00.0 01:00.1 01:00.2]" },
	{ "a single function behind such a port", "00:01.0 root bus=1" ON "; 01:00.0 endpoint;" ALL, "[00:01.0] [01:00.0]" },
	{ "functions with ACS are apart", "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf acs=c/c; 01:00.1 endpoint acs=c/c;" ALL,
	  "[00:01.0] [01:00.0] [01:00.1]" },
	{ "one of three has ACS", "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf; 01:00.1 endpoint acs=c/c; 01:00.2 endpoint;" ALL,
	  "[00:01.0] [01:00.0 01:00.2] [01:00.1]" },
	{ "function 0 does not say that it is one of several: it is alone", "00:02.0 endpoint; 00:02.1 endpoint; 00:02.2 endpoint;" ALL,
	  "[00:02.0] [00:02.1 00:02.2]" },
	{ "PCIe to PCI bridge", "00:01.0 root bus=1-2" ON "; 01:00.0 pcie-pci bus=2; 02:00.0; 02:01.0;" ALL, "[00:01.0] [01:00.0 02:00.0 02:01.0]" },
	{ "conventional bridge", "00:1e.0 bridge bus=1; 01:00.0; 01:01.0;" ALL, "[00:1e.0 01:00.0 01:01.0]" },
	{ "a chain of conventional bridges", "00:01.0 root bus=1-4" ON "; 01:00.0 pcie-pci bus=2-4; 02:03.0 bridge bus=3-4; 03:04.0 bridge bus=4; 04:00.0;" ALL,
	  "[00:01.0] [01:00.0 02:03.0 03:04.0 04:00.0]" },
	{ "there and back to PCI Express", "00:01.0 root bus=1-5" ON "; 01:00.0 pcie-pci bus=2-5; 02:00.0 pci-pcie bus=3-5; 03:00.0 down bus=4" ON "; 04:00.0 endpoint;" ALL,
	  "[00:01.0] [01:00.0 02:00.0 03:00.0 04:00.0]" },
	{ "AST1150 up to 7.2", "00:01.0 root bus=1-2" ON "; 01:00.0 pcie-pci bus=2 id=1a03:1150; 02:00.0; 02:02.0;" ALL, "[00:01.0] [01:00.0 02:00.0 02:02.0]" },
	{ "AST1150 with F27: the bridge still does not isolate", "00:01.0 root bus=1-2" ON "; 01:00.0 pcie-pci bus=2 id=1a03:1150; 02:00.0; 02:02.0;" ALL,
	  "[00:01.0] [01:00.0 02:00.0 02:02.0]", { .kernel.ast_no_alias = true } },
	{ "conventional functions of one slot on the root bus", "00:1f.0 mf; 00:1f.2; 00:1f.3;" ALL, "[00:1f.0 00:1f.2 00:1f.3]" },
	{ "one conventional function on the root bus", "00:02.0; 00:03.0;" ALL, "[00:02.0] [00:03.0]" },
	{ "integrated endpoints of Intel are apart", "00:14.0 rciep mf id=8086:1; 00:14.2 rciep id=8086:2;" ALL, "[00:14.0] [00:14.2]" },
	{ "no function at all", ALL, "" },
	{ "functions of which nothing was recorded", "00:00.0 len=0; 00:01.0 len=0; 01:00.0 len=0;" ALL, "[00:00.0] [00:01.0] [01:00.0]" },

	/* Order, kernel.md 3.5. */
	{ "order: the whole bus before what is behind its bridges", "00:01.0 root bus=1-2" ON "; 00:02.0; 01:00.0 up bus=2; 01:01.0; 02:00.0 endpoint;" ALL,
	  "[00:01.0] [00:02.0] [01:00.0] [01:01.0] [02:00.0]" },
	{ "order: depth first, not by bus number", "00:01.0 root bus=3" ON "; 00:02.0 root bus=1" ON "; 01:00.0 endpoint; 03:00.0 endpoint;" ALL,
	  "[00:01.0] [00:02.0] [03:00.0] [01:00.0]" },
	{ "order: Intel's graphics first", "00:00.0; 00:02.0; 00:14.0;" "drhd 00:02.0;" ALL, "[00:02.0] [00:00.0] [00:14.0]" },
	{ "order: of several units the last in the table first", "00:00.0; 00:02.0; 00:05.0; 00:06.0; drhd 00:02.0; drhd 00:05.0; drhd 00:06.0;" ALL,
	  "[00:06.0] [00:05.0] [00:02.0] [00:00.0]" },
	{ "order: a unit for all that stands first comes last", "00:00.0; 00:02.0;" ALL "drhd 00:02.0;", "[00:02.0] [00:00.0]" },
	{ "order: a scope that is a bridge has what is below", "00:00.0; 00:01.0 root bus=1" ON "; 01:00.0 endpoint; drhd bridge:00:01.0;" ALL,
	  "[00:01.0] [01:00.0] [00:00.0]" },
	{ "order: AMD by bus, the IOMMU has none", "00:00.0; 00:00.2 class=0806; 00:01.0; 00:02.0;" AMD, "[00:00.0] [00:01.0] [00:02.0]" },
	{ "order: each unit of AMD as it registers", "00:00.0; 00:00.2 class=0806; 40:00.0; 40:00.2 class=0806;"
	  "ivhd 40:00.2 40:00.0-7f:1f.7; ivhd 00:00.2 00:00.0-3f:1f.7;", "[40:00.0] [00:00.0]" },
	{ "order: function 0 that comes last and says it is alone", "00:02.0; 00:02.1; drhd 00:02.1;" ALL, "[00:02.1] [00:02.0]" },
	{ "order: what comes before its port does not wait for it", "00:01.0 root bus=1; 00:02.0; 01:00.0 endpoint; drhd 01:00.0;" ALL,
	  "[01:00.0] [00:01.0] [00:02.0]" },

	/* Who has none. */
	{ "a scope that names none, and no unit for all", "00:00.0; 00:02.0; 00:03.0; drhd 00:02.0;", "[00:02.0]" },
	{ "a range of IVRS that ends", "00:01.0; 00:02.0; 00:03.0; ivhd 00:00.2 00:01.0-00:02.7;", "[00:01.0] [00:02.0]" },
	{ "another segment", "00:01.0; 0001:00:01.0;" ALL, "[00:01.0]" },
	{ "a port without unit is passed by", "00:01.0 root bus=1; 01:00.0 endpoint; 01:01.0 endpoint; ivhd 00:00.2 01:00.0-01:1f.7;",
	  "[01:00.0] [01:01.0]" },

	/* virtio, F23 */
	{ "virtio: at once, by bus", "00:01.0 driver=virtio-pci; 00:02.0; 00:03.0 driver=nvme; viot 00:01.0;", "[00:02.0] [00:03.0]" },
	{ "virtio: lazily, with a driver", "00:01.0 driver=virtio-pci; 00:02.0; 00:03.0 driver=nvme; viot 00:01.0;", "[00:03.0]", { .virtio_lazy = true } },
	{ "virtio: lazily, as the log has it", "00:01.0 driver=virtio-pci; 00:02.0 driver=xhci_hcd; 00:03.0 driver=nvme; 00:04.0 driver=ahci; viot 00:01.0;"
	  "klog nvme 0000:00:03.0: Adding to iommu group 0; klog ahci 0000:00:04.0: Adding to iommu group 1;", "[00:03.0] [00:04.0] [00:02.0]", { .virtio_lazy = true } },
	{ "virtio: lazily, a driver that failed", "00:00.0; 00:01.0 driver=virtio-pci; 00:02.0; viot 00:01.0;"
	  "klog agpgart-intel 0000:00:00.0: Adding to iommu group 0;", "[00:00.0]", { .virtio_lazy = true } },
	{ "virtio: lazily, where the log is of a kernel that was not", "00:01.0 driver=virtio-pci; 00:02.0; 00:03.0 driver=nvme; viot 00:01.0;"
	  "klog pci 0000:00:02.0: Adding to iommu group 0; klog pci 0000:00:03.0: Adding to iommu group 1;", "[00:03.0]", { .virtio_lazy = true } },
	{ "virtio: lazy is only virtio", "00:02.0; 00:03.0 driver=nvme;" ALL, "[00:02.0] [00:03.0]", { .virtio_lazy = true } },

	/* What is no PCI function. */
	{ "others: an ACPI device comes before PCI", "00:00.0; andd 1 INT33C4; drhd all andd:1; klog platform INT33C4:00: Adding to iommu group 0;",
	  "[INT33C4:00] [00:00.0]" },
	{ "others: with its own unit", "00:00.0; 00:02.0; andd 1 INT33C4; drhd 00:02.0; drhd all andd:1; klog platform INT33C4:00: Adding to iommu group 1;",
	  "[00:02.0] [INT33C4:00] [00:00.0]" },
	{ "others: one that the kernel did not find", "00:00.0; andd 1 INT33C4; drhd all andd:1;", "[00:00.0]" },
	{ "others: AMD, each its own", "00:01.0; ivhd 00:00.2 00:00.0-ff:1f.7 hid:00:14.5:AMDI0020 hid:00:14.6:AMDI0040;"
	  "klog platform AMDI0020:00: Adding to iommu group 0; klog platform AMDI0040:00: Adding to iommu group 1;", "[AMDI0020:00] [AMDI0040:00] [00:01.0]" },
	{ "others: AMD, of one devid", "00:01.0; ivhd 00:00.2 00:00.0-ff:1f.7 hid:00:14.5:AMDI0020 hid:00:14.5:AMDI0040;"
	  "klog platform AMDI0020:00: Adding to iommu group 0; klog platform AMDI0040:00: Adding to iommu group 0;", "[AMDI0020:00 AMDI0040:00] [00:01.0]" },

	/* Virtual functions. */
	{ "VF: last, each its own", "00:01.0 root bus=1" ON "; 00:03.0; 01:00.0 endpoint sriov=2/16/1/10ca; 01:02.0 endpoint vf=01:00.0; 01:02.1 endpoint vf=01:00.0;" ALL,
	  "[00:01.0] [00:03.0] [01:00.0] [01:02.0] [01:02.1]" },
	{ "VF: behind a port without ACS", "00:01.0 root bus=1; 01:00.0 endpoint sriov=2/16/1/10ca; 01:02.0 endpoint vf=01:00.0;" ALL, "[00:01.0 01:00.0 01:02.0]" },
	{ "VF: in its physical function's slot, though that has no ACS", "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf sriov=2/2/1/10ca; 01:00.1 endpoint; 01:00.2 endpoint vf=01:00.0;" ALL,
	  "[00:01.0] [01:00.0 01:00.1] [01:00.2]" },
	{ "VF: on a bus that has no bridge", "00:01.0 root bus=1-2" ON "; 01:00.0 endpoint sriov=2/256/1/10ca; 02:00.0 endpoint vf=01:00.0;" ALL,
	  "[00:01.0] [01:00.0] [02:00.0]" },
	{ "VF: on such a bus, port without ACS", "00:01.0 root bus=1-2; 01:00.0 endpoint sriov=2/256/1/10ca; 02:00.0 endpoint vf=01:00.0;" ALL, "[00:01.0 01:00.0 02:00.0]" },
	{ "VF: nobody has enabled them yet", "00:01.0 root bus=1-2" ON "; 01:00.0 endpoint sriov=3/128/2/10ca;" ALL, "[00:01.0] [01:00.0] [01:10.0] [01:10.2] [01:10.4]", .with_vfs = true },
	{ "VF: those may be on another bus", "00:01.0 root bus=1-2; 01:00.0 endpoint sriov=2/255/1/10ca;" ALL, "[00:01.0 01:00.0 01:1f.7 02:00.0]", .with_vfs = true },
	{ "VF: one is enabled, one is not", "00:01.0 root bus=1" ON "; 01:00.0 endpoint sriov=2/16/1/10ca; 01:02.0 endpoint vf=01:00.0;" ALL,
	  "[00:01.0] [01:00.0] [01:02.0] [01:02.1]", .with_vfs = true },
	{ "VF: no unit for its physical function", "00:02.0; 01:00.0 endpoint sriov=2/16/1/10ca; 01:02.0 endpoint vf=01:00.0; drhd 00:02.0;", "[00:02.0]" },
	{ "VF: one that says it is a bridge to itself", "05:00.0 root bus=a vf=0a:00.0; 0a:00.0 endpoint sriov=1/1/1/1;" ALL,
	  "[0a:00.0] [05:00.0]" },

	/* Aliases. */
	{ "alias: a Marvell's ghost", "00:01.0 root bus=1" ON "; 01:00.0 endpoint id=1b4b:9230;" ALL, "[00:01.0] [01:00.0]" },
	{ "alias: it and its second function", "00:01.0 root bus=1" ON "; 01:00.0 endpoint acs=1d/1d id=1b4b:9230; 01:00.1 endpoint acs=1d/1d;" ALL, "[00:01.0] [01:00.0 01:00.1]" },
	{ "alias: the same below a port without ACS", "00:01.0 root bus=1; 01:00.0 endpoint acs=1d/1d id=1b4b:9230; 01:00.1 endpoint acs=1d/1d;" ALL, "[00:01.0 01:00.0 01:00.1]" },
	{ "alias: IVRS", "00:04.0 endpoint; 00:05.0 endpoint; 00:06.0 endpoint; ivhd 00:00.2 00:00.0-ff:1f.7 00:06.0>00:04.0;", "[00:04.0 00:06.0] [00:05.0]" },
	{ "alias: IVRS, of another bus", "00:04.0 endpoint; 01:06.0 endpoint; ivhd 00:00.2 00:00.0-ff:1f.7 01:06.0>00:04.0;", "[00:04.0] [01:06.0]" },
	{ "alias: through a function of the target", "00:04.0 endpoint mf; 00:04.1 endpoint; 00:06.0 endpoint; ivhd 00:00.2 00:00.0-ff:1f.7 00:06.0>00:04.1;", "[00:04.0 00:04.1 00:06.0]" },
	{ "alias: a whole bus", "00:01.0 root bus=1" ON "; 01:00.0 endpoint id=10b5:87b0; 01:03.0 endpoint; 01:1f.7 endpoint acs=1d/1d;" ALL, "[00:01.0] [01:00.0 01:03.0 01:1f.7]" },
	{ "alias: functions without ACS, of which one has an alias elsewhere", "00:04.0 endpoint; 00:06.0 endpoint mf; 00:06.1 endpoint; ivhd 00:00.2 00:00.0-ff:1f.7 00:06.1>00:04.0;",
	  "[00:04.0 00:06.0 00:06.1]" },

	{ "alias: through a function of the target that has no group yet", "00:03.0 endpoint id=8086:2260; 00:12.0 endpoint mf; 00:12.3 endpoint; drhd 00:12.0;" ALL,
	  "[00:03.0 00:12.0 00:12.3]" },

	/* VMD */
	{ "VMD: two of them", "00:0e.0 rciep id=8086:201d driver=vmd; 17:05.5 rciep id=8086:201d driver=vmd; 10000:00:02.0 root bus=1; 10001:00:02.0 root bus=1;" ALL,
	  "[00:0e.0 10000:00:02.0] [17:05.5 10001:00:02.0]" },
	{ "VMD: all that it hides is its group", VMD, "[00:0e.0 10000:e0:06.0 10000:e1:00.0] [00:1f.0]" },
	{ "VMD: with a unit of its own", "00:00.0; 00:0e.0 rciep id=8086:467f driver=vmd; 10000:e0:06.0 root bus=e1; drhd 00:0e.0;" ALL, "[00:0e.0 10000:e0:06.0] [00:00.0]" },

	/* Options, and which boot is meant. */
	{ "boot: recorded without IOMMU, ACS is switched on", "00:01.0 root bus=1 acs=1d/0; 01:00.0 endpoint;" ALL, "[00:01.0] [01:00.0]" },
	{ "boot: recorded with IOMMU, ACS is as it was", "00:01.0 root bus=1 acs=1d/0 group=0; 01:00.0 endpoint group=0;" ALL, "[00:01.0 01:00.0]" },
	{ "boot: another one", "00:01.0 root bus=1 acs=1d/0 group=0; 01:00.0 endpoint group=0;" ALL, "[00:01.0] [01:00.0]", { .forecast = true } },
	{ "boot: the recorded command line", "cmdline pci=disable_acs_redir=00:01.0 ro; 00:01.0 root bus=1 acs=1d/0; 01:00.0 endpoint;" ALL, "[00:01.0 01:00.0]" },
	{ "boot: another command line", "cmdline pci=disable_acs_redir=00:01.0 ro; 00:01.0 root bus=1 acs=1d/0; 01:00.0 endpoint;" ALL, "[00:01.0] [01:00.0]", { .cmdline = "ro" } },
	{ "boot: the override", "00:01.0 root bus=1; 01:00.0 endpoint mf; 01:00.1 endpoint;" ALL, "[00:01.0] [01:00.0] [01:00.1]",
	  { .cmdline = "pcie_acs_override=downstream,multifunction", .kernel.override = true } },
};
/* clang-format on */

/* ---- sentences ---- */

struct why_case {
	const char *name, *lines;
	const char *x, *y; /* y NULL: of x alone */
	const char *want;  /* sentences, each with a newline */
	struct grouping_want how;
};

static void test_why(void **state)
{
	const struct why_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	strings sentences = { 0 };
	const char *text = "";
	struct grouping g;

	grouping_compute(m, &c->how, a, &g);
	if (c->y)
		grouping_why_pair(&g, t_find(m, c->x), t_find(m, c->y), &sentences);
	else
		*vec_push(a, &sentences) = grouping_why_fn(&g, t_find(m, c->x));
	vec_foreach(s, &sentences)
		text = arena_printf(a, "%s%s\n", text, *s);
	assert_string_equal(text, c->want);
	machine_free(m);
}

#define CARD "00:01.0 root bus=1; 01:00.0 endpoint mf; 01:00.1 endpoint;" ALL
#define CARD_ON "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf; 01:00.1 endpoint;" ALL

/* clang-format off */
static struct why_case why_cases[] = {
	{ "why: behind a port without ACS", CARD, "01:00.0", NULL,
	  "0000:01:00.0 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n" },
	{ "why: it names the bits", "00:01.0 root bus=1 acs=1d/11 group=0; 01:00.0 endpoint;" ALL, "01:00.0", NULL,
	  "0000:01:00.0 is behind 0000:00:01.0, which has ACS with ReqRedir, CmpltRedir off: what is behind it is not kept apart.\n" },
	{ "why: a port further up", SWITCH("", ON, ON), "03:00.0", NULL,
	  "0000:03:00.0 is behind 0000:02:01.0, and 0000:00:01.0 above that has no ACS: what is behind it is not kept apart.\n" },
	{ "why: the quirk that says no", "00:01.0 root bus=1 id=8086:1c10; 01:00.0 endpoint; klog Failed to enable Intel PCH ACS quirk;" ALL, "01:00.0", NULL,
	  "0000:01:00.0 is behind 0000:00:01.0, which does not isolate, whatever its ACS says (quirk: Intel PCH root port): what is behind it is not kept apart.\n" },
	{ "why: functions of one device", CARD_ON, "01:00.1", NULL,
	  "0000:01:00.1 and 0000:01:00.0 are functions of one device that are not kept apart: 0000:01:00.1 has no ACS.\n" },
	{ "why: conventional functions of one device", "00:1f.0 mf; 00:1f.2;" ALL, "00:1f.2", NULL,
	  "0000:00:1f.2 and 0000:00:1f.0 are functions of one device that are not kept apart: 0000:00:1f.2 is conventional PCI, which has no ACS.\n" },
	{ "why: behind a port that has no unit", "00:01.0 root mf bus=1; 00:01.1 root bus=2; 01:00.0 endpoint; 02:00.0 endpoint; drhd 01:00.0 02:00.0;", "02:00.0", NULL,
	  "0000:02:00.0 is the first of its group.\n" },
	{ "why: behind a bridge to conventional PCI", "00:1e.0 bridge bus=1; 01:00.0;" ALL, "01:00.0", NULL,
	  "0000:01:00.0 is behind 0000:00:1e.0, a bridge to conventional PCI: the IOMMU sees its requests as that bridge's.\n" },
	{ "why: VMD", VMD, "10000:e1:00.0", NULL,
	  "10000:e1:00.0 is behind the Volume Management Device 0000:00:0e.0: the IOMMU sees its requests as that device's.\n" },
	{ "why: an alias of IVRS", "00:04.0 endpoint; 00:06.0 endpoint; ivhd 00:00.2 00:00.0-ff:1f.7 00:06.0>00:04.0;", "00:06.0", NULL,
	  "0000:00:06.0 and 0000:00:04.0 may use each other's address (an alias that table IVRS gives).\n" },
	{ "why: an alias of the one that was first", "00:04.0 endpoint; 00:06.0 endpoint; ivhd 00:00.2 00:00.0-ff:1f.7 00:04.0>00:06.0;", "00:06.0", NULL,
	  "0000:00:06.0 and 0000:00:04.0 may use each other's address (an alias that table IVRS gives).\n" },
	{ "why: alone on a root bus", "00:02.0;" ALL, "00:02.0", NULL, "0000:00:02.0 is on a root bus: its group is its own.\n" },
	{ "why: alone behind ports", "00:01.0 root bus=1" ON "; 01:00.0 endpoint;" ALL, "01:00.0", NULL,
	  "0000:01:00.0 is behind ports that isolate, the first of them 0000:00:01.0: its group is its own.\n" },
	{ "why: no unit", "00:01.0; 00:02.0; drhd 00:02.0;", "00:01.0", NULL,
	  "0000:00:01.0 is translated by no IOMMU that the firmware's tables describe: it has no group.\n" },
	{ "why: an IOMMU", "00:00.2 class=0806; 00:01.0;" AMD, "00:00.2", NULL, "0000:00:00.2 is an IOMMU itself: it has no group.\n" },
	{ "why: a guess", "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf len=100; 01:00.1 endpoint len=100;" ALL, "01:00.1", NULL,
	  "0000:01:00.1 and 0000:01:00.0 are functions of one device that are not kept apart: 0000:01:00.1 has no ACS (assumed).\n" },

	{ "pair: a port and what is behind it", CARD, "00:01.0", "01:00.0",
	  "0000:01:00.0 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n" },
	{ "pair: two behind one port", CARD, "01:00.0", "01:00.1",
	  "0000:01:00.0 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n"
	  "0000:01:00.1 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n" },
	{ "pair: two functions", CARD_ON, "01:00.0", "01:00.1",
	  "0000:01:00.1 and 0000:01:00.0 are functions of one device that are not kept apart: 0000:01:00.1 has no ACS.\n" },
	{ "pair: across ports of one device", "00:01.0 root mf bus=1; 00:01.1 root bus=2; 01:00.0 endpoint; 02:00.0 endpoint;" ALL, "01:00.0", "02:00.0",
	  "0000:01:00.0 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n"
	  "0000:00:01.1 and 0000:00:01.0 are functions of one device that are not kept apart: 0000:00:01.1 has no ACS.\n"
	  "0000:02:00.0 is behind 0000:00:01.1, which has no ACS: what is behind it is not kept apart.\n" },
	{ "pair: two groups", CARD_ON, "00:01.0", "01:00.0",
	  "0000:00:01.0 and 0000:01:00.0 are in different groups.\n"
	  "0000:00:01.0 is on a root bus: its group is its own.\n"
	  "0000:01:00.0 is behind ports that isolate, the first of them 0000:00:01.0: it is the first of its group.\n" },
	{ "pair: one has none", "00:01.0; 00:02.0; drhd 00:02.0;", "00:02.0", "00:01.0",
	  "0000:00:01.0 is translated by no IOMMU that the firmware's tables describe: it has no group.\n" },
	{ "pair: one and the same", CARD, "01:00.0", "01:00.0", "" },
};
/* clang-format on */

/* ---- who comes later ---- */

struct joins_case {
	const char *name, *lines, *fn;
	const char *group0; /* who is in one already; all others are in none */
	bool found;
	const char *want; /* NULL: it gets a new one */
};

static void test_joins(void **state)
{
	const struct joins_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	uint32_t fn = t_find(m, c->fn), with;
	struct grouping g;
	int groups;

	grouping_compute(m, &(struct grouping_want){ 0 }, a, &g);
	groups = g.n_groups;
	for (uint32_t i = 0; i < m->fns.n; i++)
		g.fns[i].group = i == t_find(m, c->group0) ? 0 : GROUP_NONE;
	with = grouping_joins(&g, fn, c->found);
	assert_int_equal(with, c->want ? t_find(m, c->want) : FN_NONE);
	assert_int_equal(g.fns[fn].group, GROUP_NONE);
	assert_int_equal(g.n_groups, groups);
	machine_free(m);
}

/* clang-format off */
static struct joins_case joins_cases[] = {
	{ "joins: the port above", CARD, "01:00.1", "00:01.0", true, "00:01.0" },
	/* probe.c:pci_scan_slot tells the kernel that there are others once they are there:
	 * a function without the bit in its own header does not look for them when found */
	{ "joins: whose own header does not say that there are others", CARD_ON, "01:00.1", "01:00.0", true, NULL },
	{ "joins: all are there", CARD_ON, "01:00.1", "01:00.0", false, "01:00.0" },
	{ "joins: whose own header says so", CARD_ON, "01:00.0", "01:00.1", true, "01:00.1" },
	{ "joins: apart", "00:01.0 root bus=1" ON "; 00:02.0;" ALL, "00:01.0", "00:02.0", true, NULL },
};
/* clang-format on */

/* ---- verdicts ---- */

struct verdict_case {
	const char *name, *lines, *fn;
	enum verdict want;
	const char *text;
};

static void test_verdict(void **state)
{
	const struct verdict_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	struct grouping g;
	struct verdict_of *v;
	uint32_t fn = t_find(m, c->fn);

	grouping_compute(m, &(struct grouping_want){ 0 }, a, &g);
	v = grouping_judge(&g);
	assert_string_equal(verdict_name(v[fn].verdict), verdict_name(c->want));
	assert_string_equal(verdict_text(&g, fn, &v[fn]), c->text);
	machine_free(m);
}

#define REFUSED                                                                          \
	"cannot be passed through: the firmware uses memory 0x7b800000-0x7bffffff "      \
	"through "

/* clang-format off */
static struct verdict_case verdict_cases[] = {
	{ "verdict: alone", "00:02.0;" ALL, "00:02.0", VERDICT_ALONE, "can be passed through" },
	{ "verdict: the port in its group stays", "00:01.0 root bus=1 driver=pcieport; 01:00.0 endpoint driver=nvme;" ALL, "01:00.0", VERDICT_ALONE, "can be passed through" },
	{ "verdict: with the other function", CARD_ON, "01:00.0", VERDICT_TOGETHER, "only together with 0000:01:00.1" },
	{ "verdict: with many", "00:02.0 endpoint mf; 00:02.1 endpoint; 00:02.2 endpoint; 00:02.3 endpoint; 00:02.4 endpoint; 00:02.5 endpoint; 00:02.6 endpoint;" ALL,
	  "00:02.1", VERDICT_TOGETHER, "only together with 0000:00:02.0, 0000:00:02.2, 0000:00:02.3, 0000:00:02.4 and 2 more" },
	{ "verdict: a port", CARD, "00:01.0", VERDICT_STAYS, "stays with the host: a bridge" },
	{ "verdict: a host bridge without group", "00:00.0 class=0600; 00:02.0; drhd 00:02.0;", "00:00.0", VERDICT_STAYS, "stays with the host: a bridge" },
	{ "verdict: an idle host bridge need not come", "00:01.0 mf class=0600; 00:01.1;" ALL, "00:01.1", VERDICT_ALONE, "can be passed through" },
	{ "verdict: an ISA bridge with a driver must", "00:1f.0 mf class=0601 driver=lpc_ich; 00:1f.3;" ALL, "00:1f.3", VERDICT_TOGETHER, "only together with 0000:00:1f.0" },
	{ "verdict: none", "00:01.0; 00:02.0; drhd 00:02.0;", "00:01.0", VERDICT_NO_GROUP, "cannot be passed through: no IOMMU translates it" },
	{ "verdict: the IOMMU", "00:00.2 class=0806; 00:01.0;" AMD, "00:00.2", VERDICT_NO_GROUP, "stays with the host: the IOMMU itself" },
	{ "verdict: RMRR", "00:1c.0;" ALL "rmrr 00:1c.0;", "00:1c.0", VERDICT_PINNED, REFUSED "it" },
	{ "verdict: RMRR of another function of the group", CARD_ON "rmrr 01:00.1;", "01:00.0", VERDICT_PINNED, REFUSED "0000:01:00.1" },
	{ "verdict: RMRR of the port of its group", CARD "rmrr bridge:00:01.0;", "01:00.0", VERDICT_PINNED, REFUSED "it" },
	{ "verdict: RMRR of an idle host bridge of its group", "00:01.0 mf class=0600; 00:01.1;" ALL "rmrr 00:01.0;", "00:01.1", VERDICT_PINNED, REFUSED "0000:00:01.0" },
	{ "verdict: RMRR of USB is relaxed", "00:14.0 class=0c03;" ALL "rmrr 00:14.0;", "00:14.0", VERDICT_ALONE, "can be passed through" },
	{ "verdict: RMRR of graphics is relaxed", "00:02.0 class=0300;" ALL "rmrr 00:02.0;", "00:02.0", VERDICT_ALONE, "can be passed through" },
	{ "verdict: RMRR of another group", "00:02.0; 00:03.0;" ALL "rmrr 00:03.0;", "00:02.0", VERDICT_ALONE, "can be passed through" },
	{ "verdict: IVMD", "00:02.0; 00:03.0;" AMD "ivmd 00:02.0;", "00:02.0", VERDICT_PINNED, REFUSED "it" },
	{ "verdict: IVMD of USB is not relaxed", "00:14.0 class=0c03;" AMD "ivmd 00:10.0-00:1f.7;", "00:14.0", VERDICT_PINNED, REFUSED "it" },
	{ "verdict: beside an IVMD", "00:02.0; 00:03.0;" AMD "ivmd 00:02.0;", "00:03.0", VERDICT_ALONE, "can be passed through" },
};
/* clang-format on */

/* ---- compared with what was recorded ---- */

struct compare_case {
	const char *name, *lines;
	unsigned groups, matched, numbered;
	const char *want; /* differences, each with a newline */
};

static void test_compare(void **state)
{
	const struct compare_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	struct grouping_match match;
	const char *text = "";
	struct grouping g;

	grouping_compute(m, &(struct grouping_want){ 0 }, a, &g);
	grouping_compare(&g, &match);
	vec_foreach(s, &match.differences)
		text = arena_printf(a, "%s%s\n", text, *s);
	assert_string_equal(text, c->want);
	assert_int_equal(match.groups, c->groups);
	assert_int_equal(match.matched, c->matched);
	assert_int_equal(match.numbered, c->numbered);
	machine_free(m);
}

/* clang-format off */
static struct compare_case compare_cases[] = {
	{ "compare: alike", "00:02.0 group=0; 00:1f.0 mf group=1; 00:1f.2 group=1;" ALL, 2, 2, 2, "" },
	{ "compare: other numbers", "00:02.0 group=7; 00:1f.0 mf group=3; 00:1f.2 group=3; 00:1e.0;" ALL, 2, 2, 0, "" },
	{ "compare: recorded as one", "00:02.0 group=0; 00:03.0 group=0;" ALL, 1, 0, 0,
	  "0000:00:02.0 and 0000:00:03.0 were recorded in group 0; computed, they do not share one\n" },
	{ "compare: recorded as two", "00:1f.0 mf group=0; 00:1f.2 group=1;" ALL, 2, 0, 0,
	  "0000:00:1f.0 was recorded in group 0 without 0000:00:1f.2; computed, they share one\n"
	  "0000:00:1f.2 was recorded in group 1 without 0000:00:1f.0; computed, they share one\n" },
	{ "compare: recorded, and no unit has it", "00:02.0 group=0; 00:03.0 group=1; drhd 00:03.0;", 2, 1, 0,
	  "0000:00:02.0 was recorded in group 0; computed, no IOMMU translates it\n" },
	{ "compare: one of a group has no unit", "00:1f.0 mf group=0; 00:1f.2 group=0; drhd 00:1f.0;", 1, 0, 0,
	  "0000:00:1f.0 and 0000:00:1f.2 were recorded in group 0; computed, they do not share one\n" },
	{ "compare: one that was recorded without", "00:1f.0 mf group=0; 00:1f.2;" ALL, 1, 0, 0,
	  "0000:00:1f.0 was recorded in group 0 without 0000:00:1f.2; computed, they share one\n" },
	{ "compare: nothing recorded", "00:02.0;" ALL, 0, 0, 0, "" },
};
/* clang-format on */

/* ---- recorded machines ---- */

static const char *fixtures;
static char names[64][64];

static bool is_release(const struct machine *m, const char *series)
{
	return after_prefix(m->release, series) != NULL;
}

/* kernel.md 0: 6.1, 6.12 and later. */
static struct grouping_want kernel_of(const struct machine *m)
{
	bool new = is_release(m, "7.");

	return (struct grouping_want){
		.kernel = { .config_acs = new || is_release(m, "6.12."),
			    .idt_no_sv = new,
			    .ast_no_alias = is_release(m, "7.3") },
		.virtio_lazy = is_release(m, "6.12."),
	};
}

static void test_fixture(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	struct grouping_match match;
	struct grouping_want want;
	struct err e = { "" };
	struct grouping g;
	struct machine *m;
	unsigned others = 0;

	if (machine_load(arena_printf(a, "%s/%s", fixtures, (const char *)*state), &m,
			 &e) < 0)
		fail_msg("%s", e.text);
	want = kernel_of(m);
	grouping_compute(m, &want, a, &g);
	grouping_compare(&g, &match);
	vec_foreach(s, &match.differences)
		print_error("%s\n", *s);
	vec_foreach(it, &g.others)
		others += g.size[it->group] == 0;
	assert_int_equal(match.matched, match.groups);
	assert_int_equal(match.numbered, match.groups);
	if (match.groups)
		assert_int_equal(match.groups + others, g.n_groups);
	machine_free(m);
}

static size_t find_fixtures(void)
{
	DIR *dir = fixtures ? opendir(fixtures) : NULL;
	size_t n = 0;

	for (struct dirent *d; dir && (d = readdir(dir));)
		if (ends_with(d->d_name, ".json") && !streq(d->d_name, "schema.json") &&
		    n < ARRAY_SIZE(names))
			snprintf(names[n++], sizeof(names[0]), "%.63s", d->d_name);
	if (dir)
		closedir(dir);
	return n;
}

/* ---- thousands ---- */

struct scale_case {
	const char *name;
	void (*fill)(struct machine *m, struct bdf bus, unsigned n); /* a domain */
	unsigned per_domain;
};

static void add(struct machine *m, struct bdf at, unsigned devfn, const char *words)
{
	at.dev = devfn >> 3 & 0x1f;
	at.fn = devfn & 7;
	t_fn(m, at, arena_strdup(m->arena, words));
}

/* Cards of eight functions, each behind its port. */
static void fill_cards(struct machine *m, struct bdf bus, unsigned n)
{
	for (unsigned i = 0; i < n / 9; i++) {
		struct bdf below = { .domain = bus.domain, .bus = (uint8_t)(i + 1) };

		add(m, bus, i, arena_printf(m->arena, "root acs=1d/1d bus=%x", i + 1));
		for (unsigned fn = 0; fn < 8; fn++)
			add(m, below, fn, fn ? "endpoint" : "endpoint mf");
	}
}

/* One port without ACS above a switch: all of a domain is one group. */
static void fill_switch(struct machine *m, struct bdf bus, unsigned n)
{
	add(m, bus, 8, "root bus=1-ff");
	bus.bus = 1;
	add(m, bus, 0, "up bus=2-ff");
	for (unsigned i = 2; i < n; i++) {
		bus.bus = (uint8_t)(2 + i / 256);
		add(m, bus, i % 256, "endpoint");
	}
}

/* Everything on conventional buses, nested. */
static void fill_chain(struct machine *m, struct bdf bus, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bus.bus = (uint8_t)(i / 50);
		add(m, bus, i % 50,
		    i % 50 ? ""
			   : arena_printf(m->arena, "bridge bus=%x-ff", bus.bus + 1u));
	}
}

/* Aliases wherever one looks. */
static void fill_aliases(struct machine *m, struct bdf bus, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bus.bus = (uint8_t)(i / 256);
		add(m, bus, i % 256,
		    i % 8 ? "endpoint acs=1d/1d" : "endpoint acs=1d/1d id=1b4b:9230");
	}
}

static struct machine *many(const struct scale_case *c, unsigned n)
{
	struct machine *m = machine_new();
	uint32_t domain = 0;

	for (; n >= c->per_domain; n -= c->per_domain)
		c->fill(m, (struct bdf){ .domain = domain++ }, c->per_domain);
	for (uint32_t i = 0; i < m->fns.n; i++)
		m->fns.v[i].group = (int)(i / 9);
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

enum { COMPUTE, WHY, VERDICTS, COMPARE, STEPS };

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void run_steps(const struct machine *m, double ret_ms[STEPS])
{
	AUTOARENA struct arena *a = arena_new();
	struct grouping_match match;
	struct verdict_of *v;
	strings pair = { 0 };
	struct grouping g;
	double t[STEPS + 1];

	t[COMPUTE] = now_ms();
	grouping_compute(m, &(struct grouping_want){ 0 }, a, &g);
	t[WHY] = now_ms();
	for (uint32_t i = 0; i < g.topology.n; i++)
		(void)grouping_why_fn(&g, i);
	grouping_why_pair(&g, g.topology.n / 2, g.topology.n / 2 + 1, &pair);
	t[VERDICTS] = now_ms();
	v = grouping_judge(&g);
	for (uint32_t i = 0; i < g.topology.n; i++)
		(void)verdict_text(&g, i, &v[i]);
	t[COMPARE] = now_ms();
	grouping_compare(&g, &match);
	t[STEPS] = now_ms();
	for (int i = 0; i < STEPS; i++)
		if (t[i + 1] - t[i] < ret_ms[i])
			ret_ms[i] = t[i + 1] - t[i];
}

/* Twice as many functions take less than three times as long: the best of some runs. */
static void test_scale(void **state)
{
	static const char *const steps[] = { "compute", "why", "verdicts", "compare" };
	const struct scale_case *c = *state;
	struct machine *few = many(c, 5000), *all = many(c, 10000);
	double half[STEPS], whole[STEPS];
	bool linear = false;

	for (int i = 0; i < STEPS; i++)
		half[i] = whole[i] = 1e9;
	for (int run = 0; run < 3 || (run < 12 && !linear); run++) {
		run_steps(few, half);
		run_steps(all, whole);
		linear = true;
		/* Below a millisecond a clock says little. */
		for (int i = 0; i < STEPS; i++)
			linear &= whole[i] < 3 * half[i] || whole[i] < 1;
	}
	for (int i = 0; i < STEPS; i++)
		print_message("%s of %zu: %s %.1f ms, of %zu: %.1f ms\n", c->name,
			      all->fns.n, steps[i], whole[i], few->fns.n, half[i]);
	assert_true(linear);
	machine_free(few);
	machine_free(all);
}

static struct scale_case scale_cases[] = {
	{ "10,000 functions: cards", fill_cards, 1000 },
	{ "10,000 functions: one switch", fill_switch, 5000 },
	{ "10,000 functions: conventional bridges", fill_chain, 5000 },
	{ "10,000 functions: aliases", fill_aliases, 5000 },
};

#define ROWS(table, run)                                                                 \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (table)[i].name, .test_func = (run),                     \
			.initial_state = &(table)[i]                                     \
		}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(groups_cases) + ARRAY_SIZE(why_cases) +
				ARRAY_SIZE(joins_cases) + ARRAY_SIZE(verdict_cases) +
				ARRAY_SIZE(compare_cases) + ARRAY_SIZE(scale_cases) +
				ARRAY_SIZE(names)];
	size_t n = 0, n_fixtures;

	fixtures = argc > 1 ? argv[1] : getenv("PCIPASS_FIXTURES");
	n_fixtures = find_fixtures();
	if (!n_fixtures) {
		fprintf(stderr, "no folder of fixtures named\n");
		return 77;
	}
	ROWS(groups_cases, test_groups);
	ROWS(why_cases, test_why);
	ROWS(joins_cases, test_joins);
	ROWS(verdict_cases, test_verdict);
	ROWS(compare_cases, test_compare);
	ROWS(scale_cases, test_scale);
	for (size_t i = 0; i < n_fixtures; i++)
		tests[n++] = (struct CMUnitTest){ .name = names[i],
						  .test_func = test_fixture,
						  .initial_state = names[i] };
	return _cmocka_run_group_tests("grouping", tests, n, NULL, NULL);
}
