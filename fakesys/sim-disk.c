/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/initramfs.h"
#include "fakesys/node.h"
#include "fakesys/sim-disk.h"

/* Later than all that was recorded, so that what changes is newer than what was there. */
#define TIME_DEFAULT INT64_C(1700000000)

struct fill {
	struct sim *s;
	struct err *e;
	int64_t latest;
};

static int put(struct fill *f, const char *path, const void *data, size_t len,
	       mode_t mode, int64_t mtime)
{
	int r = disk_put(f->s->disk, path, (struct blob){ data, len }, mode, 0, 0,
			 mtime ? mtime : TIME_DEFAULT);

	if (mtime > f->latest)
		f->latest = mtime;
	return r < 0 ? err_set(f->e, -EINVAL, "files[%s]: cannot be put on a disk: %s",
			       path, strerror(-r))
		     : 0;
}

static int put_files(struct fill *f)
{
	vec_foreach(file, &f->s->m->files) {
		int r;

		if (node_owns(file->path))
			continue;
		r = disk_put(f->s->disk, file->path, file->data, file->mode, file->uid,
			     file->gid, file->mtime);
		if (r < 0)
			return err_set(f->e, -EINVAL,
				       "files[%s]: cannot be put on a disk: %s",
				       file->path, strerror(-r));
		if (file->mtime > f->latest)
			f->latest = file->mtime;
	}
	return 0;
}

/* --- what depmod and the kernel's build leave below lib/modules --- */

static void write_name(FILE *out, const struct module *m)
{
	/* Built-ins are recorded by name; where they come from does not matter. */
	fprintf(out, "kernel/%s.ko\n", m->name);
}

static void write_dep(FILE *out, const struct kernel *k, const struct module *m)
{
	fprintf(out, "%s:", m->file);
	for (size_t i = 0; i < m->depends.n; i++) {
		const struct module *lower = kernel_module(k, m->depends.v[i]);

		if (lower && lower->file)
			fprintf(out, " %s", lower->file);
	}
	fputc('\n', out);
}

static void write_aliases(FILE *out, struct arena *a, const struct module *m)
{
	vec_foreach(id, &m->ids) {
		const char *pattern = pci_id_format_alias(a, id);

		if (m->file)
			fprintf(out, "alias %s %s\n", pattern, m->name);
		else
			fprintf(out, "%s.alias=%s%c", m->name, pattern, '\0');
	}
}

static void write_words(FILE *out, const char *word, const strings *names)
{
	if (names->n)
		fprintf(out, " %s", word);
	for (size_t i = 0; i < names->n; i++)
		fprintf(out, " %s", names->v[i]);
}

static void write_softdep(FILE *out, const struct module *m)
{
	if (!m->pre.n && !m->post.n)
		return;
	fprintf(out, m->file ? "softdep %s" : "%s.softdep=", m->name);
	write_words(out, "pre:", &m->pre);
	write_words(out, "post:", &m->post);
	fputc(m->file ? '\n' : '\0', out);
}

enum index { DEP, ALIAS, SOFTDEP, BUILTIN, BUILTIN_INFO };

static void write_index(FILE *out, struct arena *a, const struct kernel *k,
			enum index which)
{
	vec_foreach(m, &k->modules) {
		bool built_in = !m->file;

		if (built_in != (which >= BUILTIN))
			continue;
		if (which == DEP)
			write_dep(out, k, m);
		if (which == BUILTIN)
			write_name(out, m);
		if (which == ALIAS || which == BUILTIN_INFO)
			write_aliases(out, a, m);
		if (which == SOFTDEP || which == BUILTIN_INFO)
			write_softdep(out, m);
	}
}

static int put_index(struct fill *f, const struct kernel *k, const char *name,
		     enum index which)
{
	AUTOARENA struct arena *a = arena_new();
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	write_index(out, a, k, which);
	if (fclose(out))
		return -ENOMEM;
	return put(f, arena_printf(a, "lib/modules/%s/%s", k->release, name), text, len,
		   S_IFREG | 0644, 0);
}

static int put_initramfs(struct fill *f, const struct kernel *k)
{
	AUTOFREE char *image = NULL;
	size_t len;
	int r;

	if (!k->initramfs.path)
		return 0;
	r = initramfs_build(&k->initramfs, k->release, &image, &len);
	if (r < 0)
		return err_set(f->e, r, "kernels[%s].initramfs: %s", k->release,
			       strerror(-r));
	return put(f, k->initramfs.path, image, len, S_IFREG | 0644, k->initramfs.mtime);
}

static int put_kernel(struct fill *f, const struct kernel *k)
{
	static const char *const names[] = {
		[DEP] = "modules.dep",
		[ALIAS] = "modules.alias",
		[SOFTDEP] = "modules.softdep",
		[BUILTIN] = "modules.builtin",
		[BUILTIN_INFO] = "modules.builtin.modinfo",
	};
	int r = 0;

	if (!*k->release || strchr(k->release, '/'))
		return err_set(f->e, -EINVAL, "kernels[%s]: no release of a kernel",
			       k->release);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		r = put_index(f, k, names[i], (enum index)i);
	return r < 0 ? r : put_initramfs(f, k);
}

int disk_fill(struct sim *s, struct err *e)
{
	struct fill f = { .s = s, .e = e, .latest = TIME_DEFAULT };
	int r = put_files(&f);

	vec_foreach(k, &s->m->kernels)
		if (r >= 0)
			r = put_kernel(&f, k);
	disk_set_time(s->disk, f.latest + 1);
	return r;
}
