/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-opaque.h"

/* As many links as Linux follows in one path (include/linux/namei.h: MAXSYMLINKS). */
#define MAX_LINKS 40
/* No directory of the model lies deeper; hostile bridges cannot make it so. */
#define MAX_DEPTH 600

int node_found_dir(struct entry *ret, struct node dir)
{
	ret->mode = S_IFDIR | 0755;
	ret->dir = dir;
	return 0;
}

int node_found_link(struct entry *ret, const struct node *in, struct node target)
{
	ret->mode = S_IFLNK | 0777;
	ret->dir = *in;
	ret->target = target;
	ret->text = NULL;
	return 0;
}

int node_found_path(struct entry *ret, const struct node *in, const char *path)
{
	node_found_link(ret, in, (struct node){ .kind = NULL });
	ret->text = path;
	return 0;
}

int node_found_file(struct entry *ret, const struct node *in, const struct attr *a)
{
	ret->mode = a->mode & S_IFMT ? a->mode : S_IFREG | a->mode;
	ret->dir = *in;
	ret->attr = a;
	return 0;
}

static int row_entry(const struct sim *s, const struct node *dir, const struct attr *a,
		     struct entry *ret)
{
	struct node n = *dir;

	if (!attr_visible(s, dir, a))
		return -ENOENT;
	if (a->dir) {
		n.kind = a->dir;
		node_found_dir(ret, n);
		ret->mode = S_IFDIR | a->mode;
		return 0;
	}
	if (a->target)
		return a->target(s, dir, &n) ? node_found_link(ret, dir, n) : -ENOENT;
	if (a->path)
		return node_found_path(ret, dir, a->path(s, dir));
	return node_found_file(ret, dir, a);
}

/* What rules give; what none gives may have been recorded. */
static int rule_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	const struct attr *a = attr_find(dir->kind->attrs, name, len);

	if (a)
		return row_entry(s, dir, a, ret);
	return dir->kind->lookup ? dir->kind->lookup(s, dir, name, len, ret) : -ENOENT;
}

int node_lookup(const struct sim *s, const struct node *dir, const char *name, size_t len,
		struct entry *ret)
{
	int r = rule_lookup(s, dir, name, len, ret);

	return r == -ENOENT ? opaque_lookup(s, dir, name, len, ret) : r;
}

static void where(const struct sim *s, const struct node *dir, struct node *ret_parent,
		  char name[static NODE_NAME])
{
	if (dir->kind->where) {
		dir->kind->where(s, dir, ret_parent, name);
		return;
	}
	*ret_parent = *dir;
	ret_parent->kind = dir->kind->parent;
	strcpy(name, dir->kind->name);
}

/* The folder whose entries were asked for last: readers take one folder after another. */
static const char *from_cache(const struct node_cache *c, const struct sim *s,
			      const char *path, struct node *ret)
{
	if (!c->len || c->changes != s->changes || strncmp(path, c->path, c->len) != 0 ||
	    path[c->len] != '/' || strchr(path + c->len + 1, '/'))
		return path;
	*ret = c->dir;
	return path + c->len + 1;
}

static void to_cache(struct node_cache *c, const struct sim *s, const char *path,
		     size_t len, const struct node *dir)
{
	c->len = 0;
	if (len > sizeof(c->path))
		return;
	memcpy(c->path, path, len);
	c->len = len;
	c->dir = *dir;
	c->changes = s->changes;
}

static int resolve(const struct sim *s, const char *path, bool follow, int *links,
		   struct entry *ret)
{
	struct entry e = { .mode = S_IFDIR | 0755, .dir = { .kind = &dir_root } };
	const char *start = path, *last = strrchr(path, '/');
	char name[NODE_NAME];
	int r;

	path = from_cache(s->cache, s, path, &e.dir);
	while (*path) {
		size_t len = (size_t)(strchrnul(path, '/') - path);
		const char *next = path + len + (path[len] == '/');

		if (!S_ISDIR(e.mode))
			return -ENOTDIR;
		if (last && path == last + 1)
			to_cache(s->cache, s, start, (size_t)(last - start), &e.dir);
		if (len >= NODE_NAME)
			return -ENAMETOOLONG;
		if (!len || name_is(path, len, ".")) {
			; /* stays where it is */
		} else if (name_is(path, len, "..")) {
			if (e.dir.kind != &dir_root)
				where(s, &e.dir, &e.dir, name);
		} else {
			struct node dir = e.dir;

			r = node_lookup(s, &dir, path, len, &e);
			if (r < 0)
				return r;
			if (S_ISLNK(e.mode) && (*next || follow || path[len])) {
				if (++*links > MAX_LINKS)
					return -ELOOP;
				r = e.text ? resolve(s, e.text, true, links, &e)
					   : node_found_dir(&e, e.target);
				if (r < 0)
					return r;
			}
		}
		path = next;
	}
	*ret = e;
	return 0;
}

