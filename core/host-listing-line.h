/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-listing-line - one line of a canonical tree. Used by host-listing.c only. */
#pragma once

#include "core/host.h"

struct node {
	const char *path; /* without the first slash */
	mode_t mode;
	uint64_t size;    /* as stat(2) gives it */
	const char *data; /* content, or the link's target */
	size_t have;      /* bytes of it here ... */
	size_t len;       /* ... and in the file; SIZE_MAX: not known */
	int error;        /* of reading (a directory: of listing), or 0 */
	unsigned line;
};

/* Parse a line of @len bytes without its newline, in place: @ret points into it. */
bool listing_parse_line(char *line, size_t len, struct node *ret);
