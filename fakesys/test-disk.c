/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "fakesys/disk.h"

/* Stands for content and target in steps; each step is one call with its result. */
enum op {
	END,
	PUT,
	LINKPUT,
	CREATE,
	APPEND,
	SYNC,
	RENAME,
	UNLINK,
	LINK,
	MKDIR,
	RMDIR,
	READ,
	LIST,
	STAT
};

struct step {
	enum op op;
	const char *a, *b;
	int want;
};

#define ALL_LOST 0
#define ALL_KEPT ~0ull
#define STEPS 10

struct disk_case {
	const char *name;
	struct step steps[STEPS];
	const char *want; /* "a=text b@target " now; */
	const char
		*want_lost; /* after a power cut that loses all it may; NULL: not asked */
	const char *want_strict; /* the same on a disk that is DISK_STRICT */
};

static struct blob text(const char *s)
{
	return (struct blob){ (const uint8_t *)s, strlen(s) };
}

static int ignore(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 0;
}

static int run(struct disk *d, const struct step *s)
{
	struct host_stat st;
	char buf[64];

	switch (s->op) {
	case PUT:
		return disk_put(d, s->a, text(s->b), 0644, 0, 0, 7);
	case LINKPUT:
		return disk_put(d, s->a, text(s->b), S_IFLNK | 0777, 0, 0, 7);
	case CREATE:
		return disk_create(d, s->a, 0644, 0, 0);
	case APPEND:
		return disk_append(d, s->a, s->b, strlen(s->b));
	case SYNC:
		return disk_sync(d, s->a);
	case RENAME:
		return disk_rename(d, s->a, s->b);
	case UNLINK:
		return disk_unlink(d, s->a);
	case LINK:
		return disk_link(d, s->a, s->b);
	case MKDIR:
		return disk_mkdir(d, s->a, 0755);
	case RMDIR:
		return disk_rmdir(d, s->a);
	case READ:
		return (int)disk_read(d, s->a, buf, sizeof(buf), 0);
	case LIST:
		return disk_list(d, s->a, ignore, NULL);
	case STAT:
		return disk_stat(d, s->a, &st);
	case END:
		break;
	}
	return 0;
}

struct listing {
	struct disk *d;
	char text[1024];
};

static int add_file(void *arg, const char *path)
{
	struct listing *l = arg;
	size_t n = strlen(l->text);
	struct host_stat st;
	struct blob b;
	char c;

	assert_int_equal(disk_get(l->d, path, &b), 0);
	assert_int_equal(disk_stat(l->d, path, &st), 0);
	assert_int_equal(st.size, b.len);
	c = S_ISLNK(st.mode) ? '@' : '=';
	snprintf(l->text + n, sizeof(l->text) - n, "%s%c%s ", path, c,
		 (const char *)b.data);
	return 0;
}

static void assert_disk(struct disk *d, const char *want)
{
	struct listing l = { .d = d };

	assert_int_equal(disk_each(d, add_file, &l), 0);
	assert_string_equal(l.text, want);
}

static void test_disk(void **state)
{
	const struct disk_case *c = *state;
	struct disk *d = disk_new();

	for (const struct step *s = c->steps; s->op; s++)
		assert_int_equal(run(d, s), s->want);
	assert_disk(d, c->want);
	if (c->want_lost) {
		disk_power_cut(d, ALL_LOST);
		assert_disk(d, c->want_lost);
	}
	disk_free(d);
	if (!c->want_strict)
		return;
	d = disk_new();
	for (const struct step *s = c->steps; s->op; s++)
		assert_int_equal(run(d, s), s->want);
	disk_power_cut(d, DISK_STRICT);
	assert_disk(d, c->want_strict);
	disk_free(d);
}

/* clang-format off */
static struct disk_case cases[] = {
	{ "a put file is durable", { { PUT, "etc/a", "1" } }, "etc/a=1 ", "etc/a=1 " },
	{ "put replaces", { { PUT, "a", "1" }, { PUT, "a", "22" } }, "a=22 ", "a=22 " },
	{ "order is that of whole paths",
	  { { PUT, "a/x", "" }, { PUT, "a-b", "" }, { PUT, "a.b/y", "" }, { PUT, "a0", "" } },
	  "a-b= a.b/y= a/x= a0= " },

