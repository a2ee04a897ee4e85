/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host-fault.h"
#include "core/inventory.h"
#include "core/test-tree-host.h"
#include "core/verbs.h"

#define RELEASE "6.1.0-1-amd64"
#define DEVICE "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/"
#define BRIDGE "sys/devices/pci0000:00/0000:00:01.0/"
#define MODULES "lib/modules/" RELEASE "/"

static void put_function(const char *dir, const char *ids[static 3], uint8_t type)
{
	uint8_t config[256] = { 0 };
	unsigned vendor, device, class;

	assert_int_equal(sscanf(ids[0], "%x", &vendor), 1);
	assert_int_equal(sscanf(ids[1], "%x", &device), 1);
	assert_int_equal(sscanf(ids[2], "%x", &class), 1);
	config[0] = (uint8_t)vendor;
	config[1] = (uint8_t)(vendor >> 8);
	config[2] = (uint8_t)device;
	config[3] = (uint8_t)(device >> 8);
	config[10] = (uint8_t)(class >> 8);
	config[11] = (uint8_t)(class >> 16);
	config[14] = type;
	tree_put(arena_printf(the_tree->a, "%svendor", dir), ids[0], 0644);
	tree_put(arena_printf(the_tree->a, "%sdevice", dir), ids[1], 0644);
	tree_put(arena_printf(the_tree->a, "%sclass", dir), ids[2], 0644);
	tree_put_bytes(arena_printf(the_tree->a, "%sconfig", dir), config, sizeof(config),
		       0644);
	(void)tree_shell(
		arena_printf(the_tree->a,
			     "mkdir -p sys/bus/pci/devices && ln -s ../../../../%s "
			     "sys/bus/pci/devices/",
			     arena_strndup(the_tree->a, dir, strlen(dir) - 1)));
}

/* A network card behind a bridge, and a kernel that can drive it. */
static void make_machine(struct tree *t, bool running)
{
	tree_make(t, running);
	put_function(BRIDGE, (const char *[]){ "0x8086", "0x3420", "0x060400" }, 1);
	put_function(DEVICE, (const char *[]){ "0x8086", "0x10d3", "0x020000" }, 0);
	tree_put("sys/class/iommu/dmar0/uevent", "", 0644);
	tree_put("proc/sys/kernel/osrelease", RELEASE "\n", 0444);
	tree_put(MODULES "modules.dep",
		 "kernel/e1000e.ko:\nkernel/vfio.ko:\nkernel/vfio-pci.ko: "
		 "kernel/vfio.ko\n",
		 0644);
	tree_put(MODULES "modules.builtin", "", 0644);
	tree_put(MODULES "modules.alias",
		 "alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n", 0644);
}

struct device_case {
	const char *name, *device; /* NULL: none is named */
	const char *said;
};

/* One clear line and exit 2, whichever verb is asked. */
static void test_device(void **state)
{
	static int (*const verbs[])(const struct machine *m, const struct request *r,
				    json_t **ret,
				    struct err *e) = { verb_plan, verb_verify, verb_vm };
	const struct device_case *c = *state;
	struct request r = { .devices = &c->device, .n_devices = c->device != NULL };
	struct machine *m = NULL;
	struct err e;
	struct tree t;

	make_machine(&t, false);
	assert_int_equal(inventory_read(&t.h, INV_ALL, &m, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		json_t *report = NULL;

		e.text[0] = '\0';
		assert_int_equal(verbs[i](m, &r, &report, &e), VERB_INPUT);
		assert_null(report);
		if (!strstr(e.text, c->said))
			fail_msg("said \"%s\"", e.text);
	}
	machine_free(m);
	tree_end(&t);
}

static const struct device_case devices[] = {
	/* clang-format off */
	{ "no device", NULL, "name at least one device" },
	{ "not there", "0000:77:00.0", "0000:77:00.0" },
	{ "a bridge", "00:01.0", "bridge" },
	{ "no such form", "eth0", "eth0" },
	{ "nothing", "", "device" },
	{ "no such ids", "8086:ffff", "8086:ffff" },
	/* clang-format on */
};

static json_t *must(int status, int want, json_t *report, const struct err *e)
{
	if (status != want)
		fail_msg("status %d: %s", status, e->text);
	return report;
}

/* On an image nothing runs: what is left to its first boot is in the report. */
static void test_image(void **state)
{
	static const char *const name[] = { "01:00" };
	struct request r = { .devices = name, .n_devices = 1 };
	json_t *report = NULL, *pending;
	const char *before;
	struct err e = { "" };
	struct tree t;

	(void)state;
	make_machine(&t, false);
	before = tree_snapshot();
	must(verb_apply(&t.h, &r, &report, &e), VERB_YES, report, &e);
	assert_int_equal(json_integer_value(json_object_get(report, "number")), 1);
	assert_string_equal(json_string_value(json_object_get(report, "state")),
			    "applied");
	pending = json_object_get(report, "pending");
	assert_int_equal(json_array_size(pending), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_array_get(pending, 0), 0)),
		"update-initramfs");
	json_decref(report);
	assert_string_equal(t.log, "");
	assert_string_equal(tree_get("etc/modules-load.d/pcipass.conf"),
			    "# Written by pcipass; `pcipass undo` takes it back.\n"
			    "vfio_pci\n");

	/* As the folder is now, nothing more is to be done but what is pending. */
	report = NULL;
	must(verb_undo(&t.h, &r, &report, &e), VERB_YES, report, &e);
	assert_string_equal(json_string_value(json_object_get(report, "state")),
			    "undone");
	assert_int_equal(json_array_size(json_object_get(report, "pending")), 0);
	assert_true(json_is_false(json_object_get(report, "reboot")));
	json_decref(report);
	assert_string_equal(tree_snapshot(), before);

	report = NULL;
	must(verb_history(&t.h, &report, &e), VERB_YES, report, &e);
	assert_int_equal(json_array_size(json_object_get(report, "transactions")), 1);
	json_decref(report);
	tree_end(&t);
}

