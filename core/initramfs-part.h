/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initramfs-part - what the reader of archives and the choice of entries share. */
#pragma once

#include "core/initramfs.h"

#define CONF_MODULES "conf/modules"

/* "e1000e" of "lib/modules/6.1/kernel/.../e1000e.ko.xz", in @a; NULL: no module. */
const char *initramfs_module_name(struct arena *a, const char *path);
/* May a file of that path be one of initramfs_keeps(), whatever it holds? */
bool initramfs_keeps_path(const char *path);
/*
 * All entries are in ret->files, in the image's order: sort lists, leave of a path that
 * comes twice the last, and drop what initramfs_keeps() does not want.
 */
void initramfs_settle(struct initramfs *i);
