/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/apply.h"
#include "core/host-fault.h"
#include "core/test-tree-host.h"

#define CONF "etc/modprobe.d/00-pcipass.conf"
#define DROPIN "etc/default/grub.d/zz-pcipass.cfg"
#define GRUB "etc/default/grub"
#define NOTES "var/lib/pcipass/0001/"
#define KERNEL3 "mkdir lib/modules/6.1.0-3-amd64 && echo x >boot/initrd.img-6.1.0-3-amd64"
#define IMAGE1 "boot/initrd.img-6.1.0-1-amd64"
#define NOTES2 "var/lib/pcipass/0002/"

static const struct apply_opts opts = { .now = 1700000000 };

static void add_file(struct plan *p, const char *path, const char *before,
		     const char *after)
{
	*vec_push(the_tree->a, &p->steps) = (struct plan_step){ .kind = PLAN_FILE,
								.path = path,
								.before = before,
								.after = after,
								.mode = 0644 };
}

static struct plan_step *add_run(struct plan *p, const char *name)
{
	struct plan_step *s = vec_push(the_tree->a, &p->steps);

	*s = (struct plan_step){ .kind = PLAN_RUN };
	*vec_push(the_tree->a, &s->argv) = name;
	return s;
}

/* A new file, one in a new folder, one that is changed, and all that is made of them. */
static struct plan make_plan(void)
{
	struct plan p = { .method = PLAN_IDS };
	struct plan_step *s;

	add_file(&p, CONF, NULL, "options vfio-pci ids=10de:1b81\n");
	add_file(&p, DROPIN, NULL,
		 "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT "
		 "intel_iommu=on\"\n");
	add_file(&p, "etc/modules", "# modules\nloop", "# modules\nloop\nvfio_pci\n");
	s = add_run(&p, "update-initramfs");
	s->renames = true;
	*vec_push(the_tree->a, &s->makes) = "boot/initrd.img-6.1.0-1-amd64";
	*vec_push(the_tree->a, &s->makes) = "boot/initrd.img-6.1.0-2-amd64";
	s = add_run(&p, "update-grub");
	*vec_push(the_tree->a, &s->makes) = "boot/grub/grub.cfg";
	*vec_push(the_tree->a, &s->proof) = "intel_iommu=on";
	*vec_push(the_tree->a, &s->gone) = "iommu=off";
	return p;
}

static int apply(const struct host *h, const struct plan *p, struct apply_result *ret,
		 struct err *e)
{
	struct machine *m = machine_new();
	int r;

	m->release = "6.1.0-1-amd64";
	e->text[0] = '\0';
	r = apply_plan(h, the_tree->a, m, p, &opts, ret, e);
	machine_free(m);
	return r;
}

static void must_apply(const struct plan *p)
{
	struct apply_result done;
	struct err e;

	if (apply(&the_tree->h, p, &done, &e) < 0)
		fail_msg("%s", e.text);
	the_tree->log[0] = '\0';
}

static int undo(const struct host *h, unsigned number, struct apply_result *ret,
		struct err *e)
{
	e->text[0] = '\0';
	return apply_undo(h, the_tree->a, number, &opts, ret, e);
}

static void must_undo(unsigned number)
{
	struct apply_result done;
	struct err e;

	if (undo(&the_tree->h, number, &done, &e) < 0)
		fail_msg("%s", e.text);
}

static void must_say(const struct err *e, const char *want)
{
	if (!strstr(e->text, want))
		fail_msg("said \"%s\", expected \"%s\"", e->text, want);
}

static enum journal_state state_of(unsigned number)
{
	journals all = { 0 };

	assert_int_equal(journal_list(&the_tree->h, the_tree->a, &all, NULL), 0);
	assert_true(number <= all.n);
	return all.v[number - 1].state;
}

/* ---- there and back ---- */

static void test_there_and_back(void **state)
{
	struct apply_result done = { 0 };
	struct plan p;
	struct tree t;
	const char *before;
	struct err e;

	(void)state;
	tree_make(&t, true);
	before = tree_snapshot();
	p = make_plan();
	assert_int_equal(apply(&t.h, &p, &done, &e), 0);
	assert_int_equal(done.number, 1);
	assert_true(done.reboot);
	assert_int_equal(done.pending.n, 0);
	assert_string_equal(t.log, "update-initramfs update-grub");
	assert_string_equal(tree_get("etc/modules"), "# modules\nloop\nvfio_pci\n");
	assert_non_null(strstr(tree_get("boot/grub/grub.cfg"), "intel_iommu=on"));
	assert_non_null(strstr(tree_get("boot/initrd.img-6.1.0-2-amd64"), "10de:1b81"));
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_string_equal(tree_snapshot(), before);
	assert_string_equal(t.log,
			    "update-initramfs update-grub"); /* nothing made anew */
	/* What would take later work back is gone. */
	assert_null(tree_get(NOTES "undo.sh"));
	assert_int_equal(undo(&t.h, 0, &done, &e), -ESRCH);
	must_say(&e, "nothing to undo");
	tree_end(&t);
}

