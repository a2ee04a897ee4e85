/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host-listing.h"

/* As the lab's runner writes them, with the forms that a real tree has. */
static const char tree[] =
	"D /sys/bus/pci 755 nl=5\n"
	"L /sys/bus/pci/devices/0000:01:00.0 -> "
	"../../../devices/pci0000:00/0000:00:04.0/0000:01:00.0 sz=0\n"
	"F /sys/bus/pci/drivers/Fixed MDIO bus.0/bind 200 sz=4096 open=EACCES\n"
	"F /sys/bus/pci/resource_alignment 644 sz=4096 (skip)\n"
	"D /sys/devices/pci0000:00/0000:00:04.0 755 nl=4\n"
	"F /sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0/config 644 sz=256 "
	"256:\"\\x86\\x80\\xd3\\x10\"\n"
	"F /sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0/vendor 444 sz=4096 "
	"7:\"0x8086\\n\"\n"
	"F /sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0/rom 600 sz=65536 "
	"read=EINVAL\n"
	"F /sys/devices/pci0000:00/0000:00:04.0/odd 644 sz=9 9:\"a sz=1\\\"\\\\\\0\"\n"
	"L /sys/devices/pci0000:00/0000:00:04.0/loop -> loop sz=0\n"
	"L /sys/abs -> /sys/bus/pci/devices sz=0\n"
	"D /sys/devices/virtual/vfio ENOENT\n"
	"D /sys/secret EACCES\n"
	"F /sys/twice 444 sz=1 1:\"a\"\n"
	"F /sys/twice 444 sz=1 1:\"b\"\n";

struct read_case {
	const char *name;
	const char *path;
	uint64_t off;
	ssize_t want;
	const char *bytes;
};

static struct host open_tree(const char *text, struct host_listing **ret)
{
	struct err e;

	assert_int_equal(host_listing_open(text, "tree", ret, &e), 0);
	return host_listing_get(*ret);
}

static void test_read(void **state)
{
	const struct read_case *c = *state;
	struct host_listing *l;
	struct host h = open_tree(tree, &l);
	char buf[64];

	assert_int_equal(h.ops->read(h.ctx, c->path, buf, sizeof(buf), c->off), c->want);
	if (c->want > 0)
		assert_memory_equal(buf, c->bytes, (size_t)c->want);
	host_listing_close(l);
}

#define FN "sys/devices/pci0000:00/0000:00:04.0/0000:01:00.0"

static const struct read_case reads[] = {
	{ "a file", FN "/vendor", .want = 7, .bytes = "0x8086\n" },
	{ "a part of it", FN "/vendor", 2, 5, "8086\n" },
	{ "behind its end", FN "/vendor", 7, 0, NULL },
	{ "by a link", "sys/bus/pci/devices/0000:01:00.0/vendor", 0, 7, "0x8086\n" },
	{ "by an absolute link", "sys/abs/0000:01:00.0/vendor", 0, 7, "0x8086\n" },
	{ "dots", "sys/bus/pci/../../abs/./0000:01:00.0/../0000:01:00.0/vendor", 0, 7,
	  "0x8086\n" },
	{ "cut content, as far as it goes", FN "/config", 0, 4, "\x86\x80\xd3\x10" },
	{ "cut content, the rest", FN "/config", 4, -ENODATA, NULL },
	{ "skipped content", "sys/bus/pci/resource_alignment", 0, -ENODATA, NULL },
	{ "recorded error of reading", FN "/rom", 0, -EINVAL, NULL },
	{ "recorded error of opening", "sys/bus/pci/drivers/Fixed MDIO bus.0/bind", 0,
	  -EACCES, NULL },
	{ "escapes", "sys/devices/pci0000:00/0000:00:04.0/odd", 0, 9, "a sz=1\"\\\0" },
	{ "a path twice", "sys/twice", 0, 1, "b" },
	{ "a directory", "sys/bus/pci", 0, -EISDIR, NULL },
	{ "a directory known by its files", "sys/bus", 0, -EISDIR, NULL },
	{ "a file as a directory", FN "/vendor/x", 0, -ENOTDIR, NULL },
	{ "nothing", FN "/nothing", 0, -ENOENT, NULL },
	{ "not there when asked for", "sys/devices/virtual/vfio", 0, -ENOENT, NULL },
	{ "a link to itself", "sys/devices/pci0000:00/0000:00:04.0/loop", 0, -ELOOP,
	  NULL },
};

