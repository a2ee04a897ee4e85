/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the simulated disk, and below etc what the caller's machine has beside them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/inventory.h"
#include "fakesys/fuse-part.h"

/*
 * Names below etc that no recording looks at: the machine's own are not known, the
 * caller's serve programs that run here. What was removed from the disk stays away.
 */
static const char *caller_path(struct fuse_server *f, const char *path)
{
	const char *rest = after_prefix(path, "etc/");

	if (f->caller_etc < 0 || !rest || disk_knew(f->s->disk, path))
		return NULL;
	for (const char *const *p = inventory_files; *p; p++) {
		const char *below = after_prefix(path, *p);

		if (below && (!*below || *below == '/'))
			return NULL;
	}
	return rest;
}

static int open_caller(struct fuse_server *f, const char *rest, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, f->caller_etc, rest, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int stat_caller(struct fuse_server *f, const char *rest, struct stat *ret)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, f->caller_etc, rest, &how, sizeof(how));
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat((int)fd, ret) < 0)
		r = -errno;
	close((int)fd);
	return r;
}

static uint32_t count_folders(struct disk *d, const char *path);

int files_stat(struct fuse_server *f, const char *path, struct stat *ret)
{
	struct disk *d = f->s->disk;
	const char *rest;
	struct host_stat st;
	int r = disk_stat(d, path, &st);

	if (r == -ENOENT && (rest = caller_path(f, path)))
		return stat_caller(f, rest, ret);
	if (r < 0)
		return r;
	*ret = (struct stat){ .st_ino = disk_number(d, path) + (1UL << 40),
			      .st_mode = st.mode,
			      .st_uid = st.uid,
			      .st_gid = st.gid,
			      .st_size = (off_t)st.size,
			      .st_blocks = (blkcnt_t)((st.size + 511) / 512),
			      .st_blksize = 4096,
			      .st_mtim.tv_sec = st.mtime,
			      .st_ctim.tv_sec = st.mtime,
			      .st_atim.tv_sec = st.mtime,
			      .st_nlink =
				      S_ISDIR(st.mode) ? 2 + count_folders(d, path) : 1 };
	return 0;
}

ssize_t files_readlink(struct fuse_server *f, const char *path, char *buf, size_t size)
{
	ssize_t n = disk_readlink(f->s->disk, path, buf, size);
	const char *rest;

	if (n != -ENOENT || !(rest = caller_path(f, path)))
		return n;
	n = readlinkat(f->caller_etc, rest, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

/* --- listing --- */

struct lister {
	struct fuse_server *f;
	const char *path;
	struct klist *l;
};

static void add(struct klist *l, const char *name, mode_t type)
{
	vec_foreach(d, &l->v)
		if (streq(d->name, name))
			return;
	*vec_push(l->arena, &l->v) =
		(struct kdirent){ .name = arena_strdup(l->arena, name), .type = type };
}

static int add_disk(void *arg, const char *name)
{
	const struct lister *a = arg;
	struct host_stat st;

	if (disk_stat(a->f->s->disk,
		      arena_printf(a->l->arena, "%s%s%s", a->path, *a->path ? "/" : "",
				   name),
		      &st) >= 0)
		add(a->l, name, st.mode & S_IFMT);
	return 0;
}

static int count_one(void *arg, const char *name)
{
	(void)name;
	++*(uint32_t *)arg;
	return 0;
}

/* As ext4 counts them; files of a machine's etc are few enough to ask. */
static uint32_t count_folders(struct disk *d, const char *path)
{
	uint32_t n = 0;

	(void)disk_list(d, path, count_one, &n);
	return n;
}

static int add_model(void *arg, const char *name, mode_t type)
{
	add(arg, name, type);
	return 0;
}

static void add_caller(struct fuse_server *f, const char *path, struct klist *l)
{
	const char *rest = streq(path, "etc") ? "." : caller_path(f, path);
	int fd = rest ? open_caller(f, rest, O_RDONLY | O_DIRECTORY) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		const char *child = arena_printf(l->arena, "%s/%s", path, e->d_name);

		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") &&
		    caller_path(f, child))
			add(l, e->d_name, DTTOIF(e->d_type));
	}
	if (dir)
		closedir(dir);
}

