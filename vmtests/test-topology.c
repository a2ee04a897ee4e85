/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vmtests/topology.h"

static char dir[] = "/tmp/test-topology.XXXXXX";
static const char *source; /* of vmtests/ */

/* A file's text; what is wrong with it, behind its name. */
struct bad_case {
	const char *name, *text, *error;
};

#define HEAD "{\"schema\": 1, \"about\": \"\", \"iommu\": \"intel\", \"devices\": "
#define DEVICE(text) HEAD "[{" text "}]}"
#define TWO(text)                                                                        \
	HEAD "[{\"kind\": \"pcie-root-port\", \"name\": \"p\", \"slot\": \"04.0\"}, "    \
	     "{\"kind\": \"e1000e\", \"name\": \"n\", \"on\": \"p\"}, {" text "}]}"

/* clang-format off */
static const struct bad_case bad[] = {
	{ "no JSON", "{", ":1: string or '}' expected near end of file" },
	{ "no object", "[]", ": Expected object, got array" },
	{ "no schema", "{\"about\": \"\"}", ": Object item not found: schema" },
	{ "another schema", "{\"schema\": 2, \"about\": \"\", \"iommu\": \"amd\", \"devices\": []}", ": schema: 2 is not known here" },
	{ "an unknown key", "{\"schema\": 1, \"about\": \"\", \"iommu\": \"amd\", \"devices\": [], \"x\": 1}", ": 1 object item(s) left unpacked: x" },
	{ "another IOMMU", "{\"schema\": 1, \"about\": \"\", \"iommu\": \"arm\", \"devices\": []}",
	  ": an IOMMU is intel, amd, virtio or none, not arm" },
	{ "another firmware", "{\"schema\": 1, \"about\": \"\", \"iommu\": \"amd\", \"firmware\": \"uboot\", \"devices\": []}",
	  ": a firmware is seabios or ovmf, not uboot" },
	{ "no list of devices", HEAD "{}}", ": devices: must be a list" },
	{ "no kind", DEVICE("\"slot\": \"04.0\""), ": devices[0]: Object item not found: kind" },
	{ "an unknown kind", DEVICE("\"kind\": \"gpu\""), ": devices[0]: kind: the lab has no gpu" },
	{ "an unknown key of a device", DEVICE("\"kind\": \"edu\", \"bus\": 1"), ": devices[0]: 1 object item(s) left unpacked: bus" },
	{ "no slot", DEVICE("\"kind\": \"edu\", \"slot\": \"x\""), ": devices[0]: slot: x is no slot and function as 04.1" },
	{ "a slot too many", DEVICE("\"kind\": \"edu\", \"slot\": \"20.0\""), ": devices[0]: slot: 20.0 is no slot and function as 04.1" },
	{ "a function too many", DEVICE("\"kind\": \"edu\", \"slot\": \"04.8\""), ": devices[0]: slot: 04.8 is no slot and function as 04.1" },
	{ "more than a slot", DEVICE("\"kind\": \"edu\", \"slot\": \"04.0x\""), ": devices[0]: slot: 04.0x is no slot and function as 04.1" },
	{ "on nothing", TWO("\"kind\": \"edu\", \"on\": \"q\""), ": devices[2]: on: no device before it is called q" },
	{ "on a card", TWO("\"kind\": \"edu\", \"on\": \"n\""), ": devices[2]: on: n has no bus" },
	{ "a name twice", TWO("\"kind\": \"edu\", \"slot\": \"05.0\", \"name\": \"p\""), ": devices[2]: name: there are two p" },
	{ "a slot twice", TWO("\"kind\": \"edu\", \"slot\": \"04.0\""), ": devices[2]: slot: 04.0 is taken" },
	{ "a slot twice behind a port", TWO("\"kind\": \"edu\", \"on\": \"p\""), ": devices[2]: slot: 00.0 is taken" },
	{ "the slot of virtio's IOMMU", DEVICE("\"kind\": \"edu\", \"slot\": \"01.0\""), ": devices[0]: slot: 01 is the lab's own" },
	{ "the slot of the shared folder", DEVICE("\"kind\": \"edu\", \"slot\": \"1d.0\""), ": devices[0]: slot: 1d is the lab's own" },
	{ "no ACS and no name", DEVICE("\"kind\": \"ioh3420\", \"acs\": false"), ": devices[0]: acs: only a port with a name can be without" },
	{ "a card without ACS", DEVICE("\"kind\": \"edu\", \"name\": \"e\", \"acs\": false"), ": devices[0]: acs: only a port with a name can be without" },
	{ "data on no disk", DEVICE("\"kind\": \"edu\", \"data\": true"), ": devices[0]: data: a edu has none" },
	{ "options that are a list", DEVICE("\"kind\": \"edu\", \"options\": []"), ": devices[0]: options: must be an object" },
	{ "options that libvirt would not pass on", DEVICE("\"kind\": \"e1000\", \"options\": {}"), ": devices[0]: options: a e1000 takes none" },
};
/* clang-format on */

static void load(struct lab *l, const char *name, struct lab_topology *t)
{
	struct err e = { "" };

	if (topology_load(l, name, t, &e) < 0)
		fail_msg("%s", e.text);
}

