/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initramfs - what an initramfs image holds: modules by name and the configuration that a
 * boot from it follows. Reads one or more concatenated newc archives, compressed or not.
 */
#pragma once

#include "core/machine.h"

/*
 * Fill ret->modules, ->load and ->files from an image in memory (path and mtime are the
 * caller's). Files kept are those of initramfs_keeps(). -EINVAL with @e: not an
 * initramfs, damaged, or an entry leaves the tree.
 */
int initramfs_parse(struct arena *a, struct blob image, const char *name,
		    struct initramfs *ret, struct err *e);

/*
 * What decides who gets a device: modprobe configuration, init-top scripts, and udev
 * rules that store a driver_override or load more than a device's own module. @f->path
 * may be of the image or of the disk.
 */
bool initramfs_keeps(const struct machine_file *f);

/* An uncompressed newc image with these modules (as empty files) and files; malloc'd. */
int initramfs_build(const struct initramfs *from, const char *release, char **ret,
		    size_t *ret_len);
