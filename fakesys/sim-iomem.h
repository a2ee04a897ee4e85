/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim-iomem - proc/iomem: physical memory and who has it. A recorded one is served as far
 * as it still holds. Otherwise it is made of what is known to be there: functions' BARs
 * and ROMs, windows of bridges, units of Intel's IOMMU, the firmware's frame buffer.
 * Memory itself, host bridges and what drivers claim are in recorded ones only.
 */
#pragma once

#include "fakesys/sim-internal.h"

/* The text now, with addresses if s->capable; borrowed until the next call. */
struct blob iomem_text(struct sim *s);
