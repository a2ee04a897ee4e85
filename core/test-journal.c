/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host-fault.h"
#include "core/journal.h"
#include "core/test-tree-host.h"

#define FOLDER JOURNAL_DIR "/0001"
#define FILES                                                                            \
	"{\"path\": \"etc/modules\", \"generated\": false, \"existed\": false, "         \
	"\"mode\": "                                                                     \
	"\"0644\", \"uid\": 0, \"gid\": 0, \"before\": null, \"after\": \"" FOLDER       \
	"/after.0\", \"sum\": \"0\"}"

/* A journal as journal_begin() writes it, with members replaced by those of a row. */
struct hostile_case {
	const char *name;
	const char *from, *to; /* in the good text; NULL: it is not changed */
	const char *text;      /* instead */
	size_t pad;            /* blanks behind it */
	int want;
	const char *said;
};

static const char good[] =
	"{\"schema\": \"pcipass-journal\", \"version\": 1, \"number\": 1, \"state\": "
	"\"applied\", \"time\": 1, \"release\": \"6.1\", \"kernels\": [\"6.1\"], "
	"\"devices\": [], \"method\": \"ids\", \"style\": \"dropin\", \"files\": [" FILES
	"], \"commands\": [[\"update-grub\"]], \"proof\": [], \"gone\": [], "
	"\"created_dirs\": [\"etc/x\"]}";

static void test_hostile(void **state)
{
	const struct hostile_case *c = *state;
	const char *at = c->from ? strstr(good, c->from) : NULL;
	journals all = { 0 };
	struct err e = { "" };
	struct tree t;
	char *text;
	int r;

	tree_make(&t, true);
	assert_true(!c->from || at);
	text = arena_strdup(t.a, c->text ? c->text : good);
	if (at)
		text = arena_printf(t.a, "%.*s%s%s", (int)(at - good), good, c->to,
				    at + strlen(c->from));
	if (c->pad)
		text = arena_printf(t.a, "%s%*s", text, (int)c->pad, "");
	tree_put(FOLDER "/journal.json", text, 0600);
	r = journal_list(&t.h, t.a, &all, &e);
	assert_int_equal(r, 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.v[0].number, 1);
	assert_int_equal(all.v[0].state == JOURNAL_UNREADABLE, c->want < 0);
	if (!c->want) {
		assert_string_equal(all.v[0].files.v[0].path, "etc/modules");
	} else {
		if (!strstr(all.v[0].why, c->said ? c->said : "wrong kind"))
			fail_msg("said %s", all.v[0].why);
		assert_non_null(strstr(all.v[0].why, "/" FOLDER "/journal.json"));
	}
	tree_end(&t);
}

