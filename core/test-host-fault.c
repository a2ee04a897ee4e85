/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/host-fault.h"

/* The inner host writes down what reaches it. */
struct seen {
	char log[512];
};

static void note(struct seen *s, const char *verb, const char *path)
{
	size_t n = strlen(s->log);

	snprintf(s->log + n, sizeof(s->log) - n, "%s:%s ", verb, path);
}

static ssize_t seen_read(void *ctx, const char *path, char *buf, size_t len, uint64_t off)
{
	(void)buf, (void)len, (void)off;
	note(ctx, "read", path);
	return 0;
}

static int seen_stat(void *ctx, const char *path, struct host_stat *ret)
{
	(void)ctx, (void)path, (void)ret;
	return -ENOENT;
}

static int seen_store(void *ctx, const char *path, const char *buf, size_t len,
		      int deadline_ms)
{
	(void)buf, (void)len, (void)deadline_ms;
	note(ctx, "store", path);
	return 0;
}

static int seen_create(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	(void)mode, (void)uid, (void)gid;
	note(ctx, "create", path);
	return 0;
}

static int seen_append(void *ctx, const char *path, const void *buf, size_t len)
{
	(void)buf, (void)len;
	note(ctx, "append", path);
	return 0;
}

static int seen_sync(void *ctx, const char *path)
{
	note(ctx, "sync", path);
	return 0;
}

static int seen_rename(void *ctx, const char *from, const char *to)
{
	(void)from;
	note(ctx, "rename", to);
	return 0;
}

static int seen_unlink(void *ctx, const char *path)
{
	note(ctx, "unlink", path);
	return 0;
}

static int seen_run(void *ctx, const char *const argv[], struct host_output *ret)
{
	(void)ret;
	note(ctx, "run", argv[0]);
	return 0;
}

static const struct host_ops seen_ops = {
	.read = seen_read,
	.stat = seen_stat,
	.store = seen_store,
	.create = seen_create,
	.append = seen_append,
	.sync = seen_sync,
	.rename = seen_rename,
	.unlink = seen_unlink,
	.run = seen_run,
};

/* One row: a fault, and what becomes of the same calls. */
struct fault_case {
	const char *name;
	struct host_fault fault;
	int replace, store, run, read; /* what each call answers */
	const char *log, *last;
	unsigned count;
};

#define REPLACE                                                                          \
	"create:etc/.f.pcipass-new append:etc/.f.pcipass-new sync:etc/.f.pcipass-new "
#define RENAME "rename:etc/f sync:etc "

static void test_fault(void **state)
{
	const struct fault_case *c = *state;
	struct seen seen = { 0 };
	struct host inner = { &seen_ops, &seen, true };
	struct host_fault fault = c->fault;
	struct blob data = { (const uint8_t *)"x", 1 };
	const char *const argv[] = { "update-grub", NULL };
	struct host_output out;
	struct host h;
	char buf[1];

	fault.inner = &inner;
	h = host_fault_get(&fault);
	assert_true(h.running);
	assert_int_equal(host_replace(&h, "etc/f", data, 0644, 0, 0), c->replace);
	assert_int_equal(host_store(&h, "1", "sys/s"), c->store);
	assert_int_equal(h.ops->run(h.ctx, argv, &out), c->run);
	assert_int_equal(h.ops->read(h.ctx, "r", buf, 1, 0), c->read);
	assert_string_equal(seen.log, c->log);
	assert_string_equal(fault.last, c->last);
	assert_int_equal(fault.count, c->count);
}

static const struct fault_case cases[] = {
	/* clang-format off */
	{ "only counted", { .kind = FAULT_NONE },
	  .log = REPLACE RENAME "store:sys/s run:update-grub read:r ", .last = "", .count = 7 },
	{ "the first fails", { .kind = FAULT_ERROR, .error = -ENOSPC, .at = 1 },
	  .replace = -ENOSPC,
	  .log = "unlink:etc/.f.pcipass-new store:sys/s run:update-grub read:r ",
	  .last = "create etc/.f.pcipass-new", .count = 4 },
	{ "the rename fails", { .kind = FAULT_ERROR, .error = -EIO, .at = 4 },
	  .replace = -EIO,
	  .log = REPLACE "unlink:etc/.f.pcipass-new store:sys/s run:update-grub read:r ",
	  .last = "rename etc/f", .count = 7 },
	{ "counted on one path", { .kind = FAULT_ERROR, .error = -EROFS, .at = 1, .path = "etc" },
	  .replace = -EROFS, .log = REPLACE "rename:etc/f store:sys/s run:update-grub read:r ",
	  .last = "sync etc", .count = 1 },
	{ "the power goes", { .kind = FAULT_CUT, .at = 3 },
	  .replace = -EIO, .store = -EIO, .run = -EIO, .read = -EIO,
	  .log = "create:etc/.f.pcipass-new append:etc/.f.pcipass-new ",
	  .last = "sync etc/.f.pcipass-new", .count = 3 },
	{ "the power goes behind it", { .kind = FAULT_CUT_BEHIND, .at = 1, .path = "update-grub" },
	  .run = -EIO, .read = -EIO, .log = REPLACE RENAME "store:sys/s run:update-grub ",
	  .last = "run update-grub", .count = 1 },
	{ "a store hangs", { .kind = FAULT_HANG, .at = 1 },
	  .store = -EINPROGRESS, .log = REPLACE RENAME "run:update-grub read:r ",
	  .last = "store sys/s", .count = 1 },
	{ "a command fails", { .kind = FAULT_ERROR, .error = -ENOENT, .at = 1, .path = "update-grub" },
	  .run = -ENOENT, .log = REPLACE RENAME "store:sys/s read:r ",
	  .last = "run update-grub", .count = 1 },
	{ "never reached", { .kind = FAULT_ERROR, .error = -EIO, .at = 8 },
	  .log = REPLACE RENAME "store:sys/s run:update-grub read:r ", .last = "", .count = 7 },
	/* clang-format on */
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = test_fault,
						.initial_state =
							(void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests_name("host-fault", tests, NULL, NULL);
}
