/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "core/host-listing-line.h"
#include "core/host-listing.h"

#define LINKS_MAX 40 /* include/linux/namei.h:MAXSYMLINKS */

struct host_listing {
	struct arena *arena;
	VEC(struct node) nodes; /* in the order of cmp_path() */
};

/* "/" before all other characters, so that what is below a path follows it directly. */
static int cmp_path(const char *x, const char *y)
{
	while (*x && *x == *y) {
		x++;
		y++;
	}
	if (!*x || !*y)
		return (*x != 0) - (*y != 0);
	if (*x == '/' || *y == '/')
		return (*y == '/') - (*x == '/');
	return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
}

static int cmp_node(const void *x, const void *y)
{
	const struct node *a = x, *b = y;
	int r = cmp_path(a->path, b->path);

	return r ? r : (a->line > b->line) - (a->line < b->line);
}

/* Sort, and of several lines for one path keep the last. */
static void index_nodes(struct host_listing *l)
{
	struct node *v = l->nodes.v;
	size_t out = 0;

	if (!l->nodes.n)
		return;
	qsort(v, l->nodes.n, sizeof(*v), cmp_node);
	for (size_t i = 0; i < l->nodes.n; i++) {
		bool last = i + 1 == l->nodes.n || !streq(v[i].path, v[i + 1].path);

		/* ENOENT: the recorder asked for it, and it was not there. */
		if (last && v[i].error != -ENOENT)
			v[out++] = v[i];
	}
	l->nodes.n = out;
}

int host_listing_open(const char *text, const char *name, struct host_listing **ret,
		      struct err *e)
{
	AUTOARENA struct arena *a = arena_new();
	struct host_listing *l = arena_alloc(a, sizeof(*l));
	char *line = arena_strdup(a, text);
	unsigned n = 0;

	while (*line) {
		size_t len = strcspn(line, "\n");
		struct node node = { .line = ++n };
		bool more = line[len] == '\n';

		line[len] = '\0';
		if (len && !listing_parse_line(line, len, &node))
			return err_set(e, -EINVAL, "%s:%u: not a line of a listing", name,
				       n);
		if (len)
			*vec_push(a, &l->nodes) = node;
		line += len + more;
	}
	index_nodes(l);
	l->arena = TAKE(a);
	*ret = l;
	return 0;
}

struct host_listing *host_listing_make(const struct host_listing_entry *entries, size_t n)
{
	struct arena *a = arena_new();
	struct host_listing *l = arena_alloc(a, sizeof(*l));

	l->arena = a;
	for (size_t i = 0; i < n; i++) {
		const struct host_listing_entry *e = &entries[i];
		struct blob data = e->target ? (struct blob){ (const uint8_t *)e->target,
							      strlen(e->target) }
					     : e->data;

		*vec_push(a, &l->nodes) = (struct node){
			.path = arena_strdup(a, e->path),
			.mode = e->target ? S_IFLNK | 0777 : S_IFREG | 0444,
			.size = e->target ? 0 : e->size,
			.data = arena_strndup(a, (const char *)data.data, data.len),
			.have = data.len,
			.len = data.len,
			.line = (unsigned)i,
		};
	}
	index_nodes(l);
	return l;
}

void host_listing_close(struct host_listing *l)
{
	if (l)
		arena_free(l->arena);
}

