/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot-view - the simulated machine as its disk says it is now: what a boot or a command
 * sees. */
#pragma once

#include "core/boot.h"
#include "fakesys/sim-internal.h"

/*
 * The recorded machine with the files and initramfs images that the disk has now; shares
 * everything else with it. A kernel whose image is gone or damaged has initramfs.path
 * NULL.
 */
void boot_view(struct sim *s, struct arena *a, struct machine *ret);

/*
 * The function whose override @step stores; SIM_NONE: what is at that address is not the
 * one meant.
 */
uint32_t boot_step_target(const struct sim *s, const struct boot_step *step);
