/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "core/forecast.h"
#include "core/test-topology.h"

static const char *join(struct arena *a, const strings *list)
{
	const char *text = "";

	vec_foreach(s, list)
		text = arena_printf(a, "%s%s\n", text, *s);
	return text;
}

/* By number: "[00:01.0 01:00.0] [00:02.0]". */
static const char *format(const struct grouping *g, struct arena *a)
{
	const char *text = "";
	char bdf[BDF_SIZE];

	for (int k = 0; k < g->n_groups; k++) {
		text = arena_printf(a, "%s%s[", text, *text ? " " : "");
		for (uint32_t i = 0; i < g->size[k]; i++) {
			struct bdf b = g->m->fns.v[g->members[g->first[k] + i]].bdf;

			text = arena_printf(a, "%s%s%s", text, i ? " " : "",
					    bdf_format(b, bdf) + (b.domain ? 0 : 5));
		}
		text = arena_printf(a, "%s]", text);
	}
	return text;
}

struct forecast_case {
	const char *name, *lines;
	struct forecast_want how;
	int ret;
	const char *error;
	const char *then; /* the groups; NULL: not looked at */
	const char *changes, *costs, *moves;
};

static void test_forecast(void **state)
{
	const struct forecast_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	struct forecast f = { 0 };
	struct err e = { "" };
	int r = forecast_make(m, &c->how, a, &f, &e);

	assert_string_equal(e.text, c->error ? c->error : "");
	assert_int_equal(r, c->ret);
	if (c->ret) {
		assert_int_equal(f.now.n_groups, 0); /* untouched on failure */
		machine_free(m);
		return;
	}
	if (c->then)
		assert_string_equal(format(&f.then, a), c->then);
	assert_string_equal(join(a, &f.changes), c->changes ? c->changes : "");
	assert_string_equal(join(a, &f.costs), c->costs ? c->costs : "");
	assert_string_equal(join(a, &f.moves), c->moves ? c->moves : "");
	vec_foreach(fn, &f.then.m->fns) {
		if (!fn->is_vf)
			continue;
		assert_non_null(machine_fn(f.then.m, fn->physfn));
		/* What the specification says of its own ids. */
		assert_int_equal(cfg_u32(fn->config, 0), 0xffffffff);
	}
	for (uint32_t i = 0; i < f.now.topology.n; i++)
		assert_memory_equal(&m->fns.v[i].id, &f.then.m->fns.v[f.then_fn[i]].id,
				    sizeof(m->fns.v[i].id));
	machine_free(m);
}

#define ALL "drhd all;"
#define ON " acs=1d/1d "
/* A port without ACS with a card of two functions, and one with ACS and nothing in it. */
#define BOARD                                                                            \
	"00:01.0 root slot bus=1; 00:02.0 root slot bus=6" ON "; 00:03.0 root bus=7" ON  \
	"; 00:1f.0 class=0c03; 01:00.0 endpoint mf id=10de:1; 01:00.1 endpoint "         \
	"id=10de:2;"                                                                     \
	"07:00.0 endpoint class=0200 id=8086:15f3;" ALL
/* A card that is a switch. */
#define SWITCH_CARD                                                                      \
	"00:01.0 root slot bus=1-4; 00:02.0 root slot bus=6-9" ON ";"                    \
	"01:00.0 up bus=2-4; 02:01.0 down bus=3" ON "; 02:02.0 down bus=4" ON ";"        \
	"03:00.0 endpoint; 04:00.0 endpoint id=10de:4;" ALL
#define CARD(c, s)                                                                       \
	{                                                                                \
		.card = (c), .slot = (s)                                                 \
	}
#define BOOT(text)                                                                       \
	{                                                                                \
		.then.cmdline = (text)                                                   \
	}
#define PATCHED(text)                                                                    \
	{                                                                                \
		.then = {.cmdline = (text), .kernel.override = true }                    \
	}
