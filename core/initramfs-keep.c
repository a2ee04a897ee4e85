/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries of an image matter, and what they come to once all are read. */
#include <ctype.h>

#include "core/initramfs-part.h"

/* "e1000e" of "lib/modules/6.1/kernel/.../e1000e.ko.xz"; NULL: no module. */
const char *initramfs_module_name(struct arena *a, const char *path)
{
	static const char *const tails[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
	const char *name = path_name(path);

	if (!after_prefix(path, "lib/modules/"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++)
		if (ends_with(name, tails[i]))
			return module_normalize(
				a,
				arena_strndup(a, name, strlen(name) - strlen(tails[i])));
	return NULL;
}

bool initramfs_keeps_path(const char *path)
{
	static const struct {
		const char *folder, *tail;
	} kept[] = {
		{ "etc/modprobe.d/", "" },
		{ "lib/modprobe.d/", "" },
		{ "usr/lib/modprobe.d/", "" },
		{ "run/modprobe.d/", "" },
		{ "etc/udev/rules.d/", ".rules" },
		{ "lib/udev/rules.d/", ".rules" },
		{ "usr/lib/udev/rules.d/", ".rules" },
		{ "scripts/init-top/", "" },
		{ "etc/modules-load.d/", "" },
		{ "conf/", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (after_prefix(path, kept[i].folder) && ends_with(path, kept[i].tail) &&
		    !streq(path, CONF_MODULES))
			return true;
	return false;
}

/* Does @text load, by udev's builtin or by a program, more than a device's own module? */
static bool loads_another(struct blob text, const char *word)
{
	static const char own[] = "$env{MODALIAS}";
	const char *p = (const char *)text.data, *end = p + text.len;
	size_t len = strlen(word);

	while ((p = memmem(p, (size_t)(end - p), word, len))) {
		const char *args = p += len;

		while (p < end && *p != '"' && *p != '\n')
			p++;
		while (args < p && isspace((unsigned char)*args))
			args++;
		if (args < p && !memmem(args, (size_t)(p - args), own, strlen(own)))
			return true;
	}
	return false;
}

bool initramfs_keeps(const struct machine_file *f)
{
	static const char override[] = "driver_override";
	struct blob text = f->data;

	if (!initramfs_keeps_path(f->path))
		return false;
	if (!strstr(f->path, "udev/rules.d/") || S_ISLNK(f->mode))
		return true;
	return text.len &&
	       (memmem(text.data, text.len, override, strlen(override)) ||
		loads_another(text, "kmod load") || loads_another(text, "modprobe"));
}

static int cmp_string(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_modules(strings *list)
{
	size_t n = 0;

	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), cmp_string);
	for (size_t i = 0; i < list->n; i++)
		if (!n || !streq(list->v[n - 1], list->v[i]))
			list->v[n++] = list->v[i];
	list->n = n;
}

/* By path; of one path in the image's order, which mtime stands for meanwhile. */
static int cmp_file(const void *a, const void *b)
{
	const struct machine_file *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : (x->mtime > y->mtime) - (x->mtime < y->mtime);
}

/*
 * A file that comes twice counts as the last one says: it overwrites. Only then is its
 * content known, and whether it is kept.
 */
static void sort_files(struct initramfs *i)
{
	size_t n = 0;

	for (size_t j = 0; j < i->files.n; j++)
		i->files.v[j].mtime = (int64_t)j;
	if (i->files.n)
		qsort(i->files.v, i->files.n, sizeof(*i->files.v), cmp_file);
	for (size_t j = 0; j < i->files.n; j++) {
		n -= n && streq(i->files.v[n - 1].path, i->files.v[j].path);
		i->files.v[n] = i->files.v[j];
		i->files.v[n++].mtime = 0;
	}
	i->files.n = n;
	n = 0;
	vec_foreach(f, &i->files)
		if (initramfs_keeps(f))
			i->files.v[n++] = *f;
	i->files.n = n;
}

void initramfs_settle(struct initramfs *i)
{
	sort_modules(&i->modules);
	sort_files(i);
}