/* ---- undo.sh: the way back without pcipass ---- */

struct script_case {
	const char *name, *fails;
	bool cut; /* the power goes during the commands */
};

static void test_script(void **state)
{
	const struct script_case *c = *state;
	struct host_fault fault = { .kind = FAULT_CUT, .at = 1, .path = "update-grub" };
	struct apply_result done;
	const char *before;
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	before = tree_snapshot();
	p = make_plan();
	fault.inner = &t.h;
	h = c->cut ? host_fault_get(&fault) : t.h;
	assert_int_equal(apply(&h, &p, &done, &e) < 0, c->cut);
	tree_reopen(&t);
	assert_string_not_equal(tree_snapshot(), before);
	(void)tree_shell("sh " NOTES "undo.sh \"$PWD\" >/dev/null");
	assert_string_equal(tree_snapshot(), before);
	/* The journal does not know, and undo finds all as it was. */
	must_undo(0);
	assert_string_equal(tree_snapshot(), before);
	tree_end(&t);
}

static const struct script_case scripts[] = {
	{ "undo.sh after apply", .cut = false },
	{ "undo.sh after a power cut", .cut = true },
};

struct said_case {
	const char *name;
	const char *shell; /* what happened since apply, in the root of the tree */
	int status;
	const char *said;
	const char *path, *text; /* what that holds afterwards; NULL: not there */
};

/* undo.sh stops before it touches anything, or does what still fits and says so. */
static void test_script_says(void **state)
{
	const struct said_case *c = *state;
	const char *edited, *got;
	struct plan_step *s;
	struct plan p;
	struct tree t;

	tree_make(&t, true);
	p = make_plan();
	s = add_run(&p, "proxmox-boot-tool");
	*vec_push(t.a, &s->argv) = "refresh";
	must_apply(&p);
	(void)tree_shell(c->shell);
	edited = tree_snapshot();
	got = tree_shell("sh " NOTES "undo.sh \"$PWD\" 2>&1; echo status $?");
	(void)tree_shell("rm -rf \"$PWD.out\"");
	if (!strstr(got, c->said) ||
	    !strstr(got, arena_printf(t.a, "status %d\n", c->status)))
		fail_msg("said %s", got);
	if (c->status)
		assert_string_equal(tree_snapshot(), edited);
	else if (c->text)
		assert_string_equal(tree_get(c->path), c->text);
	else
		assert_null(tree_get(c->path));
	tree_end(&t);
}

static const struct said_case saids[] = {
	/* clang-format off */
	{ "undo.sh on an image leaves Proxmox's copies", "true", 0,
	  "Not done yet. Still to be run on that system itself:\n  'proxmox-boot-tool' 'refresh'\n",
	  IMAGE1, "the first image\n" },
	{ "undo.sh after a kernel came", KERNEL3, 0, "  'update-initramfs'\n  'update-grub'\n", CONF },
	{ "undo.sh leaves images alone after a kernel went",
	  "rm boot/initrd.img-6.1.0-2-amd64; echo now >" IMAGE1, 0, "  'update-initramfs'\n", IMAGE1,
	  "now\n" },
	{ "undo.sh without /boot", "mv boot boot.away; mkdir boot", 1, "is it mounted?" },
	{ "undo.sh with a later one", "mkdir var/lib/pcipass/0012; : >var/lib/pcipass/0012/undo.sh", 1,
	  "transaction 0012 came after this one" },
	{ "undo.sh and a link that leads out",
	  "mv etc/modprobe.d \"$PWD.out\" && ln -s \"$PWD.out\" etc/modprobe.d", 1,
	  "which is not below" },
	{ "undo.sh and a link that stays inside",
	  "mv etc/modprobe.d etc/m && ln -s m etc/modprobe.d", 0, "removed /" CONF, CONF },
	{ "undo.sh and a file that became a link", "mv etc/modules etc/m; ln -s m etc/modules", 1,
	  "/etc/modules is no regular file" },
	{ "undo.sh and a lost copy", "rm " NOTES "before.2", 1, "/" NOTES "before.2 is lost" },
	/* clang-format on */
};

/* ---- apply fails: the host is as it was ---- */

struct failure_case {
	const char *name;
	const char *fails; /* a command */
	bool forgets_words;
	const char *idle; /* a command that does nothing and reports success */
	bool archives, forgets_conf;
	unsigned chosen;  /* GRUB's entry */
	const char *grub; /* etc/default/grub before */
	enum fault_kind kind;
	int error;
	unsigned at;
	const char *path;
	int want;
	const char *said;
};

