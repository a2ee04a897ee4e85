/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "fakesys/kernfs-part.h"

/* --- the table of nodes, by folder and name --- */

static size_t bucket(const struct kernfs *k, const struct knode *dir, const char *name,
		     size_t len)
{
	return (kernfs_name_hash(name, len) ^ ((uintptr_t)dir >> 6)) & (k->size - 1);
}

static void table_grow(struct kernfs *k)
{
	size_t old = k->size;
	struct knode **from = k->table;

	k->size = old ? 2 * old : 1024;
	k->table = calloc(k->size, sizeof(*k->table));
	if (!k->table)
		abort();
	for (size_t i = 0; i < old; i++)
		for (struct knode *n = from[i], *next; n; n = next) {
			size_t b = bucket(k, n->parent, n->name, strlen(n->name));

			next = n->next;
			n->next = k->table[b];
			k->table[b] = n;
		}
	free(from);
}

static void table_remove(struct kernfs *k, struct knode *n)
{
	struct knode **at = &k->table[bucket(k, n->parent, n->name, strlen(n->name))];

	while (*at && *at != n)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = n->next;
	k->n--;
}

/* It leaves the table, so that what comes under its name is a new one. */
static void bury(struct kernfs *k, struct knode *n)
{
	if (n->dead)
		return;
	n->dead = true;
	table_remove(k, n);
	if (n->changed) {
		n->changed = false;
		knode_put(k, n);
	}
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15 + (h << 6) + (h >> 2);
	h *= 0xff51afd7ed558ccd;
	return h ^ (h >> 33);
}

/*
 * Whether a function is there decides on its folder and on all links to it; what is in
 * its folder only hangs on itself (sim_changed_fn()).
 */
static uint32_t scope_of(const struct kernfs *k, const struct knode *dir,
			 const struct entry *e)
{
	const struct node *to = S_ISDIR(e->mode)   ? &e->dir
				: S_ISLNK(e->mode) ? &e->target
						   : NULL;

	if (to && to->kind == &dir_fn)
		return 1 + to->i;
	if (to && to->kind == &dir_group)
		return 1 + (uint32_t)k->s->m->fns.n + to->i;
	return dir ? dir->scope : 0;
}

size_t kernfs_scopes(const struct kernfs *k)
{
	return 1 + k->s->m->fns.n + k->s->groups.n;
}

uint64_t kernfs_scope_changed(const struct kernfs *k, size_t scope)
{
	const struct sim *s = k->s;
	uint64_t own;

	if (!scope)
		return s->changes;
	own = scope <= s->m->fns.n ? s->fns[scope - 1].changed
				   : s->groups.v[scope - 1 - s->m->fns.n].changed;
	return own > s->all_changed ? own : s->all_changed;
}

uint32_t knode_scope(const struct knode *n)
{
	return n->scope;
}

static struct knode *node_make(struct kernfs *k, struct knode *dir, const char *name,
			       size_t len, const struct entry *e, uint64_t birth)
{
	struct knode *n = calloc(1, sizeof(*n) + len + 1);
	size_t b;

	if (!n)
		abort();
	if (k->n >= k->size)
		table_grow(k);
	memcpy(n->name, name, len);
	n->e = *e;
	n->mode = e->mode;
	n->birth = birth;
	n->checked = k->s->changes;
	n->parent = dir ? knode_get(dir) : NULL;
	n->scope = scope_of(k, dir, e);
	n->ino = mix(dir ? dir->ino : 1, kernfs_name_hash(name, len) ^ birth << 32);
	n->refs = 1;
	b = bucket(k, dir, name, len);
	n->next = k->table[b];
	k->table[b] = n;
	k->n++;
	n->older = k->newest;
	if (n->older)
		n->older->newer = n;
	k->newest = n;
	return n;
}

/* When the folder that @e stands in, or is, came to be. */
static uint64_t birth_of(const struct sim *s, const struct entry *e, uint64_t parent)
{
	uint64_t own = S_ISDIR(e->mode) && e->dir.kind->birth
			       ? e->dir.kind->birth(s, &e->dir)
			       : 0;

	return own > parent ? own : parent;
}

static bool same_node(const struct node *a, const struct node *b)
{
	return a->kind == b->kind && a->p == b->p && a->i == b->i && a->j == b->j;
}

/* Is what the name leads to now the object that it led to then? */
static bool same_entry(const struct entry *a, const struct entry *b)
{
	if ((a->mode ^ b->mode) & S_IFMT)
		return false;
	if (S_ISDIR(a->mode))
		return same_node(&a->dir, &b->dir);
	return S_ISLNK(a->mode) || a->attr == b->attr;
}

