/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run - a command inside a simulated host: its sys, boot, etc, dev/vfio and single files
 * of proc lie over the caller's in a mount namespace of the command's own, and its
 * commands come before those of the caller.
 */
#pragma once

#include "fakesys/sim.h"

/*
 * Run @argv there and wait for it. @self is the path of the fakesys program, which stands
 * in for the host's commands (run_stand_in()). As an ordinary user this takes a user
 * namespace. Everything that the command leaves running ends with it; so does all of it
 * if the caller is killed. *ret_status: as a shell has it, 128 + signal. Errors with @e
 * are those of namespaces, mounts and FUSE; then nothing was run.
 */
int run_inside(struct sim *s, const char *self, char *const argv[], int *ret_status,
	       struct err *e);

/*
 * Is a program that was called as @name one of the host's commands inside? Then do as
 * that one does and set *ret_status; does not return where the caller's own program
 * serves.
 */
bool run_stand_in(const char *name, int argc, char *const argv[], int *ret_status);

/* For `fakesys mount`: end with @dir unmounted, however the process ends. A helper waits.
 */
int run_guard_mount(const char *dir, struct err *e);
