/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles on the tree, op by op. Expected values are kernel.md's, which were observed on
 * booted kernels (6.1.192, 6.12.107, 7.3.4).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakesys/kernfs.h"
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
	K_POLL,   /* ret: events */
	K_STAT,   /* text: path; a: mode, b: size; ret: links */
	K_STORE,  /* text: path; as a second process: "1" */
	K_CHMOD,  /* text: path; a: mode */
	K_ACCESS, /* text: path; a: mask */
	K_REFUSE, /* text: "FOLDER NAME"; a: enum kname_op */
	K_END_OF, /* ret: where SEEK_END leads */
	K_NLINK,  /* of the open file */
	K_GO,     /* text: path that is not to be there; a second lookup of it fails */
};

struct step {
	enum kop op;
	const char *text;
	long a, b, ret;
};

#define STEPS 10
struct kernfs_case {
	const char *name, *profile;
	uid_t uid;
	struct step steps[STEPS];
};

struct player {
	struct sim *s;
	struct kernfs *k;
	struct knode *node;
	struct kfile *file;
	struct kcred who;
};

static int walk(struct player *p, const char *path, struct knode **ret)
{
	struct knode *at = knode_get(kernfs_root(p->k));

	while (*path) {
		size_t len = strcspn(path, "/");
		struct knode *next;
		int r = kernfs_lookup(p->k, at, path, len, &next);

		knode_put(p->k, at);
		if (r < 0)
			return r;
		at = next;
		path += len + (path[len] == '/');
	}
	*ret = at;
	return 0;
}

/* The real folder of a function: a path through links is for the caller's kernel. */
static const char *real(const char *path, char *buf)
{
	const char *bdf = after_prefix(path, "sys/bus/pci/devices/");

	if (!bdf)
		return path;
	sprintf(buf, "sys/devices/pci0000:00/%s%s",
		after_prefix(bdf, "0000:01:") ? "0000:00:04.0/" : "", bdf);
	return buf;
}

static long open_path(struct player *p, const char *path, int flags)
{
	int r = walk(p, path, &p->node);

	return r < 0 ? r : kernfs_open(p->k, p->node, flags, p->who, &p->file);
}

static long stat_path(struct player *p, const char *path, const struct step *st)
{
	struct knode *n;
	struct kstat k;
	int r = walk(p, path, &n);

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
	const char *at = st->text ? real(st->text, path) : NULL;
	struct knode *n = NULL;
	uint64_t ticket;
	struct kstat k;
	long r;

	switch (st->op) {
	case K_OPEN:
		return open_path(p, at, (int)st->a);
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
	case K_POLL:
		return kfile_poll(p->file);
	case K_STAT:
		return stat_path(p, at, st);
	case K_STORE:
		return sim_store(p->s, st->text, "1", 1) == 1 ? 0 : -1;
	case K_CHMOD:
	case K_ACCESS:
		r = walk(p, at, &n);
		if (r < 0)
			return r;
		r = st->op == K_CHMOD ? knode_chmod(p->k, n, p->who, (mode_t)st->a)
				      : knode_access(p->k, n, p->who, (int)st->a);
		knode_put(p->k, n);
		return r;
	case K_REFUSE:
		assert_int_equal(sscanf(st->text, "%511s %63s", path, name), 2);
		assert_int_equal(walk(p, path, &n), 0);
		r = kernfs_refuse(p->k, n, name, p->who, (enum kname_op)st->a);
		knode_put(p->k, n);
		return r;
	case K_END_OF:
		return (long)kfile_end(p->file);
	case K_NLINK:
		knode_stat(p->k, p->node, &k);
		return k.nlink;
	case K_GO:
		r = walk(p, at, &n);
		if (!r)
			knode_put(p->k, n);
		return r;
	case K_END:
		break;
	}
	return 0;
}

static void test_kernfs(void **state)
{
	const struct kernfs_case *c = *state;
	struct machine *m = test_machine(true);
	struct player p = { .who = { c->uid, c->uid } };
	struct err e;

	assert_int_equal(
		sim_new(m, profile_find(c->profile ? c->profile : "6.12"), &p.s, &e), 0);
	p.k = kernfs_new(p.s);
	for (size_t i = 0; i < STEPS && c->steps[i].op; i++) {
		long r = play(&p, &c->steps[i]);

		if (r != c->steps[i].ret)
			fail_msg("step %zu: %ld, expected %ld", i + 1, r,
				 c->steps[i].ret);
	}
	kfile_close(p.file);
	if (p.node)
		knode_put(p.k, p.node);
	kernfs_free(p.k);
	sim_free(p.s);
	machine_free(m);
}