bool knode_alive(struct kernfs *k, struct knode *n)
{
	struct entry now;

	if (n->dead)
		return false;
	if (n->checked == k->s->changes)
		return true;
	if (!n->parent) {
		n->checked = k->s->changes;
		return true;
	}
	if (!knode_alive(k, n->parent)) {
		bury(k, n);
		return false;
	}
	if (kernfs_scope_changed(k, n->scope) <= n->checked) {
		n->checked = k->s->changes;
		return true;
	}
	if (node_lookup(k->s, &n->parent->e.dir, n->name, strlen(n->name), &now) < 0 ||
	    !same_entry(&n->e, &now) ||
	    birth_of(k->s, &now, n->parent->birth) != n->birth) {
		bury(k, n);
		return false;
	}
	n->e = now;
	n->checked = k->s->changes;
	return true;
}

struct kernfs *kernfs_new(struct sim *s)
{
	struct kernfs *k = calloc(1, sizeof(*k));
	struct entry root = { .mode = S_IFDIR | 0755, .dir = { .kind = &dir_root } };

	if (!k)
		abort();
	k->s = s;
	k->root = node_make(k, NULL, "", 0, &root, 0);
	return k;
}

void kernfs_free(struct kernfs *k)
{
	if (!k)
		return;
	for (struct knode *n = k->newest, *older; n; n = older) {
		older = n->older;
		free(n);
	}
	free(k->table);
	free(k);
}

struct knode *kernfs_root(struct kernfs *k)
{
	return k->root;
}

struct knode *knode_get(struct knode *n)
{
	n->refs++;
	return n;
}

void knode_put(struct kernfs *k, struct knode *n)
{
	while (n && !--n->refs) {
		struct knode *up = n->parent;

		if (!n->dead)
			table_remove(k, n);
		if (n->older)
			n->older->newer = n->newer;
		if (n->newer)
			n->newer->older = n->older;
		else
			k->newest = n->older;
		free(n);
		n = up;
	}
}

const char *knode_name(const struct knode *n)
{
	return n->name;
}

const struct entry *knode_entry(const struct knode *n)
{
	return &n->e;
}

bool knode_is_fixed(const struct knode *n)
{
	const struct attr *a = n->e.attr;

	return S_ISREG(n->e.mode) && a && !a->visible;
}

int kernfs_lookup(struct kernfs *k, struct knode *dir, const char *name, size_t len,
		  struct knode **ret)
{
	struct entry e;
	int r;

	if (k->s->off)
		return -EIO;
	if (len >= NODE_NAME)
		return -ENAMETOOLONG;
	if (!knode_alive(k, dir))
		return -ENODEV;
	if (!S_ISDIR(dir->e.mode))
		return -ENOTDIR;
	for (struct knode *n = k->table[bucket(k, dir, name, len)]; n; n = n->next)
		if (n->parent == dir && name_is(name, len, n->name)) {
			if (!knode_alive(k, n))
				break;
			*ret = knode_get(n);
			return 0;
		}
	r = node_lookup(k->s, &dir->e.dir, name, len, &e);
	if (r < 0)
		return r;
	*ret = node_make(k, dir, name, len, &e, birth_of(k->s, &e, dir->birth));
	return 0;
}

/* --- stat, rights --- */

static int count_folder(void *arg, const char *name, mode_t type)
{
	(void)name;
	*(uint32_t *)arg += S_ISDIR(type);
	return 0;
}

void knode_stat(struct kernfs *k, struct knode *n, struct kstat *ret)
{
	bool alive = knode_alive(k, n);

	*ret = (struct kstat){
		.mode = n->mode, .uid = n->uid, .gid = n->gid, .ino = n->ino, .nlink = 1
	};
	/* fs/kernfs/inode.c:kernfs_refresh_inode; F18 for those that are gone. */
	if (!alive) {
		ret->size = n->size;
		ret->nlink = k->s->profile->unlinked_nlink0 ? 0
			     : S_ISDIR(n->mode)             ? 2
							    : 1;
		return;
	}
	ret->size = n->size = node_size(k->s, &n->e);
	if (S_ISDIR(n->mode)) {
		ret->nlink = 2;
		(void)node_each(k->s, &n->e.dir, count_folder, &ret->nlink);
	} else if (S_ISCHR(n->mode)) {
		ret->size = 0;
		node_device(k->s, &n->e, n->name, &ret->major, &ret->minor);
	}
}

int knode_readlink(struct kernfs *k, struct knode *n, char *buf, size_t size)
{
	if (!knode_alive(k, n))
		return -ENODEV;
	return S_ISLNK(n->e.mode) ? node_link_text(k->s, &n->e, buf, size) : -EINVAL;
}

