/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "core/initramfs.h"
#include "fakesys/boot-view.h"

struct view {
	struct sim *s;
	struct arena *a;
	struct machine *m;
};

static int add_file(void *arg, const char *path)
{
	struct view *v = arg;
	struct machine_file *f;
	struct host_stat st;
	struct blob data;

	/* Module data and images have readers of their own. */
	if (after_prefix(path, "boot/initrd.img-") ||
	    after_prefix(path, "lib/modules/") ||
	    after_prefix(path, "usr/lib/modules/") ||
	    after_prefix(path, "var/lib/pcipass/"))
		return 0;
	if (disk_stat(v->s->disk, path, &st) < 0 || disk_get(v->s->disk, path, &data) < 0)
		return 0;
	f = vec_push(v->a, &v->m->files);
	*f = (struct machine_file){ .path = arena_strdup(v->a, path),
				    .mode = st.mode,
				    .uid = st.uid,
				    .gid = st.gid,
				    .mtime = st.mtime,
				    .data = { arena_memdup(v->a, data.data, data.len + 1),
					      data.len } };
	return 0;
}

static void read_image(struct view *v, const struct kernel *recorded, struct kernel *k)
{
	char path[256];
	struct initramfs image = { 0 };
	struct blob data;

	snprintf(path, sizeof(path), "boot/initrd.img-%s", recorded->release);
	*k = *recorded;
	k->initramfs = (struct initramfs){ 0 };
	if (disk_get(v->s->disk, path, &data) < 0 ||
	    initramfs_parse(v->a, data, path, &image, NULL) < 0)
		return;
	image.path = arena_strdup(v->a, path);
	k->initramfs = image;
}

void boot_view(struct sim *s, struct arena *a, struct machine *ret)
{
	struct view v = { .s = s, .a = a, .m = ret };

	*ret = *s->m;
	ret->arena = a;
	ret->files.v = NULL;
	ret->files.n = ret->files.cap = 0;
	disk_each(s->disk, add_file, &v);
	ret->kernels.v = arena_alloc(a, (s->m->kernels.n + 1) * sizeof(*ret->kernels.v));
	for (size_t i = 0; i < s->m->kernels.n; i++)
		read_image(&v, &s->m->kernels.v[i], &ret->kernels.v[i]);
}
