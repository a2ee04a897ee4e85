/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The importers on recorded machines: what they make of a text is compared with what
 * regular expressions find in the same text, and with facts read off it by eye.
 */
#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/acpi.h"
#include "core/machine-json.h"
#include "core/test-captures.h"
#include "core/verbs.h"
#include "fakesys/import.h"

#define FN "^(([0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]) "

struct machine_case {
	const char *name;
	unsigned fns, groups, cpus, unread; /* unread: functions that were powered off */
	const char *release, *cpu, *boot_vga, *unit;
	bool efi, remapping;
	unsigned drhd; /* units of its DMAR or IVRS */
	const char *unknown[6], *known[6];
	const char *facts[8];    /* "BDF VENDOR:DEVICE group driver" */
	const char *findings[4]; /* "DEVICE RULE" */
	const char *scopes; /* functions that its tables name, "-" if one is not there */
	const char *units;  /* of each function in order; '-' none */
	const char *dir;
};

static struct machine *import_dir(const struct machine_case *c)
{
	static const char *const files[] = { "lspci.log",   "dmesg.log", "cpuinfo.log",
					     "ioports.log", "MCFG.dat",  "DMAR.dat",
					     "IVRS.dat" };
	struct machine *m = machine_new();
	struct err e = { "" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct blob b =
			read_capture(m->arena, arena_printf(m->arena, "%s/machines/%s/%s",
							    c->dir, c->name, files[i]));

		if (b.data && import_add(m, files[i], b, NULL, &e) < 0)
			fail_msg("%s", e.text);
	}
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

static const char *raw(struct machine *m, const struct machine_case *c, const char *file)
{
	struct blob b = read_capture(m->arena, arena_printf(m->arena, "%s/machines/%s/%s",
							    c->dir, c->name, file));

	return b.data ? (const char *)b.data : "";
}

/* The next match of @re in *text, which moves behind it; its groups in @ret. */
static bool next_match(const regex_t *re, const char **text, struct arena *a,
		       char *ret[3])
{
	regmatch_t at[3];

	if (regexec(re, *text, 3, at, 0) != 0)
		return false;
	for (int i = 1; i < 3; i++)
		ret[i] = at[i].rm_so < 0
				 ? NULL
				 : arena_strndup(a, *text + at[i].rm_so,
						 (size_t)(at[i].rm_eo - at[i].rm_so));
	*text += at[0].rm_eo;
	return true;
}

static unsigned count(struct machine *m, const char *text, const char *pattern)
{
	unsigned n = 0;
	char *ret[3];
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE), 0);
	while (next_match(&re, &text, m->arena, ret))
		n++;
	regfree(&re);
	return n;
}

static const struct pci_fn *fn_at(const struct machine *m, const char *bdf)
{
	const struct pci_fn *fn;
	struct bdf b;

	assert_int_equal(bdf_parse(bdf, &b), (int)strlen(bdf));
	fn = machine_fn(m, b);
	if (!fn)
		fail_msg("%s is missing", bdf);
	return fn;
}

static void test_counts(void **state)
{
	const struct machine_case *c = *state;
	AUTOMACHINE struct machine *m = import_dir(c);
	const char *lspci = raw(m, c, "lspci.log");
	unsigned drivers = 0, regions = 0;
	size_t bytes = 0;

	assert_int_equal(m->fns.n, c->fns);
	assert_int_equal(m->fns.n, count(m, lspci, FN));
	vec_foreach(fn, &m->fns) {
		drivers += fn->driver != NULL;
		bytes += fn->config.len;
		for (int i = 0; i <= PCI_ROM_RESOURCE; i++)
			regions += fn->res[i].flags != 0;
	}
	assert_int_equal(drivers, count(m, lspci, "^\tKernel driver in use: "));
	/* Two recordings have a complaint of libpci in the middle of one row each. */
	assert_int_equal(bytes + 4096 * c->unread,
			 16 * (count(m, lspci, "^[0-9a-f]{2,3}:( [0-9a-f]{2}){16}$") +
			       count(m, lspci, "^[0-9a-f].*pcilib: ")));
	assert_int_equal(regions,
			 count(m, lspci,
			       "^\t(\\[virtual\\] )?(Region [0-5]: (Memory|I/O ports) "
			       "at|Expansion ROM at) [0-9a-f]+ .*\\[size="));
	assert_int_equal(m->groups.n, c->groups);
	assert_int_equal(m->cpus, c->cpus);
	assert_int_equal(m->cpus, count(m, raw(m, c, "cpuinfo.log"), "^processor"));
}

