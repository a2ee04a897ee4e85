/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include <pci/header.h>

#include "fakesys/blocked.h"
#include "fakesys/config.h"
#include "fakesys/driver.h"
#include "fakesys/node.h"
#include "fakesys/sim-enable.h"
#include "fakesys/sim-fn.h"
#include "fakesys/sim-module.h"
#include "fakesys/sim-power.h"
#include "fakesys/sim-resource.h"
#include "fakesys/udev.h"

#define MAX_NUMNODES 1024 /* CONFIG_NODES_SHIFT=10 */

/* A node is online if some function is near it; node 0 always is. */
static bool node_online(const struct sim *s, int node)
{
	if (node == 0)
		return true;
	vec_foreach(fn, &s->m->fns)
		if (fn->numa == node)
			return true;
	return false;
}

bool word_in(const char *list, const char *word, size_t len)
{
	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && strncmp(p, word, n) == 0)
			return true;
		p += n;
	}
	return false;
}

ssize_t fn_store_numa(struct sim *s, const struct node *dir, const struct attr *a,
		      const char *buf, size_t len)
{
	struct fn_state *st = node_state(s, dir);
	int node, r;

	(void)a;
	if (!s->capable)
		return -EPERM;
	r = store_int(buf, &node);
	if (r < 0)
		return r;
	if (node < -1 || node >= MAX_NUMNODES || (node >= 0 && !node_online(s, node)))
		return -EINVAL;
	if (node == st->numa && s->profile->numa_same_silent)
		return (ssize_t)len;
	sim_log_fn(s, dir->i,
		   "[Firmware Bug]: Overriding NUMA node to %d.  Contact your vendor for "
		   "updates.",
		   node);
	st->numa = node;
	return (ssize_t)len;
}

ssize_t fn_store_enable(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	struct fn_state *st = node_state(s, dir);
	uint64_t v;
	int r;

	(void)a;
	if (!s->capable)
		return -EPERM;
	r = store_u64(buf, ULONG_MAX, &v);
	if (r < 0)
		return r;
	if (st->leaving) /* wants the lock of the device */
		return block_until(s, UNTIL_FREE, dir->i, false);
	if (st->driver)
		return -EBUSY;
	if (!v && !st->enable)
		return -EIO;
	if (v)
		fn_enable(s, dir->i);
	else
		fn_disable(s, dir->i);
	return (ssize_t)len;
}

ssize_t store_flag(const char *buf, size_t len, bool *flag)
{
	uint64_t v;
	int r = store_u64(buf, ULONG_MAX, &v);

	if (r < 0)
		return r;
	*flag = v;
	return (ssize_t)len;
}

ssize_t fn_store_parity(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	(void)a;
	return store_flag(buf, len, &node_state(s, dir)->broken_parity);
}

ssize_t fn_store_d3cold(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	ssize_t r = store_flag(buf, len, &node_state(s, dir)->d3cold_allowed);

	(void)a;
	if (r >= 0)
		pm_touch(s, dir->i);
	return r;
}

ssize_t fn_store_msi_bus(struct sim *s, const struct node *dir, const struct attr *a,
			 const char *buf, size_t len)
{
	bool allow, bridge = s->places[dir->i].traits & FN_BRIDGE;
	ssize_t r = s->capable ? store_flag(buf, len, &allow) : -EPERM;

	(void)a;
	if (r < 0)
		return r;
	node_state(s, dir)->no_msi = !allow;
	/* pci-sysfs.c:msi_bus_store: of a bridge it is the bus behind that says so */
	if (bridge)
		sim_log(s,
			"pci_bus %04x:%02x: MSI/MSI-X %s for future drivers of devices "
			"on this bus",
			s->m->fns.v[dir->i].bdf.domain,
			cfg_u8(config_now(s, dir->i), PCI_SECONDARY_BUS),
			allow ? "allowed" : "disallowed");
	else
		sim_log_fn(s, dir->i, "MSI/MSI-X %s for future drivers",
			   allow ? "allowed" : "disallowed");
	return r;
}

/* drivers/base/dd.c:__device_set_driver_override. */
ssize_t fn_store_override(struct sim *s, const struct node *dir, const struct attr *a,
			  const char *buf, size_t len)
{
	struct fn_state *st = node_state(s, dir);
	size_t n = strcspn(buf, "\n");

	(void)a;
	if (len >= SIM_PAGE - 1)
		return -EINVAL;
	if (st->leaving && s->profile->override_device_lock)
		return block_until(s, UNTIL_FREE, dir->i, false);
	st->override = n ? arena_strndup(s->run, buf, n) : NULL;
	return (ssize_t)len;
}