	{ "created, nothing synced",
	  { { CREATE, "a" }, { APPEND, "a", "text" } }, "a=text ", "" },
	{ "sync of a new file brings its name",
	  { { CREATE, "a" }, { APPEND, "a", "text" }, { SYNC, "a" } }, "a=text ", "a=text ", "" },
	{ "sync of the directory brings the name, not the content",
	  { { MKDIR, "d" }, { CREATE, "d/a" }, { APPEND, "d/a", "text" }, { SYNC, "d" } },
	  "d/a=text ", "d/a= " },
	{ "content behind a sync is lost",
	  { { CREATE, "a" }, { APPEND, "a", "one" }, { SYNC, "a" }, { APPEND, "a", "two" } },
	  "a=onetwo ", "a=one " },
	{ "a sync commits earlier changes of other names",
	  { { PUT, "old", "" }, { UNLINK, "old" }, { CREATE, "a" }, { SYNC, "a" } },
	  "a= ", "a= ", "old= " },
	{ "a sync of one directory and not of another",
	  { { MKDIR, "d" }, { SYNC, "" }, { CREATE, "d/a" }, { SYNC, "d/a" }, { CREATE, "b" },
	    { SYNC, "b" }, { SYNC, "d" } }, "b= d/a= ", "b= d/a= ", "d/a= " },
	{ "a sync of what did not change commits nothing",
	  { { PUT, "x", "" }, { CREATE, "a" }, { SYNC, "x" } }, "a= x= ", "x= " },
	{ "rename over a file, not synced: the old one is back",
	  { { PUT, "a", "old" }, { CREATE, "t" }, { APPEND, "t", "new" }, { SYNC, "t" },
	    { RENAME, "t", "a" } }, "a=new ", "a=old t=new " },
	{ "rename, the directory synced",
	  { { PUT, "a", "old" }, { CREATE, "t" }, { APPEND, "t", "new" }, { SYNC, "t" },
	    { RENAME, "t", "a" }, { SYNC, "" } }, "a=new ", "a=new ", "a=new " },
	{ "rename without sync of the file: new name, no content",
	  { { PUT, "a", "old" }, { CREATE, "t" }, { APPEND, "t", "new" },
	    { RENAME, "t", "a" }, { SYNC, "" } }, "a=new ", "a= " },
	{ "unlink is taken back", { { PUT, "a", "1" }, { UNLINK, "a" } }, "", "a=1 " },
	{ "link is taken back", { { PUT, "a", "1" }, { LINK, "a", "b" } }, "a=1 b=1 ", "a=1 " },
	{ "the other name of a replaced file keeps it",
	  { { PUT, "a", "old" }, { LINK, "a", "save" }, { CREATE, "t" }, { SYNC, "t" },
	    { RENAME, "t", "a" }, { SYNC, "" } }, "a= save=old ", "a= save=old " },
	{ "append through one name shows in the other",
	  { { PUT, "a", "1" }, { LINK, "a", "b" }, { APPEND, "b", "2" } },
	  "a=12 b=12 ", "a=1 " },
	{ "directories come and go",
	  { { MKDIR, "d" }, { CREATE, "d/a" }, { RENAME, "d", "e" }, { UNLINK, "e/a" },
	    { RMDIR, "e" } }, "", "" },
	{ "a removed directory is back with what it held",
	  { { PUT, "d/a", "1" }, { UNLINK, "d/a" }, { RMDIR, "d" } }, "", "d/a=1 " },
	{ "a renamed directory goes back",
	  { { PUT, "d/a", "1" }, { PUT, "x/y", "" }, { RENAME, "d", "x/z" },
	    { READ, "x/z/../../x/z/a", .want = 1 } }, "x/y= x/z/a=1 ", "d/a=1 x/y= " },

