/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>

#include <pci/pci.h>

#include "core/names.h"

/* NULL instead of "Device 1b81" for what is not there, and pci.ids is the only source. */
#define LOOKUP (PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB)

struct names {
	struct pci_access *access;
};

static void say_nothing(char *fmt, ...)
{
	(void)fmt;
}

struct names *names_open(void)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->access = pci_alloc();
	if (!n->access) {
		free(n);
		return NULL;
	}
	/*
	 * pci_init() looks for a way to reach the hardware and ends the process if it
	 * finds none; names need none. `error` must not return and stays libpci's own:
	 * the calls below reach it only when memory ends.
	 */
	n->access->warning = say_nothing;
	n->access->debug = say_nothing;
	/* Neither DNS nor its cache in the home directory, which is asked for by default.
	 */
	n->access->id_lookup_mode = 0;
	pci_load_name_list(n->access);
	return n;
}

void names_close(struct names *n)
{
	if (!n)
		return;
	pci_cleanup(n->access);
	free(n);
}

const char *names_device(struct names *n, struct arena *a, const struct pci_fn *fn)
{
	char buf[256];
	const char *s = NULL;

	if (n)
		s = pci_lookup_name(n->access, buf, sizeof(buf),
				    PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | LOOKUP,
				    (int)fn->id.vendor, (int)fn->id.device);
	if (s)
		return arena_strdup(a, s);
	return arena_printf(a, "%04x:%04x", fn->id.vendor, fn->id.device);
}

const char *names_class(struct names *n, struct arena *a, const struct pci_fn *fn)
{
	char buf[256];
	const char *s = NULL;

	if (n)
		s = pci_lookup_name(n->access, buf, sizeof(buf),
				    PCI_LOOKUP_CLASS | LOOKUP, (int)fn_class(fn));
	if (s)
		return arena_strdup(a, s);
	return arena_printf(a, "Class %04x", fn_class(fn));
}
