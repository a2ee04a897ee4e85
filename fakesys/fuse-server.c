/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/statvfs.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "fakesys/fuse-part.h"

#define CHUNK (128 * 1024) /* of one answer to read or readdir */

static struct kcred who(fuse_req_t req)
{
	const struct fuse_ctx *c = fuse_req_ctx(req);

	return (struct kcred){ c->uid, c->gid };
}

static struct fhandle *handle(const struct fuse_file_info *fi)
{
	return (struct fhandle *)(uintptr_t)fi->fh;
}

struct fhandle *fhandle_new(struct fuse_server *f)
{
	struct fhandle *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	*h = (struct fhandle){ .next = f->open, .prev = &f->open, .real = -1 };
	if (h->next)
		h->next->prev = &h->next;
	f->open = h;
	return h;
}

void fhandle_free(struct fhandle *h)
{
	*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	kfile_close(h->k);
	disk_close(h->d);
	if (h->real >= 0)
		close(h->real);
	klist_done(&h->list);
	free(h);
}

/* --- what a change brings about --- */

/* One that the kernel knows and that is gone; below one of them it forgets all. */
static void tell_name(struct fuse_server *f, struct finode *i)
{
	if (!i->lookups || knode_alive(f->k, i->kn))
		return;
	i->told = true;
	finode_unwatch(i);
	if (!i->parent->kn || knode_alive(f->k, i->parent->kn))
		fnotify_name(f->notify, finode_number(f, i->parent), i->name);
}

/* Only names of a part that has changed are looked at, as each costs a lookup. */
static void tell_names(struct fuse_server *f)
{
	size_t n = kernfs_scopes(f->k);

	if (f->seen == f->s->changes)
		return;
	for (size_t scope = 0; scope < n; scope++) {
		if (kernfs_scope_changed(f->k, scope) <= f->seen)
			continue;
		for (struct finode *i = f->watched[scope], *next; i; i = next) {
			next = i->watch;
			tell_name(f, i);
		}
	}
	f->seen = f->s->changes;
}

static void forget_waiting(struct fuse_server *f, size_t i)
{
	memmove(&f->waiting.v[i], &f->waiting.v[i + 1],
		(--f->waiting.n - i) * sizeof(f->waiting.v[0]));
}

static void answer_stores(struct fuse_server *f)
{
	uint64_t ticket;
	ssize_t result;

	while (sim_take_answer(f->s, &ticket, &result))
		for (size_t i = 0; i < f->waiting.n; i++)
			if (f->waiting.v[i].ticket == ticket) {
				fnotify_answer(f->notify, f->waiting.v[i].req, result);
				forget_waiting(f, i);
				break;
			}
}

static void retry_reads(struct fuse_server *f)
{
	for (size_t i = 0; i < f->waiting.n; i++) {
		struct fwaiting *w = &f->waiting.v[i];
		char buf[SIM_PAGE];
		ssize_t n;

		if (w->ticket)
			continue;
		n = kfile_read(w->k, buf, w->size < SIM_PAGE ? w->size : SIM_PAGE,
			       w->off);
		if (n == -EINPROGRESS)
			continue;
		if (n < 0)
			fuse_reply_err(w->req, (int)-n);
		else
			fuse_reply_buf(w->req, buf, (size_t)n);
		forget_waiting(f, i--);
	}
}

/* A reboot leaves nobody waiting: whoever asked is gone with the machine. */
static void drop_stores(struct fuse_server *f)
{
	for (size_t i = 0; i < f->waiting.n; i++)
		if (f->waiting.v[i].ticket && !f->s->blocked.n && !f->s->answers.n) {
			fuse_reply_err(f->waiting.v[i].req, ENODEV);
			forget_waiting(f, i--);
		}
}

void fuse_settle(struct fuse_server *f)
{
	tell_names(f);
	answer_stores(f);
	retry_reads(f);
	drop_stores(f);
}

