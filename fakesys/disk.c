/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/disk-tree.h"

/* The same for something that must be there. */
static int walk_to(struct disk *d, const char *path, unsigned flags, struct place *p)
{
	int r = disk_walk(d, path, flags, p);

	return r < 0 ? r : p->ino ? 0 : -ENOENT;
}

int disk_put(struct disk *d, const char *path, struct blob data, mode_t mode, uid_t uid,
	     gid_t gid, int64_t mtime)
{
	struct inode *ino;
	struct place p;
	int r = disk_walk(d, path, WALK_MAKE, &p);

	if (r < 0)
		return r;
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (p.ino && S_ISDIR(p.ino->mode)) {
		if (!S_ISDIR(mode))
			return -EISDIR;
		p.ino->mode = mode;
		p.ino->uid = uid;
		p.ino->gid = gid;
		p.ino->mtime = mtime;
		return 0;
	}
	ino = inode_new(d, mode, uid, gid, mtime);
	r = S_ISDIR(mode) ? 0 : inode_append(ino, data.data, data.len);
	if (r < 0)
		return r;
	ino->synced = ino->len;
	disk_settle(d);
	slot_point(slot_get(d, &p), ino);
	return 0;
}

ssize_t disk_read(struct disk *d, const char *path, char *buf, size_t len, uint64_t off)
{
	struct place p;
	int r = walk_to(d, path, WALK_FOLLOW, &p);

	if (r < 0)
		return r;
	if (S_ISDIR(p.ino->mode))
		return -EISDIR;
	if (off >= p.ino->len)
		return 0;
	if (len > p.ino->len - off)
		len = p.ino->len - off;
	memcpy(buf, p.ino->data + off, len);
	return (ssize_t)len;
}

ssize_t disk_readlink(struct disk *d, const char *path, char *buf, size_t len)
{
	struct place p;
	int r = walk_to(d, path, 0, &p);

	if (r < 0)
		return r;
	if (!S_ISLNK(p.ino->mode))
		return -EINVAL;
	if (p.ino->len >= len)
		return -ENAMETOOLONG;
	memcpy(buf, p.ino->data, p.ino->len + 1);
	return (ssize_t)p.ino->len;
}

