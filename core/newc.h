/* SPDX-License-Identifier: GPL-2.0-or-later */
/* newc - the archive that a kernel unpacks as its initramfs. */
#pragma once

#include <stdio.h>

#include "core/arena.h"

struct newc_item {
	const char *path; /* "usr/bin/true" */
	mode_t mode;      /* type and permission bits */
	uid_t uid;
	gid_t gid;
	struct blob data; /* of a file, or where a link points */
};

/*
 * Write @items, which get sorted by path; folders that none of them is are made on the
 * way. The same items give the same bytes: all times are 0. Of two for one path either
 * may win. Errors are those of @out.
 */
void newc_write(FILE *out, struct newc_item *items, size_t n);