/* What a change answers when there is nothing to change, or it may not. */
static void test_nothing(void **state)
{
	struct request r = { 0 };
	json_t *report = NULL;
	struct err e = { "" };
	struct tree t;

	(void)state;
	make_machine(&t, true);
	assert_int_equal(verb_undo(&t.h, &r, &report, &e), VERB_NO);
	assert_string_equal(e.text, "there is nothing to undo");
	r.number = 7;
	assert_int_equal(verb_undo(&t.h, &r, &report, &e), VERB_NO);
	assert_non_null(strstr(e.text, "no transaction 7"));
	assert_int_equal(verb_resume(&t.h, &r, &report, &e), VERB_NO);
	assert_string_equal(e.text, "no transaction is unfinished");
	assert_int_equal(verb_apply(&t.h, &r, &report, &e), VERB_INPUT);
	tree_put("var/lib/pcipass/0001/journal.json", "{", 0600);
	assert_int_equal(verb_history(&t.h, &report, &e), VERB_YES);
	assert_non_null(
		strstr(json_string_value(json_object_get(
			       json_array_get(json_object_get(report, "transactions"), 0),
			       "why")),
		       "/var/lib/pcipass/0001/journal.json:1"));
	json_decref(report);
	report = NULL;
	assert_int_equal(verb_explain("no-such\nrule", &report, &e), VERB_INPUT);
	assert_null(strchr(e.text, '\n'));
	tree_end(&t);
}

/* Somebody edits a file between the question and the answer. */
static void test_agreed(void **state)
{
	const char *device = "01:00.0";
	struct request r = { .devices = &device, .n_devices = 1, .apply = { .now = 1 } };
	struct machine *m = NULL;
	json_t *shown = NULL, *report = NULL;
	struct tree t;
	struct err e;

	(void)state;
	make_machine(&t, false);
	assert_int_equal(inventory_read(&t.h, INV_ALL, &m, &e), 0);
	assert_int_equal(verb_plan(m, &r, &shown, &e), VERB_YES);
	machine_free(m);
	r.agreed = shown;
	tree_put("etc/modules", "# mine\n", 0644);
	tree_put("etc/default/grub", "GRUB_CMDLINE_LINUX=\"intel_iommu=off\"\n", 0644);
	tree_put("etc/modprobe.d/00-pcipass.conf", "# mine\n", 0644);
	assert_int_equal(verb_apply(&t.h, &r, &report, &e), VERB_REFUSED);
	assert_non_null(strstr(e.text, "changed since this was planned"));
	assert_string_equal(tree_get("etc/modprobe.d/00-pcipass.conf"), "# mine\n");
	tree_shell("rm etc/modprobe.d/00-pcipass.conf");
	json_decref(shown);
	assert_int_equal(inventory_read(&t.h, INV_ALL, &m, &e), 0);
	assert_int_equal(verb_plan(m, &r, &shown, &e), VERB_YES);
	machine_free(m);
	r.agreed = shown;
	if (verb_apply(&t.h, &r, &report, &e) != VERB_YES)
		fail_msg("%s", e.text);
	json_decref(shown);
	json_decref(report);
	tree_end(&t);
}

struct waiting_case {
	const char *name, *shell; /* after the cut */
	int (*verb)(const struct host *h, const struct request *r, json_t **ret,
		    struct err *e);
	int error; /* of writing @path now */
	const char *path;
	int want;
	const char *said;
};

#define MODULES_FILE "etc/modules"

