/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "vmtests/measure.h"
#include "vmtests/ops-sim.h"

#define FIXTURE "rigs/6.12-intel-seabios-e"

static const char *source; /* the text of fakesys/profile.c */

/* --- answers --- */

/* What stands in a row for a question's result, as text, and the log of the boot. */
struct read_case {
	const char *name, *key;
	struct {
		const char *label, *result;
	} answers[2];
	const char *log, *want; /* "unknown: ..." or the value */
};

#define RES13 "0%0A0%0A0%0A0%0A0%0A0%0A0%0A0%0A0%0A0%0A0%0A0%0A0%0A"
#define LINE(start, end, flags) "0x" start "%200x" end "%200x" flags "%0A"
#define WINDOWS(io, pref)                                                                \
	"= 969\n< " RES13 io LINE("20000000", "201fffff", "200") pref "\n"
#define IO_4K LINE("1000", "1fff", "100")
#define IO_8K LINE("1000", "2fff", "100")
#define PREF LINE("fc000000", "fc1fffff", "2201")
#define FEATURES "x\nAMD-Vi: Extended features (0x29d3, 0x1):  PreF\n"

/* clang-format off */
static const struct read_case cases[] = {
	{ "rom: junk is refused", "F1", { { "rom", "= EINVAL\n" } }, .want = "true" },
	{ "rom: junk is taken", "F1", { { "rom", "= 4\n" } }, .want = "false" },
	{ "rom: another answer", "F1", { { "rom", "= ENOENT\n" } }, .want = "unknown: ENOENT is neither answer" },
	{ "nobody asked", "F1", { { NULL } }, .want = "unknown: it was not asked" },
	{ "nothing here has it", "F13", { { NULL } }, .want = "unknown: no function here has a resizable BAR" },
	{ "a read that blocks", "F6", { { "uevent", "= blocked\n" } }, .want = "true" },
	{ "a read that does not", "F6", { { "uevent", "= 3\n< a%0Ab\n" } }, .want = "false" },
	{ "unbound from D0", "F3", { { "unbound", "= 8\n< unknown%0A\n" }, { "before", "= 3\n< D0%0A\n" } }, .want = "unknown" },
	{ "unbound from D3", "F3", { { "unbound", "= 6\n< D3hot%0A\n" }, { "before", "= 6\n< D3hot%0A\n" } }, .want = "unknown: the card was not in D0 before" },
	{ "a word of the log", "F10", { { "probe", "= EINVAL\n+ vfio-pci%200000:04:00.0:%20probe%20with%20driver%20vfio-pci%20failed%20with%20error%20-22\n" } }, .want = "true" },
	{ "the other word", "F10", { { "probe", "= EINVAL\n+ vfio-pci:%20probe%20of%200000:04:00.0%20failed%20with%20error%20-22\n" } }, .want = "false" },
	{ "neither", "F10", { { "probe", "= EINVAL\n" } }, .want = "unknown: the log has neither line" },
	{ "a line that one has", "F11", { { "remove", "= 1\n+ x\n" } }, .want = "false" },
	{ "a group of several: refused", "F8", { { "type", "= EINVAL\n" } }, .want = "false" },
	{ "a group of several: owned", "F8", { { "type", "= EPERM\n" } }, .want = "true" },
	{ "a node, and a word", "F14", { { "numa", "= 2\n+ [Firmware%20Bug]:%20Overriding%20NUMA%20node\n" } }, .want = "false" },
	{ "a node that is refused", "F14", { { "numa", "= EINVAL\n" } }, .want = "unknown: EINVAL" },
	{ "idle, and not when it is forbidden", "F20", { { "idle-d3", "= 3\n< D0%0A\n" }, { "idle-first", "= 6\n< D3hot%0A\n" } }, .want = "true" },
	{ "idle, forbidden or not", "F20", { { "idle-d3", "= 6\n< D3hot%0A\n" }, { "idle-first", "= 6\n< D3hot%0A\n" } }, .want = "false" },
	{ "never idle", "F20", { { "idle-d3", "= 3\n< D0%0A\n" }, { "idle-first", "= 3\n< D0%0A\n" } }, .want = "unknown: the card does not go to D3hot" },
	{ "domains", "reserved_domains", { { "domains", "= 3\n< 5%0A\n" }, { "groups", "= 6\n< 0%0A1%0A2%0A\n" } }, .want = "2" },
	{ "the end of a BAR", "F16", { { "seek", "= 131072\n" } }, .want = "true" },
	{ "the end of nothing", "F16", { { "seek", "= 0\n" } }, .want = "false" },
	{ "windows are told first", "windows_at_setup", { { "rescan", "= 1\n+ pci%20x:%20[1:2]%20type%2001%20class\n+ pci%20x:%20%20%20bridge%20window%20[io]\n+ pci%20y:%20[1:2]%20type%2000%20class\n" } }, .want = "true" },
	{ "windows are told last", "windows_at_setup", { { "rescan", "= 1\n+ pci%20x:%20[1:2]%20type%2001%20class\n+ pci%20y:%20[1:2]%20type%2000%20class\n+ pci%20x:%20%20%20bridge%20window%20[io]\n" } }, .want = "false" },
	{ "windows stay", "windows_shrink", { { "sizes-again", WINDOWS(IO_4K, PREF) }, { "sizes", WINDOWS(IO_4K, PREF) } }, .want = "false" },
	{ "windows change", "windows_shrink", { { "sizes-again", WINDOWS(IO_8K, PREF) }, { "sizes", WINDOWS(IO_4K, PREF) } }, .want = "true" },
	{ "a window of zeros", "F26", { { "windows", WINDOWS(IO_4K, LINE("0", "0", "0")) } }, .want = "true" },
	{ "a window that is off", "F26", { { "windows", WINDOWS(IO_4K, LINE("1000", "1fff", "0")) } }, .want = "false" },
	{ "a window in use", "F26", { { "windows", WINDOWS(IO_4K, PREF) } }, .want = "unknown: this kernel disables no window here" },
	{ "the words of vgaarb", "F30", { { "vga", "= 12\n+ vfio-pci%20x:%20vgaarb:%20VGA%20decodes%20changed:%20olddecodes=io\n" } }, .want = "VGA decodes changed" },
	{ "virtio: no group", "F23", { { "lazy", "= ENOENT\n" }, { "units", "= 2\n< u%0A\n" } }, .want = "true" },
	{ "virtio: no IOMMU", "F23", { { "lazy", "= ENOENT\n" }, { "units", "= 0\n< %\n" } }, .want = "unknown: this kernel has no driver for virtio-iommu" },
	{ "features: as the log", "features2_first", { { "features", "= 7\n< 29d3:1%0A\n" } }, FEATURES, "false" },
	{ "features: swapped", "features2_first", { { "features", "= 7\n< 1:29d3%0A\n" } }, FEATURES, "true" },
	{ "features: no log", "features2_first", { { "features", "= 7\n< 1:29d3%0A\n" } }, .want = "unknown: the log does not tell them apart" },
	{ "nothing behind Translated", "F24", { { NULL } }, "a\niommu: Default domain type: Translated\nb", "" },
	{ "a blank behind Translated", "F24", { { NULL } }, "a\niommu: Default domain type: Translated \nb", " " },
	{ "config_acs is unknown", "F21", { { NULL } }, "PCI: Unknown option `config_acs=x'\nPCI: Unknown option `pcipass'\n", "false" },
	{ "config_acs is known", "F21", { { NULL } }, "PCI: Unknown option `pcipass'\n", "true" },
	{ "no boot with options", "F21", { { NULL } }, "x\n", "unknown: the log does not tell" },
	{ "the quote", "pci_option_quote", { { NULL } }, "PCI: Unknown option `pcipass'\n", "96" },
	{ "a port's type", "F25", { { NULL } }, "[8086:10d3] type 00 class 0x020000 PCIe Endpoint\n", "true" },
	{ "no port's type", "F25", { { NULL } }, "[8086:10d3] type 00 class 0x020000\n", "false" },
	{ "ACS at a driver's probe", "F22", { { NULL } }, "pci x: Configured ACS to 0x0\npcieport x: Configured ACS to 0x0\n", "true" },
	{ "ACS at enumeration", "F22", { { NULL } }, "pci x: Configured ACS to 0x0\n", "false" },
};
/* clang-format on */