static const char *write_file(struct arena *a, const char *name, const char *text)
{
	const char *path = arena_printf(a, "%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void test_bad(void **state)
{
	const struct bad_case *c = *state;
	struct lab l = { .arena = arena_new(), .data = source };
	struct lab_topology t = { .name = "as it was" };
	const char *path = write_file(l.arena, "bad.json", c->text);
	struct err e = { "" };

	assert_int_equal(topology_load(&l, path, &t, &e), -EINVAL);
	assert_string_equal(e.text, arena_printf(l.arena, "%s%s", path, c->error));
	assert_string_equal(t.name, "as it was");
	unlink(path);
	arena_free(l.arena);
}

static void test_missing(void **state)
{
	struct lab l = { .arena = arena_new(), .data = source };
	struct lab_topology t;
	struct err e = { "" };

	(void)state;
	assert_int_equal(topology_load(&l, "nonesuch", &t, &e), -ENOENT);
	assert_string_equal(e.text, "there is no topology nonesuch");
	assert_int_equal(topology_load(&l, "/nowhere/x.json", &t, &e), -ENOENT);
	assert_string_equal(e.text, "/nowhere/x.json: No such file or directory");
	arena_free(l.arena);
}

/* By name and by path, and each is what it was made for. */
static void test_all(void **state)
{
	struct lab l = { .arena = arena_new(), .data = source };
	glob_t g;

	(void)state;
	assert_int_equal(
		glob(arena_printf(l.arena, "%s/topologies/*.json", source), 0, NULL, &g),
		0);
	assert_true(g.gl_pathc >= 9);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *file = path_name(g.gl_pathv[i]);
		const char *name = arena_strndup(l.arena, file, strlen(file) - 5);
		struct lab_topology by_path, by_name;

		load(&l, g.gl_pathv[i], &by_path);
		load(&l, name, &by_name);
		assert_string_equal(by_path.name, name);
		assert_string_equal(by_name.name, name);
		assert_true(*by_path.about);
		assert_true(by_path.devices.n > 0);
		assert_int_equal(by_path.devices.n, by_name.devices.n);
		topology_done(&by_path);
		topology_done(&by_name);
		assert_int_equal(by_name.devices.n, 0);
	}
	globfree(&g);
	arena_free(l.arena);
}

static void test_fields(void **state)
{
	struct lab l = { .arena = arena_new(), .data = source };
	struct lab_topology t;

	(void)state;
	load(&l,
	     write_file(l.arena, "good.json",
			"{\"schema\": 1, \"about\": \"a\", \"iommu\": \"virtio\", "
			"\"firmware\": \"ovmf\", \"interrupt_remapping\": false, "
			"\"devices\": [{\"kind\": \"pcie-root-port\", \"name\": \"p\", "
			"\"slot\": \"1c.7\", \"multifunction\": true, \"acs\": false}, "
			"{\"kind\": \"igb\", \"on\": \"p\", \"options\": {\"x\": 1}}]}"),
	     &t);
	assert_string_equal(t.name, "good");
	assert_string_equal(t.iommu, "virtio");
	assert_string_equal(t.firmware, "ovmf");
	assert_false(t.interrupt_remapping);
	assert_int_equal(t.devices.v[0].slot, 0x1c);
	assert_int_equal(t.devices.v[0].fn, 7);
	assert_int_equal(t.devices.v[0].on, -1);
	assert_true(t.devices.v[0].multifunction && t.devices.v[0].no_acs);
	assert_int_equal(t.devices.v[1].on, 0);
	assert_int_equal(t.devices.v[1].slot, 0);
	assert_false(t.devices.v[1].multifunction || t.devices.v[1].no_acs);
	assert_int_equal(json_object_size(t.devices.v[1].options), 1);
	assert_true(topology_saves(&t));
	topology_done(&t);
	unlink(arena_printf(l.arena, "%s/good.json", dir));
	arena_free(l.arena);
}

static void test_change(void **state)
{
	struct lab l = { .arena = arena_new(), .data = source };
	struct lab_topology t;
	struct err e = { "" };

	(void)state;
	load(&l, "e", &t);
	assert_true(topology_saves(&t));
	assert_int_equal(topology_change(&t, NULL, NULL, &e), 0);
	assert_string_equal(t.iommu, "intel");
	assert_string_equal(t.firmware, "seabios");
	assert_int_equal(topology_change(&t, "none", "ovmf", &e), 0);
	assert_string_equal(t.iommu, "none");
	assert_string_equal(t.firmware, "ovmf");
	assert_int_equal(topology_change(&t, "x", "seabios", &e), -EINVAL);
	assert_string_equal(e.text, "an IOMMU is intel, amd, virtio or none, not x");
	assert_int_equal(topology_change(&t, "amd", "y", &e), -EINVAL);
	assert_string_equal(e.text, "a firmware is seabios or ovmf, not y");
	assert_string_equal(t.iommu, "none");
	assert_int_equal(topology_change(&t, "amd", NULL, &e), 0);
	assert_string_equal(t.firmware, "ovmf");
	assert_false(topology_saves(&t)); /* AMD's IOMMU */
	topology_done(&t);
	load(&l, "nested", &t);
	assert_false(topology_saves(&t)); /* NVMe */
	topology_done(&t);
	arena_free(l.arena);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(bad) + 4];
	size_t n = 0;
	int r;

	if (argc != 2 || !mkdtemp(dir)) {
		fputs("usage: test-topology SOURCE-OF-VMTESTS\n", stderr);
		return 1;
	}
	source = argv[1];
	for (; n < ARRAY_SIZE(bad); n++)
		tests[n] = (struct CMUnitTest){ .name = bad[n].name,
						.test_func = test_bad,
						.initial_state =
							(void *)(uintptr_t)&bad[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_missing);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_all);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_fields);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_change);
	r = cmocka_run_group_tests_name("topology", tests, NULL, NULL);
	(void)rmdir(dir);
	return r;
}