/* Where @path stands, or would stand. */
static size_t lower_bound(const struct host_listing *l, const char *path)
{
	size_t lo = 0, hi = l->nodes.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (cmp_path(l->nodes.v[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !n || (strncmp(path, dir, n) == 0 && path[n] == '/');
}

/* The line for @path, or NULL; *ret_dir: it is a directory, if only by what is below. */
static const struct node *find(const struct host_listing *l, const char *path,
			       bool *ret_dir)
{
	size_t i = lower_bound(l, path);
	const struct node *node = NULL;

	if (i < l->nodes.n && streq(l->nodes.v[i].path, path))
		node = &l->nodes.v[i++];
	*ret_dir =
		node ? S_ISDIR(node->mode)
		     : !*path || (i < l->nodes.n && is_below(l->nodes.v[i].path, path));
	return node;
}

static void drop_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Walk @path as the kernel would: @ret without links, but the last one if not @follow. */
static int resolve(const struct host_listing *l, const char *path, bool follow,
		   char ret[static PATH_MAX])
{
	char todo[2 * PATH_MAX], again[2 * PATH_MAX], *rest = todo;
	unsigned links = 0;

	if (snprintf(todo, sizeof(todo), "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	*ret = '\0';
	for (;;) {
		size_t n, have = strlen(ret);
		const struct node *node;
		bool dir, last;

		rest += strspn(rest, "/");
		n = strcspn(rest, "/");
		if (!n)
			return 0;
		last = !rest[n + strspn(rest + n, "/")];
		if (n == 1 && rest[0] == '.') {
			rest += n;
			continue;
		}
		if (n == 2 && rest[0] == '.' && rest[1] == '.') {
			drop_last(ret);
			rest += n;
			continue;
		}
		if (have + n + 2 > PATH_MAX)
			return -ENAMETOOLONG;
		if (have)
			ret[have++] = '/';
		memcpy(ret + have, rest, n);
		ret[have + n] = '\0';
		rest += n;
		node = find(l, ret, &dir);
		if (node && S_ISLNK(node->mode) && (!last || follow)) {
			if (++links > LINKS_MAX)
				return -ELOOP;
			if (snprintf(again, sizeof(again), "%s/%s", node->data, rest) >=
			    (int)sizeof(again))
				return -ENAMETOOLONG;
			if (*node->data == '/')
				*ret = '\0';
			else
				drop_last(ret);
			memcpy(todo, again, strlen(again) + 1);
			rest = todo;
		} else if (!node && !dir) {
			return -ENOENT;
		} else if (!last && !dir) {
			return -ENOTDIR;
		}
	}
}

static ssize_t listing_read(void *ctx, const char *path, char *buf, size_t len,
			    uint64_t off)
{
	char real[PATH_MAX];
	int r = resolve(ctx, path, true, real);
	const struct node *node;
	bool dir;

	if (r < 0)
		return r;
	node = find(ctx, real, &dir);
	if (dir)
		return -EISDIR;
	if (node->error)
		return node->error;
	if (off >= node->len)
		return 0;
	if (off >= node->have)
		return -ENODATA;
	if (len > node->have - off)
		len = node->have - off;
	memcpy(buf, node->data + off, len);
	return (ssize_t)len;
}

static ssize_t listing_readlink(void *ctx, const char *path, char *buf, size_t len)
{
	char real[PATH_MAX];
	int r = resolve(ctx, path, false, real);
	const struct node *node;
	bool dir;

	if (r < 0)
		return r;
	node = find(ctx, real, &dir);
	if (!node || !S_ISLNK(node->mode))
		return -EINVAL;
	if (node->len >= len)
		return -ENAMETOOLONG;
	memcpy(buf, node->data, node->len + 1);
	return (ssize_t)node->len;
}

/* The first node from @i on that is neither @path nor below it. */
static size_t behind(const struct host_listing *l, size_t i, const char *path)
{
	size_t hi = l->nodes.n;

	while (i < hi) {
		size_t mid = i + (hi - i) / 2;
		const char *p = l->nodes.v[mid].path;

		if (streq(p, path) || is_below(p, path))
			i = mid + 1;
		else
			hi = mid;
	}
	return i;
}

static int listing_list(void *ctx, const char *path, host_list_fn *fn, void *arg)
{
	const struct host_listing *l = ctx;
	char real[PATH_MAX], child[PATH_MAX];
	int r = resolve(l, path, true, real);
	const struct node *node;
	size_t i, from;
	bool dir;

	if (r < 0)
		return r;
	node = find(l, real, &dir);
	if (!dir)
		return -ENOTDIR;
	if (node && node->error)
		return node->error;
	from = *real ? strlen(real) + 1 : 0;
	i = lower_bound(l, real);
	if (i < l->nodes.n && streq(l->nodes.v[i].path, real))
		i++;
	while (i < l->nodes.n && is_below(l->nodes.v[i].path, real)) {
		const char *p = l->nodes.v[i].path;
		size_t n = strcspn(p + from, "/");

		if (from + n >= sizeof(child))
			return -ENAMETOOLONG;
		snprintf(child, sizeof(child), "%.*s", (int)(from + n), p);
		r = fn(arg, child + from);
		if (r < 0)
			return r;
		i = behind(l, i, child);
	}
	return 0;
}

static int listing_stat(void *ctx, const char *path, struct host_stat *ret)
{
	char real[PATH_MAX];
	int r = resolve(ctx, path, false, real);
	const struct node *node;
	bool dir;

	if (r < 0)
		return r;
	node = find(ctx, real, &dir);
	*ret = (struct host_stat){ .mode = node ? node->mode : S_IFDIR | 0755,
				   .size = node ? node->size : 0 };
	return 0;
}

/* A recording has no kernel, and nobody writes to it. */

static int listing_klog(void *ctx, char **ret_text)
{
	(void)ctx, (void)ret_text;
	return -EOPNOTSUPP;
}

static int listing_store(void *ctx, const char *path, const char *buf, size_t len,
			 int deadline_ms)
{
	(void)ctx, (void)path, (void)buf, (void)len, (void)deadline_ms;
	return -EROFS;
}

static int listing_create(void *ctx, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	(void)ctx, (void)path, (void)mode, (void)uid, (void)gid;
	return -EROFS;
}

static int listing_append(void *ctx, const char *path, const void *buf, size_t len)
{
	(void)ctx, (void)path, (void)buf, (void)len;
	return -EROFS;
}

static int listing_sync(void *ctx, const char *path)
{
	(void)ctx, (void)path;
	return -EROFS;
}

static int listing_rename(void *ctx, const char *from, const char *to)
{
	(void)ctx, (void)from, (void)to;
	return -EROFS;
}

static int listing_mkdir(void *ctx, const char *path, mode_t mode)
{
	(void)ctx, (void)path, (void)mode;
	return -EROFS;
}

static int listing_space(void *ctx, const char *path, uint64_t *ret_free)
{
	(void)ctx, (void)path, (void)ret_free;
	return -EOPNOTSUPP;
}

static int listing_lock(void *ctx, const char *path, enum host_lock kind, int deadline_ms)
{
	(void)ctx, (void)path, (void)kind, (void)deadline_ms;
	return -EROFS;
}

static int listing_run(void *ctx, const char *const argv[], struct host_output *ret)
{
	(void)ctx, (void)argv, (void)ret;
	return -EOPNOTSUPP;
}

static const struct host_ops listing_ops = {
	.read = listing_read,
	.readlink = listing_readlink,
	.list = listing_list,
	.stat = listing_stat,
	.klog = listing_klog,
	.store = listing_store,
	.create = listing_create,
	.append = listing_append,
	.sync = listing_sync,
	.rename = listing_rename,
	.unlink = listing_sync,
	.link = listing_rename,
	.mkdir = listing_mkdir,
	.rmdir = listing_sync,
	.space = listing_space,
	.lock = listing_lock,
	.unlock = listing_sync,
	.run = listing_run,
};

struct host host_listing_get(struct host_listing *l)
{
	return (struct host){ &listing_ops, l, false };
}
