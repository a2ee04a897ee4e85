/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-tree-host - a temporary directory as a running Debian host whose commands are
 * played: real files, so that modes, hard links and shell scripts count. Needs cmocka's
 * header before it. One at a time.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/host-live.h"
#include "core/initramfs.h"

struct tree {
	char dir[64];
	struct host_live *live;
	const struct host_ops *ops; /* of the live host */
	struct host h;
	struct arena *a;
	/* How its commands behave: */
	const char *fails;  /* this one does nothing and exits with 1 */
	const char *idle;   /* this one does nothing and exits with 0 */
	bool archives;      /* update-initramfs makes real images */
	bool forgets_conf;  /* without etc/modprobe.d/ */
	bool in_place;      /* update-initramfs writes into the old image */
	bool forgets_words; /* update-grub does not read etc/default/ */
	unsigned chosen;    /* the entry that GRUB boots; 1 is the recovery's */
	char log[512];      /* what ran */
};
static struct tree *the_tree;

static inline char *tree_path(const char *path)
{
	return arena_printf(the_tree->a, "%s/%s", the_tree->dir, path);
}

static inline void tree_put_bytes(const char *path, const void *data, size_t len,
				  mode_t mode)
{
	FILE *f;

	for (char *full = tree_path(path), *s = full + strlen(the_tree->dir);
	     (s = strchr(s + 1, '/'));) {
		*s = '\0';
		(void)mkdir(full, 0755);
		*s = '/';
	}
	(void)unlink(tree_path(path));
	f = fopen(tree_path(path), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(tree_path(path), mode), 0);
}

static inline void tree_put(const char *path, const char *text, mode_t mode)
{
	tree_put_bytes(path, text, strlen(text), mode);
}

/* NULL: it cannot be read. */
static inline const char *tree_get(const char *path)
{
	struct blob b;

	return host_read(&the_tree->h, the_tree->a, path, HOST_FILE_MAX, &b) < 0
		       ? NULL
		       : (const char *)b.data;
}

static inline const char *tree_shell(const char *command)
{
	FILE *p = popen(
		arena_printf(the_tree->a, "cd '%s' && %s", the_tree->dir, command), "re");
	char *text = NULL;
	size_t n = 0;

	assert_non_null(p);
	if (getdelim(&text, &n, '\0', p) < 0) {
		free(text);
		text = NULL;
	}
	assert_int_equal(pclose(p), 0);
	const char *ret = arena_strdup(the_tree->a, text ? text : "");

	free(text);
	return ret;
}

/* Everything but pcipass's own notes: type, mode, owner, target, and content by sum. */
static inline const char *tree_snapshot(void)
{
	return tree_shell(
		"find . -path ./var/lib/pcipass -prune -o -path ./var/lib/dpkg -prune -o "
		"-printf '%p %y %m %U:%G %l\\n' | LC_ALL=C sort; "
		"find . -path ./var/lib/pcipass -prune -o -path ./var/lib/dpkg -prune -o "
		"-type f -exec cksum {} + | "
		"LC_ALL=C sort -k3");
}

/* Files that are root's in a plan belong to whoever runs the test. */
static int tree_create(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	return the_tree->ops->create(ctx, path, mode, uid ? uid : geteuid(),
				     gid ? gid : getegid());
}

/* A real one, with etc/modprobe.d/ or without. */
static inline void make_archive(const char *path)
{
	char *fresh = arena_printf(the_tree->a, "%s.new", path), *bytes;
	struct initramfs image = { 0 };
	strings names = { 0 };
	size_t len;

	if (!the_tree->forgets_conf)
		(void)host_list(&the_tree->h, the_tree->a, "etc/modprobe.d", &names);
	vec_foreach(name, &names) {
		struct machine_file *f = vec_push(the_tree->a, &image.files);
		const char *conf = arena_printf(the_tree->a, "etc/modprobe.d/%s", *name);

		*f = (struct machine_file){ .path = conf, .mode = S_IFREG | 0644 };
		assert_int_equal(host_read(&the_tree->h, the_tree->a, conf, HOST_FILE_MAX,
					   &f->data),
				 0);
	}
	assert_int_equal(initramfs_build(&image, "6.1.0-1-amd64", &bytes, &len), 0);
	tree_put_bytes(fresh, bytes, len, 0644);
	assert_int_equal(rename(tree_path(fresh), tree_path(path)), 0);
	free(bytes);
}

/* An image holds all of etc/modprobe.d, as the real one's copy does. */
static inline void make_image(const char *path)
{
	char *fresh = arena_printf(the_tree->a, "%s.new", path);
	const char *conf =
		tree_shell("cat etc/modprobe.d/* 2>/dev/null; echo; echo made");

	if (the_tree->archives) {
		make_archive(path);
		return;
	}
	if (the_tree->in_place) {
		FILE *f = fopen(tree_path(path), "r+e");

		assert_non_null(f);
		assert_int_equal(ftruncate(fileno(f), 0), 0);
		fputs(conf, f);
		fclose(f);
		return;
	}
	tree_put(fresh, conf, 0644);
	assert_int_equal(rename(tree_path(fresh), tree_path(path)), 0);
}

