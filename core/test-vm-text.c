/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole text of each writer, as files in core/vm-text; UPDATE_GOLDEN=1 rewrites them.
 * That libvirt and QEMU take the same machines is for test-vm to say.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-vm.h"

static const char *folder;

struct text_case {
	const char *name; /* of the file, without its end */
	const char *row;
};

/* Each of @targets' files for one machine. */
static void test_text(enum vm_target target, const char *end, const struct text_case *c)
{
	struct vm_model v;
	struct machine *m = decide(case_by_name(c->row), 0, &v);
	char *text = vm_write(&v, m->arena, target, 100);
	const char *path = arena_printf(m->arena, "%s/%s.%s", folder, c->name, end);
	const char *update = getenv("UPDATE_GOLDEN");
	size_t size = strlen(text) + 2;
	char *want = arena_alloc(m->arena, size);
	FILE *f = fopen(path, update ? "w+" : "r");

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	if (update) {
		fputs(text, f);
		rewind(f);
	}
	want[fread(want, 1, size - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, want);
	machine_free(m);
}

static void test_proxmox(void **state)
{
	test_text(VM_PROXMOX, "conf", *state);
}

static void test_libvirt(void **state)
{
	test_text(VM_LIBVIRT, "xml", *state);
}

static void test_qemu(void **state)
{
	test_text(VM_QEMU, "sh", *state);
}

/* clang-format off */
static struct text_case cases_of_text[] = {
	{ "gpu-and-audio", "GPU with audio, EFI image" },
	{ "boot-vga", "boot VGA" },
	{ "boot-vga-seabios", "boot VGA, legacy shadow" },
	{ "seabios", "legacy ROM only" },
	{ "conventional", "conventional card" },
	{ "conventional-beside-pcie", "conventional card of two functions beside a PCIe one" },
	{ "two-gpus", "two GPUs, one legacy" },
	{ "virtual-functions", "virtual functions have a slot each" },
};
static const struct {
	const char *name;
	CMUnitTestFunction run;
} writers[] = {
	{ "Proxmox", test_proxmox },
	{ "libvirt", test_libvirt },
	{ "QEMU", test_qemu },
};
/* clang-format on */

/* argv[1]: the folder of texts. */
int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(writers) * ARRAY_SIZE(cases_of_text)];
	struct arena *a = arena_new();
	size_t n = 0;
	int failed;

	folder = argc > 1 ? argv[1] : "core/vm-text";
	for (size_t w = 0; w < ARRAY_SIZE(writers); w++)
		for (size_t i = 0; i < ARRAY_SIZE(cases_of_text); i++)
			tests[n++] = (struct CMUnitTest){
				.name = arena_printf(a, "%s: %s", writers[w].name,
						     cases_of_text[i].row),
				.test_func = writers[w].run,
				.initial_state = &cases_of_text[i],
			};
	failed = cmocka_run_group_tests_name("vm-text", tests, NULL, NULL);
	arena_free(a);
	return failed;
}
