/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile - how one kernel package behaves where kernels differ: data, one struct for
 * each package, and no comparison of versions anywhere else.
 */
#pragma once

#include "core/machine.h"

struct kernel_profile {
	const char *name;  /* "debian-6.12.107" */
	const char *alias; /* "6.12": the newest of its line; NULL: not the newest */
	bool new_id_u32;   /* F2: ids compared as u32, static table first */
	const char *unbound_state; /* F3: power_state after unbind from D0 */
	const char *fresh_state;   /* F4: power_state of a function never bound */
	bool type_multi; /* F8: group `type` store takes groups of several devices */
	const char
		*probe_failed;   /* F10: printf form: driver, BDF, errno; see profile.c */
	bool logs_group_removal; /* F11 */
	bool builtin_module_link;     /* F12 */
	const char *domain_type_tail; /* F24: " " or "" */
	bool log_port_type;           /* F25 */
	bool vfio_virqfd;             /* F29 */
	bool autoprobe_on_rescan;     /* F7 */
	bool serial_number_attr;      /* F19 */
};

extern const struct kernel_profile kernel_profiles[];
extern const size_t n_kernel_profiles;

/* By name, alias, or package version ("6.1.192"); NULL: no such profile. */
const struct kernel_profile *profile_find(const char *name);
/*
 * The profile for the kernel a machine was recorded with: its own package version, else
 * the nearest by number, then *ret_proven is false.
 */
const struct kernel_profile *profile_for(const struct machine *m, bool *ret_proven);