static void test_failure(void **state)
{
	const struct failure_case *c = *state;
	struct host_fault fault = {
		.kind = c->kind, .error = c->error, .at = c->at, .path = c->path
	};
	struct apply_result done;
	const char *before;
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	t.fails = c->fails;
	t.forgets_words = c->forgets_words;
	t.idle = c->idle;
	t.archives = c->archives;
	if (c->archives)
		make_images();
	t.forgets_conf = c->forgets_conf;
	t.chosen = c->chosen;
	if (c->chosen)
		make_grub_cfg();
	if (c->grub)
		tree_put(GRUB, c->grub, 0644);
	before = tree_snapshot();
	p = make_plan();
	fault.inner = &t.h;
	h = host_fault_get(&fault);
	assert_int_equal(apply(&h, &p, &done, &e), c->want);
	must_say(&e, c->said);
	assert_null(strchr(e.text, '\n'));
	assert_string_equal(tree_snapshot(), before);
	tree_end(&t);
}

#define JSON_TEMP NOTES ".journal.json.pcipass-new"

static const struct failure_case failures[] = {
	/* clang-format off */
	{ "update-initramfs fails", "update-initramfs", .want = -EPROTO,
	  .said = "update-initramfs failed with status 1: no room" },
	{ "update-grub fails", "update-grub", .want = -EPROTO, .said = "update-grub failed" },
	{ "no such command", .kind = FAULT_ERROR, .error = -ENOENT, .at = 1,
	  .path = "update-grub", .want = -EPROTO, .said = "cannot run update-grub" },
	{ "a command that does not end", .kind = FAULT_ERROR, .error = -ETIMEDOUT, .at = 1,
	  .path = "update-grub", .want = -EPROTO, .said = "update-grub took too long" },
	{ "update-grub has no effect", .forgets_words = true, .want = -EPROTO,
	  .said = "still boots without intel_iommu=on" },
	{ "update-initramfs makes nothing and exits with 0", .idle = "update-initramfs",
	  .want = -EPROTO, .said = "left /" IMAGE1 " as it was" },
	{ "update-initramfs leaves the configuration out", .archives = true, .forgets_conf = true,
	  .want = -EPROTO, .said = "without what /" CONF " is now" },
	{ "GRUB boots another entry", .chosen = 1, .want = -EPROTO,
	  .said = "still boots without intel_iommu=on" },
	{ "a word that must go stays",
	  .grub = "GRUB_CMDLINE_LINUX_DEFAULT=\"iommu=off\"\n", .want = -EPROTO,
	  .said = "still boots with iommu=off" },
	{ "read-only: nowhere to note", .kind = FAULT_ERROR, .error = -EROFS, .at = 1,
	  .path = "var/lib/pcipass", .want = -EROFS,
	  .said = "cannot make /var/lib/pcipass: Read-only file system" },
	{ "no rights on a file", .kind = FAULT_ERROR, .error = -EACCES, .at = 1,
	  .path = "etc/modules", .want = -EACCES,
	  .said = "cannot write /etc/modules: Permission denied; everything is as it was" },
	{ "no room for the copies", .kind = FAULT_ERROR, .error = -ENOSPC, .at = 1,
	  .path = NOTES "before.2", .want = -ENOSPC, .said = "cannot save /etc/modules" },
	{ "the journal cannot be ended", .kind = FAULT_ERROR, .error = -ENOSPC, .at = 4,
	  .path = JSON_TEMP, .want = -ENOSPC, .said = "everything is as it was" },
	/* The full disk that made update-grub fail must not keep undo from making room. */
	{ "full disk: no room for the mark of undo either", "update-grub",
	  .kind = FAULT_ERROR, .error = -ENOSPC, .at = 4, .path = JSON_TEMP,
	  .want = -EPROTO, .said = "everything is as it was" },
	/* clang-format on */
};

/* Any one operation fails: the old state, or the new one where all was done. */
static void test_each_operation(void **state)
{
	unsigned at = 0;
	bool struck;

	(void)state;
	do {
		struct host_fault fault = { .kind = FAULT_ERROR,
					    .error = -EIO,
					    .at = ++at };
		struct apply_result done;
		const char *before;
		struct host h;
		struct plan p;
		struct tree t;
		struct err e;
		int r;

		tree_make(&t, true);
		before = tree_snapshot();
		p = make_plan();
		fault.inner = &t.h;
		h = host_fault_get(&fault);
		r = apply(&h, &p, &done, &e);
		if (!r)
			must_undo(0);
		if (!streq(tree_snapshot(), before))
			fail_msg("operation %u (%s): %s", at, fault.last, e.text);
		struck = fault.count >= at;
		tree_end(&t);
	} while (struck);
	assert_true(at > 50);
}

/* ---- others' edits between apply and undo ---- */

