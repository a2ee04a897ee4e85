/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/initramfs.h"
#include "core/newc.h"

typedef VEC(struct newc_item) items;

static void collect(struct arena *a, const struct initramfs *from, const char *release,
		    items *ret)
{
	size_t size = 1;
	char *load, *end;

	vec_foreach(f, &from->files) {
		mode_t type = f->mode & S_IFMT ? f->mode & S_IFMT : S_IFREG;

		*vec_push(a, ret) = (struct newc_item){ f->path, type | (f->mode & 07777),
							f->uid, f->gid, f->data };
	}
	vec_foreach(name, &from->modules)
		*vec_push(a, ret) = (struct newc_item){
			.path = arena_printf(a, "lib/modules/%s/kernel/%s.ko", release,
					     *name),
			.mode = S_IFREG | 0644
		};
	vec_foreach(line, &from->load)
		size += strlen(*line) + 1;
	load = end = arena_alloc(a, size);
	vec_foreach(line, &from->load)
		end = stpcpy(stpcpy(end, *line), "\n");
	if (from->load.n)
		*vec_push(a, ret) =
			(struct newc_item){ .path = "conf/modules",
					    .mode = S_IFREG | 0644,
					    .data = { (const uint8_t *)load,
						      (size_t)(end - load) } };
}

int initramfs_build(const struct initramfs *from, const char *release, char **ret,
		    size_t *ret_len)
{
	AUTOARENA struct arena *a = arena_new();
	AUTOFREE char *image = NULL;
	items all = { 0 };
	size_t len = 0;
	FILE *out = open_memstream(&image, &len);

	if (!out)
		return -ENOMEM;
	collect(a, from, release, &all);
	newc_write(out, all.v, all.n);
	if (fclose(out))
		return -ENOMEM;
	*ret = TAKE(image);
	*ret_len = len;
	return 0;
}
