/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups computed from what others recorded of their machines, against the groups that
 * the kernels of these machines formed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/grouping.h"
#include "core/test-captures.h"
#include "fakesys/import.h"
#include "fakesys/profile.h"

/* As many groups as there are to match: fewer, and an importer has lost some. */
#define FULL_LEAST 272
/* Boot logs tell no ACS bits: what is assumed there is right for most, not for all. */
#define LOGS_LEAST 1630

static struct {
	unsigned machines, groups, matched, numbered;
} full, logs;

struct capture {
	char *name;   /* of the test */
	char **files; /* paths, up to a NULL */
	bool log;
};

/* Text of a file; what is compressed is unpacked by its own program. */
static struct blob read_any(struct arena *a, const char *path)
{
	AUTOFREE char *text = NULL;
	char buf[65536];
	size_t len, n;
	FILE *in, *out;

	if (!ends_with(path, ".gz"))
		return read_capture(a, path);
	in = popen(arena_printf(a, "zcat '%s'", path), "re");
	out = open_memstream(&text, &len);
	if (!in || !out)
		fail_msg("%s: cannot be read", path);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	pclose(in);
	fclose(out);
	return (struct blob){ (uint8_t *)arena_strndup(a, text, len), len };
}

static void compute(const struct machine *m, struct arena *a, struct grouping *ret)
{
	bool proven;
	const struct kernel_profile *p = profile_for(m, &proven);
	struct grouping_want want = { .kernel = p->grouping.acs,
				      .virtio_lazy = p->grouping.virtio_lazy };

	grouping_compute(m, &want, a, ret);
}

static void test_capture(void **state)
{
	const struct capture *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	struct grouping g;
	struct grouping_match match;
	struct err e = { "" };

	for (char **path = c->files; *path; path++)
		if (import_add(m, *path, read_any(m->arena, *path), NULL, &e) < 0)
			fail_msg("%s", e.text);
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	compute(m, m->arena, &g);
	grouping_compare(&g, &match);
	vec_foreach(d, &match.differences)
		print_message("# %s: %s\n", c->name, *d);
	if (c->log) {
		logs.machines += match.groups > 0;
		logs.groups += match.groups;
		logs.matched += match.matched;
		logs.numbered += match.numbered;
		/* Where it differs something was assumed, and it is said what. */
		if (match.matched < match.groups)
			assert_true(g.assumptions.n > 0);
		return;
	}
	full.machines += match.groups > 0;
	full.groups += match.groups;
	full.matched += match.matched;
	full.numbered += match.numbered;
	assert_int_equal(match.matched, match.groups);
}

static void test_sum(void **state)
{
	(void)state;
	print_message("# machines %u, groups %u, matched %u (numbers alike %u)\n",
		      full.machines, full.groups, full.matched, full.numbered);
	print_message(
		"# boot logs: machines %u, groups %u, matched %u (numbers alike %u)\n",
		logs.machines, logs.groups, logs.matched, logs.numbered);
	assert_int_equal(full.matched, full.groups);
	if (full.matched < FULL_LEAST)
		fail_msg("%u matched before", FULL_LEAST);
	if (logs.matched < LOGS_LEAST)
		fail_msg("of boot logs %u matched before", LOGS_LEAST);
}

static struct arena *arena;
static VEC(struct capture) captures;

static int by_name(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* Names in a folder, sorted, without those that begin with a dot. */
static strings list(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	strings names = { 0 };

	while (d && (e = readdir(d)))
		if (*e->d_name != '.')
			*vec_push(arena, &names) = arena_strdup(arena, e->d_name);
	if (d)
		closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	return names;
}

static struct capture *add(const char *name, bool log)
{
	struct capture *c = vec_push(arena, &captures);

	c->name = arena_strdup(arena, name);
	c->log = log;
	c->files = arena_alloc(arena, 8 * sizeof(*c->files));
	return c;
}

static void add_file(struct capture *c, const char *dir, const char *name)
{
	char **at = c->files;

	while (*at)
		at++;
	if (at < c->files + 7)
		*at = arena_printf(arena, "%s/%s", dir, name);
}

/* Each listing is a machine, or a boot of one; a log beside it is of the same. */
static void add_listings(const char *top)
{
	const char *dir = arena_printf(arena, "%s/lspci", top);
	strings all = list(dir);

	vec_foreach(n, &all) {
		const char *sub = arena_printf(arena, "%s/%s", dir, *n);
		strings files = list(sub);

		vec_foreach(f, &files) {
			struct capture *c;

			if (!ends_with(*f, ".txt") || after_prefix(*f, "dmesg"))
				continue;
			c = add(arena_printf(arena, "%s/%s", *n, *f), false);
			add_file(c, sub, *f);
		}
	}
}

static void add_machines(const char *top)
{
	static const char *const parts[] = { "lspci.log", "dmesg.log", "cpuinfo.log",
					     "DMAR.dat", "IVRS.dat" };
	const char *dir = arena_printf(arena, "%s/machines", top);
	strings all = list(dir);

	vec_foreach(n, &all) {
		const char *sub = arena_printf(arena, "%s/%s", dir, *n);
		struct capture *c = add(*n, false);

		for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
			if (access(arena_printf(arena, "%s/%s", sub, parts[i]), R_OK) ==
			    0)
				add_file(c, sub, parts[i]);
	}
}

static void add_logs(const char *top)
{
	const char *dir = arena_printf(arena, "%s/dmesg", top);
	strings all = list(dir);

	vec_foreach(n, &all)
		if (ends_with(*n, ".gz"))
			add_file(add(*n, true), dir, *n);
}

int main(int argc, char **argv)
{
	const char *top = captures_dir(argc, argv);
	struct CMUnitTest *tests;
	size_t n = 0;
	int r;

	if (!top)
		return 77;
	arena = arena_new();
	add_machines(top);
	add_listings(top);
	add_logs(top);
	tests = arena_alloc(arena, (captures.n + 1) * sizeof(*tests));
	vec_foreach(c, &captures)
		tests[n++] = (struct CMUnitTest){ .name = c->name,
						  .test_func = test_capture,
						  .initial_state = c };
	tests[n++] = (struct CMUnitTest){ .name = "all of them", .test_func = test_sum };
	r = _cmocka_run_group_tests("groups-captures", tests, n, NULL, NULL);
	arena_free(arena);
	return r;
}
