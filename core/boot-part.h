/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot-part - the sequence of a boot under construction; shared by boot's own files. */
#pragma once

#include <limits.h>

#include "core/boot-override.h"
#include "core/boot.h"

#define LOADED_BEFORE UINT_MAX /* in an earlier phase */

/* What one phase works with, and the sequence so far. */
struct boot_builder {
	const struct machine *m;
	struct arena *a;
	struct boot *boot;
	struct modprobe_config config;
	const strings *available; /* NULL: every module of the kernel */
	/* By index in kernel->modules: the request that loaded it, or LOADED_BEFORE. */
	unsigned *loaded;
	enum boot_phase phase;
	unsigned request;
	/* Whose event `add` udev answers: they come with the bus, or later. */
	const struct pci_fn *const *plugged;
	size_t n_plugged;
};

void boot_note(struct boot_builder *b, const char *who, const char *note);

/*
 * One load request. @options are those of the request itself, "" for none; @flags as
 * modprobe_request()'s.
 */
void boot_load(struct boot_builder *b, const char *name, const char *options,
	       unsigned flags, const char *why);
void boot_store(struct boot_builder *b, const struct boot_override *o, struct bdf bdf,
		const char *file);

/* All of a file as text; "" for none. */
const char *boot_file_text(const struct machine_file *f);

/* A file of a folder of small configuration files. */
struct boot_file {
	const char *name; /* by which it is sorted */
	size_t folder;    /* index of its folder */
	const struct machine_file *file;
};
typedef VEC(struct boot_file) boot_files;

/*
 * The files in etc/@below, run/@below, usr/local/lib/@below, usr/lib/@below and
 * lib/@below that end in @tail, in order of their names, a name in an earlier folder
 * hiding it in later ones: as systemd and udev read their folders.
 */
void boot_folder(struct arena *a, const struct machine_file *files, size_t n,
		 const char *below, const char *tail, boot_files *ret);

/* What udev does for the functions that are plugged, by the rules among @files. */
void boot_coldplug(struct boot_builder *b, const struct machine_file *files, size_t n);