static inline void make_images(void)
{
	DIR *d = opendir(tree_path("boot"));
	strings names = { 0 };

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (after_prefix(e->d_name, "initrd.img-") &&
		    access(tree_path(arena_printf(the_tree->a, "lib/modules/%s",
						  e->d_name + strlen("initrd.img-"))),
			   F_OK) == 0)
			*vec_push(the_tree->a, &names) =
				arena_printf(the_tree->a, "boot/%s", e->d_name);
	closedir(d);
	vec_foreach(name, &names)
		make_image(*name);
}

/* As grub-mkconfig: written into the file that is there. */
static inline void make_grub_cfg(void)
{
	const char *words = the_tree->forgets_words
				    ? ""
				    : tree_shell("set -a; . ./etc/default/grub; for f in "
						 "etc/default/grub.d/*.cfg; do [ ! -e "
						 "\"$f\" ] || . ./\"$f\"; done; printf "
						 "%s \"$GRUB_CMDLINE_LINUX_DEFAULT\"");
	FILE *f = fopen(tree_path("boot/grub/grub.cfg"), "we");

	assert_non_null(f);
	fprintf(f,
		"set default=\"%u\"\n"
		"menuentry 'Debian' {\n\tlinux /boot/vmlinuz-6.1.0-1-amd64 "
		"root=/dev/sda1 "
		"ro %s\n}\n"
		"menuentry 'Debian, recovery' {\n\tlinux /boot/vmlinuz-6.1.0-1-amd64 "
		"root=/dev/sda1 ro single\n}\n"
		"menuentry 'Memory test' {\n\tlinux /boot/memtest86+x64.bin\n}\n",
		the_tree->chosen, words);
	fclose(f);
}

static int tree_run(void *ctx, const char *const argv[], struct host_output *ret)
{
	struct tree *t = the_tree;
	size_t n = strlen(t->log);
	bool fails = t->fails && streq(argv[0], t->fails);

	(void)ctx;
	snprintf(t->log + n, sizeof(t->log) - n, "%s%s", n ? " " : "", argv[0]);
	if (fails)
		snprintf(t->log, sizeof(t->log), "%s failed", argv[0]);
	else if (t->idle && streq(argv[0], t->idle))
		n = 0;
	else if (streq(argv[0], "update-initramfs"))
		make_images();
	else if (streq(argv[0], "update-grub"))
		make_grub_cfg();
	else if (!streq(argv[0], "proxmox-boot-tool"))
		return -ENOENT;
	*ret = (struct host_output){ .status = fails,
				     .text = strdup(fails ? "no room\n" : "") };
	return 0;
}

static inline void tree_make(struct tree *t, bool running)
{
	static struct host_ops ops;
	struct err e;

	*t = (struct tree){ .a = arena_new() };
	the_tree = t;
	/* In memory, if there is such a place: thousands of syncs take a while. */
	snprintf(t->dir, sizeof(t->dir), "%s/test-tree-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(t->dir));
	assert_int_equal(chmod(t->dir, 0755), 0);
	assert_int_equal(host_live_open(t->dir, &t->live, &e), 0);
	t->h = host_live_get(t->live);
	t->ops = t->h.ops;
	ops = *t->ops;
	ops.create = tree_create;
	ops.run = tree_run;
	t->h.ops = &ops;
	t->h.running = running;

	tree_put("etc/default/grub",
		 "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n", 0640);
	tree_put("etc/modules", "# modules\nloop", 0644);
	tree_put("etc/modprobe.d/other.conf", "blacklist pcspkr\n", 0644);
	tree_put("boot/initrd.img-6.1.0-1-amd64", "the first image\n", 0600);
	tree_put("boot/initrd.img-6.1.0-2-amd64", "the second image\n", 0644);
	tree_put("lib/modules/6.1.0-1-amd64/modules.dep", "", 0644);
	tree_put("lib/modules/6.1.0-2-amd64/modules.dep", "", 0644);
	tree_put("boot/vmlinuz-6.1.0-1-amd64", "kernel\n", 0644);
	tree_put("boot/grub/grub.cfg", "", 0600);
	make_grub_cfg();
	tree_put("var/lib/dpkg/status", "", 0644);
}

/* As after a power cut: whoever had a lock is gone. */
static inline void tree_reopen(struct tree *t)
{
	struct err e;

	host_live_close(t->live);
	assert_int_equal(host_live_open(t->dir, &t->live, &e), 0);
	t->h.ctx = host_live_get(t->live).ctx;
}

static inline void tree_end(struct tree *t)
{
	host_live_close(t->live);
	(void)tree_shell("cd / && rm -rf \"$OLDPWD\"");
	arena_free(t->a);
	the_tree = NULL;
}
