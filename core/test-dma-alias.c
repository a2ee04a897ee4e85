/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/dma-alias.h"
#include "core/test-topology.h"

/* What is asked of one machine. */
struct scene {
	struct arena *a;
	struct machine *m;
	struct topology t;
	struct acs acs;
	struct acpi_iommu ivrs;
	struct dma_aliases d;
};

static void scene_begin(struct scene *s, const char *lines, bool ast_no_alias)
{
	const struct acpi_table *table;
	struct err e = { "" };

	*s = (struct scene){ .a = arena_new(), .m = test_topology(lines) };
	topology_build(s->m, s->a, &s->t);
	acs_init(&s->acs, &s->t, &(struct acs_kernel){ .ast_no_alias = ast_no_alias }, "",
		 ACS_AS_RECORDED, s->a);
	table = machine_acpi(s->m, "IVRS");
	if (table && acpi_parse_iommu(s->a, "IVRS", table->data, &s->ivrs, &e) < 0)
		fail_msg("%s", e.text);
	dma_aliases_build(&s->acs, table ? &s->ivrs : NULL, s->a, &s->d);
}

static void scene_end(struct scene *s)
{
	machine_free(s->m);
	arena_free(s->a);
}

static bool mask_has(const struct alias_mask *m, unsigned devfn)
{
	return m && m->bits[devfn / 64] >> devfn % 64 & 1;
}

/* ---- masks ---- */

struct mask_case {
	const char *name;
	const char *fn; /* its address, and words of test-topology.h */
	const char *ids;
	/* "00.1 10.0", devices and functions; "*": all; "slots": functions 0-4 of each */
	const char *want;
};

static const char *format_mask(struct arena *a, const struct alias_mask *m)
{
	const char *text = "";
	bool all = true, slots = true;

	for (unsigned i = 0; i < 256; i++) {
		all &= mask_has(m, i);
		slots &= mask_has(m, i) == (i % 8 < 5);
	}
	if (all || slots)
		return all ? "*" : "slots";
	for (unsigned i = 0; i < 256; i++)
		if (mask_has(m, i))
			text = arena_printf(a, "%s%s%02x.%x", text, *text ? " " : "",
					    i >> 3, i & 7);
	return text;
}

static void test_mask(void **state)
{
	const struct mask_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	char *ids = arena_strdup(a, c->ids), *save = NULL;

	for (char *id = strtok_r(ids, " ", &save); id; id = strtok_r(NULL, " ", &save)) {
		struct scene s;
		const char *got;

		scene_begin(&s, arena_printf(a, "%s id=%s;", c->fn, id), false);
		got = format_mask(a, s.d.mask[0]);
		if (!streq(got, c->want))
			fail_msg("%s: aliases \"%s\", not \"%s\"", id, got, c->want);
		assert_int_equal(s.d.bus_has[0], s.d.mask[0] != NULL);
		scene_end(&s);
	}
}

#define FUNC0 "1180:e832 1180:e476 6766:3d40 6766:3d41"
#define FUNC1                                                                            \
	"1b4b:9120 1b4b:9123 1b4b:9125 1b4b:9128 1b4b:9130 1b4b:9170 1b4b:9172 "         \
	"1b4b:917a 1b4b:9182 1b4b:9183 1b4b:91a0 1b4b:9215 1b4b:9220 1b4b:9230 "         \
	"1b4b:9235 1103:0642 1103:0645 197b:2392 1c28:0122"

