/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/host-live.h"
#include "fakesys/tree.h"
#include "vmtests/inside.h"

int inside_tree(int argc, char **argv)
{
	struct host_live *live = NULL;
	struct err e = { "" };
	AUTOFREE char *text = NULL;
	struct host h;
	int r;

	(void)argc;
	r = host_live_open("/", &live, &e);
	if (r < 0) {
		fprintf(stderr, "lab-inside: %s\n", e.text);
		return 3;
	}
	h = host_live_get(live);
	r = tree_write(&h, (const char *const *)(argv + 1), &text);
	host_live_close(live);
	if (r == 0)
		fputs(text, stdout);
	return r < 0 ? 3 : 0;
}