int files_list(struct fuse_server *f, const char *path, struct klist *ret)
{
	struct klist l = { .arena = arena_new() };
	struct lister a = { f, path, &l };
	int r = disk_list(f->s->disk, path, add_disk, &a);

	if (r == -ENOENT && caller_path(f, path))
		r = 0;
	if (r < 0) {
		klist_done(&l);
		return r;
	}
	if (!*path && !f->s->off)
		(void)node_each(f->s, &(struct node){ .kind = &dir_root }, add_model, &l);
	if (f->caller_etc >= 0)
		add_caller(f, path, &l);
	add(&l, ".", S_IFDIR);
	add(&l, "..", S_IFDIR);
	for (size_t i = 0; i < l.v.n; i++) {
		l.v.v[i].hash = (uint32_t)i;
		l.v.v[i].next = i + 1;
	}
	*ret = l;
	return 0;
}

/* --- open files --- */

int files_open(struct fuse_server *f, const char *path, int flags, struct fhandle *ret)
{
	const char *rest;
	int r = disk_open(f->s->disk, path, &ret->d);

	ret->real = -1;
	if (!r && (flags & O_TRUNC))
		r = disk_truncate(ret->d, 0);
	if (r != -ENOENT || !(rest = caller_path(f, path)))
		return r;
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	ret->real = open_caller(f, rest, O_RDONLY);
	return ret->real < 0 ? ret->real : 0;
}

/* --- names --- */

/* @path may be a name in a folder that only the caller has: then the disk gets it, too.
 */
static int need_parents(struct fuse_server *f, const char *path)
{
	AUTOARENA struct arena *a = arena_new();
	struct host_stat st;

	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		const char *dir = arena_strndup(a, path, (size_t)(p - path));
		int r = disk_stat(f->s->disk, dir, &st);

		if (r == -ENOENT && caller_path(f, dir))
			r = disk_mkdir(f->s->disk, dir, 0755);
		if (r < 0)
			return r;
	}
	return 0;
}

static int owned(struct fuse_server *f, fuse_req_t req, const char *path)
{
	const struct fuse_ctx *c = fuse_req_ctx(req);

	return c->uid || c->gid ? disk_chown(f->s->disk, path, c->uid, c->gid) : 0;
}

static void reply_made(fuse_req_t req, struct fuse_server *f, struct finode *dir,
		       const char *name, int r)
{
	struct fuse_entry_param e;

	if (r >= 0)
		r = fuse_entry(f, dir, name, &e);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_entry(req, &e);
}

int files_fault(struct fuse_server *f)
{
	if (f->s->off)
		return f->rescue ? 0 : -EIO;
	if (!f->fault_in || --f->fault_in)
		return 0;
	if (f->fault_error)
		return -f->fault_error;
	sim_power_cut(f->s, 0);
	return -EIO;
}

