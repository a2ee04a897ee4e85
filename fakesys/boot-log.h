/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot-log - what the kernel writes into its log from power-on to the first program: the
 * recorded lines that are true of this boot, each in its recorded place, and those that
 * follow from the command line and the state of the IOMMU, in the kernel's order. What
 * nobody recorded and nothing implies is left out.
 */
#pragma once

#include "core/cmdline.h"
#include "fakesys/sim-internal.h"

/* What lines depend on. */
enum log_bits {
	LOG_ON = 1 << 0,       /* the IOMMU translates */
	LOG_IR = 1 << 1,       /* interrupts are remapped */
	LOG_IR_ASKED = 1 << 2, /* nobody said intremap=off */
	LOG_OPT_OUT = 1 << 3,  /* a firmware that wants no x2APIC is obeyed */
	LOG_SCREEN = 1 << 4,   /* the firmware's frame buffer gets a driver */
	LOG_SAME_PCI = 1 << 5, /* pci= says what it said in the recorded boot */
	LOG_RUNNING = 1 << 6,  /* never in a boot: drivers and users cause it later */
};

struct log_boot { /* of one boot */
	struct sim *s;
	const char *cmdline;
	struct iommu_request iommu;
	unsigned bits;
	const struct log_boot *recorded; /* the recorded boot; itself in that one */
};

/* Append lines of @b to @ret. */
typedef void log_say_fn(const struct log_boot *b, strings *ret);

#define LOG_WORDS 12

/* Lines that are said at one time. The table's order is the kernel's. */
struct log_row {
	const char *words[LOG_WORDS]; /* a line with one of them is of this row... */
	unsigned need, no;            /* ...in a boot with all and none of these bits */
	enum log_how {
		LOG_RECORDED, /* as recorded; @say only what could not be recorded */
		LOG_SAID,     /* @say knows all; recorded ones keep their place */
		LOG_BLOCK,    /* the same, but they stand together */
	} how;
	log_say_fn *say;
	bool anywhere; /* its lines tell nothing about the place of others */
};

extern const struct log_row log_rows[];
extern const size_t n_log_rows;

/* The first recorded line with @words, or NULL. */
const char *log_recorded_line(const struct sim *s, const char *words);

/* Of boot-log-words.c: what the kernel makes of words of its command line. */
log_say_fn log_pci_options, log_blacklisting, log_blacklisted, log_unknown_words;
bool log_initcall_blacklisted(const char *cmdline, const char *name);
/* Does a driver take the frame buffer that the firmware left? */
bool log_screen_used(const char *cmdline);

/*
 * probe.c:pci_setup_device: @fn is found: its ids, its BARs, and what pci= does to it
 * (found-log.c).
 */
void log_function(struct sim *s, uint32_t fn, strings *ret);

/* lib/vsprintf.c:resource_string; NULL: there is none, or no address was recorded. */
const char *log_resource(struct arena *a, const struct pci_resource *r);
/* The same of one without a place: "[mem size 0x00100000 64bit pref]". */
const char *log_resource_size(struct arena *a, const struct pci_resource *r);
/* "[bus 01-02]": what is behind the bridge. */
const char *log_bus_range(struct blob config, char buf[static 16]);

/* What the kernel says of @fn, called @name, if pci=disable_acs_redir= names it. */
void log_acs_redir(struct sim *s, uint32_t fn, const char *name, strings *ret);

/* What @driver was recorded to say of @fn's VGA when it took it; NULL: the arbiter
 * itself, when it was found. */
void log_vga_taken(struct sim *s, uint32_t fn, const char *driver);