/* clang-format off */
static const struct hostile_case hostile[] = {
	{ "a good one" },
	{ "of a newer pcipass", "\"version\": 1", "\"version\": 2, \"more\": 1", NULL, 0, -EINVAL,
	  "a newer pcipass wrote it" },
	{ "of something else", "pcipass-journal", "pcipass-machine", NULL, 0, -EINVAL,
	  "no journal of pcipass" },
	{ "truncated", .text = "{\"schema\": \"pcipass-journal\", \"vers", .want = -EINVAL,
	  .said = "journal.json:1" },
	{ "empty", .text = "", .want = -EINVAL, .said = "journal.json" },
	{ "a list", .text = "[]", .want = -EINVAL, .said = "no journal of pcipass" },
	{ "huge", .pad = 1 << 20, .want = -EFBIG, .said = "File too large" },
	{ "a path out of the tree", "etc/modules", "../etc/modules", NULL, 0, -EINVAL },
	{ "a path out of the tree on the way", "etc/modules", "etc/../../x", NULL, 0, -EINVAL },
	{ "an absolute path", "etc/modules", "/etc/modules", NULL, 0, -EINVAL },
	{ "no path", "etc/modules", "", NULL, 0, -EINVAL },
	{ "a NUL in a path", "etc/modules", "etc/\\u0000", NULL, 0, -EINVAL, "NUL" },
	{ "a copy out of the tree", "\"before\": null", "\"before\": \"../shadow\"", NULL, 0,
	  -EINVAL },
	{ "a folder out of the tree", "etc/x", "../x", NULL, 0, -EINVAL },
	{ "existed, and no copy", "\"existed\": false", "\"existed\": true", NULL, 0, -EINVAL },
	{ "no text that shall be there", "\"after\": \"" FOLDER "/after.0\"", "\"after\": null",
	  NULL, 0, -EINVAL },
	{ "an owner that means no change", "\"uid\": 0", "\"uid\": 4294967295", NULL, 0, -EINVAL },
	{ "a negative group", "\"gid\": 0", "\"gid\": -1", NULL, 0, -EINVAL },
	{ "a command without words", "[\"update-grub\"]", "[]", NULL, 0, -EINVAL },
	{ "a command that is no list", "[[\"update-grub\"]]", "[\"update-grub\"]", NULL, 0, -EINVAL },
	{ "files that are no list", "[" FILES "]", "{}", NULL, 0, -EINVAL },
	{ "an unknown state", "\"applied\"", "\"done\"", NULL, 0, -EINVAL },
	{ "another folder's number", "\"number\": 1", "\"number\": 2", NULL, 0, -EINVAL,
	  "its number is 2" },
	{ "number 0", "\"number\": 1", "\"number\": 0", NULL, 0, -EINVAL },
	{ "an unknown member", "\"time\": 1", "\"time\": 1, \"x\": 1", NULL, 0, -EINVAL },
	{ "a member twice", "\"time\": 1", "\"time\": 1, \"time\": 1", NULL, 0, -EINVAL,
	  "duplicate" },
};
/* clang-format on */

static struct plan one_file(const char *path)
{
	struct plan p = { .method = PLAN_IDS };

	*vec_push(the_tree->a, &p.steps) = (struct plan_step){
		.kind = PLAN_FILE, .path = path, .after = "x\n", .mode = 0600
	};
	return p;
}

static int begin(const struct host *h, const struct plan *p, struct journal *ret,
		 struct err *e)
{
	struct machine *m = machine_new();
	int r;

	m->release = "6.1.0-1-amd64";
	e->text[0] = '\0';
	r = journal_begin(h, the_tree->a, m, p, 1700000000, ret, e);
	machine_free(m);
	return r;
}

/* What is written is what is read. */
static void test_round_trip(void **state)
{
	struct plan p;
	struct journal j;
	journals all = { 0 };
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = one_file("etc/a b/c'd.conf");
	assert_int_equal(begin(&t.h, &p, &j, &e), 0);
	assert_int_equal(journal_set_state(&t.h, &j, JOURNAL_UNDOING, &e), 0);
	assert_int_equal(journal_list(&t.h, t.a, &all, &e), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.v[0].number, 1);
	assert_int_equal(all.v[0].state, JOURNAL_UNDOING);
	assert_int_equal(all.v[0].time, 1700000000);
	assert_string_equal(all.v[0].release, "6.1.0-1-amd64");
	assert_int_equal(all.v[0].kernels.n, 2);
	assert_string_equal(all.v[0].kernels.v[1], "6.1.0-2-amd64");
	assert_string_equal(all.v[0].files.v[0].path, "etc/a b/c'd.conf");
	assert_int_equal(all.v[0].files.v[0].mode, 0600);
	assert_string_equal(all.v[0].created_dirs.v[0], "etc/a b");
	assert_string_equal(tree_shell("stat -c %a " FOLDER), "700\n");
	(void)tree_shell(
		"sh -n " FOLDER "/undo.sh && mkdir 'etc/a b' && : >\"etc/a b/c'd.conf\" "
		"&& sh " FOLDER "/undo.sh \"$PWD\" >/dev/null && [ ! -e 'etc/a b' ]");
	tree_end(&t);
}

