/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fakesys/blocked.h"
#include "fakesys/node.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-power.h"
#include "fakesys/sim-proc.h"
#include "fakesys/sim-wakeup.h"

/* BDF/power (drivers/base/power/sysfs.c); node: i = function. */
static ssize_t show_words(char *buf, const char *text)
{
	char *p = put_str(buf, text);

	*p++ = '\n';
	return p - buf;
}

static ssize_t show_async(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	(void)a;
	return show_words(buf, node_state(s, dir)->no_async ? "disabled" : "enabled");
}

static ssize_t store_async(struct sim *s, const struct node *dir, const struct attr *a,
			   const char *buf, size_t len)
{
	(void)a;
	if (!store_is(buf, "enabled") && !store_is(buf, "disabled"))
		return -EINVAL;
	node_state(s, dir)->no_async = store_is(buf, "disabled");
	return (ssize_t)len;
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

static ssize_t store_control(struct sim *s, const struct node *dir, const struct attr *a,
			     const char *buf, size_t len)
{
	(void)a;
	if (node_state(s, dir)->leaving) /* wants the lock of the device */
		return block_until(s, UNTIL_FREE, dir->i, false);
	if (!store_is(buf, "auto") && !store_is(buf, "on"))
		return -EINVAL;
	node_state(s, dir)->runtime_auto = store_is(buf, "auto");
	pm_settle(s, dir->i);
	return (ssize_t)len;
}

/* How many from @c on are not suspended. */
static ssize_t show_active(const struct sim *s, uint32_t c, char *buf)
{
	uint32_t n = 0;
	char *p;

	for (; c != SIM_NONE; c = s->places[c].next_sibling)
		n += !s->fns[c].gone && !s->fns[c].suspended;
	p = put_dec(buf, n);
	*p++ = '\n';
	return p - buf;
}

static ssize_t show_kids(struct sim *s, const struct node *dir, const struct attr *a,
			 char buf[static SIM_PAGE])
{
	(void)a;
	return show_active(s, s->places[dir->i].first_child, buf);
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
	return show_words(buf, node_state(s, dir)->suspended ? "suspended" : "active");
}

/* efifb.c:efifb_probe: pm_runtime_get_sync(), on kernels where it knows its device. */
static bool holds_screen(const struct sim *s, uint32_t fn)
{
	return s->profile->efifb_awake && s->m->fns.v[fn].boot_vga &&
	       proc_screen_is_firmwares(s);
}

/*
 * One for "forbidden". Drivers hold another one (pci-driver.c:local_pci_probe), but for
 * vfio-pci, which holds it while a device is open.
 */
static unsigned usage(const struct sim *s, uint32_t fn)
{
	const struct fn_state *st = &s->fns[fn];
	bool held = st->driver && (!st->vfio_put || st->opened);

	return !st->runtime_auto + held + holds_screen(s, fn);
}

/* drivers/base/power/runtime.c:rpm_check_suspend_allowed */
static bool has_active_kids(const struct sim *s, uint32_t fn)
{
	for (uint32_t c = s->places[fn].first_child; c != SIM_NONE;
	     c = s->places[c].next_sibling)
		if (!s->fns[c].gone && !s->fns[c].suspended)
			return true;
	return false;
}

/*
 * pci-driver.c:pci_pm_runtime_idle: what nobody uses is suspended; without a driver it
 * stays in its state all the same (pci_pm_runtime_suspend). Then what is above it.
 */
void pm_settle(struct sim *s, uint32_t fn)
{
	for (; fn != SIM_NONE; fn = s->places[fn].parent) {
		struct fn_state *st = &s->fns[fn];
		bool was = st->suspended;

		st->suspended = !st->leaving && !usage(s, fn) && !has_active_kids(s, fn);
		st->resumed |= was && !st->suspended;
		if (st->suspended && st->driver && (s->places[fn].traits & FN_PM))
			st->power = "D3hot";
		else if (was && !st->suspended)
			st->power = "D0";
	}
}

void pm_touch(struct sim *s, uint32_t fn)
{
	for (; fn != SIM_NONE && s->fns[fn].suspended; fn = s->places[fn].parent) {
		s->fns[fn].resumed = true;
		if (!s->fns[fn].driver)
			s->fns[fn].power = "D0";
	}
}

static ssize_t show_usage(struct sim *s, const struct node *dir, const struct attr *a,
			  char buf[static SIM_PAGE])
{
	char *p = put_dec(buf, usage(s, dir->i));

	(void)a;
	*p++ = '\n';
	return p - buf;
}

static bool has_wakeup(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)a;
	return wakeup_able(s, dir->i);
}

static ssize_t show_wakeup(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	(void)a;
	return show_words(buf, node_state(s, dir)->wakeup ? "enabled" : "disabled");
}

static ssize_t store_wakeup(struct sim *s, const struct node *dir, const struct attr *a,
			    const char *buf, size_t len)
{
	(void)a;
	if (!store_is(buf, "enabled") && !store_is(buf, "disabled"))
		return -EINVAL;
	wakeup_set(s, dir->i, store_is(buf, "enabled"));
	return (ssize_t)len;
}

