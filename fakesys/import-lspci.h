/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import-lspci - what single lines of lspci say, for the reader in import-lspci.c. */
#pragma once

#include "fakesys/import-lspci-told.h"
#include "fakesys/import-text.h"

/* One function as a stretch of text tells it. */
struct listed {
	struct pci_fn fn;
	strings modules;
	size_t order; /* in the text; files read earlier come first */
	unsigned line;
	bool wide;       /* a capability beyond byte 256 was listed */
	bool earlier;    /* of another file */
	bool denied;     /* its capabilities are for root */
	bool unnumbered; /* its regions are listed, not which of them is which */
	bool tree_only;  /* a bridge of lspci -t */
	size_t hex; /* of fn.config, what was recorded as bytes; words tell the rest */
	uint8_t *built; /* fn.config.data if words told some of it; NULL: none */
	uint8_t secondary, subordinate; /* by lspci -t; 0: not told */
	char subsystem[200];            /* its name, if its ids are not told */
	/* Why these ids are not known; NULL: they are. */
	const char *id_why, *class_why, *sub_why;
	struct told *told; /* while its lines are read */
};

typedef VEC(struct listed) listed_list;

/*
 * Add functions, sorting @all in place, to those of @m, which stand before them: what is
 * told twice is told by the later. -EINVAL with @e: one function is two devices, or there
 * are too many modules.
 */
int import_merge_functions(struct machine *m, const char *name, listed_list *all,
			   struct err *e);

/* Make every run of blanks and tabs one blank, at the end none. */
void lspci_single_blanks(char *s);
/* Columns of a line with its tabs. */
size_t lspci_width(const char *s);
/* The last "8086:10d3" in @s, alone or in brackets. */
bool lspci_find_ids(const char *s, uint32_t *ret_vendor, uint32_t *ret_device);
/* The number behind @label in @s, as in "(rev 07)". */
bool lspci_find_number(const char *s, const char *label, unsigned base, int digits,
		       uint64_t *ret);
/* Class and subclass that end at @end: "PCI bridge [0604]", "Class 0604" or "0604". */
bool lspci_find_class(const char *s, const char *end, uint32_t *ret);

enum lspci_answer {
	LSPCI_UNKNOWN,   /* not understood */
	LSPCI_REGISTERS, /* not all of the registers in it are */
	LSPCI_UNDERSTOOD,
};
/* Read a line below a function, "IOMMU group: 7", without its indentation. */
enum lspci_answer lspci_read_label(struct listed *f, const char *s);

struct names;
/* pci.ids, opened when a name is first to be found there; the caller closes it. */
struct lspci_names {
	struct arena *arena; /* of reasons */
	struct names *list;
	bool opened;
};
/* Ids of @f by the names in its heading, and in its line "Subsystem: ". */
void lspci_name_class(struct lspci_names *n, struct listed *f, const char *s, size_t len);
void lspci_name_device(struct lspci_names *n, struct listed *f, const char *s);
void lspci_name_subsystem(struct lspci_names *n, struct listed *f);

/* Where the lines of `lspci -t` have got to. */
#define LSPCI_TREE_DEPTH 64
struct lspci_tree {
	struct {
		size_t column; /* where its functions branch off */
		uint32_t domain;
		uint8_t bus;
	} open[LSPCI_TREE_DEPTH];
	unsigned n;
};
struct lspci_branch {
	struct bdf bdf;
	uint8_t secondary, subordinate; /* 0, 0: not a bridge */
	const char *text; /* of lspci -tv, up to the end of the line; or "" */
};
#define LSPCI_BRANCHES 32 /* in one line */
bool lspci_is_tree(const char *s);
/* The functions of one such line; returns how many, -1: it belongs to no tree. */
int lspci_read_tree(struct lspci_tree *t, const char *s,
		    struct lspci_branch ret[static LSPCI_BRANCHES]);