struct edit_case {
	const char *name;
	const char *shell; /* what others do, in the root of the tree */
	int want;          /* of undo */
	const char *said;
	const char *path, *text; /* what the file holds afterwards */
	const char *log;         /* what ran again */
};

static void test_edit(void **state)
{
	const struct edit_case *c = *state;
	struct apply_result done;
	const char *edited;
	struct plan p;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	p = make_plan();
	must_apply(&p);
	(void)tree_shell(c->shell);
	edited = tree_snapshot();
	assert_int_equal(undo(&t.h, 0, &done, &e), c->want);
	if (c->want < 0) {
		must_say(&e, c->said);
		assert_string_equal(tree_snapshot(), edited);
		assert_int_equal(state_of(1), JOURNAL_APPLIED);
	} else {
		assert_int_equal(state_of(1), JOURNAL_UNDONE);
	}
	if (c->text)
		assert_string_equal(tree_get(c->path), c->text);
	else if (c->path)
		assert_null(tree_get(c->path));
	assert_string_equal(t.log, c->log ? c->log : "");
	tree_end(&t);
}

static const struct edit_case edits[] = {
	/* clang-format off */
	{ "a line at the end", "echo nbd >>etc/modules", .path = "etc/modules",
	  .text = "# modules\nloop\nnbd\n", .log = "update-initramfs update-grub" },
	{ "a line in front", "sed -i '1i nbd' etc/modules", .path = "etc/modules",
	  .text = "nbd\n# modules\nloop\n", .log = "update-initramfs update-grub" },
	{ "our own file gone", "rm " CONF, .path = CONF },
	{ "a changed file gone", "rm etc/modules", -ESTALE, "removed /etc/modules" },
	{ "our line changed", "sed -i s/1b81/ffff/ " CONF, -ESTALE,
	  "changed the lines of pcipass in /" CONF },
	{ "NUL bytes", "printf 'a\\0b\\n' >>etc/modules", -ESTALE, "/etc/modules" },
	{ "now a link", "mv etc/modules etc/mine && ln -s mine etc/modules", -ESTALE,
	  "no regular file at /etc/modules" },
	{ "now a folder", "rm etc/modules && mkdir etc/modules", -ESTALE,
	  "no regular file at /etc/modules" },
	{ "a comment in our file", "echo '# mine' >>" CONF, .path = CONF },
	{ "a line in our file", "echo 'blacklist floppy' >>" CONF, .path = CONF,
	  .text = "blacklist floppy\n", .log = "update-initramfs update-grub" },
	{ "a file in our folder", "echo A=1 >etc/default/grub.d/a.cfg",
	  .path = "etc/default/grub.d/a.cfg", .text = "A=1\n" },
	{ "a kernel came", KERNEL3,
	  .path = "boot/initrd.img-6.1.0-3-amd64", .text = "blacklist pcspkr\n\nmade\n",
	  .log = "update-initramfs update-grub" },
	{ "a copy of an image is no kernel", "cp boot/initrd.img-6.1.0-1-amd64 boot/initrd.img-6.1.0-1-amd64.bak",
	  .path = IMAGE1, .text = "the first image\n" },
	{ "a kernel went", "rm boot/initrd.img-6.1.0-2-amd64",
	  .path = "boot/initrd.img-6.1.0-2-amd64",
	  .log = "update-initramfs update-grub" },
	{ "an image was made anew", "echo x >>boot/initrd.img-6.1.0-1-amd64",
	  .path = "boot/initrd.img-6.1.0-1-amd64", .text = "blacklist pcspkr\n\nmade\n",
	  .log = "update-initramfs update-grub" },
	{ "a saved image is lost", "rm " NOTES "before.3",
	  .path = "boot/initrd.img-6.1.0-1-amd64", .text = "blacklist pcspkr\n\nmade\n",
	  .log = "update-initramfs update-grub" },
	{ "a saved file is lost", "rm " NOTES "before.2", -EIO,
	  "/" NOTES "before.2 is lost" },
	/* clang-format on */
};

/* Undo that has to make images anew believes no status either. */
static void test_undo_proof(void **state)
{
	struct apply_result done;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	t.archives = true;
	make_images();
	p = make_plan();
	must_apply(&p);
	(void)tree_shell("echo nbd >>etc/modules");
	t.idle = "update-initramfs";
	assert_int_equal(undo(&t.h, 0, &done, &e), -EPROTO);
	must_say(&e, "as it was");
	t.idle = NULL;
	assert_int_equal(state_of(1), JOURNAL_UNDOING);
	must_undo(0);
	(void)tree_shell("! grep -q 10de:1b81 " IMAGE1);
	tree_end(&t);
}

