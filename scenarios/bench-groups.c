/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-groups FIXTURE - IOMMU groups computed on a recorded machine that is filled up to
 * 300, 3,000 and 10,000 functions. Fails if the cost of a function grows with their
 * number, or 10,000 take 50 ms.
 */
#include <stdio.h>
#include <time.h>

#include "core/grouping-verdict.h"
#include "core/machine-json.h"
#include "scenarios/fill.h"

#define MAX_GROWTH 2.0
#define MAX_MS 50.0
#define ROUNDS 10

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds of the best round, with a verdict for each function. */
static double measure(const struct machine *m, int *ret_groups)
{
	struct grouping_want want = { .kernel.config_acs = true };
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		AUTOARENA struct arena *a = arena_new();
		struct grouping g;
		double start = now();

		grouping_compute(m, &want, a, &g);
		(void)grouping_judge(&g);
		best = now() - start < best ? now() - start : best;
		*ret_groups = g.n_groups;
	}
	return best;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 300, 3000, 10000 };
	double small = 0, growth = 0, ms = 0;
	struct err e = { "" };

	if (argc != 2) {
		fprintf(stderr, "usage: bench-groups FIXTURE\n");
		return 2;
	}
	printf("%10s %8s %12s %14s\n", "functions", "groups", "ms", "us/function");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct machine *m = NULL;
		double per_fn;
		int groups;

		if (machine_load(argv[1], &m, &e) < 0 || machine_fill(m, sizes[i]) < 0 ||
		    machine_finish(m, &e) < 0) {
			fprintf(stderr, "bench-groups: %s\n", e.text);
			return 1;
		}
		ms = measure(m, &groups);
		per_fn = ms * 1e3 / (double)m->fns.n;
		printf("%10zu %8d %12.2f %14.2f\n", m->fns.n, groups, ms, per_fn);
		if (!i)
			small = per_fn;
		growth = per_fn / small;
		machine_free(m);
	}
	printf("cost of a function at 10,000 against 300: %.2f times\n", growth);
	return growth > MAX_GROWTH || ms > MAX_MS;
}
