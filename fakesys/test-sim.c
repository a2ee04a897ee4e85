/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/inventory.h"
#include "core/machine-json.h"
#include "fakesys/sim-internal.h"
#include "fakesys/test-sim.h"

/* --- what is listed is there --- */

struct walk {
	const struct host *h;
	const char *dir;
	size_t nodes;
};

static void walk_dir(const struct host *h, const char *dir, size_t *nodes);

static int ignore_name(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 0;
}

static int walk_entry(void *arg, const char *name)
{
	struct walk *w = arg;
	struct host_stat st;
	char path[4096], text[4097];
	struct walk below;
	ssize_t n;

	w->nodes++;
	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	if (w->h->ops->stat(w->h->ctx, path, &st) < 0)
		fail_msg("listed and not there: %s", path);
	if (S_ISDIR(st.mode)) {
		walk_dir(w->h, path, &w->nodes);
	} else if (S_ISLNK(st.mode)) {
		assert_true(w->h->ops->readlink(w->h->ctx, path, text, sizeof(text)) > 0);
		/* It leads to a folder; names in there are walked where they stand. */
		below = (struct walk){ w->h, path, 0 };
		if (w->h->ops->list(w->h->ctx, path, ignore_name, &below) == -ENOENT)
			fail_msg("leads nowhere: %s -> %s", path, text);
	} else {
		n = w->h->ops->read(w->h->ctx, path, text, sizeof(text) - 1, 0);
		if (n > (ssize_t)sizeof(text) - 1 || n == -ENOENT)
			fail_msg("%s: %zd", path, n);
	}
	return 0;
}

static void walk_dir(const struct host *h, const char *dir, size_t *nodes)
{
	struct walk w = { h, dir, 0 };

	assert_int_equal(h->ops->list(h->ctx, dir, walk_entry, &w), 0);
	*nodes += w.nodes;
}

static void test_walk(void **state)
{
	const struct kernel_profile *p = *state;
	struct machine *m = test_machine(true);
	size_t nodes = 0;
	struct host h;
	struct sim *s;
	struct err e;

	assert_int_equal(sim_new(m, p, &s, &e), 0);
	h = sim_host(s);
	walk_dir(&h, "sys", &nodes);
	walk_dir(&h, "proc", &nodes);
	walk_dir(&h, "dev", &nodes);
	assert_true(nodes > 700);
	sim_free(s);
	machine_free(m);
}

/* --- the test of tests: what is read back is what went in --- */