/* clang-format off */
static struct mask_case mask_cases[] = {
	/* kernel.md 3.4 */
	{ "mask: function 0 for function 1", "02:03.1 endpoint", FUNC0, "03.0" },
	{ "mask: function 0 for function 4", "02:03.4 endpoint", FUNC0, "03.0" },
	{ "mask: function 0 has itself", "02:03.0 endpoint", FUNC0, "" },
	{ "mask: function 1 for function 0", "02:00.0 endpoint", FUNC1, "00.1" },
	{ "mask: function 1 has itself", "02:00.1 endpoint", FUNC1, "" },
	{ "mask: Adaptec 3405 and 3805", "02:0e.0 sub=9005:02bb", "9005:0285", "01.0" },
	{ "mask: Adaptec 3805", "02:0e.0 sub=9005:02bc", "9005:0285", "01.0" },
	{ "mask: other Adaptecs of this id", "02:0e.0 sub=9005:02bd", "9005:0285", "" },
	{ "mask: of another subsystem vendor", "02:0e.0 sub=1028:02bb", "9005:0285", "" },
	{ "mask: Knights Landing", "02:00.0 endpoint", "8086:2260 8086:2264", "10.0 11.0 12.3" },
	{ "mask: Visual Compute Accelerator", "02:00.0 endpoint",
	  "8086:2954 8086:2955 8086:2956 8086:2958 8086:2959 8086:295a", "slots" },
	{ "mask: PLX NTB", "02:00.0 endpoint", "10b5:87b0 10b5:87b1", "*" },
	{ "mask: neighbours in the table", "02:00.0 endpoint",
	  "1b4b:9121 1b4b:9124 1b4b:9171 1b4b:9231 1103:0641 197b:2391 1c28:0121 8086:2957 "
	  "8086:295b 8086:2261 10b5:87b2 1180:e833 6766:3d42 9005:0286 1af4:1000", "" },
};
/* clang-format on */

/* ---- two functions ---- */

struct share_case {
	const char *name, *lines, *x, *y;
	bool want;
	const char *why; /* of x's mask; NULL: not looked at */
};

static void test_share(void **state)
{
	const struct share_case *c = *state;
	struct scene s;
	uint32_t x, y;

	scene_begin(&s, c->lines, false);
	x = t_find(s.m, c->x);
	y = t_find(s.m, c->y);
	assert_int_equal(dma_aliases_share(&s.d, x, y), c->want);
	assert_int_equal(dma_aliases_share(&s.d, y, x), c->want);
	if (c->why)
		assert_string_equal(s.d.mask[x]->why, c->why);
	scene_end(&s);
}

#define IVHD "ivhd 00:00.2 00:00.0-ff:1f.7 "

/* clang-format off */
static struct share_case share_cases[] = {
	{ "share: a Marvell and its second function", "02:00.0 id=1b4b:9230; 02:00.1;", "02:00.0", "02:00.1", true,
	  "a DMA alias that the kernel knows of" },
	{ "share: not the same function of another device", "02:00.0 id=1b4b:9230; 02:01.1;", "02:00.0", "02:01.1", false },
	{ "share: not a third function", "02:00.0 id=1b4b:9230; 02:00.2;", "02:00.0", "02:00.2", false },
	{ "share: two that alias the same ghost do not", "02:00.0 id=1b4b:9230; 02:00.2 id=1b4b:9230;", "02:00.0", "02:00.2", false },
	{ "share: Adaptec with what is at 01.0", "02:0e.0 id=9005:0285 sub=9005:02bb; 02:01.0;", "02:0e.0", "02:01.0", true },
	{ "share: functions without aliases", "02:00.0; 02:00.1;", "02:00.0", "02:00.1", false },
	{ "share: IVRS gives an alias", "00:04.0; 00:05.0;" IVHD "00:04.0>00:05.0;", "00:04.0", "00:05.0", true,
	  "an alias that table IVRS gives" },
	{ "share: a range of IVRS", "00:04.0; 00:04.3; 00:05.0;" IVHD "00:04.0-00:04.7>00:05.0;", "00:04.3", "00:05.0", true },
	{ "share: behind the range", "00:04.0; 00:04.4; 00:05.0;" IVHD "00:04.0-00:04.3>00:05.0;", "00:04.4", "00:05.0", false },
	{ "share: IVRS alias on another bus does not count", "01:04.0; 00:05.0;" IVHD "01:04.0>00:05.0;", "01:04.0", "00:05.0", false },
	{ "share: IVRS alias of another bus, same devfn", "01:04.0; 01:05.0;" IVHD "01:04.0>00:05.0;", "01:04.0", "01:05.0", false },
	{ "share: IVRS alias that is itself", "00:04.0; 00:05.0;" IVHD "00:04.0>00:04.0;", "00:04.0", "00:05.0", false },
	{ "share: IVRS beside a quirk", "00:04.0 id=1b4b:9230; 00:04.1; 00:05.0;" IVHD "00:04.0>00:05.0;", "00:04.0", "00:04.1", true,
	  "a DMA alias that the kernel knows of" },
	{ "share: a quirk beside IVRS", "00:04.0 id=1b4b:9230; 00:04.1; 00:05.0;" IVHD "00:04.0>00:05.0;", "00:04.0", "00:05.0", true },
	{ "share: VMD and what it hides", "00:0e.0 rciep id=8086:467f driver=vmd; 10000:e0:06.0 root bus=e1;", "00:0e.0", "10000:e0:06.0", true },
	{ "share: two that VMD hides do not as such", "00:0e.0 rciep id=8086:467f driver=vmd; 10000:e0:06.0 root bus=e1; 10000:e0:07.0;",
	  "10000:e0:06.0", "10000:e0:07.0", false },
	{ "share: VMD's second domain is the second VMD's", "00:0e.0 id=8086:201d driver=vmd; 17:05.5 id=8086:201d driver=vmd; "
	  "10000:00:02.0 root bus=1; 10001:00:02.0 root bus=1;", "17:05.5", "10001:00:02.0", true },
	{ "share: a VMD with another driver hides nothing", "00:0e.0 id=8086:201d driver=vfio-pci; 17:05.5 id=8086:201d driver=vmd; "
	  "10000:00:02.0 root bus=1;", "17:05.5", "10000:00:02.0", true },
};
/* clang-format on */

