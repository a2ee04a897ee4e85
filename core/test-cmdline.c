/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/cmdline.h"

static char *joined(struct arena *a, const strings *list)
{
	char *out = arena_strdup(a, "");

	vec_foreach(s, list)
		out = arena_printf(a, "%s%s;", out, *s);
	return out;
}

struct split_case {
	const char *name, *cmdline, *want;
};

static void test_split(void **state)
{
	const struct split_case *c = *state;
	struct arena *a = arena_new();
	strings got = { 0 };

	cmdline_split(a, c->cmdline, &got);
	assert_string_equal(joined(a, &got), c->want);
	arena_free(a);
}

/* kernel.md 5.2: what kernels printed and did for these words. */
struct iommu_case {
	const char *name, *cmdline;
	int intel, amd, all;
	/* p passthrough, t domain type told, s strict, l lazy, d strict by the driver, i
	 * intremap off, a ACS override */
	const char *flags;
	const char *off, *useless, *says;
};

static void test_iommu(void **state)
{
	const struct iommu_case *c = *state;
	struct arena *a = arena_new();
	struct iommu_request r;
	char flags[8];

	cmdline_iommu(a, c->cmdline, &r);
	snprintf(flags, sizeof(flags), "%s%s%s%s%s%s", r.passthrough ? "p" : "",
		 r.type_told ? "t" : "",
		 r.strict < 0 ? ""
		 : r.strict   ? "s"
			      : "l",
		 r.strict_driver ? "d" : "", r.intremap_off ? "i" : "",
		 r.acs_override ? "a" : "");
	assert_int_equal(r.intel, c->intel);
	assert_int_equal(r.amd, c->amd);
	assert_int_equal(r.all, c->all);
	assert_string_equal(flags, c->flags ? c->flags : "");
	assert_string_equal(joined(a, &r.off_words), c->off ? c->off : "");
	assert_string_equal(joined(a, &r.useless), c->useless ? c->useless : "");
	assert_string_equal(joined(a, &r.says), c->says ? c->says : "");
	arena_free(a);
}

struct get_case {
	const char *name, *cmdline, *key, *want;
};

static void test_get(void **state)
{
	const struct get_case *c = *state;
	struct arena *a = arena_new();
	const char *got = cmdline_get(a, c->cmdline, c->key);

	assert_string_equal(got ? got : "(none)", c->want ? c->want : "(none)");
	arena_free(a);
}

struct edit_case {
	const char *name, *cmdline;
	const char *add[3], *remove[3];
	const char *want;
};

static void list_of(struct arena *a, const char *const words[3], strings *ret)
{
	for (int i = 0; i < 3 && words[i]; i++)
		*vec_push(a, ret) = words[i];
}

static void test_edit(void **state)
{
	const struct edit_case *c = *state;
	struct arena *a = arena_new();
	strings add = { 0 }, remove = { 0 };
	char *once;

	list_of(a, c->add, &add);
	list_of(a, c->remove, &remove);
	once = cmdline_edit(a, c->cmdline, &add, &remove);
	assert_string_equal(once, c->want);
	assert_string_equal(cmdline_edit(a, once, &add, &remove), c->want);
	arena_free(a);
}

/* clang-format off */
static struct split_case split_cases[] = {
	{ "split: nothing", " \t\n", "" },
	{ "split: words", " a b=c\td\n", "a;b=c;d;" },
	{ "split: quoted blanks", "a=\"b c\" \"d e\" f", "a=\"b c\";\"d e\";f;" },
	{ "split: a quote left open", "a \"b c", "a;\"b c;" },
};

#define ON "DMAR: IOMMU enabled;"
#define OFF "DMAR: IOMMU disabled;"
#define STRICT "DMAR: intel_iommu=strict deprecated; use iommu.strict=1 instead;"

