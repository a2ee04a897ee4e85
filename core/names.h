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
/* The same without its vendor: "GP104 [GeForce GTX 1070]", or "10de:1b81". */
const char *names_model(struct names *n, struct arena *a, const struct pci_fn *fn);
/* "VGA compatible controller", "Display controller [0377]", or "Class 0300". */
const char *names_class(struct names *n, struct arena *a, const struct pci_fn *fn);

/*
 * The other way round, for texts that have names only. -1 in an id: nothing of the list
 * has the name, or several have it; then @why says what is the matter with which name.
 */
struct names_ids {
	int64_t vendor, device;
	const char *why; /* in the arena; NULL: both are found */
};

/* Class and subclass, 0x0300 of "VGA compatible controller"; -1. */
int64_t names_find_class(struct names *n, const char *text, size_t len);
/*
 * "NVIDIA Corporation GP104 [GeForce GTX 1070]", "NVIDIA Corporation Device 1b81": the
 * longest vendor's name that starts @text, and what that vendor calls the rest.
 */
struct names_ids names_find_device(struct names *n, struct arena *a, const char *text);
/*
 * The same for the subsystem of the device @of. A text that ends with the device's own
 * name does not tell the subsystem's id: udev's list has it for all that it lacks.
 */
struct names_ids names_find_subsystem(struct names *n, struct arena *a,
				      const struct pci_ident *of, const char *text);
