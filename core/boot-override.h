/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot-override - stores of driver_override, and module loads beside them, that a boot's
 * own scripts and udev rules make: what scripts/init-top/ * and *.rules say, as far as it
 * can be told without running them.
 */
#pragma once

#include "core/modprobe.h"

struct boot_override {
	bool any_bdf; /* a rule that names no address */
	struct bdf bdf;
	struct pci_ident match; /* PCI_ID_ANY: not asked for; class: 24 bits or any */
	const char *serial;     /* 16 hex digits; NULL: not asked for */
	const char *driver;     /* override to store; NULL: none */
	const char *load;       /* module to load; NULL: none */
	const char *options;    /* of the load; "" for none */
	unsigned flags;         /* of the load: enum modprobe_flags */
	unsigned line;          /* in its file, from 1 */
};
typedef VEC(struct boot_override) boot_overrides;

/*
 * Append what the shell script of an initramfs does. Understood are our own lines
 * "override BDF VENDOR DEVICE SUBVENDOR SUBDEVICE DRIVER SERIAL|- ..." in a script that
 * begins as ours do, "echo DRIVER > /sys/bus/pci/devices/BDF/driver_override" and
 * "modprobe NAME", with variables and `for` loops over words; conditions are taken to
 * hold. *ret_odd grows by one if it gives drivers to functions in other ways.
 */
void override_parse_script(struct arena *a, const char *text, boot_overrides *ret,
			   unsigned *ret_odd);

/*
 * Append what the udev rules do for a PCI function's "add" event. *ret_odd grows by each
 * rule that overrides or loads under conditions, or in ways, that were not understood.
 */
void override_parse_rules(struct arena *a, const char *text, boot_overrides *ret,
			  unsigned *ret_odd);

/* Does @o speak of a function with this address, these ids and this config space? */
bool override_matches(const struct boot_override *o, struct bdf bdf,
		      const struct pci_ident *id, struct blob config);
