/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/cells.h"

#define SEEDS 20

/* Axes, what cannot be, and how many cells and pairs there are. */
struct cells_case {
	const char *name;
	const char *values[CELL_AXES]; /* each axis's, separated by blanks */
	const struct cell_rule *rules;
	size_t all, pairs, least;
	size_t most; /* cells in a drawn set */
};

static struct cell_axes read_axes(struct arena *a, const struct cells_case *c)
{
	struct cell_axes axes = { .rules = c->rules };

	for (enum cell_axis x = 0; x < CELL_AXES; x++) {
		char *text = arena_strdup(a, c->values[x]), *rest = text, *word;

		while ((word = strsep(&rest, " ")))
			if (*word)
				*vec_push(a, &axes.values[x]) = word;
	}
	return axes;
}

/* Counted in another way than cells.c does. */
static size_t count_pairs(struct arena *a, const cells *set)
{
	strings pairs = { 0 };

	vec_foreach(c, set)
		for (enum cell_axis x = 0; x < CELL_AXES; x++)
			for (enum cell_axis y = x + 1; y < CELL_AXES; y++) {
				const char *pair = arena_printf(a, "%u=%s %u=%s", x,
								cell_value(c, x), y,
								cell_value(c, y));
				bool there = false;

				vec_foreach(p, &pairs)
					there |= streq(*p, pair);
				if (!there)
					*vec_push(a, &pairs) = pair;
			}
	return pairs.n;
}

static void check_set(const struct cells_case *c, const struct cell_axes *axes,
		      struct arena *a, uint64_t seed, size_t *most)
{
	cells set = { 0 }, again = { 0 };
	struct cells_cover cover;

	cells_pairs(axes, seed, a, &set);
	cells_pairs(axes, seed, a, &again);
	cover = cells_cover(axes, &set);
	assert_int_equal(cover.pairs, c->pairs);
	assert_int_equal(cover.covered, c->pairs);
	assert_int_equal(cover.least, c->least);
	assert_int_equal(count_pairs(a, &set), c->pairs);
	assert_int_equal(set.n, again.n);
	for (size_t i = 0; i < set.n; i++) {
		assert_null(cell_impossible(c->rules, &set.v[i]));
		assert_true(cell_same(&set.v[i], &again.v[i]));
		for (size_t k = 0; k < i; k++)
			assert_false(cell_same(&set.v[i], &set.v[k]));
	}
	if (set.n > *most)
		*most = set.n;
}

static void test_cells(void **state)
{
	const struct cells_case *c = *state;
	struct arena *a = arena_new();
	struct cell_axes axes = read_axes(a, c);
	cells all = { 0 };
	size_t most = 0;

	cells_all(&axes, a, &all);
	assert_int_equal(all.n, c->all);
	vec_foreach(one, &all)
		assert_null(cell_impossible(c->rules, one));
	assert_int_equal(count_pairs(a, &all), c->pairs);
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		check_set(c, &axes, a, seed, &most);
	print_message("# %zu cells, %zu pairs: drawn %zu at most, %zu at least\n", c->all,
		      c->pairs, most, c->least);
	assert_int_equal(most, c->most);
	arena_free(a);
}

static const struct cell_rule odd[] = {
	{ { .iommu = "i1", .firmware = "f1" }, "so it is" },
	{ { .kernel = "k1", .topology = "t2" }, "so is this" },
	{ { .kernel = "k2", .iommu = "i2", .topology = "t1" }, "three together" },
	{ { .topology = "t3" }, "no such card" },
	{ { NULL }, NULL },
};

static const struct cells_case cases[] = {
	/* clang-format off */
	{ "the lab's", { "6.1 6.12 7.3", "intel amd virtio none", "seabios ovmf", "a b c d e f g" },
	  cell_rules, 150, 88, 28, 28 },
	{ "one kernel", { "6.1", "intel amd virtio none", "seabios ovmf", "a b c d e f g" },
	  cell_rules, 42, 53, 21, 21 },
	{ "whatever is asked for", { "6.1 6.12 7.3", "intel amd virtio none", "seabios ovmf", "a b c d e f g" },
	  NULL, 168, 89, 28, 28 },
	{ "more rules", { "k1 k2", "i1 i2", "f1 f2", "t1 t2 t3" }, odd, 7, 22, 4, 6 },
	{ "all alike", { "1 2 3 4 5", "1 2 3 4 5", "1 2 3 4 5", "1 2 3 4 5" }, NULL, 625, 150, 25, 30 },
	{ "one cell", { "6.1", "intel", "ovmf", "a" }, cell_rules, 1, 6, 1, 1 },
	{ "none that can be", { "6.1", "virtio", "ovmf", "a" }, cell_rules, 0, 0, 0, 0 },
	{ "an empty axis", { "6.1", "intel", "", "a" }, cell_rules, 0, 0, 0, 0 },
	/* clang-format on */
};

/* What a seed gives is the same on every machine: the numbers, and the set. */
static void test_seed(void **state)
{
	static const uint64_t numbers[] = { 6457827717110365317u, 3203168211198807973u,
					    9817491932198370423u };
	static const struct cells_case c = { .values = { "1 2", "i a", "s o", "x y" } };
	struct arena *a = arena_new();
	struct cell_axes axes = read_axes(a, &c);
	uint64_t seed = 1234567;
	const char *text = "";
	cells set = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_true(splitmix64(&seed) == numbers[i]);
	cells_pairs(&axes, 7, a, &set);
	vec_foreach(one, &set)
		text = arena_printf(a, "%s%s|", text, cell_name(a, one));
	assert_string_equal(text, "2 a o x|1 a s y|1 i o x|2 i s y|1 a s x|2 i o y|");
	arena_free(a);
}

static void test_reason(void **state)
{
	const struct cell c = { "6.1", "virtio", "ovmf", "a" };

	(void)state;
	assert_string_equal(cell_impossible(cell_rules, &c),
			    "Debian 6.1 has no virtio-iommu");
	assert_null(cell_impossible(NULL, &c));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 2];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
						  .test_func = test_cells,
						  .initial_state =
							  (void *)(uintptr_t)&cases[i] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_seed);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_reason);
	return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
