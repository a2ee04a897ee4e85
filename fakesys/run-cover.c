/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/arena.h"
#include "fakesys/run-part.h"

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) >= 0;
}

static int bind_over(const char *from, const char *to, unsigned long flags, struct err *e)
{
	if (mount(from, to, NULL, MS_BIND | flags, NULL) < 0)
		return err_set(e, -errno, "cannot lay %s over %s: %s", from, to,
			       strerror(errno));
	return 0;
}

/* Whole folders of the host; one that the caller lacks cannot be covered. */
static int cover_folders(struct arena *a, const char *stage, struct err *e)
{
	static const char *const folders[] = { "sys", "boot", "etc" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *from =
			arena_printf(a, "%s/" STAGE_HOST "/%s", stage, folders[i]);
		const char *to = arena_printf(a, "/%s", folders[i]);
		int r;

		if (!exists(from) || !exists(to))
			continue;
		r = bind_over(from, to, 0, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * What kmod reads below lib. Of modules both are needed: the machine's, and the caller's
 * whose kernel it is that uname(2) names; settings are the machine's alone. A caller
 * without a folder for modules is given one.
 */
static void cover_lib(struct arena *a, const char *stage)
{
	static const struct {
		const char *name;
		bool both;
	} folders[] = { { "modules", true }, { "modprobe.d" }, { "modules-load.d" } };

	if (!exists("/usr/lib/modules"))
		(void)mount("fakesys", "/usr/lib", "overlay", MS_RDONLY | MS_NODEV,
			    arena_printf(a, "lowerdir=%s/" STAGE_LIB ":/usr/lib", stage));
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *to = arena_printf(a, "/usr/lib/%s", folders[i].name);
		const char *host = arena_printf(a, "%s/" STAGE_HOST, stage);
		const char *below =
			arena_printf(a, "%s/usr/lib/%s", host, folders[i].name);

		if (!exists(below))
			below = arena_printf(a, "%s/lib/%s", host, folders[i].name);
		if (!exists(below) || !exists(to))
			continue;
		if (folders[i].both)
			(void)mount("fakesys", to, "overlay", MS_RDONLY | MS_NODEV,
				    arena_printf(a, "lowerdir=%s:%s", below, to));
		else
			(void)mount(below, to, NULL, MS_BIND, NULL);
	}
}

/*
 * What pcipass notes down is the machine's, and never lands on the caller's disk: where
 * it cannot be kept apart nobody may write there at all.
 */
static int cover_state(struct arena *a, const char *stage, struct err *e)
{
	static const char there[] = "/var/lib/pcipass";

	if (!exists(there) &&
	    (mount("fakesys", "/var/lib", "overlay", MS_NODEV,
		   arena_printf(a,
				"lowerdir=/var/lib,upperdir=%s/" STAGE_STATE
				",workdir=%s/" STAGE_WORK,
				stage, stage)) < 0 ||
	     mkdir(there, 0755) < 0)) {
		if (mount("/var/lib", "/var/lib", NULL, MS_BIND | MS_REC, NULL) < 0 ||
		    mount(NULL, "/var/lib", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY,
			  NULL) < 0)
			return err_set(e, -errno, "cannot protect /var/lib: %s",
				       strerror(errno));
		return 0;
	}
	return bind_over(arena_printf(a, "%s/" STAGE_HOST "%s", stage, there), there, 0,
			 e);
}

/* A proc of the command's own processes, where that may be mounted; and single files. */
static int cover_proc(struct arena *a, const char *stage, struct err *e)
{
	static const char *const deeper[] = { "sys/kernel/osrelease",
					      "sys/kernel/version", "bus/pci" };
	const char *from = arena_printf(a, "%s/" STAGE_HOST "/proc", stage);
	DIR *dir;
	int r = 0;

	(void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	dir = opendir(from);
	if (!dir)
		return err_set(e, -errno, "%s: %s", from, strerror(errno));
	for (struct dirent *d; r >= 0 && (d = readdir(dir));) {
		const char *to = arena_printf(a, "/proc/%s", d->d_name);

		if (d->d_type == DT_REG && exists(to))
			r = bind_over(arena_printf(a, "%s/%s", from, d->d_name), to, 0,
				      e);
	}
	closedir(dir);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(deeper); i++)
		if (exists(arena_printf(a, "/proc/%s", deeper[i])))
			r = bind_over(arena_printf(a, "%s/%s", from, deeper[i]),
				      arena_printf(a, "/proc/%s", deeper[i]), 0, e);
	return r;
}

/* One name of the caller's /dev, as it is there. */
static int copy_node(struct arena *a, const char *name, const char *dev, struct err *e)
{
	const char *from = arena_printf(a, "/dev/%s", name);
	const char *to = arena_printf(a, "%s/%s", dev, name);
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;
	int fd;

	if (lstat(from, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		n = readlink(from, target, sizeof(target) - 1);
		if (n < 0)
			return 0;
		target[n] = '\0';
		return symlink(target, to) < 0
			       ? err_set(e, -errno, "%s: %s", to, strerror(errno))
			       : 0;
	}
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(to, 0755) < 0)
			return err_set(e, -errno, "%s: %s", to, strerror(errno));
		return bind_over(from, to, MS_REC, e);
	}
	fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", to, strerror(errno));
	close(fd);
	return bind_over(from, to, 0, e);
}

/*
 * Where the caller has a /dev/vfio it is covered; else /dev is put together anew with
 * one, as nothing may be made in the caller's.
 */
static int cover_dev(struct arena *a, const char *stage, struct err *e)
{
	const char *vfio = arena_printf(a, "%s/" STAGE_HOST "/dev/vfio", stage);
	const char *dev = arena_printf(a, "%s/" STAGE_DEV, stage);
	const char *there = arena_printf(a, "%s/vfio", dev);
	DIR *dir;
	int r = 0;

	if (exists("/dev/kmsg"))
		r = bind_over(arena_printf(a, "%s/" STAGE_HOST "/dev/kmsg", stage),
			      "/dev/kmsg", 0, e);
	if (r < 0 || !exists(vfio))
		return r;
	if (exists("/dev/vfio"))
		return bind_over(vfio, "/dev/vfio", 0, e);
	dir = opendir("/dev");
	if (!dir)
		return err_set(e, -errno, "/dev: %s", strerror(errno));
	for (struct dirent *d; r >= 0 && (d = readdir(dir));)
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			r = copy_node(a, d->d_name, dev, e);
	closedir(dir);
	if (r >= 0 && mkdir(there, 0755) < 0)
		r = err_set(e, -errno, "%s: %s", there, strerror(errno));
	if (r >= 0)
		r = bind_over(vfio, there, 0, e);
	return r < 0 ? r : bind_over(dev, "/dev", MS_REC, e);
}

/*
 * The host's commands lie over the folder where they are looked for, and those that the
 * caller does not have are there, too. Without overlayfs they are found by PATH alone.
 */
static void keep_dmesg(struct arena *a, const char *stage)
{
	const char *to = arena_printf(a, "%s/" STAGE_DMESG, stage);
	int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (fd < 0)
		return;
	close(fd);
	if (mount("/usr/bin/dmesg", to, NULL, MS_BIND, NULL) >= 0)
		(void)setenv(RUN_DMESG, to, 1);
}

static int cover_commands(struct arena *a, const char *stage, const char *self,
			  struct err *e)
{
	static const struct {
		const char *folder, *name;
	} commands[] = {
		{ "sbin", "update-grub" },
		{ "sbin", "update-initramfs" },
		{ "sbin", "proxmox-boot-tool" },
		{ "sbin", "modprobe" },
		{ "sbin", "insmod" },
		{ "sbin", "rmmod" },
		{ "bin", "dmesg" },
	};
	static const char *const folders[] = { "sbin", "bin" };

	keep_dmesg(a, stage);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (symlink(self, arena_printf(a, "%s/%s/%s", stage, commands[i].folder,
					       commands[i].name)) < 0)
			return err_set(e, -errno, "%s: %s", commands[i].name,
				       strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		(void)mount("fakesys", arena_printf(a, "/usr/%s", folders[i]), "overlay",
			    MS_RDONLY | MS_NODEV,
			    arena_printf(a, "lowerdir=%s/%s:/usr/%s", stage, folders[i],
					 folders[i]));
	return 0;
}

int cover(const char *stage, const char *self, struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	const char *path = getenv("PATH");
	int r = cover_commands(a, stage, self, e);

	if (r >= 0)
		r = cover_dev(a, stage, e);
	if (r >= 0)
		r = cover_proc(a, stage, e);
	if (r >= 0)
		r = cover_folders(a, stage, e);
	if (r >= 0)
		r = cover_state(a, stage, e);
	cover_lib(a, stage);
	if (r < 0)
		return r;
	/* sd-device takes a sys only if it is of that very file system, unless told so.
	 */
	if (setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 1) < 0 ||
	    setenv("PATH",
		   arena_printf(
			   a, "%s/" STAGE_BIN ":%s", stage,
			   path ? path
				: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
				  "/sbin:/bin"),
		   1) < 0)
		return err_set(e, -errno, "environment: %s", strerror(errno));
	return 0;
}
