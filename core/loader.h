/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader - which boot loader started this kernel, by evidence, what the next boot's
 * command line will be, and how to change it.
 */
#pragma once

#include "core/machine.h"

enum loader_kind {
	LOADER_UNKNOWN,
	LOADER_GRUB,         /* command line from etc/default/grub by update-grub */
	LOADER_SYSTEMD_BOOT, /* etc/kernel/cmdline by proxmox-boot-tool or kernel-install
			      */
};

struct loader {
	enum loader_kind kind;
	bool proxmox_tool;    /* etc/kernel/proxmox-boot-uuids: the ESPs are copies */
	const char *evidence; /* a clause: "this kernel's command line has BOOT_IMAGE=" */
};

/* LOADER_UNKNOWN: evidence says what was looked for. */
void loader_detect(const struct machine *m, struct arena *a, struct loader *ret);

/* What one boot entry starts. */
struct loader_entry {
	const char *title;
	const char *
		release; /* from the image's name: vmlinuz-RELEASE; NULL if it has none */
	const char
		*cmdline; /* as /proc/cmdline will have it: with BOOT_IMAGE=, initrd= */
	const char *file; /* where it stands */
	unsigned line;
};
typedef VEC(struct loader_entry) loader_entries;

/* The `linux` lines of a grub.cfg, in order, by menu entry (submenus included). */
void grub_parse_cfg(struct arena *a, const char *path, const char *text,
		    loader_entries *ret);
/*
 * All boot entries found among m->files: boot/grub/grub.cfg, or loader/entries/ *.conf
 * below boot/efi, efi or boot. The first is the default: for GRUB what grub.cfg's `set
 * default=` says with boot/grub/grubenv, else GRUB_DEFAULT, else the first; for
 * systemd-boot the newest of those that loader.conf's `default` matches.
 */
void loader_entries_read(const struct machine *m, struct arena *a, loader_entries *ret);

/*
 * The value that /etc/default/grub and etc/default/grub.d/ *.cfg give a variable,
 * evaluated as far as a shell would for assignments, quotes, and $NAME or ${NAME}. NULL:
 * never assigned, or not to be known. *ret_odd (may be NULL) counts what may change that:
 * statements that are no assignments (commands, `if`), and @name itself being the output
 * of a command.
 */
char *grub_default_get(const struct machine *m, struct arena *a, const char *name,
		       unsigned *ret_odd);
/* GRUB_CMDLINE_LINUX and GRUB_CMDLINE_LINUX_DEFAULT together: what update-grub appends.
 */
char *grub_cmdline(const struct machine *m, struct arena *a);

/*
 * The text of an etc/default/grub with words added to and removed from @name's value, all
 * other bytes and the quoting kept. The last assignment is the one edited. A file without
 * one gets a line at the end. -EINVAL with @e: the assignment is not a plain quoted
 * string.
 */
int grub_default_edit(struct arena *a, const char *path, const char *text,
		      const char *name, const strings *add, const strings *remove,
		      char **ret, struct err *e);