/* clang-format off */
static struct kernfs_case cases[] = {
	{ "a 0444 file opens for reading only, for root as well (1)", .steps = {
		{ K_OPEN, NIC "vendor", O_WRONLY, 0, -EACCES }, { K_OPEN, NIC "vendor", O_RDWR, 0, -EACCES },
		{ K_OPEN, NIC "remove", O_RDONLY, 0, -EACCES }, { K_ACCESS, NIC "vendor", W_OK, 0, 0 } } },
	{ "after chmod it opens, and its write is EIO (1)", .steps = {
		{ K_CHMOD, NIC "vendor", 0666 }, { K_STAT, NIC "vendor", S_IFREG | 0666, 4096, 1 },
		{ K_OPEN, NIC "vendor", O_WRONLY }, { K_WRITE, "1", 0, 0, -EIO } } },
	{ "an empty write is no store (5)", .steps = {
		{ K_OPEN, NIC "driver_override", O_RDWR }, { K_WRITE, "x\n" }, { K_WRITE, "", 0, 0, 0 },
		{ K_READ, "x\n", 100 } } },
	{ "a write is one page at most", .steps = {
		{ K_OPEN, NIC "uevent", O_WRONLY }, { K_WRITE, "add", 5000, 0, -EINVAL } } },
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
	{ "config: all of it for root (22)", .steps = {
		{ K_OPEN, NIC "config", O_RDWR }, { K_READ, NULL, 5000, 0, 256 }, { K_READ, NULL, 10, 250, 6 },
		{ K_READ, NULL, 10, 256, 0 }, { K_WRITE, "x", 1, 256, -EFBIG }, { K_WRITE, "xxxx", 4, 254, 2 } } },
	{ "config: 64 bytes for others (22)", .uid = 1000, .steps = {
		{ K_OPEN, NIC "config", O_RDONLY }, { K_READ, NULL, 4096, 0, 64 }, { K_READ, NULL, 10, 60, 4 },
		{ K_READ, NULL, 10, 64, 0 } } },
	{ "others may read and not write", .uid = 1000, .steps = {
		{ K_OPEN, NIC "driver_override", O_WRONLY, 0, -EACCES }, { K_OPEN, NIC "remove", O_WRONLY, 0, -EACCES },
		{ K_CHMOD, NIC "vendor", 0666, 0, -EPERM }, { K_OPEN, NIC "vendor", O_RDONLY },
		{ K_READ, "0x8086\n", 10 } } },
	{ "BARs are for mmap: read and write are EIO", .steps = {
		{ K_OPEN, NIC "resource0", O_RDWR }, { K_READ, NULL, 4, 0, -EIO }, { K_WRITE, "1234", 4, 0, -EIO },
		{ K_END_OF, NULL, 0, 0, 0x20000 } } },
	{ "SEEK_END of a BAR on 6.1 (F16)", "6.1", .steps = {
		{ K_OPEN, NIC "resource0", O_RDWR }, { K_END_OF, NULL, 0, 0, 0 } } },
	{ "poll: before the first read, after it, after the end", .steps = {
		{ K_OPEN, BARE "vendor", O_RDONLY }, { K_POLL, NULL, 0, 0, POLLIN | POLLOUT | POLLPRI | POLLERR },
		{ K_READ, "0x1234\n", 10 }, { K_POLL, NULL, 0, 0, POLLIN | POLLOUT },
		{ K_STORE, BARE "remove" }, { K_POLL, NULL, 0, 0, 0xb } } },
	{ "a removed object's file is ENODEV, for good", .steps = {
		{ K_OPEN, BARE "vendor", O_RDONLY }, { K_READ, "0x1234\n", 10 }, { K_STORE, BARE "remove" },
		{ K_GO, BARE "vendor", 0, 0, -ENOENT }, { K_READ, NULL, 10, 0, -ENODEV }, { K_NLINK, NULL, 0, 0, 1 },
		{ K_STORE, "sys/bus/pci/rescan" }, { K_GO, BARE "vendor" }, { K_READ, NULL, 10, 0, -ENODEV } } },
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
		{ K_REFUSE, "sys/bus/pci drivers", KNAME_RMDIR, 0, -EPERM } } },
	{ "names: others have no right at all", .uid = 1000, .steps = {
		{ K_REFUSE, "sys/bus/pci x", KNAME_CREATE, 0, -EACCES }, { K_REFUSE, "sys/bus/pci x", KNAME_MKDIR, 0, -EACCES },
		{ K_REFUSE, "sys/bus/pci rescan", KNAME_REMOVE, 0, -EACCES } } },
	{ "a folder does not open for writing", .steps = {
		{ K_OPEN, "sys/bus/pci", O_WRONLY, 0, -EISDIR }, { K_OPEN, NIC "driver", O_RDONLY, 0, -ELOOP } } },
};
/* clang-format on */