int knode_access(struct kernfs *k, struct knode *n, struct kcred who, int mask)
{
	unsigned shift = who.uid == n->uid ? 6 : who.gid == n->gid ? 3 : 0;

	(void)k;
	if (!who.uid) /* CAP_DAC_OVERRIDE; what nobody may run, root may not either */
		return mask & X_OK && !S_ISDIR(n->mode) && !(n->mode & 0111) ? -EACCES
									     : 0;
	return (n->mode >> shift & (unsigned)mask) == (unsigned)mask ? 0 : -EACCES;
}

/* Keep a node whose mode or owner is no longer its row's. */
static void keep(struct knode *n)
{
	if (!n->changed)
		(void)knode_get(n);
	n->changed = true;
}

int knode_chmod(struct kernfs *k, struct knode *n, struct kcred who, mode_t mode)
{
	if (who.uid && who.uid != n->uid)
		return -EPERM;
	n->mode = (n->mode & S_IFMT) | (mode & 07777);
	if (knode_alive(k, n))
		keep(n);
	return 0;
}

int knode_chown(struct kernfs *k, struct knode *n, struct kcred who, uid_t uid, gid_t gid)
{
	if (who.uid)
		return -EPERM;
	if (uid != (uid_t)-1)
		n->uid = uid;
	if (gid != (gid_t)-1)
		n->gid = gid;
	if (knode_alive(k, n))
		keep(n);
	return 0;
}

int kernfs_refuse(struct kernfs *k, struct knode *dir, const char *name, struct kcred who,
		  enum kname_op op)
{
	struct entry e;
	bool there = knode_alive(k, dir) && S_ISDIR(dir->e.mode) &&
		     node_lookup(k->s, &dir->e.dir, name, strlen(name), &e) >= 0;
	bool makes = op <= KNAME_LINK;

	if (makes && there)
		return -EEXIST;
	if (!makes && !there)
		return -ENOENT;
	if (knode_access(k, dir, who, W_OK | X_OK) < 0)
		return -EACCES;
	if (op == KNAME_RMDIR && !S_ISDIR(e.mode))
		return -ENOTDIR;
	if (op == KNAME_REMOVE && S_ISDIR(e.mode))
		return -EISDIR;
	/* Folders have no create operation (fs/namei.c:may_create, lookup_open). */
	return op == KNAME_CREATE ? -EACCES : -EPERM;
}

/* --- folders --- */

uint32_t kernfs_name_hash(const char *name, size_t len)
{
	uint64_t h = 0;
	uint32_t v;

	for (size_t i = 0; i < len; i++) {
		uint64_t c = (unsigned char)name[i];

		h = (h + (c << 4) + (c >> 4)) * 11;
	}
	v = (uint32_t)((h * 0x61c8864680b583eb) >> 32) & 0x7fffffff;
	if (v < 2)
		v += 2;
	return v >= INT_MAX ? INT_MAX - 1 : v;
}

static int dirent_cmp(const void *x, const void *y)
{
	const struct kdirent *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int add_dirent(void *arg, const char *name, mode_t type)
{
	struct klist *l = arg;

	*vec_push(l->arena, &l->v) = (struct kdirent){
		.name = arena_strdup(l->arena, name),
		.type = type,
		.hash = kernfs_name_hash(name, strlen(name)),
	};
	return 0;
}

int kernfs_list(struct kernfs *k, struct knode *dir, struct klist *ret)
{
	struct klist l = { 0 };
	int r;

	if (k->s->off)
		return -EIO;
	if (!S_ISDIR(dir->e.mode))
		return -ENOTDIR;
	l.arena = arena_new();
	*vec_push(l.arena, &l.v) = (struct kdirent){ .name = ".", .type = S_IFDIR };
	*vec_push(l.arena, &l.v) = (struct kdirent){ .name = "..", .type = S_IFDIR };
	/* fs/kernfs/dir.c:kernfs_fop_readdir: one that is gone has nothing in it */
	r = knode_alive(k, dir) ? node_each(k->s, &dir->e.dir, add_dirent, &l) : 0;
	if (r < 0) {
		klist_done(&l);
		return r;
	}
	if (l.v.n > 2)
		qsort(l.v.v + 2, l.v.n - 2, sizeof(*l.v.v), dirent_cmp);
	l.v.v[0].hash = 0;
	l.v.v[1].hash = 1;
	for (size_t i = 0; i < l.v.n; i++)
		l.v.v[i].next = i + 1 < l.v.n ? l.v.v[i + 1].hash : INT_MAX;
	*ret = l;
	return 0;
}

void klist_done(struct klist *l)
{
	arena_free(l->arena);
	*l = (struct klist){ 0 };
}

size_t klist_seek(const struct klist *l, uint64_t off)
{
	size_t lo = 0, hi = l->v.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (l->v.v[mid].hash < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
