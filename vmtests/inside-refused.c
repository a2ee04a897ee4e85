/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>

#include "vmtests/inside-fn.h"
#include "vmtests/inside-kmsg.h"
#include "vmtests/inside-vfio-part.h"
#include "vmtests/inside-vfio.h"

#define LOG_MS 5000
#define UNSAFE "vfio_iommu_type1", "allow_unsafe_interrupts"

static void check_log(struct tap *t, int kmsg, const char *const *words)
{
	char line[512];
	int err = kmsg < 0 ? kmsg : kmsg_wait(kmsg, words, LOG_MS, line, sizeof(line));

	if (tap_result(t, err, "the kernel logs why"))
		tap_note("%s", line);
}

static bool check_group(struct tap *t, const char *bdf, const char *sibling)
{
	int group = fn_group(bdf);

	return tap_check(t, group >= 0 && fn_group(sibling) == group,
			 "both are in one group", "%d and %d", group, fn_group(sibling));
}

/* What a group answers as long as @sibling is with its driver, and afterwards. */
static void check_viability(struct tap *t, const char *bdf, const char *sibling)
{
	AUTOCLOSE int container = vfio_open_container(), group = -1;
	struct fn_loan loan;
	int flags;

	group = vfio_open_group(fn_group(bdf));
	if (!tap_result(t, container, "a container") || !tap_result(t, group, "a group"))
		return;
	flags = vfio_group_flags(group);
	tap_check(t, flags == 0, "the group is not viable", "flags are %#x", flags);
	tap_answer(t, vfio_set_container(group, container), -EPERM, "SET_CONTAINER");
	tap_answer(t, vfio_get_device(group, bdf), -EINVAL, "GET_DEVICE_FD");

	/* That the sibling's driver was the reason, nothing else. */
	tap_result(t, fn_release(sibling, &loan), "the other's driver lets it go");
	flags = vfio_group_flags(group);
	tap_check(t, flags == VFIO_GROUP_FLAGS_VIABLE, "the group is viable",
		  "flags are %#x", flags);
	tap_result(t, vfio_set_container(group, container), "SET_CONTAINER");
	closep(&group);
	group = -1;
	tap_result(t, fn_return(&loan), "%s is given back", sibling);
}

void inside_refused_sibling(struct tap *t, char **args)
{
	const char *bdf = args[0], *sibling = args[1];
	struct fn_loan loan;
	char driver[64];

	if (!check_group(t, bdf, sibling) ||
	    !tap_result(t, fn_driver(sibling, driver, sizeof(driver)),
			"%s has a host driver", sibling))
		return;
	if (tap_result(t, fn_borrow(bdf, &loan), "vfio-pci gets %s all the same", bdf))
		check_viability(t, bdf, sibling);
	tap_result(t, fn_return(&loan), "%s is given back", bdf);
}

static void check_claimed(struct tap *t, const char *bdf, const struct fn_loan *sibling)
{
	struct vfio_dev d = VFIO_DEV_CLOSED;

	if (!tap_result(t, vfio_open(fn_group(bdf), bdf, &d), "%s is opened", bdf))
		return;
	tap_answer(t, fn_bind(sibling->bdf, sibling->driver), -EBUSY, "bind %s to %s",
		   sibling->bdf, sibling->driver);
	tap_answer(t, fn_probe(sibling->bdf), -EINVAL, "drivers_probe");
	tap_result(t, fn_wait_driver(sibling->bdf, NULL, 0), "it has no driver");
	vfio_close(&d);
	tap_result(t, fn_bind(sibling->bdf, sibling->driver),
		   "bind, when %s is closed again", bdf);
}

void inside_refused_claimed(struct tap *t, char **args)
{
	const char *bdf = args[0];
	struct fn_loan loan, sibling;

	if (!check_group(t, bdf, args[1]))
		return;
	tap_result(t, fn_release(args[1], &sibling), "%s is without driver", args[1]);
	if (tap_result(t, fn_borrow(bdf, &loan), "vfio-pci gets %s", bdf))
		check_claimed(t, bdf, &sibling);
	tap_result(t, fn_return(&loan), "%s is given back", bdf);
	tap_result(t, fn_return(&sibling), "%s is given back", args[1]);
}

