/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim - the simulated host: kernel model, disk and boot in one object, built from a
 * struct machine, seen through a struct host.
 *
 * State is typed and files are computed from it. A new simulated host is as the recorded
 * one was when it was recorded: same drivers, same loaded modules; sim_reboot() boots it
 * from what is on its disk.
 */
#pragma once

#include "core/boot.h"
#include "core/host.h"
#include "fakesys/disk.h"
#include "fakesys/profile.h"

struct sim;

/* @m is borrowed and outlives the sim. @p NULL: profile_for(@m). -EINVAL with @e. */
int sim_new(const struct machine *m, const struct kernel_profile *p, struct sim **ret,
	    struct err *e);
void sim_free(struct sim *s); /* takes NULL */

/* The host, borrowed; valid until sim_free(). Commands: fakesys/commands.h. */
struct host sim_host(struct sim *s);
struct disk *sim_disk(struct sim *s);
const struct kernel_profile *sim_profile(const struct sim *s);

/* What a boot did, for people: why each function has its driver. Valid until the next
 * boot. */
struct boot_result {
	struct bdf bdf;
	const char *driver; /* NULL: none */
	const char *why;  /* "vfio-pci, loaded in the initramfs as softdep of ..., ..." */
	const char *race; /* NULL, or the other outcome chance allows and why */
};
struct boot_report {
	const char *release, *cmdline, *entry;
	VEC(struct boot_result) fns; /* by address */
	strings timeline; /* "initramfs: load e1000e (udev event of 0000:01:00.0)" */
	strings notes;
};

/*
 * Power off and boot from the disk. -ENOENT with @e: this host does not come up (no
 * entry, kernel or initramfs), and stays off: every later operation is -EIO.
 */
int sim_reboot(struct sim *s, const struct boot_report **ret, struct err *e);
/*
 * Does its user space answer what the kernel says of functions that come, as udev does?
 * It does from sim_new() on.
 */
void sim_set_udev(struct sim *s, bool on);
/* Cut the power first: see disk_power_cut(). */
void sim_power_cut(struct sim *s, uint64_t seed);

/*
 * The answer to a store that was blocked, in the order in which they came; false: none.
 * What waits still is forgotten when the power goes.
 */
bool sim_take_answer(struct sim *s, uint64_t *ret_ticket, ssize_t *ret_result);

/*
 * One write(2) to a file of /sys by an opener with uid 0, as scenarios ask for it: count
 * or negative errno; -EINPROGRESS: blocked, and answered later by sim_take_answer().
 */
ssize_t sim_store(struct sim *s, const char *path, const char *buf, size_t len);

/*
 * A VM claims or gives back the group: open group fd, container, device fds. claim:
 * -ENOENT no node /dev/vfio/GROUP, -EBUSY somebody has it, -EPERM a member is with a
 * driver of the host, or there is no interrupt remapping, -ENODEV vfio_iommu_type1 is not
 * loaded. release: -ENOENT nobody has it.
 */
int sim_claim_group(struct sim *s, int group);
int sim_release_group(struct sim *s, int group);