	{ "create does not replace", { { PUT, "a", "1" }, { CREATE, "a", .want = -EEXIST } },
	  "a=1 " },
	{ "no parent", { { CREATE, "d/a", .want = -ENOENT } }, "" },
	{ "a file is no directory",
	  { { PUT, "a", "" }, { CREATE, "a/b", .want = -ENOTDIR },
	    { STAT, "a/", .want = -ENOTDIR }, { LIST, "a", .want = -ENOTDIR },
	    { RMDIR, "a", .want = -ENOTDIR }, { PUT, "a/b", "", -ENOTDIR } }, "a= " },
	{ "a directory is no file",
	  { { MKDIR, "d" }, { READ, "d", .want = -EISDIR }, { UNLINK, "d", .want = -EISDIR },
	    { APPEND, "d", "x", -EISDIR }, { LINK, "d", "e", -EPERM },
	    { PUT, "d", "x", -EISDIR } }, "" },
	{ "nothing there",
	  { { READ, "a", .want = -ENOENT }, { SYNC, "a", .want = -ENOENT },
	    { UNLINK, "a", .want = -ENOENT }, { RENAME, "a", "b", -ENOENT },
	    { LINK, "a", "b", -ENOENT }, { RMDIR, "a", .want = -ENOENT },
	    { LIST, "a", .want = -ENOENT }, { STAT, "a", .want = -ENOENT } }, "" },
	{ "link does not replace", { { PUT, "a", "" }, { PUT, "b", "" },
	  { LINK, "a", "b", -EEXIST } }, "a= b= " },
	{ "rename refuses",
	  { { PUT, "d/a", "" }, { PUT, "f", "" }, { RENAME, "f", "d", -EISDIR },
	    { RENAME, "d", "f", -ENOTDIR }, { RENAME, "d", "d/e", -EINVAL },
	    { MKDIR, "e" }, { RENAME, "e", "d", -ENOTEMPTY }, { RENAME, "", "e", -EBUSY } },
	  "d/a= f= " },
	{ "rename of one file's two names does nothing",
	  { { PUT, "a", "1" }, { LINK, "a", "b" }, { RENAME, "a", "b" } }, "a=1 b=1 " },
	{ "rmdir of a full directory", { { PUT, "d/a", "" }, { RMDIR, "d", .want = -ENOTEMPTY } },
	  "d/a= " },

	{ "a link to a directory is followed",
	  { { LINKPUT, "lib", "usr/lib" }, { PUT, "usr/lib/a", "1" },
	    { READ, "lib/a", .want = 1 }, { CREATE, "lib/b" } },
	  "lib@usr/lib usr/lib/a=1 usr/lib/b= " },
	{ "put below a link whose target comes later",
	  { { LINKPUT, "lib", "/usr/lib" }, { PUT, "lib/modules/x", "1" } },
	  "lib@/usr/lib usr/lib/modules/x=1 " },
	{ "an absolute link stays in the tree",
	  { { PUT, "etc/os", "abc" }, { LINKPUT, "run/d/os", "/etc/os" },
	    { READ, "run/d/os", .want = 3 } }, "etc/os=abc run/d/os@/etc/os " },
	{ "unlink takes the link, not its target",
	  { { PUT, "a", "1" }, { LINKPUT, "l", "a" }, { UNLINK, "l" } }, "a=1 " },
	{ "a loop of links",
	  { { LINKPUT, "a", "b" }, { LINKPUT, "b", "a" }, { READ, "a", .want = -ELOOP },
	    { PUT, "a/x", "", -ELOOP }, { STAT, "a" } }, "a@b b@a " },
	{ "a link to itself as a folder", { { LINKPUT, "a", "a/a" },
	  { READ, "a", .want = -ELOOP } }, "a@a/a " },
	{ "nowhere", { { LINKPUT, "a", "b" }, { READ, "a", .want = -ENOENT },
	  { APPEND, "a", "x", -ENOENT }, { CREATE, "a", .want = -EEXIST } }, "a@b " },
	{ "out of the tree",
	  { { PUT, "d/a", "1" }, { READ, "../a", .want = -EXDEV },
	    { READ, "d/../../a", .want = -EXDEV }, { READ, "d/../d/./a", .want = 1 },
	    { LINKPUT, "d/l", "../../x" }, { READ, "d/l", .want = -EXDEV },
	    { PUT, "../x", "", -EXDEV } }, "d/a=1 d/l@../../x " },
	{ "slashes", { { PUT, "//d///a", "1" }, { READ, "d//a", .want = 1 }, { LIST, "d/" },
	  { LIST, "" } }, "d/a=1 " },
};
/* clang-format on */