#define MERGED                                                                           \
	"00:01.0 root bus=1-4" ON "; 01:00.0 up bus=2-4" ON "; 02:01.0 down bus=3" ON    \
	"; 02:02.0 down bus=4" ON "; 03:00.0 endpoint; 04:00.0 endpoint;" ALL
#define NIC "00:01.0 root bus=1-2" ON "; 01:00.0 endpoint sriov=4/128/2/10ca;" ALL

/* clang-format off */
static struct forecast_case forecast_cases[] = {
	{ "nothing changes", BOARD, .then = "[00:01.0 01:00.0 01:00.1] [00:02.0] [00:03.0] [00:1f.0] [07:00.0]" },
	{ "no function at all", ALL, .then = "" },

	/* A card in another slot. */
	{ "move: to a port with ACS", BOARD, CARD("01:00.0", "00:02.0"), .then = "[00:01.0] [00:02.0] [00:03.0] [00:1f.0] [06:00.0 06:00.1] [07:00.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0 0000:01:00.1] is divided: [0000:00:01.0] [0000:06:00.0 0000:06:00.1].\n",
	  .moves = "0000:01:00.0 becomes 0000:06:00.0.\n0000:01:00.1 becomes 0000:06:00.1.\n" },
	{ "move: named by its slot", BOARD, CARD("10de:0001", "0000:00:02.0"), .then = "[00:01.0] [00:02.0] [00:03.0] [00:1f.0] [06:00.0 06:00.1] [07:00.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0 0000:01:00.1] is divided: [0000:00:01.0] [0000:06:00.0 0000:06:00.1].\n",
	  .moves = "0000:01:00.0 becomes 0000:06:00.0.\n0000:01:00.1 becomes 0000:06:00.1.\n" },
	{ "move: to where it is", BOARD, CARD("01:00.0", "00:01.0"), .then = "[00:01.0 01:00.0 01:00.1] [00:02.0] [00:03.0] [00:1f.0] [07:00.0]" },
	{ "move: from a port with ACS to one without", "00:01.0 root slot bus=5; 00:02.0 root slot bus=2" ON "; 02:00.0 endpoint;" ALL, CARD("02:00.0", "00:01.0"),
	  .then = "[00:01.0 05:00.0] [00:02.0]", .moves = "0000:02:00.0 becomes 0000:05:00.0.\n",
	  .changes = "These share a group then: [0000:00:01.0 0000:05:00.0].\n"
		     "0000:05:00.0 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n" },
	{ "move: the port has no bus yet", "00:01.0 root slot bus=1; 00:02.0 root slot" ON "; 00:03.0 root bus=3-5" ON "; 01:00.0 endpoint;" ALL, CARD("01:00.0", "00:02.0"),
	  .then = "[00:01.0] [00:02.0] [00:03.0] [02:00.0]", .moves = "0000:01:00.0 becomes 0000:02:00.0.\n",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:02:00.0].\n" },
	{ "move: buses are taken up to the last", "00:01.0 root slot bus=1; 00:02.0 root slot bus=2; 01:00.0 endpoint; ff:1f.7;" ALL, CARD("01:00.0", "00:02.0"),
	  .then = "[00:01.0] [00:02.0 02:00.0] [ff:1f.7]", .moves = "0000:01:00.0 becomes 0000:02:00.0.\n",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:00:02.0 0000:02:00.0].\n"
		     "These share a group then: [0000:00:02.0 0000:02:00.0].\n"
		     "0000:02:00.0 is behind 0000:00:02.0, which has no ACS: what is behind it is not kept apart.\n" },
	{ "move: another root bus is taken", "00:01.0 root slot bus=1; 00:02.0 root slot" ON "; 01:00.0 endpoint; 02:05.0;" ALL, CARD("01:00.0", "00:02.0"),
	  .then = "[00:01.0] [00:02.0] [03:00.0] [02:05.0]", .moves = "0000:01:00.0 becomes 0000:03:00.0.\n",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:03:00.0].\n" },
	{ "move: no bus is left", "00:01.0 root slot bus=1; 00:02.0 root slot; 00:03.0 root bus=2-ff; 01:00.0 endpoint;" ALL, CARD("01:00.0", "00:02.0"),
	  -ENOSPC, "no bus numbers are left for the card" },
	{ "move: a card with a switch, as a whole", SWITCH_CARD, CARD("10de:0004", "00:02.0"),
	  .then = "[00:01.0] [00:02.0] [06:00.0] [07:01.0] [07:02.0] [08:00.0] [09:00.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0 0000:02:01.0 0000:02:02.0 0000:03:00.0 0000:04:00.0] is divided: "
		     "[0000:00:01.0] [0000:06:00.0] [0000:07:01.0] [0000:07:02.0] [0000:08:00.0] [0000:09:00.0].\n",
	  .moves = "0000:01:00.0 becomes 0000:06:00.0.\n0000:02:01.0 becomes 0000:07:01.0.\n0000:02:02.0 becomes 0000:07:02.0.\n"
		   "0000:03:00.0 becomes 0000:08:00.0.\n0000:04:00.0 becomes 0000:09:00.0.\n" },
	{ "move: virtual functions go with it", "00:01.0 root slot bus=1; 00:02.0 root slot bus=6-7" ON "; 01:00.0 endpoint sriov=2/16/1/10ca; 01:02.0 endpoint vf=01:00.0;" ALL,
	  CARD("01:00.0", "00:02.0"), .then = "[00:01.0] [00:02.0] [06:00.0] [06:02.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0 0000:01:02.0] is divided: [0000:00:01.0] [0000:06:00.0] [0000:06:02.0].\n",
	  .moves = "0000:01:00.0 becomes 0000:06:00.0.\n0000:01:02.0 becomes 0000:06:02.0.\n" },
	{ "move: and those that are enabled then", "00:01.0 root slot bus=1; 00:02.0 root slot bus=6-7" ON "; 01:00.0 endpoint sriov=2/16/1/10ca;" ALL,
	  { .card = "01:00.0", .slot = "00:02.0", .pf = "01:00.0", .vfs = 2 }, .then = "[00:01.0] [00:02.0] [06:00.0] [06:02.0] [06:02.1]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:06:00.0].\n2 new virtual functions have a group each.\n",
	  .moves = "0000:01:00.0 becomes 0000:06:00.0.\n" },
	{ "move: to another domain", "00:01.0 root slot bus=1; 01:00.0 endpoint; 0001:00:01.0 root slot bus=1" ON "; drhd 00:01.0;", CARD("01:00.0", "0001:00:01.0"),
	  .moves = "0000:01:00.0 becomes 0001:01:00.0.\n" },
	{ "move: a slot that is taken", SWITCH_CARD "06:00.0 endpoint;", CARD("04:00.0", "00:02.0"), -EBUSY, "00:02.0: the slot is taken" },
	{ "move: below the card itself", SWITCH_CARD, CARD("04:00.0", "02:01.0"), -EINVAL, "02:01.0 is on the card that is to move" },
	{ "move: a device of the board, on the root bus", BOARD, CARD("00:1f.0", "00:02.0"), -EOPNOTSUPP, "00:1f.0 is part of the board: it is in no slot of PCI Express" },
	{ "move: a device of the board, behind a port without slot", BOARD, CARD("07:00.0", "00:02.0"), -EOPNOTSUPP, "07:00.0 is part of the board: it is in no slot of PCI Express" },
	{ "move: to what is no port", BOARD, CARD("01:00.0", "00:1f.0"), -EINVAL, "00:1f.0 is no root or downstream port: no slot" },
	{ "move: to an upstream port", SWITCH_CARD "00:05.0 up bus=20;", CARD("03:00.0", "00:05.0"), -EINVAL, "00:05.0 is no root or downstream port: no slot" },
	{ "move: to nowhere", BOARD, CARD("01:00.0", "00:09.0"), -ENODEV, "00:09.0: no such function" },
	{ "move: a card that is not there", BOARD, CARD("02:00.0", "00:02.0"), -ENODEV, "there is no function 0000:02:00.0 on this machine" },
	{ "move: a bridge is no card", BOARD, CARD("00:01.0", "00:02.0"), -EISDIR, "0000:00:01.0 is a bridge; bridges stay with the host" },

	/* Options of the next boot. */
	{ "boot: disable_acs_redir merges a switch", MERGED, BOOT("pci=disable_acs_redir=00:01.0"),
	  .then = "[00:01.0 01:00.0 02:01.0 02:02.0 03:00.0 04:00.0]",
	  .changes = "These share a group then: [0000:00:01.0 0000:01:00.0 0000:02:01.0 0000:02:02.0 0000:03:00.0 0000:04:00.0].\n"
		     "0000:01:00.0 is behind 0000:00:01.0, which has ACS with ReqRedir, CmpltRedir off: what is behind it is not kept apart.\n" },
	{ "boot: of one downstream port", MERGED, BOOT("pci=disable_acs_redir=02:01.0"), .then = "[00:01.0] [01:00.0] [02:01.0 03:00.0] [02:02.0] [04:00.0]",
	  .changes = "These share a group then: [0000:02:01.0 0000:03:00.0].\n"
		     "0000:03:00.0 is behind 0000:02:01.0, which has ACS with ReqRedir, CmpltRedir off: what is behind it is not kept apart.\n" },
	{ "boot: an option that it had is gone", "cmdline pci=disable_acs_redir=00:01.0; 00:01.0 root bus=1 acs=1d/11 group=0; 01:00.0 endpoint group=0;" ALL, BOOT("ro"),
	  .then = "[00:01.0] [01:00.0]", .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:01:00.0].\n" },
	{ "boot: the same again", "cmdline ro; 00:01.0 root bus=1 acs=1d/11 group=0; 01:00.0 endpoint group=0;" ALL, BOOT("ro"), .then = "[00:01.0 01:00.0]" },
	{ "boot: `now` may be another one, too", "cmdline pci=disable_acs_redir=00:01.0; 00:01.0 root bus=1 acs=1d/11 group=0; 01:00.0 endpoint group=0;" ALL,
	  { .now.cmdline = "ro", .then.cmdline = "ro" }, .then = "[00:01.0] [01:00.0]" },
	{ "boot: config_acs of an older kernel", MERGED, BOOT("pci=config_acs=0000000@00:01.0"), .then = "[00:01.0] [01:00.0] [02:01.0] [02:02.0] [03:00.0] [04:00.0]" },
	{ "boot: config_acs of a kernel that knows it", MERGED, { .then = { .cmdline = "pci=config_acs=0000000@02:02.0", .kernel.config_acs = true } },
	  .then = "[00:01.0] [01:00.0] [02:01.0] [02:02.0 04:00.0] [03:00.0]",
	  .changes = "These share a group then: [0000:02:02.0 0000:04:00.0].\n0000:04:00.0 is behind 0000:02:02.0, which has ACS with SrcValid, ReqRedir, "
		     "CmpltRedir, UpstreamFwd off: what is behind it is not kept apart.\n" },
	{ "kernel: F28", "00:01.0 root bus=1 id=111d:80b5 acs=1d/1c group=0; 01:00.0 endpoint group=0;" ALL, { .then.kernel.idt_no_sv = true }, .then = "[00:01.0] [01:00.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:01:00.0].\n" },
	{ "kernel: virtio's groups come lazily", "00:01.0 driver=virtio-pci; 00:02.0; 00:03.0 driver=nvme; viot 00:01.0;", { .then.virtio_lazy = true }, .then = "[00:03.0]" },
	{ "override: divides, and what that costs", "00:01.0 root bus=1; 01:00.0 endpoint;" ALL, PATCHED("pcie_acs_override=downstream"), .then = "[00:01.0] [01:00.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:01:00.0].\n",
	  .costs = "That these isolate is what pcie_acs_override= promises: 0000:00:01.0; nothing checks it. Requests between these sets may pass without the IOMMU: "
		   "[0000:00:01.0] [0000:01:00.0]. A VM that has one of them can read and write the memory of the others' VMs through their devices.\n" },
	{ "override: functions of a card", "00:01.0 root bus=1" ON "; 01:00.0 endpoint mf; 01:00.1 endpoint;" ALL, PATCHED("pcie_acs_override=multifunction"), .then = "[00:01.0] [01:00.0] [01:00.1]",
	  .changes = "Group 1 [0000:01:00.0 0000:01:00.1] is divided: [0000:01:00.0] [0000:01:00.1].\n",
	  .costs = "That these isolate is what pcie_acs_override= promises: 0000:01:00.0, 0000:01:00.1; nothing checks it. Requests between these sets may pass without "
		   "the IOMMU: [0000:01:00.0] [0000:01:00.1]. A VM that has one of them can read and write the memory of the others' VMs through their devices.\n" },
	{ "override: divides nothing here", "00:01.0 root bus=1; 01:00.0 endpoint;" ALL, PATCHED("pcie_acs_override=multifunction"), .then = "[00:01.0 01:00.0]" },
	{ "override: a kernel without it", "00:01.0 root bus=1; 01:00.0 endpoint;" ALL, BOOT("pcie_acs_override=downstream"), .then = "[00:01.0 01:00.0]" },
	{ "override: a division that it has no part in costs nothing", "00:01.0 root slot bus=1; 00:02.0 root slot bus=6" ON "; 01:00.0 endpoint;" ALL,
	  { .card = "01:00.0", .slot = "00:02.0", .then = { .cmdline = "pcie_acs_override=multifunction", .kernel.override = true } }, .then = "[00:01.0] [00:02.0] [06:00.0]",
	  .changes = "Group 0 [0000:00:01.0 0000:01:00.0] is divided: [0000:00:01.0] [0000:06:00.0].\n", .moves = "0000:01:00.0 becomes 0000:06:00.0.\n" },

	/* Virtual functions. */
	{ "VFs: a group each", NIC, { .pf = "01:00.0", .vfs = 3 }, .then = "[00:01.0] [01:00.0] [01:10.0] [01:10.2] [01:10.4]", .changes = "3 new virtual functions have a group each.\n" },
	{ "VFs: none", NIC, { .pf = "01:00.0", .vfs = 0 }, .then = "[00:01.0] [01:00.0]" },
	{ "VFs: all", NIC, { .pf = "01:00.0", .vfs = 4 }, .then = "[00:01.0] [01:00.0] [01:10.0] [01:10.2] [01:10.4] [01:10.6]", .changes = "4 new virtual functions have a group each.\n" },
	{ "VFs: too many", NIC, { .pf = "01:00.0", .vfs = 5 }, -EOPNOTSUPP, "01:00.0 has 4 virtual functions at most" },
	{ "VFs: of a function without", BOARD, { .pf = "01:00.0", .vfs = 1 }, -EOPNOTSUPP, "01:00.0 has no virtual functions (no SR-IOV)" },
	{ "VFs: of no function", BOARD, { .pf = "0a:00.0", .vfs = 1 }, -ENODEV, "there is no function 0000:0a:00.0 on this machine" },
	{ "VFs: behind a port without ACS", "00:01.0 root bus=1-2; 01:00.0 endpoint sriov=2/128/2/10ca;" ALL, { .pf = "01:00.0", .vfs = 1 }, .then = "[00:01.0 01:00.0 01:10.0]",
	  .changes = "0000:01:10.0 is behind 0000:00:01.0, which has no ACS: what is behind it is not kept apart.\n" },
	{ "VFs: those that are enabled are not new", NIC "01:10.0 endpoint vf=01:00.0;", { .pf = "01:00.0", .vfs = 2 }, .then = "[00:01.0] [01:00.0] [01:10.0] [01:10.2]",
	  .changes = "1 new virtual functions have a group each.\n" },
};
/* clang-format on */

