/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names - vendor, device and class names from pci.ids through libpci, whose scan is never
 * used (it ends the process when a file is missing).
 */
#pragma once

#include "core/machine.h"

struct names;

/* NULL where libpci cannot be set up; all calls below take NULL and answer with numbers.
 */
struct names *names_open(void);
void names_close(struct names *n);

/* "NVIDIA Corporation GP104 [GeForce GTX 1070]", or "10de:1b81"; in @a. */
const char *names_device(struct names *n, struct arena *a, const struct pci_fn *fn);
/* "VGA compatible controller", or "Class 0300". */
const char *names_class(struct names *n, struct arena *a, const struct pci_fn *fn);