/* The protocol of host_replace(), as steps; a power cut may strike behind any of them. */
static const struct step replace[] = {
	{ CREATE, "etc/.a.new" }, { APPEND, "etc/.a.new", "new text" },
	{ SYNC, "etc/.a.new" },   { RENAME, "etc/.a.new", "etc/a" },
	{ SYNC, "etc" },
};

/* What stands at etc/a after the cut: bits of "old", "new", "other". */
static unsigned outcomes(size_t n_steps, size_t leave_out)
{
	unsigned seen = 0;

	for (uint64_t seed = 0; seed < 400; seed++) {
		struct disk *d = disk_new();
		struct blob b;

		disk_put(d, "etc/a", text("old text"), 0644, 0, 0, 0);
		for (size_t i = 0; i < n_steps; i++)
			if (i != leave_out)
				assert_int_equal(run(d, &replace[i]), 0);
		disk_power_cut(d, seed ? seed : ALL_KEPT);
		if (disk_get(d, "etc/a", &b) < 0)
			seen |= 4;
		else if (streq((const char *)b.data, "old text"))
			seen |= 1;
		else
			seen |= streq((const char *)b.data, "new text") ? 2 : 4;
		disk_free(d);
	}
	return seen;
}

static void test_replace_is_whole(void **state)
{
	(void)state;
	for (size_t n = 0; n < 4; n++)
		assert_int_equal(outcomes(n, SIZE_MAX), 1);
	assert_int_equal(outcomes(4, SIZE_MAX), 1 | 2);
	assert_int_equal(outcomes(5, SIZE_MAX), 2);
}

static void test_missing_sync_shows(void **state)
{
	(void)state;
	assert_int_equal(outcomes(5, 2), 2 | 4); /* of the file: torn content */
	assert_int_equal(outcomes(5, 4), 1 | 2); /* of the directory: the old file */
}

/* Names survive in the order in which they were made: no later one without an earlier. */
static void test_prefix(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct disk *d = disk_new();
		unsigned have = 0;
		struct blob b;
		char name[2] = "a";

		for (*name = 'a'; *name < 'i'; ++*name)
			assert_int_equal(disk_create(d, name, 0644, 0, 0), 0);
		disk_power_cut(d, seed);
		for (*name = 'a'; *name < 'i'; ++*name)
			have = have << 1 | (disk_get(d, name, &b) == 0);
		have ^= 0xff; /* 0..01..1 if a prefix is there */
		assert_int_equal(have & (have + 1), 0);
		seen |= 1u << __builtin_popcount(have);
		disk_free(d);
	}
	assert_int_equal(seen, 0x1ff); /* and every length of it happens */
}

static void snapshot(struct disk *d, struct listing *l)
{
	*l = (struct listing){ .d = d };
	assert_int_equal(disk_each(d, add_file, l), 0);
}

/*
 * Whatever is done without a sync, all of it can be lost and all of it can be kept; and
 * what is there after any cut can be cut again without a change.
 */
