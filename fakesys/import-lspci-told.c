/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>

#include <pci/header.h>

#include "fakesys/import-lspci-rows.h"
#include "fakesys/import-text.h"

static unsigned lowest_bit(uint32_t mask)
{
	unsigned n = 0;

	while (!(mask >> n & 1))
		n++;
	return n;
}

void told_put(struct told *t, uint32_t reg, uint32_t mask, uint64_t value)
{
	/* A capability below byte 256 ends there. */
	uint32_t end = t->cap < 256 ? 256 : TOLD_SIZE, bits;

	if (!mask)
		return;
	bits = (uint32_t)value << lowest_bit(mask) & mask;
	for (uint32_t i = 0; i < 4 && reg + i < end; i++) {
		uint8_t m = (uint8_t)(mask >> 8 * i);
		uint8_t *byte = &t->config[reg + i];

		*byte = (uint8_t)((*byte & ~m) | (uint8_t)(bits >> 8 * i));
	}
}

/* ---- pieces of text ---- */

/* How much of @s the longest of @words takes, and its place among them; 0: none. */
static size_t match_word(const char *s, const char *words, uint64_t *ret)
{
	size_t best = 0;
	uint64_t i = 0;

	for (const char *w = words; w; i++) {
		size_t n = (size_t)(strchrnul(w, '|') - w);

		if (n > best && !strncmp(s, w, n)) {
			best = n;
			*ret = i;
		}
		w = w[n] ? w + n + 1 : NULL;
	}
	return best;
}

/* "25.500" in thousandths. */
static int match_fraction(const char *s, uint64_t *ret)
{
	int n = import_number(s, 10, 6, ret), digits;
	uint64_t part;

	if (!n)
		return 0;
	*ret *= 1000;
	if (s[n] != '.')
		return n;
	digits = import_number(s + n + 1, 10, 3, &part);
	for (int i = digits; digits && i < 3; i++)
		part *= 10;
	*ret += digits ? part : 0;
	return digits ? n + 1 + digits : n;
}

/* What the conversion @how takes of @s; 0: it does not fit. */
static size_t match_value(const struct cap_row *row, char how, const char *s,
			  uint64_t *ret)
{
	switch (how) {
	case 'f':
	case 'n':
		if (*s != '+' && *s != '-')
			return 0;
		*ret = (*s == '+') == (how == 'f');
		return 1;
	case 'd':
		return (size_t)import_number(s, 10, 18, ret);
	case 'x':
		return (size_t)import_number(s, 16, 16, ret);
	case 'r':
		return (size_t)match_fraction(s, ret);
	case 's':
		return strlen(s);
	default:
		return match_word(s, row->words, ret);
	}
}

#define VALUES_MAX 4
struct match {
	uint64_t value[VALUES_MAX];
	unsigned n;
};

/* How much of @s the row's text takes; 0: it is not there. */
static size_t match_row(const struct cap_row *row, const char *s, struct match *ret)
{
	const char *at = s;

	ret->n = 0;
	for (const char *p = row->text; *p; p++) {
		size_t n;

		if (*p != '%') {
			if (*p != *at++)
				return 0;
			continue;
		}
		n = match_value(row, *++p, at, &ret->value[ret->n]);
		if (!n || ++ret->n > VALUES_MAX)
			return 0;
		at += n;
	}
	/* "L1" does not start "L1SubCap". */
	if (at > s && isalnum((unsigned char)at[-1]) && isalnum((unsigned char)*at))
		return 0;
	return (size_t)(at - s);
}

static uint32_t place(const struct told *t, const struct cap_row *reg)
{
	uint32_t at = t->cap + reg->at;

	return reg->kind == ROW_PART ? at + t->each_at : at;
}

static void put_field(struct told *t, const struct cap_row *row, const struct match *m)
{
	uint32_t reg = (t->reg->kind == ROW_EACH ? t->cap + t->each_at
						 : place(t, t->reg)) +
		       row->at;

	if (row->put)
		row->put(t, reg, m->n ? m->value[0] : row->value);
	else if (!m->n)
		told_put(t, reg, row->mask, row->value);
	for (unsigned i = 0; !row->put && i < m->n; i++)
		told_put(t, reg + 4 * i, row->mask, m->value[i]);
}

/* ---- one line ---- */

static size_t read_field(struct told *t, const char *s)
{
	struct match m;
	size_t n;

	if (!t->reg)
		return 0;
	for (const struct cap_row *row = t->reg->use ? t->reg->use : t->reg + 1;
	     row->kind == ROW_FIELD; row++) {
		n = match_row(row, s, &m);
		if (!n)
			continue;
		put_field(t, row, &m);
		return n;
	}
	return 0;
}

static size_t read_label(struct told *t, const struct cap_row *from, const char *s)
{
	struct match m;
	size_t n;

	for (const struct cap_row *row = from; row->kind != ROW_END; row++) {
		if (row->kind == ROW_FIELD || !*row->text ||
		    (row->kind == ROW_PART && from == t->rows))
			continue;
		n = match_row(row, s, &m);
		if (!n || (row->kind == ROW_EACH && (!m.n || m.value[0] > 63)))
			continue;
		t->reg = row;
		if (row->kind == ROW_REGISTER)
			t->each = NULL;
		if (row->kind == ROW_EACH) {
			t->each = row;
			t->each_at = row->at + row->stride * (uint32_t)m.value[0];
			if (row->put)
				row->put(t, t->cap, m.value[0]);
		}
		return n;
	}
	return 0;
}