/* A second try must know what the first one merged. */
static void test_merge_twice(void **state)
{
	struct apply_result done;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	must_apply(&p);
	(void)tree_shell("echo 'blacklist floppy' >>" CONF " && chmod 0600 " CONF);
	t.fails = "update-initramfs";
	assert_int_equal(undo(&t.h, 0, &done, &e), -EPROTO);
	assert_int_equal(state_of(1), JOURNAL_UNDOING);
	assert_string_equal(tree_get(CONF), "blacklist floppy\n");
	t.fails = NULL;
	/* Nothing else may begin meanwhile, and going on is no way either. */
	assert_int_equal(apply(&t.h, &p, &done, &e), -EUCLEAN);
	must_say(&e, "half taken back");
	assert_int_equal(apply_resume(&t.h, t.a, &opts, &done, &e), -EUCLEAN);
	must_undo(0);
	assert_string_equal(tree_get(CONF), "blacklist floppy\n");
	assert_string_equal(tree_shell("stat -c %a " CONF), "600\n");
	assert_null(strstr(tree_get("boot/initrd.img-6.1.0-1-amd64"), "vfio"));
	tree_end(&t);
}

/* ---- what an earlier try did is durable before it counts ---- */

struct settle_case {
	const char *name;
	const char *shell; /* what an earlier undo had done */
	const char *want;  /* is synced */
	bool resume;
};

static char synced[4096];

static int note_sync(void *ctx, const char *path)
{
	size_t n = strlen(synced);

	snprintf(synced + n, sizeof(synced) - n, " %s ", path);
	return the_tree->ops->sync(ctx, path);
}

static void test_settle(void **state)
{
	const struct settle_case *c = *state;
	struct apply_result done;
	struct host_ops ops;
	journals all = { 0 };
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	p = make_plan();
	must_apply(&p);
	assert_int_equal(journal_list(&t.h, t.a, &all, &e), 0);
	assert_int_equal(journal_set_state(&t.h, &all.v[0],
					   c->resume ? JOURNAL_PREPARED : JOURNAL_UNDOING,
					   &e),
			 0);
	(void)tree_shell(c->shell);
	ops = *t.h.ops;
	ops.sync = note_sync;
	h = (struct host){ &ops, t.h.ctx, true };
	synced[0] = '\0';
	if (c->resume)
		assert_int_equal(apply_resume(&h, t.a, &opts, &done, &e), 0);
	else
		assert_int_equal(undo(&h, 0, &done, &e), 0);
	if (!strstr(synced, c->want))
		fail_msg("no sync of %s in %s", c->want, synced);
	tree_end(&t);
}

static const struct settle_case settles[] = {
	/* clang-format off */
	{ "a removal by an earlier undo is synced", "rm " CONF, " etc/modprobe.d " },
	{ "a file that an earlier undo put back is synced", "cp " NOTES "before.2 etc/modules",
	  " etc/modules " },
	{ "its name as well", "cp " NOTES "before.2 etc/modules", " etc " },
	{ "names of what commands made are synced", "true", " boot ", true },
	{ "contents of what commands made are synced", "true", " boot/grub/grub.cfg ", true },
	{ "a file that an earlier apply wrote is synced", "true", " etc/modules ", true },
	/* clang-format on */
};

/* ---- hard links ---- */

/* The saved image must not be the one that dracut's update-initramfs writes into. */
static void test_generator_in_place(void **state)
{
	const char *before;
	struct plan p;
	struct tree t;

	(void)state;
	tree_make(&t, true);
	tree_put("usr/bin/dracut", "", 0755);
	t.in_place = true;
	before = tree_snapshot();
	p = make_plan();
	must_apply(&p);
	assert_string_not_equal(tree_snapshot(), before);
	must_undo(0);
	assert_string_equal(tree_snapshot(), before);
	tree_end(&t);
}

static void test_saved_by_link(void **state)
{
	struct plan p;
	struct tree t;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	(void)tree_shell("stat -c %i boot/initrd.img-6.1.0-1-amd64 >inode");
	must_apply(&p);
	(void)tree_shell("[ $(stat -c %i " NOTES "before.3) = $(cat inode) ]");
	tree_end(&t);
}

/* ---- an image: no kernel runs there ---- */