/* ---- free slots ---- */

struct slots_case {
	const char *name, *lines;
	const char *want; /* "00:02.0 " */
};

static void test_slots(void **state)
{
	const struct slots_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct machine *m = test_topology(c->lines);
	fn_indices slots = { 0 };
	const char *text = "";
	char bdf[BDF_SIZE];
	struct topology t;

	topology_build(m, a, &t);
	forecast_free_slots(&t, a, &slots);
	vec_foreach(it, &slots)
		text = arena_printf(a, "%s%s ", text,
				    bdf_format(m->fns.v[*it].bdf, bdf) + 5);
	assert_string_equal(text, c->want);
	machine_free(m);
}

/* clang-format off */
static struct slots_case slots_cases[] = {
	{ "slots: the empty one", BOARD, "00:02.0 " },
	{ "slots: none", "00:01.0 root slot bus=1; 01:00.0 endpoint;", "" },
	{ "slots: a port without slot", "00:01.0 root bus=1;", "" },
	{ "slots: of a downstream port", "00:01.0 root slot bus=1-3; 01:00.0 up bus=2-3; 02:00.0 down slot bus=3;", "02:00.0 " },
	{ "slots: one that was given no bus", "00:01.0 root slot;", "00:01.0 " },
	{ "slots: what says so and is no port", "00:01.0 endpoint slot;", "" },
	{ "slots: registers not recorded", "00:01.0 root slot bus=1 len=40;", "" },
	{ "slots: no function at all", "", "" },
};
/* clang-format on */