/* Each function's driver and group as the lines below its heading have them. */
static void test_functions(void **state)
{
	const struct machine_case *c = *state;
	AUTOMACHINE struct machine *m = import_dir(c);
	const char *text = raw(m, c, "lspci.log");
	const struct pci_fn *fn = NULL;
	char *ret[3];
	regex_t re;

	assert_int_equal(regcomp(&re, FN, REG_EXTENDED | REG_NEWLINE), 0);
	while (next_match(&re, &text, m->arena, ret)) {
		const char *end = strstr(text, "\n\n"), *driver, *group;
		char *part = end ? arena_strndup(m->arena, text, (size_t)(end - text))
				 : arena_strdup(m->arena, text);

		fn = fn_at(m, ret[1]);
		driver = strstr(part, "\n\tKernel driver in use: ");
		assert_int_equal(driver != NULL, fn->driver != NULL);
		if (driver)
			assert_int_equal(strcspn(strstr(driver, ": ") + 2, "\n"),
					 strlen(fn->driver));
		if (driver)
			assert_memory_equal(strstr(driver, ": ") + 2, fn->driver,
					    strlen(fn->driver));
		group = strstr(part, "\n\tIOMMU group: ");
		if (group)
			assert_int_equal(fn->group, atoi(strstr(group, ": ") + 2));
	}
	regfree(&re);

	text = raw(m, c, "dmesg.log");
	assert_int_equal(
		regcomp(&re, "([0-9a-f]{4}:[0-9a-f:.]{7})(: Adding to iommu| to) group ",
			REG_EXTENDED | REG_NEWLINE),
		0);
	while (next_match(&re, &text, m->arena, ret))
		assert_int_equal(fn_at(m, ret[1])->group, atoi(text));
	regfree(&re);
}

static void test_facts(void **state)
{
	const struct machine_case *c = *state;
	AUTOMACHINE struct machine *m = import_dir(c);
	const struct acpi_table *t = m->acpi.n ? &m->acpi.v[0] : NULL;
	struct acpi_iommu parsed = { 0 };
	char bdf[BDF_SIZE];

	if (c->release)
		assert_string_equal(m->release, c->release);
	assert_int_equal(!c->release, machine_unknown(m, "release") != NULL);
	assert_string_equal(m->cpu_vendor, c->cpu);
	assert_int_equal(m->efi, c->efi);
	assert_int_equal(m->interrupt_remapping, c->remapping);
	assert_int_equal(m->units.n, c->unit ? 1 : 0);
	if (c->unit)
		assert_string_equal(m->units.v[0].name, c->unit);
	if (t)
		assert_int_equal(
			acpi_parse_iommu(m->arena, t->name, t->data, &parsed, NULL), 0);
	assert_int_equal(parsed.units.n, c->drhd);
	vec_foreach(fn, &m->fns)
		assert_int_equal(fn->boot_vga,
				 c->boot_vga &&
					 streq(bdf_format(fn->bdf, bdf), c->boot_vga));
	for (size_t i = 0; c->unknown[i]; i++)
		if (!machine_unknown(m, "%s", c->unknown[i]))
			fail_msg("%s is not unknown", c->unknown[i]);
	for (size_t i = 0; c->known[i]; i++)
		if (machine_unknown(m, "%s", c->known[i]))
			fail_msg("%s is unknown", c->known[i]);
	for (size_t i = 0; c->facts[i]; i++) {
		const struct pci_fn *fn;

		snprintf(bdf, sizeof(bdf), "%.*s", (int)strcspn(c->facts[i], " "),
			 c->facts[i]);
		fn = fn_at(m, bdf);
		assert_string_equal(arena_printf(m->arena, "%s %04x:%04x %d %s", bdf,
						 fn->id.vendor, fn->id.device, fn->group,
						 fn->driver ? fn->driver : "-"),
				    c->facts[i]);
	}
}

static void say_scopes(FILE *f, const struct machine *m, uint16_t segment,
		       const acpi_scopes *scopes)
{
	vec_foreach(s, scopes) {
		const struct pci_fn *fn = acpi_scope_fn(m, segment, s);
		char bdf[BDF_SIZE];

		if (s->type <= ACPI_SCOPE_BRIDGE)
			fprintf(f, " %s", fn ? bdf_format(fn->bdf, bdf) + 5 : "-");
	}
}

