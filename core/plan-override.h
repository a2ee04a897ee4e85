/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan-override - the files of the method `override`: a script that the initramfs runs
 * before udev, the hook that brings what it needs into the image, and a udev rule for
 * functions that come later. Each names one function by address, ids and serial number,
 * and does nothing when another one sits there.
 */
#pragma once

#include "core/machine.h"

#define OVERRIDE_SCRIPT "etc/initramfs-tools/scripts/init-top/pcipass"
#define OVERRIDE_HOOK "etc/initramfs-tools/hooks/pcipass"
#define OVERRIDE_RULES "etc/udev/rules.d/59-pcipass.rules"

/* The whole script or rules file, functions of @before (its text now, or NULL) kept. */
char *override_script(struct arena *a, const fn_list *fns, const char *before);
char *override_rules(struct arena *a, const fn_list *fns, const char *before);
const char *override_hook(void);
/* Does a script begin as ours do, so that its lines mean what they say? */
bool override_is_script(const char *text);
