/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/host.h"
#include "fakesys/disk-file.h"
#include "fakesys/disk-tree.h"

struct disk_file {
	struct disk *d;
	struct inode *ino;
};

static int find(struct disk *d, const char *path, unsigned flags, struct place *p)
{
	int r = disk_walk(d, path, flags, p);

	return r < 0 ? r : p->ino ? 0 : -ENOENT;
}

int disk_open(struct disk *d, const char *path, struct disk_file **ret)
{
	struct disk_file *f;
	struct place p;
	int r = find(d, path, WALK_FOLLOW, &p);

	if (r < 0)
		return r;
	if (S_ISDIR(p.ino->mode))
		return -EISDIR;
	f = malloc(sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct disk_file){ d, p.ino };
	p.ino->refs++;
	*ret = f;
	return 0;
}

void disk_close(struct disk_file *f)
{
	if (!f)
		return;
	inode_put(f->ino);
	free(f);
}

ssize_t disk_pread(const struct disk_file *f, char *buf, size_t len, uint64_t off)
{
	if (off >= f->ino->len)
		return 0;
	if (len > f->ino->len - off)
		len = f->ino->len - off;
	memcpy(buf, f->ino->data + off, len);
	return (ssize_t)len;
}

/* The content changes from @off on: what lies behind is no longer sure. */
static void changed(struct disk_file *f, uint64_t off)
{
	if (f->ino->synced > off)
		f->ino->synced = off;
	f->ino->tid = f->d->tid;
	f->ino->mtime = f->d->now++;
}

int disk_truncate(struct disk_file *f, uint64_t len)
{
	static const char zeros[4096];
	struct inode *ino = f->ino;
	uint64_t old = ino->len;

	if (len > HOST_IMAGE_MAX)
		return -EFBIG;
	while (ino->len < len) {
		uint64_t n = len - ino->len;
		int r = inode_append(ino, zeros, n < sizeof(zeros) ? n : sizeof(zeros));

		if (r < 0)
			return r;
	}
	ino->len = len;
	if (ino->data)
		ino->data[len] = '\0';
	changed(f, len < old ? len : old);
	return 0;
}

ssize_t disk_pwrite(struct disk_file *f, const char *buf, size_t len, uint64_t off)
{
	struct inode *ino = f->ino;
	size_t over;
	int r;

	if (off > HOST_IMAGE_MAX || len > HOST_IMAGE_MAX - off)
		return -EFBIG;
	if (off > ino->len) {
		r = disk_truncate(f, off);
		if (r < 0)
			return r;
	}
	over = len < ino->len - off ? len : ino->len - off;
	if (over)
		memcpy(ino->data + off, buf, over);
	r = inode_append(ino, buf + over, len - over);
	if (r < 0)
		return r;
	changed(f, off);
	return (ssize_t)len;
}

void disk_fsync(struct disk_file *f)
{
	f->ino->synced = f->ino->len;
	f->ino->mtime_synced = f->ino->mtime;
	if (f->ino->tid == f->d->tid)
		disk_commit(f->d);
}

void disk_fstat(const struct disk_file *f, struct host_stat *ret)
{
	*ret = (struct host_stat){ .mode = f->ino->mode,
				   .uid = f->ino->uid,
				   .gid = f->ino->gid,
				   .size = f->ino->len,
				   .mtime = f->ino->mtime };
}

int disk_chmod(struct disk *d, const char *path, mode_t mode)
{
	struct place p;
	int r = find(d, path, 0, &p);

	if (r >= 0)
		p.ino->mode = (p.ino->mode & S_IFMT) | (mode & 07777);
	return r;
}

int disk_chown(struct disk *d, const char *path, uid_t uid, gid_t gid)
{
	struct place p;
	int r = find(d, path, 0, &p);

	if (r < 0)
		return r;
	if (uid != (uid_t)-1)
		p.ino->uid = uid;
	if (gid != (gid_t)-1)
		p.ino->gid = gid;
	return 0;
}

int disk_utime(struct disk *d, const char *path, int64_t mtime)
{
	struct place p;
	int r = find(d, path, 0, &p);

	if (r >= 0)
		p.ino->mtime = mtime;
	return r;
}

int disk_symlink(struct disk *d, const char *target, const char *path)
{
	struct inode *ino;
	struct place p;
	int r = disk_walk(d, path, 0, &p);

	if (r < 0)
		return r;
	if (p.ino)
		return -EEXIST;
	ino = inode_new(d, S_IFLNK | 0777, 0, 0, d->now);
	r = inode_append(ino, target, strlen(target));
	if (r < 0)
		return r;
	ino->synced = ino->len; /* a short link lies in its inode */
	disk_change(d, slot_get(d, &p), ino, true);
	d->now++;
	return 0;
}

uint64_t disk_number(struct disk *d, const char *path)
{
	struct place p;

	return find(d, path, 0, &p) < 0 ? 0 : p.ino->number;
}

bool disk_knew(struct disk *d, const char *path)
{
	struct place p;

	return disk_walk(d, path, 0, &p) >= 0 && (p.ino || p.slot);
}
