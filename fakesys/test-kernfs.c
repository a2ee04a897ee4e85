/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles on the tree, op by op. Expected values are kernel.md's, which were observed on
 * booted kernels (6.1.192, 6.12.107, 7.3.4).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakesys/test-kernfs.h"
#include "fakesys/test-sim.h"

#define NIC DEV("00:03.0")
#define VGA DEV("00:02.0")
#define BARE DEV("00:09.0")

/* What is done with the one open file of a row, or to the host meanwhile. */
enum kop {
	K_END,
	K_OPEN,   /* text: path; a: flags; ret */
	K_READ,   /* a: bytes at most, b: offset; text: what comes, or ret */
	K_WRITE,  /* text, of a bytes (0: its length), at b; ret (0: all) */
	K_STAT,   /* text: path; a: mode, b: size; ret: links */
	K_STORE,  /* text: path; as a second process: "1" */
	K_CHMOD,  /* text: path; a: mode */
	K_ACCESS, /* text: path; a: mask */
	K_REFUSE, /* text: "FOLDER NAME"; a: enum kname_op */
	K_END_OF, /* ret: where SEEK_END leads */
	K_NLINK,  /* of the open file */
};

struct step {
	enum kop op;
	const char *text;
	long a, b, ret;
};

#define STEPS 20
struct kernfs_case {
	const char *name, *profile;
	uid_t uid;
	struct step steps[STEPS];
};

static long stat_path(struct player *p, const char *path, const struct step *st)
{
	struct knode *n;
	struct kstat k;
	int r = player_walk(p, path, &n);

	if (r < 0)
		return r;
	knode_stat(p->k, n, &k);
	knode_put(p->k, n);
	assert_int_equal(k.mode, st->a);
	assert_int_equal(k.size, st->b);
	return k.nlink;
}

static long play(struct player *p, const struct step *st)
{
	char buf[8192], path[512], name[64];
	struct knode *n = NULL;
	uint64_t ticket;
	struct kstat k;
	long r;

	switch (st->op) {
	case K_OPEN:
		return player_open(p, st->text, (int)st->a);
	case K_READ:
		r = kfile_read(p->file, buf, (size_t)st->a, (uint64_t)st->b);
		if (st->text && r >= 0 &&
		    ((size_t)r != strlen(st->text) || memcmp(buf, st->text, (size_t)r)))
			fail_msg("read \"%.*s\", expected \"%s\"", (int)r, buf, st->text);
		return st->text && r >= 0 ? st->ret : r;
	case K_WRITE:
		memset(buf, 'x', sizeof(buf));
		memcpy(buf, st->text, strlen(st->text));
		r = kfile_write(p->file, p->who, buf,
				st->a ? (size_t)st->a : strlen(st->text), (uint64_t)st->b,
				&ticket);
		return !st->ret && r == (long)strlen(st->text) ? 0 : r;
	case K_STAT:
		return stat_path(p, st->text, st);
	case K_STORE:
		return sim_store(p->s, st->text, "1", 1) == 1 ? 0 : -1;
	case K_CHMOD:
	case K_ACCESS:
		r = player_walk(p, st->text, &n);
		if (r < 0)
			return r;
		r = st->op == K_CHMOD ? knode_chmod(p->k, n, p->who, (mode_t)st->a)
				      : knode_access(p->k, n, p->who, (int)st->a);
		knode_put(p->k, n);
		return r;
	case K_REFUSE:
		assert_int_equal(sscanf(st->text, "%511s %63s", path, name), 2);
		assert_int_equal(player_walk(p, path, &n), 0);
		r = kernfs_refuse(p->k, n, name, p->who, (enum kname_op)st->a);
		knode_put(p->k, n);
		return r;
	case K_END_OF:
		return (long)kfile_end(p->file);
	case K_NLINK:
		knode_stat(p->k, p->node, &k);
		return k.nlink;
	case K_END:
		break;
	}
	return 0;
}

static void test_kernfs(void **state)
{
	const struct kernfs_case *c = *state;
	struct machine *m = test_machine(true);
	struct player p;

	player_init(&p, m, c->profile ? c->profile : "6.12.107", c->uid);
	for (size_t i = 0; i < STEPS && c->steps[i].op; i++) {
		long r = play(&p, &c->steps[i]);

		if (r != c->steps[i].ret)
			fail_msg("step %zu: %ld, expected %ld", i + 1, r,
				 c->steps[i].ret);
	}
	player_done(&p);
	machine_free(m);
}

