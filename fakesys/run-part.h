/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-part - inside of run, for the run-*.c files. */
#pragma once

#include "fakesys/run.h"

#define STAGE_SIZE 64
/* Folders of the stage. */
#define STAGE_HOST "host" /* the simulated host */
#define STAGE_SBIN "sbin" /* its commands */
#define STAGE_BIN "bin"
#define STAGE_LIB "lib"     /* with an empty folder `modules` */
#define STAGE_STATE "state" /* what is written below /var/lib, with overlayfs's... */
#define STAGE_WORK "work"   /* ...own folder */
#define STAGE_DEV "dev"     /* /dev with the host's vfio in it */
#define STAGE_DMESG "dmesg" /* the caller's, which the host's hides */

/* Environment of the command: where STAGE_DMESG is. */
#define RUN_DMESG "FAKESYS_DMESG"

/*
 * run-cover.c: in the command's own mount namespace lay the host over the caller's. Ends
 * with an environment in which its commands are found first.
 */
int cover(const char *stage, const char *self, struct err *e);
