/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/node.h"
#include "fakesys/sim-acpi.h"

/* Node: the first j bytes of the path p, which is one of sim.acpi_nodes. */
static const struct dir_kind dir_acpi_node;

static int node_cmp(const void *x, const void *y)
{
	const struct sim_acpi_node *a = x, *b = y;

	return node_path_cmp(a->path, strlen(a->path), b->path, strlen(b->path));
}

static uint32_t root_named(const struct sim *s, const char *device)
{
	char name[NODE_NAME];

	for (uint32_t i = 0; i < s->roots.n; i++) {
		name_root(name, &s->roots.v[i]);
		if (streq(name, device))
			return i;
	}
	return SIM_NONE;
}

void acpi_build(struct sim *s)
{
	vec_foreach(n, &s->m->firmware_nodes) {
		struct sim_acpi_node *to = vec_push(s->arena, &s->acpi_nodes);
		struct bdf bdf;
		size_t len = parse_bdf(n->device, strlen(n->device), &bdf);

		*to = (struct sim_acpi_node){ .path = n->path,
					      .fn = SIM_NONE,
					      .root = SIM_NONE };
		if (len == strlen(n->device))
			to->fn = sim_find_fn(s, bdf);
		else
			to->root = root_named(s, n->device);
	}
	if (s->acpi_nodes.n)
		qsort(s->acpi_nodes.v, s->acpi_nodes.n, sizeof(*s->acpi_nodes.v),
		      node_cmp);
}

/* The first node whose path does not stand before @path. */
static size_t find(const struct sim *s, const char *path, size_t len)
{
	size_t lo = 0, hi = s->acpi_nodes.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *have = s->acpi_nodes.v[mid].path;

		if (node_path_cmp(have, strlen(have), path, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Behind the folder's own bytes and a slash; NULL: @path is not in it. */
static const char *below(const char *path, const char *folder, size_t len)
{
	if (!len)
		return path;
	return strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1
								   : NULL;
}

static int lookup(const struct sim *s, const char *folder, size_t n, const char *name,
		  size_t len, struct entry *ret)
{
	/* Nodes in one folder stand together, so any with the name will do. */
	for (size_t i = find(s, folder, n); i < s->acpi_nodes.n; i++) {
		const char *path = s->acpi_nodes.v[i].path,
			   *rest = below(path, folder, n);

		if (!rest && strlen(path) != n)
			break;
		if (rest && strncmp(rest, name, len) == 0 &&
		    (!rest[len] || rest[len] == '/'))
			return node_found_dir(
				ret, (struct node){ .kind = &dir_acpi_node,
						    .p = path,
						    .j = (uint32_t)(rest + len - path) });
	}
	return -ENOENT;
}

static int each(const struct sim *s, const char *folder, size_t n, host_list_fn *fn,
		void *arg)
{
	char name[NODE_NAME], last[NODE_NAME] = "";
	int r = 0;

	for (size_t i = find(s, folder, n); r >= 0 && i < s->acpi_nodes.n; i++) {
		const char *path = s->acpi_nodes.v[i].path,
			   *rest = below(path, folder, n);
		size_t len = rest ? strcspn(rest, "/") : 0;

		if (!rest && strlen(path) != n)
			break;
		if (!rest || len >= sizeof(name))
			continue;
		memcpy(name, rest, len);
		name[len] = '\0';
		if (!streq(name, last))
			r = fn(arg, name);
		memcpy(last, name, len + 1);
	}
	return r;
}

static int acpi_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	return lookup(s, dir->p, dir->j, name, len, ret);
}

static int acpi_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		     void *arg)
{
	return each(s, dir->p, dir->j, fn, arg);
}

int acpi_top_lookup(const struct sim *s, const char *name, size_t len, struct entry *ret)
{
	return lookup(s, "", 0, name, len, ret);
}

int acpi_top_each(const struct sim *s, host_list_fn *fn, void *arg)
{
	return each(s, "", 0, fn, arg);
}

/* drivers/acpi/glue.c:acpi_bind_one */
static bool to_device(const struct sim *s, const struct node *dir, struct node *ret)
{
	size_t i = find(s, dir->p, dir->j);
	const struct sim_acpi_node *n = &s->acpi_nodes.v[i];

	if (i == s->acpi_nodes.n || strlen(n->path) != dir->j ||
	    memcmp(n->path, dir->p, dir->j) != 0)
		return false;
	*ret = n->fn != SIM_NONE ? (struct node){ .kind = &dir_fn, .i = n->fn }
				 : (struct node){ .kind = &dir_root_bus, .i = n->root };
	return n->fn != SIM_NONE ? !s->fns[n->fn].gone : n->root != SIM_NONE;
}

static const struct attr acpi_rows[] = {
	{ "physical_node", .mode = S_IFLNK | 0777, .target = to_device },
};

static void acpi_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	const char *path = dir->p, *slash = memrchr(path, '/', dir->j);
	size_t from = slash ? (size_t)(slash - path) + 1 : 0, len = dir->j - from;

	(void)s;
	len = len < NODE_NAME ? len : NODE_NAME - 1;
	memcpy(name, path + from, len);
	name[len] = '\0';
	*ret_parent = (struct node){ .kind = &dir_devices };
	if (slash)
		*ret_parent = (struct node){ .kind = &dir_acpi_node,
					     .p = path,
					     .j = (uint32_t)from - 1 };
}

static const struct dir_kind dir_acpi_node = {
	.where = acpi_where,
	.attrs = ATTRS(acpi_rows),
	.lookup = acpi_lookup,
	.each = acpi_each,
	.each_type = S_IFDIR,
};
