/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/machine-json.h"
#include "vmtests/conform-make.h"

#define BATCH 2000

/* A fixture, and what is made for it. */
struct make_case {
	const char *name, *fixture;
	const char *never; /* addresses that the lab needs, separated by blanks */
	bool sriov, ports;
};

/* clang-format off */
static const struct make_case cases[] = {
	{ "a rig", "rigs/6.12-intel-seabios-e", "0000:00:1e.0 0000:00:1f.0 0000:00:1f.2 0000:00:1f.3", false, true },
	{ "with SR-IOV", "server-sriov", "0000:00:1f.", true, true },
	{ "with another IOMMU", "lab-amd-6.12", "0000:00:01.0", false, true },
	{ "virtio all over", "lab-virtio-6.12", "0000:00:01.0", false, true },
};
/* clang-format on */

static struct machine *load(const struct make_case *c)
{
	struct arena *a = arena_new();
	struct machine *m = NULL;
	struct err e = { "" };

	if (machine_load(
		    arena_printf(a, "%s/%s.json", getenv("PCIPASS_FIXTURES"), c->fixture),
		    &m, &e) < 0)
		fail_msg("%s", e.text);
	arena_free(a);
	return m;
}

static char *make(const struct machine *m, struct arena *a, uint64_t seed, size_t n,
		  ops *ret)
{
	struct conform_maker k;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	conform_maker_init(&k, m, seed, a);
	conform_make(&k, n, ret);
	vec_foreach(op, ret)
		op_write(f, op);
	fclose(f);
	return text;
}

static bool holds(const struct blob *b, const char *text)
{
	return b->len && memmem(b->data, b->len, text, strlen(text));
}

static void check_op(struct arena *a, const struct make_case *c, const struct op *op)
{
	char *save = NULL;

	if (op->kind == OP_RUN) {
		for (const char *const *w = op->argv; *w; w++)
			assert_null(strpbrk(*w, "{}"));
		return;
	}
	if (op->kind != OP_STORE)
		return;
	assert_non_null(after_prefix(op->path, "sys/"));
	assert_null(strpbrk(op->path, "{}"));
	assert_false(holds(&op->data, "{"));
	assert_false(holds(&op->data, "}"));
	assert_false(holds(&op->data, "\\x"));
	for (char *never = strtok_r(arena_strdup(a, c->never), " ", &save); never;
	     never = strtok_r(NULL, " ", &save))
		if (strstr(op->path, never) || holds(&op->data, never))
			fail_msg("%s: %s %.*s", never, op->path, (int)op->data.len,
				 (const char *)op->data.data);
}

/* The last one that is about the group decides. */
static void check_released(const ops *all)
{
	vec_foreach(op, all) {
		enum op_kind last = OP_RELEASE;

		if (op->kind != OP_CLAIM)
			continue;
		vec_foreach(other, all)
			if (other->kind >= OP_CLAIM && other->group == op->group)
				last = other->kind;
		assert_int_equal(last, OP_RELEASE);
	}
}

static void test_make(void **state)
{
	const struct make_case *c = *state;
	struct arena *a = arena_new();
	struct machine *m = load(c);
	size_t claims = 0, runs = 0, sriov = 0, ports = 0, nuls = 0, empty = 0;
	ops all = { 0 };

	free(make(m, a, 4, BATCH, &all));
	assert_in_range(all.n, BATCH, BATCH + 50);
	vec_foreach(op, &all) {
		check_op(a, c, op);
		claims += op->kind == OP_CLAIM;
		runs += op->kind == OP_RUN;
		if (op->kind != OP_STORE)
			continue;
		sriov += strstr(op->path, "/sriov_numvfs") != NULL;
		ports += after_prefix(op->path, "sys/class/pci_bus/0000:") != NULL;
		nuls += op->data.len && memchr(op->data.data, '\0', op->data.len);
		empty += !op->data.len;
	}
	check_released(&all);
	assert_true(claims > 0 && runs > 0 && nuls > 0 && empty > 0);
	assert_int_equal(sriov > 0, c->sriov);
	assert_int_equal(ports > 0, c->ports);
	machine_free(m);
	arena_free(a);
}

/* Small batches end released, too, and the maker goes on where it was. */
static void test_batches(void **state)
{
	struct arena *a = arena_new();
	struct machine *m = load(&cases[0]);
	struct conform_maker k;
	size_t claims = 0;

	(void)state;
	conform_maker_init(&k, m, 1, a);
	for (int i = 0; i < 200; i++) {
		ops batch = { 0 };

		conform_make(&k, 5, &batch);
		assert_in_range(batch.n, 5, 5 + 4 + 6);
		check_released(&batch);
		vec_foreach(op, &batch)
			claims += op->kind == OP_CLAIM;
	}
	assert_true(claims > 10);
	machine_free(m);
	arena_free(a);
}

static void test_seeds(void **state)
{
	struct arena *a = arena_new();
	struct machine *m = load(&cases[0]);
	ops one = { 0 }, again = { 0 }, other = { 0 };
	char *texts[3] = { make(m, a, 1, 100, &one), make(m, a, 1, 100, &again),
			   make(m, a, 2, 100, &other) };
	ops read = { 0 };

	(void)state;
	assert_string_equal(texts[0], texts[1]);
	assert_string_not_equal(texts[0], texts[2]);
	assert_int_equal(ops_read(a, texts[0], &read, NULL), 0);
	assert_int_equal(read.n, one.n);
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
	machine_free(m);
	arena_free(a);
}

/* Nothing but the lab's own: what has no address goes on. */
static void test_nothing(void **state)
{
	struct arena *a = arena_new();
	struct machine *m = load(&cases[0]), empty = *m;
	ops all = { 0 };

	(void)state;
	while (empty.fns.n > 1 && empty.fns.v->bdf.dev != 0x1f) {
		empty.fns.v++;
		empty.fns.n--;
	}
	empty.fns.n = 1; /* the ISA bridge */
	free(make(&empty, a, 1, 100, &all));
	assert_true(all.n >= 100);
	vec_foreach(op, &all)
		if (op->kind == OP_STORE)
			assert_null(strstr(op->path, "/0000:"));
	machine_free(m);
	arena_free(a);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3];
	size_t n = 0;

	if (!getenv("PCIPASS_FIXTURES")) {
		fputs("PCIPASS_FIXTURES is not set\n", stderr);
		return 77;
	}
	for (; n < ARRAY_SIZE(cases); n++)
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
						.test_func = test_make,
						.initial_state =
							(void *)(uintptr_t)&cases[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_batches);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_seeds);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_nothing);
	return cmocka_run_group_tests_name("conform-make", tests, NULL, NULL);
}
