/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "core/inventory-parts.h"

#define DEPTH_MAX 4
#define FILES_MAX 4096
/* A host has some 100 KiB; a file of newlines becomes a hundred times its size as JSON.
 */
#define TOTAL_MAX ((size_t)8 << 20)

#define ROUTES6 "proc/net/ipv6_route"

const char *const inventory_files[] = {
	"boot/efi/loader",
	"boot/grub/grub.cfg",
	"boot/grub/grubenv",
	"boot/loader",
	"boot/vmlinuz-*",
	"efi/loader",
	"etc/crypttab",
	"etc/default/grub",
	"etc/default/grub.d",
	"etc/fstab",
	"etc/hostname",
	"etc/initramfs-tools",
	"etc/kernel",
	"etc/modprobe.d",
	"etc/modules",
	"etc/modules-load.d",
	"etc/udev/rules.d",
	"lib/modprobe.d",
	"lib/modules-load.d",
	"proc/devices",
	"proc/fb",
	"proc/mdstat",
	ROUTES6,
	"proc/net/route",
	"proc/self/mountinfo",
	"proc/swaps",
	"run/modprobe.d",
	"run/modules-load.d",
	"usr/lib/modprobe.d",
	"usr/lib/modules-load.d",
	"usr/local/lib/modules-load.d",
	"usr/local/lib/modprobe.d",
	NULL,
};

struct walk {
	struct inventory *v;
	size_t left; /* bytes that all further files may have together */
};

/*
 * Of the routes only the default ones matter; the others of a router fill megabytes, and
 * all hosts have those of their own addresses there.
 */
static void keep_default_routes(struct blob *routes)
{
	static const char lead[] = "00000000000000000000000000000000 00 ";
	char *out = (char *)(uintptr_t)routes->data;
	size_t len = 0;

	for (const char *line = out, *end; *line; line = end) {
		end = strchrnul(line, '\n');
		end += *end == '\n';
		if (!after_prefix(line, lead))
			continue;
		memmove(out + len, line, (size_t)(end - line));
		len += (size_t)(end - line);
	}
	out[len] = '\0';
	routes->len = len;
}

static bool take_file(struct walk *w, const char *path, struct machine_file *f)
{
	struct inventory *v = w->v;
	int r;

	if (S_ISLNK(f->mode)) {
		char *target;

		r = host_readlink(v->h, v->a, &target, "%s", path);
		if (r >= 0)
			f->data =
				(struct blob){ (const uint8_t *)target, strlen(target) };
	} else {
		r = host_read(v->h, v->a, path, w->left, &f->data);
		if (r >= 0 && streq(path, ROUTES6))
			keep_default_routes(&f->data);
	}
	if (r < 0)
		inventory_failed(v, r, "files/%s", path);
	else
		w->left -= f->data.len;
	return r >= 0;
}

/* @contents false: it matters only that the file is there. */
static void add_file(struct walk *w, const char *path, const struct host_stat *st,
		     bool contents)
{
	struct machine *m = w->v->m;
	struct machine_file f = { .mode = st->mode,
				  .uid = st->uid,
				  .gid = st->gid,
				  .data = { (const uint8_t *)"", 0 } };

	/* Files of /proc are made when they are looked at. */
	if (!after_prefix(path, "proc/"))
		f.mtime = st->mtime;
	if (contents && !take_file(w, path, &f))
		return;
	f.path = arena_strdup(w->v->a, path);
	*vec_push(w->v->a, &m->files) = f;
}

/*
 * Nobody's business: systemd-boot's seed of the kernel's random numbers, keys that sign
 * kernels (etc/kernel), those of an initramfs with ssh in it (etc/initramfs-tools).
 */
static bool is_secret(const char *name)
{
	static const char *const names[] = { "random-seed", "authorized_keys", ".ssh",
					     "dropbear" };
	static const char *const tails[] = { ".key", "_key", ".pem" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(name, names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++)
		if (ends_with(name, tails[i]))
			return true;
	return false;
}

static void walk(struct walk *w, const char *path, unsigned depth)
{
	struct inventory *v = w->v;
	struct host_stat st;
	strings names;
	int r = v->h->ops->stat(v->h->ctx, path, &st);

	if (r < 0) {
		/* Most machines have only some of these; that is no failure. */
		if (r != -ENOENT && r != -ENOTDIR)
			inventory_failed(v, r, "files/%s", path);
		return;
	}
	/* A link to a folder, inside the root as all paths are, is that folder. */
	r = S_ISREG(st.mode) ? -ENOTDIR : host_list(v->h, v->tmp, path, &names);
	if (S_ISREG(st.mode) || (S_ISLNK(st.mode) && (r == -ENOTDIR || r == -ENOENT))) {
		if (v->m->files.n < FILES_MAX)
			add_file(w, path, &st, true);
		else
			machine_set_unknown(v->m, "too many files", "files/%s", path);
		return;
	}
	if ((!S_ISDIR(st.mode) && !S_ISLNK(st.mode)) || depth == DEPTH_MAX)
		return;
	if (r < 0)
		inventory_failed(v, r, "files/%s", path);
	for (size_t i = 0; r >= 0 && i < names.n; i++)
		if (!is_secret(names.v[i]))
			walk(w, arena_printf(v->tmp, "%s/%s", path, names.v[i]),
			     depth + 1);
}

/* "boot/vmlinuz-*": the names only. */
static void walk_names(struct walk *w, const char *pattern)
{
	const char *star = strchr(pattern, '*'), *name = path_name(pattern);
	const struct host *h = w->v->h;
	char *dir = arena_strndup(w->v->tmp, pattern, (size_t)(name - pattern - 1));
	strings names;

	if (host_list(h, w->v->tmp, dir, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		char *path = arena_printf(w->v->tmp, "%s/%s", dir, names.v[i]);
		struct host_stat st;

		if (strncmp(path, pattern, (size_t)(star - pattern)) == 0 &&
		    h->ops->stat(h->ctx, path, &st) >= 0 && S_ISREG(st.mode))
			add_file(w, path, &st, false);
	}
}

static bool is_listed(const char *path)
{
	for (const char *const *p = inventory_files; *p; p++)
		if (streq(*p, path))
			return true;
	return false;
}

/*
 * On merged systems lib is a link to usr/lib, on some efi to boot/efi: what would be read
 * under its other name as well is read there only.
 */
static bool is_other_name(struct inventory *v, const char *path, const char *first,
			  const char *first_target)
{
	const char *rest = path + strlen(first);
	char *target = arena_strdup(v->tmp, first_target + strspn(first_target, "/"));

	for (size_t n = strlen(target); n && target[n - 1] == '/'; n--)
		target[n - 1] = '\0';
	return is_listed(arena_printf(v->tmp, "%s%s", target, rest));
}

void inventory_disk_files(struct inventory *v)
{
	struct walk w = { v, TOTAL_MAX };
	char *first = NULL, *target = NULL;

	for (const char *const *p = inventory_files; *p; p++) {
		size_t n = strcspn(*p, "/");

		/* The table is sorted: each first component is asked for once. */
		if (!first || strlen(first) != n || strncmp(first, *p, n)) {
			first = arena_strndup(v->tmp, *p, n);
			target = NULL;
			(void)host_readlink(v->h, v->tmp, &target, "%s", first);
		}
		if (target && is_other_name(v, *p, first, target))
			continue;
		if (strchr(*p, '*'))
			walk_names(&w, *p);
		else
			walk(&w, *p, 0);
	}
}