/* --- operations --- */

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct fuse_entry_param e;
	int r = fuse_entry(f, finode_of(f, parent), name, &e);

	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_entry(req, &e);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	struct fuse_server *f = fuse_req_userdata(req);

	finode_forget(f, finode_of(f, ino), nlookup);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *v)
{
	struct fuse_server *f = fuse_req_userdata(req);

	for (size_t i = 0; i < n; i++)
		finode_forget(f, finode_of(f, v[i].ino), v[i].nlookup);
	fuse_reply_none(req);
}

static void reply_stat(fuse_req_t req, struct fuse_server *f, struct finode *i, int r)
{
	struct stat st;

	if (r >= 0)
		r = fuse_stat(f, i, &st);
	if (r < 0)
		fuse_reply_err(req, -r);
	else
		fuse_reply_attr(req, &st, i->kn && !S_ISDIR(st.st_mode) ? FUSE_LONG : 0);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	struct host_stat st;
	struct stat out = { 0 };

	/* An open file whose name is gone still has its attributes. */
	if (fi && handle(fi) && handle(fi)->d) {
		disk_fstat(handle(fi)->d, &st);
		out = (struct stat){ .st_ino = ino,
				     .st_mode = st.mode,
				     .st_uid = st.uid,
				     .st_gid = st.gid,
				     .st_nlink = 1,
				     .st_size = (off_t)st.size,
				     .st_mtim.tv_sec = st.mtime };
		fuse_reply_attr(req, &out, 0);
		return;
	}
	reply_stat(req, f, i, 0);
}

static int set_model(struct fuse_server *f, struct knode *kn, struct kcred c,
		     const struct stat *st, int what)
{
	int r = 0;

	if (what & FUSE_SET_ATTR_MODE)
		r = knode_chmod(f->k, kn, c, st->st_mode);
	if (r >= 0 && (what & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)))
		r = knode_chown(f->k, kn, c,
				what & FUSE_SET_ATTR_UID ? st->st_uid : (uid_t)-1,
				what & FUSE_SET_ATTR_GID ? st->st_gid : (gid_t)-1);
	/* truncate(2) is accepted and does nothing. */
	if (r >= 0 && (what & FUSE_SET_ATTR_SIZE))
		r = knode_access(f->k, kn, c, W_OK);
	return r;
}

static int set_file(struct fuse_server *f, const char *path, struct kcred c,
		    const struct stat *st, int what)
{
	struct fhandle h = { .real = -1 };
	struct disk *d = f->s->disk;
	int r = 0;

	if (c.uid)
		return -EPERM;
	r = files_fault(f);
	if (r < 0)
		return r;
	if (what & FUSE_SET_ATTR_MODE)
		r = disk_chmod(d, path, st->st_mode);
	if (r >= 0 && (what & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)))
		r = disk_chown(d, path, what & FUSE_SET_ATTR_UID ? st->st_uid : (uid_t)-1,
			       what & FUSE_SET_ATTR_GID ? st->st_gid : (gid_t)-1);
	if (r >= 0 && (what & FUSE_SET_ATTR_SIZE)) {
		r = files_open(f, path, O_WRONLY, &h);
		if (r >= 0)
			r = disk_truncate(h.d, (uint64_t)st->st_size);
		disk_close(h.d);
	}
	if (r >= 0 && (what & FUSE_SET_ATTR_MTIME))
		r = disk_utime(d, path, st->st_mtim.tv_sec);
	return r;
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int what,
		       struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	AUTOARENA struct arena *a = arena_new();
	int r;

	if (i->kn)
		r = set_model(f, i->kn, who(req), st, what);
	else if (fi && handle(fi)->d && what == FUSE_SET_ATTR_SIZE)
		r = disk_truncate(handle(fi)->d, (uint64_t)st->st_size);
	else
		r = set_file(f, finode_path(a, i), who(req), st, what);
	reply_stat(req, f, i, r);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	AUTOARENA struct arena *a = arena_new();
	char buf[4096];
	ssize_t n = i->kn ? knode_readlink(f->k, i->kn, buf, sizeof(buf))
			  : files_readlink(f, finode_path(a, i), buf, sizeof(buf));

	if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		fuse_reply_readlink(req, buf);
}

