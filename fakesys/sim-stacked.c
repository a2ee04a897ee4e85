/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-kid.h"

/* "slaves": what a virtual disk stands on. */
static int slaves_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	const strings *lower = &s->kids.v[dir->j].stacked->lower;

	for (size_t i = 0; i < lower->n; i++) {
		const struct sim_kid *k;

		if (!name_is(name, len, lower->v[i]))
			continue;
		k = kid_find(s, "block", name, len);
		return k ? node_found_link(ret, dir, kid_node(s, k)) : -ENOENT;
	}
	return -ENOENT;
}

static int slaves_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	const strings *lower = &s->kids.v[dir->j].stacked->lower;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < lower->n; i++)
		if (kid_find(s, "block", lower->v[i], strlen(lower->v[i])))
			r = fn(arg, lower->v[i]);
	return r;
}

const struct dir_kind dir_slaves = {
	.name = "slaves",
	.parent = &dir_stacked,
	.lookup = slaves_lookup,
	.each = slaves_each,
	.each_type = S_IFLNK,
};

/* Disks that several controllers serve stand in folders of their own. */
static bool nvme_subsystem(const struct sim_kid *k, unsigned *ret)
{
	return k->stacked && streq(k->class, "block") &&
	       sscanf(k->name, "nvme%9un", ret) == 1;
}

static const struct dir_kind dir_nvme_subsys;

static struct node stacked_parent(const struct sim *s, const struct sim_kid *k)
{
	const struct sim_kid *disk = kid_disk(s, k);
	unsigned subsys;

	if (disk)
		return kid_node(s, disk);
	if (nvme_subsystem(k, &subsys))
		return (struct node){ .kind = &dir_nvme_subsys, .i = subsys };
	return (struct node){ .kind = streq(k->class, "net") ? &dir_virtual_net
							     : &dir_virtual_block };
}

static bool same_node(const struct node *a, const struct node *b)
{
	return a->kind == b->kind && a->i == b->i && a->j == b->j;
}

/* Any stacked device called @name that hangs below @dir. */
static int below_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	const struct sim_kid *k =
		kid_find(s, dir->kind == &dir_virtual_net ? "net" : "block", name, len);
	struct node up;

	if (!k || !k->stacked)
		return -ENOENT;
	up = stacked_parent(s, k);
	return same_node(&up, dir) ? node_found_dir(ret, kid_node(s, k)) : -ENOENT;
}

static int below_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	int r = 0;

	/* Those of no function stand last. */
	for (size_t i = s->kids.n; r >= 0 && i-- > 0 && s->kids.v[i].stacked;) {
		struct node up = stacked_parent(s, &s->kids.v[i]);

		if (same_node(&up, dir))
			r = fn(arg, s->kids.v[i].name);
	}
	return r;
}

/* net/core/dev.c: a link lower_NAME to every device below. */
static int stacked_lookup(const struct sim *s, const struct node *dir, const char *name,
			  size_t len, struct entry *ret)
{
	const struct sim_kid *k = &s->kids.v[dir->j], *lower;

	if (streq(k->class, "block"))
		return below_lookup(s, dir, name, len, ret);
	if (len <= 6 || strncmp(name, "lower_", 6) != 0)
		return -ENOENT;
	for (size_t i = 0; i < k->stacked->lower.n; i++) {
		if (!name_is(name + 6, len - 6, k->stacked->lower.v[i]))
			continue;
		lower = kid_find(s, "net", name + 6, len - 6);
		return lower ? node_found_link(ret, dir, kid_node(s, lower)) : -ENOENT;
	}
	return -ENOENT;
}

static int stacked_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
			void *arg)
{
	const struct sim_kid *k = &s->kids.v[dir->j];
	char name[NODE_NAME];
	int r = 0;

	for (uint32_t p = k->first_part; r >= 0 && p != SIM_NONE;
	     p = s->kids.v[p].next_part)
		r = fn(arg, s->kids.v[p].name);
	if (streq(k->class, "block"))
		return r;
	for (size_t i = 0; r >= 0 && i < k->stacked->lower.n; i++) {
		const char *lower = k->stacked->lower.v[i];

		if (!kid_find(s, "net", lower, strlen(lower)))
			continue;
		snprintf(name, sizeof(name), "lower_%s", lower);
		r = fn(arg, name);
	}
	return r;
}

static void stacked_where(const struct sim *s, const struct node *dir,
			  struct node *ret_parent, char *name)
{
	name_copy(name, s->kids.v[dir->j].name);
	*ret_parent = stacked_parent(s, &s->kids.v[dir->j]);
}

const struct dir_kind dir_stacked = {
	.where = stacked_where,
	.attrs = ATTRS(device_rows),
	.lookup = stacked_lookup,
	.each = stacked_each,
};
const struct dir_kind dir_virtual_block = {
	.name = "block",
	.parent = &dir_virtual,
	.lookup = below_lookup,
	.each = below_each,
};
const struct dir_kind dir_virtual_net = {
	.name = "net",
	.parent = &dir_virtual,
	.lookup = below_lookup,
	.each = below_each,
};

static int nvme_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	char text[NODE_NAME];
	unsigned subsys;
	int end = 0;

	(void)dir;
	memcpy(text, name, len);
	text[len] = '\0';
	if (sscanf(text, "nvme-subsys%9u%n", &subsys, &end) != 1 || (size_t)end != len)
		return -ENOENT;
	for (size_t i = s->kids.n; i-- > 0 && s->kids.v[i].stacked;) {
		unsigned have;

		if (nvme_subsystem(&s->kids.v[i], &have) && have == subsys)
			return node_found_dir(
				ret,
				(struct node){ .kind = &dir_nvme_subsys, .i = subsys });
	}
	return -ENOENT;
}

static int nvme_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		     void *arg)
{
	char name[NODE_NAME];
	unsigned last = UINT_MAX;
	int r = 0;

	(void)dir;
	for (size_t i = s->kids.n; r >= 0 && i-- > 0 && s->kids.v[i].stacked;) {
		unsigned subsys;

		if (!nvme_subsystem(&s->kids.v[i], &subsys) || subsys == last)
			continue;
		last = subsys;
		snprintf(name, sizeof(name), "nvme-subsys%u", subsys);
		r = fn(arg, name);
	}
	return r;
}

static void nvme_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	(void)s;
	snprintf(name, NODE_NAME, "nvme-subsys%u", dir->i);
	*ret_parent = (struct node){ .kind = &dir_virtual_nvme };
}

const struct dir_kind dir_virtual_nvme = {
	.name = "nvme-subsystem",
	.parent = &dir_virtual,
	.lookup = nvme_lookup,
	.each = nvme_each,
};
static const struct dir_kind dir_nvme_subsys = {
	.where = nvme_where,
	.lookup = below_lookup,
	.each = below_each,
};
