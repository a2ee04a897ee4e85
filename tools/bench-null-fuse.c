/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>

#include "tools/bench-null-fuse.h"

#define TIMEOUT 1e6         /* as fuse-part.h: FUSE_LONG */
#define CHUNK (128 * 1024)  /* of one answer to readdir */
#define CONTENT (64 * 1024) /* of one file, at most */

struct row {
	const char *name;
	struct stat st;
	const char *data; /* content or target */
	size_t len;
	int error;       /* of open or read */
	uint32_t hash;   /* where it stands in its folder */
	uint64_t next;   /* d_off */
	size_t first, n; /* rows of a folder, in order of hash, then name */
};

struct null_fuse {
	struct arena *arena;
	VEC(struct row) rows; /* 0: none; FUSE_ROOT_ID: the root */
	struct fuse_session *se;
};

static struct row *row_of(fuse_req_t req, fuse_ino_t ino)
{
	struct null_fuse *n = fuse_req_userdata(req);

	return &n->rows.v[ino];
}

/* --- the table --- */

static void take_content(struct null_fuse *n, struct row *row, struct kernfs *k,
			 struct knode *kn)
{
	static char buf[CONTENT];
	struct kfile *f = NULL;
	ssize_t got = kernfs_open(k, kn, O_RDONLY, (struct kcred){ 0 }, &f);
	size_t len = 0;

	while (got >= 0 && len < sizeof(buf) &&
	       (got = kfile_read(f, buf + len, sizeof(buf) - len, len)) > 0)
		len += (size_t)got;
	kfile_close(f);
	row->error = got < 0 ? (int)-got : 0;
	row->data = arena_strndup(n->arena, buf, 0);
	if (len)
		row->data = memcpy(arena_alloc(n->arena, len), buf, len);
	row->len = len;
}

static int take_folder(struct null_fuse *n, size_t at, struct kernfs *k,
		       struct knode *dir);

static int take_one(struct null_fuse *n, size_t at, struct kernfs *k, struct knode *kn)
{
	struct row row = n->rows.v[at];
	char target[4096];
	struct kstat st;
	int r = 0;

	knode_stat(k, kn, &st);
	row.st = (struct stat){ .st_ino = st.ino,
				.st_mode = st.mode,
				.st_nlink = st.nlink,
				.st_uid = st.uid,
				.st_gid = st.gid,
				.st_size = (off_t)st.size,
				.st_blksize = 4096 };
	if (S_ISLNK(st.mode)) {
		r = knode_readlink(k, kn, target, sizeof(target));
		row.data = r < 0 ? NULL : arena_strdup(n->arena, target);
	} else if (S_ISREG(st.mode)) {
		take_content(n, &row, k, kn);
	}
	n->rows.v[at] = row;
	return r >= 0 && S_ISDIR(st.mode) ? take_folder(n, at, k, kn) : r;
}

static int take_folder(struct null_fuse *n, size_t at, struct kernfs *k,
		       struct knode *dir)
{
	struct klist l;
	size_t first = n->rows.n;
	int r = kernfs_list(k, dir, &l);

	if (r < 0)
		return r;
	vec_foreach(d, &l.v)
		*vec_push(n->arena, &n->rows) =
			(struct row){ .name = arena_strdup(n->arena, d->name),
				      .st = { .st_mode = d->type },
				      .hash = d->hash,
				      .next = d->next };
	n->rows.v[at].first = first;
	n->rows.v[at].n = l.v.n;
	for (size_t i = 2; r >= 0 && i < l.v.n; i++) { /* behind . and .. */
		struct knode *kn = NULL;

		r = kernfs_lookup(k, dir, l.v.v[i].name, strlen(l.v.v[i].name), &kn);
		if (r >= 0)
			r = take_one(n, first + i, k, kn);
		if (kn)
			knode_put(k, kn);
	}
	klist_done(&l);
	return r;
}

int null_fuse_new(struct kernfs *k, struct knode *top, const char *name,
		  struct null_fuse **ret)
{
	struct null_fuse *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->arena = arena_new();
	(void)vec_push(n->arena, &n->rows);
	*vec_push(n->arena, &n->rows) =
		(struct row){ .name = "",
			      .st = { .st_mode = S_IFDIR | 0755, .st_nlink = 3 },
			      .first = 2,
			      .n = 1 };
	*vec_push(n->arena, &n->rows) =
		(struct row){ .name = name,
			      .hash = kernfs_name_hash(name, strlen(name)),
			      .next = INT32_MAX };
	r = take_one(n, 2, k, top);
	if (r < 0) {
		null_fuse_free(n);
		return r;
	}
	*ret = n;
	return 0;
}

void null_fuse_free(struct null_fuse *n)
{
	if (!n)
		return;
	arena_free(n->arena);
	free(n);
}

/* --- requests --- */

