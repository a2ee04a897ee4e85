/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs look at before they come to devices: sys/devices/system (processors and
 * memory nodes, as far as a machine records them: their number) and sys/dev (devices by
 * their numbers).
 */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-kid.h"

#define CPUS_MAX 8192 /* CONFIG_NR_CPUS of Debian's amd64 kernels */

static unsigned n_cpus(const struct sim *s)
{
	unsigned n = s->m->cpus ? s->m->cpus : 1;

	return n < CPUS_MAX ? n : CPUS_MAX;
}

/* include/linux/nodemask.h: there is always node 0. */
static unsigned n_nodes(const struct sim *s)
{
	int last = 0;

	vec_foreach(fn, &s->m->fns)
		if (fn->numa > last && fn->numa < 1024)
			last = fn->numa;
	return (unsigned)last + 1;
}

/* lib/bitmap.c:bitmap_print_to_pagebuf of the bits from 0 */
static ssize_t put_range(char *buf, unsigned n)
{
	return n > 1 ? snprintf(buf, SIM_PAGE, "0-%u\n", n - 1)
		     : snprintf(buf, SIM_PAGE, "0\n");
}

static ssize_t show_cpus(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	(void)dir, (void)a;
	return put_range(buf, n_cpus(s));
}

static ssize_t show_nodes(struct sim *s, const struct node *dir, const struct attr *a,
			  char *buf)
{
	(void)dir, (void)a;
	return put_range(buf, n_nodes(s));
}

static ssize_t show_no_cpus(struct sim *s, const struct node *dir, const struct attr *a,
			    char *buf)
{
	(void)s, (void)dir, (void)a;
	return snprintf(buf, SIM_PAGE, "\n");
}

/* Which processors are near to which of several nodes nobody recorded: to the first. */
static ssize_t show_near(struct sim *s, const struct node *dir, const struct attr *a,
			 char *buf)
{
	return dir->i ? show_no_cpus(s, dir, a, buf) : show_cpus(s, dir, a, buf);
}

static ssize_t show_near_map(struct sim *s, const struct node *dir, const struct attr *a,
			     char *buf)
{
	ssize_t n = fn_show_cpus(s, dir, a, buf);

	for (ssize_t i = 0; dir->i && i < n; i++)
		if (buf[i] != ',' && buf[i] != '\n')
			buf[i] = '0';
	return n;
}

static const struct dir_kind dir_cpus, dir_nodes;

/* "cpu3": a folder NAME and a number below @n. */
static int numbered(const char *name, size_t len, const char *word, unsigned n)
{
	char text[NODE_NAME], have[NODE_NAME];
	unsigned i;

	memcpy(text, name, len);
	text[len] = '\0';
	if (!after_prefix(text, word) || sscanf(text + strlen(word), "%5u", &i) != 1 ||
	    i >= n)
		return -ENOENT;
	snprintf(have, sizeof(have), "%s%u", word, i);
	return streq(text, have) ? (int)i : -ENOENT;
}

static int each_numbered(const char *word, unsigned n, host_list_fn *fn, void *arg)
{
	char name[32];
	int r = 0;

	for (unsigned i = 0; r >= 0 && i < n; i++) {
		snprintf(name, sizeof(name), "%s%u", word, i);
		r = fn(arg, name);
	}
	return r;
}

static void cpu_where(const struct sim *s, const struct node *dir,
		      struct node *ret_parent, char *name)
{
	(void)s;
	*put_dec(put_str(name, "cpu"), dir->i) = '\0';
	*ret_parent = (struct node){ .kind = &dir_cpus };
}

static void node_where(const struct sim *s, const struct node *dir,
		       struct node *ret_parent, char *name)
{
	(void)s;
	*put_dec(put_str(name, "node"), dir->i) = '\0';
	*ret_parent = (struct node){ .kind = &dir_nodes };
}

