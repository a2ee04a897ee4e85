/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "fakesys/tree.h"

#define CONTENT_MAX 4096
#define DEPTH_MAX 600 /* PCI allows 256 bridges one behind another */

const char *const tree_roots[] = {
	"dev/vfio",
	"sys/block",
	"sys/bus/acpi/drivers",
	"sys/bus/pci",
	"sys/bus/pci_express",
	"sys/class/block",
	"sys/class/devlink",
	"sys/class/drm",
	"sys/class/iommu",
	"sys/class/misc/vfio",
	"sys/class/net",
	"sys/class/pci_bus",
	"sys/class/vfio",
	"sys/class/vfio-dev",
	"sys/devices",
	"sys/devices/virtual/vfio",
	"sys/firmware/acpi/tables",
	"sys/kernel/iommu_groups",
	"sys/module/pci_stub",
	"sys/module/pcieport",
	"sys/module/vfio",
	"sys/module/vfio_iommu_type1",
	"sys/module/vfio_pci",
	"sys/module/vfio_pci_core",
	NULL,
};

/* One line and the path it stands for. */
struct line {
	const char *path, *text;
	size_t path_len, len, index;
};
typedef VEC(struct line) lines;

struct listing {
	const struct host *h;
	struct arena *a;
	lines lines;
	char content[CONTENT_MAX];
};

/* --- the order of lines --- */

static int path_cmp(const struct line *a, const struct line *b)
{
	size_t n = a->path_len < b->path_len ? a->path_len : b->path_len;
	int c = memcmp(a->path, b->path, n);

	return c ? c : (a->path_len > b->path_len) - (a->path_len < b->path_len);
}

static int line_cmp(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	int c = path_cmp(a, b);

	return c ? c : (a->index > b->index) - (a->index < b->index);
}

/* By path; of several lines about one the last stays. */
static void sort_lines(lines *l)
{
	size_t to = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), line_cmp);
	for (size_t i = 0; i < l->n; i++) {
		if (to && !path_cmp(&l->v[to - 1], &l->v[i]))
			to--;
		l->v[to++] = l->v[i];
	}
	l->n = to;
}

/* --- writing --- */

static const char *errno_name(int error)
{
	const char *name = strerrorname_np(error < 0 ? -error : error);

	return name ? name : "EIO";
}

static void add_line(struct listing *t, const char *path, char *text)
{
	/* The path begins with the slash behind "D ". */
	*vec_push(t->a, &t->lines) = (struct line){ .path = text + 2,
						    .text = text,
						    .path_len = strlen(path) + 1,
						    .len = strlen(text),
						    .index = t->lines.n };
}

/* BARs are the device's own registers: reading may do things. */
static bool is_skipped(const char *name)
{
	const char *bar = after_prefix(name, "resource");

	if (!bar)
		return false;
	return streq(bar, "_alignment") ||
	       (*bar >= '0' && *bar <= '5' && (!bar[1] || streq(bar + 1, "_wc")));
}

static char *quote(struct arena *a, const char *data, size_t n)
{
	char *s = arena_alloc(a, 4 * n + 32), *p = s + sprintf(s, "%zu:\"", n);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\n')
			p += sprintf(p, "\\n");
		else if (c == '\\')
			p += sprintf(p, "\\\\");
		else if (c >= 0x20 && c < 0x7f)
			*p++ = (char)c;
		else
			p += sprintf(p, "\\x%02x", c);
	}
	strcpy(p, "\"");
	return s;
}

static const char *content_of(struct listing *t, const char *path)
{
	const struct host *h = t->h;
	size_t n = 0;
	ssize_t r = 0;

	if (is_skipped(path_name(path)))
		return "(skip)";
	while (n < CONTENT_MAX) {
		r = h->ops->read(h->ctx, path, t->content + n, CONTENT_MAX - n, n);
		if (r <= 0)
			break;
		n += (size_t)r;
	}
	/* No attribute's show answers EACCES: that is what open(2) says. */
	if (r < 0 && !n)
		return arena_printf(t->a, "%s=%s", r == -EACCES ? "open" : "read",
				    errno_name((int)r));
	return quote(t->a, t->content, n);
}

static int walk(struct listing *t, const char *path, int depth);

