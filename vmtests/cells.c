/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmtests/cells.h"

/*
 * Of four axes of five values one try gives up to 33 cells, 16 give 30 and 64 give 29; on
 * the lab's axes the first is as small as can be.
 */
#define TRIES 16

/* viot.c and virtio-iommu.c: it knows no address of such a bridge's, and probing fails.
 */
#define GIVES_UP                                                                         \
	"Linux 7.3 gives virtio-iommu up behind bridges to PCI, when drivers have "      \
	"waited "                                                                        \
	"long enough"

const struct cell_rule cell_rules[] = {
	{ { .kernel = "6.1", .iommu = "virtio" }, "Debian 6.1 has no virtio-iommu" },
	{ { .kernel = "7.3", .iommu = "virtio", .topology = "a" }, GIVES_UP },
	{ { .kernel = "7.3", .iommu = "virtio", .topology = "e" }, GIVES_UP },
	{ { NULL }, NULL },
};

const char *cell_value(const struct cell *c, enum cell_axis axis)
{
	const char *const values[CELL_AXES] = {
		[CELL_KERNEL] = c->kernel,
		[CELL_IOMMU] = c->iommu,
		[CELL_FIRMWARE] = c->firmware,
		[CELL_TOPOLOGY] = c->topology,
	};

	return values[axis];
}

bool cell_same(const struct cell *a, const struct cell *b)
{
	for (enum cell_axis x = 0; x < CELL_AXES; x++)
		if (!streq(cell_value(a, x), cell_value(b, x)))
			return false;
	return true;
}

const char *cell_name(struct arena *a, const struct cell *c)
{
	return arena_printf(a, "%s %s %s %s", c->kernel, c->iommu, c->firmware,
			    c->topology);
}

static bool rule_matches(const struct cell_rule *rule, const struct cell *c)
{
	for (enum cell_axis x = 0; x < CELL_AXES; x++) {
		const char *want = cell_value(&rule->match, x);

		if (want && !streq(want, cell_value(c, x)))
			return false;
	}
	return true;
}

const char *cell_impossible(const struct cell_rule *rules, const struct cell *c)
{
	for (const struct cell_rule *rule = rules; rule && rule->reason; rule++)
		if (rule_matches(rule, c))
			return rule->reason;
	return NULL;
}

void cells_all(const struct cell_axes *axes, struct arena *a, cells *ret)
{
	const strings *v = axes->values;

	vec_foreach(kernel, &v[CELL_KERNEL])
		vec_foreach(iommu, &v[CELL_IOMMU])
			vec_foreach(firmware, &v[CELL_FIRMWARE])
				vec_foreach(topology, &v[CELL_TOPOLOGY]) {
					struct cell c = { *kernel, *iommu, *firmware,
							  *topology };

					if (!cell_impossible(axes->rules, &c))
						*vec_push(a, ret) = c;
				}
}

/* Pairs of values are numbered, those of two axes side by side. */
#define PAIRS_OF_CELL (CELL_AXES * (CELL_AXES - 1) / 2)

struct candidate {
	struct cell cell;
	size_t pairs[PAIRS_OF_CELL];
};
typedef VEC(struct candidate) candidates;

static size_t value_index(const strings *values, const char *value)
{
	size_t i = 0;

	while (i < values->n && !streq(values->v[i], value))
		i++;
	return i;
}

static struct candidate number_pairs(const struct cell_axes *axes, const struct cell *c)
{
	struct candidate k = { .cell = *c };
	size_t first = 0, n = 0, at[CELL_AXES];

	for (enum cell_axis x = 0; x < CELL_AXES; x++)
		at[x] = value_index(&axes->values[x], cell_value(c, x));
	for (enum cell_axis x = 0; x < CELL_AXES; x++)
		for (enum cell_axis y = x + 1; y < CELL_AXES; y++) {
			size_t width = axes->values[y].n;

			k.pairs[n++] = first + at[x] * width + at[y];
			first += axes->values[x].n * width;
		}
	return k;
}

static candidates find_candidates(const struct cell_axes *axes, struct arena *a)
{
	candidates found = { 0 };
	cells all = { 0 };

	cells_all(axes, a, &all);
	vec_foreach(c, &all)
		*vec_push(a, &found) = number_pairs(axes, c);
	return found;
}

/* A byte for every pair. */
static bool *no_pairs(const struct cell_axes *axes, struct arena *a)
{
	size_t n = 0;

	for (enum cell_axis x = 0; x < CELL_AXES; x++)
		for (enum cell_axis y = x + 1; y < CELL_AXES; y++)
			n += axes->values[x].n * axes->values[y].n;
	return arena_alloc(a, n + 1);
}

static size_t count_new(const bool *have, const struct candidate *k)
{
	size_t n = 0;

	for (size_t i = 0; i < PAIRS_OF_CELL; i++)
		n += !have[k->pairs[i]];
	return n;
}

/* How many of its pairs are new; they no longer are. */
static size_t take(bool *have, const struct candidate *k)
{
	size_t n = count_new(have, k);

	for (size_t i = 0; i < PAIRS_OF_CELL; i++)
		have[k->pairs[i]] = true;
	return n;
}

static void shuffle(candidates *all, uint64_t *state)
{
	for (size_t i = all->n; i > 1; i--) {
		size_t other = (size_t)(splitmix64(state) % i);
		struct candidate k = all->v[i - 1];

		all->v[i - 1] = all->v[other];
		all->v[other] = k;
	}
}

/* Always the cell with the most new pairs; of equal ones the first. */
static cells draw(const struct cell_axes *axes, const candidates *all, struct arena *a)
{
	bool *have = no_pairs(axes, a);
	cells drawn = { 0 };

	for (;;) {
		const struct candidate *best = NULL;
		size_t most = 0;

		vec_foreach(k, all) {
			size_t n = count_new(have, k);

			if (n > most) {
				most = n;
				best = k;
			}
		}
		if (!best)
			return drawn;
		take(have, best);
		*vec_push(a, &drawn) = best->cell;
	}
}

void cells_pairs(const struct cell_axes *axes, uint64_t seed, struct arena *a, cells *ret)
{
	AUTOARENA struct arena *scratch = arena_new();
	candidates all = find_candidates(axes, scratch);
	cells best = { 0 };

	for (unsigned i = 0; i < TRIES; i++) {
		cells drawn;

		shuffle(&all, &seed);
		drawn = draw(axes, &all, scratch);
		if (!i || drawn.n < best.n)
			best = drawn;
	}
	vec_foreach(c, &best)
		*vec_push(a, ret) = *c;
}

struct cells_cover cells_cover(const struct cell_axes *axes, const cells *set)
{
	AUTOARENA struct arena *a = arena_new();
	candidates all = find_candidates(axes, a);
	bool *can = no_pairs(axes, a), *have = no_pairs(axes, a);
	size_t of_axes[PAIRS_OF_CELL] = { 0 };
	struct cells_cover cover = { 0 };

	vec_foreach(k, &all)
		for (size_t i = 0; i < PAIRS_OF_CELL; i++) {
			of_axes[i] += !can[k->pairs[i]];
			can[k->pairs[i]] = true;
		}
	vec_foreach(c, set) {
		struct candidate k = number_pairs(axes, c);

		cover.covered += take(have, &k);
	}
	/* A cell has one pair of any two axes. */
	for (size_t i = 0; i < PAIRS_OF_CELL; i++) {
		cover.pairs += of_axes[i];
		if (of_axes[i] > cover.least)
			cover.least = of_axes[i];
	}
	return cover;
}