static struct iommu_case iommu_cases[] = {
	{ "iommu: nothing said", "quiet splash", -1, -1, -1 },
	{ "iommu: the guide", "quiet intel_iommu=on iommu=pt", 1, -1, -1, "pt", .says = ON },
	{ "iommu: prefixes count", "intel_iommu=onx", 1, -1, -1, .says = ON },
	{ "iommu: sm_on is not on", "intel_iommu=sm_on,strict", -1, -1, -1, "d", .says = "DMAR: Enable scalable mode if hardware supports;" STRICT },
	{ "iommu: the last one counts", "intel_iommu=off intel_iommu=on", 1, -1, -1, .says = OFF ON },
	{ "iommu: the last element counts", "intel_iommu=on,off", 0, -1, -1, .off = "intel_iommu=on,off;", .says = ON OFF },
	{ "iommu: Intel off", "intel_iommu=off", 0, -1, -1, .off = "intel_iommu=off;", .says = OFF },
	{ "iommu: dashes", "intel-iommu=on", 1, -1, -1, .says = ON },
	{ "iommu: amd on is unknown", "amd_iommu=on", -1, -1, -1, .useless = "amd_iommu=on;", .says = "AMD-Vi: Unknown option - 'on';" },
	{ "iommu: amd off", "amd_iommu=off amd_iommu=force_enable", -1, 0, -1, .off = "amd_iommu=off;" },
	{ "iommu: amd fullflush", "amd_iommu=fullflush", -1, -1, -1, "d", .says = "AMD-Vi: amd_iommu=fullflush deprecated; use iommu.strict=1 instead;" },
	{ "iommu: iommu=on is unknown", "iommu=on iommu=1", -1, -1, -1, .useless = "iommu=on;" },
	{ "iommu: all off", "iommu=off iommu=force", -1, -1, 0, .off = "iommu=off;" },
	{ "iommu: force", "iommu=force,nopanic", -1, -1, 1 },
	{ "iommu: noforce", "iommu=force iommu=noforce", -1, -1, -1 },
	{ "iommu: one element unknown, one known", "intel_iommu=foo,igfx_off", -1, -1, -1,
	  .says = "DMAR: Unknown option - 'foo,igfx_off';DMAR: Disable GFX device mapping;" },
	{ "iommu: unknown behind known", "intel_iommu=on,,foo", 1, -1, -1, .says = ON "DMAR: Unknown option - 'foo';" },
	{ "iommu: unknown alone", "intel_iommu=foo", -1, -1, -1, .useless = "intel_iommu=foo;", .says = "DMAR: Unknown option - 'foo';" },
	{ "iommu: without a value", "intel_iommu amd_iommu=", -1, -1, -1, .useless = "intel_iommu;amd_iommu=;" },
	{ "iommu: Debian's own word", "intel_iommu=intgpu_off", -1, -1, -1, .says = "DMAR: Disable integrated GPU device mapping;" },
	{ "iommu: passthrough taken back", "iommu=pt iommu.passthrough=0", -1, -1, -1, "t" },
	{ "iommu: passthrough by number", "iommu.passthrough=1", -1, -1, -1, "pt" },
	{ "iommu: passthrough, a bad bool", "iommu.passthrough=o", -1, -1, -1, .useless = "iommu.passthrough=o;" },
	{ "iommu: strict", "iommu.strict=1", -1, -1, -1, "s" },
	{ "iommu: strict taken back", "iommu.strict=on iommu.strict=off", -1, -1, -1, "l" },
	{ "iommu: interrupt remapping off", "intremap=nosid,off", -1, -1, -1, "i" },
	{ "iommu: nointremap", "nointremap", -1, -1, -1, "i" },
	{ "iommu: ACS override", "pcie_acs_override=downstream,multifunction", -1, -1, -1, "a" },
	{ "iommu: init's options", "quiet -- intel_iommu=on", -1, -1, -1 },
	{ "iommu: quoted", "\"intel_iommu=on,strict\" iommu=\"pt\"", 1, -1, -1, "ptd", .says = ON STRICT },
	{ "iommu: other keys", "my_intel_iommu=on xiommu=pt iommux=off", -1, -1, -1 },
};

static struct get_case get_cases[] = {
	{ "get: the last one", "a=1 a=2", "a", "2" },
	{ "get: bare", "a=1 a", "a", "" },
	{ "get: absent", "ab=1 xa=2", "a", NULL },
	{ "get: dashes", "vfio-pci.ids=1:2", "vfio_pci.ids", "1:2" },
	{ "get: quoted value", "a=\"b c\"", "a", "b c" },
	{ "get: quoted word", "\"a=b c\" d", "a", "b c" },
	{ "get: quoted bare word", "\"a\"", "a", "" },
	{ "get: equals in the value", "root=UUID=1", "root", "UUID=1" },
	{ "get: behind --", "-- a=1", "a", NULL },
	{ "get: one quote", "a=\"", "a", "" },
};

static struct edit_case edit_cases[] = {
	{ "edit: add", "quiet", { "intel_iommu=on", "iommu=pt" }, { NULL }, "quiet intel_iommu=on iommu=pt" },
	{ "edit: already there", "iommu=pt quiet", { "iommu=pt" }, { NULL }, "iommu=pt quiet" },
	{ "edit: remove every one", "a b a", { NULL }, { "a" }, "b" },
	{ "edit: into nothing", "", { "a", "a" }, { NULL }, "a" },
	{ "edit: only whole words", "quiet2 xquiet", { "quiet" }, { "quiet2" }, "xquiet quiet" },
	{ "edit: before --", "a -- b", { "c" }, { NULL }, "a c -- b" },
	{ "edit: quoted words stay", "a=\"b c\" d", { "e" }, { "d" }, "a=\"b c\" e" },
};
/* clang-format on */

#define ROWS(cases, fn)                                                                  \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i].name, .test_func = (fn),                      \
			.initial_state = &(cases)[i]                                     \
		}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(split_cases) + ARRAY_SIZE(iommu_cases) +
				ARRAY_SIZE(get_cases) + ARRAY_SIZE(edit_cases)];
	size_t n = 0;

	ROWS(split_cases, test_split);
	ROWS(iommu_cases, test_iommu);
	ROWS(get_cases, test_get);
	ROWS(edit_cases, test_edit);
	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
