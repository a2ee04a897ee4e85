/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enclose - a part of the machine in which everything ends together: namespaces of
 * processes and mounts whose first process goes when this program goes, however it does.
 * libvirt's embedded QEMU would outlive it.
 */
#pragma once

#include "core/err.h"

/* A folder that is there, empty and in memory, inside only; short enough for sockets. */
#define ENCLOSE_DIR "/run"

/*
 * Run @fn(@arg) inside; its return value is returned, 0 to 255. Without root rights there
 * is a user namespace, too. -EPERM and others with @e: namespaces cannot be had here;
 * -ECHILD with @e: it was killed.
 */
int enclose(int (*fn)(void *arg), void *arg, struct err *e);
