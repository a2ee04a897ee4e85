/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-captures - recorded machines of others, read where the caller says they lie. */
#pragma once

#include <stdio.h>
#include <sys/stat.h>

#include "core/arena.h"

/* The folder from argv[1] or the environment; NULL, with the reason printed, if none. */
static inline const char *captures_dir(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : getenv("PCIPASS_CAPTURES");
	struct stat st;

	if (dir && *dir && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		return dir;
	fprintf(stderr, "recorded machines not read: %s\n",
		dir && *dir ? "no such folder"
			    : "no folder named (meson option captures)");
	return NULL;
}

/* A whole file with a NUL behind it; data is NULL if it cannot be read. */
static inline struct blob read_capture(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rbe");
	struct blob b = { 0 };
	uint8_t *data;
	struct stat st;

	if (!f)
		return b;
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
		data = arena_alloc(a, (size_t)st.st_size + 1);
		b.len = fread(data, 1, (size_t)st.st_size, f);
		b.data = data;
	}
	fclose(f);
	return b;
}