static int may(const struct stat *st, struct kcred c, int mask)
{
	unsigned shift = c.uid == st->st_uid ? 6 : c.gid == st->st_gid ? 3 : 0;

	if (!c.uid)
		return 0;
	return (st->st_mode >> shift & (unsigned)mask) == (unsigned)mask ? 0 : -EACCES;
}

static void op_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	struct stat st;
	int r;

	if (i->kn) {
		r = knode_access(f->k, i->kn, who(req), mask);
	} else {
		r = fuse_stat(f, i, &st);
		if (r >= 0)
			r = may(&st, who(req), mask);
	}
	fuse_reply_err(req, r < 0 ? -r : 0);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	struct fhandle *h = fhandle_new(f);
	int how = fi->flags & O_ACCMODE, r;
	AUTOARENA struct arena *a = NULL;
	struct stat st;

	if (i->kn && !knode_alive(f->k, i->kn)) {
		r = -ENOENT; /* fs/kernfs/dir.c:kernfs_dop_revalidate */
	} else if (i->kn) {
		r = kernfs_open(f->k, i->kn, fi->flags, who(req), &h->k);
		fi->direct_io = 1;
	} else {
		a = arena_new();
		r = fuse_stat(f, i, &st);
		if (r >= 0)
			r = may(&st, who(req),
				(how != O_WRONLY ? R_OK : 0) |
					(how != O_RDONLY ? W_OK : 0));
		if (r >= 0)
			r = files_open(f, finode_path(a, i), fi->flags, h);
	}
	if (r < 0) {
		fhandle_free(h);
		fuse_reply_err(req, -r);
		return;
	}
	fi->fh = (uint64_t)(uintptr_t)h;
	fuse_reply_open(req, fi);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fhandle_free(handle(fi));
	fuse_reply_err(req, 0);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct fhandle *h = handle(fi);
	char buf[CHUNK];
	ssize_t n;

	(void)ino;
	if (size > sizeof(buf))
		size = sizeof(buf);
	if (h->k)
		n = kfile_read(h->k, buf, size, (uint64_t)off);
	else if (h->d)
		n = disk_pread(h->d, buf, size, (uint64_t)off);
	else if ((n = pread(h->real, buf, size, off)) < 0)
		n = -errno;
	if (n == -EINPROGRESS)
		*vec_push(f->arena, &f->waiting) = (struct fwaiting){
			.req = req, .k = h->k, .size = size, .off = (uint64_t)off
		};
	else if (n < 0)
		fuse_reply_err(req, (int)-n);
	else
		fuse_reply_buf(req, buf, (size_t)n);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size,
		     off_t off, struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct fhandle *h = handle(fi);
	uint64_t ticket = 0;
	ssize_t n;

	(void)ino;
	if (!h->k) {
		n = h->d ? files_fault(f) : -EROFS;
		if (n >= 0)
			n = disk_pwrite(h->d, buf, size, (uint64_t)off);
		if (n < 0)
			fuse_reply_err(req, (int)-n);
		else
			fuse_reply_write(req, (size_t)n);
		return;
	}
	n = kfile_write(h->k, who(req), buf, size, (uint64_t)off, &ticket);
	if (n == -EINPROGRESS)
		*vec_push(f->arena, &f->waiting) =
			(struct fwaiting){ .req = req, .ticket = ticket, .k = h->k };
	if (f->seen != f->s->changes || f->s->answers.n) {
		fuse_settle(f);
		if (n != -EINPROGRESS)
			fnotify_answer(f->notify, req, n);
	} else if (n < 0 && n != -EINPROGRESS) {
		fuse_reply_err(req, (int)-n);
	} else if (n >= 0) {
		fuse_reply_write(req, (size_t)n);
	}
}

