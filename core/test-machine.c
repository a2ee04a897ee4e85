/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-machine.h"

/*
 * 00:01.0 bridge to bus 1, 00:1c.0 bridge to bus 2, 01:00.0 and 01:00.1 a GPU, 02:00.0 a
 * network card with SR-IOV and VFs 02:10.0 and 03:00.0 (beyond its bus), 04:00.0 and
 * 04:01.0 of one id, 0001:01:00.0 in another domain.
 */
static struct machine *make_machine(void)
{
	struct machine *m = machine_new();
	struct pci_fn *fn;
	uint8_t *cfg;

	add_fn(m, "0001:01:00.0", 0x1b21, 0x1806, 0x0106, 9, NULL);
	fn = add_fn(m, "0000:00:01.0", 0x8086, 0x1901, PCI_CLASS_BRIDGE_PCI, 1,
		    "pcieport");
	cfg = (uint8_t *)(uintptr_t)fn->config.data;
	cfg[PCI_SECONDARY_BUS] = 1;
	cfg[PCI_SUBORDINATE_BUS] = 1;
	fn = add_fn(m, "0000:00:1c.0", 0x8086, 0xa294, PCI_CLASS_BRIDGE_PCI, 2,
		    "pcieport");
	cfg = (uint8_t *)(uintptr_t)fn->config.data;
	cfg[PCI_SECONDARY_BUS] = 2;
	cfg[PCI_SUBORDINATE_BUS] = 3;
	add_fn(m, "0000:01:00.1", 0x10de, 0x0bee, 0x0403, 1, "snd_hda_intel");
	fn = add_fn(m, "0000:01:00.0", 0x10de, 0x1244, 0x0300, 1, "nouveau");
	cfg = (uint8_t *)(uintptr_t)fn->config.data;
	cfg[PCI_REVISION_ID] = 0xa1;
	cfg[PCI_SUBSYSTEM_VENDOR_ID] = 0x62;
	cfg[PCI_SUBSYSTEM_VENDOR_ID + 1] = 0x14;
	cfg[PCI_SUBSYSTEM_ID] = 0x9d;
	cfg[PCI_SUBSYSTEM_ID + 1] = 0x80;
	add_fn(m, "0000:02:00.0", 0x8086, 0x10c9, 0x0200, 3, "igb");
	cfg = arena_alloc(m->arena, 4096);
	memcpy(cfg, m->fns.v[m->fns.n - 1].config.data, 256);
	cfg[0x100] = PCI_EXT_CAP_ID_SRIOV;
	cfg[0x102] = 1;
	cfg[0x100 + PCI_IOV_DID] = 0xca;
	cfg[0x100 + PCI_IOV_DID + 1] = 0x10;
	m->fns.v[m->fns.n - 1].config = (struct blob){ cfg, 4096 };
	for (int i = 0; i < 3; i++) {
		static const char *const vfs[] = { "0000:02:10.0", "0000:03:00.0",
						   "0000:02:00.1" };

		fn = add_fn(m, vfs[i], 0xffff, 0xffff, 0x0200, 4 + i, NULL);
		fn->is_vf = true;
		fn->physfn = (struct bdf){ 0, 2, 0, 0 };
	}
	add_fn(m, "0000:04:00.0", 0x10ec, 0x8168, 0x0200, 6, "r8169");
	add_fn(m, "0000:04:01.0", 0x10ec, 0x8168, 0x0200, 7, "r8169");
	return m;
}

static struct machine *make_finished(void)
{
	struct machine *m = make_machine();

	assert_int_equal(machine_finish(m, NULL), 0);
	return m;
}

static const struct pci_fn *fn_at(const struct machine *m, const char *bdf)
{
	const struct pci_fn *fn;
	struct bdf b;

	assert_true(bdf_parse(bdf, &b) > 0);
	fn = machine_fn(m, b);
	assert_non_null(fn);
	return fn;
}

/* ---- what people call a device ---- */

struct find_case {
	const char *text;
	int want;
	const char *found; /* addresses, or what the error must say */
};