static void test_round_trip(void **state)
{
	bool iommu = *state != NULL;
	struct machine *m = test_machine(iommu), *again;
	char *want, *have;
	struct host h;
	struct sim *s;
	struct err e;

	assert_int_equal(sim_new(m, profile_find("6.12.107"), &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(sim_store(s, DEV("00:02.0") "rom", "1", 1), 1);
	assert_int_equal(inventory_read(&h, INV_ALL, &again, &e), 0);
	again->name = m->name;
	again->about = m->about;
	again->source = m->source;
	assert_int_equal(machine_to_json(m, &want), 0);
	assert_int_equal(machine_to_json(again, &have), 0);
	assert_string_equal(have, want);
	free(want);
	free(have);
	machine_free(again);
	sim_free(s);
	machine_free(m);
}

/* --- files of all kinds --- */

#define REL "lib/modules/6.12.107+deb13-amd64/"
#define SECURE_BOOT                                                                      \
	"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* clang-format off */
static struct test_script rows[] = {
	{ "the disk", .steps = { IS("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"),
		FAILS("etc/nonsense", ENOENT) } },
	{ "module data", .steps = {
		IS(REL "modules.builtin", "kernel/pcieport.ko\n"),
		{ HAS, REL "modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko.xz: "
			"kernel/drivers/vfio/vfio.ko.xz kernel/virt/lib/irqbypass.ko.xz\n" },
		{ HAS, REL "modules.alias", "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n" },
		{ HAS, REL "modules.builtin.modinfo", "pcieport.alias=pci:v*d*sv*sd*bc06sc04i00" },
		{ HAS, "boot/initrd.img-6.12.107+deb13-amd64", "070701" } } },
	{ "proc", .steps = {
		IS("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.12.107+deb13-amd64 root=/dev/nvme0n1 ro quiet\n"),
		IS("proc/sys/kernel/osrelease", "6.12.107+deb13-amd64\n"),
		{ HAS, "proc/modules", "vfio 16384 2 vfio_iommu_type1,vfio_pci, Live 0x0000000000000000\n" },
		{ HAS, "proc/modules", "e1000e 16384 0 - Live 0x0000000000000000\n" },
		{ HAS, "proc/cpuinfo", "flags\t\t: vmx\n" },
		IS("proc/self/mountinfo", "22 1 259:0 / / rw - ext4 /dev/nvme0n1 rw\n"),
		FAILS("proc/self", EISDIR), FAILS("proc/nonsense", ENOENT),
		W_FAIL("proc/cmdline", "x", EACCES) } },
	{ "modules", .steps = { IS("sys/module/vfio/initstate", "live\n"), IS("sys/module/vfio/refcnt", "2\n"),
		{ LINK, "sys/module/vfio/holders/vfio_pci", "vfio_pci" },
		{ LINK, "sys/module/vfio_pci/drivers/pci:vfio-pci", "vfio-pci" },
		FAILS("sys/module/pcieport/initstate", ENOENT), FAILS("sys/module/vfio/parameters", ENOENT) } },
	{ "classes", .steps = { { LINK, "sys/class/net/enp1s0f0/device", "0000:01:00.0" },
		{ LINK, "sys/class/block/nvme0n1p1", "nvme0n1p1" }, { LINK, "sys/block/nvme0n1", "nvme0n1" },
		{ LINK, "sys/block/nvme0n1p1", NULL }, IS("sys/class/block/nvme0n1p1/partition", "1\n"),
		{ LINK, "sys/block/nvme0n1/device", "nvme0" }, { LINK, "sys/class/nvme/nvme0/device", "0000:0a:00.0" },
		{ LINK, "sys/block/dm-0/slaves/nvme0n1p1", "nvme0n1p1" }, IS("sys/block/dm-0/dev", "254:0\n"),
		{ LINK, "sys/class/net/vmbr0/lower_enp1s0f0", "enp1s0f0" },
		{ LINK, "sys/class/pci_bus/0000:0a", "0000:0a" }, { LINK, "sys/class/iommu/dmar0", "dmar0" } } },
	{ "without IOMMU", .no_iommu = true, .steps = { { LINK, DEV("00:03.0") "iommu_group", NULL },
		{ LINK, "sys/class/iommu/dmar0", NULL }, FAILS("sys/kernel/iommu_groups", EISDIR),
		FAILS("sys/kernel/iommu_groups/2", ENOENT) } },
	{ "firmware", .steps = { IS("sys/firmware/efi/fw_platform_size", "64\n"),
		{ READ, SECURE_BOOT, "\x06", 0 }, FAILS("sys/firmware/acpi/tables/DMAR", ENOENT) } },
	{ "names with dots", .steps = { IS(DEV("00:03.0") "../0000:00:03.0/vendor", "0x8086\n"),
		IS("sys/./bus//pci/../pci/drivers_autoprobe", "1\n"), IS("sys/../proc/fb", "0 EFI VGA\n") } },
	{ "a page at most, and never nothing", .steps = {
		{ STORE, DEV("00:03.0") "vendor", "", -EACCES }, { STORE, "sys/bus/pci/rescan", "", 0 } } },
	{ "nothing that is not sysfs takes a store", .steps = {
		W_FAIL("etc/default/grub", "x", EOPNOTSUPP), W_FAIL("sys/bus/pci", "x", EISDIR),
		W_FAIL("sys/nonsense", "x", ENOENT) } },
};
/* clang-format on */

/* --- what root may not do in sysfs, and what the disk allows --- */

static void test_names(void **state)
{
	struct machine *m = test_machine(true);
	struct host_stat st;
	uint64_t space;
	struct host h;
	struct sim *s;
	struct err e;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_int_equal(h.ops->create(s, "sys/bus/pci/new", 0644, 0, 0), -EACCES);
	assert_int_equal(h.ops->create(s, "sys/bus/pci/rescan", 0644, 0, 0), -EEXIST);
	assert_int_equal(h.ops->mkdir(s, "sys/bus/pci/new", 0755), -EPERM);
	assert_int_equal(h.ops->unlink(s, "sys/bus/pci/rescan"), -EPERM);
	assert_int_equal(h.ops->rename(s, "etc/default/grub", "sys/x"), -EPERM);
	assert_int_equal(h.ops->create(s, "etc/new", 0600, 1, 2), 0);
	assert_int_equal(h.ops->append(s, "etc/new", "x", 1), 0);
	assert_int_equal(h.ops->sync(s, "etc/new"), 0);
	assert_int_equal(h.ops->stat(s, "etc/new", &st), 0);
	assert_int_equal(st.mode, S_IFREG | 0600);
	assert_int_equal(st.uid, 1);
	assert_true(st.mtime > 1690000500); /* newer than what was recorded */
	assert_int_equal(h.ops->space(s, "etc", &space), 0);
	assert_int_equal(h.ops->lock(s, "run/pcipass.lock", HOST_LOCK_OWN, 0), -ENOENT);
	assert_int_equal(h.ops->lock(s, "etc/lock", HOST_LOCK_OWN, 0), 0);
	assert_int_equal(h.ops->lock(s, "etc/lock", HOST_LOCK_OWN, 0), -EAGAIN);
	assert_int_equal(h.ops->unlock(s, "etc/lock"), 0);
	assert_int_equal(h.ops->lock(s, "etc/lock", HOST_LOCK_OWN, 0), 0);
	sim_free(s);
	machine_free(m);
}

/* A cut leaves a machine that answers nothing; a start, one that knows nothing yet. */
static void test_power(void **state)
{
	struct machine *m = test_machine(true);
	struct test_step fails = FAILS("etc/default/grub", EIO);
	const uint32_t nic = 2; /* of the machine's functions */
	const struct kernel *k = &m->kernels.v[0];
	struct host_stat st;
	char *log;
	struct sim *s;
	struct host h;
	struct err e;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	assert_string_equal(sim_fn_driver(s, nic), "e1000e");
	sim_power_cut(s, 0);
	test_run_step(s, &fails);
	assert_int_equal(h.ops->klog(s, &log), -EIO);
	assert_int_equal(sim_store(s, "sys/bus/pci/rescan", "1", 1), -EIO);
	assert_int_equal(sim_claim_group(s, 2), -EIO);

	sim_power_off(s);
	assert_null(sim_fn_driver(s, nic));
	assert_false(sim_module_loaded(s, "e1000e"));
	sim_set_running(s, k->release, "quiet intel_iommu=on");
	sim_set_iommu(s, true, true, "identity");
	sim_log_boot(s);
	test_run_step(s, &(struct test_step){ READ, "proc/cmdline",
					      "quiet intel_iommu=on\n", 0 });
	test_run_step(s, &(struct test_step){ READ, "sys/kernel/iommu_groups/2/type",
					      "identity\n", 0 });
	test_run_step(s, &(struct test_step){ LOG, NULL, "DMAR: IOMMU enabled", 0 });
	test_run_step(s,
		      &(struct test_step){ LOG, NULL, "DMAR: Host address width 39", 0 });
	test_run_step(s, &(struct test_step){ LOG, NULL,
					      "pci 0000:00:03.0: Adding to iommu group 2",
					      0 });
	test_run_step(
		s, &(struct test_step){ READ, DEV("0a:00.1") "vendor", NULL, -ENOENT });
	vec_foreach(mod, &k->modules)
		assert_int_equal(sim_load_module(s, mod, ""), 0);
	assert_string_equal(sim_fn_driver(s, nic), "e1000e");
	/* What was on the disk is there again. */
	assert_int_equal(h.ops->stat(s, "etc/default/grub", &st), 0);
	sim_free(s);
	machine_free(m);
}

/* --- machines that nobody could have --- */

static struct machine *hostile(void)
{
	struct machine *m = machine_new();
	struct pci_fn *fn;

	m->name = m->about = m->source = m->cpu_vendor = m->cpu_model = "";
	m->release = m->kernel_version = m->cmdline = "";
	/* Bridges that claim each other, themselves, and a bus that another has. */
	test_bridge(test_fn(m, "0000:00:01.0", 1, 1, 0x060400, -5, "x"), 0);
	test_bridge(test_fn(m, "0000:01:00.0", 1, 1, 0x060400, 1000000, "x"), 2);
	test_bridge(test_fn(m, "0000:02:00.0", 1, 1, 0x060400, 1000000, "y"), 1);
	test_bridge(test_fn(m, "0000:02:01.0", 1, 1, 0x060400, 0, NULL), 255);
	fn = test_fn(m, "0000:ff:00.0", 1, 1, 0x030000, 0, "no such module");
	*vec_push(m->arena, &fn->children) = (struct child){ "net", "..", NULL, true };
	*vec_push(m->arena, &fn->children) = (struct child){ "net", "/", NULL, true };
	*vec_push(m->arena, &fn->children) = (struct child){ "net", "a//b", NULL, true };
	*vec_push(m->arena, &fn->children) = (struct child){ "net", "a", NULL, true };
	*vec_push(m->arena, &fn->children) = (struct child){ "net", "a/b", NULL, true };
	*vec_push(m->arena, &fn->children) = (struct child){ "net", "a-b", NULL, true };
	*vec_push(m->arena, &fn->children) = (struct child){ "drm", "a/b", "x:y", true };
	*vec_push(m->arena, &m->stacked) =
		(struct stacked){ .class = "block", .name = "md0" };
	*vec_push(m->arena, &m->stacked.v[0].lower) = "md0";
	*vec_push(m->arena, &m->stacked) =
		(struct stacked){ .class = "block", .name = "md0p1" };
	*vec_push(m->arena, &m->stacked.v[1].lower) = "md0";
	*vec_push(m->arena, &m->stacked) =
		(struct stacked){ .class = "block", .name = "nvme1n1" };
	*vec_push(m->arena, &m->stacked) =
		(struct stacked){ .class = "net", .name = "a" };
	test_file(m, "proc/a", "1");
	test_file(m, "proc/a/b", "2");
	test_file(m, "proc//", "3");
	return m;
}

static void test_hostile(void **state)
{
	struct machine *m = hostile();
	size_t nodes = 0;
	struct err e;
	struct sim *s;
	struct host h;

	(void)state;
	assert_int_equal(machine_finish(m, &e), 0);
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	h = sim_host(s);
	walk_dir(&h, "sys", &nodes);
	walk_dir(&h, "proc", &nodes);
	assert_int_equal(sim_store(s, DEV("01:00.0") "remove", "1", 1), 1);
	assert_int_equal(sim_store(s, "sys/bus/pci/rescan", "1", 1), 1);
	walk_dir(&h, "sys", &nodes);
	sim_free(s);
	machine_free(m);
}

struct bad_case {
	const char *name;
	void (*spoil)(struct machine *m);
	const char *says;
};

static void lose_physfn(struct machine *m)
{
	m->fns.v[m->fns.n - 1].physfn.bus = 99;
}
static void twice(struct machine *m)
{
	m->fns.v[1].bdf = m->fns.v[0].bdf;
}
static void leave_tree(struct machine *m)
{
	m->files.v[0].path = "../etc/passwd";
}
static void bad_release(struct machine *m)
{
	m->kernels.v[0].release = "../../etc";
}

static struct bad_case bad[] = {
	{ "a VF without its physical function", lose_physfn,
	  "functions[0000:0a:00.1]: its physical function is missing" },
	{ "an address twice", twice, "functions[0000:00:00.0]: out of order, or twice" },
	{ "a file outside the tree", leave_tree,
	  "files[../etc/passwd]: cannot be put on a disk" },
	{ "a release with slashes", bad_release,
	  "kernels[../../etc]: no release of a kernel" },
};

static void test_bad(void **state)
{
	const struct bad_case *c = *state;
	struct machine *m = test_machine(true);
	struct err e = { { 0 } };
	struct sim *s = NULL;

	c->spoil(m);
	assert_int_equal(sim_new(m, NULL, &s, &e), -EINVAL);
	assert_null(s);
	if (!strstr(e.text, c->says))
		fail_msg("\"%s\", expected \"%s\"", e.text, c->says);
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows) + ARRAY_SIZE(bad) + 16] = { 0 };
	struct CMUnitTest *t = tests + ARRAY_SIZE(rows);

	TEST_ROWS(rows, tests);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		*t++ = (struct CMUnitTest){ .name = bad[i].name,
					    .test_func = test_bad,
					    .initial_state = &bad[i] };
	for (size_t i = 0; i < n_kernel_profiles; i++)
		*t++ = (struct CMUnitTest){
			.name = kernel_profiles[i].name,
			.test_func = test_walk,
			.initial_state = (void *)(uintptr_t)&kernel_profiles[i]
		};
	*t++ = (struct CMUnitTest){ .name = "read back, IOMMU on",
				    .test_func = test_round_trip,
				    .initial_state = &tests };
	*t++ = (struct CMUnitTest){ .name = "read back, IOMMU off",
				    .test_func = test_round_trip };
	*t++ = (struct CMUnitTest){ .name = "names", .test_func = test_names };
	*t++ = (struct CMUnitTest){ .name = "power", .test_func = test_power };
	*t++ = (struct CMUnitTest){ .name = "a hostile machine",
				    .test_func = test_hostile };
	return _cmocka_run_group_tests("sim", tests, (size_t)(t - tests), NULL, NULL);
}
