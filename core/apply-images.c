/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proof that update-initramfs did what it was run for. Its status is none: it exits with
 * 0 where /boot is read-only, and where update-initramfs.conf says update_initramfs=no.
 */
#include <errno.h>
#include <stdio.h>

#include "core/initramfs.h"
#include "core/transaction.h"

#define IMAGE "boot/initrd.img-"

static bool is_modprobe_conf(const char *path)
{
	return after_prefix(path, "etc/modprobe.d/") &&
	       initramfs_keeps(&(struct machine_file){ .path = path, .mode = S_IFREG });
}

void work_note_images(const struct work *w, const struct journal *j, image_marks *ret)
{
	strings kernels = { 0 };
	bool any = false;

	vec_foreach(f, &j->files)
		any |= f->generated && after_prefix(f->path, IMAGE);
	if (!any || !w->h->running)
		return;
	journal_kernels(w->h, w->a, &kernels);
	vec_foreach(k, &kernels) {
		struct image_mark *mark = vec_push(w->a, ret);

		*mark = (struct image_mark){ .path = arena_printf(w->a, IMAGE "%s", *k) };
		(void)w->h->ops->stat(w->h->ctx, mark->path, &mark->st);
	}
}

static const struct machine_file *find_file(const struct initramfs *image,
					    const char *path)
{
	vec_foreach(f, &image->files)
		if (streq(f->path, path))
			return f;
	return NULL;
}

static int read_image(const struct work *w, struct arena *a, const char *path,
		      struct initramfs *ret)
{
	struct err why;
	struct blob data;
	int r = host_read(w->h, a, path, HOST_IMAGE_MAX, &data);

	*ret = (struct initramfs){ 0 };
	return r < 0 ? r : initramfs_parse(a, data, path, ret, &why);
}

/* Can images of this host be read here? One that was saved tells. */
static bool can_read(const struct work *w, const struct journal *j)
{
	vec_foreach(f, &j->files) {
		AUTOARENA struct arena *a = arena_new();
		struct initramfs image;

		if (f->generated && f->before && after_prefix(f->path, IMAGE))
			return read_image(w, a, f->before, &image) >= 0;
	}
	return false;
}

/* What the disk has of the transaction's modprobe configuration, the image must have. */
static int check_content(const struct work *w, const struct journal *j, const char *path)
{
	AUTOARENA struct arena *a = arena_new();
	struct initramfs image;
	int r = read_image(w, a, path, &image);

	if (r < 0)
		return can_read(w, j) ? err_set(w->e, -EPROTO,
						"update-initramfs made /%s, which cannot "
						"be read: %s",
						path, strerror(-r))
				      : 0;
	vec_foreach(f, &j->files) {
		const struct machine_file *inside = find_file(&image, f->path);
		struct blob now = { 0 };

		if (f->generated || !is_modprobe_conf(f->path))
			continue;
		r = host_read(w->h, a, f->path, HOST_FILE_MAX, &now);
		if (r < 0 && r != -ENOENT)
			return err_set(w->e, r, "/%s: %s", f->path, strerror(-r));
		if ((r < 0) != !inside ||
		    (inside && (inside->data.len != now.len ||
				memcmp(inside->data.data, now.data, now.len))))
			return err_set(
				w->e, -EPROTO,
				"update-initramfs made /%s without what /%s is now", path,
				f->path);
	}
	return 0;
}

static bool is_unchanged(const struct host_stat *x, const struct host_stat *y)
{
	return x->ino == y->ino && x->mtime == y->mtime && x->mtime_ns == y->mtime_ns &&
	       x->size == y->size;
}

int work_check_images(const struct work *w, const struct journal *j,
		      const image_marks *marks)
{
	int r = 0;

	vec_foreach(mark, marks) {
		struct host_stat st;

		r = w->h->ops->stat(w->h->ctx, mark->path, &st);
		if (r < 0)
			return err_set(w->e, -EPROTO, "after update-initramfs: /%s: %s",
				       mark->path, strerror(-r));
		if (is_unchanged(&st, &mark->st))
			return err_set(
				w->e, -EPROTO,
				"update-initramfs left /%s as it was, though it reports "
				"no error; is /boot read-only, or update_initramfs=no in "
				"/etc/initramfs-tools/update-initramfs.conf?",
				mark->path);
		r = check_content(w, j, mark->path);
		if (r < 0)
			return r;
	}
	return 0;
}
