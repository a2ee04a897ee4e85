/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl - what only somebody beside a simulated host can do to it, spoken through the mount
 * itself: an ioctl on any file or folder of it.
 */
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

#include "core/err.h"
#include "core/arena.h"

#define CTL_TEXT 8000

/* In: the words of a command, each with a NUL behind it. Out: the answer's first part. */
struct ctl_message {
	uint32_t offset; /* 0: run the command; else the answer to the last one, from here
			  */
	uint32_t len;    /* of text */
	uint32_t total;  /* out: bytes of the whole answer */
	int32_t status;  /* out: the command's exit status */
	char text[CTL_TEXT];
};
#define CTL_IOCTL _IOWR('F', 0x70, struct ctl_message)

/* One line a command, for help texts. */
extern const char ctl_help[];

/*
 * Say @argv to the host whose mount @dir ("/sys") is in. The answer, malloc'd, and its
 * exit status. -ENOTTY with @e: nothing simulated is mounted there; -E2BIG; the errno of
 * open(2).
 */
int ctl_say(const char *dir, char *const argv[], char **ret_text, int *ret_status,
	    struct err *e);

/* What a command says where an errno is all there is to say: "... (ENOENT)". 0: none. */
int ctl_errno(const char *text);
int ctl_errno_named(const char *name, size_t len);