/* drivers/base/power/sysfs.c:wakeup_count_show: nothing where there is no source. */
static ssize_t show_events(struct sim *s, const struct node *dir, const struct attr *a,
			   char buf[static SIM_PAGE])
{
	(void)a;
	return show_words(buf, node_state(s, dir)->wakeup ? "0" : "");
}

/* clang-format off */
static const struct attr power_rows[] = {
	{ "async", .mode = 0644, .show = show_async, .store = store_async },
	{ "autosuspend_delay_ms", .mode = 0644, .show = show_eio },
	{ "control", .mode = 0644, .show = show_control, .store = store_control },
	{ "runtime_active_kids", .mode = 0444, .show = show_kids },
	{ "runtime_active_time", .mode = 0444, .show = attr_show_arg },
	{ "runtime_enabled", .mode = 0444, .show = show_enabled },
	{ "runtime_status", .mode = 0444, .show = show_status },
	{ "runtime_suspended_time", .mode = 0444, .show = attr_show_arg },
	{ "runtime_usage", .mode = 0444, .show = show_usage },
	{ "wakeup", .mode = 0644, .visible = has_wakeup, .show = show_wakeup, .store = store_wakeup },
	{ "wakeup_abort_count", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_active", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_active_count", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_count", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_expire_count", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_last_time_ms", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_max_time_ms", .mode = 0444, .visible = has_wakeup, .show = show_events },
	{ "wakeup_total_time_ms", .mode = 0444, .visible = has_wakeup, .show = show_events },
};
/* clang-format on */
const struct dir_kind dir_fn_power = {
	.name = "power",
	.parent = &dir_fn,
	.attrs = ATTRS(power_rows),
};

/*
 * Devices that no driver core manages: buses, units, services. Nobody enables runtime
 * power management, so nothing but the words of a device at rest is to be seen.
 */
static ssize_t show_idle(struct sim *s, const struct node *dir, const struct attr *a,
			 char buf[static SIM_PAGE])
{
	static const char *const words[] = { "disabled", "enabled", "auto", "unsupported",
					     "0" };

	(void)s, (void)dir;
	return show_words(buf, words[a->arg]);
}

enum { IDLE_DISABLED, IDLE_ENABLED, IDLE_AUTO, IDLE_UNSUPPORTED, IDLE_NONE };

/* clang-format off */
const struct attr power_idle_rows[N_POWER_IDLE_ROWS] = {
	{ "async", .mode = 0644, .show = show_idle, .arg = IDLE_DISABLED },
	{ "autosuspend_delay_ms", .mode = 0644, .show = show_eio },
	{ "control", .mode = 0644, .show = show_idle, .arg = IDLE_AUTO },
	{ "runtime_active_kids", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
	{ "runtime_active_time", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
	{ "runtime_enabled", .mode = 0444, .show = show_idle, .arg = IDLE_DISABLED },
	{ "runtime_status", .mode = 0444, .show = show_idle, .arg = IDLE_UNSUPPORTED },
	{ "runtime_suspended_time", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
	{ "runtime_usage", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
};
/* clang-format on */

/* A port service has no callbacks of runtime power management. */
static bool has_debug(const struct sim *s, const struct node *dir, const struct attr *a)
{
	(void)dir, (void)a;
	return s->profile->port_runtime_attrs;
}

/* clang-format off */
const struct attr power_port_rows[N_POWER_PORT_ROWS] = {
	{ "async", .mode = 0644, .show = show_idle, .arg = IDLE_ENABLED },
	{ "runtime_active_kids", .mode = 0444, .visible = has_debug, .show = show_idle, .arg = IDLE_NONE },
	{ "runtime_enabled", .mode = 0444, .visible = has_debug, .show = show_idle, .arg = IDLE_DISABLED },
	{ "runtime_status", .mode = 0444, .visible = has_debug, .show = show_idle, .arg = IDLE_UNSUPPORTED },
	{ "runtime_usage", .mode = 0444, .visible = has_debug, .show = show_idle, .arg = IDLE_NONE },
};
/* clang-format on */

/* Of a root bus: its functions count as its active children. */
static ssize_t show_root_kids(struct sim *s, const struct node *dir, const struct attr *a,
			      char buf[static SIM_PAGE])
{
	(void)a;
	return show_active(s, s->roots.v[dir->i].first_child, buf);
}

/* clang-format off */
static const struct attr root_power_rows[] = {
	{ "async", .mode = 0644, .show = show_idle, .arg = IDLE_ENABLED },
	{ "autosuspend_delay_ms", .mode = 0644, .show = show_eio },
	{ "control", .mode = 0644, .show = show_idle, .arg = IDLE_AUTO },
	{ "runtime_active_kids", .mode = 0444, .show = show_root_kids },
	{ "runtime_active_time", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
	{ "runtime_enabled", .mode = 0444, .show = show_idle, .arg = IDLE_DISABLED },
	{ "runtime_status", .mode = 0444, .show = show_idle, .arg = IDLE_UNSUPPORTED },
	{ "runtime_suspended_time", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
	{ "runtime_usage", .mode = 0444, .show = show_idle, .arg = IDLE_NONE },
};
/* clang-format on */
const struct dir_kind dir_root_power = {
	.name = "power",
	.parent = &dir_root_bus,
	.attrs = ATTRS(root_power_rows),
};
