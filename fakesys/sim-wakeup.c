/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-wakeup.h"

static const struct dir_kind dir_fn_source, dir_root_source;

/* --- wakeup/wakeupN (drivers/base/power/wakeup_stats.c); nothing has woken us yet --- */

static ssize_t show_node(char *buf, const char *path)
{
	return snprintf(buf, SIM_PAGE, "%.128s\n", path_name(path));
}

static ssize_t show_fn_name(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)a;
	return show_node(buf, s->places[dir->i].firmware_node);
}

static ssize_t show_root_name(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	(void)a;
	return show_node(buf, s->roots.v[dir->i].firmware_node);
}

static bool to_fn(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s;
	*ret = (struct node){ .kind = &dir_fn, .i = dir->i };
	return true;
}

static bool to_root(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s;
	*ret = (struct node){ .kind = &dir_root_bus, .i = dir->i };
	return true;
}

static bool to_class(const struct sim *s, const struct node *dir, struct node *ret)
{
	(void)s, (void)dir;
	*ret = (struct node){ .kind = &dir_class, .p = "wakeup" };
	return true;
}

/* clang-format off */
#define SOURCE_ROWS(device_, name_)                                                      \
	{ "active_count", .mode = 0444, .show = attr_show_arg },                         \
	{ "active_time_ms", .mode = 0444, .show = attr_show_arg },                       \
	{ "device", .mode = S_IFLNK | 0777, .target = device_ },                         \
	{ "event_count", .mode = 0444, .show = attr_show_arg },                          \
	{ "expire_count", .mode = 0444, .show = attr_show_arg },                         \
	{ "last_change_ms", .mode = 0444, .show = attr_show_arg },                       \
	{ "max_time_ms", .mode = 0444, .show = attr_show_arg },                          \
	{ "name", .mode = 0444, .show = name_ },                                         \
	{ "prevent_suspend_time_ms", .mode = 0444, .show = attr_show_arg },              \
	{ "relax_count", .mode = 0444, .show = attr_show_arg },                          \
	{ "subsystem", .mode = S_IFLNK | 0777, .target = to_class },                     \
	{ "total_time_ms", .mode = 0444, .show = attr_show_arg },                        \
	{ "uevent", .mode = 0644, .show = attr_show_empty, .store = store_dir_uevent },  \
	{ "wakeup_count", .mode = 0444, .show = attr_show_arg },
static const struct attr fn_source_rows[] = { SOURCE_ROWS(to_fn, show_fn_name) };
static const struct attr root_source_rows[] = { SOURCE_ROWS(to_root, show_root_name) };
/* clang-format on */

static uint32_t number(const struct sim *s, const struct node *dir)
{
	return dir->kind == &dir_fn_wakeup || dir->kind == &dir_fn_source
		       ? s->places[dir->i].wakeup
		       : s->roots.v[dir->i].wakeup;
}

static struct node source(const struct node *dir)
{
	return (struct node){ .kind = dir->kind == &dir_fn_wakeup ? &dir_fn_source
								  : &dir_root_source,
			      .i = dir->i };
}

static void source_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name)
{
	snprintf(name, NODE_NAME, "wakeup%u", number(s, dir));
	*ret_parent =
		(struct node){ .kind = dir->kind == &dir_fn_source ? &dir_fn_wakeup
								   : &dir_root_wakeup,
			       .i = dir->i };
}

static const struct dir_kind dir_fn_source = { .where = source_where,
					       .attrs = ATTRS(fn_source_rows) };
static const struct dir_kind dir_root_source = { .where = source_where,
						 .attrs = ATTRS(root_source_rows) };

static int source_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	char have[NODE_NAME];

	snprintf(have, sizeof(have), "wakeup%u", number(s, dir));
	return name_is(name, len, have) ? node_found_dir(ret, source(dir)) : -ENOENT;
}

static int source_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	char name[NODE_NAME];

	snprintf(name, sizeof(name), "wakeup%u", number(s, dir));
	return fn(arg, name);
}

const struct dir_kind dir_fn_wakeup = {
	.name = "wakeup",
	.parent = &dir_fn,
	.lookup = source_lookup,
	.each = source_each,
	.each_type = S_IFDIR,
};
const struct dir_kind dir_root_wakeup = {
	.name = "wakeup",
	.parent = &dir_root_bus,
	.lookup = source_lookup,
	.each = source_each,
	.each_type = S_IFDIR,
};

/* --- sys/class/wakeup --- */

/* The @at-th place where one can be: functions, then root buses. */
static bool source_at(const struct sim *s, size_t at, struct node *ret)
{
	size_t root = at - s->m->fns.n;

	if (at < s->m->fns.n) {
		*ret = (struct node){ .kind = &dir_fn_source, .i = (uint32_t)at };
		return s->places[at].firmware_node && !s->fns[at].gone;
	}
	*ret = (struct node){ .kind = &dir_root_source, .i = (uint32_t)root };
	return s->roots.v[root].firmware_node;
}

bool wakeup_find(const struct sim *s, const char *class, const char *name, size_t len,
		 struct node *ret)
{
	char have[NODE_NAME];

	(void)class;
	for (size_t i = 0; s->profile->acpi_wakeup && i < s->m->fns.n + s->roots.n; i++) {
		if (!source_at(s, i, ret))
			continue;
		snprintf(have, sizeof(have), "wakeup%u", number(s, ret));
		if (name_is(name, len, have))
			return true;
	}
	return false;
}

int wakeup_each(const struct sim *s, const char *class, host_list_fn *fn, void *arg)
{
	char name[NODE_NAME];
	struct node n;
	int r = 0;

	(void)class;
	for (size_t i = 0;
	     r >= 0 && s->profile->acpi_wakeup && i < s->m->fns.n + s->roots.n; i++) {
		if (!source_at(s, i, &n))
			continue;
		snprintf(name, sizeof(name), "wakeup%u", number(s, &n));
		r = fn(arg, name);
	}
	return r;
}

/* --- who has one --- */

static const char *node_of(struct sim *s, const char *device)
{
	const char *path = machine_firmware_node(s->m, device);

	return path ? arena_printf(s->arena, "sys/devices/%s", path) : NULL;
}

void wakeup_build(struct sim *s)
{
	char name[NODE_NAME];
	uint32_t next = 0;

	/* In the order in which functions are found, each root bus after all of its. */
	for (uint32_t i = 0; i < s->m->fns.n; i++) {
		struct fn_place *p = &s->places[i];

		p->firmware_node = node_of(s, name_bdf(name, s->m->fns.v[i].bdf));
		if (p->firmware_node)
			p->wakeup = next++;
	}
	vec_foreach(r, &s->roots) {
		name_root(name, r);
		r->firmware_node = node_of(s, name);
		if (r->firmware_node)
			r->wakeup = next++;
	}
}
