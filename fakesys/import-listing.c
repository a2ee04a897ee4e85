/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees: a canonical one (fixtures/FORMAT.md), and a folder with a copied one. */
#include <errno.h>

#include "core/host-listing.h"
#include "core/host-live.h"
#include "fakesys/import-text.h"
#include "fakesys/import-tree.h"

int import_listing(struct machine *m, const char *name, const char *text,
		   struct import_stats *ret, struct err *e)
{
	struct import_stats stats = { 0 };
	struct host_listing *listing = NULL;
	struct host h;
	int r = host_listing_open(text, name, &listing, e);

	if (r < 0)
		return r;
	h = host_listing_get(listing);
	r = import_tree(m, name, &h, &stats, e);
	host_listing_close(listing);
	for (const char *c = text; r >= 0 && *c; c += *c != '\0') {
		c = strchrnul(c, '\n');
		stats.lines++;
	}
	if (r >= 0 && ret)
		*ret = stats;
	return r;
}

/* The tree below @dir, which may hold sys, or be one. */
static int open_dir(const char *dir, struct host_live **ret, struct err *e)
{
	struct host_live *l = NULL;
	struct host h;
	int r = host_live_open(dir, &l, e);

	if (r < 0)
		return -EINVAL; /* @e says what it is */
	h = host_live_get(l);
	if (host_exists(&h, "sys/bus/pci") || !host_exists(&h, "bus/pci")) {
		*ret = l;
		return 0;
	}
	host_live_close(l);
	return host_live_open_sys(dir, ret, e);
}

int import_add_dir(struct machine *m, const char *dir, struct import_stats *ret,
		   struct err *e)
{
	struct import_stats stats = { 0 };
	struct host_live *l = NULL;
	struct host h;
	int r = open_dir(dir, &l, e);

	if (r < 0)
		return r;
	h = host_live_get(l);
	r = import_tree(m, dir, &h, &stats, e);
	host_live_close(l);
	if (r < 0)
		return r;
	import_note_source(m, dir);
	if (ret)
		*ret = stats;
	return 0;
}
