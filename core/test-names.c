/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include <pci/pci.h>

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
		/* Its own name is the end of the long one, but for its vendor's. */
		if (strstr(c->device, " Device ") || streq(c->device, c->device_number))
			assert_string_equal(names_model(n, a, &fn), c->device_number);
		else
			assert_true(ends_with(c->device, names_model(n, a, &fn)) &&
				    strlen(names_model(n, a, &fn)) < strlen(c->device));
	}
	assert_string_equal(names_device(NULL, a, &fn), c->device_number);
	assert_string_equal(names_model(NULL, a, &fn), c->device_number);
	assert_string_equal(names_class(NULL, a, &fn), c->class_number);
	names_close(n);
}

static void say_nothing(char *fmt, ...)
{
	(void)fmt;
}

/* libpci with its own list; lspci asks udev's hwdb for what that does not have. */
static struct pci_access *open_oracle(void)
{
	struct pci_access *p = pci_alloc();

	assert_non_null(p);
	p->id_lookup_mode = 0;
	p->debug = p->warning = say_nothing; /* pci_init() would, but needs a PCI bus */
	assert_true(pci_load_name_list(p));
	return p;
}

static void check_device(struct names *n, struct arena *a, struct pci_access *oracle,
			 unsigned vendor, unsigned device)
{
	struct pci_fn fn = { .id = { .vendor = vendor, .device = device } };
	char want[1024], numbers[32];
	const char *got = names_device(n, a, &fn);

	pci_lookup_name(oracle, want, sizeof(want),
			PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB,
			(int)vendor, (int)device);
	/* Of what nobody knows, lspci says "Device fff0:fffe". */
	snprintf(numbers, sizeof(numbers), "Device %04x:%04x", vendor, device);
	assert_string_equal(got,
			    streq(want, numbers) ? numbers + strlen("Device ") : want);
}

/* Every device that libpci's own reading of pci.ids finds, and one that it does not. */
static void test_all_devices(void **state)
{
	struct pci_access *oracle;
	AUTOARENA struct arena *a = arena_new();
	unsigned vendor = 0, device, n_devices = 0;
	struct names *n;
	char line[1024];
	FILE *f;

	(void)state;
	if (!names_known)
		skip();
	oracle = open_oracle();
	n = names_open();
	f = fopen(oracle->id_file_name, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && !after_prefix(line, "C ")) {
		if (line[0] != '\t' && sscanf(line, "%4x  ", &vendor) == 1)
			continue;
		if (line[0] != '\t' || line[1] == '\t' ||
		    sscanf(line, "\t%4x", &device) != 1)
			continue;
		check_device(n, a, oracle, vendor, device);
		n_devices++;
	}
	check_device(n, a, oracle, 0x8086, 0xfffe);
	check_device(n, a, oracle, 0xfff0, 0xfffe);
	print_message("%u devices\n", n_devices);
	assert_true(n_devices > 10000);
	fclose(f);
	names_close(n);
	pci_cleanup(oracle);
}

static void test_all_classes(void **state)
{
	struct pci_access *oracle;
	AUTOARENA struct arena *a = arena_new();
	struct names *n;

	(void)state;
	if (!names_known)
		skip();
	oracle = open_oracle();
	n = names_open();
	for (unsigned base = 0; base < 0x100; base++) {
		for (unsigned sub = 0; sub < 0x100; sub += sub < 0x20 ? 1 : 0x5f) {
			struct pci_fn fn = { .id.class = base << 16 | sub << 8 };
			char want[1024];

			pci_lookup_name(oracle, want, sizeof(want),
					PCI_LOOKUP_CLASS | PCI_LOOKUP_NO_HWDB,
					(int)(base << 8 | sub));
			assert_string_equal(names_class(n, a, &fn), want);
		}
	}
	names_close(n);
	pci_cleanup(oracle);
}

/* Names lead back to their ids, or to the reason: several devices have the name. */
static void test_found_again(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	unsigned vendor = 0, device, found = 0, several = 0, all = 0;
	struct names *n;
	char line[1024];
	FILE *f;

	(void)state;
	if (!names_known)
		skip();
	n = names_open();
	f = fopen("/usr/share/misc/pci.ids", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) && !after_prefix(line, "C ")) {
		struct pci_fn fn = { 0 };
		struct names_ids ids;

		if (line[0] != '\t' && sscanf(line, "%4x  ", &vendor) == 1)
			continue;
		if (line[0] != '\t' || line[1] == '\t' ||
		    sscanf(line, "\t%4x", &device) != 1)
			continue;
		all++;
		fn.id.vendor = vendor;
		fn.id.device = device;
		ids = names_find_device(n, a, names_device(n, a, &fn));
		if (ids.why)
			several += strstr(ids.why, "several") != NULL;
		else if (ids.vendor == vendor && ids.device == device)
			found++;
	}
	fclose(f);
	names_close(n);
	print_message("%u devices found by name, %u share theirs\n", found, several);
	assert_true(found > several);
	/* A few begin with the rest of a longer vendor's name. */
	assert_true(found + several + 16 >= all);
}

