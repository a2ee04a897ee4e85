/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders with a copied /sys: whole ones, and what copying makes of links. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/test-captures.h"
#include "fakesys/import.h"

/* ---- a small copy ---- */

#define DEVICE "sys/devices/pci0000:00/0000:00:03.0"
#define LINKS "sys/bus/pci/devices"

struct dir_case {
	const char *name;
	const char *without;     /* a path that was not copied */
	const char *flat;        /* a link that became a folder */
	const char *file, *text; /* one more */
	const char *link, *target;
	const char *from;  /* what is given, below the copy; NULL: all of it */
	const char *lspci; /* given first */
	/* "ids config driver group, groups, release, cpu" or the error behind DIR */
	const char *want;
	const char *unknown, *why; /* and a fact with the reason */
	unsigned odd;
};

static void make_parents(char *path)
{
	for (char *c = strchr(path + 1, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		(void)mkdir(path, 0755);
		*c = '/';
	}
}

static void put(const char *dir, const char *path, const void *bytes, size_t len)
{
	char name[PATH_MAX];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	make_parents(name);
	f = fopen(name, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void put_link(const char *dir, const char *path, const char *target)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/%s", dir, path);
	make_parents(name);
	assert_int_equal(symlink(target, name), 0);
}

static const struct {
	const char *path, *target, *text;
} copy[] = {
	/* clang-format off */
	{ LINKS "/0000:00:03.0", "../../../devices/pci0000:00/0000:00:03.0" },
	{ DEVICE "/vendor", .text = "0x8086\n" },
	{ DEVICE "/device", .text = "0x10d3\n" },
	{ DEVICE "/class", .text = "0x020000\n" },
	{ DEVICE "/reset_method", .text = "flr pm\n" },
	{ DEVICE "/driver", "../../../bus/pci/drivers/e1000e" },
	{ DEVICE "/iommu_group", "../../../kernel/iommu_groups/2" },
	{ "sys/kernel/iommu_groups/2/type", .text = "DMA-FQ\n" },
	{ "sys/bus/pci/drivers/e1000e/module", "../../../../module/e1000e" },
	{ "sys/module/e1000e/initstate", .text = "live\n" },
	{ "proc/sys/kernel/osrelease", .text = "6.1.0-20-amd64\n" },
	{ "proc/cpuinfo", .text = "processor\t: 0\nvendor_id\t: GenuineIntel\n" },
	/* clang-format on */
};

static const uint8_t config[256] = { 0x86, 0x80, 0xd3, 0x10, [0x0b] = 0x02 };

static bool same(const char *path, const char *which)
{
	return which && streq(path, which);
}

static void make_copy(const struct dir_case *c, const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(copy); i++) {
		char inside[PATH_MAX];

		if (same(copy[i].path, c->without))
			continue;
		snprintf(inside, sizeof(inside), "%s/name", copy[i].path);
		if (same(copy[i].path, c->flat))
			put(dir, inside, "x\n", 2);
		else if (copy[i].target)
			put_link(dir, copy[i].path, copy[i].target);
		else
			put(dir, copy[i].path, copy[i].text, strlen(copy[i].text));
	}
	if (!same(DEVICE "/config", c->without))
		put(dir, DEVICE "/config", config, sizeof(config));
	if (c->file)
		put(dir, c->file, c->text, strlen(c->text));
	if (c->link)
		put_link(dir, c->link, c->target);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void remove_all(const char *dir)
{
	assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *describe(struct machine *m)
{
	const struct pci_fn *fn = &m->fns.v[0];

	return arena_printf(m->arena, "%04x:%04x %zu %s %d, %zu, %s, %s", fn->id.vendor,
			    fn->id.device, fn->config.len, fn->driver ? fn->driver : "-",
			    fn->group, m->groups.n,
			    machine_unknown(m, "release") ? "-" : m->release,
			    *m->cpu_vendor ? m->cpu_vendor : "-");
}

static void test_dir(void **state)
{
	const struct dir_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	char dir[] = "/tmp/test-import-dir-XXXXXX";
	const char *given = dir, *why;
	struct import_stats stats = { 0 };
	struct err e = { "" };
	int r;

	assert_non_null(mkdtemp(dir));
	make_copy(c, dir);
	if (c->from)
		given = arena_printf(m->arena, "%s/%s", dir, c->from);
	if (c->lspci)
		assert_int_equal(import_lspci(m, "L", c->lspci, NULL, NULL), 0);
	r = import_add_dir(m, given, &stats, &e);
	remove_all(dir);
	if (r >= 0)
		r = import_finish(m, &e);
	if (r < 0) {
		assert_int_equal(r, -EINVAL);
		assert_non_null(after_prefix(e.text, given));
		assert_string_equal(after_prefix(e.text, given), c->want);
		return;
	}
	assert_int_equal(m->fns.n, 1);
	assert_string_equal(describe(m), c->want);
	assert_int_equal(stats.functions, 1);
	assert_int_equal(stats.not_understood, c->odd);
	if (!c->unknown)
		return;
	why = machine_unknown(m, "%s", c->unknown);
	if (!c->why)
		assert_null(why);
	else
		assert_string_equal(why ? why : "known", c->why);
}

#define WHOLE "8086:10d3 256 e1000e 2, 1, 6.1.0-20-amd64, GenuineIntel"
#define SYS_ONLY "8086:10d3 256 e1000e 2, 1, -, -"
static struct dir_case dir_cases[] = {
	/* clang-format off */
	{ "a folder that holds sys and proc", .want = WHOLE, .unknown = "functions/0000:00:03.0/config" },
	{ "a folder that is sys", .from = "sys", .want = SYS_ONLY,
	  .unknown = "cpu", .why = "/proc/cpuinfo was not given" },
	{ "with a slash behind", .from = "sys/", .want = SYS_ONLY },
	{ "a folder inside sys", .from = "sys/bus",
	  .want = ": no PCI function below sys/bus/pci/devices in this tree" },
	{ "no such folder", .from = "sys/none", .want = ": No such file or directory" },
	{ "the driver's link became a folder", .flat = DEVICE "/driver",
	  .want = "8086:10d3 256 - 2, 1, 6.1.0-20-amd64, GenuineIntel",
	  .unknown = "functions/0000:00:03.0/driver", .why = "it was not copied as a link" },
	{ "the same, and lspci tells", .flat = DEVICE "/driver",
	  .lspci = "00:03.0 0200: 8086:10d3\n\tKernel driver in use: e1000e\n", .want = WHOLE,
	  .unknown = "functions/0000:00:03.0/driver" },
	{ "the group's link became a folder", .flat = DEVICE "/iommu_group",
	  .want = "8086:10d3 256 e1000e -1, 0, 6.1.0-20-amd64, GenuineIntel",
	  .unknown = "functions/0000:00:03.0/iommu_group", .why = "it was not copied as a link" },
	{ "no function has its driver's link", .without = DEVICE "/driver",
	  .want = "8086:10d3 256 - 2, 1, 6.1.0-20-amd64, GenuineIntel", .unknown = "drivers",
	  .why = "nothing that was given names a driver (lspci -v and -k do, and the links of "
	  "a /sys)" },
	{ "no links to devices", .without = LINKS "/0000:00:03.0",
	  .want = ": no PCI function below sys/bus/pci/devices in this tree" },
	{ "a link to a device that was not copied", .without = LINKS "/0000:00:03.0",
	  .link = LINKS "/0000:00:04.0", .target = "../../../devices/pci0000:00/0000:00:04.0",
	  .want = "0000:0000 0 - -1, 0, 6.1.0-20-amd64, GenuineIntel", .odd = 1,
	  .unknown = "functions/0000:00:04.0/id", .why = "not part of this tree" },
	{ "devices as folders", .without = LINKS "/0000:00:03.0", .file = LINKS "/0000:00:03.0/vendor",
	  .text = "0x8086\n", .want = "8086:0000 0 - -1, 0, 6.1.0-20-amd64, GenuineIntel",
	  .unknown = "functions/0000:00:03.0/config", .why = "not part of this tree" },
	{ "config was not copied", .without = DEVICE "/config",
	  .want = "8086:10d3 0 e1000e 2, 1, 6.1.0-20-amd64, GenuineIntel",
	  .unknown = "functions/0000:00:03.0/config", .why = "not part of this tree" },
	{ "config was not copied, but printed by lspci", .without = DEVICE "/config",
	  .lspci = "00:03.0 0200: 8086:10d3\n00: 86 80 d3 10 00 00 00 00 00 00 00 02 00 00 00 00\n",
	  .want = "8086:10d3 16 e1000e 2, 1, 6.1.0-20-amd64, GenuineIntel",
	  .unknown = "functions/0000:00:03.0/config", .why = "not part of this tree" },
	{ "a link that leads out of the copy stays in it", .without = "proc/cpuinfo",
	  .link = "proc/cpuinfo", .target = "/../../../../../../../proc/sys/kernel/osrelease",
	  .want = "8086:10d3 256 e1000e 2, 1, 6.1.0-20-amd64, -" },
	{ "a loop of links", .without = DEVICE "/driver", .link = DEVICE "/driver", .target = "driver",
	  .want = "8086:10d3 256 driver 2, 1, 6.1.0-20-amd64, GenuineIntel" },
	{ "lspci of another machine", .lspci = "00:03.0 0200: 8086:10d4\n",
	  .want = ":0: 0000:00:03.0 is [8086:10d3] here and [8086:10d4] before: these are two machines" },
	/* clang-format on */
};

/* The log is of another boot than the copy. */
static void test_other_boot(void **state)
{
	static const struct dir_case whole = { 0 };
	AUTOMACHINE struct machine *m = machine_new();
	char dir[] = "/tmp/test-import-dir-XXXXXX";
	struct err e = { "" };
	int r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	make_copy(&whole, dir);
	assert_int_equal(
		import_dmesg(m, "D", "[    0.0] Linux version 6.12.1 (x) #1\n", NULL, &e),
		0);
	r = import_add_dir(m, dir, NULL, &e);
	remove_all(dir);
	assert_int_equal(r, -EINVAL);
	assert_non_null(strstr(e.text, ": of kernel 6.1.0-20-amd64 here and of 6.12.1 "
				       "before: these are not of one boot"));
}

/* ---- a machine that hwloc's people recorded ---- */

static char *unpacked;

static const char *shell(struct arena *a, const char *command)
{
	FILE *f = popen(command, "re");
	char buf[256] = "";
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	assert_int_equal(pclose(f), 0);
	while (n && buf[n - 1] == '\n')
		n--;
	return arena_strndup(a, buf, n);
}

struct hwloc_case {
	const char *name, *below;
	unsigned cpus;
};

/* Expected: what find(1) and the copied files themselves say. */
static void test_hwloc(void **state)
{
	const struct hwloc_case *c = *state;
	AUTOMACHINE struct machine *m = machine_new();
	const char *dir = arena_printf(m->arena, "%s%s", unpacked, c->below);
	struct import_stats stats = { 0 };
	unsigned drivers = 0;
	struct err e = { "" };

	if (import_add_dir(m, dir, &stats, &e) < 0 || import_finish(m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(m->fns.n, 137);
	assert_int_equal(stats.functions, 137);
	assert_int_equal(stats.not_understood, 0);
	assert_int_equal(m->groups.n, 0);
	assert_int_equal(m->cpus, c->cpus);
	vec_foreach(fn, &m->fns) {
		char bdf[BDF_SIZE];
		const char *file = arena_printf(m->arena, "%s/sys/bus/pci/devices/%s",
						unpacked, bdf_format(fn->bdf, bdf));
		struct blob b =
			read_capture(m->arena, arena_printf(m->arena, "%s/config", file));
		struct blob numa = read_capture(
			m->arena, arena_printf(m->arena, "%s/numa_node", file));

		drivers += fn->driver != NULL;
		assert_int_equal(fn->config.len, 64);
		assert_memory_equal(fn->config.data, b.data, 64);
		assert_int_equal(fn->numa, atoi((const char *)numa.data));
		assert_string_equal(machine_unknown(m, "functions/%s/config", bdf),
				    "only the standard header was recorded");
	}
	assert_int_equal(
		drivers,
		atoi(shell(m->arena,
			   arena_printf(m->arena,
					"find '%s/sys/devices' -type l -name driver "
					"| grep -c ':[0-9a-f][0-9a-f]\\.[0-7]/driver$'",
					unpacked))));
}

static struct hwloc_case hwloc_cases[] = {
	{ "137 functions: the folder", "", 16 },
	{ "137 functions: its sys", "/sys", 0 },
};

#define ROWS(cases, func)                                                                \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(cases); i_++)                                \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (cases)[i_].name, .test_func = (func),                   \
			.initial_state = &(cases)[i_]                                    \
		}

int main(int argc, char **argv)
{
	const char *captures = captures_dir(argc, argv);
	char dir[] = "/tmp/test-import-hwloc-XXXXXX";
	AUTOARENA struct arena *a = arena_new();
	struct CMUnitTest tests[100];
	size_t n = 0;
	int r;

	ROWS(dir_cases, test_dir);
	tests[n++] = (struct CMUnitTest){ .name = "the log of another boot",
					  .test_func = test_other_boot };
	if (captures && mkdtemp(dir)) {
		unpacked = arena_printf(a, "%s/32em64t-2n8c+1mic", dir);
		(void)shell(a, arena_printf(a, "tar -xjf '%s/hwloc-137.tar.bz2' -C %s",
					    captures, dir));
		ROWS(hwloc_cases, test_hwloc);
	}
	r = _cmocka_run_group_tests("import of folders", tests, n, NULL, NULL);
	if (unpacked)
		remove_all(dir);
	return r;
}
