/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import - one machine from what people have: lspci text, boot log, /proc/cpuinfo, ACPI
 * tables, a canonical tree, a copied /sys, a umockdev dump. The format of each file is
 * recognised by its content.
 */
#pragma once

#include "core/machine.h"

enum import_kind {
	IMPORT_UNKNOWN,
	IMPORT_LSPCI, /* lspci -nn -vvv -xxxx or a part of it */
	IMPORT_DMESG,
	IMPORT_CPUINFO,
	IMPORT_ACPI,     /* DMAR, IVRS, VIOT; others (MCFG) are recognised, not used */
	IMPORT_LISTING,  /* a canonical tree, fixtures/FORMAT.md */
	IMPORT_UMOCKDEV, /* what umockdev-record wrote */
	IMPORT_IOPORTS,  /* recognised, not used */
	IMPORT_KINDS,
};
const char *import_kind_name(enum import_kind k);
enum import_kind import_recognise(struct blob data);

struct import_stats {
	unsigned lines;          /* read, in texts */
	unsigned functions;      /* read, in trees */
	unsigned not_understood; /* lines, or functions of which nothing could be read */
	const char *first;       /* the first such, in the machine's arena */
	bool told;               /* registers in words, not as bytes: source says so */
	bool unused; /* recognised, but nothing in it matters: not in source */
};

/*
 * Add what one file says to @m. @name stands for it in errors and, if the file is used,
 * in m->source.
 * -EINVAL with @e: not recognised, or damaged ("NAME:LINE: ..."); @m is then of no use.
 */
int import_add(struct machine *m, const char *name, struct blob data,
	       struct import_stats *ret, struct err *e);
/*
 * The same for a folder: a copied /sys, or one that holds sys/ and perhaps proc/, etc/
 * and boot/. A link that was not copied, or became a folder, leaves its fact unknown.
 */
int import_add_dir(struct machine *m, const char *dir, struct import_stats *ret,
		   struct err *e);
/*
 * After the last file: what is missing becomes unknown with the reason, and the parts
 * that no recording of this kind holds (modules, loader, configuration files) are assumed
 * as a plain Debian of the recorded kernel has them; `about` and `unknown` say so.
 * -EINVAL with @e: no function was found, or the recordings contradict each other: a
 * group in lspci and in the log, the makers of host bridge, processor and ACPI table.
 */
int import_finish(struct machine *m, struct err *e);

/* The readers, one file each; errors as import_add(). */
int import_lspci(struct machine *m, const char *name, const char *text,
		 struct import_stats *ret, struct err *e);
int import_dmesg(struct machine *m, const char *name, const char *text,
		 struct import_stats *ret, struct err *e);
int import_listing(struct machine *m, const char *name, const char *text,
		   struct import_stats *ret, struct err *e);
int import_umockdev(struct machine *m, const char *name, const char *text,
		    struct import_stats *ret, struct err *e);
int import_cpuinfo(struct machine *m, const char *name, const char *text,
		   struct import_stats *ret, struct err *e);
