/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inside-kmsg - what the kernel says from a moment on, by /dev/kmsg. */
#pragma once

#include <stddef.h>

/* A descriptor that will read what comes after now, or negative errno. */
int kmsg_open(void);

/* The kernel refuses to give less than a whole record. */
#define KMSG_RECORD 8192
#define KMSG_KERNEL 0 /* the facility of the kernel's own lines */

/*
 * The next record: its facility, and its text in @record, without continuation lines and
 * with what was escaped put back. -EAGAIN: there is none now; errno of read(2).
 */
int kmsg_next(int fd, char record[static KMSG_RECORD], const char **ret_text);

/*
 * Read on until a line holds all of @words (NULL ends them) and copy it to @ret_line, cut
 * to
 * @size. Returns 0, -ETIMEDOUT if none came within @ms, or another negative errno.
 */
int kmsg_wait(int fd, const char *const *words, int ms, char *ret_line, size_t size);
