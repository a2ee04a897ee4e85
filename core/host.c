/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/host.h"

#define PAGE ((size_t)4096)

PRINTF(2, 0)
static int format_path(char path[static PATH_MAX], const char *fmt, va_list ap)
{
	int n = vsnprintf(path, PATH_MAX, fmt, ap);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* va_list to path in every function that takes a format; returns from it on failure. */
#define FORMAT_PATH(path, fmt)                                                           \
	do {                                                                             \
		va_list ap_;                                                             \
		int r_;                                                                  \
                                                                                         \
		va_start(ap_, fmt);                                                      \
		r_ = format_path((path), (fmt), ap_);                                    \
		va_end(ap_);                                                             \
		if (r_ < 0)                                                              \
			return r_;                                                       \
	} while (0)

/* Did a read of @want bytes that returned @n reach the end? See host_ops.read. */
static bool at_end(size_t n, size_t want)
{
	return !n || (n < want && n % PAGE);
}

/* A file longer than the first @page: *buf is malloc'd and grows with it. */
static ssize_t read_on(const struct host *h, const char *path, size_t max,
		       const char page[static PAGE], char **buf)
{
	size_t have = PAGE, cap = PAGE;

	for (;;) {
		size_t want;
		char *bigger;
		ssize_t n;

		if (have == cap) {
			cap = cap == PAGE ? 16 * PAGE : 2 * cap;
			bigger = realloc(*buf, cap);
			if (!bigger)
				return -ENOMEM;
			*buf = bigger;
		}
		if (have == PAGE)
			memcpy(*buf, page, PAGE);
		want = cap - have;
		n = h->ops->read(h->ctx, path, *buf + have, want, have);
		if (n < 0)
			return n;
		have += (size_t)n;
		if (have > max)
			return -EFBIG;
		if (at_end((size_t)n, want))
			return (ssize_t)have;
	}
}

static int read_whole(const struct host *h, struct arena *a, const char *path, size_t max,
		      char **ret, size_t *ret_len)
{
	AUTOFREE char *big = NULL;
	char page[PAGE];
	ssize_t n = h->ops->read(h->ctx, path, page, sizeof(page), 0);

	if (n == (ssize_t)sizeof(page))
		n = read_on(h, path, max, page, &big);
	if (n < 0)
		return (int)n;
	if ((size_t)n > max)
		return -EFBIG;
	*ret = arena_strndup(a, big ? big : page, (size_t)n);
	*ret_len = (size_t)n;
	return 0;
}

int host_read(const struct host *h, struct arena *a, const char *path, size_t max,
	      struct blob *ret)
{
	size_t len;
	char *data;
	int r = read_whole(h, a, path, max, &data, &len);

	if (r < 0)
		return r;
	*ret = (struct blob){ .data = (const uint8_t *)data, .len = len };
	return 0;
}

int host_read_text(const struct host *h, struct arena *a, char **ret, const char *fmt,
		   ...)
{
	char path[PATH_MAX], *text;
	size_t len;
	int r;

	FORMAT_PATH(path, fmt);
	r = read_whole(h, a, path, HOST_FILE_MAX, &text, &len);
	if (r < 0)
		return r;
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	*ret = text;
	return 0;
}

int host_read_u64(const struct host *h, uint64_t *ret, const char *fmt, ...)
{
	char path[PATH_MAX], text[64], *end;
	uint64_t value;
	ssize_t n;

	FORMAT_PATH(path, fmt);
	n = h->ops->read(h->ctx, path, text, sizeof(text) - 1, 0);
	if (n < 0)
		return (int)n;
	if (n == (ssize_t)sizeof(text) - 1)
		return -EINVAL;
	if (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	/* strtoull() takes blanks, signs and octal; the kernel's files have none of
	 * these. */
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, after_prefix(text, "0x") ? 16 : 10);
	if (errno || end != text + n)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int read_target(const struct host *h, const char *path,
		       char target[static PATH_MAX])
{
	ssize_t n = h->ops->readlink(h->ctx, path, target, PATH_MAX);

	return n < 0 ? (int)n : 0;
}

int host_readlink(const struct host *h, struct arena *a, char **ret, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	int r;

	FORMAT_PATH(path, fmt);
	r = read_target(h, path, target);
	if (r < 0)
		return r;
	*ret = arena_strdup(a, target);
	return 0;
}

int host_link_name(const struct host *h, struct arena *a, char **ret, const char *fmt,
		   ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	int r;

	FORMAT_PATH(path, fmt);
	r = read_target(h, path, target);
	if (r < 0)
		return r;
	*ret = arena_strdup(a, path_name(target));
	return 0;
}

struct name_list {
	struct arena *a;
	strings *names;
};

static int add_name(void *arg, const char *name)
{
	struct name_list *l = arg;

	*vec_push(l->a, l->names) = arena_strdup(l->a, name);
	return 0;
}

static int cmp_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int host_list(const struct host *h, struct arena *a, const char *path, strings *ret)
{
	strings names = { 0 };
	int r = h->ops->list(h->ctx, path, add_name, &(struct name_list){ a, &names });

	if (r < 0)
		return r;
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), cmp_name);
	*ret = names;
	return 0;
}

