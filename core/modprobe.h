/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * modprobe - the configuration of modprobe (modprobe.d(5)) and what a load request makes
 * of it: which modules, in which order, with which options. Follows kmod's
 * libkmod-config.c and kmod_module_probe_insert_module(); tests compare it with libkmod.
 */
#pragma once

#include "core/machine.h"

enum modprobe_verb {
	MODPROBE_ALIAS,     /* arg[0] pattern, arg[1] module */
	MODPROBE_BLACKLIST, /* arg[0] module */
	MODPROBE_OPTIONS,   /* arg[0] module, arg[1] all options */
	MODPROBE_SOFTDEP,   /* arg[0] module; pre, post */
	MODPROBE_INSTALL,   /* arg[0] module, arg[1] command */
	MODPROBE_REMOVE,    /* the same */
	MODPROBE_BAD,       /* arg[0] what is wrong with the line */
	MODPROBE_REFUSE,    /* arg[0] module: of the kernel's own module_blacklist= */
};

struct modprobe_line {
	enum modprobe_verb verb;
	const char *arg[2];       /* module names normalized, but see below */
	strings pre, post;        /* as written */
	const struct pci_id *pci; /* alias: the pattern as ids; NULL: it is none */
	const char *file;         /* path, or "kernel command line" */
	unsigned line;            /* from 1; 0 on the kernel command line */
};
/*
 * kmod does not normalize the names of modprobe.blacklist=: one with '-' blacklists
 * nothing. Such a line stands twice, as MODPROBE_BLACKLIST as written and as
 * MODPROBE_BAD.
 */

struct modprobe_config {
	VEC(struct modprobe_line) lines; /* in the order in which modprobe reads them */
};

/*
 * Parse one file's text (backslash-newline joins lines, '#' starts a comment line). Lines
 * that modprobe would ignore become MODPROBE_BAD; there is no failure.
 */
void modprobe_parse(struct arena *a, const char *path, const char *text,
		    struct modprobe_config *ret);

/*
 * The configuration as modprobe sees it among @files: *.conf of etc/modprobe.d,
 * run/modprobe.d, usr/local/lib/modprobe.d, usr/lib/modprobe.d and lib/modprobe.d, a name
 * in an earlier folder hiding it in later ones, all names in one sorted order; then
 * modprobe.blacklist=, module_blacklist= and MODULE.OPTION= of @cmdline. Links among
 * @files are followed; one to anywhere else (dev/null) is an empty file.
 */
void modprobe_read(struct arena *a, const struct machine_file *files, size_t n_files,
		   const char *cmdline, struct modprobe_config *ret);

/*
 * The soft dependencies of @mod: those of the first softdep line that matches, be it in a
 * file of modprobe.d or the module's own, which kmod sorts in as "modules.softdep".
 * @ret_line is NULL for the module's own. false: none.
 */
bool modprobe_softdep(const struct modprobe_config *c, const struct module *mod,
		      const struct modprobe_line **ret_line, const strings **ret_pre,
		      const strings **ret_post);

/* All options for @module in order, joined by blanks; "" for none. */
char *modprobe_options(const struct modprobe_config *c, struct arena *a,
		       const char *module);
/* The line that blacklists @module, or NULL. */
const struct modprobe_line *modprobe_blacklisted(const struct modprobe_config *c,
						 const char *module);
/* Does module_blacklist= of the command line make the kernel refuse @module? */
bool modprobe_refused(const struct modprobe_config *c, const char *module);
/* The install line that counts for @module: the first whose pattern matches; or NULL. */
const struct modprobe_line *modprobe_install(const struct modprobe_config *c,
					     const char *module);

/* One module that a request loads. */
struct modprobe_load {
	const struct module *mod;
	const char *options; /* "" for none */
	const char *why;     /* "dependency of vfio_pci", "softdep of nouveau (FILE:3)" */
};

typedef VEC(struct modprobe_load) modprobe_loads;

enum modprobe_flags {
	MODPROBE_USE_BLACKLIST = 1 << 0,  /* as udev and systemd-modules-load ask */
	MODPROBE_RESOLVED = 1 << 1,       /* @name is modprobe_resolve_fn()'s: no alias */
	MODPROBE_IGNORE_INSTALL = 1 << 2, /* as modprobe -i: its own install line does not
					     count */
};

/*
 * What a request to load @name (a module, or an alias of the configuration) appends to
 * @ret, in load order: soft pre-dependencies, dependencies, the module, soft
 * post-dependencies, install lines followed as far as they call modprobe. Modules that
 * @available (NULL: all are) does not have are left out. @note gets one sentence for what
 * was not done: blacklisted, unknown, an install line that runs something else; NULL
 * otherwise. Returns how many loads were appended.
 */
size_t modprobe_request(const struct modprobe_config *c, const struct kernel *k,
			const strings *available, struct arena *a, const char *name,
			unsigned flags, modprobe_loads *ret, const char **note);

/*
 * The modules that the modalias of @fn names, in the order kmod tries them: aliases of
 * the configuration first (if one matches, only those), then the modules' own.
 */
void modprobe_resolve_fn(const struct modprobe_config *c, const struct kernel *k,
			 const struct pci_ident *fn, struct arena *a, strings *ret);

/* One entry of vfio-pci's ids= (drivers/vfio/pci/vfio_pci.c:vfio_pci_fill_ids). */
struct vfio_id {
	struct pci_id id;
	const char *text;    /* the entry as written */
	const char *bad;     /* NULL, or why the kernel does not take it */
	const char *ignored; /* NULL, or its end that the kernel drops without a word */
};
typedef VEC(struct vfio_id) vfio_ids;
/* The entries of every ids= among @options ("ids=8086:10d3,10de:1b81 disable_vga=1"). */
void vfio_parse_ids(struct arena *a, const char *options, vfio_ids *ret);

/* Module names in etc/modules or modules-load.d text: comments and blank lines left out.
 */
void modules_load_parse(struct arena *a, const char *text, strings *ret_lines);
