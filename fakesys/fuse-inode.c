/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/sysmacros.h>

#include "fakesys/fuse-part.h"

static size_t bucket(const struct fuse_server *f, const struct finode *dir,
		     const char *name)
{
	return (kernfs_name_hash(name, strlen(name)) ^ ((uintptr_t)dir >> 5)) &
	       (f->size - 1);
}

static void grow(struct fuse_server *f)
{
	struct finode **old = f->table;
	size_t n = f->size;

	f->size = n ? 2 * n : 1024;
	f->table = calloc(f->size, sizeof(*f->table));
	if (!f->table)
		abort();
	for (size_t i = 0; i < n; i++)
		for (struct finode *it = old[i], *next; it; it = next) {
			size_t b = bucket(f, it->parent, it->name);

			next = it->next;
			it->next = f->table[b];
			f->table[b] = it;
		}
	free(old);
}

static void take_out(struct fuse_server *f, struct finode *i)
{
	struct finode **at = &f->table[bucket(f, i->parent, i->name)];

	while (*at && *at != i)
		at = &(*at)->next;
	if (*at) {
		*at = i->next;
		f->n--;
	}
}

static void put_in(struct fuse_server *f, struct finode *i)
{
	size_t b;

	if (f->n >= f->size)
		grow(f);
	b = bucket(f, i->parent, i->name);
	i->next = f->table[b];
	f->table[b] = i;
	f->n++;
}

/* Its name may go, and the kernel is to be told then. */
static void watch(struct fuse_server *f, struct finode *i)
{
	struct finode **list = &f->watched[knode_scope(i->kn)];

	i->watch = *list;
	i->watched_by = list;
	if (i->watch)
		i->watch->watched_by = &i->watch;
	*list = i;
}

void finode_unwatch(struct finode *i)
{
	if (!i->watched_by)
		return;
	*i->watched_by = i->watch;
	if (i->watch)
		i->watch->watched_by = i->watched_by;
	i->watched_by = NULL;
}

struct finode *finode_find(struct fuse_server *f, const struct finode *dir,
			   const char *name)
{
	struct finode *i = f->size ? f->table[bucket(f, dir, name)] : NULL;

	while (i && (i->parent != dir || !streq(i->name, name) || i->told))
		i = i->next;
	return i;
}

struct finode *finode_get(struct fuse_server *f, struct finode *dir, const char *name,
			  struct knode *kn)
{
	struct finode *i = finode_find(f, dir, name);

	if (i && i->kn == kn) {
		if (kn)
			knode_put(f->k, kn);
		return i;
	}
	if (i) { /* the kernel replaces it by the new one */
		i->told = true;
		finode_unwatch(i);
	}
	i = calloc(1, sizeof(*i));
	if (!i)
		abort();
	*i = (struct finode){ .parent = dir,
			      .kn = kn,
			      .name = kn ? knode_name(kn) : strdup(name) };
	if (!i->name)
		abort();
	dir->kids++;
	put_in(f, i);
	if (kn && !knode_is_fixed(kn))
		watch(f, i);
	return i;
}

static void free_name(struct finode *i)
{
	if (!i->kn)
		free((char *)(uintptr_t)i->name);
}

static void drop_unused(struct fuse_server *f, struct finode *i)
{
	while (i != &f->root && !i->lookups && !i->kids) {
		struct finode *up = i->parent;

		take_out(f, i);
		finode_unwatch(i);
		free_name(i);
		if (i->kn)
			knode_put(f->k, i->kn);
		free(i);
		up->kids--;
		i = up;
	}
}

void finode_forget(struct fuse_server *f, struct finode *i, uint64_t lookups)
{
	if (i == &f->root)
		return;
	if (i->lookups != UINT32_MAX)
		i->lookups -= lookups < i->lookups ? (uint32_t)lookups : i->lookups;
	drop_unused(f, i);
}