struct list_case {
	const char *name;
	const char *path;
	int want;
	const char *names; /* joined by blanks */
};

static void test_list(void **state)
{
	const struct list_case *c = *state;
	struct arena *a = arena_new();
	struct host_listing *l;
	struct host h = open_tree(tree, &l);
	strings names = { 0 };
	char got[256] = "";

	assert_int_equal(host_list(&h, a, c->path, &names), c->want);
	for (size_t i = 0; i < names.n; i++) {
		strcat(got, i ? " " : "");
		strcat(got, names.v[i]);
	}
	assert_string_equal(got, c->names);
	arena_free(a);
	host_listing_close(l);
}

static const struct list_case lists[] = {
	{ "the root", ".", 0, "sys" },
	{ "a directory", "sys/bus/pci", 0, "devices drivers resource_alignment" },
	{ "one known by its files", "sys", 0, "abs bus devices secret twice" },
	{ "by a link", "sys/bus/pci/devices/0000:01:00.0", 0, "config rom vendor" },
	{ "what is not there is not listed", "sys/devices", 0, "pci0000:00" },
	{ "one that could not be read", "sys/secret", -EACCES, "" },
	{ "one that was not there", "sys/devices/virtual/vfio", -ENOENT, "" },
	{ "a file", "sys/twice", -ENOTDIR, "" },
};

struct bad_case {
	const char *name;
	const char *text;
	const char *want;
};

static void test_bad(void **state)
{
	const struct bad_case *c = *state;
	struct host_listing *l = NULL;
	struct err e = { 0 };

	assert_int_equal(host_listing_open(c->text, "t.txt", &l, &e), -EINVAL);
	assert_string_equal(e.text, c->want);
	assert_null(l);
}

static const struct bad_case bads[] = {
	{ "another letter", "D /a 755 nl=1\nX /a 755 nl=1\n",
	  "t.txt:2: not a line of a listing" },
	{ "no mode", "D /a nl=1\n", "t.txt:1: not a line of a listing" },
	{ "no error's name", "D /a EWHAT\n", "t.txt:1: not a line of a listing" },
	{ "no arrow", "L /a b sz=0\n", "t.txt:1: not a line of a listing" },
	{ "no content", "F /a 644 sz=4096\n", "t.txt:1: not a line of a listing" },
	{ "open string", "F /a 644 sz=4096 3:\"abc\n",
	  "t.txt:1: not a line of a listing" },
	{ "one quote", "F /a 644 sz=4096 1:\"\n", "t.txt:1: not a line of a listing" },
	{ "more than it says", "F /a 644 sz=4096 2:\"abc\"\n",
	  "t.txt:1: not a line of a listing" },
	{ "bad escape", "F /a 644 sz=4096 2:\"\\q\"\n",
	  "t.txt:1: not a line of a listing" },
	{ "escape at the end", "F /a 644 sz=4096 2:\"\\\"\n",
	  "t.txt:1: not a line of a listing" },
	{ "no path", "D / 755 nl=1\n", "t.txt:1: not a line of a listing" },
};

