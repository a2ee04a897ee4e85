/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "fakesys/sim-irq.h"
#include "fakesys/sim-opaque.h"

/* --- which are there --- */

static bool is_there(const struct sim *s, const struct sim_opaque *o)
{
	const struct sim_driver *drv = o->fn != SIM_NONE ? s->fns[o->fn].driver : NULL;

	/* The device of the firmware's screen: drivers/video/aperture.c takes it away, or
	 * it goes with its parent, for good. */
	if ((s->framebuffer_gone || (o->fn != SIM_NONE && s->fns[o->fn].again)) &&
	    o->owner->path && strstr(o->owner->path, "-framebuffer."))
		return false;
	if (o->owner->driver)
		return drv && streq(drv->name, o->owner->driver);
	return !o->owner->module || sim_module_loaded(s, o->owner->module);
}

/* The path of a folder; its length, 0: too long for anything recorded. */
static size_t folder_path(const struct sim *s, const struct node *dir,
			  char path[static PATH_MAX])
{
	int n = node_path(s, dir, path, PATH_MAX);

	return n > 0 ? (size_t)n : 0;
}

/* The first of sim.opaque that does not stand before @path. */
static size_t find(const struct sim *s, const char *path, size_t len)
{
	size_t lo = 0, hi = s->opaque.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct sim_opaque *o = &s->opaque.v[mid];

		if (node_path_cmp(o->path, o->len, path, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* --- contents --- */

static const struct sim_opaque *of(const struct sim *s, const struct attr *a)
{
	return &s->opaque.v[a->arg];
}

static ssize_t show_recorded(struct sim *s, const struct node *dir, const struct attr *a,
			     char buf[static SIM_PAGE])
{
	const struct sim_opaque *o = of(s, a);
	struct blob b = o->node->file.data;
	size_t n = b.len < SIM_PAGE ? b.len : SIM_PAGE;

	(void)dir;
	if (o->error)
		return o->error;
	memcpy(buf, b.data, n);
	return (ssize_t)n;
}

static uint64_t bin_size(const struct sim *s, const struct node *dir,
			 const struct attr *a)
{
	(void)dir;
	return of(s, a)->node->size;
}

/* What lies behind the recorded bytes is not known. */
static ssize_t bin_read(struct sim *s, const struct node *dir, const struct attr *a,
			char *buf, size_t len, uint64_t off)
{
	const struct sim_opaque *o = of(s, a);
	struct blob b = o->node->file.data;

	(void)dir;
	if (o->error)
		return o->error;
	if (off >= b.len)
		return o->node->size > b.len ? -ENODATA : 0;
	if (len > b.len - off)
		len = b.len - (size_t)off;
	memcpy(buf, b.data + off, len);
	return (ssize_t)len;
}

static const struct attr_bin recorded_bin = { .size = bin_size, .read = bin_read };

/* --- as entries of the tree --- */

static int entry_of(const struct sim *s, size_t at, const struct node *dir,
		    struct entry *ret)
{
	const struct sim_opaque *o = &s->opaque.v[at];

	if (o->target)
		return node_found_path(ret, dir, o->target);
	if (!S_ISDIR(o->attr.mode))
		return node_found_file(ret, dir, &o->attr);
	return node_found_dir(ret,
			      (struct node){ .kind = &dir_opaque, .j = (uint32_t)at });
}

static int lookup(const struct sim *s, const struct node *dir, const char *name,
		  size_t len, size_t *ret)
{
	char path[PATH_MAX];
	size_t n;

	if (!s->opaque.n)
		return -ENOENT;
	n = folder_path(s, dir, path);
	if (!n || n + 1 + len >= sizeof(path))
		return -ENOENT;
	path[n++] = '/';
	memcpy(path + n, name, len);
	*ret = find(s, path, n + len);
	if (*ret == s->opaque.n || s->opaque.v[*ret].len != n + len ||
	    memcmp(s->opaque.v[*ret].path, path, n + len) != 0 ||
	    !is_there(s, &s->opaque.v[*ret]))
		return -ENOENT;
	return 0;
}

int opaque_lookup(const struct sim *s, const struct node *dir, const char *name,
		  size_t len, struct entry *ret)
{
	size_t at;

	return lookup(s, dir, name, len, &at) < 0 ? -ENOENT : entry_of(s, at, dir, ret);
}

bool opaque_has(const struct sim *s, const struct node *dir, const char *name)
{
	size_t at;

	return lookup(s, dir, name, strlen(name), &at) >= 0;
}

int opaque_each(const struct sim *s, const struct node *dir, known_fn *known,
		node_each_fn *fn, void *arg)
{
	char path[PATH_MAX];
	size_t n = s->opaque.n ? folder_path(s, dir, path) : 0;
	int r = 0;

	if (!n)
		return 0;
	path[n++] = '/';
	for (size_t i = find(s, path, n); r >= 0 && i < s->opaque.n; i++) {
		const struct sim_opaque *o = &s->opaque.v[i];
		const char *name = o->path + n;
		struct entry e;

		if (o->len <= n || memcmp(o->path, path, n) != 0)
			break;
		if (memchr(name, '/', o->len - n) || !is_there(s, o) ||
		    known(s, dir, name, o->len - n, &e) >= 0)
			continue;
		entry_of(s, i, dir, &e);
		r = fn(arg, name, e.mode & S_IFMT);
	}
	return r;
}

static void opaque_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name)
{
	const struct sim_opaque *o = &s->opaque.v[dir->j];
	size_t up = (size_t)(path_name(o->path) - o->path) - 1;
	char path[PATH_MAX];
	struct entry e;

	name_copy(name, path_name(o->path));
	snprintf(path, sizeof(path), "%.*s", (int)up, o->path);
	*ret_parent = (struct node){ .kind = &dir_sys };
	if (node_resolve(s, path, false, &e) >= 0)
		*ret_parent = e.dir;
}

const struct dir_kind dir_opaque = { .where = opaque_where };

/* --- what a fixture may hold --- */

#define PATH_LONGEST 1024
#define DEEPEST 40
#define ENTRIES_MAX (1u << 18)

/* Entries that @path makes, folders on the way among them; 0: it cannot be in sys. */
static size_t count_path(const char *path, size_t *total_len)
{
	size_t n = 0;

	for (const char *c = path; c; c = c ? c + (*c == '/') : NULL, n++) {
		size_t len = strcspn(c, "/");

		if (len >= NODE_NAME)
			return 0;
		c = c[len] ? c + len : NULL;
	}
	*total_len += strlen(path) + 1;
	return *total_len > PATH_LONGEST || n > DEEPEST ? 0 : n;
}

int opaque_check(const struct machine *m, struct err *e)
{
	size_t all = 0;

	for (size_t i = 0; i < m->opaque.n; i++) {
		const struct opaque *part = &m->opaque.v[i];
		size_t len = 0, n = count_path(part->path, &len);

		all += n;
		for (size_t k = 0; n && k < part->nodes.n; k++) {
			size_t whole = len;

			n = count_path(part->nodes.v[k].file.path, &whole);
			all += n;
		}
		if (!n)
			return err_set(e, -EINVAL,
				       "opaque[%zu]: a path longer than any in sys", i);
		if (all > ENTRIES_MAX)
			return err_set(e, -EINVAL,
				       "opaque: more than a machine can have");
	}
	return 0;
}

/* --- from the machine's facts --- */

/* "a/b/../c" as "a/c", which is where a link in a/b leads to. */
static const char *straighten(struct arena *a, const char *path)
{
	char *ret = arena_alloc(a, strlen(path) + 1);
	size_t n = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (name_is(path, len, "..")) {
			while (n && ret[--n] != '/')
				;
		} else if (len && !name_is(path, len, ".")) {
			if (n)
				ret[n++] = '/';
			memcpy(ret + n, path, len);
			n += len;
		}
		path += len + (path[len] == '/');
	}
	ret[n] = '\0';
	return ret;
}

static int error_named(const char *name)
{
	for (int e = 1; name && e < 134; e++) {
		const char *have = strerrorname_np(e);

		if (have && streq(have, name))
			return -e;
	}
	return name ? -EIO : 0;
}

/* The function whose folder the part lies in, for parts that a driver made. */
static uint32_t function_above(const struct sim *s, const char *path)
{
	uint32_t fn = SIM_NONE;

	for (; *path; path += strcspn(path, "/"), path += *path == '/') {
		struct bdf bdf;
		size_t n = parse_bdf(path, strcspn(path, "/"), &bdf);

		if (n && n == strcspn(path, "/") && sim_find_fn(s, bdf) != SIM_NONE)
			fn = sim_find_fn(s, bdf);
	}
	return fn;
}

static struct sim_opaque *add(struct sim *s, const struct opaque *owner, uint32_t fn,
			      const char *path, size_t len)
{
	struct sim_opaque *o = vec_push(s->arena, &s->opaque);

	o->path = arena_strndup(s->arena, path, len);
	o->len = len;
	o->owner = owner;
	o->fn = fn;
	o->attr = (struct attr){ .name = path_name(o->path), .mode = S_IFDIR | 0755 };
	return o;
}

static void add_node(struct sim *s, const struct opaque *part, uint32_t fn,
		     const char *base, const struct opaque_node *node)
{
	const char *path = arena_printf(s->arena, "%s/%s", base, node->file.path);
	struct sim_opaque *o;

	/* The folders on the way; sort_all() leaves one of each. */
	for (const char *c = strchr(path + strlen(base) + 1, '/'); c;
	     c = strchr(c + 1, '/'))
		(void)add(s, part, fn, path, (size_t)(c - path));
	o = add(s, part, fn, path, strlen(path));
	o->node = node;
	o->error = error_named(node->error);
	if (S_ISLNK(node->file.mode)) {
		path = arena_printf(
			s->arena, "%.*s/%.*s", (int)(path_name(path) - path - 1), path,
			(int)node->file.data.len, (const char *)node->file.data.data);
		o->target = straighten(s->arena, path);
	} else if (o->error != -EISDIR) {
		o->attr.mode = node->file.mode & 07777;
		o->attr.show = show_recorded;
		if (node->size != ATTRIBUTE_SIZE)
			o->attr.bin = &recorded_bin;
	}
}

static int opaque_cmp(const void *x, const void *y)
{
	const struct sim_opaque *a = x, *b = y;
	int c = node_path_cmp(a->path, a->len, b->path, b->len);

	/* What was recorded goes before a folder that only stands on its way. */
	return c ? c : !a->node - !b->node;
}

static void sort_all(struct sim *s)
{
	size_t to = 0;

	if (s->opaque.n)
		qsort(s->opaque.v, s->opaque.n, sizeof(*s->opaque.v), opaque_cmp);
	for (size_t i = 0; i < s->opaque.n; i++) {
		struct sim_opaque *o = &s->opaque.v[i];

		if (to && s->opaque.v[to - 1].len == o->len &&
		    !memcmp(s->opaque.v[to - 1].path, o->path, o->len))
			continue;
		o->attr.arg = (int)to;
		s->opaque.v[to++] = *o;
	}
	s->opaque.n = to;
}

/* A link @folder/NAME to the device @at, there as long as @like is. */
static void add_listing(struct sim *s, struct sim_opaque like, const char *folder,
			const char *at)
{
	static const struct opaque machine; /* the folder itself stays */
	struct sim_opaque *o;
	const char *path = arena_printf(s->arena, "%s/%s", folder, path_name(at));

	for (const char *c = strchr(path, '/'); c; c = strchr(c + 1, '/'))
		(void)add(s, &machine, SIM_NONE, path, (size_t)(c - path));
	o = add(s, like.owner, like.fn, path, strlen(path));
	o->target = at;
}

/*
 * base/core.c:device_add, base/bus.c:bus_add_device, base/dd.c:driver_sysfs_add: a device
 * is listed by the class or bus that its link `subsystem` names, and by its driver.
 */
static void list_devices(struct sim *s)
{
	for (size_t i = 0, n = s->opaque.n; i < n; i++) {
		const struct sim_opaque o = s->opaque.v[i];
		const char *name = path_name(o.path), *at, *bus;

		if (!o.target)
			continue;
		at = arena_strndup(s->arena, o.path, (size_t)(name - o.path) - 1);
		bus = after_prefix(o.target, "sys/bus/");
		if (bus && after_prefix(bus, "pci"))
			continue; /* these have rules */
		if (streq(name, "subsystem") && after_prefix(o.target, "sys/class/"))
			add_listing(s, o, o.target, at);
		else if (streq(name, "subsystem") && bus)
			add_listing(s, o, arena_printf(s->arena, "%s/devices", o.target),
				    at);
		else if (streq(name, "driver") && bus)
			add_listing(s, o, o.target, at);
	}
}

void opaque_build(struct sim *s)
{
	vec_foreach(part, &s->m->opaque) {
		const char *base = arena_printf(s->arena, "sys/%s", part->path);
		uint32_t fn = function_above(s, part->path);

		if (irq_is_folder(s, part))
			continue;
		/* Nothing else may lead to what the firmware made. */
		if (!part->driver && !part->module)
			for (const char *c = strchr(base, '/'); c; c = strchr(c + 1, '/'))
				(void)add(s, part, fn, base, (size_t)(c - base));
		(void)add(s, part, fn, base, strlen(base));
		vec_foreach(node, &part->nodes)
			add_node(s, part, fn, base, node);
	}
	list_devices(s);
	sort_all(s);
}