static void test_image(void **state)
{
	struct apply_result done = { 0 };
	const char *before, *booted;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, false);
	before = tree_snapshot();
	p = make_plan();
	assert_int_equal(apply(&t.h, &p, &done, &e), 0);
	assert_string_equal(t.log, "");
	assert_int_equal(done.pending.n, 2);
	assert_string_equal(done.pending.v[0].v[0], "update-initramfs");
	assert_string_equal(done.pending.v[1].v[0], "update-grub");
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_int_equal(done.pending.n, 0);
	assert_false(done.reboot);
	assert_string_equal(tree_snapshot(), before);

	/* It booted, and its images were made: they must be made again. */
	must_apply(&p);
	make_images();
	booted = tree_get("boot/initrd.img-6.1.0-1-amd64");
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_null(tree_get(CONF));
	assert_string_equal(tree_get("boot/initrd.img-6.1.0-1-amd64"), booted);
	assert_int_equal(done.pending.n, 2);
	assert_int_equal(done.state, JOURNAL_UNDOING);
	/* Nothing replaced the saved ones: they are kept until something does. */
	assert_string_equal(tree_get(NOTES2 "before.3"), "the first image\n");
	assert_non_null(tree_get(NOTES2 "undo.sh"));
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_int_equal(done.pending.n, 2);
	t.h.running = true;
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_int_equal(done.state, JOURNAL_UNDONE);
	assert_string_equal(t.log, "update-initramfs update-grub");
	assert_null(tree_get(NOTES2 "undo.sh"));
	tree_end(&t);
}

/* ---- undo of a host that was applied to, from a rescue system ---- */

struct rescue_case {
	const char *name;
	const char *shell; /* what happened meanwhile */
	int want;
	const char *said;
	enum journal_state state;
	const char *path, *text; /* what that holds afterwards */
	size_t pending;
};

static void test_rescue(void **state)
{
	const struct rescue_case *c = *state;
	struct apply_result done = { 0 };
	struct plan p;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	p = make_plan();
	must_apply(&p);
	(void)tree_shell(c->shell);
	t.h.running = false;
	assert_int_equal(undo(&t.h, 0, &done, &e), c->want);
	if (c->said)
		must_say(&e, c->said);
	assert_int_equal(state_of(1), c->state);
	if (c->text)
		assert_string_equal(tree_get(c->path), c->text);
	assert_int_equal(done.pending.n, c->pending);
	/* The only good images, until better ones were made. */
	if (c->state != JOURNAL_UNDONE) {
		assert_string_equal(tree_get(NOTES "before.3"), "the first image\n");
		assert_non_null(tree_get(NOTES "undo.sh"));
	}
	tree_end(&t);
}

static const struct rescue_case rescues[] = {
	/* clang-format off */
	{ "rescue: nothing happened", "true", .state = JOURNAL_UNDONE, .path = IMAGE1,
	  .text = "the first image\n" },
	{ "rescue: /boot is not mounted", "mv boot boot.away && mkdir boot", -ESTALE,
	  "is that file system mounted", JOURNAL_APPLIED },
	{ "rescue: a kernel came", KERNEL3,
	  .state = JOURNAL_UNDOING, .path = IMAGE1, .text = "the first image\n",
	  .pending = 2 },
	{ "rescue: a kernel went", "rm boot/initrd.img-6.1.0-2-amd64",
	  .state = JOURNAL_UNDOING, .pending = 2 },
	{ "rescue: others' lines", "echo nbd >>etc/modules", .state = JOURNAL_UNDOING,
	  .path = IMAGE1, .text = "the first image\n", .pending = 2 },
	/* clang-format on */
};

/* ---- what stands in the way ---- */

static void test_stale(void **state)
{
	struct apply_result done;
	const char *before;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	tree_put_bytes("etc/modules", "# modules\nloop\0x", 16, 0644);
	before = tree_snapshot();
	assert_int_equal(apply(&t.h, &p, &done, &e), -ESTALE);
	must_say(&e, "/etc/modules changed");
	assert_string_equal(tree_snapshot(), before);
	tree_end(&t);
}

struct kernel_case {
	const char *name, *shell, *said;
};

/* As dpkg does while apply waits for its lock. */
static void test_kernel_meanwhile(void **state)
{
	const struct kernel_case *c = *state;
	struct apply_result done;
	struct plan p;
	struct tree t;
	struct err e;

	tree_make(&t, true);
	p = make_plan();
	(void)tree_shell(c->shell);
	assert_int_equal(apply(&t.h, &p, &done, &e), -ESTALE);
	must_say(&e, c->said);
	assert_string_equal(t.log, "");
	assert_null(tree_get(CONF));
	tree_end(&t);
}

static const struct kernel_case kernels[] = {
	/* clang-format off */
	{ "a kernel came since the plan", KERNEL3, "/boot/initrd.img-6.1.0-3-amd64 came or went" },
	{ "a kernel went since the plan", "rm -r lib/modules/6.1.0-2-amd64 boot/initrd.img-6.1.0-2-amd64",
	  "/boot/initrd.img-6.1.0-2-amd64 came or went" },
	/* clang-format on */
};

/* An editor that is faster than saving: told of it, it writes. */
static void edit_meanwhile(void *arg, const char *what)
{
	(void)arg;
	if (strstr(what, "saving"))
		tree_put_bytes("etc/modules", "# mine\n", 7, 0644);
}

