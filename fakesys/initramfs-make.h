/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initramfs-make - what initramfs-tools puts into an image of the simulated machine. */
#pragma once

#include "core/machine.h"

/*
 * The image that update-initramfs makes for @kernel (of @recorded, the fixture) with the
 * configuration that @now has; all of *ret lives in @a or in the machines.
 */
void initramfs_make(struct arena *a, const struct machine *recorded,
		    const struct machine *now, const struct kernel *kernel,
		    struct initramfs *ret);

/*
 * The order in which the init-top scripts with these names run, by the PREREQ of those
 * that @image holds (hook-functions:get_prereq_pairs, tsort(1)); names that are waited
 * for and not there stand in @ret, too.
 */
void initramfs_order(struct arena *a, const strings *scripts,
		     const struct initramfs *image, strings *ret);