/* ---- the way up ---- */

struct visit_case {
	const char *name, *lines, *fn;
	const char *want; /* "02:00.0 01:00.0 " */
	bool ast_no_alias;
};

static void test_visit(void **state)
{
	const struct visit_case *c = *state;
	uint32_t visited[DMA_ALIAS_MAX], n;
	const char *text = "";
	char bdf[BDF_SIZE];
	struct scene s;

	scene_begin(&s, c->lines, c->ast_no_alias);
	n = dma_aliases_visit(&s.d, t_find(s.m, c->fn), visited);
	for (uint32_t i = 0; i < n; i++)
		text = arena_printf(s.a, "%s%s ", text,
				    bdf_format(s.m->fns.v[visited[i]].bdf, bdf) +
					    (s.m->fns.v[visited[i]].bdf.domain ? 0 : 5));
	assert_string_equal(text, c->want);
	scene_end(&s);
}

#define BEHIND(words) "00:1c.0 root bus=1-3; 01:00.0 " words " bus=2; 02:00.0; "

/* clang-format off */
static struct visit_case visit_cases[] = {
	/* kernel.md 3.2, for_each_dma_alias */
	{ "visit: on a root bus", "00:02.0 endpoint;", "00:02.0", "00:02.0 " },
	{ "visit: a root port passes", "00:1c.0 root bus=1; 01:00.0 endpoint;", "01:00.0", "01:00.0 " },
	{ "visit: a switch passes", "00:1c.0 root bus=1-3; 01:00.0 up bus=2-3; 02:00.0 down bus=3; 03:00.0 endpoint;", "03:00.0", "03:00.0 " },
	{ "visit: PCIe to PCI bridge", BEHIND("pcie-pci"), "02:00.0", "02:00.0 01:00.0 " },
	{ "visit: PCI to PCIe bridge", BEHIND("pci-pcie"), "02:00.0", "02:00.0 01:00.0 " },
	{ "visit: conventional bridge", BEHIND("bridge"), "02:00.0", "02:00.0 01:00.0 " },
	{ "visit: unmarked PCIe to PCI bridge", BEHIND("bridge id=1b21:1080"), "02:00.0", "02:00.0 01:00.0 " },
	{ "visit: the bridge itself", BEHIND("pcie-pci"), "01:00.0", "01:00.0 " },
	{ "visit: from below upwards", "00:1c.0 root bus=1-4; 01:00.0 pcie-pci bus=2-4; 02:03.0 bridge bus=3-4; 03:04.0 bridge bus=4; 04:00.0;",
	  "04:00.0", "04:00.0 03:04.0 02:03.0 01:00.0 " },
	{ "visit: there and back", "00:1c.0 root bus=1-5; 01:00.0 pcie-pci bus=2-5; 02:00.0 pci-pcie bus=3-5; 03:00.0 down bus=4-5; 04:00.0 endpoint;",
	  "04:00.0", "04:00.0 02:00.0 01:00.0 " },
	{ "visit: AST1150 up to 7.2", BEHIND("pcie-pci id=1a03:1150"), "02:00.0", "02:00.0 01:00.0 " },
	{ "visit: AST1150 with F27", BEHIND("pcie-pci id=1a03:1150"), "02:00.0", "02:00.0 ", true },
	{ "visit: F27 is about that bridge only", BEHIND("pcie-pci id=1a03:1151"), "02:00.0", "02:00.0 01:00.0 ", true },
	{ "visit: F27 goes on above", "00:1e.0 bridge bus=1-3; 01:00.0 pcie-pci bus=2 id=1a03:1150; 02:00.0;", "02:00.0", "02:00.0 00:1e.0 ", true },
	{ "visit: translation ends it (14e4:9000)", "00:1e.0 bridge bus=1-3; 01:00.0 bridge bus=2 id=14e4:9000; 02:00.0;", "02:00.0", "02:00.0 " },
	{ "visit: translation ends it (14e4:9084)", "00:1e.0 bridge bus=1-3; 01:00.0 pcie-pci bus=2 id=14e4:9084; 02:00.0;", "02:00.0", "02:00.0 " },
	{ "visit: it does not for 14e4:9001", "00:1e.0 bridge bus=1-3; 01:00.0 bridge bus=2 id=14e4:9001; 02:00.0;", "02:00.0", "02:00.0 01:00.0 00:1e.0 " },
	{ "visit: what VMD hides is VMD", "00:0e.0 rciep id=8086:9a0b driver=vmd; 10000:e0:06.0 root bus=e1; 10000:e1:00.0 endpoint;",
	  "10000:e1:00.0", "00:0e.0 " },
	{ "visit: and goes on from VMD", "00:1e.0 bridge bus=1; 01:0e.0 id=8086:9a0b; 10000:e0:06.0 bridge bus=e1; 10000:e1:00.0;",
	  "10000:e1:00.0", "01:0e.0 00:1e.0 " },
	{ "visit: a domain of ACPI is no VMD's", "00:0e.0 id=8086:9a0b driver=vmd; 0001:00:06.0 bridge bus=1; 0001:01:00.0;",
	  "0001:01:00.0", "0001:01:00.0 0001:00:06.0 " },
	{ "visit: no VMD, no other function", "00:0e.0 id=8086:9a0c driver=vmd; 10000:e0:06.0;", "10000:e0:06.0", "10000:e0:06.0 " },
	{ "visit: a virtual function on a bus of its own", "00:1e.0 bridge bus=1; 01:00.0 endpoint sriov=300/256/1/1; 02:00.0 endpoint vf=01:00.0;",
	  "02:00.0", "02:00.0 00:1e.0 " },
};
/* clang-format on */

