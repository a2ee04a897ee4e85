/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot logs of real machines, each alone: dmesg/ in the folder of recordings, with counts
 * in INDEX.tsv; and logs beside which the registers were recorded: what the log tells is
 * what these hold.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <pci/header.h>

#include "core/test-captures.h"
#include "fakesys/import.h"

/* ---- INDEX.tsv ---- */

struct log_case {
	const char *dir, *file;
	unsigned fns, bridges, in_groups, groups; /* as INDEX.tsv has them */
};

static size_t n_logs, n_fns, n_groups;

/* What these logs say is not all that INDEX.tsv counted: a line that is taken back. */
static const struct log_case exceptions[] = {
	/* a graphics card leaves group 16 for another kind of domain, and the log ends */
	{ NULL, "iommu-862477ce1291.dmesg.gz", 40, 9, 37, 24 },
	/* a part of a log: a chassis is plugged in and out; of 12 functions 10 are type
	   01 */
	{ NULL, "linux-pci-2d41c47da430.dmesg.gz", 12, 10, 6, 1 },
};

static struct blob unpack(struct arena *a, const char *path)
{
	FILE *f = popen(arena_printf(a, "zcat '%s'", path), "re");
	char *text = NULL;
	size_t len = 0, n;
	FILE *out = open_memstream(&text, &len);
	char buf[65536];
	struct blob b;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, out);
	fclose(out);
	assert_int_equal(pclose(f), 0);
	b = (struct blob){ arena_memdup(a, text, len), len };
	free(text);
	return b;
}