static int by_name(const void *a, const void *b)
{
	const struct slot *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Order of the paths below: a directory sorts as its name with the slash behind it. */
static int by_path(const void *a, const void *b)
{
	const struct slot *x = *(const struct slot *const *)a;
	const struct slot *y = *(const struct slot *const *)b;
	size_t n = x->len < y->len ? x->len : y->len;
	int r = memcmp(x->name, y->name, n);
	unsigned char cx = S_ISDIR(x->ino->mode) ? '/' : 0;
	unsigned char cy = S_ISDIR(y->ino->mode) ? '/' : 0;

	if (r)
		return r;
	if (x->len > n)
		cx = (unsigned char)x->name[n];
	if (y->len > n)
		cy = (unsigned char)y->name[n];
	return cx - cy;
}

static struct slot **children(struct arena *a, const struct inode *dir,
			      int (*cmp)(const void *, const void *))
{
	struct slot **v = arena_alloc(a, dir->n_entries * sizeof(struct slot *) + 1);
	size_t n = 0;

	for (struct slot *s = dir->slots; s; s = s->next_in_dir)
		if (s->ino)
			v[n++] = s;
	qsort(v, n, sizeof(struct slot *), cmp);
	return v;
}

int disk_list(struct disk *d, const char *path, host_list_fn *fn, void *arg)
{
	AUTOARENA struct arena *a = arena_new();
	struct slot **v;
	struct place p;
	size_t n;
	int r = walk_to(d, path, WALK_FOLLOW, &p);

	if (r < 0)
		return r;
	if (!S_ISDIR(p.ino->mode))
		return -ENOTDIR;
	n = p.ino->n_entries; /* @fn may change the disk */
	v = children(a, p.ino, by_name);
	for (size_t i = 0; i < n; i++) {
		r = fn(arg, v[i]->name);
		if (r < 0)
			return r;
	}
	return 0;
}

int disk_each(struct disk *d, host_list_fn *fn, void *arg)
{
	struct todo {
		const char *path;
		struct inode *ino;
	};
	AUTOARENA struct arena *a = arena_new();
	VEC(struct todo) stack = { 0 };

	*vec_push(a, &stack) = (struct todo){ "", d->root };
	while (stack.n) {
		struct todo t = stack.v[--stack.n];
		size_t n = t.ino->n_entries;
		struct slot **v;

		if (!S_ISDIR(t.ino->mode)) {
			int r = fn(arg, t.path);

			if (r < 0)
				return r;
			continue;
		}
		v = children(a, t.ino, by_path);
		while (n--)
			*vec_push(a, &stack) =
				(struct todo){ arena_printf(a, "%s%s%s", t.path,
							    *t.path ? "/" : "",
							    v[n]->name),
					       v[n]->ino };
	}
	return 0;
}

int disk_stat(struct disk *d, const char *path, struct host_stat *ret)
{
	struct place p;
	int r = walk_to(d, path, 0, &p);

	if (r < 0)
		return r;
	*ret = (struct host_stat){ .mode = p.ino->mode,
				   .uid = p.ino->uid,
				   .gid = p.ino->gid,
				   .size = S_ISDIR(p.ino->mode) ? 4096 : p.ino->len,
				   .mtime = p.ino->mtime,
				   .ino = p.ino->number };
	return 0;
}

int disk_get(struct disk *d, const char *path, struct blob *ret)
{
	struct place p;
	int r = walk_to(d, path, 0, &p);

	if (r < 0)
		return r;
	if (S_ISDIR(p.ino->mode))
		return -EISDIR;
	*ret = (struct blob){ (const uint8_t *)p.ino->data, p.ino->len };
	return 0;
}

/* A new file or directory at @path. */
static int make(struct disk *d, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct inode *ino;
	struct place p;
	int r = disk_walk(d, path, 0, &p);

	if (r < 0)
		return r;
	if (p.ino)
		return -EEXIST;
	ino = inode_new(d, mode, uid, gid, d->now);
	r = S_ISDIR(mode) ? 0 : inode_append(ino, NULL, 0);
	if (r < 0)
		return r;
	disk_change(d, slot_get(d, &p), ino, true);
	d->now++;
	return 0;
}

int disk_create(struct disk *d, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	return make(d, path, S_IFREG | (mode & 07777), uid, gid);
}

int disk_mkdir(struct disk *d, const char *path, mode_t mode)
{
	return make(d, path, S_IFDIR | (mode & 07777), 0, 0);
}

int disk_append(struct disk *d, const char *path, const void *buf, size_t len)
{
	struct place p;
	int r = walk_to(d, path, WALK_FOLLOW, &p);

	if (r < 0)
		return r;
	if (S_ISDIR(p.ino->mode))
		return -EISDIR;
	r = inode_append(p.ino, buf, len);
	if (r < 0)
		return r;
	p.ino->tid = d->tid;
	p.ino->mtime = d->now++;
	return 0;
}

int disk_sync(struct disk *d, const char *path)
{
	struct place p;
	int r = walk_to(d, path, WALK_FOLLOW, &p);

	if (r < 0)
		return r;
	p.ino->synced = p.ino->len;
	p.ino->mtime_synced = p.ino->mtime;
	disk_sync_names(d, p.ino);
	/* fs/ext4/fsync.c:ext4_fsync_journal: commits only what changed this inode. */
	if (p.ino->tid == d->tid)
		disk_commit(d);
	return 0;
}

int disk_rename(struct disk *d, const char *from, const char *to)
{
	struct place f, t;
	struct inode *ino;
	int r = walk_to(d, from, 0, &f);

	if (r >= 0)
		r = disk_walk(d, to, 0, &t);
	if (r < 0)
		return r;
	if (!f.dir || !t.dir)
		return -EBUSY;
	ino = f.ino;
	if (ino == t.ino) /* rename(2): two names of one file both stay */
		return 0;
	if (S_ISDIR(ino->mode)) {
		for (const struct inode *up = t.dir; up; up = up->parent)
			if (up == ino)
				return -EINVAL;
		if (t.ino && !S_ISDIR(t.ino->mode))
			return -ENOTDIR;
		if (t.ino && t.ino->n_entries)
			return -ENOTEMPTY;
	} else if (t.ino && S_ISDIR(t.ino->mode)) {
		return -EISDIR;
	}
	ino->refs++; /* between its two names */
	disk_change(d, f.slot, NULL, true);
	disk_change(d, slot_get(d, &t), ino, false);
	inode_put(ino);
	d->now++;
	return 0;
}

int disk_unlink(struct disk *d, const char *path)
{
	struct place p;
	int r = walk_to(d, path, 0, &p);

	if (r < 0)
		return r;
	if (S_ISDIR(p.ino->mode))
		return -EISDIR;
	disk_change(d, p.slot, NULL, true);
	d->now++;
	return 0;
}

int disk_link(struct disk *d, const char *from, const char *to)
{
	struct place f, t;
	int r = walk_to(d, from, 0, &f);

	if (r >= 0)
		r = disk_walk(d, to, 0, &t);
	if (r < 0)
		return r;
	if (S_ISDIR(f.ino->mode))
		return -EPERM;
	if (t.ino)
		return -EEXIST;
	disk_change(d, slot_get(d, &t), f.ino, true);
	d->now++;
	return 0;
}

int disk_rmdir(struct disk *d, const char *path)
{
	struct place p;
	int r = walk_to(d, path, 0, &p);

	if (r < 0)
		return r;
	if (!S_ISDIR(p.ino->mode))
		return -ENOTDIR;
	if (!p.dir)
		return -EBUSY;
	if (p.ino->n_entries)
		return -ENOTEMPTY;
	disk_change(d, p.slot, NULL, true);
	d->now++;
	return 0;
}