static void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		    struct fuse_pollhandle *ph)
{
	(void)ino;
	/* Nothing in sys/bus/pci ever calls sysfs_notify(): no wake-up is owed. */
	if (ph)
		fuse_pollhandle_destroy(ph);
	fuse_reply_poll(req,
			handle(fi)->k ? kfile_poll(handle(fi)->k) : POLLIN | POLLOUT);
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
		     struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	int r = handle(fi)->d ? files_fault(f) : 0;

	(void)ino, (void)datasync;
	if (r >= 0 && handle(fi)->d)
		disk_fsync(handle(fi)->d);
	fuse_reply_err(req, -r);
}

static void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync,
			struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	AUTOARENA struct arena *a = arena_new();

	int r = i->kn ? 0 : files_fault(f);

	(void)datasync, (void)fi;
	if (r >= 0 && !i->kn)
		(void)disk_sync(f->s->disk, finode_path(a, i));
	fuse_reply_err(req, -r);
}

/*
 * As much room as the disk's own host says (sim-host.c:space_op); of the model none, as
 * fs/libfs.c:simple_statfs has it.
 */
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct statvfs st = { .f_bsize = 4096,
			      .f_frsize = 4096,
			      .f_namemax = NODE_NAME - 1 };

	if (!finode_of(f, ino)->kn) {
		st.f_blocks = st.f_bfree = st.f_bavail = ((fsblkcnt_t)16 << 30) / 4096;
		st.f_files = st.f_ffree = st.f_favail = 1 << 20;
	}
	fuse_reply_statfs(req, &st);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fuse_server *f = fuse_req_userdata(req);

	(void)ino; /* one that is gone can be opened by who stands in it, and is empty */
	fi->fh = (uint64_t)(uintptr_t)fhandle_new(f);
	fuse_reply_open(req, fi);
}

/* The listing as it is when it is begun, as far as its names are still there. */
static int read_list(struct fuse_server *f, struct finode *i, struct fhandle *h)
{
	AUTOARENA struct arena *a = NULL;

	klist_done(&h->list);
	if (i->kn)
		return kernfs_list(f->k, i->kn, &h->list);
	a = arena_new();
	return files_list(f, finode_path(a, i), &h->list);
}

static bool is_dots(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

static void read_folder(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi, bool plus)
{
	struct fuse_server *f = fuse_req_userdata(req);
	struct finode *i = finode_of(f, ino);
	struct fhandle *h = handle(fi);
	char buf[CHUNK];
	size_t at = 0;
	int r = 0;

	if (size > sizeof(buf))
		size = sizeof(buf);
	if (!off || !h->list.v.n)
		r = read_list(f, i, h);
	if (r < 0) {
		fuse_reply_err(req, -r);
		return;
	}
	for (size_t k = klist_seek(&h->list, (uint64_t)off); k < h->list.v.n; k++) {
		const struct kdirent *d = &h->list.v.v[k];
		struct fuse_entry_param e = { .attr = { .st_mode = d->type,
							.st_ino = (ino_t)-1 } };
		size_t n;

		/* Room first: what is looked up is known to the kernel. */
		n = plus ? fuse_add_direntry_plus(req, NULL, 0, d->name, NULL, 0)
			 : fuse_add_direntry(req, NULL, 0, d->name, NULL, 0);
		if (n > size - at)
			break;
		if (plus && !is_dots(d->name) && fuse_entry(f, i, d->name, &e) < 0)
			continue;
		if (plus)
			at += fuse_add_direntry_plus(req, buf + at, size - at, d->name,
						     &e, (off_t)d->next);
		else
			at += fuse_add_direntry(req, buf + at, size - at, d->name,
						&e.attr, (off_t)d->next);
	}
	fuse_reply_buf(req, buf, at);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	read_folder(req, ino, size, off, fi, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	read_folder(req, ino, size, off, fi, true);
}

/* --- the server --- */

static int check_device(struct err *e)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), r = -errno;

	if (fd < 0)
		return err_set(e, r, "/dev/fuse: %s; FUSE is needed for this%s",
			       strerror(-r),
			       r == -ENOENT   ? " (modprobe fuse)"
			       : r == -EACCES ? ", and the right to use it"
					      : "");
	close(fd);
	return 0;
}