static const struct measure_row *row_of(const char *key)
{
	for (size_t i = 0; i < n_measure_rows; i++)
		if (streq(measure_rows[i].key, key))
			return &measure_rows[i];
	fail_msg("no row %s", key);
	return NULL;
}

static const char *value_text(struct arena *a, const struct measure_row *row,
			      const struct measure_value *v)
{
	if (v->why)
		return arena_printf(a, "unknown: %s", v->why);
	if (row->type == MEASURE_TEXT)
		return v->text;
	if (row->type == MEASURE_BOOL)
		return v->number ? "true" : "false";
	return arena_printf(a, "%ld", v->number);
}

static void test_read(void **state)
{
	const struct read_case *c = *state;
	struct arena *a = arena_new();
	struct measure_answers as = { .arena = a };
	const struct measure_row *row = row_of(c->key);
	struct measure_value got;
	op_results results[2] = { 0 };

	for (size_t i = 0; i < MEASURE_BOOTS; i++)
		as.log[i] = c->log;
	for (size_t i = 0; i < ARRAY_SIZE(c->answers) && c->answers[i].label; i++) {
		assert_int_equal(
			op_results_read(a, c->answers[i].result, &results[i], NULL), 0);
		*vec_push(a, &as.list) =
			(struct measure_answer){ .label = c->answers[i].label,
						 .result = results[i].v };
	}
	got = measure_read(&as, row);
	assert_string_equal(value_text(a, row, &got), c->want);
	arena_free(a);
}