/* 255 bridges, one below the other: the top one is reached. */
static void test_deep(void **state)
{
	uint32_t visited[DMA_ALIAS_MAX], n;
	AUTOARENA struct arena *a = arena_new();
	const char *lines = "";
	struct scene s;

	(void)state;
	for (unsigned bus = 0; bus < 255; bus++)
		lines = arena_printf(a, "%s%02x:00.0 bridge bus=%x-ff;", lines, bus,
				     bus + 1);
	scene_begin(&s, arena_printf(a, "%sff:00.0;", lines), false);
	n = dma_aliases_visit(&s.d, t_find(s.m, "ff:00.0"), visited);
	assert_int_equal(n, 256);
	assert_int_equal(visited[255], 0);
	scene_end(&s);
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
	struct CMUnitTest tests[ARRAY_SIZE(mask_cases) + ARRAY_SIZE(share_cases) +
				ARRAY_SIZE(visit_cases) + 1];
	size_t n = 0;

	ROWS(mask_cases, test_mask);
	ROWS(share_cases, test_share);
	ROWS(visit_cases, test_visit);
	tests[n++] = (struct CMUnitTest){ .name = "visit: every bus there is",
					  .test_func = test_deep };
	return cmocka_run_group_tests_name("dma-alias", tests, NULL, NULL);
}
