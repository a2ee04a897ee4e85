/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/newc.h"

#define ITEMS 8
#define FILE_ITEM(name, text)                                                            \
	{                                                                                \
		name, S_IFREG | 0644, 0, 0,                                              \
		{                                                                        \
			(const uint8_t *)(text), sizeof(text) - 1                        \
		}                                                                        \
	}
#define DIR_ITEM(name, bits)                                                             \
	{                                                                                \
		name, S_IFDIR | (bits), 0, 0,                                            \
		{                                                                        \
			NULL, 0                                                          \
		}                                                                        \
	}

/* Items in any order, and what the archive has: "PATH MODE UID:GID DATA", one a line. */
struct newc_case {
	const char *name;
	struct newc_item items[ITEMS]; /* a NULL path ends them */
	const char *want;
};

/* clang-format off */
static const struct newc_case cases[] = {
	{ "nothing", { { NULL } }, "" },
	{ "a file, its owner and its mode", { { "a", S_IFREG | 04755, 1000, 50, { (const uint8_t *)"12345", 5 } } }, "a 104755 1000:50 12345\n" },
	{ "empty file", { FILE_ITEM("a", "") }, "a 100644 0:0 \n" },
	{ "folders are made on the way", { FILE_ITEM("usr/bin/b", "1"), FILE_ITEM("usr/bin/a", "22"), FILE_ITEM("usr/lib/c", "333") },
	  "usr 40755 0:0 \nusr/bin 40755 0:0 \nusr/bin/a 100644 0:0 22\nusr/bin/b 100644 0:0 1\n"
	  "usr/lib 40755 0:0 \nusr/lib/c 100644 0:0 333\n" },
	{ "a folder that is one of them is not made again", { FILE_ITEM("tmp/a", "1"), DIR_ITEM("tmp", 01777) },
	  "tmp 41777 0:0 \ntmp/a 100644 0:0 1\n" },
	{ "nor when another name sorts between", { FILE_ITEM("a/b", "1"), DIR_ITEM("a", 0700), FILE_ITEM("a-b", "2"), FILE_ITEM("a.b", "3"),
	    FILE_ITEM("a/b-c/d", "4"), DIR_ITEM("a/b-c", 0711), FILE_ITEM("a/b-c.d", "5") },
	  "a 40700 0:0 \na/b 100644 0:0 1\na/b-c 40711 0:0 \na/b-c/d 100644 0:0 4\na/b-c.d 100644 0:0 5\n"
	  "a-b 100644 0:0 2\na.b 100644 0:0 3\n" },
	{ "a name that begins as another folder's", { FILE_ITEM("usr/bin/a", ""), FILE_ITEM("usr/bi/a", "") },
	  "usr 40755 0:0 \nusr/bi 40755 0:0 \nusr/bi/a 100644 0:0 \nusr/bin 40755 0:0 \nusr/bin/a 100644 0:0 \n" },
	{ "a link", { { "bin", S_IFLNK | 0777, 0, 0, { (const uint8_t *)"usr/bin", 7 } } }, "bin 120777 0:0 usr/bin\n" },
};
/* clang-format on */

static char *write_archive(const struct newc_case *c, size_t first, bool back,
			   size_t *ret_len)
{
	struct newc_item items[ITEMS];
	char *ret = NULL;
	FILE *f = open_memstream(&ret, ret_len);
	size_t n = 0;

	assert_non_null(f);
	while (n < ITEMS && c->items[n].path)
		n++;
	for (size_t i = 0; i < n; i++)
		items[i] = c->items[back ? n - 1 - (first + i) % n : (first + i) % n];
	newc_write(f, items, n);
	assert_int_equal(fclose(f), 0);
	return ret;
}

/* The N-th field of an entry's head. */
static unsigned field(const char *head, size_t n)
{
	char text[9] = "";

	memcpy(text, head + 6 + 8 * n, 8);
	return (unsigned)strtoul(text, NULL, 16);
}

/* What the kernel would unpack; fails on what it would not. */
static char *list(const char *archive, size_t len)
{
	unsigned before = 0;
	size_t at = 0, n;
	char *ret = NULL;
	FILE *f = open_memstream(&ret, &n);

	assert_non_null(f);
	for (;;) {
		const char *head = archive + at, *name = head + 110;
		unsigned size, name_len;

		assert_true(at % 4 == 0 && at + 110 < len);
		assert_memory_equal(head, "070701", 6);
		size = field(head, 6);
		name_len = field(head, 11);
		assert_int_equal(name[name_len - 1], '\0');
		assert_int_equal(strlen(name), name_len - 1);
		assert_int_equal(field(head, 5), 0); /* its time */
		at += (110 + name_len + 3) / 4 * 4;
		assert_true(at + size <= len);
		if (!strcmp(name, "TRAILER!!!"))
			break;
		assert_true(field(head, 0) > before); /* its number: no hard links */
		before = field(head, 0);
		assert_int_equal(field(head, 4), 1);
		fprintf(f, "%s %o %u:%u %.*s\n", name, field(head, 1), field(head, 2),
			field(head, 3), (int)size, archive + at);
		at += (size + 3) / 4 * 4;
	}
	assert_int_equal(at, len);
	fclose(f);
	return ret;
}

static void test_newc(void **state)
{
	const struct newc_case *c = *state;
	size_t len, again_len;
	char *archive = write_archive(c, 0, false, &len), *text = list(archive, len);

	assert_string_equal(text, c->want);
	free(text);
	for (size_t first = 0; first < 2 * ITEMS; first++) {
		char *again = write_archive(c, first, first >= ITEMS, &again_len);

		assert_int_equal(again_len, len);
		assert_memory_equal(again, archive, len);
		free(again);
	}
	free(archive);
}

/* cpio(1) reads it, too. */
static void test_cpio(void **state)
{
	const struct newc_case *c = &cases[3];
	char path[] = "/tmp/test-newc.XXXXXX", command[128], text[256] = "";
	int fd = mkstemp(path);
	size_t len, n;
	char *archive = write_archive(c, 0, false, &len);
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, archive, len), len);
	close(fd);
	free(archive);
	snprintf(command, sizeof(command), "cpio -t --quiet <%s", path);
	f = popen(command, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	unlink(path);
	assert_string_equal(text,
			    "usr\nusr/bin\nusr/bin/a\nusr/bin/b\nusr/lib\nusr/lib/c\n");
}

static void no_cpio(void **state)
{
	(void)state;
	print_message("no cpio here\n");
	skip();
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];
	size_t n = 0;
	bool cpio = system("cpio --version >/dev/null 2>&1") == 0;

	for (; n < ARRAY_SIZE(cases); n++)
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
						.test_func = test_newc,
						.initial_state =
							(void *)(uintptr_t)&cases[n] };
	tests[n] = (struct CMUnitTest){ .name = "cpio lists it",
					.test_func = cpio ? test_cpio : no_cpio };
	return cmocka_run_group_tests_name("newc", tests, NULL, NULL);
}
