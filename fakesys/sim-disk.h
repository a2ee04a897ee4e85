/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim-disk - what lies on the simulated disk at first: the machine's files, the module
 * data of its kernels, their initramfs images. */
#pragma once

#include "fakesys/sim-internal.h"

/* -EINVAL with @e: a file's path leaves the tree, or lies below another file. */
int disk_fill(struct sim *s, struct err *e);
