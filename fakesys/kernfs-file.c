/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files of kernfs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "fakesys/kernfs-part.h"

int kernfs_open(struct kernfs *k, struct knode *n, int flags, struct kcred who,
		struct kfile **ret)
{
	int how = flags & O_ACCMODE;
	bool r = how != O_WRONLY, w = how != O_RDONLY;
	struct kfile *f;

	if (k->s->off)
		return -EIO;
	if (!knode_alive(k, n))
		return -ENODEV;
	if (S_ISDIR(n->mode))
		return -EISDIR;
	if (S_ISLNK(n->mode))
		return -ELOOP;
	if (knode_access(k, n, who, (r ? R_OK : 0) | (w ? W_OK : 0)) < 0)
		return -EACCES;
	/* fs/kernfs/file.c:kernfs_fop_open: the mode decides, for root as well. */
	if (!S_ISCHR(n->mode) && ((r && !(n->mode & 0444)) || (w && !(n->mode & 0222))))
		return -EACCES;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct kfile){
		.k = k, .n = knode_get(n), .who = who, .for_read = r, .for_write = w
	};
	*ret = f;
	return 0;
}

void kfile_close(struct kfile *f)
{
	if (!f)
		return;
	knode_put(f->k, f->n);
	free(f->page);
	free(f);
}

/* fs/seq_file.c:seq_read_iter with kernfs's single record. */
static ssize_t read_text(struct kfile *f, char *buf, size_t len, uint64_t off)
{
	const struct entry *e = knode_entry(f->n);

	if (!f->page || !off || off != f->at) {
		char page[SIM_PAGE];
		ssize_t n = attr_show(f->k->s, &e->dir, e->attr, page);

		if (n < 0)
			return n;
		free(f->page);
		f->page = malloc((size_t)n + 1);
		if (!f->page)
			return -ENOMEM;
		memcpy(f->page, page, (size_t)n);
		f->len = (size_t)n;
	}
	f->seen = true;
	if (off >= f->len)
		return 0;
	if (len > f->len - off)
		len = f->len - off;
	memcpy(buf, f->page + off, len);
	f->at = off + len;
	return (ssize_t)len;
}

ssize_t kfile_read(struct kfile *f, char *buf, size_t len, uint64_t off)
{
	if (f->k->s->off)
		return -EIO;
	if (!f->for_read)
		return -EBADF;
	if (!knode_alive(f->k, f->n))
		return -ENODEV;
	if (knode_entry(f->n)->attr->bin)
		return entry_read_bin(f->k->s, knode_entry(f->n), !f->who.uid, buf,
				      len < SIM_PAGE ? len : SIM_PAGE, off);
	return read_text(f, buf, len, off);
}

ssize_t kfile_write(struct kfile *f, struct kcred now, const char *buf, size_t len,
		    uint64_t off, uint64_t *ret_ticket)
{
	if (f->k->s->off)
		return -EIO;
	if (!f->for_write)
		return -EBADF;
	if (!knode_alive(f->k, f->n))
		return -ENODEV;
	return entry_store_or_wait(f->k->s, knode_entry(f->n), !now.uid, buf, len, off,
				   ret_ticket);
}

/* fs/kernfs/file.c:kernfs_generic_poll: an open file has missed what it did not read. */
unsigned kfile_poll(struct kfile *f)
{
	if (!knode_alive(f->k, f->n))
		return POLLIN | POLLPRI | POLLERR;
	return f->seen ? POLLIN | POLLOUT : POLLIN | POLLOUT | POLLPRI | POLLERR;
}

uint64_t kfile_end(struct kfile *f)
{
	const struct entry *e = knode_entry(f->n);

	if (!f->k->s->profile->seek_end_is_size && e->attr->bin && e->attr->bin->mapped)
		return 0;
	return node_size(f->k->s, e);
}
