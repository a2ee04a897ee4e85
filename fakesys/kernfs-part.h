/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernfs-part - inside of kernfs, for kernfs.c and kernfs-file.c. */
#pragma once

#include "fakesys/kernfs.h"

struct knode {
	struct knode *parent;        /* counted; NULL: the root */
	struct knode *next;          /* in its bucket */
	struct knode *older, *newer; /* of all nodes, the dead ones included */
	struct entry e;              /* as of `checked` */
	uint64_t birth;              /* of the youngest folder on the way */
	uint64_t checked; /* count of changes at which it was last found alive */
	uint64_t ino;
	uint64_t size; /* when last asked */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	unsigned refs;
	uint32_t scope; /* see knode_scope() */
	bool dead;
	bool changed; /* mode or owner are its own: it keeps itself */
	char name[];
};

struct kernfs {
	struct sim *s;
	struct knode *root, **table;
	struct knode *newest;
	size_t size, n; /* size is a power of 2 */
};

struct kfile {
	struct kernfs *k;
	struct knode *n;
	struct kcred who;
	bool for_read, for_write;
	bool seen;   /* read since it was opened */
	char *page;  /* what show gave last; NULL: nothing yet */
	size_t len;  /* of it */
	uint64_t at; /* where the next read continues in it */
};
