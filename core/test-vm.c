/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "core/test-vm.h"
#include "core/test-skip.h"

/* The lines of @text that are no comments. */
static char *plain_lines(struct arena *a, const char *text)
{
	char *ret = arena_strdup(a, "");

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (*text != '#')
			ret = arena_printf(a, "%s%.*s\n", ret, (int)n, text);
	}
	return ret;
}

static void test_proxmox(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m = decide(c, 0, &v);
	char *text = vm_write(&v, m->arena, VM_PROXMOX, 100);
	bool said = false;

	assert_string_equal(plain_lines(m->arena, text), c->proxmox);
	vec_foreach(w, &v.why) {
		said |= strstr(*w, c->why) != NULL;
		assert_null(strchr(*w, '\n'));
		assert_non_null(strstr(text, *w));
	}
	if (!said)
		fail_msg("nothing says \"%s\":\n%s", c->why, text);
	/* Every option of the file is also in the commands. */
	assert_non_null(strstr(text, "#   qm set 100 --machine q35 --bios "));
	assert_int_equal(v.ovmf, strstr(text, "--efidisk0 STORAGE:") != NULL);
	machine_free(m);
}

/* Run @command in a shell with @text in a file whose name is $1; its output in @ret. */
static int run(const char *command, const char *text, char *ret, size_t size)
{
	char folder[] = "/tmp/test-vm.XXXXXX", *shell = NULL;
	size_t n;
	FILE *f;
	int status;

	assert_non_null(mkdtemp(folder));
	assert_true(asprintf(&shell, "%s/text", folder) > 0);
	f = fopen(shell, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(shell);
	assert_true(
		asprintf(&shell,
			 "cd %s && set -- text && { %s\n} 2>&1; s=$?; rm -rf %s; exit $s",
			 folder, command, folder) > 0);
	f = popen(shell, "r");
	assert_non_null(f);
	n = fread(ret, 1, size - 1, f);
	ret[n] = '\0';
	status = pclose(f);
	free(shell);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void need(const char *command)
{
	char out[256];

	if (run(command, "", out, sizeof(out)) == 0)
		return;
	skip_without(command);
}

static void test_libvirt(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m;
	char out[4096], *text;
	int status;

	need("command -v virt-xml-validate");
	m = decide(c, 0x10000, &v); /* VMD's domains have five digits */
	text = vm_write(&v, m->arena, VM_LIBVIRT, 0);
	status = run("virt-xml-validate \"$1\" domain", text, out, sizeof(out));
	if (status)
		fail_msg("%s\n%s", out, text);
	machine_free(m);
}

/* The schema knows no addresses; libvirt's own parser does. */
static void test_libvirt_parser(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m;
	char out[16384], *text, *want;
	bool shared = false;
	int status;

	need("virsh -q -c test:///default version");
	m = decide(c, 0, &v);
	text = vm_write(&v, m->arena, VM_LIBVIRT, 101);
	/* The test driver offers type 'test' in place of 'kvm', and no firmware. */
	status = run("sed -i \"s/type='kvm'/type='test'/; s/ firmware='efi'//\" \"$1\"; "
		     "virsh -q -c test:///default \"define $1; dumpxml pcipass-101\"",
		     text, out, sizeof(out));
	if (status)
		fail_msg("%s\n%s", out, text);
	vec_foreach(d, &v.devices) {
		struct bdf b = d->fn->bdf;

		want = arena_printf(m->arena,
				    "<address domain='0x%04x' bus='0x%02x' slot='0x%02x' "
				    "function='0x%x'/>",
				    b.domain, b.bus, b.dev, b.fn);
		if (!strstr(out, want))
			fail_msg("%s is not in\n%s", want, out);
		shared |= d->function > 0;
	}
	/* Without it QEMU refuses the second function of a slot. */
	assert_int_equal(shared,
			 strstr(out, "multifunction='on'/>\n    </hostdev>") != NULL);
	machine_free(m);
}

/* Little memory, no KVM, and a monitor that ends it where the devices are all right. */
#define QEMU                                                                             \
	"sed -i 's/accel=kvm/accel=tcg/; s/-cpu host/-cpu max/; s/-m 8G/-m 64M/; "       \
	"s/-display none//' \"$1\"; cp /usr/share/OVMF/OVMF_VARS_4M.fd . && "            \
	"echo \"$(cat \"$1\") -S -display none -monitor stdio\" >\"$1\" && "             \
	"echo quit | timeout 60 sh \"$1\""

static void test_qemu(void **state)
{
	const struct vm_case *c = *state;
	struct vm_model v;
	struct machine *m;
	char out[4096], *text;
	int status;

	need("qemu-system-x86_64 --version && test -e /usr/share/OVMF/OVMF_VARS_4M.fd");
	m = decide(c, NOWHERE, &v);
	text = vm_write(&v, m->arena, VM_QEMU, 102);

	/* As written: all it can say against it is that this device is not there. */
	status = run(QEMU, text, out, sizeof(out));
	if (status != 1 || !strstr(out, "no such host device") || strstr(out, "roperty"))
		fail_msg("status %d: %s\n%s", status, out, text);

	/* With emulated cards in their places the whole of it has to start. */
	status = run("sed -i '/bus=pcie.0/ s/vfio-pci,host=[^,]*/e1000/; "
		     "s/vfio-pci,host=[^,]*/e1000e/; s/,x-vga=on//; s/,romfile=[^, ]*//' "
		     "\"$1\"; " QEMU,
		     text, out, sizeof(out));
	if (status)
		fail_msg("status %d: %s\n%s", status, out, text);
	machine_free(m);
}

/* Merging gives @want, and merging into that gives it again. */
struct merge_case {
	const char *name;
	const char *machine; /* name of a row above */
	const char *conf, *want;
};

static void test_merge(void **state)
{
	const struct merge_case *c = *state;
	struct vm_model v;
	struct machine *m = decide(case_by_name(c->machine), 0, &v);
	char *got = vm_merge_proxmox(&v, m->arena, c->conf);

	if (c->want) {
		assert_string_equal(got, c->want);
		assert_string_equal(vm_merge_proxmox(&v, m->arena, got), c->want);
	} else {
		assert_null(got);
	}
	machine_free(m);
}

#define WHOLE "GPU with audio, EFI image"

// clang-format off
static struct merge_case merges[] = {
	{ "into nothing", WHOLE, "",
	  "hostpci0: 0000:01:00,pcie=1\nbios: ovmf\nmachine: q35\n" },
	{ "keeps what is said", WHOLE,
	  "bios: seabios\ncores: 4\nmachine: pc-q35-8.1\n",
	  "bios: seabios\ncores: 4\nmachine: pc-q35-8.1\nhostpci0: 0000:01:00,pcie=1\n" },
	{ "another machine type has no PCIe", WHOLE,
	  "bios: ovmf\nmachine: pc-i440fx-8.1\n",
	  "bios: ovmf\nmachine: pc-i440fx-8.1\nhostpci0: 0000:01:00\n" },
	{ "takes a free number", WHOLE,
	  "bios: ovmf\nhostpci0: 0000:04:00.0\nhostpci2: 05:00\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: 0000:04:00.0\nhostpci2: 05:00\nmachine: q35\n"
	  "hostpci1: 0000:01:00,pcie=1\n" },
	{ "there already, as a slot", WHOLE, "hostpci3: 01:00\n", "hostpci3: 01:00\n" },
	{ "there already, by functions", WHOLE,
	  "hostpci0: host=0000:01:00.0;01:00.1,pcie=1\n",
	  "hostpci0: host=0000:01:00.0;01:00.1,pcie=1\n" },
	{ "there in part", WHOLE, "bios: ovmf\nhostpci0: pcie=1,host=01:00.0\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: pcie=1,host=01:00.0\nmachine: q35\n"
	  "hostpci1: 0000:01:00.1,pcie=1\n" },
	{ "a name that only begins the same", WHOLE,
	  "bios: ovmf\nhostpci0: 0000:01:00.01,pcie=1\nhostpci01: 0000:01:00\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: 0000:01:00.01,pcie=1\nhostpci01: 0000:01:00\nmachine: q35\n"
	  "hostpci1: 0000:01:00,pcie=1\n" },
	{ "snapshots stay", WHOLE,
	  "#hostpci0: 01:00\nname: vm\n\n[before]\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n",
	  "#hostpci0: 01:00\nname: vm\nhostpci0: 0000:01:00,pcie=1\nbios: ovmf\nmachine: q35\n"
	  "\n[before]\nhostpci0: 0000:01:00,pcie=1\nmachine: q35\n" },
	{ "pending numbers are taken", WHOLE,
	  "bios: ovmf\nmachine: q35\n\n[PENDING]\nhostpci0: 0000:04:00.0\n",
	  "bios: ovmf\nmachine: q35\nhostpci1: 0000:01:00,pcie=1\n\n"
	  "[PENDING]\nhostpci0: 0000:04:00.0\n" },
	{ "no newline at the end", WHOLE, "bios: ovmf\nmachine: q35",
	  "bios: ovmf\nmachine: q35\nhostpci0: 0000:01:00,pcie=1\n" },
	{ "no number left", WHOLE,
	  "hostpci0: a\nhostpci1: a\nhostpci2: a\nhostpci3: a\nhostpci4: a\nhostpci5: a\n"
	  "hostpci6: a\nhostpci7: a\nhostpci8: a\nhostpci9: a\nhostpci10: a\nhostpci11: a\n"
	  "hostpci12: a\nhostpci13: a\nhostpci14: a\nhostpci15: ;;,host=\n", NULL },
	{ "several devices", "virtual functions have a slot each",
	  "bios: ovmf\nhostpci0: 02:10.0,pcie=1\nmachine: q35\n",
	  "bios: ovmf\nhostpci0: 02:10.0,pcie=1\nmachine: q35\nhostpci1: 0000:02:10.1,pcie=1\n" },
};
// clang-format on

/* Nothing asked: every writer still writes a sound configuration. */
static void test_nothing(void **state)
{
	static const struct vm_case nothing = { .fns = { { GPU } } };
	struct vm_model v;
	struct machine *m = decide(&nothing, 0, &v);

	(void)state;
	assert_int_equal(v.devices.n, 0);
	assert_string_equal(vm_merge_proxmox(&v, m->arena, "cores: 2\n"), "cores: 2\n");
	for (int t = VM_PROXMOX; t <= VM_QEMU; t++)
		assert_non_null(vm_write(&v, m->arena, (enum vm_target)t, 0));
	machine_free(m);
}

/* All rows of a table through one function, named "GROUP: ROW". */
#define ADD_ROWS(tests, n, group, function, rows)                                        \
	for (size_t row_ = 0; row_ < ARRAY_SIZE(rows); row_++) {                         \
		assert(asprintf(&names[n], group ": %s", (rows)[row_].name) > 0);        \
		(tests)[n] = (struct CMUnitTest){ .name = names[n],                      \
						  .test_func = (function),               \
						  .initial_state = &(rows)[row_] };      \
		(n)++;                                                                   \
	}

int main(void)
{
	enum { N = 4 * ARRAY_SIZE(cases) + ARRAY_SIZE(merges) + 1 };
	struct CMUnitTest tests[N];
	char *names[N];
	size_t n = 0;
	int failed;

	ADD_ROWS(tests, n, "proxmox", test_proxmox, cases);
	ADD_ROWS(tests, n, "libvirt schema", test_libvirt, cases);
	ADD_ROWS(tests, n, "libvirt parser", test_libvirt_parser, cases);
	ADD_ROWS(tests, n, "qemu", test_qemu, cases);
	ADD_ROWS(tests, n, "merge", test_merge, merges);
	names[n] = strdup("nothing asked");
	tests[n] = (struct CMUnitTest){ .name = names[n], .test_func = test_nothing };
	failed = cmocka_run_group_tests_name("vm", tests, NULL, NULL);
	for (size_t i = 0; i < N; i++)
		free(names[i]);
	return failed;
}
