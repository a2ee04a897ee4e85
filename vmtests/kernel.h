/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel - the kernels that guests boot: Debian's, fetched by apt, or any other. */
#pragma once

#include "vmtests/lab.h"

struct lab_kernel {
	const char *name;    /* "6.12"; of another kernel, its release */
	const char *release; /* "6.12.95+deb13-amd64" */
	const char *vmlinuz;
	const char *modules; /* the folder with modules.dep */
};

/* The kernels that lab_kernel_get() knows by name, NULL-terminated. */
extern const char *const lab_kernel_names[];

/*
 * A kernel by name, from the cache; it is fetched with apt if it is not there (kernels
 * are signed by Debian: apt checks). -ENOENT with @e: no such name, or no apt here;
 * others of lab_run().
 */
int lab_kernel_get(const struct lab *l, const char *name, struct lab_kernel *ret,
		   struct err *e);
/* Another kernel: its image, and its folder of modules. -ENOENT with @e. */
int lab_kernel_given(const struct lab *l, const char *vmlinuz, const char *modules,
		     struct lab_kernel *ret, struct err *e);
