/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every rule has a case whose check raises it, and one whose check does not. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/finding.h"
#include "scenarios/scenario.h"

/* What all cases say about rules. */
static struct arena *arena;
static strings raised, absent;

struct rule_case {
	const char *name;
	const char *rule; /* NULL: every name that @said has is a rule's */
	const strings *said;
};

static void add_names(strings *ret, const json_t *names)
{
	const json_t *item;
	size_t i;

	json_array_foreach(names, i, item) * vec_push(arena, ret) =
		arena_strdup(arena, json_string_value(item));
}

/* Of the steps named check, wherever a case has them. */
static void read_steps(const json_t *at)
{
	const json_t *expect = json_object_get(at, "expect"), *item;
	const char *key;
	size_t i;

	if (json_object_get(at, "check")) {
		add_names(&raised, json_object_get(expect, "findings"));
		add_names(&absent, json_object_get(expect, "not"));
	}
	json_array_foreach(at, i, item) read_steps(item);
	json_object_foreach((json_t *)(uintptr_t)at, key, item) read_steps(item);
}

static bool read_cases(const char *folder)
{
	DIR *dir = opendir(folder);

	if (!dir)
		return false;
	for (struct dirent *d; (d = readdir(dir));) {
		struct scenario s;
		struct err e = { "" };

		if (!ends_with(d->d_name, ".json"))
			continue;
		if (scenario_load(arena_printf(arena, "%s/%s", folder, d->d_name), &s,
				  &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			closedir(dir);
			return false;
		}
		read_steps(s.root);
		scenario_free(&s);
	}
	closedir(dir);
	return true;
}

static void test_rule(void **state)
{
	const struct rule_case *c = *state;

	if (c->rule && !strings_have(c->said, c->rule))
		fail_msg("no check of scenarios/cases says so");
	if (!c->rule)
		vec_foreach(name, c->said)
			if (!rule_find(*name))
				fail_msg("there is no rule \"%s\"", *name);
}

/* argv[1]: the folder of cases. */
int main(int argc, char **argv)
{
	size_t n = 0, most = 2 * n_rules + 2;
	struct CMUnitTest *tests;
	struct rule_case *rows;
	int failed;

	arena = arena_new();
	if (!read_cases(argc > 1 ? argv[1] : "scenarios/cases"))
		return 1;
	tests = arena_alloc(arena, most * sizeof(*tests));
	rows = arena_alloc(arena, most * sizeof(*rows));
	for (size_t i = 0; i < n_rules; i++) {
		const char *id = rules[i].id;

		rows[n++] = (struct rule_case){ arena_printf(arena, "%s is raised", id),
						id, &raised };
		rows[n++] = (struct rule_case){ arena_printf(arena, "%s is absent", id),
						id, &absent };
	}
	rows[n++] = (struct rule_case){ "findings are rules", NULL, &raised };
	rows[n++] =
		(struct rule_case){ "what must not be found is a rule", NULL, &absent };
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
						.test_func = test_rule,
						.initial_state = &rows[i] };
	failed = _cmocka_run_group_tests("rules", tests, n, NULL, NULL);
	arena_free(arena);
	return failed;
}