static void test_stale_meanwhile(void **state)
{
	const struct apply_opts editing = { .now = 1, .progress = edit_meanwhile };
	struct machine *m = machine_new();
	struct apply_result done;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	m->release = "6.1.0-1-amd64";
	assert_int_equal(apply_plan(&t.h, t.a, m, &p, &editing, &done, &e), -ESTALE);
	must_say(&e, "/etc/modules changed");
	machine_free(m);
	assert_string_equal(tree_get("etc/modules"), "# mine\n");
	assert_int_equal(state_of(1), JOURNAL_UNDONE);
	/* Neither the saved images nor a script that would put the old ones back. */
	assert_false(host_exists(&t.h, NOTES "undo.sh"));
	assert_false(host_exists(&t.h, NOTES "before.3"));
	assert_false(host_exists(&t.h, NOTES "before.5"));
	tree_end(&t);
}

/* A disk that takes bytes and keeps others. */
static int append_wrong(void *ctx, const char *path, const void *buf, size_t len)
{
	AUTOFREE char *wrong = malloc(len);

	memcpy(wrong, buf, len);
	if (streq(path, "etc/.modules.pcipass-new"))
		wrong[0] ^= 1;
	return the_tree->ops->append(ctx, path, wrong, len);
}

static void test_read_back(void **state)
{
	struct apply_result done;
	struct host_ops ops;
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	ops = *t.h.ops;
	ops.append = append_wrong;
	h = (struct host){ &ops, t.h.ctx, true };
	assert_int_equal(apply(&h, &p, &done, &e), -EIO);
	must_say(&e, "cannot write /etc/modules");
	tree_end(&t);
}

/* Ctrl-C at each point where apply asks: all is as it was. */
static bool stop_at(void *arg)
{
	unsigned *left = arg;

	return !--*left;
}

static void test_interrupted(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 6; at++) {
		unsigned left = at;
		const struct apply_opts stopped = { .now = 1,
						    .stop = stop_at,
						    .arg = &left };
		struct machine *m = machine_new();
		struct apply_result done;
		const char *before;
		struct plan p;
		struct tree t;
		struct err e;

		tree_make(&t, true);
		before = tree_snapshot();
		p = make_plan();
		m->release = "6.1.0-1-amd64";
		assert_int_equal(apply_plan(&t.h, t.a, m, &p, &stopped, &done, &e),
				 -EINTR);
		must_say(&e, "interrupted; everything is as it was before");
		assert_string_equal(tree_snapshot(), before);
		machine_free(m);
		tree_end(&t);
	}
}

static void test_locks(void **state)
{
	static const struct {
		const char *path, *said;
	} locks[] = { { "var/lib/pcipass/lock", "another pcipass" } };
	struct apply_result done;
	struct host_live *other;
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	assert_int_equal(host_live_open(t.dir, &other, &e), 0);
	h = host_live_get(other);
	assert_int_equal(host_make_parents(&h, locks[0].path), 0);
	assert_int_equal(h.ops->lock(h.ctx, locks[0].path, HOST_LOCK_OWN, 0), 0);
	assert_int_equal(apply(&t.h, &p, &done, &e), -EAGAIN);
	must_say(&e, locks[0].said);
	host_live_close(other);
	assert_int_equal(apply(&t.h, &p, &done, &e), 0);
	tree_end(&t);
}

/* Two on one file: back in the other order only. */
static void test_two(void **state)
{
	struct plan p, q = { .method = PLAN_IDS };
	struct apply_result done;
	const char *before, *between;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	before = tree_snapshot();
	p = make_plan();
	must_apply(&p);
	between = tree_snapshot();
	add_file(&q, CONF, "options vfio-pci ids=10de:1b81\n",
		 "options vfio-pci ids=10de:1b81,8086:10d3\n");
	q.steps.v[0].mode = 0644;
	must_apply(&q);
	assert_int_equal(undo(&t.h, 1, &done, &e), -EBUSY);
	must_say(&e, "undo 2 first");
	must_undo(0);
	assert_string_equal(tree_snapshot(), between);
	must_undo(0);
	assert_string_equal(tree_snapshot(), before);
	tree_end(&t);
}

