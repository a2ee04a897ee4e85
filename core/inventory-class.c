/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "core/inventory-parts.h"

/* The classes whose devices tell what a function is used for. Each is listed once. */
static const struct {
	const char *name;
	bool has_dev; /* device numbers */
} classes[] = {
	{ "block", true },    { "bluetooth", false },  { "drm", true },
	{ "graphics", true }, { "infiniband", false }, { "input", true },
	{ "net", false },     { "nvme", true },        { "scsi_host", false },
	{ "sound", true },    { "tty", true },         { "video4linux", true },
	{ "watchdog", true },
};

/* One entry of a class: sys/class/CLASS/NAME -> TARGET. */
struct entry {
	const char *class, *name, *target;
	bool has_dev;
};

static const char *dev_of(struct inventory *v, const struct entry *e)
{
	char *dev;

	if (!e->has_dev || host_read_text(v->h, v->a, &dev, "sys/class/%s/%s/dev",
					  e->class, e->name) < 0)
		return NULL;
	return dev;
}

/* A text attribute of the entry's is exactly @want. */
static bool says(struct inventory *v, const struct entry *e, const char *attr,
		 const char *want)
{
	char *text;

	return host_read_text(v->h, v->tmp, &text, "sys/class/%s/%s/%s", e->class,
			      e->name, attr) >= 0 &&
	       streq(text, want);
}

static bool link_up(struct inventory *v, const struct entry *e)
{
	if (streq(e->class, "net"))
		return says(v, e, "operstate", "up");
	/* drivers/gpu/drm/drm_sysfs.c: connectors are card0-HDMI-A-1 */
	return streq(e->class, "drm") && strchr(e->name, '-') &&
	       says(v, e, "status", "connected");
}

/*
 * drivers/tty/serial/serial_base_bus.c names a port of PNP device 00:01 "00:01:0.0",
 * which is no graphics card: the kernel writes a function's domain with four digits.
 */
static bool is_function(const char *s, size_t n, struct bdf *ret)
{
	char name[BDF_SIZE];

	return bdf_parse(s, ret) == (int)n && strlen(bdf_format(*ret, name)) == n;
}

/*
 * The function that owns a device: bridges stand above it in the path, so the last
 * address counts. *ret_rest is what follows it.
 */
static struct pci_fn *owner(const struct inventory *v, const char *target,
			    const char **ret_rest)
{
	struct pci_fn *found = NULL;

	for (const char *s = target; *s; s += strspn(s, "/")) {
		const struct pci_fn *fn;
		size_t n = strcspn(s, "/");
		struct bdf bdf;

		if (is_function(s, n, &bdf) && (fn = machine_fn(v->m, bdf))) {
			found = &v->m->fns.v[fn - v->m->fns.v];
			*ret_rest = s + n + strspn(s + n, "/");
		}
		s += n;
	}
	return found;
}

/* "nvme0n1" of a head, or "nvme0c1n1" of one of its paths: subsystem and namespace. */
static bool nvme_numbers(const char *name, bool path, unsigned *ret_subsys,
			 unsigned *ret_ns)
{
	int end = -1;

	if (path)
		sscanf(name, "nvme%uc%*un%u%n", ret_subsys, ret_ns, &end);
	else
		sscanf(name, "nvme%un%u%n", ret_subsys, ret_ns, &end);
	return end > 0 && !name[end];
}

/*
 * drivers/nvme/host/multipath.c: a head that several controllers may serve is a virtual
 * device; what leads to controllers are hidden devices named after it.
 */
static void nvme_paths(struct inventory *v, const char *name, const strings *all,
		       strings *ret)
{
	unsigned subsys, ns, s, n;

	if (!nvme_numbers(name, false, &subsys, &ns))
		return;
	for (size_t i = 0; i < all->n; i++)
		if (nvme_numbers(all->v[i], true, &s, &n) && s == subsys && n == ns)
			*vec_push(v->a, ret) = arena_strdup(v->a, all->v[i]);
}