/* Rests of transactions that had not begun make room; nothing else does. */
static void test_numbers(void **state)
{
	struct plan p;
	struct journal j;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	tree_put(FOLDER "/before.0", "x", 0600);
	tree_put(JOURNAL_DIR "/0002/sub/file", "x", 0600);
	tree_put(JOURNAL_DIR "/notes/file", "x", 0600);
	tree_put(JOURNAL_DIR "/12/file", "x", 0600);
	p = one_file("etc/x");
	assert_int_equal(begin(&t.h, &p, &j, &e), 0);
	assert_int_equal(j.number, 3); /* 0002 is not ours to clear away */
	assert_null(tree_get(FOLDER "/before.0"));
	assert_non_null(tree_get(JOURNAL_DIR "/notes/file"));
	assert_non_null(tree_get(JOURNAL_DIR "/12/file"));
	(void)tree_shell("mv " JOURNAL_DIR "/0003 " JOURNAL_DIR "/9999");
	assert_int_equal(begin(&t.h, &p, &j, &e), 0);
	assert_int_equal(j.number, 10000);
	assert_int_equal(begin(&t.h, &p, &j, &e), 0);
	assert_int_equal(j.number, 10001);
	tree_end(&t);
}

/* What had not begun leaves no gap. */
static void test_number_again(void **state)
{
	struct plan p;
	struct journal j;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	tree_put(FOLDER "/before.0", "x", 0600);
	p = one_file("etc/x");
	assert_int_equal(begin(&t.h, &p, &j, &e), 0);
	assert_int_equal(j.number, 1);
	tree_end(&t);
}

/*
 * journal.json is in place, the sync behind it fails, and the power goes (or an unlink
 * fails) while the folder is removed: never a journal without its copies.
 */
static void test_drop(void **state)
{
	unsigned at = 0;
	bool struck;

	(void)state;
	do {
		struct host_fault sync = { .kind = FAULT_ERROR,
					   .error = -EIO,
					   .at = 3,
					   .path = FOLDER },
				  cut = { .kind = FAULT_CUT, .at = ++at };
		struct host broken, h;
		journals all = { 0 };
		struct journal j;
		struct plan p;
		struct tree t;
		struct err e;

		tree_make(&t, true);
		p = one_file("etc/modules");
		cut.inner = &t.h;
		broken = host_fault_get(&cut);
		sync.inner = &broken;
		h = host_fault_get(&sync);
		assert_true(begin(&h, &p, &j, &e) < 0);
		struck = cut.count >= at;
		assert_int_equal(journal_list(&t.h, t.a, &all, &e), 0);
		if (all.n && !tree_get(FOLDER "/before.0"))
			fail_msg("operation %u: %s", at, cut.last);
		tree_end(&t);
	} while (struck);
	assert_true(at > 12);
}

static int journal_is_unreadable(void *ctx, const char *path, struct host_stat *ret)
{
	return ends_with(path, "/journal.json") ? -EIO
						: the_tree->ops->stat(ctx, path, ret);
}

/* A journal that cannot be looked at is not one that is not there. */
static void test_unreadable(void **state)
{
	struct plan p;
	struct journal j;
	struct host_ops ops;
	struct host h;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	tree_put(FOLDER "/before.0", "the only copy", 0600);
	p = one_file("etc/x");
	ops = *t.h.ops;
	ops.stat = journal_is_unreadable;
	h = (struct host){ &ops, t.h.ctx, true };
	assert_int_equal(begin(&h, &p, &j, &e), -EIO);
	assert_non_null(strstr(e.text, "/" JOURNAL_DIR));
	assert_string_equal(tree_get(FOLDER "/before.0"), "the only copy");
	tree_end(&t);
}

/* JSON takes UTF-8 only: better no transaction than one that forgets a file. */
static void test_not_utf8(void **state)
{
	struct plan p;
	struct journal j;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = one_file("etc/modprobe.d/caf\xe9.conf");
	assert_int_equal(begin(&t.h, &p, &j, &e), -EILSEQ);
	assert_non_null(strstr(e.text, "not UTF-8"));
	assert_false(host_exists(&t.h, FOLDER));
	tree_end(&t);
}

