/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernfs - objects and open files of the simulated sys, proc and dev: what open(2),
 * read(2), write(2), poll(2), getdents(2) and stat(2) answer, once for every face
 * (fs/kernfs, fs/sysfs; kernel.md 6).
 *
 * A knode is one object for as long as it lives: after its removal it stays dead, also
 * when something of the same name comes. Nodes are counted; who gets one drops it with
 * knode_put().
 */
#pragma once

#include "fakesys/node.h"

struct kernfs; /* all nodes of one sim; freed before the sim */
struct knode;
struct kfile;

struct kernfs *kernfs_new(struct sim *s);
void kernfs_free(struct kernfs *k); /* takes NULL; all nodes and files are closed */

/* Who opens: uid 0 counts as capable. */
struct kcred {
	uid_t uid;
	gid_t gid;
};

/* The folder that holds sys, proc and dev; borrowed. */
struct knode *kernfs_root(struct kernfs *k);
/* -ENOENT, -ENOTDIR, -ENAMETOOLONG; -ENODEV: @dir is dead. */
int kernfs_lookup(struct kernfs *k, struct knode *dir, const char *name, size_t len,
		  struct knode **ret);
struct knode *knode_get(struct knode *n);
void knode_put(struct kernfs *k, struct knode *n);

/* Is it still in the tree? Cheap while nothing has changed. */
bool knode_alive(struct kernfs *k, struct knode *n);
/*
 * The part of the model that its name hangs on, for whoever has many names to look after:
 * a function's or a group's folder, or 0, the rest. Less than kernfs_scopes(). While
 * kernfs_scope_changed() stays the same no name of the scope goes, but with the folder
 * that it stands in.
 */
uint32_t knode_scope(const struct knode *n);
size_t kernfs_scopes(const struct kernfs *k);
uint64_t kernfs_scope_changed(const struct kernfs *k, size_t scope);
/* Does its name stay as long as its folder, so that only a folder's end takes it away? */
bool knode_is_fixed(const struct knode *n);
/* Its name in its folder, for as long as it lives. */
const char *knode_name(const struct knode *n);
/* What stands there; links point to where they point now. Of a live node. */
const struct entry *knode_entry(const struct knode *n);

struct kstat {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t size;
	uint64_t ino;   /* another one for another object of the same name */
	uint32_t nlink; /* folders: 2 + their folders */
	uint32_t major, minor;
};
/* Also of a dead node, as fstat(2) on a file that is still open (F18). */
void knode_stat(struct kernfs *k, struct knode *n, struct kstat *ret);
/* The text's length, NUL behind it; -EINVAL, -ENODEV, -ENAMETOOLONG. */
int knode_readlink(struct kernfs *k, struct knode *n, char *buf, size_t size);
/* access(2): 0, -EACCES. @mask of R_OK, W_OK, X_OK. The capable may all. */
int knode_access(struct kernfs *k, struct knode *n, struct kcred who, int mask);
/* chmod(2), chown(2); lost when the object goes. -EPERM. */
int knode_chmod(struct kernfs *k, struct knode *n, struct kcred who, mode_t mode);
int knode_chown(struct kernfs *k, struct knode *n, struct kcred who, uid_t uid,
		gid_t gid);
/*
 * What making, removing or renaming a name answers, always an error: -EEXIST it is there,
 * -EACCES creat(2) or no right, -EPERM.
 */
enum kname_op {
	KNAME_CREATE,
	KNAME_MKDIR,
	KNAME_MKNOD,
	KNAME_LINK,
	KNAME_REMOVE,
	KNAME_RMDIR,
	KNAME_RENAME
};
int kernfs_refuse(struct kernfs *k, struct knode *dir, const char *name, struct kcred who,
		  enum kname_op op);

/* @flags as open(2)'s access mode. -EACCES, -EISDIR, -ELOOP (a link), -ENODEV, -ENXIO. */
int kernfs_open(struct kernfs *k, struct knode *n, int flags, struct kcred who,
		struct kfile **ret);
void kfile_close(struct kfile *f); /* takes NULL */
/*
 * Bytes, 0 at the end. -ENODEV: the object is gone. -EINPROGRESS: the kernel would block
 * now; to be asked again after something has changed.
 */
ssize_t kfile_read(struct kfile *f, char *buf, size_t len, uint64_t off);
/*
 * One store, of at most SIM_PAGE bytes, by @now, who may be another one than opened it.
 * -EINPROGRESS: blocked; the answer comes from sim_take_answer() under *ret_ticket.
 */
ssize_t kfile_write(struct kfile *f, struct kcred now, const char *buf, size_t len,
		    uint64_t off, uint64_t *ret_ticket);
/* POLLIN | ... as they are ready now. */
unsigned kfile_poll(struct kfile *f);
/* Where SEEK_END leads (F16). */
uint64_t kfile_end(struct kfile *f);

/* One entry of a folder, in the order of readdir(3). */
struct kdirent {
	const char *name; /* of the listing */
	mode_t type;
	uint32_t hash;
	uint64_t next; /* d_off: where the next one begins */
};
struct klist {
	struct arena *arena;
	VEC(struct kdirent) v; /* "." and ".." first */
};
/* All names of a folder; klist_done() frees. -ENOTDIR, -ENODEV. */
int kernfs_list(struct kernfs *k, struct knode *dir, struct klist *ret);
void klist_done(struct klist *l);
/* The first entry at or behind the offset @off; l->v.n: none. */
size_t klist_seek(const struct klist *l, uint64_t off);

/* fs/kernfs/dir.c:kernfs_name_hash. */
uint32_t kernfs_name_hash(const char *name, size_t len);