/* What an unfinished transaction's undo or resume ends with when it fails. */
static void test_waiting(void **state)
{
	const struct waiting_case *c = *state;
	struct host_fault cut = { .kind = FAULT_CUT, .at = 1, .path = MODULES_FILE },
			  fault = { .kind = FAULT_ERROR,
				    .error = c->error,
				    .at = c->error ? 1 : 0,
				    .path = c->path };
	struct plan_step step = { .kind = PLAN_FILE,
				  .path = MODULES_FILE,
				  .before = "# modules\nloop",
				  .after = "vfio\n",
				  .mode = 0644 };
	struct plan p = { .method = PLAN_IDS, .steps = { &step, 1, 1 } };
	struct request r = { .number = 0 };
	struct machine *m = machine_new();
	struct apply_result done;
	json_t *report = NULL;
	struct host h;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	m->release = RELEASE;
	cut.inner = &t.h;
	h = host_fault_get(&cut);
	assert_true(apply_plan(&h, t.a, m, &p, &r.apply, &done, &e) < 0);
	machine_free(m);
	tree_reopen(&t);
	(void)tree_shell(c->shell);
	fault.inner = &t.h;
	h = host_fault_get(&fault);
	assert_int_equal(c->verb(&h, &r, &report, &e), c->want);
	if (!strstr(e.text, c->said))
		fail_msg("%s", e.text);
	assert_null(report);
	tree_end(&t);
}

#define PUT                                                                              \
	"put /var/lib/pcipass/0001/before.0 there (as it was), or "                      \
	"/var/lib/pcipass/0001/after.0"

static const struct waiting_case waiting[] = {
	/* clang-format off */
	{ "others' edit stops undo: 4, and what to do", "echo mine >" MODULES_FILE, verb_undo,
	  .want = 4, .said = PUT },
	{ "others' edit stops resume: 4, and what to do", "echo mine >" MODULES_FILE,
	  verb_resume, .want = 4, .said = PUT },
	{ "the disk fails in resume: 4", "true", verb_resume, -EIO, MODULES_FILE, 4,
	  "cannot write /etc/modules" },
	{ "a file that vanishes in resume is no bad input: 4", "true", verb_resume, -EINVAL,
	  MODULES_FILE, 4, "cannot write /etc/modules" },
	{ "the journal cannot be read: 3", "echo >var/lib/pcipass/0001/journal.json", verb_undo,
	  .want = 3, .said = "/var/lib/pcipass/0001/undo.sh takes transaction 1 back" },
	{ "nothing to undo: 1", "rm -r var/lib/pcipass/0001", verb_undo, .want = 1,
	  .said = "nothing to undo" },
	{ "nothing to resume: 1", "rm -r var/lib/pcipass/0001", verb_resume, .want = 1,
	  .said = "no transaction is unfinished" },
	/* clang-format on */
};

struct status_case {
	const char *name;
	int code, want;
};

static void test_status(void **state)
{
	const struct status_case *c = *state;

	assert_int_equal(verb_status_of(c->code), c->want);
}

/* The exit statuses that core/verbs.h names. */
static const struct status_case statuses[] = {
	{ "success is 0", 0, 0 },
	{ "nothing there to undo is 1", -ESRCH, 1 },
	{ "a file that is not there is 3", -ENOENT, 3 },
	{ "a bad name is 2", -EINVAL, 2 },
	{ "no such device is 2", -ENODEV, 2 },
	{ "several are 2", -ENOTUNIQ, 2 },
	{ "a bridge is 2", -EISDIR, 2 },
	{ "no rights are 3", -EACCES, 3 },
	{ "a read-only system is 3", -EROFS, 3 },
	{ "no room is 3", -ENOSPC, 3 },
	{ "a failed command is 3", -EPROTO, 3 },
	{ "a lock is 3", -EAGAIN, 3 },
	{ "others' edits are 3", -ESTALE, 3 },
	{ "an unfinished one is 4", -EUCLEAN, 4 },
};

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_agreed),
	};
	struct CMUnitTest tests[ARRAY_SIZE(devices) + ARRAY_SIZE(statuses) +
				ARRAY_SIZE(waiting) + ARRAY_SIZE(others)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		tests[n++] = (struct CMUnitTest){ devices[i].name, test_device, NULL, NULL,
						  (void *)(uintptr_t)&devices[i] };
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		tests[n++] = (struct CMUnitTest){ statuses[i].name, test_status, NULL, NULL,
						  (void *)(uintptr_t)&statuses[i] };
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		tests[n++] = (struct CMUnitTest){ waiting[i].name, test_waiting, NULL, NULL,
						  (void *)(uintptr_t)&waiting[i] };
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[n++] = others[i];
	return cmocka_run_group_tests_name("verbs", tests, NULL, NULL);
}