static void test_find(void **state)
{
	const struct find_case *c = *state;
	struct machine *m = make_finished();
	const char *got = "";
	fn_list list = { 0 };
	struct err e = { "" };
	char bdf[BDF_SIZE];

	*vec_push(m->arena, &list) = &m->fns.v[0]; /* results are appended */
	assert_int_equal(machine_find(m, m->arena, c->text, &list, &e), c->want);
	for (size_t i = 1; i < list.n; i++)
		got = arena_printf(m->arena, "%s%s%s", got, *got ? " " : "",
				   bdf_format(list.v[i]->bdf, bdf));
	if (c->want == 0) {
		assert_string_equal(got, c->found);
		assert_string_equal(e.text, "");
	} else {
		assert_int_equal(list.n, 1);
		if (!strstr(e.text, c->found))
			fail_msg("\"%s\" does not say \"%s\"", e.text, c->found);
	}
	machine_free(m);
}

static struct find_case find_cases[] = {
	/* clang-format off */
	{ "01:00", 0, "0000:01:00.0 0000:01:00.1" },
	{ "01:00.1", 0, "0000:01:00.1" },
	{ "0000:01:00.0", 0, "0000:01:00.0" },
	{ "0000:01:00", 0, "0000:01:00.0 0000:01:00.1" },
	{ "02:00", 0, "0000:02:00.0" }, /* not its virtual function in the same slot */
	{ "02:00.1", 0, "0000:02:00.1" },
	{ "0001:01:00", 0, "0001:01:00.0" },
	{ "10de:1244", 0, "0000:01:00.0" },
	{ "10DE:1244", 0, "0000:01:00.0" },
	{ "8086:10ca", -ENOTUNIQ, "0000:02:10.0, 0000:03:00.0" },
	{ "10ec:8168", -ENOTUNIQ, "0000:04:00.0, 0000:04:01.0" },
	{ "10ec:8169", -ENODEV, "10ec:8169" },
	{ "05:00", -ENODEV, "05:00" },
	{ "05:00.0", -ENODEV, "05:00.0" },
	{ "01:00.2", -ENODEV, "01:00.2" },
	{ "0002:01:00.0", -ENODEV, "0002:01:00.0" },
	{ "00:01.0", -EISDIR, "00:01.0" },
	{ "00:1c", -EISDIR, "00:1c" },
	{ "8086:1901", -EISDIR, "8086:1901" },
	{ "", -EINVAL, "" }, { "gpu", -EINVAL, "gpu" }, { "01", -EINVAL, "01" },
	{ "01:00.8", -EINVAL, "01:00.8" }, { "01:00.0x", -EINVAL, "01:00.0x" },
	{ "01:00.", -EINVAL, "01:00." }, { "10de:1244 ", -EINVAL, "10de:1244 " },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -EINVAL, "aaaaaaaaaaaa" },
	/* clang-format on */
};

/* ---- what machine_finish() derives ---- */

static void test_finish(void **state)
{
	struct machine *m = make_finished();
	const struct pci_fn *fn;

	(void)state;
	for (size_t i = 1; i < m->fns.n; i++)
		assert_true(bdf_cmp(m->fns.v[i - 1].bdf, m->fns.v[i].bdf) < 0);
	fn = fn_at(m, "01:00.0");
	assert_int_equal(fn->id.vendor, 0x10de);
	assert_int_equal(fn->id.device, 0x1244);
	assert_int_equal(fn->id.subvendor, 0x1462);
	assert_int_equal(fn->id.subdevice, 0x809d);
	assert_int_equal(fn->id.class, 0x030000);
	assert_int_equal(fn->revision, 0xa1);
	assert_int_equal(fn_class(fn), 0x0300);
	assert_true(fn_is_display(fn));
	assert_false(fn_is_display(fn_at(m, "01:00.1")));
	/* drivers/pci/iov.c: a VF has its PF's vendor and the device id of the capability
	 */
	fn = fn_at(m, "02:10.0");
	assert_int_equal(fn->id.vendor, 0x8086);
	assert_int_equal(fn->id.device, 0x10ca);
	machine_free(m);
}

static void test_finish_order(void **state)
{
	struct machine *m = make_machine();

	(void)state;
	for (int i = 3; i > 0; i--) {
		vec_push(m->arena, &m->groups)->id = i;
		vec_push(m->arena, &m->files)->path = arena_printf(m->arena, "etc/%d", i);
		*vec_push(m->arena, &m->loaded) = arena_printf(m->arena, "m%d", i);
		machine_set_unknown(m, "why", "fact/%d", i);
	}
	assert_int_equal(machine_finish(m, NULL), 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(m->groups.v[i - 1].id, i);
		assert_ptr_equal(machine_file(m, arena_printf(m->arena, "etc/%d", i)),
				 &m->files.v[i - 1]);
		assert_string_equal(m->loaded.v[i - 1], arena_printf(m->arena, "m%d", i));
		assert_string_equal(m->unknown.v[i - 1].fact,
				    arena_printf(m->arena, "fact/%d", i));
	}
	assert_null(machine_file(m, "etc/4"));
	machine_free(m);
}