/* clang-format off */
static const struct attr node_rows[] = {
	{ "cpulist", .mode = 0444, .show = show_near },
	{ "cpumap", .mode = 0444, .show = show_near_map },
};
static const struct attr cpus_rows[] = {
	{ "isolated", .mode = 0444, .show = show_no_cpus },
	{ "kernel_max", .mode = 0444, .show = attr_show_arg, .arg = CPUS_MAX - 1 },
	{ "offline", .mode = 0444, .show = show_no_cpus },
	{ "online", .mode = 0444, .show = show_cpus },
	{ "possible", .mode = 0444, .show = show_cpus },
	{ "present", .mode = 0444, .show = show_cpus },
};
static const struct attr nodes_rows[] = {
	{ "online", .mode = 0444, .show = show_nodes },
	{ "possible", .mode = 0444, .show = show_nodes },
};
static const struct attr system_rows[] = {
	{ "cpu", .mode = S_IFDIR | 0755, .dir = &dir_cpus },
	{ "node", .mode = S_IFDIR | 0755, .dir = &dir_nodes },
};
/* clang-format on */

static const struct dir_kind dir_cpu = { .where = cpu_where };
static const struct dir_kind dir_node = { .where = node_where,
					  .attrs = ATTRS(node_rows) };

static int cpus_lookup(const struct sim *s, const struct node *dir, const char *name,
		       size_t len, struct entry *ret)
{
	int i = numbered(name, len, "cpu", n_cpus(s));

	(void)dir;
	return i < 0 ? i
		     : node_found_dir(
			       ret, (struct node){ .kind = &dir_cpu, .i = (uint32_t)i });
}

static int cpus_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		     void *arg)
{
	(void)dir;
	return each_numbered("cpu", n_cpus(s), fn, arg);
}

static const struct dir_kind dir_cpus = {
	.name = "cpu",
	.parent = &dir_system,
	.attrs = ATTRS(cpus_rows),
	.lookup = cpus_lookup,
	.each = cpus_each,
	.each_type = S_IFDIR,
};

static int nodes_lookup(const struct sim *s, const struct node *dir, const char *name,
			size_t len, struct entry *ret)
{
	int i = numbered(name, len, "node", n_nodes(s));

	(void)dir;
	return i < 0 ? i
		     : node_found_dir(
			       ret, (struct node){ .kind = &dir_node, .i = (uint32_t)i });
}

static int nodes_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		      void *arg)
{
	(void)dir;
	return each_numbered("node", n_nodes(s), fn, arg);
}

static const struct dir_kind dir_nodes = {
	.name = "node",
	.parent = &dir_system,
	.attrs = ATTRS(nodes_rows),
	.lookup = nodes_lookup,
	.each = nodes_each,
	.each_type = S_IFDIR,
};

const struct dir_kind dir_system = {
	.name = "system",
	.parent = &dir_devices,
	.attrs = ATTRS(system_rows),
};

/* --- sys/dev: drivers/base/core.c:device_create_sys_dev_entry --- */

static const char *kid_numbers(const struct sim_kid *k)
{
	return k->child ? k->child->dev : k->stacked->dev;
}

static bool is_of(const struct sim *s, const struct node *dir, const struct sim_kid *k)
{
	bool block = dir->kind == &dir_dev_block;

	return kid_numbers(k) && streq(k->class, "block") == block && kid_present(s, k);
}

static int dev_lookup(const struct sim *s, const struct node *dir, const char *name,
		      size_t len, struct entry *ret)
{
	vec_foreach(k, &s->kids)
		if (kid_numbers(k) && name_is(name, len, kid_numbers(k)) &&
		    is_of(s, dir, k))
			return node_found_link(ret, dir, kid_node(s, k));
	return -ENOENT;
}

static int dev_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		    void *arg)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < s->kids.n; i++)
		if (is_of(s, dir, &s->kids.v[i]))
			r = fn(arg, kid_numbers(&s->kids.v[i]));
	return r;
}

/* clang-format off */
static const struct attr sys_dev_rows[] = {
	{ "block", .mode = S_IFDIR | 0755, .dir = &dir_dev_block },
	{ "char", .mode = S_IFDIR | 0755, .dir = &dir_dev_char },
};
/* clang-format on */

const struct dir_kind dir_sys_dev = {
	.name = "dev",
	.parent = &dir_sys,
	.attrs = ATTRS(sys_dev_rows),
};
const struct dir_kind dir_dev_block = {
	.name = "block",
	.parent = &dir_sys_dev,
	.lookup = dev_lookup,
	.each = dev_each,
	.each_type = S_IFLNK,
};
const struct dir_kind dir_dev_char = {
	.name = "char",
	.parent = &dir_sys_dev,
	.lookup = dev_lookup,
	.each = dev_each,
	.each_type = S_IFLNK,
};