/* The next field or label; 0: neither. */
static size_t read_piece(struct told *t, const char *s)
{
	size_t n = read_field(t, s);

	/* Labels like "Ctrl:" are those of "VC0:" after it. */
	if (!n && t->each)
		n = read_label(t, t->each + 1, s);
	return n ? n : read_label(t, t->rows, s);
}

static const char separators[] = " ,;()";

static bool read_pieces(struct told *t, const char *s)
{
	bool understood = true;

	for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
		size_t n = strncmp(s, "<?>", 3) ? read_piece(t, s) : 3;

		understood &= n > 0;
		s += n ? n : strcspn(s, separators);
	}
	return understood;
}

bool told_detail(struct told *t, const char *s)
{
	return t->rows && read_pieces(t, s);
}

bool told_header(struct told *t, const char *s)
{
	t->header = true;
	t->cap = 0;
	t->rows = told_header_rows;
	t->reg = t->each = NULL;
	return read_pieces(t, s);
}

/* ---- capabilities ---- */

/* The capability's first register has no label: its text is the line itself. */
static bool start_rows(struct told *t, const struct cap_row *rows, const char *rest)
{
	t->rows = rows;
	t->reg = rows;
	t->each = NULL;
	t->count = 0;
	if (!rows)
		return !*rest || *rest == '<';
	return read_pieces(t, rest);
}

/* "Extended Capability ID 0x2f", "Capability ID 0x15 [0000]", before 3.6 "#12 [0001]" */
static const char *read_unnamed(struct told *t, bool ext, const char *s, uint16_t *ret_id)
{
	static const char *const forms[] = { "Extended Capability ID ", "Capability ID ",
					     "#" };
	const char *rest = NULL;
	uint64_t id, flags;
	int n;

	for (size_t i = 0; !rest && i < ARRAY_SIZE(forms); i++)
		rest = after_prefix(s, forms[i]);
	if (!rest)
		return NULL;
	if (after_prefix(rest, "0x"))
		rest += 2;
	n = import_number(rest, 16, 4, &id);
	if (!n || (id > 0xff && !ext))
		return NULL;
	*ret_id = (uint16_t)id;
	rest += n;
	if (!ext && *rest == ' ' && rest[1] == '[' &&
	    import_number(rest + 2, 16, 4, &flags) == 4) {
		told_put(t, t->cap + 2u, 0xffff, flags);
		rest += 7;
	}
	return rest;
}

static void link_cap(struct told *t, uint16_t at, uint16_t id)
{
	uint32_t from = t->last ? t->last + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST;

	t->config[from] = (uint8_t)at;
	t->config[at] = (uint8_t)id;
	t->last = at;
}

static void link_ext_cap(struct told *t, uint16_t at, uint16_t id, uint64_t version)
{
	told_put(t, at, 0xffff, id);
	told_put(t, at, 0xf0000, version);
	if (t->last_ext)
		told_put(t, t->last_ext, 0xfff00000, at);
	t->last_ext = at;
}

/* "[c8] ", "[100 v1] "; what stands behind, NULL: not of that form. */
static const char *read_place(const char *s, uint64_t *ret_at, uint64_t *ret_version)
{
	int n = *s == '[' ? import_number(s + 1, 16, 3, ret_at) : 0;

	*ret_version = 0;
	if (!n)
		return NULL;
	s += 1 + n;
	if (s[0] == ' ' && s[1] == 'v') {
		n = import_number(s + 2, 10, 2, ret_version);
		s += 2 + n;
	}
	return s[0] == ']' && s[1] == ' ' ? s + 2 : NULL;
}

bool told_capability(struct told *t, const char *s)
{
	const struct cap_name *name;
	const char *rest = NULL;
	uint64_t at, version;
	uint16_t id = 0;
	bool ext;

	t->rows = NULL;
	t->reg = t->each = NULL;
	if (*s == '<') {
		t->denied |= after_prefix(s, "<access denied>") ||
			     after_prefix(s, "<available only to root>");
		return t->denied;
	}
	s = read_place(s, &at, &version);
	if (!s || at < TOLD_HEADER || at & 3 || at > TOLD_SIZE - 4)
		return false;
	t->cap = (uint16_t)at;
	ext = at >= 256;
	if (*s == '<')
		return true; /* <chain looped>, <chain broken> */
	for (name = ext ? told_ext_caps : told_caps; name->name && !rest; name++) {
		rest = after_prefix(s, name->name);
		if (rest)
			break;
	}
	if (rest)
		id = name->id;
	else
		rest = read_unnamed(t, ext, s, &id);
	/* One that nobody knows keeps its place: id 0 says that nothing is there. */
	if (ext)
		link_ext_cap(t, (uint16_t)at, id, version);
	else
		link_cap(t, (uint16_t)at, id);
	if (!rest)
		return false;
	if (!ext && id == PCI_CAP_ID_SSVID) {
		t->ssvid = t->cap; /* its ids are for told_finish() */
		return true;
	}
	rest += strspn(rest, " ");
	return start_rows(t, name->name ? name->rows : NULL, rest);
}