static int walk_dir(struct listing *t, const char *path, const struct host_stat *st,
		    int depth)
{
	unsigned links = 2;
	strings names;
	int r = depth < DEPTH_MAX ? host_list(t->h, t->a, path, &names) : -ELOOP;

	if (r < 0) {
		add_line(t, path, arena_printf(t->a, "D /%s %s", path, errno_name(r)));
		return 0;
	}
	for (size_t i = 0; i < names.n; i++) {
		r = walk(t, arena_printf(t->a, "%s/%s", path, names.v[i]), depth + 1);
		links += r > 0;
	}
	add_line(t, path,
		 arena_printf(t->a, "D /%s %o nl=%u", path, st->mode & 07777, links));
	return 1;
}

static void walk_link(struct listing *t, const char *path, const struct host_stat *st)
{
	char target[PATH_MAX];

	if (t->h->ops->readlink(t->h->ctx, path, target, sizeof(target)) >= 0)
		add_line(t, path,
			 arena_printf(t->a, "L /%s -> %s sz=%llu", path, target,
				      (unsigned long long)st->size));
}

/* Returns 1 for a directory, 0 for anything else. */
static int walk(struct listing *t, const char *path, int depth)
{
	struct host_stat st;
	int r = t->h->ops->stat(t->h->ctx, path, &st);

	if (r < 0) {
		/* What goes away while it is listed is not there; a root is asked for. */
		if (!depth)
			add_line(t, path,
				 arena_printf(t->a, "D /%s %s", path, errno_name(r)));
		return 0;
	}
	if (S_ISDIR(st.mode))
		return walk_dir(t, path, &st, depth);
	if (S_ISLNK(st.mode))
		walk_link(t, path, &st);
	else
		add_line(t, path,
			 arena_printf(t->a, "F /%s %o sz=%llu %s", path, st.mode & 07777,
				      (unsigned long long)st.size, content_of(t, path)));
	return 0;
}

static int print_lines(const lines *l, char **ret)
{
	AUTOFREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	vec_foreach(line, l) {
		fwrite(line->text, 1, line->len, f);
		fputc('\n', f);
	}
	if (fclose(f))
		return -ENOMEM;
	*ret = TAKE(text);
	return 0;
}

int tree_write(const struct host *h, const char *const roots[], char **ret)
{
	AUTOARENA struct arena *a = arena_new();
	struct listing t = { .h = h, .a = a };

	for (; *roots; roots++)
		(void)walk(&t, *roots, 0);
	sort_lines(&t.lines);
	return print_lines(&t.lines, ret);
}

/* --- comparing --- */

static void read_lines(struct arena *a, const char *text, lines *ret)
{
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n");
		struct line l = { .text = p, .len = len, .index = ret->n };
		const char *path = len > 2 ? memchr(p, '/', len) : NULL;

		l.path = path ? path : p;
		while (l.path + l.path_len < p + len && l.path[l.path_len] != ' ')
			l.path_len++;
		if (len)
			*vec_push(a, ret) = l;
		p += len + (p[len] == '\n');
	}
	sort_lines(ret);
}

static void mark(struct arena *a, lines *out, char sign, const struct line *l)
{
	char *text = arena_printf(a, "%c%.*s", sign, (int)l->len, l->text);

	*vec_push(a, out) = (struct line){ .text = text, .len = l->len + 1 };
}

int tree_diff(const char *a, const char *b, char **ret)
{
	AUTOARENA struct arena *arena = arena_new();
	lines x = { 0 }, y = { 0 }, out = { 0 };
	size_t i = 0, k = 0;

	read_lines(arena, a, &x);
	read_lines(arena, b, &y);
	while (i < x.n || k < y.n) {
		int c = i == x.n ? 1 : k == y.n ? -1 : path_cmp(&x.v[i], &y.v[k]);
		bool same = !c && x.v[i].len == y.v[k].len &&
			    !memcmp(x.v[i].text, y.v[k].text, x.v[i].len);

		if (c <= 0 && !same)
			mark(arena, &out, '-', &x.v[i]);
		if (c >= 0 && !same)
			mark(arena, &out, '+', &y.v[k]);
		i += c <= 0;
		k += c >= 0;
	}
	return print_lines(&out, ret);
}