static void add(struct machine *m, const char *name, struct blob b)
{
	struct err e = { "" };

	if (import_add(m, name, b, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_log(void **state)
{
	struct log_case c = *(const struct log_case *)*state;
	AUTOMACHINE struct machine *m = machine_new();
	unsigned bridges = 0, in_groups = 0;
	struct err e = { "" };

	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (streq(exceptions[i].file, c.file)) {
			const char *dir = c.dir;

			c = exceptions[i];
			c.dir = dir;
		}
	add(m, "log", unpack(m->arena, arena_printf(m->arena, "%s/%s", c.dir, c.file)));
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	vec_foreach(fn, &m->fns) {
		bridges += cfg_is_bridge(fn->config);
		in_groups += fn->group != GROUP_NONE;
	}
	assert_int_equal(m->fns.n, c.fns);
	assert_int_equal(bridges, c.bridges);
	assert_int_equal(in_groups, c.in_groups);
	assert_int_equal(m->groups.n, c.groups);
	n_logs++;
	n_fns += m->fns.n;
	n_groups += m->groups.n;
}

/* "file dmi kernel table pci_functions bridges devs_with_group groups ...", by tabs */
static bool read_row(struct arena *a, char *line, struct log_case *ret)
{
	unsigned *const numbers[] = { &ret->fns, &ret->bridges, &ret->in_groups,
				      &ret->groups };

	for (size_t i = 0; i < 8; i++) {
		char *cell = strsep(&line, "\t");

		if (!cell || !line)
			return false;
		if (i == 0)
			ret->file = arena_strdup(a, cell);
		else if (i >= 4)
			*numbers[i - 4] = (unsigned)strtoul(cell, NULL, 10);
	}
	return ends_with(ret->file, ".gz");
}

static size_t add_logs(struct arena *a, const char *dir, struct CMUnitTest *ret,
		       size_t max)
{
	struct blob index;
	char *line, *rest;
	size_t n = 0;

	dir = arena_printf(a, "%s/dmesg", dir);
	index = read_capture(a, arena_printf(a, "%s/INDEX.tsv", dir));
	rest = index.data ? arena_strndup(a, (const char *)index.data, index.len) : NULL;
	while ((line = strsep(&rest, "\n")) && n < max) {
		struct log_case *c = arena_alloc(a, sizeof(*c));

		c->dir = dir;
		if (!read_row(a, line, c))
			continue;
		ret[n++] = (struct CMUnitTest){ .name = c->file,
						.test_func = test_log,
						.initial_state = c };
	}
	return n;
}

/* ---- registers beside the log ---- */

struct twin_case {
	const char *name, *registers, *log;
	unsigned types;      /* functions whose type of port is known */
	const char *differs; /* a register of which the log has something else, and why */
	const char *dir;
};

static struct machine *import_file(const char *dir, const char *file)
{
	struct machine *m = machine_new();
	struct blob b =
		read_capture(m->arena, arena_printf(m->arena, "%s/%s", dir, file));
	struct err e = { "" };

	assert_non_null(b.data);
	add(m, file, b);
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	return m;
}

/* What a log tells: ids, class, header type, regions, buses and windows. */
static bool is_told(struct blob real, uint32_t at)
{
	bool bridge = cfg_is_bridge(real);

	if (at >= PCI_PRIMARY_BUS && at <= PCI_SUBORDINATE_BUS)
		return true;
	if (at == PCI_SEC_LATENCY_TIMER || at == PCI_SEC_STATUS ||
	    at == PCI_SEC_STATUS + 1)
		return !bridge;
	return at < PCI_COMMAND || (at > PCI_REVISION_ID && at < PCI_CACHE_LINE_SIZE) ||
	       (at >= PCI_BASE_ADDRESS_0 &&
		at < (bridge ? PCI_CAPABILITY_LIST : PCI_CARDBUS_CIS));
}

static void test_twin(void **state)
{
	const struct twin_case *c = *state;
	AUTOMACHINE struct machine *real = import_file(c->dir, c->registers);
	AUTOMACHINE struct machine *logged = import_file(c->dir, c->log);
	unsigned types = 0;
	char bdf[BDF_SIZE];

	vec_foreach(fn, &real->fns) {
		const struct pci_fn *told = machine_fn(logged, fn->bdf);

		assert_non_null(told);
		bdf_format(fn->bdf, bdf);
		for (uint32_t at = 0; at < 64; at++) {
			const char *where = arena_printf(real->arena, "%s %02x", bdf, at);

			if (is_told(fn->config, at) &&
			    cfg_u8(fn->config, at) != cfg_u8(told->config, at) &&
			    (!c->differs || !strstr(c->differs, where)))
				fail_msg("%s: %02x here, %02x from the log", where,
					 cfg_u8(fn->config, at),
					 cfg_u8(told->config, at));
		}
		assert_int_equal(cfg_u8(fn->config, PCI_HEADER_TYPE) & 0x7f,
				 cfg_u8(told->config, PCI_HEADER_TYPE) & 0x7f);
		types += cfg_pcie_type(told->config) >= 0;
		if (cfg_pcie_type(told->config) >= 0 && fn->config.len >= 256)
			assert_int_equal(cfg_pcie_type(told->config),
					 cfg_pcie_type(fn->config));
		/* A function that claims 4096 bytes has them. */
		if (told->config_size == 4096 && fn->config.len >= 256)
			assert_int_equal(fn->config_size, 4096);
	}
	assert_int_equal(types, c->types);
}

static struct twin_case twins[] = {
	/* clang-format off */
	{ "registers and log of Linux 6.1", "tree-6.1-a.txt", "dmesg-6.1-a.txt", 6 },
	{ "registers and log of Linux 6.12", "tree-6.12-a.txt", "dmesg-6.12-a.txt", 18 },
	{ "registers and log of Linux 7.3", "tree-7.3-a.txt", "dmesg-7.3-a.txt", 18 },
	/* type 32-bit of ports, and 64-bit of a closed window: no line tells these */
	{ "registers and log of h310ch5", "lspci.log", "dmesg.log", 1,
	  .differs = "0000:00:1c.0 24, 0000:00:1c.0 26" },
	{ "registers and log of ms7721-fm2", "lspci.log", "dmesg.log", 0,
	  .differs = "0000:00:04.0 1c, 0000:00:04.0 1d" },
	/* clang-format on */
};

static int print_sums(void **state)
{
	(void)state;
	fprintf(stderr, "logs %zu, functions %zu, groups %zu\n", n_logs, n_fns, n_groups);
	return 0;
}

int main(int argc, char **argv)
{
	const char *dir = captures_dir(argc, argv), *trees = getenv("PCIPASS_TREES");
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest tests[200];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(twins); i++) {
		bool of_trees = after_prefix(twins[i].registers, "tree-") != NULL;

		twins[i].dir = of_trees ? trees : dir;
		if (!of_trees && dir)
			twins[i].dir = arena_printf(a, "%s/machines/%s", dir,
						    strrchr(twins[i].name, ' ') + 1);
		if (twins[i].dir && *twins[i].dir)
			tests[n++] = (struct CMUnitTest){ .name = twins[i].name,
							  .test_func = test_twin,
							  .initial_state = &twins[i] };
	}
	if (dir)
		n += add_logs(a, dir, tests + n, ARRAY_SIZE(tests) - n);
	if (!n) {
		printf("1..0 # SKIP no recordings (options captures and trees)\n");
		return 77;
	}
	return _cmocka_run_group_tests("import of boot logs", tests, n, NULL, print_sums);
}
