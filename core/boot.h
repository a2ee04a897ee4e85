/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot - what the next boot of a Debian or Proxmox host will load, in which order, with
 * which options, and where the order is left to chance.
 *
 * The sequence is computed from a machine's files alone: loader configuration -> kernel
 * and command line -> built-in drivers -> the initramfs (init-top scripts, udev coldplug,
 * then conf/modules, all with the image's own copies) -> the root's udev coldplug beside
 * modules-load. fakesys executes it on its driver core; rules read it.
 */
#pragma once

#include "core/loader.h"
#include "core/modprobe.h"

enum boot_phase {
	BOOT_BUILTIN,
	BOOT_INITRAMFS_TOP,     /* scripts/init-top, before udev */
	BOOT_INITRAMFS_UDEV,    /* coldplug: requests in parallel */
	BOOT_INITRAMFS_MODULES, /* conf/modules, line by line */
	BOOT_ROOT,              /* udev coldplug and modules-load: requests in parallel */
	BOOT_PHASES,
};
const char *boot_phase_name(enum boot_phase p); /* for people */

/* Does only chance order the requests of this phase? */
static inline bool boot_parallel(enum boot_phase p)
{
	return p == BOOT_INITRAMFS_UDEV || p == BOOT_ROOT;
}

struct boot_step {
	enum boot_phase phase;
	/*
	 * Steps of one request come in this order: what one event of udev does, or all of
	 * modules-load. Between requests of a boot_parallel() phase only chance decides.
	 */
	unsigned request;
	const struct module *mod; /* load this; NULL: store an override */
	const char *options;      /* "" for none */
	struct bdf bdf;           /* override: of this function, ... */
	const char *override;     /* ... with this driver, */
	struct pci_ident match;   /* ... if its ids are these (PCI_ID_ANY: any) */
	const char *serial;       /* ... and its serial number this (hex), if not NULL */
	const char *why;          /* "softdep of nouveau (etc/modprobe.d/vfio.conf:2)" */
};

struct boot {
	const struct kernel *kernel; /* that boots */
	const char *cmdline;
	const char *entry; /* where kernel and command line come from:
			      "boot/grub/grub.cfg:120" */
	VEC(struct boot_step) steps;
	strings notes; /* requests that loaded nothing, and why */
};

/*
 * -ENOENT with @e: no boot entry, or its kernel is not installed (such a host would not
 * boot). Everything in @ret lives in @a or in @m.
 */
int boot_sequence(const struct machine *m, struct arena *a, struct boot *ret,
		  struct err *e);

/*
 * What udev does on the running host, booted with @cmdline, for @n functions that have
 * come (an event `add`): steps of BOOT_ROOT. Modules that are loaded stand in them, too.
 */
void boot_hotplug(const struct machine *m, struct arena *a, const struct kernel *kernel,
		  const char *cmdline, const struct pci_fn *const fns[], size_t n,
		  struct boot *ret);

/*
 * Is @first surely loaded before @second: earlier phase, or before it in every request of
 * the phase that loads @second? Both are indices of load steps' modules.
 */
bool boot_ordered(const struct boot *b, const struct module *first,
		  const struct module *second);