int node_resolve(const struct sim *s, const char *path, bool follow, struct entry *ret)
{
	int links = 0;

	return resolve(s, path, follow, &links, ret);
}

bool node_owns(const char *path)
{
	static const char *const tops[] = { "sys", "proc", "dev" };
	size_t len = (size_t)(strchrnul(path, '/') - path);

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (name_is(path, len, tops[i]))
			return true;
	return false;
}

/* For callers who want names alone; they do without looking types up. */
struct only_names {
	host_list_fn *fn;
	void *arg;
};

static int only_name(void *arg, const char *name, mode_t type)
{
	const struct only_names *o = arg;

	(void)type;
	return o->fn(o->arg, name);
}

/* The names that a kind's `each` gives, with their types. */
struct each {
	const struct sim *s;
	const struct node *dir;
	node_each_fn *fn;
	void *arg;
};

static int typed_name(void *arg, const char *name)
{
	const struct each *a = arg;
	mode_t type = a->dir->kind->each_type;
	struct entry e;

	if (!type && a->fn != only_name &&
	    node_lookup(a->s, a->dir, name, strlen(name), &e) >= 0)
		type = e.mode & S_IFMT;
	return a->fn(a->arg, name, type);
}

int node_each(const struct sim *s, const struct node *dir, node_each_fn *fn, void *arg)
{
	const struct attr_table *t = &dir->kind->attrs;
	struct each all = { s, dir, fn, arg };
	struct entry e;
	int r;

	for (size_t i = 0; i < t->n; i++) {
		if (row_entry(s, dir, &t->v[i], &e) < 0)
			continue;
		r = fn(arg, t->v[i].name, e.mode & S_IFMT);
		if (r < 0)
			return r;
	}
	r = dir->kind->each ? dir->kind->each(s, dir, typed_name, &all) : 0;
	return r < 0 ? r : opaque_each(s, dir, rule_lookup, fn, arg);
}

int node_list(const struct sim *s, const struct node *dir, host_list_fn *fn, void *arg)
{
	return node_each(s, dir, only_name, &(struct only_names){ fn, arg });
}

int node_path(const struct sim *s, const struct node *dir, char *buf, size_t size)
{
	char name[NODE_NAME];
	struct node n = *dir;
	size_t at = size;

	/* From the end to the front, as each directory only knows the one above. */
	if (!size)
		return -ENAMETOOLONG;
	buf[--at] = '\0';
	for (int depth = 0; n.kind != &dir_root; depth++) {
		struct node parent;
		size_t len;

		where(s, &n, &parent, name);
		len = strlen(name);
		if (at < len + 1 || depth > MAX_DEPTH)
			return -ENAMETOOLONG;
		if (buf[at])
			buf[--at] = '/';
		memcpy(buf + (at -= len), name, len);
		n = parent;
	}
	memmove(buf, buf + at, size - at);
	return (int)(size - at - 1);
}

int node_link_text(const struct sim *s, const struct entry *link, char *buf, size_t size)
{
	char from[PATH_MAX], to[PATH_MAX];
	const char *f = from, *t = to;
	size_t n = 0;
	int r = node_path(s, &link->dir, from, sizeof(from));

	if (r >= 0 && link->text)
		t = link->text;
	else if (r >= 0)
		r = node_path(s, &link->target, to, sizeof(to));
	if (r < 0)
		return r;
	/*
	 * Leave out the folders both share. The last component of the target always
	 * stays, as in fs/kernfs/symlink.c:kernfs_get_target_path.
	 */
	for (;;) {
		size_t len = strcspn(t, "/");

		if (!t[len] || strncmp(f, t, len) || (f[len] && f[len] != '/'))
			break;
		f += len + (f[len] == '/');
		t += len + 1;
	}
	for (; *f; f += strcspn(f, "/"), f += *f == '/') {
		if (n + 3 >= size)
			return -ENAMETOOLONG;
		memcpy(buf + n, "../", 3);
		n += 3;
	}
	if (strlen(t) >= size - n)
		return -ENAMETOOLONG;
	strcpy(buf + n, t);
	return (int)(n + strlen(t));
}

uint64_t node_size(const struct sim *s, const struct entry *e)
{
	if (!S_ISREG(e->mode))
		return 0;
	return e->attr->bin ? e->attr->bin->size(s, &e->dir, e->attr) : SIM_PAGE;
}

int node_path_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;

	for (size_t i = 0; i < n; i++) {
		int x = a[i] == '/' ? 1 : (unsigned char)a[i] + 1;
		int y = b[i] == '/' ? 1 : (unsigned char)b[i] + 1;

		if (x != y)
			return x - y;
	}
	return (a_len > b_len) - (a_len < b_len);
}