void inside_refused_second(struct tap *t, char **args)
{
	const char *bdf = args[0];
	struct fn_loan loan;

	if (tap_result(t, fn_borrow(bdf, &loan), "vfio-pci gets %s", bdf)) {
		AUTOCLOSE int first = vfio_open_group(fn_group(bdf));
		AUTOCLOSE int second = vfio_open_group(fn_group(bdf));

		tap_result(t, first, "who comes first opens the group");
		tap_answer(t, second, -EBUSY, "the second");
	}
	tap_result(t, fn_return(&loan), "%s is given back", bdf);
	if (!streq(loan.driver, "vfio-pci"))
		tap_answer(t, vfio_open_group(fn_group(bdf)), -ENOENT,
			   "then there is no group");
}

/* vfio-pci does not want @bdf: its answer, its line in the log, and what is left. */
static void check_probe_fails(struct tap *t, const char *bdf)
{
	const char *words[] = { "vfio-pci", bdf, "failed with error -22", NULL };
	AUTOCLOSE int kmsg = kmsg_open();

	tap_answer(t, fn_bind(bdf, "vfio-pci"), -EINVAL, "bind %s to vfio-pci", bdf);
	check_log(t, kmsg, words);
	tap_answer(t, fn_probe(bdf), 0, "drivers_probe, which hides that");
	tap_result(t, fn_wait_driver(bdf, NULL, 0), "it has no driver");
}

static void refuse_probe(struct tap *t, const char *bdf)
{
	struct fn_loan loan;

	if (tap_result(t, fn_release(bdf, &loan), "%s is without driver", bdf) &&
	    tap_result(t, fn_override(bdf, "vfio-pci"), "and meant for vfio-pci"))
		check_probe_fails(t, bdf);
	tap_result(t, fn_return(&loan), "%s is given back", bdf);
}

void inside_refused_bridge(struct tap *t, char **args)
{
	refuse_probe(t, args[0]);
}

/* Groups in /dev/vfio, or negative errno. */
static int count_groups(void)
{
	DIR *dir = opendir("/dev/vfio");
	const struct dirent *d;
	int n = 0;

	if (!dir)
		return -errno;
	while ((d = readdir(dir)))
		n += d->d_name[0] >= '0' && d->d_name[0] <= '9';
	closedir(dir);
	return n;
}

void inside_refused_no_iommu(struct tap *t, char **args)
{
	tap_answer(t, fn_group(args[0]), -ENOENT, "the group of %s", args[0]);
	refuse_probe(t, args[0]);
	tap_check(t, count_groups() == 0, "no group in /dev/vfio", "there are %d",
		  count_groups());
}

static void check_no_remapping(struct tap *t, const char *bdf)
{
	static const char *const words[] = { "No interrupt remapping support",
					     "allow_unsafe_interrupts", NULL };
	AUTOCLOSE int container = vfio_open_container(), group = -1, kmsg = kmsg_open();

	group = vfio_open_group(fn_group(bdf));
	if (!tap_result(t, container, "a container") || !tap_result(t, group, "a group"))
		return;
	tap_result(t, vfio_set_container(group, container), "SET_CONTAINER");
	tap_result(t, module_set_flag(UNSAFE, 'N'), "unsafe interrupts are not allowed");
	tap_answer(t, vfio_set_iommu(container), -EPERM, "SET_IOMMU");
	check_log(t, kmsg, words);
	tap_result(t, module_set_flag(UNSAFE, 'Y'), "unsafe interrupts are allowed");
	tap_result(t, vfio_set_iommu(container), "SET_IOMMU");
}

void inside_refused_no_remapping(struct tap *t, char **args)
{
	const char *bdf = args[0];
	int flag = module_flag(UNSAFE);
	struct fn_loan loan;

	if (tap_result(t, fn_borrow(bdf, &loan), "vfio-pci gets %s", bdf))
		check_no_remapping(t, bdf);
	tap_result(t, flag < 0 ? flag : module_set_flag(UNSAFE, (char)flag),
		   "the parameter is as before");
	tap_result(t, fn_return(&loan), "%s is given back", bdf);
}
