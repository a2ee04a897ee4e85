/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names-part - the list in memory, for the files of names.h. */
#pragma once

#include "core/names.h"

struct entry {
	int64_t id;       /* first, for cmp_id() */
	const char *name; /* in the text, up to the end of its line */
};

typedef VEC(struct entry) entries;

/* An id by its name, which ends behind @len bytes. */
struct by_name {
	const char *name;
	size_t len;
	int64_t id;
};

typedef VEC(struct by_name) by_names;

/* A vendor with its devices, or a class with its subclasses. */
struct section {
	struct entry self;
	entries below; /* read when one of them is first wanted */
	bool read;
	by_names found; /* names-find.c: the same by name, sorted, once that is wanted */
};

struct names {
	struct arena *arena;
	struct pci_access *access;
	char *text; /* of pci.ids */
	size_t size;
	const char *end; /* of its last whole line */
	VEC(struct section) sections;
	entries asked; /* what libpci answered */
	by_names vendors, classes; /* names-find.c: sorted, once one is wanted */
};

/* Ids of sections: of vendors as they are, of classes beyond them. */
#define CLASS(base) (INT64_C(0x10000) | (base))

/* @n hexadecimal digits and a blank at *s, which moves behind them; or -1. */
int64_t names_take_id(const char **s, int n);
/* Every line has its newline, which ends the search for an id in it. */
const char *names_next_line(const struct names *n, const char *s);
/* Not so are comments and what stands below a section's first line. */
bool names_starts_section(const char *s);
/* An entry's name, without what is blank around it; its length in @ret_len. */
const char *names_text(const struct entry *e, size_t *ret_len);
/* NULL: the list does not have it. */
struct section *names_section(const struct names *n, int64_t id);
/* Read the section's lines with one tab, if that was not done. */
void names_index_below(struct names *n, struct section *sec);
