/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuse-part - inside of fuse-server, for the fuse-*.c files. */
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>

#include "fakesys/disk-file.h"
#include "fakesys/fuse-server.h"
#include "fakesys/kernfs.h"

/*
 * What the kernel knows by a number: an object of the model, or a path of the disk (kn
 * NULL). It lives until the kernel has forgotten it and all below.
 */
struct finode {
	struct finode *parent;              /* counted; NULL: the root */
	struct finode *next;                /* in its bucket */
	struct knode *kn;                   /* counted */
	struct finode *watch, **watched_by; /* of those whose name may go; NULL: not */
	const char *name; /* the object's own, or malloc'd for a path of the disk */
	uint32_t lookups; /* that the kernel holds; once at its end it stays there */
	uint32_t kids : 31;
	uint32_t told : 1; /* that its name is gone */
};

/* An open file or folder: fi->fh. */
struct fhandle {
	struct fhandle *next, **prev; /* of all that are open */
	struct kfile *k;
	struct disk_file *d;
	int real; /* descriptor of one of the caller's files; -1 */
	/* folders: */
	struct klist list;
};

/* A request that is answered when something has been given back. */
struct fwaiting {
	fuse_req_t req;
	uint64_t ticket; /* of a store; 0: a read, tried again at every change */
	struct kfile *k;
	size_t size;
	uint64_t off;
};

struct fnotify; /* fuse-notify.c */

struct fuse_server {
	struct sim *s;
	struct kernfs *k;
	struct fuse_session *se;
	struct fnotify *notify;
	int caller_etc;
	time_t started; /* what the model's objects have for times */
	struct finode root, **table;
	size_t size, n;          /* size is a power of 2 */
	struct finode **watched; /* by knode_scope() */
	uint64_t seen;           /* count of changes that the kernel was told of */
	struct fhandle *open;
	VEC(struct fwaiting) waiting;
	struct arena *arena; /* of waiting */
	char *answer;        /* to the last control command; malloc'd */
	/* The fault_in-th change of the disk (0: none) fails, or is where the power goes
	 * (fault_error 0). */
	unsigned fault_in;
	int fault_error;
	bool rescue; /* the power is off, and somebody looks at the disk all the same */
};

/* fuse-server.c */
struct fhandle *fhandle_new(struct fuse_server *f);
void fhandle_free(struct fhandle *h);

/* fuse-inode.c */
static inline struct finode *finode_of(struct fuse_server *f, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? &f->root : (struct finode *)(uintptr_t)ino;
}
static inline fuse_ino_t finode_number(struct fuse_server *f, struct finode *i)
{
	return i == &f->root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)i;
}
/*
 * The child @name of @dir, its lookups not counted yet; @kn (taken over) NULL: a path of
 * the disk. A name that leads to another object than before gets another finode.
 */
struct finode *finode_get(struct fuse_server *f, struct finode *dir, const char *name,
			  struct knode *kn);
/* Find without making; NULL. */
struct finode *finode_find(struct fuse_server *f, const struct finode *dir,
			   const char *name);
void finode_forget(struct fuse_server *f, struct finode *i, uint64_t lookups);
/* Nobody is to be told any more when its name goes. */
void finode_unwatch(struct finode *i);
/* The kernel renamed it. */
void finode_move(struct fuse_server *f, struct finode *i, struct finode *dir,
		 const char *name);
/* Its path on the disk, in @a. */
char *finode_path(struct arena *a, const struct finode *i);
char *finode_child_path(struct arena *a, const struct finode *dir, const char *name);
void finodes_done(struct fuse_server *f);

/* What an entry's or an inode's stat(2) says. 0 or negative errno. */
int fuse_stat(struct fuse_server *f, struct finode *i, struct stat *ret);
/* Look @name up in @dir and count it as known to the kernel. */
int fuse_entry(struct fuse_server *f, struct finode *dir, const char *name,
	       struct fuse_entry_param *ret);
/* How long the kernel may believe what it was told. */
#define FUSE_LONG 1e6

/*
 * fuse-files.c: the machine's files, by path. Where the machine has none below etc, and
 * none was recorded there, the caller's show.
 */
int files_stat(struct fuse_server *f, const char *path, struct stat *ret);
int files_open(struct fuse_server *f, const char *path, int flags, struct fhandle *ret);
int files_list(struct fuse_server *f, const char *path, struct klist *ret);
ssize_t files_readlink(struct fuse_server *f, const char *path, char *buf, size_t size);
extern const struct fuse_lowlevel_ops files_ops; /* those that change names */
/* To be asked before each change of the disk: 0, or why it fails. */
int files_fault(struct fuse_server *f);

/* fuse-server.c: after a request has changed the model, or may have. */
void fuse_settle(struct fuse_server *f);

/* fuse-ctl.c */
void fuse_ctl(fuse_req_t req, fuse_ino_t ino, unsigned cmd, void *arg,
	      struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size,
	      size_t out_size);

/* fuse-notify.c: the second thread. */
int fnotify_new(struct fuse_session *se, struct fnotify **ret);
void fnotify_free(struct fnotify *n); /* after what is queued was done; takes NULL */
/* A name that is gone; the strings are copied. */
void fnotify_name(struct fnotify *n, fuse_ino_t dir, const char *name);
/* Answer @req once the names before it were told: @len bytes written, or @error. */
void fnotify_answer(struct fnotify *n, fuse_req_t req, ssize_t result);
/* The same for a control command; @m is freed. */
struct ctl_message;
void fnotify_ioctl(struct fnotify *n, fuse_req_t req, struct ctl_message *m);