bool host_exists(const struct host *h, const char *path)
{
	struct host_stat st;

	return h->ops->stat(h->ctx, path, &st) >= 0;
}

int host_store(const struct host *h, const char *value, const char *fmt, ...)
{
	char path[PATH_MAX];

	FORMAT_PATH(path, fmt);
	return h->ops->store(h->ctx, path, value, strlen(value), HOST_STORE_MS);
}

/* "." is the host's root. */
int host_sync_parent(const struct host *h, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";

	if (slash && (size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	return h->ops->sync(h->ctx, dir);
}

int host_make_parents(const struct host *h, const char *path)
{
	char dir[PATH_MAX];

	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		int r;

		if ((size_t)(s - path) >= sizeof(dir))
			return -ENAMETOOLONG;
		snprintf(dir, sizeof(dir), "%.*s", (int)(s - path), path);
		if (host_exists(h, dir))
			continue;
		r = h->ops->mkdir(h->ctx, dir, 0755);
		if (r < 0 && r != -EEXIST)
			return r;
		r = host_sync_parent(h, dir);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Hidden, and with a tail that no reader of a configuration folder takes: modprobe wants
 * *.conf, grub.d *.cfg, run-parts no dot.
 */
#define TEMP_NAME "%.*s.%s.pcipass-new"

static int temp_name(const char *path, char ret[static PATH_MAX])
{
	const char *name = path_name(path);
	int n = snprintf(ret, PATH_MAX, TEMP_NAME, (int)(name - path), path, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

char *host_temp_name(struct arena *a, const char *path)
{
	const char *name = path_name(path);

	return arena_printf(a, TEMP_NAME, (int)(name - path), path, name);
}

/* The new file beside the old one, complete and on the disk. */
static int write_temp(const struct host *h, const char *temp, struct blob data,
		      mode_t mode, uid_t uid, gid_t gid)
{
	int r = h->ops->create(h->ctx, temp, mode, uid, gid);

	if (r >= 0 && data.len)
		r = h->ops->append(h->ctx, temp, data.data, data.len);
	return r < 0 ? r : h->ops->sync(h->ctx, temp);
}

int host_replace(const struct host *h, const char *path, struct blob data, mode_t mode,
		 uid_t uid, gid_t gid)
{
	char temp[PATH_MAX];
	int r = temp_name(path, temp);

	if (r < 0)
		return r;
	if (host_exists(h, temp)) {
		r = h->ops->unlink(h->ctx, temp);
		if (r < 0)
			return r;
	}
	r = write_temp(h, temp, data, mode, uid, gid);
	if (r >= 0)
		r = h->ops->rename(h->ctx, temp, path);
	if (r < 0) {
		(void)h->ops->unlink(h->ctx, temp);
		return r;
	}
	return host_sync_parent(h, path);
}

int host_remove(const struct host *h, const char *path)
{
	int r = h->ops->unlink(h->ctx, path);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : host_sync_parent(h, path);
}
