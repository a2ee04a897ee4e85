/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `lspci -t` (pciutils, ls-tree.c): functions branch off their bus at a column of their
 * own, and a bridge is followed by the bus, or buses, behind it.
 */
#include <ctype.h>

#include "fakesys/import-lspci.h"

/* "1c.0"; how many characters, 0: it is none. */
static int read_function(const char *s, struct bdf *ret)
{
	uint64_t dev, fn;

	if (import_number(s, 16, 2, &dev) != 2 || dev > 31 || s[2] != '.' ||
	    import_number(s + 3, 16, 1, &fn) != 1 || fn > 7 ||
	    isalnum((unsigned char)s[4]))
		return 0;
	ret->dev = (uint8_t)dev;
	ret->fn = (uint8_t)fn;
	return 4;
}

struct buses {
	uint32_t domain;
	uint8_t first, last;
};

/* "[0000:00]", "[02]", "[02-13]", "[0000:02-13]" */
static int read_buses(const char *s, struct buses *ret)
{
	uint64_t domain = ret->domain, first, last;
	int n = 1, digits = import_number(s + 1, 16, 8, &first);

	if (*s != '[' || !digits)
		return 0;
	n += digits;
	if (s[n] == ':') {
		domain = first;
		digits = import_number(s + n + 1, 16, 2, &first);
		n += 1 + digits;
	}
	last = first;
	if (digits && s[n] == '-') {
		digits = import_number(s + n + 1, 16, 2, &last);
		n += 1 + digits;
	}
	if (!digits || s[n] != ']' || first > 255)
		return 0;
	*ret = (struct buses){ (uint32_t)domain, (uint8_t)first, (uint8_t)last };
	return n + 1;
}

/* Behind "+-", "\\-", or "-" at the start of all; NULL: not a line of a tree. */
static const char *find_branch(const char *s)
{
	size_t column = strspn(s, " |");
	struct buses buses = { 0, 0, 0 };
	const char *at = s + column;
	struct bdf bdf;

	if (*at == '+' || *at == '\\')
		at++;
	else if (column)
		return NULL;
	if (*at++ != '-')
		return NULL;
	return read_buses(at, &buses) || (at > s + 1 && read_function(at, &bdf)) ? at
										 : NULL;
}

bool lspci_is_tree(const char *s)
{
	return find_branch(s) != NULL;
}

int lspci_read_tree(struct lspci_tree *t, const char *s,
		    struct lspci_branch ret[static LSPCI_BRANCHES])
{
	const char *at = find_branch(s);
	size_t column = strspn(s, " |");
	struct buses bus = { 0, 0, 0 };
	int n = 0, len;

	if (!at)
		return 0;
	while (t->n && t->open[t->n - 1].column > column)
		t->n--;
	if (t->n && t->open[t->n - 1].column == column) {
		bus.domain = t->open[t->n - 1].domain;
		bus.first = t->open[t->n - 1].bus;
	}
	while (*at && n < LSPCI_BRANCHES) {
		struct lspci_branch *b = n ? &ret[n - 1] : NULL;
		struct bdf bdf = { bus.domain, bus.first, 0, 0 };

		if (*at == '-') {
			at++;
		} else if (*at == '+' && t->n < LSPCI_TREE_DEPTH) {
			t->open[t->n].column = (size_t)(at++ - s);
			t->open[t->n].domain = bus.domain;
			t->open[t->n++].bus = bus.first;
		} else if ((len = read_buses(at, &bus))) {
			if (b) {
				b->secondary = bus.first;
				b->subordinate = bus.last;
			}
			at += len;
		} else if ((len = read_function(at, &bdf))) {
			ret[n++] = (struct lspci_branch){ .bdf = bdf, .text = "" };
			at += len;
		} else {
			if (b)
				b->text = at + strspn(at, " ");
			break;
		}
	}
	return n;
}