static void test_random_operations(void **state)
{
	static const char *const names[] = { "a",   "b", "d",   "d/a",
					     "d/b", "e", "e/a", "e/d" };
	static const enum op ops[] = {
		CREATE, APPEND, RENAME, UNLINK, LINK, MKDIR, RMDIR
	};
	unsigned r = 1, done = 0;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		uint64_t seed = round % 3 == 0   ? ALL_LOST
				: round % 3 == 1 ? ALL_KEPT
						 : round;
		struct listing before, now, after;
		struct disk *d = disk_new();

		disk_put(d, "a", text("one"), 0644, 0, 0, 0);
		disk_put(d, "d/a", text("two"), 0644, 0, 0, 0);
		disk_put(d, "e/x", text("three"), 0644, 0, 0, 0);
		snapshot(d, &before);
		for (unsigned i = 0; i < 40; i++) {
			struct step s = { 0 };

			r = r * 1103515245 + 12345;
			s.op = ops[(r >> 16) % ARRAY_SIZE(ops)];
			s.a = names[(r >> 20) % ARRAY_SIZE(names)];
			s.b = s.op == APPEND ? "+" : names[(r >> 24) % ARRAY_SIZE(names)];
			done += run(d, &s) == 0;
		}
		snapshot(d, &now);
		disk_power_cut(d, seed);
		snapshot(d, &after);
		if (seed == ALL_LOST)
			assert_string_equal(after.text, before.text);
		if (seed == ALL_KEPT)
			assert_string_equal(after.text, now.text);
		disk_power_cut(d, ALL_LOST);
		snapshot(d, &now);
		assert_string_equal(now.text, after.text);
		disk_free(d);
	}
	assert_true(done > 4000); /* or the rounds show nothing */
}

static void test_same_seed_same_disk(void **state)
{
	char first[1024] = "";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct disk *d = disk_new();
		struct listing l = { .d = d };

		for (size_t k = 0; k < ARRAY_SIZE(replace) - 3; k++) {
			if (!k)
				assert_int_equal(disk_mkdir(d, "etc", 0755), 0);
			assert_int_equal(run(d, &replace[k]), 0);
		}
		disk_power_cut(d, 12345);
		assert_int_equal(disk_each(d, add_file, &l), 0);
		if (i)
			assert_string_equal(l.text, first);
		memcpy(first, l.text, sizeof(first));
		disk_free(d);
	}
}

static void test_times_and_modes(void **state)
{
	struct disk *d = disk_new();
	struct host_stat st;
	char buf[4];

	(void)state;
	disk_set_time(d, 1000);
	assert_int_equal(disk_create(d, "a", 0600, 5, 6), 0);
	assert_int_equal(disk_stat(d, "a", &st), 0);
	assert_int_equal(st.mode, S_IFREG | 0600);
	assert_int_equal(st.uid, 5);
	assert_int_equal(st.gid, 6);
	assert_int_equal(st.mtime, 1000);
	assert_int_equal(disk_append(d, "a", "xyz", 3), 0);
	assert_int_equal(disk_stat(d, "a", &st), 0);
	assert_int_equal(st.mtime, 1001);
	assert_int_equal(disk_read(d, "a", buf, 2, 1), 2);
	assert_memory_equal(buf, "yz", 2);
	assert_int_equal(disk_read(d, "a", buf, 2, 3), 0);
	assert_int_equal(disk_put(d, "l", text("abc"), S_IFLNK | 0777, 0, 0, 0), 0);
	assert_int_equal(disk_readlink(d, "l", buf, 4), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(disk_readlink(d, "l", buf, 3), -ENAMETOOLONG);
	assert_int_equal(disk_readlink(d, "a", buf, 4), -EINVAL);
	disk_free(d);
}

static void test_many_files(void **state)
{
	struct disk *d = disk_new();
	char path[64];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "d/%u", i * 7919u % 20000);
		assert_int_equal(disk_put(d, path, text("x"), 0644, 0, 0, 0), 0);
	}
	for (unsigned i = 0; i < 20000; i += 2) {
		snprintf(path, sizeof(path), "d/%u", i);
		assert_int_equal(disk_unlink(d, path), 0);
	}
	assert_int_equal(disk_read(d, "d/4", path, 1, 0), -ENOENT);
	disk_power_cut(d, ALL_LOST);
	assert_int_equal(disk_read(d, "d/4", path, 1, 0), 1);
	disk_free(d);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_replace_is_whole),
		cmocka_unit_test(test_missing_sync_shows),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_same_seed_same_disk),
		cmocka_unit_test(test_times_and_modes),
		cmocka_unit_test(test_many_files),
	};
	struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(others)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_disk,
						.initial_state = &cases[i] };
	memcpy(tests + ARRAY_SIZE(cases), others, sizeof(others));
	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
