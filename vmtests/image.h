/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image - the initramfs that a lab guest lives in: busybox, kmod, the guest agent,
 * modules of its kernel and our own programs, all from this machine's files. The same
 * files give the same bytes.
 */
#pragma once

#include "vmtests/kernel.h"

struct lab_image {
	const char *initrd; /* in the cache */
	uint64_t sum;       /* of it and the kernel */
	size_t size;        /* bytes */
};

/*
 * Make it for @k. -ENOENT with @e: a program that goes into it is not installed here, or
 * the kernel lacks a module that every guest needs; errors of lab_run(), or of writing
 * it.
 */
int lab_image_make(const struct lab *l, const struct lab_kernel *k, struct lab_image *ret,
		   struct err *e);
