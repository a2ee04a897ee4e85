/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-kernfs - files of a simulated host opened by path through kernfs, for its tests.
 * To be included by one test file each; needs cmocka's header before it.
 */
#pragma once

#include <stdio.h>

#include "fakesys/kernfs.h"

/* A process with one open file. */
struct player {
	struct sim *s;
	struct kernfs *k;
	struct knode *node;
	struct kfile *file;
	struct kcred who;
};

/* The node at @path; that of a link itself. Its folder may stand behind links. */
static inline int player_walk(struct player *p, const char *path, struct knode **ret)
{
	const char *name = path_name(path), *at;
	struct knode *n = knode_get(kernfs_root(p->k));
	char real[512] = "";
	struct entry dir;
	int r;

	if (name != path) {
		snprintf(real, sizeof(real), "%.*s", (int)(name - path - 1), path);
		r = node_resolve(p->s, real, true, &dir);
		r = r < 0                ? r
		    : !S_ISDIR(dir.mode) ? -ENOTDIR
					 : node_path(p->s, &dir.dir, real, sizeof(real));
		if (r < 0) {
			knode_put(p->k, n);
			return r;
		}
		strcat(real, "/");
	}
	strcat(real, name);
	for (at = real; *at;) {
		size_t len = strcspn(at, "/");
		struct knode *next;

		r = kernfs_lookup(p->k, n, at, len, &next);
		knode_put(p->k, n);
		if (r < 0)
			return r;
		n = next;
		at += len + (at[len] == '/');
	}
	*ret = n;
	return 0;
}

static inline void player_close(struct player *p)
{
	kfile_close(p->file);
	if (p->node)
		knode_put(p->k, p->node);
	p->file = NULL;
	p->node = NULL;
}

/* As open(2); what was open is closed. */
static inline int player_open(struct player *p, const char *path, int flags)
{
	int r;

	player_close(p);
	r = player_walk(p, path, &p->node);
	return r < 0 ? r : kernfs_open(p->k, p->node, flags, p->who, &p->file);
}

static inline void player_init(struct player *p, const struct machine *m,
			       const char *profile, uid_t uid)
{
	struct err e;

	*p = (struct player){ .who = { uid, uid } };
	assert_int_equal(sim_new(m, profile_find(profile), &p->s, &e), 0);
	p->k = kernfs_new(p->s);
}

static inline void player_done(struct player *p)
{
	player_close(p);
	kernfs_free(p->k);
	sim_free(p->s);
}
