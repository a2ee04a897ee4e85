/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import-lspci-rows - what lspci prints of each capability's registers, as tables: the
 * engine in import-lspci-told.c reads text by them and sets the bits.
 */
#pragma once

#include "fakesys/import-lspci-told.h"

enum row_kind {
	ROW_END,
	ROW_REGISTER, /* @text starts a register at @at of the capability */
	ROW_EACH,     /* the same, one of several: "VC%d:", n times @stride further */
	ROW_PART,     /* a register at @at of that one */
	ROW_FIELD,    /* a piece of the register's text */
};

/*
 * @text is matched as it stands, but for
 *   %f %n   "+" or "-": the bit is set, or clear, at "+"
 *   %d %x   a number; several %x are registers that follow each other
 *   %r      a number with a fraction, in thousandths
 *   %s      all the rest
 *   %w      one of @words, whose place in the list is the value
 * Without these the value is @value.
 */
struct cap_row {
	enum row_kind kind;
	const char *text;
	uint16_t at; /* of a field: beyond its register */
	uint16_t stride;
	uint32_t mask;		   /* 0: known, and nothing to set */
	uint32_t value;
	const char *words;	   /* "Off|On||Blink": a value may have no word */
	const struct cap_row *use; /* a register whose fields stand in this table */
	/* Instead of mask; @reg is the field's place in the space. */
	void (*put)(struct told *t, uint32_t reg, uint64_t value);
};

#define REGISTER(label, offset) { .kind = ROW_REGISTER, .text = (label), .at = (offset) }
#define REGISTER_OF(label, offset, table) \
	{ .kind = ROW_REGISTER, .text = (label), .at = (offset), .use = (table) }
#define EACH(label, offset, step, func) \
	{ .kind = ROW_EACH, .text = (label), .at = (offset), .stride = (step), .put = (func) }
#define PART(label, offset) { .kind = ROW_PART, .text = (label), .at = (offset) }
#define FLAG(name, bits) { .kind = ROW_FIELD, .text = name "%f", .mask = (bits) }
#define FIELD(pattern, bits) { .kind = ROW_FIELD, .text = (pattern), .mask = (bits) }
#define FIELD_AT(pattern, offset, bits) \
	{ .kind = ROW_FIELD, .text = (pattern), .at = (offset), .mask = (bits) }
#define WORD(pattern, bits, list) \
	{ .kind = ROW_FIELD, .text = (pattern), .mask = (bits), .words = (list) }
#define CONSTANT(literal, bits, number) \
	{ .kind = ROW_FIELD, .text = (literal), .mask = (bits), .value = (number) }
#define PUT(pattern, func) { .kind = ROW_FIELD, .text = (pattern), .put = (func) }
#define PUT_WORD(pattern, func, list) \
	{ .kind = ROW_FIELD, .text = (pattern), .put = (func), .words = (list) }
#define KNOWN(pattern) { .kind = ROW_FIELD, .text = (pattern) }
#define END { .kind = ROW_END }

/* A capability by the name that lspci gives it, and its id. */
struct cap_name {
	const char *name;
	uint16_t id;
	const struct cap_row *rows; /* NULL: nothing of it is read */
};

extern const struct cap_row told_header_rows[], told_express_rows[];
extern const struct cap_name told_caps[], told_ext_caps[]; /* up to a NULL */