int fuse_server_open(struct sim *s, const char *dir, int caller_etc,
		     struct fuse_server **ret, struct err *e)
{
	struct fuse_lowlevel_ops ops = files_ops;
	struct fuse_server *f;
	const char *options = geteuid() ? "fakesys" : "fakesys,allow_other";
	char opt[64], *argv[] = { (char[]){ "fakesys" }, (char[]){ "-o" }, opt, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	int r = check_device(e);

	if (r < 0)
		return r;
	ops.lookup = op_lookup;
	ops.forget = op_forget;
	ops.forget_multi = op_forget_multi;
	ops.getattr = op_getattr;
	ops.setattr = op_setattr;
	ops.readlink = op_readlink;
	ops.access = op_access;
	ops.open = op_open;
	ops.release = op_release;
	ops.read = op_read;
	ops.write = op_write;
	ops.poll = op_poll;
	ops.fsync = op_fsync;
	ops.fsyncdir = op_fsyncdir;
	ops.statfs = op_statfs;
	ops.opendir = op_opendir;
	ops.releasedir = op_release;
	ops.readdir = op_readdir;
	ops.readdirplus = op_readdirplus;
	ops.ioctl = fuse_ctl;
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	f->s = s;
	f->k = kernfs_new(s);
	f->watched = calloc(kernfs_scopes(f->k), sizeof(struct finode *));
	if (!f->watched)
		abort();
	f->caller_etc = caller_etc;
	f->seen = s->changes;
	f->started = time(NULL);
	f->arena = arena_new();
	snprintf(opt, sizeof(opt), "fsname=%s", options);
	f->se = fuse_session_new(&args, &ops, sizeof(ops), f);
	fuse_opt_free_args(&args);
	if (!f->se)
		r = err_set(e, -ENOMEM, "libfuse does not take its options");
	else if (fuse_session_mount(f->se, dir) < 0)
		r = err_set(e, -EPERM,
			    "cannot mount at %s: it needs root, a user namespace, or "
			    "fusermount3 (package fuse3)",
			    dir);
	/*
	 * The kernel takes a request back whose caller is killed: between poll() and
	 * read() the last one may go, and the read would wait for the next for ever.
	 */
	else if (fcntl(fuse_session_fd(f->se), F_SETFL, O_NONBLOCK) < 0)
		r = err_set(e, -errno, "/dev/fuse: %s", strerror(errno));
	if (r >= 0)
		r = fnotify_new(f->se, &f->notify);
	if (r < 0) {
		fuse_server_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

int fuse_server_serve(struct fuse_server *f, int stop_fd)
{
	struct fuse_buf buf = { 0 };
	int r = 0;

	while (!fuse_session_exited(f->se)) {
		struct pollfd p[] = { { .fd = fuse_session_fd(f->se), .events = POLLIN },
				      { .fd = stop_fd, .events = POLLIN } };

		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			r = -errno;
			break;
		}
		if (p[1].revents) {
			free(buf.mem);
			return 0;
		}
		r = fuse_session_receive_buf(f->se, &buf);
		if (r == -EINTR || r == -EAGAIN)
			continue;
		if (r <= 0)
			break;
		fuse_session_process_buf(f->se, &buf);
		r = 0;
	}
	free(buf.mem);
	return r < 0 && r != -ENODEV ? r : 1;
}

void fuse_server_close(struct fuse_server *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->waiting.n; i++)
		fuse_reply_err(f->waiting.v[i].req, ENODEV);
	if (f->se) {
		/* First unmounted, so that nobody holds a lock the thread wants. */
		fuse_session_unmount(f->se);
		fnotify_free(f->notify);
		fuse_session_destroy(f->se);
	}
	while (f->open)
		fhandle_free(f->open);
	finodes_done(f);
	kernfs_free(f->k);
	arena_free(f->arena);
	free(f->watched);
	free(f->answer);
	free(f);
}
