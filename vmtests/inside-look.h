/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inside-look - what operations (ops.h) do that only look. Paths have no leading slash.
 * All return a negative errno where the kernel refuses.
 */
#pragma once

#define INSIDE_LOOK_TEXT 8192
#define INSIDE_LOOK_FILES 16

/* Files that are held open, until this program ends. */
struct inside_held {
	struct {
		const char *path; /* borrowed */
		int fd;
	} files[INSIDE_LOOK_FILES];
	unsigned n;
};

/* The file's text, or the names in a folder, one a line, sorted; how many bytes. */
long inside_look_read(const char *path, char ret[static INSIDE_LOOK_TEXT]);
long inside_look_stat(const char *path); /* 0 */
long inside_look_seek(const char *path); /* where SEEK_END is */
long inside_look_map(const char *path);  /* 0 */
long inside_look_hold(const char *path, struct inside_held *held);
/* -ENOENT: it is not held. */
long inside_look_links(const char *path, const struct inside_held *held);