static struct fuse_entry_param entry_of(const struct null_fuse *n, const struct row *row)
{
	return (struct fuse_entry_param){ .ino = (fuse_ino_t)(row - n->rows.v),
					  .attr = row->st,
					  .attr_timeout =
						  S_ISDIR(row->st.st_mode) ? 0 : TIMEOUT,
					  .entry_timeout = TIMEOUT };
}

/* The first row of a folder at or behind @hash. */
static size_t seek(const struct null_fuse *n, const struct row *dir, uint64_t hash)
{
	size_t lo = dir->first, hi = dir->first + dir->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (n->rows.v[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct null_fuse *n = fuse_req_userdata(req);
	const struct row *dir = row_of(req, parent);
	uint32_t hash = kernfs_name_hash(name, strlen(name));
	struct fuse_entry_param e;

	for (size_t i = seek(n, dir, hash); i < dir->first + dir->n; i++) {
		if (n->rows.v[i].hash != hash)
			break;
		if (strcmp(n->rows.v[i].name, name))
			continue;
		e = entry_of(n, &n->rows.v[i]);
		fuse_reply_entry(req, &e);
		return;
	}
	fuse_reply_err(req, ENOENT);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	(void)ino, (void)nlookup;
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *v)
{
	(void)count, (void)v;
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct row *row = row_of(req, ino);

	(void)fi;
	fuse_reply_attr(req, &row->st, S_ISDIR(row->st.st_mode) ? 0 : TIMEOUT);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	fuse_reply_readlink(req, row_of(req, ino)->data);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct row *row = row_of(req, ino);

	if (!(row->st.st_mode & 0444)) {
		fuse_reply_err(req, EACCES);
		return;
	}
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fuse_reply_open(req, fi);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino, (void)fi;
	fuse_reply_err(req, 0);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	const struct row *row = row_of(req, ino);
	size_t at = (size_t)off < row->len ? (size_t)off : row->len;

	(void)fi;
	if (row->error) {
		fuse_reply_err(req, row->error);
		return;
	}
	/* One page a read, as sysfs gives. */
	size = size < 4096 ? size : 4096;
	fuse_reply_buf(req, row->data + at, size < row->len - at ? size : row->len - at);
}

static void read_folder(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct null_fuse *n = fuse_req_userdata(req);
	const struct row *dir = row_of(req, ino);
	char buf[CHUNK];
	size_t at = 0;

	if (size > sizeof(buf))
		size = sizeof(buf);
	for (size_t i = seek(n, dir, (uint64_t)off); i < dir->first + dir->n; i++) {
		const struct row *row = &n->rows.v[i];
		struct fuse_entry_param e = entry_of(n, row);
		size_t len;

		if (row->hash < 2) /* . and .. are no objects */
			e.ino = 0;
		len = plus ? fuse_add_direntry_plus(req, buf + at, size - at, row->name,
						    &e, (off_t)row->next)
			   : fuse_add_direntry(req, buf + at, size - at, row->name,
					       &row->st, (off_t)row->next);
		if (len > size - at)
			break;
		at += len;
	}
	fuse_reply_buf(req, buf, at);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)fi;
	read_folder(req, ino, size, off, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	(void)fi;
	read_folder(req, ino, size, off, true);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.readlink = op_readlink,
	.open = op_open,
	.read = op_read,
	.release = op_release,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.releasedir = op_release,
};

int null_fuse_mount(struct null_fuse *n, const char *dir, struct err *e)
{
	char opt[64], *argv[] = { (char[]){ "null" }, (char[]){ "-o" }, opt, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	int r = 0;

	snprintf(opt, sizeof(opt), "fsname=null%s", geteuid() ? "" : ",allow_other");
	n->se = fuse_session_new(&args, &ops, sizeof(ops), n);
	fuse_opt_free_args(&args);
	if (!n->se)
		return err_set(e, -ENOMEM, "libfuse does not take its options");
	if (fuse_session_mount(n->se, dir) < 0) {
		r = err_set(e, -EPERM, "cannot mount at %s", dir);
		fuse_session_destroy(n->se);
		n->se = NULL;
	}
	return r;
}

int null_fuse_serve(struct null_fuse *n, int stop_fd)
{
	struct fuse_buf buf = { 0 };
	int r = 1;

	while (r > 0 && !fuse_session_exited(n->se)) {
		struct pollfd p[] = { { .fd = fuse_session_fd(n->se), .events = POLLIN },
				      { .fd = stop_fd, .events = POLLIN } };

		if (poll(p, 2, -1) < 0 || p[1].revents)
			break;
		r = fuse_session_receive_buf(n->se, &buf);
		if (r > 0)
			fuse_session_process_buf(n->se, &buf);
		else if (r == -EINTR || r == -EAGAIN)
			r = 1;
	}
	free(buf.mem);
	fuse_session_unmount(n->se);
	fuse_session_destroy(n->se);
	n->se = NULL;
	return r < 0 ? r : 0;
}
