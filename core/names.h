/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names - vendor, device and class names as lspci shows them, from the pci.ids that
 * libpci would take. libpci's scan is never used (it ends the process when a file is
 * missing).
 */
#pragma once

#include "core/machine.h"

struct names;

/* NULL where libpci cannot be set up; all calls below take NULL and answer with numbers.
 */
struct names *names_open(void);
void names_close(struct names *n);

/*
 * "NVIDIA Corporation GP104 [GeForce GTX 1070]", "NVIDIA Corporation Device 1b81" for a
 * device that only has a vendor, or "10de:1b81"; in @a.
 */
const char *names_device(struct names *n, struct arena *a, const struct pci_fn *fn);
/* "VGA compatible controller", "Display controller [0377]", or "Class 0300". */
const char *names_class(struct names *n, struct arena *a, const struct pci_fn *fn);