static void test_finish_bridge_subsystem(void **state)
{
	struct machine *m = machine_new();
	struct pci_fn *fn =
		add_fn(m, "0000:00:01.0", 0x8086, 0x1901, PCI_CLASS_BRIDGE_PCI, 1, NULL);
	uint8_t *cfg = (uint8_t *)(uintptr_t)fn->config.data;

	(void)state;
	/* Bridges have their subsystem in capability 0Dh (PCI bridge
	 * specification, 3.2.5.14). */
	cfg[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	cfg[PCI_CAPABILITY_LIST] = 0x88;
	cfg[0x88] = PCI_CAP_ID_SSVID;
	cfg[0x8c] = 0x19;
	cfg[0x8d] = 0x10;
	cfg[0x8e] = 0x5d;
	cfg[0x8f] = 0xa5;
	assert_int_equal(machine_finish(m, NULL), 0);
	assert_int_equal(m->fns.v[0].id.subvendor, 0x1019);
	assert_int_equal(m->fns.v[0].id.subdevice, 0xa55d);
	machine_free(m);
}

static void test_finish_refuses(void **state)
{
	struct machine *m = make_machine();
	struct err e = { "" };
	struct pci_fn *fn;

	(void)state;
	add_fn(m, "0000:01:00.1", 0x10de, 0x0bee, 0x0403, 1, NULL);
	assert_int_equal(machine_finish(m, &e), -EINVAL);
	assert_non_null(strstr(e.text, "0000:01:00.1"));
	machine_free(m);

	m = make_machine();
	fn = add_fn(m, "0000:05:00.0", 0xffff, 0xffff, 0x0200, 1, NULL);
	fn->is_vf = true;
	fn->physfn = (struct bdf){ 0, 9, 0, 0 };
	assert_int_equal(machine_finish(m, &e), -EINVAL);
	assert_non_null(strstr(e.text, "0000:05:00.0"));
	machine_free(m);

	m = make_machine();
	fn = add_fn(m, "0000:05:00.0", 0xffff, 0xffff, 0x0200, 1, NULL);
	fn->is_vf = true;
	fn->physfn = (struct bdf){ 0, 2, 0x10, 0 }; /* itself a VF */
	assert_int_equal(machine_finish(m, &e), -EINVAL);
	machine_free(m);
}

static void test_short_config(void **state)
{
	struct machine *m = machine_new();
	struct pci_fn *fn = add_fn(m, "0000:01:00.0", 0, 0, 0, 1, NULL);

	(void)state;
	/* Nothing to derive from: what the kernel said stays. */
	fn->config = (struct blob){ 0 };
	fn->id = (struct pci_ident){ 0x10de, 0x1244, 1, 2, 0x030000 };
	fn->revision = 3;
	assert_int_equal(machine_finish(m, NULL), 0);
	assert_int_equal(m->fns.v[0].id.vendor, 0x10de);
	assert_int_equal(m->fns.v[0].revision, 3);
	machine_free(m);
}

/* ---- where a function hangs ---- */

static void test_upstream(void **state)
{
	static const struct {
		const char *bdf, *up;
	} rows[] = {
		{ "01:00.0", "0000:00:01.0" }, { "01:00.1", "0000:00:01.0" },
		{ "02:00.0", "0000:00:1c.0" }, { "02:10.0", "0000:00:1c.0" },
		{ "03:00.0", "0000:00:1c.0" }, /* a VF on a bus without a bridge of its
						  own */
		{ "00:01.0", NULL },           { "0001:01:00.0", NULL },
	};
	struct machine *m = make_finished();
	char bdf[BDF_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pci_fn *up = machine_upstream(m, fn_at(m, rows[i].bdf));

		assert_string_equal(up ? bdf_format(up->bdf, bdf) : "-",
				    rows[i].up ? rows[i].up : "-");
	}
	machine_free(m);
}

/* ---- unknown facts and names ---- */

static bool is_even(const void *arg, const char *fact)
{
	(void)arg;
	return (fact[strlen(fact) - 1] - '0') % 2 == 0;
}

/* Facts that become unknown and known again, more than stay unsorted. */
static void test_known_again(void **state)
{
	AUTOMACHINE struct machine *m = machine_new();

	(void)state;
	for (int i = 999; i >= 0; i--) {
		machine_set_unknown(m, "why", "fact/%03d", i);
		assert_non_null(machine_unknown(m, "fact/%03d", i));
		assert_null(machine_unknown(m, "fact/%03d", i - 1));
	}
	machine_drop_unknown(m, is_even, NULL);
	assert_int_equal(m->unknown.n, 500);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(machine_unknown(m, "fact/%03d", i) != NULL, i % 2);
	machine_set_unknown(m, "again", "fact/000");
	assert_string_equal(machine_unknown(m, "fact/000"), "again");
}

static void test_unknown(void **state)
{
	struct machine *m = machine_new();

	(void)state;
	assert_null(machine_unknown(m, "klog"));
	machine_set_unknown(m, "no rights", "klog");
	machine_set_unknown(m, "read as root only", "functions/%s/config",
			    "0000:01:00.0");
	machine_set_unknown(m, "not recorded", "reset");
	assert_string_equal(machine_unknown(m, "functions/%s/reset", "0000:01:00.0"),
			    "not recorded");
	assert_null(machine_unknown(m, "functions/%s/rom", "0000:01:00.0"));
	assert_null(machine_unknown(m, "acpi/reset"));
	assert_string_equal(machine_unknown(m, "klog"), "no rights");
	assert_string_equal(
		machine_unknown(m, "functions/%s/%s", "0000:01:00.0", "config"),
		"read as root only");
	assert_null(machine_unknown(m, "functions/0000:01:00.1/config"));
	assert_null(machine_unknown(m, "functions"));
	assert_int_equal(machine_finish(m, NULL), 0);
	assert_string_equal(machine_unknown(m, "klog"), "no rights");
	machine_free(m);
}

static void test_lookups(void **state)
{
	struct machine *m = machine_new();
	struct kernel *k = vec_push(m->arena, &m->kernels);

	(void)state;
	k->release = "6.1.0-49-amd64";
	vec_push(m->arena, &k->modules)->name = "vfio_pci";
	vec_push(m->arena, &m->acpi)->name = "DMAR";
	*vec_push(m->arena, &m->loaded) = "igb";
	assert_ptr_equal(machine_kernel(m, "6.1.0-49-amd64"), k);
	assert_null(machine_kernel(m, "6.1.0-49"));
	assert_non_null(kernel_module(k, "vfio_pci"));
	assert_null(kernel_module(k, "vfio-pci"));
	assert_non_null(machine_acpi(m, "DMAR"));
	assert_null(machine_acpi(m, "IVRS"));
	assert_true(strings_have(&m->loaded, "igb"));
	assert_false(strings_have(&m->loaded, "ig"));
	assert_string_equal(module_normalize(m->arena, "snd-hda-intel"), "snd_hda_intel");
	assert_null(machine_fn(m, (struct bdf){ 0 }));
	machine_free(m);
	machine_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		{ "ids, classes and order", test_finish, NULL, NULL, NULL },
		{ "lists are sorted", test_finish_order, NULL, NULL, NULL },
		{ "subsystem of a bridge", test_finish_bridge_subsystem, NULL, NULL,
		  NULL },
		{ "impossible machines", test_finish_refuses, NULL, NULL, NULL },
		{ "without config space", test_short_config, NULL, NULL, NULL },
		{ "upstream bridge", test_upstream, NULL, NULL, NULL },
		{ "unknown facts", test_unknown, NULL, NULL, NULL },
		{ "unknown facts, known again", test_known_again, NULL, NULL, NULL },
		{ "lookups", test_lookups, NULL, NULL, NULL },
	};
	struct CMUnitTest tests[ARRAY_SIZE(find_cases) + ARRAY_SIZE(single)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(find_cases); i++)
		tests[n++] = (struct CMUnitTest){ .name = find_cases[i].text,
						  .test_func = test_find,
						  .initial_state = &find_cases[i] };
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		tests[n++] = single[i];
	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
