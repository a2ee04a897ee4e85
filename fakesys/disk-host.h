/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk-host - a simulated disk alone as a host, as a rescue system sees it that has
 * mounted it: files, but no running kernel and no commands.
 */
#pragma once

#include "fakesys/disk.h"

struct host disk_host(struct disk *d); /* borrows @d */