/* clang-format off */
static struct kernfs_case cases[] = {
	{ "access says yes to root, whatever open will say", .steps = {
		{ K_ACCESS, NIC "vendor", W_OK, 0, 0 }, { K_ACCESS, NIC "remove", R_OK, 0, 0 } } },
	{ "driver_override takes 4094 bytes", .steps = {
		{ K_OPEN, NIC "driver_override", O_RDWR }, { K_WRITE, "a\n", 4094, 0, 4094 },
		{ K_READ, "a\n", 100 }, { K_WRITE, "b\n", 4095, 0, -EINVAL },
		{ K_WRITE, "b\n", 5000, 0, -EINVAL }, { K_READ, "a\n", 100 } } },
	{ "the place of a write does not matter", .steps = {
		{ K_OPEN, NIC "driver_override", O_RDWR }, { K_WRITE, "x\n", 0, 70 }, { K_READ, "x\n", 100 } } },
	{ "a read goes on in what it began", .steps = {
		{ K_OPEN, NIC "driver_override", O_RDWR }, { K_WRITE, "abcd\n" }, { K_READ, "ab", 2 },
		{ K_WRITE, "wxyz\n" }, { K_READ, "cd\n", 10, 2 }, { K_READ, "", 10, 5 }, { K_READ, "wx", 2, 0 } } },
	{ "a read from another place shows anew", .steps = {
		{ K_OPEN, NIC "driver_override", O_RDWR }, { K_WRITE, "abcd\n" }, { K_READ, "ab", 2 },
		{ K_WRITE, "wxyz\n" }, { K_READ, "z\n", 10, 3 } } },
	{ "a show that fails fails the read", .steps = {
		{ K_OPEN, NIC "power/autosuspend_delay_ms", O_RDONLY }, { K_READ, NULL, 10, 0, -EIO } } },
	{ "others may read and not write", .uid = 1000, .steps = {
		{ K_OPEN, NIC "driver_override", O_WRONLY, 0, -EACCES }, { K_OPEN, NIC "remove", O_WRONLY, 0, -EACCES },
		{ K_CHMOD, NIC "vendor", 0666, 0, -EPERM }, { K_OPEN, NIC "vendor", O_RDONLY },
		{ K_READ, "0x8086\n", 10 } } },
	{ "BARs are for mmap: read and write are EIO", .steps = {
		{ K_OPEN, NIC "resource0", O_RDWR }, { K_READ, NULL, 4, 0, -EIO }, { K_WRITE, "1234", 4, 0, -EIO },
		{ K_END_OF, NULL, 0, 0, 0x20000 } } },
	{ "SEEK_END of a BAR on 6.1 (F16)", "6.1", .steps = {
		{ K_OPEN, NIC "resource0", O_RDWR }, { K_END_OF, NULL, 0, 0, 0 } } },
	{ "links of an open file that is gone", .steps = {
		{ K_OPEN, BARE "vendor", O_RDONLY }, { K_STORE, BARE "remove" }, { K_NLINK, NULL, 0, 0, 1 } } },
	{ "its links on 7.3 (F18)", "7.3", .steps = {
		{ K_OPEN, BARE "vendor", O_RDONLY }, { K_STORE, BARE "remove" }, { K_NLINK, NULL, 0, 0, 0 } } },
	{ "what chmod changed is gone with the object", .steps = {
		{ K_CHMOD, BARE "vendor", 0600 }, { K_STORE, BARE "remove" }, { K_STORE, "sys/bus/pci/rescan" },
		{ K_STAT, BARE "vendor", S_IFREG | 0444, 4096, 1 } } },
	{ "stat: sizes and links", .steps = {
		{ K_STAT, NIC "vendor", S_IFREG | 0444, 4096, 1 }, { K_STAT, NIC "config", S_IFREG | 0644, 256, 1 },
		{ K_STAT, NIC "driver", S_IFLNK | 0777, 0, 1 }, { K_STAT, "sys/class/net", S_IFDIR | 0755, 0, 2 },
		{ K_STAT, "sys/bus/pci/drivers/nouveau", S_IFDIR | 0755, 0, -ENOENT },
		{ K_STAT, "dev/vfio/vfio", S_IFCHR | 0666, 0, 1 } } },
	{ "names: what root may not do", .steps = {
		{ K_REFUSE, "sys/bus/pci x", KNAME_CREATE, 0, -EACCES }, { K_REFUSE, "sys/bus/pci x", KNAME_MKDIR, 0, -EPERM },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_CREATE, 0, -EEXIST },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_REMOVE, 0, -EPERM },
		{ K_REFUSE, "sys/bus/pci x", KNAME_REMOVE, 0, -ENOENT },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_RMDIR, 0, -ENOTDIR },
		{ K_REFUSE, "sys/bus/pci drivers", KNAME_REMOVE, 0, -EISDIR },
		{ K_REFUSE, "sys/bus/pci drivers", KNAME_RMDIR, 0, -EPERM },
		{ K_REFUSE, "sys/bus/pci drivers", KNAME_RENAME, 0, -EPERM },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_RENAME, 0, -EPERM },
		{ K_REFUSE, "sys/bus/pci x", KNAME_RENAME, 0, -ENOENT },
		{ K_REFUSE, "sys/bus/pci x", KNAME_MKNOD, 0, -EPERM },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_MKNOD, 0, -EEXIST } } },
	{ "names: others have no right at all", .uid = 1000, .steps = {
		{ K_REFUSE, "sys/bus/pci x", KNAME_CREATE, 0, -EACCES }, { K_REFUSE, "sys/bus/pci x", KNAME_MKDIR, 0, -EACCES },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_REMOVE, 0, -EACCES } } },
	{ "a folder does not open for writing", .steps = {
		{ K_OPEN, "sys/bus/pci", O_WRONLY, 0, -EISDIR }, { K_OPEN, NIC "driver", O_RDONLY, 0, -ELOOP } } },
};
/* clang-format on */