/* One that is half taken back comes first, whatever was applied since. */
static void test_two_unfinished(void **state)
{
	struct plan p, q = { .method = PLAN_IDS };
	struct apply_result done;
	const char *before;
	struct journal j;
	journals all = { 0 };
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	before = tree_snapshot();
	p = make_plan();
	must_apply(&p);
	add_file(&q, "etc/other", NULL, "x\n");
	must_apply(&q);
	/* As when the power went while 1 was being taken back. */
	assert_int_equal(journal_list(&t.h, t.a, &all, &e), 0);
	j = all.v[0];
	assert_int_equal(journal_set_state(&t.h, &j, JOURNAL_UNDOING, &e), 0);
	assert_int_equal(undo(&t.h, 2, &done, &e), -EUCLEAN);
	must_say(&e, "transaction 1 is half taken back; `pcipass undo 1`");
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_int_equal(done.number, 1);
	/* As when the power went while 2 was applied. */
	must_apply(&p);
	all.n = 0;
	assert_int_equal(journal_list(&t.h, t.a, &all, &e), 0);
	j = all.v[2];
	assert_int_equal(journal_set_state(&t.h, &j, JOURNAL_PREPARED, &e), 0);
	assert_int_equal(undo(&t.h, 2, &done, &e), -EUCLEAN);
	must_say(&e, "`pcipass undo 3` takes it back");
	must_undo(0);
	must_undo(0);
	assert_string_equal(tree_snapshot(), before);
	tree_end(&t);
}

/* An old journal that was damaged, or that a newer pcipass wrote, is no obstacle. */
static void test_unreadable(void **state)
{
	struct apply_result done;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	tree_put(NOTES "journal.json", "{\"schema\": \"pcip", 0600);
	must_apply(&p);
	assert_int_equal(state_of(1), JOURNAL_UNREADABLE);
	assert_int_equal(undo(&t.h, 1, &done, &e), -EBADMSG);
	must_say(&e, "/" NOTES "undo.sh takes transaction 1 back");
	assert_int_equal(undo(&t.h, 0, &done, &e), 0);
	assert_int_equal(done.number, 2);
	assert_int_equal(undo(&t.h, 0, &done, &e), -EBADMSG);
	tree_end(&t);
}

/* The power goes right behind the mark: the copies go when anything is done next. */
static void test_copies_of_undone(void **state)
{
	struct host_fault fault = { .kind = FAULT_CUT,
				    .at = 1,
				    .path = NOTES "before.3" };
	struct apply_result done;
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	must_apply(&p);
	fault.inner = &t.h;
	h = host_fault_get(&fault);
	assert_int_equal(undo(&h, 0, &done, &e), 0);
	tree_reopen(&t);
	assert_int_equal(state_of(1), JOURNAL_UNDONE);
	assert_null(tree_get(NOTES "undo.sh"));
	assert_non_null(tree_get(NOTES "before.3"));
	assert_int_equal(undo(&t.h, 0, &done, &e), -ESRCH);
	assert_null(tree_get(NOTES "before.3"));
	tree_end(&t);
}

/* Cut short, then finished. */
static void test_resume(void **state)
{
	struct host_fault fault = { .kind = FAULT_CUT, .at = 1, .path = "etc/modules" };
	struct apply_result done;
	const char *whole;
	struct host h;
	struct plan p;
	struct tree t;
	struct err e;

	(void)state;
	tree_make(&t, true);
	p = make_plan();
	assert_int_equal(apply_resume(&t.h, t.a, &opts, &done, &e), -ESRCH);
	must_apply(&p);
	whole = tree_snapshot();
	must_undo(0);
	fault.inner = &t.h;
	h = host_fault_get(&fault);
	assert_true(apply(&h, &p, &done, &e) < 0);
	must_say(&e, "putting things back failed too");
	tree_reopen(&t);
	assert_int_equal(apply(&t.h, &p, &done, &e), -EUCLEAN);
	tree_put("etc/modules", "mine\n", 0644);
	assert_int_equal(apply_resume(&t.h, t.a, &opts, &done, &e), -ESTALE);
	must_say(&e, "/etc/modules");
	tree_put("etc/modules", "# modules\nloop", 0644);
	assert_int_equal(apply_resume(&t.h, t.a, &opts, &done, &e), 0);
	assert_int_equal(done.number, 2);
	assert_string_equal(tree_snapshot(), whole);
	tree_end(&t);
}

#define ROWS(table, function)                                                            \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                                   \
		tests[n++] = (struct CMUnitTest)                                         \
		{                                                                        \
			(table)[i].name, (function), NULL, NULL,                         \
				(void *)(uintptr_t) & (table)[i]                         \
		}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_each_operation),
		cmocka_unit_test(test_merge_twice),
		cmocka_unit_test(test_undo_proof),
		cmocka_unit_test(test_generator_in_place),
		cmocka_unit_test(test_saved_by_link),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_stale_meanwhile),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_two_unfinished),
		cmocka_unit_test(test_copies_of_undone),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_resume),
	};
	struct CMUnitTest tests[128];
	size_t n = 0;

	ROWS(scripts, test_script);
	ROWS(saids, test_script_says);
	ROWS(failures, test_failure);
	ROWS(edits, test_edit);
	ROWS(rescues, test_rescue);
	ROWS(kernels, test_kernel_meanwhile);
	ROWS(settles, test_settle);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[n++] = others[i];
	return _cmocka_run_group_tests("apply", tests, n, NULL, NULL);
}