/* What its IOMMU table says of its functions; Linux said the same where it had it on. */
static void test_units(void **state)
{
	const struct machine_case *c = *state;
	AUTOMACHINE struct machine *m = import_dir(c);
	const struct acpi_table *t = m->acpi.n ? &m->acpi.v[0] : NULL;
	uint32_t *unit = arena_alloc(m->arena, m->fns.n * sizeof(*unit));
	char *units = arena_alloc(m->arena, m->fns.n + 1);
	AUTOFREE char *text = NULL;
	struct acpi_iommu parsed;
	size_t len;
	FILE *f;

	if (!t)
		return;
	assert_int_equal(acpi_parse_iommu(m->arena, t->name, t->data, &parsed, NULL), 0);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	vec_foreach(u, &parsed.units)
		say_scopes(f, m, u->segment, &u->scopes);
	vec_foreach(v, &parsed.reserved)
		say_scopes(f, m, v->segment, &v->scopes);
	vec_foreach(s, &parsed.atsr)
		say_scopes(f, m, s->segment, &s->scopes);
	fclose(f);
	assert_string_equal(text, c->scopes ? c->scopes : "");
	acpi_assign_units(m, &parsed, m->arena, unit);
	for (size_t i = 0; i < m->fns.n; i++) {
		units[i] = unit[i] == ACPI_UNIT_NONE ? '-' : (char)('0' + unit[i]);
		if (c->groups)
			assert_int_equal(m->fns.v[i].group >= 0,
					 unit[i] != ACPI_UNIT_NONE);
	}
	assert_string_equal(units, c->units);
}