/*
 * Names in the order in which 6.12.107 lists them. The hashes of "bind" and "uevent" were
 * worked out by hand from fs/kernfs/dir.c; a whole folder's order was observed.
 */
static void test_readdir(void **state)
{
	struct machine *m = test_machine(true);
	struct sim *s;
	struct kernfs *k;
	struct player p = { 0 };
	struct klist l;
	struct knode *dir;
	struct err e;

	(void)state;
	assert_int_equal(sim_new(m, NULL, &s, &e), 0);
	k = kernfs_new(s);
	p = (struct player){ .s = s, .k = k };
	assert_int_equal(walk(&p, "sys/bus/pci/drivers/e1000e", &dir), 0);
	assert_int_equal(kernfs_list(k, dir, &l), 0);
	assert_string_equal(l.v.v[0].name, ".");
	assert_int_equal(l.v.v[0].next, 1);
	assert_string_equal(l.v.v[1].name, "..");
	for (size_t i = 2; i < l.v.n; i++) {
		assert_int_equal(l.v.v[i].hash,
				 kernfs_name_hash(l.v.v[i].name, strlen(l.v.v[i].name)));
		assert_int_equal(l.v.v[i - 1].next, l.v.v[i].hash);
		assert_true(l.v.v[i].hash >= l.v.v[i - 1].hash);
		assert_int_equal(klist_seek(&l, l.v.v[i].hash), i);
	}
	assert_int_equal(l.v.v[l.v.n - 1].next, INT_MAX);
	assert_int_equal(klist_seek(&l, INT_MAX), l.v.n);
	klist_done(&l);
	knode_put(k, dir);
	kernfs_free(k);
	sim_free(s);
	machine_free(m);
}

/* One store waits for what another process gives back; its answer comes then. */
static void test_blocked(void **state)
{
	struct machine *m = test_machine(true);
	struct player p = { 0 };
	uint64_t ticket = 0, other = 0, got;
	struct kfile *file;
	struct knode *n;
	ssize_t result;
	struct err e;

	(void)state;
	assert_int_equal(sim_new(m, profile_find("6.12"), &p.s, &e), 0);
	p.k = kernfs_new(p.s);
	assert_int_equal(sim_store(p.s, NIC "driver_override", "vfio-pci", 8), 8);
	assert_int_equal(sim_store(p.s, NIC "driver/unbind", "0000:00:03.0", 12), 12);
	assert_int_equal(sim_store(p.s, "sys/bus/pci/drivers_probe", "0000:00:03.0", 12),
			 12);
	assert_int_equal(sim_claim_group(p.s, 2), 0);
	assert_int_equal(walk(&p, "sys/bus/pci/drivers/vfio-pci/unbind", &n), 0);
	assert_int_equal(kernfs_open(p.k, n, O_WRONLY, p.who, &file), 0);
	assert_int_equal(kfile_write(file, p.who, "0000:00:03.0", 12, 0, &ticket),
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
	kfile_close(file);
	knode_put(p.k, n);
	kernfs_free(p.k);
	sim_free(p.s);
	machine_free(m);
}

/* Nodes of a power-on do not come alive in the next one. */
static void test_reboot(void **state)
{
	struct machine *m = test_machine(true);
	const struct boot_report *boot;
	struct player p = { 0 };
	struct kfile *file;
	struct knode *n;
	char buf[64];
	struct err e;

	(void)state;
	assert_int_equal(sim_new(m, profile_find("6.12"), &p.s, &e), 0);
	p.k = kernfs_new(p.s);
	assert_int_equal(walk(&p, "sys/bus/pci/drivers/e1000e/uevent", &n), 0);
	assert_int_equal(kernfs_open(p.k, n, O_WRONLY, p.who, &file), 0);
	(void)sim_reboot(p.s, &boot, &e);
	assert_false(knode_alive(p.k, n));
	assert_true(kfile_read(file, buf, 1, 0) < 0);
	kfile_close(file);
	knode_put(p.k, n);
	kernfs_free(p.k);
	sim_free(p.s);
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
	tests[n++] = (struct CMUnitTest){ .name = "folders are listed by hash (28)",
					  .test_func = test_readdir };
	tests[n++] =
		(struct CMUnitTest){ .name = "a blocked store is answered later (16)",
				     .test_func = test_blocked };
	tests[n++] = (struct CMUnitTest){ .name = "nothing survives a reboot",
					  .test_func = test_reboot };
	return cmocka_run_group_tests_name("kernfs", tests, NULL, NULL);
}