/* The last but one component of a target: of a partition, the name of its disk. */
static const char *parent_name(struct inventory *v, const char *target)
{
	size_t n = (size_t)(path_name(target) - target);

	return n ? path_name(arena_strndup(v->tmp, target, n - 1)) : "";
}

static int cmp_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static bool have_name(const strings *sorted, const char *name)
{
	return sorted->n &&
	       bsearch(&name, sorted->v, sorted->n, sizeof(*sorted->v), cmp_name);
}

static void block_lower(struct inventory *v, const struct entry *e, const strings *all,
			strings *ret)
{
	const char *disk = parent_name(v, e->target);
	strings slaves;

	if (have_name(all, disk)) {
		*vec_push(v->a, ret) = arena_strdup(v->a, disk);
		return;
	}
	if (host_list(v->h, v->a,
		      arena_printf(v->tmp, "sys/class/block/%s/slaves", e->name),
		      &slaves) >= 0)
		*ret = slaves;
	if (strstr(e->target, "/nvme-subsystem/"))
		nvme_paths(v, e->name, all, ret);
}

/* net/core/dev.c:netdev_adjacent_sysfs_add: a link lower_NAME for every device below. */
static void net_lower(struct inventory *v, const struct entry *e, strings *ret)
{
	strings names;

	if (host_list(v->h, v->tmp, arena_printf(v->tmp, "sys/class/net/%s", e->name),
		      &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *lower = after_prefix(names.v[i], "lower_");

		if (lower)
			*vec_push(v->a, ret) = arena_strdup(v->a, lower);
	}
}

/* Memory and files pose as disks too; what is behind those no device tells. */
static bool is_pretended(const char *name)
{
	return after_prefix(name, "ram") || after_prefix(name, "loop") ||
	       after_prefix(name, "nbd");
}

static void add_stacked(struct inventory *v, const struct entry *e, const strings *all)
{
	bool block = streq(e->class, "block");
	struct stacked *s;

	if (block && is_pretended(e->name))
		return;
	s = vec_push(v->a, &v->m->stacked);
	s->class = e->class;
	s->name = arena_strdup(v->a, e->name);
	if (block) {
		s->dev = dev_of(v, e);
		block_lower(v, e, all, &s->lower);
	} else {
		net_lower(v, e, &s->lower);
	}
}

static void add_child(struct inventory *v, const struct entry *e, struct pci_fn *fn,
		      const char *path)
{
	struct child *c = vec_push(v->a, &fn->children);

	c->class = e->class;
	c->path = arena_strdup(v->a, path);
	c->dev = dev_of(v, e);
	c->link_up = link_up(v, e);
}

static void read_class(struct inventory *v, const char *class, bool has_dev)
{
	bool stacks = streq(class, "block") || streq(class, "net");
	char target[PATH_MAX];
	strings all;

	if (host_list(v->h, v->tmp, arena_printf(v->tmp, "sys/class/%s", class), &all) <
	    0)
		return;
	for (size_t i = 0; i < all.n; i++) {
		struct entry e = { class, all.v[i], target, has_dev };
		struct pci_fn *fn;
		const char *path;

		if (v->h->ops->readlink(
			    v->h->ctx,
			    arena_printf(v->tmp, "sys/class/%s/%s", class, all.v[i]),
			    target, sizeof(target)) < 0)
			continue;
		fn = owner(v, target, &path);
		if (fn && *path)
			add_child(v, &e, fn, path);
		else if (!fn && stacks && strstr(target, "/virtual/"))
			add_stacked(v, &e, &all);
	}
}

void inventory_classes(struct inventory *v)
{
	strings present;
	int r = host_list(v->h, v->tmp, "sys/class", &present);

	if (r < 0) {
		inventory_failed(v, r, "children");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (have_name(&present, classes[i].name))
			read_class(v, classes[i].name, classes[i].has_dev);
}