/* --- the model --- */

static int play_sim(void *ctx, struct arena *a, const ops *batch, op_results *ret,
		    struct err *e)
{
	(void)e;
	ops_sim_play(ctx, a, batch, ret);
	return 0;
}

/* What stays unknown there: nothing to ask of, or no such question to the model. */
static const char *const not_of_model[] = {
	"F13",
	"F15/log",
	"F16",
	"F17",
	"F18",
	"F19",
	"F21",
	"F22",
	"F23",
	"F24",
	"F25",
	"F26",
	"F27",
	"F28",
	"F29",
	"aer_any_port",
	"aer_switches_reports",
	"efifb_awake",
	"features2_first",
	"msi_folder_first",
	"pci_option_quote",
	"vga_given_back",
	"windows_shrink",
};

static bool is_told(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_of_model); i++)
		if (streq(not_of_model[i], key))
			return false;
	return true;
}

/* Measuring a model with a profile gives that profile. */
static void test_model(void **state)
{
	const struct kernel_profile *p = *state;
	struct arena *a = arena_new();
	struct measure_answers as = { .arena = a };
	struct machine *m;
	struct ops_sim player;
	struct sim *s = NULL;
	struct err e = { "" };

	if (machine_load(
		    arena_printf(a, "%s/" FIXTURE ".json", getenv("PCIPASS_FIXTURES")),
		    &m, &e) < 0 ||
	    sim_new(m, p, &s, &e) < 0)
		fail_msg("%s", e.text);
	ops_sim_begin(&player, s);
	if (measure_ask(&as, MEASURE_MAIN, m, play_sim, &player, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < n_measure_rows; i++) {
		const struct measure_row *row = &measure_rows[i];
		struct measure_value got = measure_read(&as, row),
				     want = measure_of(p, row);
		const char *text = value_text(a, row, &got);

		if (!is_told(row->key))
			continue;
		if (got.why || !measure_same(row, &got, &want))
			fail_msg("%s: %s, not %s", row->key, text,
				 value_text(a, row, &want));
	}
	sim_free(s);
	machine_free(m);
	arena_free(a);
}

/* --- the row --- */

/* ".a.b = { .c = x, .d = y }, .e = z" as sorted lines "a.b.c=x"; *at is moved on. */
static void flatten(struct arena *a, const char **at, const char *prefix, strings *ret)
{
	while (**at && **at != '}') {
		const char *name = *at + 1, *value;
		size_t n = strcspn(name, " =");

		if (**at != '.') {
			++*at;
			continue;
		}
		name = arena_printf(a, "%s.%.*s", prefix, (int)n, name);
		value = strchr(*at, '=') + 2;
		*at = value + strcspn(value, ",}");
		if (*value == '{' && value[2] == '.') {
			*at = value + 1;
			flatten(a, at, name, ret);
			++*at;
		} else {
			if (*value == '{')
				*at = strchr(value, '}') + 1;
			n = (size_t)(*at - value);
			while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
				n--;
			*vec_push(a, ret) =
				arena_printf(a, "%s=%.*s", name, (int)n, value);
		}
	}
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const char *sorted_row(struct arena *a, const char *text)
{
	const char *at = strstr(text, ".name");
	strings all = { 0 };
	const char *ret = "";

	flatten(a, &at, "", &all);
	qsort(all.v, all.n, sizeof(*all.v), by_text);
	vec_foreach(line, &all)
		ret = arena_printf(a, "%s%s\n", ret, *line);
	return ret;
}

/* What is printed of a kernel that is as its profile says is its text in profile.c. */
static void test_row(void **state)
{
	const struct kernel_profile *p = *state;
	struct arena *a = arena_new();
	struct measure_value *values = arena_alloc(a, n_measure_rows * sizeof(*values));
	struct measured k = { .release = "",
			      .version = { p->version[0], p->version[1], p->version[2] },
			      .nearest = p,
			      .proven = true,
			      .values = values };
	const char *text = strstr(source, arena_printf(a, ".name = \"%s\"", p->name));
	char *printed = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&printed, &len);

	for (size_t i = 0; i < n_measure_rows; i += 2)
		values[i] = measure_of(p, &measure_rows[i]);
	for (size_t i = 1; i < n_measure_rows; i += 2)
		values[i].why = "not measured";
	measured_print_row(f, &k);
	fclose(f);
	assert_non_null(text);
	assert_string_equal(sorted_row(a, printed), sorted_row(a, text));
	assert_true(measured_agrees(&k));
	values[0].number ^= 1;
	assert_false(measured_agrees(&k));
	free(printed);
	arena_free(a);
}

static char row_names[32][64]; /* more profiles than that want a longer one */

static char *read_source(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = path ? fopen(path, "re") : NULL;

	if (f && getdelim(&text, &size, '\0', f) < 0)
		text[0] = '\0';
	if (f)
		fclose(f);
	return text;
}

int main(int argc, char **argv)
{
	struct CMUnitTest *tests =
		calloc(ARRAY_SIZE(cases) + 2 * n_kernel_profiles, sizeof(*tests));
	char *text = read_source(argc > 1 ? argv[1] : NULL);
	size_t n = 0;
	int r;

	if (!getenv("PCIPASS_FIXTURES") || !text) {
		fputs("PCIPASS_FIXTURES and fakesys/profile.c are needed\n", stderr);
		free(text);
		free(tests);
		return 77;
	}
	source = text;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_read,
						  .initial_state =
							  (void *)(uintptr_t)&cases[i] };
	for (size_t i = 0; i < n_kernel_profiles && i < ARRAY_SIZE(row_names); i++) {
		const struct kernel_profile *p = &kernel_profiles[i];

		(void)snprintf(row_names[i], sizeof(row_names[i]), "the row of %s",
			       p->name);
		tests[n++] = (struct CMUnitTest){ .name = p->name,
						  .test_func = test_model,
						  .initial_state = (void *)(uintptr_t)p };
		tests[n++] = (struct CMUnitTest){ .name = row_names[i],
						  .test_func = test_row,
						  .initial_state = (void *)(uintptr_t)p };
	}
	r = _cmocka_run_group_tests("measure", tests, n, NULL, NULL);
	free(text);
	free(tests);
	return r;
}