/* d_off of one entry is where the next begins (kernel.md 6, readdir). */
static void test_readdir(void **state)
{
	struct machine *m = test_machine(true);
	struct player p;
	struct klist l;
	struct knode *dir;

	(void)state;
	player_init(&p, m, "6.12.107", 0);
	assert_int_equal(player_walk(&p, "sys/bus/pci/drivers/e1000e", &dir), 0);
	assert_int_equal(kernfs_list(p.k, dir, &l), 0);
	for (size_t i = 0; i < l.v.n; i++)
		assert_int_equal(klist_seek(&l, i ? l.v.v[i - 1].next : 0), i);
	assert_int_equal(klist_seek(&l, INT_MAX), l.v.n);
	klist_done(&l);
	knode_put(p.k, dir);
	player_done(&p);
	machine_free(m);
}

/* One store waits for what another process gives back; its answer comes then. */
static void test_blocked(void **state)
{
	struct machine *m = test_machine(true);
	uint64_t ticket = 0, other = 0, got;
	struct player p;
	ssize_t result;

	(void)state;
	player_init(&p, m, "6.12.107", 0);
	assert_int_equal(sim_store(p.s, NIC "driver_override", "vfio-pci", 8), 8);
	assert_int_equal(sim_store(p.s, NIC "driver/unbind", "0000:00:03.0", 12), 12);
	assert_int_equal(sim_store(p.s, "sys/bus/pci/drivers_probe", "0000:00:03.0", 12),
			 12);
	assert_int_equal(sim_claim_group(p.s, 2), 0);
	assert_int_equal(player_open(&p, DRV("vfio-pci") "unbind", O_WRONLY), 0);
	assert_int_equal(kfile_write(p.file, p.who, "0000:00:03.0", 12, 0, &ticket),
			 -EINPROGRESS);
	assert_true(ticket);
	assert_int_equal(sim_store(p.s, NIC "reset", "1", 1), -EINPROGRESS);
	assert_false(sim_take_answer(p.s, &got, &result));
	assert_int_equal(sim_release_group(p.s, 2), 0);
	assert_true(sim_take_answer(p.s, &got, &result));
	assert_int_equal(got, ticket);
	assert_int_equal(result, 12);
	assert_true(sim_take_answer(p.s, &other, &result));
	assert_int_equal(result, 1);
	assert_false(sim_take_answer(p.s, &got, &result));
	player_done(&p);
	machine_free(m);
}

/* Nodes of a power-on do not come alive in the next one. */
static void test_reboot(void **state)
{
	struct machine *m = test_machine(true);
	const struct boot_report *boot;
	struct player p;
	char buf[64];
	struct err e;

	(void)state;
	player_init(&p, m, "6.12.107", 0);
	assert_int_equal(player_open(&p, DRV("e1000e") "uevent", O_WRONLY), 0);
	(void)sim_reboot(p.s, &boot, &e);
	assert_false(knode_alive(p.k, p.node));
	assert_true(kfile_read(p.file, buf, 1, 0) < 0);
	player_done(&p);
	machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3];
	size_t n = 0;

	for (; n < ARRAY_SIZE(cases); n++)
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
						.test_func = test_kernfs,
						.initial_state = &cases[n] };
	tests[n++] = (struct CMUnitTest){ .name = "an offset finds the entry again",
					  .test_func = test_readdir };
	tests[n++] = (struct CMUnitTest){ .name = "a blocked store is answered later",
					  .test_func = test_blocked };
	tests[n++] = (struct CMUnitTest){ .name = "nothing survives a reboot",
					  .test_func = test_reboot };
	return cmocka_run_group_tests_name("kernfs", tests, NULL, NULL);
}
