/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prove-vm - pcipass-prove's way into the VM lab, if it was built with one. */
#pragma once

#include "scenarios/scenario.h"

/*
 * Run @fn(@arg, LAB) where guests can be had, and return what it returns. *slot of
 * prove_vm_ground() is that LAB. Negative with @e: there are no guests on this machine.
 */
int prove_vm_in_lab(int (*fn)(void *arg, void *lab), void *arg, struct err *e);
struct ground prove_vm_ground(void **slot);
