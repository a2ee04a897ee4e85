/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench-twin FIXTURE GPU - the whole line in process (plan + apply + reboot + verify +
 * undo) on a recorded machine that is filled up to 40, 300, 3,000 and 10,000 functions.
 * Fails if the cost of a function grows with their number: ratios decide, times are only
 * reported.
 */
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include <pci/header.h>

#include "core/inventory.h"
#include "core/machine-json.h"
#include "fakesys/sim.h"
#include "core/verbs.h"
#include "scenarios/fill.h"

/* More than this, and cost is not linear in functions (design.md section 8). */
#define MAX_GROWTH 2.0

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Not getrusage(2): that counts what our parent had before it started us. */
static double peak_mib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char text[128];
	double kib = 0;

	while (f && fgets(text, sizeof(text), f))
		if (sscanf(text, "VmHWM: %lf", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / 1024;
}

static int line(struct sim *s, const char *gpu)
{
	struct request r = { .devices = &gpu,
			     .n_devices = 1,
			     .apply = { .now = 1700000000 } };
	struct host h = sim_host(s);
	const struct boot_report *boot;
	AUTOMACHINE struct machine *m = NULL;
	json_t *report = NULL;
	struct err e = { "" };
	int status = verb_apply(&h, &r, &report, &e);

	json_decref(report);
	report = NULL;
	if (!status)
		status = sim_reboot(s, &boot, &e);
	if (!status)
		status = inventory_read(&h, INV_FUNCTIONS, &m, &e);
	if (!status)
		status = verb_verify(m, &r, &report, &e);
	json_decref(report);
	report = NULL;
	if (!status)
		status = verb_undo(&h, &r, &report, &e);
	json_decref(report);
	if (status)
		fprintf(stderr, "bench-twin: %s\n", e.text);
	return status;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 40, 300, 3000, 10000 };
	double per_fn_small = 0, growth = 0;
	struct err e = { "" };

	if (argc != 3) {
		fprintf(stderr, "usage: bench-twin FIXTURE GPU\n");
		return 2;
	}
	/*
	 * Memory stays with the process, so that rounds compare work: giving large pieces
	 * back and faulting them in again costs more than all else, on a busy machine.
	 */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	printf("%10s %12s %14s %10s\n", "functions", "ms", "us/function", "peak MiB");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct machine *m = NULL;
		double best = 1e9, per_fn;
		int rounds = sizes[i] < 1000 ? 20 : 5;

		if (machine_load(argv[1], &m, &e) < 0) {
			fprintf(stderr, "bench-twin: %s\n", e.text);
			return 1;
		}
		machine_fill(m, sizes[i]);
		if (machine_finish(m, &e) < 0)
			return 1;
		for (int k = 0; k < rounds; k++) {
			struct sim *s = NULL;
			double start;

			if (sim_new(m, NULL, &s, &e) < 0) {
				fprintf(stderr, "bench-twin: %s\n", e.text);
				return 1;
			}
			start = now();
			if (line(s, argv[2]))
				return 1;
			best = now() - start < best ? now() - start : best;
			sim_free(s);
		}
		per_fn = best * 1e3 / (double)m->fns.n;
		printf("%10zu %12.2f %14.2f %10.1f\n", m->fns.n, best, per_fn,
		       peak_mib());
		if (sizes[i] == 300)
			per_fn_small = per_fn;
		growth = per_fn / (per_fn_small > 0 ? per_fn_small : per_fn);
		machine_free(m);
	}
	printf("cost of a function at 10,000 against 300: %.2f times\n", growth);
	return growth > MAX_GROWTH;
}
