/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host.h"

/* A host with one file, read in pieces of at most @piece bytes, and a log of changes. */
struct one {
	const char *text;
	size_t len, piece;
	int error;          /* of reading behind the first piece */
	const char *exists; /* these paths, joined by blanks */
	const char *fail_at;
	int fail_with;
	char log[512];
};

static ssize_t one_read(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	const struct one *o = ctx;

	(void)path;
	if (off && o->error)
		return o->error;
	if (off >= o->len)
		return 0;
	if (len > o->len - off)
		len = o->len - off;
	if (o->piece && len > o->piece)
		len = o->piece;
	memcpy(buf, o->text + off, len);
	return (ssize_t)len;
}

static ssize_t one_readlink(void *ctx, const char *path, char *buf, size_t len)
{
	const struct one *o = ctx;

	(void)path;
	return snprintf(buf, len, "%s", o->text);
}

static int one_list(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	static const char *const names[] = { "b", "a10", "a2", "B" };

	(void)ctx, (void)path;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = fn(arg, names[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int one_stat(void *ctx, const char *path, struct host_stat *ret)
{
	const struct one *o = ctx;
	const char *at = o->exists ? strstr(o->exists, path) : NULL;

	(void)ret;
	return at && (at[strlen(path)] == ' ' || !at[strlen(path)]) ? 0 : -ENOENT;
}

static int change(struct one *o, const char *verb, const char *path)
{
	size_t n = strlen(o->log);

	snprintf(o->log + n, sizeof(o->log) - n, "%s %s, ", verb, path);
	return o->fail_at && streq(o->fail_at, verb) ? o->fail_with : 0;
}

static int one_create(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	(void)mode, (void)uid, (void)gid;
	return change(ctx, "create", path);
}

static int one_append(void *ctx, const char *path, const void *buf, size_t len)
{
	(void)buf, (void)len;
	return change(ctx, "append", path);
}

static int one_sync(void *ctx, const char *path)
{
	return change(ctx, "sync", path);
}

static int one_rename(void *ctx, const char *from, const char *to)
{
	(void)from;
	return change(ctx, "rename", to);
}

static int one_unlink(void *ctx, const char *path)
{
	return change(ctx, "unlink", path);
}

static int one_mkdir(void *ctx, const char *path, mode_t mode)
{
	assert_int_equal(mode, 0755);
	return change(ctx, "mkdir", path);
}

static const struct host_ops one_ops = {
	.read = one_read,
	.readlink = one_readlink,
	.list = one_list,
	.stat = one_stat,
	.create = one_create,
	.append = one_append,
	.sync = one_sync,
	.rename = one_rename,
	.unlink = one_unlink,
	.mkdir = one_mkdir,
};

/* Sizes around those at which host_read() asks again, by hosts that read in pages. */
struct size_case {
	const char *name;
	size_t len, piece, max;
	int error, want;
};

static void test_read(void **state)
{
	const struct size_case *c = *state;
	char *text = malloc(c->len + 1);
	struct one one = { text, c->len, c->piece, c->error };
	struct host h = { &one_ops, &one, false };
	struct arena *a = arena_new();
	struct blob b = { 0 };

	for (size_t i = 0; i < c->len; i++)
		text[i] = (char)('a' + i % 23);
	assert_int_equal(host_read(&h, a, "file", c->max, &b), c->want);
	if (!c->want) {
		assert_int_equal(b.len, c->len);
		assert_memory_equal(b.data, text, c->len);
		assert_int_equal(b.data[b.len], 0);
	} else {
		assert_null(b.data);
	}
	arena_free(a);
	free(text);
}

static const struct size_case sizes[] = {
	{ "empty", 0, 0, 10 },
	{ "short", 5, 0, 10 },
	{ "as long as allowed", 10, 0, 10 },
	{ "longer than allowed", 11, 0, 10, .want = -EFBIG },
	{ "one page", 4096, 0, 5000 },
	{ "one page and a byte", 4097, 0, 5000 },
	{ "many pages", 300000, 0, 300000 },
	{ "many pages, one byte too many", 300001, 0, 300000, .want = -EFBIG },
	{ "in pages, as /sys gives them", 40960, 4096, 100000 },
	{ "in pages, the last one short", 41000, 4096, 100000 },
	{ "an error behind the first page", 8192, 4096, 100000, -EIO, -EIO },
	{ "no limit below a page when it is longer", 8192, 0, 4096, .want = -EFBIG },
};

struct u64_case {
	const char *name;
	const char *text;
	int want;
	uint64_t value;
};

static void test_u64(void **state)
{
	const struct u64_case *c = *state;
	struct one one = { c->text, strlen(c->text) };
	struct host h = { &one_ops, &one, false };
	uint64_t value = 7;

	assert_int_equal(host_read_u64(&h, &value, "sys/%s", "x"), c->want);
	assert_int_equal(value, c->want ? 7 : c->value);
}

static const struct u64_case numbers[] = {
	{ "decimal", "42\n", 0, 42 },
	{ "hex", "0x8086\n", 0, 0x8086 },
	{ "zeros first are no octal", "010\n", 0, 10 },
	{ "largest", "18446744073709551615", 0, UINT64_MAX },
	{ "too large", "18446744073709551616", -EINVAL, 0 },
	{ "negative", "-1\n", -EINVAL, 0 },
	{ "blank first", " 1\n", -EINVAL, 0 },
	{ "text behind", "1 2\n", -EINVAL, 0 },
	{ "two newlines", "1\n\n", -EINVAL, 0 },
	{ "empty", "", -EINVAL, 0 },
	{ "only a newline", "\n", -EINVAL, 0 },
	{ "only a prefix", "0x\n", -EINVAL, 0 },
	{ "longer than any number",
	  "0000000000000000000000000000000000000000000000000000000000000000000001",
	  -EINVAL, 0 },
};

/* Durable changes: the order of operations, and what is left behind when one fails. */
struct change_case {
	const char *name;
	const char *exists, *fail_at;
	int fail_with, want;
	const char *log;
};

#define TEMP "etc/default/.grub.pcipass-new"

static void test_replace(void **state)
{
	const struct change_case *c = *state;
	struct one one = { .exists = c->exists,
			   .fail_at = c->fail_at,
			   .fail_with = c->fail_with };
	struct host h = { &one_ops, &one, false };
	struct blob data = { (const uint8_t *)"x", 1 };

	assert_int_equal(host_replace(&h, "etc/default/grub", data, 0644, 0, 0), c->want);
	assert_string_equal(one.log, c->log);
}

static const struct change_case replaces[] = {
	/* clang-format off */
	{ "replace", .log = "create " TEMP ", append " TEMP ", sync " TEMP
	  ", rename etc/default/grub, sync etc/default, " },
	{ "replace after a crash", .exists = TEMP,
	  .log = "unlink " TEMP ", create " TEMP ", append " TEMP ", sync " TEMP
	  ", rename etc/default/grub, sync etc/default, " },
	{ "replace: disk full", .fail_at = "append", .fail_with = -ENOSPC, .want = -ENOSPC,
	  .log = "create " TEMP ", append " TEMP ", unlink " TEMP ", " },
	{ "replace: content not durable", .fail_at = "sync", .fail_with = -EIO, .want = -EIO,
	  .log = "create " TEMP ", append " TEMP ", sync " TEMP ", unlink " TEMP ", " },
	{ "replace: rename fails", .fail_at = "rename", .fail_with = -EXDEV, .want = -EXDEV,
	  .log = "create " TEMP ", append " TEMP ", sync " TEMP
	  ", rename etc/default/grub, unlink " TEMP ", " },
	/* clang-format on */
};

static void test_parents(void **state)
{
	const struct change_case *c = *state;
	struct one one = { .exists = c->exists,
			   .fail_at = c->fail_at,
			   .fail_with = c->fail_with };
	struct host h = { &one_ops, &one, false };

	assert_int_equal(host_make_parents(&h, "var/lib/pcipass/1/state"), c->want);
	assert_string_equal(one.log, c->log);
}

static const struct change_case parents[] = {
	{ "parents all there", "var var/lib var/lib/pcipass var/lib/pcipass/1",
	  .log = "" },
	{ "parents partly there", "var var/lib",
	  .log = "mkdir var/lib/pcipass, sync var/lib, mkdir var/lib/pcipass/1, "
		 "sync var/lib/pcipass, " },
	{ "parents of nothing", "",
	  .log = "mkdir var, sync ., mkdir var/lib, sync var, mkdir var/lib/pcipass, "
		 "sync var/lib, mkdir var/lib/pcipass/1, sync var/lib/pcipass, " },
	{ "somebody else makes them", "var var/lib", "mkdir", -EEXIST, 0,
	  "mkdir var/lib/pcipass, sync var/lib, mkdir var/lib/pcipass/1, "
	  "sync var/lib/pcipass, " },
	{ "a file in the way", "var var/lib", "mkdir", -ENOTDIR, -ENOTDIR,
	  "mkdir var/lib/pcipass, " },
};

static void test_remove(void **state)
{
	const struct change_case *c = *state;
	struct one one = { .fail_at = c->fail_at, .fail_with = c->fail_with };
	struct host h = { &one_ops, &one, false };

	assert_int_equal(host_remove(&h, "etc/f"), c->want);
	assert_string_equal(one.log, c->log);
}

static const struct change_case removes[] = {
	{ "remove", .log = "unlink etc/f, sync etc, " },
	{ "remove what is not there", .fail_at = "unlink", .fail_with = -ENOENT,
	  .log = "unlink etc/f, " },
	{ "remove refused", .fail_at = "unlink", .fail_with = -EPERM, .want = -EPERM,
	  .log = "unlink etc/f, " },
};

static void test_text_and_links(void **state)
{
	struct one one = { "../../bus/pci/drivers/nvme\n\n", 28 };
	struct host h = { &one_ops, &one, false };
	struct arena *a = arena_new();
	strings names;
	char *text;

	(void)state;
	assert_int_equal(host_read_text(&h, a, &text, "%s", "x"), 0);
	assert_string_equal(text, "../../bus/pci/drivers/nvme\n");
	one.text = "a\0b\n";
	one.len = 4;
	assert_int_equal(host_read_text(&h, a, &text, "%s", "x"), 0);
	assert_string_equal(text, "a");
	one.text = "../../bus/pci/drivers/nvme";
	assert_int_equal(host_link_name(&h, a, &text, "%s", "x"), 0);
	assert_string_equal(text, "nvme");
	assert_int_equal(host_readlink(&h, a, &text, "%s", "x"), 0);
	assert_string_equal(text, one.text);
	assert_int_equal(host_list(&h, a, "x", &names), 0);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0], "B");
	assert_string_equal(names.v[1], "a10");
	assert_string_equal(names.v[3], "b");
	assert_string_equal(host_temp_name(a, "etc/default/grub"), TEMP);
	assert_string_equal(host_temp_name(a, "f"), ".f.pcipass-new");
	assert_int_equal(host_read_text(&h, a, &text, "%05000d", 1), -ENAMETOOLONG);
	arena_free(a);
}

#define ADD_ROWS(fn, rows)                                                               \
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)                                    \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			.name = (rows)[i].name, .test_func = (fn),                       \
			.initial_state = (void *)(uintptr_t) & (rows)[i]                 \
		}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(sizes) + ARRAY_SIZE(numbers) +
				ARRAY_SIZE(replaces) + ARRAY_SIZE(parents) +
				ARRAY_SIZE(removes) + 1];
	size_t n = 0;

	ADD_ROWS(test_read, sizes);
	ADD_ROWS(test_u64, numbers);
	ADD_ROWS(test_replace, replaces);
	ADD_ROWS(test_parents, parents);
	ADD_ROWS(test_remove, removes);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_text_and_links);
	return _cmocka_run_group_tests("host", tests, n, NULL, NULL);
}
