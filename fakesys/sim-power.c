/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/node.h"
#include "fakesys/sim-fn.h"

/* BDF/power (drivers/base/power/sysfs.c); node: i = function. */
static ssize_t show_words(char *buf, const char *text)
{
	char *p = put_str(buf, text);

	*p++ = '\n';
	return p - buf;
}

static bool is_suspended(const struct fn_state *st)
{
	return streq(st->power, "D3hot");
}

static ssize_t show_async(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a;
	return show_words(buf, "enabled");
}

static ssize_t show_eio(struct sim *s, const struct node *dir, const struct attr *a,
			char buf[static SIM_PAGE])
{
	(void)s, (void)dir, (void)a, (void)buf;
	return -EIO; /* autosuspend is not used */
}

static ssize_t show_control(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)a;
	return show_words(buf, node_state(s, dir)->runtime_auto ? "auto" : "on");
}

static ssize_t store_control(struct sim *s, const struct node *dir, const char *buf,
			     size_t len)
{
	if (!store_is(buf, "auto") && !store_is(buf, "on"))
		return -EINVAL;
	node_state(s, dir)->runtime_auto = store_is(buf, "auto");
	return (ssize_t)len;
}

static ssize_t show_kids(struct sim *s, const struct node *dir, const struct attr *a,
			 char buf[static SIM_PAGE])
{
	uint32_t c = s->places[dir->i].first_child, n = 0;
	char *p;

	(void)a;
	for (; c != SIM_NONE; c = s->places[c].next_sibling)
		n += !s->fns[c].gone && !is_suspended(&s->fns[c]);
	p = put_dec(buf, n);
	*p++ = '\n';
	return p - buf;
}

static ssize_t show_enabled(struct sim *s, const struct node *dir, const struct attr *a,
			    char buf[static SIM_PAGE])
{
	(void)a;
	return show_words(buf,
			  node_state(s, dir)->runtime_auto ? "enabled" : "forbidden");
}

static ssize_t show_status(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	(void)a;
	return show_words(buf, is_suspended(node_state(s, dir)) ? "suspended" : "active");
}

static ssize_t show_usage(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	const struct fn_state *st = node_state(s, dir);

	(void)a;
	/* One for "forbidden"; a driver that never lets go holds another. */
	return show_words(buf, st->runtime_auto ? "0" : st->driver ? "2" : "1");
}

/* clang-format off */
static const struct attr power_rows[] = {
	{ "async", .mode = 0644, .show = show_async },
	{ "autosuspend_delay_ms", .mode = 0644, .show = show_eio },
	{ "control", .mode = 0644, .show = show_control, .store = store_control },
	{ "runtime_active_kids", .mode = 0444, .show = show_kids },
	{ "runtime_active_time", .mode = 0444, .show = attr_show_arg },
	{ "runtime_enabled", .mode = 0444, .show = show_enabled },
	{ "runtime_status", .mode = 0444, .show = show_status },
	{ "runtime_suspended_time", .mode = 0444, .show = attr_show_arg },
	{ "runtime_usage", .mode = 0444, .show = show_usage },
};
/* clang-format on */
const struct dir_kind dir_fn_power = {
	.name = "power",
	.parent = &dir_fn,
	.attrs = ATTRS(power_rows),
};