static void test_json(void **state)
{
	const struct machine_case *c = *state;
	AUTOMACHINE struct machine *m = import_dir(c), *again = NULL;
	char *first = NULL, *second = NULL;
	struct err e = { "" };

	assert_int_equal(machine_to_json(m, &first), 0);
	if (machine_from_json(first, strlen(first), c->name, &again, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(machine_to_json(again, &second), 0);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

/* Rules that must see what the recording says. */
static void test_findings(void **state)
{
	const struct machine_case *c = *state;
	AUTOMACHINE struct machine *m = import_dir(c);

	for (size_t i = 0; c->findings[i]; i++) {
		const char *rule = strchr(c->findings[i], ' ') + 1;
		const char *device = arena_strndup(m->arena, c->findings[i],
						   (size_t)(rule - 1 - c->findings[i]));
		struct request request = { .devices = &device, .n_devices = 1 };
		AUTOFREE char *text = NULL;
		json_auto_t *report = NULL;
		struct err e = { "" };

		verb_check(m, &request, &report, &e);
		assert_string_equal(e.text, "");
		text = json_dumps(report, 0);
		if (!strstr(text, arena_printf(m->arena, "\"%s\"", rule)))
			fail_msg("%s says nothing about %s: %s", rule, device, text);
	}
}

static struct machine_case machines[] = {
	/* clang-format off */
	{ "h310ch5", .fns = 14, .groups = 8, .cpus = 12, .release = "6.1.0-20-amd64",
	  .scopes = " 00:14.0", .units = "00000000000000",
	  .cpu = "GenuineIntel", .boot_vga = "0000:01:00.0", .unit = "dmar0", .efi = true,
	  .remapping = true, .drhd = 1, .known = { "groups", "acpi/DMAR", "acpi/IVRS", "efi" },
	  .unknown = { "files", "mounts", "modules", "functions/0000:01:00.0/rom" },
	  .facts = { "0000:00:01.0 8086:1901 1 pcieport", "0000:01:00.0 10de:1244 1 nouveau",
		     "0000:01:00.1 10de:0bee 1 snd_hda_intel", "0000:02:00.0 10ec:8168 7 r8169",
		     "0000:00:14.2 8086:a2b1 3 -", "0000:00:1f.4 8086:a2a3 6 i801_smbus" },
	  .findings = { "01:00.0 framebuffer-holds-bar", "00:14.0 host-keyboard" } },
	{ "ms7721-fm2", .fns = 24, .groups = 10, .cpus = 4, .release = "4.4.5-1-ARCH",
	  .units = "--0000000000000000000000",
	  .cpu = "AuthenticAMD", .boot_vga = "0000:00:01.0", .unit = "ivhd0", .remapping = true,
	  .drhd = 1, .known = { "groups", "acpi/DMAR", "cmdline" },
	  .facts = { "0000:00:00.0 1022:1410 -1 -", "0000:00:00.2 1022:1419 -1 -",
		     "0000:00:01.0 1002:990e 0 radeon", "0000:00:01.1 1002:9902 0 snd_hda_intel",
		     "0000:00:04.0 1022:1414 1 pcieport", "0000:01:00.0 10ec:8168 1 r8169",
		     "0000:00:18.5 1022:1405 9 -" } },
	{ "x99-bd4", .fns = 87, .cpus = 20, .cpu = "GenuineIntel", .boot_vga = "0000:05:00.0",
	  .scopes = " 00:1b.0 00:14.0 00:1a.0 00:1d.0 00:01.0 00:01.1 00:02.0 00:03.0", .units = "111111111110111111111111111111111111111111111111111111111111"
		   "111111111111111111111111111",
	  .drhd = 2, .unknown = { "groups", "klog", "cmdline" }, .known = { "acpi/DMAR", "cpu" },
	  .facts = { "0000:05:00.0 1002:73ff -1 amdgpu", "0000:05:00.1 1002:ab28 -1 snd_hda_intel",
		     "0000:04:00.0 1002:1479 -1 pcieport", "0000:ff:0b.0 8086:2f81 -1 -" } },
	{ "latitude-e6430", .fns = 22, .cpus = 4, .unread = 1, .cpu = "GenuineIntel",
	  .scopes = " 00:02.0 00:1d.0 00:1a.0 00:14.0 00:02.0", .units = "1101111111111111111111",
	  .boot_vga = "0000:00:02.0", .drhd = 2,
	  .unknown = { "groups", "functions/0000:01:00.1/config" },
	  .facts = { "0000:01:00.0 10de:0dfc -1 nouveau", "0000:01:00.1 10de:0bea -1 snd_hda_intel",
		     "0000:00:02.0 8086:0166 -1 i915" } },
	{ "np350v5c", .fns = 16, .cpus = 4, .cpu = "GenuineIntel", .boot_vga = "0000:00:02.0",
	  .unknown = { "acpi/DMAR", "groups" } },
	{ "m11x", .fns = 23, .cpus = 2, .cpu = "GenuineIntel", .release = "3.16.0-4-amd64",
	  .boot_vga = "0000:00:02.0", .known = { "groups", "acpi/DMAR", "cmdline" },
	  .facts = { "0000:00:02.0 8086:2a42 -1 i915", "0000:00:1e.0 8086:2448 -1 -" } },
	/* clang-format on */
};

/* Dumps that were made to try lspci, some broken on purpose: read or refused with a line.
 */
static void test_dump(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();
	struct blob b = read_capture(m->arena, *state);
	struct import_stats stats = { 0 };
	struct err e = { "" };
	int r;

	assert_non_null(b.data);
	r = import_add(m, "dump", b, &stats, &e);
	assert_string_equal(e.text, "");
	assert_int_equal(r, 0);
	assert_int_equal(import_finish(m, &e), 0);
	assert_int_equal(m->fns.n, count(m, (const char *)b.data, FN));
	assert_int_equal(stats.not_understood, 0);
}

static size_t add_dumps(struct arena *a, const char *dir, struct CMUnitTest *ret,
			size_t max)
{
	const char *folder = arena_printf(a, "%s/pciutils-tests", dir);
	DIR *d = opendir(folder);
	struct dirent *entry;
	size_t n = 0;

	while (d && n < max && (entry = readdir(d))) {
		if (*entry->d_name == '.')
			continue;
		ret[n++] = (struct CMUnitTest){
			.name = arena_printf(a, "dump %s", entry->d_name),
			.test_func = test_dump,
			.initial_state = arena_printf(a, "%s/%s", folder, entry->d_name),
		};
	}
	if (d)
		closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *what;
		CMUnitTestFunction func;
	} checks[] = { { "counts", test_counts },     { "functions", test_functions },
		       { "facts", test_facts },       { "units", test_units },
		       { "findings", test_findings }, { "as JSON", test_json } };
	const char *dir = captures_dir(argc, argv);
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest tests[200];
	size_t n = 0;

	if (!dir)
		return 77;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		machines[i].dir = dir;
		for (size_t k = 0; k < ARRAY_SIZE(checks); k++)
			tests[n++] = (struct CMUnitTest){
				.name = arena_printf(a, "%s: %s", machines[i].name,
						     checks[k].what),
				.test_func = checks[k].func,
				.initial_state = &machines[i],
			};
	}
	n += add_dumps(a, dir, tests + n, ARRAY_SIZE(tests) - n);
	return _cmocka_run_group_tests("import of recorded machines", tests, n, NULL,
				       NULL);
}
