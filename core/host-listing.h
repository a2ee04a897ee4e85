/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host-listing - a canonical tree (the text that `fakesys tree` and the lab write) as a
 * read-only host. The grammar is in fakesys/fixtures/FORMAT.md.
 */
#pragma once

#include "core/host.h"

struct host_listing;

/*
 * @text is copied. Lines, sorted or not, a path twice meaning its last line:
 *   D PATH MODE nl=N | D PATH ERRNO | L PATH -> TARGET sz=N |
 *   F PATH MODE sz=SIZE LEN:"bytes, C-escaped" | F ... open=ERRNO | read=ERRNO | (skip)
 * Reading answers the recorded errno; (skip) and cut contents read as -ENODATA beyond
 * what is there. -EINVAL with @e "NAME:LINE: ...": a line of no such form.
 */
int host_listing_open(const char *text, const char *name, struct host_listing **ret,
		      struct err *e);

/* A file or link of a tree that is no text; folders are what is above these. */
struct host_listing_entry {
	const char *path;   /* "sys/devices/..." */
	const char *target; /* of a link; NULL: a file, 0444, with ... */
	struct blob data;
	uint64_t size; /* ... and the size that stat(2) gives */
};
/* Everything is copied; of several entries for one path the last counts. */
struct host_listing *host_listing_make(const struct host_listing_entry *entries,
				       size_t n);
void host_listing_close(struct host_listing *l);
struct host host_listing_get(struct host_listing *l); /* borrowed */