/* Room for the copies is counted where they go; a small boot partition is no matter. */
static int boot_is_small(void *ctx, const char *path, uint64_t *ret)
{
	(void)ctx;
	*ret = streq(path, "boot") ? (uint64_t)5 << 20 : (uint64_t)1 << 40;
	return 0;
}

static int all_is_full(void *ctx, const char *path, uint64_t *ret)
{
	(void)ctx;
	*ret = streq(path, "boot") ? (uint64_t)1 << 40 : (uint64_t)5 << 20;
	return 0;
}

static void test_space(void **state)
{
	struct plan p;
	struct plan_step *s;
	struct journal j;
	struct host_ops ops;
	struct host h;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	(void)tree_shell("truncate -s 900K boot/initrd.img-6.1.0-1-amd64; "
			 "truncate -s 900K boot/initrd.img-6.1.0-2-amd64");
	p = one_file("etc/x");
	s = vec_push(t.a, &p.steps);
	*s = (struct plan_step){ .kind = PLAN_RUN, .renames = true };
	*vec_push(t.a, &s->argv) = "update-initramfs";
	*vec_push(t.a, &s->makes) = "boot/initrd.img-6.1.0-1-amd64";
	*vec_push(t.a, &s->makes) = "boot/initrd.img-6.1.0-2-amd64";
	ops = *t.h.ops;
	h = (struct host){ &ops, t.h.ctx, true };
	ops.space = all_is_full;
	assert_int_equal(begin(&h, &p, &j, &e), -ENOSPC);
	assert_string_equal(e.text,
			    "/var/lib/pcipass has 5 MiB free, 5 MiB are needed to "
			    "keep a way back");
	assert_false(host_exists(&h, FOLDER));
	ops.space = boot_is_small;
	assert_int_equal(begin(&h, &p, &j, &e), 0);
	tree_end(&t);
}

static char synced[512];

static int note_sync(void *ctx, const char *path)
{
	size_t n = strlen(synced);

	snprintf(synced + n, sizeof(synced) - n, "%s\n", path);
	return the_tree->ops->sync(ctx, path);
}

/* An image made a second ago is in the page cache only, whatever its names. */
static void test_link_is_synced(void **state)
{
	struct plan p = { .method = PLAN_IDS };
	struct plan_step *s;
	struct host_ops ops;
	struct journal j;
	struct host h;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	s = vec_push(t.a, &p.steps);
	*s = (struct plan_step){ .kind = PLAN_RUN, .renames = true };
	*vec_push(t.a, &s->argv) = "update-initramfs";
	*vec_push(t.a, &s->makes) = "boot/initrd.img-6.1.0-1-amd64";
	ops = *t.h.ops;
	ops.sync = note_sync;
	h = (struct host){ &ops, t.h.ctx, true };
	synced[0] = '\0';
	assert_int_equal(begin(&h, &p, &j, &e), 0);
	assert_non_null(strstr(synced, FOLDER "/before.0\n"));
	assert_true(strstr(synced, "before.0") < strstr(synced, "journal.json"));
	/* Nor may the journal's name be there, and those of its copies not. */
	assert_non_null(strstr(synced, FOLDER "\n"));
	assert_true(strstr(synced, FOLDER "\n") < strstr(synced, "journal.json"));
	tree_end(&t);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_number_again),   cmocka_unit_test(test_drop),
		cmocka_unit_test(test_link_is_synced), cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_not_utf8),       cmocka_unit_test(test_space),
	};
	struct CMUnitTest tests[ARRAY_SIZE(hostile) + ARRAY_SIZE(others)];
	size_t n = 0;

	/* clang-format off */
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++)
		tests[n++] = (struct CMUnitTest){ hostile[i].name, test_hostile, NULL, NULL,
						  (void *)(uintptr_t)&hostile[i] };
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[n++] = others[i];
	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