/* ---- thousands ---- */

/* Ports without ACS, each above functions without: one group a domain. */
static struct machine *many(unsigned n)
{
	struct machine *m = machine_new();
	char words[64];

	for (unsigned i = 0; i < n; i++) {
		struct bdf at = { .domain = i / 5000,
				  .bus = (uint8_t)(i % 5000 / 200),
				  .dev = i % 200 >> 3 & 0x1f,
				  .fn = i & 7 };

		snprintf(words, sizeof(words), i % 200 ? "endpoint mf" : "down bus=%x-ff",
			 at.bus + 1u);
		t_fn(m, at, words);
	}
	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void measure(const struct machine *m, double *ret_ms)
{
	static const struct forecast_want how =
		PATCHED("pcie_acs_override=downstream,multifunction");
	AUTOARENA struct arena *a = arena_new();
	struct forecast f = { 0 };
	double from = now_ms();

	assert_int_equal(forecast_make(m, &how, a, &f, NULL), 0);
	assert_true(f.then.n_groups > f.now.n_groups);
	if (now_ms() - from < *ret_ms)
		*ret_ms = now_ms() - from;
}

/* Twice as many functions take less than three times as long: the best of some runs. */
static void test_scale(void **state)
{
	struct machine *few = many(5000), *all = many(10000);
	double half = 1e9, whole = 1e9;

	(void)state;
	for (int run = 0; run < 3 || (run < 12 && whole >= 3 * half); run++) {
		measure(few, &half);
		measure(all, &whole);
	}
	print_message("the override divides 10000 functions: %.1f ms, 5000: %.1f ms\n",
		      whole, half);
	assert_true(whole < 3 * half);
	machine_free(few);
	machine_free(all);
}

#define ROWS(table, run)                                                                 \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (table)[i].name, .test_func = (run),                     \
			.initial_state = &(table)[i]                                     \
		}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(forecast_cases) + ARRAY_SIZE(slots_cases) + 1];
	size_t n = 0;

	ROWS(forecast_cases, test_forecast);
	ROWS(slots_cases, test_slots);
	tests[n++] = (struct CMUnitTest){ .name = "10,000 functions",
					  .test_func = test_scale };
	return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
