/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "core/names.h"

/* Names that pci.ids has had for many years; the numbers are what must come without it.
 */
struct names_case {
	const char *name;
	struct pci_ident id;
	const char *device, *class;
	const char *device_number, *class_number;
};

static bool names_known; /* pci.ids is installed */

static void test_names(void **state)
{
	const struct names_case *c = *state;
	struct pci_fn fn = { .id = c->id };
	AUTOARENA struct arena *a = arena_new();
	struct names *n = names_open();

	assert_non_null(n);
	if (names_known) {
		assert_string_equal(names_device(n, a, &fn), c->device);
		assert_string_equal(names_class(n, a, &fn), c->class);
	}
	assert_string_equal(names_device(NULL, a, &fn), c->device_number);
	assert_string_equal(names_class(NULL, a, &fn), c->class_number);
	names_close(n);
}

/* lspci does the same in 1 to 2 ms; ten times that under sanitizers is still no wait. */
static void test_names_time(void **state)
{
	struct timespec start, end;
	struct names *n;
	double ms;

	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	n = names_open();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	names_close(n);
	ms = (double)(end.tv_sec - start.tv_sec) * 1e3 +
	     (double)(end.tv_nsec - start.tv_nsec) / 1e6;
	print_message("pci.ids loaded in %.1f ms\n", ms);
	assert_true(ms < 200);
	names_close(NULL);
}

/* clang-format off */
static struct names_case cases[] = {
	{ "graphics card", { 0x10de, 0x1b81, 0x1458, 0x3717, 0x030000 },
	  "NVIDIA Corporation GP104 [GeForce GTX 1070]", "VGA compatible controller",
	  "10de:1b81", "Class 0300" },
	{ "network card", { 0x8086, 0x10d3, 0, 0, 0x020000 },
	  "Intel Corporation 82574L Gigabit Network Connection", "Ethernet controller",
	  "8086:10d3", "Class 0200" },
	{ "unknown device of a known vendor", { 0x8086, 0xfffe, 0, 0, 0x0108ff },
	  "8086:fffe", "Non-Volatile memory controller",
	  "8086:fffe", "Class 0108" },
	{ "nobody knows it", { 0xfffe, 0xfffe, 0, 0, 0xfd7700 },
	  "fffe:fffe", "Class fd77",
	  "fffe:fffe", "Class fd77" },
};
/* clang-format on */

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];

	names_known = access("/usr/share/misc/pci.ids", R_OK) == 0 ||
		      access("/usr/share/misc/pci.ids.gz", R_OK) == 0;
	if (!names_known)
		print_message("without pci.ids: only numbers are tested\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_names,
						.initial_state = &cases[i] };
	tests[ARRAY_SIZE(cases)] = (struct CMUnitTest){ .name = "loads at once",
							.test_func = test_names_time };
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
