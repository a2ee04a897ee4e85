/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Canonical trees of real kernels, tree-NAME.txt with the boot's dmesg-NAME.txt beside
 * it, in the folder that PCIPASS_TREES names: what the importer makes of them is compared
 * with the lines themselves.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-captures.h"
#include "fakesys/import.h"
#include "fakesys/lint.h"

static void add(struct machine *m, const char *path, struct blob b)
{
	struct err e = { "" };

	if (import_add(m, path, b, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

/* Lines that begin with @lead and have no slash in the name behind it. */
static unsigned count_lines(const char *text, const char *lead)
{
	unsigned n = 0;

	for (const char *line = text; *line; line = strchrnul(line, '\n') + 1) {
		const char *name = after_prefix(line, lead);

		n += name && *name != ' ' && name[strcspn(name, "/ \n")] == ' ';
		if (!*strchrnul(line, '\n'))
			break;
	}
	return n;
}

static void test_tree(void **state)
{
	const char *path = *state, *text, *log;
	AUTOMACHINE struct machine *m = machine_new();
	struct blob b = read_capture(m->arena, path), boot;
	lint_notes notes = { 0 };
	struct err e = { "" };

	assert_non_null(b.data);
	text = (const char *)b.data;
	log = arena_printf(m->arena, "%.*s/dmesg-%s", (int)(path_name(path) - 1 - path),
			   path, path_name(path) + strlen("tree-"));
	boot = read_capture(m->arena, log);
	add(m, path, b);
	if (boot.data)
		add(m, log, boot);
	if (import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(m->fns.n, count_lines(text, "L /sys/bus/pci/devices/"));
	assert_int_equal(m->groups.n, count_lines(text, "D /sys/kernel/iommu_groups/"));
	assert_int_equal(m->units.n, count_lines(text, "L /sys/class/iommu/"));
	vec_foreach(fn, &m->fns)
		assert_non_null(fn->reset);
	if (boot.data)
		assert_non_null(
			strstr((const char *)boot.data,
			       arena_printf(m->arena, "Linux version %s ", m->release)));
	lint_machine(m, m->arena, &notes);
	vec_foreach(n, &notes)
		if (n->error && !strstr(n->text, "does not look made up"))
			fail_msg("%s", n->text);
}

int main(void)
{
	const char *dir = getenv("PCIPASS_TREES");
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest tests[50];
	size_t n = 0;
	DIR *d = dir ? opendir(dir) : NULL;

	if (!d) {
		printf("1..0 # SKIP no trees: PCIPASS_TREES names no folder\n");
		return 77;
	}
	for (struct dirent *it; (it = readdir(d)) && n < ARRAY_SIZE(tests);)
		if (after_prefix(it->d_name, "tree-"))
			tests[n++] = (struct CMUnitTest){
				.name = arena_strdup(a, it->d_name),
				.test_func = test_tree,
				.initial_state =
					arena_printf(a, "%s/%s", dir, it->d_name),
			};
	closedir(d);
	return _cmocka_run_group_tests("import of real trees", tests, n, NULL, NULL);
}
