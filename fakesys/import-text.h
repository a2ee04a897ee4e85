/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import-text - lines of recorded text, for the readers of import.h. */
#pragma once

#include "fakesys/import.h"

#define IMPORT_LINE_MAX 4096 /* longer lines are cut; COMMAND_LINE_SIZE is 2048 */

struct import_text {
	struct machine *m;
	const char *name; /* of the file, in errors */
	struct err *e;
	const char *next;
	unsigned line; /* number of the one in buf, from 1 */
	struct import_stats stats;
	char buf[IMPORT_LINE_MAX];
};

/*
 * Read the next line into t->buf, without its end, CR and trailing blanks; bytes that are
 * not printable ASCII become '?', tabs stay. False at the end.
 */
bool import_next_line(struct import_text *t);
/* Count the line as not understood. */
void import_odd_line(struct import_text *t);
/* -EINVAL with "NAME:LINE: ...". */
int import_damaged(struct import_text *t, const char *fmt, ...) PRINTF(2, 3);

/*
 * An unsigned number of at most @digits digits of @base (10 or 16) at @s. Returns how
 * many characters it has, 0 if there is none.
 */
int import_number(const char *s, unsigned base, int digits, uint64_t *ret);
/* A name as the kernel gives drivers and modules: letters, digits, "_-.". */
bool import_is_name(const char *s);
/* The text behind the time stamp and level of a kernel log line; @s itself without one.
 */
const char *import_skip_stamp(const char *s);

/* What kind of text a line belongs to, IMPORT_UNKNOWN if it could be any. */
enum import_kind import_line_kind(const char *s);

/* A function, and the kernel modules that lspci names for it. */
struct import_modules {
	const struct pci_fn *fn;
	const strings *modules;
};
/*
 * Add modules and drivers of these functions to the kernel whose release is not known
 * yet: m->kernels[0]. -EINVAL: more modules than a kernel has.
 */
int import_note_modules(struct machine *m, const struct import_modules *list, size_t n);

/* @name becomes one of those in m->source. */
void import_note_source(struct machine *m, const char *name);
/* The host's name, @len bytes at @name, becomes the contents of etc/hostname. */
void import_note_hostname(struct machine *m, const char *name, size_t len);
/* A line that import_apply_klog() reads and takes out of m->klog. */
bool import_klog_tells(const char *line);
/*
 * What the boot log (m->klog) says about functions: groups, boot VGA, input devices, and
 * the functions themselves if no lspci text was read; "children" becomes unknown where it
 * names no input device. -EINVAL with @e: it contradicts lspci.
 */
int import_apply_klog(struct machine *m, struct err *e);

/* Virtual functions learn their physical one, these how many they have. */
void import_link_vfs(struct machine *m);

/*
 * Kernel, modules, initramfs, command line and files as a plain Debian has them, around
 * what is known of these; m->unknown says what was assumed.
 */
void import_assume_debian(struct machine *m);
/* The modules of VFIO, as k->release has them, behind those that @k has. */
void import_add_vfio(struct machine *m, struct kernel *k);
/*
 * The kernel's own driver for PCI bridges and event collectors; never a module.
 * drivers/pci/pcie/portdrv.c:port_pci_ids
 */
void import_add_pcieport(struct machine *m, struct kernel *k);
/* The modules among @k's that initramfs-tools takes in with MODULES=most. */
void import_fill_initramfs(struct machine *m, struct kernel *k);
