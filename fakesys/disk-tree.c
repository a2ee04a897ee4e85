/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * There is no second, durable image: the namespace is the current one, and the log holds
 * how to take back every change of a name since the last commit. A power cut takes back
 * the newest ones and cuts files off; so a fresh disk costs its files and nothing more.
 */
#include <errno.h>
#include <stdio.h>

#include "fakesys/disk-tree.h"

#define LINKS_MAX 40 /* include/linux/namei.h: MAXSYMLINKS */

static uint64_t mix(uint64_t x)
{
	return splitmix64(&x);
}

struct inode *inode_new(struct disk *d, mode_t mode, uid_t uid, gid_t gid, int64_t mtime)
{
	struct inode *ino = arena_alloc(d->arena, sizeof(*ino));

	*ino = (struct inode){ .next = d->all,
			       .mode = mode,
			       .uid = uid,
			       .gid = gid,
			       .mtime = mtime,
			       .mtime_synced = mtime,
			       .tid = d->tid,
			       .number = ++d->n_inodes };
	d->all = ino;
	return ino;
}

void inode_put(struct inode *ino)
{
	if (!ino || --ino->refs)
		return;
	free(ino->data);
	ino->data = NULL;
	ino->len = ino->cap = ino->synced = 0;
}

int inode_append(struct inode *ino, const void *buf, size_t len)
{
	if (len >= SIZE_MAX / 4 - ino->len)
		return -EFBIG;
	if (ino->len + len + 1 > ino->cap) {
		/* One exact block for what is put whole, doubling for what grows. */
		size_t cap = ino->len ? 2 * (ino->len + len) + 1 : len + 1;
		char *data = realloc(ino->data, cap);

		if (!data)
			return -ENOSPC;
		ino->data = data;
		ino->cap = cap;
	}
	if (len)
		memcpy(ino->data + ino->len, buf, len);
	ino->len += len;
	ino->data[ino->len] = '\0';
	return 0;
}

struct disk *disk_new(void)
{
	struct arena *a = arena_new();
	struct disk *d = arena_alloc(a, sizeof(*d));

	d->arena = a;
	d->tid = 1;
	d->table_size = 256;
	d->table = calloc(d->table_size, sizeof(struct slot *));
	if (!d->table)
		abort();
	d->root = inode_new(d, S_IFDIR | 0755, 0, 0, 0);
	d->root->refs = 1;
	return d;
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	for (struct inode *i = d->all; i; i = i->next)
		free(i->data);
	free(d->log);
	free(d->table);
	arena_free(d->arena);
}

void disk_set_time(struct disk *d, int64_t now)
{
	d->now = now;
}

static uint64_t name_hash(const struct inode *dir, const char *name, size_t len)
{
	uint64_t h = fnv1a(dir->number * 0x9e3779b97f4a7c15u, name, len);

	return h ^ h >> 32;
}

static struct slot *slot_find(const struct disk *d, const struct inode *dir,
			      const char *name, size_t len)
{
	uint64_t h = name_hash(dir, name, len);
	struct slot *s = d->table[h & (d->table_size - 1)];

	while (s && !(s->hash == h && s->dir == dir && s->len == len &&
		      memcmp(s->name, name, len) == 0))
		s = s->next_hash;
	return s;
}

static void table_grow(struct disk *d)
{
	size_t size = 2 * d->table_size;
	struct slot **table = calloc(size, sizeof(*table));

	if (!table)
		return; /* chains get longer, nothing else */
	for (size_t i = 0; i < d->table_size; i++) {
		for (struct slot *s = d->table[i], *next; s; s = next) {
			next = s->next_hash;
			s->next_hash = table[s->hash & (size - 1)];
			table[s->hash & (size - 1)] = s;
		}
	}
	free(d->table);
	d->table = table;
	d->table_size = size;
}

/* The slot of @p, made if there never was one. */
struct slot *slot_get(struct disk *d, struct place *p)
{
	struct slot *s = p->slot, **head;

	if (s)
		return s;
	if (d->n_slots++ >= d->table_size)
		table_grow(d);
	s = arena_alloc(d->arena, sizeof(*s) + p->len + 1);
	memcpy(s->name, p->name, p->len);
	s->len = p->len;
	s->hash = name_hash(p->dir, p->name, p->len);
	s->dir = p->dir;
	s->next_in_dir = p->dir->slots;
	p->dir->slots = s;
	head = &d->table[s->hash & (d->table_size - 1)];
	s->next_hash = *head;
	return p->slot = *head = s;
}

/* Names only, no log. @ino may be NULL. */
void slot_point(struct slot *s, struct inode *ino)
{
	struct inode *old = s->ino;

	if (ino) {
		ino->refs++;
		if (S_ISDIR(ino->mode))
			ino->parent = s->dir;
	}
	s->dir->n_entries += (size_t) !!ino - (size_t) !!old;
	s->ino = ino;
	inode_put(old);
}

static void log_push(struct disk *d, struct slot *s, bool first)
{
	if (d->n_log == d->cap_log) {
		d->cap_log = d->cap_log ? 2 * d->cap_log : 64;
		d->log = realloc(d->log, d->cap_log * sizeof(*d->log));
		if (!d->log)
			abort();
	}
	d->log[d->n_log++] = (struct undo){ s, s->ino, s->dir->mtime, first, false };
	d->n_ops += first;
	if (s->ino)
		s->ino->refs++;
}