/* What the model answers for its own folders; 1: it is a folder of the disk. */
static int refused(struct fuse_server *f, fuse_req_t req, struct finode *dir,
		   const char *name, enum kname_op op)
{
	const struct fuse_ctx *c = fuse_req_ctx(req);
	struct kcred who = { c->uid, c->gid };
	int r;

	if (f->s->off && !f->rescue)
		return -EIO;
	if (dir->kn)
		return kernfs_refuse(f->k, dir->kn, name, who, op);
	if (dir == &f->root && !f->s->off && node_owns(name))
		return -EBUSY;
	if (who.uid)
		return -EACCES;
	r = files_fault(f);
	return r < 0 ? r : 1;
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	const char *path = finode_child_path(a, dir, name);
	int r = refused(f, req, dir, name, KNAME_CREATE);
	struct fuse_entry_param e;
	struct fhandle *h;

	if (r == 1)
		r = need_parents(f, path);
	if (r >= 0)
		r = disk_create(f->s->disk, path, mode, 0, 0);
	if (r == -EEXIST && !(fi->flags & O_EXCL))
		r = 0;
	if (r >= 0)
		r = owned(f, req, path);
	if (r >= 0)
		r = fuse_entry(f, dir, name, &e);
	if (r < 0) {
		fuse_reply_err(req, -r);
		return;
	}
	h = fhandle_new(f);
	r = files_open(f, path, fi->flags, h);
	if (r < 0) {
		fhandle_free(h);
		fuse_reply_err(req, -r);
		return;
	}
	fi->fh = (uint64_t)(uintptr_t)h;
	fuse_reply_create(req, &e, fi);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		     dev_t dev)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	const char *path = finode_child_path(a, dir, name);
	int r = refused(f, req, dir, name, S_ISREG(mode) ? KNAME_CREATE : KNAME_MKNOD);

	(void)dev;
	if (r == 1)
		r = S_ISREG(mode) ? need_parents(f, path) : -EPERM;
	if (r >= 0)
		r = disk_create(f->s->disk, path, mode, 0, 0);
	reply_made(req, f, dir, name, r);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	const char *path = finode_child_path(a, dir, name);
	int r = refused(f, req, dir, name, KNAME_MKDIR);

	if (r == 1)
		r = need_parents(f, path);
	if (r >= 0)
		r = disk_mkdir(f->s->disk, path, mode);
	reply_made(req, f, dir, name, r);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
		       const char *name)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	const char *path = finode_child_path(a, dir, name);
	int r = refused(f, req, dir, name, KNAME_LINK);

	if (r == 1)
		r = need_parents(f, path);
	if (r >= 0)
		r = disk_symlink(f->s->disk, target, path);
	reply_made(req, f, dir, name, r);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *from = finode_of(f, ino), *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	int r = refused(f, req, dir, name, KNAME_LINK);

	if (r == 1 && from->kn)
		r = -EXDEV;
	if (r == 1)
		r = disk_link(f->s->disk, finode_path(a, from),
			      finode_child_path(a, dir, name));
	reply_made(req, f, dir, name, r);
}

/* A file of the caller's is not the machine's to remove. */
static int read_only(struct fuse_server *f, const char *path, int r)
{
	return r == -ENOENT && caller_path(f, path) ? -EROFS : r;
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	const char *path = finode_child_path(a, dir, name);
	int r = refused(f, req, dir, name, KNAME_REMOVE);

	if (r == 1)
		r = read_only(f, path, disk_unlink(f->s->disk, path));
	fuse_reply_err(req, r < 0 ? -r : 0);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent);
	AUTOARENA struct arena *a = arena_new();
	const char *path = finode_child_path(a, dir, name);
	int r = refused(f, req, dir, name, KNAME_RMDIR);

	if (r == 1)
		r = read_only(f, path, disk_rmdir(f->s->disk, path));
	fuse_reply_err(req, r < 0 ? -r : 0);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
		      fuse_ino_t newparent, const char *newname, unsigned flags)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *dir = finode_of(f, parent), *to = finode_of(f, newparent);
	AUTOARENA struct arena *a = arena_new();
	const char *from = finode_child_path(a, dir, name),
		   *target = finode_child_path(a, to, newname);
	int r = refused(f, req, dir, name, KNAME_RENAME);
	struct finode *i;

	if (r == 1 && to->kn)
		r = -EXDEV;
	if (r == 1 && (flags & ~1u))
		r = -EINVAL; /* RENAME_EXCHANGE; 1 is RENAME_NOREPLACE */
	if (r == 1 && (flags & 1) && disk_number(f->s->disk, target))
		r = -EEXIST;
	if (r == 1)
		r = need_parents(f, target);
	if (r >= 0)
		r = read_only(f, from, disk_rename(f->s->disk, from, target));
	i = r >= 0 ? finode_find(f, dir, name) : NULL;
	if (i)
		finode_move(f, i, to, newname);
	fuse_reply_err(req, r < 0 ? -r : 0);
}

const struct fuse_lowlevel_ops files_ops = {
	.create = op_create,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.link = op_link,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.rename = op_rename,
};