ssize_t fn_store_remove(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	bool yes;
	ssize_t r = store_flag(buf, len, &yes);

	(void)a;
	if (r >= 0 && yes) {
		int done = fn_remove(s, dir->i);

		if (done < 0)
			return done;
	}
	return r;
}

ssize_t fn_store_rescan(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	struct sim_bus b = bus_of(s, dir->i);
	bool yes;
	ssize_t r = store_flag(buf, len, &yes);

	(void)a;
	if (r >= 0 && yes && fn_rescan(s, &b) < 0)
		return -EINPROGRESS;
	return r;
}

/* drivers/pci/iov.c:sriov_numvfs_store. */
ssize_t fn_store_numvfs(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	const struct pci_fn *fn = node_fn(s, dir);
	const struct fn_state *st = node_state(s, dir);
	unsigned now = vfs_count(s, dir->i);
	const char *override = NULL;
	uint64_t v;
	int r = store_u64(buf, UINT16_MAX, &v);

	(void)a;
	if (r < 0)
		return r;
	if (v > fn->vfs_total)
		return -ERANGE;
	if (v == now)
		return (ssize_t)len;
	if (!st->driver) {
		sim_log_fn(s, dir->i,
			   "no driver bound to device; cannot configure SR-IOV");
		return -ENOENT;
	}
	if (st->driver->traits->managed_dma && !st->driver->traits->vfio) {
		sim_log_fn(s, dir->i,
			   "driver does not support SR-IOV configuration via sysfs");
		return -ENOENT;
	}
	if (v && now) {
		sim_log_fn(s, dir->i,
			   "%u VFs already enabled. Disable before enabling %u VFs", now,
			   (unsigned)v);
		return -EBUSY;
	}
	/* vfio_pci_core.c:vfio_pci_core_sriov_configure: only with enable_sriov. */
	if (st->driver->traits->vfio) {
		if (!module_param_on(s, "vfio_pci", VFIO_ENABLE_SRIOV))
			return -ENOENT;
		override = st->driver->name;
	}
	r = vfs_set(s, dir->i, (unsigned)v, override);
	return r < 0 ? r : (ssize_t)len;
}

ssize_t fn_store_sriov_autoprobe(struct sim *s, const struct node *dir,
				 const struct attr *a, const char *buf, size_t len)
{
	bool on;
	int r = store_bool(s->profile, buf, &on);

	(void)a;
	if (r < 0)
		return r;
	node_state(s, dir)->no_vf_autoprobe = !on;
	return (ssize_t)len;
}

/* A UUID, then " KEY=VALUE" of letters and digits, any number of times. */
static bool uevent_args_ok(const char *p, const char *end)
{
	static const char uuid[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (const char *u = uuid; *u; u++, p++)
		if (p == end || (*u == '-' ? *p != '-' : !isxdigit((unsigned char)*p)))
			return false;
	while (p < end) {
		const char *start = ++p;

		if (p[-1] != ' ')
			return false;
		while (p < end && isalnum((unsigned char)*p))
			p++;
		if (p == start || p == end || *p != '=')
			return false;
		start = ++p;
		while (p < end && isalnum((unsigned char)*p))
			p++;
		if (p == start)
			return false;
	}
	return true;
}

static ssize_t store_uevent(struct sim *s, const char *path, const char *buf, size_t len)
{
	static const char actions[] = "add remove change move online offline bind unbind";
	size_t n = len && (buf[len - 1] == '\n' || !buf[len - 1]) ? len - 1 : len;
	const char *blank = memchr(buf, ' ', n);
	size_t word = blank ? (size_t)(blank - buf) : n;
	const char *why = NULL;

	if (!word || !word_in(actions, buf, word))
		why = "unknown uevent action string";
	else if (blank && !uevent_args_ok(blank + 1, buf + n))
		why = "incorrect uevent action arguments";
	if (!why)
		return (ssize_t)len;
	sim_log(s, "synth uevent: /%s: %s", path, why);
	return -EINVAL;
}

ssize_t store_dir_uevent(struct sim *s, const struct node *dir, const struct attr *a,
			 const char *buf, size_t len)
{
	char path[PATH_MAX];
	int r = node_path(s, dir, path, sizeof(path));

	(void)a;
	return r < 0 ? r : store_uevent(s, after_prefix(path, "sys/"), buf, len);
}

ssize_t fn_store_uevent(struct sim *s, const struct node *dir, const struct attr *a,
			const char *buf, size_t len)
{
	ssize_t r = store_dir_uevent(s, dir, a, buf, len);

	if (r < 0)
		sim_log_fn(s, dir->i, "uevent: failed to send synthetic uevent: %zd", r);
	else if (after_prefix(buf, "add"))
		udev_add(s, &dir->i, 1);
	return r;
}