/* One change of a name, to be taken back until it is committed. */
void disk_change(struct disk *d, struct slot *s, struct inode *ino, bool first)
{
	log_push(d, s, first);
	s->dir->tid = d->tid;
	s->dir->mtime = d->now;
	if (s->ino)
		s->ino->tid = d->tid;
	if (ino)
		ino->tid = d->tid;
	slot_point(s, ino);
}

/* Entries that nothing can take back any more. */
static void drop_entries(struct disk *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_log; i++) {
		if (i < d->n_committed && d->log[i].synced)
			inode_put(d->log[i].old);
		else
			d->log[n++] = d->log[i];
	}
	d->n_committed -= d->n_log - n;
	d->n_log = n;
}

void disk_commit(struct disk *d)
{
	d->n_committed = d->n_log;
	d->n_ops = 0;
	d->tid++;
	drop_entries(d);
}

void disk_sync_names(struct disk *d, const struct inode *dir)
{
	for (size_t i = 0; i < d->n_log; i++)
		d->log[i].synced |= d->log[i].slot->dir == dir;
	drop_entries(d);
}

void disk_settle(struct disk *d)
{
	for (size_t i = 0; i < d->n_log; i++)
		d->log[i].synced = true;
	disk_commit(d);
}

static void take_back(struct undo *u)
{
	slot_point(u->slot, u->old);
	u->slot->dir->mtime = u->dir_mtime;
}

/* Each directory for itself: of one name, what was not synced is what came last. */
static void lose_names(struct disk *d)
{
	for (size_t i = d->n_log; i--;)
		if (!d->log[i].synced)
			take_back(&d->log[i]);
}

static void lose_newest(struct disk *d, size_t keep)
{
	while (d->n_ops > keep) {
		struct undo *u = &d->log[--d->n_log];

		take_back(u);
		inode_put(u->old);
		d->n_ops -= u->first;
	}
}

void disk_power_cut(struct disk *d, uint64_t seed)
{
	bool strict = seed == DISK_STRICT;

	if (strict)
		lose_names(d);
	else
		lose_newest(d, !seed           ? 0
			       : seed == ~0ull ? d->n_ops
					       : mix(seed) % (d->n_ops + 1));
	disk_settle(d);
	seed = strict ? 0 : seed;
	for (struct inode *i = d->all; i; i = i->next) {
		size_t extra = i->len - i->synced;
		uint64_t r = mix(seed ^ mix(i->number));

		if (!extra || seed == ~0ull || (seed && r % 4 == 1)) {
			i->synced = i->len;
		} else {
			/* Delayed allocation writes in order of offset: a first part. */
			i->synced += !seed || r % 4 == 0 ? 0 : (r >> 2) % (extra + 1);
			i->len = i->synced;
			i->data[i->len] = '\0';
		}
		if (i->synced && extra)
			i->mtime_synced = i->mtime;
		i->mtime = i->mtime_synced;
	}
}

/* Go on with the target of @link in front of the rest of the path. */
static int walk_link(struct place *p, const struct inode *link)
{
	char *buf = p->buf[p->links & 1];
	int n;

	if (++p->links > LINKS_MAX)
		return -ELOOP;
	if (!link->len)
		return -ENOENT;
	n = snprintf(buf, sizeof(p->buf[0]), "%s%s", link->data, p->rest);
	if (n < 0 || (size_t)n >= sizeof(p->buf[0]))
		return -ENAMETOOLONG;
	p->rest = buf;
	return 0;
}

/* Set @p to the entry @name of @dir. */
static void walk_enter(const struct disk *d, struct place *p, struct inode *dir,
		       const char *name, size_t len)
{
	p->dir = dir;
	p->name = name;
	p->len = len;
	p->slot = slot_find(d, dir, name, len);
	p->ino = p->slot ? p->slot->ino : NULL;
}

int disk_walk(struct disk *d, const char *path, unsigned flags, struct place *p)
{
	struct inode *at = d->root;
	int r;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	p->rest = path;
	p->links = 0;
	for (;;) {
		const char *name = p->rest + strspn(p->rest, "/");
		size_t len = strcspn(name, "/");
		const char *more = name + len + strspn(name + len, "/");

		p->rest = name + len;
		if (len <= 2 && memcmp(name, "..", len) == 0) { /* "", "." or ".." */
			if (len == 2 && !at->parent)
				return -EXDEV;
			p->dir = NULL;
			p->ino = at = len == 2 ? at->parent : at;
			if (!*more)
				return 0;
			continue;
		}
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		walk_enter(d, p, at, name, len);
		if (!p->ino && *more) {
			if (!(flags & WALK_MAKE))
				return -ENOENT;
			slot_point(slot_get(d, p),
				   inode_new(d, S_IFDIR | 0755, 0, 0, d->now));
			p->ino = p->slot->ino;
		}
		if (!p->ino)
			return 0;
		if (S_ISLNK(p->ino->mode) && (*p->rest || (flags & WALK_FOLLOW))) {
			r = walk_link(p, p->ino);
			if (r < 0)
				return r;
			if (*p->rest == '/')
				at = d->root;
			continue;
		}
		if (*p->rest && !S_ISDIR(p->ino->mode))
			return -ENOTDIR;
		if (!*more)
			return 0;
		at = p->ino;
	}
}