struct found_case {
	const char *name, *text;
	int64_t vendor, device;
	const char *why;            /* a part of it */
	const struct pci_ident *of; /* NULL: not a subsystem */
};

static void test_found(void **state)
{
	const struct found_case *c = *state;
	AUTOARENA struct arena *a = arena_new();
	struct names *n = names_open();
	struct names_ids ids;

	if (!names_known)
		skip();
	ids = c->of ? names_find_subsystem(n, a, c->of, c->text)
		    : names_find_device(n, a, c->text);
	assert_int_equal(ids.vendor, c->vendor);
	assert_int_equal(ids.device, c->device);
	assert_int_equal(ids.why != NULL, c->why != NULL);
	if (c->why && !strstr(ids.why, c->why))
		fail_msg("%s", ids.why);
	names_close(n);
}

static void test_find_nothing(void **state)
{
	AUTOARENA struct arena *a = arena_new();
	struct names_ids ids = names_find_device(NULL, a, "Intel Corporation X");

	(void)state;
	assert_int_equal(ids.vendor, -1);
	assert_non_null(strstr(ids.why, "not installed"));
	assert_int_equal(names_find_class(NULL, "PCI bridge", 10), -1);
}

static void test_find_class(void **state)
{
	struct names *n = names_open();

	(void)state;
	if (!names_known)
		skip();
	assert_int_equal(names_find_class(n, "PCI bridge: X", 10), 0x0604);
	assert_int_equal(names_find_class(n, "VGA compatible controller", 25), 0x0300);
	assert_int_equal(names_find_class(n, "VGA compatible", 14), -1);
	names_close(n);
}

/* What `pcipass list` pays before the first name; libpci's list costs 10 ms. */
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
	print_message("pci.ids found in %.1f ms\n", ms);
	assert_true(ms < 100);
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
	  "Intel Corporation Device fffe", "Non-Volatile memory controller",
	  "8086:fffe", "Class 0108" },
	{ "nobody knows it", { 0xfff0, 0xfffe, 0, 0, 0xfd7700 },
	  "fff0:fffe", "Class fd77",
	  "fff0:fffe", "Class fd77" },
};

static const struct pci_ident nic = { .vendor = 0x8086, .device = 0x10d3 };
static struct found_case found_cases[] = {
	{ "a device's name", "NVIDIA Corporation GP104 [GeForce GTX 1070]", 0x10de, 0x1b81 },
	{ "a device without name", "Intel Corporation Device fffe", 0x8086, 0xfffe },
	{ "the longest vendor's name", "Advanced Micro Devices, Inc. [AMD/ATI] Device fffe",
	  0x1002, 0xfffe },
	{ "a vendor's name alone", "Intel Corporation", 0x8086, -1, "does not have" },
	{ "a name inside a word", "Intel CorporationX Device fffe", -1, -1, "does not have" },
	{ "an unknown device's name", "Intel Corporation Quantum", 0x8086, -1, "does not have" },
	{ "nothing", "", -1, -1, "does not have" },
	{ "a subsystem without name", "ASUSTeK Computer Inc. Device 8694", 0x1043, 0x8694, NULL, &nic },
	{ "a subsystem's name", "Hewlett-Packard Company NC112T PCI Express single Port Gigabit Server Adapter",
	  0x103c, 0x3250, NULL, &nic },
	{ "a subsystem with the device's own name", "Dell 82574L Gigabit Network Connection", 0x1028, -1,
	  "does not have", &nic },
};
/* clang-format on */

int main(void)
{
	static const struct CMUnitTest whole[] = {
		cmocka_unit_test(test_all_devices),  cmocka_unit_test(test_all_classes),
		cmocka_unit_test(test_names_time),   cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_find_nothing), cmocka_unit_test(test_find_class),
	};
	struct CMUnitTest
		tests[ARRAY_SIZE(cases) + ARRAY_SIZE(whole) + ARRAY_SIZE(found_cases)];

	names_known = access("/usr/share/misc/pci.ids", R_OK) == 0;
	if (!names_known)
		print_message("without pci.ids: only numbers are tested\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_names,
						.initial_state = &cases[i] };
	memcpy(tests + ARRAY_SIZE(cases), whole, sizeof(whole));
	for (size_t i = 0; i < ARRAY_SIZE(found_cases); i++)
		tests[ARRAY_SIZE(cases) + ARRAY_SIZE(whole) + i] =
			(struct CMUnitTest){ .name = found_cases[i].name,
					     .test_func = test_found,
					     .initial_state = &found_cases[i] };
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