void finode_move(struct fuse_server *f, struct finode *i, struct finode *dir,
		 const char *name)
{
	struct finode *was = i->parent, *there = finode_find(f, dir, name);
	char *copy = strdup(name);

	if (!copy)
		abort();
	if (there && there != i)
		there->told = true;
	take_out(f, i);
	free_name(i);
	i->name = copy;
	i->parent = dir;
	dir->kids++;
	put_in(f, i);
	was->kids--;
	drop_unused(f, was);
}

char *finode_path(struct arena *a, const struct finode *i)
{
	if (!i->parent)
		return arena_strdup(a, "");
	return finode_child_path(a, i->parent, i->name);
}

char *finode_child_path(struct arena *a, const struct finode *dir, const char *name)
{
	size_t len = strlen(name), at;
	char *path;

	for (const struct finode *i = dir; i->parent; i = i->parent)
		len += strlen(i->name) + 1;
	path = arena_alloc(a, len + 1);
	at = len - strlen(name);
	memcpy(path + at, name, strlen(name) + 1);
	for (const struct finode *i = dir; i->parent; i = i->parent) {
		size_t n = strlen(i->name);

		path[--at] = '/';
		memcpy(path + (at -= n), i->name, n);
	}
	return path;
}

void finodes_done(struct fuse_server *f)
{
	for (size_t b = 0; b < f->size; b++)
		for (struct finode *i = f->table[b], *next; i; i = next) {
			next = i->next;
			free_name(i);
			free(i);
		}
	free(f->table);
	f->table = NULL;
	f->size = f->n = 0;
}

static void model_stat(struct fuse_server *f, struct knode *kn, struct stat *ret)
{
	struct kstat k;

	knode_stat(f->k, kn, &k);
	*ret = (struct stat){ .st_ino = k.ino,
			      .st_mode = k.mode,
			      .st_nlink = k.nlink,
			      .st_uid = k.uid,
			      .st_gid = k.gid,
			      .st_rdev = makedev(k.major, k.minor),
			      .st_size = (off_t)k.size,
			      .st_blksize = 4096,
			      .st_atim.tv_sec = f->started,
			      .st_mtim.tv_sec = f->started,
			      .st_ctim.tv_sec = f->started };
}

int fuse_stat(struct fuse_server *f, struct finode *i, struct stat *ret)
{
	AUTOARENA struct arena *a = NULL;

	if (i->kn) {
		model_stat(f, i->kn, ret);
		return 0;
	}
	a = arena_new();
	return files_stat(f, finode_path(a, i), ret);
}

/* The model's own folders of the root, or NULL: a folder of the disk. */
static struct knode *model_folder(struct fuse_server *f, const struct finode *dir,
				  const char *name)
{
	struct knode *kn = NULL;

	if (dir == &f->root && !f->s->off)
		(void)kernfs_lookup(f->k, kernfs_root(f->k), name, strlen(name), &kn);
	return kn;
}

int fuse_entry(struct fuse_server *f, struct finode *dir, const char *name,
	       struct fuse_entry_param *ret)
{
	AUTOARENA struct arena *a = NULL;
	struct knode *kn = model_folder(f, dir, name);
	struct finode *i;
	struct stat st;
	int r = 0;

	if (dir->kn) {
		r = kernfs_lookup(f->k, dir->kn, name, strlen(name), &kn);
	} else if (!kn) {
		a = arena_new();
		r = files_stat(f, finode_child_path(a, dir, name), &st);
	}
	if (r < 0)
		return r == -ENODEV ? -ENOENT : r;
	if (kn)
		model_stat(f, kn, &st);
	i = finode_get(f, dir, name, kn);
	if (i->lookups != UINT32_MAX)
		i->lookups++;
	*ret = (struct fuse_entry_param){
		.ino = finode_number(f, i),
		.attr = st,
		/* Links of folders change with what they hold; files of the disk are
		 * changed by commands as well. */
		.attr_timeout = kn && !S_ISDIR(st.st_mode) ? FUSE_LONG : 0,
		.entry_timeout = kn ? FUSE_LONG : 0,
	};
	return 0;
}
