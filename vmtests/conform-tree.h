/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform-tree - trees as text (fakesys/tree.h), made comparable. */
#pragma once

#include <stdbool.h>

/*
 * In place of the malloc'd *@tree: without the numbers of interrupts, which all drivers
 * share (names in msi_irqs, messages in `config`); and with @addresses without those that
 * functions and the windows of bridges have, in `resource` (sizes stay) and `config`. 0
 * or -ENOMEM.
 */
int conform_hide(char **tree, bool addresses);