static void test_stat_and_links(void **state)
{
	struct host_listing *l;
	struct host h = open_tree(tree, &l);
	struct host_stat st;
	char target[64];

	(void)state;
	assert_int_equal(h.ops->stat(h.ctx, FN "/rom", &st), 0);
	assert_int_equal(st.mode, S_IFREG | 0600);
	assert_int_equal(st.size, 65536);
	assert_int_equal(h.ops->stat(h.ctx, "sys/abs", &st), 0);
	assert_int_equal(st.mode, S_IFLNK | 0777);
	assert_int_equal(h.ops->stat(h.ctx, "sys/bus", &st), 0);
	assert_true(S_ISDIR(st.mode));
	assert_int_equal(h.ops->readlink(h.ctx, "sys/abs", target, sizeof(target)), 20);
	assert_string_equal(target, "/sys/bus/pci/devices");
	assert_int_equal(h.ops->readlink(h.ctx, "sys/abs", target, 20), -ENAMETOOLONG);
	assert_int_equal(h.ops->readlink(h.ctx, FN "/rom", target, 64), -EINVAL);
	assert_int_equal(h.ops->unlink(h.ctx, "sys/twice"), -EROFS);
	assert_false(h.running);
	host_listing_close(l);
}

/* 60,000 files in 200 folders: listing all of them must not take long. */
static void test_many(void **state)
{
	char *text = NULL;
	struct arena *a = arena_new();
	struct host_listing *l;
	size_t len, seen = 0;
	strings dirs, names;
	struct host h;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	for (int d = 0; d < 200; d++)
		for (int i = 0; i < 300; i++)
			fprintf(f, "F /sys/dir%d/file%d 444 sz=1 1:\"x\"\n", d, i);
	fclose(f);
	h = open_tree(text, &l);
	assert_int_equal(host_list(&h, a, "sys", &dirs), 0);
	for (size_t i = 0; i < dirs.n; i++) {
		assert_int_equal(
			host_list(&h, a, arena_printf(a, "sys/%s", dirs.v[i]), &names),
			0);
		seen += names.n;
	}
	assert_int_equal(seen, 60000);
	free(text);
	arena_free(a);
	host_listing_close(l);
}

/* A tree that is made of entries, not of text. */
static void test_made(void **state)
{
	static const struct host_listing_entry entries[] = {
		{ "sys/bus/pci/devices/0000:00:03.0",
		  .target = "../../../devices/pci0000:00/0000:00:03.0" },
		{ "sys/devices/pci0000:00/0000:00:03.0/config",
		  .data = { (const uint8_t *)"\x86\x80\0\x10", 4 }, .size = 4096 },
		{ "sys/twice", .data = { (const uint8_t *)"a", 1 } },
		{ "sys/twice", .data = { (const uint8_t *)"b", 1 } },
	};
	static const char config[] = "sys/bus/pci/devices/0000:00:03.0/config";
	struct host_listing *l = host_listing_make(entries, ARRAY_SIZE(entries));
	AUTOARENA struct arena *a = arena_new();
	struct host h = host_listing_get(l);
	struct host_stat st;
	char buf[16], *text;
	strings names;

	(void)state;
	assert_int_equal(h.ops->read(h.ctx, config, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "\x86\x80\0\x10", 4);
	assert_int_equal(h.ops->read(h.ctx, config, buf, sizeof(buf), 4), 0);
	assert_int_equal(h.ops->stat(h.ctx, config, &st), 0);
	assert_int_equal(st.size, 4096);
	assert_int_equal(st.mode, S_IFREG | 0444);
	assert_int_equal(host_read_text(&h, a, &text, "sys/twice"), 0);
	assert_string_equal(text, "b");
	assert_int_equal(host_list(&h, a, "sys", &names), 0);
	assert_int_equal(names.n, 3);
	host_listing_close(l);
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
	struct CMUnitTest
		tests[ARRAY_SIZE(reads) + ARRAY_SIZE(lists) + ARRAY_SIZE(bads) + 3];
	size_t n = 0;

	ADD_ROWS(test_read, reads);
	ADD_ROWS(test_list, lists);
	ADD_ROWS(test_bad, bads);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_stat_and_links);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_made);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_many);
	return _cmocka_run_group_tests("host-listing", tests, n, NULL, NULL);
}
