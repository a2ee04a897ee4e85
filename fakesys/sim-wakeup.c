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

enum { OF_FIRMWARE, OF_FUNCTION }; /* node.j of a function's source */

static ssize_t show_fn_name(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)a;
	if (dir->j == OF_FUNCTION) {
		char *p = put_bdf(buf, s->m->fns.v[dir->i].bdf);

		*p++ = '\n';
		return p - buf;
	}
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

static uint32_t number(const struct sim *s, const struct node *source)
{
	if (source->kind == &dir_root_source)
		return s->roots.v[source->i].wakeup;
	return source->j == OF_FUNCTION ? s->fns[source->i].wakeup_no
					: s->places[source->i].wakeup;
}

static void name_source(const struct sim *s, const struct node *source, char *name)
{
	snprintf(name, NODE_NAME, "wakeup%u", number(s, source));
}

static void source_where(const struct sim *s, const struct node *dir,
			 struct node *ret_parent, char *name)
{
	name_source(s, dir, name);
	*ret_parent =
		(struct node){ .kind = dir->kind == &dir_fn_source ? &dir_fn_wakeup
								   : &dir_root_wakeup,
			       .i = dir->i };
}

static const struct dir_kind dir_fn_source = { .where = source_where,
					       .attrs = ATTRS(fn_source_rows) };
static const struct dir_kind dir_root_source = { .where = source_where,
						 .attrs = ATTRS(root_source_rows) };

static bool is_there(const struct sim *s, const struct node *source)
{
	if (source->kind == &dir_root_source)
		return s->profile->acpi_wakeup && s->roots.v[source->i].firmware_node;
	if (s->fns[source->i].gone)
		return false;
	return source->j == OF_FUNCTION
		       ? s->fns[source->i].wakeup
		       : s->profile->acpi_wakeup && s->places[source->i].firmware_node;
}

bool wakeup_present(const struct sim *s, uint32_t fn)
{
	return s->fns[fn].wakeup ||
	       (s->profile->acpi_wakeup && s->places[fn].firmware_node);
}

/* The @at-th source that there can be in a folder wakeup; false: no more. */
static bool source_in(const struct node *dir, uint32_t at, struct node *ret)
{
	bool of_fn = dir->kind == &dir_fn_wakeup;

	*ret = (struct node){ .kind = of_fn ? &dir_fn_source : &dir_root_source,
			      .i = dir->i,
			      .j = at };
	return at <= (of_fn ? OF_FUNCTION : OF_FIRMWARE);
}

static int source_lookup(const struct sim *s, const struct node *dir, const char *name,
			 size_t len, struct entry *ret)
{
	char have[NODE_NAME];
	struct node n;

	for (uint32_t i = 0; source_in(dir, i, &n); i++) {
		name_source(s, &n, have);
		if (is_there(s, &n) && name_is(name, len, have))
			return node_found_dir(ret, n);
	}
	return -ENOENT;
}

static int source_each(const struct sim *s, const struct node *dir, host_list_fn *fn,
		       void *arg)
{
	char name[NODE_NAME];
	struct node n;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && source_in(dir, i, &n); i++) {
		name_source(s, &n, name);
		r = is_there(s, &n) ? fn(arg, name) : 0;
	}
	return r;
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

/* The @at-th that there can be anywhere; false: no more. */
static bool source_at(const struct sim *s, size_t at, struct node *ret)
{
	size_t n = s->m->fns.n;

	if (at < 2 * n)
		*ret = (struct node){ .kind = &dir_fn_source,
				      .i = (uint32_t)(at / 2),
				      .j = at % 2 ? OF_FUNCTION : OF_FIRMWARE };
	else
		*ret = (struct node){ .kind = &dir_root_source,
				      .i = (uint32_t)(at - 2 * n) };
	return at < 2 * n + s->roots.n;
}

bool wakeup_find(const struct sim *s, const char *class, const char *name, size_t len,
		 struct node *ret)
{
	char have[NODE_NAME];

	(void)class;
	for (size_t i = 0; source_at(s, i, ret); i++) {
		if (!is_there(s, ret))
			continue;
		name_source(s, ret, have);
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
	for (size_t i = 0; r >= 0 && source_at(s, i, &n); i++) {
		if (!is_there(s, &n))
			continue;
		name_source(s, &n, name);
		r = fn(arg, name);
	}
	return r;
}

bool wakeup_able(const struct sim *s, uint32_t fn)
{
	if (s->places[fn].traits & FN_PME)
		return true;
	for (uint32_t up = fn; up != SIM_NONE; up = s->places[up].parent)
		if (s->places[up].traits & FN_ROOT_PORT &&
		    s->fns[up].pme_at > s->fns[fn].born)
			return true;
	return false;
}

void wakeup_set(struct sim *s, uint32_t fn, bool on)
{
	uint32_t first = s->profile->acpi_wakeup ? s->firmware_wakeups : 0;
	struct fn_state *st = &s->fns[fn];
	size_t i = 0;

	if (st->wakeup == on)
		return;
	st->wakeup = on;
	if (on) {
		while (i < s->wakeups.n && s->wakeups.v[i])
			i++;
		if (i == s->wakeups.n)
			(void)vec_push(s->run, &s->wakeups);
		st->wakeup_no = first + (uint32_t)i;
	}
	s->wakeups.v[st->wakeup_no - first] = on;
	s->all_changed = sim_changed_fn(s, fn); /* links of sys/class/wakeup */
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
	s->firmware_wakeups = next;
}
